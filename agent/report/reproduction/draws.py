"""Permutation p-values from the same seeded draws as the report's.

Knows tables of counts and sums with signs. Must never know a claim.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .base import ENOUGH_HITS, STAGES


def drawn_p(observed: float, draw: Callable[[int], Any]) -> float:
    """(1 + hits) / (1 + draws), in stages that stop at 20 hits; `draw` gives so many statistics under the null."""
    done = hits = 0
    for stage in STAGES:
        hits += int((draw(stage - done) >= observed).sum())
        done = stage
        if hits >= ENOUGH_HITS:
            break
    return (1 + hits) / (1 + done)


def table_p(table: Any, statistic: Callable[[Any], Any], seed: int) -> float:
    """The permutation p of a table of counts among those with its margins."""
    rng = np.random.Generator(np.random.PCG64(seed))
    observed = float(statistic(table[None])[0])
    observed -= 1e-9 * max(1.0, abs(observed))
    return drawn_p(observed, lambda draws: statistic(same_margins(table, draws, rng)))


def same_margins(table: Any, draws: int, rng: Any) -> Any:
    """Tables drawn with the margins of `table`: multivariate hypergeometric beside two, else cell by cell."""
    if min(table.shape) == 1:
        return np.broadcast_to(table, (draws, *table.shape))
    rows, columns = table.sum(1), table.sum(0)
    if table.shape[0] == 2:
        one = rng.multivariate_hypergeometric(columns, int(rows[0]), size=draws, method="marginals")
        return np.stack([one, columns - one], axis=1)
    if table.shape[1] == 2:
        one = rng.multivariate_hypergeometric(rows, int(columns[0]), size=draws, method="marginals")
        return np.stack([one, rows - one], axis=2)
    rows, columns = rows[rows > 0], columns[columns > 0]
    out = np.zeros((draws, *table.shape), np.int64)
    some = np.ix_(np.arange(draws), np.flatnonzero(table.sum(1)), np.flatnonzero(table.sum(0)))
    out[some] = cell_by_cell(rows, columns, draws, rng)
    return out


def cell_by_cell(rows: Any, columns: Any, draws: int, rng: Any) -> Any:
    """Tables with these margins: given the cells before it, a cell is hypergeometric."""
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


def flip_p(terms: Any, seed: int) -> float:
    """The permutation p of a sum whose terms' signs are flipped; many clusters are flipped in 1,000 random blocks."""
    rng = np.random.Generator(np.random.PCG64(seed))
    if len(terms) > 1_000:
        terms = np.bincount(rng.permutation(len(terms)) % 1_000, weights=terms, minlength=1_000)

    def draw(draws: int) -> Any:
        return np.abs((2.0 * rng.integers(0, 2, (draws, len(terms)), dtype=np.int8) - 1) @ terms)

    return drawn_p(abs(terms.sum()) * (1 - 1e-9), draw)


def pooled(values: Any, most: int) -> Any:
    """A bin for each value: the values themselves, or at most so many bins of near-equal weight, ties together."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(counts) <= most:
        return codes
    middle = np.cumsum(counts) - counts / 2
    place = np.minimum((middle / counts.sum() * most).astype(int), most - 1)
    return np.unique(place, return_inverse=True)[1][codes]


def crossed(a: Any, b: Any) -> Any:
    """The table of counts of two arrays of codes from 0."""
    table = np.zeros((a.max() + 1, b.max() + 1), np.int64)
    np.add.at(table, (a, b), 1)
    return table


def scores(weights: Any) -> Any:
    """Midranks of bins around 0."""
    return np.cumsum(weights) - weights / 2 - weights.sum() / 2


def rank_p(x: Any, y: Any, seed: int) -> float:
    """The permutation p of Spearman's statistic on 8 bins a side, 32 beside a column of two values."""
    two_x, two_y = (len(np.unique(v)) == 2 for v in (x, y))
    table = crossed(pooled(x, 32 if two_y else 8), pooled(y, 32 if two_x else 8))
    a, b = scores(table.sum(1)), scores(table.sum(0))
    return table_p(table, lambda t: np.abs(np.einsum("bij,i,j->b", t, a, b)), seed)


def superiority_p(a: Any, b: Any, seed: int) -> float:
    """The permutation p of the Mann-Whitney statistic on at most 64 bins."""
    table = crossed(np.repeat([0, 1], [len(a), len(b)]), pooled(np.concatenate([a, b]), 64))
    score = np.cumsum(table.sum(0)) - table.sum(0) / 2
    expected = table[0].sum() / table.sum() * float(table.sum(0) @ score)
    return table_p(table, lambda t: np.abs(t[:, 0, :] @ score - expected), seed)
