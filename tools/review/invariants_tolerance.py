"""How many rows may break a rule: what the learned rows leave open, and what chance adds to that.

Knows counts. Must never know a column, a cell, or which rule it is about.
"""

import math

from ..value import Value
from ..verify.families.invariant import clopper_pearson, exact_p
from .learned import InvariantRule, Severity

ALARM = 1e-4
"""Probability under which so many violations do not come by chance from a share that is tolerated."""
KEPT = 1e-3
"""Largest share that may break a rule which all learned rows keep, however few they are."""
WILD = 1e-4
"""Share of rows that may lie beyond bounds which a next sample hardly reaches."""
_BETWEEN, _MOST_BETWEEN = 0.5, 0.05
"""Room for deliveries that differ where some rows break a rule by nature, such as a share of missing cells: half as
much again, five points at most."""


class ProposedRule(Value):
    """A rule that rows of the learned data keep, not yet a claim."""

    rule: InvariantRule
    tolerance: float
    """Share of rows that may break it; 0 means none."""
    severity: Severity


def room(broken: int, rows: int) -> float:
    """The share of rows that may break a rule which `broken` of `rows` learned rows break.

    What the rows leave open: the upper end of the exact 95 % interval, rounded up. Where some break the rule it is half
    as much again, five points at most, for deliveries differ in more than chance; where none does, it is a thousandth
    at most.
    """
    upper = left_open(broken, rows)
    more = min(_BETWEEN * upper, _MOST_BETWEEN) if broken else 0.0
    return min(1.0 if broken else KEPT, rounded_up(upper + more))


def left_open(broken: int, rows: int) -> float:
    """The upper end of the exact 95 % interval of the share of rows that break a rule; 1 without rows."""
    return clopper_pearson(broken, rows, 0.95)[1] if rows else 1.0


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
    return broken == 0 or left_open(broken, rows) <= tolerance


def rounded_up(x: float) -> float:
    """Two significant digits, never less than `x`."""
    if x <= 0:
        return 0.0
    places = 1 - math.floor(math.log10(x))
    return round(math.ceil(x * 10**places - 1e-9) / 10**places, places)
