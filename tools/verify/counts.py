"""Counts per unit of exposure in two samples: log rate ratio with a robust error, and a permutation of rows.

Knows arrays of counts, exposures and sides. Must never know columns, names or hypotheses.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from ..data.rows import FloatArray
from .clusters import OneSample, dense, one_sample
from .intervals import Interval, t_quantile
from .permutation import permutation_p

_BINS, _EXPOSURE_BINS = 128, 8
_FEW = 128
_HALF = 0.5
_FLOOR = 1e-12
MOST_LOG = 700.0
"""The largest log whose exponential is still a number."""


class RateContrast(NamedTuple):
    """The ratio of two rates on the log scale."""

    log_ratio: Interval
    rates: tuple[Interval, Interval]
    """Counts per unit of exposure, the ends of their intervals computed on the log scale."""
    statistic: float
    df: float
    p_robust: float


class _LogRate(NamedTuple):
    """The log of one sample's rate, its variance, and the degrees of freedom of that variance."""

    log: float
    variance: float
    df: float


def rate_contrast(y: FloatArray, w: FloatArray, side: NDArray, level: float = 0.95) -> RateContrast | None:
    """The log ratio of both sides' rates, with the error that rows' own scatter shows.

    None without any scatter, and where a few rows hold so much of a side's exposure that an interval has no end.
    The variance of a log rate is sum ((y - r w) / (1 - w / sum w))^2 / (sum y)^2: it does not trust the counts to be
    Poisson, and allows for rows that carry much of the exposure (HC3). Without that factor, 20 against 20 rows of
    lognormal exposure were told apart in 9.6 % of null tables at .05.

    Args:
        y: counts, shape (n,), none missing, some above 0 on each side.
        w: exposures, shape (n,), above 0.
        side: 0 or 1, shape (n,), at least 2 rows each.
        level: of the intervals.

    References: MacKinnon and White 1985, doi:10.1016/0304-4076(85)90158-7. Checked against `statsmodels` OLS with
    cov_type="HC3" on weighted rates, and GLM(Poisson) with cov_type="HC0" at many rows.
    """
    parts = [_log_rate(y[side == s], w[side == s]) for s in (0, 1)]
    variance = sum(p.variance for p in parts)
    if variance == 0:
        return None
    error = float(np.sqrt(variance))
    df = variance**2 / sum(p.variance**2 / p.df for p in parts)
    value = parts[0].log - parts[1].log
    reach = t_quantile(df, level) * error
    rates = [_rate(p, t_quantile(p.df, level)) for p in parts]
    if reach + abs(value) > MOST_LOG or not all(np.isfinite(r.high) for r in rates):
        return None
    p = float(2 * stdtr(df, -abs(value) / error))
    around = Interval(value, error, value - reach, value + reach)
    return RateContrast(around, (rates[0], rates[1]), value / error, df, p)


def _log_rate(y: FloatArray, w: FloatArray) -> _LogRate:
    """One sample's log rate; its degrees of freedom are those of the effective number of exposures."""
    total = float(w.sum())
    share = w / total
    counted = float(y.sum())
    residual = (y - counted / total * w) / np.maximum(1 - share, _FLOOR)
    variance = float(residual @ residual) / counted**2
    return _LogRate(float(np.log(counted / total)), variance, max(1 / float(share @ share) - 1, 1.0))


def _rate(part: _LogRate, t: float) -> Interval:
    error = float(np.sqrt(part.variance))
    with np.errstate(over="ignore"):
        value, low, high = (float(np.exp(part.log + x * t * error)) for x in (0, -1, 1))
    return Interval(value, value * error, low, high)


def permutation_rate_p(y: FloatArray, w: FloatArray, side: NDArray, *, draws: int, seed: int) -> float:
    """Two-sided permutation p of the studentised log rate ratio; a row keeps its exposure when it moves.

    Rows are classed by exposure and by how far their count lies from what the pooled rate expects, and the observed
    and the permuted statistic both use the classes' means: exact for exchangeable rows at any size. Half a count
    is added to each side, so that a side that draws none has a rate.
    """
    classes, number_of = _classes(y, w)
    table = np.bincount(side * number_of + classes, minlength=2 * number_of).reshape(2, number_of)
    size = table.sum(axis=0)
    y, w = y / y.mean(), w / w.mean()
    moments = [np.bincount(classes, weights=x, minlength=number_of) / size for x in (y, w, y * y, y * w, w * w)]
    n = table.sum(axis=1).astype(np.float64)
    half = _HALF / len(y)

    def statistic(tables: NDArray) -> FloatArray:
        sy, sw, syy, syw, sww = (tables @ x for x in moments)
        total = sy + half * len(y)
        rate = total / sw
        squares = np.maximum(syy - 2 * rate * syw + rate**2 * sww, 0.0)
        variance = (squares / total**2 * n / (n - 1)).sum(axis=1)
        return np.abs(np.log(rate[:, 0] / rate[:, 1])) / np.sqrt(np.maximum(variance, _FLOOR))

    return permutation_p(table, statistic, draws=draws, seed=seed)


def _classes(y: FloatArray, w: FloatArray) -> tuple[NDArray[np.int64], int]:
    """A class for each row, from 0, that depends on counts and exposures but not on sides."""
    codes = np.unique(w, return_inverse=True)[1]
    if codes.max() == 0:
        return _near(y, _BINS)
    pairs, joint = np.unique(np.stack([y, w]), axis=1, return_inverse=True) if len(y) <= 2_000 else (None, None)
    if pairs is not None and joint is not None and pairs.shape[1] <= _FEW:
        return joint.reshape(-1), pairs.shape[1]
    by_exposure, _ = _near(np.log(w), _EXPOSURE_BINS)
    away, wide = _near(y - y.sum() / w.sum() * w, _BINS // 4)
    found, joint = np.unique(by_exposure * wide + away, return_inverse=True)
    return joint, len(found)


def _near(x: FloatArray, most: int) -> tuple[NDArray[np.int64], int]:
    """Rows by value in at most `most` bins, the finer the further from the centre."""
    values, codes, size = np.unique(x, return_inverse=True, return_counts=True)
    if len(values) <= most:
        return codes, len(values)
    spread = float(x.std()) or 1.0
    weight = size * (1 + ((values - x.mean()) / spread) ** 2)
    place = np.minimum(((np.cumsum(weight) - weight / 2) / weight.sum() * most).astype(np.int64), most - 1)
    kept, again = np.unique(place, return_inverse=True)
    return again[codes], len(kept)


def within_rates(
    y: FloatArray, w: FloatArray, side: NDArray, cluster: NDArray, *, draws: int, seed: int, level: float
) -> tuple[Interval, OneSample, int] | None:
    """The log of the Mantel-Haenszel rate ratio over clusters that hold both sides, its test, and their number.

    None where a side counts nothing. The test is that of `one_sample` on each cluster's difference of rates,
    weighted as Mantel and Haenszel do.

    References: Greenland and Robins 1985, Biometrics 41:55.
    """
    groups, number_of = dense(cluster)
    key = groups * 2 + side
    counts = np.bincount(key, weights=y, minlength=2 * number_of).reshape(-1, 2)
    exposure = np.bincount(key, weights=w, minlength=2 * number_of).reshape(-1, 2)
    both = (exposure > 0).all(axis=1)
    counts, exposure = counts[both], exposure[both]
    weight = exposure.prod(axis=1) / exposure.sum(axis=1)
    one, two = (weight * counts[:, s] / exposure[:, s] for s in (0, 1))
    g = len(weight)
    if g < 2 or one.sum() == 0 or two.sum() == 0:
        return None
    difference = counts[:, 0] / exposure[:, 0] - counts[:, 1] / exposure[:, 1]
    found = one_sample(difference, weight, draws=draws, seed=seed, level=level)
    error = float(np.sqrt(g / (g - 1) * ((one / one.sum() - two / two.sum()) ** 2).sum()))
    value = float(np.log(one.sum() / two.sum()))
    reach = t_quantile(found.df, level) * error
    return Interval(value, error, value - reach, value + reach), found, g
