"""The case of `adjusted_association` for the contract of every family."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import AdjustedAssociation, Hypothesis

HYPOTHESIS: Hypothesis = AdjustedAssociation(outcome="y", predictor="x", controls=("z",), direction="increasing")
PICTURE = "forest"
NOT_FOR: dict[str, str] = {"normal, n = 20": "needs 40 rows with every value"}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """`y` rises with `x` beside `z`, which both go with; at strength 0 only through `z`."""
    z = rng.normal(size=n)
    x = 0.6 * z + rng.normal(size=n)
    g = rng.integers(0, 2, n)
    y = 0.6 * z + 0.5 * strength * x + rng.normal(size=n)
    return Rows.of(
        {
            "g": np.where(g == 0, "u", "v"),
            "k": rng.choice(["a", "b", "c", "d"], n),
            "x": x,
            "y": y,
            "m": rng.normal(size=n),
            "z": z,
            "h": rng.choice(["p", "q"], n),
            "t": np.datetime64("2023-01-01") + rng.permutation(n),
            "e": np.where(rng.random(n) < 1 / (1 + np.exp(-0.6 * z - strength * x)), "yes", "no"),
            "c": rng.poisson(2, n).astype(float),
            "w": rng.uniform(0.5, 2, n),
            "s": rng.choice(["old", "new"], n),
            "age": rng.integers(18, 80, n).astype(float),
        }
    )
