"""What exploration documents can be told apart by: the levels of labels, and the ends of numbers and dates.

Knows exploration rows beside their texts. Must never know a sealed row, or what becomes of a
contrast.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from ..data.schema import Column
from ..text.lexicons import STOP
from ..text.words import words_of
from .text_merge import stem_of

_FEWEST = 20
_FEWEST_OF_A_THIRD = 6
_MOST_LEVELS = 12
_SPLITS = frozenset("train training test testing val valid validation dev heldout holdout ood".split())
_SPLIT_NAMES = frozenset("split fold partition subset".split())
_HANDLE = 0.04
"""Part of the documents that an @name must stand in, for words made of it to be taken for that name."""
_NAMING = 4
"""Letters from which a word that a name holds, or that holds it, is taken for the name."""


class Side(NamedTuple):
    """One question that documents may answer: what is more frequent on side `a` than on side `b`?"""

    column: str
    a: NDArray[np.bool_]
    b: NDArray[np.bool_]
    names: frozenset[str]
    """Words of the column's own name and levels: a term that repeats them says nothing."""
    many: bool
    """Whether it is one of more than two levels."""
    values: NDArray[np.float64]
    """Where the documents stand: 1 and 0 for sides, or the number or date itself; NaN where missing."""
    moves: bool = False
    """Whether these are a number or a date."""


def sides_of(rows: Rows, among: Iterable[str] | None = None) -> list[Side]:
    """Every contrast that the table's own columns offer, in the table's order.

    A label is contrasted level by level with its other levels, of a number or date the upper with the lower third.
    Columns that only divide data into training and test are passed by, and so is one that divides the rows just as an
    earlier one does.
    """
    out: list[Side] = []
    seen: list[NDArray] = []
    for name in rows.columns if among is None else among:
        column = rows.columns[name]
        if column.computed is not None or not column.analysed or is_split(column):
            continue
        if column.type in ("boolean", "category"):
            codes = rows.codes(name)
            if not any(_same_division(codes, other) for other in seen):
                out.extend(_of_label(column, codes))
                seen.append(codes)
        else:
            out.extend(_of_number(column, rows.number(name)))
    return out


def is_split(column: Column) -> bool:
    """Whether a label says which part of the data was for training and which for testing."""
    if column.type not in ("boolean", "category"):
        return False
    said = [set(re.split(r"[^a-z]+", level.lower())) for level in column.levels]
    if sum(bool(words & _SPLITS) for words in said) == len(said):
        return len(said) > 1
    return column.name.lower() in _SPLIT_NAMES and any(words & _SPLITS for words in said)


def _same_division(one: NDArray, two: NDArray) -> bool:
    """Whether each level of one is a level of the other under another name."""
    pairs = len(np.unique(one.astype(np.int64) * (int(two.max()) + 2) + two))
    return pairs == len(np.unique(one)) == len(np.unique(two))


def _of_label(column: Column, codes: NDArray) -> Iterator[Side]:
    count = np.bincount(codes[codes >= 0], minlength=len(column.levels))
    usable = [int(k) for k in np.argsort(-count, kind="stable")[:_MOST_LEVELS] if count[k] >= _FEWEST]
    if len(usable) < 2 and count.sum() - max(count, default=0) < _FEWEST:
        return
    many, stems = int((count > 0).sum()) > 2, _stems(words_of(column.name))
    for k in usable:
        a, b = codes == k, (codes >= 0) & (codes != k)
        if b.sum() >= _FEWEST:
            names = stems | _stems(words_of(column.levels[k]))
            yield Side(column.name, a, b, names, many, np.where(codes >= 0, a, np.nan))


def _of_number(column: Column, x: NDArray[np.float64]) -> Iterator[Side]:
    known = np.sort(x[~np.isnan(x)])
    if len(known) < 3 * _FEWEST_OF_A_THIRD or len(np.unique(known)) < 3:
        return
    low, high = known[(len(known) - 1) // 3], known[len(known) - 1 - (len(known) - 1) // 3]
    upper, lower = x >= high, x <= low
    if low >= high or min(upper.sum(), lower.sum()) < _FEWEST_OF_A_THIRD:
        return
    for a, b, values in ((upper, lower, x), (lower, upper, -x)):
        yield Side(column.name, a, b, _stems(words_of(column.name)), False, values, moves=True)


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(stem_of(w) for w in words if w not in STOP)


class Restating:
    """Whether a word only repeats the name of a side, or an @name that many documents are addressed to."""

    def __init__(self, documents: Iterable[Iterable[str]]) -> None:
        held: dict[str, int] = {}
        total = 0
        for words in documents:
            total += 1
            for word in {w for w in words if w.startswith("@")}:
                held[word[1:]] = held.get(word[1:], 0) + 1
        self._handles = sorted(h for h, n in held.items() if n >= max(_HANDLE * total, 5) and len(h) >= _NAMING)

    def __call__(self, word: str, side: Side) -> bool:
        """Whether `word` restates `side`."""
        bare = word.lstrip("#@").replace("'", "")
        if stem_of(bare) in side.names:
            return True
        return len(bare) >= 3 and any(
            h.startswith(bare) or (len(bare) >= _NAMING and (bare in h or h in bare)) for h in self._handles
        )
