"""An outcome in the order of time: the complete rows of a claim, and the picture of their course.

Knows the columns that a claim along time names. Must never know its test.
"""

from typing import Any, NamedTuple

import numpy as np

from ...data.rows import FloatArray, Rows
from ..clusters import collapse
from ..evidence import Group
from ..hypothesis import ChangePoint, Seasonality, Trend
from ..intervals import mean_interval, wilson_interval
from ..population import population
from .monotone_association import outcome_values
from .trend_words import stamp

_PERIODS = 40


class Course(NamedTuple):
    """The complete rows of a claim."""

    rows: Rows
    time: FloatArray
    y: FloatArray
    missing: int


def complete(h: Trend | ChangePoint | Seasonality, rows: Rows) -> Course:
    """The rows of the population that have both a time and an outcome; for an event the outcome is 1 or 0."""
    inside = population(h, rows)
    time, y = inside.number(h.predictor), outcome_values(inside, h.outcome, h.event)
    good = ~(np.isnan(time) | np.isnan(y))
    return Course(inside.select(good), time[good], y[good], int((~good).sum()))


def collapsed(h: Trend | ChangePoint | Seasonality, course: Course) -> Course:
    """One row per cluster: the mean of the outcome (the share of the event) at the mean of its times."""
    event = None if h.event is None else (h.outcome, h.event)
    rows = collapse(course.rows, (h.outcome, h.predictor), event=event)
    return Course(rows, rows.number(h.predictor), rows.number(h.outcome), course.missing)


def level_of(event: str | None, label: str, y: FloatArray) -> Group:
    """One stretch of time: its mean with interval and median, or its share of an event with interval."""
    if event is not None and bool(np.isin(y, (0.0, 1.0)).all()):
        around = wilson_interval(float(y.sum()), len(y))
        return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high)
    around = mean_interval(len(y), float(y.mean()), float(y.var(ddof=1)))
    return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high, median=float(np.median(y)))


def y_title(h: Trend | ChangePoint | Seasonality) -> str:
    """What a chart of the outcome shows."""
    return h.outcome if h.event is None else f"share of rows where {h.outcome} is {h.event}"


def series_records(event: str | None, course: Course, is_date: bool) -> list[dict[str, Any]]:
    """The outcome in up to 40 equal stretches of time: {date, mean, low, high, n}."""
    if len(course.y) < 2 or course.time.max() == course.time.min():
        return []
    bins = min(_PERIODS, max(4, len(course.y) // 15))
    low, span = float(course.time.min()), float(course.time.max() - course.time.min())
    at = np.minimum(((course.time - low) / span * bins).astype(int), bins - 1)
    records = []
    for b in np.unique(at):
        own = at == b
        if own.sum() < 2:
            continue
        group = level_of(event, "", course.y[own])
        middle = float(course.time[own].mean())
        records.append(
            {
                "date": stamp(middle) if is_date else round(middle, 3), "mean": group.mean, "low": group.low,
                "high": group.high, "n": group.n,
            }
        )  # fmt: skip
    return records
