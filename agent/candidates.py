"""From a lead to claims worth testing: levels, cut points and direction, read off exploration rows.

Knows one pair of columns on exploration rows. Must never know sealed rows, nor what else is being drafted.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.explore.amounts import is_zero_inflated
from ..tools.verify.families.monotone_association import outcome_values
from ..tools.verify.hypothesis import (
    CategoricalAssociation,
    Condition,
    Contrast,
    GroupDifference,
    Hypothesis,
    MonotoneAssociation,
    OccurrenceDifference,
    RateDifference,
    Trend,
)
from ..tools.verify.population import sides
from ..tools.verify.ranks import midranks
from .roles import is_many_years, is_nominal

_MIN_GROUP = 20
FEW_ROWS, _MIN_GROUP_OF_FEW = 80, 10
"""Only of a small corpus fewer than 80 rows are explored; its groups need what a test of few rows needs."""
_MAX_LEVELS = 12
_MIN_ENDS = 4
"""Distinct values from which a number has a low and a high end."""


def candidates(outcome: Column, predictor: Column, rows: Rows) -> Iterator[Hypothesis]:
    """The claims that a pair of columns suggests, its directions as seen on these rows."""
    if predictor.type == "datetime" or (outcome.computed is not None and is_many_years(predictor)):
        # Style drifts: along the years of a corpus only a trend has a guard against what merely wanders.
        yield from _trends(outcome, predictor, rows)
    elif _is_label(outcome) and _is_label(predictor):
        yield from _label_label(outcome, predictor, rows)
    elif _is_label(predictor):
        yield from _number_label(outcome, predictor, rows)
    elif outcome.type == "number":
        yield from _number_number(outcome, predictor, rows)
        if predictor.levels and len(predictor.levels) >= 4:
            yield from _number_label(outcome, predictor, rows)
    elif outcome.type == "boolean":
        yield _monotone(outcome, predictor, rows, outcome.levels[1])
        yield from _ends(outcome, predictor, rows)
    else:
        yield from _number_label(predictor, outcome, rows)


def _least(rows: int) -> int:
    """Rows that a group needs to be spoken of."""
    return _MIN_GROUP if rows >= FEW_ROWS else _MIN_GROUP_OF_FEW


def _is_label(column: Column) -> bool:
    return column.type in ("boolean", "category") or is_nominal(column)


def _correlation(x: NDArray, y: NDArray) -> float:
    """Spearman's rho of the complete rows of two columns of dense ranks, -1 where missing; 0 where undefined."""
    good = (x >= 0) & (y >= 0)
    if good.sum() < 10:
        return 0.0
    a, b = midranks(x[good]), midranks(y[good])
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _ranked(rows: Rows, name: str, event: str | None = None) -> NDArray:
    """A column as dense ranks, or as 1 where it holds the event and 0 where not; -1 where missing."""
    if event is None:
        return rows.ordinal(name)[0]
    return np.where(rows.codes(name) < 0, -1, rows.level_mask(name, [event]))


def _number_number(outcome: Column, predictor: Column, rows: Rows) -> Iterator[Hypothesis]:
    """One claim; of an outcome that is often zero two: how often there is any, and how large it is where there is."""
    if not is_zero_inflated(rows.number(outcome.name)):
        yield _monotone(outcome, predictor, rows, None)
        return
    y, x = rows.number(outcome.name), rows.ordinal(predictor.name)[0]
    often = np.where(np.isnan(y), -1, y > 0)
    large = np.where(y > 0, rows.ordinal(outcome.name)[0], -1)
    cuts = quarter_points(rows.number(predictor.name))
    above = Condition(column=outcome.name, op=">", value=0.0)
    for seen, own in ((often, {"above": 0.0}), (large, {"where": (above,)})):
        way = "increasing" if _correlation(x, seen) >= 0 else "decreasing"
        fields = {"outcome": outcome.name, "predictor": predictor.name, "cuts": cuts, "direction": way}
        yield MonotoneAssociation.model_validate(fields | own)


def _monotone(outcome: Column, predictor: Column, rows: Rows, event: str | None) -> Hypothesis:
    x = rows.number(predictor.name)
    rho = _correlation(_ranked(rows, predictor.name), _ranked(rows, outcome.name, event))
    return MonotoneAssociation(
        outcome=outcome.name,
        predictor=predictor.name,
        event=event,
        cuts=quarter_points(x),
        direction="increasing" if rho >= 0 else "decreasing",
    )


def _ends(outcome: Column, number: Column, rows: Rows) -> Iterator[Hypothesis]:
    """The share of an event at the high against the low values of a number of few values.

    A rare event cannot correlate much with anything, so a difference of shares that matters has a small rho.
    """
    ends = quarter_points(rows.number(number.name))
    if len(number.levels) < _MIN_ENDS or ends is None:
        return
    event = outcome.levels[1]
    high = [v for v in number.levels if float(v) >= ends[1]]
    low = [v for v in number.levels if float(v) <= ends[0]]
    hit = outcome_values(rows, outcome.name, event)
    known = ~np.isnan(hit)
    top, bottom = (rows.level_mask(number.name, side) & known for side in (high, low))
    if min(top.sum(), bottom.sum()) < _least(rows.n):
        return
    direction = "higher" if hit[top].mean() >= hit[bottom].mean() else "lower"
    contrast = Contrast(a=tuple(high), b=tuple(low))
    yield RateDifference(outcome=outcome.name, predictor=number.name, event=event, levels=contrast, direction=direction)


def quarter_points(x: NDArray[np.float64]) -> tuple[float, float] | None:
    """Values at or below and at or above which about a quarter of the rows lie, as they stand in the data."""
    known = np.sort(x[~np.isnan(x)])
    if len(known) < 8:
        return None
    low = float(known[(len(known) - 1) // 4])
    high = float(known[len(known) - 1 - (len(known) - 1) // 4])
    if low == high:
        above, below = known[known > high], known[known < low]
        if len(above) >= len(below) and len(above):
            high = float(above[0])
        elif len(below):
            low = float(below[-1])
    return (low, high) if low < high else None


def _trends(outcome: Column, time: Column, rows: Rows) -> Iterator[Hypothesis]:
    x = _ranked(rows, time.name)
    if outcome.type == "number":
        rho = _correlation(x, _ranked(rows, outcome.name))
        yield Trend(outcome=outcome.name, predictor=time.name, direction="rising" if rho >= 0 else "falling")
        return
    levels = outcome.levels[1:] if outcome.type == "boolean" else outcome.levels[:_MAX_LEVELS]
    seen = [(_correlation(x, _ranked(rows, outcome.name, level)), level) for level in levels]
    for rho, level in sorted(seen, key=lambda s: (-abs(s[0]), s[1]))[:2]:
        direction = "rising" if rho >= 0 else "falling"
        yield Trend(outcome=outcome.name, predictor=time.name, event=level, direction=direction)


def _number_label(number: Column, label: Column, rows: Rows) -> Iterator[Hypothesis]:
    """The level (or the set of levels) that stands out most upwards, and the one most downwards.

    A number that is often zero is never one claim: how often it is above zero is told apart from how large it is then.
    """
    claims = list(_group_claims(number, label, rows))
    if not is_zero_inflated(rows.number(number.name)):
        yield from claims
        return
    above = Condition(column=number.name, op=">", value=0.0)
    for claim in claims:
        share, size = _two_parts(claim, rows)
        yield OccurrenceDifference(
            outcome=number.name, predictor=label.name, levels=claim.levels, direction="higher" if share else "lower"
        )
        yield claim.model_copy(update={"where": (above,), "direction": "higher" if size else "lower"})


def _two_parts(claim: GroupDifference, rows: Rows) -> tuple[bool, bool]:
    """Whether the first side is above zero more often, and whether it is larger where above zero."""
    side = sides(rows, claim.predictor, claim.levels)
    y = rows.number(claim.outcome)
    known = (side >= 0) & ~np.isnan(y)
    first = 1 - side.astype(np.int32)
    share = _correlation(np.where(known, first, -1), np.where(known, y > 0, -1))
    large = known & (y > 0)
    size = _correlation(np.where(large, first, -1), np.where(large, _ranked(rows, claim.outcome), -1))
    return share >= 0, size >= 0


def _group_claims(number: Column, label: Column, rows: Rows) -> Iterator[GroupDifference]:
    """Two levels against each other, else the level furthest up and the one furthest down against the rest."""
    ridit, count = _ridits(number, label, rows)
    usable = [at for at in range(len(label.levels)) if count[at] >= _least(rows.n)]
    if len(usable) < 2:
        return
    if len(label.levels) == 2:
        high = max(usable, key=lambda at: ridit[at])
        low = 1 - high
        contrast = Contrast(a=(label.levels[high],), b=(label.levels[low],))
        yield GroupDifference(outcome=number.name, predictor=label.name, levels=contrast, direction="higher")
        return
    spread = {at: (ridit[at] - 0.5) * np.sqrt(count[at] / count.sum()) for at in usable}
    order = sorted(usable, key=lambda at: (-spread[at], at))
    together = [at for at in usable if ridit[at] - 0.5 >= 0.5 * (max(ridit[u] for u in usable) - 0.5) > 0]
    if not 2 <= len(together) <= len(usable) / 2 or label.type != "number":
        together = [order[0]]
    yield _against_rest(number, label, together, "higher")
    if len(usable) >= 3:
        yield _against_rest(number, label, [order[-1]], "lower")


def _against_rest(number: Column, label: Column, levels: list[int], direction: str) -> GroupDifference:
    return GroupDifference.model_validate(
        {
            "outcome": number.name,
            "predictor": label.name,
            "levels": {"a": [label.levels[at] for at in levels]},
            "direction": direction,
        }
    )


def _ridits(number: Column, label: Column, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """For each level the mean of P(a random row lies below) + half of ties, and its count of rows."""
    y, values = rows.ordinal(number.name)
    codes = rows.codes(label.name)
    good = (y >= 0) & (codes >= 0)
    count = np.bincount(y[good], minlength=len(values)).astype(np.float64)
    below = (np.cumsum(count) - 0.5 * count) / max(count.sum(), 1)
    k = len(label.levels)
    n = np.bincount(codes[good], minlength=k)
    total = np.bincount(codes[good], weights=below[y[good]], minlength=k)
    return total / np.maximum(n, 1), n


def _label_label(outcome: Column, predictor: Column, rows: Rows) -> Iterator[Hypothesis]:
    """The cells of the table that stand out most, as shares; and the table as a whole where it is large."""
    a, b = rows.codes(predictor.name), rows.codes(outcome.name)
    good = (a >= 0) & (b >= 0)
    shape = len(predictor.levels), len(outcome.levels)
    table = np.bincount(a[good] * shape[1] + b[good], minlength=shape[0] * shape[1]).reshape(shape)
    if table.sum() < 2 * _least(rows.n):
        return
    for level, event in _standing_out(table, outcome):
        share = table[level, event] / table[level].sum()
        rest = (table[:, event].sum() - table[level, event]) / max(table.sum() - table[level].sum(), 1)
        binary = shape[0] == 2
        contrast = {"a": [predictor.levels[level]], "b": [predictor.levels[1 - level]] if binary else []}
        direction = "higher" if share >= rest else "lower"
        yield RateDifference.model_validate(
            {
                "outcome": outcome.name, "predictor": predictor.name, "event": outcome.levels[event],
                "levels": contrast, "direction": direction,
            }
        )  # fmt: skip
    if shape[0] > 2 and shape[1] > 2:
        yield CategoricalAssociation(
            outcome=outcome.name,
            predictor=predictor.name,
            outcome_levels=_frequent(table.sum(0), outcome),
            predictor_levels=_frequent(table.sum(1), predictor),
        )


def _standing_out(table: NDArray, outcome: Column) -> list[tuple[int, int]]:
    """(predictor level, event) of the cells furthest from independence, at most two."""
    n = table.sum()
    rows, columns = table.sum(1), table.sum(0)
    expected = np.outer(rows, columns) / n
    spread = np.sqrt(np.maximum(expected * np.outer(1 - rows / n, 1 - columns / n), 1e-12))
    residual = (table - expected) / spread
    residual[rows < _least(n)] = 0
    residual[rows > n - _least(n)] = 0
    if len(outcome.levels) == 2:
        residual[:, 0] = 0  # the share of the one is the share of the other told backwards
    if table.shape[0] == 2:
        residual = np.maximum(residual, 0)  # the two levels mirror each other: say it of the higher one
    flat = np.argsort(-np.abs(residual), axis=None, kind="stable")
    cells = [(int(at // table.shape[1]), int(at % table.shape[1])) for at in flat[:8]]
    kept: list[tuple[int, int]] = []
    for level, event in cells:
        if residual[level, event] != 0 and all(level != k[0] for k in kept):
            kept.append((level, event))
    return kept[:2]


def _frequent(count: NDArray, column: Column) -> tuple[str, ...]:
    """Levels frequent enough to stand alone, at most twelve."""
    order = [int(at) for at in np.argsort(-count, kind="stable")[:_MAX_LEVELS] if count[at] >= _least(count.sum())]
    return tuple(column.levels[at] for at in order)
