"""What a language model's reading of documents brings into a run: drafts before the commitment, labels and names after.

Knows what was explored, committed claims, and opened rows once their verdicts were shown. Must never open a vault: the
judge that it hands on is asked by the one door, after the ledger says that the vault is being opened.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..tools.data.rows import Rows
from ..tools.text.embeddings import Embedder
from ..tools.text.evaluate import with_properties
from ..tools.text.properties import Judged
from ..tools.text.summary import TextSummary
from ..tools.verify.hypothesis import Hypothesis
from .callbook import CallBook
from .judging import Judge, with_judge
from .model import Talk
from .model_settings import ModelSettings
from .summary import Explored
from .text_drafts import ReadDraft, drafts_from_reading
from .text_names import named
from .toolbox.bench import Bench
from .toolbox.spec import call
from .toolbox.tools_propose import PROPOSE
from .usage import ModelUsage, PromptUsed, cost_of, used

_CALLS, _LEFT = 3, 3
"""Calls that one reading may take (asking in another way counts), and those that must be left for exploring."""

Say = Callable[[str], None]


def read_drafts(bench: Bench, explored: Explored, settings: ModelSettings, book: CallBook, say: Say) -> ReadDraft:
    """What a model says of samples of two groups, with the properties that it names as columns.

    Nothing is read where documents may not be told, or the budget would leave nothing to explore with.
    """
    calls = min(_CALLS, settings.max_calls - _LEFT)
    if not explored.rows.texts or not settings.reads or calls < 1:
        return ReadDraft(explored)
    say(f"Letting {settings.name} read documents of both sides")
    own = settings._replace(max_calls=calls, max_tokens=settings.max_tokens // 2)
    return drafts_from_reading(bench, explored, own, book, say)


def propose_read(bench: Bench, read: ReadDraft) -> None:
    """Hand each claim of a reading to the tool that takes a model's claims; it is refused there like any other."""
    for one in read.claims:
        call(PROPOSE, bench, {"claims": [{"claim": one.claim, "why": one.why}]})


def less(settings: ModelSettings, spent: Talk | None) -> ModelSettings:
    """The settings with what is left of the budget."""
    if spent is None:
        return settings
    return settings._replace(
        max_calls=settings.max_calls - spent.calls, max_tokens=settings.max_tokens - spent.input_tokens
    )


def with_reading(usage: ModelUsage, read: ReadDraft, price: tuple[float, float] | None) -> ModelUsage:
    """The account of the drafting with that of the reading before it, labels of exploration documents apart."""
    from ..prompts import load
    from .judging import PROMPT as JUDGE
    from .text_drafts import PROMPT as READ

    if read.found is None:
        return usage
    prompts = [load(READ), *read.found.prompts, *([load(JUDGE)] if read.judge is not None else [])]
    return counted(
        usage.model_copy(
            update={
                "calls": usage.calls + read.found.calls,
                "input_tokens": usage.input_tokens + read.found.input_tokens,
                "output_tokens": usage.output_tokens + read.found.output_tokens,
                "prompts": _together(usage.prompts, used(prompts)),
                "judged": read.judge.usage if read.judge is not None else None,
            }
        ),
        price,
    )


def counted(usage: ModelUsage, price: tuple[float, float] | None) -> ModelUsage:
    """The account with its price, that of labels included."""
    tokens = usage.input_tokens, usage.output_tokens
    if usage.judged is not None:
        tokens = tokens[0] + usage.judged.input_tokens, tokens[1] + usage.judged.output_tokens
    return usage.model_copy(update={"cost": cost_of(*tokens, price)})


class Labelled(NamedTuple):
    """What committed claims need of texts."""

    explored: Explored
    judge: Judge | None = None
    """What is asked about opened documents, with an account of its own; None where no claim has a question."""


def labelled(
    settings: ModelSettings | None, explored: Explored, claims: Sequence[Hypothesis], book: CallBook | None, say: Say
) -> Labelled:
    """The exploration rows with every text property of the committed claims, and a judge for the opened documents.

    A batch that is replayed was drafted in another run: its properties are computed again, its labels come from the
    book of calls.

    Raises:
        HypothesisError: if a property needs a model that is not at hand.
    """
    properties = [p for h in claims for p in h.texts]
    if not properties or not explored.rows.n:
        return Labelled(explored)
    asked = any(isinstance(p.property, Judged) for p in properties)
    if not asked or settings is None or book is None or not settings.reads:
        return Labelled(explored._replace(rows=with_properties(explored.rows, properties, explored.aids)))
    before = with_judge(explored.aids, Judge(settings, book, say))
    judge = Judge(settings, book, say)
    rows = with_properties(explored.rows, properties, before)
    return Labelled(explored._replace(rows=rows, aids=with_judge(explored.aids, judge)), judge)


def with_labels(usage: ModelUsage | None, judge: Judge | None, price: tuple[float, float] | None) -> ModelUsage | None:
    """The account with the labels of opened documents added to those of exploration documents."""
    if usage is None or judge is None:
        return usage
    before = usage.judged
    return counted(
        usage.model_copy(update={"judged": judge.usage if before is None else before + judge.usage}), price
    )  # fmt: skip


def named_themes(
    settings: ModelSettings, explored: Explored, opened: Rows | None, usage: ModelUsage, book: CallBook, say: Say,
    embedder: Embedder | None = None,
) -> tuple[tuple[TextSummary, ...], ModelUsage]:  # fmt: skip
    """What is told of the texts with the names that stood their test on opened documents, and the account with it."""
    if opened is None or usage.failure or not any(t.themes.themes for t in explored.texts):
        return explored.texts, usage
    # One call is left for the words of the summary.
    left = settings._replace(
        max_calls=settings.max_calls - usage.calls - 1, max_tokens=settings.max_tokens - usage.input_tokens
    )
    documents = {name: list(texts) for name, texts in opened.texts.items()}
    found = named(explored.texts, documents, explored.aids, left, book, say, embedder)
    prompts = used([*found.prompts, *(p for t in found.talks for p in t.prompts)])
    usage = usage.model_copy(
        update={
            "calls": usage.calls + sum(t.calls for t in found.talks),
            "input_tokens": usage.input_tokens + sum(t.input_tokens for t in found.talks),
            "output_tokens": usage.output_tokens + sum(t.output_tokens for t in found.talks),
            "prompts": _together(usage.prompts, prompts),
        }
    )
    return found.texts, counted(usage, settings.price)


def _together(*parts: Sequence[PromptUsed]) -> tuple[PromptUsed, ...]:
    """The prompts of several conversations, each once, by name."""
    every = {p.sha256: p for part in parts for p in part}
    return tuple(sorted(every.values(), key=lambda p: (p.name, p.version)))
