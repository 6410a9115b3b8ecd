"""Groups of rows and what they hold of an outcome, as tools tell it: by label or by range, each with its fact.

Knows the bench and one outcome. Must never tell of a group that is too small: such labels are pooled, such ranges left
out.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...tools.data.rows import BoolArray, FloatArray, Rows
from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from ...tools.verify.families.course import level_of as summed
from ...tools.verify.families.monotone_association import outcome_values
from ..privacy import cleaned
from .bench import Bench
from .facts import Fact, printed
from .names import Chosen, column_of, level_of
from .words import word

MOST = 15
"""Labels told one by one; the others are pooled."""
_BINS = 5
_ABOVE = re.compile(r"\s*(.+?)\s*>\s*(-?\d+(?:\.\d+)?)\s*")
DEPENDENT = "Rows of one unit or time are alike; these intervals do not know that. Those of `effects` do."


class Told(NamedTuple):
    """What is told of groups: the values of a number, or the share of an event."""

    column: Column
    event: str | None
    title: str
    """`mean of fare`, `share of survived=1`."""
    above: float | None = None
    """Of a number: its share of rows above this is told."""
    middle: bool = False
    """Of a number: its median is told, since a few far values make its mean."""

    @property
    def is_share(self) -> bool:
        """Whether a share of rows is told, not a mean."""
        return self.event is not None or self.above is not None


class Group(NamedTuple):
    """Some rows with what they have in common."""

    label: str
    mask: BoolArray
    missing: int = 0


def outcome_of(bench: Bench, said: str, event: str | None, *, what: str = "outcome") -> Told:
    """The outcome that a model names, also written `column=label` or `column > 0`.

    Raises:
        HypothesisError: if it is no column, a date, or a label of which no event can be told.
    """
    if event is None and (above := _ABOVE.fullmatch(said)) is not None:
        column = column_of(bench, above[1], what=what)
        if column.type != "number":
            raise HypothesisError(f"`{what}`: {word(bench.id(column.name))} is a {column.type} and has no `>`.")
        limit = float(above[2])
        return Told(column, None, f"share of {word(bench.id(column.name))} > {printed(limit)}", limit)
    if event is None and "=" in said:
        said, _, event = (part.strip() for part in said.partition("="))
    column = column_of(bench, said, what=what)
    name = word(bench.id(column.name))
    if column.type == "datetime":
        raise HypothesisError(f"`{what}`: {name} is a date. Name a number or a label; `trend` takes dates as `over`.")
    if column.type == "number" and event is None:
        return Told(column, None, f"mean of {name}")
    if event is not None:
        level = level_of(bench, column, event.strip("`\"' "))
    else:
        shown = {level for level, _ in bench.levels(column)}
        wanted = column.levels[1:2] if column.type == "boolean" else tuple(x for x in column.levels if x in shown)
        level = next((x for x in wanted if x in shown), None)
        if level is None:
            raise HypothesisError(f"`{what}`: no label of {name} has enough rows to be told of.")
    return Told(column, level, f"share of {name}={word(cleaned(level))}")


def values(told: Told, rows: Rows) -> FloatArray:
    """The outcome as numbers, an event as 1 and 0, NaN where missing; shape (n,)."""
    if told.above is not None:
        x = rows.number(told.column.name)
        return np.where(np.isnan(x), np.nan, x > told.above)
    if told.event is None:
        return rows.number(told.column.name)
    if told.column.type == "number":
        x = rows.number(told.column.name)
        return np.where(np.isnan(x), np.nan, x == float(told.event))
    return outcome_values(rows, told.column.name, told.event)


def by_label(bench: Bench, column: Column, rows: Rows) -> list[Group]:
    """The rows of each label that may be told, the others together; ranges where a number has no labels.

    Raises:
        HypothesisError: if the column is a date.
    """
    if column.type == "datetime":
        raise HypothesisError(f"{word(bench.id(column.name))} is a date: `trend` shows an outcome over it.")
    if not column.levels:
        return by_range(bench, column, rows, _BINS)
    codes = rows.codes(column.name)
    place = {level: at for at, level in enumerate(column.levels)}
    shown = bench.levels(column)[:MOST]
    order = [level for level, _ in shown]
    if column.type == "number":
        order.sort(key=float)
    groups = [Group(f"{word(cleaned(level))}", codes == place[level]) for level in order]
    told, pooled = [g for g in groups if bench.enough(g.mask, rows)], codes >= 0
    for group in told:
        pooled = pooled & ~group.mask
    if len(told) < len(column.levels) and bench.enough(pooled, rows):
        told.append(Group("(all other labels)", pooled))
    return told


def by_range(bench: Bench, column: Column, rows: Rows, bins: int) -> list[Group]:
    """Ranges of a number with about the same rows each, named by the mean that their rows have of it."""
    x = rows.number(column.name)
    known = ~np.isnan(x)
    if not known.any():
        return []
    edges = np.unique(np.quantile(x[known], np.linspace(0, 1, bins + 1)[1:-1], method="lower"))
    at = np.searchsorted(edges, x, side="left")
    groups = [Group("", known & (at == b)) for b in range(len(edges) + 1)]
    return [
        Group(_range(x[g.mask], edges, b), g.mask) for b, g in enumerate(groups) if bench.enough(g.mask, rows)
    ]  # fmt: skip


def _range(x: FloatArray, edges: FloatArray, b: int) -> str:
    """`=2` where all values are the same, else `~12.9 (<= 19)`: the mean of the range and its upper edge."""
    if x.min() == x.max():
        return f"={printed(float(x[0]))}"
    return f"~{printed(float(np.sort(x).mean()))}{_upto(edges, b)}"


def _upto(edges: FloatArray, b: int) -> str:
    return f" (<= {printed(float(edges[b]))})" if b < len(edges) else f" (> {printed(float(edges[-1]))})" if b else ""


def tell(
    bench: Bench, told: Told, among: Chosen, by: Column, groups: Sequence[Group], *, median: bool = True
) -> list[str]:
    """Each group in a line: `male: 18.9% (15.9 to 22.3)[f3], n 577`."""
    y = values(told, among.rows)
    return [line for g in groups if (line := _line(bench, told, among, by, g, y, median)) is not None]


def _line(bench: Bench, told: Told, among: Chosen, by: Column, group: Group, y: FloatArray, median: bool) -> str | None:
    own = group.mask & ~np.isnan(y)
    if not bench.enough(own, among.rows):
        return None
    fact = mean_fact(bench, told, among.words, y[own], f"{bench.id(by.name)} {group.label}", by.name)
    fact = fact._replace(missing=int(group.mask.sum() - own.sum()))
    text = f"{group.label}: {bench.figure(fact)}"
    if median and not told.is_share:
        middle = fact._replace(value=float(np.median(y[own])), label=fact.label.replace("mean", "median", 1))
        text += f", median {bench.figure(middle._replace(low=None, high=None))}"
    return f"{text}, n {int(own.sum())}"


def mean_fact(bench: Bench, told: Told, words: str, y: FloatArray, place: str, *columns: str) -> Fact:
    """The mean of complete values with its interval, or a share in per cent, as a fact."""
    # Sorted, so that the sum and with it the last digit do not depend on the order of rows.
    group = summed("" if told.is_share else None, "", np.sort(y))
    scale = 100.0 if told.is_share else 1.0
    if told.middle:
        group = group.model_copy(update={"mean": group.median, "low": None, "high": None})
    return Fact(
        value=scale * (group.mean or 0.0),
        label=f"{told.title} where {place}" if place else told.title,
        unit="%" if told.is_share else told.column.unit,
        n=len(y),
        filter=words,
        denominator=f"rows {f'where {place} ' if place else ''}with a value" if told.is_share else "",
        low=None if group.low is None else scale * group.low,
        high=None if group.high is None else scale * group.high,
        columns=(told.column.name, *columns),
    )


def whole(bench: Bench, told: Told, among: Chosen) -> str:
    """The outcome in all rows that were looked at."""
    y = values(told, among.rows)
    known = y[~np.isnan(y)]
    if not bench.enough(~np.isnan(y), among.rows):
        raise HypothesisError(f"{told.title} rests on fewer than {bench.least} rows here, of which nothing is told.")
    fact = mean_fact(bench, told, among.words, known, "")._replace(missing=len(y) - len(known))
    lost = len(y) - len(known)
    few = f"under {bench.least}" if 0 < lost < bench.least else str(lost)
    return f"{bench.figure(fact)}, n {len(known)}, missing {few}"
