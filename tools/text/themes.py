"""Frozen themes: which theme a document belongs to, by weights of words that were fixed before it was read.

A theme's score of a document is the sum of its words' weights, each times `1 + ln(times)`, over the root of the sum of
squares of `1 + ln(times)` of all words that the model knows. The document belongs to the theme of the highest score
among its siblings, if the score reaches the theme's threshold; to a part of a theme only if it belongs to the theme.
So leaving a word out has an exact effect, and the model is plain JSON that a few lines of numpy can read.

Knows frozen weights and documents. Must never fit anything, nor see a column beside the text.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import HypothesisError
from ..value import Value
from .properties import CloseTo, InTheme, Judged
from .words import words_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

UNIT = 1000.0
"""Weights and thresholds are whole thousandths: their JSON is the same on every machine."""


class ThemeWeights(Value):
    """One theme of a frozen model."""

    id: str
    parent: str | None = None
    weights: tuple[int, ...]
    """Thousandths, one for each of the model's terms."""
    threshold: int
    """Thousandths."""


class ThemeModel(Value):
    """Frozen themes of one text, as they are written and read."""

    terms: tuple[str, ...]
    """Keys of words, each one word."""
    forms: dict[str, int]
    """Each word in lower case that counts, as `words_of` reads it, with its key's place in `terms`."""
    themes: tuple[ThemeWeights, ...]

    @cached_property
    def id(self) -> str:
        """The content id under which properties name the model."""
        return self.content_id()


class Reading(NamedTuple):
    """What a model says of documents: scores and the theme of each, shape (documents, themes) and (documents,)."""

    scores: NDArray[np.float64]
    members: NDArray[np.bool_]


class Themed:
    """An `Assigner` by frozen weights."""

    def __init__(self, model: ThemeModel) -> None:
        self.model = model
        self.id = model.id
        self.ids = tuple(t.id for t in model.themes)
        self._weights = np.array([t.weights for t in model.themes], np.float64).T / UNIT

    def holds(self, prop: InTheme | CloseTo | Judged, texts: Sequence[str]) -> NDArray[np.float64]:
        """1 where the text belongs to the theme, 0 where not, shape (texts,). Never missing: no known word is no theme.

        Raises:
            HypothesisError: if the property is not of this model, or names a theme that it lacks.
        """
        return self.holds_each([prop], texts, [words_of(t) for t in texts])[0]

    def holds_each(
        self, props: Sequence[InTheme | CloseTo | Judged], texts: Sequence[str], words: Sequence[list[str]]
    ) -> list[NDArray[np.float64]]:
        """The same of several properties, from the words of each text, which are read once.

        Raises:
            HypothesisError: as `holds`.
        """
        places = []
        for prop in props:
            if not isinstance(prop, InTheme) or prop.model != self.model.id or prop.theme not in self.ids:
                raise HypothesisError(f"The frozen themes {self.model.id} do not know {prop!r}.")
            places.append(self.ids.index(prop.theme))
        members = self.read(words).members
        return [members[:, at].astype(np.float64) for at in places]

    def degree(self, prop: InTheme | CloseTo | Judged, texts: Sequence[str]) -> NDArray[np.float64]:
        """How far the theme's score lies above what would keep the text out of it, shape (texts,)."""
        if not isinstance(prop, InTheme) or prop.theme not in self.ids:
            raise HypothesisError(f"The frozen themes {self.model.id} do not know {prop!r}.")
        scores = self.read(words_of(t) for t in texts).scores
        return above(scores, self.model.themes, self.ids.index(prop.theme))

    def falls(self, theme: str, words: Sequence[str]) -> dict[str, float]:
        """By how much `degree` falls when a word is left out of a document, for each known word of it.

        The same as reading the document again without the word, by the formula of the score.
        """
        held = Counter(w for w in words if w in self.model.forms)
        if not held:
            return {}
        keys = Counter({self.model.forms[w]: 0 for w in held})
        for word, times in held.items():
            keys[self.model.forms[word]] += times
        at = np.array(list(keys))
        full = 1.0 + np.log(np.array(list(keys.values()), np.float64))
        sums, squares = full @ self._weights[at], float(full @ full)
        places = np.array([self.model.forms[w] for w in held])
        before = 1.0 + np.log(np.array([keys[key] for key in places], np.float64))
        rest = np.array([keys[self.model.forms[w]] - times for w, times in held.items()], np.float64)
        after = np.where(rest > 0, 1.0 + np.log(np.maximum(rest, 1.0)), 0.0)
        left = np.sqrt(np.maximum(squares - before**2 + after**2, 0.0))
        scores = (sums - (before - after)[:, None] * self._weights[places]) / np.where(left > 1e-9, left, 1.0)[:, None]
        own = self.ids.index(theme)
        fall = above((sums / np.sqrt(squares))[None], self.model.themes, own)[0] - above(scores, self.model.themes, own)
        return dict(zip(held, fall.tolist(), strict=True))

    def read(self, documents: Iterable[Sequence[str]]) -> Reading:
        """Scores and memberships of documents, given as their words."""
        return self.judge(word_counts(documents, self.model.forms, len(self.model.terms)))

    def judge(self, counts: "csr_array") -> Reading:
        """The same from counts of the model's terms, shape (documents, terms)."""
        scores = scored(counts, self._weights)
        return Reading(scores, memberships(scores, self.model.themes))


def word_counts(documents: Iterable[Sequence[str]], forms: dict[str, int], terms: int) -> "csr_array":
    """How often each document holds each key, shape (documents, terms)."""
    from scipy.sparse import csr_array

    at: list[int] = []
    values: list[int] = []
    ends = [0]
    for words in documents:
        own: dict[int, int] = {}
        for key in [forms[word] for word in words if word in forms]:
            own[key] = own.get(key, 0) + 1
        at.extend(own)
        values.extend(own.values())
        ends.append(len(at))
    shape = (len(ends) - 1, terms)
    out = csr_array((np.array(values, np.float64), np.array(at, np.int64), np.array(ends, np.int64)), shape=shape)
    out.sort_indices()
    return out


def size_of(table: "csr_array") -> tuple[int, int]:
    """Rows and columns of a sparse table."""
    return cast(tuple[int, int], table.shape)


def dampened(counts: "csr_array") -> "csr_array":
    """Counts as `1 + ln(times)`: a word said ten times weighs 3.3, not 10."""
    out = counts.copy()
    out.data = 1.0 + np.log(out.data)
    return out


def scored(counts: "csr_array", weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores by weights of shape (terms, themes); 0 for a document without a known word."""
    times = dampened(counts)
    length = np.sqrt(np.asarray(times.multiply(times).sum(axis=1), np.float64).reshape(-1))
    return np.asarray(times @ weights) / np.where(length > 0, length, 1.0)[:, None]


def above(scores: NDArray[np.float64], themes: Sequence[ThemeWeights], at: int) -> NDArray[np.float64]:
    """How far one theme's score lies above its siblings' and its threshold, shape (documents,)."""
    others = [i for i, t in enumerate(themes) if t.parent == themes[at].parent and i != at]
    bar = np.full(len(scores), themes[at].threshold / UNIT)
    return scores[:, at] - np.maximum(bar, scores[:, others].max(axis=1, initial=-np.inf))


def in_thousandths(values: NDArray[np.float64]) -> tuple[int, ...]:
    """Values as the model holds them."""
    return tuple(int(v) for v in np.rint(UNIT * values))


def memberships(scores: NDArray[np.float64], themes: Sequence[ThemeWeights]) -> NDArray[np.bool_]:
    """Who belongs where, from scores, shape (documents, themes); parents come before their parts."""
    out = np.zeros(scores.shape, bool)
    place = {t.id: at for at, t in enumerate(themes)}
    for parent in dict.fromkeys(t.parent for t in themes):
        own = [at for at, t in enumerate(themes) if t.parent == parent]
        best = np.array(own)[np.argmax(scores[:, own], axis=1)]
        for at in own:
            enough = (best == at) & (scores[:, at] >= themes[at].threshold / UNIT) & (scores[:, at] > 0)
            out[:, at] = enough if parent is None else enough & out[:, place[parent]]
    return out
