"""A table of a shop to be broken, and what its learned half says: shared by the tests of faults."""

from pathlib import Path

import numpy as np
import pandas as pd

from heldout.tools.data.dataset import open_dataset
from heldout.tools.review.checked import Fault
from heldout.tools.review.delivery import open_delivery
from heldout.tools.review.faults import find_faults
from heldout.tools.review.learned import LearnedClaims, LearnedColumn
from heldout.tools.review.sketch import Sketch
from heldout.tools.review.sketching import sketch_of

STORES = ("Köln", "Berlin", "Hamburg", "Bremen", "Zürich")


def shop(seed: int, n: int = 1_500) -> pd.DataFrame:
    """Orders over four weeks, every cell a text as in a file."""
    rng = np.random.default_rng(seed)
    hours = np.clip(rng.normal(13, 3, n), 6, 22.9)
    when = pd.Timestamp("2025-01-06") + pd.to_timedelta(np.sort(rng.integers(0, 28, n)) * 24 + hours, unit="h")
    store = rng.choice(5, n, p=[0.4, 0.25, 0.15, 0.12, 0.08])
    plan = rng.choice(["basic", "gold card"], n, p=[0.7, 0.3])
    words = np.array(["schön verpackt", "große Kiste", "late again", "für Müller", "nothing to say"])
    return pd.DataFrame(
        {
            "order": [f"A-{v:06d}" for v in rng.permutation(9 * n)[:n]], "placed": when.strftime("%Y-%m-%d %H:%M:%S"),
            "store": np.array(STORES)[store], "plan": plan, "paid": np.where(rng.random(n) < 0.8, "yes", "no"),
            "items": (1 + rng.poisson(4 + 2 * store)).astype(str),
            "weight": np.round(rng.lognormal(1.2, 0.4, n), 3).astype(str),
            "amount": np.round(rng.gamma(4, 12, n) + 25 * (plan == "gold card"), 2).astype(str),
            "remark": [" ".join(some) for some in zip(*rng.choice(words, (3, n)), strict=True)],
        }
    ).astype(object)  # fmt: skip


def learned(path: Path) -> tuple[LearnedClaims, Sketch]:
    """Columns and sketch of a file, as `learn` leaves them; no claims."""
    with open_dataset(path, keep_counts=True) as data:
        columns = tuple(
            LearnedColumn(
                name=c.name, type=c.type, storage=c.storage, levels=c.levels, unit=c.unit, derived_from=c.derived_from
            )
            for c in data.columns
        )
        known = {c.name: c for c in data.columns}
        base = sketch_of(data.cursor(), "data", known, like=None, name="learned", digest=data.fingerprint)
        claims = LearnedClaims(
            source=path.name, fingerprint=data.fingerprint, rows=data.rows, version="0", columns=columns, claims=()
        )
    return claims, base


def faults_of(path: Path, claims: LearnedClaims, base: Sketch) -> tuple[Fault, ...]:
    """What is found in a file."""
    with open_delivery(path, claims.columns) as delivery:
        new = sketch_of(
            delivery.cursor(), "data", dict(delivery.columns), like=base, name="new", digest=delivery.digest
        )
        return find_faults(delivery, base, new, claims)
