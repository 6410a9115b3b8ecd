"""The lines of an interaction's chart: the outcome along the predictor, one line a side of the moderator.

Knows the complete rows of a claim. Must never know a test or a sentence.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...data.rows import BoolArray, FloatArray
from ..hypothesis import Interaction
from ..intervals import mean_interval, wilson_interval
from .interaction_sides import Crossed
from .interaction_words import short_sides
from .trend_words import stamp
from .wording import short_labels

_BINS = 8


def lines(h: Interaction, c: Crossed) -> Iterator[dict[str, Any]]:
    """Records {line, x, mean, low, high, n}: x is a level, a number, or for a date ISO text."""
    if len(c.y) < 2:
        return
    is_date = h.levels is None and c.rows.column(h.predictor).type == "datetime"
    for name, s in zip(short_sides(h), (1.0, 0.0), strict=True):
        for x, own in _stretches(h, c, c.side == s):
            if own.sum() >= 2:
                yield {"line": name, "x": stamp(float(x)) if is_date else x, "n": int(own.sum())} | _mean(h, c.y[own])


def _stretches(h: Interaction, c: Crossed, side: BoolArray) -> Iterator[tuple[Any, BoolArray]]:
    """The places along the predictor with the rows of one side there."""
    if h.levels is not None:
        for label, v in zip(reversed(short_labels(h.levels)), (0.0, 1.0), strict=True):
            yield label, side & (c.x == v)
        return
    values = np.unique(c.x)
    edges = values[:-1]
    if len(values) > _BINS:
        edges = np.unique(np.quantile(c.x, np.linspace(0, 1, _BINS + 1)[1:-1], method="lower"))
    at = np.searchsorted(edges, c.x, side="left")
    for b in np.unique(at):
        own = side & (at == b)
        if own.any():
            yield float(c.x[own].mean()), own


def _mean(h: Interaction, y: FloatArray) -> dict[str, float]:
    if h.event is not None and np.isin(y, (0.0, 1.0)).all():
        i = wilson_interval(float(y.sum()), len(y))
    else:
        i = mean_interval(len(y), float(y.mean()), float(y.var(ddof=1)))
    return {"mean": i.value, "low": i.low, "high": i.high}
