"""The rows that break a mapping between two columns, as cases with what would be usual.

Knows two columns of the exploration rows as codes. Must never know free text or identifiers, nor a sealed row.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.rows import BoolArray, Rows
from .spread import day, figure


def unusual(rows: Rows, a: str, b: str) -> BoolArray:
    """Rows, shape (n,), whose `b` is not the most frequent one of their `a`; False where a value is missing."""
    (x, one), (y, two) = _named_codes(rows, a), _named_codes(rows, b)
    usual = _usual(x, y, len(one), len(two))
    return (x >= 0) & (y >= 0) & (y != usual[np.maximum(x, 0)])


def both_known(rows: Rows, a: str, b: str) -> int:
    """Rows with both values."""
    return int(np.count_nonzero((_named_codes(rows, a)[0] >= 0) & (_named_codes(rows, b)[0] >= 0)))


def cases(rows: Rows, a: str, b: str, odd: BoolArray) -> tuple[str, ...]:
    """At most three of the cases in these rows, the most frequent first: `c10 with s3, usually s2`."""
    (x, one), (y, two) = _named_codes(rows, a), _named_codes(rows, b)
    usual = _usual(x, y, len(one), len(two))
    pairs, counts = np.unique(x[odd].astype(np.int64) * len(two) + y[odd], return_counts=True)
    found = [divmod(int(pairs[k]), len(two)) for k in np.lexsort((pairs, -counts))[:3]]
    return tuple(f"{one[i]} with {two[j]}, usually {two[usual[i]]}" for i, j in found)


def _usual(x: NDArray, y: NDArray, one: int, two: int) -> NDArray[np.int64]:
    """The most frequent code of `y` for each code of `x`, -1 where there is none."""
    good = (x >= 0) & (y >= 0)
    pairs, counts = np.unique(x[good].astype(np.int64) * two + y[good], return_counts=True)
    order = np.lexsort((-pairs, counts))  # the most frequent last, so that it is the one that stays
    usual = np.full(one, -1, np.int64)
    usual[pairs[order] // two] = pairs[order] % two
    return usual


def _named_codes(rows: Rows, name: str) -> tuple[NDArray, Sequence[str]]:
    column = rows.columns[name]
    if column.type in ("category", "boolean"):
        return rows.codes(name), column.levels
    codes, values = rows.ordinal(name)
    return codes, [day(v) if column.type == "datetime" else figure(float(v)) for v in values]
