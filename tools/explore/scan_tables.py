"""Contingency tables of every pair of columns, and what is read off them: chi squared, Cramér's V, information.

Knows columns as small codes. Must never know ranks, names, nor whether a pair is worth anyone's attention.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, xlogy

from ..data.rows import FloatArray, Rows
from .scan_moments import BINS, LabelField, NumberField

MOST_LEVELS = 50
_ROWS = 1 << 15
"""Rows of a block: its codes and index stay in cache while all tables of a batch are counted."""
_CELLS = 1 << 20
"""Cells of one batch of tables."""


@dataclass(frozen=True)
class TableResult:
    """What the contingency table of a pair says."""

    n: int
    """Rows with both values."""
    information: float
    """Mutual information in nats."""
    v: float
    """Cramér's V, bias-corrected (Bergsma 2013)."""
    p_value: float
    """Of the chi squared test without continuity correction."""


def label_field(rows: Rows, name: str) -> LabelField:
    """The label column as small codes; levels beyond the 50 most frequent are pooled as one."""
    codes = rows.codes(name)
    present = len(rows.column(name).levels)
    levels = min(present, MOST_LEVELS + 1)
    small = np.minimum(codes, levels - 1)
    small = np.where(codes < 0, levels, small).astype(np.uint8)
    return LabelField(name, small, levels, bool((codes >= 0).all()))


def binned(field: NumberField) -> LabelField:
    """A number column in 16 bins of about equally many rows; equal values never part.

    With at most 16 distinct values each is its own bin.
    """
    return LabelField(field.name, field.bins[field.codes], min(field.distinct, BINS), field.complete)


def read_tables(
    fields: Sequence[LabelField], pairs: Iterable[tuple[int, int]], pool: Executor
) -> dict[tuple[int, int], TableResult]:
    """The contingency table of each pair, read; rows that miss either value are left out."""
    batches = list(_batches(fields, pairs))
    out: dict[tuple[int, int], TableResult] = {}
    for batch, found in zip(batches, pool.map(lambda b: _read(_count(fields, b)), batches), strict=True):
        out.update(zip(batch, found, strict=True))
    return out


def _batches(fields: Sequence[LabelField], pairs: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Pairs in lots whose tables have one shape, so that they are counted into and read from one array."""
    shapes = defaultdict(list)
    for i, j in pairs:
        shapes[fields[i].levels, fields[j].levels].append((i, j))
    for (a, b), members in shapes.items():
        size = max(1, _CELLS // ((a + 1) * (b + 1)))
        yield from (members[at : at + size] for at in range(0, len(members), size))


def _count(fields: Sequence[LabelField], batch: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Tables of shape (pairs, levels of the first, levels of the second), missing left out."""
    first, second = (fields[k].levels + 1 for k in batch[0])
    tables = np.zeros((len(batch), first * second), np.int64)
    n = len(fields[batch[0][0]].codes)
    for at in range(0, n, _ROWS):
        rows = slice(at, at + _ROWS)
        # Two bytes hold any cell of two pooled labels, and add four times faster than eight.
        left = {i: fields[i].codes[rows] * np.uint16(second) for i in {i for i, _ in batch}}
        right = {j: fields[j].codes[rows].astype(np.uint16) for j in {j for _, j in batch}}
        for k, (i, j) in enumerate(batch):
            tables[k] += np.bincount(left[i] + right[j], minlength=first * second)
    return tables.reshape(len(batch), first, second)[:, :-1, :-1]


def _read(tables: NDArray[np.int64]) -> list[TableResult]:
    t = tables.astype(np.float64)
    rows, columns, n = t.sum(2), t.sum(1), t.sum((1, 2))
    total = np.maximum(n, 1.0)
    information = (
        xlogy(t, t).sum((1, 2)) - xlogy(rows, rows).sum(1) - xlogy(columns, columns).sum(1)
    ) / total + np.log(total)
    information = np.where(information > 1e-12, information, 0.0)
    expected = rows[:, :, None] * columns[:, None, :] / total[:, None, None]
    chi2 = ((t - expected) ** 2 / np.where(expected > 0, expected, 1.0)).sum((1, 2))
    v, p = cramers_v(chi2, n, (rows > 0).sum(1), (columns > 0).sum(1))
    return [TableResult(int(a), *map(float, rest)) for a, *rest in zip(n, information, v, p, strict=True)]


def cramers_v(chi2: FloatArray, n: FloatArray, rows: NDArray, columns: NDArray) -> tuple[FloatArray, FloatArray]:
    """Bias-corrected Cramér's V and the p of chi squared, from tables with so many used rows and columns.

    A table with one used row or column says nothing: V is 0 and p is 1.

    References:
        Bergsma, W. (2013). A bias-correction for Cramér's V and Tschuprow's T. doi:10.1016/j.jkss.2012.10.002
    """
    df = np.maximum((rows - 1) * (columns - 1), 0)
    usable = (df > 0) & (n > 2)
    many = np.where(usable, n, 3.0)
    phi2 = np.maximum(0.0, chi2 / many - df / (many - 1))
    narrow = np.minimum(rows - (rows - 1) ** 2 / (many - 1), columns - (columns - 1) ** 2 / (many - 1)) - 1
    v = np.sqrt(np.where(usable & (narrow > 0), phi2 / np.where(narrow > 0, narrow, 1.0), 0.0))
    p = np.where(usable, chdtrc(np.maximum(df, 1), chi2), 1.0)
    return np.minimum(v, 1.0), p
