"""Sentences about two groups of a number, from a hypothesis and its evidence.

The direction word comes from the evidence and agrees with the figures printed beside it. Knows hypotheses and
evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from ...value import Effect
from ..evidence import Evidence, Group
from ..hypothesis import GroupDifference, sign
from .wording import (
    among,
    column,
    decimals_apart,
    effect_interval,
    fixed,
    interval,
    is_level,
    it_is,
    percent,
    percent_places,
    sentence_case,
    shown,
    sizes,
    untested,
    versus,
    with_unit,
)

_WORDS = {1: "higher", -1: "lower"}


def statement(h: GroupDifference, direction: int, sides: tuple[str, str] | None = None) -> str:
    """The bare claim in a direction (+1, -1, or 0 for none), without figures and full stop.

    `sides`: both groups as parts of the sentence, where they are not told by levels of the predictor.
    """
    if direction == 0 and sides is not None:
        return f"{column(h.outcome)} differs between rows {sides[0]} and {sides[1]}"
    if direction == 0:
        other = f"where {it_is(h.predictor, h.levels.b)}" if h.levels.b else "the others"
        return f"{column(h.outcome)} differs between rows where {is_level(h.predictor, h.levels.a)} and {other}"
    one, two = sides or versus(h.predictor, h.levels)
    return f"{column(h.outcome)} is {_turn(h, direction)} {one} than {two}"


def sentence(h: GroupDifference, evidence: Evidence, claim: str, sides: tuple[str, str] | None = None) -> str:
    """The claim with its figures: means where they show the direction, else pairs of rows and medians.

    Where the effect's interval holds 1/2 no direction is stated. `claim` is printed for what was not tested, `sides`
    as in `statement`.
    """
    effect, difference = evidence.effect, evidence.in_units
    if evidence.untestable is not None or effect is None or difference is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    found = shown(evidence, 0.5)
    one, two = sides or versus(h.predictor, h.levels)
    means = _means(h, evidence, difference)
    if found == 0:
        text = f"{column(h.outcome)} is not shown to be higher or lower {one} than {two}: {means}"
        if _shown(difference, 0.0):
            text += "; the averages alone differ, but by rank the two sides are not told apart"
    elif _shown(difference, 0.0) == found:
        text = f"{statement(h, found, sides)}: {means}"
    else:
        head = f"{column(h.outcome)} tends to be {_turn(h, found)} {one} than {two}"
        text = f"{head}: {_ranks(h, evidence, effect, difference, found)}"
    return sentence_case(among(h) + text) + "."


def _turn(h: GroupDifference, direction: int) -> str:
    """The direction word; where the evidence turned against the committed one, it says so."""
    committed = sign(h)
    if committed and committed != direction:
        return f"{_WORDS[direction]}, not {_WORDS[committed]},"
    return _WORDS[direction]


def _shown(effect: Effect, null: float) -> int:
    """+1 or -1 where the interval lies on one side of the null value, else 0."""
    if effect.low is None or effect.high is None:
        return 0
    return int(effect.low > null) - int(effect.high < null)


def _means(h: GroupDifference, evidence: Evidence, difference: Effect) -> str:
    """`32,050 against 8,434 on average, a difference of 23,616 (95 % interval …; n = 275 and 1,063)`."""
    one, two, places, unit = _averages(h, evidence, difference)
    between = with_unit(fixed(difference.value, places), unit)
    around = effect_interval(difference, places, unit=unit)
    return f"{one} against {two} on average, a difference of {between} ({around}; {sizes(evidence)})"


def _averages(h: GroupDifference, evidence: Evidence, difference: Effect) -> tuple[str, str, int, str | None]:
    """Both means as printed, the decimal places that tell them apart, and the unit to print."""
    a, b = (_mean(group) for group in evidence.groups)
    places = decimals_apart(a, b)
    unit = None if difference.unit == h.outcome else difference.unit
    one, two = ("0" if x == 0 else fixed(x, places) for x in (a, b))
    return with_unit(one, unit), with_unit(two, unit), places, unit


def _mean(group: Group) -> float:
    return group.mean if group.mean is not None else 0.0


def _ranks(h: GroupDifference, evidence: Evidence, effect: Effect, difference: Effect, found: int) -> str:
    """The share of pairs of rows in which the direction holds, the medians, and what the averages say."""
    share, low, high = effect.value, effect.low or 0.0, effect.high or 0.0
    if found < 0:
        share, low, high = 1 - share, 1 - high, 1 - low
    places = percent_places(*(group.n for group in evidence.groups))
    around = interval(100 * low, 100 * high, places, level=effect.level or 0.95, unit="%")
    one, two, _, _ = _averages(h, evidence, difference)
    verb = "point the other way" if _shown(difference, 0.0) == -found else "do not show it"
    often = f"{percent(share, places)} of cases, ties counted half ({around}; {_medians(evidence)}{sizes(evidence)})"
    held = f"of two rows, one from each side, the first has the {_WORDS[found]} value in {often}"
    return f"{held}; the averages, {one} against {two}, {verb}"


def _medians(evidence: Evidence) -> str:
    """`medians 12 against 10; `, or nothing where they print alike."""
    a, b = (group.median for group in evidence.groups)
    if a is None or b is None or a == b:
        return ""
    places = decimals_apart(a, b)
    return f"medians {fixed(a, places)} against {fixed(b, places)}; "
