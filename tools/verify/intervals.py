"""Intervals for means, shares and their differences, by the textbook formulas.

Knows counts, means and variances. Must never know columns, groups' names, or a hypothesis.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from ..errors import UsageError


class Interval(NamedTuple):
    """An estimate with its standard error and the ends of its interval."""

    value: float
    error: float
    low: float
    high: float


def check_level(level: float) -> None:
    """Refuse a confidence level that is none.

    Raises:
        UsageError: if `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise UsageError(f"The confidence `level` must be between 0 and 1. Got {level!r} instead.")


def normal_quantile(level: float) -> float:
    """The two-sided normal quantile: 1.96 for a level of .95."""
    return float(ndtri((1 + level) / 2))


def t_quantile(df: float, level: float) -> float:
    """The two-sided quantile of Student's t: 2.23 for 10 degrees of freedom and a level of .95."""
    return float(stdtrit(df, (1 + level) / 2))


def mean_interval(n: int, mean: float, variance: float, level: float = 0.95) -> Interval:
    """A mean of `n` values with Student's t interval; `variance` has the divisor n - 1. Needs n >= 2."""
    error = float(np.sqrt(variance / n))
    reach = t_quantile(n - 1, level) * error
    return Interval(mean, error, mean - reach, mean + reach)


def welch_interval(a: tuple[int, float, float], b: tuple[int, float, float], level: float = 0.95) -> Interval:
    """The difference of means a - b, each given as (n, mean, variance), unequal variances allowed.

    References: Welch 1947, doi:10.1093/biomet/34.1-2.28. Checked against `scipy.stats.ttest_ind`.
    """
    va, vb = a[2] / a[0], b[2] / b[0]
    difference = a[1] - b[1]
    if va + vb == 0:
        return Interval(difference, 0.0, difference, difference)
    df = (va + vb) ** 2 / (va**2 / (a[0] - 1) + vb**2 / (b[0] - 1))
    error = float(np.sqrt(va + vb))
    reach = t_quantile(df, level) * error
    return Interval(difference, error, difference - reach, difference + reach)


def wilson_interval(hits: float, n: float, level: float = 0.95) -> Interval:
    """A share hits / n with Wilson's score interval; its standard error is the interval's half width over z.

    References: Wilson 1927, doi:10.1080/01621459.1927.10502953. Checked against `statsmodels`.
    """
    z = normal_quantile(level)
    p = hits / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Interval(p, float(reach / z), max(float(centre - reach), 0.0), min(float(centre + reach), 1.0))


def newcombe_interval(a: tuple[float, float], b: tuple[float, float], level: float = 0.95) -> Interval:
    """The difference of shares a - b, each given as (hits, n), with Newcombe's hybrid score interval.

    The standard error is half the interval's width over z: it stays above zero when a share is 0 or 1.

    References: Newcombe 1998, Statistics in Medicine 17:873-890, method 10.
    Checked against `statsmodels.stats.proportion.confint_proportions_2indep(method="newcomb")`.
    """
    one, two = wilson_interval(*a, level), wilson_interval(*b, level)
    value = one.value - two.value
    low = value - np.hypot(one.value - one.low, two.high - two.value)
    high = value + np.hypot(one.high - one.value, two.value - two.low)
    return Interval(value, float(high - low) / (2 * normal_quantile(level)), float(low), float(high))
