"""Rules of the data that few rows break: invariant.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np
from scipy import stats

from .base import Found, Refused, recomputes
from .table import Table


@recomputes("invariant", along_time=True)
def violations(h: Found, table: Table, level: float, seed: int) -> Found:
    """How many rows (or clusters with any such row) break the rule, against the tolerance."""
    broken, applies, missing = broken_rows(h, table)
    n, clusters = int(applies.sum()), None
    hit = broken[applies]
    if table.cluster is not None:
        own = table.cluster[applies]
        hit = np.isin(np.unique(own), np.unique(own[hit]))
        clusters = len(hit)
    x, units = int(hit.sum()), len(hit)
    base: Found = {"n": n, "n_per_group": [x, units - x], "missing": missing, "clusters": clusters}
    try:
        check_units(h, table, broken, units)
    except Refused:
        return base | {"untestable": True}
    return base | against_tolerance(x, units, h["tolerance"], level)


def broken_rows(h: Found, table: Table) -> tuple[Any, Any, int]:
    """Rows that break the rule, rows that it speaks of, and how many are left out as missing."""
    there = table.known(h["outcome"])
    if h["rule"] == "not_missing":
        return ~there, np.ones(len(there), bool), 0
    known = there & table.known(h["predictor"])
    gone, applies = int((~known).sum()), known
    if h["rule"] == "in_range":
        y = np.where(known, table.number(h["outcome"]), np.nan)
        good = np.ones(len(y), bool)
        good &= True if h["low"] is None else y >= h["low"]
        good &= True if h["high"] is None else y <= h["high"]
    elif h["rule"] == "one_of":
        good = table.one_of(h["outcome"], h["allowed"])
    elif h["rule"] == "not_after":
        good = table.number(h["predictor"]) <= table.number(h["outcome"])
    else:
        said = [(table.one_of(h["predictor"], [a]), table.one_of(h["outcome"], [b])) for a, b in h["mapping"]]
        applies = known & np.any([a for a, _ in said], axis=0)
        good = np.any([a & b for a, b in said], axis=0)
    return applies & ~good, applies, gone


def check_units(h: Found, table: Table, broken: Any, units: int) -> None:
    """Enough units that none broken would show the tolerance, or all broken would refute it, and no series."""
    everything = h["rule"] == "not_missing" and bool(broken.all())
    nothing_told = 2 * (1 - h["tolerance"]) ** units > 0.05 and (units < 20 or 2 * h["tolerance"] ** units > 0.05)
    if table.serial or units == 0 or everything or nothing_told:
        raise Refused


def against_tolerance(x: int, n: int, tolerance: float, level: float) -> Found:
    """The exact two-sided test by doubling, and the exact interval."""
    ends = {at: stats.binomtest(x, n).proportion_ci(at, method="exact") for at in (level, 0.95)}
    below, above = float(stats.binom.cdf(x, n, tolerance)), float(stats.binom.sf(x - 1, n, tolerance))
    p, rate = min(1.0, 2 * min(below, above)), x / n
    effect = {"value": rate, "low": float(ends[level].low), "high": float(ends[level].high), "level": level}
    theta, error = tolerance - rate, float(np.sqrt(tolerance * (1 - tolerance) / n))
    if theta < 0:
        z = stats.norm.ppf(max(above, 1e-300)) if above < 0.5 else None
        error = max(error, abs(theta) * 1e3 if z is None else theta / z)
    low, high = float(ends[0.95].low), float(ends[0.95].high)
    return {
        "statistic": None, "df": None, "p_permutation": p, "p_robust": p, "error": error, "null": tolerance,
        "effect": effect, "in_units": {k: v if k == "level" else 100 * v for k, v in effect.items()},
        "groups": [
            {"n": x, "mean": rate, "low": low, "high": high, "median": None},
            {"n": n - x, "mean": 1 - rate, "low": 1 - high, "high": 1 - low, "median": None},
        ],
    }  # fmt: skip
