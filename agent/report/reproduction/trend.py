"""Time: trend.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np
from scipy import stats

from .base import Found, Refused, recomputes
from .clusters import cluster_means, is_constant, over_clusters, over_rho, parts, within, within_rho
from .figures import group, t_reach, told
from .ranks import fisher_z, hc3, is_share, rank_slope
from .series import by_time, guarded
from .table import Table


@recomputes("trend", along_time=True)
def trend(h: Found, table: Table, level: float, seed: int) -> Found:
    """The outcome against time."""
    time, y = table.number(h["predictor"]), table.event(h["outcome"], h["event"])
    good = ~(np.isnan(time) | np.isnan(y))
    time, y, kept = time[good], y[good], table.pick(good)
    base: Found = {"n": len(y), "n_per_group": [], "missing": int((~good).sum())}
    clusters: int | None = None
    found: Found
    try:
        if kept.cluster is None:
            found = course(h, table, time, y, level, seed, least=30)
        elif kept.serial or is_constant(time, kept.cluster):
            clusters = len(np.unique(kept.cluster))
            units = (cluster_means(time, kept.cluster), cluster_means(y, kept.cluster))
            found = course(h, table, *units, level, seed, least=20) | {"clusters": clusters}
        else:
            found = within_trend(h, table, time, y, kept.cluster, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": clusters if refused.clusters is None else refused.clusters}
    return base | {"n_per_group": [g["n"] for g in found["groups"]]} | found


def course(h: Found, table: Table, time: Any, y: Any, level: float, seed: int, *, least: int) -> Found:
    """Observations in the order of time that stand for themselves, guarded against dependent neighbours."""
    plain = bool(np.isin(y, (0.0, 1.0)).all())
    rare = h["event"] is not None and plain and min(y.sum(), (1 - y).sum()) < 10
    if len(y) < least or len(np.unique(time)) < 5 or rare or np.ptp(y) == 0:
        raise Refused
    order = np.argsort(time, kind="stable")
    time, y = time[order], y[order]
    found, inflation = guarded(time, y, seed)
    if len(y) / inflation**2 < 16:
        raise Refused
    own, rx, ry = rank_slope(time, y), stats.rankdata(time), stats.rankdata(y)
    x, per = time - time.mean(), period(h, table, time) * (100.0 if h["event"] else 1.0)
    slope, width, df = float(x @ y / (x @ x)), hc3(x, y) * inflation, len(y) / inflation**2 - 2
    if abs(own["rho"] - found["rho"]) < 1e-9:
        own = found
    else:  # the test was of one mean per time: the rows keep their rho, and rows of one time count once
        scale = float(rx.std() / ry.std())
        own["error"] = max(own["error"], scale * by_time(rx, ry, time)) * inflation
        width, df = max(width, by_time(time, y, time) * inflation), found["df"]
    width *= t_reach(max(df, 1.0), level)
    span = (time.max() - time.min()) / 3
    thirds = [y[time <= time.min() + span], y[time >= time.max() - span]]
    return {
        "statistic": float(np.clip(found["statistic"], -1e12, 1e12)), "df": found["df"], "p_robust": found["p"],
        "p_permutation": found["drawn"], "effect": fisher_z(own, level), "error": own["error"], "null": 0.0,
        "in_units": told(slope, slope - width, slope + width, level, per),
        "groups": [group(v, is_share(h, v)) for v in thirds if len(v) >= 2],
    }  # fmt: skip


def period(h: Found, table: Table, time: Any) -> float:
    """The length of the period that a slope is told in: years, months, days or hours of dates."""
    if h["predictor"] not in table.dates:
        return 1.0
    span = time.max() - time.min()
    return next((length for length in (365.25, 30.4375, 1.0) if span > 3 * length), 1 / 24)


def within_trend(h: Found, table: Table, time: Any, y: Any, cluster: Any, level: float, seed: int) -> Found:
    """One correlation with time, and one slope, per entity that was seen at several times."""
    rho, weight = within_rho(time, y, cluster)
    if len(rho) < 20:
        raise Refused(len(rho))
    own = [(time[at] - time[at].mean(), y[at] - y[at].mean()) for at in parts(cluster)]
    squares = np.array([x @ x for x, _ in own])
    products = np.array([x @ v for x, v in own])
    varies = squares > 1e-9 * squares.max()
    slopes = over_clusters(products[varies] / squares[varies], squares[varies], level)
    per = period(h, table, time) * (100.0 if h["event"] else 1.0)
    found = over_rho(over_clusters(rho, weight, level), rho, weight, level, seed)
    return found | {"in_units": slopes.told(level, per), "groups": own_thirds(time, y, cluster)}


def own_thirds(time: Any, y: Any, cluster: Any) -> list[Found]:
    """First and last third of each cluster's own time, compared within the clusters."""
    place = np.full(len(time), -1)
    for at in parts(cluster):
        low, high = time[at].min(), time[at].max()
        third = (high - low) / 3
        place[at[(time[at] <= low + third) & (third > 0)]] = 0
        place[at[(time[at] >= high - third) & (third > 0)]] = 1
    pairs = within(y[place >= 0], place[place >= 0], cluster[place >= 0])
    return [over_clusters(pairs.means[:, s], pairs.weights).group(pairs.n[:, s].sum()) for s in (0, 1)]
