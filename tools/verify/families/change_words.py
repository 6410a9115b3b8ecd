"""Sentences about an outcome that jumps at a fixed time, from a hypothesis and its evidence.

The direction word comes from the evidence and agrees with the figures printed beside it. Knows hypotheses and
evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from ...value import Effect
from ..evidence import Evidence
from ..hypothesis import ChangePoint, sign
from .monotone_words import subject
from .wording import (
    among,
    column,
    decimals,
    decimals_apart,
    effect_interval,
    fixed,
    percent,
    percent_places,
    sentence_case,
    shown,
    signed,
    sizes,
    untested,
    with_unit,
)

_WORDS = {1: "higher", -1: "lower"}


def moment(at: str | float) -> str:
    """The time of a change: a date without a midnight, or a number such as a year."""
    if isinstance(at, str):
        return at.removesuffix("T00:00:00").replace("T", " ")
    return f"{at:g}" if abs(at) < 1e6 else repr(at)


def statement(h: ChangePoint, direction: int) -> str:
    """The bare claim in a direction (+1, -1, or 0 for none), without figures and full stop."""
    turn = _WORDS.get(direction, "higher or lower")
    return f"{subject(h.outcome, h.event)} is {turn} {_since(h)} than before it, beyond a straight trend"


def sentence(h: ChangePoint, evidence: Evidence, claim: str, *, smooth: bool) -> str:
    """The claim with its figures; no direction is stated where the test does not show one."""
    effect, jump = evidence.effect, evidence.in_units
    if evidence.untestable is not None or effect is None or jump is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    found = shown(evidence, h.null)
    what = subject(h.outcome, h.event)
    if found and jump.value * found > 0:
        turn = _WORDS[found]
        if sign(h) and sign(h) != found:
            turn += f", not {_WORDS[sign(h)]},"
        text = f"{what} is {turn} {_since(h)} than before it: {_jump(h, jump)}, {_averages(h, evidence, jump)}"
    elif found:
        text = (
            f"by rank {what} is {_WORDS[found]} {_since(h)} than before it, but its average does not show it: "
            f"{_jump(h, jump)}, {_averages(h, evidence, jump)}"
        )
    else:
        why = "; a smooth curve describes it as well" if smooth else ""
        text = (
            f"{what} is not shown to change {_since(h).replace('from ', 'at ').removesuffix(' on')} beyond a straight "
            f"trend{why}: {_jump(h, jump)}, {_averages(h, evidence, jump)}"
        )
    return sentence_case(among(h) + text) + "."


def _since(h: ChangePoint) -> str:
    return f"from {column(h.predictor)} {moment(h.at)} on"


def _jump(h: ChangePoint, jump: Effect) -> str:
    """`a jump of +2.3 beyond the straight trend on either side (95 % interval 1.1 to 3.5)`."""
    places = decimals(jump.value, digits=2)
    unit = "points" if h.event is not None else jump.unit if jump.unit != h.outcome else None
    around = effect_interval(jump, places, unit=None if h.event is not None else unit)
    size = signed(with_unit(fixed(jump.value, places), unit))
    return f"a jump of {size} beyond the straight trend on either side ({around})"


def _averages(h: ChangePoint, evidence: Evidence, jump: Effect) -> str:
    after, before = (g.mean or 0.0 for g in evidence.groups)
    if h.event is not None:
        places = percent_places(*(g.n for g in evidence.groups), shares=(after, before))
        texts = [percent(x, places) for x in (after, before)]
    else:
        unit = jump.unit if jump.unit != h.outcome else None
        places = decimals_apart(after, before)
        texts = [with_unit(fixed(x, places), unit) for x in (after, before)]
    return f"{texts[0]} on average from then on, {texts[1]} before ({sizes(evidence)})"
