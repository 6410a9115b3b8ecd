"""Means, quantiles and occurrences in two groups: mean_difference, quantile_difference and occurrence_difference.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np
from scipy import stats

from .base import Found, Refused, recomputes
from .clusters import cluster_means, is_constant, modes, over_clusters, stratified_p, within
from .draws import crossed, flip_p, table_p
from .figures import group, t_reach, told, z_reach
from .groups import check_numbers, satterthwaite, sides, two_groups
from .table import Table


@recomputes("occurrence_difference", scale=lambda h: "rate_difference")
def occurrence(h: Found, table: Table, level: float, seed: int) -> Found:
    """How often a number lies above a point, as a rate."""
    y = table.number(h["outcome"])
    hit = np.where(np.isnan(y), -1, y > h["above"]).astype(int)
    labelled = table._replace(
        columns=table.columns | {h["outcome"]: hit}, levels=table.levels | {h["outcome"]: ["below", "above"]}
    )
    return two_groups(h | {"family": "rate_difference", "event": "above"}, labelled, level, seed)


@recomputes("mean_difference", "quantile_difference")
def amounts(h: Found, table: Table, level: float, seed: int) -> Found:
    """One summary of a number compared between two sides."""
    side, known = sides(table, h)
    y = table.number(h["outcome"])
    good = (side >= 0) & ~np.isnan(y)
    n = [int((good & (side == s)).sum()) for s in (0, 1)]
    missing = int((~known).sum() + ((side >= 0) & np.isnan(y)).sum())
    middle = h.get("quantile", 0.5) == 0.5
    base: Found = {"n": sum(n), "n_per_group": n if middle else sorted(n), "missing": missing}
    kept, side, y = table.pick(good), side[good], y[good]
    try:
        check_amounts(y[side == 0], y[side == 1])
        if kept.cluster is None:
            return base | summaries(h, y[side == 0], y[side == 1], level, seed)
        if is_constant(side, kept.cluster):
            return base | between_amounts(h, kept, y, level, seed)
        if h["family"] == "quantile_difference":
            raise Refused(len(np.unique(kept.cluster)))
        return base | within_amounts(y, side, kept.cluster, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": refused.clusters}


def summaries(h: Found, a: Any, b: Any, level: float, seed: int) -> Found:
    """The two samples compared by the claim's own summary."""
    if h["family"] == "mean_difference":
        return means(a, b, level, seed)
    return quantiles(h["quantile"], a, b, level, seed)


def check_amounts(a: Any, b: Any) -> None:
    """The floors of numbers, for both groups: one value throughout needs 50 rows, and never both."""
    check_numbers(a, b)
    single = [len(np.unique(v)) < 2 for v in (a, b)]
    if all(single) or any(one and len(v) < 50 for one, v in zip(single, (a, b), strict=True)):
        raise Refused


def between_amounts(h: Found, kept: Table, y: Any, level: float, seed: int) -> Found:
    """One mean per cluster on the side of its commonest level."""
    one = cluster_means(y, kept.cluster)
    level_of = modes(kept.columns[h["predictor"]], kept.cluster)[0]
    side, _ = sides(kept._replace(columns={h["predictor"]: level_of}, cluster=None), h)
    try:
        check_amounts(one[side == 0], one[side == 1])
        found = summaries(h, one[side == 0], one[side == 1], level, seed)
    except Refused as refused:
        raise Refused(len(one)) from refused
    return found | {"clusters": len(one)}


def within_amounts(y: Any, side: Any, cluster: Any, level: float, seed: int) -> Found:
    """One difference of means per cluster that holds both sides."""
    pairs = within(y, side, cluster)
    held, spread = len(pairs.weights), float(np.std(y, ddof=1))
    if held < 20:
        raise Refused(held)
    mean = over_clusters(pairs.difference, pairs.weights, level)
    if mean.error <= 1e-9 * spread:  # every cluster says the same
        raise Refused(held)
    one_each = [over_clusters(pairs.means[:, s], pairs.weights) for s in (0, 1)]
    return {
        "statistic": mean.statistic, "df": mean.df, "clusters": held, "null": 0.0, "error": mean.error / spread,
        "p_permutation": flip_p(pairs.weights / pairs.weights.sum() * pairs.difference, seed),
        "p_robust": max(mean.p, stratified_p(y, side, cluster)),
        "effect": mean.told(level, 1 / spread), "in_units": mean.told(level),
        "groups": [m.group(pairs.n[:, s].sum(), float(np.median(y[side == s]))) for s, m in enumerate(one_each)],
    }  # fmt: skip


# Means


def means(a: Any, b: Any, level: float, seed: int) -> Found:
    """Welch's test; the interval is the furthest of Welch's and Hall's, with pooled moments where skew asks for it."""
    test: Any = stats.ttest_ind(a, b, equal_var=False)
    if not np.isfinite(test.statistic):
        raise Refused
    value, both = float(a.mean() - b.mean()), np.concatenate([a, b])
    na, nb, n = len(a), len(b), len(both)
    error, df = satterthwaite([a.var(ddof=1), b.var(ddof=1)], na, nb)
    third = [float(stats.moment(v, order=3)) for v in (a, b, both)]
    ways = [(error, df, (third[0] / na**2 - third[1] / nb**2) / error**3)]
    variance = float(both.var(ddof=1))
    shared = third[2] / variance**1.5 * (1 / na**2 - 1 / nb**2) / (1 / na + 1 / nb) ** 1.5
    if abs(shared) > 0.3:
        ways.append((float(np.sqrt(variance * (1 / na + 1 / nb))), n - 2.0, shared))
    ends = np.array([hall(*way, level) for way in ways])
    below, above = float(ends[:, 0].max()), float(ends[:, 1].max())
    factor = ratio_error(a, b) / error
    scale = max(factor * np.sqrt(variance), 1.0) / np.sqrt(variance)
    widest = max(way[0] for way in ways)
    effect = value / np.sqrt(variance)
    return {
        "statistic": float(test.statistic), "df": df, "p_robust": float(test.pvalue), "null": 0.0,
        "p_permutation": mean_p(a, b, seed), "error": float(widest * scale),
        "effect": told(float(effect), float(effect - below * scale), float(effect + above * scale), level),
        "in_units": told(value, value - below, value + above, level), "groups": [group(a), group(b)],
    }  # fmt: skip


def hall(error: float, df: float, skew: float, level: float) -> tuple[float, float]:
    """How far an interval reaches below and above: Student's or Hall's transformed quantile, whichever is further."""
    t = t_reach(df, level)
    if abs(skew) < 1e-6:
        return error * t, error * t
    low, high = (3 / skew * (float(np.cbrt(1 + skew * (x - skew / 6))) - 1) for x in (t, -t))
    return error * max(t, low), error * max(t, -high)


def ratio_error(a: Any, b: Any) -> float:
    """The standard error of (mean difference / standard deviation of all rows), by each row's influence on it."""
    both = np.concatenate([a, b])
    n, spread = len(both), both.std(ddof=1)
    d = (a.mean() - b.mean()) / spread
    total = 0.0
    for v, turn in ((a, 1), (b, -1)):
        influence = turn * n / len(v) * (v - v.mean()) / spread - d / 2 * (((v - both.mean()) / spread) ** 2 - 1)
        total += float((influence**2).sum()) / n**2 * len(v) / (len(v) - 1)
    return float(np.sqrt(total))


def mean_p(a: Any, b: Any, seed: int) -> float:
    """The permutation p of Welch's t on at most 128 bins of values, with their means and mean squares."""
    values, codes, size = np.unique(np.concatenate([a, b]), return_inverse=True, return_counts=True)
    total = size.astype(float)
    x = values - float(total @ values) / len(codes)
    x /= float(np.sqrt(total @ x**2 / len(codes)))
    place = even_bins(total * (1 + x**2), 128)
    table = crossed(np.repeat([0, 1], [len(a), len(b)]), place[codes])
    weight = np.bincount(place, total)
    first, second = np.bincount(place, total * x) / weight, np.bincount(place, total * x**2) / weight
    n = np.array([len(a), len(b)], float)

    def statistic(tables: Any) -> Any:
        mean = tables @ first / n
        spread = np.maximum(tables @ second - n * mean**2, 0) / (n - 1) / n
        return np.abs(mean[:, 0] - mean[:, 1]) / np.sqrt(np.maximum(spread.sum(1), 1e-12))

    return table_p(table, statistic, seed)


def even_bins(weight: Any, most: int) -> Any:
    """A bin for each of the ascending values, at most so many and of near-equal weight."""
    if len(weight) <= most:
        return np.arange(len(weight))
    middle = np.cumsum(weight) - weight / 2
    place = np.minimum((middle / weight.sum() * most).astype(int), most - 1)
    return np.unique(place, return_inverse=True)[1]


# Quantiles


def order_band(n: int, share: float, z: float) -> tuple[int, int, float]:
    """Ranks about z standard errors beside a quantile, and the normal quantile of the chance to lie between them."""
    reach = z * np.sqrt(n * share * (1 - share))
    low = max(int(np.floor(n * share - reach + 0.5)), 1)
    high = min(int(np.ceil(n * share + reach + 0.5)), n)
    outside = stats.binom.cdf(low - 1, n, share) + stats.binom.sf(high - 1, n, share)
    return low, high, float(stats.norm.isf(outside / 2))


def middle_value(ordered: Any, share: float) -> float:
    """The sample's quantile: the midpoint where the cut falls between two values."""
    target = share * len(ordered)
    low, high = int(np.ceil(target - 1e-9)), int(np.floor(target + 1e-9)) + 1
    return float(ordered[low - 1] + ordered[min(high, len(ordered)) - 1]) / 2


def one_quantile(v: Any, share: float, level: float) -> tuple[float, float, float, float]:
    """A quantile, its error, and its ends."""
    ordered, z = np.sort(v), z_reach(level)
    low, high, wide = order_band(len(v), share, 1.96)
    if len(np.unique(ordered[low - 1 : high])) < 5:
        raise Refused  # a heap of equal values
    error = float(ordered[high - 1] - ordered[low - 1]) / (2 * wide)
    low, high, wide = order_band(len(v), share, z)
    at = middle_value(ordered, share)
    ends = [at - z / wide * (at - ordered[low - 1]), at + z / wide * (ordered[high - 1] - at)]
    return at, error, float(ends[0]), float(ends[1])


def quantiles(share: float, a: Any, b: Any, level: float, seed: int) -> Found:
    """Two quantiles from order statistics, their difference by the ends that lie towards it."""
    if min(len(a), len(b)) * min(share, 1 - share) < 5 - 1e-9:
        raise Refused
    (qa, ea, la, ha), (qb, eb, lb, hb) = (one_quantile(v, share, level) for v in (a, b))
    both, error, value = np.concatenate([a, b]), float(np.hypot(ea, eb)), qa - qb
    low, high = value - float(np.hypot(qa - la, hb - qb)), value + float(np.hypot(ha - qa, qb - lb))
    spread = float(both.std(ddof=1))
    tails = float(stats.moment(both, order=4)) / spread**4
    wide = float(np.sqrt((error / spread) ** 2 + (value / spread) ** 2 / 4 * max(tails - 1, 0) / len(both)))
    scale = wide / error
    groups = [group(a), group(b)]
    if share != 0.5:
        ends = ((qa, la, ha), (qb, lb, hb))
        groups = [g | {"mean": at, "low": lo, "high": hi} for g, (at, lo, hi) in zip(groups, ends, strict=True)]
    d = value / spread
    return {
        "statistic": value / error, "df": None, "p_robust": float(2 * stats.norm.sf(abs(value / error))),
        "p_permutation": quantile_p(share, a, b, seed), "error": wide, "null": 0.0, "groups": groups,
        "effect": told(d, d + (low - value) * scale, d + (high - value) * scale, level),
        "in_units": told(value, low, high, level),
    }  # fmt: skip


def quantile_p(share: float, a: Any, b: Any, seed: int) -> float:
    """The permutation p of the studentised difference, on bins that are fine around the pooled quantile."""
    values, codes, size = np.unique(np.concatenate([a, b]), return_inverse=True, return_counts=True)
    place = np.arange(len(values))
    if len(values) > 160:
        reach = 6 * float(np.sqrt(share * (1 - share) / min(len(a), len(b))))
        fine = np.linspace(max(share - reach, 0.0), min(share + reach, 1.0), 129)
        edges = np.union1d(np.linspace(0, 1, 33), fine)
        among = np.searchsorted(edges, (np.cumsum(size) - size / 2) / len(codes))
        place = np.unique(among, return_inverse=True)[1]
    edge = np.flatnonzero(np.diff(place, prepend=-1, append=place[-1] + 1))
    score = values[(edge[:-1] + edge[1:] - 1) // 2]
    table = crossed(np.repeat([0, 1], [len(a), len(b)]), place[codes])

    def statistic(tables: Any) -> Any:
        at = np.cumsum(tables, axis=2)
        middle, square = [], 0.0
        for s, n in enumerate((len(a), len(b))):
            low, high, wide = order_band(n, share, 1.96)
            ends = [score[(at[:, s] < rank).sum(1)] for rank in (low, high)]
            square = square + ((ends[1] - ends[0]) / (2 * wide)) ** 2
            one, two = ((at[:, s] < share * n + shift).sum(1) for shift in (-1e-9, 1e-9))
            middle.append((score[one] + score[np.minimum(two, len(score) - 1)]) / 2)
        least = 1e-9 * (score[-1] - score[0])
        return np.abs(middle[0] - middle[1]) / np.sqrt(np.maximum(square, least**2))

    return table_p(table, statistic, seed)
