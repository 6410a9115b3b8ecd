"""What a theme is called: the words and phrases that tell its documents from the others.

Terms are ranked by class-based TF-IDF; only those that are clearly more common in the theme than elsewhere count, and
of forms of one word, or a phrase and its words, one is kept. Knows words of exploration documents and who belongs
where. Must never know a label.

References: Grootendorst 2022, arXiv:2203.05794 (class-based TF-IDF).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..text.folding import stem
from .text_words import Words

MOST_NAMES = 6
MOST_PHRASES = 5
_LIFT = 1.5
"""How much more common a term must be in the theme than outside it."""
_LEAST_SHARE = 0.02
_LEAST = 3
_PHRASE_PART = 0.4
"""A phrase stands for its words where this part of the documents with the rarer of them hold it."""
_MOST_READ = 400_000
"""Words that are read for phrases, over all documents."""
_LONGEST = 4


class Candidate(NamedTuple):
    """A term of one theme: its words as they are shown, its worth, and documents with it inside and outside."""

    words: tuple[str, ...]
    worth: float
    inside: int
    outside: int


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


def names(words: Words, members: NDArray[np.int64], themes: int, phrases: Phrases) -> list[tuple[str, ...]]:
    """The terms that tell each theme from the rest, the most telling first."""
    sums = np.array([_summed(words, members == at) for at in [*range(themes), -1]])
    held = np.array([_held(words, members == at) for at in [*range(themes), -1]])
    sizes = np.array([(members == at).sum() for at in [*range(themes), -1]])
    usual = sums.sum() / (themes + 1)
    out = []
    for theme in range(themes):
        worth = sums[theme] / max(sums[theme].sum(), 1) * np.log1p(usual / np.maximum(sums.sum(axis=0), 1))
        single = [
            Candidate((words.shown[at],), float(worth[at]), int(held[theme, at]), int(held[:, at].sum() - held[theme, at]))
            for at in np.argsort(-worth, kind="stable")[:60]
            if held[theme, at] >= max(_LEAST, _LEAST_SHARE * sizes[theme])
        ]
        rest = int(sizes.sum() - sizes[theme])
        own = [c for c in single if _lifted(c.inside, c.outside, int(sizes[theme]), rest)]
        out.append(_without_twins(own, _pairs(phrases, theme)))
    return out


def _summed(words: Words, own: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray(words.counts[np.flatnonzero(own)].sum(axis=0), np.float64).reshape(-1)


def _held(words: Words, own: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.bincount(words.counts[np.flatnonzero(own)].indices, minlength=len(words.terms))


def _lifted(inside: int, outside: int, own: int, rest: int) -> bool:
    return (inside + 0.5) / (own + 1) >= _LIFT * (outside + 0.5) / (rest + 1)


def _pairs(phrases: Phrases, theme: int) -> dict[tuple[str, ...], tuple[int, float]]:
    """Pairs of words of a theme with how often they occur in it, as a share of the documents read."""
    read = max(int(phrases.documents[theme]), 1)
    rest = int(phrases.documents.sum()) - read
    return {
        run: (int(n[theme]), float(n[theme]) / read)
        for run, n in phrases.held.items()
        if len(run) == 2 and n[theme] >= _LEAST and _lifted(int(n[theme]), int(n.sum() - n[theme]), read, rest)
    }


def _without_twins(own: Sequence[Candidate], pairs: dict[tuple[str, ...], tuple[int, float]]) -> tuple[str, ...]:
    """Terms in order; a pair takes the place of its words where it is what they mostly occur in."""
    chosen: list[tuple[str, ...]] = []
    stems: set[str] = set()
    shares = {c.words[0]: c for c in own}
    for candidate in own:
        if len(chosen) == MOST_NAMES:
            break
        word = candidate.words[0]
        if stem(word.lstrip("#")) in stems:
            continue
        term = _best_pair(candidate, pairs, shares, stems)
        chosen.append(term)
        stems.update(stem(w.lstrip("#")) for w in term)
    return tuple(" ".join(term) for term in chosen)


def _best_pair(
    c: Candidate, pairs: dict[tuple[str, ...], tuple[int, float]], known: dict[str, Candidate], stems: set[str]
) -> tuple[str, ...]:
    best: tuple[float, tuple[str, ...]] = (0.0, c.words)
    for pair, (times, _) in pairs.items():
        other = pair[1] if pair[0] == c.words[0] else pair[0]
        if c.words[0] not in pair or pair[0] == pair[1] or stem(other.lstrip("#")) in stems:
            continue
        rarer = min(c.inside, known[other].inside) if other in known else c.inside
        if times >= _PHRASE_PART * rarer and times > best[0]:
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
        if held is None or held[theme] < _LEAST or not _lifted(int(held[theme]), int(held.sum() - held[theme]), read, rest):
            continue
        lift = (held[theme] + 0.5) / (read + 1) / ((held.sum() - held[theme] + 0.5) / (rest + 1))
        ranked.append((float(held[theme] * np.log(lift)) * (len(run) - 1) ** 0.5, run))
    out: list[tuple[str, ...]] = []
    for _, run in sorted(ranked, key=lambda r: (-round(r[0], 9), r[1])):
        keys = {stem(w) for w in run}
        if all(len(keys & {stem(w) for w in other}) < min(len(keys), len(other)) for other in out):
            out.append(run)
        if len(out) == MOST_PHRASES:
            break
    return tuple(" ".join(run) for run in out)
