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


SAMPLE = 20_000
"""Values of a column that its cuts are read from."""
_Op = Literal["==", "!=", "<", "<=", ">", ">="]
_Side = tuple[_Op, float]


class Term(Value):
    """One condition on a column."""

    column: str
    op: _Op
    value: str | float


class Selectors(NamedTuple):
    """Conditions as unions of bins."""

    terms: tuple[Term, ...]
    owner: NDArray[np.int32]
    """The column of each condition, as its place among the columns, shape (s,)."""
    unions: NDArray[np.float32]
    """Which bins each condition holds, shape (s, b)."""
    bins: NDArray[np.float32]
    """Bins of all columns by rows, one-hot, shape (b, n); a missing value is in none."""


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
    blocks: list[tuple[NDArray[np.int32], int]] = []
    start = 0
    for at, name in enumerate(names):
        codes, found = _column(rows, name, bins)
        k = int(codes.max(initial=-1)) + 1
        if k < 2:
            continue
        blocks.append((codes, k))
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
    matrix = np.empty((start, rows.n), np.float32)
    line = iter(matrix)
    for codes, k in blocks:
        for code in range(k):
            next(line)[:] = codes == code
    return Selectors(tuple(terms), np.array(owner, np.int32), unions, matrix)


def mask_of(places: Sequence[int], found: Selectors) -> NDArray[np.bool_]:
    """Rows where the conditions at these places all hold, shape (n,)."""
    held = np.ones(found.bins.shape[1], bool)
    for at in places:
        held &= (found.bins[found.unions[at] > 0]).any(axis=0)
    return held


def _column(rows: Rows, name: str, bins: int) -> tuple[NDArray, list[tuple[Term, NDArray[np.bool_]]]]:
    """Bins of a column as codes, -1 where missing, and its conditions with the bins that each holds."""
    column = rows.column(name)
    if column.type in ("boolean", "category"):
        codes = rows.codes(name)
        k = min(len(column.levels), MOST_LEVELS)
        small = np.where(codes < k, codes, k)
        return small, list(_level_terms(name, column.levels[:k], int(small.max(initial=-1)) + 1))
    x = rows.number(name)
    cuts, terms = _cuts(x, column.integer, bins)
    codes = np.zeros(len(x), np.int32)
    for cut in cuts:  # few: comparing with each takes a tenth of a search for every row
        codes += x > cut
    codes[np.isnan(x)] = -1
    return codes, list(_range_terms(name, terms, len(cuts) + 1))


def _level_terms(name: str, levels: Sequence[str], k: int) -> Iterator[tuple[Term, NDArray[np.bool_]]]:
    """Each level, and with three or more also every other one."""
    for at, level in enumerate(levels):
        held = np.arange(k) == at
        yield Term(column=name, op="==", value=level), held
        if k > 2:
            yield Term(column=name, op="!=", value=level), ~held


def _cuts(x: NDArray, integer: bool, bins: int) -> tuple[NDArray, list[tuple[_Side, _Side]]]:
    """Figures between ranges of about equally many rows, ascending, and how each range ends and starts.

    A value is below a cut if it is at most the cut. On long columns the cuts are those of a fixed part of the rows.
    """
    known = x[~np.isnan(x)]
    values, counts = np.unique(known[:: max(1, len(known) // SAMPLE)], return_counts=True)
    starts = np.arange(1, len(values))
    if len(values) > bins:
        middle = (np.cumsum(counts) - counts / 2) / counts.sum()
        starts = np.flatnonzero(np.diff(np.floor(middle * bins), prepend=0.0) > 0)
        starts = starts[starts > 0]
    cuts, sides = [], []
    for at in starts:
        low, high = float(values[at - 1]), float(values[at])
        cut = high - 1 if integer else plain_between(low, high)
        cuts.append(cut)
        below: _Side = ("<", high) if integer and low < cut else ("<=", cut)
        sides.append((below, (">=", high) if integer else (">", cut)))
    return np.array(cuts), sides


def _range_terms(name: str, sides: Sequence[tuple[_Side, _Side]], k: int) -> Iterator[tuple[Term, NDArray[np.bool_]]]:
    """Below and above each cut."""
    for at, (below, above) in enumerate(sides, 1):
        beyond = np.arange(k) >= at
        yield Term(column=name, op=above[0], value=above[1]), beyond
        yield Term(column=name, op=below[0], value=below[1]), ~beyond


def plain_between(low: float, high: float) -> float:
    """A figure with as few decimals as may be that parts two values: `low` <= it < `high`."""
    size = max(abs(low), abs(high), 1e-300)
    start = -int(np.floor(np.log10(size)))
    for digits in range(start, start + 17):
        cut = round(low + (high - low) / 2, digits)
        if low <= cut < high:
            return float(cut)
    return low
