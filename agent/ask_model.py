"""A question read and worded by a language model; what it asked for is carried out by code.

Knows the inquiry, prompts by name and what was asked before. Must never compute a figure or hand on one that the model
wrote: its sentences cite ids, and code fills them from the rows that the person wants.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..prompts import load
from ..tools.data.jail import Jail
from ..tools.data.rows import Rows
from ..tools.errors import HypothesisError, UsageError
from .answer import Answer
from .answer_fields import Beside
from .callbook import CallBook
from .consent import Declined
from .facts import planned
from .folders import user_folder
from .inquiry import Inquiry, RequestShown, Sought
from .looking import look_at
from .own_words import own_words
from .privacy import visible
from .prose import Summary, answer_of
from .refilling import left_over, refilled
from .row_words import row_words
from .summary import Explored
from .toolbox.bench import Bench
from .toolbox.facts import Fact
from .toolbox.spec import ToolSpec, call, told
from .toolbox.tools import offered
from .toolbox.tools_answer import Wanted, answer_tools
from .usage import ModelUsage, cost_of, spent, used

if TYPE_CHECKING:
    from .model import ModelSettings, Talk

_OVERVIEW = "columns"
_NOT_HERE = ("propose", "open_question")
_REMEMBERED = 12
_CITED = re.compile(r"\[(f\d{1,6})(?:\.[a-z_]{1,16})?\]")


_NEEDS = " needs a language model (`--model openai:NAME`). Without one write"


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
    with _bench(asked, settings) as bench:
        bench.question = question
        tried, others = _tried(asked, bench), tuple(n for n in _called(asked, bench).values() if n not in bench.columns)
        sql = settings.sql and (bench.jail or tried) is not None
        wanted = Wanted(may_ask=may_ask, sql=sql, tried=tried, others=others)
        found = _talk(asked, settings, bench, wanted, question)
        usage = _usage(settings, found)
        if not (wanted.facts or wanted.claim or wanted.ways):
            return _not_carried_out(asked, bench, found, usage)
        text = found.text if found.failure is None else ""
        try:
            answer = _carried_out(asked, question, bench, wanted, text)
        except Declined as err:
            raise Declined(f"{err} {settings.name} read the question: {spent(usage)}.") from err
    dropped = usage.model_copy(update={"dropped_sentences": answer.model.dropped_sentences if answer.model else 0})
    note = found.failure and f"{found.failure} What it had asked for until then is answered."
    return answer.model_copy(update={"model": dropped, "note": note})


def _not_carried_out(asked: Inquiry, bench: Bench, found: "Talk", usage: ModelUsage) -> Answer:
    """The answer where nothing is to be run: the grammar's, else the model's own words that there is none.

    Raises:
        HypothesisError: if the grammar cannot read the question, and the model's words say more than that.
    """
    why = found.failure or f"{usage.id} gave no answer that code could carry out."
    try:
        answer = asked.by_grammar(bench.question)
    except HypothesisError as err:
        said = own_words("" if found.failure else found.text, bench, list(asked.columns), _row_words(asked))
        if not said.sentences:
            told = str(err).replace(_NEEDS, " cannot be read: write")
            raise HypothesisError(f"{why} Without the model: {_inside(told)}") from err
        usage = usage.model_copy(update={"dropped_sentences": said.dropped})
        return asked.words.own(bench.question, said.sentences).model_copy(update={"model": usage})
    return answer.model_copy(update={"note": f"{why} The question was read by the grammar alone.", "model": usage})


def _inside(told: str) -> str:
    """An error as it goes on behind a colon: a name or a single letter keeps its capital."""
    return told[:1].lower() + told[1:] if re.match(r"[A-Z][a-z]|A ", told) else told


@contextmanager
def _bench(asked: Inquiry, settings: "ModelSettings") -> Iterator[Bench]:
    """What the model may read: exploration rows, explored once for the whole conversation.

    A table too small to be split has none. Of it a model is told names and types alone, as in `schema`: code runs what
    it writes and fills in every value, so it needs no row.
    """
    if asked.explored is None:
        none = Explored(Rows.none(asked.analysed))
        looked = none if asked.small else look_at(asked.exploration_rows(), asked.state.settings, asked.state.say, {})
        asked.explored = looked
    if asked.small and settings.privacy != "none":
        settings = settings._replace(privacy="schema")
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


def _tried(asked: Inquiry, bench: Bench) -> Callable[[str], None] | None:
    """Tries a query on no row at all, by names and types alone; None where only exploration rows may be read."""
    whole = asked.state.whole
    if whole is None or asked.manner.facts == "exploration":
        return None
    called = _called(asked, bench)

    def tried(sql: str) -> None:
        planned(sql, "", called, whole, whole.parent)

    return tried


def _called(asked: Inquiry, bench: Bench) -> dict[str, str]:
    """The columns that a query may name, with their own names: of all rows those as well that no claim may name."""
    # What is computed from texts is no column of the file: no query of its rows can read it.
    analysed = {bench.id(name): name for name, column in bench.columns.items() if column.computed is None}
    if asked.manner.facts == "exploration":
        return analysed
    return {name: name for name in asked.columns if name not in bench.columns and name not in analysed} | analysed


def _talk(asked: Inquiry, settings: "ModelSettings", bench: Bench, wanted: Wanted, question: str) -> "Talk":
    from .model import talk

    tools = [t for t in offered(bench) if t.name not in _NOT_HERE and (settings.sql or t.name != "query")]
    prompt = load("answer")
    overview = _overview(bench, tools)
    if words := _row_words(asked):
        overview["rows_are_called"] = list(words)
    user = prompt.user(overview=overview, thread=_before(asked), question=visible(question))
    folder = user_folder("runs") / f"ask-{asked.state.dataset[:16]}"
    book = CallBook(folder, bench.privacy, "show" if asked.manner.show else "send")
    found = talk(
        settings, prompt.system, user, (*tools, *answer_tools(wanted)), bench, reply=None, book=book,
        say=asked.state.say, done=lambda: wanted.asks_back,
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
        if answer.kind in ("fact", "claim"):
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
    if wanted.asks_back:
        return asked.words.ways(question, wanted.ways)
    if wanted.claim is not None:
        answer = asked.claim(question, wanted.claim)
        seen = answer_of((), _cited(bench.facts, text), text, _row_words(asked), templates=False)
        return _with(answer, Summary((), ()), seen)
    answers = asked.facts(question, [Sought(fact.sql, fact.what) for fact in wanted.facts], _called(asked, bench))
    beside = tuple(Beside(understood=a.understood, fact=a.fact, cost=a.cost) for a in answers[:-1] if a.fact)
    full, unseen = refilled([a.fact for a in answers if a.fact is not None], bench)
    last = answers[-1].model_copy(update={"beside": beside})
    return _worded(last, bench, full, unseen, text, _row_words(asked))


def _worded(
    answer: Answer, bench: Bench, full: Mapping[str, Fact], unseen: Sequence[Fact], text: str, words: Sequence[str]
) -> Answer:
    """The model's sentences: those on the answer's own figures, and apart from them those on exploration rows."""
    every = {**bench.facts, **full}
    cited = _cited(every, text)
    # Templates would say again what stands in the table, or tell as an answer what the model only mentioned.
    told = answer_of((), cited, text, words, templates=False)
    on_all = [(s, c) for s, c in zip(told.sentences, told.cites, strict=True) if set(c) <= set(full)]
    rest = [(s, c) for s, c in zip(told.sentences, told.cites, strict=True) if not set(c) <= set(full)]
    pair = [Summary(tuple(s for s, _ in part), tuple(c for _, c in part)) for part in (on_all, rest)]
    more = answer_of((), left_over(unseen, [fact for fact in cited if fact.id in full]), "").sentences
    sentences = (*pair[0].sentences, *more)
    return _with(answer, pair[0]._replace(sentences=sentences, dropped=told.dropped), pair[1])


def _with(answer: Answer, words: Summary, exploratory: Summary) -> Answer:
    dropped = len(words.dropped) + len(exploratory.dropped)
    usage = ModelUsage(id="", dropped_sentences=dropped)
    return answer.model_copy(
        update={"words": words.sentences, "exploratory_words": exploratory.sentences, "model": usage}
    )


def _cited(facts: Mapping[str, Fact], text: str) -> list[Fact]:
    """The facts that a text cites: the table shows the others."""
    return [facts[name] for name in dict.fromkeys(_CITED.findall(text)) if name in facts]


def _row_words(asked: Inquiry) -> tuple[str, ...]:
    return row_words(asked.state.opened.name, list(asked.columns.values()), asked.state.split.plan)
