"""When equal rows lie on one side by chance: how far are the sides from independent, and what does it cost a test?

    python benchmarks/equal_rows.py --reps 2000 --write

Tables of independent whole numbers. Equal rows share a side, so a vault holds what exploration does not, and is a
sample of groups. `fixed`: Spearman's test of one pair of columns, two-sided at .05. `against`: the pair that looks best
on the exploration rows is claimed in the other direction, one-sided at .025. Effective: (sum m)^2 / sum m^2 over the
groups of equal rows, as a share of the rows. The rule (`tools/data/kept.py`) places each row for itself under nine
tenths; then both levels are those of the last columns.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pages import write_section  # noqa: E402

TABLES = ((8, 4, 3_500), (8, 4, 2_000), (8, 4, 1_000), (8, 4, 500), (8, 4, 250), (8, 5, 1_600), (8, 6, 3_000))
"""Levels of a column, columns, rows."""
SHARE = 0.5
_TWO, _ONE = 1.959964, 1.959964


def one(rng: np.random.Generator, levels: int, columns: int, n: int, *, together: bool) -> tuple[float, bool, bool]:
    """Effective share of groups, and whether either test rejects."""
    x = rng.integers(0, levels, (n, columns))
    group, m = np.unique(x @ levels ** np.arange(columns), return_inverse=True, return_counts=True)[1:]
    side = (rng.random(len(m)) < SHARE)[group] if together else rng.random(n) < SHARE
    explored, vault = _scores(x[side]), _scores(x[~side])
    i, j = np.unravel_index(np.argmax(np.abs(np.tril(explored, -1))), explored.shape)
    against = -np.sign(explored[i, j]) * vault[i, j] > _ONE
    return float(n / (m.astype(float) ** 2).sum()), bool(abs(vault[1, 0]) > _TWO), bool(against)


def _scores(x: np.ndarray) -> np.ndarray:
    """Spearman's rho of each pair times the root of n - 1, about standard normal where nothing is related."""
    return np.corrcoef(np.apply_along_axis(rankdata, 0, x), rowvar=False) * np.sqrt(len(x) - 1)


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=2_000)
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    options = parser.parse_args()
    lines = ["| levels | columns | rows | effective | fixed, .05 | against, .025 | each for itself: fixed | against |",
             "| --- " * 8 + "|"]  # fmt: skip
    for at, (levels, columns, n) in enumerate(TABLES):
        cells = []
        for together in (True, False):
            rng = np.random.default_rng([at, together])
            got = np.array([one(rng, levels, columns, n, together=together) for _ in range(options.reps)])
            cells.append(got.mean(axis=0))
        (share, *first), (_, *second) = cells
        lines.append(
            f"| {levels} | {columns} | {n:,} | {share:.2f} | {' | '.join(f'{c:.3f}' for c in (*first, *second))} |"
        )
    print("\n".join(lines))
    if options.write:
        write_section("equal rows", "\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
