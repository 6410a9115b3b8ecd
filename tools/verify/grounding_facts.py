"""What a sentence claims of computed facts: values that were counted, with no test behind them.

Knows pieces of a sentence and facts. Must never know a verdict: a word of evidence beside a fact is a fault.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from .grounding_parts import WORD, Bound, Fault, Piece, plain_text
from .grounding_words import DOWN, NEGATORS, RELATED, STATISTICS, STRONG, SUPERLATIVES, UP, WEAK
from .numerals import is_numeral

COMPUTED = frozenset({"correlation", "correlations"})
"""Words of relation that are also the name of a figure."""
_SOME = re.compile(r"\b(a|an|one|another|every|no)\s*$", re.IGNORECASE)
_PART = re.compile(r"\s*(of|rows|as|more|less)\b", re.IGNORECASE)
_OWN = frozenset(("value", "percent"))


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
    yield from _counts(pieces)
    yield from _ordinals(pieces)
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
    """Of several facts words that one label alone has, or one group, must stand in the order of their values."""
    own = {bound.id: bound.id for bound in facts}
    groups = {bound.id: bound.slots["group"].text if "group" in bound.slots else bound.id for bound in facts}
    apart = len(set(groups.values())) > 1
    if len(facts) > 1 and (_out_of_order(pieces, facts, own) or (apart and _out_of_order(pieces, facts, groups))):
        yield Fault("name", "a value stands at the name of another one")


def _out_of_order(pieces: Sequence[Piece], facts: Sequence[Bound], keys: Mapping[str, str]) -> bool:
    """Whether values and what names them part; facts of one key are taken as one."""
    labels = {bound.id: set(_label(bound)) for bound in facts}
    grouped = any(name != key for name, key in keys.items())
    figures: list[str] = []
    named: list[str] = []
    for piece in pieces:
        owners = sorted({keys[bound.id] for bound, _ in piece.options})
        if piece.is_figure:
            # Figures of one group may follow each other; a fact that is told twice is told twice.
            figures += owners if len(owners) == 1 and not (grouped and figures[-1:] == owners) else []
        elif piece.kinds() == {"group"} and piece.text not in _bare(facts):
            named += owners if grouped and len(owners) == 1 and named[-1:] != owners else []
        else:
            named += _named(piece, labels, keys, named[-1:])
    return any(a != b for a, b in zip(figures, named, strict=False))


def _bare(facts: Sequence[Bound]) -> frozenset[str]:
    """Labels of groups that stand as bare words."""
    return frozenset(level for bound in facts for level in bound.levels)


def _named(piece: Piece, labels: Mapping[str, set[str]], keys: Mapping[str, str], last: list[str]) -> list[str]:
    """The keys that the words of a piece name, one after another, none twice in a row."""
    out: list[str] = []
    for word in re.findall(r"[a-z]+", piece.text.lower()):
        mine = sorted({keys[name] for name, label in labels.items() if word in label})
        if len(mine) == 1 and (out or last)[-1:] != mine:
            out += mine
    return out


def _counts(pieces: Sequence[Piece]) -> Iterator[Fault]:
    """A count of rows beside a figure is the count that the figure rests on."""
    figures = [p for p in pieces if p.is_figure and p.options[0][0].outcome == ""]
    for nth, piece in enumerate(figures):
        if not _is_count(piece):
            continue
        before = [p for p in figures[:nth] if not _is_count(p)]
        after = [p for p in figures[nth + 1 :] if not _is_count(p)]
        beside = before[-1] if before else after[0] if after else None
        if beside is not None and not _rests_on(beside, piece):
            yield Fault("number", f"{piece.text} is not the count of rows behind {beside.text}")


def _is_count(piece: Piece) -> bool:
    return all(bound.counts_rows for bound, _ in piece.options)


def _rests_on(figure: Piece, count: Piece) -> bool:
    told = {bound.slots["n"].text for bound, _ in figure.options if "n" in bound.slots}
    return count.text.removesuffix(" rows") in told


def _ordinals(pieces: Sequence[Piece]) -> Iterator[Fault]:
    """A label that is a number word, read as one: `a Third of the rows`."""
    for at, piece in enumerate(pieces):
        if "group" not in piece.kinds() or not is_numeral(piece.text):
            continue
        before = pieces[at - 1].text if at else ""
        after = pieces[at + 1].text if at + 1 < len(pieces) else ""
        if _SOME.search(before) or _PART.match(after):
            yield Fault("number", piece.text)


def _two_values(pieces: Sequence[Piece], said: Sequence[str]) -> Iterator[Fault]:
    """`higher in A ([f1]) than in B ([f2])`: the first value against the second."""
    options = [option for piece in pieces for option in piece.options]
    values = {b.id: b.amount for b, s in options if s.kind in _OWN}
    amounts = list((values or {b.id: b.amount for b, s in options if s.kind == "count" and b.counts_rows}).values())
    if len(said) != 1 or len(amounts) != 2 or amounts[0] is None or amounts[1] is None:
        yield Fault("direction", f"{said[0]}: it takes two values to compare")
        return
    before = plain_text(pieces).split(said[0])[0]
    first = -1 if re.search(r"\b(than|against|versus|compared)\b", before) else 1
    if (amounts[0] - amounts[1]) * first * (1 if said[0] in UP else -1) <= 0:
        yield Fault("direction", said[0])
