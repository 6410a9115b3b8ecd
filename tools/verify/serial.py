"""Blocks of one series: what may not be compared between them, because neighbouring blocks are not independent.

Knows clusters that follow each other in time. Must never know a family's statistic.
"""

from ..data.rows import Rows
from .clusters import is_fixed
from .hypothesis import Hypothesis


def refuse(hypothesis: Hypothesis, rows: Rows) -> str | None:
    """Why a claim cannot be tested on blocks of a series, or None.

    A predictor that changes only from block to block would be compared between blocks, whose levels drift
    together whatever the predictor does: two unrelated slow series always look related. Claims along time (trend,
    season, change) have a guard of their own, an invariant compares nothing; every other claim needs a predictor
    that changes within the blocks.
    """
    if not rows.serial or rows.cluster is None or hypothesis.along_time:
        return None
    if not is_fixed(rows, hypothesis.predictor):
        return None
    return (
        f"`{hypothesis.predictor}` changes only from one block of time to the next, and neighbouring blocks depend on "
        "each other: these rows cannot tell the claim from two series that drift on their own."
    )
