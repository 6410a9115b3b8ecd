"""Means of two samples from their counts by distinct value: Welch's test, a studentised permutation, intervals.

Everything costs O(distinct values), never O(rows). Knows values with counts. Must never know columns, names or
hypotheses.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from ..data.rows import FloatArray
from .intervals import Interval, t_quantile
from .permutation import permutation_p

_MOST_BINS = 128
_TRIMMED = 0.2
_SKEWED = 0.3
_NEARLY_NO_SKEW = 1e-6
_FLOOR = 1e-12


class MeanContrast(NamedTuple):
    """The difference of two means, in the values' unit and in standard deviations of the pooled rows."""

    difference: Interval
    standardised: Interval
    statistic: float
    """Welch's t."""
    df: float
    p_robust: float
    skew: float
    """Skewness of the difference's own sampling distribution; above .5 an interval hardly keeps its level."""
    trimmed: float
    """Difference of the 20 % trimmed means: of the middle 60 % of each sample."""


class _Central(NamedTuple):
    """One sample's size, mean, variance (divisor n - 1) and third central moment."""

    n: float
    mean: float
    variance: float
    third: float


def mean_contrast(values: FloatArray, counts: NDArray, level: float = 0.95) -> MeanContrast | None:
    """Welch's test of two means with intervals that widen where the values are skewed; None without any spread.

    The interval is the hull of Welch's and of the one from Hall's cubic transformation, which allows for skewness.
    Neither alone keeps its level: with 25 against 475 lognormal values Welch's covers .885 and Hall's .912 (a
    bootstrap-t .908), with 20 against 20 they cover .958 and .926. Where the pooled rows are so skewed that the
    smaller sample cannot show it, the same interval with pooled moments joins the hull. The standardised interval
    bears the error of the standard deviation too.

    Args:
        values: distinct values, ascending, shape (m,).
        counts: rows by sample and value, shape (2, m), at least 2 a sample.
        level: of both intervals.

    References: Welch 1947, doi:10.1093/biomet/34.1-2.28. Hall 1992, JRSS B 54:221. Zhou and Dinh 2005,
    doi:10.1093/biostatistics/kxi010. Checked against `scipy.stats.ttest_ind(equal_var=False)`.
    """
    a, b = (_central(values, row) for row in counts)
    va, vb = a.variance / a.n, b.variance / b.n
    if va + vb == 0:
        return None
    difference, error = a.mean - b.mean, float(np.sqrt(va + vb))
    df = (va + vb) ** 2 / (va**2 / (a.n - 1) + vb**2 / (b.n - 1))
    skew = (a.third / a.n**2 - b.third / b.n**2) / error**3
    pooled = _central(values, counts.sum(axis=0))
    below, above = _reaches(error, df, skew, level)
    shared = _shared_skew(pooled, a.n, b.n)
    if abs(shared) > _SKEWED:
        wide = float(np.sqrt(pooled.variance * (1 / a.n + 1 / b.n)))
        more = _reaches(wide, pooled.n - 2, shared, level)
        below, above, error = max(below, more[0]), max(above, more[1]), max(error, wide)
    spread, scale = _standardised(values, counts, (a, b), pooled)
    effect = difference / spread
    statistic = difference / float(np.sqrt(va + vb))
    return MeanContrast(
        Interval(difference, error, difference - below, difference + above),
        Interval(effect, error * scale, effect - below * scale, effect + above * scale),
        statistic,
        df,
        float(2 * stdtr(df, -abs(statistic))),
        skew,
        trimmed_mean(values, counts[0]) - trimmed_mean(values, counts[1]),
    )


def _reaches(error: float, df: float, skew: float, level: float) -> tuple[float, float]:
    """How far the interval reaches below and above a difference: Welch's and Hall's, whichever is further."""
    t = t_quantile(df, level)
    return error * max(t, _unskewed(t, skew)), error * max(t, -_unskewed(-t, skew))


def _shared_skew(pooled: _Central, na: float, nb: float) -> float:
    """Skewness of the difference of two means if both samples had the pooled rows' distribution."""
    return pooled.third / pooled.variance**1.5 * (1 / na**2 - 1 / nb**2) / (1 / na + 1 / nb) ** 1.5


def _central(values: FloatArray, counts: NDArray) -> _Central:
    n = float(counts.sum())
    mean = float(values @ counts) / n
    away = values - mean
    squares = away * away
    return _Central(n, mean, float(counts @ squares) / (n - 1), float(counts @ (squares * away)) / n)


def _unskewed(x: float, skew: float) -> float:
    """The inverse of Hall's transformation of a studentised mean."""
    if abs(skew) < _NEARLY_NO_SKEW:
        return x
    return 3 / skew * (float(np.cbrt(1 + skew * (x - skew / 6))) - 1)


def _standardised(
    values: FloatArray, counts: NDArray, parts: tuple[_Central, _Central], pooled: _Central
) -> tuple[float, float]:
    """The pooled rows' standard deviation, and the factor from a difference's error to its error in deviations.

    By the influence of each row on the ratio of difference and deviation; never less than 1 / deviation.
    """
    a, b = parts
    n, variance = pooled.n, pooled.variance
    pull = (a.mean - b.mean) / (2 * variance) * ((values - pooled.mean) ** 2 - variance)
    total = 0.0
    for part, row, turn in ((a, counts[0], 1), (b, counts[1], -1)):
        influence = turn * n / part.n * (values - part.mean) - pull
        total += float(row @ (influence * influence)) / n**2 * part.n / (part.n - 1)
    plain = a.variance / a.n + b.variance / b.n
    spread = float(np.sqrt(variance))
    return spread, float(np.sqrt(max(total / plain, 1.0))) / spread


def trimmed_mean(values: FloatArray, counts: NDArray, share: float = _TRIMMED) -> float:
    """The mean without the lowest and highest `share` of the rows, a row at the cut counted in part.

    Checked against `scipy.stats.trim_mean` where the cut falls between rows.
    """
    n = float(counts.sum())
    at = np.cumsum(counts)
    kept = np.clip(np.minimum(at, n * (1 - share)) - np.maximum(at - counts, n * share), 0, None)
    return float(values @ kept) / float(kept.sum())


def permutation_mean_p(values: FloatArray, counts: NDArray, *, draws: int, seed: int) -> float:
    """Two-sided permutation p of Welch's t, for distinct values of shape (m,) and counts of shape (2, m).

    More than 128 distinct values are pooled to as many bins, the finer the further from the centre, and the observed
    and the permuted statistic both use the bins' means and mean squares: the test stays exact for exchangeable
    rows, whatever the tails, and its cost does not grow with the rows.

    References: Janssen 1997, doi:10.1016/S0167-7152(97)00043-6, for studentising where spreads differ.
    Checked against `scipy.stats.permutation_test` on all splits of a small sample.
    """
    table, first, second = binned_moments(values, counts)
    n = counts.sum(axis=1).astype(np.float64)

    def statistic(tables: NDArray) -> FloatArray:
        mean = tables @ first / n
        squares = np.maximum(tables @ second - n * mean**2, 0.0)
        error = (squares / (n - 1) / n).sum(axis=1)
        return np.abs(mean[:, 0] - mean[:, 1]) / np.sqrt(np.maximum(error, _FLOOR))

    return permutation_p(table, statistic, draws=draws, seed=seed)


def binned_moments(values: FloatArray, counts: NDArray) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """The table in at most 128 bins, and each bin's mean and mean square of the standardised values."""
    total = counts.sum(axis=0)
    kept = total > 0
    table, total, x = counts[:, kept].astype(np.int64), total[kept].astype(np.float64), values[kept]
    n = total.sum()
    x = x - float(total @ x) / n
    x = x / max(float(np.sqrt(total @ x**2 / n)), np.finfo(float).tiny)
    starts = bin_starts(total * (1 + x**2), _MOST_BINS)
    weight = np.add.reduceat(total, starts)
    first = np.add.reduceat(total * x, starts) / weight
    second = np.add.reduceat(total * x**2, starts) / weight
    return np.add.reduceat(table, starts, axis=1), first, second


def bin_starts(weight: FloatArray, most: int) -> NDArray[np.int64]:
    """Where at most `most` bins of neighbouring values with near-equal weight begin; a value is never split."""
    if len(weight) <= most:
        return np.arange(len(weight))
    middle = np.cumsum(weight) - weight / 2
    place = np.minimum((middle / weight.sum() * most).astype(np.int64), most - 1)
    return np.flatnonzero(np.diff(place, prepend=-1))
