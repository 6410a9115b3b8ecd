"""The rows of an interaction: the two effects it compares, its floors, and rows that share a time made one.

Knows columns and what a claim asks of them. Must never know a test's outcome, or on which side of the seal its rows
lie.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...data.calendar import phase
from ...data.rows import FloatArray, Rows
from ...data.schema import Column
from ..clusters import collapse, dense, is_constant_within
from ..hypothesis import Interaction
from ..population import population, sides
from .monotone_association import outcome_values
from .wording import column

MIN_SIDE = 20
MIN_CELL = 20
MIN_CELL_SMALL = 10
"""Rows of each of the four groups where all together are under 200."""
MIN_VALUES = 3
MIN_TIMES = 5
MIN_EVENTS = 10
_MIN_EXPECTED = 5
_MIN_CONSTANT = 50
_YEARS = (1000, 2999)


class Crossed(NamedTuple):
    """The complete rows of a claim."""

    rows: Rows
    y: FloatArray
    x: FloatArray
    """The predictor, or 1 on side a of its levels and 0 on side b."""
    side: FloatArray
    """1 on side a of the moderator, 0 on side b."""
    missing: int
    is_time: bool

    def select(self, mask: NDArray) -> "Crossed":
        """The rows where `mask` holds."""
        return self._replace(rows=self.rows.select(mask), y=self.y[mask], x=self.x[mask], side=self.side[mask])


def crossed(h: Interaction, rows: Rows) -> Crossed:
    """The rows on both sides of the moderator (and of the predictor's levels) with an outcome.

    Raises:
        HypothesisError: if the claim names a column or a level that the rows lack.
    """
    inside = population(h, rows)
    y = outcome_values(inside, h.outcome, h.event)
    at = _moderator_side(h, inside)
    if h.levels is None:
        x = inside.number(h.predictor)
        lost, on = np.isnan(x), ~np.isnan(x)
    else:
        side = sides(inside, h.predictor, h.levels)
        x = (side == 0).astype(np.float64)
        lost, on = side == -2, side >= 0
    good = on & (at >= 0) & ~np.isnan(y)
    missing = lost | (at == -2) | (on & (at >= 0) & np.isnan(y))
    kept = inside.select(good)
    is_time = h.levels is None and _is_time(inside.column(h.predictor), x[good])
    return Crossed(kept, y[good], x[good], (at[good] == 0).astype(np.float64), int(missing.sum()), is_time)


def _is_time(predictor: Column, x: FloatArray) -> bool:
    if predictor.type == "datetime":
        return True
    return predictor.integer and len(x) > 0 and _YEARS[0] <= x.min() and x.max() <= _YEARS[1]


def _moderator_side(h: Interaction, rows: Rows) -> NDArray:
    """0 on side a, 1 on side b, -1 elsewhere, -2 where missing."""
    if h.moderator_levels is None:
        z = rows.number(h.moderator)
        cut = h.moderator_cut if h.moderator_cut is not None else 0.0
        return np.where(np.isnan(z), -2, np.where(z > cut, 0, 1))
    if h.moderator_cycle is None:
        return sides(rows, h.moderator, h.moderator_levels)
    days = rows.number(h.moderator)
    known = ~np.isnan(days)
    out = np.full(rows.n, -2)
    phases = phase(days[known], h.moderator_cycle)
    a = np.isin(phases, [int(v) for v in h.moderator_levels.a])
    b = np.isin(phases, [int(v) for v in h.moderator_levels.b]) if h.moderator_levels.b else ~a
    out[known] = np.where(a, 0, np.where(b, 1, -1))
    return out


def wrong_type(h: Interaction, rows: Rows) -> str | None:
    """Why the columns are not of the types that the claim needs, or None."""
    if h.event is None and rows.column(h.outcome).type not in ("number", "boolean"):
        return f"{column(h.outcome)} is no number."
    if h.levels is None and rows.column(h.predictor).type not in ("number", "datetime", "boolean"):
        return f"{column(h.predictor)} is neither a number nor a date."
    if h.moderator_cycle is not None and rows.column(h.moderator).type != "datetime":
        return f"{column(h.moderator)} is no date."
    if h.moderator_cut is not None and rows.column(h.moderator).type not in ("number", "datetime"):
        return f"{column(h.moderator)} is no number."
    return None


def floors(h: Interaction, c: Crossed) -> str | None:
    """Why the two effects are not fit to be compared, or None."""
    own = [c.side == s for s in (1.0, 0.0)]
    if min(int(o.sum()) for o in own) < MIN_SIDE:
        least = min(int(o.sum()) for o in own)
        return f"One side of {column(h.moderator)} has only {least} usable rows; at least {MIN_SIDE} are needed."
    if c.y.min() == c.y.max():
        return f"{column(h.outcome)} has one value only here."
    if h.levels is None:
        needed = MIN_TIMES if c.is_time else MIN_VALUES
        if min(len(np.unique(c.x[o])) for o in own) < needed:
            return (
                f"{column(h.predictor)} has fewer than {needed} distinct values on one side of {column(h.moderator)}."
            )
        return _few_events(h, c, own)
    return _cell_floors(h, c, own)


def _few_events(h: Interaction, c: Crossed, own: list[NDArray]) -> str | None:
    if h.event is None or not np.isin(c.y, (0.0, 1.0)).all():
        return None
    if min(min(c.y[o].sum(), (1 - c.y[o]).sum()) for o in own) < MIN_EVENTS:
        return (
            f"On one side of {column(h.moderator)} fewer than {MIN_EVENTS} rows are, or are not, {h.event!r} in "
            f"{column(h.outcome)}."
        )
    return None


def _cell_floors(h: Interaction, c: Crossed, own: list[NDArray]) -> str | None:
    """The same for four groups: rows, events expected, and variation."""
    cells = [c.y[o & (c.x == v)] for o in own for v in (1.0, 0.0)]
    least, needed = min(len(cell) for cell in cells), MIN_CELL if len(c.y) >= 200 else MIN_CELL_SMALL
    if least < needed:
        return f"One of the four groups has only {least} usable rows; at least {needed} are needed."
    if h.event is not None and np.isin(c.y, (0.0, 1.0)).all():
        share = float(c.y.mean())
        if least * min(share, 1 - share) < _MIN_EXPECTED:
            return (
                f"Fewer than {_MIN_EXPECTED} rows with or without {h.event!r} are expected in one of the four groups."
            )
        return _few_events(h, c, own)
    if any(len(cell) < _MIN_CONSTANT and cell.min() == cell.max() for cell in cells):
        return f"Every value of {column(h.outcome)} in one of the four groups is the same."
    return None


def one_per_cluster(h: Interaction, c: Crossed) -> Crossed | None:
    """One row per cluster where predictor and moderator are both constant within clusters, else None."""
    cluster = c.rows.cluster
    if cluster is None or not (is_constant_within(c.x, cluster) and is_constant_within(c.side, cluster)):
        return None
    groups, number_of = dense(cluster)
    n = np.bincount(groups, minlength=number_of)
    side, x, y = (np.bincount(groups, weights=v, minlength=number_of) / n for v in (c.side, c.x, c.y))
    x = np.round(x) if h.levels is not None else x
    rows = collapse(c.rows, [h.outcome], event=None if h.event is None else (h.outcome, h.event))
    return c._replace(rows=rows, y=y, x=x, side=np.round(side))


def one_per_time(c: Crossed) -> Crossed:
    """One mean a time and side: rows of one time share what happened then. Blocks of a series count as its times."""
    times = np.unique(c.x, return_inverse=True)[1] if c.rows.cluster is None else dense(c.rows.cluster)[0]
    cell = times * 2 + c.side.astype(np.int64)
    groups, number_of = dense(cell)
    n = np.bincount(groups, minlength=number_of)
    y, x, side = (np.bincount(groups, weights=v, minlength=number_of) / n for v in (c.y, c.x, c.side))
    return c._replace(rows=Rows.of({"y": y}), y=y, x=x, side=side)
