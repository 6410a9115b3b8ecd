"""The shape in which an outcome follows a number, read off its course by code: turns, thresholds, plateaus, jumps.

An additive model (one course for every predictor, fitted in turns) says what is left of a course with the others
held; every course is a curve of bins, and simple shapes with one or two knots are compared with a straight line.
Knows exploration rows. Must never know a sealed row, nor turn a reading into a claim.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import FloatArray, Rows
from ..value import Value
from .shape_fits import Course, Designs, Fit, best_fit, designs

ROWS = 8_000
"""Rows looked at, evenly spaced."""
_BINS = 24
_SWEEPS = 25
_SETTLED = 1e-3
"""Change of any course in standard deviations of the outcome at which the additive model has settled."""
_MOST_TERMS = 12
_MOST_READ = 30
_MIN_ROWS = 100
_CLIPPED = 0.005
ShapeName = Literal["u", "inverted_u", "threshold", "saturating"]


class Reading(Value):
    """A shape that a course shows beyond a straight line."""

    outcome: str
    event: str | None = None
    predictor: str
    shape: ShapeName
    rises: bool
    knots: tuple[float, ...]
    """Rounded as far as their uncertainty allows."""
    within: tuple[tuple[float, float], ...]
    """For each knot the interval that holds it in 90 % of resampled courses."""
    gain: float
    """By how much it fits better than a straight line, in units of noise, for ranking only."""
    alone: bool
    """Whether the course keeps the shape with the other predictors held."""


class _Binned(NamedTuple):
    """A predictor cut into bins of near-equal size."""

    name: str
    codes: NDArray[np.int64]
    """Bin of each row; `bins` where missing."""
    bins: int
    centres: FloatArray


def read_shapes(
    rows: Rows,
    outcomes: Sequence[tuple[str, str | None]],
    predictors: Sequence[str],
    admits: Callable[[str, str], bool],
    *,
    seed: int = 0,
) -> list[Reading]:
    """The shapes that stand out against a straight line, those that fit best first.

    Args:
        rows: Exploration rows.
        outcomes: Numbers, or labels with the level whose share is meant.
        predictors: Numbers.
        admits: Whether an outcome and a predictor may stand together.
        seed: Seed of the resampled courses, from which the uncertainty of knots is read.
    """
    sample = rows.select(np.unique(np.linspace(0, rows.n - 1, min(rows.n, ROWS)).astype(np.int64)))
    if sample.n < _MIN_ROWS:
        return []
    binned = [b for name in predictors if (b := _binned(sample, name)) is not None]
    seen: list[tuple[float, int, _Binned, Course]] = []
    columns = [_outcome(sample, *which) for which in outcomes]
    for at, (name, _) in enumerate(outcomes):
        for x in binned:
            if x.name != name and admits(name, x.name):
                course = _course(columns[at], x)
                if course is not None and course.bent() > 0:
                    seen.append((course.bent(), at, x, course))
    seen.sort(key=lambda s: (-s[0], s[1], s[2].name))
    cache: dict[bytes, Designs] = {}
    found: list[Reading] = []
    models: dict[int, Additive] = {}
    for _, at, x, course in seen[:_MOST_READ]:
        fit = best_fit(course, _designs(course, cache), seed)
        if fit is not None:
            if at not in models:
                name = outcomes[at][0]
                first = [s[2] for s in seen if s[1] == at]
                rest = [b for b in binned if b.name != name and admits(name, b.name)]
                terms = list({b.name: b for b in (*first, *rest)}.values())
                models[at] = additive(columns[at], terms[:_MOST_TERMS])
            found.append(_reading(outcomes[at], x, fit, _holds(models[at], x, fit, cache)))
    return sorted(found, key=lambda r: (-r.gain, r.outcome, r.predictor))


def _designs(course: Course, cache: dict[bytes, Designs]) -> Designs:
    key = course.x.tobytes() + course.n.tobytes()
    if key not in cache:
        cache[key] = designs(course)
    return cache[key]


def _outcome(rows: Rows, name: str, event: str | None) -> FloatArray:
    """The outcome as a number without its outermost half percents, or 1 and 0; NaN where missing."""
    if event is None:
        y = rows.number(name)
        known = y[~np.isnan(y)]
        if not len(known):
            return y
        low, high = np.quantile(known, (_CLIPPED, 1 - _CLIPPED))
        return np.clip(y, low, high) if high > low else y
    hit = rows.level_mask(name, [event]).astype(np.float64)
    hit[rows.codes(name) < 0] = np.nan
    return hit


def _binned(rows: Rows, name: str) -> _Binned | None:
    codes, values = rows.ordinal(name)
    good = codes >= 0
    if good.sum() < _MIN_ROWS or len(values) < 5:
        return None
    count = np.bincount(codes[good], minlength=len(values))
    middle = (np.cumsum(count) - count / 2) / count.sum()
    place = np.minimum((middle * _BINS).astype(np.int64), _BINS - 1) if len(values) > _BINS else np.arange(len(values))
    bins, of_value = np.unique(place, return_inverse=True)
    n = np.bincount(of_value, weights=count)
    centres = np.bincount(of_value, weights=count * values) / n
    out = np.full(rows.n, len(bins))
    out[good] = of_value[codes[good]]
    return _Binned(name, out, len(bins), np.asarray(centres, np.float64))


def _course(y: FloatArray, x: _Binned) -> Course | None:
    """The mean of the outcome in every bin, with the noise within bins; None with too few of them."""
    good = ~np.isnan(y)
    codes = x.codes[good]
    n = np.bincount(codes, minlength=x.bins + 1)[: x.bins].astype(np.float64)
    if n.sum() < _MIN_ROWS or (n < 2).any():
        return None
    total = np.bincount(codes, weights=y[good], minlength=x.bins + 1)[: x.bins]
    square = np.bincount(codes, weights=y[good] ** 2, minlength=x.bins + 1)[: x.bins]
    mean = total / n
    noise = float((square - n * mean**2).sum() / max(n.sum() - x.bins, 1))
    return Course(x.centres, np.asarray(mean, np.float64), n, noise) if noise > 0 else None


class Additive(NamedTuple):
    """An outcome as a sum of courses and what they leave."""

    left: FloatArray
    """Residuals, shape (n,), NaN where the outcome is missing."""
    courses: dict[str, FloatArray]
    """For each predictor its course by bin, the last entry for missing values."""
    centre: float

    def beside(self, x: _Binned) -> FloatArray:
        """The outcome less every course but that of x."""
        return self.left + self.centre + self.courses[x.name][x.codes]


def _holds(model: Additive, x: _Binned, fit: Fit, cache: dict[bytes, Designs]) -> bool:
    """Whether the additive model's course of a predictor is best told by the same shape."""
    if x.name not in model.courses:
        return True
    own = _course(model.beside(x), x)
    again = None if own is None else best_fit(own, _designs(own, cache), 0)
    return again is not None and (again.shape, again.rises) == (fit.shape, fit.rises)


def additive(y: FloatArray, terms: Sequence[_Binned]) -> Additive:
    """The outcome as a sum of binned courses, fitted in turns until they settle.

    References: Buja, Hastie and Tibshirani (1989), doi:10.1214/aos/1176347115, for backfitting.
    """
    good = ~np.isnan(y)
    centre, spread = float(y[good].mean()), float(y[good].std())
    codes = [t.codes[good] for t in terms]
    left = y[good] - centre
    courses = {t.name: np.zeros(t.bins + 1) for t in terms}
    counts = [np.maximum(np.bincount(c, minlength=t.bins + 1), 1) for c, t in zip(codes, terms, strict=True)]
    for _ in range(_SWEEPS):
        most = 0.0
        for own, n, term in zip(codes, counts, terms, strict=True):
            step = np.bincount(own, weights=left, minlength=term.bins + 1) / n
            courses[term.name] += step
            left = left - step[own]
            most = max(most, float(np.abs(step).max()))
        if most <= _SETTLED * spread:
            break
    out = np.full(len(y), np.nan)
    out[good] = left
    return Additive(out, courses, centre)


def _reading(outcome: tuple[str, str | None], x: _Binned, fit: Fit, alone: bool) -> Reading:
    knots = tuple(_rounded(knot, around) for knot, around in zip(fit.knots, fit.within, strict=True))
    return Reading(
        outcome=outcome[0], event=outcome[1], predictor=x.name, shape=fit.shape, rises=fit.rises,
        knots=knots if len(set(knots)) == len(knots) else fit.knots, within=fit.within, gain=fit.gain, alone=alone,
    )  # fmt: skip


def _rounded(knot: float, around: tuple[float, float]) -> float:
    """The plainest number within a quarter of the knot's uncertainty."""
    reach = (around[1] - around[0]) / 4
    for number in _plainer(knot):
        if abs(number - knot) <= reach:
            return number
    return float(f"{knot:.4g}")


def _plainer(knot: float) -> Iterator[float]:
    """The knot with 1, 2 and 3 significant digits, first to halves of a digit's unit."""
    if knot == 0:
        yield 0.0
        return
    size = 10.0 ** np.floor(np.log10(abs(knot)))
    for unit in (size, size / 2, size / 10, size / 20, size / 100, size / 200):
        yield float(f"{np.round(knot / unit) * unit:.10g}")
