"""Whether the median of one group is higher: normal groups, moved apart in standard deviations."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Contrast, QuantileDifference

from .tables import normal

HYPOTHESIS = QuantileDifference(outcome="y", predictor="g", levels=Contrast(a=("u",), b=("v",)), direction="higher")
PICTURE = "groups"
_HEAP = "the median sits in a heap of equal values: P(A>B) is compared instead"
_WITHIN = "medians are not compared within clusters: P(A>B) is compared instead"
NOT_FOR: dict[str, str] = {
    "rounded": _HEAP,
    "few values": _HEAP,
    "86 % zeros, 25 against 475": _HEAP,
    "86 % zeros": _HEAP,
    "3 % flag": _HEAP,
    "overdispersed counts": _HEAP,
    "clusters, within": _WITHIN,
    "entities of 40 rows": _WITHIN,
    "blocks of a series": _WITHIN,
}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers, those of `u` larger by `strength` standard deviations."""
    out = normal(rng, n)
    out["y"] = out["y"] + strength * (out["g"] == 0)
    return out.rows()
