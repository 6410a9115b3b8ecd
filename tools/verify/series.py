"""A trend in time whose rows may depend on their neighbours: rank correlation, guarded by blocks and by AR(1).

Knows times and values. Must never know a column's name, a hypothesis, or where the rows came from.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtr

from ..data.rows import FloatArray
from .ranks import RankCorrelation, dense_ranks, midranks, permutation_rank_p, rank_correlation

MIN_EFFECTIVE = 20
"""Independent observations that a dependent series must be worth."""
MAX_PHI = 0.85
"""Lag-1 correlation above which no test here holds its level."""
_DICKEY_FULLER = (-3.41049, -4.3904, -9.036, -45.374)
"""The 5 % point beside constant and line: a polynomial in 1/n."""
_WALK = (
    "Neighbours in time depend on each other: the {n:,} observations cannot be told from a random walk, which drifts "
    "up or down without any trend."
)
CONSTANT = "Time or outcome has one value only."
_NOTICED = 0.05
_CERTAIN = 2.576
_BLOCKS = (10, 40)
_DECORRELATED = 5.0


class TrendTest(NamedTuple):
    """A rank correlation with time and its tests."""

    correlation: RankCorrelation
    p_permutation: float | None
    p_robust: float
    phi: float
    """Lag-1 correlation of the residuals; 0 where no dependence was noticed."""
    inflation: float
    """Factor on standard errors for the dependence, 1 without any."""


def examine_trend(time: FloatArray, y: FloatArray, *, draws: int, seed: int) -> TrendTest | str:
    """Spearman's rho of values against time with its tests, or why there is none.

    Where residuals of neighbouring rows (in the order of time) are correlated, p is the largest of a t-test of
    the slope of block means, a permutation of the block means, and the robust test with the AR(1) effective
    sample size; the standard error grows by the same factor.

    Args:
        time: Times in any unit, shape (n,), none missing.
        y: Values, shape (n,), none missing.
        draws: Draws of the permutation at most; 0 skips it.
        seed: Seed of the draws.

    References:
        Bartlett (1946) for the effective sample size; docs/evidence.md for the calibration.
    """
    order = np.argsort(time, kind="stable")
    time, y = time[order], y[order]
    t, v = dense_ranks(time), dense_ranks(y)
    found = rank_correlation(midranks(t), midranks(v))
    if found is None:
        return CONSTANT
    at_once, shared = _per_time(t, midranks(v))
    phi = lag_one(*at_once)
    noticed = phi > _NOTICED and phi * np.sqrt(len(at_once[0])) > _CERTAIN
    if (shared or noticed) and len(at_once[0]) < len(y):
        # Rows of one time share what happened then: each time counts once.
        n = np.bincount(t)
        time, y = np.bincount(t, time) / n, np.bincount(t, y) / n
        if len(time) < _BLOCKS[0]:
            return (
                f"Rows of the same time depend on each other, and there are only {len(time)} distinct times; at least "
                f"{_BLOCKS[0]} are needed."
            )
        return _series_trend(time, y, draws, seed)
    if len(at_once[0]) == len(y) and wanders(y):
        return _WALK.format(n=len(y))
    if not noticed:
        return _independent(found, t, v, phi if len(at_once[0]) == len(y) else 0.0, draws, seed)
    return _guarded(found, time, y, phi, draws, seed)


def _series_trend(time: FloatArray, y: FloatArray, draws: int, seed: int) -> TrendTest | str:
    """The tests of one observation a time, in the order of time."""
    t, v = dense_ranks(time), dense_ranks(y)
    found = rank_correlation(midranks(t), midranks(v))
    if found is None:
        return CONSTANT
    if wanders(y):
        return _WALK.format(n=len(y))
    phi = lag_one(midranks(t), midranks(v))
    if phi > _NOTICED and phi * np.sqrt(len(y)) > _CERTAIN:
        return _guarded(found, time, y, phi, draws, seed)
    return _independent(found, t, v, phi, draws, seed)


def _independent(
    found: RankCorrelation, t: NDArray[np.int32], v: NDArray[np.int32], phi: float, draws: int, seed: int
) -> TrendTest:
    """The tests where no dependence was noticed: what may have gone unnoticed still widens the error."""
    m = len(t)
    likely = min(_likely(phi, m), MAX_PHI) if phi != 0 else 0.0
    drawn = permutation_rank_p(t, v, draws=draws, seed=seed) if draws else None
    wider = _widened(found, m, likely)
    return TrendTest(wider, drawn, wider.p_robust, 0.0, float(np.sqrt((1 + likely) / (1 - likely))))


def _likely(phi: float, m: int) -> float:
    """The lag-1 correlation of a detrended series without its bias of (2 + 4 phi) / m (Kendall 1954), below 1."""
    return min(max((phi + 2 / m) / (1 - 4 / m), 0.0), 0.99)


def _widened(found: RankCorrelation, m: int, phi: float) -> RankCorrelation:
    """The correlation with its error and test at the effective sample size of a lag-1 correlation."""
    inflation = float(np.sqrt((1 + phi) / (1 - phi)))
    df = max(m / inflation**2 - 2, 1.0)
    statistic = found.statistic / inflation
    p = max(float(2 * stdtr(df, -abs(statistic))), found.p_robust)
    return found._replace(error=found.error * inflation, statistic=statistic, df=df, p_robust=p)


def _per_time(t: NDArray[np.int32], v: FloatArray) -> tuple[tuple[FloatArray, FloatArray], bool]:
    """Centred midranks of the times with the mean rank of each, and whether rows of a time are alike beyond trend."""
    n = np.bincount(t)
    times = len(n)
    x = np.asarray(np.arange(times) - (times - 1) / 2, np.float64)
    mean = np.bincount(t, v) / n
    mean_c = mean - mean.mean()
    if times == len(t) or times < 3:
        return (x, mean_c), False
    within = float((v * v).sum() - (n * mean * mean).sum())
    ranks = midranks(t)
    left = v - (float(ranks @ v) / float(ranks @ ranks)) * ranks
    between = float((np.bincount(t, left) ** 2 / n).sum())
    if within <= 0:
        return (x, mean_c), True
    ratio = (between / (times - 2)) / (within / (len(t) - times))
    return (x, mean_c), bool(fdtrc(times - 2, len(t) - times, ratio) < 0.01)


def _guarded(
    found: RankCorrelation, time: FloatArray, y: FloatArray, phi: float, draws: int, seed: int
) -> TrendTest | str:
    phi = _likely(phi, len(y))
    effective = len(y) * (1 - phi) / (1 + phi)
    if phi > MAX_PHI or effective < MIN_EFFECTIVE:
        return (
            f"Neighbouring rows depend on each other (lag-1 correlation {phi:.2f}): the {len(y):,} rows are worth "
            f"about {effective:.0f} independent ones, too few to tell a trend from drift."
        )
    return _dependent(found, time, y, phi, draws, seed)


def _dependent(
    found: RankCorrelation, time: FloatArray, y: FloatArray, phi: float, draws: int, seed: int
) -> TrendTest | str:
    """The tests of a series whose neighbours are correlated."""
    inflation = float(np.sqrt((1 + phi) / (1 - phi)))
    length = int(np.ceil(_DECORRELATED * (1 + phi) / (1 - phi)))
    blocks = min(_BLOCKS[1], len(y) // length)
    if blocks < _BLOCKS[0]:
        return (
            f"Neighbouring rows depend on each other (lag-1 correlation {phi:.2f}), and the series has only "
            f"{blocks} stretches long enough to count as one observation; at least {_BLOCKS[0]} are needed."
        )
    at = np.arange(len(y)) * blocks // len(y)
    n = np.bincount(at)
    t, v = np.bincount(at, time) / n, np.bincount(at, y) / n
    p_blocks = slope_p(t, v)
    effective_df = max(len(y) / inflation**2 - 2, 1.0)
    p_ar = float(2 * stdtr(effective_df, -abs(found.statistic) / inflation))
    drawn = permutation_rank_p(dense_ranks(t), dense_ranks(v), draws=draws, seed=seed) if draws else None
    wider = found._replace(
        error=found.error * inflation,
        statistic=found.statistic / inflation,
        df=effective_df,
        p_robust=max(p_blocks, p_ar),
    )
    return TrendTest(wider, drawn, wider.p_robust, phi, inflation)


def wanders(y: FloatArray) -> bool:
    """Whether a series around a straight line cannot be told from a random walk with drift, by Dickey and Fuller.

    A walk of 20 to 40 steps often looks like a line with small, unrelated errors, and no lag-1 correlation shows it.
    A test of the walk itself lets 5 % of walks pass, and nearly every series of independent observations.

    Args:
        y: One value a time, in the order of time, shape (n,), n at least 10.

    References:
        Dickey and Fuller (1979), doi:10.2307/2286348; critical values of MacKinnon (2010), Queen's Economics
        Department Working Paper 1227, table 2. Checked against `statsmodels.tsa.stattools.adfuller`.
    """
    steps, n = np.diff(y), len(y) - 1
    design = np.column_stack([y[:-1] - y.mean(), np.ones(n), np.arange(n) - (n - 1) / 2])
    scale = float(np.abs(design[:, 0]).max()) or 1.0
    design[:, 0] /= scale
    inverse = np.linalg.pinv(design.T @ design)
    coefficient = inverse @ (design.T @ steps)
    left = steps - design @ coefficient
    error = float(np.sqrt(max(float(left @ left) / (n - 3) * inverse[0, 0], 0.0)))
    if error <= 1e-9 * scale:
        return False
    critical = sum(c / n**power for power, c in enumerate(_DICKEY_FULLER))
    return float(coefficient[0]) / error > critical


def lag_one(x: FloatArray, y: FloatArray) -> float:
    """The lag-1 correlation of the residuals of y on x, rows in the order of time."""
    sxx = float(x @ x)
    residual = y - (float(x @ y) / sxx) * x if sxx else y
    total = float(residual @ residual)
    return float(residual[1:] @ residual[:-1]) / total if total else 0.0


def slope_p(x: FloatArray, y: FloatArray) -> float:
    """The two-sided t-test p of the least-squares slope of y on x, shape (B,), B at least 3."""
    cx, cy = x - x.mean(), y - y.mean()
    sxx, syy = float(cx @ cx), float(cy @ cy)
    if sxx == 0 or syy == 0:
        return 1.0
    r = float(np.clip(cx @ cy / np.sqrt(sxx * syy), -1 + 1e-15, 1 - 1e-15))
    df = len(x) - 2
    return float(2 * stdtr(df, -abs(r) * np.sqrt(df / (1 - r * r))))


class Slope(NamedTuple):
    """A least-squares slope with its HC3 standard error and degrees of freedom."""

    value: float
    error: float
    df: float


def slope(time: FloatArray, y: FloatArray, inflation: float) -> Slope:
    """The slope of y on time with its HC3 standard error, times `inflation`.

    References: MacKinnon and White (1985), doi:10.1016/0304-4076(85)90158-7.
    """
    n = len(y)
    x = time - time.mean()
    sxx = float(x @ x)
    value = float(x @ (y - y.mean())) / sxx
    residual = y - y.mean() - value * x
    leverage = 1 / n + x**2 / sxx
    error = float(np.sqrt(((x * residual / np.maximum(1 - leverage, 1e-9)) ** 2).sum())) / sxx
    return Slope(value, error * inflation, max(n / inflation**2 - 2, 1.0))
