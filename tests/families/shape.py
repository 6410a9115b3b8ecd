"""Whether a number falls and rises again along another: a parabola that turns where the claim says."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Shape

from .tables import NULLS, normal

HYPOTHESIS = Shape(outcome="y", predictor="x", shape="u", knots=(0.0,))
PICTURE = "curve"
NOT_FOR: dict[str, str] = {
    "normal, n = 20": "fewer than 20 rows on a side",
    "few values": "fewer than 3 distinct values on a side",
    "86 % zeros": "fewer than 3 distinct values on a side",
    "86 % zeros, 25 against 475": "fewer than 3 distinct values on a side",
}
_MIDDLE = {"uniform": 0.5, "exponential": 0.7, "lognormal, 25 against 475": 1.0, "3 % flag": 15.0,
           "overdispersed counts": 2.0}  # fmt: skip
"""Where the turning point lies in tables whose numbers are not centred at 0."""


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers, larger by `strength` times the square of x."""
    out = normal(rng, n)
    out["y"] = out["y"] + strength * out["x"] ** 2
    return out.rows()


def null(rng: np.random.Generator, generator: str) -> Rows:
    """The standard null table with its numbers moved such that 0 lies amid them."""
    out = NULLS[generator](rng)
    out["x"] = out["x"] - _MIDDLE.get(generator, 0.0)
    return out.rows(HYPOTHESIS.columns)
