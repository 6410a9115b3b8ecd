"""Ranks and moments of number columns: Pearson, Spearman and the rank sums behind Kruskal and Wallis.

Knows arrays with missing values and which rows two columns share. Must never know what a column means, nor
whether a pair is worth anyone's attention.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.rows import CodeArray, FloatArray, Rows

BINS = 16
_CELLS = 1 << 20
"""Values in one block of the pass: 8 MB, so that a block and its products stay in cache."""
_CANCELLED = 1e-6
"""Share of the raw second moment below which a one-pass variance has lost too many digits."""


@dataclass(frozen=True)
class NumberField:
    """One number column, ready for the pass. A table indexed by the dense code -1 gives its last entry, 0."""

    name: str
    x: FloatArray
    codes: CodeArray
    ranks: NDArray
    """Midrank of each distinct value less the mean rank, with a last 0 for missing."""
    rank_ss: float
    """Sum of the squared centred ranks over the rows with a value."""
    bins: NDArray[np.uint8]
    """Quantile bin of each distinct value, with a last one for missing: a byte each, where counts would take eight."""
    n: int
    complete: bool
    scale: float
    center: float
    """`x * scale - center` has mean 0 and sd 1."""

    @property
    def distinct(self) -> int:
        """How many distinct values there are."""
        return len(self.bins) - 1

    def standardised(self, at: slice) -> FloatArray:
        """The values of a block at mean 0 and sd 1, missing as 0."""
        z = self.x[at] * self.scale - self.center
        return z if self.complete else np.where(self.codes[at] < 0, 0.0, z)


@dataclass(frozen=True)
class LabelField:
    """One category or boolean, its codes as uint8; the code `levels` stands for missing."""

    name: str
    codes: NDArray[np.uint8]
    levels: int
    complete: bool


@dataclass(frozen=True)
class Moments:
    """What one pass over the rows leaves, for q numbers of which d have missing values and for each label."""

    cross: FloatArray
    """Products of values with values, shape (q, q)."""
    rank_cross: FloatArray
    """Products of centred ranks with centred ranks, shape (q, q); exact where both columns are complete."""
    sums: FloatArray
    """Sum of each column's values over the rows valid in mask m, shape (q, d + 1); mask 0 holds all rows."""
    squares: FloatArray
    """The same of the squares."""
    shared: FloatArray
    """Rows valid in two masks, shape (d + 1, d + 1)."""
    groups: tuple[FloatArray, ...]
    """A label's level by level sums of the q ranks and the d + 1 masks, shape (levels + 1, q + d + 1)."""


def number_field(rows: Rows, name: str) -> NumberField:
    """The column with its ranks, read off its dense codes."""
    x, (codes, values) = rows.number(name), rows.ordinal(name)
    n = int(rows.n - np.count_nonzero(codes < 0))
    counts = np.bincount(codes if n == rows.n else codes[codes >= 0], minlength=len(values))
    top, mean, sd = _scale(values, counts, n)
    del values  # of a column of nearly unique values each of these arrays is as long as the column
    bins, middle = _quantile_bins(counts, n), centred_midranks(counts)
    # Centred midranks are multiples of a half: float32 holds them exactly up to 2**24 rows.
    ranks = np.zeros(len(middle) + 1, np.float32 if rows.n < 1 << 24 else np.float64)
    ranks[:-1] = middle
    middle *= middle
    safe = sd if sd > 0 else 1.0
    return NumberField(
        name, x, codes, ranks, float(middle @ counts), bins, n, n == rows.n,
        1.0 / top / safe if top > 0 else 1.0, mean / safe,
    )  # fmt: skip


def _scale(values: FloatArray, counts: NDArray[np.int64], n: int) -> tuple[float, float, float]:
    """The largest size of distinct values, and mean and standard deviation of the column over it."""
    top = float(np.abs(values[[0, -1]]).max()) if len(values) else 0.0
    unit = values / top if top > 0 else values.copy()
    mean = float(unit @ counts) / n if n else 0.0
    unit -= mean
    unit *= unit
    return top, mean, float(np.sqrt(unit @ counts / n)) if n else 0.0


def _quantile_bins(counts: NDArray[np.int64], n: int) -> NDArray[np.uint8]:
    """The bin of each distinct value among 16 of about equally many rows, and one for missing.

    With at most 16 distinct values each is its own bin.
    """
    if len(counts) <= BINS:
        return np.arange(len(counts) + 1, dtype=np.uint8)
    middle = _middles(counts)
    middle *= BINS
    middle /= n
    out = np.full(len(counts) + 1, BINS, np.uint8)
    np.floor(middle, out=out[:-1], casting="unsafe")
    return out


def _middles(counts: NDArray) -> FloatArray:
    """The rows below each distinct value and half of its own, in ascending order.

    Whole numbers and halves: exact, however they are added up.
    """
    out = np.cumsum(counts, dtype=np.float64)
    half = counts * 0.5
    out -= half
    return out


def centred_midranks(counts: NDArray) -> FloatArray:
    """The midrank of each distinct value less the mean rank, from the rows of each in ascending order."""
    out = _middles(counts)
    out -= float(counts.sum()) / 2
    return out


def midranks_of(values: FloatArray) -> FloatArray:
    """Centred midranks of values of which none is missing, shape (n,)."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return centred_midranks(counts)[codes]


def ranks_within(codes: CodeArray, distinct: int) -> tuple[FloatArray, float]:
    """Centred midranks of some rows of a column among themselves, and their sum of squares."""
    counts = np.bincount(codes, minlength=distinct).astype(np.float64)
    middle = centred_midranks(counts)
    out = middle[codes]
    middle *= middle
    return out, float(middle @ counts)


def moments(numbers: Sequence[NumberField], labels: Sequence[LabelField], n: int, pool: Executor) -> Moments:
    """All products and group sums in one blocked pass.

    Blocks have the same bounds whatever the number of threads and are added in order, so the result is too.
    """
    q, masked = len(numbers), [f for f in numbers if not f.complete]
    width = max(1024, _CELLS // max(2 * q + len(masked) + 1, 1))
    blocks = [slice(at, min(at + width, n)) for at in range(0, n, width)]
    total: list[FloatArray] | None = None
    for part in pool.map(lambda at: _block(numbers, masked, labels, at), blocks):
        if total is None:
            total = part
        else:
            for whole, piece in zip(total, part, strict=True):
                whole += piece
    total = total or _block(numbers, masked, labels, slice(0, 0))
    return Moments(*total[:5], groups=tuple(total[5:]))


def _block(
    numbers: Sequence[NumberField], masked: Sequence[NumberField], labels: Sequence[LabelField], at: slice
) -> list[FloatArray]:
    q, rows = len(numbers), at.stop - at.start
    values, ranked = np.empty((q, rows)), np.empty((q + len(masked) + 1, rows))
    for k, field in enumerate(numbers):
        values[k] = field.standardised(at)
        ranked[k] = field.ranks[field.codes[at]]
    ranks, masks = ranked[:q], ranked[q:]
    masks[0] = 1.0
    for k, field in enumerate(masked):
        masks[k + 1] = field.codes[at] >= 0
    groups = []
    for label in labels:
        codes = label.codes[at].astype(np.intp)
        sums = [np.bincount(codes, weights=row, minlength=label.levels + 1) for row in ranked]
        groups.append(np.stack(sums, axis=1))
    sums, shared = values @ masks.T, masks @ masks.T
    cross = values @ values.T
    np.multiply(values, values, out=values)
    return [cross, ranks @ ranks.T, sums, values @ masks.T, shared, *groups]


def pearson_matrix(numbers: Sequence[NumberField], got: Moments) -> FloatArray:
    """Pairwise-complete Pearson correlations, shape (q, q); NaN where a side does not vary."""
    at = mask_index(numbers)
    shared = got.shared[np.ix_(at, at)]
    sums, squares = got.sums[:, at], got.squares[:, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = squares - sums**2 / shared
        r = (got.cross - sums * sums.T / shared) / np.sqrt(spread * spread.T)
        lost = ~(spread > _CANCELLED * squares)
    for i, j in np.argwhere(np.triu(lost | lost.T, 1)):
        r[i, j] = r[j, i] = _two_pass(numbers[i], numbers[j])
    return np.clip(r, -1.0, 1.0)


def mask_index(numbers: Sequence[NumberField]) -> NDArray[np.int64]:
    """Which mask of `Moments` holds for each number: 0 for complete columns, 1 and on for the others."""
    incomplete = np.array([not f.complete for f in numbers], bool)
    return np.where(incomplete, np.cumsum(incomplete), 0)


def _two_pass(a: NumberField, b: NumberField) -> float:
    both = (a.codes >= 0) & (b.codes >= 0)
    x, y = a.x[both] * a.scale, b.x[both] * b.scale
    if len(x) < 2 or x.min() == x.max() or y.min() == y.max():
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    size = np.sqrt(x @ x) * np.sqrt(y @ y)
    return float(x @ y / size) if size > 0 else float("nan")


def spearman_matrix(numbers: Sequence[NumberField], got: Moments, pool: Executor) -> FloatArray:
    """Pairwise-complete Spearman correlations, shape (q, q); NaN where a side does not vary.

    Two complete columns share one ranking. Otherwise both are ranked anew among the rows that they share.
    """
    size = np.sqrt([f.rank_ss for f in numbers])
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = got.rank_cross / np.outer(size, size)
    incomplete = [i for i, f in enumerate(numbers) if not f.complete]
    for i, found in zip(incomplete, pool.map(lambda i: list(_with_missing(numbers, i)), incomplete), strict=True):
        for j, value in found:
            rho[i, j] = rho[j, i] = value
    return np.clip(rho, -1.0, 1.0)


def _with_missing(numbers: Sequence[NumberField], i: int) -> Iterator[tuple[int, float]]:
    """Spearman of column i, which has missing values, with every column whose pair it owns."""
    field = numbers[i]
    at = field.codes >= 0
    mine = field.codes[at]
    for j, other in enumerate(numbers):
        if j == i or (not other.complete and j < i):
            continue
        theirs = other.codes[at]
        both = None if other.complete else theirs >= 0
        b, b_ss = ranks_within(theirs if both is None else theirs[both], other.distinct)
        if both is None:
            a, a_ss = field.ranks[mine].astype(np.float64), field.rank_ss
        else:
            a, a_ss = ranks_within(mine[both], field.distinct)
        yield j, float(a @ b / np.sqrt(a_ss * b_ss)) if a_ss > 0 and b_ss > 0 else float("nan")


def kruskal(sums: FloatArray, counts: FloatArray, rank_ss: float) -> tuple[float, int, int]:
    """Kruskal and Wallis's H corrected for ties, the groups that have rows, and all rows.

    Args:
        sums: Sum of the centred ranks in each group.
        counts: Rows in each group.
        rank_ss: Sum of all squared centred ranks, which carries the correction for ties.
    """
    some = counts > 0
    n, k = int(counts.sum()), int(some.sum())
    if k < 2 or not rank_ss > 0:
        return 0.0, k, n
    return float((n - 1) * (sums[some] ** 2 / counts[some]).sum() / rank_ss), k, n


def kruskal_pair(label: LabelField, number: NumberField) -> tuple[float, int, int]:
    """`kruskal` of one pair whose label has missing values: the number is ranked among the shared rows."""
    both = np.flatnonzero((label.codes < label.levels) & (number.codes >= 0))
    ranks, rank_ss = ranks_within(number.codes[both], number.distinct)
    groups = label.codes[both].astype(np.intp)
    sums = np.bincount(groups, weights=ranks, minlength=label.levels).astype(np.float64, copy=False)
    counts = np.bincount(groups, minlength=label.levels).astype(np.float64)
    return kruskal(sums, counts, rank_ss)
