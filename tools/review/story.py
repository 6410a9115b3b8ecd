"""What is different in a delivery, told as a short story: the largest and most specific change first.

Knows sketches, and which columns shifted. Must never know a row or a verdict, and tells no change that no rule found.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .checked import Change, Shifted
from .naming import is_compared
from .shifts import CALIBRATION, beyond_chance, limits_of
from .sketch import ColumnSketch, Sketch
from .story_groups import Group, grouped, ids_of
from .story_pictures import by_level, course
from .story_segments import Mix, Segment, find_alone, find_mix, find_segment, largest_apart
from .story_since import Limits, since
from .story_words import alone, covered, told, tolerated

MOST = 8
_MIX = 0.60
"""Part of a change from which it is told with the label whose shares moved it."""
_HALF = 0.50
"""Part of its limit from which a difference that is beyond chance is told though it is tolerated."""
_ROOM = 1.5
"""How far beyond the largest of the first deliveries a level on its own must go."""
_LEAST = 0.03
"""Size of a level on its own from which it is told: half a standard deviation in 6 % of the rows."""
_SPAN = 0.50
"""Overlap of two periods under which they are two."""


class _Known(NamedTuple):
    """What every line of one story may use."""

    past: Sequence[tuple[str, Sketch]]
    limits: Mapping[str, Limits]
    claims: Mapping[str, Sequence[str]]
    scale: tuple[float, float]


def tell(
    base: Sketch, new: Sketch, shifts: Sequence[Shifted], *, past: Sequence[tuple[str, Sketch]] = (),
    sums: Iterable[tuple[str, Sequence[str]]] = (), together: Iterable[Sequence[str]] = (),
    claims: Mapping[str, Sequence[str]] | None = None, units: tuple[float, float] | None = None,
    tolerances: Mapping[str, float] | None = None,
) -> tuple[Change, ...]:  # fmt: skip
    """The story of a delivery.

    A total is told before its parts and once; columns that move together are one line; a number that moved because the
    shares of a label did is told with the label. A level is named where it explains clearly more of a change than its
    share of the rows. Last comes the period that each side covers, where they are two.

    Args:
        base: Learned rows, with the level means that segments are found by.
        new: The delivery, by the bins of `base`.
        shifts: Of `find_shifts`; those that alarm are told.
        past: Names and sketches of the deliveries since the baseline, in their order.
        sums: Totals with their parts, where they are known.
        together: Columns that are known to be one thing twice.
        claims: Ids of learned claims by column.
        units: Independent rows of either side, where rows do not stand for themselves.
        tolerances: By column, where a claim names one.

    Returns:
        At most eight changes, the largest first; none where nothing alarms and no level stands out. What is beyond
        chance, tolerated, and at least half of what may be is one line of size 0 near the end.
    """
    scale = (1.0, 1.0)
    if units is not None:
        scale = (min(units[0] / max(base.rows, 1), 1.0), min(units[1] / max(new.rows, 1), 1.0))
    alarmed = [s for s in shifts if s.state in ("watch", "broken") and s.distance is not None]
    ids = claims or {}
    known = _Known(past, _limits(base, shifts, past, units, tolerances or {}), ids, scale)
    groups = grouped(base, new, alarmed, sums=sums, together=together)
    mixed = _mixed(base, new, groups)
    out = [
        _change(base, new, g, [(x, m) for x, m in mixed.items() if m.label == g.lead.column], known)
        for g in groups
        if g.lead.column not in mixed
    ]
    out += _levels_alone(base, new, shifts, past, ids, scale)
    out.sort(key=lambda c: (-c.size, not c.segment, c.columns))
    last = [*_tolerated(shifts, out, known), *_periods(base, new)]
    return (*out[: MOST - len(last)], *last)


def _limits(
    base: Sketch, shifts: Sequence[Shifted], past: Sequence[tuple[str, Sketch]], units: tuple[float, float] | None,
    tolerances: Mapping[str, float],
) -> dict[str, Limits]:  # fmt: skip
    """Of every column that was compared: what may be while the first deliveries calibrate, and afterwards."""
    tested = {s.column for s in shifts if s.p_value is not None}
    columns = [c for c in base.columns if c.name in tested]
    sketches = [s for _, s in past[:CALIBRATION]]
    size = units[0] if units is not None else float(base.rows)
    both = [limits_of(columns, own, size, tolerances) for own in ((), sketches)]
    return {c.name: (first, then) for c, first, then in zip(columns, *both, strict=True)}


def _tolerated(shifts: Sequence[Shifted], out: Sequence[Change], known: _Known) -> list[Change]:
    """Columns that no line tells, that differ beyond chance and go half of the way that they may: for information."""
    named = {x for c in out for x in c.columns}
    small = [
        s
        for s in beyond_chance(shifts)
        if s.state == "holds" and s.column not in named and (s.distance or 0.0) >= _HALF * known.limits[s.column][1]
    ]
    if not small:
        return []
    small.sort(key=lambda s: (-(s.distance or 0.0), s.column))
    columns = tuple(s.column for s in small)
    return [Change(columns=columns, size=0.0, claims=ids_of(columns, known.claims), text=tolerated(small))]


def _mixed(base: Sketch, new: Sketch, groups: Sequence[Group]) -> dict[str, Mix]:
    """Numbers that moved since the shares of a label that is told anyway did, its levels being as they were."""
    labels = {g.lead.column for g in groups if (c := base.column(g.lead.column)) is not None and c.kind == "label"}
    out = {}
    for g in groups:
        mix = find_mix(base, new, g.lead.column, labels) if labels and g.lead.effect and not g.parts else None
        if mix is not None and _MIX <= mix.share <= 2 - _MIX:
            out[g.lead.column] = mix
    return out


def _change(base: Sketch, new: Sketch, group: Group, mixed: Sequence[tuple[str, Mix]], known: _Known) -> Change:
    lead = group.lead
    by_mean = lead.before.startswith("mean ")
    lost = lead.before.endswith(" missing")
    segment = None if lost else find_segment(base, new, lead.column, known.scale)
    column, past = base.column(lead.column), known.past
    begun = None
    if column is not None and past:
        begun = since(column, new, past, known.limits[column.name], known.scale[0] * base.rows)
    columns = (lead.column, *(p.name for p in group.parts), *(s.column for s in group.along), *(x for x, _ in mixed))
    carried = [(x, m, _means(base, new, x)) for x, m in mixed]
    picture = None
    if segment is not None:
        picture = by_level(base, new, lead.column, segment)
    if picture is None and by_mean and len(past) > 1:
        picture = course(base, new, lead.column, past)
    return Change(
        columns=columns, segment={segment.label: segment.level} if segment else {}, since=begun,
        share=segment.share if segment else None, size=group.size, claims=ids_of(columns, known.claims),
        text=told(base, new, group, segment, carried, begun, first=bool(past) and begun is None),
        picture=picture or lead.picture,
    )  # fmt: skip


def _means(base: Sketch, new: Sketch, name: str) -> tuple[float, float]:
    b, n = base.column(name), new.column(name)
    return (b.mean if b else None) or 0.0, (n.mean if n else None) or 0.0


def _levels_alone(
    base: Sketch, new: Sketch, shifts: Sequence[Shifted], past: Sequence[tuple[str, Sketch]],
    claims: Mapping[str, Sequence[str]], scale: tuple[float, float],
) -> list[Change]:  # fmt: skip
    """Levels in which a number changed that is as it was on the whole, one a number."""
    out = []
    for s in shifts:
        column = base.column(s.column)
        if s.state != "holds" or column is None or column.kind != "number":
            continue
        allowed = max((largest_apart(base, p, s.column) for _, p in past[:CALIBRATION]), default=0.0)
        segment = find_alone(base, new, s.column, scale, allowed=_ROOM * allowed)
        if segment is not None and segment.apart * segment.rows >= _LEAST:
            out.append(_of_level(base, new, s.column, segment, claims))
    return out


def _of_level(base: Sketch, new: Sketch, column: str, segment: Segment, claims: Mapping[str, Sequence[str]]) -> Change:
    return Change(
        columns=(column,), segment={segment.label: segment.level}, share=None,
        size=min(segment.apart * segment.rows, 1.0), claims=ids_of((column,), claims),
        text=alone(column, segment, _means(base, new, column)), picture=by_level(base, new, column, segment),
    )  # fmt: skip


def _periods(base: Sketch, new: Sketch) -> list[Change]:
    """Which period either side covers, by the first date that differs, else by the first number that names one."""
    dates = [c for c in base.columns if c.kind == "date"]
    for c in dates or [c for c in base.columns if c.kind == "number" and not is_compared(c)]:
        now = new.column(c.name)
        if now is not None and now.kind == c.kind and _overlap(c, now) < _SPAN:
            return [Change(columns=(c.name,), size=0.0, text=covered(c, now))]
    return []


def _overlap(a: ColumnSketch, b: ColumnSketch) -> float:
    """Shared part of what both ranges cover together; 1 where one of them is not known."""
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return 1.0
    shared = min(a.high, b.high) - max(a.low, b.low) + 1
    return max(shared, 0.0) / (max(a.high, b.high) - min(a.low, b.low) + 1)
