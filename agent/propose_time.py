"""Seasons and changes in time worth a claim: by a search on exploration rows, frozen as phases and dates.

Knows the outlook. Must never know a sealed row or a verdict. A season is proposed where the phases tell clearly more
than chance, a change where the series jumps between two straight lines; at most a few of each for an outcome.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..tools.data.calendar import Cycle
from ..tools.data.schema import Column
from ..tools.explore.changes import Places, find_jump, find_season
from ..tools.verify.families.monotone_association import outcome_values
from ..tools.verify.families.trend_words import stamp
from ..tools.verify.hypothesis import ChangePoint, Hypothesis, Seasonality
from ..tools.verify.jump import examine_jump
from .outlook import Outlook

_MOST = 40
_MOST_DATES = 2
_MOST_LEVELS = 6
_MIN_ROWS = 100
_CLEAR = 3.0
"""Times the share of variance that as many phases would tell by chance."""
_MIN_SHARE = 0.01
_MIN_JUMP = 0.5
_MOST_P = 0.02
"""On exploration rows, the search counted: a jump that chance shows somewhere in most series is no lead."""
_LONG = 60
_CYCLES: tuple[Cycle, ...] = ("hour_of_day", "day_of_week", "month_of_year")
_YEARS = (1000, 2999)


def propose_time(outlook: Outlook) -> Iterator[Hypothesis]:
    """Seasons over dates, and changes over dates and years, the clearest outcomes first."""
    found: list[tuple[float, str, Hypothesis]] = []
    for time in _times(outlook):
        places = _places(outlook, time)
        for outcome in outlook.columns():
            if outcome.type != "datetime" and outlook.admits(outcome.name, time.name):
                found += _of_pair(outlook, outcome, time, places)
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


def _places(outlook: Outlook, time: Column) -> dict[Cycle, Places]:
    """Where each row lies in each cycle of a date; rows without one lie anywhere."""
    if time.type != "datetime":
        return {}
    days = np.nan_to_num(outlook.rows.number(time.name))
    return {cycle: Places.of(days, cycle) for cycle in _CYCLES}


def _of_pair(
    outlook: Outlook, outcome: Column, time: Column, places: dict[Cycle, Places]
) -> Iterator[tuple[float, str, Hypothesis]]:
    x = outlook.rows.number(time.name)
    for event in _events(outcome):
        y = outcome_values(outlook.rows, outcome.name, event)
        good = ~(np.isnan(x) | np.isnan(y))
        if good.sum() < _MIN_ROWS or not np.ptp(y[good]):
            continue
        at, v = x[good], y[good] if event is not None else _ranks(y[good])
        yield from _seasons(outcome, time, event, at, v, {cycle: p.at(good) for cycle, p in places.items()})
        if not outlook.rows.serial:
            yield from _changes(outcome, time, event, at, v)


def _events(outcome: Column) -> list[str | None]:
    if outcome.type == "number":
        return [None]
    return list(outcome.levels[1:2] if len(outcome.levels) == 2 else outcome.levels[:_MOST_LEVELS])


def _ranks(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Midranks between 0 and 1."""
    _, code, n = np.unique(y, return_inverse=True, return_counts=True)
    return ((np.cumsum(n) - n / 2) / len(y))[code]


def _seasons(
    outcome: Column,
    time: Column,
    event: str | None,
    at: NDArray[np.float64],
    v: NDArray[np.float64],
    places: dict[Cycle, Places],
) -> Iterator[tuple[float, str, Hypothesis]]:
    for cycle, own in places.items():
        found = find_season(at, v, cycle, own)
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
    if found is None or abs(found.size) < _MIN_JUMP:
        return
    when = _whole(found.at, at) if time.type == "datetime" else found.at
    tested = examine_jump(at, v, when, draws=0, seed=0, level=0.95, found_here=True)
    if isinstance(tested, str) or tested.p_robust > _MOST_P:
        return
    frozen = stamp(when) if time.type == "datetime" else when
    direction = "higher" if tested.value > 0 else "lower"
    h = ChangePoint(outcome=outcome.name, predictor=time.name, at=frozen, event=event, direction=direction)
    yield abs(tested.value), h.content_id(), h


def _whole(when: float, at: NDArray[np.float64]) -> float:
    """The start of the day or of the hour in which the change was seen, whichever the span is long enough for."""
    span = float(np.ptp(at))
    grain = next((g for g in (1.0, 1 / 24) if span > _LONG * g), 0.0)
    return float(np.floor(when / grain + 1e-9) * grain) if grain else when
