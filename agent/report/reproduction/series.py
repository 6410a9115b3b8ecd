"""Observations in the order of time whose neighbours depend on each other.

Knows arrays of times and values. Must never know a claim.
"""

from typing import Any

import numpy as np
from scipy import stats

from .base import Found, Refused
from .clusters import cluster_means
from .draws import rank_p
from .figures import two_sided
from .ranks import rank_slope


def lag_one(time: Any, y: Any) -> float:
    """The correlation of neighbours among the residuals of ranks on ranks of time."""
    x, v = (stats.rankdata(u) - (len(y) + 1) / 2 for u in (time, y))
    left = v - x * (x @ v) / (x @ x)
    return float(left[1:] @ left[:-1]) / float(left @ left) if left.any() else 0.0


def noticed(phi: float, n: int) -> bool:
    """Whether a correlation of neighbours is beyond chance."""
    return phi > 0.05 and phi * np.sqrt(n) > 2.576


def guarded(time: Any, y: Any, seed: int) -> tuple[Found, float]:
    """Rank correlation with time, and the factor on its error for neighbours that depend on each other."""
    times, at, n = np.unique(time, return_inverse=True, return_counts=True)
    ranks = stats.rankdata(y) - (len(y) + 1) / 2
    mean = np.bincount(at, ranks) / n
    x = np.arange(len(times)) - (len(times) - 1) / 2
    left = mean - mean.mean() - x * float(x @ mean) / float(x @ x)
    phi = float(left[1:] @ left[:-1]) / float(left @ left) if left.any() else 0.0
    if len(times) == len(y):
        check_walk(y)
        return examined(time, y, phi, seed)
    if not (alike(time, ranks, at, n) or noticed(phi, len(times))):
        return examined(time, y, 0.0, seed)
    if len(times) < 10:
        raise Refused
    y = np.bincount(at, y) / n
    if np.ptp(y) == 0:
        raise Refused
    check_walk(y)
    return examined(times, y, lag_one(times, y), seed)


def check_walk(y: Any) -> None:
    """Refuses a series that Dickey and Fuller's test beside a line cannot tell from a random walk."""
    n = len(y) - 1
    x = np.column_stack([np.ones(n), np.arange(n)])
    steps, before = (v - x @ np.linalg.lstsq(x, v, rcond=None)[0] for v in (np.diff(y), y[:-1]))
    back = float(before @ steps) / max(float(before @ before), 1e-300)
    left = steps - back * before
    error = float(np.sqrt(left @ left / (n - 3) / max(float(before @ before), 1e-300)))
    if error > 1e-9 and back / error > -3.41049 - 4.3904 / n - 9.036 / n**2 - 45.374 / n**3:
        raise Refused


def likely(phi: float, m: int) -> float:
    """A lag-1 correlation around a line without its bias."""
    return min(max((phi + 2 / m) / (1 - 4 / m), 0.0), 0.99)


def alike(time: Any, ranks: Any, at: Any, n: Any) -> bool:
    """Whether rows of one time resemble each other beyond the trend (an F test at 1 %)."""
    within_times = float((ranks**2).sum() - (np.bincount(at, ranks) ** 2 / n).sum())
    if len(n) < 3:
        return False
    if within_times <= 0:
        return True
    t = stats.rankdata(time) - (len(time) + 1) / 2
    left = ranks - t * float(t @ ranks) / float(t @ t)
    a, b = len(n) - 2, len(ranks) - len(n)
    ratio = (float((np.bincount(at, left) ** 2 / n).sum()) / a) / (within_times / b)
    return float(stats.f.sf(ratio, a, b)) < 0.01


def examined(time: Any, y: Any, phi: float, seed: int) -> tuple[Found, float]:
    """The test of one series: by blocks and AR(1) where neighbours are seen to depend, else widened a little."""
    m, found = len(y), rank_slope(time, y)
    if noticed(phi, m):
        return dependent(found, time, y, phi, seed)
    wider, inflation = widened(found, m, min(likely(phi, m), 0.85) if phi != 0 else 0.0)
    return wider | {"drawn": rank_p(time, y, seed)}, inflation


def widened(found: Found, m: int, phi: float) -> tuple[Found, float]:
    """The correlation at the effective sample size of a lag-1 correlation."""
    by = float(np.sqrt((1 + phi) / (1 - phi)))
    df, statistic = max(m / by**2 - 2, 1.0), found["statistic"] / by
    p = max(two_sided(statistic, df), found["p"])
    return found | {"error": found["error"] * by, "statistic": statistic, "df": df, "p": p}, by


def dependent(found: Found, time: Any, y: Any, phi: float, seed: int) -> tuple[Found, float]:
    """The largest of a t-test and a permutation of block means and the AR(1) test."""
    phi = likely(phi, len(y))
    if phi > 0.85 or len(y) * (1 - phi) / (1 + phi) < 20:
        raise Refused
    blocks = min(40, len(y) // int(np.ceil(5.0 * (1 + phi) / (1 - phi))))
    if blocks < 10:
        raise Refused
    at = np.arange(len(y)) * blocks // len(y)
    t, v = cluster_means(time, at), cluster_means(y, at)
    line: Any = stats.linregress(t, v)
    p_blocks = float(line.pvalue) if np.ptp(v) else 1.0
    wider, inflation = widened(found | {"p": p_blocks}, len(y), phi)
    return wider | {"drawn": rank_p(t, v, seed)}, inflation


def by_time(x: Any, y: Any, time: Any) -> float:
    """The cluster-robust standard error of the slope of y on x, rows of one time being one unit."""
    x, y = x - x.mean(), y - y.mean()
    score = np.bincount(np.unique(time, return_inverse=True)[1], x * (y - x * (x @ y) / (x @ x)))
    return float(np.sqrt(len(score) / max(len(score) - 2, 1) * (score**2).sum()) / (x @ x))
