"""Sentences about an outcome over time, from a hypothesis and its evidence, and how a span of time is counted.

The direction word comes from the evidence and agrees with the figures printed beside it. Knows hypotheses and
evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from typing import NamedTuple

import numpy as np

from ...value import Effect
from ..evidence import Evidence, Group
from ..hypothesis import Trend, sign
from .monotone_words import subject
from .wording import (
    among,
    column,
    count,
    decimals,
    decimals_apart,
    effect_interval,
    fixed,
    percent,
    percent_places,
    sentence_case,
    shown,
    signed,
    untested,
    with_unit,
)

_WORDS = {1: "rises", -1: "falls"}


class Period(NamedTuple):
    """The unit in which a slope is told."""

    name: str
    length: float
    """In days; 1 where time is a plain number such as a year."""


def period(span: float, *, is_date: bool) -> Period:
    """Years for spans over 3 years, months over 3 months, days over 3 days, else hours."""
    if not is_date:
        return Period("unit of time", 1.0)
    if span > 3 * 365.25:
        return Period("year", 365.25)
    if span > 3 * 30.4375:
        return Period("month", 30.4375)
    return Period("day", 1.0) if span > 3 else Period("hour", 1 / 24)


def stamp(days: float) -> str:
    """Days since 1970-01-01 as an ISO time, to the second."""
    return str(np.datetime64(round(days * 86_400), "s"))


def statement(h: Trend, direction: int) -> str:
    """The bare claim in a direction (+1, -1, or 0 for none), without figures and full stop."""
    turn = _WORDS.get(direction, "rises or falls")
    return f"{subject(h.outcome, h.event)} {turn} over {column(h.predictor)}"


def sentence(h: Trend, evidence: Evidence, claim: str) -> str:
    """The claim with its figures; no direction is stated where the test does not show one."""
    effect, slope = evidence.effect, evidence.in_units
    if evidence.untestable is not None or effect is None or slope is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    found = shown(evidence)
    figures = _figures(h, evidence, slope)
    if found == 0:
        text = f"{subject(h.outcome, h.event)} is not shown to rise or fall over {column(h.predictor)}: {figures}"
    else:
        text = f"{_turned(h, found)}: {figures}"
    return sentence_case(among(h) + text) + "."


def _turned(h: Trend, found: int) -> str:
    committed = sign(h)
    text = statement(h, found)
    if committed and committed != found:
        return text.replace(f" {_WORDS[found]} over ", f" {_WORDS[found]}, not {_WORDS[committed]}, over ")
    return text


def _figures(h: Trend, evidence: Evidence, slope: Effect) -> str:
    """From the first to the last third, where both hold rows, then the slope with its interval."""
    unit, _, per = (slope.unit or "").rpartition(" per ")
    unit, parts = "" if unit == h.outcome else unit, []
    if len(evidence.groups) == 2:
        first, last = _levels(h, unit, *evidence.groups)
        parts.append(f"from {first} in the first third of the time to {last} in the last")
    size = f"n = {count(evidence.n)}"
    if evidence.clusters is not None:
        size += f" in {count(evidence.clusters)} clusters"
    places = decimals(slope.value, digits=2)
    named = "points" if h.event is not None else unit
    change = f"{signed(fixed(slope.value, places))}{' ' + named if named else ''} per {per}"
    return ", ".join([*parts, f"{change} ({effect_interval(slope, places)}; {size})"])


def _levels(h: Trend, unit: str, first: Group, last: Group) -> tuple[str, str]:
    a, b = first.mean or 0.0, last.mean or 0.0
    if h.event is not None:
        places = percent_places(first.n, last.n, shares=(a, b))
        return percent(a, places), percent(b, places)
    places = decimals_apart(a, b)
    return with_unit(fixed(a, places), unit), with_unit(fixed(b, places), unit)
