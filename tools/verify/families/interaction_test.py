"""The difference of two effects with its tests: one coefficient, robust, by permutation, and guarded in time.

Knows the rows of an interaction as arrays. Must never know a column's name, words, or where the rows came from.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray
from ..clusters import MIN_CLUSTERS
from ..linear import Partial, dot, partial_effect
from ..series import MAX_PHI
from .interaction_sides import Crossed

_NOTICED = 0.05
_CERTAIN = 2.576
_BLOCKS = (10, 40)
_DECORRELATED = 5.0


class Compared(NamedTuple):
    """The difference of the effects of both sides, and each of them, in the columns' own units."""

    difference: Partial
    on_a: Partial
    on_b: Partial
    phi: float = 0.0
    """Lag-1 correlation of what is left over time; 0 where no dependence was noticed."""


def compare(c: Crossed, draws: int, seed: int) -> Compared | str:
    """Both effects and their difference where rows stand for themselves, or are compared within their clusters."""
    cluster = c.rows.cluster
    found = _fitted(c, cluster, absorb=True, draws=draws, seed=seed)
    if isinstance(found, str) or cluster is None:
        return found
    worth = found.difference.effective or 0.0
    if worth < MIN_CLUSTERS:
        return (
            f"The two effects can be compared only within what {worth:.0f} clusters are worth; at least "
            f"{MIN_CLUSTERS} are needed."
        )
    return found


def compare_over_time(c: Crossed, draws: int, seed: int) -> Compared | str:
    """Both slopes over time and their difference; neighbours that depend on each other count by stretches.

    Where what is left beside both lines is correlated from one observation to the next (on a side, or across
    both), consecutive observations are cut into stretches as long as the dependence asks, and these are the units.
    """
    order = np.lexsort((c.side, c.x))
    c = c.select(order)._replace(rows=c.rows.select(order))
    phi = _dependence(c)
    if phi is None:
        return _fitted(c, None, absorb=False, draws=draws, seed=seed)
    length = int(np.ceil(_DECORRELATED * (1 + phi) / (1 - phi))) if phi < MAX_PHI else len(c.y)
    blocks = min(_BLOCKS[1], len(c.y) // length)
    if blocks < _BLOCKS[0]:
        return (
            f"Neighbours in time depend on each other (lag-1 correlation {phi:.2f}), and there are only {blocks} "
            f"stretches long enough to count as one observation; at least {_BLOCKS[0]} are needed."
        )
    found = _fitted(c, np.arange(len(c.y)) * blocks // len(c.y), absorb=False, draws=draws, seed=seed)
    return found if isinstance(found, str) else found._replace(phi=phi)


def _fitted(c: Crossed, cluster: NDArray | None, *, absorb: bool, draws: int, seed: int) -> Compared | str:
    a, b = c.x * c.side, c.x * (1 - c.side)
    options = {"cluster": cluster, "absorb": absorb}
    difference = partial_effect(
        c.y, a, (c.x, c.side), strata=c.side if cluster is None else None, draws=draws, seed=seed, **options
    )
    on_a = partial_effect(c.y, a, (b, c.side), **options)
    on_b = partial_effect(c.y, b, (a, c.side), **options)
    if difference is None or on_a is None or on_b is None:
        return "The effect of one side cannot be told from that of the other on these rows."
    return Compared(difference, on_a, on_b)


def _dependence(c: Crossed) -> float | None:
    """The largest noticed lag-1 correlation of the residuals, rows in the order of time; None where none is."""
    left = np.empty(len(c.y))
    runs = []
    for s in (1.0, 0.0):
        own = c.side == s
        x, y = c.x[own] - c.x[own].mean(), c.y[own] - c.y[own].mean()
        left[own] = y - (dot(x, y) / max(dot(x, x), 1e-300)) * x
        runs.append(left[own])
    # Both sides of one time share what happened then, which is no dependence from one time to the next.
    at = np.unique(c.x, return_inverse=True)[1]
    runs.append(np.bincount(at, weights=left) / np.bincount(at))
    noticed = [p for p in (_lag_one(run) for run in runs) if p is not None]
    return max(noticed, default=None)


def _lag_one(left: FloatArray) -> float | None:
    total = dot(left, left)
    phi = dot(left[1:].copy(), left[:-1].copy()) / total if total > 0 else 0.0
    return phi if phi > _NOTICED and phi * np.sqrt(len(left)) > _CERTAIN else None
