"""How far two distributions lie apart, from their counts by value: tests, distances and their intervals.

Knows counts by value. Must never know a column's name or a hypothesis.

A distance is never negative, so its estimate is high where nothing is there. The intervals here allow for that. Let
f be the yes/no question (or the function of slope at most 1) on which the true distributions lie apart most. The
true distance is the difference of the means of f, hence at most the observed distance plus the noise of one
difference: the upper end. The observed distance is at most the true one plus the largest noise over all f: the
lower end.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, kolmogi, kolmogorov

from ..data.rows import FloatArray
from .intervals import Interval, normal_quantile
from .permutation import permutation_p
from .superiority import moments

_BINS = 64
_EXPECTED = 5.0


class ShiftTest(NamedTuple):
    """A distance of two distributions in [0, 1], and its tests."""

    distance: Interval
    statistic: float
    df: float | None
    p_permutation: float | None
    p_robust: float


def shift_of_numbers(counts: NDArray, *, draws: int, seed: int, level: float) -> ShiftTest:
    """Kolmogorov and Smirnov's distance with its asymptotic p, and Cramér and von Mises's statistic by permutation.

    Args:
        counts: Rows by sample and distinct value, shape (2, m), values ascending.
        draws: Draws at most; 0 skips them. Beyond 64 distinct values these are pooled for them.
        seed: Seed of the draws.
        level: Confidence level of the interval.

    References:
        Anderson (1962), doi:10.1214/aoms/1177704477. Checked against `scipy.stats.ks_2samp` and
        `scipy.stats.cramervonmises_2samp`.
    """
    n = counts.sum(axis=1)
    apart = float(np.abs(_gap(counts[None])[0]).max())
    scale = _scale(n)
    error = scale / 2
    low = max(apart - float(kolmogi(1 - level)) * scale, 0.0)
    high = min(apart + normal_quantile(level) * error, 1.0)
    table = _pooled(counts)
    p = permutation_p(table, _cramer_von_mises, draws=draws, seed=seed) if draws else None
    statistic = float(_cramer_von_mises(counts[None].astype(np.int64))[0])
    return ShiftTest(Interval(apart, error, low, high), statistic, None, p, float(kolmogorov(apart / scale)))


def shift_of_labels(counts: NDArray, *, draws: int, seed: int, level: float) -> ShiftTest:
    """Total variation distance, with chi squared by permutation and as Pearson has it; rare labels count as one.

    Args:
        counts: Rows by sample and label, shape (2, m).
        draws: Draws at most; 0 skips them.
        seed: Seed of the draws.
        level: Confidence level of the interval.
    """
    n = counts.sum(axis=1)
    shares = counts / n[:, None]
    apart = float(np.abs(shares[0] - shares[1]).sum() / 2)
    scale = _scale(n)
    error = scale / 2
    both = counts.sum(axis=0) / n.sum()
    noise = float(np.sqrt(2 / np.pi * both * (1 - both)).sum() / 2) * scale
    reach = normal_quantile(level) * error
    table = _without_rare(counts)
    statistic = float(_chi_squared(table[None])[0])
    df = table.shape[1] - 1.0
    p = permutation_p(table, _chi_squared, draws=draws, seed=seed) if draws else None
    around = Interval(apart, error, max(apart - noise - reach, 0.0), min(apart + reach, 1.0))
    return ShiftTest(around, statistic, df, p, float(chdtrc(df, statistic)) if df else 1.0)


def wasserstein(values: FloatArray, counts: NDArray, level: float) -> Interval:
    """How far values move on average when one distribution is made the other, in their own unit.

    `values` ascending, shape (m,); `counts` shape (2, m). Checked against `scipy.stats.wasserstein_distance`.
    """
    width = np.diff(values)
    n = counts.sum(axis=1)
    distance = float(np.abs(_gap(counts[None])[0][:-1]) @ width)
    both = np.cumsum(counts.sum(axis=0))[:-1] / n.sum()
    noise = float(np.sqrt(2 / np.pi * both * (1 - both)) @ width) * _scale(n)
    error = float(np.sqrt(sum(moments(values, c)[2] / k for c, k in zip(counts, n, strict=True))))
    reach = normal_quantile(level) * error
    return Interval(distance, error, max(distance - noise - reach, 0.0), distance + reach)


def _scale(n: NDArray) -> float:
    return float(np.sqrt(1 / n[0] + 1 / n[1]))


def _gap(tables: NDArray) -> FloatArray:
    """The difference of the two distribution functions at each value, shape (D, m)."""
    n = tables.sum(axis=2, keepdims=True)
    shares = np.cumsum(tables, axis=2) / n
    return shares[:, 0, :] - shares[:, 1, :]


def _cramer_von_mises(tables: NDArray) -> FloatArray:
    """The product of the sizes over their sum times the mean squared gap over all rows, ties at their last: (D,)."""
    total = tables[0].sum(axis=0)
    n = tables[0].sum(axis=1)
    return float(n[0] * n[1] / n.sum() ** 2) * (_gap(tables) ** 2 @ total)


def _pooled(counts: NDArray) -> NDArray[np.int64]:
    """At most 64 columns of near-equal weight; a value is never split."""
    table = counts[:, counts.sum(axis=0) > 0].astype(np.int64)
    total = table.sum(axis=0)
    if len(total) <= _BINS:
        return table
    middle = (np.cumsum(total) - total / 2) / total.sum()
    bins = np.minimum((middle * _BINS).astype(np.int64), _BINS - 1)
    return np.add.reduceat(table, np.flatnonzero(np.diff(bins, prepend=-1)), axis=1)


def _without_rare(counts: NDArray) -> NDArray[np.int64]:
    """Labels of which under 5 are expected on a side pooled as one; that one joins the rarest kept if it is rare."""
    table = counts[:, counts.sum(axis=0) > 0].astype(np.int64)
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    expected = table.sum(axis=0) * (table.sum(axis=1).min() / table.sum())
    kept = int((expected >= _EXPECTED).sum())
    if kept == table.shape[1]:
        return table
    if expected[kept:].sum() < _EXPECTED:
        kept = max(kept - 1, 0)
    return np.column_stack([table[:, :kept], table[:, kept:].sum(axis=1)])


def _chi_squared(tables: NDArray) -> FloatArray:
    total, n = tables[0].sum(axis=0), tables[0].sum(axis=1)
    expected = n[:, None] * total / total.sum()
    return ((tables - expected) ** 2 / expected).sum(axis=(1, 2))
