"""Near-duplicates: which documents repeat each other but for a few words, found by MinHash bands over pairs of words.

Knows characters. Must never know another column, on which side of the seal a document lies, or what it is about.
"""

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .words import stands_alone

HASHES, BANDS = 64, 16
ALIKE = 0.6
"""Share of equal hashes, an estimate of the share of common pairs of words (Jaccard), from which documents are near."""
LEAST_WORDS = 5
"""Shorter documents are never near-duplicates: people say the same short things of their own accord."""
MOST_WORDS = 1_000
"""Of longer documents so many words from the start are compared."""
_CHUNK = 2_000_000
_LONG_WORD = 64
_GOLDEN, _ODD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)
_LEFT_OUT = np.uint64(0)


def near_duplicates(texts: Sequence[str | None]) -> NDArray[np.int64]:
    """Groups of documents that nearly repeat each other, by chains of pairs.

    Two documents of five words or more are near where their sets of pairs of neighbouring words overlap by about
    60 % or more (Jaccard, estimated from 64 MinHash values; candidates share one of 16 bands of four). Digits count
    as one character, so that a template with other numbers is near; letters count without case. At an overlap of 50,
    60, 70 and 80 % about 5, 58, 92 and 100 % of pairs are found, besides those that a chain brings together. Of
    documents over 1,000 words the first 1,000 are compared.

    Args:
        texts: The documents, None where missing.

    Returns:
        For each document the number of its group, shape (texts,): groups are numbered by their least text in the
        order of characters, so that the order of the documents changes nothing; -1 for a document without near ones
        or without text.

    Source: Broder, On the resemblance and containment of documents (1997).
    """
    every = sorted({t for t in texts if t is not None})
    at = {t: i for i, t in enumerate(every)}
    place = np.array([-1 if t is None else at[t] for t in texts], np.int64)
    if not every:
        return place
    signature, known = _signatures(every)
    parent = _connected(signature, known, len(every))
    times = np.bincount(place[place >= 0], minlength=len(every))
    members = np.bincount(parent, weights=times, minlength=len(every))
    group = np.where((members[parent] > 1) & known, parent, -1)
    return np.where(place < 0, -1, group[place])


def _connected(signature: NDArray[np.uint32], known: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """The least member of each document's group, by joining near candidates of every band."""
    parent = np.arange(n)
    own = np.flatnonzero(known)
    if len(own) < 2:
        return parent
    each = HASHES // BANDS
    pairs = []
    for band in range(BANDS):
        key = np.zeros(len(own), np.uint64)
        for column in range(band * each, (band + 1) * each):
            key = _mixed(key + signature[:, column].astype(np.uint64))
        order = np.argsort(key, kind="stable")
        new = np.concatenate([[True], key[order][1:] != key[order][:-1]])
        first = order[np.flatnonzero(new)[np.cumsum(new) - 1]]
        before = np.concatenate([[order[0]], order[:-1]])
        pairs += [np.stack([first, order], 1)[~new], np.stack([before, order], 1)[~new]]
    both = np.unique(np.concatenate(pairs), axis=0)
    return _joined(own[both[_are_near(signature, both)]], n)


def _are_near(signature: NDArray[np.uint32], pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether enough hashes of each pair agree, shape (pairs,)."""
    out = np.empty(len(pairs), bool)
    for start in range(0, len(pairs), 100_000):
        a, b = pairs[start : start + 100_000].T
        out[start : start + 100_000] = (signature[a] == signature[b]).mean(axis=1) >= ALIKE
    return out


def _joined(pairs: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The least member of each connected group, shape (n,)."""
    parent = np.arange(n)
    while True:
        before = parent.copy()
        least = np.minimum(parent[pairs[:, 0]], parent[pairs[:, 1]])
        np.minimum.at(parent, pairs[:, 0], least)
        np.minimum.at(parent, pairs[:, 1], least)
        parent = parent[parent]
        if np.array_equal(parent, before):
            return parent


def _signatures(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """The MinHash values of the documents that are long enough, and which those are."""
    multiply = _mixed(np.arange(1, HASHES + 1, dtype=np.uint64)) | np.uint64(1)
    found, known = [], np.zeros(len(texts), bool)
    for start, chunk in _chunks(texts):
        words, document = word_hashes(chunk)
        count = np.bincount(document, minlength=len(chunk))
        long = count >= LEAST_WORDS
        known[start : start + len(chunk)] = long
        together = (document[1:] == document[:-1]) & long[document[1:]]
        with np.errstate(over="ignore"):
            pairs = _mixed(words[:-1] * _ODD + words[1:])[together]
        whose = document[1:][together]
        if not len(pairs):
            continue
        starts = np.flatnonzero(np.concatenate([[True], whose[1:] != whose[:-1]]))
        own = np.empty((len(starts), HASHES), np.uint32)
        for at in range(HASHES):
            with np.errstate(over="ignore"):
                value = ((pairs * multiply[at]) >> np.uint64(32)).astype(np.uint32)
            own[:, at] = np.minimum.reduceat(value, starts)
        found.append(own)
    return np.concatenate(found) if found else np.empty((0, HASHES), np.uint32), known


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The documents in pieces of about two million characters, each with the place where it starts."""
    start, size = 0, 0
    chunk: list[str] = []
    for text in texts:
        # Twelve characters a word are more than any language needs for the words that are compared.
        chunk.append(text[: 12 * MOST_WORDS])
        size += len(chunk[-1])
        if size >= _CHUNK:
            yield start, chunk
            start, size, chunk = start + len(chunk), 0, []
    if chunk:
        yield start, chunk


def word_hashes(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """A hash of each word in order, and the document it is in; at most 1,000 words a document."""
    plain = [t.lower() if t.isascii() else unicodedata.normalize("NFKC", t).lower() for t in texts]
    points = np.frombuffer("\n".join([*plain, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
    mark, alone = _marks(points)
    value = mark[points]
    inside = value != _LEFT_OUT
    single = alone[points]
    starts = inside & (single | ~np.concatenate([[False], (inside & ~single)[:-1]]))
    at = np.flatnonzero(inside)
    word = np.cumsum(starts)[at] - 1
    first = np.flatnonzero(starts[at])
    if not len(first):
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    place = np.minimum(np.arange(len(at)) - first[word], _LONG_WORD - 1)
    with np.errstate(over="ignore"):
        power = np.cumprod(np.full(_LONG_WORD, _ODD))
        hashes = _mixed(np.add.reduceat(value[at] * power[place], first))
    ends = np.cumsum([len(t) + 1 for t in plain])
    document = np.searchsorted(ends, at[first], side="right")
    begins = np.searchsorted(document, document)
    kept = np.arange(len(document)) - begins < MOST_WORDS
    return hashes[kept], document[kept]


def _marks(points: NDArray[np.uint32]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """For each character a random number, 0 where it is no part of a word, and whether it is a word of its own."""
    size = int(points.max()) + 1
    seen = np.zeros(size, bool)
    seen[points] = True
    mark, alone = np.zeros(size, np.uint64), np.zeros(size, bool)
    for point in np.flatnonzero(seen).tolist():
        c = chr(point)
        if c.isalnum():
            mark[point] = 48 if c.isdigit() else point
            alone[point] = stands_alone(c)
    return np.where(mark == 0, _LEFT_OUT, _mixed(mark) | np.uint64(1)), alone


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: neighbouring numbers become unrelated ones."""
    with np.errstate(over="ignore"):
        x = x + _GOLDEN
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))
