"""Rows that belong together count once: by cluster means, or by a comparison within every cluster.

Knows arrays of cluster codes. Must never know a claim's family.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from .base import Found
from .draws import flip_p
from .figures import t_reach, told, two_sided


def parts(cluster: Any) -> list[Any]:
    """The places of the rows of each cluster, clusters ascending."""
    starts = np.unique(np.sort(cluster), return_index=True)[1]
    return np.split(np.argsort(cluster, kind="stable"), starts[1:])


def modes(values: Any, cluster: Any) -> tuple[Any, Any]:
    """The commonest value of each cluster (the smallest of equals) and how often it stands there."""
    out = [np.unique(values[at], return_counts=True) for at in parts(cluster)]
    return np.array([v[n.argmax()] for v, n in out]), np.array([n.max() for _, n in out])


def is_constant(values: Any, cluster: Any) -> bool:
    """Whether 99 % of rows hold their cluster's mode, and 90 % of those that differ from the commonest value."""
    mode, times = modes(values, cluster)
    if times.sum() < 0.99 * len(values):
        return False
    kinds, counts = np.unique(values, return_counts=True)
    rare = values != kinds[counts.argmax()]
    held = values == mode[np.searchsorted(np.unique(cluster), cluster)]
    return not rare.any() or float(held[rare].mean()) >= 0.9


def cluster_means(values: Any, cluster: Any) -> Any:
    """The mean of each cluster, clusters ascending."""
    at = np.unique(cluster, return_inverse=True)[1]
    return np.bincount(at, values) / np.bincount(at)


class Within(NamedTuple):
    """Two sides compared within every cluster that holds both."""

    n: Any
    means: Any
    weights: Any
    above: Any
    """P(A>B) - 1/2 within each cluster."""

    @property
    def difference(self) -> Any:
        """The difference of the two means."""
        return self.means[:, 0] - self.means[:, 1]


def within(y: Any, side: Any, cluster: Any) -> Within:
    """Counts, means and superiority by cluster; `side` is 0 or 1."""
    n, means, above = [], [], []
    for at in parts(cluster):
        a, b = y[at][side[at] == 0], y[at][side[at] == 1]
        if len(a) and len(b):
            n.append((len(a), len(b)))
            means.append((a.mean(), b.mean()))
            above.append(((a[:, None] > b).mean() + (a[:, None] >= b).mean()) / 2 - 0.5)
    size = np.array(n, float).reshape(-1, 2)
    weights = size.prod(1) / size.sum(1)
    return Within(size, np.array(means).reshape(-1, 2), weights, np.array(above))


class Mean(NamedTuple):
    """A weighted mean over clusters against 0."""

    value: float
    error: float
    reach: float
    statistic: float | None
    df: float
    p: float

    def told(self, level: float, scale: float = 1.0, centre: float = 0.0, most: float = np.inf) -> Found:
        """The mean as an effect, its interval cut at `most` from 0 (from `centre` where there is one)."""
        low, high = max(self.value - self.reach, -most), min(self.value + self.reach, most)
        return told(centre + self.value, centre + low, centre + high, level, scale)

    def group(self, n: float, median: float | None = None, share: bool = False) -> Found:
        """The mean as one group; a share stays between 0 and 1."""
        low, high = self.value - self.reach, self.value + self.reach
        if share:
            low, high = max(low, 0.0), min(high, 1.0)
        return {"n": int(n), "mean": self.value, "low": low, "high": high, "median": median}


def over_clusters(theta: Any, weight: Any, level: float = 0.95) -> Mean:
    """The weighted t-test whose degrees of freedom are those of the effective number of clusters."""
    share = weight / weight.sum()
    value, g = float(np.average(theta, weights=weight)), len(theta)
    error = float(np.sqrt(g / (g - 1) * (share**2 * (theta - value) ** 2).sum()))
    if error <= 1e-12 * np.abs(theta).max():
        error = 0.0  # every cluster says the same: the statistic is undefined
    df = max(1 / float((share**2).sum()) - 1, 1.0)
    statistic = value / error if error else None
    p = float(value == 0) if statistic is None else two_sided(statistic, df)
    return Mean(value, error, t_reach(df, level) * error, statistic, df, p)


def stratified_p(value: Any, side: Any, cluster: Any) -> float:
    """Cochran-Mantel-Haenszel (of 0 and 1) or van Elteren's test (of ranks): shuffling within clusters, normal law."""
    total = variance = 0.0
    for at in parts(cluster):
        v, first = value[at], side[at] == 0
        n, a = len(v), int(first.sum())
        total += float(v[first].sum()) - a * float(v.mean())
        if n > 1:
            variance += a * (n - a) / n * float(v.var(ddof=1))
    return float(2 * stats.norm.sf(abs(total) / np.sqrt(variance))) if variance > 0 else 1.0


def share_ranks(y: Any, cluster: Any) -> Any:
    """Midranks within the cluster over its number of rows."""
    out = np.empty(len(y))
    for at in parts(cluster):
        out[at] = stats.rankdata(y[at]) / len(at)
    return out


def within_rho(x: Any, y: Any, cluster: Any) -> tuple[Any, Any]:
    """Spearman's rho of each cluster of three rows in which both vary, and its weight n - 1."""
    rho, weight = [], []
    for at in parts(cluster):
        a, b = x[at], y[at]
        if len(a) >= 3 and np.ptp(a) > 0 and np.ptp(b) > 0:
            rho.append(np.corrcoef(stats.rankdata(a), stats.rankdata(b))[0, 1])
            weight.append(len(a) - 1.0)
    return np.array(rho), np.array(weight)


def over_rho(mean: Mean, rho: Any, weight: Any, level: float, seed: int) -> Found:
    """The correlations within clusters, averaged and tested."""
    return {
        "statistic": mean.statistic, "df": mean.df, "clusters": len(rho), "p_robust": mean.p, "error": mean.error,
        "p_permutation": flip_p(weight / weight.sum() * rho, seed), "effect": mean.told(level, most=1.0), "null": 0.0,
    }  # fmt: skip
