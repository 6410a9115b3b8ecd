"""Sentences about an outcome that is higher in some phases of a calendar cycle, from a hypothesis and its evidence.

The direction word comes from the evidence and agrees with the figures printed beside it. Knows hypotheses and
evidence. Must never know rows, compute a statistic, or say what causes what.
"""

from collections.abc import Sequence

from ...data.calendar import PHASES, STRETCHES
from ...value import Effect
from ..evidence import Evidence
from ..hypothesis import Seasonality
from .monotone_words import subject
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

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_NAMES = {"hour_of_day": "hour", "day_of_week": "weekday", "month_of_year": "month"}


def phase_name(cycle: str, phase: int) -> str:
    """`Monday`, `June`, or the hour as a number."""
    return {"day_of_week": WEEKDAYS, "month_of_year": ("", *MONTHS)}.get(cycle, [str(h) for h in range(24)])[phase]


def phases(cycle: str, chosen: Sequence[int]) -> str:
    """`June to August`, `Saturday or Sunday`, `23 to 1 or 5`: neighbours in the cycle as runs."""
    order = list(PHASES[cycle])
    wanted = set(chosen)
    starts = [p for at, p in enumerate(order) if p in wanted and order[at - 1] not in wanted]
    runs = []
    for first in starts:
        run, at = [first], order.index(first)
        while order[(at + 1) % len(order)] in wanted:
            at = (at + 1) % len(order)
            run.append(order[at])
        runs.append([phase_name(cycle, p) for p in run])
    words: list[str] = []
    for run in runs:
        words += run if len(run) < 3 else [f"{run[0]} to {run[-1]}"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def side_label(h: Seasonality, chosen: Sequence[int]) -> str:
    """`hour of `t` is 17 to 19`, a group's name."""
    return f"{_NAMES[h.cycle]} of {column(h.predictor)} is {phases(h.cycle, chosen)}"


def statement(h: Seasonality, direction: int) -> str:
    """The bare claim in a direction (+1, -1, or 0 for none), without figures and full stop."""
    turn = {1: "higher", -1: "lower, not higher,"}.get(direction, "higher or lower")
    return f"{subject(h.outcome, h.event)} is {turn} {_when(h)}"


def sentence(h: Seasonality, evidence: Evidence, claim: str) -> str:
    """The claim with its figures; no direction is stated where the test does not show one."""
    effect, difference = evidence.effect, evidence.in_units
    if evidence.untestable is not None or effect is None or difference is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    found = shown(evidence, h.null)
    figures = _figures(h, evidence, difference)
    if found == 0:
        text = f"{subject(h.outcome, h.event)} is not shown to be higher or lower {_when(h)}: {figures}"
    elif difference.value * found > 0:
        text = f"{statement(h, found)}: {figures}"
    else:
        turn = {1: "higher", -1: "lower"}[found]
        text = (
            f"by rank {subject(h.outcome, h.event)} tends to be {turn} {_when(h)}, but its average does not show it: "
            f"{figures}"
        )
    return sentence_case(among(h) + text) + "."


def _when(h: Seasonality) -> str:
    name = f"the {_NAMES[h.cycle]} of {column(h.predictor)}"
    return f"when {name} is {phases(h.cycle, h.peak)} than when it is {phases(h.cycle, h.trough)}"


def _figures(h: Seasonality, evidence: Evidence, difference: Effect) -> str:
    """`32.1 against 8.4 on average, a difference of 23.7 (95 % interval …; n = 275 and 1,063 in 52 weeks)`."""
    one, two = (g.mean or 0.0 for g in evidence.groups)
    if h.event is not None:
        places = percent_places(*(g.n for g in evidence.groups), shares=(one, two))
        texts = [percent(x, places) for x in (one, two)]
        between, around = f"{fixed(difference.value, places)} points", effect_interval(difference, places)
    else:
        unit = difference.unit if difference.unit != h.outcome else None
        places = decimals_apart(one, two)
        texts = [with_unit(fixed(x, places), unit) for x in (one, two)]
        between = with_unit(fixed(difference.value, places), unit)
        around = effect_interval(difference, places, unit=unit)
    return f"{texts[0]} against {texts[1]} on average, a difference of {between} ({around}; {_sizes(evidence)})"


def _sizes(evidence: Evidence) -> str:
    """`n = 275 and 1,063 in 52 weeks`; the units are entities where rows have any."""
    n = " and ".join(count(g.n) for g in evidence.groups)
    kind = "cluster" if "cluster" in evidence.test else next(k for k in STRETCHES if f"each {k}," in evidence.test)
    return f"n = {n} in {count(evidence.clusters or 0)} {kind}s"
