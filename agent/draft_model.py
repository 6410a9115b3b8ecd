"""Draft by model: a language model explores with the tools and proposes; what fits the grammar becomes hypotheses.

Knows the bench, prompts by name and the conversation's account. Must never know a sealed row, a verdict, an error level
or a smallest effect, and computes nothing. Whatever the model says, all that comes of it is the list of proposals.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, create_model

from ..prompts import Prompt, load
from ..tools.verify.hypothesis import Hypothesis
from .callbook import CallBook
from .model import ModelSettings, Talk, talk
from .toolbox.bench import Bench
from .toolbox.spec import ToolSpec, call, told
from .toolbox.tools import offered
from .usage import ModelUsage, cost_of, used

_OVERVIEW = ("columns", "leads")
"""Tools whose answers every exploration begins with: told at once, they cost no turn."""
_PROPOSE, _QUESTION = "propose", "open_question"
_MOST_QUESTIONS = 10


class ModelDraft(NamedTuple):
    """What a model proposed, and what that took."""

    hypotheses: tuple[Hypothesis, ...]
    """Each once, in the order proposed."""
    usage: ModelUsage
    open_questions: tuple[str, ...]
    failure: str | None
    """One line where the model did not come to an end; what it had proposed until then counts."""
    shown: str | None = None
    """The request that would be sent, where the book only shows."""


def draft_by_model(
    bench: Bench,
    settings: ModelSettings,
    book: CallBook,
    say: Callable[[str], None],
    *,
    tools: Sequence[ToolSpec] | None = None,
) -> ModelDraft:
    """The hypotheses that a model proposes on the exploration side.

    A model that cannot call tools, or does not, is asked once more, for a list of proposals in one reply.

    Args:
        bench: What tools read; proposals and open questions are left there.
        settings: Which model, and its budget.
        book: Where requests are entered and replies kept.
        say: Called with one line an answer.
        tools: What the model may call; by default what the bench offers.

    Raises:
        ModelUnavailable: if LangChain, the provider's package or its key is missing.
        UsageError: if the model's name, its address or its price cannot be read, or the privacy mode allows no model.
    """
    price = cost_of(0, 0, settings.price)  # a price that cannot be read must not be found out after paying
    specs = offered(bench) if tools is None else tuple(tools)
    overview = _overview(bench, specs)
    before = len(bench.proposals) + len(bench.open_questions)
    prompt = load("explore")
    user = prompt.user(focus=_focus(bench), budget=_budget(settings), overview=overview)
    found = talk(settings, prompt.system, user, specs, bench, reply=None, book=book, say=say)
    prompts = [prompt]
    idle = found.failure is None and len(bench.proposals) + len(bench.open_questions) == before
    if book.mode != "show" and (found.kind == "tools" or idle):
        second, more = _in_one_reply(bench, _left(settings, found), book, say, specs, overview)
        found, prompts = _joined(found, second), [*prompts, *more]
    cost = None if price is None else cost_of(found.input_tokens, found.output_tokens, settings.price)
    usage = ModelUsage(
        id=settings.name, calls=found.calls, input_tokens=found.input_tokens, output_tokens=found.output_tokens,
        prompts=used(prompts), cost=cost,
    )  # fmt: skip
    proposed = {p.hypothesis.content_id(): p.hypothesis for p in bench.proposals if p.hypothesis is not None}
    shown = found.text if book.mode == "show" else None
    return ModelDraft(tuple(proposed.values()), usage, tuple(bench.open_questions), found.failure, shown)


def _overview(bench: Bench, specs: Sequence[ToolSpec]) -> dict[str, Any]:
    """What the first tools say without being asked anything, cut as the model would get it."""
    return {spec.name: json.loads(told(call(spec, bench, {}))) for spec in specs if spec.name in _OVERVIEW}


def _focus(bench: Bench) -> dict[str, Any]:
    focus = bench.focus
    outcome = {"outcome": bench.id(focus.outcome)} if focus.outcome is not None else {}
    return outcome | ({"about": [bench.id(name) for name in focus.about]} if focus.about else {})


def _budget(settings: ModelSettings) -> dict[str, int]:
    return {"turns": settings.max_calls, "input_tokens": settings.max_tokens}


def _left(settings: ModelSettings, spent: Talk) -> ModelSettings:
    return settings._replace(
        max_calls=settings.max_calls - spent.calls, max_tokens=settings.max_tokens - spent.input_tokens
    )


def _in_one_reply(
    bench: Bench,
    settings: ModelSettings,
    book: CallBook,
    say: Callable[[str], None],
    specs: Sequence[ToolSpec],
    overview: dict[str, Any],
) -> tuple[Talk, list[Prompt]]:
    """Ask for all proposals in one structured reply, and hand each to the tool that takes it."""
    by_name = {spec.name: spec for spec in specs}
    propose = by_name[_PROPOSE]
    say("The model did not call tools: asking for all proposals in one reply")
    prompt = load("draft")
    user = prompt.user(focus=_focus(bench), overview=overview, form=propose.description)
    found = talk(settings, prompt.system, user, (), bench, reply=_shape(propose), book=book, say=say)
    if found.structured is not None:
        answer = found.structured.model_dump(mode="json")
        questions = answer.pop("open_questions")
        call(propose, bench, answer)
        for question in questions[:_MOST_QUESTIONS] if _QUESTION in by_name else ():
            call(by_name[_QUESTION], bench, {"question": question})
    return found, [prompt, *found.prompts]


def _shape(propose: ToolSpec) -> type[BaseModel]:
    """The reply that holds what a call of the tool would, and open questions."""
    # Arguments of tools go without titles; a schema that stands by itself is named by its title.
    own = {"json_schema_extra": None}
    return create_model("Proposals", __base__=propose.arguments, __cls_kwargs__=own, open_questions=(list[str], ...))


def _joined(first: Talk, second: Talk) -> Talk:
    """The account of both conversations with what the second came to."""
    return second._replace(
        calls=first.calls + second.calls,
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cached=first.cached + second.cached,
    )
