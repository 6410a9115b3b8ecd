"""Sentences about an outcome that rises or falls with a number, from a hypothesis and its evidence.

The direction word comes from the evidence and agrees with the figures printed beside it. Knows hypotheses and
evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from ...value import Effect
from ..evidence import Evidence, Group
from ..hypothesis import MonotoneAssociation, sign
from .wording import (
    among,
    column,
    count,
    decimals_apart,
    effect_interval,
    fixed,
    is_level,
    number,
    percent,
    percent_places,
    sentence_case,
    shown,
    signed,
    untested,
    with_unit,
)

_WORDS = {1: "rises", -1: "falls"}


def subject(outcome: str, event: str | None) -> str:
    """What rises or falls: the column, or the share of rows with an event."""
    return column(outcome) if event is None else f"the share of rows where {is_level(outcome, (event,))}"


def statement(h: MonotoneAssociation, direction: int) -> str:
    """The bare claim in a direction (+1, -1, or 0 for none), without figures and full stop."""
    turn = _WORDS.get(direction, "rises or falls")
    return f"{subject(h.outcome, h.event)} {turn} with {column(h.predictor)}"


def sentence(h: MonotoneAssociation, evidence: Evidence, claim: str) -> str:
    """The claim with its figures; no direction is stated where the test shows none."""
    effect = evidence.effect
    if evidence.untestable is not None or effect is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    found = shown(evidence)
    figures = _figures(h, evidence, effect)
    if found == 0:
        text = f"{subject(h.outcome, h.event)} is not shown to rise or fall with {column(h.predictor)}: {figures}"
    elif evidence.in_units is not None and evidence.in_units.value * found < 0:
        ranks = f"Spearman's rho {fixed(effect.value, 2)}, {effect_interval(effect, 2)}"
        average = _WORDS[-found] if _clear(evidence.in_units) else "does not"
        text = f"by rank {_turned(h, found)} ({ranks}), but its average {average}: {figures}"
    elif evidence.in_units is not None and not _clear(evidence.in_units):
        ranks = f"Spearman's rho {fixed(effect.value, 2)}, {effect_interval(effect, 2)}"
        text = f"{_turned(h, found)} ({ranks}); the averages alone do not show it: {figures}"
    else:
        text = f"{_turned(h, found)}: {figures}"
    return sentence_case(among(h) + text) + "."


def _clear(difference: Effect) -> bool:
    """Whether the interval of the difference between the ends lies on one side of 0."""
    return difference.low is None or difference.high is None or difference.low * difference.high > 0


def _turned(h: MonotoneAssociation, found: int) -> str:
    committed = sign(h)
    if committed and committed != found:
        return statement(h, found).replace(
            f" {_WORDS[found]} with ", f" {_WORDS[found]}, not {_WORDS[committed]}, with "
        )
    return statement(h, found)


def _figures(h: MonotoneAssociation, evidence: Evidence, effect: Effect) -> str:
    """The contrast of the two ends in the outcome's units, then rho."""
    rho = f"Spearman's rho {fixed(effect.value, 2)}"
    size = f"n = {count(evidence.n)}"
    if evidence.clusters is not None:
        size += f" in {count(evidence.clusters)} clusters"
    difference = evidence.in_units
    if difference is None or len(evidence.groups) != 2:
        return f"{rho} ({effect_interval(effect, 2)}; {size})"
    high, low = evidence.groups
    if h.event is not None:
        return f"{_shares(high, low, difference)}; {rho}; {size})"
    unit = None if difference.unit == h.outcome else difference.unit
    places = decimals_apart(high.mean or 0.0, low.mean or 0.0)
    one, two = (with_unit(fixed(g.mean or 0.0, places), unit) for g in (high, low))
    between = with_unit(fixed(difference.value, places), unit)
    around = effect_interval(difference, places, unit=unit)
    return (
        f"{one} on average where {high.label} against {two} where {low.label}, a difference of {between} "
        f"({around}; {rho}; {size})"
    )


def _shares(high: Group, low: Group, difference: Effect) -> str:
    places = percent_places(high.n, low.n, shares=(high.mean or 0.0, low.mean or 0.0))
    one, two = (percent(g.mean or 0.0, places) for g in (high, low))
    points = signed(fixed(difference.value, max(places, 1)))
    around = effect_interval(difference, max(places, 1))
    return f"{one} where {high.label} against {two} where {low.label}, {points} points ({around}"


def end_labels(
    predictor: str, low: float, high: float, *, at_least: bool, at_most: bool, unit: str | None = None
) -> tuple[str, str]:
    """Labels of the upper and the lower end of the predictor; `is 5` where the end holds one value only."""
    name = column(predictor)
    upper = f"{name} is {with_unit(plain(high), unit)}" + (" or more" if at_least else "")
    return upper, f"{name} is {with_unit(plain(low), unit)}" + (" or less" if at_most else "")


def half_labels(predictor: str) -> tuple[str, str]:
    """Labels of the rows above and below their cluster's median of the predictor."""
    name = column(predictor)
    return f"{name} is above its cluster's median", f"{name} is below it"


def plain(x: float) -> str:
    """A cut point with 4 significant digits and no trailing zeros."""
    if x == round(x) and 1_000 <= x < 3_000:
        return f"{x:.0f}"  # most often a year or a clock time: no separator
    text = number(x, 4)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
