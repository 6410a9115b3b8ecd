"""An outcome and a predictor with declared columns held fixed: adjusted_association.

Knows one claim and its rows; regresses by the whole design matrix. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np

from .base import Found, Refused, recomputes
from .clusters import cluster_means, is_constant, modes, over_clusters, over_rho, parts
from .draws import crossed, table_p
from .figures import group, t_reach, told, two_sided
from .groups import check_sides, sides
from .ranks import fisher_z
from .table import Table


@recomputes("adjusted_association")
def adjusted(h: Found, table: Table, level: float, seed: int) -> Found:
    """The partial slope beside the controls."""
    y, x, meant, there = held_pair(h, table)
    good = there & ~np.isnan(y)
    for name in h["controls"]:
        good &= table.known(name)
    base: Found = {"n": int(good.sum()), "n_per_group": [], "missing": int((meant & ~good).sum())}
    y, x, kept = y[good], x[good], table.pick(good)
    try:
        if (h["event"] is None and h["outcome"] in table.levels and len(table.levels[h["outcome"]]) > 2) or (
            h["levels"] is None and h["predictor"] in table.levels and len(table.levels[h["predictor"]]) > 2
        ):
            raise Refused
        check_held(h, y, x, kept.cluster is None)
        if kept.cluster is None:
            found = partial_slope(h, y, x, held_design(kept, h["controls"]), level, seed)
        elif is_constant(x, kept.cluster):
            found = between_slopes(h, y, x, kept, level, seed)
        else:
            found = within_slopes(h, y, x, kept, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": refused.clusters}
    return base | {"n_per_group": [g["n"] for g in found["groups"]]} | found


def held_pair(h: Found, table: Table) -> tuple[Any, Any, Any, Any]:
    """Outcome, predictor, the rows the claim speaks of, and those whose predictor is known."""
    y = table.event(h["outcome"], h["event"])
    if h["levels"] is None:
        x = table.number(h["predictor"])
        return y, x, np.ones(len(x), bool), ~np.isnan(x)
    side, known = sides(table, h)
    side = np.where(known, side, -2)
    return y, (side == 0).astype(float), side != -1, side >= 0


def check_held(h: Found, y: Any, x: Any, rows: bool) -> None:
    """The floors."""
    if len(y) < 40:
        raise Refused
    if h["levels"] is not None:
        check_sides(x[x == 1], x[x == 0])
    rare = h["event"] is not None and rows and min(y.sum(), (1 - y).sum()) < 10
    if rare or np.ptp(x) == 0 or np.ptp(y) == 0:
        raise Refused


def held_design(table: Table, controls: list[str]) -> Any:
    """A constant, numbers as they are and (from 200 rows) by fifths, labels by frequent level."""
    n = len(next(iter(table.columns.values())))
    columns = [np.ones(n)]
    for name in controls:
        v = table.columns[name]
        if name in table.levels:
            count = np.bincount(v)
            order = [at for at in np.argsort(-count, kind="stable")[:30] if count[at] >= 5]
            columns += [(v == at).astype(float) for at in order[1:]]
            if not np.isin(v, order).all():
                columns.append((~np.isin(v, order)).astype(float))
            continue
        columns.append((v - v.mean()) / (v.std() or 1.0))
        if n >= 200:
            known = np.sort(v)
            cuts = np.unique(known[np.ceil(np.arange(1, 5) / 5 * n).astype(int) - 1])
            above = [*cuts[1:], np.inf]
            columns += [((v > low) & (v <= high)).astype(float) for low, high in zip(cuts, above, strict=True)]
    return np.column_stack(columns)


def left_of(v: Any, design: Any) -> Any:
    """What least squares leaves."""
    return v - design @ np.linalg.lstsq(design, v, rcond=1e-10)[0]


def partial_slope(h: Found, y: Any, x: Any, design: Any, level: float, seed: int) -> Found:
    """Rows that stand for themselves."""
    n = len(y)
    if n < 3 * (design.shape[1] + 1):
        raise Refused
    u, v = left_of(y, design), left_of(x, design)
    rank = int(np.linalg.matrix_rank(design, tol=1e-5 * np.sqrt(n)))
    square = float(v @ v)
    if square <= 1e-7 * float(((x - x.mean()) ** 2).sum()) or n - rank - 1 < 2:
        raise Refused
    slope = float(v @ u) / square
    left, _, _ = np.linalg.svd(np.column_stack([design, x - x.mean()]), full_matrices=False)
    leverage = np.minimum((left[:, : rank + 1] ** 2).sum(axis=1), 1 - 1e-6)
    error = float(np.sqrt(((v * (u - slope * v) / (1 - leverage)) ** 2).sum())) / square
    if error <= 0:
        raise Refused
    df = n - rank - 1
    scale = float(np.sqrt(square / (u @ u)))
    found = {"rho": slope * scale, "error": error * scale}
    unit, reach = 100.0 if h["event"] else 1.0, t_reach(df, level) * error
    return {
        "statistic": slope / error, "df": float(df), "p_robust": two_sided(slope / error, df),
        "p_permutation": residual_p(v, u, seed), "effect": fisher_z(found, level),
        "error": error * scale, "null": 0.0,
        "in_units": told(slope, slope - reach, slope + reach, level, unit), "groups": held_groups(h, x, y),
    }  # fmt: skip


def residual_p(v: Any, u: Any, seed: int) -> float:
    """The permutation p of the sum of products of what is left, by groups that are narrow in the tails."""
    codes, scores = [], []
    for left in (v, u):
        tied = np.round(left / left.std(), 8) + 0.0
        known = np.sort(tied)
        at = np.ceil(np.array([0.01, 0.05, 0.15, 0.35, 0.65, 0.85, 0.95, 0.99]) * len(known)).astype(int) - 1
        code = np.unique((tied[:, None] > known[np.maximum(at, 0)][None, :]).sum(axis=1), return_inverse=True)[1]
        codes.append(code)
        scores.append(np.array([tied[code == k].mean() for k in range(code.max() + 1)]) - tied.mean())
    return table_p(
        crossed(codes[0], codes[1]), lambda t: np.abs(np.einsum("bij,i,j->b", t, scores[0], scores[1])), seed
    )


def held_groups(h: Found, x: Any, y: Any) -> list[Found]:
    """Both sides as found."""
    upper = x > (0.5 if h["levels"] else np.median(x))
    if not h["levels"] and not upper.any():
        upper = x == x.max()
    return [group(v, bool(h["event"]) and bool(np.isin(v, (0.0, 1.0)).all())) for v in (y[upper], y[~upper])]


def between_slopes(h: Found, y: Any, x: Any, kept: Table, level: float, seed: int) -> Found:
    """One row per cluster."""
    a, b = cluster_means(y, kept.cluster), cluster_means(x, kept.cluster)
    b = np.round(b) if h["levels"] else b
    columns = {}
    for name in h["controls"]:
        v = kept.columns[name]
        columns[name] = modes(v, kept.cluster)[0] if name in kept.levels else cluster_means(v, kept.cluster)
    try:
        check_held(h, a, b, False)
        design = held_design(kept._replace(columns=columns, cluster=None), h["controls"])
        found = partial_slope(h, a, b, design, level, seed)
    except Refused as refused:
        raise Refused(len(a)) from refused
    return found | {"clusters": len(a)}


def within_slopes(h: Found, y: Any, x: Any, kept: Table, level: float, seed: int) -> Found:
    """Every column moved to one average per cluster, one slope per cluster."""
    design = held_design(kept, h["controls"])[:, 1:]
    wide = np.column_stack([y, x, design])
    for at in parts(kept.cluster):
        wide[at] -= wide[at].mean(axis=0)
    u, v = left_of(wide[:, 0], wide[:, 2:]), left_of(wide[:, 1], wide[:, 2:])
    slopes = [(float(v[at] @ u[at]), float(v[at] @ v[at])) for at in parts(kept.cluster)]
    floor = 1e-9 * sum(w for _, w in slopes)
    theta, weight = np.array([(c / w, w) for c, w in slopes if w > floor]).reshape(-1, 2).T
    if len(theta) < 20 or len(y) < 3 * (design.shape[1] + 2):
        raise Refused(len(theta))
    mean = over_clusters(theta, weight, level)
    scale = float(np.sqrt((v @ v) / (u @ u)))
    scaled = over_clusters(scale * theta, weight, level)
    units = mean.told(level, 100.0 if h["event"] else 1.0)
    return over_rho(scaled, theta, weight, level, seed) | {"in_units": units, "groups": held_groups(h, x, y)}
