"""Does the story name a change that was planted: its column first, its level, and nothing beside it?

    python benchmarks/planted_changes.py              # 40 of each kind on each of 4 real tables, 2 processes

A real table is divided in halves at random. One change is planted in the second half, drawn at random: a number moves
by .8 standard deviations in all rows, or by one standard deviation in one level of a label (5 to 50 % of the rows), or
a third of its cells are lost. Rows that hold the number keep everything else, so whatever is told of another column is
false.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
from random_halves import FOUR, TABLES, halves, sketched

from heldout.tools.review.naming import is_compared
from heldout.tools.review.shifts import find_shifts
from heldout.tools.review.sketch import Sketch
from heldout.tools.review.story import tell

KINDS = ("everywhere", "one level", "missing")
EVERYWHERE, ONE_LEVEL, LOST = 0.8, 1.0, 1 / 3
FEWEST_ROWS = 30

Table = dict[str, list[str | None]]


class Outcome(NamedTuple):
    """What the story made of one planted change."""

    table: str
    kind: str
    first: bool
    """The first line is of the column."""
    level: bool
    """It names the planted level, or no level where there is none."""
    beside: int
    """Lines of other columns."""
    said: str


def plant(kind: str, base: Sketch, table: Table, rng: np.random.Generator) -> tuple[str, dict[str, str]]:
    """Changes the table in place; the column and the level."""
    own = [c for c in base.columns if c.name in table and is_compared(c)]
    numbers = [c for c in own if c.kind == "number" and c.distinct > 24 and c.sd]
    column = numbers[int(rng.integers(len(numbers)))]
    cells = table[column.name]
    if kind == "missing":
        table[column.name] = [None if u < LOST else v for u, v in zip(rng.random(len(cells)), cells, strict=True)]
        return column.name, {}
    where, segment = [True] * len(cells), {}
    if kind == "one level":
        offered = [
            (c.name, level)
            for c in own
            if c.kind == "label"
            for level, n in c.levels.items()
            if max(0.05 * c.rows, FEWEST_ROWS) <= n <= 0.5 * c.rows
        ]
        label, level = offered[int(rng.integers(len(offered)))]
        where, segment = [v == level for v in table[label]], {label: level}
    move = (ONE_LEVEL if segment else EVERYWHERE) * (column.sd or 0.0)
    table[column.name] = [
        str(round(float(v) + move, 4)) if v is not None and here else v for v, here in zip(cells, where, strict=True)
    ]
    return column.name, segment


def one(job: tuple[str, str, int]) -> Outcome:
    """One planted change."""
    name, kind, seed = job
    learned, delivered = halves(TABLES[name], seed)
    base = sketched(learned)
    column, segment = plant(kind, base, delivered, np.random.default_rng([seed, KINDS.index(kind)]))
    new = sketched(delivered, base, "delivered")
    lines = tell(base, new, find_shifts(base, new))
    said = " | ".join(c.text for c in lines)
    first = bool(lines) and column in lines[0].columns
    level = first and _same(delivered, lines[0].segment, segment)
    return Outcome(name, kind, first, level, sum(column not in c.columns for c in lines), f"{column} {segment}: {said}")


def _same(table: Table, told: dict[str, str], planted: dict[str, str]) -> bool:
    """Whether both name the same rows: `pclass` 1 is `class` First."""
    rows = [{at for x, level in s.items() for at, v in enumerate(table[x]) if v == level} for s in (told, planted)]
    return bool(told) == bool(planted) and rows[0] == rows[1]


def measure(names: Sequence[str], runs: int, processes: int) -> list[Outcome]:
    """All planted changes; the same for any number of processes."""
    jobs = [(name, kind, seed) for name in names for kind in KINDS for seed in range(1, runs + 1)]
    if processes == 1:
        return [one(job) for job in jobs]
    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(one, jobs, chunksize=5))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40, help="changes of each kind in each table")
    parser.add_argument("--tables", nargs="+", default=list(FOUR), choices=list(TABLES))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print what was told otherwise")
    options = parser.parse_args()
    results = measure([n for n in options.tables if TABLES[n].exists()], options.runs, options.processes)
    print("| table | planted | runs | its column first | level named rightly | lines of other columns |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in [*options.tables, "all"]:
        for kind in KINDS:
            own = [r for r in results if r.kind == kind and name in (r.table, "all")]
            first, level, beside = (sum(x) for x in zip(*((r.first, r.level, r.beside) for r in own), strict=True))
            print(f"| {name} | {kind} | {len(own)} | {first} | {level} | {beside} |")
    if options.show:
        print(*(f"{r.table} {r.kind} {r.said}" for r in results if not r.level or r.beside), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
