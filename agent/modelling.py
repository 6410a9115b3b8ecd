"""A language model's part in one run: it proposes before the commitment, and words a summary after the verdicts.

Knows what was explored, the committed batch's record and the finished result. Must never know a sealed row, and decides
nothing: proposals go through the same draft as a rule's, and every sentence is checked against its finding.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ..prompts import load
from ..tools.data.rows import Rows
from ..tools.errors import ModelUnavailable, UsageError
from ..tools.text.evaluate import with_properties
from ..tools.text.summary import TextSummary
from ..tools.verify.hypothesis import Hypothesis, parse
from ..tools.verify.sessions import Session
from .callbook import CallBook
from .draft import Batch
from .folders import user_folder
from .model_settings import Modelling
from .outlook import Focus
from .privacy import Privacy
from .prose import catalogue, summary_of
from .report.result import Finding, Result
from .summary import Explored, Settings
from .usage import ModelUsage, used

Say = Callable[[str], None]
_NOTHING_SPENT = (
    "Nothing was opened or spent: run the same command again when it answers, or leave `--model` out and the rules "
    "draft alone."
)
_WORDED = 30
"""Findings that the summary may speak of, most useful first."""


def book_of(modelling: Modelling, request: str) -> CallBook:
    """The calls of this question: a run that was cut finds its answers there."""
    mode: Literal["send", "show"] = "show" if modelling.show else "send"
    return CallBook(user_folder("runs") / request[:16], modelling.settings.privacy, mode)


class Proposed(NamedTuple):
    """What a model put forward."""

    hypotheses: tuple[Hypothesis, ...] = ()
    usage: ModelUsage | None = None
    shown: str | None = None
    """The request that would be sent, where nothing is."""
    explored: Explored | None = None
    """What was explored with the columns that a reading of documents added; None where it added nothing."""


def propose(
    modelling: Modelling, explored: Explored, focus: Focus, left_out: Mapping[str, str], request: str, say: Say
) -> Proposed:
    """The hypotheses that a model proposes over the exploration rows; a failure on the way is told in the usage.

    Raises:
        ModelUnavailable: if the model's package or key is missing, or it never answered: a vault is opened once, so a
            wrong key must be told before that, not in the report that it was spent on.
        UsageError: if the model's name or privacy mode cannot be used.
    """
    from .draft_model import draft_by_model
    from .reading import less, propose_read, read_drafts, with_reading
    from .toolbox.bench import Bench

    settings = modelling.settings
    if settings.privacy == "none":
        raise UsageError("With `--privacy none` nothing may be told to a model: leave `--model` out.")
    say(
        f"Laying out the first request to {settings.name}; nothing is sent"
        if modelling.show
        else f"Letting {settings.name} explore and propose"
    )
    book = book_of(modelling, request)
    bench = Bench.of(explored, focus=focus, privacy=settings.privacy, left_out=left_out)
    read = read_drafts(bench, explored, settings, book, say)
    if modelling.show and read.found is not None:
        return Proposed(shown=read.found.text)
    bench = Bench.of(read.explored, focus=focus, privacy=settings.privacy, left_out=left_out)
    bench.citing = False
    propose_read(bench, read)
    jail = _jail(bench) if settings.sql and settings.privacy != "schema" else None
    try:
        bench.jail = jail
        draft = draft_by_model(bench, less(settings, read.found), book, say)
    finally:
        if jail is not None:
            jail.close()
    if draft.failure and not draft.usage.calls:
        raise ModelUnavailable(f"{draft.failure} {_NOTHING_SPENT}")
    questions = tuple(_with_names(q, bench.ids) for q in draft.open_questions)
    failure = (
        draft.failure or next(iter(read.failures), None) or (read.found.failure if read.found is not None else None)
    )
    usage = draft.usage.model_copy(update={"open_questions": questions, "failure": failure})
    usage = with_reading(usage, read, settings.price)
    return Proposed(draft.hypotheses, usage, draft.shown, read.explored)


def _with_names(text: str, ids: Mapping[str, str]) -> str:
    """A model's words with the columns' names in place of the short ids that it was given."""
    names = {short: name for name, short in ids.items()}
    return re.sub(r"\b\w+\b", lambda m: names.get(m[0], m[0]), text)


def recorded(batch: Batch, usage: ModelUsage | None) -> dict[str, Any] | None:
    """What the ledger keeps of a model's part: which model and prompts, what it cost, and which claims are its."""
    if usage is None:
        return None
    by = {source: sorted(d.hypothesis.content_id() for d in batch.drafts if d.source == source) for source in _SOURCES}
    return {"usage": usage.as_json(), **by}


_SOURCES = ("model", "both")


def part_of(session: Session | None) -> tuple[ModelUsage | None, dict[str, str]]:
    """The model's part in a batch as the ledger holds it, and who drafted each of its claims."""
    if session is None or session.model is None:
        return None, {}
    kept = session.model
    return ModelUsage.model_validate(kept["usage"]), {i: source for source in _SOURCES for i in kept[source]}


def with_answers(
    modelling: Modelling | None, explored: Explored, claims: Sequence[Hypothesis], request: str, say: Say
) -> tuple[Explored, Any]:
    """The exploration rows with every text property of the claims; and what answers questions about opened documents.

    Raises:
        HypothesisError: if a property needs a model that is not at hand.
    """
    if not any(h.texts for h in claims):
        return explored, None
    if modelling is None:
        properties = [p for h in claims for p in h.texts]
        return explored._replace(rows=with_properties(explored.rows, properties, explored.aids)), None
    from .reading import labelled

    return labelled(modelling.settings, explored, claims, book_of(modelling, request), say)


def after_verdicts(
    settings: Settings, explored: Explored, opened: Rows | None, usage: ModelUsage | None, judge: Any, request: str,
    say: Say,
) -> tuple[ModelUsage | None, tuple[TextSummary, ...]]:  # fmt: skip
    """The account with the labels of opened documents, and what is told of the texts with themes named by the model."""
    modelling = settings.modelling
    if modelling is None or usage is None or not (explored.rows.texts or judge is not None):
        return usage, explored.texts
    from .reading import named_themes, with_labels

    usage = with_labels(usage, judge, modelling.settings.price) or usage
    own, book = modelling.settings, book_of(modelling, request)
    texts, usage = named_themes(own, explored, opened, usage, book, say, settings.embedder)
    return usage, texts


def worded(modelling: Modelling, result: Result, request: str, say: Say, rows: Rows) -> Result:
    """The result with a summary that the model worded, every sentence checked; unchanged where it failed.

    Of `rows`, the exploration rows, nothing is told: by them it is known which properties of texts may be named.
    """
    if result.model is None or result.model.failure or not any(f.outcome == "verified" for f in result.findings):
        return result
    from .model import talk
    from .reading import counted

    settings, before = modelling.settings, (result.model.calls, result.model.input_tokens)
    say(f"Letting {settings.name} word the summary")
    findings = _nameable(result.findings, rows, settings.privacy)[:_WORDED]
    prompt = load("summary")
    told = list(catalogue(findings, (), settings.privacy))
    user = prompt.user(findings=told, facts=[])
    found = talk(
        settings, prompt.system, user, (), None, reply=None, book=book_of(modelling, request), say=say, before=before
    )
    summary = summary_of(result.findings, (), found.text if found.failure is None else None)
    offered = bool(found.text.strip()) and found.failure is None
    tokens = result.model.input_tokens + found.input_tokens, result.model.output_tokens + found.output_tokens
    usage = result.model.model_copy(
        update={
            "calls": result.model.calls + found.calls, "input_tokens": tokens[0], "output_tokens": tokens[1],
            "dropped_sentences": len(summary.dropped), "prompts": (*result.model.prompts, *used([prompt])),
        }
    )  # fmt: skip
    usage = counted(usage, settings.price)
    return result.model_copy(update={"model": usage, "summary": summary.sentences if offered else ()})


def _nameable(findings: Sequence[Finding], rows: Rows, privacy: Privacy) -> list[Finding]:
    """The findings without those that name a property of texts by words that may not be told."""
    from .toolbox.documents import hidden_in

    hidden = hidden_in(rows, privacy)
    return [f for f in findings if not hidden & set(parse(f.hypothesis).columns)] if hidden else list(findings)


def _jail(bench: Any) -> Any:
    """Where the model's SQL runs; None where the rows do not fit or the system cannot bound a process."""
    from ..tools.data.jail import Jail

    try:
        return Jail(bench.sql_rows())
    except UsageError:
        return None


def request_text(shown: str) -> str:
    """The request laid out for reading."""
    return json.dumps(json.loads(shown), indent=2, ensure_ascii=False)
