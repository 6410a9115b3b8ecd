"""Pairs of texts of which a label says the winner, and what winners have more of than losers.

Knows exploration rows. Must never know a sealed row. What is learnt is learnt of the winner against the loser, never of
the first against the second: which of the two stands first says nothing.
"""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from ..text.evaluate import with_properties
from ..text.naming import FORMS, property_of
from ..text.properties import Measure, Mentions, TextProperty
from ..text.words import Spoken, words_from
from .text_sides import is_split
from .text_terms import Corpus, Sides, predicates_of

_CLEAR = 2.5
_FEWEST = 60
"""Pairs that differ in a property, for it to be offered."""
_SAME = 0.6
"""Correlation from which two properties of a pair say the same: the longer in words is the longer in characters."""
_MOST_MEASURES, _MOST_TERMS = 8, 8
_ORDER = (
    "words", "characters", "sentences", "question marks", "exclamation marks", "digits", "capitalised words", "links",
    "mentions of users", "hashtags", "opinion", "first person singular", "first person plural", "second person",
    "third person", "negations", "capital letters", "distinct words", "reading grade", "words per sentence",
    "characters per word",
)  # fmt: skip
_WORDS = (("first", "second"), ("1st", "2nd"), ("left", "right"), ("one", "two"), ("a", "b"), ("1", "2"), ("0", "1"))


class Pair(NamedTuple):
    """Two texts beside each other and the label that names one of them."""

    one: str
    two: str
    label: str
    first: str
    """The level that names the first."""


def find_pairs(rows: Rows) -> list[Pair]:
    """The pairs of like texts of a table with a label of two levels that names one of the two in each row."""
    labels = [
        c for c in rows.columns.values()
        if c.computed is None and c.type in ("boolean", "category") and len(c.levels) == 2 and not is_split(c)
    ]  # fmt: skip
    out = []
    for one, two in combinations(rows.texts, 2):
        if not _alike(one, two):
            continue
        for column in labels:
            first = _names_first(column.levels, one, two)
            if first is not None:
                out.append(Pair(one, two, column.name, first))
                break
    return out


def _alike(one: str, two: str) -> bool:
    """Whether two names differ only in a number or a letter, or in first and second."""
    a, b = re.findall(r"[a-z]+|\d+", one.lower()), re.findall(r"[a-z]+|\d+", two.lower())
    apart = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
    return len(a) == len(b) and len(apart) == 1 and (apart[0] in _WORDS or apart[0][0].isdigit())


def _names_first(levels: tuple[str, ...], one: str, two: str) -> str | None:
    """The level that names the first text, where the other names the second."""
    said = [_names(level, one, two) for level in levels]
    return levels[said.index(0)] if sorted(said) == [0, 1] else None


def _names(level: str, one: str, two: str) -> int:
    """0 where a level names the first text before the second, 1 where the second, -1 where neither."""
    text = f" {' '.join(re.findall(r'[a-z]+|[0-9]+', level.lower()))} "
    names = [" ".join(re.findall(r"[a-z]+|[0-9]+", n.lower())) for n in (one, two)]
    at = [text.find(f" {n} ") for n in names]
    if max(at) >= 0:
        return 0 if at[1] < 0 or 0 <= at[0] < at[1] else 1
    for pair in _WORDS:
        found = [text.find(f" {w} ") for w in pair]
        if max(found) >= 0:
            return 0 if found[1] < 0 or 0 <= found[0] < found[1] else 1
    return -1


def pair_properties(rows: Rows, pair: Pair, spoken: Spoken | None = None) -> list[TextProperty]:
    """Which of the two has more of each measure, or alone mentions terms, where winners and losers differ in it."""
    won = _won(rows, pair)
    return [*_measures(rows, pair, won, spoken), *_terms(rows, pair, won, spoken)]


def _won(rows: Rows, pair: Pair) -> NDArray[np.float64]:
    """1 where the first won, 0 where the second did, NaN where it is not known."""
    codes, levels = rows.codes(pair.label), rows.columns[pair.label].levels
    return np.where(codes < 0, np.nan, codes == levels.index(pair.first))


def _measures(rows: Rows, pair: Pair, won: NDArray[np.float64], spoken: Spoken | None) -> Iterator[TextProperty]:
    every = [
        property_of(Measure(of=form), pair.one, pair.two, which=True)
        for form in sorted(FORMS, key=lambda f: _ORDER.index(f) if f in _ORDER else len(_ORDER))
    ]
    held = with_properties(rows, every, words=spoken)
    kept: list[NDArray[np.float64]] = []
    for prop in every:
        more = _first_more(held, prop)
        good = ~np.isnan(more) & ~np.isnan(won)
        wins = float((more[good] == won[good]).sum())
        clear = abs(wins - good.sum() / 2) >= _CLEAR * np.sqrt(max(good.sum(), 1) / 4)
        if good.sum() < _FEWEST or not clear or len(kept) == _MOST_MEASURES:
            continue
        told = np.where(np.isnan(more), 0.0, 2 * more - 1)
        if all(abs(np.corrcoef(told, other)[0, 1]) < _SAME for other in kept):
            kept.append(told)
            yield prop


def _first_more(rows: Rows, prop: TextProperty) -> NDArray[np.float64]:
    codes = rows.codes(prop.name)
    return np.where(codes < 0, np.nan, codes == 0)


def _terms(rows: Rows, pair: Pair, won: NDArray[np.float64], spoken: Spoken | None) -> Iterator[TextProperty]:
    """Terms of winners and of losers."""
    one, two = rows.texts[pair.one], rows.texts[pair.two]
    good = [k for k in np.flatnonzero(~np.isnan(won)).tolist() if one[k] is not None and two[k] is not None]
    winners = [one[k] if won[k] else two[k] for k in good]
    losers = [two[k] if won[k] else one[k] for k in good]
    if len(good) < _FEWEST:
        return
    corpus = Corpus(texts := [*winners, *losers], words_from(spoken, texts))
    side = np.arange(2 * len(good)) < len(good)
    for a, b in ((side, ~side), (~side, side)):
        for found in predicates_of(corpus, Sides(a, b, lambda _: False), _MOST_TERMS, 0.01):
            yield property_of(Mentions(terms=found.terms), pair.one, pair.two)
