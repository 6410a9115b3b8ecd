"""How the values of a number are spread: zeros apart from the rest, and what levels of a label show beyond ranks.

Knows exploration rows. Must never know a sealed row or a hypothesis; what it sees suggests and proves nothing.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import FloatArray, Rows
from ..value import Value

_FEWEST_ZEROS, _MOST_ZEROS = 0.20, 0.95
_MORE_THAN_POISSON = 0.05
_MIN_DISTINCT = 3
_UPPER = 0.9
_MIN_ROWS = 40


class LevelContrast(Value):
    """One level of a label against every other, in one number."""

    level: str
    n: int
    """Rows of the level with a value."""
    ranks: float
    """P(A>B) - 1/2."""
    ranks_z: float
    """The same over its standard error."""
    mean: float
    """Difference of means in standard deviations of all rows."""
    mean_z: float
    upper: float
    """Difference of the 90th percentiles in standard deviations of all rows."""
    upper_z: float
    """Difference of the shares of rows above the pooled 90th percentile over its standard error."""


def is_zero_inflated(values: FloatArray) -> bool:
    """Whether a number is mostly an amount that is often zero: 20 to 95 % zeros, the rest positive.

    A count with no more zeros than chance explains (a Poisson count of its mean, 5 points allowed) is none, nor is a
    number with fewer than three different values above zero. `values`: shape (n,), NaN for missing.
    """
    known = values[~np.isnan(values)]
    if len(known) < _MIN_ROWS or known.min() < 0:
        return False
    zeros = float((known == 0).mean())
    if not _FEWEST_ZEROS <= zeros <= _MOST_ZEROS or len(np.unique(known[known > 0])) < _MIN_DISTINCT:
        return False
    whole = bool((known == np.round(known)).all())
    return not whole or zeros > float(np.exp(-known.mean())) + _MORE_THAN_POISSON


class _Spread(NamedTuple):
    """What the rows of one number say whatever they are grouped by."""

    size: float
    """Standard deviation."""
    scores: FloatArray
    """In standard deviations, as ridits, and whether above the upper quantile; shape (3, n)."""
    order: NDArray[np.int64]

    @classmethod
    def of(cls, y: FloatArray) -> "_Spread":
        size = float(y.std())
        scores = np.stack([(y - y.mean()) / size, _ridits(y), (y > np.quantile(y, _UPPER)).astype(np.float64)])
        return cls(size, scores, np.argsort(y, kind="stable"))


class Contrasts:
    """The contrasts of many pairs of the same rows; what several labels share of one number is computed once."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._spreads: dict[tuple[str, bytes], _Spread] = {}

    def of(self, number: str, label: str, *, least: int) -> tuple[LevelContrast, ...]:
        """What `level_contrasts` gives."""
        codes, y = self.rows.codes(label), self.rows.number(number)
        good = (codes >= 0) & ~np.isnan(y)
        codes, y = codes[good], y[good]
        if len(y) < 2 * least or y.min() == y.max():
            return ()
        key = number, good.tobytes()
        if key not in self._spreads:
            self._spreads[key] = _Spread.of(y)
        return tuple(_of_levels(codes, y, self._spreads[key], self.rows.column(label).levels, least))


def level_contrasts(rows: Rows, number: str, label: str, *, least: int) -> tuple[LevelContrast, ...]:
    """Each level of at least `least` rows (and as many others) against the rest; of two levels the second only.

    Rows that miss either column are left out; a number without spread gives nothing.
    """
    return Contrasts(rows).of(number, label, least=least)


def _of_levels(
    codes: NDArray, y: FloatArray, own: _Spread, levels: Sequence[str], least: int
) -> Iterator[LevelContrast]:
    scores = own.scores
    count = np.bincount(codes, minlength=len(levels))
    first, second = ([np.bincount(codes, s**p, minlength=len(levels)) for s in scores] for p in (1, 2))
    ascending, grouped = y[own.order], codes[own.order]
    for at in range(1 if len(levels) == 2 else 0, len(levels)):
        n, others = int(count[at]), len(y) - int(count[at])
        if min(n, others) < least:
            continue
        gaps = [_gap(s[at], q[at], n, s.sum(), q.sum(), len(y)) for s, q in zip(first, second, strict=True)]
        (mean, mean_z), (ranks, ranks_z), (_, upper_z) = gaps
        mine = grouped == at
        upper = (_upper(ascending[mine]) - _upper(ascending[~mine])) / own.size
        yield LevelContrast(
            level=levels[at], n=n, ranks=ranks, ranks_z=ranks_z, mean=mean, mean_z=mean_z, upper=upper, upper_z=upper_z
        )


def _upper(ascending: FloatArray) -> float:
    """The upper quantile of sorted values, as `np.quantile` interpolates it."""
    place = (len(ascending) - 1) * _UPPER
    at = int(place)
    low, high = float(ascending[at]), float(ascending[min(at + 1, len(ascending) - 1)])
    part = place - at
    return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part


def _ridits(y: FloatArray) -> FloatArray:
    """The share of rows below each row, ties counted half."""
    _, codes, count = np.unique(y, return_inverse=True, return_counts=True)
    return ((np.cumsum(count) - count / 2) / len(y))[codes]


def _gap(s: float, q: float, n: int, total: float, squares: float, rows: int) -> tuple[float, float]:
    """A level's mean less that of the other rows, and the same over its standard error."""
    m = rows - n
    one, two = s / n, (total - s) / m
    spread = (q / n - one**2) / n + ((squares - q) / m - two**2) / m
    gap = float(one - two)
    return gap, gap / float(np.sqrt(max(spread, 1e-300))) if spread > 0 else 0.0


def moves_with(y: FloatArray, w: FloatArray) -> float:
    """Spearman's rho of a count and an exposure over the rows that have both, 0 where undefined."""
    good: NDArray[np.bool_] = ~np.isnan(y) & ~np.isnan(w)
    if good.sum() < _MIN_ROWS:
        return 0.0
    a, b = _ridits(y[good]), _ridits(w[good])
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0
