"""Documents as content words for finding themes: what is counted, under which key, and which words are left out.

Left out are words without a subject, names of users (a theme that is one account's name says nothing), numbers and
addresses. Knows exploration documents. Must never know a label, a sealed document, or what a theme is called.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..text.folding import folded
from ..text.stopwords import stop_words
from ..text.themes import word_counts
from ..text.words import LINK, Spoken, words_from

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_TERMS = 3000
LEAST_DOCUMENTS = 3
MOST_SHARE = 0.5
"""A word of more than half of the documents tells no theme from another."""
_NAME_SHARE, _NAME_LETTERS = 0.01, 4
PIECE = 40
"""Content words within which two words count as said together, so that a long document is not one big `together`."""


class Words(NamedTuple):
    """Documents read for themes."""

    tokens: list[list[str]]
    """The words of each document, by `words_of`."""
    terms: tuple[str, ...]
    """Keys of content words, in alphabetical order."""
    forms: dict[str, int]
    """Each word that counts, with its key's place."""
    shown: tuple[str, ...]
    """For each key the word that stands for it most often."""
    counts: "csr_array"
    """Shape (documents, terms)."""


def read_words(
    documents: Sequence[str], fitted: int, language: str | None = None, spoken: Spoken | None = None
) -> Words:
    """The content words of documents.

    Args:
        documents: Texts, none missing, in an order that does not depend on that of the rows.
        fitted: How many of them, from the first, decide which words count.
        language: A language's code where it is known.
        spoken: The words of documents that were read already.
    """
    tokens = words_from(spoken, documents)
    sample = tokens[:fitted]
    holding: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for words in sample:
        said.update(words)
        holding.update(set(words))
    length = float(np.median([len(w) for w in sample])) if sample else 0.0
    out = stop_words(said, holding, len(sample), length, language)
    names = _user_names(holding, len(sample))
    good = [w for w in holding if w not in out and _is_word(w) and not _of_name(w, names)]
    terms = _frequent(good, sample, out)
    forms = {w: terms[key] for w in sorted(good) if (key := folded(w)) in terms}
    counts = word_counts(tokens, forms, len(terms))
    return Words(tokens, tuple(terms), forms, _shown(forms, holding, len(terms)), counts)


def _frequent(good: Sequence[str], sample: Sequence[Sequence[str]], out: frozenset[str]) -> dict[str, int]:
    """Keys that enough documents hold, and not too many, with their places in alphabetical order."""
    key = {w: k for w in good if (k := folded(w)) not in out}
    least = max(LEAST_DOCUMENTS, len(sample) // 1000)
    if not key or len(sample) < 2 * least:
        return {}
    held: Counter[str] = Counter()
    for words in sample:
        held.update({key[w] for w in words if w in key})
    inside = [name for name, times in held.items() if least <= times <= MOST_SHARE * len(sample)]
    kept = sorted(inside, key=lambda name: (-held[name], name))[:MOST_TERMS]
    return {name: at for at, name in enumerate(sorted(kept))}


def _is_word(word: str) -> bool:
    if word == LINK or word.startswith("@"):
        return False
    plain = word.lstrip("#")
    return (len(plain) > 1 or not plain.isascii()) and not all(c.isdigit() for c in plain)


def _user_names(holding: Counter[str], documents: int) -> tuple[str, ...]:
    least = max(LEAST_DOCUMENTS, _NAME_SHARE * documents)
    return tuple(sorted(w[1:] for w, times in holding.items() if w.startswith("@") and times >= least))


def _of_name(word: str, names: Sequence[str]) -> bool:
    """Whether a word begins or ends a frequent user's name, as `united` does `@united`, `virgin` `@virginamerica`."""
    plain = folded(word.lstrip("#"))
    if len(plain) < _NAME_LETTERS:
        return False
    return any(name.startswith(plain) or name.endswith((plain, plain + "s")) for name in names)


def _shown(forms: dict[str, int], holding: Counter[str], terms: int) -> tuple[str, ...]:
    best: list[str] = [""] * terms
    for word, at in forms.items():
        if not best[at] or holding[word] > holding[best[at]]:
            best[at] = word
    return tuple(best)


def pieces(words: Words, documents: int) -> tuple["csr_array", NDArray[np.int64]]:
    """Pieces of about `PIECE` content words of the first documents: which terms each holds, and whose it is.

    Returns:
        Zeros and ones of shape (pieces, terms), and the document of each piece, shape (pieces,).
    """
    from scipy.sparse import csr_array

    at: list[int] = []
    ends, owners = [0], []
    for document, tokens in enumerate(words.tokens[:documents]):
        keys = [words.forms[w] for w in tokens if w in words.forms]
        count = max(1, round(len(keys) / PIECE))
        for n in range(count):
            part = set(keys[n * len(keys) // count : (n + 1) * len(keys) // count])
            at.extend(sorted(part))
            ends.append(len(at))
            owners.append(document)
    index = np.array(at, np.int64)
    shape = (len(owners), len(words.terms))
    return csr_array((np.ones(len(index)), index, np.array(ends, np.int64)), shape=shape), np.array(owners, np.int64)
