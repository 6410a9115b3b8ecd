"""How often does `explain` verify anything in tables in which nothing is related?

    python benchmarks/permuted.py --runs 300            # 300 permuted copies of each of 8 tables, 2 processes
    python benchmarks/permuted.py --runs 300 --write    # the same, and the table goes into docs/evidence.md

Every run is the whole job on a table of its own with a ledger of its own. The generator is certified on the way: the
share of column pairs with p <= .05 must be within Monte Carlo error of .05. A run that fails counts as a hit.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from nulls import NASTY, REAL, permuted, source
from scipy.stats import binom

from heldout.tools.explore.dependence import dependent_share, upper_share


def one(job: tuple[str, int]) -> tuple[str, bool, int, int, int, str]:
    """Name, whether anything was verified, hypotheses committed, pairs that look dependent, pairs, error."""
    import heldout

    name, seed = job
    table = source(name)
    assert table is not None
    shuffled = permuted(table, seed)
    hits, tried = dependent_share(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        try:
            report = heldout.explain(shuffled, name=name, ledger=Path(folder) / "l.jsonl", threads=1)
        except Exception as err:
            return name, True, 0, hits, tried, f"{type(err).__name__}: {err}"
    return name, bool(report.verified), report.result.counts.committed, hits, tried, ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40, help="permuted copies of each table")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the table into docs/evidence.md")
    options = parser.parse_args()
    names = [n for n in (*REAL, *NASTY) if source(n) is not None]
    jobs = [(name, options.seed + run) for run in range(options.runs) for name in names]
    with ProcessPoolExecutor(options.processes) as pool:
        results = list(pool.map(one, jobs, chunksize=4))
    lines = ["| table | runs | with any verified | upper 95 % bound | hypotheses a run | pairs with p <= .05 |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    fine = True
    for name in [*names, "all"]:
        rows = [r for r in results if name in (r[0], "all")]
        found, runs = sum(r[1] for r in rows), len(rows)
        dependent, tried = sum(r[3] for r in rows), sum(r[4] for r in rows)
        certified = binom.ppf(1e-4, tried, 0.05) <= dependent <= binom.ppf(1 - 1e-4, tried, 0.05) * 1.05
        bound = upper_share(found, runs)
        fine &= certified and (bound <= 0.05 or runs < 60)
        lines.append(
            f"| {name} | {runs} | {found} | {bound:.3f} | {sum(r[2] for r in rows) / runs:.1f} | "
            f"{dependent / max(tried, 1):.3f}{'' if certified else ' NOT CERTIFIED'} |"
        )
    errors = sorted({r[5] for r in results if r[5]})
    text = "\n".join(lines + [f"\nError: {e}" for e in errors])
    print(text)
    if options.write:
        from pages import write_section

        write_section("permuted", text)
    return 0 if fine and not errors else 1


if __name__ == "__main__":
    sys.exit(main())
