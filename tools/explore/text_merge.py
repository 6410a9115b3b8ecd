"""Terms that say one thing made one predicate: inflections of a word, and words that stand in the same places.

Knows words, and where they stand in exploration documents. Must never know a sealed document, a column, or what is
claimed of a predicate. Meaning is read off use alone: two words are near when the words beside them are the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

_SUFFIXES = (
    "ations", "ation", "ements", "ement", "ings", "ing", "ied", "ies", "edly", "ed", "es", "ly", "ers", "er", "s",
)  # fmt: skip
_APART = {"news": "news", "later": "later", "latest": "latest", "united": "united"}
_APART |= dict.fromkeys(("wonder", "wonders", "wondered", "wondering"), "wondr")
"""Words that only look like inflections of another."""
_SHORTEST = 4
"""Letters from which a beginning may stand for all words that start so."""
_ROOT = 6
"""Letters from which a word that another only lengthens is taken for its root: terror, terrorists."""
_LONGER = 4
_PURE = 0.9
"""Part of the uses of words with a beginning that must be inflections, for the beginning to stand for them."""
_RARE = 0.1
"""Part of the uses of the commonest inflection under which another is not worth its place in a list."""
_CONTEXTS = 600
"""Frequent words of which the neighbourhoods are compared."""


def stem_of(word: str) -> str:
    """What is left of an English word without its ending, a doubled last letter and a silent e.

    >>> [stem_of(w) for w in ("delays", "cancelled", "cancellation", "prizes", "prize")]
    ['delay', 'cancel', 'cancel', 'priz', 'priz']
    """
    if word in _APART:
        return _APART[word]
    word = word.removesuffix("'s").replace("'", "")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith(("ss", "us", "is")):
            word = word[: -len(suffix)] + ("y" if suffix in ("ied", "ies") else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouslz":
        word = word[:-1]
    elif len(word) > 4 and word.endswith("ll"):
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def families_of(used: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Each word's inflections, itself among them, the most used first; `used`: documents that hold each word."""
    of: dict[str, str] = {w: stem_of(w) for w in used}
    roots = sorted({s for s in of.values() if len(s) >= _ROOT})
    longer = {s: _root(s, roots) for s in roots}
    groups: dict[str, list[str]] = defaultdict(list)
    for word, stem in of.items():
        groups[longer.get(stem, stem)].append(word)
    out: dict[str, tuple[str, ...]] = {}
    for words in (part for stem, group in groups.items() for part in _parted(stem, group)):
        ordered = tuple(sorted(words, key=lambda w: (-used[w], w)))
        out.update(dict.fromkeys(words, ordered))
    return out


def _parted(stem: str, words: Sequence[str]) -> list[list[str]]:
    """The words as one family, or as two where it mixes a stem with the stem and an e: plan, planned and plane."""
    doubled = stem + stem[-1:]
    if f"{stem}e" not in words or not any(w == stem or w.startswith(doubled) for w in words):
        return [list(words)]
    other = [w for w in words if not w.startswith(f"{stem}e") and (stem in words or w.startswith(doubled))]
    return [[w for w in words if w not in other], other]


def _root(stem: str, roots: Sequence[str]) -> str:
    """The shortest root that the stem only lengthens by a few letters."""
    known = set(roots)
    for length in range(max(_ROOT, len(stem) - _LONGER), len(stem)):
        if stem[:length] in known:
            return stem[:length]
    return stem


def spelt(family: Sequence[str], used: Mapping[str, int]) -> tuple[str, ...]:
    """A family as terms: a word, a beginning (`delay*`) where few other words begin so, else its words."""
    if len(family) == 1:
        return (family[0],)
    start = _common(family)
    if len(start) >= _SHORTEST:
        begin_so = sum(n for w, n in used.items() if w.startswith(start))
        if sum(used[w] for w in family) >= _PURE * begin_so:
            return (f"{start}*",)
    return tuple(w for w in family[:4] if used[w] >= _RARE * used[family[0]])


def _common(words: Iterable[str]) -> str:
    low, high = min(words), max(words)
    at = next((k for k, c in enumerate(low) if k >= len(high) or high[k] != c), len(low))
    return low[:at]


class Neighbours:
    """Which frequent words stand beside each word, counted once for all documents."""

    def __init__(self, documents: Sequence[Sequence[str]], used: Mapping[str, int]) -> None:
        """Count them; `used` are the words of which neighbours may be asked.

        The neighbours are the frequent words up to two places before and behind, before and behind apart; one two
        places away counts half.
        """
        held = Counter(chain.from_iterable(documents))
        contexts = sorted(held, key=lambda w: (-held[w], w))[:_CONTEXTS]
        known = {w: k for k, w in enumerate([*contexts, *sorted(set(used) - set(contexts))])}
        self._at, self._width = known, len(contexts)
        ids = np.array([known.get(w, -1) for w in chain.from_iterable(documents)], np.int64)
        of = np.repeat(np.arange(len(documents)), [len(words) for words in documents])
        keys, weights = [], []
        for step in (1, 2):
            one, two = ids[:-step], ids[step:]
            beside = (of[:-step] == of[step:]) & (one >= 0) & (two >= 0)
            one, two = one[beside], two[beside]
            for word, context, side in ((one, two, 1), (two, one, 0)):
                frequent = context < self._width
                keys.append((word[frequent] * 2 + side) * self._width + context[frequent])
                weights.append(np.full(int(frequent.sum()), 1.0 if step == 1 else 0.5))
        key, at = np.unique(np.concatenate(keys), return_inverse=True)
        self._key, self._count = key, np.bincount(at, weights=np.concatenate(weights), minlength=len(key))

    def counts(self, words: Sequence[str]) -> NDArray[np.float64]:
        """How often each context stands before and behind any of the words, shape (2 * contexts,)."""
        out = np.zeros(2 * self._width)
        for word in words:
            at = self._at.get(word)
            if at is not None:
                first, last = np.searchsorted(self._key, [at * 2 * self._width, (at + 1) * 2 * self._width])
                out[self._key[first:last] - at * 2 * self._width] += self._count[first:last]
        return out


def nearness(neighbours: Neighbours, groups: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """How alike the neighbours of groups of words are, shape (groups, groups), from 0 to 1.

    Neighbours count by positive pointwise mutual information among these groups, and two groups are as near as the
    cosine of it. A phrase stands where its last word does.
    """
    counts = np.array([neighbours.counts([w.split(" ")[-1] for w in words]) for words in groups])
    total = max(counts.sum(), 1.0)
    expected = np.outer(counts.sum(1), counts.sum(0)) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        # A neighbour seen once says little: its information is discounted.
        information = np.where(counts > 0, np.log(counts / expected) * counts / (counts + 1), 0.0)
    vectors = np.maximum(information, 0.0)
    length = np.sqrt((vectors**2).sum(1, keepdims=True))
    unit = vectors / np.where(length > 0, length, 1.0)
    return unit @ unit.T
