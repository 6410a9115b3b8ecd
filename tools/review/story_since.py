"""Since when a column is as it is: the first delivery of the run that the present one stands in.

Knows sketches of deliveries in their order, and limits. Must never know a row, a claim, or how it is worded.

The run is followed from the first delivery on and never from the present one back: what was said of a drift when it
was first beyond its limit is said of it in every later delivery, however far it has gone by then.
"""

from collections.abc import Sequence

from .shifts import CALIBRATION, Q, exceeds
from .shifts_counts import apart, cells, comparable
from .sketch import ColumnSketch, Sketch

_HALF = 0.50
"""Part of a change that a delivery must show for the change to be there."""
_ALIKE = 0.50
"""Cosine of two changes of shares from which they go the same way."""
_A_MOVE = 0.10
"""Difference of means, in learned standard deviations, from which a change of a number is that of its mean."""

Past = Sequence[tuple[str, Sketch]]
Limits = tuple[float, float]
"""Of one column: while the first deliveries calibrated, and afterwards."""


def since(base: ColumnSketch, new: Sketch, past: Past, limits: Limits, units: float) -> str | None:
    """The name of the first delivery in which a change that alarms now was there; None where that is this one.

    A run begins with a delivery beyond its limit, and reaches back over those just before it that show at least half
    of its change. It goes on as long as deliveries show at least half of that change, or are beyond their limits in the
    same direction.

    Args:
        base: The learned column.
        new: The delivery in which it alarms.
        past: Names and sketches of the deliveries since the baseline, in their order.
        limits: Of the distance of this column.
        units: Independent rows of the learned side.
    """
    seen: list[ColumnSketch | None] = [_column(base, s) for _, s in past]
    run: int | None = None
    mark: ColumnSketch | None = None
    for at, then in enumerate([*seen, _column(base, new)]):
        now = at == len(past)
        beyond = now or (then is not None and _is_beyond(base, then, limits[at >= CALIBRATION], units))
        if then is not None and mark is not None and _goes_on(base, mark, then, beyond=beyond):
            continue
        mark = then if beyond else None
        run = _first(base, mark, seen[:at]) if mark is not None else None
    return past[run][0] if run is not None and run < len(past) else None


def _column(base: ColumnSketch, sketch: Sketch) -> ColumnSketch | None:
    """The column where it can be compared: a delivery without it ends a run."""
    then = sketch.column(base.name)
    return then if then is not None and comparable(base, then) else None


def _is_beyond(base: ColumnSketch, then: ColumnSketch, limit: float, units: float) -> bool:
    share = min(units / base.rows, 1.0)
    found = apart(cells(base, then), (units, share * then.rows), Q)
    return found.p_value < Q and exceeds(found.distance, limit)


def _first(base: ColumnSketch, mark: ColumnSketch, before: Sequence[ColumnSketch | None]) -> int:
    """Where those begin that stand right before the mark and show at least half of its change."""
    at = len(before)
    while at > 0 and (then := before[at - 1]) is not None and _way(base, mark, then)[0] >= _HALF:
        at -= 1
    return at


def _goes_on(base: ColumnSketch, mark: ColumnSketch, then: ColumnSketch, *, beyond: bool) -> bool:
    way, alike = _way(base, mark, then)
    return way >= _HALF or (beyond and alike)


def _way(base: ColumnSketch, mark: ColumnSketch, then: ColumnSketch) -> tuple[float, bool]:
    """How far a delivery went from the learned rows towards the mark, and whether it moved the same way at all."""
    if base.mean is not None and mark.mean is not None and then.mean is not None and base.sd:
        change, own = (mark.mean - base.mean) / base.sd, (then.mean - base.mean) / base.sd
        if abs(change) >= _A_MOVE:
            return own / change, abs(own) >= _A_MOVE and (own > 0) == (change > 0)
    one, two = _gaps(base, mark), _gaps(base, then)
    along = sum(gap * two.get(name, 0.0) for name, gap in one.items())
    whole, own = sum(v * v for v in one.values()), sum(v * v for v in two.values())
    if whole == 0 or own == 0:
        return 0.0, False
    return along / whole, along / (whole * own) ** 0.5 >= _ALIKE


def _gaps(base: ColumnSketch, then: ColumnSketch) -> dict[str, float]:
    """By cell, how much the share of rows changed."""
    found = cells(base, then)
    shares = found.counts / found.counts.sum(axis=1)[:, None]
    return {name: float(gap) for name, gap in zip(found.names, shares[1] - shares[0], strict=True)}
