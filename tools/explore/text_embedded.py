"""Documents placed by sentence embeddings, for finding themes.

Knows vectors. Must never know a word, a label, or which model made them.
"""

import numpy as np
from numpy.typing import NDArray

from ..text.themes import in_thousandths


class EmbeddedSpace:
    """Documents where an embedder puts them; a `Space` of `text_stability`."""

    def __init__(self, vectors: NDArray[np.float64], seed: int) -> None:
        self._raw, self._seed = vectors, seed
        middle = vectors.mean(axis=0)
        length = float(np.linalg.norm(middle))
        apart = vectors - np.outer(vectors @ middle, middle) / length**2 if length > 1e-9 else vectors
        norm = np.linalg.norm(apart, axis=1, keepdims=True)
        self._vectors = np.where(norm > 1e-6, apart / np.maximum(norm, 1e-9), 0.0)

    @property
    def size(self) -> int:
        """How many documents there are."""
        return len(self._vectors)

    def vectors(self, part: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """The vectors less the direction that all share; the embedder was fixed before, so no part moves them."""
        return self._vectors

    def chance(self) -> "EmbeddedSpace":
        """As many normal ones of the same covariance: one cloud, however long it is in some direction."""
        rng = np.random.Generator(np.random.PCG64(self._seed))
        middle = self._raw.mean(axis=0)
        _, _, axes = np.linalg.svd(self._raw - middle, full_matrices=False)
        along = (self._raw - middle) @ axes.T
        mixed = (rng.standard_normal(along.shape) * along.std(axis=0)) @ axes + middle
        length = np.linalg.norm(mixed, axis=1, keepdims=True)
        return EmbeddedSpace(mixed / np.maximum(length, 1e-9), self._seed)

    def scores(self, vectors: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
        """Products of documents as they are embedded with the centres, shape (documents, themes)."""
        return self._raw @ centres.T

    def of(self, documents: NDArray[np.int64]) -> "EmbeddedSpace":
        """Some of the documents, alone."""
        return EmbeddedSpace(self._raw[documents], self._seed)

    def weights(self, centre: NDArray[np.float64]) -> tuple[int, ...]:
        """The centre in thousandths."""
        return in_thousandths(centre)
