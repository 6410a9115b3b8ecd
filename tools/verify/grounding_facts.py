"""What a sentence claims of computed facts: values that were counted, with no test behind them.

Knows pieces of a sentence and facts. Must never know a verdict: a word of evidence beside a fact is a fault.
"""

import re
from collections.abc import Iterator, Sequence

from .grounding_parts import WORD, Bound, Fault, Piece, plain_text
from .grounding_words import DOWN, NEGATORS, RELATED, STATISTICS, STRONG, SUPERLATIVES, UP, WEAK

COMPUTED = frozenset({"correlation", "correlations"})
"""Words of relation that are also the name of a figure."""


def fact_faults(pieces: Sequence[Piece], facts: Sequence[Bound]) -> Iterator[Fault]:
    """Words of evidence or denial, another statistic than the label's, values of one label at another's name.

    Args:
        pieces: The sentence, or a clause of it.
        facts: What it cites; none of it tested.
    """
    words = WORD.findall(plain_text(pieces))
    for word in words:
        if word in COMPUTED and any(word in _label(bound) for bound in facts):
            continue  # the figure is one, by its own label
        if word in STRONG | WEAK | (RELATED - {"difference", "differences"}):
            yield Fault("significance", f"{word}: no test stands behind a fact")
        elif word in NEGATORS:
            yield Fault("negation", word)
    yield from _statistics(words, facts)
    yield from _attribution(pieces, facts)
    said = [word for word in words if word in UP | DOWN]
    ordered = [bound for bound in facts if bound.order]
    if said and ordered and frozenset(words) & SUPERLATIVES:
        yield from order_faults(pieces, ordered[0])
    elif not all(any(word in _label(bound) for bound in facts) for word in said):
        yield from _two_values(pieces, said)


def order_faults(clause: Sequence[Piece], bound: Bound) -> Iterator[Fault]:
    """`top`, `bottom` and their like against the computed order: levels are named from that end on, in order."""
    words = [w for w in WORD.findall(plain_text(clause)) if w in SUPERLATIVES]
    named = [p.text for p in clause if p.options and p.text in bound.order]
    ends = {w in UP for w in words}
    order = bound.order if ends == {True} else tuple(reversed(bound.order))
    if len(ends) != 1 or not named or tuple(named) != order[: len(named)]:
        yield Fault("direction", f"{words[0]}: {', '.join(named) or 'no level'}")


def _label(bound: Bound) -> list[str]:
    """The words of what was computed."""
    return [w for s in bound.slots.values() if s.kind == "label" for w in re.findall(r"[a-z%]+", s.text.lower())]


def _statistics(words: Sequence[str], facts: Sequence[Bound]) -> Iterator[Fault]:
    """A mean that is told as a total."""
    labels = {word for bound in facts for word in _label(bound)}
    for word in words:
        if word in STATISTICS and not labels & set(STATISTICS[word].split()):
            yield Fault("number", f"{word}: another statistic was computed")


def _attribution(pieces: Sequence[Piece], facts: Sequence[Bound]) -> Iterator[Fault]:
    """Of several facts the words that only one label has must stand in the order of their values."""
    labels = {bound.id: set(_label(bound)) for bound in facts}
    figures: list[str] = []
    named: list[str] = []
    for piece in pieces:
        owners = {bound.id for bound, _ in piece.options}
        if piece.is_figure and len(owners) == 1:
            figures += owners
        words = re.findall(r"[a-z]+", piece.text.lower()) if not piece.is_figure else ()
        for word in words:
            mine = [name for name, label in labels.items() if word in label]
            if len(mine) == 1 and named[-1:] != mine:
                named += mine
    if len(facts) > 1 and any(a != b for a, b in zip(figures, named, strict=False)):
        yield Fault("name", "a value stands at the name of another one")


def _two_values(pieces: Sequence[Piece], said: Sequence[str]) -> Iterator[Fault]:
    """`higher in A ([f1]) than in B ([f2])`: the first value against the second."""
    cited = {b.id: b.amount for p in pieces for b, s in p.options if s.kind in ("value", "percent")}
    amounts = list(cited.values())
    if len(said) != 1 or len(amounts) != 2 or amounts[0] is None or amounts[1] is None:
        yield Fault("direction", f"{said[0]}: it takes two values to compare")
        return
    before = plain_text(pieces).split(said[0])[0]
    first = -1 if re.search(r"\b(than|against|versus|compared)\b", before) else 1
    if (amounts[0] - amounts[1]) * first * (1 if said[0] in UP else -1) <= 0:
        yield Fault("direction", said[0])
