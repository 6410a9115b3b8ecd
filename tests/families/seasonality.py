"""Whether a number is higher at the weekend: independent days whose weekends are raised."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Seasonality

from .tables import normal

HYPOTHESIS = Seasonality(outcome="y", predictor="t", cycle="day_of_week", peak=(5, 6), trough=(0, 1, 2, 3, 4))
PICTURE = "groups"
NOT_FOR: dict[str, str] = {
    "normal, n = 20": "fewer than 20 rows on a side",
    "normal, n = 50": "fewer than 20 rows on a side",
}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers, those of Saturdays and Sundays larger by 1.5 `strength` standard deviations."""
    out = normal(rng, n)
    weekday = (out["t"].astype("datetime64[D]").astype(int) + 3) % 7
    out["y"] = out["y"] + 1.5 * strength * (weekday >= 5)
    return out.rows()
