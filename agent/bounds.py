"""Findings as evidence that a sentence can cite: every figure as it is printed elsewhere.

Knows the result's findings and their template sentences. Must never compute a statistic or print a figure in another
form than the template does; a figure that is not found there is not offered.
"""

import re
from collections.abc import Iterator, Sequence

from ..tools.text.naming import said_of
from ..tools.verify.claims import SIGNS, Contrast
from ..tools.verify.families.wording import (
    among,
    column,
    condition,
    count,
    group_label,
    is_level,
    it_is,
    number,
)
from ..tools.verify.grounding_parts import Bound, Slot, spoken
from ..tools.verify.hypothesis import Hypothesis, OccurrenceDifference, RateRatio, Segment, Subgroup, parse
from .bounds_facts import Fact, bound_of_fact
from .report.result import Finding
from .report.words import headed

FIGURE = r"[+−]?[$€£¥₹]?\d[\d,]*(?:\.\d+)?(?:e[+−]?\d+)?(?: (?:million|billion))?(?: (?:%|points))?"
_SCALES = {"million": 1e6, "billion": 1e9}
_PAIRED = frozenset(("monotone_association", "trend", "adjusted_association"))
_SAID_PLAINLY = _PAIRED | {
    "group_difference", "rate_difference", "mean_difference", "quantile_difference", "occurrence_difference",
    "rate_ratio", "subgroup", "segment", "seasonality",
}  # fmt: skip
_REST = ("the other rows", "other rows", "the others", "others", "the rest", "elsewhere", "otherwise")


def bound_of(finding: Finding) -> Bound:
    """A finding as evidence.

    Args:
        finding: Of any family and outcome.

    Returns:
        Its texts: columns, sides, filter, claim, and the figures that its template sentence prints.

    Raises:
        HypothesisError: if the finding's hypothesis does not fit the grammar.
    """
    h = parse(finding.hypothesis)
    sides = _sides(h, finding)
    slots = dict(_words(h, finding, sides)) | dict(_figures(finding))
    sign = _sign(h, finding)
    return Bound(
        id=finding.id,
        slots={name: slot for name, slot in slots.items() if slot.text},
        outcome=finding.outcome,
        sign=sign,
        paired=h.family in _PAIRED,
        plain=h.family in _SAID_PLAINLY and _agrees_in_sign(h, finding, sign),
        names=tuple(column(name) for name in h.columns),
        sides=sides,
        qualifiers=tuple(_qualifiers(h, finding)),
        shaken=_shaken(finding),
        order=tuple(getattr(h, "order", ())) if getattr(h, "top", None) is None else (),
    )


# Words


def _words(h: Hypothesis, finding: Finding, sides: tuple[tuple[str, ...], ...]) -> Iterator[tuple[str, Slot]]:
    yield "sentence", Slot(finding.sentence, "sentence")
    claim = finding.claim.rstrip(".")
    yield "claim", Slot(claim if claim.startswith("`") else claim[:1].lower() + claim[1:], "claim")
    yield "outcome", Slot(column(h.outcome), "name")
    yield "predictor", Slot(column(h.predictor), "name")
    yield "verdict", Slot(finding.outcome, "verdict")
    for at, texts in enumerate(sides):
        yield "ab"[at], Slot(texts[0] if texts else "", "side", "ab"[at])
    event = getattr(h, "event", None)
    if event is not None:
        yield "event", Slot(is_level(h.outcome, (event,)), "event")
    elif isinstance(h, OccurrenceDifference):
        yield "event", Slot(is_level(h.outcome, (f"above {number(h.above)}",)), "event")
    yield "where", Slot(among(h).rstrip(", "), "where")
    yield "within", Slot(next((q for q in _qualifiers(h, finding) if q.startswith("within the same")), ""), "where")
    yield "adjusted", Slot(finding.adjustment.phrase if finding.outcome == "verified" else "", "where")
    yield "fixed", Slot(next((q for q in _qualifiers(h, finding) if q.endswith("held fixed")), ""), "where")


def _sides(h: Hypothesis, finding: Finding) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What names side a, and what names side b, the fullest text first."""
    contrast = getattr(h, "levels", None)
    if contrast is not None:
        return _of_levels(h.predictor, contrast) if h.family in _SAID_PLAINLY else ((), ())
    if isinstance(h, Subgroup | Segment):
        rest = ("elsewhere", *(text for text in _REST if text != "elsewhere"))
        return (" and ".join(condition(term) for term in h.rule),), rest
    told = _ends(h, finding)
    if told:
        return told
    labels = [g.label for g in finding.held_out.groups]
    if len(labels) != 2 or h.family not in _SAID_PLAINLY or h.family == "adjusted_association":
        return (), ()
    short = [f"it is {label.split(' is ', 1)[1]}" for label in labels if " is " in label]
    return (labels[0],), (labels[1], *short[1:])


def _ends(h: Hypothesis, finding: Finding) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The two ends of a relation as its template names them."""
    name = re.escape(column(h.predictor))
    match = re.search(rf"where ({name} is [^;]*?) against .*? where ({name} is [^(]*?)(?=, | \()", finding.sentence)
    return ((match[1],), (match[2],)) if match and h.family == "monotone_association" else None


def _of_levels(name: str, contrast: Contrast) -> tuple[tuple[str, ...], tuple[str, ...]]:
    full = [group_label(name, contrast, side) for side in (0, 1)]
    of_text = said_of(name) is not None  # nobody says `yes` for "mentions late"
    bare = [
        [x for x in levels[:1] if len(levels) == 1 and spoken(x) and not of_text] for levels in (contrast.a, contrast.b)
    ]
    if contrast.b:
        return (full[0], *bare[0]), (full[1], it_is(name, contrast.b), *bare[1])
    return (full[0], *bare[0]), (full[1], *(f"not {x}" for x in bare[0]), *_REST)


def _qualifiers(h: Hypothesis, finding: Finding) -> Iterator[str]:
    """Parts of the claim without which another population, or another property, is spoken of."""
    if h.where:
        yield among(h).rstrip(", ")
    within = re.match(r"Within the same (?:`[^`]+`|[a-z ]+)(?=,)", finding.claim)
    if within:
        yield f"w{within[0][1:]}"
    fixed = re.search(r"with (?:`[^`]+`(?:, | and )?)+ held fixed", finding.claim)
    if fixed:
        yield fixed[0]
    if h.family in ("mean_difference", "quantile_difference"):
        what = re.search(rf"(?:the )?[\w %-]+ of {re.escape(column(h.outcome))}", finding.claim, re.IGNORECASE)
        if what:
            yield what[0].lower() if what[0].startswith("The") and "`" not in what[0][:3] else what[0]
    if isinstance(h, RateRatio):
        yield f"per unit of {column(h.exposure)}" if h.exposure is not None else "per row"


def _shaken(finding: Finding) -> str:
    """What becomes of a verified claim with other columns held fixed, where that is not what it says."""
    told = finding.outcome == "verified" and finding.adjustment.tag in ("attenuated", "reversed")
    return finding.adjustment.phrase if told else ""


def _sign(h: Hypothesis, finding: Finding) -> int:
    """The direction that may be said: the committed or seen one of a verified claim, none of any other."""
    if finding.outcome != "verified":
        return 0
    return SIGNS[h.direction] or _seen(h, finding)


def _seen(h: Hypothesis, finding: Finding) -> int:
    held = finding.held_out
    apart = held.in_units.value if held.in_units else held.effect.value - h.null if held.effect else 0.0
    return (apart > 0) - (apart < 0)


def _agrees_in_sign(h: Hypothesis, finding: Finding, sign: int) -> bool:
    """Whether the figures point where the test does: averages and ranks may part, and then the template explains."""
    units = finding.held_out.in_units
    if units is None or sign == 0 or h.family == "rate_ratio":
        return True
    return units.value * sign > 0


# Figures


def _figures(finding: Finding) -> Iterator[tuple[str, Slot]]:
    """The figures of the template sentence that are found to be those of the held-out evidence."""
    held, sentence = finding.held_out, finding.sentence
    figures = headed(sentence)[1].rstrip(".")
    yield "figures", Slot(figures[:1].lower() + figures[1:], "figures")
    yield "n", Slot(count(held.n), "count")
    sizes = re.search(r"n = [^;)]*", sentence)
    yield "sizes", Slot(sizes[0] if sizes else "", "count")
    if len(held.groups) == 2 and sizes and re.match("n = {:,} and {:,}".format(*(g.n for g in held.groups)), sizes[0]):
        yield from ((f"n_{side}", Slot(count(g.n), "count", side)) for side, g in zip("ab", held.groups, strict=True))
    if finding.family not in _SAID_PLAINLY:
        return
    # Beside a claim on ranks, averages that do not show it would be read as its size: they stand in `figures` alone.
    apart = re.search(r"the averages(?: alone)?,? .*?(?:do not show it|point the other way)", sentence) is not None
    yield from () if apart else _means(finding)
    if held.in_units is not None and not apart:
        yield from _differences(finding, held.in_units.value, held.in_units.low)
    if held.effect is not None:
        name = re.escape(held.effect.name)
        told = next((m[0] for m in re.finditer(rf"{name} {FIGURE}", sentence) if agrees(m[0], held.effect.value)), "")
        yield "coefficient", Slot(told, "coefficient")


def _means(finding: Finding) -> Iterator[tuple[str, Slot]]:
    """The figure of either side, as `X … against Y` prints them."""
    groups, units = finding.held_out.groups, finding.held_out.in_units
    share = units is not None and units.unit == "points"
    text = finding.sentence if share else headed(finding.sentence)[1]
    parts = text.split(" against ", maxsplit=1)
    if len(groups) != 2 or len(parts) != 2:
        return
    figure = rf"^{FIGURE}{_unit(finding)}"
    for side, group, part in zip("ab", groups, parts, strict=True):
        found = re.finditer(r"(?<![\w.,])[\d.]+ %" if share else figure, part)
        told = next((m[0] for m in found if agrees(m[0], group.mean)), "")
        yield f"figure_{side}", Slot(told, "share" if share else "mean", side)


def _unit(finding: Finding) -> str:
    """The pattern of the unit that figures of the outcome are printed with, if any."""
    units, outcome = finding.held_out.in_units, finding.hypothesis.get("outcome")
    if units is None or units.unit in (None, "points", outcome):
        return ""
    return f"(?: {re.escape(units.unit or '')})?"


def _differences(finding: Finding, value: float, low: float | None) -> Iterator[tuple[str, Slot]]:
    sentence = finding.sentence
    told = re.search(rf"(?:a difference of |[:,] )({FIGURE}{_unit(finding)})(?= \()", sentence)
    if told and agrees(told[1], value):
        kind = "points" if told[1].endswith("points") else "difference"
        yield "effect", Slot(told[1], kind)
        yield "size", Slot(told[1].lstrip("+−"), kind)
    for around in re.finditer(rf"[\d.]+ % interval ({FIGURE})[^;()]*", sentence):
        if low is not None and agrees(around[1], low):
            yield "interval", Slot(around[0], "interval")


def agrees(text: str, value: float | None) -> bool:
    """Whether a printed figure is `value`, to its last printed digit; a percentage of a share between 0 and 1."""
    match = re.search(
        r"([+−]?)[$€£¥₹]?(\d[\d,]*(?:\.(\d+))?)(?:e([+−]?\d+))?(?: (million|billion))?( %)?$", _bare(text)
    )
    if match is None or value is None:
        return False
    scale = _SCALES.get(match[5] or "", 1.0) * 10.0 ** int((match[4] or "0").replace("−", "-"))
    shown = float(match[2].replace(",", "")) * scale * (-1 if match[1] == "−" else 1)
    step = 10.0 ** -len(match[3] or "") * scale
    return abs(shown - (100 * value if match[6] else value)) <= 0.5001 * step


def _bare(text: str) -> str:
    """The figure without the words of its unit."""
    return re.sub(r"(?<!million)(?<!billion) (?!million|billion|%)[^\d%]+$", "", text)


def bounds_of(findings: Sequence[Finding], facts: Sequence[Fact]) -> dict[str, Bound]:
    """All evidence by id, findings first, in their order."""
    return {b.id: b for b in (*(bound_of(f) for f in findings), *(bound_of_fact(f) for f in facts))}
