"""What placing equal rows on one side does to a coarse table, beside placing each row for itself.

    python benchmarks/coarse.py [--write]

Tables of 2,500 rows in which `b` is 1 for 30 % of rows (40 % where `a` is 0), told apart by a few further labels. The
held-out half's 95 % Newcombe interval of the difference should hold the true difference in 95 % of tables.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from heldout.tools.verify.intervals import newcombe_interval  # noqa: E402


def coverage(labels: int, rows: int, tables: int, by_row: bool) -> tuple[float, float]:
    """Share of intervals that hold the true difference, and the number of groups the division amounts to."""
    rng = np.random.default_rng(labels)
    hits, sizes = 0, 0.0
    for _ in range(tables):
        a = rng.integers(0, 3, rows)
        b = rng.random(rows) < np.where(a == 0, 0.4, 0.3)
        other = rng.integers(0, labels, rows)
        atom = (a * 2 + b) * labels + other
        count = np.bincount(atom)
        sizes += rows**2 / (count**2).sum() / tables
        side = rng.random(rows) < 0.5 if by_row else (rng.random(6 * labels) < 0.5)[atom]
        one, two = side & (a == 0), side & (a != 0)
        if min(one.sum(), two.sum()) == 0:
            continue
        d = newcombe_interval((b[one].sum(), one.sum()), (b[two].sum(), two.sum()))
        hits += d.low <= 0.1 <= d.high
    return hits / tables, sizes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1_000)
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    options = parser.parse_args()
    lines = [
        "| further labels | groups of equal rows, effectively | coverage, equal rows together | each row for itself |"
    ]
    lines.append("| ---: | ---: | ---: | ---: |")
    for labels in (1, 8, 50, 200, 1_000, 5_000):
        together, groups = coverage(labels, 2_500, options.tables, by_row=False)
        apart, _ = coverage(labels, 2_500, options.tables, by_row=True)
        lines.append(f"| {labels:,} | {groups:,.0f} | {together:.3f} | {apart:.3f} |")
    text = "\n".join(lines)
    print(text)
    if options.write:
        from pages import write_section

        write_section("coarse", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
