"""The tool `leads`: the strongest pairs of the scan, each with its effect in words and in the data's own units.

Knows the leads and exploration rows. Must never call a lead a finding, nor tell of a group under ten rows.
"""

from typing import NamedTuple

import numpy as np
from pydantic import Field

from ...tools.data.schema import Column
from ...tools.explore.lead import Lead, size
from ..candidates import quarter_points
from ..privacy import cleaned
from ..roles import is_code, oriented
from ..twins import spare_columns, versions_of_one
from .bench import Bench
from .facts import Fact
from .groups import Group, Told, mean_fact, values
from .names import column_of
from .spec import Arguments, Result, tool
from .words import word

_A_COLUMN = 5
"""Leads of one column in a list of all, so that one family of alike columns does not fill it."""
_CHANCE = 0.05


class Leads(Arguments):
    """Arguments of `leads`."""

    column: str | None = Field(default=None, description="Only pairs with this column.")
    most: int = Field(default=25, ge=1, le=60, description="Pairs to show.")


def leads(bench: Bench, arguments: Leads) -> Result:
    """The pairs of columns that move together most, strongest first, each with what is seen and its size.

    `strength` runs from 0 to 1 for every kind of pair. `by chance?` marks pairs as weak as the strongest of so many
    unrelated pairs would be. Pairs that follow from how the table is built are left out, and so are columns that repeat
    another. A lead only says where to look: relate it, compare groups, then propose.

    Args:
        column: Only pairs with this column; without it, at most five pairs of each column are shown.
        most: Pairs to show, 25 by default.

    Returns:
        `leads`, one line per pair, and `pairs`, how many were scanned.

    Example:
        {"column": "churn"}
    """
    name = None if arguments.column is None else column_of(bench, arguments.column).name
    bar = _CHANCE / max(len(bench.leads), 1)
    found: list[str] = []
    for lead in _shown(bench, name):
        if len(found) == arguments.most:
            break
        line = _line(bench, lead, lead.p_value > bar)
        found += [line] if line else []
    pairs = Fact(len(bench.leads), "pairs of columns scanned", "pairs", n=bench.rows.n)
    out: Result = {"pairs": bench.figure(pairs), "leads": found}
    if not found:
        out["note"] = "No pair moves together more than chance would make it."
    return out


TOOL = tool(leads)


def _shown(bench: Bench, name: str | None) -> list[Lead]:
    """The pairs worth telling, strongest first."""
    asked = {bench.focus.outcome, *bench.focus.about, name}
    spare = spare_columns(bench.structure, bench.rows, asked)
    spare |= {c.name for c in bench.columns.values() if is_code(c)} - asked
    count: dict[str, int] = {}
    kept = []
    for lead in bench.leads:
        pair = (lead.a, lead.b)
        if lead.p_value > _CHANCE or frozenset(pair) in bench.barred or versions_of_one(lead):
            continue
        if (name is not None and name not in pair) or (name is None and not bench.focus.admits(*pair)):
            continue
        if spare & set(pair):
            continue
        if name is None and any(count.get(c, 0) >= _A_COLUMN for c in pair if c not in asked):
            continue
        for c in pair:
            count[c] = count.get(c, 0) + 1
        kept.append(lead)
    return sorted(kept, key=lambda x: -size(x)) if name is None else kept


def _line(bench: Bench, lead: Lead, weak: bool) -> str | None:
    """One pair in a line, or None where its groups are too small to be told of."""
    order = {n: at for at, n in enumerate(bench.rows.columns)}
    a, b = bench.columns[lead.a], bench.columns[lead.b]
    outcome, by = (a, b) if bench.focus.outcome == a.name else (b, a)
    if bench.focus.outcome not in (a.name, b.name):
        outcome, by = oriented(a, b, order)
    if _must_turn(outcome, by):
        outcome, by = by, outcome
    kept = len(bench.facts)
    seen = _seen(bench, outcome, by, lead)
    if seen is None or outcome.type == "datetime":
        bench.forget(kept)
        return None
    fact = Fact(size(lead), f"strength of {bench.id(a.name)} with {bench.id(b.name)}", n=lead.n,
                missing=bench.rows.n - lead.n, columns=(a.name, b.name))  # fmt: skip
    mark = " · by chance?" if weak else ""
    return f"{seen} · strength {bench.figure(fact)}{mark}"


def _must_turn(outcome: Column, by: Column) -> bool:
    """Whether a pair must be turned round: a date is no outcome, and a label of many levels is told by the number."""
    if outcome.type == "datetime":
        return True
    return outcome.type == "category" and len(outcome.levels) > 2 and by.type == "number"


class _Far(NamedTuple):
    """The group where the outcome is highest (or lowest), with its value and its rows."""

    value: float
    group: Group


def _seen(bench: Bench, outcome: Column, by: Column, lead: Lead) -> str | None:
    """What is seen: the outcome where it is highest and where it is lowest."""
    told = _told(bench, outcome, by)
    if told is None:
        return None
    y = values(told, bench.rows)
    groups = _ends(bench, by) if by.type in ("number", "datetime") else _labels(bench, by)
    far = []
    for group in groups:
        own = group.mask & ~np.isnan(y)
        if bench.enough(own):
            far.append(_Far(float(y[own].mean()), group._replace(mask=own)))
    if len(far) < 2:
        return None
    if by.type in ("number", "datetime"):
        return _course(bench, told, by, y, far, lead)
    high, low = max(far, key=lambda f: f.value), min(far, key=lambda f: f.value)
    name = word(bench.id(by.name))
    ends = []
    for far_one in (high, low):
        place = f"{name}={far_one.group.label}"
        ends.append(f"{_value(bench, told, y, far_one, place, by)} for {place}")
    return f"{told.title}: {ends[0]}, {ends[1]}"


def _course(bench: Bench, told: Told, by: Column, y: np.ndarray, far: list[_Far], lead: Lead) -> str:
    name, (low, high) = word(bench.id(by.name)), (far[0], far[-1])
    way = "over" if by.type == "datetime" else "with"
    ends = [_value(bench, told, y, f, f"{name} is {f.group.label}", by) for f in (low, high)]
    verb = "rises" if high.value > low.value else "falls" if high.value < low.value else "moves"
    rho = ""
    if lead.kind == "number-number":
        label = f"Spearman's rho of {bench.id(lead.a)} and {bench.id(lead.b)}"
        fact = Fact(lead.strength, label, n=lead.n, missing=bench.rows.n - lead.n, columns=(lead.a, lead.b))
        verb = "rises" if lead.strength > 0 else "falls"
        rho = f" · rho {bench.figure(fact)}"
    return f"{told.title} {verb} {way} {name}: {ends[0]} in its lowest quarter, {ends[1]} in its highest{rho}"


def _value(bench: Bench, told: Told, y: np.ndarray, far: _Far, place: str, by: Column) -> str:
    fact = mean_fact(bench, told, "", y[far.group.mask], place, by.name)
    return bench.figure(fact._replace(low=None, high=None, missing=int(np.isnan(y).sum())))


def _told(bench: Bench, outcome: Column, by: Column) -> Told | None:
    """The mean of a number; of a label the share of its true level, else of the one whose share varies most."""
    name = word(bench.id(outcome.name))
    if outcome.type == "number":
        return Told(outcome, None, f"mean {name}")
    shown = [level for level, _ in bench.levels(outcome)]
    if outcome.type == "boolean":
        shown = [x for x in outcome.levels[1:2] if x in shown]
    if not shown:
        return None
    best = shown[0] if len(shown) == 1 else max(shown[:12], key=lambda level: _varies(bench, outcome, by, level))
    return Told(outcome, best, f"share {name}={word(cleaned(best))}")


def _varies(bench: Bench, outcome: Column, by: Column, level: str) -> float:
    """How far the share of a level lies apart in the groups of the other column, its larger groups counting more."""
    y = values(Told(outcome, level, ""), bench.rows)
    groups = _ends(bench, by) if by.type in ("number", "datetime") else _labels(bench, by)
    known = ~np.isnan(y)
    if not known.any() or not 0 < y[known].mean() < 1:
        return 0.0
    middle, out = float(y[known].mean()), 0.0
    for group in groups:
        own = group.mask & known
        if own.any():
            out += int(own.sum()) * (float(y[own].mean()) - middle) ** 2
    return out / (middle * (1 - middle))


def _labels(bench: Bench, by: Column) -> list[Group]:
    codes = bench.rows.codes(by.name)
    place = {level: at for at, level in enumerate(by.levels)}
    return [Group(word(cleaned(level)), codes == place[level]) for level, _ in bench.levels(by)[:40]]


def _ends(bench: Bench, by: Column) -> list[Group]:
    """The rows in the lowest and in the highest quarter of a number or a date."""
    x = bench.rows.number(by.name)
    cuts = quarter_points(x)
    if cuts is None:
        return []
    return [Group("in its lowest quarter", x <= cuts[0]), Group("in its highest quarter", x >= cuts[1])]
