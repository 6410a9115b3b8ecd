"""What a model's part in a run was: which model, how many calls and tokens, which prompts, and what it cost.

Knows counts and prices. Must never know a prompt's text, a reply or a key.
"""

import os
import re
from collections.abc import Iterable

from pydantic import Field

from ..prompts import Prompt
from ..tools.errors import UsageError
from ..tools.value import Value, counted

PRICE = "HELDOUT_MODEL_PRICE"
"""Environment variable: price of a million input and of a million output tokens, as `2.50,10`."""


class PromptUsed(Value):
    """One prompt by its name, its version and the hash of its file."""

    name: str
    version: str
    sha256: str


class JudgedUsage(Value):
    """What yes/no questions about documents took, beside the calls of the run."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    documents: int = 0
    """Labels that were asked for: a document counts once for each question and each time it was asked."""

    def __add__(self, other: "JudgedUsage") -> "JudgedUsage":
        mine, theirs = self.as_json(), other.as_json()
        return JudgedUsage(**{name: mine[name] + theirs[name] for name in mine})


class ModelUsage(Value):
    """A model's part in a run. Calls that were answered from disk count, so that a run and its replay say the same."""

    id: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    prompts: tuple[PromptUsed, ...] = ()
    dropped_sentences: int = 0
    """Sentences that the model worded and that did not fit their evidence."""
    cost: float | None = None
    """In the currency of the price that was set; None where none was."""
    open_questions: tuple[str, ...] = ()
    """What the model would ask a person who knows these data. Its own words: shown as quotations, never as findings."""
    failure: str | None = None
    """Why the model did not come to an end; what it had proposed until then counts."""
    judged: JudgedUsage | None = Field(default=None, exclude_if=lambda judged: judged is None)
    """What questions about documents took; its price is part of the cost."""


def spent(usage: ModelUsage) -> str:
    """`4 calls, 23,100 input and 1,900 output tokens`, with the cost where a price is set."""
    cost = "" if usage.cost is None else f", at a price of {usage.cost:g}"
    calls = f"{usage.calls:,} {'call' if usage.calls == 1 else 'calls'}"
    return f"{calls}, {usage.input_tokens:,} input and {usage.output_tokens:,} output tokens{_judged(usage)}{cost}"


def _judged(usage: ModelUsage) -> str:
    """What labels of documents took, apart from the rest; empty where none were asked for."""
    own = usage.judged
    if own is None:
        return ""
    labels, calls = (counted(n, what) for n, what in ((own.documents, "label"), (own.calls, "further call")))
    tokens = f"{own.input_tokens:,} input and {own.output_tokens:,} output tokens"
    return f", and {labels} of documents in {calls}, {tokens}"


def used(prompts: Iterable[Prompt]) -> tuple[PromptUsed, ...]:
    """The prompts as the report names them, each once, by name."""
    return tuple(PromptUsed(name=p.name, version=p.version, sha256=p.sha256) for p in sorted(set(prompts)))


def cost_of(input_tokens: int, output_tokens: int, price: tuple[float, float] | None = None) -> float | None:
    """What so many tokens cost; None where no price is known.

    Args:
        input_tokens: Tokens that were sent; reductions for a cached prompt are not counted.
        output_tokens: Tokens that came back.
        price: Price of a million input and of a million output tokens; by default that of the environment.

    Raises:
        UsageError: if the price in the environment cannot be read.
    """
    price = price or price_set()
    return None if price is None else round((input_tokens * price[0] + output_tokens * price[1]) / 1e6, 6)


def price_set() -> tuple[float, float] | None:
    """The price that the environment names.

    Raises:
        UsageError: if it is not two numbers.
    """
    text = os.environ.get(PRICE, "").strip()
    if not text:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*,\s*(\d+(?:\.\d+)?)", text)
    if match is None:
        raise UsageError(
            f"{PRICE} is the price of a million input and of a million output tokens, such as '2.50,10'. "
            f"Got '{text[:40]}'."
        )
    return float(match[1]), float(match[2])
