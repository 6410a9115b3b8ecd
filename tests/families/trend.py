"""Whether a number rises over time: a straight line over independent days."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Trend

from .tables import normal

HYPOTHESIS = Trend(outcome="y", predictor="t", direction="rising")
PICTURE = "series"
NOT_FOR: dict[str, str] = {"normal, n = 20": "fewer than 30 rows"}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers that rise by 2.5 standard deviations over the whole time where `strength` is 1."""
    out = normal(rng, n)
    day = out["t"].astype("datetime64[D]").astype(float)
    out["y"] = out["y"] + 2.5 * strength * (day - day.min()) / max(np.ptp(day), 1)
    return out.rows()
