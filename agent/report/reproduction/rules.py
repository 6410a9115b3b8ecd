"""Rows inside a rule against the rest: subgroup and segment.

Knows one claim and its rows. Must never know the rest of the batch.
"""

from typing import Any

import numpy as np

from .base import Found, by_event, recomputes
from .clusters import is_constant
from .groups import two_groups
from .table import Table, population

INSIDE, REST = "inside", "rest"


def rule_of(h: Found, table: Table) -> Any:
    """0 inside, 1 outside, -1 where missing values leave it open: each condition asked for itself."""
    asked = {**table.columns, "": np.arange(len(next(iter(table.columns.values()))))}
    numbered = table._replace(columns=asked, cluster=None)
    holds, fails = (np.zeros(len(asked[""]), int) for _ in range(2))
    for term in h["rule"]:
        hit = np.zeros(len(holds), bool)
        hit[population({"where": [term]}, numbered).columns[""]] = True
        holds += hit
        fails += table.known(term["column"]) & ~hit
    return np.where(holds == len(h["rule"]), 0, np.where(fails > 0, 1, -1))


@recomputes("subgroup", "segment", scale=by_event)
def rule_against_rest(h: Found, table: Table, level: float, seed: int) -> Found:
    """The comparison of two groups on a column that says whether the rule holds."""
    codes, name = rule_of(h, table), "the rule"
    cast = table._replace(columns=table.columns | {name: codes}, levels=table.levels | {name: [INSIDE, REST]})
    family = "group_difference" if h["event"] is None else "rate_difference"
    plain = h | {"family": family, "predictor": name, "levels": {"a": [INSIDE], "b": [REST]}}
    found = two_groups(plain, cast, level, seed)
    inside = found["n_per_group"][0]
    narrow = inside < 30 or inside < 0.05 * found["n"]
    known = codes >= 0
    if table.serial and table.cluster is not None and is_constant(codes[known], table.cluster[known]):
        narrow = True
    if "untestable" in found or not narrow:
        return found
    kept = {k: found[k] for k in ("n", "n_per_group", "missing")}
    return kept | {"untestable": True, "clusters": found.get("clusters")}
