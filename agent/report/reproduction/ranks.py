"""Rank correlation and the ends of a number, for every claim about how an outcome goes with a number.

Knows arrays, and the cut points of a claim. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np
from scipy import stats

from .base import Found
from .clusters import over_clusters, parts, within
from .figures import group, newcombe, told, two_sided, welch, z_reach


def rank_slope(x: Any, y: Any) -> Found:
    """Spearman's rho with the HC3 test of the slope of ranks on ranks."""
    n = len(x)
    rx, ry = (stats.rankdata(v) - (n + 1) / 2 for v in (x, y))
    spearman: Any = stats.spearmanr(x, y)
    rho = float(spearman.statistic)
    error = hc3(rx, ry) * float(rx.std() / ry.std())
    if error < 1e-12:
        return {"rho": rho, "error": 0.0, "statistic": float(np.copysign(1e12, rho)), "df": n - 2.0, "p": 0.0}
    statistic = rho / error
    return {"rho": rho, "error": error, "statistic": statistic, "df": n - 2.0, "p": two_sided(statistic, n - 2)}


def hc3(x: Any, y: Any) -> float:
    """The HC3 standard error of the slope of y on x, by the design matrix."""
    design = np.column_stack([np.ones(len(x)), x - x.mean()])
    inverse = np.linalg.inv(design.T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    residual = y - design @ (inverse @ (design.T @ y))
    meat = design * (residual / np.maximum(1 - leverage, 1e-9))[:, None]
    return float(np.sqrt((inverse @ meat.T @ meat @ inverse)[1, 1]))


def fisher_z(found: Found, level: float) -> Found:
    """Rho with its interval on Fisher's scale."""
    inside = float(np.clip(found["rho"], -1 + 1e-9, 1 - 1e-9))
    reach = z_reach(level) * found["error"] / (1 - inside**2)
    low, high = np.tanh(np.arctanh(inside) - reach), np.tanh(np.arctanh(inside) + reach)
    return told(found["rho"], float(low), float(high), level)


def cut_points(h: Found, x: Any) -> tuple[float, float]:
    """The committed ends of the predictor, or the quarter points of these rows where those hold too few."""
    if h["cuts"] and h["cuts"][0] < h["cuts"][1] and (x <= h["cuts"][0]).sum() >= 2 and (x >= h["cuts"][1]).sum() >= 2:
        return tuple(h["cuts"])
    known, quarter = np.sort(x), (len(x) - 1) // 4
    low, high = known[quarter], known[-1 - quarter]
    if low == high:
        above, below = known[known > low], known[known < low]
        low, high = (low, above[0]) if len(above) >= len(below) else (below[-1], high)
    return low, high


def is_share(h: Found, y: Any) -> bool:
    """Whether the outcome is an event that either happens or not."""
    return h["event"] is not None and bool(np.isin(y, (0.0, 1.0)).all())


def ends(h: Found, x: Any, y: Any, level: float) -> tuple[Found | None, list[Found]]:
    """The outcome at the upper and the lower end of the predictor, and the difference."""
    low, high = cut_points(h, x)
    upper, lower = y[x >= high], y[x <= low]
    if min(len(upper), len(lower)) < 2:
        return None, []
    groups = [group(v, is_share(h, v)) for v in (upper, lower)]
    if is_share(h, np.concatenate([upper, lower])):
        return newcombe(upper, lower, level, 100.0), groups
    return welch(upper, lower, level, 100.0 if h["event"] else 1.0), groups


def within_halves(h: Found, x: Any, y: Any, cluster: Any, level: float) -> tuple[Found | None, list[Found]]:
    """Rows above and below their cluster's middle rank of the predictor, compared within clusters."""
    half = np.zeros(len(x))
    for at in parts(cluster):
        half[at] = np.sign(stats.rankdata(x[at]) - (len(at) + 1) / 2)
    apart = half != 0
    pairs = within(y[apart], np.where(half[apart] > 0, 0, 1), cluster[apart])
    if len(pairs.weights) < 10:
        return None, []
    units = over_clusters(pairs.difference, pairs.weights, level).told(level, 100.0 if h["event"] else 1.0)
    means = [over_clusters(pairs.means[:, s], pairs.weights) for s in (0, 1)]
    return units, [m.group(pairs.n[:, s].sum()) for s, m in enumerate(means)]
