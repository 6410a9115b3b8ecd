"""A permutation p of a studentised sum of products, for any number of rows.

Shuffling one of two columns is a group of permutations; for many rows a subgroup is drawn from, whose statistics
come at once from Fourier transforms. Knows two arrays and strata. Must never know what they stand for.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..data.rows import FloatArray
from .staged import staged_p

_TIE = 1e-9
_FULL = 500
"""Rows of a stratum up to which every permutation may be drawn."""
_STRETCHES = 16
"""Stretches of a larger stratum, each of which is turned round by itself."""
_CHUNK = 4_000_000
_TINY = 1e-13

Sums = tuple[FloatArray, FloatArray]


def shuffled_score_p(x: FloatArray, e: FloatArray, strata: NDArray | None = None, *, draws: int, seed: int) -> float:
    """The two-sided p of |sum x e| / sqrt(sum x^2 e^2) among shufflings of `e` within strata.

    Strata of over 500 rows are put into a random order, cut into 16 stretches, and each stretch is turned round
    by a random number of places. Such turns are a subgroup of all permutations, so the p stays exact for
    exchangeable rows, and all of them cost one Fourier transform. Draws come in stages of 199, 1,999 and `draws`
    and stop once 20 were as extreme as what was observed.

    Args:
        x: Scores, shape (n,).
        e: Residuals, shape (n,).
        strata: Codes within which rows may change places, shape (n,); None for one stratum.
        draws: Draws at most, at least 1.
        seed: Seed of order and draws.

    References:
        Hemerik and Goeman (2018), doi:10.1007/s11749-017-0571-1, for tests from a subgroup. Phipson and Smyth
        (2010), doi:10.2202/1544-6115.1585.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    sums, spread = float((x * e).sum()), float(((x * e) ** 2).sum())
    if spread <= 0:
        return 1.0
    reached = abs(sums) / np.sqrt(spread) * (1 - _TIE)
    parts = [_Stratum(x[at], e[at], rng) for at in _members(strata, len(x))]
    return staged_p(lambda count: _hits(parts, reached, spread, count, rng), draws)


def _members(strata: NDArray | None, n: int) -> Iterator[NDArray[np.int64]]:
    if strata is None:
        yield np.arange(n)
        return
    for code in np.unique(strata):
        yield np.flatnonzero(strata == code)


def _hits(parts: "list[_Stratum]", reached: float, spread: float, draws: int, rng: np.random.Generator) -> int:
    hits = 0
    step = max(1, _CHUNK // max(part.width for part in parts))
    for start in range(0, draws, step):
        count = min(step, draws - start)
        drawn = [part.draw(count, rng) for part in parts]
        total = sum((d[0] for d in drawn), np.zeros(count))
        square = sum((d[1] for d in drawn), np.zeros(count))
        hits += int((np.abs(total) >= reached * np.sqrt(np.maximum(square, _TINY * spread))).sum())
    return hits


class _Stratum:
    """Rows that may change places, made ready for drawing."""

    def __init__(self, x: FloatArray, e: FloatArray, rng: np.random.Generator) -> None:
        self.x, self.e = x, e
        self.turned = len(x) > _FULL
        self.width = _STRETCHES if self.turned else max(len(x), 1)
        if self.turned:
            order = rng.permutation(len(x))
            self._turns(x[order], e[order])

    def _turns(self, x: FloatArray, e: FloatArray) -> None:
        """The sums of every stretch at every turn, and what the few rows beyond the stretches add."""
        length = len(x) // _STRETCHES
        inside = length * _STRETCHES
        a, b = (v[:inside].reshape(_STRETCHES, length) for v in (x, e))
        self.sums, self.squares = _turned(a, b), _turned(a * a, b * b)
        rest = x[inside:], e[inside:]
        terms = rest[0] * rest[1]
        self.rest = float(terms.sum()), float((terms**2).sum())

    def draw(self, draws: int, rng: np.random.Generator) -> Sums:
        """The sums of x e and of x^2 e^2 for so many shufflings, each of shape (draws,)."""
        if not self.turned:
            places = np.tile(np.arange(len(self.x)), (draws, 1))
            shuffled = self.e[rng.permuted(places, axis=1)]
            return shuffled @ self.x, (shuffled * shuffled) @ (self.x * self.x)
        at = rng.integers(0, self.sums.shape[1], (draws, _STRETCHES))
        stretch = np.arange(_STRETCHES)
        return self.sums[stretch, at].sum(1) + self.rest[0], self.squares[stretch, at].sum(1) + self.rest[1]


def _turned(a: FloatArray, b: FloatArray) -> FloatArray:
    """sum_i a_i b_(i + s) for every turn s, row by row; shapes (m, L)."""
    length = a.shape[1]
    return np.fft.irfft(np.conj(np.fft.rfft(a, axis=1)) * np.fft.rfft(b, axis=1), n=length, axis=1)
