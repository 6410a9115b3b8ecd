"""Times of day that came in another time zone: the pattern of hours, turned.

Knows dates with times of day, the learned rows by hour and weekday, and durations between dates. Must never know a
day's meaning. A weekend has other hours than the week: a turn counts only where hours alone say it, twice as well once
undone, and where dates that belong together turned together.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.readers_binary import quoted
from .faults_case import FEW, Case, Said, distance, in_rows, luck, median, names, number
from .sketch import ColumnSketch, LevelMeans

_QUARTERS = 96
_FAR, _NEAR, _LEFT = 0.08, 0.05, 0.35
_MENDED = 0.75
"""Share of the distance as it stands that may be left once a shift is undone: few rows differ by chance alone."""
_HALF, _OTHER_DAYS, _FAR_OTHER_DAYS = 0.5, 0.15, 0.15
"""Share of the distance as it stands that may be left where no other date tells the turn; distance of weekdays beyond
chance from which on hours differ with them, and how far hours must then be apart."""
_NEAR_FIT = 15.0
_SELDOM = {0: 0.0, 1: 4.0, 2: 2.0, 3: 4.0}
"""Log likelihood by which a shift that another date tells may fit worse than the best; and by which zones half
an hour or a quarter of one apart must fit better than whole hours, by the remainder of quarters."""
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
    yield from _dates(case)
    yield from _by_means(case)
    for base, new in case.pairs("number", "label"):
        if base.name.lower() in _HOUR_NAMES and _by_hour(base) is not None:
            hours = _by_hour(new)
            if hours is not None:
                quarters = np.zeros(_QUARTERS)
                quarters[::4] = hours
                found = turn(quarters, np.asarray(_by_hour(base), float), whole=True)
                if found is not None and found.clear():
                    yield _said(case, base.name, found.quarters / 4, found.why())


class Turn(NamedTuple):
    """By how many quarters of an hour a pattern was moved on; its distance as it stands and turned back."""

    quarters: int
    before: float
    after: float

    def clear(self) -> bool:
        """Whether turning back does away with half of the distance: weeks that differ do not come back so far."""
        return self.after <= _HALF * self.before

    def why(self) -> str:
        """What speaks for it, in words."""
        return (
            f"{100 * self.before:.0f} % of the rows would have to move to other hours of the day, "
            f"{100 * self.after:.0f} % once the shift is undone"
        )


def _dates(case: Case) -> Iterator[Said]:
    """Dates that turned. Those with a learned duration between them turned together, or the duration tells by what."""
    pairs = {base.name: (base, new) for base, new in case.pairs("date") if base.hours and new.hours}
    hours = {name: (_quarters(case, name), np.asarray(base.hours, float)) for name, (base, _) in pairs.items()}
    found: dict[str, Turn] = {}
    beside: dict[str, str] = {}
    for name, (base, new) in pairs.items():
        other, lag = _lag(case, name)
        together = hours.get(other) if other and not lag else None
        turned = turn(*hours[name], lag=lag, together=together) if base.rows >= FEW else None
        if turned is None or (lag and turned.quarters != lag) or not (lag or _by_hours_alone(base, new, turned)):
            continue
        found[name] = turned
        if other and not lag:
            beside[name] = other
    for name, turned in found.items():
        if name not in beside or (beside[name] in found and found[beside[name]].quarters == turned.quarters):
            yield _said(case, name, turned.quarters / 4, turned.why())


def _quarters(case: Case, name: str) -> NDArray:
    """Rows by quarter of an hour, shape (96,)."""
    got = case.query(
        f"SELECT (epoch_us({quoted(name)}) // 900000000) % 96 AS q, count(*) FROM data "
        f"WHERE isfinite({quoted(name)}) GROUP BY 1"
    )
    quarters = np.zeros(_QUARTERS)
    for q, n in got:
        quarters[int(q) % _QUARTERS] += n
    return quarters


def _by_hours_alone(base: ColumnSketch, new: ColumnSketch, turned: Turn) -> bool:
    """Whether hours say that they were turned without another date: more clearly where weekdays are others."""
    if not turned.clear():
        return False
    n, m = float(sum(new.weekdays)), float(sum(base.weekdays))
    if not n or not m:
        return True
    other_days = distance(new.weekdays, base.weekdays) - 2 * luck(base.weekdays, n, m) > _OTHER_DAYS
    return not other_days or turned.before - luck(base.hours, n, m) >= _FAR_OTHER_DAYS


def _by_hour(column: ColumnSketch) -> NDArray | None:
    """Rows by hour of a column of the numbers 0 to 23."""
    if not column.levels or column.other or any(not x.isdigit() or int(x) > 23 for x in column.levels):
        return None
    return np.array([column.levels.get(str(h), 0) for h in range(24)], float)


def _lag(case: Case, name: str) -> tuple[str | None, int]:
    """Another date that it has a learned duration with, and by how many quarters of an hour it moved against that."""
    beside = None
    for column in case.claims.columns:
        base = case.base.column(column.name)
        if name not in column.derived_from or base is None or not base.edges or column.unit not in _HOURS:
            continue
        start, end = column.derived_from
        if not (case.here(start) and case.here(end)):
            continue
        apart = (case.numbers(end) - case.numbers(start)) * 24
        middle = float(np.nanmedian(apart)) - median(base) * _HOURS[column.unit]
        beside = start if name == end else end
        quarters = round(4 * middle) * (1 if name == end else -1) if np.isfinite(middle) else 0
        if quarters:
            return beside, quarters
    return beside, 0


def turn(
    quarters: NDArray, hours: NDArray, *, whole: bool = False, lag: int = 0,
    together: tuple[NDArray, NDArray] | None = None,
) -> Turn | None:  # fmt: skip
    """By how many quarters of an hour a pattern was moved on, where moving it back fits and leaving it does not.

    Args:
        quarters: New rows by quarter of an hour, shape (96,).
        hours: Learned rows by hour, shape (24,).
        whole: Whether only whole hours are meant.
        lag: Quarters that another date tells, 0 where none does.
        together: The same of a date that can only have turned by as much: both say by how much.

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
    both = [(quarters, hours), *([together] if together is not None else [])]
    fits = {k: sum(_unlikely(np.roll(q, -k).reshape(24, 4).sum(1), h) for q, h in both) for k in moves}
    told = lag in moves and fits[lag] <= min(fits.values()) + _NEAR_FIT
    best = lag if told else min(moves, key=lambda k: (round(fits[k] / len(both) + _SELDOM[k % 4], 9), abs(k), k))
    left = apart(best) - 1.5 * chance
    if left > _NEAR or left > _LEFT * (apart_now - chance) or apart(best) > _MENDED * apart_now:
        return None
    return Turn(best, apart_now, apart(best))


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
