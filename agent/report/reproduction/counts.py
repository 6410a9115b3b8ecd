"""Counts per unit of exposure in two groups: rate_ratio.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np

from .amounts import even_bins
from .base import Found, Refused, recomputes
from .clusters import is_constant, modes, over_clusters
from .draws import crossed, flip_p, table_p
from .figures import t_reach, told, two_sided
from .groups import check_sides, sides
from .table import Table


@recomputes("rate_ratio")
def rate_ratio(h: Found, table: Table, level: float, seed: int) -> Found:
    """Rows, or one sum per cluster, or rates within every cluster."""
    side, known = sides(table, h)
    y = table.number(h["outcome"])
    w = np.ones(len(y)) if h["exposure"] is None else table.number(h["exposure"])
    whole = ~np.isnan(y) & (w > 0)
    good = whole & (side >= 0)
    n = [int((good & (side == s)).sum()) for s in (0, 1)]
    base: Found = {"n": sum(n), "n_per_group": n, "missing": int((~known).sum() + ((side >= 0) & ~whole).sum())}
    y, w, side = y[good], w[good], side[good]
    cluster = table.pick(good).cluster
    try:
        if cluster is None:
            return base | compare_counts(y, w, side, level, seed)
        if is_constant(side, cluster):
            return base | between_counts(y, w, side, cluster, level, seed)
        return base | within_counts(y, w, side, cluster, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": refused.clusters}


def check_counts(y: Any, w: Any, side: Any) -> None:
    """Whole numbers from 0, ten expected on each side and one counted."""
    check_sides(y[side == 0], y[side == 1])
    if (y < 0).any() or (y % 1 != 0).any() or min(y[side == s].sum() for s in (0, 1)) == 0:
        raise Refused
    if min(w[side == s].sum() for s in (0, 1)) / w.sum() * y.sum() < 10:
        raise Refused


def one_rate(y: Any, w: Any) -> tuple[float, float, float]:
    """The log of a rate, its HC3 variance and degrees of freedom."""
    rate = y.sum() / w.sum()
    residual = (y - rate * w) / np.maximum(1 - w / w.sum(), 1e-12)
    effective = w.sum() ** 2 / (w**2).sum()
    return float(np.log(rate)), float((residual**2).sum() / y.sum() ** 2), max(float(effective) - 1, 1.0)


def rate_groups(y: Any, w: Any, side: Any) -> list[Found]:
    """Both rates, with ends that are computed on the log scale."""
    out = []
    for s in (0, 1):
        log, variance, df = one_rate(y[side == s], w[side == s])
        reach = t_reach(df, 0.95) * float(np.sqrt(variance))
        ends = {"mean": np.exp(log), "low": np.exp(log - reach), "high": np.exp(log + reach)}
        out.append({"n": int((side == s).sum()), "median": None} | {k: float(v) for k, v in ends.items()})
    return out


def in_ratios(value: float, error: float, df: float, level: float) -> Found:
    """A log ratio with its interval, and the ratio."""
    reach = t_reach(df, level) * error
    ends = (value, value - reach, value + reach)
    middle, low, high = (float(np.exp(x)) for x in ends)
    ratio = told(middle, low, high, level)
    return {"effect": told(*ends, level), "in_units": ratio, "error": error, "null": 0.0}


def compare_counts(y: Any, w: Any, side: Any, level: float, seed: int) -> Found:
    """Rows that stand for themselves."""
    check_counts(y, w, side)
    (la, va, da), (lb, vb, db) = (one_rate(y[side == s], w[side == s]) for s in (0, 1))
    if va + vb == 0:
        raise Refused
    error, df = float(np.sqrt(va + vb)), (va + vb) ** 2 / (va**2 / da + vb**2 / db)
    z = (la - lb) / error
    return in_ratios(la - lb, error, df, level) | {
        "statistic": z, "df": df, "p_robust": two_sided(z, df), "p_permutation": counts_p(y, w, side, seed),
        "groups": rate_groups(y, w, side),
    }  # fmt: skip


def between_counts(y: Any, w: Any, side: Any, cluster: Any, level: float, seed: int) -> Found:
    """One sum per cluster on the side where most of its rows lie."""
    at = np.unique(cluster, return_inverse=True)[1]
    one = [np.bincount(at, x) for x in (y, w)]
    try:
        found = compare_counts(one[0], one[1], modes(side, cluster)[0], level, seed)
    except Refused as refused:
        raise Refused(len(one[0])) from refused
    return found | {"clusters": len(one[0])}


def within_counts(y: Any, w: Any, side: Any, cluster: Any, level: float, seed: int) -> Found:
    """Mantel and Haenszel's ratio over the clusters that hold both sides."""
    check_counts(y, w, side)
    at = np.unique(cluster, return_inverse=True)[1]
    sums = [[np.bincount(at, x * (side == s)) for s in (0, 1)] for x in (y, w)]
    both = (sums[1][0] > 0) & (sums[1][1] > 0)
    (ya, yb), (wa, wb) = ([x[both] for x in pair] for pair in sums)
    g = int(both.sum())
    weight = wa * wb / (wa + wb)
    a, b = weight * ya / wa, weight * yb / wb
    if g < 2 or a.sum() == 0 or b.sum() == 0:
        raise Refused(0)
    if g < 20:
        raise Refused(g)
    mean = over_clusters(ya / wa - yb / wb, weight, level)
    error = float(np.sqrt(g / (g - 1) * ((a / a.sum() - b / b.sum()) ** 2).sum()))
    if error <= 1e-9:
        raise Refused(g)
    return in_ratios(float(np.log(a.sum() / b.sum())), error, mean.df, level) | {
        "statistic": mean.statistic, "df": mean.df, "p_robust": mean.p, "clusters": g,
        "p_permutation": flip_p(weight / weight.sum() * (ya / wa - yb / wb), seed), "groups": rate_groups(y, w, side),
    }  # fmt: skip


def near(x: Any, most: int) -> Any:
    """A bin for each value, finer further from the centre."""
    values, codes, size = np.unique(x, return_inverse=True, return_counts=True)
    spread = float(x.std()) or 1.0
    return even_bins(size * (1 + ((values - x.mean()) / spread) ** 2), most)[codes]


def count_classes(y: Any, w: Any) -> Any:
    """A class for each row by count, by pairs where there are few, or by exposure and distance from what it expects."""
    if len(np.unique(w)) == 1:
        return near(y, 128)
    if len(y) <= 2_000:
        pairs, codes = np.unique(np.stack([y, w]), axis=1, return_inverse=True)
        if pairs.shape[1] <= 128:
            return codes.reshape(-1)
    joint = near(np.log(w), 8) * 1_000 + near(y - y.sum() / w.sum() * w, 32)
    return np.unique(joint, return_inverse=True)[1]


def counts_p(y: Any, w: Any, side: Any, seed: int) -> float:
    """The permutation p of the studentised log ratio, half a count added to each side."""
    classes = count_classes(y, w)
    table = crossed(side, classes)
    y, w = y / y.mean(), w / w.mean()
    size = table.sum(0)
    means = [np.bincount(classes, x) / size for x in (y, w, y * y, y * w, w * w)]
    n = table.sum(1).astype(float)

    def statistic(tables: Any) -> Any:
        sy, sw, syy, syw, sww = (tables @ x for x in means)
        total = sy + 0.5
        rate = total / sw
        square = np.maximum(syy - 2 * rate * syw + rate**2 * sww, 0)
        variance = (square / total**2 * n / (n - 1)).sum(1)
        return np.abs(np.log(rate[:, 0] / rate[:, 1])) / np.sqrt(np.maximum(variance, 1e-12))

    return table_p(table, statistic, seed)
