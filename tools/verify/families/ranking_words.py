"""Sentences about an order of levels, from a hypothesis and its evidence.

Knows hypotheses and evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from collections.abc import Sequence
from itertools import pairwise

from ...value import Effect
from ..evidence import Evidence, Group
from ..hypothesis import Ranking
from .wording import (
    among,
    column,
    count,
    decimals_apart,
    effect_interval,
    fixed,
    interval,
    is_level,
    one_of,
    percent,
    percent_places,
    sentence_case,
    untested,
    with_unit,
)


def claim(h: Ranking) -> str:
    """The claim as one plain sentence without figures and without a full stop."""
    return sentence_case(among(h) + _statement(h, shown=True))


def sentence(h: Ranking, evidence: Evidence) -> str:
    """The order with the figure of every level, the closest two apart; no order is stated where none is shown."""
    effect, units = evidence.effect, evidence.in_units
    if evidence.untestable is not None or effect is None or units is None or evidence.p_value is None:
        return untested(claim(h), evidence.untestable or "No effect was measured.")
    shown = evidence.p_value <= 1 - (effect.level or 0.95) + 1e-12 and (evidence.theta or 0.0) > 0
    groups = evidence.groups
    figures = _shares(groups, units) if h.event is not None else _means(h, groups, units, effect, shown)
    return sentence_case(f"{among(h)}{_statement(h, shown)}: {figures}.")


def _statement(h: Ranking, shown: bool) -> str:
    """What is said to stand in which order; where it is not shown, that it is not."""
    what = column(h.outcome) if h.event is None else is_level(h.outcome, (h.event,))
    first = h.order[: h.top] if h.top is not None else h.order[:1]
    most = "is highest" if h.event is None else "most often"
    if not shown:
        return f"{what} is not shown to stand in this order of {column(h.predictor)}: {', '.join(_named(h.order))}"
    if h.top is not None:
        after = one_of(h.order[h.top :])
        than = "higher" if h.event is None else "more often"
        verb = f"is {than}" if h.event is None else than
        either = "each of " if len(first) > 1 else ""
        return f"{what} {verb} when {column(h.predictor)} is {either}{_listed(first)} than when it is {after}"
    rest = ", then ".join(_named(h.order[1:]))
    return f"{what} {most} when {is_level(h.predictor, first)}, then {rest}"


def _named(levels: Sequence[str]) -> list[str]:
    return [one_of((level,)) for level in levels]


def _listed(levels: Sequence[str]) -> str:
    named = _named(levels)
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _sizes(groups: Sequence[Group]) -> str:
    return f"n = {_and([count(g.n) for g in groups])}"


def _and(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def _means(h: Ranking, groups: Sequence[Group], units: Effect, effect: Effect, shown: bool) -> str:
    """Means in the claimed order; pairs of rows where the means do not show the order."""
    means = [g.mean or 0.0 for g in groups]
    steps = [(a, b) for a, b in pairwise(means) if a != b]
    places = min(max((decimals_apart(a, b) for a, b in steps), default=0), 6)
    unit = None if units.unit == h.outcome else units.unit
    told = _and([with_unit(fixed(m, places), unit) for m in means])
    closest = with_unit(fixed(units.value, places), unit)
    apart = f"{effect_interval(units, places, unit=unit)}; {_sizes(groups)}"
    gap = f"{told} on average, the closest {closest} apart ({apart})"
    if not shown or (units.low or 0.0) > 0:
        return gap
    digits = percent_places(*(g.n for g in groups))
    around = interval(
        100 * (effect.low or 0.0), 100 * (effect.high or 0.0), digits, level=effect.level or 0.95, unit="%"
    )
    pairs = f"of the closest two, the first is higher in {percent(effect.value, digits)} of pairs of rows"
    return f"{pairs}, ties counted half ({around}; {_sizes(groups)}); averages {told}"


def _shares(groups: Sequence[Group], units: Effect) -> str:
    """Shares in the claimed order and the smallest step in points."""
    shares = [g.mean or 0.0 for g in groups]
    places = min(percent_places(*(g.n for g in groups), shares=shares), 3)
    told = _and([percent(s, places) for s in shares])
    return (
        f"{told} of rows, the closest {fixed(units.value, places)} points apart "
        f"({effect_interval(units, places)}; {_sizes(groups)})"
    )
