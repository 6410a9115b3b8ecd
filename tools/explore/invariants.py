"""Rules of the data that hardly any exploration row breaks: filled cells, natural bounds, order of dates, mappings.

Knows exploration rows. Must never know a sealed row; a rule that no row of a sample breaks may still be broken.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Literal

import numpy as np

from ..data.durations import reads_like_end
from ..data.rows import Rows
from ..value import Value
from .lead import Structure

MOST = 5
FEW = 0.005
"""Share of rows that may break a rule worth stating: with more it is no rule."""
_MIN_ROWS = 500
_LONG = 24
"""Levels up to which a mapping is written out."""
_ORDERED_SPREAD = 0.5


class RuleOfData(Value):
    """One rule that exploration rows keep."""

    rule: Literal["not_missing", "in_range", "not_after", "determines"]
    outcome: str
    predictor: str
    low: float | None = None
    high: float | None = None
    mapping: tuple[tuple[str, str], ...] = ()
    broken: int
    """Exploration rows that break it."""
    rows: int


def find_invariants(rows: Rows, structure: Sequence[Structure]) -> list[RuleOfData]:
    """At most five rules that someone who looks after the data would act on if they broke.

    A column is worth calling filled only if it nearly is: one that is never empty says nothing. Bounds are natural
    ones (0, 0 to 1, 0 to 100) that the values come close to. A start is not after its end. A label fixes another
    with few exceptions.

    Args:
        rows: Exploration rows.
        structure: What follows from how the table is built; its functions are the mappings looked at.
    """
    if rows.n < _MIN_ROWS:
        return []
    found = [*_orders(rows), *_mappings(rows, structure), *_filled(rows), *_bounds(rows)]
    kept = [r for r in found if r.broken <= FEW * r.rows]
    # A rule that a few rows break is news; among the others the order of the kinds stands.
    return sorted(kept, key=lambda r: r.broken == 0)[:MOST]


def _filled(rows: Rows) -> Iterator[RuleOfData]:
    for name, column in rows.columns.items():
        if not column.analysed:
            continue
        numeric = column.type in ("number", "datetime")
        gone = int(np.isnan(rows.number(name)).sum() if numeric else (rows.codes(name) < 0).sum())
        if gone:
            yield RuleOfData(rule="not_missing", outcome=name, predictor=name, broken=gone, rows=rows.n)


def _bounds(rows: Rows) -> Iterator[RuleOfData]:
    """Amounts that are never negative but come close to zero, shares of 1 or 100."""
    for name, column in rows.columns.items():
        if column.type != "number" or column.derived_from:
            continue
        x = rows.number(name)
        x = x[~np.isnan(x)]
        if len(x) < _MIN_ROWS or column.distinct <= 2:
            continue
        low, high = np.quantile(x, [FEW, 1 - FEW])
        spread = float(np.quantile(x, 0.75) - np.quantile(x, 0.25)) or float(x.std())
        if not 0 <= low <= _ORDERED_SPREAD * spread:
            continue  # far from zero, that it lies above zero is no news
        top = next((t for t in (1.0, 100.0) if high <= t and high >= 0.9 * t), None)
        if top == 1.0 and column.integer:
            continue
        broken = int((x < 0).sum() + (0 if top is None else (x > top).sum()))
        yield RuleOfData(rule="in_range", outcome=name, predictor=name, low=0.0, high=top, broken=broken, rows=len(x))


def _orders(rows: Rows) -> Iterator[RuleOfData]:
    """Dates of a start and its end."""
    dates = [n for n, c in rows.columns.items() if c.type == "datetime"]
    for end in (n for n in dates if reads_like_end(n)):
        for start in (n for n in dates if n != end and not reads_like_end(n)):
            a, b = rows.number(start), rows.number(end)
            both = ~(np.isnan(a) | np.isnan(b))
            if both.sum() >= _MIN_ROWS:
                late = int((a[both] > b[both]).sum())
                yield RuleOfData(rule="not_after", outcome=end, predictor=start, broken=late, rows=int(both.sum()))


def _mappings(rows: Rows, structure: Sequence[Structure]) -> Iterator[RuleOfData]:
    """Labels that another label fixes: each level with its commonest partner."""
    mapped = [pairwise(s.columns) for s in structure if s.kind == "hierarchy"]
    mapped += [[s.columns] for s in structure if s.kind == "function" and len(s.columns) == 2]
    for first, second in chain.from_iterable(mapped):
        a, b = rows.column(first), rows.column(second)
        labels = {"category", "boolean"}
        if {a.type, b.type} <= labels and len(a.levels) <= _LONG and len(b.levels) <= _LONG:
            x, y = rows.codes(a.name), rows.codes(b.name)
            good = (x >= 0) & (y >= 0)
            table = np.bincount(x[good] * len(b.levels) + y[good], minlength=len(a.levels) * len(b.levels))
            table = table.reshape(len(a.levels), len(b.levels))
            seen = np.flatnonzero(table.any(axis=1))
            mapping = tuple((a.levels[i], b.levels[int(table[i].argmax())]) for i in seen)
            broken = int(good.sum() - table.max(axis=1).sum())
            yield RuleOfData(
                rule="determines",
                outcome=b.name,
                predictor=a.name,
                mapping=mapping,
                broken=broken,
                rows=int(good.sum()),
            )
