"""How often does a review speak of a change between two random halves of one table?

    python benchmarks/random_halves.py                 # 200 halves: 50 of each of 4 real tables, 2 processes
    python benchmarks/random_halves.py --runs 200      # 200 of each

The first half is what was learned, the second what is delivered; nothing differs but chance. Counted by rule: columns
that alarm (watch, broken), lines of the story, and splits in which anything does. The issue allows an alarm of the
level of errors in 5 % of the splits.
"""

import argparse
import csv
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from heldout.tools.data.dataset import open_dataset
from heldout.tools.explore.dependence import upper_share
from heldout.tools.review.shifts import find_shifts
from heldout.tools.review.sketch import Sketch
from heldout.tools.review.sketching import sketch_of
from heldout.tools.review.story import tell

DATA = Path(__file__).parents[2] / "shared" / "data"
TABLES = {
    "bike": DATA / "drift" / "bike_2012.csv",
    "flights": DATA / "drift" / "flights_autumn.csv",
    "taxis": DATA / "seaborn" / "taxis.csv",
    "titanic": DATA / "seaborn" / "titanic.csv",
    "insurance": DATA / "dabench" / "da-dev-tables" / "insurance.csv",
    "penguins": DATA / "seaborn" / "penguins.csv",
}
FOUR = ("bike", "flights", "taxis", "titanic")


def halves(path: Path, seed: int) -> tuple[dict[str, list[str | None]], dict[str, list[str | None]]]:
    """Two random halves of a CSV file, as columns of text; empty cells are missing."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    order = np.random.default_rng(seed).permutation(len(rows))
    middle = len(rows) // 2
    return tuple(  # type: ignore[return-value]
        {name: [rows[at][k] or None for at in part] for k, name in enumerate(header)}
        for part in (order[:middle], order[middle:])
    )


def sketched(source: object, like: Sketch | None = None, name: str = "learned") -> Sketch:
    """The sketch of a source, opened by itself."""
    with open_dataset(source, name=name) as data:
        columns = {c.name: c for c in data.columns}
        return sketch_of(data.cursor(), "data", columns, like=like, name=name, digest=data.fingerprint)


def review(learned: object, delivered: object) -> list[tuple[str, str]]:
    """What speaks: the rule with its state, and what it says."""
    base = sketched(learned)
    new = sketched(delivered, base, "delivered")
    shifts = find_shifts(base, new)
    said = [(f"shift {s.state}", s.text) for s in shifts if s.state in ("watch", "broken")]
    said += [("shift undecidable", s.text) for s in shifts if s.state == "undecidable"]
    return said + [("story", c.text) for c in tell(base, new, shifts)]


def one(job: tuple[str, int]) -> tuple[str, int, list[tuple[str, str]]]:
    """One split of one table."""
    name, seed = job
    return name, seed, review(*halves(TABLES[name], seed))


def measure(names: list[str], runs: int, processes: int) -> list[tuple[str, int, list[tuple[str, str]]]]:
    """All splits of all tables; the same for any number of processes."""
    jobs = [(name, seed) for name in names for seed in range(1, runs + 1)]
    if processes == 1:
        return [one(job) for job in jobs]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(one, jobs, chunksize=5))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="splits of each table")
    parser.add_argument("--tables", nargs="+", default=list(FOUR), choices=list(TABLES))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print what was said")
    options = parser.parse_args()
    names = [n for n in options.tables if TABLES[n].exists()]
    results = measure(names, options.runs, options.processes)
    print("| table | splits | with an error | upper 95 % bound | with a warning | with a line of the story |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in [*names, "all"]:
        rows = [[rule for rule, _ in said] for table, _, said in results if name in (table, "all")]
        error = sum("shift broken" in r for r in rows)
        warned = sum(any(x.startswith("shift") for x in r) for r in rows)
        told = sum("story" in r for r in rows)
        print(f"| {name} | {len(rows)} | {error} | {upper_share(error, len(rows)):.3f} | {warned} | {told} |")
    by_rule = Counter(rule for _, _, said in results for rule, _ in said)
    print(", ".join(f"{rule}: {n}" for rule, n in sorted(by_rule.items())) or "no rule spoke")
    if options.show:
        for name, seed, said in results:
            for rule, text in said:
                print(f"{name} {seed} {rule}: {text}")
    every = [any(rule == "shift broken" for rule, _ in said) for _, _, said in results]
    return int(upper_share(sum(every), len(every)) > 0.05)


if __name__ == "__main__":
    sys.exit(main())
