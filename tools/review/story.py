"""What is different in a delivery, told as a short story: the largest and most specific change first.

Knows sketches, and which columns shifted. Must never know a row or a verdict, and tells no change that no rule found.
"""

from collections.abc import Iterable, Mapping, Sequence

from .checked import Change, Shifted
from .naming import is_compared
from .shifts_counts import cells, comparable
from .sketch import ColumnSketch, Sketch
from .story_groups import Group, grouped, ids_of
from .story_pictures import by_level, course
from .story_segments import Mix, Segment, find_alone, find_mix, find_segment, largest_apart
from .story_words import alone, covered, told

MOST = 8
CALIBRATION = 4
_MIX = 0.60
"""Part of a change from which it is told with the label whose shares moved it."""
_HALF = 0.50
"""Part of today's change that a delivery had to show for the change to have been there."""
_ROOM = 1.5
"""How far beyond the largest of the first deliveries a level on its own must go."""
_LEAST = 0.03
"""Size of a level on its own from which it is told: half a standard deviation in 6 % of the rows."""
_SPAN = 0.50
"""Overlap of two periods under which they are two."""


def tell(
    base: Sketch, new: Sketch, shifts: Sequence[Shifted], *, past: Sequence[tuple[str, Sketch]] = (),
    sums: Iterable[tuple[str, Sequence[str]]] = (), together: Iterable[Sequence[str]] = (),
    claims: Mapping[str, Sequence[str]] | None = None, units: tuple[float, float] | None = None,
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

    Returns:
        At most eight changes, the largest first; none where nothing alarms and no level stands out.
    """
    scale = (1.0, 1.0)
    if units is not None:
        scale = (min(units[0] / max(base.rows, 1), 1.0), min(units[1] / max(new.rows, 1), 1.0))
    alarmed = [s for s in shifts if s.state in ("watch", "broken") and s.distance is not None]
    ids = claims or {}
    groups = grouped(base, new, alarmed, sums=sums, together=together)
    mixed = _mixed(base, new, groups)
    out = [
        _change(base, new, g, [(x, m) for x, m in mixed.items() if m.label == g.lead.column], past, ids, scale)
        for g in groups
        if g.lead.column not in mixed
    ]
    out += _levels_alone(base, new, shifts, past, ids, scale)
    out.sort(key=lambda c: (-c.size, not c.segment, c.columns))
    period = _periods(base, new)
    return (*out[: MOST - len(period)], *period)


def _mixed(base: Sketch, new: Sketch, groups: Sequence[Group]) -> dict[str, Mix]:
    """Numbers that moved since the shares of a label that is told anyway did, its levels being as they were."""
    labels = {g.lead.column for g in groups if (c := base.column(g.lead.column)) is not None and c.kind == "label"}
    out = {}
    for g in groups:
        mix = find_mix(base, new, g.lead.column, labels) if labels and g.lead.effect and not g.parts else None
        if mix is not None and _MIX <= mix.share <= 2 - _MIX:
            out[g.lead.column] = mix
    return out


def _change(
    base: Sketch, new: Sketch, group: Group, mixed: Sequence[tuple[str, Mix]], past: Sequence[tuple[str, Sketch]],
    claims: Mapping[str, Sequence[str]], scale: tuple[float, float],
) -> Change:  # fmt: skip
    lead = group.lead
    by_mean = lead.before.startswith("mean ")
    lost = lead.before.endswith(" missing")
    segment = None if lost else find_segment(base, new, lead.column, scale)
    since = _since(base, new, lead.column, past)
    columns = (lead.column, *(p.name for p in group.parts), *(s.column for s in group.along), *(x for x, _ in mixed))
    carried = [(x, m, _means(base, new, x)) for x, m in mixed]
    picture = None
    if segment is not None:
        picture = by_level(base, new, lead.column, segment)
    if picture is None and by_mean and len(past) > 1:
        picture = course(base, new, lead.column, past)
    return Change(
        columns=columns, segment={segment.label: segment.level} if segment else {}, since=since,
        share=segment.share if segment else None, size=group.size, claims=ids_of(columns, claims),
        text=told(base, new, group, segment, carried, since, first=bool(past) and since is None),
        picture=picture or lead.picture,
    )  # fmt: skip


def _means(base: Sketch, new: Sketch, name: str) -> tuple[float, float]:
    b, n = base.column(name), new.column(name)
    return (b.mean if b else None) or 0.0, (n.mean if n else None) or 0.0


def _since(base: Sketch, new: Sketch, column: str, past: Sequence[tuple[str, Sketch]]) -> str | None:
    """The first of the deliveries up to now that all went at least half of today's way."""
    b, n = base.column(column), new.column(column)
    if b is None or n is None:
        return None
    since = None
    for name, sketch in reversed(past):
        then = sketch.column(column)
        if then is None or _way(b, n, then) < _HALF:
            break
        since = name
    return since


def _way(base: ColumnSketch, new: ColumnSketch, then: ColumnSketch) -> float:
    """How far an earlier delivery had gone from the learned rows towards today's."""
    if not comparable(base, new) or not comparable(base, then):
        return 0.0
    if base.mean is not None and new.mean is not None and then.mean is not None and base.sd:
        change = (new.mean - base.mean) / base.sd
        if abs(change) >= 0.1:
            return (then.mean - base.mean) / base.sd / change
    today, earlier = cells(base, new), cells(base, then)
    before = dict(zip(earlier.names, (earlier.counts / earlier.counts.sum(axis=1)[:, None]).T, strict=True))
    total = along = 0.0
    for name, (was, now) in zip(today.names, (today.counts / today.counts.sum(axis=1)[:, None]).T, strict=True):
        gap = float(now - was)
        then_gap = float(before[name][1] - before[name][0]) if name in before else 0.0
        total, along = total + gap * gap, along + gap * then_gap
    return along / total if total else 0.0


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
        text=alone(column, segment), picture=by_level(base, new, column, segment),
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
