"""Quantiles of two samples from their counts by distinct value: difference, its error, and permutation p.

Everything costs O(distinct values), never O(rows). Knows values with counts. Must never know columns, names or
hypotheses.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtr, ndtri

from ..data.rows import FloatArray
from .intervals import Interval, normal_quantile
from .permutation import permutation_p
from .superiority import quantile

MIN_BESIDE = 5
"""Rows that a sample must have on either side of its quantile, on average."""
MIN_DISTINCT = 5
"""Distinct values that must lie in the band of a quantile's order statistics; under that it sits in a heap."""
_Z = 1.96
_FINE, _COARSE = 128, 32
_REACH = 6.0
_EPS = 1e-9


class QuantileContrast(NamedTuple):
    """The difference of two quantiles with its test."""

    difference: Interval
    parts: tuple[Interval, Interval]
    """Both quantiles with their intervals from order statistics."""
    statistic: float
    p_robust: float


class Band(NamedTuple):
    """The order statistics around a quantile, and the normal quantile that their distance stands for."""

    low: int
    high: int
    z: float


def band(n: int, share: float, wide: float = _Z) -> Band:
    """Ranks (from 1) about `wide` standard errors below and above a sample's quantile.

    The distance of the two values over 2 z, at 1.96 standard errors, estimates the quantile's standard error, z being
    exact for the binomial chance that the quantile lies between them.

    References: Price and Bonett 2002, doi:10.1080/00949650212140; McKean and Schrader 1984,
    doi:10.1080/03610918408812417.
    """
    reach = wide * float(np.sqrt(n * share * (1 - share)))
    low = max(int(np.floor(n * share - reach + 0.5)), 1)
    high = min(int(np.ceil(n * share + reach + 0.5)), n)
    outside = float(bdtr(low - 1, n, share) + 1 - bdtr(high - 1, n, share))
    return Band(low, high, float(-ndtri(outside / 2)))


def heaped(values: FloatArray, counts: NDArray, share: float) -> bool:
    """Whether a sample's quantile sits among so few distinct values that it can hardly move."""
    at = np.cumsum(counts)
    low, high, _ = band(int(at[-1]), share)
    first, last = np.searchsorted(at, [low, high])
    return int((counts[first : last + 1] > 0).sum()) < MIN_DISTINCT


def quantile_contrast(
    values: FloatArray, counts: NDArray, share: float, level: float = 0.95
) -> QuantileContrast | None:
    """The difference of two samples' quantiles, each with its error from order statistics; None without spread.

    The interval is built from the order statistics of both samples at its level, each side from the ends that lie
    towards it (MOVER): symmetric ones covered .76 where the median falls between two humps.

    Args:
        values: distinct values, ascending, shape (m,).
        counts: rows by sample and value, shape (2, m).
        share: the quantile, between 0 and 1.
        level: of the intervals.

    References: Zou and Donner 2008, doi:10.1002/sim.3095, for the interval of a difference.
    """
    one, two = (_quantile_interval(values, row, share, level) for row in counts)
    error = float(np.hypot(one.error, two.error))
    if error == 0:
        return None
    value = one.value - two.value
    low = value - float(np.hypot(one.value - one.low, two.high - two.value))
    high = value + float(np.hypot(one.high - one.value, two.value - two.low))
    statistic = value / error
    return QuantileContrast(Interval(value, error, low, high), (one, two), statistic, float(2 * ndtr(-abs(statistic))))


def _quantile_interval(values: FloatArray, counts: NDArray, share: float, level: float) -> Interval:
    """A sample's quantile with its error, and the order statistics between which it lies at that level."""
    at = np.cumsum(counts)
    n, z = int(at[-1]), normal_quantile(level)
    centre = quantile(values, counts, share)
    low, high, wide = band(n, share)
    ends = values[np.searchsorted(at, [low, high])]
    error = float(ends[1] - ends[0]) / (2 * wide)
    low, high, wide = band(n, share, z)
    ends = values[np.searchsorted(at, [low, high])]
    # Ranks are whole: distances are stretched from the level they have to the level that was asked for.
    stretch = z / wide
    return Interval(
        centre, error, centre - stretch * (centre - float(ends[0])), centre + stretch * (float(ends[1]) - centre)
    )


def permutation_quantile_p(values: FloatArray, counts: NDArray, share: float, *, draws: int, seed: int) -> float:
    """Two-sided permutation p of the studentised difference of quantiles.

    Values are pooled to bins, finely around the pooled quantile and coarsely elsewhere, and the observed and the
    permuted statistic both use the bins' middle values: exact for exchangeable rows at any size.

    References: Chung and Romano 2013, doi:10.1214/13-AOS1090.
    """
    table, scores = _binned(values, counts, share)
    n = counts.sum(axis=1)
    bands = [band(int(k), share) for k in n]

    def statistic(tables: NDArray) -> FloatArray:
        centre, squares = [], np.zeros(len(tables))
        for side, (low, high, wide) in enumerate(bands):
            at = np.cumsum(tables[:, side], axis=1)
            ends = [scores[(at < rank).sum(axis=1)] for rank in (low, high)]
            squares += ((ends[1] - ends[0]) / (2 * wide)) ** 2
            target = share * n[side]
            below, above = ((at < target + shift).sum(axis=1) for shift in (-_EPS, _EPS))
            centre.append((scores[below] + scores[np.minimum(above, len(scores) - 1)]) / 2)
        gap = scores[-1] - scores[0]
        return np.abs(centre[0] - centre[1]) / np.sqrt(np.maximum(squares, (_EPS * gap) ** 2))

    return permutation_p(table, statistic, draws=draws, seed=seed)


def _binned(values: FloatArray, counts: NDArray, share: float) -> tuple[NDArray[np.int64], FloatArray]:
    """The table with neighbouring values pooled, and each bin's middle value."""
    total = counts.sum(axis=0)
    kept = total > 0
    table, total, x = counts[:, kept].astype(np.int64), total[kept], values[kept]
    if len(x) <= _FINE + _COARSE:
        return table, x
    place = (np.cumsum(total) - total / 2) / total.sum()
    reach = _REACH * float(np.sqrt(share * (1 - share) / counts.sum(axis=1).min()))
    low, high = max(share - reach, 0.0), min(share + reach, 1.0)
    edges = np.union1d(np.linspace(0, 1, _COARSE + 1), np.linspace(low, high, _FINE + 1))
    starts = np.flatnonzero(np.diff(np.searchsorted(edges, place), prepend=-1))
    ends = np.append(starts[1:], len(x)) - 1
    return np.add.reduceat(table, starts, axis=1), x[(starts + ends) // 2]
