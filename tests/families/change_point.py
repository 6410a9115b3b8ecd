"""Whether a number is higher from a date on: independent days that jump in the middle of the time."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import ChangePoint

from .tables import days_of, normal

HYPOTHESIS = ChangePoint(outcome="y", predictor="t", at="2019-05-31", direction="higher")
PICTURE = "series"
NOT_FOR: dict[str, str] = {
    "normal, n = 20": "fewer than 40 rows",
}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers, larger by 3 `strength` standard deviations from the date on, which lies in the middle."""
    out = normal(rng, n)
    days = days_of(n)
    at = np.datetime64("2019-05-31")
    out["t"] = rng.permutation(days - (days[n // 2] - at))
    out["y"] = out["y"] + 3.0 * strength * (out["t"] >= at)
    return out.rows()
