"""Peak phases against trough phases of a cycle, compared within each of its turns.

Knows times, phases, turns and values. Must never know a column's name, a hypothesis, or where the rows came from.

One turn (a day, a week, a year) gives one difference, so what a whole turn shares falls out of it, and neighbouring
turns' differences are the units of the t-test. Two more things can make a season out of nothing. A straight trend:
December is later than January; its slope between turns is taken out first. And the search: the phases were picked on
rows that may share their days with the rows that test them. Where they do, both p count the contrast as the best
that could have been picked: Scheffé's (or Bonferroni's) bound on the means of the phases, and turns rotated by
chance, of which the best contrast of that many phases counts. Where rows of one phase of one turn are no more alike
than others, or the tested rows are a later part of the series, the test is fresh and nothing is counted twice.
"""

from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtr

from ..data.rows import FloatArray
from .clusters import OneSample, dense, one_sample, within_means
from .intervals import t_quantile
from .ranks import dense_ranks, midranks
from .series import MAX_PHI
from .sharing import rows_share
from .staged import staged_p

MIN_TURNS = 3
"""Full turns of a cycle that a season needs."""
MIN_EFFECTIVE_TURNS = 2.5
_MOST_UNITS = 100
_CERTAIN = 2.0


class Course(NamedTuple):
    """Values in a cycle, all of shape (n,)."""

    time: FloatArray
    phase: NDArray[np.int64]
    turn: NDArray[np.int64]
    side: NDArray[np.int64]
    """0 in a peak phase, 1 in a trough phase, -1 in any other."""


class SeasonTest(NamedTuple):
    """The mean difference of peak and trough over turns, with its tests."""

    mean: OneSample
    """Dependence between turns allowed for."""
    p_permutation: float | None
    p_robust: float
    phi: float
    turns: int
    searched: bool
    """Whether p counts the contrast as the best that could have been picked."""


def detrended(course: Course, values: FloatArray) -> FloatArray:
    """The values without the straight trend of the turns' means."""
    return values - _slope(course, values) * (course.time - course.time.mean())


def detrended_ranks(course: Course, values: FloatArray) -> FloatArray:
    """Midranks over n, from 0 to 1, of the values less their turn's mean, without the trend within turns.

    Equal values of a turn stay equal: the trend is taken out of the ranks, at the rate at which ranks go with
    values. Taken out of the values it would tell ties apart by their time, and make a season of them.
    """
    at, number_of = dense(course.turn)
    n = np.bincount(at, minlength=number_of)
    own = values - (np.bincount(at, values, number_of) / n)[at]
    scale = float(np.abs(own).max()) or 1.0
    own = np.round(own / scale, 12)
    ranks = midranks(dense_ranks(own)) / len(own)
    rate = float(ranks @ own) / max(float(own @ own), 1e-300) / scale
    middle = (np.bincount(at, course.time, number_of) / n)[at]
    return ranks - rate * _slope(course, values) * (course.time - middle)


def _slope(course: Course, values: FloatArray) -> float:
    """The least-squares slope of the turns' means on their mean times."""
    at, number_of = dense(course.turn)
    n = np.bincount(at, minlength=number_of)
    t, v = (np.bincount(at, x) / n for x in (course.time, values))
    x = t - t.mean()
    return float(x @ (v - v.mean())) / max(float(x @ x), 1e-300)


def examine_season(
    course: Course, values: FloatArray, *, searched: bool, draws: int, seed: int, level: float
) -> SeasonTest | str:
    """The difference between peak and trough within turns with its tests, or why there is none.

    Args:
        course: Where the rows lie in the cycle; turns without both sides are left out.
        values: Their values or ranks, shape (n,), none missing, the trend taken out.
        searched: Whether the phases were picked on rows of the same days; counts where these are alike.
        draws: Rotations at most; 0 skips them.
        seed: Seed of the rotations.
        level: Confidence level of the interval.

    References:
        Scheffé (1953), doi:10.1093/biomet/40.1-2.87.
    """
    chosen = course.side >= 0
    turn, side = course.turn[chosen], course.side[chosen]
    pairs = within_means(values[chosen], side, turn)
    if len(pairs.weights) < MIN_TURNS:
        return f"Only {len(pairs.weights)} full turns of the cycle; at least {MIN_TURNS} are needed."
    theta = pairs.means[:, 0] - pairs.means[:, 1]
    phi = _phi(theta)
    if phi > MAX_PHI:
        return (
            f"The turns of the cycle depend on each other (lag-1 correlation {phi:.2f}): too few count for themselves."
        )
    mean = _widened(one_sample(theta, pairs.weights, draws=0, seed=seed, level=level), phi, level)
    if mean.df + 1 < MIN_EFFECTIVE_TURNS:
        return f"The turns of the cycle are worth only {mean.df + 1:.0f} independent ones; at least 3 are needed."
    cells = Cells.of(course, values)
    searched = searched and cells.share(values)
    p_robust = max(mean.p_robust, cells.searched_p()) if searched else mean.p_robust
    drawn = cells.rotation_p(draws, seed, searched=searched) if draws else None
    return SeasonTest(mean, drawn, p_robust, phi, len(theta), searched)


def over_turns(
    course: Course, values: FloatArray, phi: float, level: float
) -> tuple[OneSample, FloatArray, FloatArray]:
    """The difference of means over turns as `examine_season` weights it, and both sides' means and rows, (2,)."""
    chosen = course.side >= 0
    pairs = within_means(values[chosen], course.side[chosen], course.turn[chosen])
    mean = one_sample(pairs.means[:, 0] - pairs.means[:, 1], pairs.weights, draws=0, seed=0, level=level)
    sides = pairs.weights @ pairs.means / pairs.weights.sum()
    return _widened(mean, phi, level), sides, pairs.n.sum(axis=0)


class Cells(NamedTuple):
    """One mean for each phase of each turn that holds both sides."""

    turn: NDArray[np.int64]
    """Dense, ascending; within a turn the cells are in the order of the phases."""
    phase: NDArray[np.int64]
    """Dense."""
    mean: FloatArray
    """The turn's own mean taken out."""
    side: NDArray[np.int64]
    of_row: NDArray[np.int64]
    """The cell of each row, -1 in turns that lack a side."""
    centre: FloatArray
    """The mean of each cell's turn."""

    @classmethod
    def of(cls, course: Course, values: FloatArray) -> "Cells":
        """The cells of the turns that hold both sides."""
        least, width = int(course.phase.min()), int(np.ptp(course.phase)) + 1
        turn, _ = dense(course.turn)
        of_row = turn * width + course.phase - least
        code, _ = dense(of_row)
        key = np.flatnonzero(np.bincount(of_row))
        mean = np.bincount(code, values) / np.bincount(code)
        side = np.zeros(len(key), np.int64)
        side[code] = course.side
        of_turn = key // width
        both = np.bincount(of_turn[side == 0], minlength=turn.max() + 1) > 0
        both &= np.bincount(of_turn[side == 1], minlength=turn.max() + 1) > 0
        kept = both[of_turn]
        at, number_of = dense(of_turn[kept])
        centre = (np.bincount(at, mean[kept], number_of) / np.bincount(at, minlength=number_of))[at]
        place = np.where(kept, np.cumsum(kept) - 1, -1)
        return cls(at, dense(key[kept] % width)[0], mean[kept] - centre, side[kept], place[code], centre)

    def share(self, values: FloatArray) -> bool:
        """Whether rows of one cell, or of neighbouring cells, are alike beyond their phase and their turn."""
        inside = self.of_row >= 0
        of_row, n = self.of_row[inside], np.bincount(self.phase)
        expected = self.centre + (np.bincount(self.phase, self.mean) / n)[self.phase]
        left = values[inside] - expected[of_row]
        return rows_share(left, of_row, len(n) + int(self.turn.max()))

    def searched_p(self) -> float:
        """The p of the contrast of phase means as the best that could have been picked.

        The scatter is what phases and turns leave, widened by the lag-1 correlation of neighbouring cells. The
        smaller of Scheffé's bound, over every contrast, and Bonferroni's, over every choice of so many phases.
        """
        n = np.bincount(self.phase).astype(np.float64)
        means = np.bincount(self.phase, self.mean) / n
        left = self.mean - means[self.phase]
        df = len(left) - len(n) - int(self.turn.max())
        side = self._side_of_phase()
        if df < 1 or not float(left @ left):
            return float(not means[side == 0].mean() != means[side == 1].mean())
        peak, trough = side == 0, side == 1
        phi = max(float(left[1:] @ left[:-1]) / float(left @ left) + 1 / n.mean(), 0.0)
        phi = min(phi, 0.95)
        wider = (1 + phi) / (1 - phi)
        variance = float(left @ left) / df * wider
        scale = (1 / n[peak]).sum() / peak.sum() ** 2 + (1 / n[trough]).sum() / trough.sum() ** 2
        t = abs(float(means[peak].mean() - means[trough].mean())) / float(np.sqrt(variance * scale))
        k, df = len(n), max(df / wider, 1.0)
        choices = comb(k, int(peak.sum())) * comb(k - int(peak.sum()), int(trough.sum()))
        return float(min(1.0, fdtrc(k - 1, df, t * t / (k - 1)), choices * stdtr(df, -t)))

    def _side_of_phase(self) -> NDArray[np.int64]:
        side = np.full(int(self.phase.max()) + 1, -1, np.int64)
        side[self.phase] = self.side
        return side

    def rotation_p(self, draws: int, seed: int, *, searched: bool) -> float:
        """The p under rotation of every turn's cells by a chance number of places, which keeps neighbours together.

        With `searched` a rotated table counts by the best contrast of so many phases, else by the claimed one.
        Beyond 100 turns those with equally many cells rotate in up to 100 sets: a subgroup of all rotations.
        """
        side = self._side_of_phase()
        sums, n = _rotated_sums(self)
        a, b = int((side == 0).sum()), int((side == 1).sum())
        rng = np.random.Generator(np.random.PCG64(seed))

        def contrast(means: FloatArray) -> FloatArray:
            if not searched:
                return np.abs(means[:, side == 0].mean(1) - means[:, side == 1].mean(1))
            ordered = np.sort(means, axis=1)
            up = ordered[:, -a:].mean(1) - ordered[:, :b].mean(1)
            return np.maximum(up, ordered[:, -b:].mean(1) - ordered[:, :a].mean(1)) if a != b else up

        own = sum(unit[0] for unit in sums) / n
        observed = abs(float(own[side == 0].mean() - own[side == 1].mean())) * (1 - 1e-9)

        def hits_of(count: int) -> int:
            total = np.zeros((count, len(side)))
            for unit in sums:
                total += unit[rng.integers(0, len(unit), count)]
            return int((contrast(total / n) >= observed).sum())

        return staged_p(hits_of, draws)


def _rotated_sums(cells: Cells) -> tuple[list[FloatArray], FloatArray]:
    """For each set of turns the sums by phase under each rotation, shape (m, K), and the cells of each phase, (K,)."""
    k = int(cells.phase.max()) + 1
    size = np.bincount(cells.turn)
    start = np.cumsum(size) - size
    units: list[FloatArray] = []
    for m in np.unique(size):
        turns = np.flatnonzero(size == m)
        sets = min(len(turns), max(int(_MOST_UNITS * len(turns) / len(size)), 1))
        where = start[turns][:, None] + np.arange(m)
        phase, unit = cells.phase[where], np.arange(len(turns)) % sets
        out = np.zeros((sets, m, k))
        for by in range(m):
            turned = cells.mean[start[turns][:, None] + (np.arange(m) + by) % m]
            flat = unit[:, None] * k + phase
            out[:, by, :] = np.bincount(flat.ravel(), turned.ravel(), sets * k).reshape(sets, k)
        units.extend(out)
    return units, np.bincount(cells.phase).astype(np.float64)


def _phi(theta: FloatArray) -> float:
    """The lag-1 correlation of neighbouring turns, its bias (1 + 3 phi) / G taken out; 0 where none was noticed."""
    left, g = theta - theta.mean(), len(theta)
    total = float(left @ left)
    if g < 8 or not total:
        return 0.0
    seen = float(left[1:] @ left[:-1]) / total
    likely = (seen + 1 / g) / (1 - 3 / g)
    return min(max(likely, 0.0), 0.99) if g < 30 or likely * np.sqrt(g) > _CERTAIN / 2 else 0.0


def _widened(mean: OneSample, phi: float, level: float) -> OneSample:
    """The mean with its error and test at the effective number of turns."""
    wider = (1 + phi) / (1 - phi)
    se, df = mean.se * float(np.sqrt(wider)), max((mean.df + 1) / wider - 1, 1.0)
    statistic = mean.estimate / se if se else None
    p = mean.p_robust if statistic is None else float(2 * stdtr(df, -abs(statistic)))
    reach = t_quantile(df, level) * se
    return mean._replace(
        se=se, df=df, statistic=statistic, p_robust=p, low=mean.estimate - reach, high=mean.estimate + reach
    )
