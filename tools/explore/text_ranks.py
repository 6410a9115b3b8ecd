"""Midranks and their correlation, for looking at measures and rates of exploration documents.

Knows numbers. Must never know what they measure.
"""

import numpy as np
from numpy.typing import NDArray


def midranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, ties at their middle, NaN where missing, shape (n,). Checked against `scipy.stats.rankdata`."""
    out, known = np.full(len(x), np.nan), ~np.isnan(x)
    _, at, count = np.unique(x[known], return_inverse=True, return_counts=True)
    out[known] = (np.cumsum(count) - (count - 1) / 2)[at]
    return out


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, int]:
    """The correlation of two columns of ranks over the rows that have both (0 where undefined), and their number."""
    good = ~np.isnan(a) & ~np.isnan(b)
    n = int(good.sum())
    if n < 10:
        return 0.0, n
    x, y = a[good] - a[good].mean(), b[good] - b[good].mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return (float(x @ y) / size if size > 0 else 0.0), n
