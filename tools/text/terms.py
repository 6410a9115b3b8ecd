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
        self._phrases: dict[str, list[tuple[int, int, str]]] = {}
        for t, at in self._at.items():
            if " " in t:
                self._phrases.setdefault(t.partition(" ")[0], []).append((at, t.count(" ") + 1, t))
        self._loose = {
            at: [w.rstrip("*") if w.endswith("*") else w + "\0" for w in t.split(" ")]
            for t, at in self._at.items()
            if " " in t and "*" in t
        }
        self._known: dict[str, tuple[int, ...]] = {}
        self._looked: dict[str, bool] = {}

    def found(self, words: Sequence[str]) -> dict[int, int]:
        """How often each term occurs among the words of one document, by the term's place; those that occur."""
        out: dict[int, int] = {}
        looked, phrases = self._looked, self._phrases
        for start, word in enumerate(words):
            if word not in looked:
                looked[word] = bool(self._single(word)) or word in phrases
            if not looked[word]:
                continue
            for at in self._known[word]:
                out[at] = out.get(at, 0) + 1
            for at, length, phrase in phrases.get(word, ()):
                if " ".join(words[start : start + length]) == phrase:
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
