"""Which changed columns are one change: a total and its parts, and columns that move together.

Knows sketches and which columns shifted. Must never know a row, or how a group is worded.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from .checked import Shifted
from .sketch import ColumnSketch, LevelMeans, Sketch

_EXACT = 1e-8
"""Relative error with which means of parts add up to that of their total."""
_MOST = 40
"""Columns among which totals are looked for without being told."""
_ALIKE = 0.90
"""Correlation of level means from which two columns move together."""
_FEWEST_LEVELS = 8
_SIGNAL = 3.0
"""How many times chance the levels of a column must differ for their means to tell anything."""


class Part(NamedTuple):
    """A part of a total, and its share of the total's change."""

    name: str
    share: float


class Group(NamedTuple):
    """One change: the column it is told of, its parts, and what moved with it."""

    lead: Shifted
    parts: tuple[Part, ...]
    along: tuple[Shifted, ...]
    size: float


def grouped(
    base: Sketch, new: Sketch, shifts: Sequence[Shifted], *, sums: Iterable[tuple[str, Sequence[str]]] = (),
    together: Iterable[Sequence[str]] = (),
) -> list[Group]:  # fmt: skip
    """Shifted columns as changes, the largest first.

    Args:
        base: Learned rows.
        new: Delivery.
        shifts: The columns that alarm.
        sums: Totals with their parts that are known. Others are seen by means that add up in both sketches.
        together: Columns that are known to be one thing twice.
    """
    left = {s.column: s for s in sorted(shifts, key=lambda s: (-(s.distance or 0.0), s.column))}
    out: list[Group] = []
    for total, parts in _totals(base, new, sums) if left else ():
        if total in left and (shares := _parts(base, new, total, parts)):
            taken = [left.pop(x) for x in (total, *parts) if x in left]
            out.append(Group(taken[0], shares, (), max(s.distance or 0.0 for s in taken)))
    known = [frozenset(x) for x in together]
    while left:
        lead = left.pop(next(iter(left)))
        along = [s for s in left.values() if _move_together(base, lead, s, known)]
        for s in along:
            del left[s.column]
        out.append(Group(lead, (), tuple(along), lead.distance or 0.0))
    return sorted(out, key=lambda g: (-g.size, g.lead.column))


def _totals(base: Sketch, new: Sketch, sums: Iterable[tuple[str, Sequence[str]]]) -> list[tuple[str, tuple[str, ...]]]:
    told = [(total, tuple(parts)) for total, parts in sums]
    seen = {frozenset((t, *p)) for t, p in told}
    own = [c for c in base.columns if _sums_up(c) and _sums_up(new.column(c.name))][:_MOST]
    means = np.array([[c.mean, (new.column(c.name) or c).mean] for c in own], np.float64).reshape(-1, 2)
    for size in (2, 3):
        for at in combinations(range(len(own)), size):
            total = means[list(at)].sum(axis=0)
            hit = np.flatnonzero((np.abs(means - total) <= _EXACT * np.abs(total)).all(axis=1))
            for k in (int(h) for h in hit if int(h) not in at and abs(total).min() > 0):
                parts = tuple(own[j].name for j in at)
                if not any(x <= {own[k].name, *parts} for x in seen):
                    seen.add(frozenset((own[k].name, *parts)))
                    told.append((own[k].name, parts))
    return told


def _sums_up(column: ColumnSketch | None) -> bool:
    """A number without gaps that varies: what a total or a part is."""
    return column is not None and column.kind == "number" and not column.missing and column.distinct > 2


def _parts(base: Sketch, new: Sketch, total: str, parts: Sequence[str]) -> tuple[Part, ...]:
    """Each part's share of the change of the total's mean, the largest first; none where it did not change."""
    change = _change(base, new, total)
    own = [_change(base, new, p) for p in parts]
    if not change or any(v is None for v in own):
        return ()
    shares = [Part(p, float(v or 0.0) / change) for p, v in zip(parts, own, strict=True)]
    return tuple(sorted(shares, key=lambda p: (-p.share, p.name)))


def _change(base: Sketch, new: Sketch, name: str) -> float | None:
    b, n = base.column(name), new.column(name)
    return n.mean - b.mean if b is not None and n is not None and b.mean is not None and n.mean is not None else None


def _move_together(base: Sketch, a: Shifted, b: Shifted, known: Sequence[frozenset[str]]) -> bool:
    """Whether two columns are said to be one thing twice, or have level means that rise and fall together."""
    if any({a.column, b.column} <= x for x in known):
        return True
    if not a.effect or not b.effect:
        return False
    r = _alike(base, a.column, b.column)
    return abs(r) >= _ALIKE and (r > 0) == (a.effect * b.effect > 0)


def _alike(base: Sketch, a: str, b: str) -> float:
    """Correlation of level means over all labels that both were sketched by; 0 where they tell too little."""
    one, two = base.column(a), base.column(b)
    by_label = {m.label: m for m in base.means if m.number == b}
    if one is None or two is None or not one.sd or not two.sd:
        return 0.0
    rows: list[tuple[float, float, float]] = []
    for m in base.means:
        if m.number == a and m.label in by_label and m.label != b:
            rows += _together(m, by_label[m.label], one, two)
    if len(rows) < _FEWEST_LEVELS:
        return 0.0
    n, x, y = np.array(rows).T
    own, other, both = float((n * x * x).sum()), float((n * y * y).sum()), float((n * x * y).sum())
    if min(own, other) < _SIGNAL * len(rows):
        return 0.0
    return both / (own * other) ** 0.5


def _together(
    m: LevelMeans, other: LevelMeans, one: ColumnSketch, two: ColumnSketch
) -> list[tuple[float, float, float]]:
    """Rows and both means of every level, in standard deviations from the columns' means."""
    return [
        (
            float(min(n, other.levels[x][0])), (mean - (one.mean or 0.0)) / (one.sd or 1.0),
            (other.levels[x][1] - (two.mean or 0.0)) / (two.sd or 1.0),
        )
        for x, (n, mean) in m.levels.items()
        if x in other.levels
    ]  # fmt: skip


def ids_of(columns: Iterable[str], claims: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The claims that say something of these columns, each once, in their order."""
    return tuple(dict.fromkeys(x for c in columns for x in claims.get(c, ())))
