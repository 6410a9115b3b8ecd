"""Whether a number falls and rises again along another: a parabola that turns where the claim says."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Shape

from .tables import normal

HYPOTHESIS = Shape(outcome="y", predictor="x", shape="u", knots=(0.0,))
PICTURE = "curve"
NOT_FOR: dict[str, str] = {"normal, n = 20": "fewer than 20 rows on a side"}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers, larger by `strength` times the square of x."""
    out = normal(rng, n)
    out["y"] = out["y"] + strength * out["x"] ** 2
    return out.rows()
