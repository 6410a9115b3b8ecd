"""The fields of an answer: what was understood, a table or a verdict, and the sentences that frame them.

Values only. Must never compute a figure, change a verdict, or hold more of a sealed row than whether a claim was
verified.
"""

from typing import Any, Literal

from ..tools.value import Effect, Value
from .facts import Table
from .question import Way
from .usage import ModelUsage

Kind = Literal["fact", "claim", "ways", "words"]
"""What a question was answered with; words: a model's own, that the table has no answer."""


class Shown(Value):
    """What the exploration rows show of a claim: exploratory, never a finding."""

    sentence: str | None
    """None where it cannot be measured on them."""
    reason: str | None
    """Why it cannot."""
    n: int
    effect: Effect | None = None


class ClaimAnswer(Value):
    """What became of a claim."""

    claim: str
    """As it was understood, in the family's words."""
    hypothesis: dict[str, Any]
    state: Literal["asked", "recorded", "refused", "explored", "answered"]
    """As of a thread's reply; answered: by the one list that a small table was tested with."""
    verified: bool | None
    reason: str | None
    exploratory: Shown | None
    sentence: str | None = None
    """For a small table: the claim with its figures from all rows."""


class Beside(Value):
    """One more query that answers the same question."""

    understood: str
    fact: Table
    cost: str | None = None


class Answered(Value):
    """One question, answered."""

    question: str
    dataset: str
    kind: Kind
    understood: str
    supplied: tuple[str, ...] = ()
    """What was matched in another spelling or supplied by rule."""
    beside: tuple[Beside, ...] = ()
    """Where several queries answer the question: those before the last, in order."""
    fact: Table | None = None
    claim: ClaimAnswer | None = None
    ways: tuple[Way, ...] = ()
    """Where it can be read in several ways: these, and nothing was answered."""
    words: tuple[str, ...] = ()
    """Sentences that a model worded: every figure is filled in by code and every sentence checked."""
    exploratory_words: tuple[str, ...] = ()
    """The same, where they rest on exploration rows."""
    cost: str | None = None
    """What the answer showed of sealed rows, or what is left of the thread."""
    checked: str = "nothing was computed."
    not_checked: str = "the question, until it can be read in one way."
    note: str | None = None
    """Why no model answered, where one was asked."""
    model: ModelUsage | None = None
