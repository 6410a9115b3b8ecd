"""Themes of one text: found in exploration documents, kept where refits agree, frozen as weights of words.

At most `MOST_FITTED` documents decide what the themes are; all are assigned by the frozen model, as sealed documents
will be. Equal documents count once where themes are sought. Knows exploration documents. Must never know a sealed one,
a label, or what a claim says of a theme.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..text.evaluate import Assigner
from ..text.properties import InTheme, TextProperty
from ..text.summary import Point, Theme, Themes
from ..text.themes import UNIT, Themed, ThemeModel, ThemeWeights, scored
from ..value import digest
from .text_names import Phrases, names, read_phrases, telling_phrases
from .text_space import directions, placed, rarity, shuffled
from .text_stability import Split, assigned, stable_split
from .text_typical import by_id, drawn, mapped, typical, typical_quote
from .text_words import Words, pieces, read_words

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_FITTED = 4000
LEAST_DOCUMENTS = 30
"""Different documents below which no themes are sought."""
SIZES = (2, 3, 4, 5, 6, 8, 10, 12)
PART_SIZES = (2, 3, 4, 5)
_LEAST_A_THEME = 15
_LEAST_FOR_PARTS, _SHARE_FOR_PARTS = 200, 0.1
"""A theme has parts only if so many fitted documents, and this share of them, belong to it."""
_NAMED_BY = 3
"""Terms that a property's name holds."""


class FoundThemes(NamedTuple):
    """What was found, and what freezes it."""

    summary: Themes
    map: tuple[Point, ...] = ()
    model: Assigner | None = None
    """Assigns documents; its id is `summary.model`."""
    properties: tuple[TextProperty, ...] = ()


class WordSpace:
    """Documents placed by which of their words go together; a `Space` of `text_stability`."""

    def __init__(self, counts: "csr_array", held: "csr_array", owners: NDArray[np.int64], seed: int) -> None:
        self.counts, self.held, self.owners, self.seed = counts, held, owners, seed
        self._rarity = rarity(counts)[:, None]
        self._whole: NDArray[np.float64] | None = None

    @property
    def size(self) -> int:
        """How many documents there are."""
        return self.counts.shape[0]

    def words(self) -> NDArray[np.float64]:
        """The vector of each term times its rarity, by all documents, shape (terms, d)."""
        if self._whole is None:
            self._whole = directions(self.held, self.seed) * self._rarity
        return self._whole

    def vectors(self, part: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """All documents by the words' directions in a part of them, shape (documents, d)."""
        if part is None:
            return placed(self.counts, self.words())
        inside = np.zeros(self.size, bool)
        inside[part] = True
        return placed(self.counts, directions(self.held[np.flatnonzero(inside[self.owners])], self.seed) * self._rarity)

    def chance(self) -> "WordSpace":
        """The same documents with their words dealt out at random."""
        held, counts = shuffled(self.held, self.owners, self.seed)
        return WordSpace(counts, held, self.owners, self.seed)

    def scores(self, vectors: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
        """The frozen model's scores, shape (documents, themes)."""
        return scored(self.counts, self.words() @ centres.T)

    def of(self, documents: NDArray[np.int64]) -> "WordSpace":
        """Some of the documents, alone."""
        place = np.full(self.size, -1)
        place[documents] = np.arange(len(documents))
        own = np.flatnonzero(place[self.owners] >= 0)
        return WordSpace(self.counts[documents], self.held[own], place[self.owners[own]], self.seed)


def find_themes(name: str, documents: Sequence[str | None], language: str | None = None) -> FoundThemes:
    """The stable themes of exploration documents, in two levels, with a frozen model that assigns others.

    Args:
        name: The column of text; properties speak of it.
        documents: The texts, None where missing. Their order makes no difference.
        language: A language's code where it is known; it decides which words count as without a subject.

    Returns:
        Themes with their terms, typical documents and phrases, shares among the documents that are not missing, a map,
        the model and a property for each theme. Where no themes are stable, only the reason.
    """
    from threadpoolctl import threadpool_limits

    known = [t for t in documents if t is not None]
    texts, times = _different(known)
    if len(texts) < LEAST_DOCUMENTS:
        return FoundThemes(Themes(reason=f"fewer than {LEAST_DOCUMENTS} different documents"))
    fitted = min(len(texts), MOST_FITTED)
    with threadpool_limits(limits=1, user_api="blas"):
        words = read_words(texts, fitted, language)
        model, told = _fitted(words, fitted, int(digest("".join(sorted(set(texts[:fitted]))))[:8], 16))
        if model is None:
            return FoundThemes(Themes(reason="no stable themes"))
        return _described(name, texts, times, words, fitted, model, told)


def _different(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Different texts in the order of their digests, and how many times each stands there."""
    times: dict[str, int] = {}
    for text in texts:
        times[text] = times.get(text, 0) + 1
    order = sorted(times, key=digest)
    return order, np.array([times[t] for t in order], np.int64)


class _Told(NamedTuple):
    """What the fit says of each theme of the model, and the vectors of the fitted documents."""

    agreement: float
    jaccard: dict[str, float]
    vectors: NDArray[np.float64]


def _fitted(words: Words, fitted: int, seed: int) -> tuple[Themed | None, _Told]:
    """Themes and their parts; ids are in the order of size."""
    nothing = _Told(0.0, {}, np.zeros((0, 2)))
    if len(words.terms) < 5:
        return None, nothing
    held, owners = pieces(words, fitted)
    space = WordSpace(words.counts[np.arange(fitted)], held, owners, seed)
    split = stable_split(space, [k for k in SIZES if k == 2 or k * _LEAST_A_THEME <= fitted], seed)
    if split is None:
        return None, nothing
    vectors = space.vectors(None)
    own = assigned(space.scores(vectors, split.centres), split.thresholds)
    themes, jaccard = [], {}
    for number, at in enumerate(_by_size(own, len(split.centres)), 1):
        themes.append(_weights(space, split, at, str(number), None))
        jaccard[str(number)] = float(split.jaccard[at])
        inside = np.flatnonzero(own == at)
        if len(inside) >= max(_LEAST_FOR_PARTS, _SHARE_FOR_PARTS * fitted):
            _add_parts(space.of(inside), str(number), seed, themes, jaccard)
    themes.sort(key=lambda t: (t.parent is not None, [int(n) for n in t.id.split(".")]))
    return Themed(ThemeModel(terms=words.terms, forms=words.forms, themes=tuple(themes))), _Told(
        split.agreement, jaccard, vectors
    )


def _add_parts(space: WordSpace, parent: str, seed: int, themes: list[ThemeWeights], jaccard: dict[str, float]) -> None:
    split = stable_split(space, PART_SIZES, seed)
    if split is None:
        return
    own = assigned(space.scores(space.vectors(None), split.centres), split.thresholds)
    for number, at in enumerate(_by_size(own, len(split.centres)), 1):
        themes.append(_weights(space, split, at, f"{parent}.{number}", parent))
        jaccard[f"{parent}.{number}"] = float(split.jaccard[at])


def _by_size(own: NDArray[np.int64], count: int) -> list[int]:
    return [int(at) for at in np.argsort(-np.bincount(own[own >= 0], minlength=count), kind="stable")]


def _weights(space: WordSpace, split: Split, at: int, theme: str, parent: str | None) -> ThemeWeights:
    weights = np.rint(UNIT * (space.words() @ split.centres[at])).astype(int)
    threshold = int(np.rint(UNIT * split.thresholds[at]))
    return ThemeWeights(id=theme, parent=parent, weights=tuple(int(w) for w in weights), threshold=threshold)


def _described(
    name: str, texts: list[str], times: NDArray[np.int64], words: Words, fitted: int, themed: Themed, told: _Told
) -> FoundThemes:
    reading = themed.judge(words.counts)
    members = dict(zip(themed.ids, reading.members.T, strict=True))
    themes: list[Theme] = []
    for parent in dict.fromkeys(t.parent for t in themed.model.themes):
        own = [t.id for t in themed.model.themes if t.parent == parent]
        inside = np.ones(len(texts), bool) if parent is None else members[parent]
        level = _level(words, own, members, inside, fitted)
        for theme, terms, phrases in level:
            themes.append(_theme(theme, parent, terms, phrases, texts, times, words, themed, reading, told))
    order = {theme: at for at, theme in enumerate(themed.ids)}
    themes.sort(key=lambda t: ([int(n) for n in t.id.split(".")], order[t.id]))
    roots = [t.id for t in themed.model.themes if t.parent is None]
    nowhere = by_id(roots, members) < 0
    summary = Themes(
        model=themed.model.id, themes=tuple(themes), agreement=round(told.agreement, 3),
        unassigned=float(times[nowhere].sum() / times.sum()),
    )  # fmt: skip
    shown = drawn(fitted)
    points = mapped(told.vectors[shown], by_id(roots, members)[shown], roots, [texts[at] for at in shown])
    return FoundThemes(summary, points, themed, _properties(name, themes, themed.model.id))


def _level(
    words: Words, own: list[str], members: dict[str, NDArray[np.bool_]], inside: NDArray[np.bool_], fitted: int
) -> list[tuple[str, tuple[str, ...], Phrases]]:
    """The siblings of one parent with their terms, each beside the parent's other documents."""
    some = np.flatnonzero(inside)
    part = words._replace(tokens=[words.tokens[at] for at in some], counts=words.counts[some])
    place = by_id(own, {t: members[t][some] for t in own})
    phrases = read_phrases(part, place, len(own), int((some < fitted).sum()))
    return [(t, terms, phrases) for t, terms in zip(own, names(part, place, len(own), phrases), strict=True)]


def _theme(
    theme: str, parent: str | None, terms: tuple[str, ...], phrases: Phrases, texts: list[str],
    times: NDArray[np.int64], words: Words, themed: Themed, reading, told: _Told,
) -> Theme:  # fmt: skip
    at = themed.ids.index(theme)
    inside = reading.members[:, at]
    chosen = typical(reading.scores[:, at], inside, words.tokens)
    siblings = [t.id for t in themed.model.themes if t.parent == parent]
    return Theme(
        id=theme, parent=parent, terms=terms, documents=int(times[inside].sum()),
        share=float(times[inside].sum() / times.sum()),
        typical=tuple(typical_quote(themed, theme, texts[d], words.tokens[d]) for d in chosen),
        phrases=telling_phrases(phrases, siblings.index(theme), [words.tokens[d] for d in chosen]),
        agreement=round(told.jaccard[theme], 3),
    )  # fmt: skip


def _properties(name: str, themes: Sequence[Theme], model: str) -> tuple[TextProperty, ...]:
    """A property for each theme, named by its first terms; no two have one name."""
    out: dict[str, TextProperty] = {}
    for theme in themes:
        called = f'theme "{", ".join(theme.terms[:_NAMED_BY]) or theme.id}" of {name}'
        if called in out:
            called = f'theme {theme.id} "{", ".join(theme.terms[:_NAMED_BY])}" of {name}'
        out[called] = TextProperty(name=called, column=name, property=InTheme(theme=theme.id, model=model))
    return tuple(out.values())
