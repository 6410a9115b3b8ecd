"""Sentence embeddings: what an embedder is, vectors kept by content, closeness to a described concept, themes by them.

Nothing here is loaded by a run that does not ask for it. Knows texts and their vectors. Must never fetch anything, nor
see a column beside the text.
"""

import sqlite3
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import HypothesisError
from ..value import Value, digest
from .properties import CloseTo, InTheme, Judged, TextProperty
from .themes import UNIT, Reading, ThemeWeights, above, memberships

LEAST_CLOSE, MOST_CLOSE = 0.02, 0.5
"""Between these shares of the exploration documents count as close to a concept."""
_PLACES = 5
"""Decimals to which a similarity is read: the last bits of a product of floats differ between machines."""


class Embedder(Protocol):
    """What turns texts into vectors: a local model, an endpoint."""

    @property
    def id(self) -> str:
        """Name and digest of what embeds; a different id is a different property."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, shape (texts, d); a text's vector does not depend on the others."""
        ...


class Kept:
    """An embedder whose vectors are kept in a file, by the digest of the text."""

    def __init__(self, inner: Embedder, folder: Path) -> None:
        self._inner = inner
        self._file = folder / "embeddings" / f"{digest(inner.id)[:16]}.sqlite"

    @property
    def id(self) -> str:
        """That of the embedder within."""
        return self._inner.id

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors from the file, those that it lacks from the embedder; shape (texts, d)."""
        keys = [digest(t) for t in texts]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(self._file, timeout=60) as store:
            store.execute("CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, vector BLOB NOT NULL)")
            known = _known(store, keys)
            new = {k: t for k, t in zip(keys, texts, strict=True) if k not in known}
            if new:
                made = np.ascontiguousarray(self._inner.embed(list(new.values())), np.dtype("<f4"))
                rows = [(k, v.tobytes()) for k, v in zip(new, made, strict=True)]
                store.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
                known |= dict(zip(new, made, strict=True))
        store.close()
        return np.array([known[k] for k in keys], np.float32) if keys else np.zeros((0, 0), np.float32)


def _known(store: sqlite3.Connection, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    out: dict[str, NDArray[np.float32]] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        marks = ",".join("?" * len(some))
        for key, vector in store.execute(f"SELECT text, vector FROM vectors WHERE text IN ({marks})", some):
            out[key] = np.frombuffer(vector, np.dtype("<f4")).astype(np.float32)
    return out


class Closeness:
    """An `Assigner` for `CloseTo`, under the id of its embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def holds(self, prop: InTheme | CloseTo | Judged, texts: Sequence[str]) -> NDArray[np.float64]:
        """1 where the text is close to the concept, 0 where not, NaN where the text is empty; shape (texts,).

        Raises:
            HypothesisError: if the property is of another embedder.
        """
        apart = self.degree(prop, texts)
        return np.where(np.isnan(apart), np.nan, (apart >= 0).astype(np.float64))

    def degree(self, prop: InTheme | CloseTo | Judged, texts: Sequence[str]) -> NDArray[np.float64]:
        """Similarity less the threshold, shape (texts,)."""
        if not isinstance(prop, CloseTo) or prop.embedder != self._embedder.id:
            raise HypothesisError(f"{self._embedder.id} does not decide {prop!r}.")
        return np.round(similarities(self._embedder, prop.concept, texts) - prop.threshold, _PLACES)


def similarities(embedder: Embedder, concept: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """The cosine of each text with a concept, NaN for an empty text, shape (texts,)."""
    if not texts:
        return np.zeros(0)
    vectors = embedder.embed([concept, *texts]).astype(np.float64)
    out = np.round(vectors[1:] @ vectors[0], _PLACES)
    return np.where([bool(t.strip()) for t in texts], out, np.nan)


def close_to(name: str, concept: str, documents: Sequence[str | None], embedder: Embedder) -> TextProperty:
    """Closeness to a described concept, as a property whose threshold exploration documents decide.

    The threshold is where it parts their similarities best (Otsu 1979, doi:10.1109/TSMC.1979.4310076), among those that
    call 2 % to 50 % of them close.

    Args:
        name: The column of text.
        concept: What is meant, in words, such as `a complaint about a late flight`.
        documents: Exploration documents, None where missing.
        embedder: What places concept and documents.

    Raises:
        HypothesisError: if there are fewer than two documents, or all are equally close.
    """
    found = similarities(embedder, concept, [t for t in documents if t is not None])
    threshold = _parting(np.sort(found[~np.isnan(found)]))
    prop = CloseTo(concept=concept, threshold=threshold, embedder=embedder.id)
    return TextProperty(name=f'closeness of {name} to "{concept}"', column=name, property=prop)


def _parting(x: NDArray[np.float64]) -> float:
    n = len(x)
    if n < 2 or x[0] == x[-1]:
        raise HypothesisError("A threshold of closeness needs documents that differ in how close they are.")
    low = np.arange(1, n)
    sums = np.cumsum(x)
    mean_low, mean_high = sums[:-1] / low, (sums[-1] - sums[:-1]) / (n - low)
    between = low * (n - low) * (mean_high - mean_low) ** 2
    share = (n - low) / n
    fit = (share >= LEAST_CLOSE) & (share <= MOST_CLOSE) & (x[1:] > x[:-1])
    if not fit.any():
        fit = x[1:] > x[:-1]
    at = int(np.flatnonzero(fit)[np.argmax(between[fit])])
    return round(float((x[at] + x[at + 1]) / 2), _PLACES)


class EmbeddedModel(Value):
    """Frozen themes by embeddings: a centre for each, with the product that a document must reach."""

    embedder: str
    themes: tuple[ThemeWeights, ...]

    @cached_property
    def id(self) -> str:
        """The content id under which properties name the model."""
        return self.content_id()


class EmbeddedThemes:
    """An `Assigner` by frozen centres of embeddings."""

    def __init__(self, model: EmbeddedModel, embedder: Embedder) -> None:
        if model.embedder != embedder.id:
            raise HypothesisError(f"These themes are of the embeddings {model.embedder}, not of {embedder.id}.")
        self.model, self.id = model, model.id
        self.ids = tuple(t.id for t in model.themes)
        self._embedder = embedder
        self._centres = np.array([t.weights for t in model.themes], np.float64).T / UNIT

    def holds(self, prop: InTheme | CloseTo | Judged, texts: Sequence[str]) -> NDArray[np.float64]:
        """1 where the text belongs to the theme, 0 where not, shape (texts,)."""
        return self.holds_each([prop], texts, [])[0]

    def holds_each(
        self, props: Sequence[InTheme | CloseTo | Judged], texts: Sequence[str], words: Sequence[list[str]]
    ) -> list[NDArray[np.float64]]:
        """The same of several properties; each text is placed once, and its `words` make no difference."""
        places = [self._at(prop) for prop in props]
        if not texts:
            return [np.zeros(0) for _ in places]
        members = self.judge(self._embedder.embed(texts)).members
        return [members[:, at].astype(np.float64) for at in places]

    def degree(self, prop: InTheme | CloseTo | Judged, texts: Sequence[str]) -> NDArray[np.float64]:
        """How far the theme's score lies above what would keep the text out of it, shape (texts,)."""
        at = self._at(prop)
        return above(self.judge(self._embedder.embed(texts)).scores, self.model.themes, at)

    def judge(self, vectors: NDArray[np.float32]) -> Reading:
        """Scores and memberships from vectors, shape (documents, d)."""
        scores = np.round(vectors.astype(np.float64) @ self._centres, _PLACES)
        return Reading(scores, memberships(scores, self.model.themes))

    def falls(self, theme: str, words: Sequence[str]) -> dict[str, float]:
        """Nothing: here each word left out is a text to embed anew, which `reasons.explain` does for one document."""
        return {}

    def _at(self, prop: InTheme | CloseTo | Judged) -> int:
        if not isinstance(prop, InTheme) or prop.model != self.id or prop.theme not in self.ids:
            raise HypothesisError(f"The frozen themes {self.id} do not know {prop!r}.")
        return self.ids.index(prop.theme)
