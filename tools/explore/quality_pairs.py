"""Rows that leave an otherwise tight relation between two number columns.

Knows two columns of exploration rows at a time. Must never know a sealed row, nor judge a loose relation.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..data.rows import BoolArray, FloatArray, Rows
from .check import Check, within
from .quality_values import far_out
from .spread import Spread, cells, spread_of
from .structure_functions import SEED
from .structure_numbers import number_names
from .structure_numbers import similar as similar_columns

_TIGHT = 0.9
_FAR = 8.0
"""Robust standard deviations off the relation."""
_BINS = 40
_LEAST = 200
_MOST, _MOST_CELLS = 5, 1_000_000
"""Pairs looked at, and rows in all of them together."""
_SAMPLE = 6_000


def pair_checks(rows: Rows, told: dict[str, BoolArray], n: int) -> Iterator[Check]:
    """Rows more than eight robust standard deviations off a relation of two columns, and far from all other rows.

    Each column is held against the one it moves with most, at a correlation of 0.9 or more. The relation is read off
    medians along the other column, its width off the deviations there, so that it may bend and widen.

    Args:
        rows: Exploration rows.
        told: By column, rows that are far out by themselves.
        n: Exploration rows, for the sentences.
    """
    names = [c for c in number_names(rows, "number") if len(rows.ordinal(c)[1]) >= 20]
    names = [c for c in names if not rows.columns[c].derived_from]
    if rows.n < _LEAST or len(names) < 2:
        return
    rng = np.random.default_rng(SEED)
    at = rng.permutation(rows.n)[:_SAMPLE]
    seen: list[NDArray] = []
    for a, b in list(similar_columns(rows, names, at, _TIGHT))[: min(_MOST, max(2, _MOST_CELLS // rows.n))]:
        off = _off(rows.number(a), rows.number(b), at)
        if off is None:
            continue
        nothing = np.zeros(rows.n, bool)
        new = np.flatnonzero(off & ~told.get(a, nothing) & ~told.get(b, nothing))
        if not len(new) or any(np.isin(new, s).mean() > 0.5 for s in seen):
            continue
        seen.append(new)
        yield _told(rows, a, b, new, n)


def _off(x: FloatArray, y: FloatArray, at: NDArray) -> BoolArray | None:
    """Rows, shape (n,), that lie off the relation of y with x, or None where there are none."""
    good = ~(np.isnan(x) | np.isnan(y))
    some = at[good[at]]
    if len(some) < _LEAST:
        return None
    knots, middle, width = _course(x[some], y[some])
    if len(knots) < 3 or not width.min() > 0:
        return None
    z = y - np.interp(x, knots, middle)
    inside = good & (x >= knots[0]) & (x <= knots[-1])
    if not (np.abs(z[inside]) > _FAR * width.min()).any():
        return None
    z = np.where(inside, z / np.interp(x, knots, width), 0.0)
    if not (np.abs(z) > _FAR).any():
        return None
    values, counts = np.unique(np.round(z[inside], 6).astype(np.float64), return_counts=True)
    odd = far_out(Spread(values, counts, int(counts.sum())))
    if odd is None:
        return None
    low, high = values[~odd][[0, -1]]
    off = inside & ((z < low - 1e-5) | (z > high + 1e-5)) & (np.abs(z) > _FAR)
    return off if off.any() else None


def _course(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Knots along x, the median of y at each, and the robust standard deviation of y around the line between them."""
    order = np.argsort(x, kind="stable")
    bins = np.array_split(order, min(_BINS, len(x) // 20))
    knots = np.array([np.median(x[b]) for b in bins])
    middle = np.array([np.median(y[b]) for b in bins])
    keep = np.append(True, np.diff(knots) > 0)
    knots, middle = knots[keep], middle[keep]
    rest = np.abs(y - np.interp(x, knots, middle))
    width = np.array([1.4826 * np.median(rest[b]) for b, k in zip(bins, keep, strict=True) if k])
    # A stretch in which the relation happens to be exact must not make a small deviation look large.
    return knots, middle, np.maximum(width, 0.5 * np.median(width))


def _told(rows: Rows, a: str, b: str, at: NDArray, n: int) -> Check:
    pairs = [cells(rows, (a, b), int(k)) for k in at[:3]]
    some = ", ".join(f"{x} with {y}" for x, y in pairs)
    return Check(
        kind="pair", columns=(a, b), rows=len(at), of=spread_of(rows, b).n, severity="doubtful",
        examples=tuple(f"{x} with {y}" for x, y in pairs),
        text=f"`{a}` and `{b}` do not go together {within(len(at), n)} ({some}), as they do in all others.",
        advice="One of the two cells may be mistyped: check both.",
    )  # fmt: skip
