"""Questions on one table, one after another: read, answered from a query or in a thread, and remembered.

Knows the order of the steps: read, say what it costs, record, answer. Must never compute a figure, and never runs a
query on all rows that the ledger does not hold as shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..tools.data.rows import Rows
from ..tools.data.schema import Column, Limits
from ..tools.errors import UsageError
from ..tools.verify.exposures import Cost
from ..tools.verify.ledger import Ledger
from ..tools.verify.policy import make_rule
from ..tools.verify.sessions import sessions
from .answer import Answer
from .answering import Words
from .asking import Asking
from .claims_file import stated
from .exposure import cost_line
from .facts import WHERES, Where, from_all_rows, from_exploration, planned
from .marks import make_marks
from .outlook import Focus
from .pipeline import How, Progress, joining_of, left_out_of, run
from .question import understand
from .report.explanation import Explanation
from .summary import Explored, Settings
from .thread import Remaining, Thread, opened_state
from .thread_state import ThreadState

if TYPE_CHECKING:
    from .model import ModelSettings


class Manner(NamedTuple):
    """How questions are answered."""

    facts: Where = "all"
    explore_only: bool = False
    model: "ModelSettings | None" = None
    show: bool = False
    """Whether only to show the first request to the model; nothing is sent then."""


@contextmanager
def inquiry(
    source: object,
    *,
    facts: str = "all",
    explore_only: bool = False,
    model: "ModelSettings | None" = None,
    show_prompts: bool = False,
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
    name: str | None = None,
    alpha: float = 0.05,
    strict: bool = False,
    smallest_effects: Mapping[str, float] | None = None,
    one_shot: bool = False,
    ledger: str | Path | None = None,
    limits: Limits | None = None,
    threads: int = 2,
    progress: Progress | None = None,
    warn: Progress | None = None,
) -> Iterator["Inquiry"]:
    """Open a table for questions; nothing is spent before one is asked.

    `facts="all"` answers questions of fact from all rows and records what that shows, `"exploration"` from exploration
    rows, which shows nothing. `explore_only` answers from exploration rows alone, without verdicts. `model` reads the
    questions, else the grammar does; with `show_prompts` the first request to it is shown and not sent. `warn` is
    called with one line that says what an answer from all rows costs, before it is given. The other arguments and the
    errors are those of `verify`.
    """
    if facts not in WHERES:
        raise UsageError(f"`facts` is one of {', '.join(WHERES)}. Got {facts!r} instead.")
    where: Where = "all" if facts == "all" and not explore_only else "exploration"
    rule = make_rule(alpha=alpha, strict=strict, smallest_effects=smallest_effects)
    settings = Settings(rule, Focus(), False, threads, marks=make_marks(causes, consequences, later))
    joining = joining_of(tables, root, grain, links, entity)
    how = How(table, name, limits or Limits(), entity, time, one_shot, joining, keep_counts)
    manner = Manner(where, explore_only, model, show_prompts)
    say = progress or _silent
    with opened_state(source, how, settings, ledger, say, whole=manner.facts == "all") as state:
        yield Inquiry(state, source, how, ledger, manner, warn or _silent)


def ask(source: object, question: str, **options: Any) -> Answer:
    """The answer to one question on a table: a fact from an executed query, a claim with its verdict.

    A question of fact ("mean fare by class") is answered from all rows; the ledger records which columns that showed
    together, and claims on them are not tested on those rows any more (`facts="exploration"` shows nothing). A claim
    ("charges ~ smoker") is committed and tested on sealed rows in a thread: the answer says verified or not, and
    `heldout ask FILE --reveal` shows the numbers of all of them together.

    Args:
        source: A file, a data frame or several tables, as for `explain`.
        question: A question of fact or a claim in the grammar's words; with `model` in any words.
        options: Those of `verify`, and `facts`, `explore_only`, `model`.

    Returns:
        The answer; where the question can be read in several ways, these (`kind` is `ways`).

    Raises:
        HypothesisError: if it cannot be read, or names what the data do not have; nothing is spent.
        DataError, UsageError, NoVaultLeft, LedgerError: as `verify`.
    """
    with inquiry(source, **options) as asked:
        return asked.ask(question)


class Inquiry:
    """Questions on one opened table; made by `inquiry`."""

    def __init__(
        self, state: ThreadState, source: object, how: How, ledger: str | Path | None, manner: Manner, warn: Progress
    ) -> None:
        self.state, self.source, self.how, self.manner = state, source, how, manner
        self.thread = Thread(state)
        self.words = Words(state.opened.name, source)
        self.answers: list[Answer] = []
        self.columns: dict[str, Column] = {c.name: c for c in state.opened.columns}
        self.analysed: dict[str, Column] = dict(state.split.columns)
        self.left_out = left_out_of(state.opened, state.split)
        self._ledger, self._warn = ledger, warn
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
            As `ask`.
        """
        answer = self._by_model(question, chosen) if self.manner.model is not None else self.by_grammar(question)
        self.answers.append(answer)
        return answer

    def by_grammar(self, question: str) -> Answer:
        """The answer to a question as the grammar alone reads it."""
        # A query over exploration rows has the analysed columns alone.
        columns = self.columns if self.manner.facts == "all" else self.analysed
        asked = understand(question, columns, self.analysed, self.left_out)
        if asked.fact is not None:
            return self.fact(question, asked.fact.sql, asked.fact.understood, asked.fact.notes)
        if asked.ways:
            return self.words.ways(question, asked.ways)
        return self.claim(question, asked.text)

    def fact(
        self, question: str, sql: str, understood: str, supplied: Sequence[str] = (),
        called: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """A fact from an executed query.

        Args:
            question: As it was asked.
            sql: One SELECT over the table `data`.
            understood: What it computes, in words.
            supplied: What was matched or supplied while reading.
            called: Names that the query may use, with the columns' own; by default these.
        """
        state = self.state
        if self.manner.facts == "exploration" or state.whole is None:
            if self.small:
                raise UsageError(
                    self._too_small("there are no exploration rows to answer from. Leave `--facts exploration` out")
                )
            table = from_exploration(sql, question, self.exploration_rows(), called)
        else:
            names = called or {name: name for name in self.columns}
            folder = state.whole.parent
            plan = planned(sql, question, names, state.whole, folder)
            table = from_all_rows(plan, state.whole, folder, self.thread, self._costs(not plan.called))
        return self.words.fact(question, understood, supplied, table, self.analysed)

    def claim(self, question: str, claim: object) -> Answer:
        """A claim with its verdict: in the thread, by the one list of a small table, or exploratory."""
        if self.small:
            return self._listed(question, claim)
        reply = self.thread.explore_claim(claim) if self.manner.explore_only else self.thread.ask_claim(claim)
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
        with self.state.book.locked():
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

    def _by_model(self, question: str, chosen: bool) -> Answer:
        from .ask_model import answered

        return answered(self, question, may_ask=not chosen)


def _silent(_: str) -> None:
    return None
