"""Claims and columns as numbers for the check against other columns: outcome, predictor, features of each control.

Knows rows and hypotheses. Must never know an estimate or a tag.

Numbers enter as normal scores of their ranks: the families test ranks, a few huge values must not decide, and where
two columns have nothing to do with each other given a third, neither have their ranks.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ..data.rows import Rows
from .hypothesis import Contrast, Hypothesis, Subgroup
from .population import condition_mask, population, sides

FloatArray = NDArray[np.float64]

QUANTILES = 5
_LEVELS = 12
_CODES = 30
_RICH_FROM = 10
_HALVES = 6
_RICH = 120
_FINEST = 20
_ROWS_A_GROUP = 40
_CROSSED_FROM = 400
_CROSSED_LEVELS = 5

NOT_RUN = {
    "shape": "A shape has no single slope that other columns could change.",
    "seasonality": "Phases of a calendar are the same for every column.",
    "interaction": "The claim compares effects; adjusting it needs the product of every column with the moderator.",
    "ranking": "A ranking is many comparisons; ask for the one in question.",
    "shift": "The claim speaks of a whole distribution.",
    "invariant": "The claim is a rule of the table.",
    "adjusted_association": "The claim itself holds columns fixed.",
}
"""Families whose claims are no slope of one column on another."""


class Pair(NamedTuple):
    """A claim as two numbers a row, NaN where missing or outside of the claim."""

    y: FloatArray
    x: FloatArray
    share: bool
    """Whether `y` is 1 where the event holds, else 0."""
    contrast: bool
    """Whether `x` is 1 on one side and 0 on the other."""


class Control(NamedTuple):
    """One column to be held fixed, on the rows of one claim."""

    name: str
    linear: FloatArray
    """Normal scores, or dummies of levels, shape (n, p)."""
    bins: FloatArray
    """Dummies of fifths, shape (n, q); none for labels."""
    code: FloatArray
    """Scores or level codes, NaN where missing, shape (n,)."""
    label: bool
    stratum: NDArray[np.int64]
    """At most five groups, and one of what is missing, shape (n,)."""


def pair_of(h: Hypothesis, rows: Rows) -> Pair:
    """The claim's outcome and predictor on rows that met its filter already."""
    contrast = isinstance(getattr(h, "levels", None), Contrast)
    x = _predictor(h, rows)
    event = getattr(h, "event", None)
    if event is not None:
        y = np.where(rows.codes(h.outcome) < 0, np.nan, rows.level_mask(h.outcome, [event]).astype(np.float64))
    else:
        y = rows.number(h.outcome)
    above = getattr(h, "above", None)
    if above is not None:
        y = np.where(np.isnan(y), np.nan, (y > above).astype(np.float64))
    if h.family == "rate_ratio" and h.exposure is not None:
        exposure = rows.number(h.exposure)
        y = np.where(exposure > 0, y / np.where(exposure > 0, exposure, 1.0), np.nan)
    two = contrast or h.family in ("subgroup", "segment", "change_point")
    share = event is not None or above is not None
    return Pair(np.asarray(y, np.float64), x, share, two)


def within(h: Hypothesis, rows: Rows) -> Rows:
    """The rows of the claim's population."""
    return population(h, rows)


def _predictor(h: Hypothesis, rows: Rows) -> FloatArray:
    levels = getattr(h, "levels", None)
    if isinstance(levels, Contrast):
        side = sides(rows, h.predictor, levels)
        return np.where(side < 0, np.nan, (side == 0).astype(np.float64))
    if isinstance(h, Subgroup) or h.family == "segment":
        inside, known = np.ones(rows.n, bool), np.ones(rows.n, bool)
        for term in h.rule:
            inside &= condition_mask(term, rows)
            known &= ~_missing(rows, term.column)
        return np.where(known, inside.astype(np.float64), np.nan)
    x = np.asarray(rows.number(h.predictor), np.float64)
    return np.where(np.isnan(x), np.nan, (x >= h.since).astype(np.float64)) if h.family == "change_point" else x


def _missing(rows: Rows, name: str) -> NDArray[np.bool_]:
    if rows.column(name).type in ("boolean", "category"):
        return rows.codes(name) < 0
    return np.isnan(rows.number(name))


def scores(values: FloatArray) -> FloatArray:
    """Values as normal scores of their midranks with mean 0 and standard deviation 1; NaN stays.

    Two distinct values keep their distance; a constant becomes zeros.
    """
    out = np.full(len(values), np.nan)
    good = ~np.isnan(values)
    known, code, count = np.unique(values[good], return_inverse=True, return_counts=True)
    if len(known) < 2:
        out[good] = 0.0
        return out
    at = ndtri((np.cumsum(count) - count / 2) / count.sum()) if len(known) > 2 else known
    z = at[code]
    out[good] = (z - z.mean()) / z.std()
    return out


def control(rows: Rows, name: str, *, fine: bool = True) -> Control:
    """A column's features on `rows`.

    Args:
        rows: The rows of a claim.
        name: A number, date or label.
        fine: Whether a number also gets dummies of its fifths (with few rows they cost more than they tell).
    """
    column = rows.column(name)
    if column.type in ("boolean", "category"):
        return _label(name, rows.codes(name))
    values = np.asarray(rows.number(name), np.float64)
    if column.integer and 2 < len(column.levels) <= QUANTILES:
        return _label(name, rows.codes(name))
    z = scores(values)
    lost = np.isnan(z)
    group = _fifths(z)
    filled = np.where(lost, 0.0, z)
    linear = filled[:, None] if not lost.any() else np.column_stack([filled, lost])
    dummies = _dummies(group, np.flatnonzero(np.bincount(group, minlength=QUANTILES + 1)[:QUANTILES] > 0)[1:])
    bins = dummies if fine and len(np.unique(filled)) > 2 else np.zeros((rows.n, 0))
    return Control(name, linear.astype(np.float64), bins, z, False, group)


def _fifths(z: FloatArray) -> NDArray[np.int64]:
    """Fifths of the scores, equal values together; what is missing is the sixth."""
    good = ~np.isnan(z)
    known, code, count = np.unique(z[good], return_inverse=True, return_counts=True)
    if len(known) <= QUANTILES:
        place = np.arange(len(known))
    else:
        middle = (np.cumsum(count) - count / 2) / max(count.sum(), 1)
        place = np.minimum((middle * QUANTILES).astype(np.int64), QUANTILES - 1)
    group = np.full(len(z), QUANTILES, np.int64)
    group[good] = place[code]
    return group


def _label(name: str, codes: NDArray) -> Control:
    """Dummies of the frequent levels; missing is a level of its own, rare ones are pooled."""
    n = len(codes)
    count = np.bincount(codes + 1, minlength=2)
    order = np.argsort(-count, kind="stable")
    frequent = [int(at) for at in order[:_LEVELS] if count[at] >= max(5, n / 200)]
    dummies = _dummies(codes + 1, np.array(frequent[1:] if count[frequent].sum() == n else frequent, np.int64))
    place = np.full(len(count), _CODES)
    place[order[:_CODES]] = np.arange(min(len(order), _CODES))
    code = np.where(codes < 0, np.nan, np.minimum(place[codes + 1], _CODES).astype(np.float64))
    group = np.full(len(count), _LEVELS, np.int64)
    group[order[:_LEVELS]] = np.arange(min(len(order), _LEVELS))
    return Control(name, dummies, np.zeros((n, 0)), code, True, group[codes + 1])


def _dummies(codes: NDArray, levels: NDArray) -> FloatArray:
    return (codes[:, None] == levels[None, :]).astype(np.float64)


def plain(controls: list[Control]) -> FloatArray:
    """The linear features of every control side by side, shape (n, p)."""
    return np.column_stack([c.linear for c in controls])


def fine(controls: list[Control]) -> FloatArray:
    """Lines and fifths of every control, and the two most telling ones finely, also within each other's halves.

    Shape (n, p). A jump within a fifth of a number would be left over; with fewer than 400 rows finer groups cost more
    than they tell.
    """
    n = len(controls[0].code)
    out = [np.column_stack([c.linear, c.bins]) for c in controls]
    if n >= _CROSSED_FROM:
        first = controls[:2]
        groups = [_groups(c, min(_FINEST, n // _ROWS_A_GROUP)) for c in first]
        out += groups
        if len(first) == 2:
            out += [_crossed(groups[0], _halves(first[1])), _crossed(groups[1], _halves(first[0]))]
    return np.column_stack(out)


def _groups(c: Control, k: int) -> FloatArray:
    """Dummies of a number's `k` groups of near-equal size, or of a label's levels."""
    if c.label:
        return c.linear
    good = ~np.isnan(c.code)
    known, code, count = np.unique(c.code[good], return_inverse=True, return_counts=True)
    place = np.minimum(((np.cumsum(count) - count / 2) / max(count.sum(), 1) * k).astype(np.int64), k - 1)
    group = np.zeros(len(c.code), np.int64)
    group[good] = place[code] if len(known) else 0
    return _dummies(group, np.unique(group)[1:])


def _halves(c: Control) -> FloatArray:
    return c.linear[:, :_CROSSED_LEVELS] if c.label else (c.code > 0).astype(np.float64)[:, None]


def _crossed(one: FloatArray, other: FloatArray) -> FloatArray:
    return (one[:, :, None] * other[:, None, :]).reshape(len(one), -1)


def rich(controls: list[Control]) -> FloatArray:
    """Squares, products of two columns and of their halves, the most telling columns first, shape (n, q <= 120)."""
    n = len(controls[0].code)
    numbers = [c for c in controls if not c.label and len(np.unique(c.linear[:, 0])) > 2]
    out = [c.linear[:, 0] ** 2 for c in numbers]
    halves = [np.sign(c.linear[:, 0]) for c in numbers[:_HALVES]]
    out += [one * other for at, one in enumerate(halves) for other in halves[:at]]
    first = controls[:_RICH_FROM]
    for at, one in enumerate(first):
        for other in first[:at]:
            out += [one.linear[:, i] * other.linear[:, j]
                    for i in range(one.linear.shape[1]) for j in range(other.linear.shape[1])]  # fmt: skip
            if len(out) >= _RICH:
                return np.column_stack(out[:_RICH])
    return np.column_stack(out) if out else np.zeros((n, 0))
