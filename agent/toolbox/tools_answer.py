"""The three tools by which a model answers a question: a query, a claim, or one question back.

Knows the bench and what was asked for. Must never know a sealed row or a verdict: what the tools leave behind is
carried out by code after the conversation.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from ...tools.data.sql_reading import read_query
from ...tools.errors import HeldoutError, HypothesisError, UsageError
from ...tools.verify.hypothesis import Hypothesis
from ...tools.verify.verify import measure
from ..privacy import cleaned, visible
from ..question import Way
from ..sentences.facts import read_fact
from .aggregates import LONGEST
from .bench import Bench
from .names import ModelNames
from .spec import Arguments, Result, ToolSpec, tool
from .spoken import check_query, check_readings, described
from .tools_compare import figures
from .tools_propose import read_claim
from .tools_query import Query, query

MOST_FACTS = 3
"""Queries that answer one question."""
MOST_COLUMNS = 6
"""Columns that one of them may read: what it reads of all rows can be tested there no more."""
_MOST_WAYS = 4


class WantedFact(NamedTuple):
    """One query that answers the question."""

    sql: str
    what: str


class Wanted:
    """What a model asked for in one conversation."""

    def __init__(
        self, *, may_ask: bool, sql: bool, tried: Callable[[str], None] | None = None, others: tuple[str, ...] = ()
    ) -> None:  # fmt: skip
        """Take down what is asked for.

        Args:
            may_ask: Whether a question back may be asked.
            sql: Whether it may be asked in SQL.
            tried: Tries a query by names and types alone, where no rows may be told of.
            others: Columns that are not analysed: a query of all rows may name them, and nothing of them is told.
        """
        self.facts: list[WantedFact] = []
        self.claim: Hypothesis | None = None
        self.ways: tuple[Way, ...] = ()
        self.may_ask, self.sql, self.tried, self.others = may_ask, sql, tried, others

    @property
    def asks_back(self) -> bool:
        """Whether the person is to choose a reading, which ends the conversation."""
        return bool(self.ways) and self.claim is None and not self.facts


class AnswerFact(Arguments):
    """Arguments of `answer_fact`."""

    what: str = Field(min_length=3, max_length=300)
    sql: str = Field(default="", max_length=LONGEST)
    words: str = Field(default="", max_length=300)


class AnswerClaim(Arguments):
    """Arguments of `answer_claim`."""

    claim: str | dict[str, Any]


class Reading(BaseModel):
    """One way to read the question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reading: str = Field(min_length=3, max_length=200)
    question: str = Field(min_length=3, max_length=300)


class AskBack(Arguments):
    """Arguments of `ask_back`."""

    readings: list[Reading] = Field(min_length=2, max_length=_MOST_WAYS)


def answer_tools(wanted: Wanted) -> tuple[ToolSpec, ...]:
    """The tools, leaving what they were asked for in `wanted`."""

    def answer_fact(bench: Bench, arguments: AnswerFact) -> Result:
        """Answer a question of fact. The query runs here on exploration rows; code runs it on the person's rows.

        In SQL (DuckDB) any one SELECT from the table `data`: WITH, subqueries, CASE, min and max are allowed. Its
        figures are told here, so that a sentence can cite them, only if it is one that `query` would take, with
        `count(*) AS n`; else code prints the table and no sentence is needed. Where values are missing, add
        `count(column) AS known`. Or in words: "mean fare by class where sex=female", "how many where age >= 60",
        "share of churn=yes by contract", "correlation of age and fare".

        Args:
            what: What it computes, in plain words without figures: "the mean fare of each class".
            sql: The query; or leave it out and give `words`.
            words: The question in the words above.

        Example:
            {"what": "the share that churned, by plan", "sql": "SELECT plan, 100 * avg((churn = 'yes')::INT) AS share,
            count(*) AS n FROM data GROUP BY plan ORDER BY plan"}
        """
        if len(wanted.facts) >= MOST_FACTS:
            raise UsageError(f"{MOST_FACTS} queries answer this question already: word the answer.")
        sql = _sql(bench, arguments, wanted)
        read = _few_columns(bench, sql, wanted)
        told = _told(bench, sql, wanted, set(read))
        wanted.facts.append(WantedFact(sql, described(bench, arguments.what, sql)))
        return told

    def answer_claim(bench: Bench, arguments: AnswerClaim) -> Result:
        """Answer a question of inference: the one claim that is to be tested on rows that nobody has looked at.

        Words that are read: "wage higher for sex=male than female" · "mean revenue higher for plan=gold" · "churn=yes
        lower for contract=two-year" · "churn=yes higher where age > 40 and plan=gold" · "charges increases with age" ·
        "delay rises over date" · "plan ~ region"; `among a=x and b>=2` or `given c, d` may follow.

        Args:
            claim: One claim, in these words, with the direction that was asked about.

        Example:
            {"claim": "churn=yes increases with age"}
        """
        if wanted.claim is not None:
            raise UsageError("One question tests one claim, and this one has its claim: word the answer.")
        h, told = read_claim(bench, arguments.claim)
        if h.follows_from(bench.barred):
            raise HypothesisError("It follows from how the table is built, so it is no discovery.")
        wanted.claim = h
        if bench.privacy == "schema":
            return told
        evidence = measure(h, bench.rows, split="exploration")
        if evidence.untestable is None and h.family != "invariant":
            told |= {"on_exploration_rows": figures(bench, h, evidence)}
        return told

    def ask_back(bench: Bench, arguments: AskBack) -> Result:
        """Ask the person which of several readings is meant, where they lead to different answers. Once at most.

        Args:
            readings: {reading, question}, two to four: what it would mean, and the question that says so.

        Example:
            {"readings": [{"reading": "older by age", "question": "does churn rise with age?"}, {"reading": "longer with
            us", "question": "does churn rise with tenure?"}]}
        """
        if not wanted.may_ask:
            raise UsageError("A reading was chosen already: answer it.")
        check_readings(bench, *(text for r in arguments.readings for text in (r.reading, r.question)))
        wanted.ways = tuple(Way(reading=visible(r.reading), question=visible(r.question)) for r in arguments.readings)
        return {"asked": len(wanted.ways), "next": "Stop here: the person chooses."}

    tools = (tool(answer_fact), tool(answer_claim), tool(ask_back))
    return tools if wanted.may_ask else tools[:2]


def _sql(bench: Bench, arguments: AnswerFact, wanted: Wanted) -> str:
    """The query that was given, in SQL or in words."""
    if arguments.sql and wanted.sql:
        check_query(bench, arguments.sql)
        return arguments.sql.strip().rstrip(";")
    if not arguments.words:
        raise UsageError("Give the question in `words`." + ("" if wanted.sql else " SQL is switched off for this run."))
    public = ModelNames(bench, public=True)
    own = {bench.id(c.name): c.model_copy(update={"name": bench.id(c.name)}) for c in bench.columns.values()}
    try:
        return read_fact(arguments.words, own).sql
    except HypothesisError:
        # Said again by what may be told alone: the first message could quote a rare label.
        read_fact(arguments.words, {n: c.model_copy(update={"name": n}) for n, c in public.columns.items()})
        raise UsageError("A label in it could not be matched. Use labels that `columns` shows.") from None


def _few_columns(bench: Bench, sql: str, wanted: Wanted) -> tuple[str, ...]:
    """Hold a query to the columns that a question can need; the columns that it reads.

    Raises:
        UsageError: if it reads more, or is not one SELECT.
    """
    try:
        read = read_query(sql, [*(bench.id(name) for name in bench.columns), *wanted.others]).columns
    except ValueError as err:
        raise UsageError(f"A question of fact is answered by one SELECT: this is {err}.") from err
    if len(read) > MOST_COLUMNS:
        raise UsageError(
            f"It reads {len(read)} columns; {MOST_COLUMNS} at most. Name those that the question needs, not `*`, in up "
            f"to {MOST_FACTS} queries."
        )
    return read


def _told(bench: Bench, sql: str, wanted: Wanted, read: set[str]) -> Result:
    """What a model is told of its query: figures of large groups, else only that it runs."""
    if bench.privacy == "schema" or bench.jail is None or read & set(wanted.others):
        if wanted.tried is not None:
            wanted.tried(sql)
        return {"figures": "not told here: code runs the query and prints the table. Write no sentence."}
    found = bench.jail.query(sql)
    try:
        return query(bench, Query(sql=sql))
    except HeldoutError as err:
        columns = [cleaned(name) for name in found.columns]
        # A count of few rows would tell of single ones: whether a label is there, whose value lies above another.
        rows = len(found.rows) if len(found.rows) >= bench.least else f"fewer than {bench.least}"
        return {"columns": columns, "rows": rows, "figures": f"not told: {str(err)[:200]}"}
