"""Whether one label depends on another: an event's share that differs between four levels."""

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import CategoricalAssociation

from .tables import normal

HYPOTHESIS = CategoricalAssociation(
    outcome="e", predictor="k", outcome_levels=("yes", "no"), predictor_levels=("a", "b", "c", "d")
)
PICTURE = "shares"
NOT_FOR: dict[str, str] = {
    "normal, n = 20": "fewer than 50 rows",
    "normal, n = 50": "half of the eight cells expect fewer than 5 rows",
    "clusters, between": "labels that differ within a cluster cannot be collapsed to one row a cluster",
    "clusters, within": "labels that differ within a cluster cannot be collapsed to one row a cluster",
    "entities of 40 rows": "labels that differ within a cluster cannot be collapsed to one row a cluster",
    "blocks of a series": "labels that differ within a cluster cannot be collapsed to one row a cluster",
}


def planted(rng: np.random.Generator, n: int, strength: float) -> Rows:
    """An event of 30 %, by level up to 30 points more."""
    out = normal(rng, n)
    out["e"] = (rng.random(n) >= 0.3 + 0.15 * strength * np.array([2.0, 1.0, 0.0, 0.0])[out["k"]]).astype(int)
    return out.rows()
