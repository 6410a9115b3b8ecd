"""Prose against evidence: what a sentence says that the evidence it cites does not.

Knows a sentence, the pieces of evidence it cites, and a closed list of words. Must never know data, a test, who wrote
the sentence, or repair it. What is not shown to be right is a fault: a sentence that is dropped costs a plainer one, a
wrong one costs the reader's trust.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .grounding_claims import claim_faults
from .grounding_parts import Bound, Fault, Piece, Slot, pieces_of
from .grounding_words import (
    CAUSAL_PHRASES,
    CAUSES,
    DOWN,
    EXCESS,
    NEGATORS,
    PLAIN,
    RELATED,
    STRONG,
    TRANSITIVE,
    UNITS,
    UP,
    WEAK,
    WIDENING,
)
from .numerals import is_numeral, is_numeral_sign

__all__ = ["COUNTED", "Bound", "Fault", "Piece", "Slot", "check", "check_pieces"]

_WORD = re.compile(r"[^\s.,;:()\"–—]+")
_ALLOWED = re.compile(r"[A-Za-z .,;:()'\"–-]")
_CURRENCIES = frozenset("$€£¥₹%‰")
_KNOWN = PLAIN | UP | DOWN | RELATED | STRONG | WEAK | NEGATORS
_BOUNDING = re.compile(
    r"\b(over|under|above|below|exceed\w*|nearly|almost|(more|less|fewer|higher|lower|greater|smaller) than|"
    r"at (least|most)|up to|minus|plus|close to)\s*$",
    re.IGNORECASE,
)
_ROLES = {
    "difference": {"difference", "points"}, "gap": {"difference", "points"}, "average": {"mean"}, "mean": {"mean"},
    "median": {"value"}, "interval": {"interval"}, "rho": {"coefficient"}, "correlation": {"coefficient"},
    "coefficient": {"coefficient"}, "share": {"share", "percent"}, "n": {"count"}, "by": {"difference", "points"},
    "total": {"value"}, "sum": {"value"},
}  # fmt: skip
"""Which figures may follow a word that says what they are; facts print values of any of them."""
COUNTED = frozenset("rows observations cases records units clusters".split())
"""Words for what a count counts."""
_MOST_CHARACTERS = 2_000


def check(sentence: str, evidence: Sequence[Bound]) -> tuple[Fault, ...]:
    """What a filled sentence says beyond the evidence it cites; nothing where it is grounded.

    Args:
        sentence: One sentence, its figures filled in.
        evidence: The findings and facts that it cites.

    Returns:
        The faults in a fixed order: number, unit and denominator, names, causes, then what is claimed.
    """
    return check_pieces(pieces_of(sentence[:_MOST_CHARACTERS], evidence), evidence)


def check_pieces(pieces: Sequence[Piece], evidence: Sequence[Bound]) -> tuple[Fault, ...]:
    """As `check`, for a sentence of which it is known what supplied each text."""
    if not evidence:
        return (Fault("citation", "nothing is cited"),)
    if [kinds for p in pieces if (kinds := p.kinds())] == [frozenset(("sentence",))] and not _rest(pieces):
        return ()  # the template's own sentence
    pieces = _without_equals(pieces)
    found = [
        *_sign_faults(pieces), *_joined(pieces), *_unit_faults(pieces), *_denominator_faults(pieces),
        *_word_faults(pieces, _names(evidence)), *_causal_faults(pieces), *claim_faults(pieces, evidence),
    ]  # fmt: skip
    return tuple(dict.fromkeys(found))


def _without_equals(pieces: Sequence[Piece]) -> list[Piece]:
    """The sentence with `n = 12` read as `n 12`: no other equation is prose."""
    out = list(pieces)
    for at, (plain, figure) in enumerate(pairwise(pieces)):
        if not plain.options and "count" in figure.kinds():
            out[at] = Piece(re.sub(r"\bn = $", "n ", plain.text))
    return out


def _rest(pieces: Sequence[Piece]) -> str:
    """What stands outside the evidence's own texts."""
    return "".join(p.text for p in pieces if not p.options).strip(" .")


def _names(evidence: Sequence[Bound]) -> frozenset[str]:
    """Words of the names, levels and labels of the evidence that may be said without quotes."""
    texts = [
        text
        for bound in evidence
        for text in (
            *bound.names, *bound.sides[0], *bound.sides[1], *bound.order, *bound.row_words,
            *(s.text for s in bound.slots.values() if s.kind in ("label", "event")),
        )
    ]  # fmt: skip
    words = {w.lower() for text in texts for w in re.findall(r"[A-Za-z]{2,}", text) if not is_numeral(w)}
    return frozenset(words | {w + "s" for w in words})


def _sign_faults(pieces: Sequence[Piece]) -> Iterator[Fault]:
    """Characters that plain prose does not hold: markup, other scripts, invisible ones, currencies, digits."""
    for text in (p.text for p in pieces if not p.options):
        for token in text.split():
            if any(is_numeral_sign(c) for c in token):
                yield Fault("number", token.strip(".,;:()"))
        for name in re.findall(r"`[^`]*`", text):
            yield Fault("name", name)
        for char in re.sub(r"`[^`]*`", "", text):
            if is_numeral_sign(char):
                continue
            if char in _CURRENCIES:
                yield Fault("unit", char)
            elif _ALLOWED.fullmatch(char) is None:
                yield Fault("markup", f"U+{ord(char):04X}")


def _word_faults(pieces: Sequence[Piece], own: frozenset[str]) -> Iterator[Fault]:
    for piece in pieces:
        for word in () if piece.options else _WORD.findall(re.sub(r"`[^`]*`", " ", piece.text)):
            fault = _word_fault(word.strip("'-"), own)
            if fault is not None:
                yield fault


def _word_fault(word: str, own: frozenset[str]) -> Fault | None:
    """What is wrong with one plain word, or None."""
    low = word.lower()
    if not low or any(is_numeral_sign(c) or not c.isascii() for c in low):
        return None  # a fault by its signs already
    if low in CAUSES:
        return Fault("causal", word)
    if low in EXCESS:
        return Fault("significance", word)
    if low in WIDENING:
        return Fault("population", word)
    if low in NEGATORS and low not in ("none", "neither"):
        return None
    if is_numeral(word) and low != "neither":
        return Fault("number", word)
    parts = low.split("-")
    if low in _KNOWN or all(part in _KNOWN | own for part in parts):
        return Fault("number", word) if len(word) > 1 and word.isupper() and low not in own else None
    return Fault("name", word)


def _joined(pieces: Sequence[Piece]) -> Iterator[Fault]:
    """Figures that run into a word, a sign or another figure, and so make another one."""
    for at, piece in enumerate(pieces):
        if not piece.is_figure:
            continue
        before = pieces[at - 1].text[-1:] if at else " "
        after = pieces[at + 1].text if at + 1 < len(pieces) else " "
        if (before and before not in " (") or not re.match(r"[ ,;:).]?(\s|$|[).,;:])", after):
            yield Fault("number", f"{piece.text} is joined to another sign")
        if at and pieces[at - 1].text.strip() == "" and at > 1 and pieces[at - 2].is_figure:
            yield Fault("number", f"{piece.text} follows a figure")
        if at and not pieces[at - 1].options and _BOUNDING.search(pieces[at - 1].text) and not _over_rows(pieces, at):
            yield Fault("number", f"{piece.text} is made a bound")


def _over_rows(pieces: Sequence[Piece], at: int) -> bool:
    """`39.2 over 1,338 rows`: right behind a figure it says what the figure was taken over, and is no bound."""
    counts = any(bound.counts_rows for bound, _ in pieces[at].options)
    return counts and at > 1 and pieces[at - 1].text.strip(" ,").lower() == "over" and pieces[at - 2].is_figure


def _unit_faults(pieces: Sequence[Piece]) -> Iterator[Fault]:
    """A unit word, or a word for another kind of figure, beside a figure."""
    for at, piece in enumerate(pieces):
        if not piece.is_figure:
            continue
        before = pieces[at - 1].text.lower() if at and not pieces[at - 1].options else ""
        after = pieces[at + 1].text if at + 1 < len(pieces) and not pieces[at + 1].options else ""
        word = re.match(r" ([a-z]+)", after)
        follows = word[1] if word else ""
        if follows in UNITS and not (follows in COUNTED and "count" in piece.kinds()):
            yield Fault("unit", f"{piece.text} {follows}")
        earlier = at > 1 and "count" in pieces[at - 2].kinds() and before == " and "
        if not _fits(piece, re.findall(r"[a-z]+", before)[-3:], follows, earlier):
            yield Fault("unit", f"{before.split()[-1] if before.split() else ''} {piece.text}".strip())


def _fits(piece: Piece, before: Sequence[str], follows: str, earlier: bool) -> bool:
    """Whether the words around a figure say what it is; the figure of a fact may be anything its label says."""
    kinds = piece.kinds()
    if any(bound.outcome == "" for bound, _ in piece.options) and kinds & {"value", "percent"}:
        return True
    roles = [w for w in before if w in _ROLES]
    if roles and not kinds & _ROLES[roles[-1]]:
        return False
    if kinds == {"count"}:
        called = COUNTED | {"missing"} | {w for b, _ in piece.options for w in b.row_words}
        told = piece.text.startswith("n = ") or piece.text.endswith(" rows")
        return told or follows in called or before[-1:] == ["n"] or earlier
    if kinds == {"difference"}:
        return bool(roles) or follows in UP | DOWN | {"apart"}
    return True


def _denominator_faults(pieces: Sequence[Piece]) -> Iterator[Fault]:
    """A percentage whose rows the sentence does not count."""
    told = {b.id for p in pieces for b, s in p.options if s.kind in ("count", "figures", "sentence")}
    for piece in pieces:
        shares = [b.id for b, s in piece.options if s.kind in ("share", "percent") and not _counted(s.text)]
        if shares and len(shares) == len(piece.options) and not told & set(shares):
            yield Fault("denominator", f"{piece.text} of what")


def _counted(text: str) -> bool:
    return re.search(r"% of ([\d,]+ |.*\(n = )", text) is not None


def _causal_faults(pieces: Sequence[Piece]) -> Iterator[Fault]:
    """Phrases that say cause, and verbs of change that are given an object."""
    text = "".join("§" if p.options else p.text for p in pieces).lower()
    for pattern in CAUSAL_PHRASES:
        match = re.search(pattern, text)
        if match is not None:
            yield Fault("causal", match[0])
    for match in re.finditer(r"\b([a-z]+) (§|the\b|a\b|an\b|their\b|its\b|this\b|these\b|those\b)", text):
        if match[1] in TRANSITIVE:
            figure = match[2] == "§" and _nth(pieces, text.count("§", 0, match.start(2))).is_figure
            if not figure:
                yield Fault("causal", match[0])


def _nth(pieces: Sequence[Piece], at: int) -> Piece:
    return [p for p in pieces if p.options][at]
