"""The tool `leads`: the strongest pairs of the scan, each with its effect in words and in the data's own units.

Knows the leads and exploration rows. Must never call a lead a finding, nor tell of a group under ten rows.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from pydantic import Field

from ...tools.data.rows import FloatArray
from ...tools.data.schema import Column
from ...tools.explore.amounts import is_zero_inflated
from ...tools.explore.lead import Lead, size
from ...tools.explore.spread import day
from ..candidates import quarter_points
from ..privacy import cleaned
from ..roles import is_code, is_nominal, oriented
from ..twins import spare_columns
from .bench import Bench
from .facts import Fact, printed
from .groups import Group, Told, mean_fact, values
from .names import column_of
from .spec import Arguments, Result, tool
from .words import word

_A_COLUMN = 5
"""Leads of one column in a list of all, so that one family of alike columns does not fill it."""
_CHANCE = 0.05
_BEYOND = 0.1
"""How far beyond both ends, as a part of their distance, the middle must lie to be called a turn."""
_MOST_LABELS = 40
_SKEWED = 3.0
"""Skewness from which a number is told by its median."""


class Leads(Arguments):
    """Arguments of `leads`."""

    column: str | None = None
    most: int = Field(default=20, ge=1, le=60)


def leads(bench: Bench, arguments: Leads) -> Result:
    """The pairs of columns that move together most, strongest first, with the outcome where it is highest and lowest.

    Strength runs from 0 to 1 for every kind of pair; `by chance?` marks pairs as weak as the strongest of so many
    unrelated ones would be. Left out: pairs that follow from how the table is built. `same_rows` names labels of
    several columns that mark the very same rows. A lead only says where to look.

    Args:
        column: Only pairs with this column; without it, at most five pairs of each column are shown.
        most: Pairs to show.

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
    same = _same_rows(bench, name)
    if same:
        out["same_rows"] = same
    if not found:
        out["note"] = "No pair moves together more than chance would make it."
    return out


TOOL = tool(leads)


def _shown(bench: Bench, name: str | None) -> list[Lead]:
    """The pairs worth telling, strongest first."""
    asked = {bench.focus.outcome, *bench.focus.about, name}
    spare = spare_columns(bench.structure, bench.rows, asked)
    spare |= {c.name for c in bench.columns.values() if is_code(c)} - asked
    told_apart = _sharing(bench)
    count: dict[str, int] = {}
    kept = []
    for lead in bench.leads:
        pair = (lead.a, lead.b)
        if lead.p_value > _CHANCE or frozenset(pair) in bench.barred:
            continue
        if (name is not None and name not in pair) or (name is None and not bench.focus.admits(*pair)):
            continue
        if spare & set(pair) or (name is None and frozenset(pair) in told_apart):
            continue
        if name is None and any(count.get(c, 0) >= _A_COLUMN for c in pair if c not in asked):
            continue
        for c in pair:
            count[c] = count.get(c, 0) + 1
        kept.append(lead)
    return sorted(kept, key=lambda x: -size(x)) if name is None else kept


def _sharing(bench: Bench) -> frozenset[frozenset[str]]:
    """Pairs of columns of which a label of each marks the same rows."""
    families: dict[tuple[str, str], set[str]] = {}
    for (column, _), owner in bench.same_rows.items():
        families.setdefault(owner, {owner[0]}).add(column)
    return frozenset(frozenset(pair) for names in families.values() for pair in combinations(sorted(names), 2))


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
    mark = " · by chance?" if weak else ""
    if " · rho " in seen:
        return f"{seen}{mark}"
    fact = Fact(round(size(lead), 2), f"strength of {bench.id(a.name)} with {bench.id(b.name)}", n=lead.n,
                missing=bench.rows.n - lead.n, columns=(a.name, b.name))  # fmt: skip
    return f"{seen} · strength {bench.figure(fact)}{mark}"


def _must_turn(outcome: Column, by: Column) -> bool:
    """Whether a pair must be turned round: a date is no outcome, and a label of many levels is told by the number."""
    if outcome.type == "datetime":
        return True
    return outcome.type == "category" and len(outcome.levels) > 2 and by.type == "number"


class _Far(NamedTuple):
    """A group with the outcome's level in it; its mask holds rows with a value alone."""

    value: float
    group: Group


def _seen(bench: Bench, outcome: Column, by: Column, lead: Lead) -> str | None:
    """What is seen: the outcome where it is highest and where it is lowest."""
    told = _told(bench, outcome, by)
    if told is None:
        return None
    y = values(told, bench.rows)
    far = _means(bench, y, _groups(bench, by), told.middle)
    if len(far) < 2:
        return None
    if _has_course(by):
        return _course(bench, told, by, y, far, lead)
    name = word(bench.id(by.name))
    high, low = max(far, key=lambda f: f.value), min(far, key=lambda f: f.value)
    ends = [f"{_value(bench, told, y, f, f'{name}={f.group.label}', by)}" for f in (high, low)]
    return f"{told.title}: {ends[0]} for {name}={high.group.label}, {ends[1]} for {name}={low.group.label}"


def _means(bench: Bench, y: FloatArray, groups: Sequence[Group], middle: bool) -> list[_Far]:
    """The groups that may be told of with their means (medians, where the middle is told)."""
    far, level = [], np.median if middle else np.mean
    for group in groups:
        own = group.mask & ~np.isnan(y)
        if bench.enough(own):
            far.append(_Far(float(level(y[own])), group._replace(mask=own)))
    return far


def _course(bench: Bench, told: Told, by: Column, y: FloatArray, far: list[_Far], lead: Lead) -> str:
    """The outcome at both ends of a number or a date, and between them where it turns there."""
    name = word(bench.id(by.name))
    ends = [f"{_value(bench, told, y, f, f'{name}{f.group.label}', by)} for {name}{f.group.label}" for f in far[:2]]
    up = far[1].value > far[0].value
    turn = _turn(bench, told, by, y, far)
    rho, against = "", ""
    if lead.kind == "number-number" and not told.is_share:
        label = f"Spearman's rho of {bench.id(lead.a)} and {bench.id(lead.b)}"
        fact = Fact(lead.strength, label, n=lead.n, missing=bench.rows.n - lead.n, columns=(lead.a, lead.b))
        rho = f" · rho {bench.figure(fact)}"
        against = " (levels go another way than ranks)" if not turn and up != (lead.strength > 0) else ""
    verb = "turns" if turn else "rises" if up else "falls"
    return f"{told.title} {verb} with {name}: {ends[0]}, {ends[1]}{turn}{rho}{against}"


def _turn(bench: Bench, told: Told, by: Column, y: FloatArray, far: list[_Far]) -> str:
    """What lies between the ends, where it lies beyond both of them; else empty."""
    between = ~np.isnan(y) & ~np.isnan(bench.rows.number(by.name))
    for f in far:
        between &= ~f.group.mask
    if not bench.enough(between):
        return ""
    level = np.median if told.middle else np.mean
    middle = _Far(float(level(y[between])), Group("between", between))
    low, high = sorted(f.value for f in far[:2])
    if low - _BEYOND * (high - low) <= middle.value <= high + _BEYOND * (high - low):
        return ""
    return f", {_value(bench, told, y, middle, f'{word(bench.id(by.name))} lies between', by)} between"


def _value(bench: Bench, told: Told, y: FloatArray, far: _Far, place: str, by: Column) -> str:
    fact = mean_fact(bench, told, "", y[far.group.mask], place, by.name)
    return bench.figure(fact._replace(low=None, high=None, missing=int(np.isnan(y).sum())))


def _has_course(by: Column) -> bool:
    return by.type in ("number", "datetime") and not is_nominal(by)


def _groups(bench: Bench, by: Column) -> list[Group]:
    return _ends(bench, by) if _has_course(by) else _labels(bench, by)


def _told(bench: Bench, outcome: Column, by: Column) -> Told | None:
    """The mean of a number; of a label the share of its true level, else of the one whose share varies most."""
    name = word(bench.id(outcome.name))
    if outcome.type == "number" and not is_nominal(outcome):
        if is_zero_inflated(bench.rows.number(outcome.name)):
            return Told(outcome, None, f"share {name} > 0", 0.0)
        skewness = next((p.skewness for p in bench.profile if p.name == outcome.name), None)
        middle = skewness is not None and abs(skewness) > _SKEWED
        return Told(outcome, None, f"{'median' if middle else 'mean'} {name}", middle=middle)
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
    groups = _groups(bench, by)
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
    """The rows of each label, without labels that another column's mark as well, where two others are left."""
    codes = bench.rows.codes(by.name)
    place = {level: at for at, level in enumerate(by.levels)}
    shown = [level for level, _ in bench.levels(by)[:_MOST_LABELS]]
    own = [level for level in shown if (by.name, level) not in bench.same_rows]
    return [Group(word(cleaned(x)), codes == place[x]) for x in (own if len(own) >= 2 else shown)]


def _ends(bench: Bench, by: Column) -> list[Group]:
    """The rows in the lowest and in the highest quarter of a number or a date."""
    x = bench.rows.number(by.name)
    cuts = quarter_points(x)
    if cuts is None:
        return []
    low, high = (day(c) if by.type == "datetime" else printed(c) for c in cuts)
    return [Group(f"<={low}", x <= cuts[0]), Group(f">={high}", x >= cuts[1])]


def _same_rows(bench: Bench, name: str | None) -> list[str]:
    """Labels of several columns that mark the same rows, so that a relation of those columns says little."""
    by_owner: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for other, owner in bench.same_rows.items():
        by_owner.setdefault(owner, []).append(other)
    told = []
    for owner, others in by_owner.items():
        columns = [owner, *others]
        if name is None or name in [c for c, _ in columns]:
            told.append(" = ".join(f"{word(bench.id(c))}={word(cleaned(x))}" for c, x in columns))
    return told
