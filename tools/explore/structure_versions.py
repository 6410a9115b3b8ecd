"""One quantity in several columns: amounts in other prices, a part that nearly is the whole, ranks of one question.

Knows exploration rows as numbers, and names only to read that they speak of one thing. Must never know sealed rows,
nor which of the versions a reader will want.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from .lead import Structure
from .structure_numbers import EXCEPTIONS, LEAST, Names, how_many, number_names, similar

_NAMED, _HEAD, _ORDERED = 0.7, 0.9, 0.8
"""Absolute correlation from which names, a shared last word, or an order make two columns one quantity."""
_APART = 0.5
"""What two measures of one thing may differ by: their difference's spread as a part of the smaller spread."""
_WORD = re.compile(r"[pq]\d+|[a-z]+")
_YEAR = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)")
_NOT = {"non", "not", "no", "un", "without", "other", "others", "rest"}
_STATISTICS = {
    "mean", "median", "average", "avg", "min", "max", "minimum", "maximum", "lowest", "highest", "mode",
    "th", "st", "nd", "rd", "q1", "q2", "q3", *(f"p{k}" for k in range(1, 100)),
}  # fmt: skip
_MOST_RANKED = 24


def versions(
    rows: Rows, at: NDArray, spare: Collection[str], done: Collection[Names], found: Sequence[Structure]
) -> Iterator[Structure]:
    """Pairs of numbers that are one quantity twice: a finding on them tells the table's making.

    Three ways to see it. By the names, where the words of the one stand in the other (`budget`, `budget_2013`) or only
    the statistic differs (`Median`, `P75th`), and the two move together. By the order, where the one never exceeds the
    other and they move together: takings at home and in the world. By the values, where names end in the same word
    (`dep_delay`, `arr_delay`), the correlation is .9 and the difference varies at most half as much as either.

    Args:
        rows: Exploration rows.
        at: A sample of their positions.
        spare: Columns that say the same as another.
        done: Pairs tied by other structure.
        found: Structures so far, among them the columns in order.
    """
    ordered = {frozenset(pair) for s in found if s.kind == "order" for pair in combinations(s.columns, 2)}
    names = [n for n in number_names(rows, "number") if n not in spare and len(rows.ordinal(n)[1]) >= 10]
    seen: dict[Names, tuple[str, float, int]] = {}
    for a, b in similar(rows, names, at, _NAMED):
        pair = frozenset((a, b))
        r, n, apart = _together(rows, a, b, at)
        said = None if pair in done else _said(a, b, r, apart, pair in ordered)
        if said is not None:
            seen[pair] = said, r, n
    for group in _linked(names, seen):
        within = [it for pair, it in seen.items() if pair <= set(group)]
        told = f"{', '.join(f'`{c}`' for c in group[:-1])} and `{group[-1]}`"
        said = " or ".join(sorted({it[0] for it in within}))
        most = "twice" if len(group) == 2 else f"in {len(group)} columns"
        size = f"correlation {within[0][1]:.2f}" if len(within) == 1 else "each moves with the next"
        text = f"{told} are one quantity {most}, {said}: {size} in {min(it[2] for it in within):,} rows looked at."
        yield Structure(kind="version", columns=tuple(group), text=text)


def _said(a: str, b: str, r: float, apart: float, ordered: bool) -> str | None:
    """What makes two columns one quantity, or None."""
    if one_by_name(a, b):
        return "by their names"
    if ordered and r >= _ORDERED:
        return "one never above the other"
    if _last_word(a) == _last_word(b) and abs(r) >= _HEAD and apart <= _APART:
        return "by their names and little apart"
    return None


def _linked(names: Sequence[str], pairs: Collection[Names]) -> Iterator[list[str]]:
    """Columns that pairs link, directly or through others, in the table's order."""
    left = [n for n in names if any(n in pair for pair in pairs)]
    while left:
        group, grown = {left[0]}, 0
        while len(group) > grown:
            grown = len(group)
            group |= {n for pair in pairs if pair & group for n in pair}
        yield [n for n in left if n in group]
        left = [n for n in left if n not in group]


def _together(rows: Rows, a: str, b: str, at: NDArray) -> tuple[float, int, float]:
    """The larger of two correlations on the sample, its rows, and how far the two differ beside their spread."""
    x, y = rows.number(a)[at], rows.number(b)[at]
    good = ~(np.isnan(x) | np.isnan(y))
    x, y = x[good], y[good]
    ranks = [rows.ordinal(name)[0][at][good] for name in (a, b)]
    found = [float(np.corrcoef(one, two)[0, 1]) for one, two in ((x, y), ranks) if one.std() > 0 and two.std() > 0]
    spread = min(float(x.std()), float(y.std()))
    return max(found, key=abs, default=0.0), len(x), float((x - y).std()) / spread if spread > 0 else np.inf


def one_by_name(a: str, b: str) -> bool:
    """Whether two names say one quantity: the words of one are among those of the other, or only a statistic differs.

    `budget` and `budget_2013`; `Median` and `P75th`. A name that says what the other does not hold (`jobs` and
    `non_college_jobs`) is another quantity, and so are numbered names (`item1`, `item2`).
    """
    one, two = _words(a), _words(b)
    if one & _STATISTICS and two & _STATISTICS:
        return one - _STATISTICS == two - _STATISTICS
    one, two = ({w for w in words if w.isalpha()} for words in (one, two))
    fewer, more = sorted((one, two), key=len)
    return bool(fewer) and fewer < more | _years(a, b) and not (more - fewer) & _NOT


def _words(name: str) -> set[str]:
    return set(_WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))


def _years(a: str, b: str) -> set[str]:
    """A word that stands for a year that one of the names holds and the other does not: prices of 2013."""
    return {"year"} if len([name for name in (a, b) if _YEAR.search(name)]) == 1 else set()


def _last_word(name: str) -> str | tuple[str]:
    """The last word of a name of several words; a name of one word shares it with none."""
    words = [w for w in re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()) if w]
    return words[-1] if len(words) > 1 else (name,)


def rankings(rows: Rows) -> Iterator[Structure]:
    """Columns that are the ranks 1 to k of one question: who puts one first puts the others lower, whoever is asked.

    Only columns that follow each other in the table are tried, as the answers of one question do.
    """
    names = list(rows.columns)
    span = {name: _ranks_up_to(rows, name) for name in names}
    starts = [at for at, (one, two) in enumerate(pairwise(["", *names])) if span[two] and span.get(one) != span[two]]
    for first in starts:
        k = span[names[first]]
        run = 1
        while first + run < len(names) and span[names[first + run]] == k:
            run += 1
        for start in range(first, first + run - k + 1, k):
            chosen = names[start : start + k]
            ranks = np.stack([rows.number(name) for name in chosen])
            ranks = np.sort(ranks[:, ~np.isnan(ranks).any(0)], axis=0)
            n = ranks.shape[1]
            off = int((ranks != np.arange(1, k + 1)[:, None]).any(0).sum())
            if n >= LEAST and off <= EXCEPTIONS * n:
                told = f"{', '.join(f'`{c}`' for c in chosen[:-1])} and `{chosen[-1]}`"
                text = f"{told} are the ranks 1 to {k} of one question {how_many(n, off, rows.n)}: one up, others down."
                yield Structure(kind="ranks", columns=tuple(chosen), text=text, exceptions=off)


def _ranks_up_to(rows: Rows, name: str) -> int:
    """The k of a column whose values are 1 to k, each of them there; 0 for any other, and for fewer than three."""
    if rows.columns[name].type != "number":
        return 0
    values = rows.ordinal(name)[1]
    k = len(values)
    return k if 3 <= k <= _MOST_RANKED and (values == np.arange(1, k + 1)).all() else 0
