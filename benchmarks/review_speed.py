"""A review of 1,000,000 rows and 30 columns against at least 40 claims: seconds, memory, and what takes them.

    python benchmarks/review_speed.py

Claims are learned from 60,000 rows of a generated table in which columns are related; then whole deliveries, as Parquet
and as CSV, are reviewed by the command in a process of its own (no history is written, so that each run does all the
work). Beside it, in the same run: DuckDB's `SUMMARIZE` of the same file. Prints a Markdown table and writes it between
the markers `<!-- review-speed -->` of docs/evidence.md.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pages import write_section  # noqa: E402


def table(n: int, seed: int) -> pd.DataFrame:
    """30 columns: labels, numbers that depend on them and on each other, a date, an id."""
    rng = np.random.default_rng(seed)
    out: dict[str, object] = {"id": [f"{seed}-{k:09d}" for k in range(n)]}
    out["when"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 86_400 * 300, n)), unit="s")
    labels = []
    for at in range(10):
        labels.append(rng.integers(0, 3 + at, n))
        out[f"label_{at}"] = np.array([f"l{k}" for k in range(3 + at)])[labels[-1]]
    base = rng.standard_normal((n, 17))
    for at in range(17):
        shift = 0.5 * (labels[at % 10] == 0) + (0.4 * base[:, at - 1] if at % 3 else 0.0)
        out[f"number_{at}"] = np.round(100 + 10 * (base[:, at] + shift), 2)
    out["flag"] = np.where(rng.random(n) < 0.3 + 0.1 * (labels[0] == 1), "yes", "no")
    return pd.DataFrame(out)


def write(place: Path, rows: int) -> None:
    """The learned table, and a delivery in two formats."""
    table(60_000, 1).to_parquet(place / "old.parquet")
    new = table(rows, 2)
    new.to_parquet(place / "new.parquet")
    new.to_csv(place / "new.csv", index=False)


def timed(command: list[str], home: str) -> tuple[float, float, float, int]:
    """Wall seconds, CPU seconds, peak MB and exit code of one command."""
    environment = os.environ | {"HELDOUT_HOME": home, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, os.waitstatus_to_exitcode(status)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    lines = ["| what | seconds | CPU seconds | peak MB | exit code |", "| --- | --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:  # or its memory would count for others
            pool.submit(write, place, args.rows).result()
        heldout = [sys.executable, "-m", "heldout"]
        claims = str(place / "claims.yml")
        subprocess.run(
            [*heldout, "learn", str(place / "old.parquet"), "--out", claims, "-q"], check=True,
            env=os.environ | {"HELDOUT_HOME": folder, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        text = Path(claims).read_text(encoding="utf-8")
        kinds = {k: text.count(f"kind: {k}") for k in ("finding", "invariant", "distribution")}
        for name in ("new.parquet", "new.csv"):
            summarize = f"import duckdb; duckdb.connect().sql(\"SUMMARIZE SELECT * FROM '{place / name}'\").fetchall()"
            review = [*heldout, "review", str(place / name), "--claims", claims, "--no-record", "-q"]
            for what, command in ((f"SUMMARIZE {name}", [sys.executable, "-c", summarize]), (f"review {name}", review)):
                wall, cpu, peak, code = timed(command, folder)
                lines.append(f"| {what} | {wall:.1f} | {cpu:.1f} | {peak:,.0f} | {code} |")
                print(lines[-1], flush=True)
    load = os.getloadavg()[0]
    told = ", ".join(f"{n} of kind {k}" for k, n in kinds.items())
    text = (
        f"## Speed of a review\n\n`python benchmarks/review_speed.py`: {args.rows:,} rows, 30 columns, {told}; load of "
        f"the machine {load:.1f} on {os.cpu_count()} cores.\n\n" + "\n".join(lines)
    )
    print(text)
    write_section("review-speed", text)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
