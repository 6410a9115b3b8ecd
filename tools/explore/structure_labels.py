"""Labels made of other columns: near copies, two labels in one, and a label cut along a number within another label.

Knows exploration rows as codes. Must never know sealed rows, nor what a label means.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from .lead import Structure
from .structure_functions import SEED, Coded, Fixed, exceptions_of, ranges
from .structure_numbers import EXCEPTIONS, LEAST, Names, how_many

_NEAR = 0.95
"""Mutual information, beyond luck and beside the larger entropy, from which two labels are near copies."""
_ALL_BUT_FIXED = 0.98
"""Correlation ratio from which a label of many values all but fixes a number."""
_MANY, _ROWS_A_LEVEL = 10, 10
_BY_CHANCE = 10
_OFTEN_ASTRAY = 0.2
"""Share of a few rows that may break what is then looked at in full."""
_FEW, _MOST = 12, 20
_PARTLY = 0.3
"""Part of a label's entropy that another must take away before a number is asked for the rest."""
_LOOK = 1_000
_WIDEST = 200
_RAISED = {"1", "1.0", "true", "t", "yes", "y"}
"""What a flag says where it is raised."""


def near_copies(columns: Sequence[Coded], at: NDArray, done: Collection[Names]) -> Iterator[Structure]:
    """Labels that go together in nearly every row: a category and the team that handles it.

    Measured is the mutual information beside the larger of the two entropies, less what one shuffling of the rows
    gives by luck; .95 and more counts.
    """
    labels = [c for c in columns if c.type in ("category", "boolean")]
    size = {c.name: _entropy(np.bincount(c.codes[c.codes >= 0])) for c in labels}
    for a, b in combinations(labels, 2):
        one, two = size[a.name], size[b.name]
        if frozenset((a.name, b.name)) in done or min(one, two) < (_NEAR - 0.05) * max(one, two):
            continue
        if not _alike(a.codes[at[:_LOOK]], b.codes[at[:_LOOK]]):
            continue
        both = (a.codes >= 0) & (b.codes >= 0)
        x, y = a.codes[both], b.codes[both]
        if len(x) < max(LEAST, 5 * max(a.distinct, b.distinct)) or _shared(x, y) < _NEAR:
            continue
        off = exceptions_of(x, y)
        text = f"`{b.name}` is nearly a copy of `{a.name}`: its value follows {how_many(len(x), off)}."
        yield Structure(kind="near_duplicate", columns=(a.name, b.name), text=text, exceptions=off)


def _alike(x: NDArray, y: NDArray) -> bool:
    """Whether on a few rows one label goes with the other often enough for a full look."""
    good = (x >= 0) & (y >= 0)
    return bool(good.any()) and exceptions_of(x[good], y[good]) <= _OFTEN_ASTRAY * good.sum()


def _entropy(count: NDArray) -> float:
    share = count[count > 0] / max(count.sum(), 1)
    return -float((share * np.log(share)).sum())


def _shared(x: NDArray, y: NDArray) -> float:
    """Mutual information beyond luck over the larger entropy beyond luck, at most 1."""
    luck = _mutual(x, y[np.random.default_rng(SEED).permutation(len(y))])
    most = max(_entropy(np.bincount(x)), _entropy(np.bincount(y)))
    return (_mutual(x, y) - luck) / (most - luck) if most > luck else 0.0


def _mutual(x: NDArray, y: NDArray) -> float:
    width = int(y.max()) + 1
    pairs = np.unique(x.astype(np.int64) * width + y, return_counts=True)[1]
    return _entropy(np.bincount(x)) + _entropy(np.bincount(y)) - _entropy(pairs)


def crossed(
    rows: Rows, columns: Sequence[Coded], fixed: Mapping[tuple[str, str], Fixed], spare: Collection[str]
) -> Iterator[Structure]:
    """Labels that are two others in one: `2010PASS` of a year and a result. Both follow from it, and it from both."""
    own = {c.name: c for c in columns if c.name not in spare}
    for c in own.values():
        makers = [b for a, b in fixed if a == c.name and b in own and (b, a) not in fixed]
        if c.type != "category" or len(makers) < 2:
            continue
        for one, two in combinations(makers, 2):
            if (one, two) in fixed or (two, one) in fixed:
                continue
            n, off = _made_of(c, own[one], own[two])
            if n >= max(LEAST, 2 * c.distinct) and off <= EXCEPTIONS * n:
                text = f"`{c.name}` is `{one}` and `{two}` in one label {how_many(n, off, rows.n)}."
                yield Structure(kind="crossed", columns=(one, two, c.name), text=text, exceptions=off)
                break


def _made_of(c: Coded, one: Coded, two: Coded) -> tuple[int, int]:
    """The rows with all three, and those whose label does not follow from the two."""
    good = (c.codes >= 0) & (one.codes >= 0) & (two.codes >= 0)
    if not good.any():
        return 0, 0
    both = one.codes[good].astype(np.int64) * (int(two.codes.max()) + 1) + two.codes[good]
    dense = np.unique(both, return_inverse=True)[1].astype(np.int32)
    return int(good.sum()), exceptions_of(dense, c.codes[good])


def cut_together(columns: Sequence[Coded], at: NDArray, rows: Rows, done: Collection[Names]) -> Iterator[Structure]:
    """Labels that follow from another label and ranges of a number: `who` is a child below 16, else a man or a woman.

    Within each value of the other label the number keeps the label's values apart without a gap, though neither the
    other label nor the number alone fixes it.
    """
    labels = [c for c in columns if c.type in ("category", "boolean") and c.distinct <= _FEW][:_MOST]
    numbers = [c for c in columns if c.type == "number" and c.distinct > 10][:_MOST]
    for other, label in permutations(labels, 2):
        if frozenset((other.name, label.name)) in done or not _partly(other, label, at[: 5 * _LOOK]):
            continue
        for number in numbers:
            if {frozenset((number.name, x.name)) for x in (other, label)} & set(done):
                continue
            if _cut_within(rows, number, label, other, at[:_LOOK]) is None:
                continue
            n = _cut_within(rows, number, label, other, np.arange(rows.n))
            if n is not None:
                made = f"`{other.name}` and ranges of `{number.name}` {how_many(n, 0, rows.n)}"
                text = f"`{label.name}` follows from {made}."
                yield Structure(kind="function", columns=(other.name, number.name, label.name), text=text)
                break


def _partly(other: Coded, label: Coded, at: NDArray) -> bool:
    """Whether a label takes away a good part of what is open about another."""
    x, y = other.codes[at], label.codes[at]
    good = (x >= 0) & (y >= 0)
    if good.sum() < LEAST:
        return False
    x, y = x[good], y[good]
    return _mutual(x, y) >= _PARTLY * _entropy(np.bincount(y)) > 0 and exceptions_of(x, y) >= _BY_CHANCE


def _cut_within(rows: Rows, number: Coded, label: Coded, other: Coded, at: NDArray) -> int | None:
    """The rows with all three where each value of the other label is cut without a gap; None where one is not."""
    good = at[(number.codes[at] >= 0) & (label.codes[at] >= 0) & (other.codes[at] >= 0)]
    values, cut = rows.ordinal(number.name)[1], 0
    for level in range(int(other.codes.max()) + 1):
        here = good[other.codes[good] == level]
        low, high, size = ranges(number, label, here)
        if len(low) < 2:
            continue
        if not (high[:-1] < low[1:]).all():
            return None
        gap, width = values[low[1:]] - values[high[:-1]], (values[high] - values[low]).max()
        if (gap > 0.05 * width).any():
            return None
        cut += int(size.sum() - size.max())
    return len(good) if cut >= _BY_CHANCE else None


def exclusive(rows: Rows, columns: Sequence[Coded], done: Collection[Names]) -> Iterator[Structure]:
    """Pairs of flags that are never both raised, though chance would raise both in ten rows: dummies of one label."""
    flags = {c.name: _raised(rows, c) for c in columns[:_WIDEST]}
    flags = {name: codes for name, codes in flags.items() if codes is not None}
    few = {name: codes[: 5 * _LOOK] == 1 for name, codes in flags.items()}
    for a, b in combinations(flags, 2):
        if frozenset((a, b)) in done or (few[a] & few[b]).any():
            continue
        one, two = flags[a], flags[b]
        known = (one >= 0) & (two >= 0)
        n = int(known.sum())
        by_luck = float((one[known] == 1).mean() * (two[known] == 1).sum()) if n >= LEAST else 0.0
        if by_luck >= _BY_CHANCE and not ((one == 1) & (two == 1)).any():
            text = f"`{a}` and `{b}` are never both raised {how_many(n, 0, rows.n)}: flags of one label."
            yield Structure(kind="exclusive", columns=(a, b), text=text)


def _raised(rows: Rows, column: Coded) -> NDArray | None:
    """1 where a flag is raised, 0 where not and -1 where missing; None for what is no flag."""
    own = rows.columns[column.name]
    if column.type == "number":
        values = rows.ordinal(column.name)[1]
        return column.codes if len(values) == 2 and (values == (0, 1)).all() else None
    raised = column.type == "boolean" and own.levels[-1].lower() in _RAISED
    return column.codes if raised and len(own.levels) == 2 else None


def all_but_fixed(rows: Rows, columns: Sequence[Coded], at: NDArray, done: Collection[Names]) -> Iterator[Structure]:
    """Numbers that a label of ten values or more all but fixes: an airport and the distance to it.

    At least .98 of a correlation ratio, less what so many groups take by luck, as for near duplicates of numbers.
    """
    labels = [c for c in columns if c.type == "category" and c.distinct >= _MANY]
    numbers = [c for c in columns if c.type == "number" and c.distinct > _MANY]
    for label in labels:
        close = _mostly_between(label.codes[at[:_LOOK]], [rows.number(c.name)[at[:_LOOK]] for c in numbers])
        for number, near in zip(numbers, close, strict=True):
            if not near or frozenset((label.name, number.name)) in done:
                continue
            ratio, n = _ratio(label.codes[at], rows.number(number.name)[at], _ROWS_A_LEVEL * label.distinct)
            if ratio >= _ALL_BUT_FIXED:
                text = f"`{label.name}` all but fixes `{number.name}`: correlation ratio {ratio:.3f} in {n:,} rows."
                yield Structure(kind="version", columns=(label.name, number.name), text=text)


def _mostly_between(codes: NDArray, numbers: Sequence[NDArray]) -> list[bool]:
    """For each number whether on a few rows little of it is left between rows that share the label."""
    order = np.argsort(codes, kind="stable")
    pair = np.flatnonzero((codes[order][1:] == codes[order][:-1]) & (codes[order][1:] >= 0))
    if len(pair) < LEAST or not numbers:
        return [False] * len(numbers)
    y = np.stack(numbers)
    apart = _mean_square(y[:, order[pair]] - y[:, order[pair + 1]]) / 2
    middle = np.nan_to_num(np.nansum(y, 1) / np.maximum((~np.isnan(y)).sum(1), 1))
    return [bool(v) for v in apart <= 3 * (1 - _ALL_BUT_FIXED**2) * _mean_square(y - middle[:, None])]


def _mean_square(x: NDArray) -> NDArray:
    """By row the mean of squares of what is known; infinite where nothing is."""
    known = (~np.isnan(x)).sum(1)
    return np.where(known > 0, np.nansum(x**2, 1) / np.maximum(known, 1), np.inf)


def _ratio(codes: NDArray, y: NDArray, least: int) -> tuple[float, int]:
    """The correlation ratio, corrected for the number of groups (Kelley's epsilon), and the rows with both values."""
    good = (codes >= 0) & ~np.isnan(y)
    group, rest = codes[good], y[good]
    n = len(rest)
    if n < max(LEAST, least):
        return 0.0, n
    rest = rest - rest.mean()
    count = np.bincount(group)
    between = float((np.bincount(group, weights=rest)[count > 0] ** 2 / count[count > 0]).sum())
    whole, k = float(rest @ rest), int((count > 0).sum())
    if not whole > 0:
        return 0.0, n
    within = max(whole - between, 0.0) / (n - k)
    return float(np.sqrt(max(1 - within / (whole / (n - 1)), 0.0))), n
