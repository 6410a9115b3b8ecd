"""The one door: opens a vault on a ledger receipt, evaluates the committed claims, reveals the verdicts.

Of a thread it says whether one claim was verified, and the numbers only when all of them are revealed together.

Knows the sealed file, the families and the rule. Must never know who drafted a claim or how it will be worded.
This is the only module that reads sealed rows for a verdict; `disclosure` hands them out once they are burnt.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ..data.rows import Rows
from ..data.split import SealedSplit
from ..errors import LedgerError, SealBroken
from ..explore.constructed import constructed_pairs
from ..explore.structure import find_structure, structural_pairs
from ..text.evaluate import NO_AIDS, Aids, with_properties
from ..text.repeats import Repeats
from ..value import digest
from .adjust import adjust
from .adjustment import Marks
from .clusters import centred
from .evidence import Evidence, Picture, Verdict
from .families import FAMILIES
from .hypothesis import Hypothesis
from .labels import carried, judged_columns, repeats_of, unlabelled
from .ledger import Ledger
from .multiplicity import Rejections
from .policy import Rule
from .serial import refuse
from .sessions import Receipt, Session, check_receipt, record_open, record_reveal, sessions
from .staged import even_work
from .transcript import Thread, record_verdict, rejection, share_of, thread_of, together
from .units import by_unit, counted_level, counted_p, refuse_unit, unit_warning, warned
from .verdict import Claim, control_errors, decide, locked_p

DRAWS = 9_999
_NO_LABELS: Mapping[str, Repeats] = MappingProxyType({})


class Judged(NamedTuple):
    """The verdicts of a batch with their pictures."""

    verdicts: tuple[Verdict, ...]
    rejections: Rejections


def open_vault(
    split: SealedSplit, ledger: Ledger, receipt: Receipt, claims: Sequence[Hypothesis], aids: Aids = NO_AIDS
) -> Rows:
    """The rows of one vault, after the ledger has recorded that it is being opened, with the claims' text properties.

    Raises:
        SealBroken: if the receipt does not stand in the ledger or does not cover every claim.
    """
    check_receipt(ledger, receipt, claims)
    record_open(ledger, receipt)
    return with_properties(_read_vault(split, receipt.vault), (p for h in claims for p in h.texts), aids)


def burnt_rows(
    split: SealedSplit, ledger: Ledger, dataset: str, *, before: int | None = None, session: Session | None = None
) -> list[Rows]:
    """The rows of burnt vaults: exploration rows by now. Those of an open thread are not among them.

    Args:
        split: The sealed data set.
        ledger: The ledger that says which vaults are burnt.
        dataset: Fingerprint of the data set.
        before: Only vaults below this number; all by default.
        session: The batch or thread that looks at them: only what was burnt when it was committed, so that a replay
            sees what the first run saw. All that are burnt now by default.
    """
    burnt = [s.vault for s in sessions(ledger, dataset) if s.burnt] if session is None else session.after
    return [_read_vault(split, number) for number in burnt if before is None or number < before]


def verify(
    split: SealedSplit,
    ledger: Ledger,
    receipt: Receipt,
    claims: Sequence[Hypothesis],
    exploration: Rows | None,
    *,
    marks: Marks | None = None,
    structural: frozenset[frozenset[str]] = frozenset(),
    aids: Aids = NO_AIDS,
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
        aids: Frozen models that the claims' text properties need.

    Raises:
        SealBroken: if the receipt does not stand in the ledger or does not cover every claim.
    """
    session = check_receipt(ledger, receipt, claims)
    if session.thread:
        raise SealBroken(f"Vault {receipt.vault} belongs to a thread of questions: it is not verified as a batch.")
    # First, so that a claim which cannot be measured ends the run before a vault is spent on it.
    before = [None if exploration is None else measure(h, exploration, split="exploration") for h in claims]
    rows = open_vault(split, ledger, receipt, claims, aids)
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
        labels=repeats_of(claims, rows, aids),
    )
    judged = judged._replace(verdicts=adjust(judged.verdicts, rows, exploration, marks or Marks(), structural))
    if exploration is None:
        judged = judged._replace(verdicts=warned(judged.verdicts, rows))
    late = {h.content_id() for h in claims if judged_columns(h)}
    record_reveal(ledger, receipt, {v.hypothesis_id: v.outcome for v in judged.verdicts}, late)
    return judged


def answer(
    split: SealedSplit,
    ledger: Ledger,
    receipt: Receipt,
    claims: Sequence[Hypothesis],
    *,
    structural: frozenset[frozenset[str]] = frozenset(),
    aids: Aids = NO_AIDS,
) -> bool:
    """Whether the last claim of a thread is verified on its vault; nothing else of these rows is told.

    Args:
        split: The sealed data set.
        ledger: The ledger that holds the claim, locked by the caller.
        receipt: What `thread_receipt` returned once the claim was committed.
        claims: All claims of the thread.
        structural: Pairs that follow from how the table is built; a claim on them is not verified.
        aids: Frozen models that the claims' text properties need.

    Raises:
        SealBroken: if the receipt does not stand in the ledger, or no claim waits for its verdict.
    """
    check_receipt(ledger, receipt, claims)
    thread = thread_of(ledger, receipt)
    pending = thread.pending
    if pending is None:
        raise SealBroken(f"No question of the thread on vault {receipt.vault} waits for a verdict.")
    rows = open_vault(split, ledger, receipt, claims, aids)
    with even_work():  # how long it takes is no second answer
        verified = locked_p(_claim(pending.claim(), rows, structural)) <= pending.level
    record_verdict(ledger, receipt.dataset, thread, verified)
    return verified


def reveal(
    split: SealedSplit,
    ledger: Ledger,
    receipt: Receipt,
    claims: Sequence[Hypothesis],
    exploration: Rows,
    *,
    marks: Marks | None = None,
    structural: frozenset[frozenset[str]] = frozenset(),
    aids: Aids = NO_AIDS,
) -> Judged:
    """The verdicts of a whole thread with their numbers; its vault is burnt when this returns.

    Args:
        split: The sealed data set.
        ledger: The ledger that holds the thread, locked by the caller.
        receipt: The thread's receipt for all of its claims.
        claims: All claims of the thread, in the order in which they were asked.
        exploration: The rows they were made on.
        marks: What the user knows of the columns' order.
        structural: Pairs that follow from how the table is built, as for `answer`.
        aids: Frozen models that the claims' text properties need.

    Raises:
        SealBroken: if the receipt does not stand in the ledger, or a claim waits for its verdict.
        LedgerError: if a verdict that was told is not the one that these numbers give.
    """
    check_receipt(ledger, receipt, claims)
    thread = thread_of(ledger, receipt)
    if thread.pending is not None:
        raise SealBroken(f"Question {thread.pending.number} of the thread waits for its verdict: answer it first.")
    before = [measure(h, exploration, split="exploration") for h in claims]
    rows = open_vault(split, ledger, receipt, claims, aids)
    judged = judge_thread(thread, rows, before, structural=structural)
    judged = judged._replace(verdicts=adjust(judged.verdicts, rows, exploration, marks or Marks(), structural))
    record_reveal(ledger, receipt, {v.hypothesis_id: v.outcome for v in judged.verdicts})
    return judged


def judge_thread(
    thread: Thread,
    rows: Rows,
    exploration: Sequence[Evidence | None],
    *,
    structural: frozenset[frozenset[str]] = frozenset(),
) -> Judged:
    """The verdicts of a thread's claims on rows that are open already, each at its own level.

    Args:
        thread: The thread, every claim answered.
        rows: The rows of its vault.
        exploration: For each claim its evidence on exploration rows, or None.
        structural: Pairs that follow from how the table is built; claims on them are not tested.

    Raises:
        LedgerError: if a verdict that was told is not the one that these numbers give.
    """
    verdicts, every = [], []
    for question, explored in zip(thread.questions, exploration, strict=True):
        tested = _claim(question.claim(), rows, structural)
        own = rejection(locked_p(tested), thread, question)
        if own.rejected[0] != question.verified:
            raise LedgerError(
                f"Question {question.number} of the thread was answered otherwise than its numbers say now. Reveal it "
                "with the version of heldout that answered it."
            )
        if own.rejected[0]:
            tested = _with_interval(tested, rows, "held_out", own)
        # Whether a claim is refuted was never told before, but which claims were asked depends on what was.
        rule = thread.rule.model_copy(update={"refute_q": thread.rule.refute_q * share_of(question)})
        [verdict] = decide([tested], rule, own, [explored])
        verdicts.append(verdict.model_copy(update={"picture": _picture(verdict, rows)}))
        every.append(own)
    return Judged(tuple(verdicts), together(every))


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
    labels: Mapping[str, Repeats] = _NO_LABELS,
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
        labels: Second labels of these documents, by the column that a language model answered.
    """
    tested = [_claim(h, rows, structural, split, labels) for h in claims]
    rejections = control_errors(tested, rule, weight=weight, earlier=earlier)
    tested = [
        _with_interval(claim, rows, split, rejections, labels) if rejected else claim
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


def _claim(
    hypothesis: Hypothesis, rows: Rows, structural: frozenset[frozenset[str]], split: str = "held_out",
    labels: Mapping[str, Repeats] = _NO_LABELS,
) -> Claim:  # fmt: skip
    reason = unlabelled(hypothesis, labels)
    if reason is not None:
        return Claim(hypothesis, _not_tested(hypothesis, split, reason), hypothesis.null)
    evidence = _evaluate(hypothesis, rows, split, structural)
    return Claim(hypothesis, carried(hypothesis, evidence, labels), hypothesis.null)


def _evaluate(hypothesis: Hypothesis, rows: Rows, split: str, structural: frozenset[frozenset[str]]) -> Evidence:
    if hypothesis.follows_from(structural):
        return _not_tested(hypothesis, split, "Follows from how the table is built (see structure): no discovery.")
    return _tested(hypothesis, rows, split, draws=DRAWS, seed=seed_of(hypothesis))


def _tested(hypothesis: Hypothesis, rows: Rows, split: str, **options: int) -> Evidence:
    own = by_unit(hypothesis, rows)
    reason = refuse(hypothesis, rows) or refuse_unit(hypothesis, own)
    if reason is not None:
        return _not_tested(hypothesis, split, reason)
    evidence = FAMILIES[hypothesis.family].evaluate(hypothesis, own, split=split, **options)
    if hypothesis.unit is None or evidence.p_value is None:
        return evidence
    told = unit_warning(hypothesis.unit, hypothesis.predictor, evidence.clusters or 0)
    warnings = (*evidence.warnings, told)
    return evidence.model_copy(update={"p_value": counted_p(hypothesis, evidence.p_value), "warnings": warnings})


def _not_tested(hypothesis: Hypothesis, split: str, reason: str) -> Evidence:
    fields = {"hypothesis_id": hypothesis.content_id(), "split": split, "test": "none", "n": 0}
    return Evidence.model_validate({**fields, "untestable": reason})


def _read_vault(split: SealedSplit, number: int) -> Rows:
    return split.read(split.sealed_file, f"vault_{number}")


def _with_interval(
    claim: Claim, rows: Rows, split: str, rejections: Rejections, labels: Mapping[str, Repeats] = _NO_LABELS
) -> Claim:
    """The claim with the interval that keeps its coverage although only verified claims show it."""
    h = claim.hypothesis
    level = 1 - counted_level(h, rejections.level)
    wider = carried(h, FAMILIES[h.family].evaluate(h, by_unit(h, rows), split=split, level=level, draws=0), labels)
    kept = claim.evidence.model_copy(update={"effect": wider.effect, "in_units": wider.in_units})
    return claim._replace(evidence=kept)


def _picture(verdict: Verdict, rows: Rows) -> Picture | None:
    if verdict.outcome == "untestable":
        return None
    family, h = FAMILIES[verdict.hypothesis.family], verdict.hypothesis
    rows = by_unit(h, rows)
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
