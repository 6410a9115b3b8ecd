"""Whether a difference between groups is larger on one side of a label: two differences of opposite sign."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Contrast, Interaction

from .tables import NULLS, normal

HYPOTHESIS = Interaction(
    outcome="y", predictor="g", levels=Contrast(a=("u",), b=("v",)), moderator="h",
    moderator_levels=Contrast(a=("p",), b=("q",)), direction="higher",
)  # fmt: skip
PICTURE = "lines"
NOT_FOR: dict[str, str] = {
    "normal, n = 20": "fewer than 10 rows in one of the four groups",
    "lognormal, 25 against 475": "fewer than 20 rows in one of the four groups",
    "86 % zeros, 25 against 475": "fewer than 20 rows in one of the four groups",
}
_UNEVEN = ("unequal sizes", "spread 3:1, 60 against 340", "spread 1:3, 60 against 340", "spread by k and h")
"""Tables whose rare group has enough rows only where the moderator divides it evenly."""


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Normal numbers; the effect of u over v is `strength` where h is p and minus that where it is q."""
    out = normal(rng, n)
    out["y"] = out["y"] + 0.5 * (out["h"] == 0) + strength * (out["g"] == 0) * np.where(out["h"] == 0, 1.0, -1.0)
    return out.rows()


def null(rng: np.random.Generator, generator: str) -> Rows:
    """The standard null table; the moderator in halves where it would leave too few rows in a group."""
    out = NULLS[generator](rng)
    if generator in _UNEVEN:
        out["h"] = rng.permutation(np.arange(len(out["h"])) % 2)
    return out.rows(HYPOTHESIS.columns)
