"""Something in the data to check: typed, counted on exploration rows, with what to do about it.

Knows the form of a check. Must never know how one is found, nor change a value.
"""

from typing import Literal

from ..value import Value

CheckKind = Literal[
    "duplicates", "shifted", "order", "sum", "function", "units", "sign", "stand_in", "outlier", "pair", "cut_off",
    "stuck", "spelling", "missing",
]  # fmt: skip
"""duplicates: rows loaded twice. shifted: cells one column off. order: ends before starts. sum: totals that are not
the sum of their parts. function: labels that break a mapping. units: values a power of ten off. sign: negative where
all others are not. stand_in: a value or label that stands for none. outlier: far from all others. pair: off a tight
relation between two columns. cut_off: one value, or none, before or after a day. stuck: one value for a stretch of
time. spelling: one label in several spellings. missing: no value in many rows."""
Severity = Literal["wrong", "doubtful", "notable"]
"""wrong: cannot be as it stands. doubtful: a person should look. notable: worth knowing before the column is used."""


class Check(Value):
    """One thing that someone who looks after the data would want to know."""

    kind: CheckKind
    columns: tuple[str, ...]
    rows: int
    """Exploration rows concerned; for duplicates, rows of the whole table."""
    of: int
    """Exploration rows with the values that it takes to tell; for duplicates, rows of the whole table."""
    examples: tuple[str, ...] = ()
    """At most three of the values: numbers, labels or dates, never free text or identifiers."""
    text: str
    """A sentence with counts and values."""
    advice: str
    """A sentence on what to do."""
    severity: Severity


def within(rows: int, of: int) -> str:
    """`in 6 of the 2,046 explored rows`."""
    return f"in {rows:,} of the {of:,} explored rows"
