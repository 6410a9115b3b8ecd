"""Sums of products by group, from which every effect within every group follows at once.

Knows arrays of columns. Must never know which of them is asked about, nor a sealed row.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows

_MOST_EVENTS = 3
_MOST_LEVELS = 6
_CLIPPED = 0.005
_MIN_CELL = 12
_MIN_ROWS = 20
Cube = NDArray[np.float64]


class Field(NamedTuple):
    """A column, or one level of it, as centred numbers of about unit spread."""

    name: str
    level: str | None
    """The level that is 1 where the others are 0; None for a number or date."""
    levels: int
    values: NDArray[np.float32]
    """0 where missing."""
    known: NDArray[np.float32]
    """1 where there is a value, else 0."""


def fields(rows: Rows, name: str, *, as_outcome: bool) -> Iterator[Field]:
    """A number as itself, without its outermost half percents; a label as its commonest levels.

    Dates are no outcomes. Of a label of two levels one is enough: the second (of a boolean the true one).
    """
    column = rows.column(name)
    if column.type == "number" or (column.type == "datetime" and not as_outcome):
        x = rows.number(name)
        known = ~np.isnan(x)
        if known.sum() < _MIN_ROWS:
            return
        low, high = np.quantile(x[known], (_CLIPPED, 1 - _CLIPPED))
        x = np.clip(x, low, high) if high > low else x
        spread = float(x[known].std())
        if spread > 0:
            scaled = np.where(known, (x - x[known].mean()) / spread, 0.0)
            yield Field(name, None, 0, scaled.astype(np.float32), known.astype(np.float32))
        return
    if column.type not in ("boolean", "category"):
        return
    codes = rows.codes(name)
    known = (codes >= 0).astype(np.float32)
    most = _MOST_EVENTS if as_outcome else _MOST_LEVELS
    for at in [1] if len(column.levels) == 2 else range(min(len(column.levels), most)):
        hit = (codes == at).astype(np.float32)
        yield Field(name, column.levels[at], len(column.levels), hit * known, known)


class Effects(NamedTuple):
    """Least-squares slopes within groups; NaN where a group is too small."""

    slope: Cube
    """Shape (L, pairs)."""
    error: Cube
    spread_x: Cube
    spread_y: Cube


class Sums(NamedTuple):
    """Sums of products over the rows of each group that have both columns, each of shape (L, pairs)."""

    n: Cube
    x: Cube
    y: Cube
    xx: Cube
    yy: Cube
    xy: Cube
    binary: NDArray[np.bool_]
    """Whether a predictor is 0 or 1, shape (pairs,)."""

    def total(self) -> "Sums":
        """All groups as one."""
        n, x, y, xx, yy, xy = (s.sum(0, keepdims=True) for s in self[:6])
        return Sums(n, x, y, xx, yy, xy, self.binary)

    def without_each(self) -> "Sums":
        """For each group all the others."""
        n, x, y, xx, yy, xy = (s.sum(0, keepdims=True) - s for s in self[:6])
        return Sums(n, x, y, xx, yy, xy, self.binary)

    def explained(self) -> Cube:
        """The share of a number's variance that lies between groups, shape (pairs,); 0 for levels."""
        n = np.maximum(self.n, 1)
        within = (self.xx - self.x**2 / n).sum(0)
        all_n = np.maximum(self.n.sum(0), 1)
        whole = self.xx.sum(0) - self.x.sum(0) ** 2 / all_n
        share = np.where(whole > 0, 1 - within / whole, 1.0)
        return np.where(self.binary, 0.0, share)


class Board(NamedTuple):
    """All outcomes and predictors side by side: what is the same for every moderator."""

    y: NDArray[np.float32]
    """Shape (n, p)."""
    x: NDArray[np.float32]
    """Shape (n, q)."""
    masks: NDArray[np.float32]
    """Each pattern of known rows once, shape (n, m): most columns of a table miss nothing, or the same rows."""
    mask_y: NDArray[np.int64]
    """The pattern of each outcome, shape (p,)."""
    mask_x: NDArray[np.int64]
    binary: NDArray[np.bool_]
    """Whether a predictor is 0 or 1, shape (q,)."""


def board(y: Sequence[Field], x: Sequence[Field]) -> Board:
    """The fields laid out for `products`."""
    place: dict[bytes, int] = {}
    masks: list[NDArray[np.float32]] = []
    found: list[int] = []
    for field in (*y, *x):
        key = field.known.tobytes()
        if key not in place:
            place[key] = len(masks)
            masks.append(field.known)
        found.append(place[key])
    at = np.array(found, np.int64)
    ys, xs = (np.stack([f.values for f in side], 1) for side in (y, x))
    binary = np.array([f.level is not None for f in x])
    return Board(ys, xs, np.stack(masks, 1), at[: len(y)], at[len(y) :], binary)


class Products(NamedTuple):
    """Sums of products in each group of some outcomes and predictors, from which those of any pair are read."""

    xy: NDArray[np.float32]
    """Shape (L, outcomes, predictors)."""
    n: NDArray[np.float32]
    """Rows known to two patterns, shape (L, m, m)."""
    x: NDArray[np.float32]
    """Over the rows known to a pattern, shape (L, m, predictors)."""
    xx: NDArray[np.float32]
    y: NDArray[np.float32]
    """Shape (L, m, outcomes)."""
    yy: NDArray[np.float32]
    row: NDArray[np.int64]
    """Where an outcome of the board stands here, shape (p,)."""
    column: NDArray[np.int64]
    board: Board

    def of(self, i: NDArray, j: NDArray) -> Sums:
        """The sums of pairs of an outcome `i` and a predictor `j` of the board, as float64."""
        row, column, b = self.row[i], self.column[j], self.board
        own, other = b.mask_y[i], b.mask_x[j]
        parts = (
            self.n[:, own, other], self.x[:, own, column], self.y[:, other, row],
            self.xx[:, own, column], self.yy[:, other, row], self.xy[:, row, column],
        )  # fmt: skip
        return Sums(*(part.astype(np.float64) for part in parts), binary=b.binary[j])


def products(b: Board, codes: NDArray, groups: int, i: NDArray, j: NDArray) -> Products:
    """The sums of the outcomes `i` and the predictors `j` in each group; codes outside 0..groups-1 are left out."""
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(groups + 1))
    order = order[edges[0] : edges[-1]]
    rows, columns = np.unique(i), np.unique(j)
    ys, xs, masks = b.y[order][:, rows], b.x[order][:, columns], b.masks[order]
    pairs = ((ys, xs), (masks, masks), (masks, xs), (masks, xs * xs), (masks, ys), (masks, ys * ys))
    out = [np.empty((groups, one.shape[1], two.shape[1]), np.float32) for one, two in pairs]
    for g in range(groups):
        own = slice(edges[g] - edges[0], edges[g + 1] - edges[0])
        for kept, (one, two) in zip(out, pairs, strict=True):
            np.matmul(one[own].T, two[own], out=kept[g])
    row, column = np.zeros(b.y.shape[1], np.int64), np.zeros(b.x.shape[1], np.int64)
    row[rows], column[columns] = np.arange(len(rows)), np.arange(len(columns))
    return Products(*out, row=row, column=column, board=b)


def effects(s: Sums) -> Effects:
    """The slope of every outcome on every predictor within each group, with its error."""
    n = np.maximum(s.n, 1)
    cxx, cyy, cxy = s.xx - s.x**2 / n, s.yy - s.y**2 / n, s.xy - s.x * s.y / n
    rare = np.minimum(s.x, s.n - s.x) < _MIN_CELL
    usable = (s.n >= _MIN_ROWS) & (cxx > 1e-6 * n) & ~(rare & s.binary)
    slope = np.where(usable, cxy / cxx, np.nan)
    left = np.maximum(cyy - slope * cxy, 0.0) / np.maximum(n - 2, 1)
    return Effects(slope, np.sqrt(left / cxx), np.sqrt(np.maximum(cxx, 0.0) / n), np.sqrt(np.maximum(cyy, 0.0) / n))
