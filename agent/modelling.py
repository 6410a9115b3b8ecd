"""A language model's part in one run: it proposes before the commitment, and words a summary after the verdicts.

Knows what was explored, the committed batch's record and the finished result. Must never know a sealed row, and decides
nothing: proposals go through the same draft as a rule's, and every sentence is checked against its finding.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from ..prompts import load
from ..tools.errors import ModelUnavailable, UsageError
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.sessions import Session
from .callbook import CallBook
from .draft import Batch
from .folders import user_folder
from .model_settings import Modelling
from .outlook import Focus
from .prose import catalogue, summary_of
from .report.result import Result
from .summary import Explored
from .usage import ModelUsage, cost_of, used

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
    from .toolbox.bench import Bench

    settings = modelling.settings
    if settings.privacy == "none":
        raise UsageError("With `--privacy none` nothing may be told to a model: leave `--model` out.")
    say(
        f"Laying out the first request to {settings.name}; nothing is sent"
        if modelling.show
        else f"Letting {settings.name} explore and propose"
    )
    bench = Bench.of(explored, focus=focus, privacy=settings.privacy, left_out=left_out)
    bench.citing = False
    jail = _jail(bench) if settings.sql and settings.privacy != "schema" else None
    try:
        bench.jail = jail
        draft = draft_by_model(bench, settings, book_of(modelling, request), say)
    finally:
        if jail is not None:
            jail.close()
    if draft.failure and not draft.usage.calls:
        raise ModelUnavailable(f"{draft.failure} {_NOTHING_SPENT}")
    questions = tuple(_with_names(q, bench.ids) for q in draft.open_questions)
    usage = draft.usage.model_copy(update={"open_questions": questions, "failure": draft.failure})
    return Proposed(draft.hypotheses, usage, draft.shown)


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


def worded(modelling: Modelling, result: Result, request: str, say: Say) -> Result:
    """The result with a summary that the model worded, every sentence checked; unchanged where it failed."""
    if result.model is None or result.model.failure or not any(f.outcome == "verified" for f in result.findings):
        return result
    from .model import talk

    settings, before = modelling.settings, (result.model.calls, result.model.input_tokens)
    say(f"Letting {settings.name} word the summary")
    findings = result.findings[:_WORDED]
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
            "dropped_sentences": len(summary.dropped), "cost": cost_of(*tokens, settings.price),
            "prompts": (*result.model.prompts, *used([prompt])),
        }
    )  # fmt: skip
    return result.model_copy(update={"model": usage, "summary": summary.sentences if offered else ()})


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
