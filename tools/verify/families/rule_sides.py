"""Rows inside a frozen rule against the rest, handed to the families that compare two groups.

Knows how a conjunction of conditions becomes a column of two levels, and how the evidence is told back in terms of
the rule. Must never know a test of its own, multiplicity, or on which side of the seal its rows lie.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.rows import Rows
from ...data.schema import Column
from ..clusters import is_constant_within
from ..evidence import Evidence, Picture
from ..hypothesis import Condition, Contrast, GroupDifference, RateDifference, Segment, Subgroup
from ..population import condition_mask, population
from . import group_difference, rate_difference
from .wording import column, condition, one_of

Ruled = Subgroup | Segment
Plain = GroupDifference | RateDifference

INSIDE, REST = "where the rule holds", "elsewhere"
MIN_ROWS = 30
"""Rows that a rule must hold for; the winner's curse of a search is largest in small groups."""
MIN_COVERAGE = 0.05
"""The same as a share of the rows."""
_SERIES = (
    "The rule changes only from one block of time to the next, and neighbouring blocks depend on each other: these "
    "rows cannot tell the claim from two series that drift on their own."
)


def rule_codes(rule: Sequence[Condition], rows: Rows) -> NDArray[np.int32]:
    """0 where every condition holds, 1 where one is known to fail, -1 where missing values leave it open; (n,)."""
    holds, fails = np.ones(rows.n, bool), np.zeros(rows.n, bool)
    for term in rule:
        kept = condition_mask(term, rows)
        holds &= kept
        fails |= ~kept & _known(term.column, rows)
    return np.where(holds, 0, np.where(fails, 1, -1)).astype(np.int32)


def _known(name: str, rows: Rows) -> NDArray[np.bool_]:
    if rows.column(name).type in ("boolean", "category"):
        return rows.codes(name) >= 0
    return ~np.isnan(rows.number(name))


def plain(h: Ruled) -> Plain:
    """The comparison of two groups that the claim comes to, on the columns that `recast` gives."""
    fields: dict[str, Any] = {
        "outcome": h.outcome, "predictor": _name(h), "levels": Contrast(a=(INSIDE,), b=(REST,)),
        "direction": h.direction,
    }  # fmt: skip
    if h.event is None:
        return GroupDifference(**fields)
    return RateDifference(**fields, event=h.event)


def _name(h: Ruled) -> str:
    return "rule" if h.outcome != "rule" else "rule of rows"


def recast(h: Ruled, rows: Rows) -> Rows:
    """The population of the claim with two columns: its outcome, and whether the rule holds."""
    rows = population(h, rows)
    codes, outcome, name = rule_codes(h.rule, rows), rows.column(h.outcome), _name(h)
    label = Column(
        name=name, type="category", storage="VARCHAR", rows=rows.n, missing=int((codes < 0).sum()), distinct=2,
        levels=(INSIDE, REST),
    )  # fmt: skip
    raw = rows.number(h.outcome) if outcome.type in ("number", "datetime") else rows.codes(h.outcome)
    return Rows(
        {h.outcome: outcome, name: label}, {h.outcome: raw, name: codes}, cluster=rows.cluster, serial=rows.serial
    )


def evaluate(h: Ruled, rows: Rows, *, split: str, level: float, draws: int, seed: int) -> Evidence:
    """The evidence of the comparison of two groups, with the floors of a rule, told in terms of the rule."""
    cast, own = recast(h, rows), plain(h)
    family = group_difference.FAMILY if h.event is None else rate_difference.FAMILY
    evidence = family.evaluate(own, cast, split=split, level=level, draws=draws, seed=seed)
    told = _renamed(h, evidence)
    if told.untestable is not None:
        return told
    reason = _too_narrow(told) or _drifting(cast, own)
    return told if reason is None else _refused(told, reason)


def _too_narrow(evidence: Evidence) -> str | None:
    """Why the rule holds for too few rows, or None."""
    inside = evidence.n_per_group[INSIDE]
    if inside < MIN_ROWS:
        return f"The rule holds for only {inside} usable rows; at least {MIN_ROWS} are needed."
    if inside < MIN_COVERAGE * evidence.n:
        share = f"{100 * inside / evidence.n:.1f}"
        return f"The rule holds for only {share} % of the rows; at least {100 * MIN_COVERAGE:.0f} % are needed."
    return None


def _drifting(cast: Rows, own: Plain) -> str | None:
    """Why blocks of a series cannot be compared by this rule, or None."""
    if not cast.serial or cast.cluster is None:
        return None
    codes = cast.codes(own.predictor)
    return _SERIES if is_constant_within(codes[codes >= 0], cast.cluster[codes >= 0]) else None


def _renamed(h: Ruled, evidence: Evidence) -> Evidence:
    labels = (INSIDE, REST)
    groups = tuple(g.model_copy(update={"label": label}) for g, label in zip(evidence.groups, labels, strict=False))
    counts = dict(zip(labels, evidence.n_per_group.values(), strict=False))
    return evidence.model_copy(update={"hypothesis_id": h.content_id(), "groups": groups, "n_per_group": counts})


def _refused(evidence: Evidence, reason: str) -> Evidence:
    kept = ("hypothesis_id", "split", "test", "n", "n_per_group", "missing", "clusters")
    return Evidence(**{k: getattr(evidence, k) for k in kept}, untestable=reason)


def picture(h: Ruled, rows: Rows) -> Picture:
    """Both groups as the families of two groups draw them."""
    family = group_difference.FAMILY if h.event is None else rate_difference.FAMILY
    drawn = family.picture(plain(h), recast(h, rows))
    return drawn.model_copy(update={"x_title": words(h.rule)})


def words(rule: Sequence[Condition]) -> str:
    """The rule as text: `math` is A and `publications` ≥ 1; conditions on one column between two numbers in one."""
    out, done = [], set()
    for term in rule:
        if term.column in done:
            continue
        same = [other for other in rule if other.column == term.column]
        out.append(_several(same) or " and ".join(condition(t) for t in same))
        done.add(term.column)
    return " and ".join(out)


def _several(terms: Sequence[Condition]) -> str | None:
    """Conditions on one column in fewer words, where there are: levels that it is none of."""
    if len(terms) > 1 and all(t.op == "!=" for t in terms):
        return f"{column(terms[0].column)} is not {one_of([str(t.value) for t in terms])}"
    return None
