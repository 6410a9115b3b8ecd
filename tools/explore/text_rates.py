"""How often words occur in long documents: those whose rate differs between sides or moves along a number.

Knows exploration documents as words and where they stand. Must never know a sealed document, or which column says so.
In a long document most words occur at least once, so that their presence tells little and their rate tells more.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .text_merge import spelt, stem_of
from .text_ranks import midranks
from .text_terms import Corpus

LONG = 300
"""Words of the median document from which rates are looked at."""
_MOST_DOCUMENTS = 2_000
_MOST_WORDS = 2_500
_CLEAR = 3.0
_BY_USE = 0.15


class Rates:
    """The rates of frequent words in documents, an inflected word as one, as ranks."""

    def __init__(self, corpus: Corpus) -> None:
        self.documents = np.arange(min(len(corpus.documents), _MOST_DOCUMENTS))
        families = dict.fromkeys(corpus.families[w] for w in corpus.used)
        held = {f: sum(corpus.used[w] for w in f) for f in families}
        self.families = sorted(held, key=lambda f: (-held[f], f))[:_MOST_WORDS]
        at = {w: k for k, f in enumerate(self.families) for w in f}
        counts = np.zeros((len(self.documents), len(self.families)))
        for row in self.documents.tolist():
            words = corpus.documents[row]
            found = np.bincount([at[w] for w in words if w in at], minlength=len(self.families))
            counts[row] = found / max(len(words), 1)
        self.ranks: NDArray[np.float64] = np.apply_along_axis(midranks, 0, counts)
        lengths = np.array([len(corpus.documents[row]) for row in self.documents.tolist()], np.float64)
        self.uses: NDArray[np.float64] = (counts * lengths[:, None]).mean(axis=0)
        """Uses a document, on average."""
        self.held: NDArray[np.float64] = (counts > 0).mean(axis=0)


class Rated(NamedTuple):
    """Terms with how clearly their rate goes with where documents stand."""

    terms: tuple[str, ...]
    z: float
    held: float
    """Share of the documents that hold them: of a rare word that it occurs says as much as how often it does."""


def rated(rates: Rates, corpus: Corpus, values: NDArray[np.float64], skip: Sequence[bool], most: int) -> list[Rated]:
    """The words whose rate rises most clearly with `values`, by rank correlation on Fisher's scale.

    Args:
        rates: The rates.
        corpus: The documents they are of.
        values: Where each document stands, shape (documents,), NaN where it is not known.
        skip: Of each family whether it only restates a side, shape (families,).
        most: How many at most.
    """
    own = values[rates.documents]
    known = ~np.isnan(own)
    if known.sum() < 10:
        return []
    y = midranks(own[known])
    y = y - y.mean()
    x = rates.ranks[known] - rates.ranks[known].mean(axis=0)
    size = np.sqrt((x**2).sum(axis=0) * (y**2).sum())
    rho = np.divide(x.T @ y, size, out=np.zeros(x.shape[1]), where=size > 0)
    z = np.arctanh(np.clip(rho, -0.999, 0.999)) * np.sqrt(known.sum() - 3)
    # Of two words as clear the one that is used more says more of how texts changed.
    told = z * rates.uses**_BY_USE
    order = sorted(np.flatnonzero((z >= _CLEAR) & ~np.array(skip, bool)).tolist(), key=lambda k: (-told[k], k))
    kept: list[int] = []
    for k in order:
        if len(kept) < most and not any(_alike(rates.families[k], rates.families[j], corpus) for j in kept):
            kept.append(k)
    return [Rated(spelt(rates.families[k], corpus.used), float(z[k]), float(rates.held[k])) for k in kept]


def _alike(one: Sequence[str], two: Sequence[str], corpus: Corpus) -> bool:
    """Whether two words are of one everyday list, such as child and parent: the clearer one stands for both."""
    stems = [{stem_of(w) for w in family} for family in (one, two)]
    return any(stems[0] & words and stems[1] & words for words in corpus.concepts)
