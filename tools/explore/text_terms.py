"""Terms that tell groups of documents apart: log-odds with an informative prior, then few predicates of short lists.

Knows exploration documents, as words, and which of two sides each is on. Must never know a sealed document, or which
column the sides are read from. A term counts once a document: one long complaint is not a hundred complaints.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..text.concepts import concepts
from ..text.naming import together
from ..text.presence import Presence, presence
from ..text.words import stands_alone, words_of
from .text_merge import Neighbours, families_of, nearness, spelt, stem_of

_PRIOR = 0.05
"""Documents of the prior, as a part of all: each term's share of all documents, which both sides are drawn towards."""
_FEWEST_PRIOR = 10.0
_OPENS = 2.8
"""The same from which a term may open a list, which as a whole must then be clear."""
CLEAR = 3.5
"""Size of the standardised log-odds from which a term is looked at: a thousand terms of noise show about one."""
_JOINS = 2.0
"""The same from which a term may join a list that another opens."""
_LOOKED_AT = 120
_NEAR = 0.14
"""Nearness of neighbourhoods from which two words may stand in one list."""
_MOST_WORDS, _MOST_TERMS = 5, 7
"""Words with their inflections, and terms, of one list at most."""
_ADDS = 1.06
"""How much more apart the sides must be, in shares of documents, with a further word in the list."""
_MORE = 1.15
"""How much clearer a phrase must be than the name in it, to say more than the name."""
_HIDDEN = 0.8
"""Part of a word's documents in which it stands in one phrase, from which the phrase is the term."""


class Sides(NamedTuple):
    """What terms are looked for: those more frequent on side `a` than on side `b`."""

    a: NDArray[np.bool_]
    b: NDArray[np.bool_]
    restates: Callable[[str], bool]
    """Whether a word only repeats the name of a side."""


class Predicate(NamedTuple):
    """A short list of terms of which any counts, with how its documents differ on exploration documents."""

    terms: tuple[str, ...]
    share_a: float
    share_b: float
    z: float


class Corpus:
    """Exploration documents as words, with everything that is read off them once."""

    def __init__(self, texts: Sequence[str], documents: Sequence[list[str]] | None = None) -> None:
        """Read texts; `documents` are their words, where they were read already."""
        self.documents = [words_of(t) for t in texts] if documents is None else documents
        self._plain = [" ".join(t.lower().split()) for t in texts]
        self.presence: Presence = presence(self.documents, max(5, len(texts) // 400))
        held = np.bincount(self.presence.term, minlength=len(self.presence.terms)).tolist()
        self.used = {t: n for t, n in zip(self.presence.terms, held, strict=True) if " " not in t}
        self.families = families_of(self.used)
        self.places = {t: k for k, t in enumerate(self.presence.terms)}
        self.neighbours = Neighbours(self.documents, self.used)
        self.concepts = [frozenset(stem_of(w) for w in words) for words in concepts()]

    def stands_together(self, phrase: str) -> bool:
        """Whether a phrase mostly stands without a comma or full stop in it; across them it is no phrase."""
        held = np.flatnonzero(self.presence.holds([self.places[phrase]])).tolist()
        return 2 * sum(together(phrase) in self._plain[k] for k in held) >= len(held)


class _Entry(NamedTuple):
    words: tuple[str, ...]
    """A word with its inflections, or one phrase."""
    holds: NDArray[np.bool_]
    z: float


def log_odds(a: NDArray[np.float64], b: NDArray[np.float64], size_a: int, size_b: int) -> NDArray[np.float64]:
    """Standardised log-odds of terms between two sides, with an informative Dirichlet prior, shape (terms,).

    After Monroe, Colaresi and Quinn (2008), "Fightin' Words", on documents that hold a term instead of its uses: the
    prior holds each term in its share of all documents, so that what both sides have alike, and what is rare, is drawn
    to zero.

    Args:
        a: Documents of side a that hold each term.
        b: The same for side b.
        size_a: Documents of side a.
        size_b: Documents of side b.
    """
    prior = max(_FEWEST_PRIOR, _PRIOR * (size_a + size_b))
    own = np.maximum(prior * (a + b) / (size_a + size_b), 1e-9)
    with_a, with_b = a + own, b + own
    without_a, without_b = size_a + prior - with_a, size_b + prior - with_b
    # A term that every document holds has no document without it: half a one keeps the odds finite.
    without_a, without_b = np.maximum(without_a, 0.5), np.maximum(without_b, 0.5)
    apart = np.log(with_a / without_a) - np.log(with_b / without_b)
    return apart / np.sqrt(1 / with_a + 1 / with_b + 1 / without_a + 1 / without_b)


def predicates_of(corpus: Corpus, sides: Sides, most: int, least: float) -> list[Predicate]:
    """The lists of terms that side a has more often than side b, the clearest first.

    Args:
        corpus: The documents.
        sides: Which documents are on which side.
        most: Predicates at most.
        least: Difference of shares of documents from which a predicate is worth a claim.
    """
    entries = _entries(corpus, sides)
    if not entries:
        return []
    alike = nearness(corpus.neighbours, [e.words for e in entries])
    out, left = [], list(range(len(entries)))
    while left and len(out) < most and entries[left[0]].z >= _OPENS:
        group = _grown(left, entries, alike, sides, corpus)
        left = [k for k in left if k not in group]
        found = _predicate([entries[k] for k in group], sides, corpus)
        if found.z >= CLEAR and found.share_a - found.share_b >= least:
            out.append(found)
    return sorted(out, key=lambda p: (-p.z, p.terms))


def _entries(corpus: Corpus, sides: Sides) -> list[_Entry]:
    """Words with their inflections and phrases that are clearly more frequent on side a, the clearest first."""
    terms = corpus.presence
    z = log_odds(terms.counts(sides.a), terms.counts(sides.b), int(sides.a.sum()), int(sides.b.sum()))
    order = [int(k) for k in np.lexsort((np.array(terms.terms), -z)) if z[k] >= _JOINS]
    restating = {t: z[corpus.places[t]] for t in corpus.used if sides.restates(t)}
    out: list[_Entry] = []
    seen: set[str] = set()
    for at in order:
        term = terms.terms[at]
        if term in seen or len(out) == _LOOKED_AT:
            continue
        words = term.split(" ")
        if len(words) > 1 and (z[at] < CLEAR or not corpus.stands_together(term)):
            continue
        if any(w in restating for w in words) and not _says_more(words, float(z[at]), restating):
            continue
        family = _agreeing(corpus, term, z) if len(words) == 1 else (term,)
        seen.update(family)
        out.append(_Entry(family, terms.holds([corpus.places[w] for w in family]), float(z[at])))
    return _without_parts(out)


def _says_more(words: Sequence[str], z: float, restating: dict[str, float]) -> bool:
    """Whether a phrase tells the sides apart much better than the name in it: `blue shirt` where the side is blue."""
    return len(words) > 1 and all(z > _MORE * max(restating.get(w, 0.0), 1.0) for w in words)


def _agreeing(corpus: Corpus, word: str, z: NDArray[np.float64]) -> tuple[str, ...]:
    """The word with those of its inflections that do not point the other way."""
    return tuple(w for w in corpus.families.get(word, (word,)) if w == word or z[corpus.places[w]] > 0)


def _without_parts(entries: Sequence[_Entry]) -> list[_Entry]:
    """Of a phrase and a word in it one: the phrase where the word is hardly ever used outside of it, else the word.

    Of scripts without spaces the phrase stands, for one character of theirs is hardly ever a word.
    """
    dropped: set[int] = set()
    for at, phrase in enumerate(entries):
        if " " not in phrase.words[0]:
            continue
        parts = phrase.words[0].split(" ")
        inner = set(parts) | {" ".join(pair) for pair in pairwise(parts)}
        within = [k for k, e in enumerate(entries) if k != at and inner & set(e.words)]
        if any(" " in entries[k].words[0] for k in within):
            dropped.add(at)
        elif all(map(stands_alone, parts)) or all(
            phrase.holds.sum() >= _HIDDEN * entries[k].holds.sum() for k in within
        ):
            dropped.update(within)
        else:
            dropped.add(at)
    return [e for k, e in enumerate(entries) if k not in dropped]


def _grown(left: Sequence[int], entries: Sequence[_Entry], alike: NDArray, sides: Sides, corpus: Corpus) -> list[int]:
    """The clearest entry that is left, with those near it that set the sides further apart."""
    group, held = [left[0]], entries[left[0]].holds
    if " " in entries[left[0]].words[0]:
        return group
    single = [k for k in left[1:] if " " not in entries[k].words[0]]
    near = [(_near(left[0], k, entries, alike, corpus), k) for k in single]
    for closeness, k in sorted(near, key=lambda n: (-n[0], n[1])):
        if closeness < _NEAR or len(group) == _MOST_WORDS:
            break
        if sum(len(spelt(entries[g].words, corpus.used)) for g in (*group, k)) > _MOST_TERMS:
            continue
        both = held | entries[k].holds
        if _apart(both, sides) >= _ADDS * _apart(held, sides):
            group, held = [*group, k], both
    return group


def _near(one: int, two: int, entries: Sequence[_Entry], alike: NDArray, corpus: Corpus) -> float:
    """1 for words of one everyday list, else how alike their neighbours are, which a faint term does not show."""
    stems = [{stem_of(w) for w in entries[k].words} for k in (one, two)]
    if any(stems[0] & words and stems[1] & words for words in corpus.concepts):
        return 1.0
    return float(alike[one, two]) if entries[two].z >= CLEAR else 0.0


def _apart(holds: NDArray[np.bool_], sides: Sides) -> float:
    return float(holds[sides.a].mean() - holds[sides.b].mean())


def _predicate(group: Sequence[_Entry], sides: Sides, corpus: Corpus) -> Predicate:
    holds = np.any([e.holds for e in group], axis=0)
    terms = tuple(dict.fromkeys(t for e in group for t in spelt(e.words, corpus.used)))
    a, b = (np.array([float(holds[side].sum())]) for side in (sides.a, sides.b))
    z = log_odds(a, b, int(sides.a.sum()), int(sides.b.sum()))
    return Predicate(terms, float(holds[sides.a].mean()), float(holds[sides.b].mean()), float(z[0]))
