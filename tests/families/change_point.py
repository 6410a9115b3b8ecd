"""Whether a number is higher from a date on: independent days that jump in the middle of the time."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import ChangePoint

from .tables import days_of, normal

HYPOTHESIS = ChangePoint(outcome="y", predictor="t", at="2019-02-10", direction="higher")
PICTURE = "series"
NOT_FOR: dict[str, str] = {
    "normal, n = 20": "fewer than 40 rows",
    "normal, n = 50": "fewer than 20 rows on one side of the change",
    "blocks of a series": "the rows that test lie on one side of every time that was searched",
}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers, larger by 3 `strength` standard deviations from the date on, which lies in the middle."""
    out = normal(rng, n)
    days = days_of(n)
    at = np.datetime64("2019-02-10")
    out["t"] = rng.permutation(days - (days[n // 2] - at))
    out["y"] = out["y"] + 3.0 * strength * (out["t"] >= at)
    return out.rows()
