"""What the outcome is along a stated shape: groups of rows at its ends and its turning point, in its own units.

Knows the complete rows of a claim. Must never know its test or its sentence.
"""

from typing import NamedTuple

import numpy as np

from ...data.rows import BoolArray, FloatArray, Rows
from ...value import Effect
from ..clusters import one_sample, within_means
from ..evidence import Group
from ..hypothesis import Shape
from ..intervals import Interval, mean_interval, newcombe_interval, welch_interval, wilson_interval
from ..linear import centred_within
from .monotone_words import plain
from .shape_parts import segments
from .wording import column

MIN_BOTH = 10
"""Clusters that must hold rows of both groups before these are compared within clusters."""


class Place(NamedTuple):
    """Rows of a stretch of the predictor."""

    label: str
    rows: BoolArray


class Told(NamedTuple):
    """The groups of a claim, and the difference that it is told by."""

    groups: tuple[Group, ...]
    difference: Effect | None


def told(h: Shape, rows: Rows, x: FloatArray, y: FloatArray, level: float, *, within: bool) -> Told:
    """Groups along the predictor with the difference between what the shape sets apart.

    A U: the smaller of the two differences between an end (the outer third of a side) and the turning point (the
    inner thirds). Otherwise: where it has levelled off against where it starts. `within`: rows are compared within
    their clusters, and all clusters moved to the overall average.
    """
    places = _places(h, x)
    if any(place.rows.sum() < 2 for place in places):
        return Told((), None)
    around = y
    if within and rows.cluster is not None:
        around = centred_within(y, rows.cluster) + y.mean()
    groups = tuple(_group(h, place.label, around[place.rows], within) for place in places)
    best = _difference(h, rows, y, places, level, within)
    if best is None:
        return Told(groups, None)
    scale = 100.0 if h.event is not None else 1.0
    effect = Effect(
        name="risk difference" if h.event is not None else "mean difference",
        value=scale * best.value, low=scale * best.low, high=scale * best.high, level=level,
        unit="points" if h.event is not None else rows.column(h.outcome).unit or h.outcome,
    )  # fmt: skip
    return Told(groups, effect)


def _places(h: Shape, x: FloatArray) -> list[Place]:
    name = column(h.predictor)
    parts = segments(h, x)
    if h.shape in ("u", "inverted_u"):
        (a, b), (c, d) = (_thirds(x[own]) for own in parts)
        return [
            Place(f"{name} is {plain(a)} or less", x <= a),
            Place(f"{name} is {_between(b, c)}", (x >= b) & (x <= c)),
            Place(f"{name} is {plain(d)} or more", x >= d),
        ]
    if h.shape == "saturating":
        a, _ = _thirds(x[parts[0]])
        middle = float(np.quantile(x[parts[1]], 0.5, method="lower"))
        return [
            Place(f"{name} is {plain(a)} or less", x <= a),
            Place(f"{name} is {_between(h.knots[0], middle)}", parts[1] & (x <= middle)),
            Place(f"{name} is above {plain(middle)}", x > middle),
        ]
    if len(h.knots) == 1:
        at = plain(h.knots[0])
        return [Place(f"{name} is below {at}", parts[0]), Place(f"{name} is {at} or more", parts[1])]
    low, high = (plain(knot) for knot in h.knots)
    labels = (f"{name} is {low} or less", f"{name} is between {low} and {high}", f"{name} is {high} or more")
    return [Place(label, own) for label, own in zip(labels, parts, strict=True)]


def _between(a: float, b: float) -> str:
    return plain(a) if a == b else f"between {plain(a)} and {plain(b)}"


def _thirds(x: FloatArray) -> tuple[float, float]:
    """The ends of the lowest third and of the highest, apart where the values allow it."""
    low, high = float(np.quantile(x, 1 / 3, method="lower")), float(np.quantile(x, 2 / 3, method="higher"))
    return (low, high) if low < high else (float(x.min()), float(x.max()))


def _difference(
    h: Shape, rows: Rows, y: FloatArray, places: list[Place], level: float, within: bool
) -> Interval | None:
    if h.shape in ("u", "inverted_u"):
        sign = 1.0 if h.shape == "u" else -1.0
        both = [_apart(h, rows, y, places[end].rows, places[1].rows, level, within) for end in (0, 2)]
        known = [d for d in both if d is not None]
        return min(known, key=lambda d: sign * d.value) if len(known) == 2 else None
    later = places[-1].rows if h.shape == "threshold" else places[1].rows | places[2].rows
    return _apart(h, rows, y, later, places[0].rows, level, within)


def _apart(
    h: Shape, rows: Rows, y: FloatArray, one: BoolArray, two: BoolArray, level: float, within: bool
) -> Interval | None:
    """The outcome in one group of rows less that in another."""
    if within and rows.cluster is not None:
        either = one | two
        held = within_means(y[either], np.where(one[either], 0, 1), rows.cluster[either])
        if len(held.weights) < MIN_BOTH:
            return None
        means = held.means[:, 0] - held.means[:, 1]
        return one_sample(means, held.weights, draws=0, seed=0, level=level).interval
    a, b = y[one], y[two]
    if _is_share(h, y):
        return newcombe_interval((float(a.sum()), len(a)), (float(b.sum()), len(b)), level)
    return welch_interval(_moments(a), _moments(b), level)


def _is_share(h: Shape, y: FloatArray) -> bool:
    return h.event is not None and bool(np.isin(y, (0.0, 1.0)).all())


def _moments(y: FloatArray) -> tuple[int, float, float]:
    return len(y), float(y.mean()), float(y.var(ddof=1))


def _group(h: Shape, label: str, y: FloatArray, within: bool) -> Group:
    if within:
        return Group(label=label, n=len(y), mean=float(y.mean()))
    if _is_share(h, y):
        around = wilson_interval(float(y.sum()), len(y))
        return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high)
    around = mean_interval(*_moments(y))
    return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high, median=float(np.median(y)))
