"""Where frozen terms occur: counts of words, phrases and word beginnings in documents.

Knows terms and words. Must never know which documents they are, or what goes with a term.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


class Terms:
    """A frozen list of terms, ready to be counted. A term is a word, a phrase, or a word's beginning (`delay*`)."""

    def __init__(self, terms: Iterable[str]) -> None:
        self.terms = tuple(dict.fromkeys(terms))
        self._at = {term: at for at, term in enumerate(self.terms)}
        self._stems = {t[:-1]: at for t, at in self._at.items() if t.endswith("*") and " " not in t}
        self._lengths = sorted({t.count(" ") + 1 for t in self.terms if " " in t})
        self._loose = {
            at: [w.rstrip("*") if w.endswith("*") else w + "\0" for w in t.split(" ")]
            for t, at in self._at.items()
            if " " in t and "*" in t
        }
        self._known: dict[str, tuple[int, ...]] = {}

    def found(self, words: Sequence[str]) -> dict[int, int]:
        """How often each term occurs among the words of one document, by the term's place; those that occur."""
        out: dict[int, int] = {}
        for word in words:
            for at in self._single(word):
                out[at] = out.get(at, 0) + 1
        for length in self._lengths:
            for start in range(len(words) - length + 1):
                at = self._at.get(" ".join(words[start : start + length]))
                if at is not None:
                    out[at] = out.get(at, 0) + 1
        for at, parts in self._loose.items():
            hits = sum(
                _begins(words[start : start + len(parts)], parts) for start in range(len(words) - len(parts) + 1)
            )
            if hits:
                out[at] = hits
        return out

    def counts(self, documents: Iterable[Sequence[str]]) -> NDArray[np.int32]:
        """The counts of all terms in documents, shape (documents, terms)."""
        rows = [self.found(words) for words in documents]
        out = np.zeros((len(rows), len(self.terms)), np.int32)
        for at, row in enumerate(rows):
            for term, times in row.items():
                out[at, term] = times
        return out

    def _single(self, word: str) -> tuple[int, ...]:
        known = self._known.get(word)
        if known is None:
            own = [self._at[word]] if word in self._at else []
            known = tuple(own + [at for stem, at in self._stems.items() if word.startswith(stem)])
            self._known[word] = known
        return known


def _begins(words: Sequence[str], parts: Sequence[str]) -> bool:
    return all((w + "\0").startswith(p) for w, p in zip(words, parts, strict=True))
