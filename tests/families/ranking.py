"""Four levels in an order."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Ranking

HYPOTHESIS = Ranking(outcome="y", predictor="k", order=("a", "b", "c", "d"))
PICTURE = "groups"


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Rows where each level lies `strength` standard deviations above the next."""
    k = rng.integers(0, 4, n)
    y = rng.normal(size=n) - strength * k
    y[rng.random(n) < 0.03] = np.nan
    return Rows.of({"k": np.array(list("abcd"))[k], "y": y, "age": rng.integers(18, 80, n).astype(float)})


NOT_FOR: dict[str, str] = {}
