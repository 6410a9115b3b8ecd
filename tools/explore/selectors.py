"""Conditions that a rule may be made of: levels of labels, and ranges of numbers cut at quantiles.

Knows columns of exploration rows as small bins. Must never know an outcome, a sealed row, or which conditions will
be put together.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from ..value import Value

BINS = 8
MOST_LEVELS = 12
MIN_COVERAGE = 0.06
"""Share of rows that a condition must select and leave out; a rule is held to .05 on other rows."""


class Term(Value):
    """One condition on a column."""

    column: str
    op: Literal["==", "!=", "<", "<=", ">", ">="]
    value: str | float


class Selectors(NamedTuple):
    """Conditions as unions of bins."""

    terms: tuple[Term, ...]
    owner: NDArray[np.int32]
    """The column of each condition, as its place among the columns, shape (s,)."""
    unions: NDArray[np.float32]
    """Which bins each condition holds, shape (s, b)."""
    bins: NDArray[np.float32]
    """Rows by bins of all columns, one-hot, shape (n, b); a missing value is in none."""


def selectors(rows: Rows, names: Sequence[str], *, bins: int = BINS) -> Selectors:
    """All conditions on these columns that select at least 6 % of the rows and leave out as many.

    Args:
        rows: Exploration rows.
        names: Numbers, dates and labels; a column of one bin yields nothing.
        bins: Ranges that a number is cut into.
    """
    terms: list[Term] = []
    owner: list[int] = []
    spans: list[tuple[int, NDArray[np.bool_]]] = []
    blocks, start = [], 0
    for at, name in enumerate(names):
        codes, found = _column(rows, name, bins)
        k = int(codes.max(initial=-1)) + 1
        if k < 2:
            continue
        blocks.append(codes[:, None] == np.arange(k, dtype=codes.dtype))
        share = np.bincount(codes[codes >= 0], minlength=k) / max(rows.n, 1)
        for term, held in found:
            if MIN_COVERAGE <= share[held].sum() <= 1 - MIN_COVERAGE:
                terms.append(term)
                owner.append(at)
                spans.append((start, held))
        start += k
    unions = np.zeros((len(terms), start), np.float32)
    for row, (first, held) in zip(unions, spans, strict=True):
        row[first : first + len(held)] = held
    matrix = np.concatenate(blocks, axis=1).astype(np.float32) if blocks else np.zeros((rows.n, 0), np.float32)
    return Selectors(tuple(terms), np.array(owner, np.int32), unions, matrix)


def mask_of(places: Sequence[int], found: Selectors) -> NDArray[np.bool_]:
    """Rows where the conditions at these places all hold, shape (n,)."""
    held = np.ones(len(found.bins), bool)
    for at in places:
        held &= (found.bins[:, found.unions[at] > 0]).any(axis=1)
    return held


def _column(rows: Rows, name: str, bins: int) -> tuple[NDArray, list[tuple[Term, NDArray[np.bool_]]]]:
    """Bins of a column as codes, -1 where missing, and its conditions with the bins that each holds."""
    column = rows.column(name)
    if column.type in ("boolean", "category"):
        codes = rows.codes(name)
        k = min(len(column.levels), MOST_LEVELS)
        small = np.where(codes < k, codes, k)
        return small, list(_level_terms(name, column.levels[:k], int(small.max(initial=-1)) + 1))
    ranks, values = rows.ordinal(name)
    place, first, last = _quantile_bins(ranks, len(values), bins)
    codes = np.where(ranks < 0, -1, place[ranks]) if len(place) else ranks
    return codes, list(_range_terms(name, values[first], values[last], column.integer))


def _level_terms(name: str, levels: Sequence[str], k: int) -> Iterator[tuple[Term, NDArray[np.bool_]]]:
    """Each level, and with three or more also every other one."""
    for at, level in enumerate(levels):
        held = np.arange(k) == at
        yield Term(column=name, op="==", value=level), held
        if k > 2:
            yield Term(column=name, op="!=", value=level), ~held


def _quantile_bins(ranks: NDArray, distinct: int, bins: int) -> tuple[NDArray, NDArray, NDArray]:
    """The bin of each distinct value, and each bin's first and last value; equal values share a bin."""
    counts = np.bincount(ranks[ranks >= 0], minlength=distinct)
    if distinct <= bins:
        at = np.arange(distinct)
        return at, at, at
    middle = (np.cumsum(counts) - counts / 2) / max(counts.sum(), 1)
    _, place = np.unique(np.floor(middle * bins), return_inverse=True)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    return place, starts, np.append(starts[1:], distinct) - 1


def _range_terms(name: str, first: NDArray, last: NDArray, integer: bool) -> Iterator[tuple[Term, NDArray[np.bool_]]]:
    """Below and above each boundary between bins."""
    k = len(first)
    for at in range(1, k):
        above = np.arange(k) >= at
        low, high = float(last[at - 1]), float(first[at])
        if integer:
            yield Term(column=name, op=">=", value=high), above
            yield Term(column=name, op="<=", value=low), ~above
        else:
            cut = plain_between(low, high)
            yield Term(column=name, op=">", value=cut), above
            yield Term(column=name, op="<=", value=cut), ~above


def plain_between(low: float, high: float) -> float:
    """A figure with as few decimals as may be that parts two values: `low` <= it < `high`."""
    size = max(abs(low), abs(high), 1e-300)
    start = -int(np.floor(np.log10(size)))
    for digits in range(start, start + 17):
        cut = round(low + (high - low) / 2, digits)
        if low <= cut < high:
            return float(cut)
    return low
