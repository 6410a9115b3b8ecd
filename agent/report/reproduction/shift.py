"""Two snapshots whose whole distributions are compared.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np
from scipy import stats

from .base import Found, recomputes
from .clusters import cluster_means, is_constant, modes
from .draws import crossed, pooled, table_p
from .figures import group, told, wilson, z_reach
from .groups import sides
from .table import Table


@recomputes("shift")
def shift(h: Found, table: Table, level: float, seed: int) -> Found:
    """The distance of two distributions with its tests."""
    side, known = sides(table, h)
    there, labels = table.known(h["outcome"]), h["outcome"] in table.levels
    y = table.columns[h["outcome"]]
    good = (side >= 0) & there
    a, b = y[good & (side == 0)], y[good & (side == 1)]
    base: Found = {"n": len(a) + len(b), "missing": int((~known).sum() + ((side >= 0) & ~there).sum())}
    base |= {"n_per_group": [len(a), len(b)], "clusters": None}
    if table.cluster is not None:
        cluster = table.cluster[good]
        if not is_constant(side[good], cluster):
            return base | {"untestable": True}
        where = modes(side[good], cluster)[0]
        own = modes(y[good], cluster)[0] if labels else cluster_means(y[good], cluster)
        a, b = own[where == 0], own[where == 1]
        base |= {"n": len(own), "n_per_group": [len(a), len(b)], "clusters": len(own)}
    if min(len(a), len(b)) < 50 or len(np.unique(np.concatenate([a, b]))) < 2:
        return base | {"untestable": True}
    return base | {"null": 0.0} | (of_labels if labels else of_numbers)(a, b, level, seed)


def of_numbers(a: Any, b: Any, level: float, seed: int) -> Found:
    """Kolmogorov and Smirnov's, Cramér and von Mises's, and Wasserstein's distance."""
    both = np.concatenate([a, b])
    n, scale = len(both), float(np.sqrt(1 / len(a) + 1 / len(b)))
    found: Any = stats.ks_2samp(a, b, method="asymp")
    apart = float(found.statistic)
    f, g = (np.searchsorted(np.sort(u), np.sort(both), side="right") / len(u) for u in (a, b))
    table = crossed(np.repeat([0, 1], [len(a), len(b)]), pooled(both, 64))
    weight = len(a) * len(b) / n**2

    def cramer(tables: Any) -> Any:
        share = np.cumsum(tables, 2) / tables.sum(2, keepdims=True)
        return weight * ((share[:, 0] - share[:, 1]) ** 2 @ tables[0].sum(0))

    low = max(apart - float(stats.kstwobign.isf(1 - level)) * scale, 0.0)
    at = np.unique(both)
    pool = np.searchsorted(np.sort(both), at[:-1], side="right") / n
    noise = float((np.sqrt(2 / np.pi * pool * (1 - pool)) * np.diff(at)).sum()) * scale
    moved = float(stats.wasserstein_distance(a, b))
    reach = z_reach(level) * float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))
    return {
        "statistic": weight * float(((f - g) ** 2).sum()), "df": None,
        "p_permutation": table_p(table, cramer, seed), "p_robust": float(stats.kstwobign.sf(apart / scale)),
        "effect": told(apart, low, min(apart + z_reach(level) * scale / 2, 1.0), level), "error": scale / 2,
        "in_units": told(moved, max(moved - noise - reach, 0.0), moved + reach, level),
        "groups": [group(a), group(b)],
    }  # fmt: skip


def of_labels(a: Any, b: Any, level: float, seed: int) -> Found:
    """Total variation distance and chi squared."""
    table = np.stack([np.bincount(u, minlength=int(max(a.max(), b.max())) + 1) for u in (a, b)])
    share = table / table.sum(1, keepdims=True)
    gap = share[0] - share[1]
    apart, scale = float(np.abs(gap).sum() / 2), float(np.sqrt(1 / len(a) + 1 / len(b)))
    both = table.sum(0) / table.sum()
    noise = float(np.sqrt(2 / np.pi * both * (1 - both)).sum() / 2) * scale
    reach = z_reach(level) * scale / 2
    ends = (apart, max(apart - noise - reach, 0.0), min(apart + reach, 1.0))
    kept = without_rare(table)
    expected = np.outer(kept.sum(1), kept.sum(0)) / kept.sum()
    chi2, df = float(((kept - expected) ** 2 / expected).sum()), kept.shape[1] - 1.0
    most = int(np.abs(gap).argmax())
    groups = []
    for u in (a, b):
        value, low, high = wilson(u == most)
        groups.append({"n": len(u), "mean": value, "low": low, "high": high, "median": None})
    return {
        "statistic": chi2, "df": df, "error": scale / 2, "effect": told(*ends, level), "groups": groups,
        "p_permutation": table_p(kept, lambda t: ((t - expected) ** 2 / expected).sum((1, 2)), seed),
        "p_robust": float(stats.chi2.sf(chi2, df)) if df else 1.0, "in_units": told(*ends, level, 100.0),
    }  # fmt: skip


def without_rare(table: Any) -> Any:
    """Labels of which under 5 are expected on a side as one, together with the rarest other if that is rare too."""
    table = table[:, table.sum(0) > 0]
    table = table[:, np.argsort(-table.sum(0), kind="stable")]
    expected = table.sum(0) * table.sum(1).min() / table.sum()
    kept = int((expected >= 5).sum())
    if kept == table.shape[1]:
        return table
    kept -= int(kept > 0 and expected[kept:].sum() < 5)
    return np.concatenate([table[:, :kept], table[:, kept:].sum(1, keepdims=True)], 1)
