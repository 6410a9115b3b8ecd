"""Exact duplicates: copies of one row, or different rows that a coarse table cannot tell apart?

Knows how often values repeat and how many rows nearly agree. Must never know what any column means.
"""

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset
from .fetching import fetch
from .readers_binary import quoted

_CELLS = 3_000_000
"""Cells that are looked at; of larger tables the rows whose digest lies lowest, so that equal rows come together."""
_COLUMNS = 20
_PLAUSIBLE = 0.05
_SEED = 0


def are_copies(data: Dataset) -> bool:
    """Whether the repeated rows are copies rather than coincidences of coarse columns.

    Rows that agree by chance have company: pairs of rows that agree in everything but one column. With s the
    share of pairs of different rows that agree in that column, each such pair stands for s / (1 - s) pairs that agree
    in it too. Where, for some column, this makes at least a twentieth of the equal pairs seen, coincidence is
    plausible and the rows are kept. Copies have no such company, as a column that is nearly unique sees to, and
    count once. Columns that repeat each other (a class as number and as word) change nothing.
    """
    if data.duplicates == 0:
        return False
    codes, share = _codes(data)
    if not codes:
        return False  # no column tells any two rows apart
    mark = np.random.default_rng(_SEED).integers(0, 2**62, (len(codes), max(int(c.max()) for c in codes) + 1), np.int64)
    own = [mark[at][c] for at, c in enumerate(codes)]
    with np.errstate(over="ignore"):
        whole = np.sum(own, axis=0)
    equal = _pairs(whole)
    if equal == 0:
        return False
    _, first = np.unique(whole, return_index=True)
    agree = np.array([_pairs(c[first]) / max(len(first) * (len(first) - 1) / 2, 1) for c in codes])
    order = np.argsort(agree, kind="stable")
    for at in order if len(order) <= 2 * _COLUMNS else [*order[:_COLUMNS], *order[-_COLUMNS:]]:
        nearly = (_pairs(whole - own[at]) - equal) / share  # of such pairs each row was drawn for itself
        if agree[at] < 1 and nearly * agree[at] / (1 - agree[at]) >= _PLAUSIBLE * equal:
            return False
    return True


def _codes(data: Dataset) -> tuple[list[NDArray[np.int64]], float]:
    """Each column as codes from 0, missing being a value of its own, and the share of the rows looked at."""
    names = [c.name for c in data.columns if c.name not in data.surrogates and c.type not in ("constant", "empty")]
    if not names:
        return [], 1.0
    share = min(1.0, _CELLS / (data.rows * max(len(names), 1)))
    under = "" if share == 1.0 else f" WHERE _content < '{int(share * 16**12):012x}'"
    got = fetch(data, f"SELECT {', '.join(map(quoted, names))} FROM data{under}")
    arrays = [a.astype(str) if a.dtype.kind == "O" else a for a in got.values()]
    return [np.unique(a, return_inverse=True)[1] for a in arrays], share


def _pairs(values: NDArray) -> float:
    """How many pairs of rows have the same value."""
    count = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((count * (count - 1)).sum() / 2)
