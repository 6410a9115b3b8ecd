"""The sentences of the story of a delivery.

Knows changes that were found. Must never know how they were found, and says of nothing that it is a cause.
"""

from collections.abc import Sequence

import numpy as np

from ..verify.families.wording import column as named
from ..verify.families.wording import fixed
from .checked import Shifted
from .shifts_words import means, percents, plain
from .sketch import ColumnSketch, Sketch
from .story_groups import Group
from .story_segments import Mix, Segment

_FEW = 3
_WHOLE = 0.97
_TOLD = 0.02
_CLEAR = 0.25
"""Part of the largest change of a share from which another is told beside it."""


def told(
    base: Sketch, new: Sketch, group: Group, segment: Segment | None,
    carried: Sequence[tuple[str, Mix, tuple[float, float]]], since: str | None, *, first: bool,
) -> str:  # fmt: skip
    """One change with both figures, what it is made of, where it is, what moved with it, and since when."""
    lead = group.lead
    out = [_headline(base.column(lead.column), new.column(lead.column), lead)]
    if group.parts:
        made = [p for p in group.parts if abs(p.share) >= _TOLD]
        shares = [f"{named(p.name)} makes {_all(p.share)} of the change" for p in made[:1]]
        shares += [f"{named(p.name)} {_percent(p.share)}" for p in made[1:]]
        out.append(f"{_listed(shares)}.")
    if segment is not None:
        out.append(_where(segment, "the change" if lead.before.startswith("mean ") else "the change of its mean"))
    if group.along:
        moved = [f"{named(s.column)} ({s.before}, now {_bare(s)})" for s in group.along[:_FEW]]
        out.append(f"With it moved {_listed([*moved, *_more(len(group.along) - _FEW)])}.")
    for name, mix, (before, after) in carried[:_FEW]:
        was, now = means(before, after)
        part = _all(min(mix.share, 1.0))
        out.append(f"With it moved {named(name)} (mean {was}, now {now}): {part} of its change lies in these shares.")
    if since is not None:
        out.append(f"It has been so since {named(since)}.")
    elif first:
        out.append("It was not so in the delivery before.")
    return " ".join(out)


def _headline(base: ColumnSketch | None, new: ColumnSketch | None, s: Shifted) -> str:
    name = named(s.column)
    if s.before.startswith("mean "):
        up = "up" if (s.effect or 0.0) > 0 else "down"
        much = ""
        if s.relative is not None and abs(s.relative) >= 0.5:
            times = 1 + s.relative / 100
            much = f" {fixed(times, 0)} times" if s.relative > 900 else f" by {fixed(abs(s.relative), 0)} %"
        return f"{name} is {up}{much}: {s.before} learned, {_bare(s)} now."
    if s.before.endswith(" missing"):
        often = "more" if s.missing_after > s.missing_before else "less"
        return f"{name} is missing {often} often: in {_share(s.before)} of the rows learned, {_bare(s)} now."
    if base is not None and new is not None and base.kind == "label":
        return _labels(name, base, new)
    return f"{name} has shifted: {s.before} learned, {_bare(s)} now."


def _labels(name: str, base: ColumnSketch, new: ColumnSketch) -> str:
    """The levels whose shares changed most, with both shares each."""
    levels = list(dict.fromkeys([*base.levels, *new.levels]))
    counts = [[*(c.levels.get(x, 0) for x in levels), c.other] for c in (base, new)]
    shares = np.array(counts, np.float64) / [[max(base.rows, 1)], [max(new.rows, 1)]]
    change = np.round(shares[1] - shares[0], 9)
    order = np.lexsort((shares[0], -np.abs(change)))
    if len(levels) == 2 and not shares[:, -1].any():
        order = order[:1]  # the other one is the rest
    words = []
    for at in order[:_FEW]:
        if abs(change[at]) >= _CLEAR * abs(change[order[0]]):
            before, after = percents(float(shares[0, at]), float(shares[1, at]))
            label = _label(levels[at]) if at < len(levels) else "another label"
            words.append(f"{label} in {after} of the rows, {before} learned")
    return f"{name} is {'; '.join(words)}."


def _label(level: str) -> str:
    return f'"{level}"'


def _where(s: Segment, change: str) -> str:
    before, after = means(s.before, s.after)
    part = _all(s.share)
    part = part[0].upper() + part[1:]
    where = f"where {named(s.label)} is {_label(s.level)}, {_percent(s.rows)} of the rows"
    return f"{part} of {change} is {where}: mean {before} learned, {after} now."


def _all(share: float) -> str:
    """`72 %`; `all`; `more than all`, where other rows went the other way."""
    if share > 2 - _WHOLE:
        return "more than all"
    return "all" if share >= _WHOLE else _percent(share)


def alone(column: str, s: Segment, whole: tuple[float, float]) -> str:
    """A level that changed by more than the column as a whole, whose means are told beside it."""
    before, after = means(s.before, s.after)
    way = "up" if s.after > s.before else "down"
    where = f"where {named(s.label)} is {_label(s.level)}, {_percent(s.rows)} of the rows"
    was, is_ = means(*whole)
    both = f"it is {is_}, as learned" if was == is_ else f"it was {was} and is {is_}"
    return f"{named(column)} is {way} {where}: mean {before} learned, {after} now. On the whole {both}."


def tolerated(shifts: Sequence[Shifted]) -> str:
    """What differs by more than chance and by no more than may, in one line."""
    moved = [f"{named(s.column)} ({s.before} learned, {_bare(s)} now)" for s in shifts[:_FEW]]
    return f"Beyond chance, but within what is tolerated, moved {_listed([*moved, *_more(len(shifts) - _FEW)])}."


def _more(rest: int) -> list[str]:
    return [] if rest <= 0 else [f"{rest} more columns" if rest > 1 else "one more column"]


def covered(base: ColumnSketch, new: ColumnSketch) -> str:
    """The period that either side covers."""
    return f"These rows cover {_span(new)} by {named(base.name)}, the learned ones {_span(base)}."


def _span(c: ColumnSketch) -> str:
    ends = [_day(v) if c.kind == "date" else plain(v).replace(",", "") for v in (c.low or 0.0, c.high or 0.0)]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _day(days: float) -> str:
    return str(np.datetime64(int(np.floor(days)), "D"))


def _percent(share: float) -> str:
    return f"{fixed(100 * share, 0 if abs(share) >= 0.02 else 1)} %"


def _share(text: str) -> str:
    return text.removesuffix(" missing")


def _bare(s: Shifted) -> str:
    """The later figure without what the earlier one has said."""
    if s.after.startswith("mean "):
        return s.after.removeprefix("mean ")
    return " ".join(s.after.split(" ")[:2]) if s.after.split(" ")[1:2] == ["%"] else s.after


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
