"""The unit of independence of one claim, where that is coarser than the row.

Knows a claim and the held-out rows. Must never take a figure from the report.
"""

import numpy as np

from .base import Found
from .clusters import is_constant
from .table import Table

COUNTABLE = {
    "group_difference", "rate_difference", "mean_difference", "quantile_difference", "occurrence_difference",
    "rate_ratio", "monotone_association", "categorical_association", "shift", "adjusted_association",
}  # fmt: skip


def by_unit(h: Found, table: Table) -> Table:
    """The rows with the values of the claim's own unit as their clusters."""
    if not h.get("unit") or table.cluster is not None:
        return table
    name = h["unit"]["column"]
    kept = table.pick(table.known(name))
    return kept._replace(cluster=np.unique(kept.columns[name], return_inverse=True)[1])


def refused(h: Found, table: Table) -> bool:
    """Whether a claim on properties of a unit cannot be tested on rows clustered by it."""
    if not h.get("unit"):
        return False
    return h["family"] not in COUNTABLE or (not _constant(h["predictor"], table) and _constant(h["outcome"], table))


def tried(h: Found) -> int:
    """How many claims of this kind could have been picked."""
    return h["unit"]["tried"] if h.get("unit") else 1


def _constant(name: str, table: Table) -> bool:
    known = table.known(name)
    return is_constant(table.columns[name][known], table.pick(known).cluster)
