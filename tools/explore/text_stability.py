"""How many themes there are: as many as refits on resamples find again, the same ones.

Knows vectors of exploration documents and how to refit them. Must never know a word, a label, or a sealed document.

References: Hennig 2007, doi:10.1016/j.csda.2006.11.025 (agreement of single clusters by Jaccard).
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .clustering import adjusted_rand

MIN_AGREEMENT = 0.6
"""Adjusted Rand index that refits must reach on average, over documents that belong to a theme."""
BEYOND_SHUFFLED = 0.3
"""How much more the refits must agree than those of the same documents with their words shuffled."""
NEARLY_BEST = 0.25
"""More themes are preferred to fewer whose refits agree by no more than this better."""
MIN_JACCARD = 0.5
"""A theme that refits find again by less than half is none; its documents belong to no theme."""
MOST_ALIKE = 0.6
"""Cosine of two themes' centres above which they are one theme cut in two."""
REST = 0.5
"""A theme in which scores are usually below this part of what they are in others is what is left over, not a theme."""
REACH = 0.4
"""A document belongs to its nearest theme if its score is at least this part of what is usual in the theme."""
_REFITS = 3
_RESAMPLED = 0.8
_STARTS = 4
_ROUNDS = 15


class Space(Protocol):
    """Documents that can be placed anew from a part of them."""

    @property
    def size(self) -> int:
        """How many documents there are."""
        ...

    def vectors(self, part: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """All documents, of length 1 or 0, as what a part of them (or all) says places them; shape (documents, d)."""
        ...

    def chance(self) -> "Space":
        """The same documents with what goes together in them taken apart."""
        ...

    def scores(self, vectors: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the frozen model would score, shape (documents, themes), from the vectors of all."""
        ...

    def of(self, documents: NDArray[np.int64]) -> "Space":
        """Some of the documents, alone."""
        ...

    def weights(self, centre: NDArray[np.float64]) -> tuple[int, ...]:
        """A centre as the frozen model holds it, in thousandths."""
        ...


class Split(NamedTuple):
    """A stable division of documents."""

    centres: NDArray[np.float64]
    """Shape (themes, d), of length 1, in the vectors of all documents."""
    thresholds: NDArray[np.float64]
    """Of each theme's score."""
    agreement: float
    """Adjusted Rand index, the mean over refits."""
    jaccard: NDArray[np.float64]
    """Of each theme, the mean over refits."""


def stable_split(space: Space, sizes: Sequence[int], seed: int) -> Split | None:
    """The largest of some numbers of themes at which refits agree nearly best; None where they agree at none.

    Refits take other starts and a random four fifths of the documents, from which words are placed anew. Themes that
    refits do not find again, and what is left over, are dropped. What remains must agree, and by far more than where
    words are shuffled.
    """
    vectors = space.vectors(None)
    known = np.linalg.norm(vectors, axis=1) > 0
    parts = [_resample(space.size, seed, n) for n in range(_REFITS)]
    again = [space.vectors(part).astype(np.float32) for part in parts]
    tried: list[tuple[int, Split]] = []
    for k in sorted((k for k in sizes if 5 * k <= int(known.sum())), reverse=True):
        found = _tried(space, vectors, again, parts, k, seed)
        if found is not None and found.agreement >= MIN_AGREEMENT:
            tried.append((k, found))
            if found.agreement >= 1 - NEARLY_BEST and len(found.centres) == k:
                break
    best = max((found.agreement for _, found in tried), default=0.0)
    for k, found in sorted(tried, key=lambda t: -len(t[1].centres)):
        if found.agreement >= best - NEARLY_BEST and _beyond_chance(space, found, k, seed):
            return found
    return None


def _tried(
    space: Space, vectors: NDArray, again: Sequence[NDArray], parts: Sequence[NDArray], k: int, seed: int
) -> Split | None:
    centres = spherical(vectors, k, seed)
    if len(centres) < 2:
        return None
    scores = space.scores(vectors, centres)
    within = usual(scores)
    thresholds = within * REACH
    refits = [_refitted(z, part, k, seed + 1 + n) for n, (z, part) in enumerate(zip(again, parts, strict=True))]
    own = assigned(scores, thresholds)
    jaccard = np.array([_found_again(own == at, refits) for at in range(len(centres))])
    kept = (jaccard >= MIN_JACCARD) & (within >= REST * np.median(within))
    alike = centres[kept] @ centres[kept].T - np.eye(int(kept.sum()))
    if kept.sum() < 2 or alike.max() > MOST_ALIKE:
        return None
    inside = (own >= 0) & kept[np.maximum(own, 0)]
    agreement = (
        float(np.mean([adjusted_rand(own[inside], labels[inside]) for labels in refits])) if inside.any() else 0.0
    )
    return Split(centres[kept], thresholds[kept], agreement, jaccard[kept])


def _beyond_chance(space: Space, found: Split, k: int, seed: int) -> bool:
    """Whether the agreement is more than documents show in which nothing goes together."""
    strewn = space.chance()
    vectors = strewn.vectors(None)
    if not (np.linalg.norm(vectors, axis=1) > 0).any():
        return True
    scores = strewn.scores(vectors, centres := spherical(vectors, k, seed))
    if len(centres) < 2:
        return True
    own = assigned(scores, usual(scores) * REACH)
    inside = own >= 0
    by_chance = []
    for n in range(2):
        part = _resample(space.size, seed, n)
        z = strewn.vectors(part)
        by_chance.append(adjusted_rand(own[inside], _refitted(z, part, k, seed + 1 + n)[inside]))
    return found.agreement - float(np.mean(by_chance)) >= BEYOND_SHUFFLED


def _resample(n: int, seed: int, number: int) -> NDArray[np.int64]:
    rng = np.random.Generator(np.random.PCG64([seed, number]))
    return np.sort(rng.permutation(n)[: int(_RESAMPLED * n)])


def _refitted(vectors: NDArray[np.float64], part: NDArray[np.int64], k: int, seed: int) -> NDArray[np.int64]:
    """Where centres of a part of the documents put all of them, shape (documents,)."""
    centres = spherical(vectors[part], k, seed)
    return (vectors @ centres.T).argmax(axis=1) if len(centres) else np.zeros(len(vectors), np.int64)


def _found_again(own: NDArray[np.bool_], refits: Sequence[NDArray[np.int64]]) -> float:
    """How well refits hold a theme's documents together: the best Jaccard overlap, the mean over refits."""
    if not own.any():
        return 0.0
    out = []
    for labels in refits:
        sizes, inside = np.bincount(labels), np.bincount(labels[own], minlength=int(labels.max()) + 1)
        out.append(float((inside / (sizes + own.sum() - inside)).max()))
    return float(np.mean(out))


def usual(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The middle score of each theme among the documents nearest to it, shape (themes,)."""
    nearest, best = scores.argmax(axis=1), scores.max(axis=1)
    inside = [best[(nearest == at) & (best > 0)] for at in range(scores.shape[1])]
    return np.array([float(np.median(s)) if len(s) else np.inf for s in inside])


def assigned(scores: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The theme of each document, -1 where it is far from all."""
    nearest = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), nearest]
    return np.where((best > 0) & (best >= thresholds[nearest]), nearest, -1)


def spherical(x: NDArray[np.float64], k: int, seed: int) -> NDArray[np.float64]:
    """Centres of k groups by angle, shape (at most k, d), of length 1: the best of several starts far apart.

    References: Dhillon and Modha 2001, doi:10.1023/A:1007612920971.
    """
    x = x[(x != 0).any(axis=1)]
    if len(x) < k:
        return np.zeros((0, x.shape[1]))
    rng = np.random.Generator(np.random.PCG64([seed, k]))
    runs = [_moved(x, _start(x, k, rng)) for _ in range(_STARTS)]
    return max(runs, key=lambda centres: float((x @ centres.T).max(axis=1).sum()))


def _start(x: NDArray[np.float64], k: int, rng: np.random.Generator) -> NDArray[np.float64]:
    chosen = [x[int(rng.integers(len(x)))]]
    far = 1 - x @ chosen[0]
    for _ in range(k - 1):
        steps = np.cumsum(np.maximum(far, 0))
        chosen.append(x[min(int(np.searchsorted(steps, rng.random() * steps[-1])), len(x) - 1)])
        far = np.minimum(far, 1 - x @ chosen[-1])
    return np.array(chosen)


def _moved(x: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    labels = np.full(len(x), -1)
    for _ in range(_ROUNDS):
        now = (x @ centres.T).argmax(axis=1)
        if (now == labels).all():
            break
        labels = now
        sums = (labels[:, None] == np.arange(len(centres))).T.astype(x.dtype) @ x
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(length > 1e-9, sums / np.maximum(length, 1e-9), centres)
    return centres
