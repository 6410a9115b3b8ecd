"""Simple shapes fitted to a course of bins: where each would bend, how well it fits, and how sure its knots are.

Knows a curve of means. Must never know a column, a row, or what will be claimed.
"""

from typing import Literal, NamedTuple

import numpy as np

from ..data.rows import FloatArray

_RESAMPLED = 60
_CENTRAL = (0.05, 0.95)
_MARGIN = 10.0
"""Better fit than a straight line, beyond the price of its knots, from which a shape is told."""
_EDGE = 3
"""Bins that must lie on either side of a knot."""
_LEAST = 0.08
"""Share of all rows that must lie on either side of a knot."""
ShapeName = Literal["u", "inverted_u", "threshold", "saturating"]


class Course(NamedTuple):
    """The mean of an outcome by bins of a predictor, ascending."""

    x: FloatArray
    mean: FloatArray
    n: FloatArray
    noise: float
    """Variance within bins."""

    def bent(self) -> float:
        """How much more than noise the bins lie off a straight line; above 0 where that is clear."""
        w = self.n / self.n.sum()
        x, y = self.x - w @ self.x, self.mean - w @ self.mean
        left = y - (w @ (x * y)) / (w @ (x * x)) * x
        excess = float((self.n * left**2).sum()) / self.noise - (len(self.x) - 2)
        return excess - 2.5 * float(np.sqrt(2 * max(len(self.x) - 2, 1)))


class Fit(NamedTuple):
    """The shape that tells a course best."""

    shape: ShapeName
    rises: bool
    knots: tuple[float, ...]
    within: tuple[tuple[float, float], ...]
    gain: float


class _Family(NamedTuple):
    """One kind of shape at every place where it could bend."""

    kind: str
    knots: FloatArray
    """Shape (m, 1 or 2)."""
    basis: FloatArray
    """Orthonormal columns beyond the constant's, weighted by rows, shape (m, bins, p)."""
    columns: FloatArray
    """The columns themselves, shape (m, bins, p)."""
    price: int
    """Parameters and knots."""


Designs = list[_Family]


def designs(course: Course) -> Designs:
    """Every shape at every pair of neighbouring bins; they depend on the bins alone, not on the outcome."""
    x, share = course.x, np.cumsum(course.n) / course.n.sum()
    inner = [at for at in range(_EDGE, len(x) - _EDGE + 1) if share[at - 1] >= _LEAST and 1 - share[at - 1] >= _LEAST]
    between = np.array([(x[at - 1] + x[at]) / 2 for at in inner])
    out = [_family("line", np.zeros((1, 1)), [lambda v, _: v], course, 1)]
    if not len(between):
        return out
    one = between[:, None]
    pairs = np.array([(a, b) for i, a in enumerate(between) for b in between[i + _EDGE :]]).reshape(-1, 2)
    out.append(_family("saturating", one, [lambda v, k: np.minimum(v, k[0])], course, 2))
    out.append(_family("hinge", one, [lambda v, k: np.maximum(v, k[0])], course, 2))
    out.append(_family("jump", one, [lambda v, k: (v >= k[0]).astype(np.float64)], course, 2))
    out.append(
        _family("two", one, [lambda v, k: np.minimum(v - k[0], 0), lambda v, k: np.maximum(v - k[0], 0)], course, 3)
    )
    # A jump inside a bin: the bin itself may have any mean.
    inside = np.array([x[at] for at in inner[:-1]])[:, None]
    if len(inside):
        free = [lambda v, k: (v > k[0]).astype(np.float64), lambda v, k: (v == k[0]).astype(np.float64)]
        out.append(_family("step", inside, free, course, 3))
    if len(pairs):
        out.append(_family("ramp", pairs, [lambda v, k: np.clip(v, k[0], k[1])], course, 3))
    return out


def _family(kind: str, knots: FloatArray, columns: list, course: Course, price: int) -> _Family:
    root = np.sqrt(course.n)
    constant = root / np.sqrt(course.n.sum())
    raw = np.array([[column(course.x, k) for column in columns] for k in knots]).transpose(0, 2, 1)
    weighted = raw * root[None, :, None]
    weighted = weighted - constant[None, :, None] * (constant @ weighted)[:, None, :]
    return _Family(kind, knots, np.linalg.qr(weighted)[0], raw, price)


def best_fit(course: Course, families: Designs, seed: int) -> Fit | None:
    """The shape that beats the straight line and every other shape, or None where none does clearly.

    The misfit in units of noise, plus log(n) for every parameter and knot, is compared (Schwarz). Knots are placed
    again on courses drawn around the fitted one, from which their uncertainty is read.

    References: Schwarz (1978), doi:10.1214/aos/1176344136.
    """
    z = np.sqrt(course.n / course.noise) * (course.mean - np.average(course.mean, weights=course.n))
    toll = float(np.log(course.n.sum()))
    scored = []
    for family in families:
        misfit = float(z @ z) - ((family.basis.transpose(0, 2, 1) @ z) ** 2).sum(1)
        at = int(np.argmin(misfit))
        scored.append((float(misfit[at]) + family.price * toll, family, at))
    line = scored[0][0]
    best, family, at = min(scored, key=lambda s: s[0])
    if line - best < _MARGIN:
        return None
    named = _named(course, family, at)
    if named is None:
        return None
    if family.kind == "two":
        return _turning(course, family, named, line - best, seed)
    knots = tuple(float(k) for k in family.knots[at])
    return Fit(*named, knots, _uncertainty(course, family, z, at, seed), line - best)


def _turning(course: Course, family: _Family, named: tuple[ShapeName, bool], gain: float, seed: int) -> Fit:
    """A U with its turning point at the vertex of a parabola, as on resampled courses."""
    rng = np.random.Generator(np.random.PCG64(seed))
    noise = rng.normal(size=(len(course.x), _RESAMPLED)) * np.sqrt(course.noise / course.n)[:, None]
    drawn = np.column_stack([course.mean, course.mean[:, None] + noise])
    centre, spread, root = float(course.x.mean()), float(course.x.std()), np.sqrt(course.n)[:, None]
    x = (course.x - centre) / spread
    design = np.column_stack([np.ones(len(x)), x, x**2])
    _, slope, bend = np.linalg.lstsq(design * root, drawn * root, rcond=None)[0]
    low_end, high_end = float(family.knots.min()), float(family.knots.max())
    vertex = np.clip(centre - spread * slope / np.where(bend == 0, np.inf, 2 * bend), low_end, high_end)
    low, high = np.quantile(vertex[1:], _CENTRAL)
    at = float(vertex[0])
    return Fit(*named, (at,), ((float(min(low, at)), float(max(high, at))),), gain)


def _named(course: Course, family: _Family, at: int) -> tuple[ShapeName, bool] | None:
    """The name of a fitted shape and whether it rises; None for shapes that no claim can state."""
    columns = family.columns[at]
    design = np.column_stack([np.ones(len(course.x)), columns])
    root = np.sqrt(course.n)
    slopes = np.linalg.lstsq(design * root[:, None], course.mean * root, rcond=None)[0][1:]
    if family.kind == "two":
        if slopes[0] * slopes[1] >= 0:
            return None
        return ("u" if slopes[1] > 0 else "inverted_u"), bool(slopes[1] > 0)
    names: dict[str, ShapeName] = {
        "saturating": "saturating",
        "jump": "threshold",
        "step": "threshold",
        "ramp": "threshold",
    }
    name = names.get(family.kind)
    return None if name is None else (name, bool(slopes[0] > 0))


def _uncertainty(course: Course, family: _Family, z: FloatArray, at: int, seed: int) -> tuple[tuple[float, float], ...]:
    """For each knot the interval of its places on resampled courses."""
    rng = np.random.Generator(np.random.PCG64(seed))
    basis = family.basis[at]
    drawn = (basis @ (basis.T @ z))[:, None] + rng.normal(size=(len(z), _RESAMPLED))
    fitted = ((family.basis.transpose(0, 2, 1) @ drawn) ** 2).sum(1)
    places = family.knots[fitted.argmax(0)]
    step = float(np.diff(course.x).mean())
    low, high = np.quantile(places, _CENTRAL, axis=0)
    return tuple((float(a - step / 2), float(b + step / 2)) for a, b in zip(low, high, strict=True))
