"""Seasons and changes in time worth a claim: by a search on exploration rows, frozen as phases and dates.

Knows the outlook. Must never know a sealed row or a verdict. A season is proposed where the phases tell clearly more
than chance, a change where the series jumps between two straight lines; at most a few of each for an outcome.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..tools.data.calendar import Cycle
from ..tools.data.schema import Column
from ..tools.explore.changes import find_jump, find_season
from ..tools.verify.families.monotone_association import outcome_values
from ..tools.verify.families.trend_words import stamp
from ..tools.verify.hypothesis import ChangePoint, Hypothesis, Seasonality
from .outlook import Outlook

_MOST = 40
_MOST_DATES = 2
_MOST_LEVELS = 6
_MIN_ROWS = 100
_CLEAR = 3.0
"""Times the share of variance that as many phases would tell by chance."""
_MIN_SHARE = 0.01
_MIN_JUMP = 0.5
_CYCLES: tuple[Cycle, ...] = ("hour_of_day", "day_of_week", "month_of_year")
_YEARS = (1000, 2999)


def propose_time(outlook: Outlook) -> Iterator[Hypothesis]:
    """Seasons over dates, and changes over dates and years, the clearest outcomes first."""
    found: list[tuple[float, str, Hypothesis]] = []
    for time in _times(outlook):
        for outcome in outlook.columns():
            if outcome.type != "datetime" and outlook.admits(outcome.name, time.name):
                found += _of_pair(outlook, outcome, time)
    found.sort(key=lambda f: (-f[0], f[1]))
    yield from (h for _, _, h in found[:_MOST])


def _times(outlook: Outlook) -> list[Column]:
    """Dates, the most finely told first, and a whole-number column of years."""
    columns = outlook.columns()
    dates = sorted((c for c in columns if c.type == "datetime"), key=lambda c: (-c.distinct, outlook.order[c.name]))
    years = [c for c in columns if c.type == "number" and c.integer and "year" in c.name.lower()]
    return [*dates[:_MOST_DATES], *(c for c in years if _are_years(outlook.rows.number(c.name)))][:_MOST_DATES]


def _are_years(x: NDArray[np.float64]) -> bool:
    known = x[~np.isnan(x)]
    return bool(len(known)) and _YEARS[0] <= known.min() and known.max() <= _YEARS[1]


def _of_pair(outlook: Outlook, outcome: Column, time: Column) -> Iterator[tuple[float, str, Hypothesis]]:
    x = outlook.rows.number(time.name)
    for event in _events(outcome):
        y = outcome_values(outlook.rows, outcome.name, event)
        good = ~(np.isnan(x) | np.isnan(y))
        if good.sum() < _MIN_ROWS or not np.ptp(y[good]):
            continue
        at, v = x[good], y[good] if event is not None else _ranks(y[good])
        if time.type == "datetime":
            yield from _seasons(outcome, time, event, at, v)
        if not outlook.rows.serial:
            yield from _changes(outcome, time, event, at, v)


def _events(outcome: Column) -> list[str | None]:
    if outcome.type == "number":
        return [None]
    return list(outcome.levels[1:2] if outcome.type == "boolean" else outcome.levels[:_MOST_LEVELS])


def _ranks(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Midranks between 0 and 1."""
    _, code, n = np.unique(y, return_inverse=True, return_counts=True)
    return ((np.cumsum(n) - n / 2) / len(y))[code]


def _seasons(
    outcome: Column, time: Column, event: str | None, at: NDArray[np.float64], v: NDArray[np.float64]
) -> Iterator[tuple[float, str, Hypothesis]]:
    for cycle in _CYCLES:
        found = find_season(at, v, cycle)
        if found is None or found.share < max(_MIN_SHARE, _CLEAR * 24 / len(v)):
            continue
        h = Seasonality(
            outcome=outcome.name, predictor=time.name, cycle=cycle, peak=found.peak, trough=found.trough, event=event
        )
        yield found.share, h.content_id(), h


def _changes(
    outcome: Column, time: Column, event: str | None, at: NDArray[np.float64], v: NDArray[np.float64]
) -> Iterator[tuple[float, str, Hypothesis]]:
    found = find_jump(at, v)
    if found is None:
        return
    spread = float(v.std())
    if not spread or abs(found.size) < _MIN_JUMP:
        return
    when = stamp(found.at) if time.type == "datetime" else found.at
    direction = "higher" if found.size > 0 else "lower"
    h = ChangePoint(outcome=outcome.name, predictor=time.name, at=when, event=event, direction=direction)
    yield abs(found.size) / 10, h.content_id(), h
