"""Sentences about two effects that differ, from a hypothesis and its evidence.

What each side shows is read off its own interval, and the direction word agrees with the figures printed beside it.
Knows hypotheses and evidence. Must never know rows, compute a statistic, or say what causes what.
"""

import calendar

from ...value import Effect
from ..evidence import Evidence, Group
from ..hypothesis import Contrast, Interaction, sign
from .monotone_words import plain, subject
from .wording import (
    among,
    column,
    count,
    decimals,
    decimals_apart,
    effect_interval,
    fixed,
    interval,
    is_level,
    one_of,
    percent,
    percent_places,
    sentence_case,
    short_labels,
    shown,
    signed,
    untested,
    versus,
    with_unit,
)

_CYCLES = {"hour_of_day": "hour", "day_of_week": "day of the week", "month_of_year": "month"}


def _named(h: Interaction, levels: tuple[str, ...]) -> tuple[str, ...]:
    """Phases as they are spoken: 8 stays 8, day 0 is Monday, month 1 is January."""
    if h.moderator_cycle == "day_of_week":
        return tuple(calendar.day_name[int(v)] for v in levels)
    if h.moderator_cycle == "month_of_year":
        return tuple(calendar.month_name[int(v)] for v in levels)
    return levels


def _contrast(h: Interaction) -> Contrast:
    levels = h.moderator_levels or Contrast(a=("",))
    return Contrast(a=_named(h, levels.a), b=_named(h, levels.b))


def when(h: Interaction) -> tuple[str, str]:
    """Both sides as parts of a sentence: `when category is Hardware` with `otherwise`."""
    if h.moderator_cut is not None:
        return f"when {column(h.moderator)} is above {plain(h.moderator_cut)}", "otherwise"
    contrast = _contrast(h)
    if h.moderator_cycle is None:
        return versus(h.moderator, contrast)
    first = f"when the {_CYCLES[h.moderator_cycle]} of {column(h.moderator)} is {one_of(contrast.a)}"
    return first, f"when it is {one_of(contrast.b)}" if contrast.b else "otherwise"


def short_sides(h: Interaction) -> tuple[str, str]:
    """Both sides as labels of lines in a chart, with the moderator's name."""
    if h.moderator_cut is not None:
        at = plain(h.moderator_cut)
        return f"{h.moderator} above {at}", f"{h.moderator} {at} or less"
    name = h.moderator if h.moderator_cycle is None else f"{_CYCLES[h.moderator_cycle]} of {h.moderator}"
    one, two = short_labels(_contrast(h))
    return f"{name}: {one}", f"{name}: {two}"


def _where(h: Interaction) -> tuple[str, str]:
    """Both sides as labels of groups, each with the moderator's name."""
    one, two = when(h)
    one = one.removeprefix("when ")
    name = one.partition(" is ")[0] if h.moderator_cycle is not None else column(h.moderator)
    if two != "otherwise":
        return one, f"{name} is {two.removeprefix('when it is ')}"
    if h.moderator_cut is not None:
        return one, f"{name} is {plain(h.moderator_cut)} or less"
    return one, f"{name} is not {one_of(_contrast(h).a)}"


def side_labels(h: Interaction) -> tuple[str, str]:
    """Labels of the two effects."""
    kind = "slope" if h.levels is None else "difference"
    one, two = _where(h)
    return f"{kind} where {one}", f"{kind} where {two}"


def cell_labels(h: Interaction) -> list[str]:
    """Labels of the four averages: both groups of the predictor on side a, then on side b."""
    levels = h.levels or Contrast(a=("",))
    one = is_level(h.predictor, levels.a)
    two = is_level(h.predictor, levels.b) if levels.b else f"{column(h.predictor)} is not {one_of(levels.a)}"
    return [f"{group}, {side}" for side in _where(h) for group in (one, two)]


def statement(h: Interaction, direction: int) -> str:
    """The bare claim in a direction (+1, -1, or 0 for none), without figures and full stop."""
    one, two = when(h)
    turn = {1: "is higher", -1: "is lower"}.get(direction, "differs")
    what = f"the slope of {subject(h.outcome, h.event)} over {column(h.predictor)}"
    if h.levels is not None:
        a, b = versus(h.predictor, h.levels)
        b = "the others" if b == "otherwise" else f"where {b.removeprefix('when ')}"
        what = f"the difference in {subject(h.outcome, h.event)} between rows where {a.removeprefix('when ')} and {b}"
    if direction == 0:
        other = two if two != "otherwise" else "the other rows"
        return f"{what} differs between rows {one} and {other}"
    return f"{what} {turn} {one} than {two}"


def sentence(h: Interaction, evidence: Evidence, claim: str) -> str:
    """The claim with the effect on both sides; no direction is stated where the test shows none."""
    difference = evidence.in_units
    if evidence.untestable is not None or difference is None or evidence.effect is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    found = shown(evidence)
    a, b = evidence.groups[:2]
    figures = _slopes(h, evidence, difference) if h.levels is None else _differences(h, evidence, difference)
    if found == 0:
        text = f"{statement(h, 0).replace(' differs between ', ' is not shown to differ between ')}: {figures}"
    elif sign(h) and found != sign(h):
        turn = {1: "is higher, not lower,", -1: "is lower, not higher,"}[found]
        text = f"{statement(h, sign(h)).replace('is higher' if found < 0 else 'is lower', turn)}: {figures}"
    elif h.levels is None:
        text = f"{_two_slopes(h, _way(a), _way(b), found, a, b)}: {figures}"
    else:
        text = f"{_two_differences(h, _way(a), _way(b), found, a, b)}: {figures}"
    return sentence_case(among(h) + text) + "."


def _way(group: Group) -> int:
    """+1 or -1 where the effect's interval lies on one side of zero, else 0."""
    return int((group.low or 0.0) > 0) - int((group.high or 0.0) < 0)


def _two_slopes(h: Interaction, a: int, b: int, found: int, one: Group, two: Group) -> str:
    x, y = column(h.predictor), subject(h.outcome, h.event)
    here, there = when(h)
    verb = {1: "rises", -1: "falls"}
    if a == b == 0:
        return statement(h, found)
    if a == b:
        more = "more" if abs(one.mean or 0.0) > abs(two.mean or 0.0) else "less"
        return f"{y} {verb[a]} {more} steeply with {x} {here} than {there}"
    if a == 0:
        here, there, a, b = (_other(h), here, b, a) if there == "otherwise" else (*_swapped(h), b, a)
    if b == 0:
        return f"{y} {verb[a]} with {x} {here}, but is not shown to rise or fall {there}"
    return f"{y} {verb[a]} with {x} {here}, but {verb[b]} {there}"


def _other(h: Interaction) -> str:
    """Side b spelled out, to be told first."""
    return f"when {_where(h)[1]}"


def _swapped(h: Interaction) -> tuple[str, str]:
    one, two = _where(h)
    return f"when {two}", f"when it is {one.partition(' is ')[2]}"


def _two_differences(h: Interaction, a: int, b: int, found: int, one: Group, two: Group) -> str:
    y, levels = subject(h.outcome, h.event), h.levels or Contrast(a=("",))
    group, rest = versus(h.predictor, levels)
    group, rest = (
        group.removeprefix("when "),
        "for the others" if rest == "otherwise" else rest.replace("when", "where"),
    )
    head = f"{y} is {{}} where {group} than {rest}"
    here, there = when(h)
    verb = {1: "higher", -1: "lower"}
    if a == b == 0:
        return statement(h, found)
    if a == b:
        more = "more" if abs(one.mean or 0.0) > abs(two.mean or 0.0) else "less"
        return f"{head.format(verb[a])}, and by {more} {here} than {there}"
    if a == 0:
        here, there, a, b = (_other(h), here, b, a) if there == "otherwise" else (*_swapped(h), b, a)
    tail = "is not shown to differ" if b == 0 else f"is {verb[b]}"
    return f"{head.format(verb[a])} {here}, but {tail} {there}"


def _sizes(evidence: Evidence) -> str:
    a, b = evidence.groups[:2]
    text = f"n = {count(a.n)} and {count(b.n)}"
    return text if evidence.clusters is None else f"{text} in {count(evidence.clusters)} clusters"


def _scaled(h: Interaction, value: float) -> float:
    return 100 * value if h.event is not None else value


def _slopes(h: Interaction, evidence: Evidence, difference: Effect) -> str:
    """`+3.1 days per month (95 % interval …) when … against +0.1 (…) otherwise, a difference of 3.0 (…)`."""
    unit, _, per = (difference.unit or "").partition(" per ")
    unit = "" if unit == h.outcome else unit
    a, b = evidence.groups[:2]
    values = [_scaled(h, g.mean or 0.0) for g in (a, b)]
    places = max(decimals_apart(*values), decimals(difference.value, digits=2))
    per = per.replace(f"unit of {h.predictor}", f"unit of {column(h.predictor)}")
    here, there = when(h)
    told = [f"{signed(fixed(v, places))} ({_around(h, g, places)})" for v, g in zip(values, (a, b), strict=True)]
    apart = fixed(difference.value, places)
    named = f" {unit}" if unit else ""
    return (
        f"{told[0].replace(' (', f'{named} per {per} (', 1)} {here} against {told[1]} {there}, a difference of {apart} "
        f"({effect_interval(difference, places)}; {_sizes(evidence)})"
    )


def _around(h: Interaction, group: Group, places: int) -> str:
    return interval(_scaled(h, group.low or 0.0), _scaled(h, group.high or 0.0), places)


def _differences(h: Interaction, evidence: Evidence, difference: Effect) -> str:
    """`477 against 259 when …, 190 against 300 when …; the differences, +218 and −110, are 328 apart (…)`."""
    a, b = (_scaled(h, g.mean or 0.0) for g in evidence.groups[:2])
    unit = None if difference.unit == h.outcome else difference.unit
    places = max(decimals_apart(a, b), decimals(difference.value, digits=2))
    if h.event is not None:
        places = max(1, min(places, 1))
    one, two = (signed(with_unit(fixed(v, places), unit)) for v in (a, b))
    apart = with_unit(fixed(abs(difference.value), places), unit)
    around = f"({effect_interval(difference, places, unit=unit)}; {_sizes(evidence)})"
    here, there = when(h)
    cells = evidence.groups[2:]
    if len(cells) != 4:
        return f"{one} {here} against {two} {there}, {apart} apart {around}"
    if h.event is not None:
        shares = [g.mean or 0.0 for g in cells]
        at = percent_places(*(g.n for g in cells), shares=shares)
        told = [percent(share, at) for share in shares]
    else:
        means = [g.mean or 0.0 for g in cells]
        at = max(decimals_apart(means[0], means[1]), decimals_apart(means[2], means[3]))
        told = [with_unit(fixed(m, at), unit) for m in means]
    return (
        f"{told[0]} against {told[1]} {here}, {told[2]} against {told[3]} {there}; the differences, {one} and {two}, "
        f"are {apart} apart {around}"
    )
