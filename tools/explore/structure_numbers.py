"""Number columns that are made of other number columns: copies, linear functions, sums, products, parts.

Knows exploration rows as numbers, and names only to read "total" in them. Must never know sealed rows.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import comb

from ..data.rows import FloatArray, Rows
from .lead import Structure
from .scan_moments import ranks_within

EXCEPTIONS = 0.005
"""Share of rows that may break a relation."""
_NEAR = 0.98
"""Absolute correlation from which two columns are near duplicates."""
LEAST = 30
_PROBE = 400
_MOST_SUBSETS = 2_000_000
_TOTAL = {"total", "tot", "all", "overall", "sum", "gross", "grand"}
_RATES = {"rate", "share", "ratio", "percent", "pct", "mean", "avg", "average", "median", "per", "price"}
_PLAIN = {"n", "num", "number", "count", "of", "the"}

Names = frozenset[str]


def how_many(n: int, exceptions: int, of: int | None = None) -> str:
    """`in all 1,200 rows`, or how many of them."""
    both = " with both values" if of is not None and of != n else ""
    if exceptions == 0:
        return f"in all {n:,} rows{both}"
    return f"in {n - exceptions:,} of {n:,} rows{both}"


def _names(rows: Rows, *types: str) -> list[str]:
    return [c.name for c in rows.columns.values() if c.type in types and len(rows.ordinal(c.name)[1]) > 1]


# Two columns on one line


def straight_lines(rows: Rows, at: NDArray) -> Iterator[Structure]:
    """Number columns that are equal, or a linear function of another up to rounding."""
    names = [name for name in _names(rows, "number") if len(rows.ordinal(name)[1]) >= 5]
    spare: set[str] = set()
    for a, b in _alike(rows, names, at, 0.999):
        if a in spare or b in spare:
            continue
        found = _line(rows, a, b, at)
        if found is not None:
            spare.add(b)
            yield found


def _alike(rows: Rows, names: Sequence[str], at: NDArray, least: float) -> Iterator[tuple[str, str]]:
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
        out[good] = ranks_within(codes[good], int(codes.max()) + 1)[0]
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


def _line(rows: Rows, a: str, b: str, at: NDArray) -> Structure | None:
    """`b` as a linear function of `a`, the line through the sample's middle and confirmed on all rows."""
    x, y = rows.number(a), rows.number(b)
    keep = ~(np.isnan(x) | np.isnan(y))
    x, y = x[keep], y[keep]
    if len(x) < LEAST or len(np.unique(x[:1000])) < 5 or len(np.unique(y[:1000])) < 5:
        return None
    equal = int(np.count_nonzero(x != y))
    if equal <= EXCEPTIONS * len(x):
        text = f"`{b}` equals `{a}` {how_many(len(x), equal, rows.n)}."
        return Structure(kind="copy", columns=(a, b), text=text, exceptions=equal)
    slope, offset = _robust_line(x, y)
    slack = _slack(y) + abs(slope) * _slack(x)
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


def _slack(x: FloatArray) -> float:
    """Half a unit of the last decimal that the column's values carry; 0 for whole numbers and for long fractions."""
    some = x[:: max(1, len(x) // 1000)]
    for digits in range(7):
        scaled = some * 10.0**digits
        if np.abs(scaled - np.round(scaled)).max() <= 1e-6 * max(1.0, float(np.abs(some).max())):
            return 0.5 * 10.0**-digits * 1.001 if digits else 0.0
    return 0.0


def near_duplicates(rows: Rows, at: NDArray, done: Collection[Names]) -> Iterator[Structure]:
    """Numbers and dates whose rank or linear correlation reaches 0.98 on all rows."""
    names = [name for name in _names(rows, "number", "datetime") if len(rows.ordinal(name)[1]) >= 10]
    for a, b in _alike(rows, names, at, _NEAR - 0.005):
        if frozenset((a, b)) in done:
            continue
        ca, cb = rows.ordinal(a)[0], rows.ordinal(b)[0]
        keep = (ca >= 0) & (cb >= 0)
        ra, sa = ranks_within(ca[keep], int(ca.max()) + 1)
        rb, sb = ranks_within(cb[keep], int(cb.max()) + 1)
        rho = float(ra @ rb / np.sqrt(sa * sb)) if sa > 0 and sb > 0 else 0.0
        r = float(_correlate(np.stack([rows.number(a)[keep], rows.number(b)[keep]]))[0, 1])
        if max(abs(rho), abs(r)) >= _NEAR:
            name, size = ("rank correlation", rho) if abs(rho) >= abs(r) else ("linear correlation", r)
            text = f"`{b}` moves almost in step with `{a}`: {name} {size:.3f} in {int(keep.sum()):,} rows."
            yield Structure(kind="near_duplicate", columns=(a, b), text=text)


# A column that is the sum of others


def sums(rows: Rows, at: NDArray, spare: Collection[str]) -> list[Structure]:
    """Columns that equal the sum of two to four others.

    Candidates come from the covariances alone: the variance that a set of parts leaves of a total takes a few
    additions, so all sets are tried as long as there are at most two million; their size is bounded otherwise.
    """
    names, x = _complete(rows, [n for n in _names(rows, "number") if n not in spare], at, log=False)
    if len(names) < 3:
        return []
    cov, mean = np.cov(x), x.mean(1)
    out = []
    for t in range(len(names)):
        others = [k for k in range(len(names)) if k != t]
        for size in (2, 3, 4):
            if size > len(others) or len(names) * comb(len(others), size) > _MOST_SUBSETS:
                break
            found = _best_sum(rows, names, x, t, _fitting(cov, mean, t, others, size))
            if found is not None:
                out.append(found)
                break
    return out


def _complete(rows: Rows, names: Sequence[str], at: NDArray, *, log: bool) -> tuple[list[str], FloatArray]:
    """Columns and the sample rows on which all of them have a value, shape (columns, rows).

    Columns that lack more than half of their values stay out.
    """
    kept, arrays = [], []
    for name in names:
        x = rows.number(name)[at]
        if log:
            with np.errstate(divide="ignore", invalid="ignore"):
                x = np.where(x > 0, np.log(x), np.nan)
        if np.isnan(x).mean() <= 0.5:
            kept.append(name)
            arrays.append(x)
    if not kept:
        return [], np.empty((0, 0))
    x = np.stack(arrays)
    whole = ~np.isnan(x).any(0)
    if whole.sum() < LEAST:
        few = np.isnan(x).mean(1) <= 0.05
        kept, x = [n for n, ok in zip(kept, few, strict=True) if ok], x[few]
        whole = ~np.isnan(x).any(0)
    varied = np.array([len(np.unique(row[whole][:1000])) >= 3 for row in x], bool)
    if whole.sum() < LEAST or not varied.any():
        return [], np.empty((0, 0))
    return [n for n, ok in zip(kept, varied, strict=True) if ok], x[varied][:, whole]


def _fitting(cov: FloatArray, mean: FloatArray, t: int, others: Sequence[int], size: int) -> NDArray:
    """Sets of columns, shape (sets, size), that leave at most 2% of a total's variance and meet its mean."""
    sets = np.array(list(combinations(others, size)))
    left = cov[t, t] + sum(cov[sets[:, i], sets[:, j]] for i in range(size) for j in range(size))
    left -= 2 * cov[t][sets].sum(1)
    near = np.abs(mean[sets].sum(1) - mean[t]) <= 0.2 * np.sqrt(cov[t, t])
    return sets[(left <= 0.02 * cov[t, t]) & near]


def _best_sum(rows: Rows, names: Sequence[str], x: FloatArray, t: int, sets: NDArray) -> Structure | None:
    """The set of parts that holds in most rows, if it holds by construction."""
    if not len(sets) or len(np.unique(x[t])) < 5:
        return None
    slack = _sum_slack(x, t, sets)
    probe = np.abs(x[sets][:, :, :_PROBE].sum(1) - x[t, :_PROBE]) if len(sets) < 20_000 else None
    if probe is not None:
        sets = sets[(probe <= slack).mean(1) >= 1 - 5 * EXCEPTIONS]
    found = [s for s in (_sum(rows, [names[int(k)] for k in chosen], names[t], slack) for chosen in sets[:50]) if s]
    return min(found, key=lambda s: s.exceptions, default=None)


def _sum_slack(x: FloatArray, t: int, sets: NDArray) -> float:
    """How far a sum may be off: a rounding of each part, as long as that is small beside the total."""
    exact = 1e-9 * float(np.abs(x[t]).max())
    rounding = _slack(x[t]) * (sets.shape[1] + 1)
    return exact + (rounding if rounding <= 0.02 * x[t].std() else 0.0)


def _sum(rows: Rows, chosen: Sequence[str], total: str, slack: float) -> Structure | None:
    values = np.stack([rows.number(n) for n in (*chosen, total)])
    values = values[:, ~np.isnan(values).any(0)]
    n = values.shape[1]
    exceptions = int((np.abs(values[:-1].sum(0) - values[-1]) > slack).sum())
    needed = (np.abs(values[:-1]) > slack).mean(1).min() if n else 0.0
    if n < LEAST or exceptions > EXCEPTIONS * n or needed < max(0.01, 3 * exceptions / n):
        return None
    told = " + ".join(f"`{c}`" for c in chosen)
    text = f"`{total}` is {told} {how_many(n, exceptions)}."
    return Structure(kind="sum", columns=(*chosen, total), text=text, exceptions=exceptions)


# A column that is the product of two others


def products(rows: Rows, at: NDArray, spare: Collection[str], done: Collection[Names]) -> list[Structure]:
    """Columns that are the product of two others, exactly or nearly; ratios show as the product they undo."""
    names, x = _complete(rows, [n for n in _names(rows, "number") if n not in spare], at, log=True)
    if len(names) < 3 or len(names) * comb(len(names), 2) > _MOST_SUBSETS:
        return []
    cov, out = np.cov(x), []
    for t, total in enumerate(names):
        for a, b in combinations([k for k in range(len(names)) if k != t], 2):
            if _multiplies(cov, t, a, b):
                found = _product(rows, names[a], names[b], total)
                if found is not None and not {frozenset((names[a], total)), frozenset((names[b], total))} <= set(done):
                    out.append(found)
    return out


def _multiplies(cov: FloatArray, t: int, a: int, b: int) -> bool:
    """Whether two logs leave at most 2% of a third's variance, and far less than either does alone."""
    left = cov[t, t] + cov[a, a] + cov[b, b] + 2 * cov[a, b] - 2 * cov[t, a] - 2 * cov[t, b]
    alone = min(cov[t, t] + cov[k, k] - 2 * cov[t, k] for k in (a, b))
    return bool(left <= 0.02 * cov[t, t] and left <= 0.1 * alone)


def _product(rows: Rows, a: str, b: str, total: str) -> Structure | None:
    x, y, z = (rows.number(name) for name in (a, b, total))
    with np.errstate(invalid="ignore"):
        keep = (x > 0) & (y > 0) & (z > 0)
    x, y, z = x[keep], y[keep], z[keep]
    if len(z) < 100 or len(np.unique(z)) < 20:
        return None
    ratio = z / (x * y)
    unit = float(np.median(ratio))
    error = np.abs(z - unit * x * y)
    off = int((error > 1e-6 * z + _slack(z) + unit * (_slack(x) * y + _slack(y) * x)).sum())
    scale = "" if abs(unit - 1) < 0.02 else f", times {unit:,.4g},"
    if off <= EXCEPTIONS * len(z):
        text = f"`{total}` is `{a}` × `{b}`{scale} {how_many(len(z), off)}."
        return Structure(kind="function", columns=(a, b, total), text=text.replace(", in", " in"), exceptions=off)
    share = float(np.median(error / z))
    if share > 0.05:
        return None
    text = f"`{total}` is nearly `{a}` × `{b}`{scale or ','} off by {share:.1%} in the median of {len(z):,} rows."
    return Structure(kind="function", columns=(a, b, total), text=text, exceptions=off)


# A column that is part of another by its name


def parts(rows: Rows, at: NDArray, done: Collection[Names]) -> Iterator[Structure]:
    """Counts or amounts that never exceed a column whose name says that it is their total."""
    words = {name: _words(name) for name in _names(rows, "number")}
    for whole, said in words.items():
        about = said - _TOTAL - _PLAIN
        if not said & _TOTAL:
            continue
        if not about:
            yield from _summands(rows, whole, [n for n in words if frozenset((n, whole)) not in done], at)
            continue
        for part, own in words.items():
            if part == whole or own & (_TOTAL | _RATES) or not about < own | _PLAIN or frozenset((part, whole)) in done:
                continue
            found = _part(rows, part, whole, at)
            if found is not None:
                yield found


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return {w.lower().rstrip("s") if len(w) > 3 else w.lower() for w in re.findall(r"[A-Za-z]+", spaced)}


def _summands(rows: Rows, whole: str, names: Sequence[str], at: NDArray) -> Iterator[Structure]:
    """Parts of a column that is only called total: amounts that enter it one for one, with little left over."""
    names, x = _complete(rows, [whole, *(n for n in names if n != whole)], at, log=False)
    if whole not in names or x.shape[1] < 10 * x.shape[0] or x[names.index(whole)].min() < 0:
        return
    total = x[names.index(whole)]
    small = [k for k, n in enumerate(names) if n != whole and x[k].min() >= 0 and (x[k] <= total).all()]
    design = np.vstack([x[small], np.ones(x.shape[1])]).T
    slopes, *_ = np.linalg.lstsq(design, total, rcond=None)
    if np.var(total - design @ slopes) > 0.05 * np.var(total):
        return
    for k, slope in zip(small, slopes, strict=False):
        found = _part(rows, names[k], whole, at) if 0.9 <= slope <= 1.1 else None
        if found is not None:
            yield found


def _part(rows: Rows, part: str, whole: str, at: NDArray) -> Structure | None:
    if rows.columns[whole].integer and not rows.columns[part].integer:
        return None
    for take in (at, slice(None)):
        a, b = rows.number(part)[take], rows.number(whole)[take]
        keep = ~(np.isnan(a) | np.isnan(b))
        if keep.sum() < LEAST or a[keep].min() < 0 or (a[keep] > b[keep]).any() or len(np.unique(b[keep])) < 5:
            return None
    n = int(np.count_nonzero(keep))
    text = f"`{part}` never exceeds `{whole}`, which by its name holds it, {how_many(n, 0, rows.n)}."
    return Structure(kind="part", columns=(part, whole), text=text)
