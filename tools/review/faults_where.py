"""Where in a delivery something happened: a block of rows, all rows of a label, or rows here and there.

Knows a sign by row and the delivery's labels. Must never know what the sign means.
"""

import numpy as np

from ..data.readers_binary import quoted
from ..data.rows import BoolArray, FloatArray
from .faults_case import Case, label

SCATTERED = "here and there"
_MOST_LEVELS = 50
_AGREE = 0.95
"""Share of a block or label that must show the sign, and of the rows with the sign that must lie in it."""
_SURE_GAIN = 2.0


def whereabouts(
    case: Case, sure: BoolArray, gain: FloatArray | None = None, there: BoolArray | None = None
) -> tuple[BoolArray, str]:
    r"""The rows that something happened in, and where they stand in words.

    Args:
        case: The delivery.
        sure: Rows that certainly show it, shape (n,).
        gain: By row, how much likelier it happened there than not; positive in rows that are not sure but fit. The
            rows are then widened to a block or a label whose every row fits.
        there: Rows that have a value to speak of; all by default.

    Returns:
        The rows, shape (n,), and `rows 501 to 1,000`, `all with "A" in \`store\``, or `here and there`.
    """
    blocked = _block(sure, gain)
    if blocked is not None:
        start, end = blocked
        mask = np.zeros(len(sure), bool)
        mask[start:end] = True
        return mask if there is None else mask & there, f"rows {start + 1:,} to {end:,}"
    found = _level(case, sure, gain)
    if found is None:
        return sure, SCATTERED
    return found if there is None else (found[0] & there, found[1])


def _block(sure: BoolArray, gain: FloatArray | None) -> tuple[int, int] | None:
    """One stretch of rows that holds nearly all sure ones and nearly no other."""
    at = np.flatnonzero(sure)
    if len(at) < 5:
        return None
    start, end = int(at[0]), int(at[-1]) + 1
    if gain is not None:
        start, end = _best_stretch(np.where(sure, 12.0, gain))
    inside = sure[start:end] if gain is None else (sure[start:end] | (gain[start:end] >= -_SURE_GAIN))
    if len(inside) < 5 or inside.mean() < _AGREE or sure[start:end].sum() < _AGREE * len(at):
        return None
    return (start, end) if end - start < len(sure) or inside.all() else None


def _best_stretch(gain: FloatArray) -> tuple[int, int]:
    """Start and end of the stretch with the largest sum."""
    upto = np.concatenate(([0.0], np.cumsum(gain)))
    least = np.minimum.accumulate(upto)
    end = int(np.argmax(upto - least))
    return int(np.argmin(upto[: end + 1])), end


def _level(case: Case, sure: BoolArray, gain: FloatArray | None) -> tuple[BoolArray, str] | None:
    """All rows of one label, where they are nearly all that show it."""
    fits = sure if gain is None else sure | (gain >= -_SURE_GAIN)
    for name, column in case.learned.items():
        if (
            column.type not in ("category", "boolean")
            or not case.here(name)
            or not 1 < len(case.counts(name)) <= _MOST_LEVELS
        ):
            continue
        cells = np.ma.filled(np.ma.asarray(case.fetch(f"coalesce({quoted(name)}::VARCHAR, '')")), "").astype(object)
        some = cells[np.flatnonzero(sure)[:200]]
        level = max(sorted(set(some)), key=lambda x: int((some == x).sum()))
        own = cells == level
        if level and fits[own].mean() >= _AGREE and own[sure].mean() >= _AGREE and own.sum() < len(sure):
            return own, f"those with {label(str(level))} in `{name}`"
    return None
