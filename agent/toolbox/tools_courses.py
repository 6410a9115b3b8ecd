"""The tools `trend` and `segments`: an outcome over time, and groups of rows that are alike in several columns.

Knows exploration rows, the families of time and the segments that were found. Must never know a sealed row, nor tell of
a stretch of time or a segment under ten rows.
"""

from typing import Literal

import numpy as np

from ...tools.data.rows import FloatArray
from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from ...tools.explore.segments import Segmentation, SegmentFound, Typical
from ...tools.explore.spread import day
from ...tools.verify.hypothesis import Condition, Trend
from ..privacy import cleaned
from .bench import Bench
from .facts import Fact, printed
from .groups import DEPENDENT, Group, Told, outcome_of, tell, values, whole
from .names import Chosen, chosen, column_of
from .spec import Arguments, Result, tool
from .tools_compare import BUILT, measured
from .words import condition_words, word

_STRETCHES = 12
_SEASONS = (
    ("month of the year", 12, 540.0, 365.25),
    ("weekday", 7, 42.0, 7.0),
    ("hour of the day", 24, 2.0, 1.0),
)
"""Name, parts, days from which it is told, and days of one round."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Over(Arguments):
    """Arguments of `trend`."""

    outcome: str
    over: str | None = None
    where: str | None = None


def trend(bench: Bench, arguments: Over) -> Result:
    """An outcome over time: whether it rises or falls, its course in up to twelve stretches, and its seasons.

    Args:
        outcome: A number, "delay", or the share of a label, "late=yes".
        over: The date (or a number such as a year); the table's only date by default.
        where: Rows to look at.

    Example:
        {"outcome": "delay", "over": "date"}
    """
    told = outcome_of(bench, arguments.outcome, None)
    over = _over(bench, arguments.over)
    among = chosen(bench, arguments.where)
    if told.column.name == over.name:
        raise HypothesisError("`outcome` and `over` are the same column.")
    out: Result = {"of": told.title, "over": word(bench.id(over.name))}
    if among.words:
        out["where"] = among.words
    out["overall"] = whole(bench, told, among)
    claim = Trend(
        outcome=told.column.name, predictor=over.name, event=told.event, where=among.terms,
        direction=_direction(told, over, among),
    )  # fmt: skip
    out["effects"] = measured(bench, [claim])
    out["course"] = tell(bench, told, among, over, _stretches(bench, over, among), median=False)
    if bench.rows.cluster is not None:
        out["intervals"] = DEPENDENT
    if over.type == "datetime":
        seasons = [line for cycle in _SEASONS if (line := _season(bench, told, over, among, *cycle))]
        out |= {"seasons": seasons} if seasons else {}
    if frozenset((told.column.name, over.name)) in bench.barred:
        out["note"] = BUILT
    return out


TREND = tool(trend)


def _over(bench: Bench, said: str | None) -> Column:
    """The date, or the number that stands for time.

    Raises:
        HypothesisError: if none is named and there is not exactly one, or a label is.
    """
    if said is None:
        dates = [c for c in bench.columns.values() if c.type == "datetime"]
        if len(dates) == 1:
            return dates[0]
        names = ", ".join(word(bench.id(c.name)) for c in dates) or "none; name a number such as a year"
        raise HypothesisError(f"`over`: name the date. Dates of this table: {names}.")
    column = column_of(bench, said, what="over")
    if column.type in ("datetime", "number"):
        return column
    raise HypothesisError(f"`over`: {word(bench.id(column.name))} is a {column.type}, nothing runs over it.")


def _direction(told: Told, over: Column, among: Chosen) -> Literal["rising", "falling"]:
    """Which way the outcome goes, by ranks as the trend's own test sees it."""
    from ...tools.verify.verify import measure

    open_ = Trend(
        outcome=told.column.name, predictor=over.name, event=told.event, where=(), direction="any",
    )  # fmt: skip
    theta = measure(open_, among.rows, split="exploration").theta
    return "falling" if theta is not None and theta < 0 else "rising"


def _stretches(bench: Bench, over: Column, among: Chosen) -> list[Group]:
    """Stretches of time with about the same rows each, named by their first and last day (of ten rows at least)."""
    x = among.rows.number(over.name)
    known = ~np.isnan(x)
    if not known.any():
        return []
    edges = np.unique(np.quantile(x[known], np.linspace(0, 1, _STRETCHES + 1)[1:-1], method="lower"))
    at = np.searchsorted(edges, x, side="left")
    groups = []
    for b in range(len(edges) + 1):
        mask = known & (at == b)
        if bench.enough(mask, among.rows):
            middle = float(np.sort(x[mask]).mean())
            groups.append(Group(f"~{day(middle) if over.type == 'datetime' else printed(middle)}", mask))
    return groups


def _season(
    bench: Bench, told: Told, over: Column, among: Chosen, name: str, parts: int, least: float, round_: float
) -> str | None:
    """The parts of one cycle in which the outcome is highest and lowest, where the dates cover it twice or more."""
    x = among.rows.number(over.name)
    known = ~np.isnan(x)
    if not known.any() or float(np.ptp(x[known])) < least or float(np.ptp(x[known])) < 2 * round_:
        return None
    place = _parts_of(np.where(known, x, 0.0), name)
    groups = [Group(_part(name, p), known & (place == p)) for p in range(parts)]
    groups = [g for g in groups if bench.enough(g.mask, among.rows)]
    y = values(told, among.rows)
    level = {g.label: float(np.nanmean(y[g.mask])) for g in groups if (~np.isnan(y[g.mask])).any()}
    if len(level) < 3:
        return None
    ends = [max(level, key=lambda k: level[k]), min(level, key=lambda k: level[k])]
    lines = tell(bench, told, among, over, [g for end in ends for g in groups if g.label == end], median=False)
    return f"{name}: highest {lines[0]}; lowest {lines[1]}" if len(lines) == 2 else None


def _parts_of(days: FloatArray, name: str) -> np.ndarray:
    """The part of its cycle in which each time lies, from 0, shape (n,)."""
    if name == "month of the year":
        return np.floor(days).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    if name == "weekday":
        return (np.floor(days).astype(np.int64) + 3) % 7
    return np.floor((days - np.floor(days)) * 24 + 1e-6).astype(np.int64) % 24


def _part(name: str, at: int) -> str:
    if name == "weekday":
        return _WEEKDAYS[at]
    return f"month {at + 1}" if name.startswith("month") else f"hour {at}"


class NoArguments(Arguments):
    """A tool without arguments."""


def segments(bench: Bench, arguments: NoArguments) -> Result:
    """Groups of rows that are alike in several columns and that refits find again, with the rule that picks them out.

    What is typical of a segment only describes it. To claim something, use a column that is not in `built_from`:
    "churn=yes higher where RULE".

    Example:
        {}
    """
    found = bench.segments
    told = [] if found is None else [s for s in found.segments if s.rows >= bench.least]
    if found is None or not told:
        return {"segments": [], "note": "No groups of rows were found that refits find again."}
    return {
        "segments": [_segment(bench, found, s) for s in told],
        "built_from": [word(bench.id(n)) for n in found.features],
    }


SEGMENTS = tool(segments)


def _segment(bench: Bench, found: Segmentation, segment: SegmentFound) -> Result:
    rule = " and ".join(
        condition_words(Condition(column=t.column, op=t.op, value=t.value), bench.ids) for t in segment.terms
    )
    share = Fact(100 * segment.share, f"share of rows where {rule}", "%", n=found.rows, denominator="a sample of rows",
                 columns=tuple(t.column for t in segment.terms))  # fmt: skip
    typical = [_typical(bench, found, rule, t) for t in segment.typical if not _is_rare(bench, t.column, t.level)]
    return {"rule": bench.masked(rule), "rows": bench.figure(share), "typical": typical}


def _is_rare(bench: Bench, name: str, level: str | None) -> bool:
    return level is not None and level not in {x for x, _ in bench.levels(bench.columns[name])}


def _typical(bench: Bench, found: Segmentation, rule: str, typical: Typical) -> str:
    name, level = typical.column, typical.level
    called = word(bench.id(name))
    what = f"share {called}={word(cleaned(level))}" if level is not None else f"mean {called}"
    scale, unit = (100.0, "%") if level is not None else (1.0, bench.columns[name].unit)
    sides = []
    for place, value in (("inside", typical.inside), ("elsewhere", typical.elsewhere)):
        label = f"{what} where {rule}" if place == "inside" else f"{what} where not ({rule})"
        fact = Fact(scale * value, label, unit, n=found.rows, denominator="a sample of rows", columns=(name,))
        sides.append(f"{bench.figure(fact)} {place}")
    return f"{what}: {', '.join(sides)}"
