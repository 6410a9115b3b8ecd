"""Questions on one table, one after another: read, answered from a query or in a thread, and remembered.

Knows the order of the steps: read, say what it costs, record, answer. Must never compute a figure, and never runs a
query on all rows that the ledger does not hold as shown.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.errors import HeldoutError, NoVaultLeft, UsageError
from ..tools.verify.exposures import Cost
from ..tools.verify.ledger import Ledger
from ..tools.verify.sessions import sessions
from .answer import Answer
from .answering import Words
from .asking import Asking
from .claims_file import stated
from .consent import Consent, Declined, price_line
from .exposure import cost_line
from .facts import Planned, Where, from_all_rows, from_exploration, planned
from .pipeline import run
from .question import understand
from .report.explanation import Explanation
from .sealing import How, Progress, left_out_of
from .summary import Explored
from .thread import Remaining, Thread
from .thread_state import ThreadState

if TYPE_CHECKING:
    from .model import ModelSettings


class RequestShown(HeldoutError):
    """Not an error: the first request to the model as text, where nothing was to be sent."""


class Manner(NamedTuple):
    """How questions are answered."""

    facts: Where = "all"
    explore_only: bool = False
    model: "ModelSettings | None" = None
    show: bool = False
    """Whether only to show the first request to the model; nothing is sent then."""
    consent: Consent | None = None
    """Asks a person before sealed rows are shown; None where nobody can be asked and the cost is only said."""


class Sought(NamedTuple):
    """One query that answers a question of fact."""

    sql: str
    understood: str
    """What it computes, in words."""
    supplied: tuple[str, ...] = ()
    """What was matched or supplied while reading."""


class Inquiry:
    """Questions on one opened table; made by `questions.inquiry`."""

    def __init__(
        self, state: ThreadState, source: object, how: How, ledger: str | Path | None, manner: Manner, warn: Progress,
        reader: "Callable[[Inquiry, str, bool], Answer] | None" = None,
    ) -> None:  # fmt: skip
        self.state, self.source, self.how, self.manner = state, source, how, manner
        self.thread = Thread(state)
        self.words = Words(state.opened.name, source)
        self.answers: list[Answer] = []
        self.columns: dict[str, Column] = {c.name: c for c in state.opened.columns}
        self.analysed: dict[str, Column] = dict(state.split.columns)
        self.left_out = left_out_of(state.opened, state.split)
        self._ledger, self._warn, self._reader = ledger, warn, reader
        self.explored: Explored | None = None
        """What the exploration rows show, once a model needed it."""

    def __repr__(self) -> str:
        return f"<Inquiry {self.state.opened.name}, {len(self.answers)} answers>"

    @property
    def small(self) -> bool:
        """Whether the table is too small to be split."""
        return self.state.split.plan.kind == "none"

    def ask(self, question: str, *, chosen: bool = False) -> Answer:
        """The answer to one question, remembered for those that follow.

        Args:
            question: In the grammar's words, or with a model in any.
            chosen: Whether it is one of the readings that were offered, so that nothing is asked back again.

        Raises:
            As `questions.ask`.
        """
        answer = self.by_grammar(question) if self._reader is None else self._reader(self, question, not chosen)
        self.answers.append(answer)
        return answer

    def by_grammar(self, question: str) -> Answer:
        """The answer to a question as the grammar alone reads it."""
        # A query over exploration rows has the analysed columns alone.
        columns = self.columns if self.manner.facts == "all" else self.analysed
        asked = understand(question, columns, self.analysed, self.left_out, list(self.state.split.texts))
        if asked.fact is not None:
            return self.fact(question, asked.fact.sql, asked.fact.understood, asked.fact.notes)
        if asked.ways:
            return self.words.ways(question, asked.ways)
        return self.claim(question, asked.text)

    def fact(
        self, question: str, sql: str, understood: str, supplied: Sequence[str] = (),
        called: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """A fact from an executed query; as `facts` with one of them."""
        return self.facts(question, [Sought(sql, understood, tuple(supplied))], called)[0]

    def facts(self, question: str, sought: Sequence[Sought], called: Mapping[str, str] | None = None) -> list[Answer]:
        """Facts from executed queries. A person who can be asked agrees to what all of them show before one is run.

        Args:
            question: As it was asked.
            sought: One SELECT over the table `data` each.
            called: Names that the queries may use, with the columns' own; by default these.

        Raises:
            Declined: if the person did not want it; nothing was shown.
            QueryRefused, QueryFailed, HypothesisError, UsageError: if one of them cannot be run or answered.
        """
        state = self.state
        if self.manner.facts == "exploration" or state.whole is None:
            if self.small:
                raise UsageError(
                    self._too_small("there are no exploration rows to answer from. Leave `--facts exploration` out")
                )
            return [self._from_exploration(question, one, called) for one in sought]
        names, folder = called or {name: name for name in self.columns}, state.whole.parent
        plans = [planned(one.sql, question, names, state.whole, folder) for one in sought]
        where, told = self._agreed(plans)
        if where == "exploration":
            return [self._from_exploration(question, one, called) for one in sought]
        out = []
        for one, plan in zip(sought, plans, strict=True):
            say = self._costs(not plan.called) if not told else lambda _: None
            table = from_all_rows(plan, state.whole, folder, self.thread, say)
            out.append(self.words.fact(question, one.understood, one.supplied, table, self.analysed))
        return out

    def _agreed(self, plans: Sequence[Planned]) -> tuple[Where, bool]:
        """Which rows the queries may read, and whether a person was told the cost and chose."""
        if self.manner.consent is None:
            return "all", False
        costs = [self.thread.would_expose(sorted(set(p.called.values()))) for p in plans if p.called]
        costs = [cost for cost in costs if not cost.free]
        if not costs:
            return "all", False
        choice = self.manner.consent(price_line(costs, self.state.split.plan))
        if choice == "no":
            raise Declined("Not answered: no sealed row was shown, and nothing was recorded.")
        return choice, True

    def _from_exploration(self, question: str, one: Sought, called: Mapping[str, str] | None) -> Answer:
        """The fact on exploration rows, which have the analysed columns alone."""
        table = from_exploration(one.sql, question, self.exploration_rows(), called)
        return self.words.fact(question, one.understood, one.supplied, table, self.analysed)

    def claim(self, question: str, claim: object) -> Answer:
        """A claim with its verdict: in the thread, by the one list of a small table, or exploratory."""
        if self.small:
            return self._listed(question, claim)
        if self.manner.explore_only:
            reply = self.thread.explore_claim(claim)
        else:
            try:
                reply = self.thread.ask_claim(claim)
            except NoVaultLeft as err:
                look = f"heldout ask {self.words.file} {shlex.quote(question)} --explore-only"
                raise NoVaultLeft(f"{err} What the exploration rows show of this claim: `{look}`.") from err
        return self.words.claim(question, reply, self.thread.remaining())

    def verify(self, claim: object, question: str) -> Answer:
        """A claim tested on sealed rows, whatever the manner."""
        answer = self.words.claim(question, self.thread.ask_claim(claim), self.thread.remaining())
        self.answers.append(answer)
        return answer

    def remaining(self) -> Remaining:
        """Where the thread stands."""
        return self.thread.remaining()

    def reveal(self) -> Explanation:
        """Close the thread: all its numbers at once."""
        if self.small:
            raise UsageError(
                self._too_small("there is no thread to reveal. `heldout verify` shows all numbers at once")
            )
        return self.thread.reveal()

    def budget(self) -> str:
        """What can still be asked, in a sentence."""
        if self.small:
            return self._too_small("claims are tested as one list, with `heldout explain` or `heldout verify`")
        return self.words.budget(self.remaining())

    def exploration_rows(self) -> Rows:
        """The rows that may be looked at."""
        with self.state.book.locked(say=self.state.say):
            return self.state.rows(self.state.standing())

    def _costs(self, nothing_read: bool) -> Callable[[Cost], None]:
        """Says what an answer from all rows costs."""

        def told(cost: Cost) -> None:
            if nothing_read:
                self._warn("Counting rows reads no column: it costs nothing.")
                return
            known = sessions(self.state.book, self.state.dataset)
            self._warn(cost_line(cost, self.state.split.plan, known))

        return told

    def _listed(self, question: str, claim: object) -> Answer:
        """The answer of the one list that a small table was tested with.

        Raises:
            UsageError: if it was not tested yet, with the way out.
        """
        book: Ledger = self.state.book
        if self.manner.explore_only or not any(s.opened for s in sessions(book, self.state.dataset)):
            raise UsageError(
                self._too_small(
                    f"all claims are tested at once. `heldout explain {self.words.file}` tests the closed family, and "
                    f"then `ask` answers from it; or state all of yours with `heldout verify {self.words.file} "
                    "--hypothesis ...`, which takes its place"
                )
            )
        settings = self.state.settings._replace(asking=Asking(stated(claim)))
        report = run(self.source, self.how, settings, self._ledger, self.state.say)
        return self.words.listed(question, report.result)

    def _too_small(self, so: str) -> str:
        return f"With {self.state.split.plan.rows:,} rows nothing is split: {so}."
