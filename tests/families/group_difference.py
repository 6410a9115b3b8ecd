"""Whether numbers of one group tend to be larger: normal groups, moved apart by half a standard deviation."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Contrast, GroupDifference

from .tables import normal

HYPOTHESIS = GroupDifference(outcome="y", predictor="g", levels=Contrast(a=("u",), b=("v",)), direction="higher")
PICTURE = "groups"
NOT_FOR: dict[str, str] = {}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers, those of `u` larger by `strength` standard deviations."""
    out = normal(rng, n)
    out["y"] = out["y"] + strength * (out["g"] == 0)
    return out.rows()
