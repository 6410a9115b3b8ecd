"""A jump at a fixed time between two straight lines, tested on stretches of time instead of rows.

Knows times and values. Must never know a column's name, a hypothesis, or where the rows came from.

Why stretches: rows of one day share what happened that day, and neighbouring days depend on each other, so
thousands of rows may be worth a few dozen observations. Means over at most 60 stretches of time are the units, and
what dependence is left between them widens the error. Why two lines: a series that only rises is higher after any
date, so the claim must beat a straight trend; each side has its own, which a bend without a jump fits as well. Why
the best of all times: the rows that suggested the time share its days with the rows that test it. Where rows of one
stretch are alike, both p count how extreme the jump is among the largest jumps that the stretches would show at any
time by chance; where they are not, the test is fresh.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from ..data.rows import FloatArray
from .series import MAX_PHI
from .sharing import rows_share
from .staged import staged_p

MIN_TIMES = 10
"""Distinct times that each side of a change needs."""
MIN_STRETCHES = 24
MAX_STRETCHES = 60
MIN_EFFECTIVE_STRETCHES = 12
"""Independent stretches that the series must be worth."""
_MARGIN = 6
"""Stretches that lie before the first and after the last time at which a change could have been claimed."""
_DEPENDENT = 0.2
_PARAMETERS = 4


class JumpTest(NamedTuple):
    """A jump with its tests; p counts it as the best of all times."""

    value: float
    error: float
    statistic: float
    df: float
    p_permutation: float | None
    p_robust: float
    phi: float
    """Lag-1 correlation of the stretches' residuals, its bias taken out."""
    reach: float
    """Standard errors by which the interval extends on either side."""
    widest: float
    """The same where the search has to be counted, at 95 %: what a plan must allow for."""
    searched: bool
    """Whether p counts the jump as the best of all times."""
    smooth: bool
    """Whether a smooth curve (a cubic) describes the stretches as well as the two lines; p is 1 then."""


class Stretches(NamedTuple):
    """Rows reduced to consecutive stretches of time, none of which holds rows from both sides."""

    of_row: NDArray[np.int64]
    time: FloatArray
    after: FloatArray
    """1 for stretches from the change on, else 0."""

    def means(self, values: FloatArray) -> FloatArray:
        """The mean of one value a row in each stretch, shape (B,)."""
        return np.bincount(self.of_row, values) / np.bincount(self.of_row)


def examine_jump(
    time: FloatArray,
    values: FloatArray,
    at: float,
    *,
    draws: int,
    seed: int,
    level: float,
    found_here: bool = False,
) -> JumpTest | str:
    """The jump of `values` at the time `at` with its tests, or why there is none.

    The robust p is Hotelling's tube bound for the largest t of any time, at a t whose error is the larger of least
    squares' and HC3's and grows with the lag-1 correlation of the stretches; the permutation p shuffles what a
    single straight line leaves of the stretches' means and compares with the largest t of any time. Where a cubic
    curve, which has as many parameters as the two lines and no jump, leaves no more of the stretches' means, the
    robust p is 1: nothing tells the jump from a wave or a slow turn.

    Args:
        time: Times in any unit, shape (n,), none missing.
        values: Values, shape (n,), none missing.
        at: The first time after the change.
        draws: Draws of the permutation at most; 0 skips it.
        seed: Seed of the draws.
        level: Confidence level of `reach`.
        found_here: Whether the time was searched for on these very rows, so that p has to count it as the best.

    References:
        Hotelling (1939), doi:10.2307/2371512; Knowles and Siegmund (1989), doi:10.2307/1403794. Freedman and Lane
        (1983), doi:10.2307/1391660. MacKinnon and White (1985), doi:10.1016/0304-4076(85)90158-7.
    """
    course = _Course(time, *np.unique(time, return_inverse=True))
    reason = _too_short(course.times, at)
    if reason is not None:
        return reason
    rough = _fine_phi(course, values, at)
    if rough > MAX_PHI:
        return _drifts(rough)
    cut, fit = _stretches_and_fit(course, values, at)
    effective = len(cut.time) * (1 - fit.phi) / (1 + fit.phi)
    if fit.phi > MAX_PHI or effective < MIN_EFFECTIVE_STRETCHES:
        return _drifts(max(fit.phi, rough), effective)
    searched = found_here or rough > _DEPENDENT or _shared(cut, fit, values, at)
    every = _Family.of(cut, at, alone=False)
    family = every if searched else _Family.of(cut, at, alone=True)
    df = max(effective - _PARAMETERS, 1.0)
    statistic = fit.value / fit.error if fit.error else float(np.copysign(1e12, fit.value))
    statistic = float(np.clip(statistic, -1e12, 1e12))
    drawn = _permutation_p(cut, fit, family, at, draws, seed) if draws else None
    smooth = _is_smooth(cut, fit, at)
    p_robust = 1.0 if smooth else family.tube_p(abs(statistic), df)
    reach, widest = family.tube_quantile(1 - level, df), every.tube_quantile(0.05, df)
    return JumpTest(fit.value, fit.error, statistic, df, drawn, p_robust, fit.phi, reach, widest, searched, smooth)


def jump_between(cut: Stretches, values: FloatArray, at: float) -> tuple[float, float]:
    """The jump of the means of other values on the same stretches, and its error, dependence allowed for."""
    fit = _fit(cut, cut.means(values), at)
    return fit.value, fit.error


class _Course(NamedTuple):
    """The times of rows, sorted once for all that is read off them."""

    time: FloatArray
    """Shape (n,)."""
    times: FloatArray
    """The distinct ones, ascending."""
    code: NDArray[np.int64]
    """The place of each row among them, shape (n,)."""


def _stretches(course: _Course, at: float, most: int) -> Stretches:
    """At most `most` stretches of near-equally many distinct times, shared out between the sides by their times."""
    time, times, code = course
    before = int(np.searchsorted(times, at))
    after = len(times) - before
    total = min(most, len(times))
    least = min(_MARGIN + 2, before, after)
    first = min(max(round(total * before / len(times)), least), total - least)
    of_time = np.concatenate([np.arange(before) * first // before, first + np.arange(after) * (total - first) // after])
    of_row = of_time[code]
    middle = np.bincount(of_row, time) / np.bincount(of_row)
    return Stretches(of_row, middle, (np.arange(total) >= first).astype(np.float64))


def examined_stretches(time: FloatArray, values: FloatArray, at: float) -> Stretches:
    """The stretches that `examine_jump` tests on."""
    return _stretches_and_fit(_Course(time, *np.unique(time, return_inverse=True)), values, at)[0]


class _Fit(NamedTuple):
    value: float
    error: float
    phi: float
    means: FloatArray


def _too_short(times: FloatArray, at: float) -> str | None:
    before = int(np.searchsorted(times, at))
    small = min(before, len(times) - before)
    if small < MIN_TIMES:
        side = "before" if before == small else "from"
        return f"Only {small} distinct times lie {side} the change; at least {MIN_TIMES} are needed on either side."
    if len(times) < MIN_STRETCHES:
        return f"Only {len(times)} distinct times; at least {MIN_STRETCHES} are needed."
    return None


def _drifts(phi: float, effective: float | None = None) -> str:
    worth = "" if effective is None else f": the series is worth about {effective:.0f} independent stretches of time"
    return (
        f"Neighbours in time depend on each other (lag-1 correlation {phi:.2f}){worth}, too few to tell a change from "
        "drift."
    )


def _stretches_and_fit(course: _Course, values: FloatArray, at: float) -> tuple[Stretches, _Fit]:
    """Stretches whose means are nearly independent; else, of ever fewer down to 24, those worth most."""
    most, tried = MAX_STRETCHES, []
    while most >= MIN_STRETCHES:
        cut = _stretches(course, at, most)
        tried.append((cut, _fit(cut, cut.means(values), at)))
        if tried[-1][1].phi <= _DEPENDENT:
            return tried[-1]
        most = len(cut.time) * 2 // 3
    return max(tried, key=lambda t: len(t[0].time) * (1 - t[1].phi) / (1 + t[1].phi))


def _design(time: FloatArray, after: FloatArray, at: float) -> FloatArray:
    """Constant, time, after, and time after: shape (B, 4); the third coefficient is the jump at `at`."""
    x = (time - at) / max(float(np.ptp(time)), 1e-300)
    return np.column_stack([np.ones(len(x)), x, after, after * x])


def _fit(cut: Stretches, means: FloatArray, at: float) -> _Fit:
    design = _design(cut.time, cut.after, at)
    inverse = np.linalg.pinv(design)
    left = means - design @ (inverse @ means)
    weight = inverse[2]
    leverage = np.einsum("ij,ji->i", design, inverse)
    b = len(means)
    phi = _likely_phi(left)
    plain = float(weight @ weight * (left @ left)) / (b - _PARAMETERS)
    robust = float(((weight * left / np.maximum(1 - leverage, 1e-9)) ** 2).sum())
    error = float(np.sqrt(max(plain, robust) * (1 + phi) / (1 - phi)))
    value = float(weight @ means)
    return _Fit(value, 0.0 if error < 1e-12 * max(abs(value), 1e-300) else error, phi, means)


def _shared(cut: Stretches, fit: _Fit, values: FloatArray, at: float) -> bool:
    """Whether rows of one stretch, or of neighbouring stretches, are alike beyond the two lines."""
    design = _design(cut.time, cut.after, at)
    expected = design @ (np.linalg.pinv(design) @ fit.means)
    return rows_share(values - expected[cut.of_row], cut.of_row, _PARAMETERS)


def _is_smooth(cut: Stretches, fit: _Fit, at: float) -> bool:
    """Whether a cubic leaves no more of the means than the two lines do."""
    lines = _design(cut.time, cut.after, at)
    x = lines[:, 1] - lines[:, 1].mean()
    curve = np.column_stack([np.ones(len(x)), x, x * x, x**3])
    left = [fit.means - d @ np.linalg.lstsq(d, fit.means, rcond=None)[0] for d in (lines, curve)]
    return float(left[1] @ left[1]) <= float(left[0] @ left[0])


def _likely_phi(left: FloatArray) -> float:
    """The lag-1 correlation of residuals, which two fitted lines make low by about (4 + 8 phi) / B; never below 0."""
    total, b = float(left @ left), len(left)
    seen = float(left[1:] @ left[:-1]) / total if total else 0.0
    return float(min(max((seen + 4 / b) / (1 - 8 / b), 0.0), 0.99))


def _fine_phi(course: _Course, values: FloatArray, at: float) -> float:
    """The lag-1 correlation of one mean a time, two straight lines taken out."""
    times, means = course.times, np.bincount(course.code, values) / np.bincount(course.code)
    design = _design(times, (times >= at).astype(np.float64), at)
    left = means - design @ np.linalg.lstsq(design, means, rcond=None)[0]
    return _likely_phi(left)


class _Family(NamedTuple):
    """The jumps that could have been claimed: one unit vector a time, in the order of time."""

    lines: FloatArray
    """Orthonormal constant and time, shape (2, B)."""
    jumps: FloatArray
    """Shape (K, B)."""
    bends: FloatArray
    """The change of slope at each time, orthogonal to the jump and to the lines, shape (K, B)."""

    @classmethod
    def of(cls, cut: Stretches, at: float, *, alone: bool) -> "_Family":
        b, own = len(cut.time), int((cut.after == 0).sum())
        places = [own] if alone else sorted({own, *range(_MARGIN, b - _MARGIN + 1)})
        lines = np.linalg.qr(_design(cut.time, cut.after, at)[:, :2])[0].T
        jumps, bends = [], []
        for place in places:
            start = at if place == own else (cut.time[place - 1] + cut.time[place]) / 2
            design = _design(cut.time, (np.arange(b) >= place).astype(np.float64), start)
            bend = _unit(_rest(design[:, 3], lines))
            jumps.append(_unit(_rest(design[:, 2], np.vstack([lines, bend]))))
            bends.append(bend)
        return cls(lines, np.array(jumps), np.array(bends))

    def largest(self, left: FloatArray) -> FloatArray:
        """The largest |t| of any time, for residuals of shape (D, B): shape (D,)."""
        total = (left**2).sum(1) - ((left @ self.lines.T) ** 2).sum(1)
        gain, bent = (left @ self.jumps.T) ** 2, (left @ self.bends.T) ** 2
        rest = np.maximum(total[:, None] - gain - bent, 1e-12 * total[:, None] + 1e-300)
        return np.sqrt((gain / rest).max(1) * (left.shape[1] - _PARAMETERS))

    def tube_p(self, t: float, df: float) -> float:
        """Hotelling's bound on P(the largest |t| of any time >= t)."""
        near = np.clip(np.abs((self.jumps[1:] * self.jumps[:-1]).sum(1)), 0, 1)
        length = float(np.arccos(near).sum())
        return float(min(1.0, length / np.pi * (1 + t * t / df) ** (-(df - 1) / 2) + 2 * stdtr(df, -t)))

    def tube_quantile(self, p: float, df: float) -> float:
        """The t at which the bound is p."""
        low, high = 0.0, 1.0
        while self.tube_p(high, df) > p and high < 1e12:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.tube_p(middle, df) > p else (low, middle)
        return high


def _rest(x: FloatArray, basis: FloatArray) -> FloatArray:
    return x - basis.T @ (basis @ x)


def _unit(x: FloatArray) -> FloatArray:
    return x / max(float(np.sqrt(x @ x)), 1e-300)


def _permutation_p(cut: Stretches, fit: _Fit, family: _Family, at: float, draws: int, seed: int) -> float:
    rng = np.random.Generator(np.random.PCG64(seed))
    left = _rest(fit.means, family.lines)
    observed = float(_Family.of(cut, at, alone=True).largest(left[None])[0]) * (1 - 1e-9)

    def hits_of(count: int) -> int:
        shuffled = rng.permuted(np.broadcast_to(left, (count, len(left))), axis=1)
        return int((family.largest(shuffled) >= observed).sum())

    return staged_p(hits_of, draws)
