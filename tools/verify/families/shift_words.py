"""Sentences about two distributions that lie apart, from a hypothesis and its evidence.

Knows hypotheses and evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from ...value import Effect
from ..evidence import Evidence
from ..hypothesis import Shift
from .wording import (
    among,
    column,
    decimals,
    decimals_apart,
    effect_interval,
    fixed,
    group_label,
    interval,
    one_of,
    percent,
    percent_places,
    sentence_case,
    shown,
    sizes,
    untested,
    versus,
    with_unit,
)


def statement(h: Shift) -> str:
    """The bare claim without figures and full stop."""
    one, two = versus(h.predictor, h.levels)
    return f"{column(h.outcome)} is distributed differently {one} than {two}"


def sentence(h: Shift, evidence: Evidence, claim: str) -> str:
    """The claim with its figures; no difference is stated where the test does not show one."""
    effect, units = evidence.effect, evidence.in_units
    if evidence.untestable is not None or effect is None or units is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    head = statement(h)
    if not shown(evidence):
        head = head.replace(" is distributed differently ", " is not shown to be distributed differently ", 1)
    told = _labels(h, evidence, effect) if units.unit == "points" else _numbers(h, evidence, effect, units)
    return sentence_case(f"{among(h)}{head}: {told}") + "."


def _apart(evidence: Evidence, effect: Effect) -> str:
    """`13.8 points (95 % interval 9.1 to 19.7)`."""
    places = percent_places(*(g.n for g in evidence.groups))
    around = interval(100 * (effect.low or 0), 100 * (effect.high or 0), places, level=effect.level or 0.95)
    return f"{fixed(100 * effect.value, places)} points ({around})"


def _numbers(h: Shift, evidence: Evidence, effect: Effect, moved: Effect) -> str:
    apart, unit = _apart(evidence, effect), moved.unit if moved.unit != h.outcome else None
    places = decimals(moved.value)
    medians = [g.median or 0.0 for g in evidence.groups]
    shown_at = decimals_apart(medians[0], medians[1])
    told = " against ".join(with_unit(fixed(m, shown_at), unit) for m in medians)
    by = with_unit(fixed(moved.value, places), unit)
    return (
        f"the shares of rows up to a value differ by as much as {apart}, and to turn one side into the "
        f"other a row moves by {by} on average ({effect_interval(moved, places, unit=unit)}); medians {told} "
        f"({sizes(evidence)})"
    )


def _labels(h: Shift, evidence: Evidence, effect: Effect) -> str:
    apart, shares = _apart(evidence, effect), [g.mean or 0.0 for g in evidence.groups]
    places = percent_places(*(g.n for g in evidence.groups), shares=shares)
    most = evidence.groups[0].label.removesuffix(f" where {group_label(h.predictor, h.levels, 0)}")
    a, b = (percent(s, places) for s in shares)
    other = one_of(h.levels.b) if h.levels.b else "otherwise"
    return (
        f"the shares of its labels differ by {apart} in all, most of all that of rows where {most}, {a} for "
        f"{one_of(h.levels.a)} against {b} for {other} ({sizes(evidence)})"
    )
