"""Sentences about one summary of a number in two groups: its mean, a quantile, or a count per unit.

The direction word comes from the evidence and agrees with the figures printed beside it. Knows hypotheses and
evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from ..evidence import Evidence
from ..hypothesis import MeanDifference, QuantileDifference, RateRatio, sign
from .wording import (
    among,
    column,
    decimals,
    decimals_apart,
    effect_interval,
    fixed,
    is_level,
    it_is,
    sentence_case,
    shown,
    sizes,
    untested,
    versus,
    with_unit,
)

_WORDS = {1: "higher", -1: "lower"}
Amount = MeanDifference | QuantileDifference | RateRatio


def statement(h: Amount, what: str, direction: int) -> str:
    """The bare claim on `what` in a direction (+1, -1, or 0 for none), without figures and full stop."""
    if direction == 0:
        other = f"where {it_is(h.predictor, h.levels.b)}" if h.levels.b else "the others"
        return f"{what} differs between rows where {is_level(h.predictor, h.levels.a)} and {other}"
    one, two = versus(h.predictor, h.levels)
    return f"{what} is {_WORDS[direction]} {one} than {two}"


def claim(h: Amount, what: str) -> str:
    """The claim as committed: one sentence without figures and without a full stop."""
    return sentence_case(among(h) + statement(h, what, sign(h)))


def difference_sentence(h: MeanDifference | QuantileDifference, evidence: Evidence, what: str) -> str:
    """`The mean of `charges` is higher when …: 32,050 against 8,434, a difference of 23,616 (95 % interval …)`."""
    between = evidence.in_units
    if evidence.untestable is not None or between is None or len(evidence.groups) != 2:
        return untested(claim(h, what), evidence.untestable or "No effect was measured.")
    values = [_figure(h, evidence, s) for s in (0, 1)]
    places = decimals_apart(*values)
    if round(values[0], places) - round(values[1], places) != round(between.value, places):
        places += 1  # 129 against 102 is no difference of 26
    unit = None if between.unit == h.outcome else between.unit
    one, two = (with_unit(fixed(v, places), unit) for v in values)
    apart = with_unit(fixed(between.value, places), unit)
    around = effect_interval(between, places, unit=unit)
    figures = f"{one} against {two}, a difference of {apart} ({around}; {sizes(evidence)})"
    return sentence_case(f"{among(h)}{head(h, what, shown(evidence))}: {figures}") + "."


def ratio_sentence(h: RateRatio, evidence: Evidence, what: str) -> str:
    """`awards` per row is higher when …: 1.00 against 0.22, a ratio of 4.58 (95 % interval …; n = …)."""
    ratio = evidence.in_units
    if evidence.untestable is not None or ratio is None or len(evidence.groups) != 2:
        return untested(claim(h, what), evidence.untestable or "No effect was measured.")
    rates = [g.mean or 0.0 for g in evidence.groups]
    places = decimals_apart(*rates)
    one, two = (fixed(r, places) for r in rates)
    places = min(max(decimals(ratio.value), decimals_apart(ratio.value, 1.0)), 4)
    around = effect_interval(ratio, places)
    figures = f"{one} against {two}, a ratio of {fixed(ratio.value, places)} ({around}; {sizes(evidence)})"
    return sentence_case(f"{among(h)}{head(h, what, shown(evidence))}: {figures}") + "."


def head(h: Amount, what: str, direction: int) -> str:
    """The claim in the direction that the evidence shows; where it turned against the committed one, it says so."""
    one, two = versus(h.predictor, h.levels)
    if direction == 0:
        return f"{what} is not shown to be higher or lower {one} than {two}"
    turned = sign(h) and sign(h) != direction
    word = f"{_WORDS[direction]}, not {_WORDS[-direction]}," if turned else _WORDS[direction]
    return f"{what} is {word} {one} than {two}"


def _figure(h: MeanDifference | QuantileDifference, evidence: Evidence, side: int) -> float:
    group = evidence.groups[side]
    is_median = isinstance(h, QuantileDifference) and h.quantile == 0.5
    return (group.median if is_median else group.mean) or 0.0


def quantile_name(h: QuantileDifference) -> str:
    """`the median of `fare``, `the 90th percentile of `fare``."""
    if h.quantile == 0.5:
        return f"the median of {column(h.outcome)}"
    share = f"{100 * h.quantile:.6g}"
    tail = "th"
    if "." not in share and share[-2:] not in ("11", "12", "13"):
        tail = {"1": "st", "2": "nd", "3": "rd"}.get(share[-1], "th")
    return f"the {share}{tail} percentile of {column(h.outcome)}"
