"""A number that came in another unit: all of it, a block of rows, or single rows.

Knows one column of numbers at a time and its learned bins. Must never know another column but to say which rows. A
factor is named only where the numbers, divided by it, are spread as they were learned, and as they stand are not.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import BoolArray, FloatArray
from .faults_case import FEW, Case, Said, distance, in_rows, luck, median, number
from .faults_factors import FACTORS, Factor
from .faults_where import SCATTERED, whereabouts
from .sketch import ColumnSketch

_SAMPLE = 20_000
_FAR, _NEAR = 0.1, 0.06
"""Distances, beyond what chance gives, from which a column is not what it was, and up to which it is."""
_LEFT = 0.35
"""Share of the distance that may be left once the factor is undone."""
_LOW, _HIGH = 0.28, 3.7
"""Factors between these are also growth: they count only where nothing but a conversion gives such figures."""
_LEVEL = 0.03
"""Distance by which factors fit alike: then the figures they leave decide."""
_ALIKE, _OWN_WAY = 0.12, 0.5
"""Distances, beyond chance, up to which converted rows are spread as the rest, and up to which a block or label is."""
_FEWEST_ROWS = 8
_SEEN = 0.5
"""Share of converted cells that must lie outside the learned range for single rows to be told apart."""


class _Column(NamedTuple):
    """A column of numbers beside its learned bins."""

    base: ColumnSketch
    x: FloatArray
    """Values that are there, shape (n,)."""
    integer: bool
    """Whether it was learned as whole numbers."""

    def apart(self, x: FloatArray, step: float = 0.0) -> float:
        """Distance of values from the learned ones over the learned bins; `step` is by how much they were rounded."""
        # A value that was an edge must be one again, whatever multiplying and rounding did to its last digit.
        at = np.searchsorted(self.base.edges, x - 1e-8 * np.abs(x) - step, side="left")
        return distance(np.bincount(at, minlength=len(self.base.counts)), self.base.counts)

    def undone(self, f: Factor, x: FloatArray) -> float:
        """Distance of values from the learned ones once a factor is undone."""
        decimals = next((d for d in range(4) if _short(x, d) > 0.99), None)
        rounded = 0.0 if decimals is None or _power(f) else 0.5 * 10.0**-decimals / abs(f.times)
        return self.apart(f.undone(x), rounded)

    def chance(self, n: int) -> float:
        """What distance chance gives `n` values."""
        return luck(self.base.counts, n, self.base.rows - self.base.missing)


def units(case: Case) -> Iterator[Said]:
    """Columns of numbers that were converted, the whole column or some rows."""
    for base, new in case.pairs("number"):
        there = new.rows - new.missing
        if (
            there < FEW
            or base.rows - base.missing < FEW
            or len(base.edges) < 3
            or base.low is None
            or base.high is None
        ):
            continue
        apart, chance = distance(new.counts, base.counts), luck(base.counts, there, base.rows - base.missing)
        beyond = (new.high or 0.0) > base.high + (base.high - base.low) or (new.low or 0.0) < base.low - (
            base.high - base.low
        )
        if apart < 0.03 + 2 * chance and not beyond and not _small(base, new):
            continue
        all_rows = case.numbers(base.name)
        column = _Column(base, all_rows[np.isfinite(all_rows)], case.learned[base.name].storage == "BIGINT")
        said = _whole(case, column, apart - chance) or _some(case, column, all_rows)
        if said is not None:
            case.taken.add(base.name)
            yield said


def _small(base: ColumnSketch, new: ColumnSketch) -> bool:
    """Whether the least positive amount came down by more than chance would: some may be in a larger unit."""
    low, was = new.low or 0.0, base.low or 0.0
    return was > 0 and 0 < low < was / 5


# The whole column


def _whole(case: Case, column: _Column, apart: float) -> Said | None:
    if apart < _FAR:
        return None
    some = column.x[:: max(1, len(column.x) // _SAMPLE)]
    found = _likeliest([(column.undone(f, some), f) for f in FACTORS], some, _LEVEL)
    left = column.undone(found, column.x) - 1.5 * column.chance(len(column.x))
    if left > _NEAR or left > _LEFT * apart or not _plausible(column, found):
        return None
    return _told(case, column, found, len(column.x), (), "")


def _likeliest(fits: Sequence[tuple[float, Factor]], x: FloatArray, level: float) -> Factor:
    """Of factors that fit about as well as the best, the one that leaves the shortest figures, or a power of ten."""
    best = min(fit for fit, _ in fits)
    near = [(fit, f) for fit, f in fits if fit <= best + level]
    return min(near, key=lambda it: (-_shortness(it[1].undone(x)), not _power(it[1]), it[0]))[1]


def _shortness(x: FloatArray) -> float:
    """How many values are whole, and how many have two decimals at most; to a tenth."""
    return round(_short(x, 0), 1) + round(_short(x, 2), 1)


def _power(f: Factor) -> bool:
    return not f.plus and abs(math.log10(f.times) - round(math.log10(f.times))) < 1e-9


def _plausible(column: _Column, found: Factor) -> bool:
    """Whether growth is ruled out: whole numbers stay whole once undone; factors near 1 fit to within chance."""
    back = found.undone(column.x)
    if column.integer and _short(back, 0) < 0.95 and not (found.times < _LOW and _all_whole(column.x)):
        return False
    if found.plus or not _LOW < found.times < _HIGH:
        return True
    return column.undone(found, column.x) <= 1.3 * column.chance(len(back)) and _converted(column, back)


def _all_whole(x: FloatArray) -> bool:
    return bool((x == np.round(x)).all())


def _converted(column: _Column, back: FloatArray) -> bool:
    """Whether figures are finer than the learned ones and as short once undone, as after a conversion, not a rise."""
    learned = next((d for d in range(4) if _short(np.asarray(column.base.edges), d) == 1.0), None)
    if learned is not None and _short(column.x, learned) < 0.5 and _short(back, learned) >= 0.9:
        return True
    return any(_short(back, d) > _short(column.x, d) + 0.3 for d in range(4))


def _short(x: FloatArray, decimals: int = 2) -> float:
    """Share of values that have at most so many decimals."""
    some = x[:: max(1, len(x) // 2000)] * 10.0**decimals
    return float((np.abs(some - np.round(some)) <= 1e-3 + 1e-12 * np.abs(some)).mean()) if len(some) else 0.0


# Some rows


def _some(case: Case, column: _Column, x: FloatArray) -> Said | None:
    """Rows that lie outside the learned range, and inside and spread like it once a factor is undone.

    Rows of one block or label may be spread in a way of their own: there only powers of ten are named.
    """
    low, high = float(column.base.low or 0.0), float(column.base.high or 0.0)
    room = 0.05 * (high - low)
    out = (x > high + room) | (x < low - room if low <= 0 else x < low / 1.5)
    if out.sum() < _FEWEST_ROWS:
        return None
    fits: list[tuple[float, Factor]] = []
    for f in FACTORS:
        sure = out & _near(f.undone(x), low, high)
        if f.plus or _LOW < f.times < _HIGH or sure.sum() < max(_FEWEST_ROWS, 0.9 * out.sum()):
            continue
        fit = _fits(column, f, f.undone(x)[sure], (low, high, room))
        if fit is not None:
            fits.append((fit, f))
    chance = column.chance(int(out.sum()))
    alike = [(fit, f) for fit, f in fits if fit <= _ALIKE]
    loose = [(fit, f) for fit, f in fits if _power(f)]
    if not alike and not loose:
        return None
    found = _likeliest(alike or loose, x[out], max(_LEVEL, 0.7 * chance) if alike else _OWN_WAY)
    sure = out & _near(found.undone(x), low, high)
    if column.integer and found.times > 1 and _short(found.undone(x[sure]), 0) < 0.95:
        return None
    if not _jumps(x, sure, found):
        return None
    rows, told = whereabouts(case, sure, _gain(column, found, x), np.isfinite(x))
    return _told(case, column, found, int(rows.sum()), rows, told) if alike or told != SCATTERED else None


def _jumps(x: FloatArray, sure: BoolArray, f: Factor) -> bool:
    """Whether converted rows lie nearer to the rows beside them once undone: a storm comes and goes, a unit jumps."""
    there = np.isfinite(x)
    values, some = x[there], sure[there]
    edge = np.flatnonzero(some[1:] != some[:-1])
    if not len(edge) or not _smooth(values[~some]):
        return True
    back = np.where(some, f.undone(values), values)
    small = max(1e-3 * float(np.median(np.abs(back))), 1e-12)

    def apart(v: FloatArray) -> float:
        size = np.sign(v) * np.log1p(np.abs(v) / small)
        return float(np.abs(size[edge + 1] - size[edge]).mean())

    return apart(back) < apart(values)


def _smooth(x: FloatArray) -> bool:
    """Whether a row is like the one before it: only then do neighbours tell anything."""
    if len(x) < FEW:
        return False
    far = np.abs(x - np.roll(x, len(x) // 2))
    return float(np.median(np.abs(np.diff(x)))) < 0.5 * float(np.median(far))


def _near(back: FloatArray, low: float, high: float) -> BoolArray:
    """Whether values lie in the learned range, or so little beyond that other rows may reach there."""
    width = high - low
    return (back >= (low / 2 if low > 0 else low - 0.5 * width)) & (back <= high + 0.5 * width)


def _fits(column: _Column, f: Factor, back: FloatArray, ends: tuple[float, float, float]) -> float | None:
    """Distance beyond chance of undone rows from the learned ones that a conversion would have put outside."""
    low, high, room = ends
    edges = np.asarray(column.base.edges)
    middles = np.concatenate(([(low + edges[0]) / 2], (edges[1:] + edges[:-1]) / 2, [(edges[-1] + high) / 2]))
    moved = middles * f.times
    shown = (moved > high + room) | (moved < (low - room if low <= 0 else low / 1.5))
    counts = np.asarray(column.base.counts, float) * shown
    share = counts.sum() / max(sum(column.base.counts), 1)
    if share < _SEEN:
        return None
    at = np.bincount(np.searchsorted(edges, back, side="left"), minlength=len(counts))
    # Few rows over many bins: neighbours are taken together, so that each holds some.
    group = max(1, int(np.ceil(len(counts) / max(4, len(back) // 8))))
    cut = np.arange(0, len(counts), group)
    got, want = np.add.reduceat(at, cut), np.add.reduceat(counts, cut)
    apart = distance(got, want) - 1.8 * luck(want, len(back), column.base.rows)
    return apart if apart <= _OWN_WAY else None


def _gain(column: _Column, f: Factor, x: FloatArray) -> FloatArray:
    """By row, how much likelier the value is as a converted one than as it stands; 0 where it is missing."""
    back, n = f.undone(x), sum(column.base.counts)
    here, there = _density(column.base, x, n), _density(column.base, back, n) / abs(f.times)
    gain = np.log(np.maximum(there, 1e-300)) - np.log(np.maximum(here, 1e-300))
    # A zero is one in every unit.
    return np.where(np.isfinite(x) & (x != 0), np.clip(gain, -12.0, 12.0), 0.0)


def _density(base: ColumnSketch, x: FloatArray, n: int) -> FloatArray:
    """Learned rows by unit of the column around each value, a little where there were none."""
    low, high = float(base.low or 0.0), float(base.high or 0.0)
    ends = np.concatenate(([low], np.asarray(base.edges), [high]))
    widths = np.maximum(np.diff(ends), 1e-9 * max(high - low, 1e-300))
    dense = np.asarray(base.counts, float) / max(n, 1) / widths
    at = np.searchsorted(np.asarray(base.edges), x, side="left")
    inside = (x >= low) & (x <= high)
    return np.where(inside, dense[at], 0.0) + 0.1 / max(n, 1) / max(high - low, 1e-300)


# Words


def _told(case: Case, column: _Column, f: Factor, rows: int, mask: NDArray | tuple, where: str) -> Said:
    base = column.base
    whole = not isinstance(mask, np.ndarray)
    x = column.x if whole else case.numbers(base.name)[mask]
    x = x[np.isfinite(x)]
    now, was = number(float(np.median(x))), number(median(base))
    how, where = _how(f), f" ({where})" if where else ""
    first = tuple(int(k) + 1 for k in np.flatnonzero(mask)[:5]) if isinstance(mask, np.ndarray) else ()
    if whole:
        first = tuple(int(k) + 1 for k in np.flatnonzero(np.isfinite(case.numbers(base.name)))[:5])
    return Said(
        kind="unit_change", columns=(base.name,), rows=rows, first=first, factor=float(f"{f.times:.9g}"),
        labels=(_plain(f.times),),
        text=f"`{base.name}` came in another unit in {in_rows(rows, case.rows)}{where}: {how} what was learned, "
        f"middle {now} against {was}; undone, it is spread as it was.",
        advice=f"Ask in which unit these rows are ({f.words}), and convert them back.",
    )  # fmt: skip


def _how(f: Factor) -> str:
    if f.plus and f.times == 1:
        return f"{number(abs(f.plus))} {'more' if f.plus > 0 else 'less'} than"
    if f.plus:
        return f"{number(f.times)} times, {'plus' if f.plus > 0 else 'minus'} {number(abs(f.plus))},"
    if f.times >= 1:
        return f"{number(f.times)} times"
    return f"a {number(1 / f.times)}th of" if (1 / f.times) >= 4 else f"{number(f.times)} times"


def _plain(times: float) -> str:
    return f"{times:.6g}"
