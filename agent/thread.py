"""A thread of questions on one table: each hypothesis is committed and answered at once, the numbers come at the end.

Knows the order of the steps and what may be said at which. Must never compute a statistic, and must never say more of a
sealed row before the end than whether a committed hypothesis was verified.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from ..tools.data.schema import Limits
from ..tools.errors import HypothesisError, UsageError
from ..tools.explore.structure import structural_pairs
from ..tools.text.evaluate import with_properties
from ..tools.verify.evidence import Evidence
from ..tools.verify.exposures import Cost
from ..tools.verify.families import FAMILIES
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.policy import make_rule
from ..tools.verify.transcript import MOST, claims_of, thread_receipt
from ..tools.verify.transcript import Thread as Asked
from ..tools.verify.verify import measure, reveal
from .asking import Asking
from .asking import Question as Understood
from .claims_file import stated
from .draft import Batch, Draft
from .exposure import why_not
from .folders import run_folder
from .looking import look_at
from .marks import make_marks, with_codes
from .outlook import Focus
from .quoting import disclosed, with_examples
from .report.explanation import Explanation
from .report.reproduce import reproduce_text
from .report.words import many
from .sealing import How, Progress, joining_of, left_out_of, sealed_and_held, texts_of
from .sentences.reader import Reading
from .summary import Explored, Settings, summarise
from .thread_state import ThreadState


class Reply(NamedTuple):
    """What a question of a thread is answered with; of sealed rows it holds `verified` and nothing else."""

    claim: str
    """The hypothesis as it was understood, in the family's words."""
    hypothesis: Hypothesis
    state: Literal["asked", "recorded", "refused", "explored"]
    """asked: tested now; recorded: the ledger held the answer, which cost nothing; refused: not tested, which cost
    nothing either; explored: not to be tested."""
    verified: bool | None
    """None where it was refused or explored."""
    reason: str | None
    """Why it was refused."""
    exploration: Evidence
    """What the exploration rows show: exploratory, never a finding."""
    left: int
    """Questions that the thread can still answer."""
    supplied: tuple[str, ...] = ()
    """What was matched in another spelling or supplied by rule."""


class Remaining(NamedTuple):
    """Where a thread stands."""

    asked: int
    verified: int
    left: int
    """Questions that it can still answer."""
    vault: int | None
    """Its vault, or the one that its first question would open; None where none is left."""
    level: float | None
    """The p-value that the next hypothesis has to meet; None where there is none, or one waits for its verdict."""
    vaults_left: int
    """Vaults for batches and later threads."""


@contextmanager
def thread(
    source: object,
    *,
    entity: str | None = None,
    time: str | None = None,
    table: str | None = None,
    tables: Sequence[str] = (),
    root: str | None = None,
    grain: str | None = None,
    links: Sequence[str] = (),
    causes: Sequence[str] = (),
    consequences: Sequence[str] = (),
    later: Sequence[str] = (),
    keep_counts: bool = False,
    text: Sequence[str] | str = (),
    name: str | None = None,
    alpha: float = 0.05,
    strict: bool = False,
    smallest_effects: Mapping[str, float] | None = None,
    one_shot: bool = False,
    ledger: str | Path | None = None,
    limits: Limits | None = None,
    threads: int = 2,
    progress: Progress | None = None,
) -> Iterator["Thread"]:
    """Open a thread of questions on a source, or go on with the one that its ledger holds.

    Nothing is spent before the first hypothesis is asked. The arguments are those of `verify`.

    Yields:
        The thread: `.ask_claim(hypothesis)`, `.remaining()`, `.reveal()`.

    Raises:
        DataError: if the source cannot be read.
        UsageError: if an option names what the data do not have, or the table is too small to be split.
        LedgerError: if the ledger stands in the way.
    """
    rule = make_rule(alpha=alpha, strict=strict, smallest_effects=smallest_effects)
    settings = Settings(rule, Focus(), False, threads, marks=make_marks(causes, consequences, later))
    joining = joining_of(tables, root, grain, links, entity)
    how = How(table, name, limits or Limits(), entity, time, one_shot, joining, keep_counts, texts_of(text))
    with opened_state(source, how, settings, ledger, progress or (lambda _: None)) as state:
        if state.split.plan.kind == "none":
            raise UsageError(
                f"With {state.split.plan.rows:,} rows nothing is split, so there are no sealed rows to ask one by one. "
                "Use `heldout explain`, or state all hypotheses at once with `heldout verify`."
            )
        yield Thread(state)


@contextmanager
def opened_state(
    source: object, how: How, settings: Settings, ledger: str | Path | None, say: Progress, *, whole: bool = False
) -> Iterator[ThreadState]:
    """A source opened, sealed and held against its ledger, whatever its size.

    Args:
        source: As for `thread`.
        how: How it is read.
        settings: What it is judged by.
        ledger: Another ledger than the default.
        say: Called with one line a stage.
        whole: Keep all rows in a file beside the sealed ones, for answers that are recorded as exposures.
    """
    with run_folder() as folder:
        file = folder / "whole.parquet" if whole else None
        with sealed_and_held(source, how, settings, ledger, folder, say, file) as (opened, split, book):
            pass  # from here on it is held question by question
        yield ThreadState(opened, split, book, settings, say, file)


class Thread:
    """Questions on one sealed table; made by `thread`."""

    def __init__(self, state: ThreadState) -> None:
        self._state = state

    def __repr__(self) -> str:
        return f"<Thread {self._state.opened.name} {self._state.book.path}>"

    def ask_claim(self, hypothesis: object) -> Reply:
        """Commit one hypothesis and say whether it is verified, with what the exploration rows show of it.

        The same hypothesis again, in whatever words, gives the recorded verdict and costs nothing.

        Args:
            hypothesis: A sentence, a typed dict or a value of the grammar.

        Raises:
            HypothesisError: if it cannot be read, or names what the data do not have; nothing is spent.
            NoVaultLeft: if no vault is left for a thread, or the thread has asked all it may.
            LedgerError: if a thread is open under other settings.
        """
        asking = self._understood(hypothesis)
        with self._working():
            return self._ask(asking)

    def explore_claim(self, hypothesis: object) -> Reply:
        """What the exploration rows show of one hypothesis; nothing is committed, opened or spent.

        Raises:
            HypothesisError: as `ask_claim`.
        """
        asking = self._understood(hypothesis)
        with self._working():
            seen = self._state.look(self._state.standing())
            return self._left(self._explored(asking, seen))

    def _understood(self, hypothesis: object) -> Asking:
        given, state = stated(hypothesis), self._state
        if len(given) != 1:
            raise HypothesisError(f"A thread answers one hypothesis at a time. Got {len(given)}.")
        asking = Asking(given)
        asking.understand(state.split.columns, left_out_of(state.opened, state.split), list(state.split.texts))
        return asking

    def remaining(self) -> Remaining:
        """What was asked and what can still be asked; spends nothing."""
        state = self._state
        with self._working():
            standing = state.standing()
            vault = standing.vault if standing else state.vault_or_none()
            spent = {s.vault for s in state.known() if s.opened} | {vault}
            return Remaining(
                asked=len(standing.questions) if standing else 0,
                verified=standing.found if standing else 0,
                left=0 if vault is None else standing.left if standing else MOST,
                vault=vault,
                level=None if vault is None else state.level(vault, standing),
                vaults_left=sum(1 for v in state.split.plan.vaults if v.number not in spent),
            )

    def reveal(self) -> Explanation:
        """Close the thread: all its numbers at once, as a report. Its vault is burnt; calling it again shows it again.

        Raises:
            UsageError: if nothing was asked.
        """
        with self._working():
            return self._reveal()

    def would_expose(self, columns: Iterable[str]) -> Cost:
        """What an answer that reads these columns of all rows would cost; writes nothing."""
        with self._working():
            return self._state.exposing(columns, None)

    def expose(self, columns: Iterable[str], question: str) -> Cost:
        """Write down that these columns are about to be shown together from all rows; call it before showing them."""
        with self._working():
            return self._state.exposing(columns, question)

    @contextmanager
    def _working(self) -> Iterator[None]:
        from threadpoolctl import threadpool_limits

        with self._state.book.locked(say=self._state.say), threadpool_limits(limits=1, user_api="blas"):
            yield

    def _ask(self, asking: Asking) -> Reply:
        state = self._state
        standing = state.standing()
        seen = state.look(standing)
        if standing is not None:
            standing = state.settled(standing, seen)
        reply = self._explored(asking, seen)
        if reply.state != "refused":
            reply = self._answered(reply, standing, seen)
        return self._left(reply)

    def _explored(self, asking: Asking, seen: Explored) -> Reply:
        """The reply with what exploration rows show; refused where the claim follows from how the table is built."""
        asking.freeze(self._state.split.columns, seen.rows, seen.structure, aids=seen.aids)
        [question] = asking.questions
        h = question.hypothesis
        # Before anything is committed, so that a claim which cannot be measured is refused for nothing.
        evidence = measure(h, with_properties(seen.rows, h.texts, seen.aids), split="exploration")
        state = "refused" if question.state == "refused" else "explored"
        return Reply(question.understood, h, state, None, question.reason, evidence, MOST, question.reading.notes)

    def _left(self, reply: Reply) -> Reply:
        standing = self._state.standing()
        return reply._replace(left=standing.left if standing else MOST)

    def _answered(self, reply: Reply, standing: Asked | None, seen: Explored) -> Reply:
        """The reply with the verdict: the recorded one, none where the vault cannot test the claim, or a new one."""
        state, h = self._state, reply.hypothesis
        recorded = state.recorded(h, standing)
        if recorded is not None:
            return reply._replace(state="recorded", verified=recorded)
        reason = why_not(h, state.shown(), standing.vault if standing else state.vault())
        if reason is not None:
            near = state.verified_on(h, standing)
            told = f" Verified before on these columns: {'; '.join(near)}." if near else ""
            return reply._replace(state="refused", reason=reason + told)
        asked = state.settled(state.asked(h), seen)
        return reply._replace(state="asked", verified=asked.questions[-1].verified)

    def _reveal(self) -> Explanation:
        state, timing = self._state, {}
        standing = state.standing()
        replayed, standing = standing is None, standing or state.last()
        explored = look_at(state.rows(standing), state.settings, state.say, timing)
        standing = state.settled(standing, explored)
        claims, receipt = claims_of(standing), thread_receipt(state.book, state.dataset, standing)
        named = [p for h in claims for p in h.texts]
        explored = explored._replace(rows=with_properties(explored.rows, named, explored.aids))
        state.say(f"Revealing {many(len(claims), 'verdict')} of vault {standing.vault}")
        judged = reveal(
            state.split, state.book, receipt, claims, explored.rows,
            marks=with_codes(state.settings.marks, state.split.columns.values(), Focus()),
            structural=structural_pairs(explored.structure), aids=explored.aids,
        )  # fmt: skip
        burnt = disclosed(state.split, state.book, receipt, claims, explored.aids, quotes=state.settings.quotes)
        settings = state.settings._replace(asking=_asked(claims))
        batch = Batch(tuple(Draft(h, 0.0, "user") for h in claims), len(claims), 0)
        result = summarise(
            state.opened, state.split.plan, state.book, settings, explored, judged, batch, standing.vault, timing
        )
        policy = result.policy.model_copy(update={"method": standing.method})
        return Explanation(
            with_examples(result.model_copy(update={"policy": policy}), burnt.texts),
            replayed=replayed,
            ledger_text=state.book.text(state.dataset),
            reproduce_text=reproduce_text(),
            attachments=burnt.files,
        )


def _asked(claims: Sequence[Hypothesis]) -> Asking:
    """The thread's claims as what was asked, in its order; the words they were asked in are not kept."""
    asking = Asking(())
    asking.questions = tuple(
        Understood(Reading(FAMILIES[h.family].claim(h), {}), h, h.content_id(), "tested") for h in claims
    )
    return asking
