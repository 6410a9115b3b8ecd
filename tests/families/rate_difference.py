"""Whether an event is likelier in one group: 30 % against up to 60 %."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Contrast, RateDifference

from .tables import normal

HYPOTHESIS = RateDifference(
    outcome="e", event="yes", predictor="g", levels=Contrast(a=("u",), b=("v",)), direction="higher"
)
PICTURE = "rates"
NOT_FOR: dict[str, str] = {"normal, n = 20": "a cell expects fewer than 5 rows"}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """An event of 30 %, for `u` of up to 30 points more."""
    out = normal(rng, n)
    out["e"] = (rng.random(n) >= 0.3 + 0.3 * strength * (out["g"] == 0)).astype(int)
    return out.rows()
