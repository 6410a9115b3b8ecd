"""Where a series jumps, and which hours, weekdays or months stand out: a search on exploration rows.

Knows times and values of one pair of columns. Must never know a sealed row, nor turn what it sees into a claim.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.calendar import PERIOD, Cycle, phase, stretch

FloatArray = NDArray[np.float64]
_MARGIN = 0.15
"""Share of the distinct times that stays on either side of a jump."""
_MOST_STEPS = 400
_MIN_PHASE = 5
_STANDS_OUT = 0.5
"""Part of the largest deviation of a phase from which another joins it."""
MIN_TURNS = 3


class Jump(NamedTuple):
    """The time at which two straight lines part most."""

    at: float
    """The first time after it, as it stands in the data."""
    size: float
    """The jump between the lines, in standard deviations of what they leave."""


class Season(NamedTuple):
    """The phases of a cycle that stand out upwards and downwards."""

    cycle: Cycle
    peak: tuple[int, ...]
    trough: tuple[int, ...]
    share: float
    """Part of the variance of the turns' own deviations that the phases tell."""


def find_jump(time: FloatArray, values: FloatArray) -> Jump | None:
    """The time at which a jump between two straight lines explains most, or None where time is too short.

    Every candidate costs O(1) by running sums over at most 400 stretches of time; sorting the rows costs O(n log n).

    Args:
        time: Times, shape (n,), none missing.
        values: Values, shape (n,), none missing.
    """
    times, code = np.unique(time, return_inverse=True)
    if len(times) < 20:
        return None
    steps = min(len(times), _MOST_STEPS)
    of_time = np.arange(len(times)) * steps // len(times)
    at = of_time[code]
    n = np.bincount(at).astype(np.float64)
    x, y = np.bincount(at, time) / n, np.bincount(at, values) / n
    x, y = (x - x.mean()) / max(float(np.ptp(x)), 1e-300), y - y.mean()
    left, right = _line_costs(x, y), _line_costs(x[::-1], y[::-1])[::-1]
    edge = max(int(np.ceil(_MARGIN * steps)), 3)
    places = np.arange(edge, steps - edge + 1)
    if not len(places):
        return None
    cost = left[places - 1] + right[places]
    best = int(places[np.argmin(cost)])
    jump = _end_of_line(x[best:], y[best:], x[best - 1 : best + 1].mean()) - _end_of_line(
        x[:best], y[:best], x[best - 1 : best + 1].mean()
    )
    spread = float(np.sqrt(max(float(cost.min()) / max(steps - 4, 1), 1e-300)))
    start = times[int(np.searchsorted(of_time, best))]
    return Jump(float(start), float(jump / spread))


def _line_costs(x: FloatArray, y: FloatArray) -> FloatArray:
    """The sum of squares that a straight line leaves of the first k + 1 points, for every k: shape (n,)."""
    n = np.arange(1.0, len(x) + 1)
    sx, sy = np.cumsum(x), np.cumsum(y)
    sxx, sxy, syy = np.cumsum(x * x) - sx * sx / n, np.cumsum(x * y) - sx * sy / n, np.cumsum(y * y) - sy * sy / n
    explained = np.divide(sxy * sxy, sxx, out=np.zeros_like(sxx), where=sxx > 1e-12)
    return np.maximum(syy - explained, 0.0)


def _end_of_line(x: FloatArray, y: FloatArray, at: float) -> float:
    slope = float(np.polyfit(x, y, 1)[0]) if float(np.ptp(x)) > 0 else 0.0
    return float(y.mean() + slope * (at - x.mean()))


class Places(NamedTuple):
    """Where rows lie in a cycle: their phases and turns, each of shape (n,)."""

    phases: NDArray[np.int64]
    turns: NDArray[np.int64]

    @classmethod
    def of(cls, time: FloatArray, cycle: Cycle) -> "Places":
        """The places of times in days since 1970-01-01, none missing."""
        return cls(phase(time, cycle), stretch(time, PERIOD[cycle]))

    def at(self, rows: NDArray) -> "Places":
        """Those of some rows."""
        return Places(self.phases[rows], self.turns[rows])


def find_season(time: FloatArray, values: FloatArray, cycle: Cycle, places: Places | None = None) -> Season | None:
    """The phases that stand out in a cycle, the turns' own levels taken out; None where there is too little to see.

    The peak is the phase with the highest mean and those that reach half its height above the average, at most half
    of the phases; the trough likewise downwards.

    Args:
        time: Days since 1970-01-01, shape (n,), none missing.
        values: Values, shape (n,), none missing.
        cycle: Which cycle.
        places: The times' places in it, where they are at hand.
    """
    if not len(time):
        return None
    phases, turns = places or Places.of(time, cycle)
    turns = turns - turns.min()
    n = np.bincount(phases, minlength=25).astype(np.float64)
    usable = np.flatnonzero(n >= _MIN_PHASE)
    of_turn = np.bincount(turns)
    if len(usable) < 3 or np.count_nonzero(of_turn) < MIN_TURNS:
        return None
    own = values - (np.bincount(turns, values) / np.maximum(of_turn, 1))[turns]
    mean = np.bincount(phases, own, 25)[usable] / n[usable]
    mean = mean - float(n[usable] @ mean) / float(n[usable].sum())
    total = float(own @ own)
    share = float(n[usable] @ mean**2) / total if total else 0.0
    peak, trough = _outstanding(mean), _outstanding(-mean)
    if set(peak) & set(trough):
        return None
    one, two = (tuple(int(p) for p in usable[side]) for side in (peak, trough))
    return Season(cycle, one, two, share)


def _outstanding(mean: FloatArray) -> list[int]:
    """The highest and those at least half as high, at most half of all."""
    order = np.argsort(-mean, kind="stable")
    reached = [int(at) for at in order if mean[at] >= _STANDS_OUT * mean[order[0]] > 0]
    return sorted(reached[: max(len(mean) // 2, 1)])
