"""A question read and worded by a language model; what it asked for is carried out by code.

Knows the inquiry, prompts by name and what was asked before. Must never compute a figure or hand on one that the model
wrote: its sentences cite ids, and code fills them from the rows that the person wants.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..prompts import load
from ..tools.data.jail import Jail
from ..tools.errors import HypothesisError, UsageError
from .answer import Answer
from .callbook import CallBook
from .facts import Table
from .folders import user_folder
from .inquiry import Inquiry, RequestShown
from .pipeline import look_at
from .privacy import cleaned, visible
from .prose import Summary, answer_of
from .toolbox.aggregates import check
from .toolbox.bench import Bench
from .toolbox.facts import Fact
from .toolbox.spec import ToolSpec, call, told
from .toolbox.tools import offered
from .toolbox.tools_answer import Wanted, answer_tools
from .usage import ModelUsage, cost_of, used

if TYPE_CHECKING:
    from .model import ModelSettings, Talk

_OVERVIEW = "columns"
_NOT_HERE = ("propose", "open_question")
_REMEMBERED = 12
_CITED = re.compile(r"\[(f\d{1,6})(?:\.[a-z_]{1,16})?\]")


_NEEDS = " needs a language model (`--model openai:NAME`). Without one write"
_UNSPLIT = (
    "These rows are too few to divide ({units:,} independent units), so there are no exploration rows that a model "
    "could see: none was asked, and the grammar alone reads questions."
)


def answered(asked: Inquiry, question: str, may_ask: bool) -> Answer:
    """The answer as a model reads the question; where it fails, as the grammar does, which is said in a line.

    Raises:
        ModelUnavailable: if its package or its key is missing.
        RequestShown: the request, where nothing is to be sent.
        HypothesisError: if neither could read it.
    """
    settings = asked.manner.model
    if settings is None:
        return asked.by_grammar(question)
    if asked.small:
        return _without(asked, question, _UNSPLIT.format(units=asked.state.split.plan.units))
    with _bench(asked, settings) as bench:
        wanted = Wanted(may_ask=may_ask, sql=settings.sql and bench.jail is not None)
        found = _talk(asked, settings, bench, wanted, question)
        usage = _usage(settings, found)
        if not (wanted.facts or wanted.claim or wanted.ways):
            why = found.failure or f"{settings.name} gave no answer that code could carry out."
            return _without(asked, question, why).model_copy(update={"model": usage})
        text = found.text if found.failure is None else ""
        answer = _carried_out(asked, question, bench, wanted, text)
    dropped = usage.model_copy(update={"dropped_sentences": answer.model.dropped_sentences if answer.model else 0})
    note = found.failure and f"{found.failure} What it had asked for until then is answered."
    return answer.model_copy(update={"model": dropped, "note": note})


def _without(asked: Inquiry, question: str, why: str) -> Answer:
    try:
        answer = asked.by_grammar(question)
    except HypothesisError as err:
        told = str(err).replace(_NEEDS, " cannot be read: write")
        raise HypothesisError(f"{why} Without the model: {told}") from err
    return answer.model_copy(update={"note": f"{why} The question was read by the grammar alone."})


@contextmanager
def _bench(asked: Inquiry, settings: "ModelSettings") -> Iterator[Bench]:
    """What the model may read: exploration rows, explored once for the whole conversation."""
    if asked.explored is None:
        asked.explored = look_at(asked.exploration_rows(), asked.state.settings, asked.state.say, {})
    bench = Bench.of(asked.explored, privacy=settings.privacy, left_out=asked.left_out)
    jail = None
    if settings.privacy not in ("schema", "none"):
        try:
            jail = Jail(bench.sql_rows())
        except UsageError:
            jail = None
    try:
        bench.jail = jail
        yield bench
    finally:
        if jail is not None:
            jail.close()


def _talk(asked: Inquiry, settings: "ModelSettings", bench: Bench, wanted: Wanted, question: str) -> "Talk":
    from .model import talk

    tools = [t for t in offered(bench) if t.name not in _NOT_HERE and (settings.sql or t.name != "query")]
    prompt = load("answer")
    user = prompt.user(overview=_overview(bench, tools), thread=_before(asked), question=visible(question))
    folder = user_folder("runs") / f"ask-{asked.state.dataset[:16]}"
    book = CallBook(folder, settings.privacy, "show" if asked.manner.show else "send")
    found = talk(
        settings, prompt.system, user, (*tools, *answer_tools(wanted)), bench, reply=None, book=book,
        say=asked.state.say,
    )  # fmt: skip
    if asked.manner.show:
        raise RequestShown(json.dumps(json.loads(found.text), indent=2, ensure_ascii=False))
    return found


def _overview(bench: Bench, tools: Sequence[ToolSpec]) -> dict[str, Any]:
    return {t.name: json.loads(told(call(t, bench, {}))) for t in tools if t.name == _OVERVIEW}


def _before(asked: Inquiry) -> list[dict[str, Any]]:
    """The questions before this one: what was asked and how it was read; of verdicts, verified or not."""
    out = []
    for answer in asked.answers[-_REMEMBERED:]:
        one: dict[str, Any] = {"question": visible(answer.question), "kind": answer.kind}
        if answer.kind != "ways":
            one["understood"] = visible(answer.understood)
        if answer.fact is not None:
            one["sql"] = answer.fact.sql
        if answer.claim is not None:
            one["verified"] = answer.claim.verified
        if answer.ways:
            one["readings"] = [w.question for w in answer.ways]
        out.append(one)
    return out


def _usage(settings: "ModelSettings", found: "Talk") -> ModelUsage:
    return ModelUsage(
        id=settings.name, calls=found.calls, input_tokens=found.input_tokens, output_tokens=found.output_tokens,
        prompts=used([load("answer"), *found.prompts]),
        cost=cost_of(found.input_tokens, found.output_tokens, settings.price),
    )  # fmt: skip


# Carrying out


def _carried_out(asked: Inquiry, question: str, bench: Bench, wanted: Wanted, text: str) -> Answer:
    """The answer to what the model asked for: a question back, a claim, or facts."""
    if wanted.ways and wanted.claim is None and not wanted.facts:
        return asked.words.ways(question, wanted.ways)
    if wanted.claim is not None:
        answer = asked.claim(question, wanted.claim)
        seen = answer_of((), _cited(bench.facts, text), text)
        return _with(answer, Summary((), ()), seen)
    # What is computed from texts is no column of the file: facts of all rows cannot read it.
    called = {bench.id(name): name for name, column in bench.columns.items() if column.computed is None}
    answers = [asked.fact(question, fact.sql, fact.what, called=called) for fact in wanted.facts]
    asked.answers += answers[:-1]
    full: dict[str, Fact] = {}
    for answer in answers:
        full |= refilled(answer.fact, bench) if answer.fact is not None else {}
    return _worded(answers[-1], bench, full, text)


def _worded(answer: Answer, bench: Bench, full: Mapping[str, Fact], text: str) -> Answer:
    """The model's sentences: those on the answer's own figures, and apart from them those on exploration rows."""
    every = {**bench.facts, **full}
    told = answer_of((), _cited(every, text), text)
    on_all = [(s, c) for s, c in zip(told.sentences, told.cites, strict=True) if set(c) <= set(full)]
    rest = [(s, c) for s, c in zip(told.sentences, told.cites, strict=True) if not set(c) <= set(full)]
    pair = [Summary(tuple(s for s, _ in part), tuple(c for _, c in part)) for part in (on_all, rest)]
    return _with(answer, pair[0]._replace(dropped=told.dropped), pair[1])


def _with(answer: Answer, words: Summary, exploratory: Summary) -> Answer:
    dropped = len(words.dropped) + len(exploratory.dropped)
    usage = ModelUsage(id="", dropped_sentences=dropped)
    return answer.model_copy(
        update={"words": words.sentences, "exploratory_words": exploratory.sentences, "model": usage}
    )


def _cited(facts: Mapping[str, Fact], text: str) -> list[Fact]:
    """The facts that a text cites: the table shows the others."""
    return [facts[name] for name in dict.fromkeys(_CITED.findall(text)) if name in facts]


def refilled(table: Table, bench: Bench) -> dict[str, Fact]:
    """The figures that the model saw on exploration rows, with their values on the rows that were asked about.

    A figure is known again by the query and its label, which names its group; where that is not one figure, it is left.
    """
    try:
        groups = check(table.sql)
    except UsageError:
        return {}
    seen: dict[str, list[str]] = {}
    for name, fact in bench.facts.items():
        if fact.source == table.sql:
            seen.setdefault(fact.label, []).append(name)
    out = {}
    for row in table.cells:
        keys = [f"{cleaned(c)}={_key(v)}" for c, v in zip(table.columns, row, strict=True) if c in groups]
        place = " and ".join(keys)
        n = next((v for c, v in zip(table.columns, row, strict=True) if c.lower() == "n" and isinstance(v, int)), None)
        for column, value in zip(table.columns, row, strict=True):
            label = f"{cleaned(column)} where {place}" if place else cleaned(column)
            names = seen.get(label, [])
            if len(names) == 1 and isinstance(value, (int, float)) and not isinstance(value, bool):
                out[names[0]] = bench.facts[names[0]]._replace(
                    value=value, n=n, low=None, high=None, columns=table.read
                )
    return out


def _key(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float)) else cleaned(value)
