"""Whether a number is distributed otherwise in a new snapshot: normal numbers that are moved and spread."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Contrast, Shift

from .tables import normal

HYPOTHESIS = Shift(outcome="y", predictor="s", levels=Contrast(a=("new",), b=("old",)))
PICTURE = "groups"
NOT_FOR: dict[str, str] = {
    "normal, n = 20": "fewer than 50 rows in a snapshot",
    "normal, n = 50": "fewer than 50 rows in a snapshot",
    "lognormal, 25 against 475": "fewer than 50 rows in a snapshot",
    "86 % zeros, 25 against 475": "fewer than 50 rows in a snapshot",
    "clusters, between": "fewer than 50 units in a snapshot",
    "clusters, within": "units stand in both snapshots",
    "entities of 40 rows": "units stand in both snapshots",
    "blocks of a series": "blocks stand in both snapshots",
}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers, those of the new snapshot moved up by `strength` standard deviations and spread by half of it."""
    out = normal(rng, n)
    new = out["s"] == 1
    out["y"] = np.where(new, out["y"] * (1 + 0.5 * strength) + strength, out["y"])
    return out.rows()
