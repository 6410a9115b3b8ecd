"""Columns whose values another column fixes: copies, functions, calendar parts of a date, cut points of a number.

Knows columns as codes. Must never know sealed rows, nor what a column means beyond its type.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import CodeArray, Rows
from .lead import Structure
from .structure_numbers import EXCEPTIONS, LEAST, how_many

SAMPLE = 20_000
"""Rows on which relations are looked for; what is found there is confirmed on all rows."""
SEED = 0
_BY_CHANCE = 10
"""Rows that luck would have had to break; a tenth of them may in fact."""
_NEIGHBOURS = 4_000
"""Pairs of rows that agree in one column, on which all other columns are compared."""
_FEW = 24
"""Values up to which a column can fix another together with a third."""
_PAIRED = 20
"""Columns tried together."""

Names = frozenset[str]


class Coded(NamedTuple):
    """A column as codes, -1 where missing."""

    name: str
    type: str
    codes: CodeArray
    distinct: int
    present: int


class Fixed(NamedTuple):
    """How far the values of one column fix those of another."""

    a: str
    b: str
    n: int
    """Rows with both values."""
    exceptions: int


def coded(rows: Rows, name: str) -> Coded:
    """The column as codes: dense ranks of a number or date, levels of a label."""
    column = rows.columns[name]
    if column.type in ("number", "datetime"):
        codes, values = rows.ordinal(name)
        distinct = len(values)
    else:
        codes = rows.codes(name)
        distinct = int(np.count_nonzero(np.bincount(codes[codes >= 0])))
    return Coded(name, column.type, codes, distinct, int(np.count_nonzero(codes >= 0)))


# One column fixes another


def fixed_pairs(
    columns: Sequence[Coded], at: NDArray, done: frozenset[Names], *, only: Coded | None = None
) -> dict[tuple[str, str], Fixed]:
    """Pairs in which each value of the first has one value of the second, `done` ones left out.

    With `only`, that column (the first) alone is tried as the one that fixes.
    """
    out = {}
    for a, b in _candidates(columns, at, 1 if only else len(columns)):
        if frozenset((a.name, b.name)) in done:
            continue
        both = (a.codes >= 0) & (b.codes >= 0)
        x, y = a.codes[both], b.codes[both]
        if len(x) > 2 * SAMPLE and not _fixes(x[:SAMPLE], y[:SAMPLE], 4 * EXCEPTIONS):
            continue
        exceptions = _fixes(x, y, EXCEPTIONS)
        if exceptions:
            out[a.name, b.name] = Fixed(a.name, b.name, len(x), exceptions[0])
    return out


def _candidates(columns: Sequence[Coded], at: NDArray, first: int) -> Iterator[tuple[Coded, Coded]]:
    """Pairs worth a full look: rows of the sample that agree in the first nearly always agree in the second."""
    matrix = np.stack([c.codes[at] for c in columns])
    for i, a in enumerate(columns[:first]):
        if a.present < 2 * a.distinct:
            continue
        order = np.argsort(matrix[i], kind="stable")
        value = matrix[i][order]
        same = np.flatnonzero((value[1:] == value[:-1]) & (value[1:] >= 0))
        others = np.delete(np.arange(len(columns)), i)
        for most, off in ((_NEIGHBOURS // 10, 0.06), (_NEIGHBOURS, 0.03)):
            some = same[:: max(1, len(same) // most)]
            others = others[_agree(matrix[others], order[some], order[some + 1], off)]
        for j in others:
            yield a, columns[int(j)]


def _agree(matrix: NDArray, rows: NDArray, others: NDArray, off: float) -> NDArray[np.bool_]:
    """Which columns, of shape (columns, rows), have equal values in nearly all of these pairs of rows."""
    left, right = matrix[:, rows], matrix[:, others]
    both = (left >= 0) & (right >= 0)
    return (((left != right) & both).sum(1) <= off * both.sum(1)) & (both.sum(1) >= _BY_CHANCE)


def _fixes(a: CodeArray, b: CodeArray, share: float) -> tuple[int] | None:
    """The rows that break "a fixes b", or None if too many do, or if luck would break hardly more.

    Luck is measured: the same count with the values of b shuffled. This turns down columns that hardly vary, and
    columns that hardly repeat.
    """
    n = len(a)
    if n < LEAST or not _repeats(a):
        return None
    # Where b is mostly one value, only the rows with another value can tell.
    if not _repeats(a[b != np.bincount(b).argmax()]):
        return None
    exceptions = exceptions_of(a, b)
    if exceptions > share * n:
        return None
    luck = exceptions_of(a, b[np.random.default_rng(SEED).permutation(n)])
    return (exceptions,) if luck >= max(_BY_CHANCE, 10 * exceptions) else None


def _repeats(codes: CodeArray) -> bool:
    return len(codes) > 0 and len(codes) >= 2 * int(np.count_nonzero(np.bincount(codes)))


def exceptions_of(a: CodeArray, b: CodeArray) -> int:
    """Rows whose b is not the most frequent b of their a."""
    width = int(b.max()) + 1
    key = np.sort(a.astype(np.int64) * width + b)
    start = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    size = np.diff(np.append(start, len(key)))
    group = key[start] // width
    first = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    return len(key) - int(np.maximum.reduceat(size, first).sum())


def copies(rows: Rows, fixed: dict[tuple[str, str], Fixed]) -> Iterator[Structure]:
    """Columns that fix each other: the same in other words. Each names the first of its kind."""
    place = {name: k for k, name in enumerate(rows.columns)}
    group: dict[str, str] = {}
    for (a, b), there in sorted(fixed.items(), key=lambda kv: (place[kv[0][0]], place[kv[0][1]])):
        if place[a] > place[b] or (b, a) not in fixed or b in group:
            continue
        group[b] = group.get(a, a)
        exceptions = max(there.exceptions, fixed[b, a].exceptions)
        text = f"`{b}` says the same as `{a}` in other words, one to one, {how_many(there.n, exceptions, rows.n)}."
        yield Structure(kind="copy", columns=(a, b), text=text, exceptions=exceptions)


def told(fixed: dict[tuple[str, str], Fixed], found: Sequence[Structure]) -> Iterator[Structure]:
    """The functions worth telling: none between copies, nor where a column in between explains it."""
    same = twins(found)
    spare = {name for s in found if s.kind in ("copy", "linear") for name in s.columns[1:]}
    left = {k: v for k, v in fixed.items() if not spare & set(k) and k[1] not in same.get(k[0], ())}
    middle = {b for _, b in left}
    for (a, b), it in left.items():
        if any((a, c) in left and (c, b) in left for c in middle - {a, b}):
            continue
        text = f"Each value of `{a}` has one value of `{b}` {how_many(it.n, it.exceptions)}."
        yield Structure(kind="function", columns=(a, b), text=text, exceptions=it.exceptions)


def twins(structures: Iterable[Structure]) -> dict[str, set[str]]:
    """Each copied column with all columns that say the same."""
    group: dict[str, set[str]] = {}
    for s in structures:
        if s.kind in ("copy", "linear"):
            merged = set().union(*(group.get(name, {name}) for name in s.columns))
            for name in merged:
                group[name] = merged
    return group


# A part of a date, or two columns together, fix a third


def calendar_parts(rows: Rows, columns: Sequence[Coded], at: NDArray, done: frozenset[Names]) -> Iterator[Structure]:
    """Columns that follow from the year, month, weekday, hour or day of a date."""
    for date in columns:
        if date.type != "datetime":
            continue
        told: set[str] = set()
        for part, codes in _calendar(rows, date):
            made = Coded(part, "part", codes, int(np.count_nonzero(np.bincount(codes[codes >= 0]))), date.present)
            others = [c for c in columns if c.type != "datetime" and c.name not in told and c.distinct <= made.distinct]
            others = [c for c in others if frozenset((c.name, date.name)) not in done]
            for (_, b), it in fixed_pairs([made, *others], at, done, only=made).items():
                told.add(b)
                text = f"`{b}` follows from the {part} of `{date.name}` {how_many(it.n, it.exceptions)}."
                yield Structure(kind="function", columns=(date.name, b), text=text, exceptions=it.exceptions)


def _calendar(rows: Rows, date: Coded) -> Iterator[tuple[str, CodeArray]]:
    """Parts of a date as codes, the coarse before the fine."""
    values = rows.ordinal(date.name)[1]
    day = np.floor(values).astype("datetime64[D]")
    month = day.astype("datetime64[M]").astype(np.int64)
    number = day.astype(np.int64)
    hour = np.floor((values - np.floor(values)) * 24 + 1e-6).astype(np.int64)
    parts = {
        "year": month // 12, "month": month % 12, "weekday": (number + 3) % 7, "hour": hour,
        "day": number,
    }  # fmt: skip
    for name, part in parts.items():
        codes = np.append(np.unique(part, return_inverse=True)[1], -1).astype(np.int32)
        if codes.max() > 0:
            yield name, codes[date.codes]


def two_together(columns: Sequence[Coded], at: NDArray, done: frozenset[Names]) -> Iterator[Structure]:
    """Labels that two other columns of few values fix together, and neither alone."""
    few = [c for c in columns if c.distinct <= _FEW and c.type in ("category", "boolean", "number")][:_PAIRED]
    for a, b in combinations(few, 2):
        if frozenset((a.name, b.name)) in done:
            continue
        width = int(b.codes.max()) + 1
        codes = np.where((a.codes >= 0) & (b.codes >= 0), a.codes * width + b.codes, -1).astype(np.int32)
        distinct = int(np.count_nonzero(np.bincount(codes[codes >= 0])))
        both = Coded("", "part", codes, distinct, int(np.count_nonzero(codes >= 0)))
        if both.present < 10 * both.distinct:
            continue
        tied = {c.name for c in few if {frozenset((a.name, c.name)), frozenset((b.name, c.name))} & done}
        others = [c for c in few if c not in (a, b) and c.name not in tied]
        for (_, name), it in fixed_pairs([both, *others], at, done, only=both).items():
            target = next(c for c in others if c.name == name)
            if all(_alone(one, target) >= max(_BY_CHANCE, 10 * it.exceptions) for one in (a, b)):
                text = f"`{name}` follows from `{a.name}` and `{b.name}` {how_many(it.n, it.exceptions)}."
                yield Structure(kind="function", columns=(a.name, b.name, name), text=text, exceptions=it.exceptions)


def _alone(a: Coded, b: Coded) -> int:
    both = (a.codes >= 0) & (b.codes >= 0)
    return exceptions_of(a.codes[both], b.codes[both])


# A label cuts a number


def cut_points(rows: Rows, columns: Sequence[Coded], at: NDArray, done: frozenset[Names]) -> Iterator[Structure]:
    """Labels each of whose levels is an interval of a number."""
    numbers = [c for c in columns if c.type in ("number", "datetime") and c.distinct > 10]
    for label, number in product([c for c in columns if _cuttable(rows, c)], numbers):
        if number.distinct < 5 * label.distinct or frozenset((number.name, label.name)) in done:
            continue
        if not _disjoint(number, label, at[:1000]):
            continue
        both = np.flatnonzero((number.codes >= 0) & (label.codes >= 0))
        if _disjoint(number, label, both) and _cuts(rows, number, label, both):
            text = f"`{label.name}` cuts `{number.name}` into {label.distinct} ranges {how_many(len(both), 0)}."
            yield Structure(kind="function", columns=(number.name, label.name), text=text)


def _cuttable(rows: Rows, column: Coded) -> bool:
    """Whether the column has few values: a label, or a whole number such as a quarter or a grade."""
    if column.type == "number":
        return column.distinct <= 12 and rows.columns[column.name].integer
    return column.type != "datetime" and column.distinct <= 50


def ranges(number: Coded, label: Coded, at: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Lowest code, highest code and rows of each level, in ascending order of the number."""
    x, c = number.codes[at], label.codes[at]
    keep = (x >= 0) & (c >= 0)
    x, c = x[keep], c[keep]
    order = np.argsort(c, kind="stable")
    start = np.flatnonzero(np.append(True, c[order][1:] != c[order][:-1])) if len(c) else np.array([], int)
    if not len(start):
        return start, start, start
    low, high = np.minimum.reduceat(x[order], start), np.maximum.reduceat(x[order], start)
    size = np.diff(np.append(start, len(c)))
    rank = np.argsort(low, kind="stable")
    return low[rank], high[rank], size[rank]


def _disjoint(number: Coded, label: Coded, at: NDArray) -> bool:
    low, high, _ = ranges(number, label, at)
    return len(low) >= 2 and bool((high[:-1] < low[1:]).all())


def _cuts(rows: Rows, number: Coded, label: Coded, both: NDArray) -> bool:
    """Whether the intervals were cut, rather than being groups that happen to lie apart.

    Cut points fall where values lie densely; between true groups there is a gap. Both need rows on each side.
    """
    low, high, size = ranges(number, label, both)
    if len(both) < 100 or (size < 5).any() or (len(low) == 2 and size.min() < 20):
        return False
    values = rows.ordinal(number.name)[1]
    gap = values[low[1:]] - values[high[:-1]]
    width = values[high] - values[low]
    narrow = np.minimum(width[1:], width[:-1])
    usual = np.diff(values)
    return bool(((gap <= 0.05 * narrow) | (gap <= 2 * np.median(usual))).all())
