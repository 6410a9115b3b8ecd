"""Terms that say one thing made one predicate: inflections of a word, and words that stand in the same places.

Knows words, and where they stand in exploration documents. Must never know a sealed document, a column, or what is
claimed of a predicate. Meaning is read off use alone: two words are near when the words beside them are the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_SUFFIXES = (
    "ations", "ation", "ements", "ement", "ings", "ing", "ied", "ies", "edly", "ed", "es", "ly", "ers", "er", "s",
)  # fmt: skip
_APART = {"news": "news", "later": "later", "latest": "latest", "united": "united"}
_APART |= dict.fromkeys(("wonder", "wonders", "wondered", "wondering"), "wondr")
"""Words that only look like inflections of another."""
_SHORTEST = 3
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
    """The words as one family, or as two where the stem and the stem with an e are both words: plan and plane."""
    if stem not in words or f"{stem}e" not in words:
        return [list(words)]
    with_e = [w for w in words if w.startswith(f"{stem}e")]
    return [with_e, [w for w in words if w not in with_e]]


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


def nearness(documents: Sequence[Sequence[str]], groups: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """How alike the neighbours of groups of words are, shape (groups, groups), from 0 to 1.

    The neighbours are the frequent words up to two places before and behind, before and behind apart; they count by
    positive pointwise mutual information, and two groups are as near as the cosine of these. A phrase stands where its
    last word does.
    """
    of: dict[str, list[int]] = defaultdict(list)
    for at, words in enumerate(groups):
        for word in words:
            of[word.split(" ")[-1]].append(at)
    frequent = Counter(w for words in documents for w in words).most_common(_CONTEXTS * 2)
    contexts = {w: k for k, (w, _) in enumerate(sorted(frequent, key=lambda f: (-f[1], f[0]))[:_CONTEXTS])}
    counts = np.zeros((len(groups), 2 * _CONTEXTS))
    for words in documents:
        for place, word in enumerate(words):
            for at in of.get(word, ()):
                for step in (-2, -1, 1, 2):
                    if 0 <= place + step < len(words) and (k := contexts.get(words[place + step])) is not None:
                        counts[at, k + (_CONTEXTS if step > 0 else 0)] += 1 if abs(step) == 1 else 0.5
    total = max(counts.sum(), 1.0)
    expected = np.outer(counts.sum(1), counts.sum(0)) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        # A neighbour seen once says little: its information is discounted.
        information = np.where(counts > 0, np.log(counts / expected) * counts / (counts + 1), 0.0)
    vectors = np.maximum(information, 0.0)
    length = np.sqrt((vectors**2).sum(1, keepdims=True))
    unit = vectors / np.where(length > 0, length, 1.0)
    return unit @ unit.T
