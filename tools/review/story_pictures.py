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

_MOST_LEVELS, _MOST_DELIVERIES = 6, 24
_LEVEL = 0.95


def by_level(base: Sketch, new: Sketch, number: str, segment: Segment) -> Picture | None:
    """Means of a number with 95 % intervals by the levels of the label that a segment is of, learned and now.

    Returns:
        At most six levels, the segment's first; None where either side has no means by this label.
    """
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
    kept = sorted(shared, key=lambda x: (x != segment.level, -learned.levels[x][0], x))[:_MOST_LEVELS]
    records = [
        {"label": f"{level}, {line}", **_dot(m.levels[level][1], m.spreads.get(level), m.levels[level][0])}
        for level in kept
        for line, m in found
    ]
    return Picture(kind="groups", x_title=segment.label, y_title=number, records=tuple(records))


def course(base: Sketch, new: Sketch, number: str, past: Sequence[tuple[str, Sketch]]) -> Picture | None:
    """The mean of a number with its 95 % interval by delivery, the learned rows first and this delivery last."""
    steps = [(BEFORE, base), *past[-_MOST_DELIVERIES:], (f"{new.name} ({NOW})", new)]
    records: list[dict[str, Any]] = []
    taken: dict[str, int] = {}
    for name, sketch in steps:
        column = sketch.column(number)
        if column is not None and column.mean is not None:
            taken[name] = taken.get(name, 0) + 1
            again = f" ({taken[name]})" if taken[name] > 1 else ""
            records.append({"label": name + again, **_dot(column.mean, column.sd, _there(column))})
    return Picture(kind="groups", x_title="delivery", y_title=number, records=tuple(records)) if records else None


def _there(column: ColumnSketch) -> int:
    return column.rows - column.missing


def _dot(mean: float, sd: float | None, n: int) -> dict[str, Any]:
    """A mean with its interval, where its spread is known."""
    if sd is None or n < 1:
        return {"mean": mean, "n": n}
    reach = normal_quantile(_LEVEL) * sd / n**0.5
    return {"mean": mean, "low": mean - reach, "high": mean + reach, "n": n}
