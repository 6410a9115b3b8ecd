"""A fact: one number that was computed on exploration rows, with all that a reader must know to repeat it.

Knows how a number is rounded and printed. Must never know how it was computed, nor a number of sealed rows.
"""

import math
from typing import NamedTuple

from ...tools.explore.spread import day

DATE = "date"
"""Unit of a fact that counts days since 1970-01-01."""
ROWS = "rows"
"""Unit of a fact that counts rows."""
SIGNIFICANT = 4
"""Digits that a fact keeps; counts keep all of theirs."""


class Fact(NamedTuple):
    """One number that a tool told, and what it is a number of."""

    value: float
    label: str
    """What it is, in words: `mean of fare where pclass is 1`."""
    unit: str | None = None
    """`%`, `rows`, the unit of the column, or None."""
    n: int | None = None
    """Rows that it rests on."""
    filter: str = ""
    """Which rows were looked at, in the grammar's words; empty for all exploration rows."""
    denominator: str = ""
    """What a share is a share of."""
    missing: int = 0
    """Rows that were left out because a value is missing."""
    low: float | None = None
    """Ends of its 95 % interval, where it has one."""
    high: float | None = None
    columns: tuple[str, ...] = ()
    source: str = ""
    """The SQL that computed it, where a query did."""
    id: str = ""
    group: str = ""
    """Of a result with groups: which group, in words."""
    levels: tuple[str, ...] = ()
    """The labels of that group, as they are printed."""


def rounded(value: float) -> float:
    """The number with four significant digits; a whole number is kept as it is."""
    if not math.isfinite(value) or value == 0 or value == round(value):
        return value
    return round(value, SIGNIFICANT - 1 - math.floor(math.log10(abs(value))))


def printed(value: float) -> str:
    """The number as text, without separators, so that it can be read back: 12340, 48.2, 0.0123, 1.2e-07."""
    value = rounded(value)
    if value == round(value) and abs(value) < 1e15:
        return str(int(value))
    if 1e-5 <= abs(value) < 1e15:
        places = max(SIGNIFICANT - 1 - math.floor(math.log10(abs(value))), 0)
        return f"{value:.{places}f}".rstrip("0").rstrip(".")
    return f"{value:.{SIGNIFICANT - 1}g}"


def shown(fact: Fact, *, cited: bool = True) -> str:
    """The number as a result shows it, with its interval and, where it may be cited, its id: `0.7 (0.6 to 0.8)[f3]`."""
    name = f"[{fact.id}]" if cited else ""
    if fact.unit == DATE:
        return f"{day(fact.value)}{name}"
    text = printed(fact.value) + ("%" if fact.unit == "%" else "")
    if fact.low is not None and fact.high is not None:
        text += f" ({printed(fact.low)} to {printed(fact.high)})"
    return f"{text}{name}"
