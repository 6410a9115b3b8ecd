"""Words as directions: which words are said together more than chance has it, and documents placed by them.

Two words go together by how often one piece of text holds both, beside how often it would if words were strewn at
random; only what exceeds chance by a standard error counts. A truncated SVD turns these associations into directions.
So in a text of shuffled words nothing goes together and no theme can hide behind one frequent word, as it does where
short documents are clustered by TF-IDF as it stands. Knows counts of exploration words. Must never know a label.

References: Levy and Goldberg 2014, NeurIPS 27 (associations and embeddings of words).
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..text.themes import dampened, in_thousandths, scored, size_of
from .decomposing import largest_directions

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DIRECTIONS = 30
_ERRORS = 1.0
"""Standard errors that a number of joint pieces is lowered by before it counts as more than chance."""


def associations(held: "csr_array") -> "csr_array":
    """How far two terms go together beyond chance, shape (terms, terms), symmetric, never negative.

    The logarithm of observed over expected joint pieces, the observed lowered by its standard error; the diagonal is
    each term's strongest link, so that a term stands for itself as much as its closest companion does.

    Args:
        held: Zeros and ones, shape (pieces, terms).
    """
    from scipy.sparse import csr_array, diags_array

    times = np.asarray(held.sum(axis=0), np.float64).reshape(-1)
    joint = (held.T @ held).tocoo()
    i, j, both = joint.row, joint.col, joint.data
    expected = times[i] * times[j] / max(size_of(held)[0], 1)
    low = both - _ERRORS * np.sqrt(both)
    keep = (i != j) & (low > expected)
    beyond = np.log(low[keep] / expected[keep])
    links = csr_array((beyond, (i[keep], j[keep])), shape=joint.shape)
    strongest = np.zeros(size_of(joint)[0])
    np.maximum.at(strongest, i[keep], beyond)
    return csr_array(links + diags_array(strongest))


def directions(held: "csr_array", seed: int) -> NDArray[np.float64]:
    """A vector for each term, shape (terms, d); zero where a term goes with no other."""
    links = associations(held)
    d = min(DIRECTIONS, size_of(links)[0] - 1)
    if d < 2 or links.nnz == 0:
        return np.zeros((size_of(links)[0], 2))
    places, sizes = largest_directions(links, d, seed)
    return places / np.sqrt(np.maximum(sizes, 1e-9))


def rarity(counts: "csr_array") -> NDArray[np.float64]:
    """The root of `ln(documents / documents with the term)`, shape (terms,); associations favour rare terms already."""
    held = np.bincount(counts.indices, minlength=size_of(counts)[1])
    return np.sqrt(np.log(max(size_of(counts)[0], 1) / np.maximum(held, 1)))


def placed(counts: "csr_array", terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Documents as sums of their words' vectors, of length 1; zero for a document without any. Shape (documents, d)."""
    sums = np.asarray(dampened(counts) @ terms)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(length > 1e-9, sums / np.maximum(length, 1e-9), 0.0)


def shuffled(held: "csr_array", owners: NDArray[np.int64], seed: int) -> tuple["csr_array", "csr_array"]:
    """Pieces and documents of the same sizes whose words are dealt out at random: nothing goes together there.

    Returns:
        Pieces, shape (pieces, terms), and the documents that they add up to, shape (documents, terms).
    """
    from scipy.sparse import csr_array

    rng = np.random.Generator(np.random.PCG64(seed))
    row = np.repeat(np.arange(size_of(held)[0]), np.diff(held.indptr))
    dealt = rng.permutation(held.indices)
    ones = np.ones(len(dealt))
    strewn = csr_array((ones, (row, dealt)), shape=held.shape)
    documents = csr_array(
        (ones, (owners[row], dealt)), shape=(int(owners.max()) + 1 if len(owners) else 0, size_of(held)[1])
    )
    strewn.data = np.minimum(strewn.data, 1.0)
    return strewn, documents


class WordSpace:
    """Documents placed by which of their words go together; a `Space` of `text_stability`."""

    def __init__(self, counts: "csr_array", held: "csr_array", owners: NDArray[np.int64], seed: int) -> None:
        self.counts, self.held, self.owners, self.seed = counts, held, owners, seed
        self._rarity = rarity(counts)[:, None]
        self._whole: NDArray[np.float64] | None = None

    @property
    def size(self) -> int:
        """How many documents there are."""
        return size_of(self.counts)[0]

    def words(self) -> NDArray[np.float64]:
        """The vector of each term times its rarity, by all documents, shape (terms, d)."""
        if self._whole is None:
            self._whole = self._told_apart(directions(self.held, self.seed))
        return self._whole

    def _told_apart(self, terms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Vectors times rarity, less the direction that all documents share: it tells no theme from another.

        References: Arora, Liang and Ma 2017, ICLR (the common component of sums of word vectors).
        """
        terms = terms * self._rarity
        middle = placed(self.counts, terms).mean(axis=0)
        length = float(np.linalg.norm(middle))
        return terms - np.outer(terms @ middle, middle) / length**2 if length > 1e-9 else terms

    def vectors(self, part: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """All documents by the words' directions in a part of them, shape (documents, d)."""
        if part is None:
            return placed(self.counts, self.words())
        inside = np.zeros(self.size, bool)
        inside[part] = True
        return placed(
            self.counts, self._told_apart(directions(self.held[np.flatnonzero(inside[self.owners])], self.seed))
        )

    def chance(self) -> "WordSpace":
        """The same documents with their words dealt out at random."""
        held, counts = shuffled(self.held, self.owners, self.seed)
        return WordSpace(counts, held, self.owners, self.seed)

    def scores(self, vectors: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
        """The frozen model's scores, shape (documents, themes)."""
        return scored(self.counts, self.words() @ centres.T)

    def weights(self, centre: NDArray[np.float64]) -> tuple[int, ...]:
        """A centre as the frozen model holds it: a weight for each term, in thousandths."""
        return in_thousandths(self.words() @ centre)

    def of(self, documents: NDArray[np.int64]) -> "WordSpace":
        """Some of the documents, alone."""
        place = np.full(self.size, -1)
        place[documents] = np.arange(len(documents))
        own = np.flatnonzero(place[self.owners] >= 0)
        return WordSpace(self.counts[documents], self.held[own], place[self.owners[own]], self.seed)
