"""Spearman's rho with a heteroscedasticity-robust test, and the permutation p beside it, from dense ranks.

Knows two columns of codes. Must never know their names, a hypothesis, or where the rows came from.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from ..data.rows import FloatArray
from ..errors import UsageError
from .intervals import Interval, normal_quantile
from .permutation import binned, cross_table, permutation_p

_BINS = 8
_BINS_BESIDE_TWO = 32
_NEARLY_ONE = 1 - 1e-9


class RankCorrelation(NamedTuple):
    """Spearman's rho of two columns with its robust test."""

    rho: float
    error: float
    """Standard error of rho, from the HC3 variance of the slope of ranks on ranks."""
    statistic: float
    df: float
    p_robust: float

    def interval(self, level: float) -> Interval:
        """Rho with its interval on Fisher's z scale."""
        inside = float(np.clip(self.rho, -_NEARLY_ONE, _NEARLY_ONE))
        z = np.arctanh(inside)
        reach = normal_quantile(level) * self.error / (1 - inside**2)
        return Interval(self.rho, self.error, float(np.tanh(z - reach)), float(np.tanh(z + reach)))


def dense_ranks(values: FloatArray) -> NDArray[np.int32]:
    """Ranks of the distinct values from 0, shape (n,); none may be missing."""
    return np.unique(values, return_inverse=True)[1].astype(np.int32)


def midranks(codes: NDArray) -> FloatArray:
    """Centred midranks of dense ranks, shape (n,); `codes` from 0, none missing, gaps allowed."""
    counts = np.bincount(codes)
    below = np.cumsum(counts) - counts
    return (below + (counts - 1) / 2 - (len(codes) - 1) / 2)[codes]


def rank_correlation(x: FloatArray, y: FloatArray) -> RankCorrelation | None:
    """Spearman's rho of centred midranks and the HC3 test of their regression slope; None where one is constant.

    Args:
        x: Centred midranks of the predictor, shape (n,), n at least 4.
        y: Centred midranks of the outcome, shape (n,).

    References:
        MacKinnon and White (1985), doi:10.1016/0304-4076(85)90158-7. Checked against `scipy.stats.spearmanr` and
        `statsmodels` OLS with cov_type="HC3" on ranks.
    """
    n, sxx, syy = len(x), float(x @ x), float(y @ y)
    if sxx == 0 or syy == 0:
        return None
    slope = float(x @ y) / sxx
    scale = float(np.sqrt(sxx / syy))
    residual = y - slope * x
    leverage = 1 / n + x**2 / sxx
    variance = float(((x * residual / np.maximum(1 - leverage, 1e-9)) ** 2).sum()) / sxx**2
    error = float(np.sqrt(variance))
    if error * scale < 1e-12:
        return RankCorrelation(slope * scale, 0.0, np.copysign(np.inf, slope), n - 2.0, 0.0)
    statistic = slope / error
    return RankCorrelation(slope * scale, error * scale, statistic, n - 2.0, float(2 * stdtr(n - 2, -abs(statistic))))


def varying_correlation(x: FloatArray, y: FloatArray) -> RankCorrelation:
    """`rank_correlation` of ranks of which it is known that both vary.

    Raises:
        UsageError: if one is constant.
    """
    found = rank_correlation(x, y)
    if found is None:
        raise UsageError("Ranks that are all equal have no correlation: ask whether they vary first.")
    return found


def permutation_rank_p(x: NDArray[np.int32], y: NDArray[np.int32], *, draws: int, seed: int) -> float:
    """Two-sided permutation p of Spearman's statistic, on the midranks of few bins.

    Both columns are pooled to at most 8 bins of tied values (32 beside a column of two values); the observed and
    the drawn statistic use the same scores, so the test is exact for exchangeable rows.

    Args:
        x: Dense ranks, shape (n,), -1 where missing.
        y: Dense ranks, shape (n,), -1 where missing.
        draws: Draws at most.
        seed: Seed of the draws.
    """
    two_x, two_y = (np.count_nonzero(np.bincount(c[c >= 0])) == 2 for c in (x, y))
    a = binned(x, most=_BINS_BESIDE_TWO if two_y else _BINS)
    b = binned(y, most=_BINS_BESIDE_TWO if two_x else _BINS)
    table = cross_table(a.codes, b.codes, (len(a.scores), len(b.scores)))

    def statistic(tables: NDArray) -> FloatArray:
        return np.abs(np.tensordot(tables, b.scores, axes=(2, 0)) @ a.scores)

    return permutation_p(table, statistic, draws=draws, seed=seed)
