"""Times of day that came in another time zone: the pattern of hours, turned.

Knows dates with times of day and the learned rows by hour. Must never know a day's meaning, or another column.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..data.readers_binary import quoted
from .faults_case import FEW, Case, Said, distance, in_rows, luck, median, names, number
from .sketch import ColumnSketch, LevelMeans

_QUARTERS = 96
_FAR, _NEAR, _LEFT = 0.08, 0.05, 0.35
_LEVEL = 3.0
"""Log likelihood by which shifts fit alike."""
_COURSE, _TIMES, _CLEAR = 0.05, 4.0, 20.0
"""What may be left of 1 minus the correlation of two courses over a day; times that it must be more as they stand; and
variance of the means over that of chance from which on there is a course."""
_HOURS = {"days": 24.0, "hours": 1.0, "minutes": 1 / 60, "seconds": 1 / 3600}
_LEAST = 100
"""Times of day below which hours have no pattern to be turned."""
_WEST, _EAST = -12 * 4, 14 * 4
_HOUR_NAMES = ("hour", "hr", "hours", "hour_of_day", "hod")


def shifted_hours(case: Case) -> Iterator[Said]:
    """Dates whose hours are those that were learned, turned by some hours; columns that hold an hour likewise."""
    for base, new in case.pairs("date"):
        if base.hours and new.hours:
            got = case.query(
                f"SELECT (epoch_us({quoted(base.name)}) // 900000000) % 96 AS q, count(*) FROM data "
                f"WHERE isfinite({quoted(base.name)}) GROUP BY 1"
            )
            quarters = np.zeros(_QUARTERS)
            for q, n in got:
                quarters[int(q) % _QUARTERS] += n
            yield from _turned(case, base, quarters, np.asarray(base.hours, float), lag=_lag(case, base.name))
    yield from _by_means(case)
    for base, new in case.pairs("number", "label"):
        if base.name.lower() in _HOUR_NAMES and _by_hour(base) is not None:
            hours = _by_hour(new)
            if hours is not None:
                quarters = np.zeros(_QUARTERS)
                quarters[::4] = hours
                yield from _turned(case, base, quarters, np.asarray(_by_hour(base), float), whole=True)


def _by_hour(column: ColumnSketch) -> NDArray | None:
    """Rows by hour of a column of the numbers 0 to 23."""
    if not column.levels or column.other or any(not x.isdigit() or int(x) > 23 for x in column.levels):
        return None
    return np.array([column.levels.get(str(h), 0) for h in range(24)], float)


def _lag(case: Case, name: str) -> int | None:
    """By how many quarters of an hour a date moved against another one that it has a learned duration with."""
    for column in case.claims.columns:
        base = case.base.column(column.name)
        if name not in column.derived_from or base is None or not base.edges or column.unit not in _HOURS:
            continue
        start, end = column.derived_from
        if not (case.here(start) and case.here(end)):
            continue
        apart = (case.numbers(end) - case.numbers(start)) * 24
        middle = float(np.nanmedian(apart)) - median(base) * _HOURS[column.unit]
        quarters = round(4 * middle) * (1 if name == end else -1)
        if quarters:
            return quarters
    return None


def turn(
    quarters: NDArray, hours: NDArray, *, whole: bool = False, lag: int | None = None
) -> tuple[int, float, float] | None:
    """By how many quarters of an hour a pattern was moved on, where moving it back fits and leaving it does not.

    Args:
        quarters: New rows by quarter of an hour, shape (96,).
        hours: Learned rows by hour, shape (24,).
        whole: Whether only whole hours are meant.
        lag: Quarters that another date tells, where one does.

    Returns:
        Quarters (negative where times are earlier), distance as it stands and turned back; or None.
    """
    n, m = float(quarters.sum()), float(hours.sum())
    if min(n, m) < _LEAST:
        return None
    chance = luck(hours, n, m)

    def apart(k: int) -> float:
        return distance(np.roll(quarters, -k).reshape(24, 4).sum(1), hours)

    apart_now = apart(0)
    if apart_now - chance < _FAR:
        return None
    moves = [k for k in range(_WEST, _EAST + 1) if k and (not whole or k % 4 == 0)]
    fits = {k: _unlikely(np.roll(quarters, -k).reshape(24, 4).sum(1), hours) for k in moves}
    # Zones lie whole hours apart, some half an hour: what fits about as well as the best is told from it by that.
    near = [k for k in moves if fits[k] <= min(fits.values()) + _LEVEL]
    best = (
        lag
        if lag in moves and fits[lag] <= min(fits.values()) + 5 * _LEVEL
        else min(near, key=lambda k: (k % 4 != 0, k % 2 != 0, round(fits[k], 9), abs(k), k))
    )
    left = apart(best) - 1.5 * chance
    if left > _NEAR or left > _LEFT * (apart_now - chance):
        return None
    return best, apart_now, apart(best)


# Where rows are spread evenly over the day


def _by_means(case: Case) -> Iterator[Said]:
    """Dates with rows at all hours alike: the course of other columns over the day, turned."""
    new = {(m.label, m.number): m for m in case.new.hourly}
    moves: dict[str, dict[str, int]] = {}
    for m in case.base.hourly:
        there = new.get((m.label, m.number))
        moved = turned_means(m, there) if there is not None and not {m.label, m.number} & case.taken else None
        if moved is not None:
            moves.setdefault(m.label, {})[m.number] = moved
    for name, found in moves.items():
        if len(set(found.values())) == 1 and (shift := min(found.values())):
            takes = f"{names(found)} take{'s' * (len(found) == 1)}"
            yield _said(case, name, shift, f"over the day {takes} the learned course once the shift is undone")


def turned_means(base: LevelMeans, new: LevelMeans) -> int | None:
    """By how many hours the course of a number over the day was moved on; 0 where it was not, None where none shows.

    Args:
        base: Learned means by hour.
        new: Means here.
    """
    courses = [_course(base), _course(new)]
    if courses[0] is None or courses[1] is None:
        return None
    left = [1 - float((courses[0] * np.roll(courses[1], -k)).mean()) for k in range(24)]
    best = int(np.argmin(left))
    if left[best] > _COURSE:
        return None
    if best == 0 or left[0] < _TIMES * left[best] + _COURSE / 4:
        return 0
    return best if best <= 14 else best - 24


def _course(m: LevelMeans) -> NDArray | None:
    """Means by hour, centred and scaled, shape (24,); None where an hour is lacking or chance moves them too much."""
    hours = [str(h) for h in range(24)]
    if any(h not in m.levels or h not in m.spreads for h in hours):
        return None
    x = np.array([m.levels[h][1] for h in hours])
    noise = np.mean([m.spreads[h] ** 2 / m.levels[h][0] for h in hours])
    return (x - x.mean()) / x.std() if x.std() > 0 and x.var() > _CLEAR * noise else None


def _unlikely(new: NDArray, hours: NDArray) -> float:
    """Half the G statistic of two samples: minus the log likelihood that both are of one distribution, up to a sum."""
    both = new + hours
    whole = both.sum()

    def part(x: NDArray) -> float:
        there = x > 0
        return float((x[there] * np.log(x[there] / (both[there] * x.sum() / whole))).sum())

    return part(new) + part(hours)


def _turned(
    case: Case, base: ColumnSketch, quarters: NDArray, hours: NDArray, *, whole: bool = False, lag: int | None = None
) -> Iterator[Said]:
    found = turn(quarters, hours, whole=whole, lag=lag) if base.rows >= FEW else None
    if found is None:
        return
    moved, before, after = found
    yield _said(
        case, base.name, moved / 4, f"{100 * before:.0f} % of the rows would have to move to other hours of the day, "
        f"{100 * after:.0f} % once the shift is undone",
    )  # fmt: skip


def _said(case: Case, name: str, shift: float, why: str) -> Said:
    cell = quoted(name)
    count, first = case.where(f"{cell} IS NOT NULL")
    fraction = f"{shift:+.2f}".rstrip("0").rstrip(".").replace("-", "−")
    moved = f"{number(abs(shift))} hour{'s' * (abs(shift) != 1)} {'later' if shift > 0 else 'earlier'}"
    case.taken.add(name)
    return Said(
        kind="time_shift", columns=(name,), rows=count, first=first, factor=shift, labels=(fraction,),
        text=f"Times in `{name}` are {moved} than they were, in {in_rows(count, case.rows)}: {why}.",
        advice="Ask which time zone the times are in; move them back.",
    )  # fmt: skip
