"""Sentences about rules of the data: what may hardly ever happen, and how often it did.

Knows hypotheses and evidence. Must never know rows or compute a statistic, and never says that a rule always holds.
"""

from ..evidence import Evidence
from ..hypothesis import Invariant
from .wording import among, column, count, number, one_of, percent, percent_places, sentence_case, untested


def claim(h: Invariant) -> str:
    """The claim as one plain sentence; its only figures are the constants of the rule."""
    return sentence_case(f"{among(h)}{_kept(h)}, {_exceptions(h.tolerance)}")


def sentence(h: Invariant, evidence: Evidence) -> str:
    """How many rows break the rule, with the exact interval, against what is tolerated."""
    effect = evidence.effect
    if evidence.untestable is not None or effect is None or not evidence.groups:
        return untested(claim(h), evidence.untestable or "No effect was measured.")
    broke, kept = evidence.groups
    units = broke.n + kept.n
    what = "rows" if evidence.clusters is None else "clusters"
    places = max(percent_places(units), 2 if h.tolerance < 0.01 else 1)
    low, high = (percent(x or 0.0, places) for x in (effect.low, effect.high))
    level = number(100 * (effect.level or 0.95))
    verb = "breaks" if broke.n == 1 else "break"
    told = f"{count(broke.n)} of {count(units)} {what} {verb} it, {percent(effect.value, places)}"
    around = f"{level} % interval {low} to {high}"
    return sentence_case(
        f"{among(h)}{_kept(h)}, {_exceptions(h.tolerance)}: {told} ({around}; tolerated {number(100 * h.tolerance)} %)."
    )


def _exceptions(tolerance: float) -> str:
    """How many exceptions are granted, in words."""
    if tolerance <= 0.01:
        return "with hardly an exception"
    return "with few exceptions" if tolerance <= 0.1 else "in most rows"


def _kept(h: Invariant) -> str:
    """The rule as it should be."""
    name = column(h.outcome)
    if h.rule == "not_missing":
        return f"{name} is filled in"
    if h.rule == "in_range":
        return f"{name} is {_range(h)}"
    if h.rule == "one_of":
        return f"{name} is {one_of(h.allowed)}"
    if h.rule == "not_after":
        return f"{column(h.predictor)} is not larger than {name}"
    return f"each value of {column(h.predictor)} has one value of {name}"


def broken(h: Invariant) -> str:
    """The rule as it should not be."""
    name = column(h.outcome)
    if h.rule == "not_missing":
        return f"{name} is missing"
    if h.rule == "in_range":
        return f"{name} is not {_range(h)}"
    if h.rule == "one_of":
        return f"{name} is not {one_of(h.allowed)}"
    if h.rule == "not_after":
        return f"{column(h.predictor)} is larger than {name}"
    return f"{name} is not the one that goes with {column(h.predictor)}"


def _range(h: Invariant) -> str:
    if h.low is not None and h.high is not None:
        return f"between {number(h.low)} and {number(h.high)}"
    if h.low is not None:
        return f"at least {number(h.low)}"
    return f"at most {number(h.high or 0.0)}"
