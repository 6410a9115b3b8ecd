"""What a theme is called: the words and phrases that tell its documents from the others.

Terms are ranked by class-based TF-IDF; only those that are clearly more common in the theme than elsewhere count, and
of forms of one word, or a phrase and its words, one is kept. Knows words of exploration documents and who belongs
where. Must never know a label.

References: Grootendorst 2022, arXiv:2203.05794 (class-based TF-IDF).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..text.folding import stem
from ..text.naming import together
from .text_words import Words

MOST_NAMES = 6
MOST_PHRASES = 5
_LIFT = 1.5
"""How much more common a term must be in the theme than outside it."""
_LEAST_SHARE = 0.02
_LEAST = 3
_PHRASE_PART = 0.5
"""A phrase stands for a word where this part of the word's documents hold it."""
_ROOT = 6
"""Letters that two words share from which one of them is enough: flighted beside flightled tells nothing more."""
_MOST_READ = 400_000
"""Words that are read for phrases, over all documents."""
_LONGEST = 4


class Candidate(NamedTuple):
    """A word that may name a theme, and the documents of the theme that hold it."""

    word: str
    inside: int


class Phrases(NamedTuple):
    """How many documents hold each run of words, in each theme and in none (the last)."""

    held: dict[tuple[str, ...], NDArray[np.int64]]
    documents: NDArray[np.int64]


def read_phrases(words: Words, members: NDArray[np.int64], themes: int, documents: int) -> Phrases:
    """Runs of two to four words that begin and end with a content word, counted once a document.

    Args:
        words: The documents as words.
        members: The theme of each document, -1 for none.
        themes: How many themes there are.
        documents: How many documents are read at most, from the first.
    """
    counts: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(themes + 1)]
    read = np.zeros(themes + 1, np.int64)
    length = 0
    for tokens, theme in zip(words.tokens[:documents], members, strict=False):
        counts[theme].update(set(_runs(tokens, words.forms)))
        read[theme] += 1
        length += len(tokens)
        if length > _MOST_READ:
            break
    frequent = sorted({run for counter in counts for run, n in counter.items() if n >= _LEAST})
    return Phrases({run: np.array([c[run] for c in counts], np.int64) for run in frequent}, read)


def _runs(tokens: Sequence[str], forms: dict[str, int]) -> Iterator[tuple[str, ...]]:
    content = [w in forms for w in tokens]
    for start in range(len(tokens) - 1):
        if content[start]:
            for end in range(start + 2, min(start + _LONGEST, len(tokens)) + 1):
                if content[end - 1]:
                    yield tuple(tokens[start:end])


def worths(words: Words, members: NDArray[np.int64], themes: int) -> NDArray[np.float64]:
    """How well each term tells each theme from the rest, shape (themes, terms); 0 where it is not clearly more common.

    Class-based TF-IDF times the logarithm of how much more common the term is inside than outside.
    """
    groups = [members == at for at in [*range(themes), -1]]
    sums = np.array([_summed(words, own) for own in groups])
    held = np.array([_held(words, own) for own in groups])
    sizes = np.array([own.sum() for own in groups])[:, None]
    usual = sums.sum() / len(groups)
    classed = sums / np.maximum(sums.sum(axis=1, keepdims=True), 1) * np.log1p(usual / np.maximum(sums.sum(axis=0), 1))
    lift = (held + 0.5) / (sizes + 1) / ((held.sum(axis=0) - held + 0.5) / (sizes.sum() - sizes + 1))
    clear = (lift >= _LIFT) & (held >= np.maximum(_LEAST, _LEAST_SHARE * sizes))
    return np.where(clear, classed * np.log(lift), 0.0)[:themes]


def names(
    words: Words, members: NDArray[np.int64], worth: NDArray[np.float64], phrases: Phrases
) -> list[tuple[str, ...]]:
    """The terms that tell each theme from the rest, the most telling first.

    Args:
        words: The documents as words.
        members: The theme of each document, -1 for none.
        worth: Of each term for each theme, as `worths` has it.
        phrases: The documents' runs of words.
    """
    out = []
    for theme, row in enumerate(worth):
        inside = _held(words, members == theme)
        order = [at for at in np.argsort(-np.round(row, 9), kind="stable")[:60] if row[at] > 0]
        own = [Candidate(words.shown[at], int(inside[at])) for at in order]
        part_read = int(phrases.documents[theme]) / max(int((members == theme).sum()), 1)
        out.append(_without_twins(own, _pairs(phrases, theme), part_read))
    return out


def _summed(words: Words, own: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray(words.counts[np.flatnonzero(own)].sum(axis=0), np.float64).reshape(-1)


def _held(words: Words, own: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.bincount(words.counts[np.flatnonzero(own)].indices, minlength=len(words.terms))


def _lift(inside: int, outside: int, own: int, rest: int) -> float:
    """How much more common a term is among a theme's documents than among the rest."""
    return (inside + 0.5) / (own + 1) / ((outside + 0.5) / (rest + 1))


def _pairs(phrases: Phrases, theme: int) -> dict[tuple[str, ...], int]:
    """Pairs of words that are more common in a theme, with the number of its documents that hold them."""
    read = max(int(phrases.documents[theme]), 1)
    rest = int(phrases.documents.sum()) - read
    return {
        run: int(n[theme])
        for run, n in phrases.held.items()
        if len(run) == 2 and n[theme] >= _LEAST and _lift(int(n[theme]), int(n.sum() - n[theme]), read, rest) >= _LIFT
    }


def _without_twins(own: Sequence[Candidate], pairs: dict[tuple[str, ...], int], part_read: float) -> tuple[str, ...]:
    """Terms in order; a pair takes the place of a word that occurs in it more often than not."""
    chosen: list[tuple[str, ...]] = []
    stems: set[str] = set()
    for candidate in own:
        if len(chosen) == MOST_NAMES:
            break
        if _key(candidate.word) in stems or _lengthens(candidate.word, stems):
            continue
        term = _best_pair(candidate, pairs, stems, part_read)
        chosen.append(term)
        stems.update(_key(w) for w in term)
    return tuple(together(" ".join(term)) for term in chosen)


def _key(word: str) -> str:
    return stem(word.lstrip("#"))


def _lengthens(word: str, stems: set[str]) -> bool:
    """Whether a word has the root of one that was chosen."""
    root = _key(word)[:_ROOT]
    return len(root) == _ROOT and any(s.startswith(root) for s in stems)


def _best_pair(c: Candidate, pairs: dict[tuple[str, ...], int], stems: set[str], part_read: float) -> tuple[str, ...]:
    best: tuple[float, tuple[str, ...]] = (_PHRASE_PART * c.inside * part_read, (c.word,))
    for pair, times in pairs.items():
        other = pair[1] if pair[0] == c.word else pair[0]
        if c.word in pair and _key(other) not in stems and _key(other) != _key(c.word) and times > best[0]:
            best = (times, pair)
    return best[1]


def telling_phrases(phrases: Phrases, theme: int, only: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Phrases that some documents of a theme hold and that are far more common in it than elsewhere."""
    read = max(int(phrases.documents[theme]), 1)
    rest = int(phrases.documents.sum()) - read
    seen = {tuple(tokens[a : a + n]) for tokens in only for n in (2, 3, 4) for a in range(len(tokens) - n + 1)}
    ranked: list[tuple[float, tuple[str, ...]]] = []
    for run in sorted(seen):
        held = phrases.held.get(run)
        if held is None or held[theme] < _LEAST:
            continue
        lift = _lift(int(held[theme]), int(held.sum() - held[theme]), read, rest)
        if lift >= _LIFT:
            ranked.append((float(held[theme]) * log(lift) * sqrt(len(run) - 1), run))
    out: list[tuple[str, ...]] = []
    for _, run in sorted(ranked, key=lambda r: (-round(r[0], 9), r[1])):
        keys = {stem(w) for w in run}
        if all(len(keys & {stem(w) for w in other}) < min(len(keys), len(other)) for other in out):
            out.append(run)
        if len(out) == MOST_PHRASES:
            break
    return tuple(together(" ".join(run)) for run in out)
