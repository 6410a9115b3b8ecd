"""Whether a count per unit of exposure is higher in one group: Poisson counts, a rate raised by a factor."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Contrast, RateRatio

from .tables import normal

HYPOTHESIS = RateRatio(
    outcome="c", predictor="g", exposure="w", levels=Contrast(a=("u",), b=("v",)), direction="higher"
)
PICTURE = "groups"
NOT_FOR: dict[str, str] = {
    "86 % zeros, 25 against 475": "fewer than 10 are expected to be counted in the small group",
}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Counts of twice the exposure, in `u` of up to twice as many."""
    out = normal(rng, n)
    out["c"] = rng.poisson(2.0 * out["w"] * np.exp(0.7 * strength * (out["g"] == 0))).astype(float)
    return out.rows()
