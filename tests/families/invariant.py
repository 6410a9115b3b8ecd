"""A range that at most a tenth of the rows may leave."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Invariant

HYPOTHESIS = Invariant(outcome="e", predictor="e", rule="one_of", allowed=("yes",), tolerance=0.1)
PICTURE = "rates"
TOLERANCE = 0.1


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Rows of which a tenth breaks the rule at strength 0, and a fiftieth at 1."""
    rate = TOLERANCE * max(1 - 0.8 * strength, 0.02)
    event = np.where(rng.random(n) < rate, "no", "yes").astype(object)
    event[:2] = ["no", "yes"]
    event[2:][rng.random(n - 2) < 0.03] = None
    return Rows.of({"e": event, "age": rng.integers(18, 80, n).astype(float)})


def null(rng: np.random.Generator, generator_name: str) -> Rows:
    """Rows that break the rule exactly as often as is tolerated, whatever else the table holds."""
    n = int(rng.choice([20, 200, 2_000]))
    return Rows.of({"e": np.where(rng.random(n) < TOLERANCE, "no", "yes").astype(object)}) if n > 20 else _small(rng)


def _small(rng: np.random.Generator) -> Rows:
    return Rows.of({"e": np.array(["no", "yes", *np.where(rng.random(18) < TOLERANCE, "no", "yes")], object)})


NOT_FOR: dict[str, str] = {}
