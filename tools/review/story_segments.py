"""Where the change of a mean comes from: one level of a label, or more rows of some levels than before.

Knows means by level of two sketches. Must never know a row, a claim, or how a segment is worded.
"""

from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ..verify.intervals import t_quantile
from .sketch import ColumnSketch, LevelMeans, Sketch

_ERROR = 0.001
"""Chance that any level of any label is named where all change alike."""
_MOST_ROWS = 0.60
_LEAST_SHARE = 0.40
_BEYOND = 1.5
"""How many times its share of the rows a level must explain."""
_APART = 0.20
"""Least difference, in learned standard deviations, of a level's change from that of the other rows."""
_ALONE = 0.50
"""The same for a level of a column that is as it was on the whole."""


class Segment(NamedTuple):
    """One level of a label, and its part in the change of a number."""

    label: str
    level: str
    share: float
    """Part of the change, above 1 where other rows went the other way."""
    rows: float
    """Its share of the rows, over both sides."""
    before: float
    after: float
    apart: float
    """How much more it changed than the other rows, in learned standard deviations; below 0 where they changed more."""


class Mix(NamedTuple):
    """How much of the change of a number comes from how many rows each level has."""

    label: str
    share: float


class _Side(NamedTuple):
    n: float
    mean: float
    sd: float = 0.0


class _Level(NamedTuple):
    """A level and all other rows, before and now."""

    own: tuple[_Side, _Side]
    rest: tuple[_Side, _Side]

    @property
    def rows(self) -> tuple[float, float]:
        return tuple(a.n / (a.n + b.n) for a, b in zip(self.own, self.rest, strict=True))  # type: ignore[return-value]


def find_segment(base: Sketch, new: Sketch, number: str, scale: tuple[float, float] = (1.0, 1.0)) -> Segment | None:
    """The level that explains clearly more of the change of a mean than its share of the rows, or None.

    Args:
        base: Learned rows.
        new: Delivery.
        number: A column of numbers.
        scale: Independent rows over rows, of either side.

    Returns:
        The one with the largest excess over its share; None where the change is everywhere.
    """
    b, n = base.column(number), new.column(number)
    if b is None or n is None or b.mean is None or n.mean is None or not b.sd or b.mean == n.mean:
        return None
    levels = list(_levels(base, new, b, n))
    found = [
        s
        for label, level, at in levels
        if (s := _segment(label, level, at, b, n, scale, len(levels))) is not None and s.apart >= _APART
    ]
    found = [s for s in found if s.rows <= _MOST_ROWS and s.share >= max(_LEAST_SHARE, _BEYOND * s.rows)]
    return max(found, key=lambda s: (min(s.share, 1.5) - s.rows, s.label, s.level), default=None)


def find_alone(
    base: Sketch, new: Sketch, number: str, scale: tuple[float, float] = (1.0, 1.0), allowed: float = 0.0
) -> Segment | None:
    """The level of a number that changed by half a standard deviation while the column as a whole did not.

    Args:
        base: Learned rows.
        new: Delivery.
        number: A column of numbers.
        scale: Independent rows over rows, of either side.
        allowed: The largest such difference that earlier deliveries showed.
    """
    b, n = base.column(number), new.column(number)
    if b is None or n is None or b.mean is None or n.mean is None or not b.sd:
        return None
    levels = list(_levels(base, new, b, n))
    found = [
        s
        for label, level, at in levels
        if (s := _segment(label, level, at, b, n, scale, len(levels))) is not None and s.rows <= _MOST_ROWS
    ]
    least = max(_ALONE, allowed)
    found = [s for s in found if s.apart >= least]
    return max(found, key=lambda s: (s.apart * s.rows**0.5, s.label, s.level), default=None)


def largest_apart(base: Sketch, new: Sketch, number: str) -> float:
    """The largest difference of one level's change from that of the other rows, in learned standard deviations."""
    b, n = base.column(number), new.column(number)
    if b is None or n is None or not b.sd:
        return 0.0
    return max((abs(_difference(at)) / b.sd for _, _, at in _levels(base, new, b, n)), default=0.0)


def find_mix(base: Sketch, new: Sketch, number: str, labels: Container[str]) -> Mix | None:
    """Of these labels the one whose shares alone, its levels' means held fixed, come nearest to the whole change."""
    b, n = base.column(number), new.column(number)
    if b is None or n is None or b.mean is None or n.mean is None or b.mean == n.mean:
        return None
    out = []
    for m, now in _pairs(base, new, number):
        if m.label not in labels:
            continue
        held = _means(m.levels, b)
        changed = _means(now.levels, n)
        middle = (b.mean + n.mean) / 2
        part = 0.0
        for level in sorted(held.keys() | changed.keys()):
            was, is_ = held.get(level), changed.get(level)
            mean = np.mean([s.mean for s in (was, is_) if s is not None])
            share = (is_.n if is_ else 0.0) / _there(n) - (was.n if was else 0.0) / _there(b)
            part += share * (float(mean) - middle)
        out.append(Mix(m.label, part / (n.mean - b.mean)))
    return max(out, key=lambda x: (-abs(x.share - 1), x.label), default=None)


def _pairs(base: Sketch, new: Sketch, number: str) -> Iterator[tuple[LevelMeans, LevelMeans]]:
    now = {m.label: m for m in new.means if m.number == number}
    for m in base.means:
        if m.number == number and m.label in now:
            yield m, now[m.label]


def _levels(base: Sketch, new: Sketch, b: ColumnSketch, n: ColumnSketch) -> Iterator[tuple[str, str, _Level]]:
    """Every level that both sides have, beside all other rows."""
    for m, now in _pairs(base, new, b.name):
        for level in m.levels:
            if level in now.levels:
                own = (_side(m, level, b), _side(now, level, n))
                rest = (_without(own[0], b), _without(own[1], n))
                if min(rest[0].n, rest[1].n) > 0:
                    yield m.label, level, _Level(own, rest)


def _there(column: ColumnSketch) -> float:
    return float(column.rows - column.missing)


def _without(own: _Side, column: ColumnSketch) -> _Side:
    n = _there(column) - own.n
    mean = (_there(column) * (column.mean or 0.0) - own.n * own.mean) / n if n > 0 else 0.0
    return _Side(n, mean, column.sd or 0.0)


def _side(means: LevelMeans, level: str, column: ColumnSketch) -> _Side:
    n, mean = means.levels[level]
    return _Side(float(n), mean, means.spreads.get(level, column.sd or 0.0))


def _means(levels: Mapping[str, tuple[int, float]], column: ColumnSketch) -> dict[str, _Side]:
    """Levels, and the rows of none of them under the empty name."""
    out = {x: _Side(float(n), mean) for x, (n, mean) in levels.items()}
    told = _Side(sum(s.n for s in out.values()), sum(s.n * s.mean for s in out.values()))
    rest = _there(column) - told.n
    if rest > 0:
        out[""] = _Side(rest, (_there(column) * (column.mean or 0.0) - told.mean) / rest)
    return out


def _difference(at: _Level) -> float:
    return (at.own[1].mean - at.own[0].mean) - (at.rest[1].mean - at.rest[0].mean)


def _segment(
    label: str, level: str, at: _Level, b: ColumnSketch, n: ColumnSketch, scale: tuple[float, float], looked: int
) -> Segment | None:
    """A level whose change differs from that of the others beyond chance, all levels that are looked at counted."""
    noise = sum(side.sd**2 / (k * side.n) for pair in (at.own, at.rest) for k, side in zip(scale, pair, strict=True))
    fewest = min(k * side.n for k, side in zip(scale, at.own, strict=True))
    difference = _difference(at)
    if noise <= 0 or fewest <= 2 or abs(difference) < t_quantile(fewest - 1, 1 - _ERROR / looked) * noise**0.5:
        return None
    was, now = at.rows
    middle = ((b.mean or 0.0) + (n.mean or 0.0)) / 2
    both = (at.own[0].mean + at.own[1].mean) / 2
    part = (was + now) / 2 * (at.own[1].mean - at.own[0].mean) + (now - was) * (both - middle)
    change = (n.mean or 0.0) - (b.mean or 0.0)
    share = part / change if change else 0.0
    own, rest = (abs(side[1].mean - side[0].mean) for side in (at.own, at.rest))
    apart = abs(difference) / (b.sd or 1.0) * (1 if own >= rest else -1)
    return Segment(label, level, share, (was + now) / 2, at.own[0].mean, at.own[1].mean, apart)
