"""Where a time lies in the calendar: the hour of its day, the day of its week, the month of its year.

Knows days since 1970-01-01. Must never know an outcome.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Cycle = Literal["hour_of_day", "day_of_week", "month_of_year"]
Stretch = Literal["day", "week", "month", "quarter", "year"]
PHASES: dict[str, range] = {"hour_of_day": range(24), "day_of_week": range(7), "month_of_year": range(1, 13)}
"""The phases of each cycle; days of the week from 0 for Monday."""
PERIOD: dict[str, Stretch] = {"hour_of_day": "day", "day_of_week": "week", "month_of_year": "year"}
"""The stretch of time that one turn of a cycle takes."""
STRETCHES: tuple[Stretch, ...] = ("day", "week", "month", "quarter", "year")
_THURSDAY = 3
_MICROSECOND = 1e-6
"""In hours: times of the split's files are rounded to microseconds, so 07:00 may stand as 06:59:59.9999999."""


def phase(days: NDArray[np.float64], cycle: str) -> NDArray[np.int64]:
    """The phase of each time, shape (n,); `days` must have no missing value. Times have no zone: as they stand."""
    if cycle == "hour_of_day":
        return np.floor(days * 24 + _MICROSECOND).astype(np.int64) % 24
    if cycle == "day_of_week":
        return (_day(days) + _THURSDAY) % 7
    return _months(days) % 12 + 1


def stretch(days: NDArray[np.float64], kind: Stretch) -> NDArray[np.int64]:
    """The number of the day, week (from Monday), month, quarter or year in which each time lies, shape (n,)."""
    if kind == "day":
        return _day(days)
    if kind == "week":
        return (_day(days) + _THURSDAY) // 7
    return _months(days) // {"month": 1, "quarter": 3, "year": 12}[kind]


def _day(days: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.floor(days + _MICROSECOND / 24).astype(np.int64)


def _months(days: NDArray[np.float64]) -> NDArray[np.int64]:
    """Months since January 1970."""
    return _day(days).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
