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
from .shifts_words import Rule, absent, figures, picture_of, sentence
from .sketch import ColumnSketch, Sketch
from .states import CALIBRATION

Q = 0.01
TOLERANCE = 0.10
"""Distance that is too small to matter, where a claim names none: the share of rows that would have to move."""
TOLERANCE_FEW, FEW = 0.05, 12
"""The same where at most so many levels are told apart by name: there the distance is the points by which shares move,
and ten points of one label matter to whoever counts it."""
BROKEN = 0.50
"""Distance from which an alarm is an error of the data rather than a change worth a look."""
SPREADS, SPREADS_FEW = 3.0, 3.5
"""How many of the learned between-delivery distances are allowed; more of them where less is tolerated beside."""
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


class _Asked(NamedTuple):
    """What is the same for all columns of a delivery."""

    columns: int
    fewest: float
    """Independent rows of the smaller side."""
    calibrated: bool


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
        tolerances: By column, where it is not .10, or .05 of columns with few levels.

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
    limits = limits_of([p.base for p in pairs], past, sizes[0], tolerances or {})
    asked = _Asked(len(pairs), min(sizes), len(past) >= CALIBRATION)
    decided = {
        p.base.name: _judged(p, beyond, limit, asked) for p, beyond, limit in zip(pairs, rejected, limits, strict=True)
    }
    return [decided[c.name] if c.name in decided else absent(c, new.column(c.name), new.rows) for c in wanted]


def beyond_chance(shifts: Sequence[Shifted]) -> list[Shifted]:
    """Those of one delivery that differ by more than chance gives among all of its columns, tolerated or not."""
    tested = [s for s in shifts if s.p_value is not None]
    p_values = np.array([s.p_value for s in tested], np.float64)
    rejected = session_lond(p_values, weight=1.0, q=Q, earlier=0).rejected
    return [s for s, beyond in zip(tested, rejected, strict=True) if beyond]


def _judged(p: _Compared, rejected: bool, limit: float, asked: _Asked) -> Shifted:
    distance = p.apart.distance
    alarm = rejected and exceeds(distance, limit)
    state: State = "holds"
    if asked.fewest < FEWEST or (p.apart.detectable > BROKEN and not alarm):
        state, alarm = "undecidable", False
    elif alarm:
        state = "broken" if distance >= BROKEN else "watch"
    told = figures(p.base, p.new, p.found)
    return Shifted(
        column=p.base.name, state=state, distance=distance, p_value=p.apart.p_value, before=told.before,
        after=told.after, effect=told.effect, relative=told.relative, missing_before=p.base.missing / p.base.rows,
        missing_after=p.new.missing / p.new.rows,
        text=sentence(p.base.name, state, told, p.apart, Rule(limit, rejected, asked.columns, asked.calibrated)),
        picture=picture_of(p.base, p.new, p.found, told) if alarm else None,
    )  # fmt: skip


def exceeds(distance: float, limit: float) -> bool:
    """Whether a distance is above its limit, also as both are printed."""
    return distance > limit + _SHOWN


def limits_of(
    columns: Sequence[ColumnSketch], past: Sequence[Sketch], units: float, tolerances: Mapping[str, float]
) -> list[float]:
    """Tolerance and what the calibration deliveries showed, as the root of the sum of their squares.

    Args:
        columns: Learned columns.
        past: Deliveries since the baseline; fewer than four teach nothing yet.
        units: Independent rows of the learned side.
        tolerances: By column, where a claim names one.
    """
    few = [_is_few(c) for c in columns]
    own = [tolerances.get(c.name, TOLERANCE_FEW if f else TOLERANCE) for c, f in zip(columns, few, strict=True)]
    if len(past) < CALIBRATION or not columns:
        return own
    learned = np.array([_between(c, past[:CALIBRATION], units, t) for c, t in zip(columns, own, strict=True)])
    common = float(np.median(learned))
    shrunk = np.maximum((CALIBRATION * learned + _SHRUNK * common) / (CALIBRATION + _SHRUNK), 0.0)
    spreads = [SPREADS_FEW if f else SPREADS for f in few]
    return [min(float((t**2 + k**2 * s) ** 0.5), _MOST) for t, k, s in zip(own, spreads, shrunk, strict=True)]


def _is_few(column: ColumnSketch) -> bool:
    """Whether all of a column's values are told apart by name, and few."""
    return column.kind in ("label", "number") and 0 < len(column.levels) <= FEW and not column.other


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
