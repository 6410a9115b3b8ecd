"""Which documents hold which words and phrases: every term that is frequent enough, once a document.

Knows words and documents. Must never know what tells documents apart, or which terms are of interest.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .lexicons import STOP
from .words import LINK

LONGEST = 3
"""Words of the longest phrase."""


class Presence(NamedTuple):
    """Terms and the documents that hold them; pairs of both, each once, sorted by term and document."""

    terms: tuple[str, ...]
    term: NDArray[np.int64]
    """Place of the term of each pair."""
    document: NDArray[np.int64]
    """Place of the document of each pair."""
    documents: int

    def counts(self, among: NDArray[np.bool_]) -> NDArray[np.float64]:
        """How many of the documents where `among` (shape (documents,)) holds have each term, shape (terms,)."""
        held = np.bincount(self.term, weights=among[self.document], minlength=len(self.terms))
        return held.astype(np.float64)

    def holds(self, places: Sequence[int]) -> NDArray[np.bool_]:
        """Which documents hold any of the terms at these places, shape (documents,)."""
        out = np.zeros(self.documents, bool)
        for at in places:
            first, last = np.searchsorted(self.term, [at, at + 1])
            out[self.document[first:last]] = True
        return out


def presence(documents: Sequence[Sequence[str]], fewest: int) -> Presence:
    """The words and phrases of up to three words that at least `fewest` documents hold.

    A phrase is made of frequent words and begins and ends with words that mean something by themselves. Links, names of
    users, numbers and single letters are no terms.

    Args:
        documents: The words of each document, by `words_of`.
        fewest: Documents that must hold a term.
    """
    held = Counter(w for words in documents for w in set(words))
    known = sorted(w for w, n in held.items() if n >= fewest)
    at = {w: k for k, w in enumerate(known)}
    ids = np.array([at.get(w, -1) for words in documents for w in words], np.int64)
    of = np.repeat(np.arange(len(documents)), [len(words) for words in documents])
    telling = np.array([tells(w) for w in known], bool)
    parts = [_single(ids, of, known, telling, len(documents))]
    for length in range(2, LONGEST + 1):
        parts.append(_phrases(ids, of, known, telling, len(documents), length, fewest))
    terms: list[str] = []
    term, document = [], []
    for names, which, where in parts:
        term.append(which + len(terms))
        document.append(where)
        terms += names
    return Presence(tuple(terms), np.concatenate(term), np.concatenate(document), len(documents))


def tells(word: str) -> bool:
    """Whether a word may be a term by itself, or begin or end one."""
    if len(word) < 2 or word == LINK or word.startswith("@") or word in STOP:
        return not word.isascii() and word.isalpha()
    return any(c.isalpha() for c in word) and not word[0].isdigit()


_Part = tuple[list[str], NDArray[np.int64], NDArray[np.int64]]


def _single(ids: NDArray, of: NDArray, known: list[str], telling: NDArray[np.bool_], documents: int) -> _Part:
    good = ids >= 0
    good[good] = telling[ids[good]]
    names, codes = np.unique(ids[good], return_inverse=True)
    pairs = np.unique(codes * max(documents, 1) + of[good])
    return [known[k] for k in names], pairs // max(documents, 1), pairs % max(documents, 1)


def _phrases(
    ids: NDArray, of: NDArray, known: list[str], telling: NDArray[np.bool_], documents: int, length: int, fewest: int
) -> _Part:
    """Phrases of that many words; a key is its words' places as digits of a number in base of the vocabulary."""
    size, base = len(ids) - length + 1, max(len(known), 1)
    if size <= 0:
        return [], np.zeros(0, np.int64), np.zeros(0, np.int64)
    good = of[:size] == of[length - 1 :]
    key = np.zeros(size, np.int64)
    for k in range(length):
        good &= ids[k : k + size] >= 0
        key = key * base + ids[k : k + size]
    ends = (ids[:size], ids[length - 1 :])
    for end in ends:
        good[good] = telling[end[good]]
    keys, codes = np.unique(key[good], return_inverse=True)
    pairs = np.unique(codes * max(documents, 1) + of[:size][good])
    term, document = pairs // max(documents, 1), pairs % max(documents, 1)
    frequent = np.bincount(term, minlength=len(keys)) >= fewest
    place = np.cumsum(frequent) - 1
    kept = frequent[term]
    return [_spelt(int(k), known, length) for k in keys[frequent]], place[term[kept]], document[kept]


def _spelt(key: int, known: list[str], length: int) -> str:
    words = []
    for _ in range(length):
        key, at = divmod(key, len(known))
        words.append(known[at])
    return " ".join(reversed(words))
