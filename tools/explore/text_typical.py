"""Documents that are typical for a theme, and the map of documents.

Knows exploration documents, their vectors and themes. Must never know a label, or how a map is drawn.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..text.reasons import quoted
from ..text.summary import Point

MOST_TYPICAL = 5
MOST_POINTS = 1500
_NEAR_COPY = 0.5
"""Two documents that share this part of their words are near-copies; one of them is quoted."""
_TRIED = 60
_MAP_QUOTE = 140
_READABLE = 6
"""Words that a typical document should have: a lone word may lie nearest the centre, and says little."""
_APART = 2.6
_ROUNDS = 200


def typical(
    near: NDArray[np.float64], scores: NDArray[np.float64], members: NDArray[np.bool_], tokens: Sequence[Sequence[str]]
) -> tuple[int, ...]:
    """Places of the documents nearest to what tells a theme, well inside it, that are no near-copies of each other.

    Args:
        near: How much of the terms that tell the theme each document holds, shape (documents,). The model's score alone
            would pick documents of rare words.
        scores: The model's, of the theme, shape (documents,).
        members: Who belongs to it, shape (documents,).
        tokens: The words of each document.
    """
    own = np.flatnonzero(members)
    own = own[scores[own] >= np.median(scores[own])] if len(own) else own
    order = own[np.argsort(-np.round(near[own], 9), kind="stable")]
    long = [int(at) for at in order if len(tokens[at]) >= _READABLE] or [int(at) for at in order]
    chosen: list[int] = []
    for at in long[:_TRIED]:
        words = set(tokens[at])
        if all(len(words & set(tokens[o])) < _NEAR_COPY * len(words | set(tokens[o])) for o in chosen):
            chosen.append(at)
        if len(chosen) == MOST_TYPICAL:
            break
    return tuple(chosen)


def drawn(size: int) -> NDArray[np.int64]:
    """Places of the documents that the map shows: all, or evenly spread ones of an order that is random by content."""
    return np.unique(np.linspace(0, size - 1, min(size, MOST_POINTS)).round().astype(np.int64))


def mapped(
    vectors: NDArray[np.float64], themes: NDArray[np.int64], ids: Sequence[str], texts: Sequence[str]
) -> tuple[Point, ...]:
    """Documents on a plane: themes by how alike they are, pushed apart until they do not overlap.

    Around its theme's place a document lies where the two main directions of the theme put it; documents of no theme
    lie between themes, by their likeness to each.

    Args:
        vectors: Of the documents drawn, of length 1 or 0, shape (n, d).
        themes: The place in `ids` of each one's theme, -1 for none.
        ids: The themes' ids.
        texts: The documents.
    """
    centres = np.array([_centre(vectors[themes == at]) for at in range(len(ids))])
    sizes = np.array([max(float((themes == at).mean()), 1e-3) for at in range(len(ids))])
    anchors = _spread(centres, np.sqrt(sizes))
    xy = np.zeros((len(vectors), 2))
    for at in range(len(ids)):
        own = themes == at
        xy[own] = anchors[at] + np.sqrt(sizes[at]) * _flat(vectors[own])
    none = themes < 0
    pull = np.maximum(vectors[none] @ centres.T, 0.0) ** 2 + 1e-3
    xy[none] = (pull / pull.sum(axis=1, keepdims=True)) @ anchors
    xy = np.round(xy / max(float(np.abs(xy).max(initial=0.0)), 1e-9), 3) + 0.0
    return tuple(
        Point(x=float(x), y=float(y), theme=str(ids[at]) if at >= 0 else None, quote=quoted(text, longest=_MAP_QUOTE))
        for (x, y), at, text in zip(xy, themes.tolist(), texts, strict=True)
    )


def _centre(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1])
    length = float(np.linalg.norm(mean))
    return mean / length if length > 1e-9 else mean


def _flat(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors in their two main directions, within about 1 of the middle."""
    if len(vectors) < 3:
        return np.zeros((len(vectors), 2))
    apart = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(apart, full_matrices=False)
    axes = (
        axes[:2] * np.where(axes[:2][np.arange(len(axes[:2])), np.abs(axes[:2]).argmax(axis=1)] < 0, -1.0, 1.0)[:, None]
    )
    flat = apart @ axes.T
    if flat.shape[1] < 2:
        flat = np.column_stack([flat, np.zeros(len(flat))])
    spread = np.quantile(np.abs(flat), 0.9, axis=0)
    return np.tanh(flat / np.maximum(spread, 1e-9))


def _spread(centres: NDArray[np.float64], radii: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places of the centres by their main directions, pushed apart where they would overlap, shape (themes, 2)."""
    places = _flat(centres)
    if not places.any():
        angle = 2 * np.pi * np.arange(len(centres)) / max(len(centres), 1)
        places = np.column_stack([np.cos(angle), np.sin(angle)])
    places = places * float(radii.sum())
    for _ in range(_ROUNDS):
        moved = False
        for a in range(len(places)):
            for b in range(a + 1, len(places)):
                need = _APART / 2 * float(radii[a] + radii[b]) * 1.1
                gap = places[b] - places[a]
                far = float(np.linalg.norm(gap))
                if far < need:
                    push = (gap / far if far > 1e-9 else np.array([1.0, 0.0])) * (need - far) / 2
                    places[a] -= push
                    places[b] += push
                    moved = True
        if not moved:
            break
    return places


def by_id(themes: Sequence[str], members: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.int64]:
    """The place of each document's theme among some, -1 for none."""
    size = len(next(iter(members.values()))) if members else 0
    out = np.full(size, -1)
    for at, theme in enumerate(themes):
        out[members[theme]] = at
    return out
