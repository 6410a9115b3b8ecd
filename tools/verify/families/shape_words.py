"""Sentences about an outcome that follows a number in a stated shape, from a hypothesis and its evidence.

Knows hypotheses and evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from ...value import Effect
from ..evidence import Evidence, Group
from ..hypothesis import Shape
from .monotone_words import plain, subject
from .wording import (
    among,
    column,
    count,
    decimals_apart,
    effect_interval,
    fixed,
    percent,
    percent_places,
    sentence_case,
    shown,
    untested,
    with_unit,
)


def statement(h: Shape) -> str:
    """The bare claim, without figures (but its knots) and full stop."""
    return f"{subject(h.outcome, h.event)} {_course(h, finite=True)}"


def _course(h: Shape, *, finite: bool) -> str:
    """`rises with x up to about 30 and levels off beyond it`; `rise with …` where not finite."""
    x, at = column(h.predictor), plain(h.knots[0])
    s = "s" if finite else ""
    up, down = f"rise{s}", f"fall{s}"
    if h.shape in ("u", "inverted_u"):
        first, then = (down, up) if h.shape == "u" else (up, down)
        return f"{first} with {x} up to about {at} and {then} beyond it"
    turn = up if h.rises else down
    if h.shape == "saturating":
        return f"{turn} with {x} up to about {at} and level{s} off beyond it"
    if len(h.knots) == 1:
        way = "up" if h.rises else "down"
        return f"step{s} {way} where {x} reaches {at}, with little slope on either side"
    return f"{turn} with {x} between about {at} and {plain(h.knots[1])}, with little slope below and above"


def sentence(h: Shape, evidence: Evidence, claim: str) -> str:
    """The claim with its figures; where another shape shows, that the claim does not hold."""
    effect = evidence.effect
    if evidence.untestable is not None or effect is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    found = shown(evidence)
    figures = _figures(h, evidence, effect)
    if found > 0:
        text = f"{statement(h)}: {figures}"
    elif found < 0:
        text = f"{subject(h.outcome, h.event)} does not {_course(h, finite=False)}: {figures}"
    else:
        text = f"{subject(h.outcome, h.event)} is not shown to {_course(h, finite=False)}: {figures}"
    return sentence_case(among(h) + text) + "."


def _figures(h: Shape, evidence: Evidence, effect: Effect) -> str:
    size = f"n = {count(evidence.n)}"
    if evidence.clusters is not None:
        size += f" in {count(evidence.clusters)} clusters"
    weakest = f"weakest part: correlation {fixed(effect.value, 2)}"
    difference = evidence.in_units
    if difference is None or not evidence.groups:
        return f"{weakest} ({effect_interval(effect, 2)}; {size})"
    share = h.event is not None
    places = _places(h, evidence.groups)
    unit = None if difference.unit == h.outcome or share else difference.unit
    means = [
        percent(g.mean or 0.0, places) if share else with_unit(fixed(g.mean or 0.0, places), unit)
        for g in evidence.groups
    ]
    where = [g.label for g in evidence.groups]
    apart_places = max(places, 1) if share else places
    apart = fixed(difference.value, apart_places)
    apart = f"{apart} points" if share else with_unit(apart, unit)
    around = effect_interval(difference, apart_places, unit=unit)
    average = "" if share else " on average"
    return f"{_listed(h, means, where, average)} {apart} ({around}; {weakest}; {size})"


def _listed(h: Shape, means: list[str], where: list[str], average: str) -> str:
    """Figure and place of every group, up to the words before the difference."""
    name = f"{column(h.predictor)} is "
    at = [where[0], *(f"it is {label.removeprefix(name)}" for label in where[1:])]
    if len(means) == 2:
        return f"{means[0]}{average} where {at[0]} against {means[1]} where {at[1]}, a difference of"
    if h.shape in ("u", "inverted_u"):
        return (
            f"{means[0]}{average} where {at[0]} and {means[2]} where {at[2]}, against {means[1]} where {at[1]}; the "
            "smaller of the two differences is"
        )
    told = f"{means[0]}{average} where {at[0]}, {means[1]} where {at[1]} and {means[2]} where {at[2]}"
    rest = "the others" if h.shape == "saturating" else "the last"
    return f"{told}; from the first to {rest} a difference of"


def _places(h: Shape, groups: tuple[Group, ...]) -> int:
    means = [g.mean or 0.0 for g in groups]
    if h.event is not None:
        return percent_places(*(g.n for g in groups), shares=means)
    return decimals_apart(max(means), min(means))
