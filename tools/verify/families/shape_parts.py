"""What a stated shape consists of: parts that must all hold, each a correlation that is positive where it does.

A U is two slopes of opposite sign (two lines). A threshold or a saturating course is a broken line whose flat parts
are at most half as steep as the sloping one, in either direction: a straight line is as steep everywhere and fails.
Knows arrays. Must never know a column's name, words, or on which side of the seal its rows lie.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...data.rows import BoolArray, FloatArray
from ..clusters import MIN_CLUSTERS, one_sample
from ..hypothesis import Shape
from ..intervals import Interval
from ..linear import partial_effect
from ..ranks import dense_ranks, midranks, permutation_rank_p, rank_correlation
from .monotone_association import within_correlations

FLAT = 0.5
"""Steepness of a flat part, beside the sloping one, that is still called flat."""
_WEAKEST = {1: 1.0, 2: 1.2, 4: 1.37}
"""z(.05 / m) / z(.05): the smallest of m estimates lies low even where every part is as large as stated."""


class Part(NamedTuple):
    """One part of a shape: a correlation, positive where the part holds, with its tests."""

    value: float
    error: float
    statistic: float
    df: float
    p_robust: float
    p_permutation: float | None
    around: Interval
    """Its interval at the level asked for."""
    wide: Interval
    """Its interval where the misses above are shared out among all parts."""
    clusters: int | None = None


class Whole(NamedTuple):
    """All parts of a shape as one effect: the weakest, because each of them must hold."""

    weakest: Part
    low: float
    high: float
    error: float
    p_robust: float
    p_permutation: float | None


class Asked(NamedTuple):
    """How the parts are to be measured."""

    level: float
    draws: int
    seed: int
    parts: int

    @property
    def wide(self) -> float:
        """The level at which one end of an interval misses with an m-th of its chance."""
        return 1 - (1 - self.level) / self.parts


def segments(h: Shape, x: FloatArray) -> tuple[BoolArray, ...]:
    """The rows of each stretch between the knots, in ascending order."""
    first, last = h.knots[0], h.knots[-1]
    if h.shape in ("u", "inverted_u"):
        return x <= first, x >= first
    if h.shape == "saturating":
        return x <= first, x > first
    if len(h.knots) == 1:
        return x < first, x >= first
    return x <= first, (x > first) & (x < last), x >= last


def combined(parts: Sequence[Part]) -> Whole:
    """The intersection-union test: every part must hold, so the largest p counts, at no further cost.

    Where a part points the other way, the p of the weakest is given, times the number of parts it was picked from:
    it says how surely the shape is another one. The interval is that of the smallest of the parts' true values.

    References: Berger and Hsu (1996), doi:10.1214/ss/1032280304. Simonsohn (2018), doi:10.1177/2515245918805755.
    """
    weakest = min(parts, key=lambda part: part.value)
    counted, picked = (parts, 1) if weakest.value > 0 else ([weakest], len(parts))
    drawn = [part.p_permutation for part in counted if part.p_permutation is not None]
    return Whole(
        weakest,
        min(part.around.low for part in parts),
        min(part.wide.high for part in parts),
        weakest.error * _WEAKEST[len(parts)],
        min(picked * max(part.p_robust for part in counted), 1.0),
        min(picked * max(drawn), 1.0) if drawn else None,
    )


def measure(
    h: Shape, x: FloatArray, y: FloatArray, cluster: NDArray | None, level: float, draws: int, seed: int
) -> list[Part] | str:
    """Every part of the shape, or why one is undefined.

    Args:
        h: The claim, for its shape, knots and direction.
        x: Predictor, shape (n,), none missing.
        y: Outcome, shape (n,).
        cluster: Codes within which rows are compared; None where rows stand for themselves.
        level: Confidence level of the intervals.
        draws: Permutation draws at most; 0 skips them.
        seed: Seed of the draws.
    """
    if h.shape in ("u", "inverted_u"):
        return _two_lines(h, x, y, cluster, Asked(level, draws, seed, 2))
    up = y if h.rises else -y
    return _broken_line(list(_contrasts(h, x)), up, cluster, level, draws, seed)


def _two_lines(h: Shape, x: FloatArray, y: FloatArray, cluster: NDArray | None, asked: Asked) -> list[Part] | str:
    turn = -1.0 if h.shape == "u" else 1.0
    parts = []
    for own, sign in zip(segments(h, x), (turn, -turn), strict=True):
        up = y[own] * sign
        part = _line(x[own], up, asked) if cluster is None else _line_within(x[own], up, cluster[own], asked)
        if isinstance(part, str):
            return part
        parts.append(part)
    return parts


def _line(x: FloatArray, y: FloatArray, asked: Asked) -> Part | str:
    a, b = dense_ranks(x), dense_ranks(y)
    found = rank_correlation(midranks(a), midranks(b))
    if found is None:
        return "On one side of the turning point one of the columns has one value only."
    drawn = permutation_rank_p(a, b, draws=asked.draws, seed=asked.seed) if asked.draws else None
    t = float(np.clip(found.statistic, -1e12, 1e12))
    return Part(
        found.rho, found.error, t, found.df, found.p_robust, drawn, found.interval(asked.level),
        found.interval(asked.wide),
    )  # fmt: skip


def _line_within(x: FloatArray, y: FloatArray, cluster: NDArray, asked: Asked) -> Part | str:
    rho, weight = within_correlations(x, y, cluster)
    if len(rho) < MIN_CLUSTERS:
        return (
            f"On one side of the turning point both columns vary within only {len(rho)} clusters; at least "
            f"{MIN_CLUSTERS} are needed."
        )
    found = one_sample(rho, weight, draws=asked.draws, seed=asked.seed, level=asked.level)
    wide = one_sample(rho, weight, draws=0, seed=asked.seed, level=asked.wide)
    around, wider = (Interval(f.estimate, f.se, max(f.low, -1.0), min(f.high, 1.0)) for f in (found, wide))
    t = 1e12 * np.sign(found.estimate) if found.statistic is None else found.statistic
    return Part(
        found.estimate, found.se, float(t), found.df, found.p_robust, found.p_flip, around, wider, len(rho)
    )  # fmt: skip


class _Contrast(NamedTuple):
    """A coefficient that is positive where a part of a broken line holds, beside the other columns."""

    tested: FloatArray
    others: tuple[FloatArray, ...]


def _contrasts(h: Shape, x: FloatArray) -> Iterator[_Contrast]:
    """For every flat stretch: half the slope of the sloping one less its own slope, and plus its own slope.

    With slopes b on the column u and c on w, theta = a b - c has the same fit in the columns u / a and w + u / a:
    testing theta is testing one coefficient.
    """
    first, last = h.knots[0], h.knots[-1]
    if h.shape == "threshold" and len(h.knots) == 1:
        high = x >= first
        step = high.astype(np.float64)
        apart = float(x[high].mean() - x[~high].mean())
        # The step against what the line adds between the means of the two sides.
        for sign in (1.0, -1.0):
            yield _Contrast(step, (x / apart + sign * step,))
        return
    low = first if len(h.knots) == 2 else -np.inf
    sloping = np.clip(x, low, last)
    flat = [np.maximum(x - last, 0.0)] + ([np.minimum(x - first, 0.0)] if len(h.knots) == 2 else [])
    for at, own in enumerate(flat):
        rest = tuple(other for i, other in enumerate(flat) if i != at)
        for sign in (1.0, -1.0):
            yield _Contrast(sloping / FLAT, (own + sign * sloping / FLAT, *rest))


def _broken_line(
    contrasts: Sequence[_Contrast], y: FloatArray, cluster: NDArray | None, level: float, draws: int, seed: int
) -> list[Part] | str:
    asked = Asked(level, draws, seed, len(contrasts))
    parts = []
    for contrast in contrasts:
        found = partial_effect(y, contrast.tested, contrast.others, cluster=cluster, draws=draws, seed=seed)
        if found is None:
            return "The stretches on either side of the stated point cannot be told apart here."
        if cluster is not None and (found.effective or 0) < MIN_CLUSTERS:
            return (
                f"The course within clusters rests on what {found.effective or 0:.0f} clusters are worth; at least "
                f"{MIN_CLUSTERS} are needed."
            )
        parts.append(
            Part(
                found.correlation, found.error * found.spread, float(np.clip(found.statistic, -1e12, 1e12)), found.df,
                found.p_robust, found.p_permutation, found.correlation_interval(level),
                found.correlation_interval(asked.wide), found.clusters,
            )
        )  # fmt: skip
    return parts
