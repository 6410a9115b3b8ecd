"""What goes together because of how children are summed up: rank correlations where nothing is there.

    python benchmarks/aggregates.py

1,000 parents with 1 + Poisson(5) rows each; two skewed numbers (lognormal, sigma 1) and a rare label (10 %), all
independent of each other and of the number of rows. Prints the mean of Spearman's rho over 60 such tables.
"""

import sys

import numpy as np
from numpy.typing import NDArray

PARENTS = 1_000
TABLES = 60


def sums_of_nothing(rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Columns made from independent rows, one value for each parent."""
    count = 1 + rng.poisson(5, PARENTS)
    who = np.repeat(np.arange(PARENTS), count)
    x, y, rare = rng.lognormal(3, 1, len(who)), rng.lognormal(3, 1, len(who)), rng.random(len(who)) < 0.1
    greatest = np.zeros(PARENTS)
    np.maximum.at(greatest, who, x)
    return {
        "count": count.astype(float),
        "mean": np.bincount(who, x) / count,
        "another mean": np.bincount(who, y) / count,
        "share": np.bincount(who, rare) / count,
        "sum": np.bincount(who, x),
        "max": greatest,
    }


def main() -> None:
    """Prints one line a pair."""
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    tables = [sums_of_nothing(rng) for _ in range(TABLES)]
    for a, b in (
        ("count", "mean"), ("count", "share"), ("count", "max"), ("count", "sum"), ("mean", "another mean"),
        ("mean", "share"),
    ):  # fmt: skip
        rho = np.mean([spearmanr(t[a], t[b])[0] for t in tables])
        sys.stdout.write(f"{a} and {b}: {rho:.3f}\n")


if __name__ == "__main__":
    main()
