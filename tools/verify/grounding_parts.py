"""A sentence as pieces: plain words, and what code printed for a cited piece of evidence.

Knows evidence as printed texts with their kinds. Must never know how a figure was computed, who wrote the sentence,
or how it is shown.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from .grounding_words import CAUSES, DOWN, EXCESS, NEGATORS, PLAIN, RELATED, STRONG, UP, WEAK, WIDENING
from .numerals import is_numeral

Kind = Literal[
    "value", "mean", "share", "percent", "count", "difference", "points", "coefficient", "interval", "p",
    "name", "side", "event", "where", "claim", "figures", "sentence", "label", "verdict", "group",
]  # fmt: skip
"""What a slot's text is. The first ten are figures; `figures` and `sentence` hold figures of their own."""

FIGURES = frozenset(
    ("value", "mean", "share", "percent", "count", "difference", "points", "coefficient", "interval", "p")
)
FaultKind = Literal[
    "number", "unit", "denominator", "direction", "significance", "causal", "population", "negation", "name", "markup",
    "citation",
]  # fmt: skip


_SPOKEN_FOR = PLAIN | UP | DOWN | RELATED | STRONG | WEAK | EXCESS | CAUSES | WIDENING | NEGATORS | {"true", "yes"}


WORD = re.compile(r"[a-z][a-z'-]*")
"""One plain word of a text in small letters."""


class Slot(NamedTuple):
    """One text that evidence can supply, exactly as it is printed."""

    text: str
    kind: Kind
    side: str = ""
    """`a` or `b` where the figure or the condition belongs to one side of a comparison."""


class Bound(NamedTuple):
    """One piece of evidence that a sentence may cite: a finding with its verdict, or a computed fact."""

    id: str
    slots: Mapping[str, Slot]
    outcome: str = ""
    """`verified`, `refuted`, `inconclusive` or `untestable`; empty for a fact, which no test stands behind."""
    sign: int = 0
    """+1 where side a is higher, or the outcome rises; -1 the other way; 0 where no direction is shown."""
    paired: bool = False
    """Whether the direction is that of a relation (rises with) and may be said without naming two sides."""
    plain: bool = True
    """Whether plain words may say the direction; a claim on shapes or interactions is said by its `claim` alone."""
    names: tuple[str, ...] = ()
    """Columns as printed, with their backticks; the outcome first."""
    sides: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """What names side a, and what names side b."""
    qualifiers: tuple[str, ...] = ()
    """Texts without which another population is spoken of."""
    order: tuple[str, ...] = ()
    """Levels, highest first, where a whole order was computed."""
    amount: float | None = None
    """The value of a fact, by which two facts are compared."""
    levels: tuple[str, ...] = ()
    """Of a fact on one group of rows, the labels of the group as they are printed."""
    row_words: tuple[str, ...] = ()
    """What rows of this table may be called."""
    shaken: str = ""
    """Of a verified claim that is no longer shown, vanishes or reverses with other columns held fixed: that it does."""

    @property
    def counts_rows(self) -> bool:
        """Whether it is a fact that counts rows."""
        return self.outcome == "" and "" in self.slots and self.slots[""].kind == "count"


class Piece(NamedTuple):
    """A stretch of a sentence: plain text without evidence, or a printed text with what may have supplied it."""

    text: str
    options: tuple[tuple[Bound, Slot], ...] = ()

    @property
    def is_figure(self) -> bool:
        """Whether a figure stands here."""
        return any(slot.kind in FIGURES for _, slot in self.options)

    def kinds(self) -> frozenset[str]:
        """The kinds that the text can be read as."""
        return frozenset(slot.kind for _, slot in self.options)


class Fault(NamedTuple):
    """What a sentence says that its evidence does not."""

    kind: FaultKind
    text: str
    """The words at fault, or what is missing."""


def pieces_of(sentence: str, evidence: Sequence[Bound]) -> tuple[Piece, ...]:
    """The sentence cut where a printed text of the evidence stands; the longest text wins.

    Args:
        sentence: A filled sentence.
        evidence: What it cites.
    """
    known = texts_of(evidence)
    out, at = [], 0
    for start, end in _spans(sentence, sorted(known, key=lambda text: (-len(text), text))):
        if start > at:
            out.append(Piece(sentence[at:start]))
        text = sentence[start:end]
        out.append(Piece(text, known.get(text) or known[text[:1].lower() + text[1:]]))
        at = end
    return (*out, Piece(sentence[at:])) if at < len(sentence) else tuple(out)


def texts_of(evidence: Sequence[Bound]) -> dict[str, tuple[tuple[Bound, Slot], ...]]:
    """Every text that the evidence can supply or is named by, with what it stands for."""
    known: dict[str, tuple[tuple[Bound, Slot], ...]] = {}
    for bound in evidence:
        named = [Slot(name, "name") for name in bound.names]
        sides = [Slot(text, "side", "ab"[at]) for at, texts in enumerate(bound.sides) for text in texts]
        order = [Slot(level, "name") for level in bound.order if spoken(level)]
        filters = [Slot(text, "where") for text in bound.qualifiers]
        labels = [Slot(level, "group") for level in bound.levels if _is_label(level)]
        for slot in (*bound.slots.values(), *named, *sides, *order, *filters, *labels):
            if slot.text and slot.kind != "verdict" and (bound, slot) not in known.get(slot.text, ()):
                known[slot.text] = (*known.get(slot.text, ()), (bound, slot))
    return known


def plain_text(clause: Sequence[Piece]) -> str:
    """The plain words in small letters, every printed text as one sign."""
    return re.sub(r"\s+", " ", "".join("§" if p.options else p.text for p in clause)).lower()


def spoken(level: str) -> bool:
    """Whether a level may stand in a sentence as a bare word: letters only, no numeral, no word with a meaning here."""
    words = level.split()
    return bool(words) and all(
        re.fullmatch(r"[A-Za-z][A-Za-z'-]+", word) is not None
        and not is_numeral(word)
        and word.lower() not in _SPOKEN_FOR
        for word in words
    )


def _is_label(level: str) -> bool:
    """Whether a label may stand as a bare word: also one that is an ordinal, as it is spelled (`Third`)."""
    ordinal = level[:1].isupper() and re.fullmatch(r"[A-Za-z]{2,}", level) is not None and is_numeral(level)
    return spoken(level) or (ordinal and level.lower() not in _SPOKEN_FOR)


def _spans(sentence: str, texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the texts stand, left to right, none inside a longer word or number."""
    if not texts:
        return
    either = [f"[{t[0].upper()}{t[0]}]{re.escape(t[1:])}" if t[0].islower() else re.escape(t) for t in texts]
    pattern = re.compile("|".join(rf"(?<![\w.,−+\-]){t}(?![\w%]|[.,−]\d| ?%)" for t in either))
    for match in pattern.finditer(sentence):
        yield match.span()
