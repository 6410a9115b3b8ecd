"""Ranks: monotone_association.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np

from .base import Found, Refused, recomputes
from .clusters import cluster_means, is_constant, over_clusters, over_rho, within_rho
from .draws import rank_p
from .ranks import ends, fisher_z, rank_slope, within_halves
from .table import Table


@recomputes("monotone_association")
def monotone(h: Found, table: Table, level: float, seed: int) -> Found:
    """The outcome against a number."""
    x, y = table.number(h["predictor"]), table.event(h["outcome"], h["event"])
    if h.get("above") is not None:  # how often there is any amount
        y, h = np.where(np.isnan(y), np.nan, y > h["above"]), h | {"event": "above"}
    good = ~(np.isnan(x) | np.isnan(y))
    x, y, kept = x[good], y[good], table.pick(good)
    base: Found = {"n": len(x), "n_per_group": [], "missing": int((~good).sum())}
    try:
        check_monotone(x, y, h["event"])
        if kept.cluster is None:
            found = compare_ranks(h, x, y, level, seed)
        elif is_constant(x, kept.cluster):
            found = between_ranks(h, x, y, kept.cluster, level, seed)
        else:
            found = within_ranks(h, x, y, kept.cluster, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": refused.clusters}
    return base | {"n_per_group": [g["n"] for g in found["groups"]]} | found


def check_monotone(x: Any, y: Any, event: str | None) -> None:
    """The floors of a rank correlation."""
    rare = event is not None and min(y.sum(), (1 - y).sum()) < 10
    if len(x) < 30 or len(np.unique(x)) < 3 or rare or np.ptp(y) == 0:
        raise Refused


def compare_ranks(h: Found, x: Any, y: Any, level: float, seed: int) -> Found:
    """Rows that stand for themselves."""
    found = rank_slope(x, y)
    units, groups = ends(h, x, y, level)
    return {
        "statistic": float(np.clip(found["statistic"], -1e12, 1e12)), "df": found["df"], "p_robust": found["p"],
        "p_permutation": rank_p(x, y, seed), "effect": fisher_z(found, level), "error": found["error"], "null": 0.0,
        "in_units": units, "groups": groups,
    }  # fmt: skip


def between_ranks(h: Found, x: Any, y: Any, cluster: Any, level: float, seed: int) -> Found:
    """One row per cluster, both columns their means."""
    a, b = cluster_means(x, cluster), cluster_means(y, cluster)
    try:
        check_monotone(a, b, None)
    except Refused as refused:
        raise Refused(len(a)) from refused
    return compare_ranks(h, a, b, level, seed) | {"clusters": len(a)}


def within_ranks(h: Found, x: Any, y: Any, cluster: Any, level: float, seed: int) -> Found:
    """One Spearman correlation per cluster in which both vary."""
    rho, weight = within_rho(x, y, cluster)
    if len(rho) < 20:
        raise Refused(len(rho))
    mean = over_clusters(rho, weight, level)
    units, groups = within_halves(h, x, y, cluster, level)
    return over_rho(mean, rho, weight, level, seed) | {"in_units": units, "groups": groups}
