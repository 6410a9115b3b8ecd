"""A change at a fixed time, as a jump between two straight lines.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize, stats

from .base import Found, Refused, recomputes
from .clusters import cluster_means, is_constant, over_clusters, within
from .draws import drawn_p, flip_p
from .figures import told, z_reach
from .sharing import rows_share
from .table import Table


class Cut(NamedTuple):
    """Rows in consecutive stretches of time, the first `before` of which lie before the change."""

    of_row: Any
    time: Any
    before: int


def own_scale(h: Found) -> str:
    """The family's own scale, or that of rates for the share of an event."""
    return h["family"] if h["event"] is None else "rate_difference"


@recomputes("change_point", along_time=True, scale=own_scale)
def change_point(h: Found, table: Table, level: float, seed: int) -> Found:
    """The outcome before a time and from it on."""
    at = h["at"]
    since = np.datetime64(at, "us").astype(int) / 86_400e6 if isinstance(at, str) else at
    time, y = table.number(h["predictor"]), table.event(h["outcome"], h["event"])
    good = ~(np.isnan(time) | np.isnan(y))
    time, y, kept = time[good], y[good], table.pick(good)
    base: Found = {"n": len(y), "n_per_group": [], "missing": int((~good).sum())}
    clusters: int | None = None
    try:
        if kept.serial:
            raise Refused
        if kept.cluster is None:
            found = jump(h, time, y, y, since, level, seed)
        elif is_constant(time, kept.cluster):
            clusters = len(np.unique(kept.cluster))
            time, y = cluster_means(time, kept.cluster), cluster_means(y, kept.cluster)
            found = jump(h, time, y, y, since, level, seed)
        else:
            found = jump_within(h, time, y, kept.cluster, since, level, seed)
            clusters = found["clusters"]
    except Refused as refused:
        return base | {"untestable": True, "clusters": clusters if refused.clusters is None else refused.clusters}
    return base | {"n_per_group": [g["n"] for g in found["groups"]]} | found | {"clusters": clusters}


def jump(h: Found, time: Any, y: Any, told_of: Any, since: float, level: float, seed: int) -> Found:
    """The jump of ranks (or of an event's share) with its tests, and in the outcome's unit."""
    after, event = time >= since, h["event"]
    rare = event is not None and np.isin(told_of, (0.0, 1.0)).all() and min(y.sum(), (1 - y).sum()) < 10
    few = min(after.sum(), (~after).sum()) < 20
    if len(y) < 40 or np.ptp(told_of) == 0 or rare or few:
        raise Refused
    v = y if event is not None else (stats.rankdata(y) - (len(y) + 1) / 2) / len(y)
    times = np.unique(time)
    if min((times < since).sum(), (times >= since).sum()) < 10 or len(times) < 24:
        raise Refused
    fine = Cut(np.searchsorted(times, time), times, int((times < since).sum()))
    rough = lines(fine, v, since)[2]
    if rough > 0.85:
        raise Refused
    cut = cut_times(time, v, since)
    value, error, phi, left = lines(cut, v, since)
    wider = (1 + phi) / (1 - phi)
    if phi > 0.85 or len(cut.time) / wider < 12:
        raise Refused
    alike = rough > 0.2 or rows_share(v - (cluster_means(v, cut.of_row) - left)[cut.of_row], cut.of_row, 4)
    every = sorted({*range(6, len(cut.time) - 5), cut.before})
    places = every if alike else [cut.before]
    df = max(len(cut.time) / wider - 4, 1.0)
    t = float(np.clip(value / error if error else np.copysign(1e12, value), -1e12, 1e12))
    reach = quantile_of_best(cut, places, since, 1 - level, df)
    shown, width, _, _ = lines(cut, y, since)
    scale, lowest, centre = (1.0, 0.0, 0.5) if event is None else (100.0, -1.0, 0.0)
    best, low, high = (
        float(np.clip(centre + value + side, lowest, 1.0)) for side in (0.0, -reach * error, reach * error)
    )
    sides = [told_of[after], told_of[~after]]
    return {
        "statistic": t, "df": df, "p_permutation": best_drawn_p(cut, v, places, since, seed),
        "p_robust": 1.0 if is_curve(cut, v, left) else p_of_best(cut, places, since, abs(t), df),
        "effect": told(best, low, high, level), "null": 0.5 if event is None else 0.0,
        "error": error * quantile_of_best(cut, every, since, 0.05, df) / z_reach(0.95),
        "in_units": told(shown, shown - reach * width, shown + reach * width, level, scale),
        "groups": [
            {"n": len(u), "mean": float(u.mean()), "low": None, "high": None,
             "median": float(np.median(u)) if event is None else None}
            for u in sides
        ],
    }  # fmt: skip


def jump_within(h: Found, time: Any, y: Any, cluster: Any, since: float, level: float, seed: int) -> Found:
    """The course of values without their clusters' levels, and each cluster's own difference beside it."""
    v = y if h["event"] is not None else stats.rankdata(y) / len(y)
    pairs = within(v, (time < since).astype(int), cluster)
    held = len(pairs.weights)
    if held < 20:
        raise Refused(held)
    levels = cluster_means(y, cluster)[np.unique(cluster, return_inverse=True)[1]]
    try:
        found = jump(h, time, y - levels + y.mean(), y, since, level, seed)
    except Refused:
        raise Refused(held) from None
    own = over_clusters(pairs.difference, pairs.weights)
    drawn = flip_p(pairs.weights / pairs.weights.sum() * pairs.difference, seed)
    opposite = own.value * found["in_units"]["value"] < 0
    return found | {
        "p_robust": 1.0 if opposite else max(found["p_robust"], own.p),
        "p_permutation": max(found["p_permutation"], drawn), "clusters": held,
    }  # fmt: skip


def jump_design(time: Any, before: int, since: float) -> Any:
    """Constant, time, jump and bend of every point: shape (B, 4)."""
    x, after = (time - since) / np.ptp(time), np.arange(len(time)) >= before
    return np.stack([np.ones(len(x)), x, after, after * x], 1)


def lines(cut: Cut, v: Any, since: float) -> tuple[float, float, float, Any]:
    """The jump of the stretches' means, its error, the correlation of neighbours, and what the lines leave."""
    x, y = jump_design(cut.time, cut.before, since), cluster_means(v, cut.of_row)
    q, r = np.linalg.qr(x)
    weight = np.linalg.solve(r, q.T)[2]
    left, b = y - q @ (q.T @ y), len(y)
    seen = float(left[1:] @ left[:-1]) / float(left @ left) if left.any() else 0.0
    phi = min(max((seen + 4 / b) / (1 - 8 / b), 0.0), 0.99)
    plain = float(weight @ weight) * float(left @ left) / (b - 4)
    robust = float(((weight * left / (1 - (q**2).sum(1))) ** 2).sum())
    value = float(weight @ y)
    error = float(np.sqrt(max(plain, robust) * (1 + phi) / (1 - phi)))
    return value, 0.0 if error < 1e-12 * abs(value) else error, phi, left


def cut_times(time: Any, v: Any, since: float) -> Cut:
    """At most 60 stretches, fewer while their means depend on each other, of these the ones worth most."""
    times, most, worth = np.unique(time), 60, {}
    while most >= 24:
        early, total = int((times < since).sum()), min(most, len(times))
        late, least = len(times) - early, min(8, early, len(times) - early)
        first = min(max(round(total * early / len(times)), least), total - least)
        place = [k * first // early for k in range(early)]
        place += [first + k * (total - first) // late for k in range(late)]
        of_row = np.array(place)[np.searchsorted(times, time)]
        cut = Cut(of_row, cluster_means(time, of_row), first)
        most, phi = total * 2 // 3, lines(cut, v, since)[2]
        if phi <= 0.2:
            return cut
        worth[total] = (total * (1 - phi) / (1 + phi), cut)
    return max(worth.values(), key=lambda w: w[0])[1]


def is_curve(cut: Cut, v: Any, left: Any) -> bool:
    """Whether a cubic leaves no more than the two lines."""
    x, y = cut.time - cut.time.mean(), cluster_means(v, cut.of_row)
    curve = np.polynomial.Polynomial.fit(x, y, 3)
    return float(((y - curve(x)) ** 2).sum()) <= float(left @ left)


def start_of(cut: Cut, place: int, since: float) -> float:
    """The time of a jump before the stretch at a place."""
    return since if place == cut.before else float(cut.time[place - 1 : place + 1].mean())


def best_drawn_p(cut: Cut, v: Any, places: list[int], since: float, seed: int) -> float:
    """The claimed jump's |t| among the largest of all places when what one line leaves is shuffled."""
    rng, b = np.random.Generator(np.random.PCG64(seed)), len(cut.time)
    line, y = jump_design(cut.time, cut.before, since)[:, :2], cluster_means(v, cut.of_row)
    left = y - line @ np.linalg.lstsq(line, y, rcond=None)[0]

    def largest(values: Any, at: list[int]) -> Any:
        out = np.zeros(len(values))
        for place in at:
            q, r = np.linalg.qr(jump_design(cut.time, place, start_of(cut, place, since)))
            weight = np.linalg.solve(r, q.T)[2]
            rest = np.maximum((values**2).sum(1) - ((values @ q) ** 2).sum(1), 1e-300)
            out = np.maximum(out, np.abs(values @ weight) / np.sqrt(rest / (b - 4) * (weight @ weight)))
        return out

    observed = float(largest(left[None], [cut.before])[0]) * (1 - 1e-9)
    return drawn_p(observed, lambda draws: largest(rng.permuted(np.broadcast_to(left, (draws, b)), axis=1), places))


def p_of_best(cut: Cut, places: list[int], since: float, t: float, df: float) -> float:
    """Hotelling's tube bound on the largest |t| of all places."""
    unit = []
    for place in places:
        q, r = np.linalg.qr(jump_design(cut.time, place, start_of(cut, place, since)))
        weight = np.linalg.solve(r, q.T)[2]
        unit.append(weight / np.linalg.norm(weight))
    length = sum(float(np.arccos(min(abs(float(a @ b)), 1.0))) for a, b in pairwise(unit))
    return float(min(1.0, length / np.pi * (1 + t * t / df) ** ((1 - df) / 2) + 2 * stats.t.sf(t, df)))


def quantile_of_best(cut: Cut, places: list[int], since: float, p: float, df: float) -> float:
    """The |t| at which the bound is p."""
    top = 1.0
    while p_of_best(cut, places, since, top, df) > p:
        top *= 2
    found: Any = optimize.brentq(lambda t: p_of_best(cut, places, since, t, df) - p, 0.0, top, xtol=1e-14)
    return float(found)
