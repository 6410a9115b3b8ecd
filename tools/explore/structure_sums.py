"""Number columns made of several others: sums, products, and parts of a total.

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
from .structure_numbers import EXCEPTIONS, LEAST, Names, decimals_slack, how_many, number_names

_PROBE = 400
"""Rows on which a candidate sum is looked at first."""
_MOST_SUBSETS = 2_000_000
"""Sets of columns tried as parts of a sum."""
_MOST_FITTING = 5_000
NEARLY = 0.02
"""Share of rows in which a total may miss its parts: a fee or a discount that has no column of its own."""
_BENT = 0.25
"""How far from 1 the slope of a part may lie, in a regression, of what has no column of its own."""
_MOST_SLOPES = 60
"""Columns regressed on together in search of longer sums."""
_TOTAL = {"total", "tot", "all", "overall", "sum", "gross", "grand"}
_RATES = {"rate", "share", "ratio", "percent", "pct", "mean", "avg", "average", "median", "per", "price"}
_PLAIN = {"n", "num", "number", "count", "of", "the"}

# A column that is the sum of others


def sums(rows: Rows, at: NDArray, spare: Collection[str]) -> list[Structure]:
    """Columns that equal the sum of others.

    Candidates come from the covariances alone: the variance that a set of parts leaves of a total takes a few
    additions, so all sets of two to four are tried as long as they are at most two million. Longer sums show in a
    regression on all other columns, whose slopes are then 0 or 1.
    """
    names, x = _complete(rows, [n for n in number_names(rows, "number") if n not in spare], at, log=False)
    if len(names) < 3:
        return []
    cov, mean = np.cov(x), x.mean(1)
    found = (_parts_of(rows, names, x, t, cov, mean) for t in range(len(names)) if len(np.unique(x[t])) >= 5)
    return [s for s in found if s is not None]


def _parts_of(
    rows: Rows, names: Sequence[str], x: FloatArray, t: int, cov: FloatArray, mean: FloatArray
) -> Structure | None:
    """The column as a sum: of the fewest others up to four, else of as many as have a slope of 1 in it."""
    others = [k for k in range(len(names)) if k != t]
    for size in (2, 3, 4):
        if size > len(others) or len(names) * comb(len(others), size) > _MOST_SUBSETS:
            break
        found = _best_sum(rows, names, x, t, _fitting(cov, mean, t, others, size))
        if found is not None:
            return found
    if 4 < len(others) <= _MOST_SLOPES and x.shape[1] > 3 * len(others):
        slopes = np.linalg.lstsq(cov[np.ix_(others, others)], cov[others, t], rcond=1e-9)[0]
        near_one = np.abs(slopes - 1) < 0.1
        if near_one.sum() > 4 and (near_one | (np.abs(slopes) < 0.1)).all():
            return _best_sum(rows, names, x, t, np.array(others)[near_one][None, :])
    return None


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
    """Sets of columns, shape (sets, size), that leave at most 5% of a total's variance and meet its mean."""
    sets = np.array(list(combinations(others, size)))
    left = cov[t, t] + sum(cov[sets[:, i], sets[:, j]] for i in range(size) for j in range(size))
    left -= 2 * cov[t][sets].sum(1)
    near = np.abs(mean[sets].sum(1) - mean[t]) <= 0.2 * np.sqrt(cov[t, t])
    order = np.argsort(left, kind="stable")
    return sets[order[((left <= 0.05 * cov[t, t]) & near)[order]]][:_MOST_FITTING]


def _best_sum(rows: Rows, names: Sequence[str], x: FloatArray, t: int, sets: NDArray) -> Structure | None:
    """The set of parts that holds in most rows, if it holds by construction."""
    if not len(sets):
        return None
    slack = _sum_slack(x, t, sets)
    off = np.abs(x[:, :_PROBE][sets].sum(1) - x[t, :_PROBE])
    sets = sets[(off <= slack).mean(1) >= 1 - 2.5 * NEARLY]
    found = [s for s in (_sum(rows, [names[int(k)] for k in chosen], names[t], slack) for chosen in sets[:50]) if s]
    return min(found, key=lambda s: s.exceptions, default=None)


def _sum_slack(x: FloatArray, t: int, sets: NDArray) -> float:
    """How far a sum may be off: a rounding of each part, as long as that is small beside the total."""
    exact = 1e-9 * float(np.abs(x[t]).max())
    rounding = decimals_slack(x[t]) * (sets.shape[1] + 1)
    return exact + (rounding if rounding <= 0.02 * x[t].std() else 0.0)


def _sum(rows: Rows, chosen: Sequence[str], total: str, slack: float) -> Structure | None:
    values = np.stack([rows.number(n) for n in (*chosen, total)])
    values = values[:, ~np.isnan(values).any(0)]
    n = values.shape[1]
    exceptions = int((np.abs(values[:-1].sum(0) - values[-1]) > slack).sum())
    needed = (np.abs(values[:-1]) > slack).mean(1).min() if n else 0.0
    if n < LEAST or exceptions > NEARLY * n or needed < max(0.01, 3 * exceptions / n):
        return None
    told = " + ".join(f"`{c}`" for c in chosen)
    text = f"`{total}` is {told} {how_many(n, exceptions)}."
    return Structure(kind="sum", columns=(*chosen, total), text=text, exceptions=exceptions)


# A column that is the product of two others


def products(rows: Rows, at: NDArray, spare: Collection[str], done: Collection[Names]) -> list[Structure]:
    """Columns that are the product of two others, exactly or nearly; ratios show as the product they undo."""
    names, x = _complete(rows, [n for n in number_names(rows, "number") if n not in spare], at, log=True)
    if len(names) < 3 or len(names) * comb(len(names), 2) > _MOST_SUBSETS:
        return []
    cov, out = np.cov(x), []
    for t, total in enumerate(names):
        for a, b in np.argwhere(np.triu(_multiply(cov, t), 1)):
            pair = {frozenset((names[k], total)) for k in (int(a), int(b))}
            found = None if pair <= set(done) else _product(rows, names[int(a)], names[int(b)], total)
            if found is not None:
                out.append(found)
    return out


def _multiply(cov: FloatArray, t: int) -> NDArray[np.bool_]:
    """Pairs whose logs leave at most 2% of a third's variance, and far less than either does alone."""
    own, with_total = np.diag(cov), cov[t]
    left = own[t] + own[:, None] + own + 2 * cov - 2 * with_total[:, None] - 2 * with_total
    alone = own[t] + own - 2 * with_total
    good = (left <= 0.02 * own[t]) & (left <= 0.1 * np.minimum(alone[:, None], alone))
    good[t, :] = good[:, t] = False
    return good


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
    off = int((error > 1e-6 * z + decimals_slack(z) + unit * (decimals_slack(x) * y + decimals_slack(y) * x)).sum())
    scale = "" if abs(unit - 1) < 0.02 else f", times {unit:,.4g},"
    if off <= EXCEPTIONS * len(z):
        text = f"`{total}` is `{a}` × `{b}`{scale} {how_many(len(z), off)}."
        return Structure(kind="function", columns=(a, b, total), text=text, exceptions=off)
    share = float(np.median(error / z))
    if share > 0.05:
        return None
    text = (
        f"`{total}` is nearly `{a}` × `{b}`{scale or ','} off by {100 * share:.1f} % in the median of {len(z):,} rows."
    )
    return Structure(kind="function", columns=(a, b, total), text=text, exceptions=off)


# A column that is part of another by its name


def parts(rows: Rows, at: NDArray, done: Collection[Names]) -> Iterator[Structure]:
    """Counts or amounts that never exceed a column whose name says that it is their total."""
    words = {name: _words(name) for name in number_names(rows, "number")}
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
    """Parts of a column that is only called total: amounts that enter it one for one, with little left over.

    A fee that goes with a part bends the part's slope, so slopes only choose who is tried. What decides is what is left
    when the parts are taken off as they stand: never less than nothing, little beside the total, and much less than
    with one part put back.
    """
    names, x = _complete(rows, [whole, *(n for n in names if n != whole)], at, log=False)
    if whole not in names or x.shape[1] < 10 * x.shape[0] or x[names.index(whole)].min() < 0:
        return
    total = x[names.index(whole)]
    small = [k for k, n in enumerate(names) if n != whole and x[k].min() >= 0 and (x[k] <= total).all()]
    design = np.vstack([x[small], np.ones(x.shape[1])]).T
    slopes, *_ = np.linalg.lstsq(design, total, rcond=None)
    chosen = [k for k, slope in zip(small, slopes, strict=False) if abs(slope - 1) <= _BENT]
    left = total - x[chosen].sum(0)
    slack = 1e-9 * float(total.max()) + decimals_slack(total) * (len(chosen) + 1)
    if left.var() > 0.05 * total.var() or (left < -slack).mean() > NEARLY:
        return
    for k in chosen:
        found = _part(rows, names[k], whole, at) if left.var() <= 0.5 * (left + x[k]).var() else None
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
