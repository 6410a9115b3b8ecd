"""What a sentence claims of the evidence it cites: direction, certainty, population, negation, whose figure is whose.

Knows pieces of a sentence and pieces of evidence. Must never know data or a test, or read one clause's words for
another's: a clause that speaks of two findings at once is at fault.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .grounding_facts import fact_faults, order_faults
from .grounding_parts import WORD, Bound, Fault, Piece, plain_text
from .grounding_words import DOWN, HEDGES, NEGATORS, REFERENCES, RELATED, STRONG, SUPERLATIVES, UP, WEAK

_BREAK = re.compile(r"(;|, (?:while|whereas|but|although|though|and)\b)")
_AGAIN = re.compile(r"[:;,()]|\b(?:and|but|while|whereas|although|though|yet)\b")
_ASSERTING = (UP | DOWN | RELATED) - {"difference", "differences"}
"""Words that state something; `a difference of` only names a figure."""
_OFTEN = re.compile(r"\b(more|less) (common|commonly|frequent|frequently|rare|rarely)\b")
_SAVE = re.compile(r"\b(?:apart from|other than|but for|but where|but when|out of)\b")
"""Phrases that take the named side out."""
_SIDED = frozenset(("mean", "share"))


class Event(NamedTuple):
    """One thing in a clause that bears on its direction, in the order of the text."""

    kind: str
    """`direction` (+1, -1), `side` (`a`, `b`), `reference`, `figure` (of side `a` or `b`)."""
    value: int | str
    text: str


def claim_faults(pieces: Sequence[Piece], evidence: Sequence[Bound]) -> Iterator[Fault]:
    """The faults of every clause, each against the evidence that it cites itself.

    Args:
        pieces: The sentence.
        evidence: What it cites; a clause without a citation of its own speaks of it where it is one.
    """
    if all(bound.outcome == "" for bound in evidence):
        for bound in evidence:
            yield from _populations(pieces, bound)
        yield from fact_faults(pieces, evidence)
        return
    if len(evidence) == 1:
        yield from _populations(pieces, evidence[0])
        for clause in _clauses(pieces) if evidence[0].outcome != "verified" else [pieces]:
            yield from _clause(clause, evidence)
        return
    for clause in _clauses(pieces):
        cited = _cited(clause, evidence)
        for bound in cited:
            yield from _populations(clause, bound)
            if bound.outcome and not _named(clause, bound):
                yield Fault("direction", "a figure without its claim")
        yield from _clause(clause, cited)


def _clauses(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """The sentence cut at semicolons and at conjunctions after a comma."""
    clause: list[Piece] = []
    for piece in pieces:
        parts = [piece.text] if piece.options else _BREAK.split(piece.text)
        for at, part in enumerate(parts):
            if at and at % 2:
                yield clause
                clause = []
            elif part or piece.options:
                clause.append(Piece(part, piece.options))
    yield clause


def _cited(clause: Sequence[Piece], evidence: Sequence[Bound]) -> list[Bound]:
    """What the clause cites: texts that several pieces of evidence share tell nothing while another text does."""
    sure = {p.options[0][0].id for p in clause if p.options and len({b.id for b, _ in p.options}) == 1}
    shared = {b.id for p in clause for b, _ in p.options}
    return [b for b in evidence if b.id in (sure or shared)]


def _clause(clause: Sequence[Piece], cited: Sequence[Bound]) -> Iterator[Fault]:
    text = plain_text(clause)
    words = frozenset(WORD.findall(text))
    claims = words & (UP | DOWN | RELATED | STRONG | WEAK | NEGATORS)
    if not cited:
        if claims:
            yield Fault("citation", f"{min(claims)}: nothing is cited in this part")
        return
    if all(bound.outcome == "" for bound in cited):
        yield from fact_faults(clause, cited)
        return
    if len(cited) > 1:
        yield Fault("direction", f"{min(claims, default='a clause')}: said of several findings at once")
        return
    [bound] = cited
    if any("figures" in p.kinds() for p in clause) and not _names_outcome(clause, bound):
        yield Fault("direction", "figures without their claim")
    yield from _certainty(clause, bound, text)
    yield from _direction(clause, bound, words)
    yield from _attribution(_events(clause, bound), any("claim" in p.kinds() for p in clause))
    counted = re.search(r"\b(\w+) (rows|records|observations|cases|data)\b", text)
    if counted is not None and counted[1] in UP | DOWN:
        yield Fault("direction", f"{counted[0]}: rows are not what was compared")


def _certainty(clause: Sequence[Piece], bound: Bound, text: str) -> Iterator[Fault]:
    """Words of evidence, hedges and negations against the outcome."""
    outcome, hedged = bound.outcome, False
    text = _told_verdict(clause, text)
    for pattern, outcomes in HEDGES:
        match = re.search(pattern, text)
        while match is not None:
            if outcome[:1] not in outcomes:
                yield Fault("negation" if outcome == "verified" else "significance", match[0].strip())
            hedged = True
            text = f"{text[: match.start()]} {text[match.end() :]}"
            match = re.search(pattern, text)
    words = WORD.findall(text)
    yield from (Fault("negation", word) for word in (*_SAVE.findall(text), *(w for w in words if w in NEGATORS)))
    if outcome == "verified":
        return
    for word in words:
        if word in STRONG | WEAK:
            yield Fault("significance", f"{word}: the claim is {outcome}")
    if (not hedged and _asserts(clause)) or _asserts_twice(clause):
        yield Fault("significance", f"stated although the claim is {outcome}")


def _asserts(clause: Sequence[Piece]) -> bool:
    """Whether the clause states a direction or a relation."""
    words = WORD.findall(plain_text(clause))
    return any(w in _ASSERTING for w in words) or any("claim" in p.kinds() for p in clause)


def _asserts_twice(clause: Sequence[Piece]) -> bool:
    """Whether it is stated before a colon or a conjunction and once more after it: one hedge covers one of them."""
    parts: list[list[Piece]] = [[]]
    for piece in clause:
        for at, part in enumerate([piece.text] if piece.options else _AGAIN.split(piece.text)):
            if at:
                parts.append([])
            parts[-1].append(Piece(part, piece.options))
    return sum(_asserts(part) for part in parts) > 1


def _told_verdict(clause: Sequence[Piece], text: str) -> str:
    """The text with the verdict's own word in the place of its slot."""
    shown = [p.text.lower() if "verdict" in p.kinds() else "§" for p in clause if p.options]
    parts = text.split("§")
    return "".join(a + b for a, b in zip(parts, [*shown, ""], strict=True)) if len(parts) == len(shown) + 1 else text


def _direction(clause: Sequence[Piece], bound: Bound, words: frozenset[str]) -> Iterator[Fault]:
    """Words of direction against the sign and the order of the sides."""
    events = _events(clause, bound)
    said = [e for e in events if e.kind == "direction"]
    if not said:
        return
    if bound.order and words & SUPERLATIVES:
        yield from order_faults(clause, bound)
        return
    if words & SUPERLATIVES:
        yield Fault("direction", f"{min(words & SUPERLATIVES)}: no order was computed")
        return
    if not bound.plain:
        yield Fault("direction", f"{said[0].text}: this claim is said by its own words only")
        return
    if bound.outcome != "verified" and bound.sign == 0:
        return  # hedged or at fault already: no direction is stated
    if not _names_outcome(clause, bound):
        yield Fault("direction", f"{said[0].text}: of what")
    sides = any(e.kind == "side" for e in events)
    if bound.paired and len(said) == 1 and _goes_with(said[0].text, clause, bound):
        yield from _of_relation(said, bound)
    elif sides:
        yield from _against_sides(events, bound)
    elif bound.paired:
        yield from _of_relation(said, bound)
    else:
        yield Fault("direction", f"{said[0].text}: no side is named")


def _goes_with(word: str, clause: Sequence[Piece], bound: Bound) -> bool:
    """Whether the word of direction is said of the two columns (`rises with `age``), not of a side."""
    text = "".join(("¤" if "side" in p.kinds() else "§") if p.options else p.text for p in clause).lower()
    follows = re.search(rf"\b{word} (?:with|as|over|along) (?:the )?(§|[a-z]+)", text)
    own = {w for name in bound.names for w in re.findall(r"[a-z]+", name.lower())}
    return follows is not None and (follows[1] == "§" or follows[1] in own)


def _names_outcome(clause: Sequence[Piece], bound: Bound) -> bool:
    """Whether the clause says what is higher or lower: the outcome, and of a share its event."""
    if any(p.kinds() & {"claim", "event"} for p in clause):
        return True
    if "event" in bound.slots:
        return False
    outcome = bound.names[0] if bound.names else ""
    bare = {w.lower() for w in re.findall(r"[A-Za-z]{2,}", outcome)}
    said = set(WORD.findall(plain_text(clause)))
    return any(p.options and p.text == outcome for p in clause) or bool(bare and bare <= said)


def _events(clause: Sequence[Piece], bound: Bound) -> list[Event]:
    out: list[Event] = []
    for piece in clause:
        mine = [slot for owner, slot in piece.options if owner.id == bound.id]
        sided = [slot for slot in mine if slot.side]
        if sided:
            slot = sided[0]
            kind = "side" if slot.kind == "side" else "figure" if slot.kind in _SIDED else ""
            if kind:
                out.append(Event(kind, slot.side, piece.text))
        elif not piece.options:
            text = _OFTEN.sub(_how_often, piece.text.lower())
            out += [e for word in WORD.findall(text) if (e := _event(word)) is not None]
    return out


def _how_often(match: re.Match[str]) -> str:
    """`more common` says one thing, and `less rare` the same."""
    return "more" if (match[1] == "more") == (match[2] in UP) else "less"


def _event(word: str) -> Event | None:
    if word in UP | DOWN:
        return Event("direction", 1 if word in UP else -1, word)
    return Event("reference", "", word) if word in REFERENCES else None


def _against_sides(events: Sequence[Event], bound: Bound) -> Iterator[Fault]:
    """Each word of direction with the side that it is said of: the next one named, else the one before."""
    at = [i for i, e in enumerate(events) if e.kind == "direction"]
    for nth, i in enumerate(at):
        after = events[i + 1 : at[nth + 1] if nth + 1 < len(at) else len(events)]
        before = events[at[nth - 1] + 1 if nth else 0 : i]
        side = _subject(after) or _subject(before)
        if side is None:
            yield Fault("direction", f"{events[i].text}: no side is named")
        elif int(events[i].value) * (1 if side == "a" else -1) != bound.sign:
            yield Fault("direction", events[i].text)


def _subject(events: Sequence[Event]) -> str | None:
    """The side that is spoken of: the first one named, or the other one where it stands after `than`."""
    for before, event in zip([None, *events], events, strict=False):
        if event.kind == "side":
            if before is not None and before.kind == "reference":
                return "b" if event.value == "a" else "a"
            return str(event.value)
    return None


def _of_relation(said: Sequence[Event], bound: Bound) -> Iterator[Fault]:
    """`rises with`, or `the higher the one, the lower the other`: the product of the words is the sign."""
    product = 1
    for event in said:
        product *= int(event.value)
    if len(said) > 2 or product != bound.sign:
        yield Fault("direction", " … ".join(e.text for e in said))


def _attribution(events: Sequence[Event], claimed: bool) -> Iterator[Fault]:
    """Figures of one side beside the name of the other."""
    figures = [e for e in events if e.kind == "figure"]
    sides = [e for e in events if e.kind == "side"]
    if not figures:
        return
    if len(sides) < 2 or len(sides) == len(figures):
        pairs = list(zip(figures, sides, strict=False))
    else:
        flat = [e for e in events if e.kind in ("figure", "side")]
        start = next(i for i, e in enumerate(flat) if e.kind == "figure")
        tail = [e for e in flat[start:] if e.kind == "side"]
        pairs = list(zip(figures, tail if len(tail) >= len(figures) else sides, strict=False))
    for figure, side in pairs:
        if figure.value != side.value:
            yield Fault("direction", f"{figure.text} is the figure of the other side")
    if not sides and not claimed:
        yield Fault("direction", f"{figures[0].text}: no side is named")


def _populations(clause: Sequence[Piece], bound: Bound) -> Iterator[Fault]:
    """Every filter and every "within" of the evidence must be said where it is spoken of."""
    text = "".join(p.text for p in clause).lower()
    for qualifier in bound.qualifiers:
        if qualifier.lower() not in text:
            yield Fault("population", f"left out: {qualifier}")


def _named(clause: Sequence[Piece], bound: Bound) -> bool:
    """Whether a clause with a figure says which claim it belongs to, where the sentence speaks of several."""
    if not any(p.is_figure for p in clause):
        return True
    told = {s.kind for p in clause for b, s in p.options if b.id == bound.id}
    return bool(told & {"side", "claim"}) or any(p.text == bound.names[1] for p in clause if len(bound.names) > 1)
