"""Two groups: group_difference and rate_difference.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np
from scipy import stats

from .base import Found, Refused, recomputes
from .clusters import cluster_means, is_constant, modes, over_clusters, share_ranks, stratified_p, within
from .draws import flip_p, superiority_p
from .figures import group, newcombe, t_reach, told, two_sided, welch, z_reach
from .table import Table


def sides(table: Table, h: Found) -> tuple[Any, Any]:
    """The side of each row: 0 for a, 1 for b, -1 for neither; and where the predictor is known."""
    known = table.known(h["predictor"])
    a = table.one_of(h["predictor"], h["levels"]["a"])
    b = table.one_of(h["predictor"], h["levels"]["b"]) if h["levels"]["b"] else known & ~a
    return np.where(a, 0, np.where(b, 1, -1)), known


@recomputes("group_difference", "rate_difference")
def two_groups(h: Found, table: Table, level: float, seed: int) -> Found:
    """Two sides of the predictor compared."""
    side, known = sides(table, h)
    y = table.event(h["outcome"], h.get("event"))
    good = (side >= 0) & ~np.isnan(y)
    n = [int((good & (side == s)).sum()) for s in (0, 1)]
    base: Found = {"n": sum(n), "n_per_group": n, "missing": int((~known).sum() + ((side >= 0) & np.isnan(y)).sum())}
    rates = h["family"] == "rate_difference"
    kept, a, b = table.pick(good), y[good & (side == 0)], y[good & (side == 1)]
    try:
        if not rates:
            check_numbers(a, b)
        if kept.cluster is None:
            found = (compare_rates if rates else compare_numbers)(a, b, level, seed)
        elif is_constant(side[good], kept.cluster):
            found = between_groups(h, kept, y[good], level, seed)
        else:
            found = within_groups(rates, y[good], side[good], kept.cluster, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": refused.clusters}
    return base | found


def check_sides(a: Any, b: Any) -> None:
    """At least 20 rows a side, 10 where there are under 200 in all."""
    if min(len(a), len(b)) < (20 if len(a) + len(b) >= 200 else 10):
        raise Refused


def check_numbers(a: Any, b: Any) -> None:
    """The floors of a comparison of numbers."""
    check_sides(a, b)
    smaller = a if len(a) <= len(b) else b
    one_value = len(np.unique(smaller)) < 2 and len(smaller) < 50  # with more rows that is no matter of luck
    if len(np.unique(np.concatenate([a, b]))) < 3 or one_value:
        raise Refused


def check_expected(a: Any, b: Any, floor: int) -> None:
    """The smallest expected count of the 2 x 2 table."""
    yes, n = a.sum() + b.sum(), len(a) + len(b)
    if min(len(a), len(b)) * min(yes, n - yes) / n < floor:
        raise Refused


def superiority(a: Any, b: Any, level: float, seed: int) -> Found:
    """P(A>B) by Brunner and Munzel; half a row is added to each variance for the interval."""
    na, nb = len(a), len(b)
    ranks = stats.rankdata(np.concatenate([a, b]))
    above_b = (ranks[:na] - stats.rankdata(a)) / nb
    above_a = (ranks[na:] - stats.rankdata(b)) / na
    value = float(stats.mannwhitneyu(a, b).statistic) / (na * nb)
    squares = [((above_b - value) ** 2).sum(), ((above_a - (1 - value)) ** 2).sum()]
    pad = (value**2 + (1 - value) ** 2) / 4
    error, df = satterthwaite([(squares[0] + pad) / (na - 0.5), (squares[1] + pad) / (nb - 0.5)], na, nb)
    reach = t_reach(df, level) * error
    found = {
        "effect": told(value, max(value - reach, 0.0), min(value + reach, 1.0), level),
        "p_permutation": superiority_p(a, b, seed), "statistic": None, "df": None, "p_robust": 0.0,
        "error": error, "null": 0.5,
    }  # fmt: skip
    if min(a) > max(b) or min(b) > max(a):
        return found  # complete separation: the statistic is undefined
    other = stats.brunnermunzel(a, b)  # its sign is that of b over a
    _, df = satterthwaite([squares[0] / (na - 1), squares[1] / (nb - 1)], na, nb)
    return found | {"statistic": -float(other.statistic), "df": df, "p_robust": float(other.pvalue)}


def satterthwaite(variances: list[float], na: int, nb: int) -> tuple[float, float]:
    """The standard error of a difference of means and its degrees of freedom."""
    va, vb = variances[0] / na, variances[1] / nb
    return float(np.sqrt(va + vb)), float((va + vb) ** 2 / (va**2 / (na - 1) + vb**2 / (nb - 1)))


def compare_numbers(a: Any, b: Any, level: float, seed: int) -> Found:
    """Numbers of rows that stand for themselves."""
    return superiority(a, b, level, seed) | {"in_units": welch(a, b, level), "groups": [group(a), group(b)]}


def compare_rates(a: Any, b: Any, level: float, seed: int) -> Found:
    """Shares of rows that stand for themselves: Fisher's exact test and the chi-square without correction."""
    check_sides(a, b)
    check_expected(a, b, 5)
    counts = np.array([[v.sum(), len(v) - v.sum()] for v in (a, b)], int)
    chi2: Any = stats.chi2_contingency(counts, correction=False)
    fisher: Any = stats.fisher_exact(counts)
    effect = newcombe(a, b, level)
    return in_points(effect, (effect["high"] - effect["low"]) / 2 / z_reach(level)) | {
        "statistic": float(np.sqrt(chi2.statistic)) * (1 if effect["value"] >= 0 else -1), "df": None,
        "p_permutation": float(fisher[1]), "p_robust": float(chi2.pvalue),
        "groups": [group(a, share=True), group(b, share=True)],
    }  # fmt: skip


def in_points(effect: Found, error: float) -> Found:
    """A difference of shares between -1 and 1, as a fraction and in points."""
    effect = effect | {"low": max(effect["low"], -1.0), "high": min(effect["high"], 1.0)}
    points = {k: v if k == "level" else 100 * v for k, v in effect.items()}
    return {"effect": effect, "in_units": points, "error": error, "null": 0.0}


def between_groups(h: Found, kept: Table, y: Any, level: float, seed: int) -> Found:
    """One row per cluster: the mean of the outcome on the side of its commonest level."""
    means = cluster_means(y, kept.cluster)
    level_of = modes(kept.columns[h["predictor"]], kept.cluster)[0]
    one_each = kept._replace(columns={h["predictor"]: level_of}, cluster=None)
    side, _ = sides(one_each, h)
    a, b = means[side == 0], means[side == 1]
    try:
        if h["family"] == "group_difference":
            check_numbers(a, b)
            found = compare_numbers(a, b, level, seed)
        elif set(means.tolist()) == {0.0, 1.0}:
            found = compare_rates(a, b, level, seed)
        else:
            found = between_shares(a, b, level, seed)
    except Refused as refused:
        raise Refused(len(means)) from refused
    return found | {"clusters": len(means)}


def between_shares(a: Any, b: Any, level: float, seed: int) -> Found:
    """Shares of clusters compared as numbers, by rank and by Welch's t with the smaller side's degrees of freedom."""
    check_sides(a, b)
    if min(len(np.unique(a)), len(np.unique(b))) < 2:
        raise Refused
    found, difference = superiority(a, b, level, seed), welch(a, b, level)
    error = float(np.sqrt(stats.sem(a) ** 2 + stats.sem(b) ** 2))
    p = two_sided(difference["value"] / error, min(len(a), len(b)) - 1) if error else 0.0
    agree = (found["effect"]["value"] - 0.5) * difference["value"] > 0
    groups: list[Found] = [group(v) | {"median": None} for v in (a, b)]
    for g in groups:
        g["low"], g["high"] = max(g["low"], 0.0), min(g["high"], 1.0)
    return (
        found
        | in_points(difference, error)
        | {"p_robust": max(found["p_robust"], p) if agree else 1.0, "groups": groups}
    )


def within_groups(rates: bool, y: Any, side: Any, cluster: Any, level: float, seed: int) -> Found:
    """One difference per cluster that holds both sides."""
    pairs = within(y, side, cluster)
    held = len(pairs.weights)
    if held < 20:
        raise Refused(held)
    if rates:
        try:
            check_expected(y[side == 0], y[side == 1], 10)
        except Refused as refused:
            raise Refused(held) from refused
    theta = pairs.difference if rates else pairs.above
    mean = over_clusters(theta, pairs.weights, level)
    score = y if rates else share_ranks(y, cluster)
    means = [over_clusters(pairs.means[:, s], pairs.weights) for s in (0, 1)]
    medians = [None if rates else float(np.median(y[side == s])) for s in (0, 1)]
    both = {
        "statistic": mean.statistic, "df": mean.df, "clusters": held,
        "p_permutation": flip_p(pairs.weights / pairs.weights.sum() * theta, seed),
        "p_robust": max(mean.p, stratified_p(score, side, cluster)),
        "groups": [m.group(pairs.n[:, s].sum(), medians[s], rates) for s, m in enumerate(means)],
    }  # fmt: skip
    if rates:
        return in_points(mean.told(level), mean.error) | both
    units = over_clusters(pairs.difference, pairs.weights, level).told(level)
    return both | {
        "effect": mean.told(level, centre=0.5, most=0.5),
        "in_units": units,
        "error": mean.error,
        "null": 0.5,
    }
