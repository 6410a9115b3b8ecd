"""Phases of a calendar cycle compared within its turns.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from math import comb
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from .base import Found, Refused, recomputes
from .change import own_scale
from .clusters import Mean, cluster_means, is_constant, over_clusters, parts, within
from .draws import drawn_p, flip_p
from .figures import t_reach, told, two_sided
from .sharing import rows_share
from .table import Table

CYCLES = {"hour_of_day": ("D", "h"), "day_of_week": ("W", "D"), "month_of_year": ("Y", "M")}
LONGER = {"D": ("D", "W", "M", "Q", "Y"), "W": ("W", "M", "Q", "Y"), "Y": ("Y",)}


class Cell(NamedTuple):
    """The rows of one phase in one turn."""

    phase: int
    side: int
    mean: float
    """The mean of its turn's cells taken out."""
    rows: Any


@recomputes("seasonality", along_time=True, scale=own_scale)
def seasonality(h: Found, table: Table, level: float, seed: int) -> Found:
    """Peak phases against trough phases."""
    time, y = table.number(h["predictor"]), table.event(h["outcome"], h["event"])
    good = ~(np.isnan(time) | np.isnan(y))
    time, y, kept = time[good], y[good], table.pick(good)
    base: Found = {"n": len(y), "n_per_group": [], "missing": int((~good).sum())}
    cluster = None if kept.serial else kept.cluster
    units: Found = {}
    try:
        if cluster is not None and is_constant(time, cluster):
            time, y, cluster = cluster_means(time, cluster), cluster_means(y, cluster), None
            units = {"clusters": len(y)}
        if cluster is None:
            found = over_turns(h, time, y, not kept.serial, level, seed)
        else:
            found = season_within(h, time, y, cluster, level, seed)
    except Refused as refused:
        return base | {"untestable": True, "clusters": refused.clusters} | units
    return base | {"n_per_group": [g["n"] for g in found["groups"]]} | found | units


def calendar(time: Any, unit: str) -> Any:
    """The number of the day, week from Monday, month, quarter, year or hour in which each time lies."""
    hour = np.array([int(np.floor(t * 24 + 1e-6)) for t in time])
    day = hour // 24
    if unit in "hD":
        return hour if unit == "h" else day
    if unit == "W":
        return (day - 4) // 7
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    return month // {"M": 1, "Q": 3, "Y": 12}[unit]


def phases_of(time: Any, cycle: str) -> Any:
    """The hour of the day, the day of the week from Monday, or the month of the year."""
    if cycle == "day_of_week":
        return (calendar(time, "D") - 4) % 7
    return calendar(time, "h") % 24 if cycle == "hour_of_day" else calendar(time, "M") % 12 + 1


def placed(h: Found, time: Any) -> tuple[Any, Any, Any]:
    """Phase, side and turn of each row; the turn is the shortest stretch in which the sides meet."""
    phase = phases_of(time, h["cycle"])
    side = np.where(np.isin(phase, h["peak"]), 0, np.where(np.isin(phase, h["trough"]), 1, -1))
    kinds = LONGER[CYCLES[h["cycle"]][0]]
    for kind in kinds:
        turn = calendar(time, kind)
        both = np.intersect1d(turn[side == 0], turn[side == 1])
        met = [np.isin(turn[side == s], both).sum() / max((side == s).sum(), 1) for s in (0, 1)]
        if min(met) >= 0.5:
            return phase, side, turn
    return phase, side, calendar(time, kinds[0])


def over_turns(h: Found, time: Any, y: Any, searched: bool, level: float, seed: int) -> Found:
    """The difference of the sides over turns with its tests."""
    event = h["event"]
    if not len(y):
        raise Refused
    phase, side, turn = placed(h, time)
    own, chosen = y[side >= 0], side >= 0
    few = min((side == 0).sum(), (side == 1).sum()) < 20
    if few or np.ptp(own) == 0:
        raise Refused
    if event is not None and np.isin(own, (0.0, 1.0)).all() and min(own.sum(), (1 - own).sum()) < 10:
        raise Refused
    v = y - slope_of(time, y, turn) * (time - time.mean())
    tested = v if event is not None else turn_ranks(time, y, turn)
    pairs, plain = (within(u[chosen], side[chosen], turn[chosen]) for u in (tested, v))
    theta = pairs.difference
    if len(theta) < 3:
        raise Refused
    phi = of_turns(theta)
    if phi > 0.85:
        raise Refused
    mean = widened_mean(over_clusters(theta, pairs.weights, level), phi, level)
    if mean.df + 1 < 2.5:
        raise Refused
    cells, centre = cells_of(phase, side, turn, tested)
    searched = searched and cells_share(cells, centre, tested)
    p = max(mean.p, scheffe(cells)) if searched else mean.p
    between = widened_mean(over_clusters(plain.difference, plain.weights, level), phi, level)
    scale, lowest, shift = (1.0, 0.0, 0.5) if event is None else (100.0, -1.0, 0.0)
    best, low, high = (
        float(np.clip(shift + x, lowest, 1.0)) for x in (mean.value, mean.value - mean.reach, mean.value + mean.reach)
    )
    levels = [float(np.average(plain.means[:, s], weights=plain.weights)) for s in (0, 1)]
    return {
        "statistic": mean.statistic, "df": mean.df, "p_robust": p,
        "p_permutation": rotated_p(cells, searched, seed), "effect": told(best, low, high, level),
        "null": shift, "error": mean.error, "in_units": between.told(level, scale), "clusters": len(theta),
        "groups": [
            {"n": int(pairs.n[:, s].sum()), "mean": levels[s], "low": None, "high": None, "median": None}
            for s in (0, 1)
        ],
    }  # fmt: skip


def slope_of(time: Any, y: Any, turn: Any) -> float:
    """The slope of the turns' means on their times."""
    t, m = cluster_means(time, turn), cluster_means(y, turn)
    t, m = t - t.mean(), m - m.mean()
    return float(t @ m) / max(float(t @ t), 1e-300)


def turn_ranks(time: Any, y: Any, turn: Any) -> Any:
    """Midranks over n of the values less their turn's mean, the trend within turns taken out of the ranks."""
    at = np.unique(turn, return_inverse=True)[1]
    own = y - cluster_means(y, turn)[at]
    scale = float(np.abs(own).max()) or 1.0
    own = np.round(own / scale, 12)
    ranks = (stats.rankdata(own) - (len(own) + 1) / 2) / len(own)
    rate = float(ranks @ own) / max(float(own @ own), 1e-300) / scale
    return ranks - rate * slope_of(time, y, turn) * (time - cluster_means(time, turn)[at])


def season_within(h: Found, time: Any, y: Any, cluster: Any, level: float, seed: int) -> Found:
    """Values without their clusters' levels over turns, and each cluster's own difference beside it."""
    side = placed(h, time)[1]
    chosen = side >= 0
    pairs = within(y[chosen], side[chosen], cluster[chosen])
    held = len(pairs.weights)
    if held < 20:
        raise Refused(held)
    levels = cluster_means(y, cluster)[np.unique(cluster, return_inverse=True)[1]]
    try:
        found = over_turns(h, time, y - levels + y.mean(), True, level, seed)
    except Refused:
        raise Refused(held) from None
    own = over_clusters(pairs.difference, pairs.weights)
    drawn = flip_p(pairs.weights / pairs.weights.sum() * pairs.difference, seed)
    opposite = own.value * found["in_units"]["value"] < 0
    return found | {
        "p_robust": 1.0 if opposite else max(found["p_robust"], own.p),
        "p_permutation": max(found["p_permutation"], drawn), "clusters": held,
    }  # fmt: skip


def of_turns(theta: Any) -> float:
    """The correlation of neighbouring turns without its bias; 0 where there is none to speak of."""
    left, g = theta - theta.mean(), len(theta)
    if g < 8 or not left.any():
        return 0.0
    likely = (float(left[1:] @ left[:-1]) / float(left @ left) + 1 / g) / (1 - 3 / g)
    return min(max(likely, 0.0), 0.99) if g < 30 or likely * np.sqrt(g) > 1 else 0.0


def widened_mean(mean: Mean, phi: float, level: float) -> Mean:
    """The mean at the effective number of turns."""
    wider = (1 + phi) / (1 - phi)
    error, df = mean.error * float(np.sqrt(wider)), max((mean.df + 1) / wider - 1, 1.0)
    statistic = mean.value / error if error else None
    p = mean.p if statistic is None else two_sided(statistic, df)
    return Mean(mean.value, error, t_reach(df, level) * error, statistic, df, p)


def cells_of(phase: Any, side: Any, turn: Any, scores: Any) -> tuple[list[list[Cell]], list[float]]:
    """For each turn with both sides its cells in the order of the phases, and the mean of their means."""
    out, centres = [], []
    for at in parts(turn):
        if not {0, 1} <= set(side[at].tolist()):
            continue
        own = [at[phase[at] == p] for p in np.unique(phase[at])]
        means = [float(scores[rows].mean()) for rows in own]
        centre = float(np.mean(means))
        out.append([Cell(int(phase[r[0]]), int(side[r[0]]), m - centre, r) for r, m in zip(own, means, strict=True)])
        centres.append(centre)
    return out, centres


def by_phase(cells: list[list[Cell]]) -> tuple[list[int], Any, Any, Any]:
    """The phases, the mean and the number of cells of each, and its side."""
    flat = [c for turn in cells for c in turn]
    names = sorted({c.phase for c in flat})
    groups = [[c for c in flat if c.phase == p] for p in names]
    means = np.array([np.mean([c.mean for c in g]) for g in groups])
    return names, means, np.array([len(g) for g in groups], float), np.array([g[0].side for g in groups])


def cells_share(cells: list[list[Cell]], centre: list[float], scores: Any) -> bool:
    """Whether rows of a cell are alike beyond their phase and their turn."""
    names, means, _, _ = by_phase(cells)
    left, unit, k = [], [], 0
    for turn, middle in zip(cells, centre, strict=True):
        for c in turn:
            left.append(scores[c.rows] - middle - means[names.index(c.phase)])
            unit.append(np.full(len(c.rows), k))
            k += 1
    return rows_share(np.concatenate(left), np.concatenate(unit), len(names) + len(cells) - 1)


def scheffe(cells: list[list[Cell]]) -> float:
    """The p of the contrast as the best choice of phases: Scheffé's bound or Bonferroni's."""
    names, means, n, side = by_phase(cells)
    left = np.array([c.mean - means[names.index(c.phase)] for turn in cells for c in turn])
    df, peak, trough = len(left) - len(names) - len(cells) + 1, side == 0, side == 1
    gap = float(means[peak].mean() - means[trough].mean())
    if df < 1 or not left.any():
        return float(gap == 0)
    phi = min(max(float(left[1:] @ left[:-1]) / float(left @ left) + 1 / n.mean(), 0.0), 0.95)
    wider = (1 + phi) / (1 - phi)
    scale = sum(float((1 / n[s]).sum()) / s.sum() ** 2 for s in (peak, trough))
    t = abs(gap) / float(np.sqrt(float(left @ left) / df * wider * scale))
    k, df = len(names), max(df / wider, 1.0)
    choices = comb(k, int(peak.sum())) * comb(k - int(peak.sum()), int(trough.sum()))
    return float(min(1.0, stats.f.sf(t * t / (k - 1), k - 1, df), choices * stats.t.sf(t, df)))


def rotated_p(cells: list[list[Cell]], searched: bool, seed: int) -> float:
    """The contrast among those of turns rotated by chance."""
    names, own, n, side = by_phase(cells)
    rng, sets = np.random.Generator(np.random.PCG64(seed)), []
    for size in sorted({len(turn) for turn in cells}):
        turns = [turn for turn in cells if len(turn) == size]
        many = min(len(turns), max(int(100 * len(turns) / len(cells)), 1))
        sums = np.zeros((many, size, len(names)))
        for at, turn in enumerate(turns):
            where, values = [names.index(c.phase) for c in turn], np.array([c.mean for c in turn])
            for by in range(size):
                sums[at % many, by, where] += np.roll(values, -by)
        sets.extend(sums)
    a, b = int((side == 0).sum()), int((side == 1).sum())

    def contrast(means: Any) -> Any:
        if not searched:
            return np.abs(means[:, side == 0].mean(1) - means[:, side == 1].mean(1))
        low = np.sort(means, axis=1)
        best = low[:, ::-1]
        return np.maximum(best[:, :a].mean(1) - low[:, :b].mean(1), best[:, :b].mean(1) - low[:, :a].mean(1))

    def draw(draws: int) -> Any:
        return contrast(sum(s[rng.integers(0, len(s), draws)] for s in sets) / n)

    return drawn_p(abs(float(own[side == 0].mean() - own[side == 1].mean())) * (1 - 1e-9), draw)
