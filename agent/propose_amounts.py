"""Claims on means and upper tails, where ranks hide what a person would ask: who sells more, who is best off.

Knows exploration rows and names. Must never know a sealed row or a verdict. Proposes at most one claim a pair of
columns, and none where the plain comparison of groups already says the same.
"""

from collections.abc import Iterator
from itertools import product
from typing import Literal

from ..tools.data.schema import Column
from ..tools.explore.amounts import LevelContrast, is_zero_inflated, level_contrasts
from ..tools.verify.hypothesis import Contrast, Hypothesis, MeanDifference, QuantileDifference
from ..tools.verify.policy import SMALLEST_EFFECTS
from .outlook import Outlook
from .roles import is_amount

_MOST = 12
_MAX_LEVELS = 12
_PAIRS = 60
_MIN_GROUP = 30
_MIN_TAIL = 60
_MIN_Z = 3.0
_DRAFTABLE = 0.8
"""Part of the smallest effect of interest from which the comparison of ranks is drafted itself."""


def propose_amounts(outlook: Outlook) -> Iterator[Hypothesis]:
    """Means of amounts whose ranks say less or the opposite; 90th percentiles that part where ranks do not."""
    found: list[tuple[float, Hypothesis]] = []
    numbers = [c for c in outlook.columns() if c.type == "number" and not c.levels]
    labels = [c for c in outlook.columns() if c.type in ("boolean", "category") and len(c.levels) <= _MAX_LEVELS]
    plain = [c for c in numbers if not is_zero_inflated(outlook.rows.number(c.name))]
    pairs = [(y, g) for y, g in product(plain, labels) if outlook.admits(y.name, g.name)]
    for number, label in pairs[:_PAIRS]:
        contrasts = level_contrasts(outlook.rows, number.name, label.name, least=_MIN_GROUP)
        best = max((_claim(number, label, c) for c in contrasts), key=lambda x: x[0], default=None)
        if best is not None and best[1] is not None:
            found.append((best[0], best[1]))
    found.sort(key=lambda x: (-x[0], x[1].content_id()))
    yield from (h for _, h in found[:_MOST])


def _claim(number: Column, label: Column, c: LevelContrast) -> tuple[float, Hypothesis | None]:
    """What one level against the rest suggests beyond its ranks, with how much it stands out; (0, None) for nothing."""
    told = abs(c.ranks) >= _DRAFTABLE * SMALLEST_EFFECTS["group_difference"] and abs(c.ranks_z) >= _MIN_Z
    if is_amount(number):
        large = abs(c.mean) >= _DRAFTABLE * SMALLEST_EFFECTS["mean_difference"] and abs(c.mean_z) >= _MIN_Z
        if large and not (told and c.ranks * c.mean > 0):
            levels, direction = _sides(label, c, c.mean > 0)
            return abs(c.mean_z), MeanDifference(
                outcome=number.name, predictor=label.name, levels=levels, direction=direction
            )
        return 0.0, None
    large = abs(c.upper) >= SMALLEST_EFFECTS["quantile_difference"] and abs(c.upper_z) >= _MIN_Z
    if told or not large or c.n < _MIN_TAIL or c.upper * c.upper_z < 0:
        return 0.0, None
    levels, direction = _sides(label, c, c.upper > 0)
    return abs(c.upper_z), QuantileDifference(
        outcome=number.name, predictor=label.name, quantile=0.9, levels=levels, direction=direction
    )


def _sides(label: Column, c: LevelContrast, higher: bool) -> tuple[Contrast, Literal["higher", "lower"]]:
    """The level against the rest, told of the higher side where there are only two."""
    if len(label.levels) > 2:
        return Contrast(a=(c.level,)), "higher" if higher else "lower"
    other = next(v for v in label.levels if v != c.level)
    one, two = (c.level, other) if higher else (other, c.level)
    return Contrast(a=(one,), b=(two,)), "higher"
