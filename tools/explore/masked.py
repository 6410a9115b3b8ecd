"""Pairs of numbers that move together within the levels of a label, and not, or the other way, over all rows.

Knows ranks and levels on exploration rows. Must never know a sealed row, nor call what it sees a finding.
"""

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from ..value import Value
from .scan_moments import midranks_of

_MOST_LEVELS = 12
_MIN_ROWS = 60
_MIN_LEVEL = 10
_CLEAR = 0.2
"""Rank correlation within levels from which a masked pair is worth a claim."""
_MIN_Z = 4.0
"""Standard errors of it, as it was chosen among many pairs and labels."""
_LEFT = 0.5
"""What of it may be seen over all rows."""


class Masked(Value):
    """Two numbers whose relation shows within the levels of a label only."""

    a: str
    b: str
    within: str
    """The label."""
    overall: float
    """Rank correlation over all rows."""
    inside: float
    """Rank correlation of what the label's levels leave."""
    n: int


def masked_pairs(rows: Rows) -> tuple[Masked, ...]:
    """Pairs of numbers that a label masks, the clearest first, each with the label that masks it most.

    Ranks are taken over the rows that have every number; a level of fewer than 10 rows is left out.

    Args:
        rows: Exploration rows.
    """
    numbers = [c.name for c in rows.columns.values() if c.type == "number" and c.distinct > 2]
    labels = [c.name for c in rows.columns.values() if _is_label(rows, c.name)]
    best: dict[tuple[str, str], Masked] = {}
    for label in labels:
        names = [n for n in numbers if n != label]
        for found in _within(rows, names, label):
            held = best.get((found.a, found.b))
            if held is None or abs(found.inside) > abs(held.inside):
                best[found.a, found.b] = found
    return tuple(sorted(best.values(), key=lambda m: (-abs(m.inside - m.overall), m.a, m.b)))


def _is_label(rows: Rows, name: str) -> bool:
    column = rows.column(name)
    return column.type in ("boolean", "category") and 2 <= len(column.levels) <= _MOST_LEVELS


def _within(rows: Rows, names: list[str], label: str) -> list[Masked]:
    codes = rows.codes(label)
    values = [rows.number(n) for n in names]
    if len(values) < 2:
        return []
    known = (codes >= 0) & ~np.isnan(values).any(axis=0)
    enough = np.bincount(codes[known], minlength=codes.max(initial=0) + 1) >= _MIN_LEVEL
    known[known] = enough[codes[known]]
    n, levels = int(known.sum()), int(enough.sum())
    if n < _MIN_ROWS or levels < 2:
        return []
    ranks = np.array([midranks_of(v[known]) for v in values])
    overall, inside = _correlations(ranks), _correlations(_centred(ranks, codes[known]))
    error = 1 / np.sqrt(max(n - levels - 2, 1))
    out = []
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        seen, real = float(overall[i, j]), float(inside[i, j])
        clear = abs(real) >= max(_CLEAR, _MIN_Z * error)
        if clear and seen * np.sign(real) < _LEFT * abs(real):
            out.append(Masked(a=names[i], b=names[j], within=label, overall=seen, inside=real, n=n))
    return out


def _centred(ranks: NDArray[np.float64], codes: NDArray) -> NDArray[np.float64]:
    """Each row of ranks less the mean of its column's level, shape (p, n)."""
    _, level, count = np.unique(codes, return_inverse=True, return_counts=True)
    means = np.array([np.bincount(level, weights=r) for r in ranks]) / count
    return ranks - means[:, level]


def _correlations(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlations of the rows of x, shape (p, p), 0 where a row is constant."""
    centred = x - x.mean(axis=1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=1))
    scaled = centred / np.where(length > 0, length, 1.0)[:, None]
    return scaled @ scaled.T
