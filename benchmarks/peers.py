"""What a user would pick instead, beside us: the same file, one process each, in one run, with ratios.

    pip install pandas scipy pyarrow dython ydata-profiling sweetviz pysubgroup    # in an environment of their own
    python benchmarks/peers.py --python peers/bin/python            # prints the table
    python benchmarks/peers.py --python peers/bin/python --write    # and writes it into docs/evidence.md
    python benchmarks/peers.py --growth --write                     # our own jobs alone, up to ten million rows

Jobs: the scan of all pairs beside a loop of pandas and scipy over the same pairs, dython and pandas' own
correlations; the whole of `explain` beside ydata-profiling with correlations and sweetviz; the search for subgroups
beside pysubgroup's beam. A peer that is not installed, or not done within `--most` seconds, is said to be so. A second
table shows how each job grows with ten times the rows and ten times the columns. Walls lengthen when others use the
machine; CPU seconds (all threads, children included) hardly do. Children may keep compiled modules, as what pip
installs is compiled; one job that is not counted is run before the others.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
THIS = str(Path(__file__).resolve())
SPEED = str(ROOT / "benchmarks" / "speed.py")
NOT_INSTALLED = 77
SIZES = {
    "50k x 20": ("rows", 50_000),
    "50k x 200": ("wide", 50_000),
    "100k x 20": ("rows", 100_000),
    "100k x 200": ("wide", 100_000),
    "1M x 20": ("rows", 1_000_000),
    "10M x 20": ("rows", 10_000_000),
}
GROWTH = (
    ("100k x 20", "1M x 20", "ten times the rows"),
    ("1M x 20", "10M x 20", "ten times the rows"),
    ("50k x 20", "50k x 200", "ten times the columns"),
    ("100k x 20", "100k x 200", "ten times the columns"),
)
SAMPLE = ROOT / "examples" / "data" / "affairs.csv"
GROWN = "100k x 20,1M x 20,10M x 20,100k x 200"
SECTIONS = {False: "peers", True: "growth"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Line(NamedTuple):
    """One line of the table: a job on a size, ours or a peer's."""

    size: str
    job: str
    command: tuple[str, ...]
    beside: str | None = None
    """The job of the same size that this one is divided by."""
    ledger: Path | None = None


class Run(NamedTuple):
    """What one process cost; `told` says why there is no figure."""

    wall: float
    cpu: float
    peak: float
    told: str = ""


def run(command: tuple[str, ...], most: float) -> Run:
    """Wall and CPU seconds and peak MB of a process, stopped after `most` seconds."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, env=ENVIRONMENT)
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            wall = time.perf_counter() - start
            if pid:
                break
            if wall > most:
                child.kill()
                os.wait4(child.pid, 0)
                child.returncode = -9
                return Run(wall, 0.0, 0.0, f"not done in {most:.0f} s")
            time.sleep(0.01)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode == NOT_INSTALLED:
            return Run(wall, 0.0, 0.0, "not installed")
        if child.returncode:
            output.seek(0)
            told = output.read().decode(errors="replace").strip().splitlines()[-1][:80]
            return Run(wall, 0.0, 0.0, f"failed: {told}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


# What runs in the children, with the peers' interpreter


def _columns(frame):
    import pandas as pd

    names = [c for c in frame.columns if "_id" not in c]
    dates = [c for c in names if pd.api.types.is_datetime64_any_dtype(frame[c])]
    numbers = [c for c in names if pd.api.types.is_numeric_dtype(frame[c])]
    return numbers, [c for c in names if c not in numbers and c not in dates], dates


def _read(file: str):
    import pandas as pd

    frame = pd.read_parquet(file)
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_datetime64_any_dtype(frame[name]):
            frame[name] = frame[name].astype("category")
    return frame


def loop(file: str) -> None:
    """The pairs one by one with pandas and scipy, as an analyst would write it."""
    import numpy as np
    import pandas as pd
    from scipy import stats

    frame = _read(file)
    numbers, labels, dates = _columns(frame)
    for name in dates:
        frame[name] = frame[name].astype("int64")
    for a, b in itertools.combinations(numbers + dates, 2):
        both = frame[[a, b]].dropna()
        stats.spearmanr(both[a], both[b])
    for label in labels:
        for number in numbers + dates:
            both = frame[[label, number]].dropna()
            stats.kruskal(*[v.to_numpy() for _, v in both.groupby(label, observed=True)[number]])
    for a, b in itertools.combinations(labels, 2):
        table = pd.crosstab(frame[a], frame[b])
        chi2 = stats.chi2_contingency(table)[0]
        np.sqrt(chi2 / table.to_numpy().sum() / (min(table.shape) - 1))


def spearman(file: str) -> None:
    frame = _read(file)
    frame[_columns(frame)[0]].corr("spearman")


def dython(file: str) -> None:
    from dython.nominal import associations

    frame = _read(file)
    numbers, labels, _ = _columns(frame)
    frame[labels] = frame[labels].astype(str)
    associations(frame[numbers + labels], nominal_columns=labels, compute_only=True, multiprocessing=True)


def ydata(file: str) -> None:
    from ydata_profiling import ProfileReport

    with tempfile.TemporaryDirectory() as folder:
        ProfileReport(_read(file), progress_bar=False).to_file(Path(folder) / "report.html")


def sweetviz(file: str) -> None:
    import sweetviz

    with tempfile.TemporaryDirectory() as folder:
        report = sweetviz.analyze(_read(file), pairwise_analysis="on")
        report.show_html(str(Path(folder) / "report.html"), open_browser=False)


def pysubgroup(file: str) -> None:
    """Depth 2, beam of 20, the share of long delays, on all columns."""
    import pysubgroup as ps

    frame = _read(file)
    numbers, labels, _ = _columns(frame)
    frame = frame[frame["delay"].notna()].reset_index(drop=True)
    target = frame["delay"] > 20
    frame = frame[numbers + labels].drop(columns="delay")
    frame[labels] = frame[labels].astype(str)
    frame["long"] = target
    space = ps.create_selectors(frame, ignore=["long"], nbins=5)
    task = ps.SubgroupDiscoveryTask(
        frame, ps.BinaryTarget("long", True), space, result_set_size=20, depth=2, qf=ps.WRAccQF()
    )
    ps.BeamSearch(beam_width=20).execute(task)


PEERS = {f.__name__: f for f in (loop, spearman, dython, ydata, sweetviz, pysubgroup)}


def work(name: str, file: str) -> int:
    try:
        PEERS[name](file)
    except ImportError as err:
        print(err)
        return NOT_INSTALLED
    return 0


# The table


def lines(folder: Path, sizes: list[str], python: str, *, alone: bool = False) -> list[Line]:
    """Every job on every size, the yardstick first; `alone` leaves the peers out."""
    own = sys.executable
    out: list[Line] = []
    for size in sizes:
        file = str(folder / f"{size}.parquet")
        ledger = folder / f"{size}.jsonl"
        where = ("--out", str(folder / "report"), "--ledger", str(ledger), "-q")
        explain = (own, "-m", "heldout", "explain", file, *where)
        out.append(Line(size, "`SUMMARIZE`", (own, SPEED, "--task", "summarize", file)))
        out.append(Line(size, "scan of all pairs", (own, SPEED, "--task", "scan", file), "`SUMMARIZE`"))
        for name, told in (("loop", "pandas + scipy, pair by pair"), ("spearman", "pandas `.corr` (Spearman)")):
            out.append(Line(size, told, (python, THIS, "--peer", name, file), "scan of all pairs"))
        out.append(Line(size, "dython", (python, THIS, "--peer", "dython", file), "scan of all pairs"))
        out.append(Line(size, "`explain`, whole", explain, "`SUMMARIZE`", ledger))
        for name in ("ydata", "sweetviz"):
            out.append(Line(size, _TOLD[name], (python, THIS, "--peer", name, file), "`explain`, whole"))
        if size == "100k x 20":
            ours = "subgroups, depth 2"
            out.append(Line(size, ours, (own, SPEED, "--task", "subgroups", file)))
            out.append(Line(size, _TOLD["pysubgroup"], (python, THIS, "--peer", "pysubgroup", file), ours))
    return [x for x in out if not alone or "--peer" not in x.command]


_TOLD = {
    "ydata": "ydata-profiling with correlations",
    "sweetviz": "sweetviz",
    "pysubgroup": "pysubgroup, depth 2, beam",
}


def table(all_lines: list[Line], runs: dict[Line, list[Run]]) -> str:
    """Medians as Markdown, each beside its yardstick of the same size, by wall and by CPU seconds."""
    out = [
        "| table | job | wall, s | CPU, s | peak, MB | ratio of walls | of CPU |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: |",
    ]
    for x in all_lines:
        told, cost = runs[x][0].told, middle(runs[x])
        base = next((b for b in all_lines if (b.size, b.job) == (x.size, x.beside)), None)
        ratio = of_cpu = ""
        if base is not None and (not told or "not done" in told) and not runs[base][0].told:
            yardstick = middle(runs[base])
            ratio = f"{'over ' if told else ''}{cost.wall / yardstick.wall:.1f} x {base.job}"
            of_cpu = "" if told else f"{cost.cpu / yardstick.cpu:.1f} x"
        figures = f"{told} | | " if told else f"{cost.wall:.2f} | {cost.cpu:.2f} | {cost.peak:.0f}"
        out.append(f"| {x.size} | {x.job} | {figures} | {ratio} | {of_cpu} |")
    return "\n".join(out)


def middle(runs: list[Run]) -> Run:
    """Medians over the rounds."""
    return Run(*(statistics.median(getattr(r, field) for r in runs) for field in ("wall", "cpu", "peak")))


def growth(all_lines: list[Line], runs: dict[Line, list[Run]]) -> str:
    """How each job's costs grow from one size to another, as Markdown; empty where no such sizes were run."""
    out = ["| job | with | wall | CPU | peak |", "| --- | --- | ---: | ---: | ---: |"]
    done = {(x.size, x.job): middle(runs[x]) for x in all_lines if not runs[x][0].told}
    for small, large, more in GROWTH:
        for size, job in done:
            if size == small and (large, job) in done:
                one, two = done[small, job], done[large, job]
                each = " | ".join(f"{b / a:.1f} x" for a, b in zip(one[:3], two[:3], strict=True))
                out.append(f"| {job} | {more} ({small} to {large}) | {each} |")
    return "\n".join(out) if len(out) > 2 else ""


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--runs", type=int, default=1, help="rounds")
    parser.add_argument(
        "--most", type=float, help="seconds after which a process is stopped: 300, or 3,600 for --growth"
    )
    parser.add_argument("--only", default="", help="only jobs whose name holds this, and what they are divided by")
    parser.add_argument("--sizes", help="which tables")
    parser.add_argument("--growth", action="store_true", help="only our own jobs, to see how they grow")
    parser.add_argument("--write", action="store_true", help="write the table into docs/evidence.md")
    parser.add_argument("--peer", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        raise SystemExit(work(*given.peer))
    most = given.most or (3_600 if given.growth else 300)
    usual = GROWN if given.growth else ",".join(s for s in SIZES if s != "100k x 200")
    sizes = [s.strip() for s in (given.sizes or usual).split(",")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            kind, rows = SIZES[size]
            subprocess.run(
                (sys.executable, SPEED, "--task", "make", kind, str(rows), str(folder / size)), check=True, cwd=ROOT
            )
        every = lines(folder, sizes, given.python, alone=given.growth)
        wanted = [x for x in every if given.only in x.job]
        beside = {(x.size, x.beside) for x in wanted}
        every = [x for x in every if x in wanted or (x.size, x.job) in beside]
        runs: dict[Line, list[Run]] = {x: [] for x in every}
        run((sys.executable, "-m", "heldout", "explain", str(SAMPLE), "--ledger", str(folder / "first"), "-q"), most)
        for _ in range(given.runs):
            for x in every:
                if x.ledger is not None:
                    x.ledger.unlink(missing_ok=True)
                runs[x].append(run(x.command, most))
                print(x.size, x.job, runs[x][-1], file=sys.stderr, flush=True)
    text = f"{given.runs} round(s), {os.cpu_count()} cores, each line a process of its own.\n\n{table(every, runs)}"
    grown = growth(every, runs)
    text += f"\n\nGrowth:\n\n{grown}" if grown else ""
    print(text)
    if given.write:
        from pages import write_section

        write_section(SECTIONS[given.growth], text)


if __name__ == "__main__":
    main()
