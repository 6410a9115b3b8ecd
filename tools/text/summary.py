"""What a report tells of a text: its documents, its themes and a map of them, as values.

Knows shapes alone. Must never know how any of it is computed or shown. Everything here is of exploration documents;
examples of verified findings stand with these, from held-out documents that were opened.
"""

from ..value import Value


class Quote(Value):
    """A piece of one document, shortened, its white space collapsed."""

    document: str
    """First 12 hexadecimal digits of the sha256 of the whole text: names it without a row number."""
    text: str
    """At most 300 characters."""
    marks: tuple[tuple[int, int], ...] = ()
    """Start and end of the words in `text` that carry the decision, in order, not overlapping."""


class Theme(Value):
    """One theme of the exploration documents, or a part of one."""

    id: str
    parent: str | None = None
    """The id of the theme that it is a part of."""
    terms: tuple[str, ...]
    """Its distinguishing terms, the most telling first."""
    name: str | None = None
    """A short name by a language model, kept only if it picked out the theme's documents better than the terms do."""
    documents: int
    share: float
    typical: tuple[Quote, ...] = ()
    phrases: tuple[str, ...] = ()
    """Phrases in the typical documents that make them so."""
    agreement: float | None = None
    """How well refits on resamples find this theme again (Jaccard), from 0 to 1."""


class Themes(Value):
    """The themes of one text, or why there are none."""

    model: str | None = None
    """The content id of the frozen model that assigns documents."""
    themes: tuple[Theme, ...] = ()
    agreement: float | None = None
    """How well refits on resamples agree (adjusted Rand index), from 0 to 1."""
    unassigned: float = 0.0
    """Share of documents that are far from every theme."""
    reason: str | None = None
    """Why there are no themes, such as `no stable themes`."""


class Point(Value):
    """One document on the map; nearness on it is nearness in words, as far as two dimensions tell."""

    x: float
    y: float
    theme: str | None
    quote: Quote


class TextSummary(Value):
    """What is told of one column of text."""

    column: str
    documents: int
    missing: int
    words: tuple[float, float, float] | None = None
    """Quartiles of words a document."""
    languages: tuple[tuple[str, float], ...] = ()
    """Language codes with their share of documents, the most frequent first."""
    near_duplicates: int = 0
    """Documents that nearly repeat an earlier one."""
    boilerplate: tuple[str, ...] = ()
    """Lines or phrases that many documents share word for word."""
    terms: tuple[str, ...] = ()
    """Frequent content words."""
    themes: Themes = Themes()
    map: tuple[Point, ...] = ()


class Example(Value):
    """One held-out document beside a claim on a property of it, taken by the order of digests, whatever it says."""

    property: str
    """The computed column that it is an example of."""
    holds: bool
    """Whether it has the property."""
    quote: Quote
    beside: tuple[str, str] | None = None
    """The claim's other column and its value in this row."""
