"""Which columns name the period or the row, and so differ from one delivery to the next as they should.

Knows names and sketched values. Must never know a row, another delivery, or a claim.
"""

import re
from collections.abc import Mapping

from .sketch import ColumnSketch

_WORD = re.compile(r"[A-Za-z]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PERIODS: Mapping[str, float] = {
    "year": 210_012, "yr": 210_012, "quarter": 210_004, "qtr": 210_004, "month": 210_012, "mon": 12, "mth": 12,
    "week": 210_053, "wk": 53, "weekday": 7, "dow": 7, "day": 366, "doy": 366, "date": 1e14, "period": 1e14,
    "season": 12, "yearmonth": 210_012, "yyyymm": 210_012, "yyyymmdd": 21_001_231,
}  # fmt: skip
"""Words of a period, and the largest number that one is written as."""
_BESIDE = frozenset("of the in no num number nr id key fiscal calendar iso dim start end first last from to".split())
_ROWS = frozenset("id ids key no nr uuid guid pk fk sk rowid rownum".split())
_FEW = 24


def names_period(column: ColumnSketch) -> bool:
    """Whether a column that is no date says when a row was: `year`, `month_of_year`, `fiscal_quarter`."""
    words = _words(column.name)
    said = [w for w in words if w in _PERIODS]
    if not said or any(w not in _PERIODS and w not in _BESIDE for w in words):
        return False
    if column.kind != "number":
        return column.kind == "label"
    low, high = column.low, column.high
    return low is not None and high is not None and low >= 0 and high <= max(_PERIODS[w] for w in said)


def names_row(column: ColumnSketch) -> bool:
    """Whether a column of numbers only tells rows or things apart: `account_no`, `customerId`."""
    if column.kind != "number" or column.distinct <= _FEW:
        return False
    words = _words(column.name)
    return bool(words) and words[-1] in _ROWS and all(float(e).is_integer() for e in column.edges)


def is_compared(column: ColumnSketch) -> bool:
    """Whether the distribution of a column can be expected to stay what it is."""
    return not names_period(column) and not names_row(column)


def _words(name: str) -> list[str]:
    return [w.lower() for w in _WORD.findall(_CAMEL.sub(" ", name))]
