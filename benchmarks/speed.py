"""How long the scan, the whole of `explain` and starting up take, beside DuckDB's `SUMMARIZE` of the same file.

    python benchmarks/speed.py                 # prints the table; about two minutes on two cores
    python benchmarks/speed.py --runs 3 --write   # medians of three rounds, written into docs/evidence.md

Every figure is of a process of its own, start, imports and reading included; a round runs them all one after the
other, so that a change of the machine's load meets all of them. Walls depend on the machine; ratios travel.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = 2_000_000
"""Cells that a child reads in one query."""
EXAMPLES = ("*.csv", "*.parquet", "*.csv.gz")


class Cost(NamedTuple):
    """One run of one process."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of all its threads, which hardly lengthen when others use the machine."""
    peak: float
    """Largest resident size in MB."""


class Job(NamedTuple):
    """One line of the table."""

    name: str
    size: str
    command: tuple[str, ...]
    yardstick: str | None = None
    """Name of the size's job that this one is divided by."""
    ledger: Path | None = None
    """Removed before each run: a data set that was verified before would be replayed from it."""


def measure(command: Sequence[str]) -> Cost:
    """Wall time and peak memory of a child process.

    This process imports nothing large: Linux counts the parent's size at the fork towards the child's peak.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if child.returncode:
            output.seek(0)
            told = output.read().decode(errors="replace")[-2000:]
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{told}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


# What runs in the children


def summarize(file: str) -> None:
    import duckdb

    duckdb.connect().cursor().execute(f"summarize select * from '{file}'").fetchall()


def scan(file: str) -> None:
    """Read the columns that are analysed, scan all pairs."""
    from heldout.tools.explore.scan import scan_pairs

    scan_pairs(_rows(file))


def subgroups(file: str) -> None:
    """Read the columns that are analysed, search for rules of long delays on all others."""
    import numpy as np

    from heldout.tools.data.rows import Rows
    from heldout.tools.explore.subgroups import Target, find_rules

    rows = _rows(file)
    late = rows.number("delay")
    long = Rows.of({"long": np.array(["no", "yes"], object)[(late > 20).astype(int)]}).column("long")
    codes = np.where(np.isnan(late), -1, np.where(late > 20, long.levels.index("yes"), long.levels.index("no")))
    arrays = {n: rows.codes(n) if c.type == "category" else rows.number(n) for n, c in rows.columns.items()}
    both = Rows({**rows.columns, "long": long}, {**arrays, "long": codes.astype(np.int32)})
    names = [n for n, c in rows.columns.items() if n != "delay" and c.type != "datetime"]
    find_rules(both, [Target("long", "yes")], names, frozenset())


def _rows(file: str):
    """The columns that are analysed as rows."""

    from heldout.tools.data.rows import Rows
    from heldout.tools.data.schema import Column

    columns, arrays = {}, {}
    storage = {"category": "VARCHAR", "datetime": "TIMESTAMP", "number": "DOUBLE"}
    for name, kind, values, levels in _read(file):
        arrays[name] = values
        columns[name] = Column.model_validate(
            {
                "name": name, "type": kind, "storage": storage[kind], "rows": len(values), "missing": 0,
                "distinct": len(levels), "levels": levels,
            }
        )  # fmt: skip
    return Rows(columns, arrays)


def _read(file: str):
    """Name, kind, array and levels of each analysed column, a few at a time so that none of a long table is held twice.

    Text comes as codes of a DuckDB enumeration, dates as days.
    """
    import duckdb
    import numpy as np

    cursor = duckdb.connect().cursor()
    told = cursor.execute(f"describe select * from '{file}'").fetchall()
    kinds = {n: t for n, t, *_ in told if "_id" not in n}
    texts = [n for n, t in kinds.items() if t == "VARCHAR" or t.startswith("ENUM")]
    levels: dict[str, tuple[str, ...]] = {}
    if texts:
        found = cursor.execute(
            "select " + ", ".join(f"list_sort(list(distinct {n}::varchar))" for n in texts) + f" from '{file}'"
        ).fetchall()[0]
        levels = {n: tuple(values) for n, values in zip(texts, found, strict=True)}
    for k, name in enumerate(texts):
        quoted = ", ".join("'" + v.replace("'", "''") + "'" for v in levels[name])
        cursor.execute(f"create type e{k} as enum ({quoted})").fetchall()
    wanted = {}
    for name, stored in kinds.items():
        if name in levels:
            wanted[name] = "category", f"coalesce(enum_code({name}::e{texts.index(name)})::integer, -1)"
        elif stored.startswith("TIMESTAMP"):
            wanted[name] = "datetime", f"coalesce(epoch_us({name}) / 86400000000.0, 'nan'::double)"
        else:
            wanted[name] = "number", f"coalesce({name}::double, 'nan'::double)"
    rows = cursor.execute(f"select count(*) from '{file}'").fetchall()[0][0]
    names, together = list(wanted), max(1, AT_ONCE // max(rows, 1))
    for at in range(0, len(names), together):
        some = names[at : at + together]
        cells = ", ".join(f"{wanted[name][1]} as c{k}" for k, name in enumerate(some))
        got = cursor.execute(f"select {cells} from '{file}'").fetchnumpy()
        for k, name in enumerate(some):
            yield name, wanted[name][0], np.ascontiguousarray(got.pop(f"c{k}")), levels.get(name, ())


def make(kind: str, rows: str, target: str) -> None:
    from generate import write

    write(int(rows), Path(target), blocks=10 if kind == "wide" else 1, csv=False)


TASKS = {"summarize": summarize, "scan": scan, "subgroups": subgroups, "make": make}


# The table


def jobs(folder: Path, sizes: Sequence[str]) -> list[Job]:
    """All lines: start-up, the examples, then each size with its yardstick first."""
    python, this = sys.executable, str(Path(__file__).resolve())
    out = [
        Job("python itself", "start", (python, "-c", "pass")),
        Job("`import heldout`", "start", (python, "-c", "import heldout"), "python itself"),
        Job("`heldout --help`", "start", (python, "-m", "heldout", "--help"), "python itself"),
    ]
    bundled = sorted(p for pattern in EXAMPLES for p in (ROOT / "examples").rglob(pattern))
    tables = [(f"`{p.name}`", p) for p in bundled[:1]] + [(size, folder / f"{size}.parquet") for size in sizes]
    for size, file in tables:
        out.append(Job("`SUMMARIZE`", size, (python, this, "--task", "summarize", str(file))))
        if size in sizes:
            out.append(Job("scan of all pairs", size, (python, this, "--task", "scan", str(file)), "`SUMMARIZE`"))
        if size != "50k x 200":
            ledger, report = folder / f"{file.stem}.jsonl", folder / f"{file.stem}-report"
            run = (python, "-m", "heldout", "explain", str(file), "--out", str(report), "--ledger", str(ledger), "-q")
            out.append(Job("`explain`, whole", size, run, "`SUMMARIZE`", ledger))
    return out


def table(lines: Sequence[Job], costs: dict[Job, list[Cost]]) -> str:
    """Medians over the rounds as Markdown, each with its ratio to the yardstick of its size."""
    cost = {job: Cost(*map(statistics.median, zip(*costs[job], strict=True))) for job in lines}
    out = [
        "| table | job | wall, s | CPU, s | peak, MB | beside its yardstick | by CPU |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for job in lines:
        own, beside, by_cpu = cost[job], "", ""
        if job.yardstick:
            base = cost[next(j for j in lines if (j.name, j.size) == (job.yardstick, job.size))]
            ratio = f"{own.wall / base.wall:.1f} x"
            beside = f"+{own.wall - base.wall:.2f} s" if job.size == "start" else f"{ratio} {job.yardstick}"
            by_cpu = f"+{own.cpu - base.cpu:.2f} s" if job.size == "start" else f"{own.cpu / base.cpu:.1f} x"
        out.append(
            f"| {job.size} | {job.name} | {own.wall:.2f} | {own.cpu:.2f} | {own.peak:.0f} | {beside} | {by_cpu} |"
        )
    return "\n".join(out)


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1, help="rounds")
    parser.add_argument("--write", action="store_true", help="write the table into docs/evidence.md")
    parser.add_argument("--only", default="", help="only jobs whose name or table holds this")
    parser.add_argument("--task", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        sys.path.insert(0, str(ROOT))
        TASKS[given.task[0]](*given.task[1:])
        return
    sizes = {"100k x 20": ("rows", 100_000), "1M x 20": ("rows", 1_000_000), "50k x 200": ("wide", 50_000)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [j for j in jobs(folder, list(sizes)) if j.name == "`SUMMARIZE`" or given.only in f"{j.name} {j.size}"]
        for size, (kind, rows) in sizes.items():
            if any(j.size == size for j in lines):
                this = str(Path(__file__).resolve())
                measure((sys.executable, this, "--task", "make", kind, str(rows), str(folder / size)))
        costs: dict[Job, list[Cost]] = {job: [] for job in lines}
        for _ in range(given.runs):
            for job in lines:
                if job.ledger is not None:
                    job.ledger.unlink(missing_ok=True)
                costs[job].append(measure(job.command))
    rounds = "One round" if given.runs == 1 else f"Medians of {given.runs} rounds"
    text = f"## Speed\n\n{rounds}, {os.cpu_count()} cores, each line a process of its own.\n\n{table(lines, costs)}"
    print(text)
    if given.write:
        from pages import write_section

        write_section("speed", text)


if __name__ == "__main__":
    main()
