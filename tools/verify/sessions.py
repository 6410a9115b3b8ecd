"""What a data set has spent: its seal, its batches and its threads, read from the ledger and written to it.

Knows ledger entries and what they mean for vaults and weights. Must never know rows or verdict rules.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import Field

from ..data.split_plan import Lineage, Plan
from ..errors import NoVaultLeft, SealBroken
from ..value import Value, canonical_json, counted, digest
from .exposures import Exposure, covering, exposures, freshest
from .hypothesis import Hypothesis, parse
from .ledger import Entry, Ledger
from .policy import Rule

CLOSE = "heldout ask FILE --reveal"
"""The command that closes an open thread, as messages name it."""


class Session(Value):
    """One committed batch of a data set, or one thread of questions, whose claims are committed one by one."""

    number: int
    vault: int
    request: str
    """Digest of what was asked: focus, rule and drafter."""
    batch: str
    """Digest of the claims and the rule."""
    rule: Rule
    weight: float
    earlier: int
    """Discoveries of earlier batches, as counted when this one was committed."""
    hypotheses: tuple[dict[str, Any], ...]
    drafted: int = 0
    """Claims that were drafted before this batch was chosen from them."""
    model: dict[str, Any] | None = Field(default=None, exclude_if=lambda model: model is None)
    """A language model's part in the drafts: which model and prompts, what it cost, which claims are its."""
    opened: bool = False
    verified: int | None = None
    """Discoveries of this batch once revealed."""
    thread: bool = Field(default=False, exclude_if=lambda thread: not thread)
    """Whether it is a thread: opened by its first claim, burnt when it is revealed."""
    found: int = Field(default=0, exclude=True)
    """For a thread: claims verified so far. Not part of the record."""
    after: tuple[int, ...] = Field(default=(), exclude=True)
    """Vaults that were burnt when it was committed: their rows were exploration rows then. Not part of the record."""
    handed: str | None = Field(default=None, exclude=True)
    """Fingerprint of the data set that the vault was handed on to. Of a vault that nothing had opened this stands
    alone, with no claims: it is spent here. Not part of the record."""

    @property
    def burnt(self) -> bool:
        """Whether the rows of its vault may be looked at by all that comes later."""
        untouched = self.handed is not None and not self.hypotheses
        return self.opened and not untouched and (not self.thread or self.verified is not None)

    @property
    def discoveries(self) -> int:
        """Claims that were verified, as far as anybody was told."""
        return self.found if self.verified is None else self.verified

    def claims(self) -> tuple[Hypothesis, ...]:
        """The committed hypotheses."""
        return tuple(parse(h) for h in self.hypotheses)


class Receipt(Value):
    """Proof that a batch stands in the ledger; the only key to its vault."""

    dataset: str
    session: int
    vault: int
    weight: float
    earlier: int
    batch: str
    hypothesis_ids: tuple[str, ...]
    head: str
    """The chained hash after the commitment."""


def sessions(ledger: Ledger, dataset: str) -> tuple[Session, ...]:
    """The batches and threads of a data set by vault; what was never opened gives way to a later one."""
    found: dict[int, Session] = {}
    for entry in ledger.entries(dataset):
        if entry.kind in ("commit", "thread_open"):
            after = tuple(sorted(n for n, s in found.items() if s.burnt))
            begun = Session.model_validate(entry.body)
            found[begun.number] = begun.model_copy(update={"after": after})
        elif entry.kind == "handed":
            found.update(_handed(found, entry))
        elif entry.kind not in ("seal", "exposed"):
            number = entry.body["number"]
            found[number] = found[number].model_copy(update=_step(found[number], entry))
    return tuple(found[n] for n in sorted(found))


def _handed(found: Mapping[int, Session], entry: Entry) -> dict[int, Session]:
    """What becomes of vaults that are handed on: whatever was not opened is gone, an open thread is ended."""
    heir, rule = entry.body["to"], Rule()
    out = {}
    for number in entry.body["vaults"]:
        own = found.get(number)
        if own is None or not own.opened:
            own = Session(
                number=number, vault=number, request="", batch="", rule=rule, weight=0.0, earlier=0, hypotheses=(),
                opened=True,
            )  # fmt: skip
        out[number] = own.model_copy(update={"handed": heir})
    return out


def inherited(ledger: Ledger, dataset: str) -> int:
    """Discoveries on the vaults of a data set that were made under the names of earlier ones; see `Plan.lineage`."""
    seal = next((e.body for e in ledger.entries(dataset) if e.kind == "seal"), {})
    return int((seal.get("lineage") or {}).get("earlier", 0))


def outcomes(ledger: Ledger, dataset: str) -> dict[int, dict[str, str]]:
    """What became of each claim, by batch and by the claim's id, where it was revealed."""
    return {e.body["number"]: dict(e.body["outcomes"]) for e in ledger.entries(dataset) if e.kind == "reveal"}


def _step(session: Session, entry: Entry) -> dict[str, Any]:
    """What an entry changes in the batch or thread that it belongs to."""
    if entry.kind == "open":
        return {"opened": True}
    if entry.kind == "thread_claim":
        hypotheses = (*session.hypotheses, entry.body["hypothesis"])
        batch = batch_id([parse(h) for h in hypotheses], session.rule)
        return {"hypotheses": hypotheses, "batch": batch, "drafted": len(hypotheses), "opened": True}
    if entry.kind == "thread_verdict":
        return {"found": session.found + entry.body["verified"]}
    return {"verified": sum(1 for outcome in entry.body["outcomes"].values() if outcome == "verified")}


def next_vault(
    plan: Plan,
    known: Sequence[Session],
    shown: Sequence[Exposure] = (),
    claims: Sequence[Hypothesis] | None = None,
) -> int:
    """The number of the first vault that no batch and no thread has opened.

    Args:
        plan: How the data set is sealed.
        known: Its batches and threads.
        shown: What was shown of sealed rows: vaults on which claims could not be tested for it come last.
        claims: The claims of the batch, where they are known.

    Raises:
        NoVaultLeft: if all are spent.
    """
    spent = {s.vault for s in known if s.opened}
    free = [v.number for v in plan.vaults if v.number not in spent]
    if free:
        return freshest(free, shown, claims)
    heir = next((s.handed for s in known if s.handed is not None), None)
    if heir is not None:
        raise NoVaultLeft(
            f"No vault of these data is left: their rows were sealed again as part of data set {heir[:16]}…, which has "
            "the vaults now. Ask there, or ask an earlier question again for its report."
        )
    if plan.lineage is not None:
        raise NoVaultLeft(_known_and_spent(plan.lineage))
    held = next((s for s in known if s.opened and not s.burnt), None)
    if held is not None:
        raise NoVaultLeft(
            f"No vault of these data is left: an open thread of questions holds vault {held.vault} of "
            f"{len(plan.vaults)}. Ask on in the thread, or close it with `{CLOSE}`, which shows its numbers; a new "
            "batch needs new rows."
        )
    raise NoVaultLeft(
        f"Every vault of these data is spent ({len(spent)} of {len(plan.vaults)}): a new question needs new rows. "
        "Ask an earlier question again for its report, or look without verdicts: `heldout explain … --explore-only`."
    )


def _known_and_spent(lineage: Lineage) -> str:
    """Why a table of known rows has no vault left, and what makes one."""
    are = "unit is" if lineage.known == 1 else "units are"
    waiting = counted(lineage.waiting, "new one waits", "new ones wait") if lineage.waiting else "none is new"
    return (
        f"No vault of these data is left: {lineage.known:,} {are} known from `{lineage.name}` (data set "
        f"{lineage.dataset[:16]}…), whose vaults are spent or handed on, and {waiting}: {lineage.needed:,} that "
        f"nothing has looked at make vaults of their own{lineage.why_so_many}. Ask an earlier question again for its "
        "report, bring more rows, or look without verdicts: `heldout explain … --explore-only`."
    )


def commit(
    ledger: Ledger,
    dataset: str,
    plan: Plan,
    hypotheses: Sequence[Hypothesis],
    rule: Rule,
    *,
    request: str,
    drafted: int = 0,
    model: dict[str, Any] | None = None,
    fixed: bool = False,
) -> Receipt:
    """Freeze a batch in the ledger, before a row of its vault is read.

    Args:
        ledger: The ledger, locked by the caller.
        dataset: Fingerprint of the data set.
        plan: How it is sealed.
        hypotheses: The claims.
        rule: What they are judged by.
        request: Digest of what was asked.
        drafted: Claims that were drafted before these were chosen.
        model: A language model's part in them, for the record.
        fixed: Whether the claims follow from names and types alone: nothing that was shown can have chosen them.

    Raises:
        NoVaultLeft: if no vault is left.
        SealBroken: if a claim relates columns that were shown together from the rows of the vault.
    """
    known, shown = sessions(ledger, dataset), () if fixed else exposures(ledger, dataset)
    claims = sorted((h.content_id(), h) for h in hypotheses)
    vault = next_vault(plan, known, shown, [h for _, h in claims])
    check_unseen([h for _, h in claims], shown, vault)
    session = Session(
        number=vault,
        vault=vault,
        request=request,
        batch=batch_id([h for _, h in claims], rule),
        rule=rule,
        weight=next(v.weight for v in plan.vaults if v.number == vault),
        earlier=inherited(ledger, dataset) + sum(s.discoveries for s in known if s.opened),
        hypotheses=tuple(h.as_json() for _, h in claims),
        drafted=max(drafted, len(claims)),
        model=model,
    )
    ledger.append("commit", dataset, session.as_json())
    return receipt_of(ledger, dataset, session)


def check_unseen(hypotheses: Sequence[Hypothesis], shown: Sequence[Exposure], vault: int) -> None:
    """Refuse claims on columns that were shown together from the rows of a vault.

    Raises:
        SealBroken: that names the first of them.
    """
    for hypothesis in hypotheses:
        seen = covering(hypothesis, shown, vault)
        if seen is not None:
            names = " and ".join(f"`{c}`" for c in seen.columns if c in hypothesis.columns)
            raise SealBroken(
                f"Hypothesis {hypothesis.content_id()!r} cannot be tested on vault {vault}: an answer from all rows "
                f"showed {names} of it. Bring new rows."
            )


def receipt_of(ledger: Ledger, dataset: str, session: Session) -> Receipt:
    """The receipt of a batch that stands in the ledger."""
    return Receipt(
        dataset=dataset,
        session=session.number,
        vault=session.vault,
        weight=session.weight,
        earlier=session.earlier,
        batch=session.batch,
        hypothesis_ids=tuple(h.content_id() for h in session.claims()),
        head=_commit_hash(ledger, dataset, session),
    )


def check_receipt(ledger: Ledger, receipt: Receipt, hypotheses: Sequence[Hypothesis]) -> Session:
    """The session that a receipt stands for, if these are its claims: all of them, each once, in any order.

    A part of a batch would be corrected for fewer claims than were committed, and a claim given twice for more.

    Raises:
        SealBroken: if the ledger does not hold the commitment, or the hypotheses are not those committed.
    """
    session = session_of(ledger, receipt)
    given, committed = Counter(h.content_id() for h in hypotheses), Counter(receipt.hypothesis_ids)
    strange, twice, missing = (sorted(x) for x in (set(given) - set(committed), given - committed, committed - given))
    if strange:
        why = f"no receipt covers hypothesis {strange[0]!r}. Commit it before it is verified."
    elif twice:
        why = f"hypothesis {twice[0]!r} was given {given[twice[0]]} times. Give each committed hypothesis once."
    elif missing:
        why = (
            f"{len(missing)} of the {len(receipt.hypothesis_ids)} committed hypotheses were left out, such as "
            f"{missing[0]!r}. Verify the whole batch: its errors are controlled together."
        )
    else:
        return session
    raise SealBroken(f"Held-out rows are still sealed: {why}")


def session_of(ledger: Ledger, receipt: Receipt) -> Session:
    """The session that a receipt stands for, whatever is to be done with it.

    Raises:
        SealBroken: if the ledger does not hold the commitment.
    """
    for session in sessions(ledger, receipt.dataset):
        if session.number == receipt.session and receipt_of(ledger, receipt.dataset, session) == receipt:
            return session
    raise SealBroken(
        f"Held-out rows are still sealed: batch {receipt.batch[:12]!r} does not stand in the ledger. "
        "Commit it before it is verified."
    )


def record_open(ledger: Ledger, receipt: Receipt) -> None:
    """Write down that a vault is being opened, before it is; once, however often the batch is replayed."""
    for session in sessions(ledger, receipt.dataset):
        if session.number == receipt.session and session.opened:
            return
    ledger.append("open", receipt.dataset, {"number": receipt.session, "vault": receipt.vault})


def record_reveal(ledger: Ledger, receipt: Receipt, outcomes: Mapping[str, str], late: Collection[str] = ()) -> None:
    """Write down what became of each claim, once; from here on the vault is burnt.

    A second time only where claims of `late` could not be tested for want of a model's labels that are there now: they
    were committed and counted with the others, so every verdict is the one that it would have had at once.
    """
    known = [e.body["outcomes"] for e in ledger.entries(receipt.dataset) if e.kind == "reveal" and _is_of(e, receipt)]
    if known and not any(known[-1].get(i) == "untestable" and outcomes[i] != "untestable" for i in late):
        return
    ledger.append("reveal", receipt.dataset, {"number": receipt.session, "outcomes": dict(outcomes)})


def _is_of(entry: Entry, receipt: Receipt) -> bool:
    return entry.body["number"] == receipt.session


def batch_id(hypotheses: Sequence[Hypothesis], rule: Rule) -> str:
    """Digest of a batch: its claims in any order, and the rule."""
    return digest(canonical_json([sorted(h.content_id() for h in hypotheses), rule.as_json()]))


def _commit_hash(ledger: Ledger, dataset: str, session: Session) -> str:
    """The hash of the entry that last committed a claim of the session; empty where it does not stand there."""
    if session.thread:
        kinds = ("thread_open", "thread_claim")
        own = [e for e in ledger.entries(dataset) if e.kind in kinds and e.body["number"] == session.number]
        return own[-1].hash if own else ""
    body = session.model_copy(update={"opened": False, "verified": None}).as_json()
    for entry in reversed(ledger.entries(dataset)):
        if entry.kind == "commit" and entry.body == body:
            return entry.hash
    return ""
