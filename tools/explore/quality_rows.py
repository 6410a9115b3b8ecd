"""What to check across columns: rows that break a sum, an order, a mapping or a tight relation, cells shifted aside.

Knows the exploration rows and the structure found on them. Must never know a sealed row, nor call a loose relation
a rule: only what nearly all rows keep is held against the few that do not.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations

import numpy as np
from numpy.typing import NDArray

from ..data.rows import BoolArray, Rows
from .check import Check, within
from .lead import Structure
from .spread import cells, shown
from .structure_exceptions import both_known, cases, unusual
from .structure_numbers import decimals_slack
from .structure_orders import broken, named_ends

_MOST_BROKEN = 0.05
"""Share of rows that may break an order which stands in the names."""
_LEAST = 50
_TAIL = 0.1
"""Cells on the way to those outside, as a share of them, from which on they are a tail."""


def broken_checks(rows: Rows, structure: Sequence[Structure], n: int) -> Iterator[Check]:
    """Rows that break what nearly all others keep: sums, mappings, orders."""
    told: set[tuple[str, ...]] = set()
    for s in structure:
        if s.kind == "sum" and s.exceptions:
            yield from _sum(rows, s, n)
        elif s.exceptions and (s.kind == "hierarchy" or (s.kind == "function" and len(s.columns) == 2)):
            yield from _mapping(rows, s.columns, n)
        elif s.kind == "order":
            told |= set(pairwise(s.columns))
    told |= _durations(rows) | _named(rows)
    place = {name: k for k, name in enumerate(rows.columns)}
    for low, high in sorted(told, key=lambda pair: [place[c] for c in pair]):
        yield from _order(rows, low, high, n)


def _durations(rows: Rows) -> set[tuple[str, str]]:
    """Starts and ends of durations that were computed from two dates."""
    found = {c.derived_from for c in rows.columns.values() if len(c.derived_from) == 2}
    return {(a, b) for a, b in found if a in rows.columns and b in rows.columns}


def _named(rows: Rows) -> set[tuple[str, str]]:
    """Columns whose names say that one is the lower end of what the other is the upper end of."""
    found = set()
    for kind in ("number", "datetime"):
        names = [n for n, c in rows.columns.items() if c.type == kind][:80]
        found |= {(a, b) for a, b in permutations(names, 2) if named_ends(a, b, kind)}
    return found


def _order(rows: Rows, low: str, high: str, n: int) -> Iterator[Check]:
    late, both = broken(rows, low, high)
    count = int(late.sum())
    declared = (low, high) in _durations(rows)
    if not count or both < _LEAST or count > (0.15 if declared else _MOST_BROKEN) * both:
        return
    kind = rows.columns[low].type
    at = np.flatnonzero(late)[:3]
    pairs = [cells(rows, (low, high), int(k)) for k in at]
    verb = "lies before" if kind == "datetime" else "is below"
    some = f"{pairs[0][1]} against {pairs[0][0]}"
    yield Check(
        kind="order", columns=(low, high), rows=count, of=both, examples=tuple(f"{a} > {b}" for a, b in pairs),
        text=f"`{high}` {verb} `{low}` {within(count, n)} (such as {some}).",
        advice="The two may be swapped, or one of them mistyped.", severity="wrong",
    )  # fmt: skip


def _sum(rows: Rows, s: Structure, n: int) -> Iterator[Check]:
    parts, total = np.stack([rows.number(c) for c in s.columns[:-1]]).sum(0), rows.number(s.columns[-1])
    good = ~(np.isnan(parts) | np.isnan(total))
    rounding = decimals_slack(total[good]) * len(s.columns)
    slack = 1e-9 * float(np.abs(total[good]).max()) + (rounding if rounding <= 0.02 * total[good].std() else 0.0)
    off = np.flatnonzero(good & (np.abs(parts - total) > slack))
    if not len(off):
        return
    pairs = [shown((float(total[k]), float(parts[k])), "number") for k in off[:3]]
    told = ", ".join(f"{a} against {b}" for a, b in pairs)
    names = " + ".join(f"`{c}`" for c in s.columns[:-1])
    yield Check(
        kind="sum", columns=s.columns, rows=len(off), of=int(good.sum()),
        examples=tuple(f"{a} against {b}" for a, b in pairs),
        text=f"`{s.columns[-1]}` is not {names} {within(len(off), n)} ({told}), though it is in all others.",
        advice="Recompute the total, or find the part that is wrong.", severity="wrong",
    )  # fmt: skip


def _mapping(rows: Rows, columns: Sequence[str], n: int) -> Iterator[Check]:
    """Rows that break a mapping, each told where it first shows on the way up a hierarchy."""
    seen = np.zeros(rows.n, bool)
    for a, b in pairwise(columns):
        odd = unusual(rows, a, b) & ~seen
        seen |= odd
        if odd.any():
            yield _unmapped(rows, a, b, odd, n)


def _unmapped(rows: Rows, a: str, b: str, odd: BoolArray, n: int) -> Check:
    count, both, some = int(odd.sum()), both_known(rows, a, b), cases(rows, a, b, odd)
    return Check(
        kind="function", columns=(a, b), rows=count, of=both, examples=some,
        text=f"`{b}` does not fit its `{a}` {within(count, n)} ({'; '.join(some)}); "
        f"in all others each `{a}` has one `{b}`.",
        advice="One of the two is wrong in these rows, unless the mapping has exceptions.", severity="doubtful",
    )  # fmt: skip


# Cells in the wrong column


def shifted(rows: Rows) -> tuple[BoolArray, tuple[str, ...], int] | None:
    """Rows whose cells stand one column off: far outside of their own column, and inside of a neighbour's range.

    Two columns must say so in the same direction, in at least three rows.

    Returns:
        The rows, shape (n,), the columns, and the direction (1: each holds what belongs one column to the right).
    """
    names = [n for n, c in rows.columns.items() if c.type == "number" and not c.derived_from and c.distinct > 4]
    if len(names) < 3 or rows.n < _LEAST:
        return None
    ends = {name: _ends(rows.number(name)) for name in names}
    for step in (1, -1):
        fits = {}
        for name, other in pairwise(names) if step == 1 else zip(names[1:], names, strict=False):
            fits[name] = _belongs(rows.number(name), ends[name], ends[other])
        stack = np.stack(list(fits.values()))
        odd = stack.sum(0) >= 2
        if 3 <= odd.sum() <= _MOST_BROKEN * rows.n:
            return odd, tuple(n for n, fit in fits.items() if fit[odd].mean() > 0.5), step
    return None


def _ends(x: NDArray) -> tuple[float, float]:
    good = x[~np.isnan(x)]
    some = good[:: max(1, len(good) // 5000)]
    return tuple(np.quantile(some, [0.06, 0.94])) if len(some) else (0.0, 0.0)


def _belongs(x: NDArray, own: tuple[float, float], other: tuple[float, float]) -> BoolArray:
    """Cells one and a half widths outside of their own column's usual range and inside of the other's."""
    reach, room = 1.5 * (own[1] - own[0]), 1.0 * (other[1] - other[0])
    if not reach > 0 or not room > 0:
        return np.zeros(len(x), bool)
    outside = (x < own[0] - reach) | (x > own[1] + reach)
    on_the_way = ~outside & ((x < own[0] - reach / 2) | (x > own[1] + reach / 2))
    if on_the_way.sum() > _TAIL * outside.sum():
        return np.zeros(len(x), bool)
    return outside & (x >= other[0] - room) & (x <= other[1] + room)


def shifted_check(rows: Rows, odd: BoolArray, names: Sequence[str], step: int) -> Check:
    """The check on cells that stand one column off."""
    count, side = int(odd.sum()), "right" if step == 1 else "left"
    k = int(np.flatnonzero(odd)[0])
    some = tuple(f"{name} {cells(rows, [name], k)[0]}" for name in names[:3])
    return Check(
        kind="shifted", columns=tuple(names), rows=count, of=rows.n, examples=some, severity="wrong",
        text=f"In {count:,} of the {rows.n:,} explored rows cells seem to stand one column off: they fit the column to "
        f"the {side} ({', '.join(some)}).",
        advice="Look for a missing or extra separator in these lines of the source.",
    )  # fmt: skip
