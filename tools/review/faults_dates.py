"""Dates whose day and month changed places: all of them, or those in which both readings are dates.

Knows one column of dates and the order of the rows. Must never know a time zone, or another column. Of a date such as
2025-04-03 nobody can tell by itself: its neighbours, and the dates with a day beyond 12, which cannot be turned, can.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..data.rows import BoolArray
from .faults_case import FEW, Case, Said, first_rows, in_rows

_RIGHT, _WRONG = 0.97, 0.6
"""Shares of the dates that must fit when turned, and at most as they stand."""
_REACH = 31
_MOST_SPAN = 300
_DENSE = 0.5

Days = NDArray[np.int64]


def turned_dates(case: Case) -> Iterator[Said]:
    """Columns of dates in which day and month changed places."""
    for base, _ in case.pairs("date"):
        x = case.numbers(base.name)
        there = np.isfinite(x)
        if there.sum() < FEW:
            continue
        days = np.floor(x[there]).astype(np.int64)
        dense = len(base.days) / (base.high - base.low + 1) if base.days and base.high and base.low else 0.0
        wrong = turned(days, dense)
        if wrong is None:
            continue
        mask = np.zeros(len(x), bool)
        mask[there] = wrong
        case.taken.add(base.name)
        rows = int(wrong.sum())
        yield Said(
            kind="type_change", columns=(base.name,), rows=rows, first=first_rows(mask), labels=("day and month",),
            text=f"Day and month of `{base.name}` changed places in {in_rows(rows, case.rows)}: as they stand these "
            "dates lie apart from their neighbours, turned they lie among them.",
            advice="Ask in which order dates are written; have year-month-day.",
        )  # fmt: skip


def turned(days: Days, dense: float) -> BoolArray | None:
    """The dates that were turned, shape (n,), or None.

    Args:
        days: Days since 1970-01-01 in the order of the source.
        dense: Share of the days of the learned range that had rows.
    """
    month, day = _parts(days)
    both = (day <= 12) & (day != month)
    if both.sum() < 10:
        return None
    other = _turned(days, month, day)
    sure = ~both & (day > 12)
    if sure.sum() >= 10:
        fits = _by_order(days, other, both, sure) or _by_range(days, other, both, sure)
    else:
        fits = _by_density(days, other, dense)
    return both if fits else None


def _parts(days: Days) -> tuple[NDArray, NDArray]:
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64) % 12 + 1, (dates - months).astype(np.int64) + 1


def _turned(days: Days, month: NDArray, day: NDArray) -> Days:
    """The dates with day and month exchanged, where that is one; else as they are."""
    years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    swapped = (years * 12 + np.minimum(day, 12) - 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.where(day <= 12, swapped + month - 1, days)


def _by_range(days: Days, other: Days, both: BoolArray, sure: BoolArray) -> bool:
    """Whether the dates that can be turned lie among those that cannot only when they are."""
    low, high = days[sure].min() - _REACH, days[sure].max() + _REACH
    if high - low > _MOST_SPAN:
        return False
    stand, turn = ((x[both] >= low) & (x[both] <= high) for x in (days, other))
    return bool(turn.mean() >= _RIGHT and stand.mean() <= _WRONG)


def _by_order(days: Days, other: Days, both: BoolArray, sure: BoolArray) -> bool:
    """Whether rows are in the order of the date, but for those that can be turned, and are in order once they are."""
    fixed = days[sure]
    if (np.diff(fixed) >= 0).mean() < 0.99:
        return False
    at = np.cumsum(sure)
    inner = both & (at > 0) & (at < len(fixed))
    if inner.sum() < 10:
        return False
    low, high = fixed[at[inner] - 1], fixed[np.minimum(at[inner], len(fixed) - 1)]
    stand, turn = ((x[inner] >= low) & (x[inner] <= high) for x in (days, other))
    return bool(turn.mean() >= _RIGHT and stand.mean() <= _WRONG)


def _by_density(days: Days, other: Days, dense: float) -> bool:
    """Whether dates that all can be turned lie scattered as they stand and side by side when turned."""
    if dense < _DENSE:
        return False
    stand, turn = (len(np.unique(x)) / (x.max() - x.min() + 1) for x in (days, other))
    return bool(turn >= _DENSE and stand <= _DENSE / 5)
