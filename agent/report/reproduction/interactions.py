"""Interactions: the difference of two effects.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any, NamedTuple

import numpy as np

from .base import Found, Refused, recomputes
from .clusters import cluster_means, is_constant
from .coefficients import around_coefficient, coefficient, coefficient_of_clusters
from .figures import group
from .table import Table


class Two(NamedTuple):
    """Complete rows: outcome, predictor (1 and 0 for levels), side of the moderator (1 for a)."""

    y: Any
    x: Any
    side: Any
    cluster: Any


@recomputes("interaction", along_time=False)
def interaction(h: Found, table: Table, level: float, seed: int) -> Found:
    """The effect of a column on both sides of another."""
    rows, missing, timed = complete_sides(h, table)
    base: Found = {"n": len(rows.y), "n_per_group": [], "missing": missing}
    clusters: list[int | None] = [None]
    try:
        check_effects(h, rows, timed)
        found = two_effects(h, table, rows, timed, level, seed, clusters)
    except Refused:
        return base | {"untestable": True, "clusters": clusters[0]}
    return base | {"n_per_group": [g["n"] for g in found["groups"][:2]]} | found


def complete_sides(h: Found, table: Table) -> tuple[Two, int, bool]:
    """The rows on both sides, how many miss something, and whether the predictor is time."""
    y, side = table.event(h["outcome"], h["event"]), moderated(h, table)
    known = table.known(h["predictor"])
    if h["levels"] is None:
        x, on = table.number(h["predictor"]), known
    else:
        a = table.one_of(h["predictor"], h["levels"]["a"]) & known
        b = table.one_of(h["predictor"], h["levels"]["b"]) & known if h["levels"]["b"] else known & ~a
        x, on = a.astype(float), a | b
    good = on & (side >= 0) & ~np.isnan(y)
    missing = ~known | (side == -2) | (on & (side >= 0) & np.isnan(y))
    cluster = None if table.cluster is None else table.cluster[good]
    rows = Two(y[good], x[good], side[good].astype(float), cluster)
    whole = h["predictor"] not in table.levels and bool((rows.x == np.round(rows.x)).all())
    years = whole and len(rows.x) > 0 and rows.x.min() >= 1000 and rows.x.max() <= 2999
    return rows, int(missing.sum()), h["levels"] is None and (h["predictor"] in table.dates or years)


def moderated(h: Found, table: Table) -> Any:
    """1 on side a, 0 on side b, -1 elsewhere, -2 where missing."""
    name, levels, known = h["moderator"], h["moderator_levels"], table.known(h["moderator"])
    if levels is None:
        return np.where(known, (table.number(name) > h["moderator_cut"]).astype(int), -2)
    if h["moderator_cycle"] is None:
        a, b = (table.one_of(name, levels[s]) & known for s in ("a", "b"))
    else:
        turn = phases(np.where(known, table.number(name), 0.0), h["moderator_cycle"])
        a, b = (np.isin(turn, [int(v) for v in levels[s]]) & known for s in ("a", "b"))
    b = b if levels["b"] else known & ~a
    return np.where(~known, -2, np.where(a, 1, np.where(b, 0, -1)))


def phases(days: Any, cycle: str) -> Any:
    """The hour of the day, the day of the week from 0 for Monday, or the month of the year."""
    time = np.round(days * 86_400e6).astype("datetime64[us]")
    day = time.astype("datetime64[D]")
    if cycle == "hour_of_day":
        return ((time + np.timedelta64(1, "ms")).astype("datetime64[h]").astype(int)) % 24
    if cycle == "day_of_week":
        return (day.astype(int) + 3) % 7
    return day.astype("datetime64[M]").astype(int) % 12 + 1


def check_effects(h: Found, rows: Two, timed: bool) -> None:
    """The floors of a comparison of two effects."""
    if len(rows.y) == 0 or min((rows.side == s).sum() for s in (0, 1)) < 20 or np.ptp(rows.y) == 0:
        raise Refused
    shares = h["event"] is not None and bool(np.isin(rows.y, (0.0, 1.0)).all())
    own = [rows.y[rows.side == s] for s in (0, 1)]
    few = shares and min(min(v.sum(), (1 - v).sum()) for v in own) < 10
    if h["levels"] is None:
        distinct = min(len(np.unique(rows.x[rows.side == s])) for s in (0, 1))
        if distinct < (5 if timed else 3) or few:
            raise Refused
        return
    cells = [rows.y[(rows.side == s) & (rows.x == v)] for s in (0, 1) for v in (0, 1)]
    least = min(len(c) for c in cells)
    share = float(rows.y.mean())
    alike = not shares and any(len(c) < 50 and np.ptp(c) == 0 for c in cells if len(c))
    rare = shares and (few or least * min(share, 1 - share) < 5)
    if least < (20 if len(rows.y) >= 200 else 10) or rare or alike:
        raise Refused


def two_effects(
    h: Found, table: Table, rows: Two, timed: bool, level: float, seed: int, clusters: list[int | None]
) -> Found:
    """By the road that the rows' dependence asks for."""
    if rows.cluster is None or (table.serial and timed):
        if not timed:
            return told_effects(h, rows, effects_of(rows, seed), timed, level, cells=True)
        clusters[0] = None if rows.cluster is None else len(np.unique(rows.cluster))
        return told_effects(h, rows, along_time(h, rows, seed), timed, level, cells=False) | {"clusters": clusters[0]}
    if is_constant(rows.x, rows.cluster) and is_constant(rows.side, rows.cluster):
        x, y, side = (cluster_means(v, rows.cluster) for v in (rows.x, rows.y, rows.side))
        one_each = Two(y, np.round(x) if h["levels"] else x, np.round(side), None)
        clusters[0] = len(y)
        check_effects(h, one_each, timed)
        out = told_effects(h, one_each, effects_of(one_each, seed), timed, level, cells=True)
        return out | {"clusters": clusters[0]}
    if table.serial and is_constant(rows.side, rows.cluster):
        raise Refused
    found = effects_in_clusters(rows, rows.cluster, seed, absorb=True)
    if found[0]["effective"] < 20:
        raise Refused
    return told_effects(h, rows, found, timed, level, cells=False) | {"clusters": found[0]["clusters"]}


def columns_of(rows: Two) -> tuple[tuple[Any, list[Any]], ...]:
    """The tested column and the others: for the difference, for side a, for side b."""
    a, b = rows.x * rows.side, rows.x * (1 - rows.side)
    return (a, [rows.x, rows.side]), (a, [b, rows.side]), (b, [a, rows.side])


def effects_of(rows: Two, seed: int) -> list[Found]:
    """The difference and both effects, rows standing for themselves."""
    first, *each = columns_of(rows)
    difference = coefficient(rows.y, *first, seed, strata=rows.side)
    return [difference, *(coefficient(rows.y, *one, seed, drawn=False) for one in each)]


def effects_in_clusters(rows: Two, cluster: Any, seed: int, *, absorb: bool) -> list[Found]:
    """The same where clusters are the units."""
    return [
        coefficient_of_clusters(rows.y, *one, cluster, seed, absorb=absorb, drawn=at == 0)
        for at, one in enumerate(columns_of(rows))
    ]


def along_time(h: Found, rows: Two, seed: int) -> list[Found]:
    """Slopes over time, each time once where rows share it, neighbours that depend on each other by stretches."""
    if rows.cluster is not None or len(rows.x) >= 2 * len(np.unique(rows.x)):
        times = np.unique(rows.x if rows.cluster is None else rows.cluster, return_inverse=True)[1]
        cell = times * 2 + rows.side.astype(int)
        y, x, side = (cluster_means(v, cell) for v in (rows.y, rows.x, rows.side))
        rows = Two(y, x, side, None)
        check_effects(h, rows, True)
    order = np.lexsort((rows.side, rows.x))
    rows = Two(rows.y[order], rows.x[order], rows.side[order], None)
    left = np.empty(len(rows.y))
    for s in (0, 1):
        own = rows.side == s
        x, y = rows.x[own] - rows.x[own].mean(), rows.y[own] - rows.y[own].mean()
        left[own] = y - x * float(x @ y) / float(x @ x)
    runs = (left[rows.side == 1], left[rows.side == 0], cluster_means(left, rows.x))
    phi = max(neighbours(run) for run in runs)
    if phi == 0:
        return effects_of(rows, seed)
    length = int(np.ceil(5.0 * (1 + phi) / (1 - phi))) if phi < 0.85 else len(rows.y)
    blocks = min(40, len(rows.y) // length)
    if blocks < 10:
        raise Refused
    return effects_in_clusters(rows, np.arange(len(rows.y)) * blocks // len(rows.y), seed, absorb=False)


def neighbours(left: Any) -> float:
    """The correlation of neighbours where it is noticed, else 0."""
    phi = float(left[1:] @ left[:-1]) / float(left @ left) if left.any() else 0.0
    return phi if phi > 0.05 and phi * np.sqrt(len(left)) > 2.576 else 0.0


def told_effects(h: Found, rows: Two, found: list[Found], timed: bool, level: float, *, cells: bool) -> Found:
    """The difference in standard deviations and in units, both effects, and the four averages of levels."""
    difference = found[0]
    slopes = h["levels"] is None
    scale = (float(rows.x.std(ddof=1)) if slopes else 1.0) / float(rows.y.std(ddof=1))
    per = stretch_of_time(rows.x) if timed else 1.0
    groups = []
    for one, s in zip(found[1:], (1, 0), strict=True):
        i = around_coefficient(one, 0.95, per)
        n = int((rows.side == s).sum())
        groups.append({"n": n, "mean": i["value"], "low": i["low"], "high": i["high"], "median": None})
    if cells and not slopes:
        shares = h["event"] is not None and bool(np.isin(rows.y, (0.0, 1.0)).all())
        groups += [group(rows.y[(rows.side == s) & (rows.x == v)], shares) for s in (1, 0) for v in (1, 0)]
    return {
        "statistic": difference["statistic"], "df": difference["df"], "p_robust": difference["p"], "null": 0.0,
        "p_permutation": difference["drawn"], "effect": around_coefficient(difference, level, scale),
        "error": scale * difference["error"], "groups": groups,
        "in_units": around_coefficient(difference, level, per * (100.0 if h["event"] else 1.0)),
    }  # fmt: skip


def stretch_of_time(x: Any) -> float:
    """Years, months, days or hours by the span, in days; 1 for years as numbers."""
    if x.min() >= 1000 and x.max() < 3000:
        return 1.0
    span = float(np.ptp(x))
    return 365.25 if span > 3 * 365.25 else 30.4375 if span > 3 * 30.4375 else 1.0 if span > 3 else 1 / 24
