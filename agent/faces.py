"""Whether two claims are faces of one relation, judged by the rows that they set against each other.

Knows claims and exploration rows. Must never know a sealed row, a score or a verdict.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tools.data.calendar import phase
from ..tools.data.rows import Rows
from ..tools.verify.hypothesis import ChangePoint, Contrast, Hypothesis, Interaction, Ranking, Seasonality
from ..tools.verify.population import condition_mask
from ..tools.verify.ranks import dense_ranks, midranks

SAME = 0.7
"""Absolute correlation from which two sides of a claim count as faces of one thing."""
_ROWS = 2_000


class Faces(NamedTuple):
    """For each draft against each: how much outcomes and predictors say the same, absolute correlations."""

    outcome: NDArray[np.float64]
    predictor: NDArray[np.float64]


def faces_of(hypotheses: Sequence[Hypothesis], rows: Rows) -> Faces:
    """The faces of claims on exploration rows, of which the first 2,000 are looked at."""
    few = rows.select(np.arange(min(rows.n, _ROWS)))
    if not len(hypotheses) or not few.n:
        return Faces(np.zeros((0, 0)), np.zeros((0, 0)))
    outcome = np.array([_standard(_outcome(h, few)) for h in hypotheses])
    predictor = np.array([_standard(_predictor(h, few)) for h in hypotheses])
    return Faces(np.abs(outcome @ outcome.T), np.abs(predictor @ predictor.T))


def alike(hypotheses: Sequence[Hypothesis], rows: Rows) -> NDArray[np.bool_]:
    """Whether two claims are faces of one relation, shape (k, k): nearly the same outcome over nearly the same rows."""
    faces = faces_of(hypotheses, rows)
    return (faces.outcome >= SAME) & (faces.predictor >= SAME)


def _standard(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values centred and scaled to length 1, missing ones in the middle; all zero where nothing varies."""
    known = ~np.isnan(x)
    if not known.any():
        return np.zeros(len(x))
    centred = np.where(known, x - x[known].mean(), 0.0)
    length = float(np.sqrt((centred**2).sum()))
    return centred / length if length > 0 else centred


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.full(len(x), np.nan)
    known = ~np.isnan(x)
    if known.any():
        out[known] = midranks(dense_ranks(x[known]))
    return out


def _outcome(h: Hypothesis, rows: Rows) -> NDArray[np.float64]:
    """The outcome as ranks, or as 1 and 0 where an event or one label is counted."""
    event = getattr(h, "event", None)
    if event is not None:
        return _is(rows, h.outcome, [event])
    above = getattr(h, "above", None)
    if above is not None:
        y = rows.number(h.outcome)
        return np.where(np.isnan(y), np.nan, y > above)
    own = [condition_mask(t, rows) for t in h.where if t.column == h.outcome]
    return np.where(np.all(own, axis=0), _column(rows, h.outcome), np.nan) if own else _column(rows, h.outcome)


def _predictor(h: Hypothesis, rows: Rows) -> NDArray[np.float64]:
    """The rows that a claim sets against each other: its sides as 1 and 0, its rule, or the number's ranks."""
    if isinstance(h, Seasonality):
        return _phases(rows, h.predictor, h.cycle, h.peak, h.trough)
    if isinstance(h, ChangePoint):
        x = rows.number(h.predictor)
        return np.where(np.isnan(x), np.nan, x >= h.since)
    levels = getattr(h, "levels", None)
    if isinstance(h, Ranking) and h.top is not None:
        levels = Contrast(a=h.order[: h.top], b=h.order[h.top :])
    if levels is not None:
        own = _sides(rows, h.predictor, levels)
    elif isinstance(rule := getattr(h, "rule", None), tuple):
        own = np.all([condition_mask(term, rows) for term in rule], axis=0).astype(np.float64)
    else:
        own = _column(rows, h.predictor)
    return _standard(own) * _standard(_moderator(h, rows)) if isinstance(h, Interaction) else own


def _moderator(h: Interaction, rows: Rows) -> NDArray[np.float64]:
    if h.moderator_cut is not None:
        x = rows.number(h.moderator)
        return np.where(np.isnan(x), np.nan, x > h.moderator_cut)
    sides = h.moderator_levels
    if sides is None:
        return _column(rows, h.moderator)
    if h.moderator_cycle is not None:
        peak, trough = (tuple(int(v) for v in side) for side in (sides.a, sides.b))
        return _phases(rows, h.moderator, h.moderator_cycle, peak, trough)
    return _sides(rows, h.moderator, sides)


def _sides(rows: Rows, name: str, levels: Contrast) -> NDArray[np.float64]:
    """1 on side a, 0 on side b, NaN elsewhere."""
    side = _is(rows, name, levels.a)
    return np.where((_is(rows, name, levels.b) == 1) | (side == 1), side, np.nan) if levels.b else side


def _phases(rows: Rows, name: str, cycle: str, peak: Sequence[int], trough: Sequence[int]) -> NDArray[np.float64]:
    """1 in the phases `peak`, 0 in the phases `trough` (everywhere else where there are none), NaN elsewhere."""
    days = rows.number(name)
    known = ~np.isnan(days)
    out = np.full(rows.n, np.nan)
    at = phase(days[known], cycle)
    low = np.isin(at, trough) if len(trough) else ~np.isin(at, peak)
    out[known] = np.select([np.isin(at, peak), low], [1.0, 0.0], np.nan)
    return out


def _is(rows: Rows, name: str, labels: Sequence[str]) -> NDArray[np.float64]:
    """1 where the column holds one of the labels, 0 where another, NaN where missing."""
    hit = rows.level_mask(name, labels).astype(np.float64)
    hit[rows.codes(name) < 0] = np.nan
    return hit


def _column(rows: Rows, name: str) -> NDArray[np.float64]:
    column = rows.column(name)
    if column.type in ("number", "datetime"):
        return _ranks(rows.number(name))
    codes = rows.codes(name).astype(np.float64)
    return np.where(codes < 0, np.nan, codes)
