"""Error control: which p-values of a batch are small enough, given what earlier batches already found.

Knows p-values, weights and counts. Must never know which claims they belong to or how they were computed.

The default is session-LOND: inside a batch a step-up whose thresholds grow with the discoveries of this and of
earlier batches, each batch on rows of its own. The weights of all batches sum to at most 1, which bounds the
false discovery rate by q under any choice of later batches from earlier results (docs/decisions/001).
"""

import numpy as np
from numpy.typing import NDArray

from ..value import Value

FloatArray = NDArray[np.float64]


class Rejections(Value):
    """The outcome of error control over one batch, in the order of its claims."""

    rejected: tuple[bool, ...]
    adjusted: tuple[float, ...]
    """For each claim the smallest error level at which this batch would still reject it."""
    level: float
    """The p-value that a rejected claim had to meet; intervals of rejected claims have level 1 - `level`."""
    next_level: float
    """The p-value that one more claim would have had to meet."""


def session_lond(p: FloatArray, *, weight: float, q: float, earlier: int) -> Rejections:
    """Session-LOND on one batch: rejects the largest r with at least r p-values at or below min(q, q w (R + r) / k).

    Without the bound by q a small batch after many discoveries would verify claims with p-values far above q: the
    share of false ones would hold, but no reader would believe them.

    Args:
        p: p-values of the batch, shape (k,), each in [0, 1]; an untestable claim enters as 1.
        weight: Share w of the error budget that belongs to this batch's vault, in (0, 1].
        q: False discovery rate to control, in (0, 1).
        earlier: Discoveries R of all earlier batches on this data set.

    Returns:
        Rejections; with weight 1 and no earlier discoveries they are Benjamini and Hochberg's.

    References:
        Zrnic, Jiang, Ramdas, Jordan (2020), The power of batching in multiple hypothesis testing, AISTATS.
        Javanmard, Montanari (2018), Online rules for control of false discovery rate, doi:10.1214/17-AOS1559.
    """
    k = len(p)
    if k == 0:
        return Rejections(rejected=(), adjusted=(), level=0.0, next_level=0.0)
    order = np.argsort(p, kind="stable")
    needed = p[order] * np.maximum(1.0, k / (weight * (earlier + np.arange(1, k + 1))))
    adjusted = np.empty(k)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(needed[::-1])[::-1])
    rejected = adjusted <= q
    r = int(rejected.sum())
    unit = q * weight / k
    return _rejections(rejected, adjusted, min(q, unit * (earlier + r)), min(q, unit * (earlier + min(r + 1, k))))


def holm(p: FloatArray, *, weight: float, alpha: float) -> Rejections:
    """Holm's step-down at level alpha x weight: no false claim at all with probability at least 1 - alpha.

    Args:
        p: p-values of the batch, shape (k,); an untestable claim enters as 1.
        weight: Share of the error budget that belongs to this batch's vault, in (0, 1].
        alpha: Family-wise error rate over all batches, in (0, 1).

    Returns:
        Rejections; `level` is Bonferroni's, at which simultaneous intervals are stated.

    References:
        Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6.
    """
    k = len(p)
    if k == 0:
        return Rejections(rejected=(), adjusted=(), level=0.0, next_level=0.0)
    order = np.argsort(p, kind="stable")
    steps = p[order] * (k - np.arange(k)) / weight
    adjusted = np.empty(k)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    rejected = adjusted <= alpha
    left = max(k - int(rejected.sum()), 1)
    return _rejections(rejected, adjusted, alpha * weight / k, alpha * weight / left)


def benjamini_hochberg(p: FloatArray, q: float) -> NDArray[np.bool_]:
    """Which p-values Benjamini and Hochberg's step-up rejects at false discovery rate q, shape (k,)."""
    return np.array(session_lond(p, weight=1.0, q=q, earlier=0).rejected, dtype=bool)


def _rejections(rejected: NDArray[np.bool_], adjusted: FloatArray, level: float, after: float) -> Rejections:
    return Rejections(
        rejected=tuple(bool(v) for v in rejected),
        adjusted=tuple(float(v) for v in adjusted),
        level=float(level),
        next_level=float(after),
    )
