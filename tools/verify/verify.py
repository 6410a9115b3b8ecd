"""The one door: opens a vault on a ledger receipt, evaluates the committed claims, reveals the verdicts.

Knows the sealed file, the families and the rule. Must never know who drafted a claim or how it will be worded.
This is the only module that reads sealed rows for a verdict; `disclosure` hands them out once they are burnt.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..data.rows import Rows
from ..data.split import SealedSplit
from ..explore.constructed import constructed_pairs
from ..explore.nesting import nested_in
from ..explore.structure import find_structure, structural_pairs
from ..value import digest
from .adjust import adjust
from .adjustment import Marks
from .clusters import centred
from .evidence import Evidence, Picture, Verdict
from .families import FAMILIES
from .families.monotone_association import outcome_values
from .hypothesis import Hypothesis
from .ledger import Ledger
from .multiplicity import Rejections
from .policy import Rule
from .serial import refuse
from .sessions import Receipt, check_receipt, record_open, record_reveal, sessions
from .verdict import Claim, control_errors, decide

DRAWS = 9_999
_ROWS_SEEN = 30_000
"""Rows on which a possible unit of independence is looked for: the first ones, a fixed part of them."""


class Judged(NamedTuple):
    """The verdicts of a batch with their pictures."""

    verdicts: tuple[Verdict, ...]
    rejections: Rejections


def open_vault(split: SealedSplit, ledger: Ledger, receipt: Receipt, claims: Sequence[Hypothesis]) -> Rows:
    """The rows of one vault, after the ledger has recorded that it is being opened.

    Raises:
        SealBroken: if the receipt does not stand in the ledger or does not cover every claim.
    """
    check_receipt(ledger, receipt, claims)
    record_open(ledger, receipt)
    return _read_vault(split, receipt.vault)


def burnt_rows(split: SealedSplit, ledger: Ledger, dataset: str, *, before: int) -> list[Rows]:
    """The rows of vaults below `before` that the ledger records as opened: exploration rows by now."""
    spent = [s.vault for s in sessions(ledger, dataset) if s.opened and s.vault < before]
    return [_read_vault(split, number) for number in spent]


def verify(
    split: SealedSplit,
    ledger: Ledger,
    receipt: Receipt,
    claims: Sequence[Hypothesis],
    exploration: Rows | None,
    *,
    marks: Marks | None = None,
    structural: frozenset[frozenset[str]] = frozenset(),
) -> Judged:
    """The verdicts of a committed batch on the rows of its vault; the vault is burnt when this returns.

    Args:
        split: The sealed data set.
        ledger: The ledger that holds the commitment, locked by the caller.
        receipt: What `commit` returned.
        claims: The committed hypotheses.
        exploration: The rows they were drafted on, for the figures beside the held-out ones; None for the closed
            family of a table too small to split.
        marks: What the user knows of the columns' order, for the check of verified claims against other columns.
        structural: Pairs that follow from how the table is built, found on exploration rows; those of an undivided
            table are looked for here.

    Raises:
        SealBroken: if the receipt does not stand in the ledger or does not cover every claim.
    """
    session = check_receipt(ledger, receipt, claims)
    # First, so that a claim which cannot be measured ends the run before a vault is spent on it.
    before = [None if exploration is None else measure(h, exploration, split="exploration") for h in claims]
    rows = open_vault(split, ledger, receipt, claims)
    if exploration is None:
        structural = _structural(rows)
    judged = judge(
        claims,
        rows,
        session.rule,
        before,
        weight=receipt.weight,
        earlier=receipt.earlier,
        split="held_out" if exploration is not None else "all",
        structural=structural if exploration is None else frozenset(),
    )
    judged = judged._replace(verdicts=adjust(judged.verdicts, rows, exploration, marks or Marks(), structural))
    seen = rows if exploration is None else exploration
    seen = seen.select(np.arange(min(seen.n, _ROWS_SEEN)))
    judged = judged._replace(verdicts=tuple(_warned(v, seen) for v in judged.verdicts))
    record_reveal(ledger, receipt, {v.hypothesis_id: v.outcome for v in judged.verdicts})
    return judged


def _warned(verdict: Verdict, seen: Rows) -> Verdict:
    """The verdict, with a warning where the claim compares a mere property of what may be the real units."""
    h = verdict.hypothesis
    if verdict.outcome != "verified" or h.family in ("invariant", "categorical_association"):
        return verdict
    if seen.column(h.outcome).type not in ("number", "boolean") and getattr(h, "event", None) is None:
        return verdict
    found = nested_in(seen, outcome_values(seen, h.outcome, getattr(h, "event", None)), h.outcome, h.predictor)
    if found is None:
        return verdict
    text = (
        f"Rows of one `{found.unit}` are alike in `{found.outcome}`, and each `{found.unit}` has one `{found.fixed}`: "
        f"this speaks of these {found.units:,} values of `{found.unit}` only. To ask whether it holds for others as "
        f"well, start with `--entity {found.unit}`."
    )
    evidence = verdict.evidence.model_copy(update={"warnings": (*verdict.evidence.warnings, text)})
    return verdict.model_copy(update={"evidence": evidence})


def judge(
    claims: Sequence[Hypothesis],
    rows: Rows,
    rule: Rule,
    exploration: Sequence[Evidence | None],
    *,
    weight: float,
    earlier: int,
    split: str,
    structural: frozenset[frozenset[str]] = frozenset(),
) -> Judged:
    """The verdicts of claims on rows that are open already.

    Args:
        claims: The committed hypotheses.
        rows: The rows to test them on.
        rule: The policy of the batch.
        exploration: For each claim its evidence on exploration rows, or None.
        weight: The vault's share of the error budget.
        earlier: Discoveries of earlier batches.
        split: Which rows these are, for the evidence.
        structural: Pairs that follow from how the table is built; claims on them are not tested.
    """
    tested = [Claim(h, _evaluate(h, rows, split, structural), h.null) for h in claims]
    rejections = control_errors(tested, rule, weight=weight, earlier=earlier)
    tested = [
        _with_interval(claim, rows, split, rejections) if rejected else claim
        for claim, rejected in zip(tested, rejections.rejected, strict=True)
    ]
    verdicts = [
        verdict.model_copy(update={"picture": _picture(verdict, rows)})
        for verdict in decide(tested, rule, rejections, exploration)
    ]
    return Judged(tuple(verdicts), rejections)


def measure(hypothesis: Hypothesis, rows: Rows, *, split: str) -> Evidence:
    """One hypothesis on open rows without a permutation test."""
    return _tested(hypothesis, rows, split, draws=0)


def seed_of(hypothesis: Hypothesis) -> int:
    """The seed of a hypothesis's permutation draws: a function of its content."""
    return int(digest(hypothesis.canonical())[:8], 16)


def _structural(rows: Rows) -> frozenset[frozenset[str]]:
    """Pairs that follow from how the table is built, or from how its columns were made from other tables."""
    found, made = find_structure(rows), [c for c in rows.columns.values() if c.aggregate is not None]
    return structural_pairs(found) | constructed_pairs(made, found)


def _evaluate(hypothesis: Hypothesis, rows: Rows, split: str, structural: frozenset[frozenset[str]]) -> Evidence:
    if hypothesis.follows_from(structural):
        return _not_tested(hypothesis, split, "Follows from how the table is built (see structure): no discovery.")
    return _tested(hypothesis, rows, split, draws=DRAWS, seed=seed_of(hypothesis))


def _tested(hypothesis: Hypothesis, rows: Rows, split: str, **options: int) -> Evidence:
    reason = refuse(hypothesis, rows)
    if reason is not None:
        return _not_tested(hypothesis, split, reason)
    return FAMILIES[hypothesis.family].evaluate(hypothesis, rows, split=split, **options)


def _not_tested(hypothesis: Hypothesis, split: str, reason: str) -> Evidence:
    fields = {"hypothesis_id": hypothesis.content_id(), "split": split, "test": "none", "n": 0}
    return Evidence.model_validate({**fields, "untestable": reason})


def _read_vault(split: SealedSplit, number: int) -> Rows:
    return split.read(split.sealed_file, f"vault_{number}")


def _with_interval(claim: Claim, rows: Rows, split: str, rejections: Rejections) -> Claim:
    """The claim with the interval that keeps its coverage although only verified claims show it."""
    family = FAMILIES[claim.hypothesis.family]
    level = 1 - rejections.level
    wider = family.evaluate(claim.hypothesis, rows, split=split, level=level, draws=0)
    kept = claim.evidence.model_copy(update={"effect": wider.effect, "in_units": wider.in_units})
    return claim._replace(evidence=kept)


def _picture(verdict: Verdict, rows: Rows) -> Picture | None:
    if verdict.outcome == "untestable":
        return None
    family, h = FAMILIES[verdict.hypothesis.family], verdict.hypothesis
    if rows.cluster is None:
        return family.picture(h, rows)
    note = "all rows pooled"
    if verdict.evidence.test.startswith("within-cluster"):
        # A rule's cut points would mean nothing on a column that was moved.
        moved = (h.outcome,) if h.family in ("subgroup", "segment") else (h.outcome, h.predictor)
        rows, note = centred(rows, moved), "rows moved to one average per cluster"
    picture = family.picture(h, rows)
    # Intervals of pooled rows would be too narrow beside those of the clusters: none are drawn.
    bare = tuple({k: v for k, v in record.items() if k not in ("low", "high")} for record in picture.records)
    return picture.model_copy(update={"records": bare, "note": note})
