"""Sentences about an outcome and a predictor with declared columns held fixed.

The direction word comes from the evidence and agrees with the figures printed beside it. Knows hypotheses and
evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from ...value import Effect
from ..evidence import Evidence
from ..hypothesis import AdjustedAssociation, sign
from .monotone_words import subject
from .wording import (
    among,
    column,
    count,
    decimals,
    effect_interval,
    fixed,
    group_label,
    is_level,
    it_is,
    sentence_case,
    shown,
    signed,
    untested,
    versus,
    with_unit,
)

_MOST = 4
_RISES = {1: "rises", -1: "falls", 0: "rises or falls"}
_UNSHOWN = "is not shown to differ"
_HIGHER = {1: "is higher", -1: "is lower", 0: "differs"}


def ends(h: AdjustedAssociation) -> tuple[str, str]:
    """The labels of the two groups of rows shown beside the figures."""
    if h.levels is not None:
        return group_label(h.predictor, h.levels, 0), group_label(h.predictor, h.levels, 1)
    return f"{column(h.predictor)} above its median", f"{column(h.predictor)} at or below its median"


def statement(h: AdjustedAssociation, direction: int) -> str:
    """The bare claim in a direction (+1, -1, or 0 for none), without figures and full stop."""
    return f"{_bare(h, _turn(h, direction))} with {_held(h)} held fixed"


def sentence(h: AdjustedAssociation, evidence: Evidence, claim: str) -> str:
    """The claim with its figures; no direction is stated where the test shows none."""
    effect, units = evidence.effect, evidence.in_units
    if evidence.untestable is not None or effect is None or units is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    found = shown(evidence)
    if found == 0:
        text = _bare(h, _UNSHOWN if h.levels is not None else "is not shown to rise or fall")
        text = f"{text} with {_held(h)} held fixed"
    else:
        text = statement(h, found)
    return sentence_case(among(h) + f"{text}: {_figures(h, evidence, units, effect)}") + "."


def _turn(h: AdjustedAssociation, direction: int) -> str:
    words, committed = (_RISES if h.levels is None else _HIGHER), sign(h)
    if committed and direction and committed != direction:
        return f"{words[direction]}, not {words[committed].removeprefix('is ')},"
    return words[direction]


def _bare(h: AdjustedAssociation, turn: str) -> str:
    if h.levels is None:
        return f"{subject(h.outcome, h.event)} {turn} with {column(h.predictor)}"
    one, two = versus(h.predictor, h.levels)
    if turn in (_HIGHER[0], _UNSHOWN):
        rest = f"rows where {it_is(h.predictor, h.levels.b)}" if h.levels.b else "the others"
        return f"{subject(h.outcome, h.event)} {turn} between rows where {is_level(h.predictor, h.levels.a)} and {rest}"
    return f"{subject(h.outcome, h.event)} {turn} {one} than {two}"


def _held(h: AdjustedAssociation) -> str:
    names = [column(c) for c in h.controls]
    if len(names) > _MOST:
        return f"{', '.join(names[: _MOST - 1])} and {len(names) - _MOST + 1} more columns"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _figures(h: AdjustedAssociation, evidence: Evidence, units: Effect, effect: Effect) -> str:
    """`+1.20 for each unit of x (95 % interval …; partial correlation 0.31; n = 400)`."""
    width = (units.high or 0.0) - (units.low or 0.0)
    places = max(decimals(units.value), decimals(width, digits=2) if width else 0)
    unit = None if units.unit == h.outcome else units.unit
    value = with_unit(signed(fixed(units.value, places)), unit)
    per = "a difference of " if h.levels is not None else ""
    tail = "" if h.levels is not None else f" for one unit of {column(h.predictor)}"
    around = effect_interval(units, places, unit=None if unit == "points" else unit)
    n = f"n = {count(evidence.n)}" + (f" in {count(evidence.clusters)} clusters" if evidence.clusters else "")
    return f"{per}{value}{tail} ({around}; partial correlation {fixed(effect.value, 2)}; {n})"
