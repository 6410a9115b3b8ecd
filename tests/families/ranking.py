"""Four levels in an order; where nothing is there, all steps but the last are far beyond doubt."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Ranking

from . import tables

HYPOTHESIS = Ranking(outcome="y", predictor="k", order=("a", "b", "c", "d"))
PICTURE = "groups"


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Rows where each level lies `strength` standard deviations above the next."""
    k = rng.integers(0, 4, n)
    y = rng.normal(size=n) - strength * k
    y[rng.random(n) < 0.03] = np.nan
    return Rows.of({"k": np.array(list("abcd"))[k], "y": y, "age": rng.integers(18, 80, n).astype(float)})


def null(rng: np.random.Generator, generator_name: str) -> Rows:
    """A standard null table with `a` moved above `b` and `b` above the others: only `c` and `d` are tied.

    With every step tied an order would be rejected far less often than a test may.
    """
    rows = tables.null_rows(generator_name, rng, HYPOTHESIS.columns)
    y, k = rows.number("y"), rows.codes("k")
    steps = np.array([{"a": 2.0, "b": 1.0}.get(level, 0.0) for level in rows.column("k").levels] + [0.0])
    return rows.replaced({"y": y + steps[k] * (np.nanmax(y) - np.nanmin(y) + 1)})


NOT_FOR: dict[str, str] = {"normal, n = 20": "a level has fewer than 10 rows"}
