"""Whether a number lies above 0 more often in one group: zeros and gamma amounts, shares moved apart."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Contrast, OccurrenceDifference

from .tables import normal

HYPOTHESIS = OccurrenceDifference(outcome="y", predictor="g", levels=Contrast(a=("u",), b=("v",)), direction="higher")
PICTURE = "rates"
_ALL_ABOVE = "every value lies above 0"
NOT_FOR: dict[str, str] = {
    "uniform": _ALL_ABOVE,
    "exponential": _ALL_ABOVE,
    "lognormal, 25 against 475": _ALL_ABOVE,
    "few values": _ALL_ABOVE,
    "86 % zeros, 25 against 475": "fewer than 5 rows above 0 are expected in the small group",
}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Amounts above 0 in 30 % of rows, in `u` in up to 45 points more."""
    out = normal(rng, n)
    above = rng.random(n) < 0.3 + 0.45 * strength * (out["g"] == 0)
    out["y"] = np.where(above, rng.gamma(2.0, 3.0, n), 0.0)
    return out.rows()
