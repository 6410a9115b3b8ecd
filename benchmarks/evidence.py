"""The results page by one command: every suite of the promise with its seeds, one after the other.

    python benchmarks/evidence.py                  # the suites of docs/promises.md into docs/evidence.md, hours
    python benchmarks/evidence.py --list           # what would run
    python benchmarks/evidence.py --from attacks   # go on from a suite

Each suite writes its own section and ends with 1 where its figure breaks the promise; the last lines say which did. A
suite needs `../shared/data` where it reads real tables; it says so where these are absent. `mutants` and `branches`
need mutmut 3.8.1 and coverage, `sessions` online-fdr: they say how to install them.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUITES: dict[str, tuple[str, ...]] = {
    "certify": ("certify.py", "--write"),
    "attacks": ("attacks.py", "--reps", "8000", "--tries", "1000", "--tables", "200", "--write"),
    "sessions": ("sessions.py", "--write"),
    "interval_coverage": ("interval_coverage.py", "--tables", "300", "--write"),
    "lineage": ("lineage.py", "--tables", "120", "--before", "12", "--write"),
    "equal_rows": ("equal_rows.py", "--reps", "2000", "--write"),
    "threads": ("threads.py", "--reps", "20000", "--tables", "200"),
    "dependence": ("dependence.py", "--reps", "20000", "--write"),
    "planted": ("planted.py", "--reps", "25", "--write"),
    "nested": ("nested.py", "--runs", "100", "--seed", "500", "--write"),
    "permuted": ("permuted.py", "--runs", "50", "--seed", "1000", "--write"),
    "permuted_texts": ("permuted_texts.py", "--runs", "15", "--write"),
    "contract": ("contract.py",),
    "calibration": ("calibration.py", "--reps", "2000"),
    "confounders": ("confounders.py", "--reps", "80"),
    "gold": ("gold.py", "--write"),
    "gold_text": ("gold_text.py", "--write"),
    "hostile": ("hostile.py", "--seeds", "1000", "--write"),
    "hostile_ask": ("hostile_ask.py", "--seeds", "400", "--write"),
    "grounding": ("grounding.py", "--texts", "10000"),
    "crashes": ("crashes.py", "--points", "200", "--seed", "7", "--write"),
    "mutated_reports": ("mutated_reports.py", "2000", "--write"),
    "simulated_years": ("simulated_years.py", "--years", "20"),
    "review_halves": ("review_halves.py", "--halves", "200", "--seed", "1001"),
    "branches": ("branches.py", "--write"),
    "mutants": ("mutants.py", "--write"),
}
"""Each suite with its seeds and sizes; those that prove the error level first."""


def run(name: str) -> tuple[int, float]:
    """Run a suite; its exit code and how many minutes it took."""
    start = time.monotonic()
    code = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / SUITES[name][0]), *SUITES[name][1:]], cwd=ROOT
    ).returncode
    return code, (time.monotonic() - start) / 60


def chosen(only: list[str], first: str | None) -> list[str]:
    """The suites to run, in their order."""
    names = [name for name in SUITES if not only or name in only]
    return names if first is None else names[names.index(first) :]


def main() -> int:
    """Run what was chosen; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(SUITES), default=[], metavar="SUITE")
    parser.add_argument("--from", dest="first", choices=list(SUITES), metavar="SUITE", help="begin with this suite")
    parser.add_argument("--list", action="store_true", help="print the commands and run nothing")
    options = parser.parse_args()
    names = chosen(options.only, options.first)
    if options.list:
        print("\n".join(f"python benchmarks/{' '.join(SUITES[name])}" for name in names))
        return 0
    codes = {name: run(name) for name in names}
    for name, (code, minutes) in codes.items():
        print(f"{'kept  ' if code == 0 else 'BROKEN'} {name}, {minutes:.1f} minutes")
    return int(any(code for code, _ in codes.values()))


if __name__ == "__main__":
    sys.exit(main())
