"""The declared controls of a claim as columns of a regression.

Knows rows and names. Must never know an outcome or a predictor.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows

FINE_FROM = 200
"""Rows from which a number also enters as fifths, so that more than straight lines is held fixed."""
FIFTHS = 5
MOST_LEVELS = 30
MIN_LEVEL = 5


def known(rows: Rows, names: Sequence[str]) -> NDArray[np.bool_]:
    """Rows in which no control is missing, shape (n,)."""
    good = np.ones(rows.n, bool)
    for name in names:
        good &= rows.codes(name) >= 0 if _is_label(rows, name) else ~np.isnan(rows.number(name))
    return good


def features(rows: Rows, names: Sequence[str]) -> FloatArray:
    """The controls side by side, shape (n, p): numbers as they are and by fifths, labels by level.

    Args:
        rows: Rows in which no control is missing.
        names: The controls.
    """
    parts = [np.zeros((rows.n, 0))]
    for name in names:
        if _is_label(rows, name):
            parts.append(_levels(rows.codes(name)))
            continue
        x = rows.number(name)
        spread = x.std()
        parts.append(((x - x.mean()) / (spread if spread > 0 else 1.0))[:, None])
        if rows.n >= FINE_FROM:
            parts.append(_fifths(x))
    return np.column_stack(parts)


def _is_label(rows: Rows, name: str) -> bool:
    return rows.column(name).type in ("boolean", "category")


def _levels(codes: NDArray) -> FloatArray:
    """A column for each frequent level but the commonest, and one for all rare ones together."""
    count = np.bincount(codes) if len(codes) else np.zeros(1, int)
    order = [int(at) for at in np.argsort(-count, kind="stable")[:MOST_LEVELS] if count[at] >= MIN_LEVEL]
    kept = (codes[:, None] == np.array(order[1:], np.int64)[None, :]).astype(np.float64)
    rest = ~np.isin(codes, order)
    return np.column_stack([kept, rest.astype(np.float64)]) if rest.any() else kept


def _fifths(x: FloatArray) -> FloatArray:
    """A column for each fifth but the lowest; equal values stay together."""
    cuts = np.unique(np.quantile(x, np.arange(1, FIFTHS) / FIFTHS, method="inverted_cdf"))
    place = np.searchsorted(cuts, x, side="left")
    return (place[:, None] == np.arange(1, len(cuts) + 1)[None, :]).astype(np.float64)
