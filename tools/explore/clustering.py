"""Groups of rows that lie together: k-means on mixed columns, and whether the groups are there at all.

Groups count only if refits on half of the rows find them again, and if between neighbouring groups there are fewer
rows than inside them: a cloud without gaps can be cut in two again and again at the same place. Knows a matrix of
rows. Must never know columns by name, an outcome, or a sealed row.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import FloatArray

MOST_GROUPS = 6
MIN_AGREEMENT = 0.6
"""Adjusted Rand index that refits must reach, on average."""
MAX_VALLEY = 0.6
"""Rows half way between two neighbouring centres, beside rows at the centres."""
BEYOND_CHANCE = 1.25
"""How much more of the scatter groups must take up than groups of shuffled columns do: lumps of single columns, put
together, look like groups where nothing goes together."""
_REFITS = 3
_STARTS = 2
_ROUNDS = 30


class Groups(NamedTuple):
    """Rows in groups, and how well refits agree."""

    labels: NDArray[np.int64]
    agreement: float


def stable_groups(blocks: Sequence[FloatArray], seed: int) -> Groups | None:
    """The largest number of groups, of 2 to 6, that refits find again and gaps keep apart; None where there is none.

    Args:
        blocks: Each column as one or more features on one scale, shape (n, p_i), none missing.
        seed: Of starts and resamples.
    """
    best: Groups | None = None
    x = np.concatenate(blocks, axis=1)
    mixer = np.random.Generator(np.random.PCG64(seed))
    mixed = np.concatenate([block[mixer.permutation(len(block))] for block in blocks], axis=1)
    total = float(((x - x.mean(axis=0)) ** 2).sum())
    for k in range(2, MOST_GROUPS + 1):
        rng = np.random.Generator(np.random.PCG64([seed, k]))
        centres = k_means(x, k, rng)
        labels = nearest(x, centres)
        if len(np.unique(labels)) < k or _valley(x, labels, centres) > MAX_VALLEY:
            continue
        taken_up, by_chance = (total - _scatter(y, c) for y, c in ((x, centres), (mixed, k_means(mixed, k, rng))))
        if taken_up < BEYOND_CHANCE * by_chance:
            continue
        agreement = float(np.mean([_again(x, labels, k, rng) for _ in range(_REFITS)]))
        if agreement >= MIN_AGREEMENT:
            best = Groups(labels, agreement)
    return best


def _again(x: FloatArray, labels: NDArray, k: int, rng: np.random.Generator) -> float:
    """Agreement of all rows as a refit on a random half places them."""
    half = rng.permutation(len(x))[: len(x) // 2]
    return adjusted_rand(labels, nearest(x, k_means(x[half], k, rng)))


def k_means(x: FloatArray, k: int, rng: np.random.Generator) -> FloatArray:
    """Centres of k groups, shape (k, p): Lloyd's rounds from k-means++ starts, the tighter of two.

    Written out because the import of a library for it would take longer than the whole search.

    References: Lloyd 1982, doi:10.1109/TIT.1982.1056489; Arthur and Vassilvitskii 2007, SODA.
    """
    runs = [_lloyd(x, _start(x, k, rng)) for _ in range(_STARTS)]
    return min(runs, key=lambda centres: _scatter(x, centres))


def _scatter(x: FloatArray, centres: FloatArray) -> float:
    """Sum of squared distances of rows to their nearest centre."""
    return float(_squares(x, centres).min(axis=1).sum())


def _start(x: FloatArray, k: int, rng: np.random.Generator) -> FloatArray:
    """Rows far from each other, each drawn by its squared distance to those before it."""
    chosen = [x[int(rng.integers(len(x)))]]
    nearest_yet = _squares(x, chosen[0][None])[:, 0]
    for _ in range(k - 1):
        total = float(nearest_yet.sum())
        place = int(np.searchsorted(np.cumsum(nearest_yet), rng.random() * total)) if total > 0 else 0
        chosen.append(x[min(place, len(x) - 1)])
        nearest_yet = np.minimum(nearest_yet, _squares(x, chosen[-1][None])[:, 0])
    return np.array(chosen)


def _lloyd(x: FloatArray, centres: FloatArray) -> FloatArray:
    labels = np.full(len(x), -1)
    for _ in range(_ROUNDS):
        placed = nearest(x, centres)
        if (placed == labels).all():
            break
        labels = placed
        member = labels[:, None] == np.arange(len(centres))
        n = member.sum(axis=0)
        centres = np.where(n[:, None] > 0, member.T.astype(np.float64) @ x / np.maximum(n, 1)[:, None], centres)
    return centres


def _squares(x: FloatArray, centres: FloatArray) -> FloatArray:
    """Squared distances of rows to centres, shape (n, k)."""
    return np.maximum((x**2).sum(1)[:, None] - 2 * x @ centres.T + (centres**2).sum(1), 0.0)


def nearest(x: FloatArray, centres: FloatArray) -> NDArray[np.int64]:
    """The nearest centre of each row, shape (n,)."""
    return _squares(x, centres).argmin(axis=1)


def _valley(x: FloatArray, labels: NDArray, centres: FloatArray) -> float:
    """The shallowest valley between a group and its nearest neighbour: 1 is no valley, 0 an empty one."""
    apart = _squares(centres, centres)
    np.fill_diagonal(apart, np.inf)
    out = []
    for a, b in enumerate(apart.argmin(axis=1)):
        own = x[(labels == a) | (labels == b)]
        axis = centres[b] - centres[a]
        place = (own - centres[a]) @ axis / max(float(axis @ axis), 1e-12)
        middle = float((np.abs(place - 0.5) < 0.15).sum())
        ends = [float((np.abs(place - end) < 0.15).sum()) for end in (0.0, 1.0)]
        out.append(middle / max(min(ends), 1.0))
    return max(out)


def adjusted_rand(a: NDArray, b: NDArray) -> float:
    """How far two groupings agree beyond chance: 1 where they are the same, about 0 for chance.

    References: Hubert and Arabie 1985, doi:10.1007/BF01908075. Checked against `sklearn.metrics`.
    """
    _, x = np.unique(a, return_inverse=True)
    _, y = np.unique(b, return_inverse=True)
    table = np.bincount(x * (int(y.max()) + 1) + y, minlength=(int(x.max()) + 1) * (int(y.max()) + 1))
    table = table.reshape(int(x.max()) + 1, -1)

    def pairs(counts: NDArray) -> float:
        return float((counts * (counts - 1.0) / 2).sum())

    both, one, other = pairs(table), pairs(table.sum(1)), pairs(table.sum(0))
    total = len(x) * (len(x) - 1) / 2
    expected, most = one * other / max(total, 1), (one + other) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
