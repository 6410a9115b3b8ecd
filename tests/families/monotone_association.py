"""Whether a number rises with another: a straight line under normal noise."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import MonotoneAssociation

from .tables import normal

HYPOTHESIS = MonotoneAssociation(outcome="y", predictor="x", cuts=(-0.67, 0.67), direction="increasing")
PICTURE = "curve"
NOT_FOR: dict[str, str] = {"normal, n = 20": "fewer than 30 rows"}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers, y with half the spread of x where `strength` is 1."""
    out = normal(rng, n)
    out["y"] = out["y"] + 0.5 * strength * out["x"]
    return out.rows()
