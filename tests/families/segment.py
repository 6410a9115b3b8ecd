"""A segment described by two conditions, on an outcome that was not among its features."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Condition, Segment

HYPOTHESIS = Segment(
    outcome="e",
    event="yes",
    predictor="x",
    rule=(Condition(column="x", op=">", value=0.0), Condition(column="h", op="==", value="p")),
    features=("h", "m", "x"),
    direction="higher",
)
PICTURE = "rates"


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """Rows where the event is likelier inside the segment by 40 points at `strength` 1."""
    x, h = rng.normal(size=n), rng.choice(["p", "q"], n)
    inside = (x > 0) & (h == "p")
    event = np.where(rng.random(n) < 0.3 + 0.4 * strength * inside, "yes", "no").astype(object)
    event[rng.random(n) < 0.03] = None
    data = {"x": x, "h": h, "m": rng.normal(size=n), "e": event, "age": rng.integers(18, 80, n).astype(float)}
    return Rows.of(data)


NOT_FOR: dict[str, str] = {
    "normal, n = 20": "a side has fewer than 10 rows",
    "normal, n = 50": "a cell expects fewer than 5 rows",
    "lognormal, 25 against 475": "the rule holds for fewer than 30 rows",
    "86 % zeros, 25 against 475": "a side has fewer than 20 rows",
}
