"""Estimates with intervals, each as {value, low, high, level}.

Knows samples as arrays. Must never know a claim.
"""

from typing import Any

import numpy as np
from scipy import stats

from .base import Found


def told(value: float, low: float, high: float, level: float, scale: float = 1.0) -> Found:
    """An effect as the report tells it."""
    return {"value": scale * value, "low": scale * low, "high": scale * high, "level": level}


def t_reach(df: float, level: float) -> float:
    """Student's two-sided quantile."""
    return float(stats.t.isf((1 - level) / 2, df))


def z_reach(level: float) -> float:
    """The normal law's two-sided quantile."""
    return float(stats.norm.isf((1 - level) / 2))


def two_sided(statistic: float, df: float) -> float:
    """Student's two-sided p."""
    return float(2 * stats.t.sf(abs(statistic), df))


def welch(a: Any, b: Any, level: float, scale: float = 1.0) -> Found:
    """The difference of two means."""
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    value = float(a.mean() - b.mean())
    if va + vb == 0:
        return told(value, value, value, level, scale)
    df = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    reach = t_reach(df, level) * float(np.sqrt(va + vb))
    return told(value, value - reach, value + reach, level, scale)


def wilson(y: Any, level: float = 0.95) -> tuple[float, float, float]:
    """The share of ones with its score interval."""
    around = stats.binomtest(int(y.sum()), len(y)).proportion_ci(level, method="wilson")
    return float(y.mean()), float(around.low), float(around.high)


def newcombe(a: Any, b: Any, level: float, scale: float = 1.0) -> Found:
    """The difference of two shares by Newcombe's method 10."""
    (pa, la, ha), (pb, lb, hb) = wilson(a, level), wilson(b, level)
    value = pa - pb
    low, high = value - np.hypot(pa - la, hb - pb), value + np.hypot(ha - pa, pb - lb)
    return told(value, float(low), float(high), level, scale)


def group(y: Any, share: bool = False) -> Found:
    """One group: its mean or share with 95 % interval, and the median of numbers."""
    if share:
        value, low, high = wilson(y)
        return {"n": len(y), "mean": value, "low": low, "high": high, "median": None}
    reach = t_reach(len(y) - 1, 0.95) * float(stats.sem(y)) if np.ptp(y) else 0.0
    mean = float(y.mean())
    return {"n": len(y), "mean": mean, "low": mean - reach, "high": mean + reach, "median": float(np.median(y))}
