"""The grammar of text properties: what is computed from one document, frozen before a sealed document is read.

A property is a column that the file does not hold: whether a text mentions a term, how many words it has, whether it
belongs to a theme. It is a function of the document alone: of its text, and of what was frozen with the property.

Knows the kinds of properties. Must never know a document, another column, or how a property is worded.
"""

from typing import Annotated, Literal

from pydantic import Field

from ..value import Value

Form = Literal[
    "characters", "words", "sentences", "words per sentence", "characters per word", "distinct words",
    "digits", "capital letters", "capitalised words", "question marks", "exclamation marks", "links",
    "mentions of users", "hashtags", "reading grade", "opinion",
    "first person singular", "first person plural", "second person", "third person", "negations",
]  # fmt: skip
"""Measures of form, each one number a document; `evaluate` says how each is computed and in which unit."""


class Mentions(Value):
    """Whether the text holds any of the terms. A boolean, `yes` or `no`."""

    kind: Literal["mentions"] = "mentions"
    terms: tuple[str, ...] = Field(min_length=1)
    """Words or phrases in lower case, one space between words; a word that ends in `*` stands for all that start so."""


class Rate(Value):
    """How often the terms occur in 100 words of the text. A number."""

    kind: Literal["rate"] = "rate"
    terms: tuple[str, ...] = Field(min_length=1)


class Measure(Value):
    """A measure of form. A number."""

    kind: Literal["measure"] = "measure"
    of: Form


class Ending(Value):
    """Whether the last word ends in one of these strings, in lower case. A boolean."""

    kind: Literal["ending"] = "ending"
    of: tuple[str, ...] = Field(min_length=1)


class InTheme(Value):
    """Whether a frozen model of themes assigns the text to this theme. A boolean."""

    kind: Literal["theme"] = "theme"
    theme: str
    """The theme's id in its model."""
    model: str
    """The content id of the frozen model."""


class CloseTo(Value):
    """Whether the text's embedding is at least so similar (cosine) to that of a described concept. A boolean."""

    kind: Literal["close"] = "close"
    concept: str
    threshold: float
    embedder: str
    """Which embeddings: the name and digest of the frozen embedding model."""


class Judged(Value):
    """Whether a language model answers yes to a question when it is shown the text alone. A boolean."""

    kind: Literal["judged"] = "judged"
    question: str
    model: str
    prompt: str
    """The sha256 of the prompt that frames the question."""
    most: int = 400
    """Documents of one side that are labelled at most, chosen by their digests; the rest are missing."""


Property = Annotated[
    Mentions | Rate | Measure | Ending | InTheme | CloseTo | Judged,
    Field(discriminator="kind"),
]


class TextProperty(Value):
    """A computed column: which property of which text, under which name."""

    name: str
    """The name under which claims speak of it."""
    column: str
    """The column of text."""
    property: Property
    against: str | None = Field(default=None, exclude_if=lambda other: other is None)
    """For pairs: the other column of text. A number is then the first's less the second's; a boolean becomes which of
    the two holds it: `first`, `second`, or missing where both or neither do."""
    which: bool = Field(default=False, exclude_if=lambda which: not which)
    """Of a number of a pair: not the difference but which of the two has more of it: `first`, `second`, or missing
    where they have as much."""
