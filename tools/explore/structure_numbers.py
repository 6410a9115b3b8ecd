"""Two number columns that say the same: copies, linear functions, near duplicates.

Knows exploration rows as numbers, two columns at a time. Must never know sealed rows, nor what a column means.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..data.rows import FloatArray, Rows
from .lead import Structure
from .scan_moments import ranks_within

EXCEPTIONS = 0.005
"""Share of rows that may break a relation."""
_NEAR = 0.98
"""Absolute correlation from which two columns are near duplicates."""
LEAST = 30
"""Rows below which nothing is claimed."""
Names = frozenset[str]


def how_many(n: int, exceptions: int, of: int | None = None) -> str:
    """`in all 1,200 rows`, or how many of them."""
    both = " with both values" if of is not None and of != n else ""
    if exceptions == 0:
        return f"in all {n:,} rows{both}"
    return f"in {n - exceptions:,} of {n:,} rows{both}"


def number_names(rows: Rows, *types: str) -> list[str]:
    """The columns of these types that vary."""
    return [c.name for c in rows.columns.values() if c.type in types and len(rows.ordinal(c.name)[1]) > 1]


# Two columns on one line


def straight_lines(rows: Rows, at: NDArray) -> Iterator[Structure]:
    """Number columns that are equal, or a linear function of another up to rounding."""
    names = [name for name in number_names(rows, "number") if len(rows.ordinal(name)[1]) >= 5]
    spare: set[str] = set()
    for a, b in similar(rows, names, at, 0.999):
        if a in spare or b in spare:
            continue
        found = _line(rows, a, b)
        if found is not None:
            spare.add(b)
            yield found


def similar(rows: Rows, names: Sequence[str], at: NDArray, least: float) -> Iterator[tuple[str, str]]:
    """Pairs of columns whose Pearson or Spearman correlation on the sample reaches `least` in size."""
    at = at[:5000]
    raw = np.array([rows.number(name)[at] for name in names]).reshape(len(names), len(at))
    order = np.array([np.where((c := rows.ordinal(n)[0][at]) < 0, np.nan, _midranks(c)) for n in names])
    if len(names) < 2:
        return
    size = np.maximum(np.abs(_correlate(raw)), np.abs(_correlate(order)))
    for i, j in np.argwhere(np.triu(size >= least, 1)):
        yield names[int(i)], names[int(j)]


def _midranks(codes: NDArray) -> FloatArray:
    good = codes >= 0
    out = np.zeros(len(codes))
    if good.any():
        values, dense = np.unique(codes[good], return_inverse=True)  # few rows of a column of many values
        out[good] = ranks_within(dense.astype(np.int32), len(values))[0]
    return out


def _correlate(x: FloatArray) -> FloatArray:
    """Pairwise-complete Pearson correlation of the rows of x, shape (p, m); 0 with fewer than 30 shared values."""
    with np.errstate(all="ignore"):
        good = ~np.isnan(x)
        top = np.nanmax(np.abs(np.where(good, x, 0.0)), axis=1, keepdims=True)
        x = x / np.where(top > 0, top, 1.0)
        mean = np.where(good, x, 0.0).sum(1, keepdims=True) / np.maximum(good.sum(1, keepdims=True), 1)
        z, m = np.where(good, x - mean, 0.0), good.astype(np.float64)
        n, s, q = m @ m.T, z @ m.T, (z * z) @ m.T
        spread = q - s * s / n
        r = (z @ z.T - s * s.T / n) / np.sqrt(spread * spread.T)
    return np.where((n >= LEAST) & np.isfinite(r), r, 0.0)


def _line(rows: Rows, a: str, b: str) -> Structure | None:
    """`b` as a copy or a linear function of `a`, on all rows with both."""
    x, y = rows.number(a), rows.number(b)
    keep = ~(np.isnan(x) | np.isnan(y))
    x, y = x[keep], y[keep]
    if len(x) < LEAST or len(np.unique(x[:1000])) < 5 or len(np.unique(y[:1000])) < 5:
        return None
    unequal = int(np.count_nonzero(x != y))
    if unequal <= EXCEPTIONS * len(x):
        text = f"`{b}` equals `{a}` {how_many(len(x), unequal, rows.n)}."
        return Structure(kind="copy", columns=(a, b), text=text, exceptions=unequal)
    slope, offset = _robust_line(x, y)
    slack = decimals_slack(y) + abs(slope) * decimals_slack(x)
    if slack > 0.02 * y.std():
        slack = 0.0
    slope, offset, exceptions = _roundest(x, y, slope, offset, slack + 1e-9 * float(np.abs(y).max()))
    if exceptions > EXCEPTIONS * len(x):
        return None
    text = f"`{b}` is {_formula(a, slope, offset, y, slack)} {how_many(len(x), exceptions, rows.n)}."
    return Structure(kind="linear", columns=(a, b), text=text, exceptions=exceptions)


def _roundest(x: FloatArray, y: FloatArray, slope: float, offset: float, slack: float) -> tuple[float, float, int]:
    """The line with the fewest digits that as many rows keep to: rounding in the data blurs slope and offset."""

    def broken(k: float, c: float) -> int:
        return int((np.abs(y - k * x - c) > slack).sum())

    best = slope, offset, broken(slope, offset)
    if best[2] > EXCEPTIONS * len(x):
        return best
    for digits in range(1, 7):
        k = float(f"{slope:.{digits}g}")
        level = float(np.median(y - k * x))
        for c in (round(level), round(level, digits)):
            if broken(k, c) <= best[2]:
                return k, float(c), broken(k, c)
    return best


def _formula(a: str, slope: float, offset: float, y: FloatArray, slack: float) -> str:
    """The line in words, without a factor of 1 or an offset of 0."""
    if abs(slope + 1) < 1e-9:
        return f"{offset:,.6g} − `{a}`"
    times = f"`{a}`" if abs(slope - 1) < 1e-9 else f"{slope:,.6g} × `{a}`"
    if abs(offset) <= slack + 1e-9 * float(np.abs(y).max()):
        return times
    return f"{times} {'+' if offset > 0 else '−'} {abs(offset):,.6g}"


def _robust_line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Slope and offset by least squares, once more without the rows that lie off the first line."""
    keep = np.ones(len(x), bool)
    slope = offset = 0.0
    for _ in range(3):
        u, v = x[keep], y[keep]
        du = u - u.mean()
        slope = float(du @ (v - v.mean()) / max(du @ du, 1e-300))
        offset = float(v.mean() - slope * u.mean())
        error = np.abs(y - slope * x - offset)
        keep = error <= max(10 * float(np.median(error)), 1e-12)
    return slope, offset


def decimals_slack(x: FloatArray) -> float:
    """Half a unit of the last decimal that the column's values carry; 0 for whole numbers and for long fractions."""
    some = x[:: max(1, len(x) // 1000)]
    for digits in range(7):
        scaled = some * 10.0**digits
        if np.abs(scaled - np.round(scaled)).max() <= 1e-6 * max(1.0, float(np.abs(some).max())):
            return 0.5 * 10.0**-digits * 1.001 if digits else 0.0
    return 0.0


def near_duplicates(rows: Rows, at: NDArray, spare: Collection[str], done: Collection[Names]) -> Iterator[Structure]:
    """Numbers and dates whose rank or linear correlation reaches 0.98 on all rows.

    Columns that are all near duplicates of each other are told together.
    """
    names = [name for name in number_names(rows, "number", "datetime") if len(rows.ordinal(name)[1]) >= 10]
    names = [name for name in names if name not in spare]
    size: dict[Names, tuple[float, int]] = {}
    for a, b in similar(rows, names, at, _NEAR - 0.005):
        if frozenset((a, b)) not in done:
            both = _strongest(rows, a, b)
            if abs(both[0]) >= _NEAR:
                size[frozenset((a, b))] = both
    for group in _cliques(names, set(size)):
        found = [size[pair] for pair in map(frozenset, combinations(group, 2))]
        told = " and ".join((", ".join(f"`{n}`" for n in group[:-1]), f"`{group[-1]}`"))
        weakest = min(abs(r) for r, _ in found)
        how = f"correlation {found[0][0]:.3f}" if len(found) == 1 else f"correlations of {weakest:.3f} and more"
        text = f"{told} move almost in step: {how} in {min(n for _, n in found):,} rows."
        yield Structure(kind="near_duplicate", columns=group, text=text)


def _strongest(rows: Rows, a: str, b: str) -> tuple[float, int]:
    """Spearman's or Pearson's correlation on all rows, whichever is larger in size, and the rows with both."""
    ca, cb = rows.ordinal(a)[0], rows.ordinal(b)[0]
    keep = (ca >= 0) & (cb >= 0)
    ra, sa = ranks_within(ca[keep], int(ca.max()) + 1)
    rb, sb = ranks_within(cb[keep], int(cb.max()) + 1)
    rho = float(ra @ rb / np.sqrt(sa * sb)) if sa > 0 and sb > 0 else 0.0
    r = float(_correlate(np.stack([rows.number(a)[keep], rows.number(b)[keep]]))[0, 1])
    return (rho if abs(rho) >= abs(r) else r), len(ra)


def _cliques(names: Sequence[str], pairs: set[Names]) -> Iterator[tuple[str, ...]]:
    """Groups of columns of which every two are a pair, each pair in one group, larger groups grown first."""
    left = set(pairs)
    for a, b in combinations(names, 2):
        if frozenset((a, b)) in left:
            group = [a, b]
            for c in names[names.index(b) + 1 :]:
                if all(frozenset((c, d)) in pairs for d in group):
                    group.append(c)
            left -= set(map(frozenset, combinations(group, 2)))
            yield tuple(group)
