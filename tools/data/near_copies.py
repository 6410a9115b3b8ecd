"""Rows whose texts nearly repeat each other: copies that count once, or different rows that say the same?

Knows texts, and how alike the rows of one group are in the other columns. Must never know what any column means.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset
from .fetching import fetch
from .readers_binary import quoted
from .schema import Column
from .texts import fullest_text

ALIKE = 0.2
"""Agreement within groups, beyond chance as a share of what is possible (kappa), from which rows are copies."""
_LABELS = ("boolean", "category", "number", "datetime")
_BINS = 10
_COLUMNS = 40


class NearCopies(NamedTuple):
    """Rows whose texts nearly repeat each other."""

    rows: NDArray[np.int64]
    """Their row numbers, shape (n,)."""
    groups: NDArray[np.int64]
    """The group of each, shape (n,)."""
    aside: NDArray[np.int64]
    """Those that are set aside, so that each group counts once; none where rows of a group differ as any rows do."""


def find_near_copies(data: Dataset) -> NearCopies | None:
    """The near-copies among the rows of the view `kept`, by the column of text that holds most.

    A text that is sent again (a retweet, a mail from a template) is no new observation: held-out rows that nearly
    repeat explored ones verify nothing, and fifty of them are not fifty. Where rows of a group agree in some other
    column beyond chance (kappa .2; each group counts the same), or there is no other column to tell, all but one of
    each group are set aside: the one whose content has the least digest stays. Where they agree in nothing else, they
    are different rows that say the same, and stay, on one side of the split.

    Returns:
        None where there is no column of text, or no two texts are near.
    """
    column = fullest_text(data)
    if column is None:
        return None
    from ..text.near import near_duplicates

    others = [c for c in data.columns if c.type in _LABELS and 2 <= c.distinct][:_COLUMNS]
    names = ", ".join(quoted(c.name) for c in others)
    text = quoted(column.name)
    got = fetch(data, f"SELECT _row, {text} AS _text FROM kept ORDER BY _content, _row")
    group = near_duplicates(list(got["_text"]))
    near = np.flatnonzero(group >= 0)
    if not len(near):
        return None
    rows, groups = got["_row"].astype(np.int64)[near], group[near]
    if others:
        cells = fetch(data, f"SELECT {names} FROM kept ORDER BY _content, _row")
        if not any(_agreement(_codes(cells[c.name], c), near, groups) >= ALIKE for c in others):
            return NearCopies(rows, groups, np.empty(0, np.int64))
    _, first = np.unique(groups, return_index=True)
    return NearCopies(rows, groups, np.delete(rows, first))


def _codes(cells: NDArray, column: Column) -> NDArray[np.int64]:
    """Labels as codes, numbers and dates of many values as tenths of their ranks; missing is a code of its own."""
    if column.type in ("boolean", "category") or column.distinct <= _BINS:
        return np.unique(cells.astype(str), return_inverse=True)[1].astype(np.int64)
    x = cells.astype("datetime64[us]").astype(np.float64) if cells.dtype.kind == "M" else cells.astype(np.float64)
    missing = np.isnat(cells) if cells.dtype.kind == "M" else np.isnan(x)
    ranks = np.unique(np.where(missing, 0.0, x), return_inverse=True)[1]
    edges = np.quantile(ranks[~missing], np.arange(1, _BINS) / _BINS)
    return np.where(missing, -1, np.searchsorted(edges, ranks, side="left")).astype(np.int64) + 1


def _agreement(codes: NDArray[np.int64], near: NDArray[np.int64], groups: NDArray[np.int64]) -> float:
    """How much more often than any two rows those of one group agree, 1 where always, 0 as by chance."""
    share = np.bincount(codes) / len(codes)
    chance = float((share**2).sum())
    if chance >= 1:
        return 0.0
    width = int(codes.max()) + 1
    _, at, size = np.unique(groups, return_inverse=True, return_counts=True)
    cell, count = np.unique(at.astype(np.int64) * width + codes[near], return_counts=True)
    equal = np.bincount(cell // width, weights=count * (count - 1.0), minlength=len(size))
    several = size > 1  # others of a group may have been exact copies, which are gone
    if not several.any():
        return 0.0
    return float(((equal / np.maximum(size * (size - 1.0), 1.0))[several].mean() - chance) / (1 - chance))
