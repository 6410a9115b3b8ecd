"""From verdicts to the result: findings in order of usefulness, the first screen, and the counts.

Knows verdicts, families' words and the schema. Must never compute a statistic or change an outcome.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.data.split import Plan
from ..tools.explore.lead import Lead, Structure
from ..tools.verify.evidence import Evidence, Picture, Verdict
from ..tools.verify.families import FAMILIES
from ..tools.verify.families.wording import column, is_level
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.units import of_test
from .ordering import ORDER, Table, ranked
from .report.charts import chart
from .report.charts_forest import before_and_after
from .report.result import Adjustment, Counts, Explored, Finding, HeldOut
from .seasons_told import with_open_seasons


class Unit(NamedTuple):
    """What one cluster is, in words."""

    singular: str
    plural: str


def findings_of(
    verdicts: Sequence[Verdict],
    columns: Mapping[str, Column],
    sources: Mapping[str, str],
    focus: Sequence[str] = (),
    unit: Unit | None = None,
    rows: Rows | None = None,
    structure: Sequence[Structure] = (),
) -> tuple[Finding, ...]:
    """Every verdict as a finding, most useful first, three to seven verified ones marked for the first screen.

    Args:
        verdicts: What became of the batch.
        columns: The table's columns, in order.
        sources: Who drafted each claim, by its id.
        focus: The columns the user asked about.
        unit: What one cluster is, in words.
        rows: Exploration rows, by which claims that say nearly the same are kept apart in the order.
        structure: How the table is built, by which columns that repeat one quantity are known.
    """
    picked = frozenset(name for name, source in sources.items() if source in ("model", "both"))
    first = ranked(verdicts, Table(columns, focus, structure, rows, picked))
    out = []
    for rank, verdict in enumerate(first.verdicts, 1):
        source, headline = sources.get(verdict.hypothesis_id, "rule"), verdict.hypothesis_id in first.headlines
        out.append(_finding(verdict, source, rank, headline, unit, columns))
    return with_open_seasons(out, None if unit is None else unit.singular)


def counts_of(
    findings: Sequence[Finding], leads: Sequence[Lead], pairs: int, drafted: int, deduplicated: int
) -> Counts:
    """The denominator of the report."""
    by = {o: sum(1 for f in findings if f.outcome == o) for o in ORDER}
    return Counts(
        pairs=pairs,
        leads=len(leads),
        drafted=drafted,
        deduplicated=deduplicated,
        committed=len(findings),
        **by,
    )


def strong_leads(leads: Sequence[Lead], pairs: int) -> tuple[Lead, ...]:
    """The leads that stand out after Bonferroni's correction over all pairs: for reading, never findings."""
    return tuple(x for x in leads if x.p_value * max(pairs, 1) <= 0.05)


def unit_of(plan: Plan) -> Unit | None:
    """The unit of independence where it is not the row."""
    if plan.block is not None:
        calendar = plan.block[:1].isalpha()
        return Unit(plan.block, plan.block + "s") if calendar else Unit("stretch of time", "stretches of time")
    return Unit(f"`{plan.key}`", f"values of `{plan.key}`") if plan.key is not None else None


def worded(verdict: Verdict, unit: Unit | None) -> str:
    """The sentence of a verdict: stated only where verified, or where refuted because it points the other way."""
    h, evidence = verdict.hypothesis, verdict.evidence
    family = FAMILIES[h.family]
    if evidence.untestable:
        return family.claim(h) + "."
    turned = verdict.outcome == "refuted" and (evidence.theta or 0.0) < 0
    stated = verdict.outcome == "verified" or turned
    told = of_test(h, evidence) if stated else evidence.model_copy(update={"p_value": 1.0})
    text = family.sentence(h, told)
    unit = own_unit(h) or unit
    if unit is None or evidence.clusters is None:
        return text
    text = re.sub(r"(?<=\d) clusters", lambda _: f" {unit.plural}", text)
    return qualified(text.replace("its cluster's median", f"the {unit.singular}'s median"), evidence, unit)


def qualified(text: str, evidence: Evidence, unit: Unit | None) -> str:
    """The text with the qualifier that a comparison within clusters needs: without it another claim is read."""
    if unit is None or not evidence.test.startswith("within-cluster"):
        return text
    return f"Within the same {unit.singular}, {text[:1].lower()}{text[1:]}"


def own_unit(h: Hypothesis) -> Unit | None:
    """The claim's own unit of independence, where it has one."""
    return None if h.unit is None else Unit(f"`{h.unit.column}`", f"values of `{h.unit.column}`")


def _finding(
    verdict: Verdict, source: str, rank: int, headline: bool, unit: Unit | None, columns: Mapping[str, Column]
) -> Finding:
    evidence, unit = verdict.evidence, own_unit(verdict.hypothesis) or unit
    claim = qualified(FAMILIES[verdict.hypothesis.family].claim(verdict.hypothesis), evidence, unit)
    sentence = worded(verdict, unit)
    spec = None
    if verdict.picture is not None and verdict.outcome == "verified":
        spec = chart(titled(_measured(_noted(verdict.picture, unit), columns), verdict.hypothesis))
    return Finding.model_validate(
        {
            "id": verdict.hypothesis_id,
            "family": verdict.hypothesis.family,
            "claim": claim,
            "sentence": sentence,
            "hypothesis": verdict.hypothesis.as_json(),
            "outcome": verdict.outcome,
            "size": verdict.size,
            "reason": _reason(verdict),
            "held_out": _held_out(verdict),
            "exploration": _explored(verdict.exploration),
            "smallest_effect": verdict.smallest_effect,
            "detectable": verdict.detectable,
            "rows_needed": verdict.rows_needed,
            "chart": spec,
            "adjustment": _adjustment(verdict),
            "warnings": evidence.warnings,
            "source": source,
            "rank": rank,
            "headline": headline,
        }
    )


def _adjustment(verdict: Verdict) -> Adjustment:
    """The adjustment with its chart."""
    own = verdict.adjustment
    drawn = chart(before_and_after(own, verdict.hypothesis.outcome)) if own.estimates else None
    return Adjustment.model_validate(own.model_dump() | {"chart": drawn})


def _noted(picture: Picture, unit: Unit | None) -> Picture:
    """The picture with its note in the words of the unit."""
    if picture.note is None or unit is None:
        return picture
    return picture.model_copy(update={"note": picture.note.replace("cluster", unit.singular.replace("`", ""))})


def _measured(picture: Picture, columns: Mapping[str, Column]) -> Picture:
    """The picture with the units of its two columns beside their names: 18.5 of what, a chart must not leave open."""
    titles = {}
    for axis in ("x_title", "y_title"):
        name = getattr(picture, axis)
        unit = columns[name].unit if name in columns else None
        if unit and unit not in name:
            titles[axis] = f"{name} ({unit})"
    return picture.model_copy(update=titles)


def titled(picture: Picture, h: Hypothesis) -> Picture:
    """The picture with properties of texts said in its titles: share of rows where `text` mentions late."""
    titles = {axis: _title(getattr(picture, axis), [p.name for p in h.texts]) for axis in ("x_title", "y_title")}
    return picture.model_copy(update=titles)


def _title(title: str, names: Sequence[str]) -> str:
    for name in names:
        if title == name:
            return column(name).removeprefix("the ")
        event = re.fullmatch(rf"share of (?:rows where )?{re.escape(name)} (?:= |is )?(.+)", title)
        if event:
            return f"share of rows where {is_level(name, (event[1],))}"
    return title


def _reason(verdict: Verdict) -> str:
    """The reason in words that fit the rows: a table too small to split has no held-out rows."""
    if verdict.evidence.split != "all":
        return verdict.reason
    text = verdict.reason.replace("On held-out rows", "On these rows").replace("The held-out rows", "These rows")
    return text.replace("on rows that nothing had looked at", "after correction for the whole list")


def _held_out(verdict: Verdict) -> HeldOut:
    evidence = verdict.evidence
    keep = set(HeldOut.model_fields) & set(Evidence.model_fields)
    return HeldOut(
        **{name: getattr(evidence, name) for name in keep},
        p_adjusted=verdict.p_adjusted,
        threshold=verdict.threshold,
    )


def _explored(evidence: Evidence | None) -> Explored | None:
    if evidence is None or evidence.untestable is not None:
        return None
    return Explored(n=evidence.n, effect=evidence.effect, in_units=evidence.in_units)
