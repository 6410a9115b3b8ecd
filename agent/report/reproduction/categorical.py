"""Labels: categorical_association.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np
from scipy import optimize, stats

from .base import Found, Refused, recomputes
from .clusters import is_constant, modes
from .draws import crossed, table_p
from .figures import group, told, z_reach
from .table import Table


@recomputes("categorical_association")
def categorical(h: Found, table: Table, level: float, seed: int) -> Found:
    """One label against another, rare levels pooled."""
    good = table.known(h["predictor"]) & table.known(h["outcome"])
    kept = table.pick(good)
    counts, (rows, columns) = contingency(h, kept)
    base: Found = {"n": int(counts.sum()), "n_per_group": counts.sum(1).tolist(), "missing": int((~good).sum())}
    clusters = None
    try:
        if kept.cluster is not None:
            names = (h["predictor"], h["outcome"])
            if not all(is_constant(kept.columns[name], kept.cluster) for name in names):
                raise Refused
            columns_of = {name: modes(kept.columns[name], kept.cluster)[0] for name in names}
            clusters = len(np.unique(kept.cluster))
            counts, (rows, columns) = contingency(h, kept._replace(columns=columns_of, cluster=None))
        return base | dependence(counts, named(h, rows, columns), level, seed) | {"clusters": clusters}
    except Refused:
        return base | {"untestable": True, "clusters": clusters}


def contingency(h: Found, table: Table) -> tuple[Any, tuple[Any, Any]]:
    """Counts by predictor and outcome, kept levels first, all others pooled; and which levels those are."""
    codes, used = [], []
    for name, kept in ((h["predictor"], h["predictor_levels"]), (h["outcome"], h["outcome_levels"])):
        code = np.full(len(table.columns[name]), len(kept))
        for at, label in enumerate(kept):
            code[table.one_of(name, [label])] = at
        present, dense = np.unique(code, return_inverse=True)
        codes.append(dense)
        used.append(present)
    return (crossed(*codes) if len(codes[0]) else np.zeros((0, 0), np.int64)), (used[0], used[1])


def named(h: Found, rows: Any, columns: Any) -> Any:
    """The cells of kept levels, all cells where there is none."""
    cells = np.outer(rows < len(h["predictor_levels"]), columns < len(h["outcome_levels"]))
    return cells | ~cells.any()


def dependence(counts: Any, cells: Any, level: float, seed: int) -> Found:
    """Chi-square by permutation and by its law, and bias-corrected Cramer's V."""
    n = int(counts.sum())
    if n < 50 or min(counts.shape) < 2:
        raise Refused
    expected = stats.contingency.expected_freq(counts)
    if expected.min() < 1 or (expected >= 5).mean() < 0.8:
        raise Refused
    test: Any = stats.chi2_contingency(counts, correction=False)
    chi2, df = float(test.statistic), int(test.dof)
    spread = excess_spread(counts / n)
    value, low, high = cramers_v(chi2, df, counts.shape, n, level, spread)
    ups = [(cramers_v(max(chi2, df), df, counts.shape, n, s, 1.0)[2] - value) / z_reach(s) for s in (0.90, 0.99)]
    freed = np.sqrt(np.outer(1 - counts.sum(1) / n, 1 - counts.sum(0) / n) * expected)
    residual = np.where(cells, (counts - expected) / np.maximum(freed, 1e-6), -np.inf)
    event = int(residual.max(0).argmax())
    return {
        "statistic": chi2, "df": df, "p_robust": float(test.pvalue), "effect": told(value, low, high, level),
        "p_permutation": table_p(counts, lambda t: ((t - expected) ** 2 / expected).sum((1, 2)), seed),
        "error": spread * max(*ups, 1e-9), "null": 0.0, "in_units": None,
        "groups": [group(np.repeat([1.0, 0.0], [row[event], row.sum() - row[event]]), True) for row in counts],
    }  # fmt: skip


def cramers_v(chi2: float, df: int, shape: Any, n: int, level: float, spread: float) -> tuple[float, float, float]:
    """V corrected for bias (Bergsma) with an interval from the noncentral chi-square, stretched by `spread`."""
    r, c = (k - (k - 1) ** 2 / (n - 1) for k in shape)
    value = float(np.sqrt(max(0.0, chi2 / n - df / (n - 1)) / max(min(r, c) - 1, 1e-12)))
    tail, most = (1 - level) / 2, n * (min(shape) - 1)
    low = np.sqrt(noncentrality(chi2, df, 1 - tail) / most)
    high = np.sqrt(noncentrality(max(chi2, df), df, tail) / most)
    low, high = value - spread * max(value - low, 0.0), value + spread * max(high - value, 0.0)
    return min(value, 1.0), float(max(low, 0.0)), float(min(high, 1.0))


def noncentrality(chi2: float, df: int, p: float) -> float:
    """The noncentrality at which a chi-square is at or below `chi2` with probability p; 0 where none is."""
    if stats.chi2.cdf(chi2, df) <= p:
        return 0.0
    most = 2 * chi2 + 100 * np.sqrt(chi2) + 1_000
    found: Any = optimize.brentq(lambda nc: stats.ncx2.cdf(chi2, df, nc) - p, 0.0, most, xtol=1e-12)
    return float(found)


def excess_spread(share: Any) -> float:
    """How much wider chi-square scatters than its law: the delta method's error over the law's, at least 1."""
    r, c = share.sum(1, keepdims=True), share.sum(0, keepdims=True)
    terms = share**2 / (r * c)
    phi2 = float(terms.sum()) - 1
    if phi2 <= 1e-12:
        return 1.0
    influence = 2 * share / (r * c) - terms.sum(1, keepdims=True) / r - terms.sum(0, keepdims=True) / c
    return float(np.sqrt(max(1.0, (share * influence**2).sum() / (4 * phi2))))
