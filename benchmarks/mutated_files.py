"""Opens 2,000 damaged and odd files and prints what became of each kind; fails on any fault.

    python benchmarks/mutated_files.py [FILES]

A fault is anything but a right table or a refusal in words that names the file: a traceback, or a table whose
rows, names or numbers are not those of the file. Knows the mutator of the tests; must never judge a table itself.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from mutations import KINDS_OF_DAMAGE, try_mutant  # noqa: E402

OUTCOMES = ("opened", "refused", "fault")


def main(files: int) -> int:
    """Runs the mutants in turn; returns the exit code."""
    start, counts, faults = time.perf_counter(), Counter(), []
    kinds = list(KINDS_OF_DAMAGE)
    with tempfile.TemporaryDirectory() as folder:
        for at in range(files):
            kind, seed = kinds[at % len(kinds)], at // len(kinds)
            result = try_mutant(kind, seed, Path(folder))
            counts[kind, result.outcome] += 1
            if result.outcome == "fault":
                faults.append(f"{kind} {seed}: {result.reason}")
    print(f"{'kind':<20}" + "".join(f"{o:>10}" for o in OUTCOMES))
    for kind in kinds:
        print(f"{kind:<20}" + "".join(f"{counts[kind, o]:>10}" for o in OUTCOMES))
    print(f"{files} files in {time.perf_counter() - start:.0f} s, {len(faults)} faults")
    for fault in faults[:40]:
        print("fault:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000))
