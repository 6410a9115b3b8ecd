"""Whether a difference between groups is larger on one side of a label: two differences of opposite sign."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Contrast, Interaction

from .tables import normal

HYPOTHESIS = Interaction(
    outcome="y", predictor="g", levels=Contrast(a=("u",), b=("v",)), moderator="h",
    moderator_levels=Contrast(a=("p",), b=("q",)), direction="higher",
)  # fmt: skip
PICTURE = "lines"
NOT_FOR: dict[str, str] = {"normal, n = 20": "fewer than 10 rows in one of the four groups"}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers; the effect of u over v is `strength` where h is p and minus that where it is q."""
    out = normal(rng, n)
    out["y"] = out["y"] + 0.5 * (out["h"] == 0) + strength * (out["g"] == 0) * np.where(out["h"] == 0, 1.0, -1.0)
    return out.rows()
