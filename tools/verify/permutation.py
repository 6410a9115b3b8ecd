"""Permutation p-values from tables: shuffling rows is drawing a table with the same margins.

Knows tables of counts and a statistic of them. Must never know which columns were counted, or any row.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .staged import staged_p

FloatArray = NDArray[np.float64]
Statistic = Callable[[NDArray[np.int64]], FloatArray]

_TIE = 1e-9
_HYPERGEOMETRIC_LIMIT = 1_000_000_000
_CHUNK = 4_000_000
"""Cells of tables held at once."""


class Binned(NamedTuple):
    """A column of dense ranks pooled to a few bins of tied values."""

    codes: NDArray[np.int32]
    """Bin of each row, shape (n,), -1 where missing; bins ascend with the values."""
    scores: FloatArray
    """Centred midrank of each bin, shape (k,)."""


def permutation_p(table: NDArray[np.int64], statistic: Statistic, *, draws: int, seed: int) -> float:
    """The two-sided p of an observed table among tables with its margins, by seeded draws.

    Shuffling one of two columns of rows gives tables whose margins are fixed; they are drawn directly, so the
    cost does not grow with the number of rows. Draws come in stages of 199, 1,999 and `draws`, and stop once 20
    were at least as extreme as the observed table.

    Args:
        table: Counts, shape (r, c).
        statistic: Maps tables of shape (B, r, c) to numbers of shape (B,), larger being more extreme.
        draws: Draws at most, at least 1.
        seed: Seed of the draws.

    Returns:
        (1 + hits) / (1 + draws used): valid although the draws stop early, since the stages are far apart
        (docs/promises.md, "Valid p-values").

    Raises:
        UsageError: if `draws` is not positive or the table is not two-dimensional.

    References:
        Agresti, Wackerly and Boyett (1979), doi:10.1007/BF02293786. Phipson and Smyth (2010), Permutation p-values
        should never be zero, doi:10.2202/1544-6115.1585.
    """
    if draws < 1 or table.ndim != 2:
        raise UsageError(f"A permutation p needs a two-way table and at least one draw. Got {draws!r} draws.")
    table = np.ascontiguousarray(table, dtype=np.int64)
    observed = float(statistic(table[None])[0])
    reached = observed - _TIE * max(1.0, abs(observed))
    rng = np.random.Generator(np.random.PCG64(seed))
    return staged_p(lambda count: _hits(table, statistic, reached, count, rng), draws)


def binned(codes: NDArray[np.int32], *, most: int) -> Binned:
    """A column of dense ranks in at most `most` bins of near-equal weight; equal values share a bin.

    Args:
        codes: Dense ranks from 0, shape (n,), -1 where missing, as `Rows.ordinal` gives them.
        most: Bins at most.
    """
    counts = np.bincount(codes[codes >= 0])
    total = counts.sum()
    middle = np.cumsum(counts) - counts / 2
    if (counts > 0).sum() <= most:
        bin_of = np.cumsum(counts > 0) - 1
    else:
        place = np.minimum((middle / max(total, 1) * most).astype(np.int64), most - 1)
        place[counts == 0] = -1
        bin_of = np.searchsorted(np.unique(place[place >= 0]), np.maximum.accumulate(place))
    bin_of = np.maximum(bin_of, 0)
    weight = np.bincount(bin_of, weights=counts)
    scores = np.cumsum(weight) - weight / 2 - total / 2
    out = np.full(len(codes), -1, np.int32)
    out[codes >= 0] = bin_of[codes[codes >= 0]]
    return Binned(out, scores)


def cross_table(a: NDArray[np.int32], b: NDArray[np.int32], shape: tuple[int, int]) -> NDArray[np.int64]:
    """Counts of pairs of codes, shape `shape`; rows where either is negative are left out."""
    good = (a >= 0) & (b >= 0)
    flat = a[good].astype(np.int64) * shape[1] + b[good]
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)


def _hits(table: NDArray[np.int64], statistic: Statistic, reached: float, draws: int, rng: np.random.Generator) -> int:
    """How many of so many drawn tables are at least as extreme."""
    hits = 0
    step = max(1, _CHUNK // table.size)
    for start in range(0, draws, step):
        drawn = _draw(table, min(step, draws - start), rng)
        hits += int((statistic(drawn) >= reached).sum())
    return hits


def _draw(table: NDArray[np.int64], draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Tables with the margins of `table`, shape (draws, r, c)."""
    rows, columns = table.sum(1), table.sum(0)
    if min(table.shape) == 1 or table.sum() == 0:
        return np.broadcast_to(table, (draws, *table.shape))
    if table.shape[0] == 2 and table.sum() < _HYPERGEOMETRIC_LIMIT:
        first = rng.multivariate_hypergeometric(columns, int(rows[0]), size=draws, method="marginals")
        return np.stack([first, columns - first], axis=1)
    if table.shape[1] == 2 and table.sum() < _HYPERGEOMETRIC_LIMIT:
        first = rng.multivariate_hypergeometric(rows, int(columns[0]), size=draws, method="marginals")
        return np.stack([first, rows - first], axis=2)
    kept_rows, kept_columns = rows > 0, columns > 0
    drawn = _drawn_cells if table.sum() < _HYPERGEOMETRIC_LIMIT else _drawn_whole
    small = drawn(rows[kept_rows], columns[kept_columns], draws, rng)
    out = np.zeros((draws, *table.shape), np.int64)
    out[np.ix_(np.arange(draws), np.flatnonzero(kept_rows), np.flatnonzero(kept_columns))] = small
    return out


def _drawn_cells(rows: NDArray, columns: NDArray, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Tables cell by cell, all draws at once: given those before it, a cell is hypergeometric; shape (draws, r, c)."""
    out = np.empty((draws, len(rows), len(columns)), np.int64)
    free = np.tile(columns, (draws, 1))
    for at, size in enumerate(rows[:-1]):
        left, rest = np.full(draws, size), free.sum(1)
        for column in range(len(columns) - 1):
            rest = rest - free[:, column]
            out[:, at, column] = rng.hypergeometric(free[:, column], rest, left)
            left = left - out[:, at, column]
        out[:, at, -1] = left
        free -= out[:, at]
    out[:, -1] = free
    return out


def _drawn_whole(rows: NDArray, columns: NDArray, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The same for more rows than hypergeometric draws are made for."""
    from scipy.stats import random_table

    return random_table(rows, columns).rvs(size=draws, method="patefield", random_state=rng)
