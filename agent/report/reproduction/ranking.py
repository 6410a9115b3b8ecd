"""An order of levels: ranking.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from itertools import pairwise, product
from typing import Any

import numpy as np
from scipy import stats

from .base import Found, by_event, recomputes
from .figures import t_reach, z_reach
from .groups import two_groups
from .table import Table


@recomputes("ranking", scale=by_event)
def order_of_levels(h: Found, table: Table, level: float, seed: int) -> Found:
    """Every comparison that the order implies; the weakest of them speaks for all."""
    y, known = table.event(h["outcome"], h["event"]), table.known(h["predictor"])
    labels, top = h["order"], h["top"]
    masks = [table.one_of(h["predictor"], [label]) for label in labels]
    full = ~np.isnan(y)
    n = [int((m & full).sum()) for m in masks]
    inside = np.any(masks, axis=0)
    base: Found = {"n": sum(n), "n_per_group": n, "missing": int((~known).sum() + (inside & ~full).sum())}
    if table.cluster is not None:
        base["clusters"] = len(np.unique(table.cluster[inside & full]))
    pairs = list(pairwise(labels)) if top is None else list(product(labels[:top], labels[top:]))
    family = "group_difference" if h["event"] is None else "rate_difference"
    each = [
        two_groups(h | {"family": family, "levels": {"a": [a], "b": [b]}, "direction": "higher"}, table, level, seed)
        for a, b in pairs
    ]
    if any("untestable" in e for e in each):
        return base | {"untestable": True}
    return base | weakest(each, level, len(pairs)) | {"groups": in_order(labels, pairs, each)}


def weakest(each: list[Found], level: float, k: int) -> Found:
    """The smallest effect, the largest p, and an interval that covers the smallest of k effects."""
    closest = min(each, key=lambda e: round(e["effect"]["value"], 9))
    low = min(e["effect"]["low"] for e in each)
    high = min(upper(e, level, k) for e in each)
    widening = stats.norm.isf(0.025 / k) / stats.norm.isf(0.025)
    return {
        "statistic": closest["statistic"], "df": closest["df"], "in_units": closest["in_units"],
        "null": closest["null"], "effect": closest["effect"] | {"low": low, "high": high},
        "p_permutation": max(e["p_permutation"] for e in each), "p_robust": max(e["p_robust"] for e in each),
        "error": float(widening * max(e["error"] for e in each)),
    }  # fmt: skip


def upper(found: Found, level: float, k: int) -> float:
    """The high end of one comparison at a level corrected for their number."""
    narrow, wide = (
        z_reach(at) if found["df"] is None else t_reach(found["df"], at) for at in (level, 1 - (1 - level) / k)
    )
    effect = found["effect"]
    return min(effect["value"] + (effect["high"] - effect["value"]) * wide / narrow, 1.0)


def in_order(labels: list[str], pairs: list[tuple[str, str]], each: list[Found]) -> list[Any]:
    """Every level's group, as in the first comparison that holds it."""
    seen: dict[str, Any] = {}
    for pair, found in zip(pairs, each, strict=True):
        for label, one in zip(pair, found["groups"], strict=True):
            seen.setdefault(label, one)
    return [seen[label] for label in labels]
