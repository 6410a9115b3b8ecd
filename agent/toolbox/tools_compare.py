"""The tools `compare_groups` and `relate`: an outcome by groups of rows, and two columns measured against each other.

Knows exploration rows and the families, without permutation. Must never know a smallest effect or an error level, nor
tell of a group under ten rows.
"""

import re
from collections.abc import Iterable
from itertools import islice

from ...tools.data.schema import Column
from ...tools.value import Effect
from ...tools.verify.evidence import Evidence
from ...tools.verify.families import FAMILIES
from ...tools.verify.hypothesis import Condition, Hypothesis, MonotoneAssociation, Segment, Subgroup
from ...tools.verify.units import with_unit
from ...tools.verify.verify import measure
from ..candidates import candidates
from ..privacy import visible
from .bench import Bench
from .facts import Fact
from .groups import DEPENDENT, MOST, Told, by_label, by_range, outcome_of, tell, whole
from .names import Chosen, chosen, column_of
from .spec import Arguments, Result, tool
from .words import clearness, condition_words, grammar, word

_CLAIMS = 4
_BINS = 8
_LONG_UNIT = 24
BUILT = "These columns follow from each other by how the table is built: a claim on them would be refused."


class Compare(Arguments):
    """Arguments of `compare_groups`."""

    outcome: str
    by: str
    event: str | None = None
    where: str | None = None


def compare_groups(bench: Bench, arguments: Compare) -> Result:
    """An outcome in each group of rows: mean and median of a number, or the share of an event, with 95 % intervals.

    With `where` it shows whether a difference holds within a part of the rows. Small groups are pooled.

    Args:
        outcome: A number, or what share is told: "survived=1", "visits > 0".
        by: The column whose labels are the groups; a number is cut in ranges.
        event: The label whose share is told, where `outcome` does not name it.
        where: Rows to look at: up to three conditions, "age >= 18 and sex=male".

    Example:
        {"outcome": "churn=yes", "by": "contract", "where": "tenure < 12"}
    """
    told = outcome_of(bench, arguments.outcome, arguments.event)
    by = column_of(bench, arguments.by, what="by")
    among = chosen(bench, arguments.where)
    groups = by_label(bench, by, among.rows)
    out: Result = {"of": told.title, "by": word(bench.id(by.name))}
    if among.words:
        out["where"] = among.words
    out |= {"overall": whole(bench, told, among), "groups": tell(bench, told, among, by, groups)}
    if bench.rows.cluster is not None:
        out["intervals"] = DEPENDENT
    if len(bench.levels(by)) > MOST:
        out["note"] = f"The {MOST} most frequent labels are told one by one."
    return out


class Relate(Arguments):
    """Arguments of `relate`."""

    outcome: str
    other: str
    where: str | None = None


def relate(bench: Bench, arguments: Relate) -> Result:
    """Two columns measured against each other, with 95 % intervals, and the outcome along the other column.

    Each effect is a claim that `propose` reads as it stands, on its scale (P(A>B): the chance that a row of the first
    group lies above one of the other) and in units, and how clearly it is seen. `course` shows steps and turns that one
    figure hides.

    Args:
        outcome: The column that is explained, "fare" or "survived=1".
        other: The column that it is held against; dates belong to `trend`.
        where: Rows to look at.

    Example:
        {"outcome": "fare", "other": "age", "where": "pclass=1"}
    """
    told = outcome_of(bench, arguments.outcome, None)
    other = column_of(bench, arguments.other, what="other")
    among = chosen(bench, arguments.where)
    out: Result = {"of": told.title, "with": word(bench.id(other.name))}
    if among.words:
        out["where"] = among.words
    out["overall"] = whole(bench, told, among)
    pair = told.column, other
    if told.column.name == other.name:
        return {**out, "note": "Both are the same column."}
    suggested = candidates(*pair, among.rows)
    out["effects"] = measured(bench, (h.model_copy(update={"where": (*among.terms, *h.where)}) for h in suggested))
    if other.type != "datetime":
        out["course"] = course(bench, told, other, among)
    if frozenset((told.column.name, other.name)) in bench.barred:
        out["note"] = BUILT
    return out


COMPARE, RELATE = tool(compare_groups), tool(relate)


def course(bench: Bench, told: Told, other: Column, among: Chosen) -> list[str]:
    """The outcome along the other column: by label where it has any, else in eight ranges."""
    groups = by_label(bench, other, among.rows) if other.levels else by_range(bench, other, among.rows, _BINS)
    return tell(bench, told, among, other, groups, median=False)


def measured(bench: Bench, suggested: Iterable[Hypothesis]) -> list[Result]:
    """Claims with what exploration rows show of them, at most four."""
    return [_effect(bench, h) for h in islice((h for h in suggested if _tellable(bench, h)), _CLAIMS)]


def _tellable(bench: Bench, h: Hypothesis) -> bool:
    """Whether a claim names no label that may not be told, and keeps within the conditions that one may have."""
    return len(h.where) <= 3 and all(level in _shown(bench, name) for name, level in named_levels(h))


def _shown(bench: Bench, name: str) -> set[str]:
    return {level for level, _ in bench.levels(bench.columns[name])}


def named_levels(h: Hypothesis) -> list[tuple[str, str]]:
    """Every (column, label) that a claim names."""
    found: list[tuple[str, str]] = []
    event, levels = getattr(h, "event", None), getattr(h, "levels", None)
    if event is not None:
        found.append((h.outcome, event))
    if levels is not None:
        found += [(h.predictor, x) for x in (*levels.a, *levels.b)]
    other = getattr(h, "moderator_levels", None)
    if other is not None:
        found += [(h.__dict__["moderator"], x) for x in (*other.a, *other.b)]
    for key, column in (("order", h.predictor), ("outcome_levels", h.outcome), ("predictor_levels", h.predictor)):
        found += [(column, x) for x in getattr(h, key, None) or ()]
    rule: tuple[Condition, ...] = h.rule if isinstance(h, (Subgroup, Segment)) else ()
    terms = (*h.where, *rule)
    return found + [(t.column, t.value) for t in terms if isinstance(t.value, str) and t.op in ("==", "!=")]


def _effect(bench: Bench, h: Hypothesis) -> Result:
    evidence = measure(with_unit(h, bench.nests), bench.rows, split="exploration")
    out: Result = {"claim": bench.masked(grammar(h, bench.ids) or FAMILIES[h.family].claim(h))}
    if evidence.untestable is not None:
        return {**out, "seen": f"cannot be measured: {untestable(bench, evidence.untestable)}"}
    return {**out, **figures(bench, h, evidence)}


def figures(bench: Bench, h: Hypothesis, evidence: Evidence) -> Result:
    """Effect on its scale and in units, how clearly it is seen, and n: of exploration rows."""
    out: Result = {}
    same = evidence.effect is not None and evidence.in_units is not None and (
        evidence.effect.name == evidence.in_units.name
    )  # fmt: skip
    for key, effect in (("effect", None if same else evidence.effect), ("in_units", evidence.in_units)):
        if effect is not None:
            ends = " (top against bottom quarter)" if key == "in_units" and isinstance(h, MonotoneAssociation) else ""
            out[key] = f"{effect.name}{ends} {bench.figure(_fact(bench, h, evidence, effect))}{_unit(h, effect)}"
    out["seen"] = clearness(evidence, directed=h.family != "categorical_association" and _directed(h))
    if evidence.clusters is not None:
        out["units"] = evidence.clusters
    return out


def _directed(h: Hypothesis) -> bool:
    return getattr(h, "direction", "any") != "any"


def untestable(bench: Bench, reason: str) -> str:
    """Why a claim cannot be tested, without a count of few rows, nor what only the person could do."""
    reason = re.sub(r" Seal new rows .*$", "", reason, flags=re.DOTALL)
    return re.sub(r"\bonly \d+ (?=usable|rows|units|values)", "too few ", bench.masked(reason))


def _unit(h: Hypothesis, effect: Effect) -> str:
    """The effect's unit, where it says more than the outcome's name."""
    if effect.unit in (None, "%", h.outcome) or len(effect.unit or "") > _LONG_UNIT:
        return ""
    return f" {visible(effect.unit or '')}"


def _fact(bench: Bench, h: Hypothesis, evidence: Evidence, effect: Effect) -> Fact:
    words = " and ".join(condition_words(t, bench.ids) for t in h.where)
    return Fact(
        value=effect.value, label=f"{effect.name}: {grammar(h, bench.ids) or h.family}", unit=effect.unit, n=evidence.n,
        filter=words, missing=evidence.missing, low=effect.low, high=effect.high, columns=h.columns,
    )  # fmt: skip
