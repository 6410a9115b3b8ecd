"""Claims on means and upper tails, where ranks hide what a person would ask: who sells more, who is best off.

Knows exploration rows and names. Must never know a sealed row or a verdict. Proposes at most one claim a pair of
columns, and none where the plain comparison of groups already says the same.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import product
from typing import Literal

from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.explore.amounts import Contrasts, LevelContrast, is_zero_inflated
from ..tools.verify.hypothesis import Condition, Contrast, Hypothesis, MeanDifference, QuantileDifference
from ..tools.verify.policy import SMALLEST_EFFECTS
from .outlook import Outlook
from .roles import is_amount

_MOST = 12
_MAX_LEVELS = 12
_PAIRS = 60
_MIN_GROUP = 30
_MIN_TAIL = 60
_MIN_Z = 3.0
_UPPER = 0.9
_MEANS = frozenset(
    "group_difference mean_difference monotone_association adjusted_association trend shape subgroup segment ranking "
    "interaction seasonality change_point".split()
)
"""Families whose sentences tell means of the outcome."""
_MOST_CONDITIONS = 3
_DRAFTABLE = 0.8
"""Part of the smallest effect of interest from which the comparison of ranks is drafted itself."""


def propose_amounts(outlook: Outlook) -> Iterator[Hypothesis]:
    """Means of amounts whose ranks say less or the opposite; 90th percentiles that part where ranks do not."""
    found: list[tuple[float, Hypothesis]] = []
    numbers = [c for c in outlook.columns() if c.type == "number" and not c.levels]
    labels = [c for c in outlook.columns() if c.type in ("boolean", "category") and len(c.levels) <= _MAX_LEVELS]
    plain = [c for c in numbers if not is_zero_inflated(outlook.rows.number(c.name))]
    pairs = [(y, g) for y, g in product(plain, labels) if outlook.admits(y.name, g.name)]
    contrasts = Contrasts(outlook.rows)
    for number, label in pairs[:_PAIRS]:
        claim = _claim(number, label, contrasts.of(number.name, label.name, least=_MIN_GROUP))
        if claim is not None:
            found.append(claim)
    found.sort(key=lambda x: (-x[0], x[1].content_id()))
    yield from (h for _, h in found[:_MOST])


def often_zero(rows: Rows) -> frozenset[str]:
    """The numbers that are often zero."""
    numbers = [c.name for c in rows.columns.values() if c.type == "number"]
    return frozenset(name for name in numbers if is_zero_inflated(rows.number(name)))


def where_any(h: Hypothesis, amounts: Collection[str]) -> Hypothesis:
    """The claim among the rows with any amount, where it would else speak of a mean of amounts that are often zero.

    How often there is any is told by claims of its own; a claim on an event, or that has said which rows it means,
    stays as it is. Whether the direction still holds is for the caller to measure.
    """
    means = h.family in _MEANS and getattr(h, "event", None) is None and getattr(h, "above", None) is None
    told = any(term.column == h.outcome for term in h.where)
    if not means or told or h.outcome not in amounts or len(h.where) == _MOST_CONDITIONS:
        return h
    above = Condition(column=h.outcome, op=">", value=0.0)
    return h.model_copy(update={"where": (*h.where, above)})


def _claim(number: Column, label: Column, contrasts: Sequence[LevelContrast]) -> tuple[float, Hypothesis] | None:
    """What the level that stands out most suggests beyond its ranks, with how much it stands out."""
    amount = is_amount(number)
    c = max(contrasts, key=lambda x: abs(x.mean_z if amount else x.upper_z), default=None)
    if c is None:
        return None
    return _of_mean(number, label, c) if amount else _of_tail(number, label, c)


def _told(c: LevelContrast) -> bool:
    """Whether the comparison of ranks is large enough to be drafted itself."""
    return abs(c.ranks) >= _DRAFTABLE * SMALLEST_EFFECTS["group_difference"] and abs(c.ranks_z) >= _MIN_Z


def _of_mean(number: Column, label: Column, c: LevelContrast) -> tuple[float, Hypothesis] | None:
    if abs(c.mean) < _DRAFTABLE * SMALLEST_EFFECTS["mean_difference"] or abs(c.mean_z) < _MIN_Z:
        return None
    if _told(c) and c.ranks * c.mean > 0:
        return None
    levels, direction = _sides(label, c, c.mean > 0)
    claim = MeanDifference(outcome=number.name, predictor=label.name, levels=levels, direction=direction)
    return abs(c.mean_z), claim


def _of_tail(number: Column, label: Column, c: LevelContrast) -> tuple[float, Hypothesis] | None:
    if _told(c) or c.n < _MIN_TAIL or c.upper * c.upper_z < 0:
        return None
    if abs(c.upper) < SMALLEST_EFFECTS["quantile_difference"] or abs(c.upper_z) < _MIN_Z:
        return None
    levels, direction = _sides(label, c, c.upper > 0)
    claim = QuantileDifference(
        outcome=number.name, predictor=label.name, quantile=_UPPER, levels=levels, direction=direction
    )
    return abs(c.upper_z), claim


def _sides(label: Column, c: LevelContrast, higher: bool) -> tuple[Contrast, Literal["higher", "lower"]]:
    """The level against the rest, told of the higher side where there are only two."""
    if len(label.levels) > 2:
        return Contrast(a=(c.level,)), "higher" if higher else "lower"
    other = next(v for v in label.levels if v != c.level)
    one, two = (c.level, other) if higher else (other, c.level)
    return Contrast(a=(one,), b=(two,)), "higher"
