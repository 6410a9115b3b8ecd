"""Pictures of the story: a mean over the deliveries, and by the levels of a label.

Knows sketches. Must never know a row, or what a picture is taken to show.
"""

from collections.abc import Sequence
from typing import Any

from ..verify.evidence import Picture
from ..verify.intervals import normal_quantile
from .shifts_words import BEFORE, NOW
from .sketch import ColumnSketch, Sketch
from .story_segments import Segment

_MOST_LEVELS, _MOST_DELIVERIES = 12, 24
_LEVEL = 0.95


def by_level(base: Sketch, new: Sketch, number: str, segment: Segment) -> Picture | None:
    """Means of a number by the levels of the label that a segment is of, learned and now."""
    found = [
        (line, m)
        for line, sketch in ((BEFORE, base), (NOW, new))
        for m in sketch.means
        if (m.label, m.number) == (segment.label, number)
    ]
    if len(found) != 2:
        return None
    (_, learned), (_, now) = found
    shared = [x for x in learned.levels if x in now.levels]
    kept = sorted(shared, key=lambda x: (x != segment.level, -learned.levels[x][0]))[:_MOST_LEVELS]
    records = [
        {"line": line, "x": level, "mean": m.levels[level][1], "n": m.levels[level][0]}
        for line, m in found
        for level in learned.levels
        if level in kept
    ]
    return Picture(kind="lines", x_title=segment.label, y_title=number, records=tuple(records))


def course(base: Sketch, new: Sketch, number: str, past: Sequence[tuple[str, Sketch]]) -> Picture | None:
    """The mean of a number by delivery with its 95 % interval, the learned rows first."""
    steps = [("learned", base), *past[-_MOST_DELIVERIES:], (f"{new.name} (now)", new)]
    records: list[dict[str, Any]] = []
    taken: dict[str, int] = {}
    for name, sketch in steps:
        record = _at(sketch.column(number))
        if record is not None:
            taken[name] = taken.get(name, 0) + 1
            again = f" ({taken[name]})" if taken[name] > 1 else ""
            records.append({"line": "mean by delivery", "x": name + again, **record})
    return Picture(kind="lines", x_title="delivery", y_title=number, records=tuple(records)) if records else None


def _at(column: ColumnSketch | None) -> dict[str, Any] | None:
    if column is None or column.mean is None:
        return None
    n = column.rows - column.missing
    reach = normal_quantile(_LEVEL) * (column.sd or 0.0) / max(n, 1) ** 0.5
    return {"mean": column.mean, "low": column.mean - reach, "high": column.mean + reach, "n": n}
