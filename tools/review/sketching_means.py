"""Means of numbers by the levels of labels: which pairs are kept of a table, and what they are.

Knows codes and numbers of one table. Must never know a claim, or keep a level of fewer than ten rows.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .sketch import ColumnSketch, LevelMeans, Sketch

FEWEST, MOST_LEVELS = 10, 24
MOST_LABELS, MOST_NUMBERS = 30, 60
"""Columns that are looked at, the first of the table."""
A_NUMBER, ALL = 12, 240
"""Labels that are kept for one number, and pairs in all: those that tell most of it."""
_EXACT = 52
"""Bits of a whole number that a float holds whatever the order of adding up."""
_DIGITS, _FEW_DIGITS = 10, 4


class Coded(NamedTuple):
    """A label as each row's place among its levels; the number of levels stands for none of them."""

    name: str
    levels: tuple[str, ...]
    codes: NDArray[np.intp]
    sizes: NDArray[np.intp]
    """Rows by level, those of none last."""


def coded(name: str, levels: Sequence[str], codes: NDArray[np.intp]) -> Coded:
    """A label with the rows of each of its levels."""
    return Coded(name, tuple(levels), codes, np.bincount(codes, minlength=len(levels) + 1))


class Pairs(NamedTuple):
    """What to compute: levels by label, labels by number."""

    labels: Mapping[str, Sequence[str]]
    numbers: Mapping[str, Sequence[str]]


def pairs_like(like: Sketch | None, columns: Mapping[str, ColumnSketch]) -> Pairs:
    """The pairs of an earlier sketch that these columns allow, or all that may be worth keeping."""
    levels = {c.name: x for c in columns.values() if len(x := _levels(c)) > 1}
    if like is not None and like.means:
        # Learned levels first: where one of them is gone, there is room for what came in its place.
        first: dict[str, list[str]] = {}
        for m in like.means:
            if m.label in levels and m.label not in first:
                known = [x for x in m.levels if x in levels[m.label]]
                first[m.label] = list(dict.fromkeys([*known, *levels[m.label]]))[:MOST_LEVELS]
        levels = first
        wanted: dict[str, list[str]] = {}
        for m in like.means:
            if m.label in levels and m.number in columns and columns[m.number].kind == "number":
                wanted.setdefault(m.number, []).append(m.label)
        return Pairs(levels, wanted)
    levels = dict(list(levels.items())[:MOST_LABELS])
    numbers = [c.name for c in columns.values() if c.kind == "number" and c.distinct > 2][:MOST_NUMBERS]
    return Pairs(levels, {x: [label for label in levels if label != x] for x in numbers})


def _levels(column: ColumnSketch) -> list[str]:
    """Levels that rows can be told apart by: those of a label, or of a number with few values."""
    if column.kind not in ("label", "number"):
        return []
    return [x for x, n in column.levels.items() if n >= FEWEST and "\0" not in x][:MOST_LEVELS]


def level_means(
    pairs: Pairs, labels: Sequence[Coded], read: Callable[[str], NDArray[np.float64]], like: Sketch | None
) -> tuple[LevelMeans, ...]:
    """Means by level, by number and then by label.

    Args:
        pairs: What to compute.
        labels: Coded, each of shape (n,).
        read: A number's values in the same order of rows, NaN where missing.
        like: Where given, all pairs are kept; else those that tell most.
    """
    found: list[tuple[float, LevelMeans]] = []
    by_name = {c.name: c for c in labels}
    for number, wanted in pairs.numbers.items():
        some = [by_name[x] for x in wanted]
        mine = _of_number(number, read(number), some) if some else []
        found += mine if like is not None else sorted(mine, key=lambda m: -m[0])[:A_NUMBER]
    if like is None and len(found) > ALL:
        found = sorted(found, key=lambda m: -m[0])[:ALL]
    place = {(x, label): (i, j) for i, (x, ls) in enumerate(pairs.numbers.items()) for j, label in enumerate(ls)}
    return tuple(sorted((m for _, m in found), key=lambda m: place[m.number, m.label]))


def _of_number(number: str, x: NDArray[np.float64], labels: Sequence[Coded]) -> list[tuple[float, LevelMeans]]:
    """Each label's means of the number, with the share of its variance that lies between its levels."""
    there = np.isfinite(x)
    whole = bool(there.all())
    kept = x if whole else x[there]
    if kept.size < FEWEST:
        return []
    low, high = float(kept.min()), float(kept.max())
    middle, reach = low / 2 + high / 2, high / 2 - low / 2
    if not np.isfinite(reach) or reach <= 0:
        return []
    bits = _EXACT - int(kept.size).bit_length()
    step = reach / 2.0**bits
    steps = np.rint((kept - middle) / step)
    wide = 2.0 ** ((bits + 1) // 2)  # the sum of squares of what is left is exact as well
    squares = np.rint(steps / wide) ** 2
    out = []
    for c in labels:
        codes, size = (c.codes if whole else c.codes[there]), len(c.levels) + 1
        n = c.sizes if whole else np.bincount(codes, minlength=size)
        total = np.bincount(codes, weights=steps, minlength=size)
        inside = np.bincount(codes, weights=squares, minlength=size) / np.maximum(n, 1)
        means = total / np.maximum(n, 1)
        spreads = step * wide * np.sqrt(np.maximum(inside - (means / wide) ** 2, 0.0))
        at = [k for k in range(len(c.levels)) if n[k] >= FEWEST]
        if at:
            between = float((n * (means - total.sum() / n.sum()) ** 2).sum())
            found = LevelMeans(
                label=c.name, number=number,
                levels={c.levels[k]: (int(n[k]), _short(middle + step * means[k], _DIGITS)) for k in at},
                spreads={c.levels[k]: _short(spreads[k] * (n[k] / (n[k] - 1)) ** 0.5, _FEW_DIGITS) for k in at},
            )  # fmt: skip
            out.append((between, found))
    spread = float(squares.sum()) * wide**2 or 1.0
    return [(between / spread, m) for between, m in out]


def _short(x: float, digits: int) -> float:
    return float(f"{x:.{digits}g}")
