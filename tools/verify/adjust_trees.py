"""What boosted trees leave of several targets, for all folds and targets at once.

Knows arrays: targets, which rows may be learnt from, and columns as small codes. Must never know a column's name, a
claim or a verdict. Trees are grown level by level, so that one count of codes by node serves every fold and target:
a check of fifty claims grows thousands of small trees, and costs what is done for each of them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TREES = 20
DEPTH = 3
RATE = 0.25
LEAF_ROWS = 10
BINS = 32
_WIDTH = BINS + 1
"""Codes of a column: its bins, and one above them for what is missing."""


class _Forest(NamedTuple):
    """What all trees of all models share; a model is a target learnt from the rows of one fold."""

    codes: NDArray[np.int64]
    """Codes of every row, shape (n, k)."""
    models: int
    model: NDArray[np.int64]
    """The model of each of the `models * n` places."""
    own: NDArray[np.int64]
    """Places that are learnt from, shape (R,)."""
    cells: NDArray[np.int64]
    """The cell of each of them in a table of models by columns by codes, shape (R, k)."""
    counts: FloatArray
    """Rows learnt from by model, column and code."""


def small_codes(columns: FloatArray) -> NDArray[np.int64]:
    """Columns as at most 32 bins of near-equal weight, ties together, and a bin above them for NaN; shape (n, k)."""
    out = np.full(columns.shape, BINS, np.int64)
    for at, column in enumerate(columns.T):
        known = ~np.isnan(column)
        values, inverse, count = np.unique(column[known], return_inverse=True, return_counts=True)
        place = np.arange(len(values))
        if len(values) > BINS:
            middle = np.cumsum(count) - count / 2
            place = np.minimum((middle * BINS / count.sum()).astype(np.int64), BINS - 1)
        out[known, at] = place[inverse]
    return out


def left_by_trees(targets: FloatArray, inside: NDArray[np.bool_], codes: NDArray[np.int64]) -> FloatArray:
    """What is left of every target, on all rows, after trees that were grown on the rows inside.

    Args:
        targets: One row a model, shape (m, n).
        inside: Rows that a model is learnt from, shape (m, n).
        codes: As `small_codes` gives them, shape (n, k).

    References: Friedman 2001, doi:10.1214/aos/1013203451; squared loss, trees of three levels, steps of a quarter.
    """
    models, n = targets.shape
    model = np.repeat(np.arange(models), n)
    own = np.flatnonzero(inside.ravel())
    k = codes.shape[1]
    cells = codes[own % n] + np.arange(k) * _WIDTH + (model[own] * (k * _WIDTH))[:, None]
    counts = np.bincount(cells.ravel(), minlength=models * k * _WIDTH).astype(np.float64)
    forest = _Forest(codes, models, model, own, cells, counts)
    left = targets.ravel().copy()
    for _ in range(TREES):
        leaf = _grown(forest, left)
        total = np.bincount(leaf[own], weights=left[own], minlength=models << DEPTH)
        size = np.bincount(leaf[own], minlength=models << DEPTH)
        left -= (RATE * total / np.maximum(size, 1))[leaf]
    return left.reshape(models, n)


def _grown(f: _Forest, left: FloatArray) -> NDArray[np.int64]:
    """The leaf of every place in one tree a model, as `model * 8 + leaf`."""
    n, k = f.codes.shape
    row = np.tile(np.arange(n) * k, f.models)
    node = f.model.copy()
    learnt = left[f.own]
    sums = _summed(f.cells.ravel(), np.repeat(learnt, k), len(f.counts))
    tables = sums.reshape(f.models, k, _WIDTH), f.counts.reshape(f.models, k, _WIDTH)
    for depth in range(DEPTH):
        column, cut = _splits(*tables)
        right = f.codes.ravel()[row + column[node]] > cut[node]
        if depth < DEPTH - 1:
            tables = _parted(f, tables, node, right, learnt)
        node = 2 * node + right
    return node


def _splits(sums: FloatArray, counts: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each node the column and the last code that goes left; a node that cannot be parted sends all rows left."""
    s, c = np.cumsum(sums, axis=2), np.cumsum(counts, axis=2)
    other_s, other_c = s[:, :, -1:] - s, c[:, :, -1:] - c
    able = (c >= LEAF_ROWS) & (other_c >= LEAF_ROWS)
    gain = np.where(able, s**2 / np.maximum(c, 1) + other_s**2 / np.maximum(other_c, 1), -1.0)
    gain = gain.reshape(len(sums), -1)
    best = gain.argmax(axis=1)
    column, cut = np.divmod(best, _WIDTH)
    return column, np.where(gain[np.arange(len(gain)), best] >= 0, cut, _WIDTH)


def _parted(
    f: _Forest,
    tables: tuple[FloatArray, FloatArray],
    node: NDArray[np.int64],
    right: NDArray[np.bool_],
    learnt: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Sums and counts of both halves of every node: the right one is counted, the left one is what remains."""
    nodes, k, _ = tables[0].shape
    chosen = np.flatnonzero(right[f.own])
    at = f.own[chosen]
    shift = (node[at] - f.model[at]) * (k * _WIDTH)
    cells = (f.cells[chosen] + shift[:, None]).ravel()
    sums = _summed(cells, np.repeat(learnt[chosen], k), nodes * k * _WIDTH)
    counts = np.bincount(cells, minlength=nodes * k * _WIDTH).astype(np.float64)
    halves = []
    for whole, part in zip(tables, (sums, counts), strict=True):
        half = part.reshape(nodes, k, _WIDTH)
        halves.append(np.stack([whole - half, half], axis=1).reshape(2 * nodes, k, _WIDTH))
    return halves[0], halves[1]


def _summed(cells: NDArray[np.int64], weights: FloatArray, size: int) -> FloatArray:
    return np.bincount(cells, weights=weights, minlength=size).astype(np.float64, copy=False)
