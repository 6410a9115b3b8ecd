"""How often each family rejects on every null table, and how often it finds an effect of 1.2 times what it can detect.

    python benchmarks/contract.py --reps 10000
    python benchmarks/contract.py --reps 500 --families trend shape --seconds 120
    python benchmarks/contract.py --not-for

Runs the case files of tests/families over the null tables of tests/families/tables.py in two processes. Every cell is
kept in docs/contract.csv, where those of the families run replace the older ones; from it the table between the markers
`<!-- contract -->` and `<!-- /contract -->` of docs/evidence.md is written. With --dry it only prints. `--not-for`
measures nothing and writes what the case files refuse into docs/methods.md.

A rate is over the tables that met the family's floors. p = .001 is the smallest that 999 draws can give, so that it
can be judged; draws are spared where the robust p alone is over .05. Of tables with 20,000 rows a tenth as many are
run, of 100,000 a fiftieth. The exit code is 1 where a cell is shown to be over its limit (1.1 x .05, 2 x .001), or is
never tested, and the family's case does not say so.
"""

import argparse
import csv
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from heldout.tools.data.rows import Rows  # noqa: E402
from heldout.tools.verify.hypothesis import sign  # noqa: E402
from tests.families import CASES, Case  # noqa: E402
from tests.families.changes import turned  # noqa: E402
from tests.families.tables import NULLS  # noqa: E402

DRAWS = 999
LIMITS = {0.05: 0.055, 0.001: 0.002}
"""Rejections that are tolerated: 1.1 and 2 times nominal."""
SHOWN = 0.001
"""A rate is over its limit where chance would give as much in fewer than one of a thousand cells at the limit."""
BEYOND = 1.2 * (1.959964 + 0.841621)
"""Standard errors at 1.2 times the effect that is found at .05 in four of five tables."""
SIZES = (400, 2_000)
LARGE = 20_000
FEWER = {"normal, n = 20,000": 10, "normal, n = 100,000": 50}
PLANTED = "planted, n = "
CELLS = ROOT / "docs" / "contract.csv"
EVIDENCE, METHODS = ROOT / "docs" / "evidence.md", ROOT / "docs" / "methods.md"


class Cell(NamedTuple):
    """One family on one null table."""

    family: str
    generator: str
    tables: int
    tested: int
    at_05: float
    at_001: float

    def over(self, level: float) -> bool:
        """Whether more is rejected than the limit, beyond chance."""
        from scipy.stats import binomtest

        rate = self.at_05 if level == 0.05 else self.at_001
        hits = round(rate * self.tested) if self.tested else 0
        return hits > 0 and binomtest(hits, self.tested, LIMITS[level], alternative="greater").pvalue < SHOWN


class Power(NamedTuple):
    """One family on planted tables of one size."""

    family: str
    n: int
    strength: float
    tables: int
    found: float


def counted_p(case: Case, rows: Rows, *, draws: int = DRAWS, seed: int = 0) -> float | None:
    """The p of one table, or None where it is untestable; draws are spared where they cannot matter at .05.

    Where no opposite claim can be committed an effect against the direction counts as p = 1, as in a verdict.
    """
    h = case.hypothesis
    evidence = case.family.evaluate(h, rows, draws=0)
    if evidence.p_value is None:
        return None
    if sign(h) and turned(h) is None and evidence.theta is not None and evidence.theta <= 0:
        return 1.0
    if evidence.p_value > 0.05:
        return evidence.p_value
    return case.family.evaluate(h, rows, draws=draws, seed=seed).p_value


def measure(
    name: str, generator: str, reps: int, *, seconds: float = np.inf, seed: int = 0, draws: int = DRAWS
) -> Cell:
    """The rates of a family over `reps` tables, or as many as the time allows."""
    case, p, began = CASES[name], [], time.perf_counter()
    done = 0
    for done in range(1, reps + 1):
        rng = _rng(seed, done, generator)
        p.append(counted_p(case, case.null(rng, generator), draws=draws, seed=done))
        if time.perf_counter() - began > seconds:
            break
    at = np.array([one for one in p if one is not None])
    rates = [float((at <= level).mean()) if len(at) else float("nan") for level in LIMITS]
    return Cell(name, generator, done, len(at), *rates)


def strength_for(name: str, n: int, *, seed: int = 0) -> float:
    """The strength at which the true theta is 1.2 times the effect that n rows detect; at most 2.

    The true theta is that of one large planted table, the standard error the median of 9 tables of n rows.
    """
    from scipy.optimize import brentq

    case = CASES[name]

    def beyond(strength: float) -> float:
        large = case.family.evaluate(case.hypothesis, case.planted(_rng(seed, 0), LARGE, strength), draws=0)
        few = (case.planted(_rng(seed, at), n, strength) for at in range(1, 10))
        errors = [case.family.evaluate(case.hypothesis, rows, draws=0).standard_error for rows in few]
        known = [error for error in errors if error is not None]
        return (large.theta or 0.0) - BEYOND * float(np.median(known)) if known else -1.0

    return float(brentq(beyond, 0.0, 2.0, xtol=0.005)) if beyond(2.0) > 0 > beyond(0.0) else 2.0


def power(name: str, n: int, reps: int, *, seconds: float = np.inf, seed: int = 0, draws: int = DRAWS) -> Power:
    """How many planted tables of n rows are found at .05, in the committed direction."""
    case, strength, began = CASES[name], strength_for(name, n), time.perf_counter()
    found = done = 0
    for done in range(1, reps + 1):
        rows = case.planted(_rng(seed + 1, done), n, strength)
        evidence = case.family.evaluate(case.hypothesis, rows, draws=draws, seed=done)
        found += evidence.p_value is not None and evidence.p_value <= 0.05 and (evidence.theta or 0.0) > 0
        if time.perf_counter() - began > seconds:
            break
    return Power(name, n, strength, done, found / done)


def _rng(seed: int, at: int, generator: str = "") -> np.random.Generator:
    """Draws of a table of their own, also beside those of another kind of table."""
    return np.random.Generator(np.random.PCG64([seed, at, crc32(generator.encode())]))


def unsaid(cells: Iterable[Cell]) -> list[Cell]:
    """Cells shown to be over a limit, or never tested, that their family's case does not name."""
    return [c for c in cells if c.generator not in CASES[c.family].not_for and (troubled(c) or not c.tested)]


def needless(cells: Iterable[Cell]) -> list[Cell]:
    """Cells that their family's case names although they are mostly tested, and within their limits."""
    named = [c for c in cells if c.generator in CASES[c.family].not_for]
    return [c for c in named if 2 * c.tested > c.tables and not troubled(c)]


def troubled(cell: Cell) -> bool:
    """Whether the cell is shown to be over one of its limits."""
    return any(cell.over(level) for level in LIMITS)


def reason(name: str, generator: str) -> str | None:
    """Why the family does not test the first of these null tables, or None where it does."""
    case = CASES[name]
    return case.family.evaluate(case.hypothesis, case.null(_rng(0, 1, generator), generator), draws=0).untestable


def as_markdown(cells: list[Cell], powers: list[Power]) -> str:
    """A row a family: its rates over all tables, the worst table at each level, and its power."""
    lines = [
        f"Up to {max(c.tables for c in cells):,} tables of each of {len(NULLS)} kinds in which nothing is there,",
        f"{DRAWS} draws at most; rates with their Monte-Carlo standard error, the worst of those tested often.",
        "Every cell stands in [contract.csv](contract.csv).",
        "",
        "| family | tables tested | p ≤ .05, all | worst table | p ≤ .001, all | worst table "
        "| power at 1.2 x detectable, 400 rows | 2,000 rows |",
        "| --- | ---: | ---: | --- | ---: | --- | ---: | ---: |",
    ]
    for name in dict.fromkeys(c.family for c in cells):
        own = [c for c in cells if c.family == name and c.tested and c.generator not in CASES[name].not_for]
        told = [_all(own, "at_05"), _worst(own, "at_05"), _all(own, "at_001"), _worst(own, "at_001")]
        found = [f"{p.found:.3f}" for n in SIZES for p in powers if (p.family, p.n) == (name, n)]
        lines.append(f"| `{name}` | {len(own)} of {len(NULLS)} | {' | '.join([*told, *found])} |")
    over = [c for c in cells if troubled(c)]
    lines += ["", f"Cells shown to be over 1.1 x nominal at .05 or 2 x at .001: {len(over)}."]
    for cell in over:
        lines.append(f"- `{cell.family}`, {cell.generator}: {_told(cell, 'at_05')} and {_told(cell, 'at_001')}")
    return "\n".join(lines)


def _told(cell: Cell, rate: str) -> str:
    value = float(getattr(cell, rate))
    return f"{value:.4f} ± {np.sqrt(value * (1 - value) / max(cell.tested, 1)):.4f}"


def _worst(cells: list[Cell], rate: str) -> str:
    if not cells:
        return "none"
    enough = max(c.tested for c in cells) / 5  # a rate over a handful of tables is noise
    worst = max((c for c in cells if c.tested >= enough), key=lambda c: getattr(c, rate))
    return f"{worst.generator}: {_told(worst, rate)}"


def _all(cells: list[Cell], rate: str) -> str:
    tested = sum(c.tested for c in cells)
    return f"{sum(getattr(c, rate) * c.tested for c in cells) / tested:.4f}" if tested else "none"


def not_for_markdown() -> str:
    """What every case refuses or cannot handle, with its reason."""
    lines = []
    for name, case in CASES.items():
        by_reason: dict[str, list[str]] = {}
        for generator, reason in case.not_for.items():
            by_reason.setdefault(reason, []).append(generator)
        lines += [f"- `{name}`: {'; '.join(tables)}: {reason}." for reason, tables in by_reason.items()]
    return "\n".join(lines)


def write_between(path: Path, marker: str, title: str, text: str) -> None:
    """Replace what stands between the markers, which are added with their title at the end where they are absent."""
    start, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    body = path.read_text(encoding="utf-8")
    if start not in body or end not in body:
        body = f"{body.rstrip()}\n\n{title}\n\n{start}\n{end}\n"
    head, rest = body.split(start, 1)
    path.write_text(f"{head}{start}\n{text}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")


def write_cells(path: Path, cells: list[Cell], powers: list[Power]) -> None:
    """Every cell as a line of a CSV file, a family's powers after its null tables."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Cell._fields)
        for name in sorted({c.family for c in cells}):
            writer.writerows([*c[:4], *(f"{rate:.5f}" for rate in c[4:])] for c in cells if c.family == name)
            own = [p for p in powers if p.family == name]
            writer.writerows([name, f"{PLANTED}{p.n}", p.tables, p.tables, f"{p.found:.5f}", ""] for p in own)


def read_cells(path: Path) -> tuple[list[Cell], list[Power]]:
    """What `write_cells` wrote, of families that there still are; nothing where there is no file."""
    cells, powers = [], []
    for family, table, tables, tested, at_05, at_001 in _lines(path):
        if table.startswith(PLANTED):
            powers.append(Power(family, int(table.removeprefix(PLANTED)), float("nan"), int(tables), float(at_05)))
        else:
            cells.append(Cell(family, table, int(tables), int(tested), float(at_05), float(at_001)))
    return cells, powers


def _lines(path: Path) -> list[list[str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [line for line in csv.reader(file) if line[0] in CASES]


def run(families: list[str], reps: int, seconds: float, processes: int) -> tuple[list[Cell], list[Power]]:
    """Every cell and every power of some families; the time is shared evenly."""
    jobs = [(name, generator) for name in families for generator in NULLS]
    each = seconds * processes / (len(jobs) + len(SIZES) * len(families))
    cells, powers = [], []
    with ProcessPoolExecutor(processes) as pool:
        waiting = [pool.submit(measure, *job, max(reps // FEWER.get(job[1], 1), 20), seconds=each) for job in jobs]
        planted = [pool.submit(power, name, n, min(reps, 2_000), seconds=each) for name in families for n in SIZES]
        for at, one in enumerate(waiting):
            cells.append(one.result())
            if (at + 1) % len(NULLS) == 0:
                print(f"{cells[-1].family}", file=sys.stderr, flush=True)
        powers = [one.result() for one in planted]
    return cells, powers


def main() -> int:
    """Measure, print, and write to the documentation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=1_000)
    parser.add_argument("--families", nargs="+", choices=sorted(CASES), metavar="FAMILY")
    parser.add_argument("--seconds", type=float, default=np.inf, help="most time for all cells together")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--dry", action="store_true", help="write nothing")
    parser.add_argument("--not-for", action="store_true", help="only write what the cases refuse")
    options = parser.parse_args()
    if options.not_for:
        write_between(METHODS, "not for", "## Tables that a family refuses", not_for_markdown())
        return 0
    cells, powers = run(options.families or list(CASES), options.reps, options.seconds, options.processes)
    missed, spare = unsaid(cells), needless(cells)
    if not options.dry:
        fresh = {c.family for c in cells}
        kept_cells, kept_powers = read_cells(CELLS)
        cells = sorted([*cells, *(c for c in kept_cells if c.family not in fresh)], key=lambda c: c.family)
        powers += [p for p in kept_powers if p.family not in fresh]
        write_cells(CELLS, cells, powers)
        write_between(EVIDENCE, "contract", "## The contract of every family", as_markdown(cells, powers))
    print(as_markdown(cells, powers))
    for cell in missed:
        why = f"{_told(cell, 'at_05')} at .05, {_told(cell, 'at_001')} at .001" if cell.tested else None
        why = why or reason(cell.family, cell.generator)
        print(f"not said in tests/families/{cell.family}.py: {cell.generator}: {why}", file=sys.stderr)
    for cell in spare:
        print(f"named in tests/families/{cell.family}.py but held: {cell.generator}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
