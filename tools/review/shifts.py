"""Whether a column is distributed as it was learned: one rule for all columns of a delivery.

Knows sketches. Must never know a row, or a finding.

A column alarms where three things hold: chi squared of delivery against learned rows counts among all columns
(Benjamini-Hochberg at .01, both sides random); the distance, less what chance adds, is above the column's tolerance;
and above what the first four deliveries since the baseline showed. `benchmarks/shift_rule.py` measures how often it
speaks where nothing is there or where every week differs a little, and how often it is silent where something is.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..verify.multiplicity import session_lond
from .checked import Shifted, State
from .naming import is_compared
from .shifts_counts import Apart, Cells, apart, cells, comparable
from .shifts_words import absent, figures, picture_of, sentence
from .sketch import ColumnSketch, Sketch

Q = 0.01
TOLERANCE = 0.10
"""Distance that is too small to matter, where a claim names none: the share of rows that would have to move."""
BROKEN = 0.50
"""Distance from which an alarm is an error of the data rather than a change worth a look."""
CALIBRATION = 4
SPREADS = 3.0
"""How many of the learned between-delivery distances are allowed."""
_MOST = 0.90
"""Distance that is never allowed, whatever the first deliveries showed."""
FEWEST = 20
"""Independent rows under which a distribution says nothing."""
_SHOWN = 0.005
"""Half of the last digit that is printed: what prints as the limit is within it."""
_SHRUNK = 4
"""Deliveries that the other columns' distances count for beside a column's own four."""
_CAP = 4.0
"""One calibration delivery counts at most as this many of the next largest, so that a broken one teaches little."""


class _Compared(NamedTuple):
    """One column of both sides."""

    base: ColumnSketch
    new: ColumnSketch
    found: Cells
    apart: Apart


def find_shifts(
    base: Sketch, new: Sketch, *, past: Sequence[Sketch] = (), units: tuple[float, float] | None = None,
    tolerances: Mapping[str, float] | None = None,
) -> list[Shifted]:  # fmt: skip
    """Every learned column beside its delivery, in the order of the learned columns.

    Columns that name the period or the row (years, months, numbers of accounts) are left out: that they differ is what
    makes two deliveries two. Dates are compared by hour of the day and by how many are missing, texts and identifiers
    by how many are missing.

    Args:
        base: Sketch of the learned rows.
        new: Sketch of the delivery, by the bins of `base`.
        past: Sketches of the deliveries since the baseline, in their order: what the first four show is allowed, and
            those that came later change nothing.
        units: Independent rows of either side, where rows do not stand for themselves.
        tolerances: By column, where it is not .10.

    Returns:
        One `Shifted` a column: watch where it alarms, broken where it alarms with a distance of at least .50,
        undecidable where it is not there, reads as something else, or where so few rows could not show even that.
    """
    wanted = [c for c in base.columns if is_compared(c)]
    there = [(c, n) for c in wanted if (n := new.column(c.name)) is not None and comparable(c, n)]
    sizes = units or (float(base.rows), float(new.rows))
    level = Q / max(len(there), 1)
    pairs = [_Compared(c, n, found, apart(found, sizes, level)) for c, n in there for found in [cells(c, n)]]
    rejected = session_lond(np.array([p.apart.p_value for p in pairs]), weight=1.0, q=Q, earlier=0).rejected
    limits = _limits([p.base for p in pairs], base, past, sizes[0], tolerances or {})
    decided = {
        p.base.name: _judged(p, alarm, limit, min(sizes), calibrated=len(past) >= CALIBRATION)
        for p, alarm, limit in zip(pairs, rejected, limits, strict=True)
    }
    return [decided[c.name] if c.name in decided else absent(c, new.column(c.name), new.rows) for c in wanted]


def _judged(p: _Compared, rejected: bool, limit: float, fewest: float, *, calibrated: bool) -> Shifted:
    distance = p.apart.distance
    alarm = rejected and distance > limit + _SHOWN
    state: State = "holds"
    if fewest < FEWEST or (p.apart.detectable > BROKEN and not alarm):
        state, alarm = "undecidable", False
    elif alarm:
        state = "broken" if distance >= BROKEN else "watch"
    told = figures(p.base, p.new, p.found)
    return Shifted(
        column=p.base.name, state=state, distance=distance, p_value=p.apart.p_value, before=told.before,
        after=told.after, effect=told.effect, relative=told.relative, missing_before=p.base.missing / p.base.rows,
        missing_after=p.new.missing / p.new.rows,
        text=sentence(p.base.name, state, told, distance, limit, p.apart.detectable, calibrated=calibrated),
        picture=picture_of(p.base, p.new, p.found, told) if alarm else None,
    )  # fmt: skip


def _limits(
    columns: Sequence[ColumnSketch], base: Sketch, past: Sequence[Sketch], units: float,
    tolerances: Mapping[str, float],
) -> list[float]:  # fmt: skip
    """Tolerance and what the calibration deliveries showed, as the root of the sum of their squares."""
    own = [tolerances.get(c.name, TOLERANCE) for c in columns]
    if len(past) < CALIBRATION or not columns:
        return own
    learned = np.array([_between(c, past[:CALIBRATION], units, t) for c, t in zip(columns, own, strict=True)])
    common = float(np.median(learned))
    shrunk = np.maximum((CALIBRATION * learned + _SHRUNK * common) / (CALIBRATION + _SHRUNK), 0.0)
    return [min(float((t**2 + SPREADS**2 * s) ** 0.5), _MOST) for t, s in zip(own, shrunk, strict=True)]


def _between(column: ColumnSketch, past: Sequence[Sketch], units: float, tolerance: float) -> float:
    """Mean squared distance of the calibration deliveries from the learned rows, the largest one capped."""
    share = min(units / column.rows, 1.0)
    found = []
    for sketch in past:
        then = sketch.column(column.name)
        if then is not None and comparable(column, then):
            found.append(apart(cells(column, then), (units, share * then.rows), Q).squared)
    if not found:
        return 0.0
    found.sort()
    if len(found) > 1:
        found[-1] = min(found[-1], max(_CAP * found[-2], tolerance**2))
    return sum(found) / len(found)
