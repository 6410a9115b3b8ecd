"""The words of a summary or an answer: sentences with slots from outside, figures from evidence, checked one by one.

Knows findings, facts, and a text that nobody vouches for. Must never let a figure of that text through, change an
outcome, or know which model wrote it: what fails is replaced by the template's sentence and counted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ..tools.verify.grounding import COUNTED, check_pieces
from ..tools.verify.grounding_parts import Bound, Fault, Piece, Slot, pieces_of
from .bounds import bounds_of
from .bounds_facts import Fact
from .report.result import Finding
from .report.words import clean

MOST_SENTENCES = 24
MOST_CHARACTERS = 12_000
_LONGEST = 600
_SLOT = re.compile(r"\[([A-Za-z0-9]{1,16})(?:\.([a-z_]{1,16}))?\]")
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "\u2011": "-"})
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_WORDS = ("a", "b", "event", "where", "within", "fixed")
"""Slots that print words of a claim."""
_CITED = (
    "claim", "figures", "figure_a", "figure_b", "effect", "size", "interval", "coefficient", "sizes", "adjusted",
)  # fmt: skip
"""Slots that a summary is told of by name: of those that print the same in other words one is enough."""
_STUTTER = re.compile(r"((?:`[^`]+`|\b[a-z]+)(?: [a-z]+)+) \1(?![a-z])|(`[^`]+`) is \2(?![a-z])", re.IGNORECASE)
Privacy = Literal["none", "schema", "profile", "sample"]


class Summary(NamedTuple):
    """What is printed, and what became of the text that was offered."""

    sentences: tuple[str, ...]
    """Plain text, one sentence each; renderers escape it as they do every sentence."""
    cites: tuple[tuple[str, ...], ...]
    """For each sentence the ids of the findings and facts that it speaks of."""
    dropped: tuple[tuple[str, Fault], ...] = ()
    """Each sentence that failed, cleaned and cut to 200 characters, with its first fault. For the log, not for the
    page: it may hold figures that nothing computed."""
    replaced: int = 0
    """How many of the dropped ones a template sentence stands for."""


def summary_of(findings: Sequence[Finding], facts: Sequence[Fact], text_from_model: str | None) -> Summary:
    """The report's summary; without a usable text the template sentences of the first screen.

    Args:
        findings: Every finding of the report; only these may be cited.
        facts: Facts that tools computed.
        text_from_model: Sentences with slots such as `[f3]` and `[2f6ac9a1b0c3.effect]`, from an untrusted writer.

    Returns:
        At most 24 sentences, every one grounded.
    """
    first = [f.id for f in findings if f.headline]
    return _worded(bounds_of(findings, facts), text_from_model or "", first)


def answer_of(
    findings: Sequence[Finding],
    facts: Sequence[Fact],
    text_from_model: str | None,
    row_words: Sequence[str] = (),
    *,
    templates: bool = True,
) -> Summary:
    """An answer from all that was computed for one question: as `summary_of`, with every piece of evidence told.

    Evidence that the text leaves out follows as its template sentence, so that a verdict or a value cannot be hidden.
    Counts of rows do not: the table shows them.

    Args:
        findings: Findings that may be cited.
        facts: Facts that may be cited.
        text_from_model: As of `summary_of`.
        row_words: What rows of the table may be called.
        templates: Whether code words what the text leaves out; not beside a verdict, whose own sentence says it.
    """
    known = {name: b._replace(row_words=tuple(row_words)) for name, b in bounds_of(findings, facts).items()}
    told = _worded(known, text_from_model or "", [], templates=templates)
    if not templates:
        return told
    said = {name for cites in told.cites for name in cites}
    left = [name for name in known if name not in said and not known[name].counts_rows]
    return told._replace(
        sentences=(*told.sentences, *(_template(known[name]) for name in left)),
        cites=(*told.cites, *((name,) for name in left)),
    )


def catalogue(
    findings: Sequence[Finding], facts: Sequence[Fact], privacy: Privacy = "profile"
) -> tuple[dict[str, Any], ...]:
    """What may be cited: ids with what they stand for, and the names of their slots. No computed figure is in it.

    Args:
        findings: The findings of the report, after their verdicts were shown.
        facts: Facts that tools computed.
        privacy: With `none` or `schema` neither levels nor cut points are told, only columns, family and direction.

    Returns:
        One entry of plain JSON types a piece of evidence; names stand in them as data, never as instructions.
    """
    known = bounds_of(findings, facts)
    named = privacy in ("profile", "sample")
    out = [_entry(known[f.id], f, named) for f in findings]
    for fact in facts:
        what = known[fact.id].slots["what"].text if named else "a computed value"
        out.append({"id": fact.id, "what": what, **_slots(known[fact.id], ())})
    return tuple(out)


def _entry(bound: Bound, finding: Finding, named: bool) -> dict[str, Any]:
    """One finding for the catalogue."""
    direction = {1: "up", -1: "down", 0: "not shown"}[bound.sign]
    if named:
        # The claim holds columns and direction; what a slot prints is told, so that a sentence around it can be read.
        seen: dict[str, Any] = {"id": bound.id, "verdict": bound.outcome, "what": clean(finding.claim)}
        texts = {n: clean(s.text) for n, s in bound.slots.items() if n in _WORDS and not (bound.paired and n in "ab")}
        seen |= {"prints": texts} if texts else {}
    else:
        seen = {
            "id": bound.id, "family": finding.family, "verdict": bound.outcome, "direction": direction,
            "columns": [clean(name) for name in bound.names],
        }  # fmt: skip
    return seen | _slots(bound, () if named else _WORDS)


def _slots(bound: Bound, more: Sequence[str]) -> dict[str, Any]:
    must = [n for n in ("where", "within", "fixed") if n in bound.slots]
    must += ["adjusted"] if bound.shaken else []
    own = [n for n in bound.slots if n in (*_CITED, *more) or not bound.outcome]
    return {"slots": own, **({"must": must} if must else {})}


# Sentences


def _worded(known: Mapping[str, Bound], text: str, first: Sequence[str], *, templates: bool = True) -> Summary:
    """The text's sentences that are grounded, templates in the place of the others, each template once."""
    sentences: list[str] = []
    cites: list[tuple[str, ...]] = []
    dropped: list[tuple[str, Fault]] = []
    replaced, stood = 0, set()
    for raw in _split(text):
        cited, told, faults = _judged(raw, known)
        if not faults:
            sentences.append(told)
            cites.append(cited)
            continue
        dropped.append((clean(raw)[:200], faults[0]))
        stands = [name for name in cited if templates and name not in stood and not known[name].counts_rows]
        replaced += bool(stands)
        stood.update(stands)
        sentences += [_template(known[name]) for name in stands]
        cites += [(name,) for name in stands]
    if not sentences:
        sentences, cites = [_template(known[name]) for name in first], [(name,) for name in first]
    keep = list(dict.fromkeys(zip(sentences, cites, strict=True)))[:MOST_SENTENCES]
    return Summary(tuple(s for s, _ in keep), tuple(c for _, c in keep), tuple(dropped), replaced)


def _judged(raw: str, known: Mapping[str, Bound]) -> tuple[tuple[str, ...], str, tuple[Fault, ...]]:
    """What a sentence cites, the sentence filled in, and its faults."""
    named = tuple(dict.fromkeys(m[1] for m in _SLOT.finditer(raw) if m[1] in known))
    evidence = [known[name] for name in named]
    if len(raw) > _LONGEST:
        return named, "", (Fault("markup", "longer than a sentence"),)
    try:
        pieces = _with_filter(_filled(raw, known, evidence), evidence)
    except _NoSuchSlot as err:
        return named, "", (Fault("citation", str(err)),)
    told = _plain("".join(_inert(p.text) if p.options else p.text for p in pieces))
    twice = _STUTTER.search(told)
    stutter = (Fault("markup", f"said twice: {twice[0][:80]}"),) if twice else ()
    return named, _with_shaken(told, evidence), _digits(raw) or stutter or check_pieces(pieces, evidence)


class _NoSuchSlot(Exception):
    """A slot that stands for nothing."""


def _digits(raw: str) -> tuple[Fault, ...]:
    """The digits that the text writes itself; figures come from slots alone."""
    own = re.findall(r"\d[\d.,]*", _SLOT.sub(" ", re.sub(r"`[^`]*`", " ", raw)))
    return tuple(Fault("number", figure) for figure in own)


def _filled(raw: str, known: Mapping[str, Bound], evidence: Sequence[Bound]) -> tuple[Piece, ...]:
    """The sentence with its slots filled in, every piece with what supplied it."""
    out: list[Piece] = []
    at = 0
    words = [b._replace(slots={n: s for n, s in b.slots.items() if s.kind in ("where", "event")}) for b in evidence]
    for match in _SLOT.finditer(raw):
        out += pieces_of(raw[at : match.start()], words)
        at = match.end()
        bound = known.get(match[1])
        if bound is None:
            raise _NoSuchSlot(match[0])
        slot = bound.slots.get(match[2] or "", Slot("", "label") if not match[2] else None)
        if slot is None:
            raise _NoSuchSlot(match[0])
        if not match[2] and bound.counts_rows and _is_called(raw, match, bound):
            slot = bound.slots["value"]
        if match[2] == "effect" and slot.text.startswith("−") and re.search(r"\bby\s*$", raw[: match.start()]):
            slot = bound.slots.get("size", slot)  # "falls by −25 points" would say it twice
        out.append(Piece(slot.text, ((bound, slot),)))
    return (*out, *pieces_of(raw[at:], words))


def _is_called(raw: str, match: re.Match[str], bound: Bound) -> bool:
    """Whether the words around a count say already that it counts rows: `[f2] rows`, `n = [f2]`."""
    follows = re.match(r"\s+([A-Za-z]+)", raw[match.end() :])
    named = follows is not None and follows[1].lower() in {*COUNTED, *bound.row_words}
    return named or re.search(r"\bn\s*=?\s*$", raw[: match.start()]) is not None


def _with_filter(pieces: tuple[Piece, ...], evidence: Sequence[Bound]) -> tuple[Piece, ...]:
    """The sentence with the condition of a query put behind it, where it leaves out whom its figures are of."""
    wheres = {b.slots["where"].text if "where" in b.slots else "" for b in evidence}
    told = "".join(p.text for p in pieces).lower()
    if any(b.outcome for b in evidence) or len(wheres) != 1 or (where := wheres.pop()).lower() in told:
        return pieces
    options = tuple((b, b.slots["where"]) for b in evidence)
    last = pieces[-1]
    stop = re.search(r"[.!?]?\s*$", last.text) if not last.options else None
    body = (*pieces[:-1], Piece(last.text[: stop.start()])) if stop else pieces
    return (*body, Piece(" ("), Piece(where, options), Piece(")."))


def _with_shaken(told: str, evidence: Sequence[Bound]) -> str:
    """The sentence with what becomes of its claims when other columns are held fixed, where it leaves that out."""
    for bound in evidence:
        phrase = _inert(bound.shaken)
        if phrase and phrase.lower() not in told.lower():
            whose = "it" if len(evidence) == 1 else f"that of {_inert(' and '.join(bound.names[:2]))}"
            told = f"{told.removesuffix('.')} ({whose} {phrase})."
    return told


def _inert(text: str) -> str:
    """A printed text on one line, without invisible characters and without an address that could be followed."""
    return clean(text).replace("://", ": //")


def _plain(text: str) -> str:
    """The filled sentence tidied: no double space, no space before a stop, a large first letter, a full stop."""
    flat = re.sub(r" +([.,;:)])", r"\1", re.sub(r"\s+", " ", text)).strip()
    flat = flat[:1].upper() + flat[1:]
    return flat if flat.endswith(".") else f"{flat}."


def _template(bound: Bound) -> str:
    return _with_shaken(_inert(bound.slots["sentence"].text), (bound,))


def _split(text: str) -> Iterator[str]:
    """The sentences of a text, list marks taken off; not inside backticks."""
    flat = text[:MOST_CHARACTERS].translate(_TYPOGRAPHY).replace("\r", "\n")
    shielded = re.sub(r"`[^`\n]*`|\[[^\]\n]*\]", lambda m: re.sub(r"(?<=[.!?])(\s)", "\x00", m[0]), flat)
    count = 0
    for part in _END.split(shielded):
        sentence = re.sub(r"^\s*[-*•]\s+", "", part.replace("\x00", " ")).strip()
        if sentence and count < 4 * MOST_SENTENCES:
            count += 1
            yield sentence
