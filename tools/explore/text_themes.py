"""Themes of one text: found in exploration documents, kept where refits agree, frozen as weights of words.

At most `MOST_FITTED` documents decide what the themes are; all are assigned by the frozen model, as sealed documents
will be. Equal documents count once where themes are sought. Knows exploration documents. Must never know a sealed one,
a label, or what a claim says of a theme.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..text.embeddings import EmbeddedModel, EmbeddedThemes, Embedder
from ..text.evaluate import Assigner
from ..text.properties import InTheme, TextProperty
from ..text.reasons import quoted, ranked
from ..text.summary import Point, Theme, Themes
from ..text.themes import Reading, Themed, ThemeModel, ThemeWeights, in_thousandths, scored
from ..text.words import Spoken
from ..value import digest
from .text_embedded import EmbeddedSpace
from .text_names import Phrases, names, read_phrases, telling_phrases, worths
from .text_space import WordSpace
from .text_stability import Space, Split, assigned, stable_split
from .text_typical import by_id, drawn, mapped, typical
from .text_words import Words, pieces, read_words

MOST_FITTED = 4000
LEAST_DOCUMENTS = 30
"""Different documents below which no themes are sought."""
SIZES = (2, 3, 4, 5, 6, 7, 8, 10, 12)
PART_SIZES = (2, 3, 4, 5)
_LEAST_A_THEME = 15
_LEAST_TERMS = 5
_LEAST_FOR_PARTS, _SHARE_FOR_PARTS = 200, 0.1
"""A theme has parts only if so many fitted documents, and this share of them, belong to it."""
_SHORT = 4
"""Known words at which a document's nearness to a theme counts for 7 tenths: two words are near, and say little."""
_NAMED_BY = 3
"""Terms that a property's name holds."""


class FoundThemes(NamedTuple):
    """What was found, and what freezes it."""

    summary: Themes
    map: tuple[Point, ...] = ()
    model: Assigner | None = None
    """Assigns documents; its id is `summary.model`."""
    properties: tuple[TextProperty, ...] = ()


def find_themes(
    name: str,
    documents: Sequence[str | None],
    language: str | None = None,
    embedder: Embedder | None = None,
    spoken: Spoken | None = None,
) -> FoundThemes:
    """The stable themes of exploration documents, in two levels, with a frozen model that assigns others.

    Args:
        name: The column of text; properties speak of it.
        documents: The texts, None where missing. Their order makes no difference.
        language: A language's code where it is known; it decides which words count as without a subject.
        embedder: What places documents, where it is not their words.
        spoken: The words of documents that were read already.

    Returns:
        Themes with their terms, typical documents and phrases, shares among the documents that are not missing, a map,
        the model and a property for each theme. Where no themes are stable, only the reason.
    """
    from threadpoolctl import threadpool_limits

    texts, times = _different([t for t in documents if t is not None])
    if len(texts) < LEAST_DOCUMENTS:
        return FoundThemes(Themes(reason=f"fewer than {LEAST_DOCUMENTS} different documents"))
    fitted = min(len(texts), MOST_FITTED)
    seed = int(digest("".join(digest(t) for t in texts[:fitted]))[:8], 16)
    with threadpool_limits(limits=1, user_api="blas"):
        words = read_words(texts, fitted, language, spoken)
        vectors = None if embedder is None else embedder.embed(texts)
        found = (
            _fitted(_space(words, vectors, fitted, seed), fitted, seed) if len(words.terms) >= _LEAST_TERMS else None
        )
        if found is None:
            return FoundThemes(Themes(reason="no stable themes"))
        corpus = _Corpus(texts, times, words, fitted)
        if embedder is None or vectors is None:
            model = Themed(ThemeModel(terms=words.terms, forms=words.forms, themes=found.themes))
            return _described(name, corpus, model, model.judge(words.counts), found)
        close = EmbeddedThemes(EmbeddedModel(embedder=embedder.id, themes=found.themes), embedder)
        return _described(name, corpus, close, close.judge(vectors), found)


def _space(words: Words, vectors: NDArray[np.float32] | None, fitted: int, seed: int) -> Space:
    if vectors is not None:
        return EmbeddedSpace(vectors[:fitted].astype(np.float64), seed)
    held, owners = pieces(words, fitted)
    return WordSpace(words.counts[np.arange(fitted)], held, owners, seed)


def _different(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Different texts in the order of their digests, and how many times each stands there."""
    times: dict[str, int] = {}
    for text in texts:
        times[text] = times.get(text, 0) + 1
    order = sorted(times, key=digest)
    return order, np.array([times[t] for t in order], np.int64)


class _Found(NamedTuple):
    """Frozen themes, parents first, and what the fit says of them."""

    themes: tuple[ThemeWeights, ...]
    agreement: float
    jaccard: dict[str, float]
    vectors: NDArray[np.float64]
    """Of the fitted documents."""


class _Corpus(NamedTuple):
    """Different texts, how many times each stands in the data, their words, and how many of them were fitted."""

    texts: list[str]
    times: NDArray[np.int64]
    words: Words
    fitted: int


def _fitted(space: Space, fitted: int, seed: int) -> _Found | None:
    """Themes and their parts; ids are in the order of size."""
    split = stable_split(space, [k for k in SIZES if k == 2 or k * _LEAST_A_THEME <= fitted], seed)
    if split is None:
        return None
    roots, parts, jaccard = [], [], {}
    own = assigned(space.scores(space.vectors(None), split.centres), split.thresholds)
    for number, at in enumerate(_by_size(own, len(split.centres)), 1):
        roots.append(_weights(space, split, at, str(number), None))
        jaccard[str(number)] = float(split.jaccard[at])
        inside = np.flatnonzero(own == at)
        if len(inside) >= max(_LEAST_FOR_PARTS, _SHARE_FOR_PARTS * fitted):
            parts.extend(_parts(space.of(inside), str(number), seed, jaccard))
    return _Found((*roots, *parts), split.agreement, jaccard, space.vectors(None))


def _parts(space: Space, parent: str, seed: int, jaccard: dict[str, float]) -> list[ThemeWeights]:
    split = stable_split(space, PART_SIZES, seed)
    if split is None:
        return []
    own = assigned(space.scores(space.vectors(None), split.centres), split.thresholds)
    out = []
    for number, at in enumerate(_by_size(own, len(split.centres)), 1):
        out.append(_weights(space, split, at, f"{parent}.{number}", parent))
        jaccard[f"{parent}.{number}"] = float(split.jaccard[at])
    return out


def _by_size(own: NDArray[np.int64], count: int) -> list[int]:
    return [int(at) for at in np.argsort(-np.bincount(own[own >= 0], minlength=count), kind="stable")]


def _weights(space: Space, split: Split, at: int, theme: str, parent: str | None) -> ThemeWeights:
    (threshold,) = in_thousandths(split.thresholds[at : at + 1])
    return ThemeWeights(id=theme, parent=parent, weights=space.weights(split.centres[at]), threshold=threshold)


def _described(
    name: str, corpus: _Corpus, model: Themed | EmbeddedThemes, reading: Reading, found: _Found
) -> FoundThemes:
    members = dict(zip(model.ids, reading.members.T, strict=True))
    themes: list[Theme] = []
    for parent in dict.fromkeys(t.parent for t in found.themes):
        own = [t.id for t in found.themes if t.parent == parent]
        level = _level(corpus.words, own, parent, members, corpus.fitted)
        themes.extend(_theme(called, corpus, model, reading, found) for called in level)
    themes.sort(key=lambda t: [int(n) for n in t.id.split(".")])
    roots = [t.id for t in found.themes if t.parent is None]
    place = by_id(roots, members)
    summary = Themes(
        model=model.id, themes=tuple(themes), agreement=round(found.agreement, 3),
        unassigned=float(corpus.times[place < 0].sum() / corpus.times.sum()),
    )  # fmt: skip
    shown = drawn(corpus.fitted)
    points = mapped(found.vectors[shown], place[shown], roots, [corpus.texts[at] for at in shown])
    return FoundThemes(summary, points, model, _properties(name, themes, model.id))


class _Called(NamedTuple):
    """A theme among its siblings: its terms, and what its documents are read for."""

    theme: str
    parent: str | None
    at: int
    terms: tuple[str, ...]
    worth: NDArray[np.float64]
    phrases: Phrases


def _level(
    words: Words, own: list[str], parent: str | None, members: dict[str, NDArray[np.bool_]], fitted: int
) -> list[_Called]:
    """The siblings of one parent with their terms, each beside the parent's other documents."""
    some = np.arange(len(words.tokens)) if parent is None else np.flatnonzero(members[parent])
    part = words._replace(tokens=[words.tokens[at] for at in some], counts=words.counts[some])
    place = by_id(own, {t: members[t][some] for t in own})
    phrases = read_phrases(part, place, len(own), int((some < fitted).sum()))
    worth = worths(part, place, len(own))
    terms = names(part, place, worth, phrases)
    return [_Called(t, parent, at, terms[at], worth[at], phrases) for at, t in enumerate(own)]


def _theme(c: _Called, corpus: _Corpus, model: Themed | EmbeddedThemes, reading: Reading, found: _Found) -> Theme:
    texts, times, words, _ = corpus
    at = model.ids.index(c.theme)
    inside = reading.members[:, at]
    known = np.diff(words.counts.indptr)
    near = scored(words.counts, c.worth[:, None])[:, 0] * np.sqrt(known / (known + _SHORT))
    chosen = typical(near, reading.scores[:, at], inside, words.tokens)
    return Theme(
        id=c.theme, parent=c.parent, terms=c.terms, documents=int(times[inside].sum()),
        share=float(times[inside].sum() / times.sum()),
        typical=tuple(quoted(texts[d], ranked(model.falls(c.theme, words.tokens[d]))) for d in chosen),
        phrases=telling_phrases(c.phrases, c.at, [words.tokens[d] for d in chosen]),
        agreement=round(found.jaccard[c.theme], 3),
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
