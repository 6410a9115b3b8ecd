"""Several deliveries as one baseline: effects pooled with what they differ by among themselves, and sketches added up.

Knows estimates and sketches. Must never know a row, a verdict, or whether anybody wants the new baseline.

An effect is pooled by a random-effects model. How much deliveries differ beyond chance is estimated by the method of
moments in units of the squared standard error, since families have scales of their own, and shrunk towards the mean
over all findings: with k deliveries the own estimate has weight (k - 1) / (k + 9), as in the simulations of the alarm
rule.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from .history import Estimate
from .learned import Baseline
from .sketch import ColumnSketch

_PRIOR = 10
"""Degrees of freedom that the mean over all findings weighs as much as."""
_MOST_LEVELS, _MOST_DAYS = 100, 800


def pooled_effects(estimates: Mapping[str, Sequence[Estimate]]) -> dict[str, Baseline]:
    """The baseline of each finding that its deliveries give together.

    Args:
        estimates: By finding, one a delivery in their order; those without a standard error are left out.

    Returns:
        By finding; `between` is None where there is but one delivery to tell it by, and a finding that was measured in
        none is left out.
    """
    used = {name: [e for e in own if e.standard_error > 0] for name, own in estimates.items()}
    used = {name: own for name, own in used.items() if own}
    excess = {name: _excess(own) for name, own in used.items() if len(own) > 1}
    shared = max(0.0, math.fsum(excess[name] for name in sorted(excess)) / len(excess)) if excess else 0.0
    return {name: _pooled(own, excess.get(name), shared) for name, own in used.items()}


def _excess(own: Sequence[Estimate]) -> float:
    """Variance between deliveries beyond chance, over the squared standard error of one; negative by chance too."""
    mean = math.fsum(e.value for e in own) / len(own)
    variance = math.fsum((e.value - mean) ** 2 for e in own) / (len(own) - 1)
    return variance / _chance(own) - 1


def _chance(own: Sequence[Estimate]) -> float:
    return math.fsum(e.standard_error**2 for e in own) / len(own)


def _pooled(own: Sequence[Estimate], excess: float | None, shared: float) -> Baseline:
    tau2 = 0.0
    if excess is not None:
        weight = (len(own) - 1) / (len(own) - 1 + _PRIOR)
        tau2 = _chance(own) * max(0.0, weight * excess + (1 - weight) * shared)
    weights = [1 / (e.standard_error**2 + tau2) for e in own]
    total = math.fsum(weights)
    return Baseline(
        effect=math.fsum(w * e.value for w, e in zip(weights, own, strict=True)) / total,
        standard_error=1 / math.sqrt(total),
        rows=sum(e.n for e in own),
        between=None if excess is None else math.sqrt(tau2),
        deliveries=len(own),
    )


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
