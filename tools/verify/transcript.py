"""Questions in a thread: one vault, a claim at a time, and only whether each was verified leaves it until the end.

Knows levels, counts and the ledger's entries on threads. Must never know rows, a p-value, or more of an unrevealed
verdict than that it was verified or not.

Transcript-LOND (decision 010). Whoever asks, what is asked next is a function of the verdicts so far, so the claims of
a thread lie on a tree of verdict histories. A history of t answers of which r were `verified` gets the share
gamma_t / ((t + 1) C(t, r)) of the thread's budget; over the whole tree the shares sum to at most 1.
"""

from collections.abc import Mapping, Sequence
from math import comb, fsum
from typing import Any

from ..data.split import Plan
from ..errors import LedgerError, NoVaultLeft, SealBroken
from ..value import Value
from .exposures import exposures
from .hypothesis import Hypothesis, parse
from .ledger import Ledger
from .multiplicity import Rejections
from .policy import Rule
from .sessions import (
    CLOSE,
    Receipt,
    Session,
    batch_id,
    check_unseen,
    inherited,
    next_vault,
    receipt_of,
    sessions,
)

MOST = 50
"""Claims of one thread; its budget is spread over so many."""
_HARMONIC = fsum(1 / t for t in range(1, MOST + 1))


class Question(Value):
    """One claim of a thread as the ledger holds it."""

    number: int
    """Its place in the thread, from 1."""
    hypothesis: dict[str, Any]
    verified_before: int
    """Claims of the thread that were verified before it."""
    earlier: int
    """Discoveries outside the thread when it was committed."""
    level: float
    """The p-value that it has to meet."""
    verified: bool | None = None
    """The verdict; None while it was not reached."""

    def claim(self) -> Hypothesis:
        """The committed hypothesis."""
        return parse(self.hypothesis)


class Thread(Value):
    """One thread: its vault, its rule and what was asked."""

    vault: int
    request: str
    """Digest of how the source is read and by what rule it is judged."""
    rule: Rule
    weight: float
    """The vault's share of the error budget."""
    questions: tuple[Question, ...] = ()
    outcomes: dict[str, str] | None = None
    """What became of each claim, once revealed."""

    @property
    def method(self) -> str:
        """The name of the error control in the field's words."""
        return "transcript-LOND" if self.rule.control == "fdr" else "transcript-Bonferroni"

    @property
    def pending(self) -> Question | None:
        """The claim that was committed and not answered, if a crash left one."""
        return self.questions[-1] if self.questions and self.questions[-1].verified is None else None

    @property
    def found(self) -> int:
        """Claims verified so far."""
        return sum(q.verified or False for q in self.questions)

    @property
    def left(self) -> int:
        """Claims that may still be asked."""
        return 0 if self.outcomes is not None else MOST - len(self.questions)


def spending(asked: int) -> float:
    """The share gamma of a thread's budget for the claim that follows `asked` others: 1 / t over the first fifty."""
    return 0.0 if asked >= MOST else 1 / ((asked + 1) * _HARMONIC)


def share(asked: int, verified: int) -> float:
    """The share of a thread's budget that belongs to one history of verdicts: gamma_t / ((t + 1) C(t, r))."""
    return spending(asked) / ((asked + 1) * comb(asked, verified))


def level(rule: Rule, weight: float, *, asked: int, verified: int, earlier: int) -> float:
    """The p-value that the next claim of a thread has to meet.

    Args:
        rule: The policy. With `fwer` discoveries earn nothing, so that no false claim at all is likely.
        weight: The vault's share of the error budget.
        asked: Claims of the thread so far.
        verified: Those of them that were verified.
        earlier: Discoveries of other batches and threads on these data.
    """
    own = rule.alpha * weight * share(asked, verified)
    return own if rule.control == "fwer" else min(rule.alpha, own * (earlier + verified + 1))


def share_of(question: Question) -> float:
    """The share of the thread's budget that belonged to a question."""
    return share(question.number - 1, question.verified_before)


def rejection(p: float, thread: Thread, question: Question) -> Rejections:
    """What error control makes of one question with this p-value, at the level that the ledger holds."""
    unit = thread.weight * share_of(question)
    if thread.rule.control == "fdr":
        unit = min(1.0, unit * (question.earlier + question.verified_before + 1))
    return Rejections(
        rejected=(p <= question.level,), adjusted=(min(1.0, p / unit),), level=question.level,
        next_level=question.level,
    )  # fmt: skip


def together(every: Sequence[Rejections]) -> Rejections:
    """The rejections of a thread's questions as one value; its levels are the largest of theirs."""
    return Rejections(
        rejected=tuple(r.rejected[0] for r in every),
        adjusted=tuple(r.adjusted[0] for r in every),
        level=max((r.level for r in every), default=0.0),
        next_level=max((r.next_level for r in every), default=0.0),
    )


def threads(ledger: Ledger, dataset: str) -> tuple[Thread, ...]:
    """The threads of a data set by vault, open and revealed; one that never asked gives way to a batch."""
    found: dict[int, Thread] = {}
    for entry in ledger.entries(dataset):
        body = entry.body
        number = body.get("number")
        if entry.kind == "thread_open":
            found = {n: t for n, t in found.items() if t.questions}
            found[body["number"]] = Thread(
                vault=body["vault"], request=body["request"], rule=body["rule"], weight=body["weight"]
            )
        elif entry.kind == "commit":
            found.pop(body["number"], None)
        elif number in found:
            found[number] = found[number].model_copy(update=_step(found[number], entry.kind, body))
    return tuple(found[n] for n in sorted(found))


def _step(thread: Thread, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry changes in its thread."""
    if kind == "thread_claim":
        question = Question(
            number=body["question"], hypothesis=body["hypothesis"], verified_before=thread.found,
            earlier=body["earlier"], level=body["level"],
        )  # fmt: skip
        return {"questions": (*thread.questions, question)}
    if kind == "thread_verdict":
        answered = thread.questions[-1].model_copy(update={"verified": body["verified"]})
        return {"questions": (*thread.questions[:-1], answered)}
    return {"outcomes": dict(body["outcomes"])}


def open_thread(ledger: Ledger, dataset: str) -> Thread | None:
    """The thread that is not revealed yet, if there is one."""
    return next((t for t in threads(ledger, dataset) if t.outcomes is None), None)


def begin(ledger: Ledger, dataset: str, plan: Plan, rule: Rule, *, request: str) -> Thread:
    """The open thread of a data set, begun on the next vault where there is none.

    Its vault is taken by its first claim; until then a batch may take it.

    Raises:
        NoVaultLeft: if no vault is left.
        LedgerError: if a thread is open that reads the source in another way or judges by another rule.
    """
    standing = open_thread(ledger, dataset)
    if standing is not None and not standing.questions and not _just_begun(ledger, dataset, standing, request):
        standing = None
    if standing is None:
        known = sessions(ledger, dataset)
        vault = next_vault(plan, known, exposures(ledger, dataset))
        begun = Session(
            number=vault, vault=vault, request=request, batch=batch_id((), rule), rule=rule,
            weight=next(v.weight for v in plan.vaults if v.number == vault),
            earlier=inherited(ledger, dataset) + sum(s.discoveries for s in known if s.opened), hypotheses=(),
            thread=True,
        )  # fmt: skip
        ledger.append("thread_open", dataset, begun.as_json())
        return Thread(vault=vault, request=request, rule=rule, weight=begun.weight)
    if standing.request != request:
        raise LedgerError(
            "A thread of questions is open on these data under other settings (error level, smallest effects, links). "
            f"Ask with the same ones, or close it with `{CLOSE}`, which shows its numbers."
        )
    return standing


def _just_begun(ledger: Ledger, dataset: str, thread: Thread, request: str) -> bool:
    """Whether a thread that asked nothing is the last thing that happened, so that it would be begun the same again."""
    return thread.request == request and ledger.entries(dataset)[-1].kind == "thread_open"


def commit_claim(ledger: Ledger, dataset: str, hypothesis: Hypothesis) -> Thread:
    """Freeze one more claim in the open thread, with its level, before its vault is read.

    A claim that the thread asked before is not written again.

    Raises:
        NoVaultLeft: if the thread has asked as many claims as it may.
        SealBroken: if no thread is open, its last claim was not answered, or an answer from all rows showed the
            claim's columns together.
    """
    thread = _standing(ledger, dataset)
    if question_of(thread, hypothesis) is not None:
        return thread
    if thread.pending is not None:
        raise SealBroken(f"Question {thread.pending.number} of the thread was not answered yet: answer it first.")
    if not thread.left:
        raise NoVaultLeft(
            f"This thread has asked its {MOST} claims. Close it with `{CLOSE}`, which shows its numbers; what it asked "
            "again costs nothing."
        )
    _check_kept(ledger, dataset, thread)
    check_unseen([hypothesis], exposures(ledger, dataset), thread.vault)
    asked, outside = len(thread.questions), _outside(ledger, dataset, thread)
    needed = level(thread.rule, thread.weight, asked=asked, verified=thread.found, earlier=outside)
    body = {
        "number": thread.vault, "question": asked + 1, "hypothesis": hypothesis.as_json(), "earlier": outside,
        "level": needed,
    }  # fmt: skip
    ledger.append("thread_claim", dataset, body)
    return _standing(ledger, dataset)


def _check_kept(ledger: Ledger, dataset: str, thread: Thread) -> None:
    """Refuse one more claim on rows that are exploration rows of another data set by now."""
    heir = next((s.handed for s in sessions(ledger, dataset) if s.number == thread.vault), None)
    if heir is not None:
        raise NoVaultLeft(
            f"The thread is ended: the rows of these data were sealed again as part of data set {heir[:16]}…, which "
            f"looks at those of this thread. Close it with `{CLOSE}`, which shows its numbers."
        )


def record_verdict(ledger: Ledger, dataset: str, thread: Thread, verified: bool) -> None:
    """Write down whether the pending claim was verified, and nothing else.

    Raises:
        SealBroken: if the thread has no claim that waits for it.
    """
    pending = _standing(ledger, dataset).pending
    if pending is None or thread.pending != pending:
        raise SealBroken("No question of the thread waits for a verdict.")
    body = {"number": thread.vault, "question": pending.number, "verified": verified}
    ledger.append("thread_verdict", dataset, body)


def question_of(thread: Thread, hypothesis: Hypothesis) -> Question | None:
    """The question of a thread that holds this claim, or None."""
    return next((q for q in thread.questions if q.hypothesis == hypothesis.as_json()), None)


def thread_receipt(ledger: Ledger, dataset: str, thread: Thread) -> Receipt:
    """The receipt of a thread for all of its claims so far; one more claim makes it void.

    Raises:
        SealBroken: if the thread does not stand in the ledger, or holds no claim.
    """
    for session in sessions(ledger, dataset):
        if session.thread and session.number == thread.vault and session.opened:
            return receipt_of(ledger, dataset, session)
    raise SealBroken("Held-out rows are still sealed: the thread holds no claim.")


def thread_of(ledger: Ledger, receipt: Receipt) -> Thread:
    """The thread that a receipt speaks of.

    Raises:
        SealBroken: if its vault belongs to no thread.
    """
    for thread in threads(ledger, receipt.dataset):
        if thread.vault == receipt.vault:
            return thread
    raise SealBroken(f"Vault {receipt.vault} belongs to no thread of questions.")


def verified_claims(ledger: Ledger, dataset: str, rule: Rule) -> tuple[Hypothesis, ...]:
    """The claims that revealed batches and threads verified under this rule."""
    known = {s.number: s for s in sessions(ledger, dataset) if s.rule == rule}
    out = []
    for entry in ledger.entries(dataset):
        if entry.kind == "reveal" and entry.body["number"] in known:
            outcomes = entry.body["outcomes"]
            out += [h for h in known[entry.body["number"]].claims() if outcomes.get(h.content_id()) == "verified"]
    return tuple(out)


def claims_of(thread: Thread) -> Sequence[Hypothesis]:
    """The committed claims of a thread, in the order in which they were asked."""
    return tuple(q.claim() for q in thread.questions)


def _outside(ledger: Ledger, dataset: str, thread: Thread) -> int:
    own = (s.discoveries for s in sessions(ledger, dataset) if s.opened and s.number != thread.vault)
    return inherited(ledger, dataset) + sum(own)


def _standing(ledger: Ledger, dataset: str) -> Thread:
    thread = open_thread(ledger, dataset)
    if thread is None:
        raise SealBroken("Held-out rows are still sealed: no thread of questions is open on these data.")
    return thread
