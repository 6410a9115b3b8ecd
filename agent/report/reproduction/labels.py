"""Labels of a language model and their errors in an interval, from how often repeated labels agreed.

Knows a claim, its figures, and the counts of repeated labels as the report tells them: the labels are in the rows,
their repetition is not. Must never widen an interval for anything else.
"""

from math import inf, sqrt

from .base import Found
from .figures import z_reach

LEAST_REPEATS, LEAST_FACTOR, LEVEL = 20, 0.1, 0.99
BOUNDS = {
    ("rate_difference", "effect"): (-1.0, 1.0), ("rate_difference", "in_units"): (-100.0, 100.0),
    ("occurrence_difference", "effect"): (-1.0, 1.0), ("occurrence_difference", "in_units"): (-100.0, 100.0),
    ("group_difference", "effect"): (0.0, 1.0),
}  # fmt: skip


def asked(h: Found) -> list[str]:
    """The columns of a claim that a model answered."""
    return [p["name"] for p in h.get("texts", ()) if p["property"]["kind"] == "judged"]


def shrunk(h: Found, found: Found, labels: list[Found]) -> float | None:
    """The smallest factor by which the labels may have shrunk the effect; None where they are no ground for a test."""
    told, factor = {one["column"]: one for one in labels}, 1.0
    for name in asked(h):
        if name not in told or told[name]["repeated"] < LEAST_REPEATS:
            return None
        n, z = told[name]["repeated"], z_reach(LEVEL)
        p = (n - told[name]["same"]) / n
        middle, reach = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
        differ = (middle + reach) / (1 + z * z / n)
        own = sqrt(max(1 - 2 * differ, 0.0))
        if name != h["outcome"] and own:
            share = found["n_per_group"][0] / sum(found["n_per_group"])
            spread = 2 * share * (1 - share)
            own = max(1 - differ / spread, 0.0) / own if spread else 0.0
        factor *= own
    return factor if factor >= LEAST_FACTOR else None


def carried(h: Found, found: Found, factor: float) -> Found:
    """The figures with every end that is away from nothing as much further away as labels may have brought it near."""
    out = dict(found)
    for name, null in (("effect", found["null"]), ("in_units", 0.0)):
        effect = found[name]
        if effect is None:
            continue
        low, high = effect["low"], effect["high"]
        low = null + (low - null) / factor if low < null else low
        high = null + (high - null) / factor if high > null else high
        bounds = BOUNDS.get((h["family"], name), (-inf, inf))
        out[name] = effect | {"low": max(low, bounds[0]), "high": min(high, bounds[1])}
    out["error"] = found["error"] and found["error"] / factor
    return out
