"""Both ends of a predictor: what the outcome is there, in its own units, and the curve in between.

Knows the complete rows of a monotone claim. Must never know its test, its words, or on which side of the seal its
rows lie.
"""

from typing import Any, NamedTuple

import numpy as np

from ...data.rows import FloatArray, Rows
from ...value import Effect
from ..clusters import dense, one_sample, ranks_within, within_means
from ..evidence import Group
from ..hypothesis import MonotoneAssociation
from ..intervals import mean_interval, newcombe_interval, welch_interval, wilson_interval
from .monotone_words import end_labels, half_labels

_BINS = 12


class Pairs(NamedTuple):
    """The complete rows of a claim."""

    rows: Rows
    x: FloatArray
    y: FloatArray
    """The outcome, or 1 where the event holds and 0 where not."""
    missing: int


def _cuts(h: MonotoneAssociation, x: FloatArray) -> tuple[tuple[float, float], tuple[str, ...]]:
    """The committed ends of the predictor, or the quarter points of these rows where none were committed."""
    if h.cuts is not None and h.cuts[0] < h.cuts[1] and (x <= h.cuts[0]).sum() >= 2 and (x >= h.cuts[1]).sum() >= 2:
        return h.cuts, ()
    known = np.sort(x)
    low, high = float(known[(len(known) - 1) // 4]), float(known[len(known) - 1 - (len(known) - 1) // 4])
    if low == high:
        above, below = known[known > low], known[known < low]
        low, high = (low, float(above[0])) if len(above) >= len(below) else (float(below[-1]), high)
    note = "The ends of the predictor were cut at quarter points of these rows, not beforehand."
    return (low, high), () if h.cuts is None else (note,)


def ends(
    h: MonotoneAssociation, pairs: Pairs, level: float
) -> tuple[Effect | None, tuple[Group, ...], tuple[str, ...]]:
    """The outcome at the upper and the lower end of the predictor, and the difference between them."""
    (low, high), warnings = _cuts(h, pairs.x)
    upper, lower = pairs.y[pairs.x >= high], pairs.y[pairs.x <= low]
    if min(len(upper), len(lower)) < 2:
        return None, (), warnings
    labels = _labels(h, pairs, low, high)
    groups = tuple(_group(h, label, y) for label, y in zip(labels, (upper, lower), strict=True))
    return _difference(h, pairs.rows, upper, lower, level), groups, warnings


def _labels(h: MonotoneAssociation, pairs: Pairs, low: float, high: float) -> tuple[str, str]:
    x, unit = pairs.x, pairs.rows.column(h.predictor).unit
    return end_labels(h.predictor, low, high, at_least=bool(x.max() > high), at_most=bool(x.min() < low), unit=unit)


def _is_share(h: MonotoneAssociation, y: FloatArray) -> bool:
    return h.event is not None and bool(np.isin(y, (0.0, 1.0)).all())


def _difference(h: MonotoneAssociation, rows: Rows, upper: FloatArray, lower: FloatArray, level: float) -> Effect:
    if _is_share(h, np.concatenate([upper, lower])):
        d = newcombe_interval((upper.sum(), len(upper)), (lower.sum(), len(lower)), level)
        scale, name, unit = 100.0, "risk difference", "points"
    else:
        d = welch_interval(_moments(upper), _moments(lower), level)
        scale = 100.0 if h.event is not None else 1.0
        name = "mean difference"
        unit = "points" if h.event is not None else rows.column(h.outcome).unit or h.outcome
    return Effect(name=name, value=scale * d.value, low=scale * d.low, high=scale * d.high, level=level, unit=unit)


def _moments(y: FloatArray) -> tuple[int, float, float]:
    return len(y), float(y.mean()), float(y.var(ddof=1))


def _group(h: MonotoneAssociation, label: str, y: FloatArray) -> Group:
    if _is_share(h, y):
        around = wilson_interval(float(y.sum()), len(y))
        return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high)
    around = mean_interval(*_moments(y))
    return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high, median=float(np.median(y)))


def within_ends(
    h: MonotoneAssociation, pairs: Pairs, level: float, seed: int
) -> tuple[Effect | None, tuple[Group, ...], tuple[str, ...]]:
    """The outcome above and below each cluster's own median of the predictor, compared within clusters.

    Committed ends of the predictor mean little here: few clusters reach from one to the other. Rows at the median
    belong to neither half. A cluster in which the predictor varies has rows in both halves, so there are at least as
    many clusters as the correlation within clusters needed.
    """
    cluster = pairs.rows.cluster if pairs.rows.cluster is not None else np.arange(len(pairs.x))
    groups, number_of = dense(cluster)
    centred = ranks_within(pairs.x, cluster) - ((np.bincount(groups, minlength=number_of) + 1) / 2)[groups]
    apart = centred != 0
    held = within_means(pairs.y[apart], np.where(centred[apart] > 0, 0, 1), cluster[apart])
    scale = 100.0 if h.event is not None else 1.0
    unit = "points" if h.event is not None else pairs.rows.column(h.outcome).unit or h.outcome
    d = one_sample(held.means[:, 0] - held.means[:, 1], held.weights, draws=0, seed=seed, level=level)
    effect = Effect(
        name="mean difference", value=scale * d.estimate, low=scale * d.low, high=scale * d.high, level=level, unit=unit
    )
    halves = []
    for at, label in enumerate(half_labels(h.predictor)):
        mean = one_sample(held.means[:, at], held.weights, draws=0, seed=seed)
        n = int(held.n[:, at].sum())
        halves.append(Group(label=label, n=n, mean=mean.estimate, low=mean.low, high=mean.high))
    return effect, tuple(halves), ()


def curve(h: MonotoneAssociation, x: FloatArray, y: FloatArray) -> list[dict[str, Any]]:
    """One record per quantile bin of the predictor with at least 2 rows."""
    if len(x) < 2:
        return []
    values = np.unique(x)
    edges = values[:-1]  # a bin for each value where there are few
    if len(values) > _BINS:
        edges = np.unique(np.quantile(x, np.linspace(0, 1, _BINS + 1)[1:-1], method="lower"))
    at = np.searchsorted(edges, x, side="left")
    records = []
    for b in np.unique(at):
        own = at == b
        if own.sum() < 2:
            continue
        group = _group(h, "", y[own])
        records.append(
            {
                "x": float(x[own].mean()), "x_low": float(x[own].min()), "x_high": float(x[own].max()),
                "mean": group.mean, "low": group.low, "high": group.high, "n": group.n,
            }
        )  # fmt: skip
    return records
