"""Whether documents of one author, thread or source resemble each other in the words they use.

Knows texts and the values of one candidate column. Must never know what any word means, nor relate a text to a column
of interest: how alike documents of one value are says which belong together, and nothing else is kept of it.
"""

import numpy as np
from numpy.typing import NDArray

from ..text.near import word_hashes
from .dataset import Dataset
from .fetching import fetch
from .readers_binary import quoted

LEAST_UNITS = 40
"""Values under which a column of authors is a label to be asked about: as units so few could not be divided."""
MIN_LIKENESS = 0.01
"""Intraclass correlation of word use from which documents count as belonging together."""
_ROWS = 20_000
_WORDS = 200
_DIRECTIONS = 64
_PIECE = 200_000
_CERTAIN = 5.0


def likeness(data: Dataset, column: str, text: str) -> float:
    """How much more alike documents of one value are than any two, as an intraclass correlation of word use.

    Each document is the sum of its different words, the rarer the heavier (idf; words of one document do not count),
    each word standing for one of 64 random directions of signs, scaled to length one. The correlation is that of a
    one-way analysis of variance summed over the directions, taken as 0 unless F is over 1 by five standard errors.
    At most 20,000 documents are looked at, those whose content digest lies lowest, and 200 words of each.
    """
    c, t = quoted(column), quoted(text)
    sql = (
        f"SELECT {c} AS u, {t} AS t FROM data WHERE {c} IS NOT NULL AND {t} IS NOT NULL ORDER BY _content LIMIT {_ROWS}"
    )
    got = fetch(data, sql)
    if len(got["u"]) < 3:
        return 0.0
    code = np.unique(got["u"].astype(str), return_inverse=True)[1]
    return _icc(code, _directions([str(v)[: 12 * _WORDS] for v in got["t"]]))


def _directions(texts: list[str]) -> NDArray[np.float32]:
    """The documents as vectors of length one (0 for one without a shared word), shape (texts, 64)."""
    words, document = word_hashes(texts)
    pair = np.unique(np.stack([document.astype(np.uint64), words], 1), axis=0)
    word, at, in_documents = np.unique(pair[:, 1], return_inverse=True, return_counts=True)
    weight = np.where(in_documents > 1, np.log(len(texts) / in_documents), 0.0).astype(np.float32)
    bits = np.unpackbits(word.view(np.uint8).reshape(-1, 8), axis=1)
    out = np.zeros((len(texts), _DIRECTIONS), np.float32)
    for start in range(0, len(pair), _PIECE):
        own = at[start : start + _PIECE]
        signed = (2.0 * bits[own] - 1.0).astype(np.float32) * weight[own, None]
        whose = pair[start : start + _PIECE, 0].astype(np.int64)
        first = np.flatnonzero(np.concatenate([[True], whose[1:] != whose[:-1]]))
        out[whose[first]] += np.add.reduceat(signed, first, axis=0)
    length = np.sqrt((out**2).sum(axis=1, keepdims=True))
    return np.divide(out, length, out=np.zeros_like(out), where=length > 0)


def _icc(code: NDArray[np.int64], x: NDArray[np.float32]) -> float:
    """The intraclass correlation over all directions, shape (n,) and (n, 64); 0 where F is within chance."""
    n = np.bincount(code).astype(np.float64)
    groups, total = len(n), float(n.sum())
    if groups < 3 or total - groups < 3:
        return 0.0
    means = np.stack([np.bincount(code, x[:, d].astype(np.float64)) for d in range(x.shape[1])], 1) / n[:, None]
    between = float((n[:, None] * (means - x.mean(axis=0, dtype=np.float64)) ** 2).sum()) / (groups - 1)
    within = float(((x - means[code]) ** 2).sum()) / (total - groups)
    if within <= 0:
        return 1.0 if between > 0 else 0.0
    f = between / within
    if f < 1 + _CERTAIN * np.sqrt(2 / (groups - 1) + 2 / (total - groups)) / np.sqrt(_DIRECTIONS / 4):
        return 0.0
    m0 = (total - float((n**2).sum()) / total) / (groups - 1)
    return float((f - 1) / (f - 1 + m0))
