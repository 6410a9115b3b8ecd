"""A piece of one document for a reader: shortened, on one line, the words that a property goes by marked.

Knows one text and one frozen property. Must never choose among documents: which are quoted is settled elsewhere, by a
rule that does not know what they say.
"""

import re
from collections.abc import Sequence

from ..value import digest
from .evaluate import NO_AIDS, Aids
from .properties import Ending, Mentions, Property, Rate, TextProperty
from .summary import Quote
from .words import words_of

LONGEST = 300
"""Characters of a quote."""
_BEFORE = 60
"""Characters kept before the first mark where the text is cut at its beginning."""
_PIECE = re.compile(r"https?://\S+|www\.\S+|[@#]?[^\W_]+(?:['’][^\W_]+)*")
_DIGITS = 12

Span = tuple[int, int]


def document_id(text: str) -> str:
    """The first 12 hexadecimal digits of the sha256 of a document: names it without a row number."""
    return digest(text)[:_DIGITS]


def explain(prop: TextProperty | None, text: str, aids: Aids = NO_AIDS) -> Quote:
    """The document as a quote, the words by which it has the property marked; other kinds of properties mark nothing.

    Args:
        prop: Mentions and rates mark their terms, endings the last word; None marks nothing.
        text: The whole document.
        aids: Frozen models, for kinds of properties that need them.
    """
    del aids
    flat = " ".join(text.split())
    return cut(document_id(text), flat, _marks(flat, None if prop is None else prop.property))


def cut(document: str, flat: str, marks: Sequence[Span]) -> Quote:
    """At most 300 characters of a text on one line: from its beginning, or from shortly before the first mark.

    Args:
        document: The document's id.
        flat: Its text without runs of white space.
        marks: Start and end of what is marked in it, in order, not overlapping.
    """
    if len(flat) <= LONGEST:
        return Quote(document=document, text=flat, marks=tuple(marks))
    first = marks[0] if marks else (0, 0)
    start = 0 if first[1] < LONGEST else flat.rfind(" ", 0, max(first[0] - _BEFORE, 0) + 1) + 1
    head = "…" if start else ""
    body = flat[start : start + LONGEST - len(head) - 1].rstrip()
    end = start + len(body)
    tail = "…" if end < len(flat) else ""
    shift = len(head) - start
    kept = tuple((a + shift, b + shift) for a, b in marks if a >= start and b <= end)
    return Quote(document=document, text=head + body + tail, marks=kept)


def spans_of(text: str) -> list[tuple[str, int, int]]:
    """The words of a text, as `words_of` reads them, with where each stands in it."""
    out: list[tuple[str, int, int]] = []
    for found in _PIECE.finditer(text):
        words = words_of(found[0])
        if len(words) == 1:
            out.append((words[0], found.start(), found.end()))
            continue
        at, lowered = found.start(), text.lower() if len(text.lower()) == len(text) else text
        for word in words:  # scripts without spaces, and compatibility forms that fall apart
            start = lowered.find(word, at, found.end())
            at = found.end() if start < 0 else start + len(word)
            out.append((word, found.start(), found.end()) if start < 0 else (word, start, at))
    return out


def _marks(flat: str, prop: Property | None) -> list[Span]:
    if isinstance(prop, (Mentions, Rate)):
        spans = spans_of(flat)
        return merged(flat, [hit for term in prop.terms for hit in _hits(spans, term.split(" "))])
    if isinstance(prop, Ending):
        spans = spans_of(flat)
        return [spans[-1][1:]] if spans and spans[-1][0].endswith(prop.of) else []
    return []


def _hits(spans: Sequence[tuple[str, int, int]], parts: Sequence[str]) -> list[Span]:
    length = len(parts)
    return [
        (spans[at][1], spans[at + length - 1][2])
        for at in range(len(spans) - length + 1)
        if all(_is(word, part) for (word, *_), part in zip(spans[at : at + length], parts, strict=True))
    ]


def _is(word: str, part: str) -> bool:
    return word.startswith(part.rstrip("*")) if part.endswith("*") else word == part


def merged(flat: str, marks: Sequence[Span]) -> list[Span]:
    """The marks in order, those that overlap or stand with nothing but a space between them as one."""
    out: list[Span] = []
    for start, end in sorted(marks):
        if out and (start <= out[-1][1] or flat[out[-1][1] : start] == " "):
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out
