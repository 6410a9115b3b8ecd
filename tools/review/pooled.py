"""Several deliveries as one baseline: effects pooled by the alarm rule's own calibration, and sketches added up.

Knows estimates and sketches. Must never know a row, a verdict, or whether anybody wants the new baseline.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from .history import Estimate
from .learned import Baseline
from .sketch import ColumnSketch, Sketch
from .states import CALIBRATION, Point, calibrate

_MOST_LEVELS, _MOST_DAYS = 100, 800


def pooled_effects(estimates: Mapping[str, Sequence[Estimate]]) -> dict[str, Baseline]:
    """The baseline of each finding that its deliveries give together, what was learned first left out.

    Args:
        estimates: By finding, one a delivery; those without a standard error are left out.

    Returns:
        By finding, those left out that fewer than two deliveries measured: one says nothing of how deliveries differ.
    """
    used = {name: [e for e in own if e.standard_error > 0] for name, own in estimates.items()}
    out: dict[str, Baseline] = {}
    for count in sorted({len(own) for own in used.values() if len(own) > 1}):
        names = sorted(name for name, own in used.items() if len(own) == count)  # calibrated together: as many of each
        centres = calibrate([[Point(e.value, e.standard_error) for e in used[name]] for name in names])
        for name, centre in zip(names, centres, strict=True):
            out[name] = Baseline(
                effect=centre.value, standard_error=centre.error, rows=sum(e.n for e in used[name]),
                between=centre.between, deliveries=count,
            )  # fmt: skip
    return out


def pooled_sketch(base: ColumnSketch, deliveries: Sequence[ColumnSketch]) -> ColumnSketch | None:
    """The sketch of all rows of several deliveries of one column, in the bins of `base`.

    None where a delivery held another kind of values or was counted in other bins.
    """
    if not deliveries or any(d.kind != base.kind or d.edges != base.edges for d in deliveries):
        return None
    mean, sd = _moments(deliveries)
    levels, other = _levels(deliveries)
    lows, highs = ([x for d in deliveries if (x := getattr(d, end)) is not None] for end in ("low", "high"))
    return ColumnSketch(
        name=base.name, kind=base.kind, rows=sum(d.rows for d in deliveries),
        missing=sum(d.missing for d in deliveries), distinct=max(d.distinct for d in deliveries),
        low=min(lows, default=None), high=max(highs, default=None), mean=mean, sd=sd, edges=base.edges,
        counts=_added([d.counts for d in deliveries]), levels=levels, other=other,
        hours=_added([d.hours for d in deliveries]), weekdays=_added([d.weekdays for d in deliveries]),
        days=_days([d.days for d in deliveries]),
    )  # fmt: skip


def _moments(deliveries: Sequence[ColumnSketch]) -> tuple[float | None, float | None]:
    """Mean and standard deviation of all rows from those of the parts."""
    known = [(d.rows - d.missing, d.mean, d.sd or 0.0) for d in deliveries if d.mean is not None]
    n = sum(rows for rows, _, _ in known)
    if not n:
        return None, None
    mean = math.fsum(rows * m for rows, m, _ in known) / n
    squares = math.fsum(max(rows - 1, 0) * s**2 + rows * (m - mean) ** 2 for rows, m, s in known)
    return mean, math.sqrt(squares / (n - 1)) if n > 1 else 0.0


def _added(counts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    lengths = {len(c) for c in counts}
    return tuple(map(sum, zip(*counts, strict=True))) if len(lengths) == 1 else ()


def _levels(deliveries: Sequence[ColumnSketch]) -> tuple[dict[str, int], int]:
    """Rows by level, most frequent first; what is beyond the hundred stands among the others."""
    total: Counter[str] = Counter()
    for delivery in deliveries:
        total.update(delivery.levels)
    ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(n for _, n in ordered[_MOST_LEVELS:])
    return dict(ordered[:_MOST_LEVELS]), sum(d.other for d in deliveries) + rest


def _days(days: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Rows by day, or by month where one of the parts has months or there are too many days."""
    by_month = any(len(day) < 10 for own in days for day in own) or len({d for own in days for d in own}) > _MOST_DAYS
    total: Counter[str] = Counter()
    for own in days:
        for day, rows in own.items():
            total[day[:7] if by_month else day] += rows
    return dict(sorted(total.items()))


def distance(a: ColumnSketch, b: ColumnSketch) -> float | None:
    """Total variation of two sketches of one column over bins or levels and missing; None where nothing is binned."""
    if a.edges != b.edges or not (a.counts or a.levels) or not a.rows or not b.rows:
        return None
    mine, theirs = _shares(a), _shares(b)
    return math.fsum(abs(mine.get(k, 0.0) - theirs.get(k, 0.0)) for k in sorted({*mine, *theirs})) / 2


def _shares(sketch: ColumnSketch) -> dict[str, float]:
    """Share of rows by cell; a level that only one side lists counts in full."""
    binned = {f"bin {at}": n for at, n in enumerate(sketch.counts)}
    cells = binned or {f"level {k}": n for k, n in sketch.levels.items()} | {"other": sketch.other}
    return {k: n / sketch.rows for k, n in {**cells, "missing": sketch.missing}.items()}


def with_accepted(
    learned: Sketch, accepted: Sequence[ColumnSketch], past: Sequence[Sketch]
) -> tuple[Sketch, tuple[Sketch, ...]]:
    """What to compare with where some columns were rebaselined, and the deliveries that calibrate.

    A rebaselined column is compared with what was accepted, and calibrated by the deliveries that were added up to it,
    which the history still knows: those in a row whose counts sum to it. Else the room that it is left would be how far
    it had moved.

    Args:
        learned: The sketch of the learned data.
        accepted: What the claims file holds of its columns.
        past: Deliveries since the data were learned, in their order.

    Returns:
        The sketch, and at most four sketches of deliveries; a column stands in those that calibrate it alone.
    """
    anew = {c.name: c for c in accepted if (own := learned.column(c.name)) is not None and not _same(own, c)}
    first = tuple(past[:CALIBRATION])
    if not anew:
        return learned, first
    columns = tuple(anew.get(c.name, c) for c in learned.columns)
    parts = {name: _parts(column, past) for name, column in anew.items()}
    mixed = []
    for at, sketch in enumerate(first):
        kept = [c for c in sketch.columns if c.name not in anew]
        moved = [own[at] for own in parts.values() if at < len(own)]
        mixed.append(sketch.model_copy(update={"columns": (*kept, *moved)}))
    return learned.model_copy(update={"columns": columns}), tuple(mixed)


def _parts(column: ColumnSketch, past: Sequence[Sketch]) -> list[ColumnSketch]:
    """The deliveries in a row that a sketch was added up from, the last four of them; none where there are none."""
    own = [sketch.column(column.name) for sketch in past]
    for end in range(len(own), 0, -1):
        parts: list[ColumnSketch] = []
        for part in reversed(own[:end]):
            if part is None:
                break
            parts.insert(0, part)
            whole = pooled_sketch(column, parts)
            if whole is None or whole.rows > column.rows:
                break
            if _same(whole, column):
                return parts[-CALIBRATION:]
    return []


def _same(a: ColumnSketch, b: ColumnSketch) -> bool:
    """Whether two sketches count the same rows; means may differ by the digits that a file leaves out."""
    fields = ("rows", "missing", "counts", "levels", "other", "edges", "hours", "weekdays", "days")
    return all(getattr(a, name) == getattr(b, name) for name in fields)
