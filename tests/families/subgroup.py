"""A rule of two conditions, one on a label and one on a number."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Condition, Subgroup

HYPOTHESIS = Subgroup(
    outcome="y",
    predictor="k",
    rule=(Condition(column="k", op="!=", value="d"), Condition(column="x", op=">", value=0.0)),
    direction="higher",
)
PICTURE = "groups"


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Rows where `y` is higher inside the rule by `strength` standard deviations."""
    k, x = rng.choice(list("abcd"), n), rng.normal(size=n)
    y = rng.normal(size=n) + strength * ((k != "d") & (x > 0))
    y[rng.random(n) < 0.03] = np.nan
    return Rows.of({"k": k, "x": x, "y": y, "age": rng.integers(18, 80, n).astype(float)})


NOT_FOR: dict[str, str] = {
    "normal, n = 20": "a side has fewer than 10 rows",
    "normal, n = 50": "the rule holds for fewer than 30 rows",
}
