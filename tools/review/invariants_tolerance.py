"""How many rows may break a rule: what the learned rows leave open, and what chance adds to that.

Knows counts. Must never know a column, a cell, or which rule it is about.
"""

import math

from ..value import Value
from ..verify.families.invariant import clopper_pearson, exact_p
from .learned import InvariantRule, Severity

ALARM = 1e-4
"""Probability under which so many violations do not come by chance from a share that is tolerated."""
_BETWEEN = 1.5
"""Room for deliveries that differ where some rows break a rule by nature, such as a share of missing cells."""


class ProposedRule(Value):
    """A rule that rows of the learned data keep, not yet a claim."""

    rule: InvariantRule
    tolerance: float
    """Share of rows that may break it; 0 means none."""
    severity: Severity


def room(broken: int, rows: int) -> float:
    """The share of violations that `rows` rows leave open: the upper end of the exact 95 % interval, rounded up.

    Where some rows do break the rule the share is half as large again, for deliveries differ in more than chance.
    """
    upper = clopper_pearson(broken, rows, 0.95)[1] if rows else 1.0
    return min(1.0, _rounded_up(upper * (_BETWEEN if broken else 1.0)))


def most_allowed(rows: int, tolerance: float) -> int:
    """The largest count of violations that does not break a rule: all that is likelier than `ALARM` at the tolerance.

    0 at a tolerance of 0; the exact binomial test decides else.
    """
    if tolerance <= 0:
        return 0
    if tolerance >= 1:
        return rows
    low, high = 0, rows + 1  # P(X >= low) >= ALARM > P(X >= high)
    while high - low > 1:
        middle = (low + high) // 2
        if exact_p(middle, rows, tolerance)[1] >= ALARM:
            low = middle
        else:
            high = middle
    return low


def verified(broken: int, rows: int, tolerance: float, least: int = 20) -> bool:
    """Whether held-out rows confirm a rule: none breaks it, or the upper end of the exact interval is tolerated."""
    if rows < least:
        return False
    return broken == 0 or clopper_pearson(broken, rows, 0.95)[1] <= tolerance


def _rounded_up(x: float) -> float:
    """Two significant digits, never less than `x`."""
    if x <= 0:
        return 0.0
    places = 1 - math.floor(math.log10(x))
    return round(math.ceil(x * 10**places - 1e-9) / 10**places, places)
