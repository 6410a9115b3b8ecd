"""The unit of independence of one claim, where that is coarser than the row: the stores whose location it compares.

Knows claims, and units that were found on exploration rows. Must never read a sealed row to decide what a unit is.
Rows of one store lie on both sides of the seal, so what their store has by chance was seen already: the held-out test
counts each store once, and its p-value is multiplied by the number of claims of this kind that could have been picked
(Bonferroni), since the rows alone no longer protect against having looked (decision 009).
"""

from collections.abc import Sequence

import numpy as np

from ..data.rows import Rows
from ..data.schema import Column
from ..explore.nesting import Nest, Nests
from .claims import ClaimUnit
from .clusters import is_fixed
from .evidence import Evidence, Verdict
from .hypothesis import Hypothesis, Interaction, Segment, Subgroup

COUNTABLE = frozenset(
    {
        "group_difference", "rate_difference", "mean_difference", "quantile_difference", "occurrence_difference",
        "rate_ratio", "monotone_association", "categorical_association", "shift", "adjusted_association",
    }
)  # fmt: skip
"""Families of which a pair of columns offers a countable number of claims: no cut points, rules or orders to choose."""
_UNTOUCHED = frozenset({"invariant", "trend", "seasonality", "change_point"})
"""Families that compare nothing, or guard by themselves against neighbours in time that are alike."""
_FACES = 3
"""Claims that a number offers for one contrast: where it lies, a far quantile, how often it is above 0."""


def with_unit(h: Hypothesis, nests: Nests) -> Hypothesis:
    """The claim with the unit of which its predictor is a mere property, where rows of that unit are alike.

    Args:
        h: A claim, not yet committed.
        nests: The possible units, found on exploration rows.
    """
    if h.family in _UNTOUCHED or not nests.nests:
        return h
    event = getattr(h, "event", None)
    nest = _owner(h, nests, event)
    if nest is None:
        return h
    return h.model_copy(update={"unit": ClaimUnit(column=nest.unit, tried=_offered(nests, nest))})


def by_unit(h: Hypothesis, rows: Rows) -> Rows:
    """The rows with the claim's own unit as their clusters, without those whose unit is missing."""
    if h.unit is None or rows.cluster is not None:
        return rows
    column = rows.column(h.unit.column)
    codes = rows.ordinal(column.name)[0] if column.type == "datetime" else rows.codes(column.name)
    known = codes >= 0
    return rows.select(known).clustered(codes[known].astype(np.int32))


def refuse_unit(h: Hypothesis, rows: Rows) -> str | None:
    """Why a claim on properties of a unit cannot be tested on `rows` (clustered by it), or None."""
    if h.unit is None:
        return None
    unit = h.unit.column
    if h.family not in COUNTABLE:
        return (
            f"Rows of one `{unit}` are alike, and what this claim compares are properties of `{unit}`: nothing of that "
            f"kind was sealed. Seal new rows with `--entity {unit}`, which keeps whole values of `{unit}` apart."
        )
    if not is_fixed(rows, h.predictor) and is_fixed(rows, h.outcome):
        return f"Each `{unit}` has one `{h.outcome}`: state the claim the other way round, as one by `{h.outcome}`."
    return None


def counted_p(h: Hypothesis, p: float) -> float:
    """The p-value corrected for the claims of this kind that could have been picked."""
    return p if h.unit is None else min(1.0, h.unit.tried * p)


def of_test(h: Hypothesis, evidence: Evidence) -> Evidence:
    """The evidence with the p-value of the test itself, on the level of its interval: what words are chosen by."""
    if h.unit is None or evidence.p_value is None:
        return evidence
    return evidence.model_copy(update={"p_value": evidence.p_value / h.unit.tried})


def counted_level(h: Hypothesis, level: float) -> float:
    """The level that the test itself has to reach for the corrected p-value to reach `level`."""
    return level if h.unit is None else level / h.unit.tried


def unit_warning(own: ClaimUnit, predictor: str, clusters: int) -> str:
    """What a reader should know of a verified claim with a unit of its own."""
    unit = own.column
    return (
        f"Rows of one `{unit}` are alike and each has one `{predictor}`, so the test counts {clusters:,} values of "
        f"`{unit}` and not rows. The same values were explored: p is {own.tried:,} times that of the test, one for "
        f"each claim of this kind that could have been picked. To ask of other values of `{unit}`, seal new rows with "
        f"`--entity {unit}`."
    )


def warned(verdicts: Sequence[Verdict], rows: Rows) -> tuple[Verdict, ...]:
    """The verdicts of a closed list, where a unit could not be set beforehand: verified ones say what they speak of."""
    nests, out = Nests(rows), []
    for verdict in verdicts:
        unit = with_unit(verdict.hypothesis, nests).unit if verdict.outcome == "verified" else None
        if unit is None:
            out.append(verdict)
            continue
        text = (
            f"Rows of one `{unit.column}` are alike, and each has one `{verdict.hypothesis.predictor}`: this speaks of "
            f"these values of `{unit.column}` only. To ask of others, seal new rows with `--entity {unit.column}`."
        )
        evidence = verdict.evidence.model_copy(update={"warnings": (*verdict.evidence.warnings, text)})
        out.append(verdict.model_copy(update={"evidence": evidence}))
    return tuple(out)


def _owner(h: Hypothesis, nests: Nests, event: str | None) -> Nest | None:
    if isinstance(h, (Subgroup, Segment)):
        return nests.owner_of([t.column for t in h.rule], h.outcome, event, (h.outcome,))
    nest = nests.owner_of([h.predictor], h.outcome, event, (h.outcome, h.predictor))
    if isinstance(h, Interaction):
        # What varies within a unit on one side cancels the unit's level; a phase of a date is a property of the date.
        return nest if nest is not None and h.moderator in {nest.unit, *nest.fixed} else None
    return nest or nests.owner_of([h.outcome], h.predictor, None, (h.outcome, h.predictor))


def _offered(nests: Nests, nest: Nest) -> int:
    """How many claims of countable kinds the properties of a unit offer, given what is alike in it."""
    columns = nests.rows.columns
    outcomes = {c.name: _faces(c) for c in columns.values() if c.name in nest.fixed or _outcome(nests, nest, c.name)}
    whole = sum(outcomes.values())
    return max(1, sum(_contrasts(columns[x]) * (whole - outcomes[x]) for x in nest.fixed))


def _outcome(nests: Nests, nest: Nest, name: str) -> bool:
    return name != nest.unit and nests.alike(nest, name)


def _faces(column: Column) -> int:
    if column.type in ("number", "datetime"):
        return _FACES
    return max(1, len(column.levels)) if column.type == "category" else 1


def _contrasts(column: Column) -> int:
    """Contrasts of a predictor: each two levels, each level against the rest; one for a number."""
    k = len(column.levels)
    if column.type in ("number", "datetime") or k <= 2:
        return 1
    return k * (k - 1) // 2 + k
