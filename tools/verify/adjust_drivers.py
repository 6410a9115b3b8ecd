"""Which column moves an estimate most, and in whose levels it turns.

Knows the scores of a claim and the features of its controls. Must never know a tag or a sentence.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .adjust_design import Control, Pair
from .adjustment import Odds
from .strata import Reversal, mantel_haenszel, reversal

FloatArray = NDArray[np.float64]

_MOVES = 0.25
"""Part of the estimate as found that a column must move to be named."""


def driving(y: FloatArray, x: FloatArray, controls: Sequence[Control], raw: float, held: float) -> str | None:
    """The control that moves the slope most towards where all of them bring it; None where none moves it much.

    Each is judged twice: by what the slope does when it alone is held fixed, and when it alone is let go.
    """
    if raw == 0 or abs(held - raw) < _MOVES * abs(raw):
        return None
    blocks = [np.column_stack([c.linear, c.bins]) for c in controls]
    ends = np.cumsum([0, *(b.shape[1] for b in blocks)])
    z = np.column_stack([np.ones(len(y)), *blocks, x, y])
    gram = z.T @ z
    toward = np.sign(held - raw)
    moved = []
    for at in range(len(blocks)):
        own = np.arange(ends[at], ends[at + 1]) + 1
        others = np.setdiff1d(np.arange(ends[-1]) + 1, own)
        alone = _slope(gram, own) - raw
        last = held - _slope(gram, others)
        moved.append(float(toward * (alone + last)))
    best = int(np.argmax(moved))
    return controls[best].name if moved[best] > _MOVES * abs(raw) else None


def _slope(gram: FloatArray, features: NDArray) -> float:
    """The slope of the last column on the one before beside a constant and `features`, from the products alone."""
    at = np.concatenate([[0], features])
    base, ends = gram[np.ix_(at, at)], gram[at][:, -2:]
    size = np.sqrt(np.maximum(np.diag(base), 1e-300))
    solved = np.linalg.lstsq(base / np.outer(size, size), ends / size[:, None], rcond=1e-9)[0]
    rest = gram[-2:, -2:] - (ends / size[:, None]).T @ solved
    return float(rest[0, 1] / rest[0, 0]) if rest[0, 0] > 1e-9 * gram[-2, -2] else 0.0


def most_reversed(y: FloatArray, x: FloatArray, controls: Sequence[Control]) -> tuple[str | None, Reversal | None]:
    """The control in whose levels the most rows point the other way, flagged ones first."""
    found = [(c.name, reversal(y, x, c.stratum)) for c in controls]
    found = [f for f in found if f[1].share > 0]
    if not found:
        return None, None
    return max(found, key=lambda f: (f[1].flagged, f[1].turns, f[1].share))


def odds_of(pair: Pair, controls: Sequence[Control], name: str | None) -> Odds | None:
    """The odds ratio of an event between two sides, over all rows and within the levels of the named control."""
    own = next((c for c in controls if c.name == name), None)
    if own is None or not (pair.share and pair.contrast) or not np.isin(pair.x, (0, 1)).all():
        return None
    if not np.isin(pair.y, (0, 1)).all():
        return None  # shares of units
    k = int(own.stratum.max()) + 1
    cell = (own.stratum * 4 + (pair.x == 0) * 2 + (pair.y == 0)).astype(np.int64)
    tables = np.bincount(cell, minlength=4 * k).reshape(k, 2, 2)
    found = mantel_haenszel(tables)
    if found is None:
        return None
    return Odds(marginal=found.marginal, within=found.common, p_within=found.p_common, p_equal=found.p_equal)
