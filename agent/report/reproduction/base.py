"""What every part of the second opinion shares: the refusal, the signs, and the list of what can be recomputed.

A family part adds its function with `@recomputes("its_family")`. Must never know a table or a statistic.
"""

from collections.abc import Callable
from typing import Any

from scipy import stats

Found = dict[str, Any]
DRAWS = 9_999
STAGES = (199, 1_999, DRAWS)
ENOUGH_HITS = 20
SIGNS = {
    "higher": 1, "increasing": 1, "rising": 1, "stated": 1,
    "lower": -1, "decreasing": -1, "falling": -1, "any": 0,
}  # fmt: skip
RECOMPUTE: dict[str, Callable[[Found, Any, float, int], Found]] = {}
"""By family: (claim, table of held-out rows, level of the interval, seed of the draws) to the figures of its test."""
SCALES: dict[str, Callable[[Found], str]] = {}
"""By family: the family whose smallest effect of interest counts for a claim, where that is another."""
ALONG_TIME: set[str] = set()
"""Families with a test of their own for blocks of a series, so that these may be compared with each other."""
POWER = float(stats.norm.ppf(0.8))


class Refused(Exception):
    """The rows do not carry the test; holds the number of clusters where it counts."""

    def __init__(self, clusters: int | None = None) -> None:
        super().__init__()
        self.clusters = clusters


def recomputes(*families: str, scale: Callable[[Found], str] | None = None, along_time: bool = False) -> Callable:
    """Registers a function as the second opinion on the claims of these families."""

    def register(function: Callable) -> Callable:
        for family in families:
            RECOMPUTE[family] = function
            if scale is not None:
                SCALES[family] = scale
            if along_time:
                ALONG_TIME.add(family)
        return function

    return register


def by_event(h: Found) -> str:
    """The scale of a claim on a number or on the share of an event: that of the two plain comparisons."""
    return "group_difference" if h["event"] is None else "rate_difference"


def scale_of(h: Found) -> str:
    """The family by which the smallest effect of interest is looked up."""
    scale = SCALES.get(h["family"])
    return h["family"] if scale is None else scale(h)
