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


class RateContrast(NamedTuple):
    """The ratio of two rates on the log scale."""

    log_ratio: Interval
    rates: tuple[Interval, Interval]
    """Counts per unit of exposure, the ends of their intervals computed on the log scale."""
    statistic: float
    df: float
    p_robust: float


def rate_contrast(y: FloatArray, w: FloatArray, side: NDArray, level: float = 0.95) -> RateContrast | None:
    """The log ratio of both sides' rates, with the error that rows' own scatter shows; None without any scatter.

    The variance of a log rate is n / (n - 1) sum (y - r w)^2 / (sum y)^2: it does not trust the counts to be
    Poisson. For equally many rows a side it is that of a Poisson regression with HC1 errors.

    Args:
        y: counts, shape (n,), none missing, some above 0 on each side.
        w: exposures, shape (n,), above 0.
        side: 0 or 1, shape (n,), at least 2 rows each.
        level: of the intervals.

    References: Huber 1967. Checked against `statsmodels` GLM(Poisson) with cov_type="HC1".
    """
    logs, variances, n = [], [], []
    for s in (0, 1):
        one, exposure = y[side == s], w[side == s]
        rate = float(one.sum() / exposure.sum())
        residual = one - rate * exposure
        n.append(len(one))
        logs.append(float(np.log(rate)))
        variances.append(float(residual @ residual) / float(one.sum()) ** 2 * len(one) / (len(one) - 1))
    error = float(np.sqrt(sum(variances)))
    if error == 0:
        return None
    df = sum(variances) ** 2 / sum(v**2 / (k - 1) for v, k in zip(variances, n, strict=True))
    value = logs[0] - logs[1]
    reach = t_quantile(df, level) * error
    rates = [_rate(x, v, t_quantile(k - 1, level)) for x, v, k in zip(logs, variances, n, strict=True)]
    p = float(2 * stdtr(df, -abs(value) / error))
    around = Interval(value, error, value - reach, value + reach)
    return RateContrast(around, (rates[0], rates[1]), value / error, df, p)


def _rate(log: float, variance: float, t: float) -> Interval:
    error = float(np.sqrt(variance))
    value = float(np.exp(log))
    return Interval(value, value * error, float(np.exp(log - t * error)), float(np.exp(log + t * error)))


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
