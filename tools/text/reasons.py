"""Why a document has a property: the words whose leaving out changes the decision most, as marks in a quote.

Each word is left out in turn, wherever it stands, and the decision is taken again; what lowers it most is marked. So
the marks say what the frozen property looked at, not what a reader would have thought of. Knows one text and frozen
properties. Must never know another document, or how a quote is shown.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..value import digest
from .evaluate import NO_AIDS, Aids
from .measures import measured
from .properties import CloseTo, InTheme, Judged, Measure, Mentions, Rate, TextProperty
from .summary import Quote
from .terms import Terms
from .words import Placed, placed_words, words_of

LONGEST = 300
_MOST_MARKED = 6
_LEAST_PART = 0.25
"""A word is marked if leaving it out changes at least this part of what the most telling one changes."""
_MOST_TRIED = 200
_CUT = "…"


@runtime_checkable
class Graded(Protocol):
    """A frozen model that says not only whether something holds but how far."""

    def degree(self, prop: InTheme | CloseTo | Judged, texts: Sequence[str]) -> NDArray[np.float64]:
        """How far each text is on the side of `yes`, shape (texts,)."""
        ...


def explain(prop: TextProperty, text: str, aids: Aids = NO_AIDS) -> Quote:
    """The document as a quote, with marks on the words that carry the property.

    No word is marked where none stands out: a count of all words rests on each alike, and a model that answers yes or
    no without a degree is not asked again for every word.

    Args:
        prop: A frozen property; of a pair, how the first text has it.
        text: The document.
        aids: The frozen models that the property needs.
    """
    return quoted(text, reasons(prop, text, aids))


def reasons(prop: TextProperty, text: str, aids: Aids = NO_AIDS) -> dict[str, float]:
    """By how much the decision falls when a word is left out, for the words where it falls; most telling first."""
    placed = placed_words(text)
    tried = list(dict.fromkeys(p.word for p in placed))[:_MOST_TRIED]
    without = [_without(text, placed, word) for word in tried]
    degrees = _degrees(prop, [text, *without], aids)
    if degrees is None or not np.isfinite(degrees[0]):
        return {}
    fall = degrees[0] - np.where(np.isfinite(degrees[1:]), degrees[1:], degrees[0])
    any_word = float(fall.min()) if len(fall) > 2 else 0.0
    return ranked({w: float(f) for w, f in zip(tried, fall, strict=True) if f > max(1.5 * any_word, 1e-9)})


def ranked(falls: Mapping[str, float]) -> dict[str, float]:
    """The falls that stand out, the largest first; equal ones by word."""
    order = sorted(falls.items(), key=lambda f: (-round(f[1], 9), f[0]))
    return {w: f for w, f in order[:_MOST_MARKED] if f > 0 and f >= _LEAST_PART * order[0][1]}


def quoted(text: str, telling: Mapping[str, float] | None = None, longest: int = LONGEST) -> Quote:
    """A quote of the part of a text that holds the most telling words, which are marked.

    Args:
        text: The whole document.
        telling: How much each word tells.
        longest: Characters at most.
    """
    plain = " ".join(text.split())
    telling = telling or {}
    told = [p for p in placed_words(plain) if p.word in telling] if telling else []
    start, end = _part(plain, told, telling, longest)
    before, after = (_CUT if start else ""), (_CUT if end < len(plain) else "")
    inside = [
        (p.start - start + len(before), p.end - start + len(before)) for p in told if start <= p.start and p.end <= end
    ]
    return Quote(document=digest(text)[:12], text=before + plain[start:end] + after, marks=_merged(inside))


def _merged(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spans in order; those that touch, or have one character between them, are one."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return tuple(out)


def _part(text: str, told: Sequence[Placed], telling: Mapping[str, float], longest: int) -> tuple[int, int]:
    """The stretch to quote: between words, the earliest of those that hold most of what tells."""
    if len(text) <= longest:
        return 0, len(text)
    room = longest - 2 * len(_CUT)
    starts = [0, *(max(0, p.start - room // 4) for p in told)]

    def worth(start: int) -> float:
        return sum(telling[p.word] for p in told if start <= p.start and p.end <= start + room)

    start = max(starts, key=lambda at: (round(worth(at), 9), -at))
    start = 0 if start == 0 else text.find(" ", start) + 1
    end = min(len(text), start + room)
    if end < len(text):
        space = text.rfind(" ", start + room // 2, end + 1)
        end = space if space > 0 else end
    return start, end


def _without(text: str, placed: Sequence[Placed], word: str) -> str:
    out, at = [], 0
    for p in placed:
        if p.word == word:
            out.append(text[at : p.start])
            at = p.end
    return "".join([*out, text[at:]])


def _degrees(p: TextProperty, texts: Sequence[str], aids: Aids) -> NDArray[np.float64] | None:
    """How far each text has the property; None where only yes or no can be said."""
    prop = p.property
    if isinstance(prop, (InTheme, CloseTo, Judged)):
        model = aids.models.get(prop.embedder if isinstance(prop, CloseTo) else prop.model)
        return model.degree(prop, texts) if isinstance(model, Graded) else None
    words = [words_of(t) for t in texts]
    if isinstance(prop, (Mentions, Rate)):
        hits = Terms(prop.terms).counts(words).sum(axis=1).astype(np.float64)
        length = np.array([max(len(w), 1) for w in words], np.float64)
        return hits if isinstance(prop, Mentions) else 100 * hits / length
    if isinstance(prop, Measure):
        return np.array([measured(prop.of, t, w) for t, w in zip(texts, words, strict=True)], np.float64)
    return np.array([float(bool(w) and w[-1].endswith(prop.of)) for w in words])
