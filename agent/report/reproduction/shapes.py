"""Shapes: every part of a stated course must hold.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np

from .base import Found, Refused, recomputes
from .clusters import cluster_means, is_constant, over_clusters, within, within_rho
from .coefficients import coefficient, coefficient_of_clusters, partial_correlation
from .draws import flip_p, rank_p
from .figures import group, newcombe, told, welch
from .ranks import fisher_z, is_share, rank_slope
from .table import Table

PICKED = {1: 1.0, 2: 1.2, 4: 1.37}


@recomputes("shape")
def shape(h: Found, table: Table, level: float, seed: int) -> Found:
    """The outcome along a number in a stated shape."""
    x, y = table.number(h["predictor"]), table.event(h["outcome"], h["event"])
    good = ~(np.isnan(x) | np.isnan(y))
    x, y, kept = x[good], y[good], table.pick(good)
    base: Found = {"n": len(x), "n_per_group": [], "missing": int((~good).sum())}
    clusters, cluster = None, kept.cluster
    try:
        check_stretches(h, x, y)
        if cluster is not None and is_constant(x, cluster):
            clusters = len(np.unique(cluster))
            x, y, cluster = cluster_means(x, cluster), cluster_means(y, cluster), None
            check_stretches(h, x, y)
        found = whole_shape(h, x, y, cluster, level, seed)
    except Refused:
        return base | {"untestable": True, "clusters": clusters}
    found |= {} if clusters is None else {"clusters": clusters}
    return base | {"n_per_group": [g["n"] for g in found["groups"]]} | found


def stretches(h: Found, x: Any) -> list[Any]:
    """The rows between the knots."""
    first, last = h["knots"][0], h["knots"][-1]
    if h["shape"] in ("u", "inverted_u"):
        return [x <= first, x >= first]
    if h["shape"] == "saturating":
        return [x <= first, x > first]
    if len(h["knots"]) == 1:
        return [x < first, x >= first]
    return [x <= first, (x > first) & (x < last), x >= last]


def check_stretches(h: Found, x: Any, y: Any) -> None:
    """The floors of a shape."""
    for own in stretches(h, x):
        rare = h["event"] is not None and np.isin(y[own], (0.0, 1.0)).all()
        if own.sum() < 20 or len(np.unique(x[own])) < 3 or (rare and min(y[own].sum(), (1 - y[own]).sum()) < 10):
            raise Refused
    if np.ptp(y) == 0:
        raise Refused


def whole_shape(h: Found, x: Any, y: Any, cluster: Any, level: float, seed: int) -> Found:
    """The weakest part, with the largest p of all."""
    parts_of = two_lines if h["shape"] in ("u", "inverted_u") else broken_line
    found = parts_of(h, x, y, cluster, level, seed)
    weakest = min(found, key=lambda part: part["value"])
    counted, picked = (found, 1) if weakest["value"] > 0 else ([weakest], len(found))
    low, high = min(part["low"] for part in found), min(part["high"] for part in found)
    units, groups = along_shape(h, x, y, cluster, level)
    return {
        "statistic": weakest["statistic"], "df": weakest["df"], "error": weakest["error"] * PICKED[len(found)],
        "p_robust": min(picked * max(part["p"] for part in counted), 1.0), "null": 0.0,
        "p_permutation": min(picked * max(part["drawn"] for part in counted), 1.0),
        "effect": told(weakest["value"], low, high, level), "in_units": units, "groups": groups,
        "clusters": weakest["clusters"],
    }  # fmt: skip


def two_lines(h: Found, x: Any, y: Any, cluster: Any, level: float, seed: int) -> list[Found]:
    """Spearman's rho on either side of the turning point."""
    wide, out, turn = 1 - (1 - level) / 2, [], -1.0 if h["shape"] == "u" else 1.0
    for own, sign in zip(stretches(h, x), (turn, -turn), strict=True):
        a, b = x[own], y[own] * sign
        if cluster is None:
            if np.ptp(a) == 0 or np.ptp(b) == 0:
                raise Refused
            rho = rank_slope(a, b)
            near, far = fisher_z(rho, level), fisher_z(rho, wide)
            part = {"value": rho["rho"], "drawn": rank_p(a, b, seed), "clusters": None}
            out.append(rho | part | {"low": near["low"], "high": far["high"]})
            continue
        each, weight = within_rho(a, b, cluster[own])
        if len(each) < 20:
            raise Refused
        near, far = over_clusters(each, weight, level), over_clusters(each, weight, wide)
        statistic = 1e12 * float(np.sign(near.value)) if near.statistic is None else near.statistic
        out.append(
            {
                "value": near.value, "error": near.error, "statistic": statistic, "df": near.df, "p": near.p,
                "drawn": flip_p(weight / weight.sum() * each, seed), "clusters": len(each),
                "low": max(near.value - near.reach, -1.0), "high": min(far.value + far.reach, 1.0),
            }
        )  # fmt: skip
    return out


def broken_line(h: Found, x: Any, y: Any, cluster: Any, level: float, seed: int) -> list[Found]:
    """Half the slope of the sloping stretch (the step) less and plus that of every flat one."""
    columns, contrasts = bends(h, x)
    out = []
    for contrast in contrasts:
        tested, others = turned_to(columns, contrast)
        y_up = y if h["rises"] else -y
        if cluster is None:
            found = coefficient(y_up, tested, others, seed)
        else:
            found = coefficient_of_clusters(y_up, tested, others, cluster, seed, absorb=True)
            if found["effective"] < 20:
                raise Refused
        value, low, _ = partial_correlation(found, level)
        high = partial_correlation(found, 1 - (1 - level) / len(contrasts))[2]
        scaled = {"value": value, "low": low, "high": high, "error": found["error"] * found["spread"]}
        out.append(found | scaled | {"value": found["value"] * found["spread"]})
    return out


def bends(h: Found, x: Any) -> tuple[Any, list[Any]]:
    """The columns of a broken line, the sloping stretch or the step first, and the contrasts of its slopes."""
    first, last = h["knots"][0], h["knots"][-1]
    if h["shape"] == "threshold" and len(h["knots"]) == 1:
        high = x >= first
        apart = float(x[high].mean() - x[~high].mean())
        return np.column_stack([high.astype(float), x]), [np.array([1.0, -s * apart]) for s in (1, -1)]
    if len(h["knots"]) == 1:
        return np.column_stack([np.minimum(x, last), np.maximum(x - last, 0)]), [
            np.array([0.5, -s]) for s in (1.0, -1.0)
        ]
    columns = [np.clip(x, first, last), np.maximum(x - last, 0), np.minimum(x - first, 0)]
    return np.column_stack(columns), [
        np.array([0.5, -s, 0.0]) if flat == 1 else np.array([0.5, 0.0, -s]) for flat in (1, 2) for s in (1.0, -1.0)
    ]


def turned_to(columns: Any, contrast: Any) -> tuple[Any, list[Any]]:
    """The same model with the contrast of its slopes as one coefficient: columns by the inverse of the new basis."""
    rest = np.eye(len(contrast))[1:]
    inverse = np.linalg.inv(np.vstack([contrast, rest]))
    turned = columns @ inverse
    return turned[:, 0], [turned[:, at] for at in range(1, turned.shape[1])]


# In units


def along_shape(h: Found, x: Any, y: Any, cluster: Any, level: float) -> tuple[Found | None, list[Found]]:
    """The groups along the predictor, and what the shape sets apart."""
    places = places_of(h, x)
    if min(int(own.sum()) for own in places) < 2:
        return None, []
    if cluster is None:
        groups = [group(y[own], is_share(h, y)) for own in places]
    else:
        at = np.unique(cluster, return_inverse=True)[1]
        moved = y - cluster_means(y, cluster)[at] + y.mean()
        nothing = {"low": None, "high": None, "median": None}
        groups = [{"n": int(own.sum()), "mean": float(moved[own].mean())} | nothing for own in places]
    if h["shape"] not in ("u", "inverted_u"):
        later = places[-1] if h["shape"] == "threshold" else places[1] | places[2]
        return apart_in_units(h, y, later, places[0], cluster, level), groups
    sign = 1.0 if h["shape"] == "u" else -1.0
    both = [apart_in_units(h, y, places[end], places[1], cluster, level) for end in (0, 2)]
    known = [d for d in both if d is not None]
    return (min(known, key=lambda d: sign * d["value"]) if len(known) == 2 else None), groups


def places_of(h: Found, x: Any) -> list[Any]:
    """The rows of each group."""
    own = stretches(h, x)
    if h["shape"] in ("u", "inverted_u"):
        (a, b), (c, d) = (outer_thirds(x[o]) for o in own)
        return [x <= a, (x >= b) & (x <= c), x >= d]
    if h["shape"] == "saturating":
        middle = np.quantile(x[own[1]], 0.5, method="lower")
        return [x <= outer_thirds(x[own[0]])[0], own[1] & (x <= middle), x > middle]
    return own


def outer_thirds(x: Any) -> tuple[float, float]:
    """Where the lowest third ends and the highest begins."""
    low, high = np.quantile(x, 1 / 3, method="lower"), np.quantile(x, 2 / 3, method="higher")
    return (low, high) if low < high else (x.min(), x.max())


def apart_in_units(h: Found, y: Any, one: Any, two: Any, cluster: Any, level: float) -> Found | None:
    """The outcome in one group less that in another."""
    scale = 100.0 if h["event"] else 1.0
    if cluster is not None:
        either = one | two
        pairs = within(y[either], np.where(one[either], 0, 1), cluster[either])
        if len(pairs.weights) < 10:
            return None
        return over_clusters(pairs.difference, pairs.weights, level).told(level, scale)
    if is_share(h, y):
        return newcombe(y[one], y[two], level, scale)
    return welch(y[one], y[two], level, scale)
