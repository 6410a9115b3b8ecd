"""Runs of the whole job on shuffled copies of one table, here and in processes of their own.

Knows a folder with the table and the options. Must never know the user's ledger: each run has one that is thrown away.
Started as a program (`python -m heldout.agent.shuffled_runs FOLDER WORKER`) it does one worker's share of the runs.
"""

import json
import os
import shutil
import subprocess
import sys
import time as clock
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tools.data.shuffle import shuffled
from ..tools.errors import HeldoutError
from ..tools.explore.dependence import dependent_share
from ..tools.value import Value

if TYPE_CHECKING:
    import pandas

TABLE, JOB = "table.parquet", "job.json"
_WAIT = 0.2


class Job(Value):
    """What every run shares."""

    name: str
    seed: int
    entity: str | None
    time: str | None
    stretch: int | None
    options: dict[str, Any]
    """Keyword arguments of `explain`."""


class Run(Value):
    """What one shuffled copy came to."""

    run: int
    committed: int = 0
    verified: tuple[str, ...] = ()
    """Sentences of what was verified; each is a false finding."""
    related: int = 0
    """Pairs of columns of the copy that look related at .05."""
    pairs: int = 0
    seconds: float = 0.0
    error: str = ""


def one_run(job: Job, table: "pandas.DataFrame", run: int, folder: Path) -> Run:
    """The whole job on one shuffled copy, with a ledger that is removed at once."""
    from .pipeline import explain

    start = clock.perf_counter()
    fixed = tuple(name for name in (job.entity, job.time) if name)
    codes = _codes(table, job.entity)
    copy = shuffled(table, job.seed + run, entity=codes, stretch=job.stretch, fixed=fixed)
    related, pairs = dependent_share(copy.drop(columns=list(fixed)).iloc[_independent(codes, job.stretch, len(copy))])
    ledger = folder / f"ledger_{run}.jsonl"
    try:
        report = explain(copy, name=job.name, ledger=ledger, threads=1, entity=job.entity, time=job.time, **job.options)
    except HeldoutError as err:
        return Run(run=run, related=related, pairs=pairs, error=str(err))
    finally:
        for left in folder.glob(ledger.name + "*"):
            if left.is_dir():  # the records of its rows
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
    # A rule that one column keeps (never missing, a range) holds in every shuffled copy too: no false finding.
    found = tuple(f.sentence for f in report.verified if f.family != "invariant")
    return Run(
        run=run, committed=report.result.counts.committed, verified=found, related=related, pairs=pairs,
        seconds=clock.perf_counter() - start,
    )  # fmt: skip


def _codes(table: "pandas.DataFrame", entity: str | None) -> "np.ndarray | None":
    """For each row the code of its entity; a row without one stands for itself."""
    if entity is None:
        return None
    import pandas as pd

    codes = pd.factorize(table[entity])[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return codes


def _independent(codes: "np.ndarray | None", stretch: int | None, rows: int) -> "np.ndarray":
    """Places of rows that are independent of each other: one of each entity or stretch."""
    if stretch is not None:
        return np.arange(stretch // 2, rows, stretch)
    return np.arange(rows) if codes is None else np.unique(codes, return_index=True)[1]


def read_table(folder: Path) -> "pandas.DataFrame":
    """The table that was laid into the folder, in its order."""
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        return connection.cursor().execute("SELECT * FROM read_parquet(?)", [str(folder / TABLE)]).df()


def in_processes(folder: Path, runs: Sequence[int], processes: int, heard: Callable[[Run], None]) -> None:
    """Do these runs in processes of their own; `heard` is called with each as it comes in.

    The processes are programs of their own and not forks: a fork of a process that holds threads of a database may
    hang, and a script without a main guard would start itself again.

    Raises:
        HeldoutError: if a process ended before it had done its share.
    """
    shares = [list(runs[k::processes]) for k in range(min(processes, len(runs)))]
    workers = [_started(folder, k, share) for k, share in enumerate(shares)]
    place = [0] * len(workers)
    try:
        while True:
            running = any(worker.poll() is None for worker in workers)
            for k in range(len(workers)):
                for run in _news(folder, k, place):
                    heard(run)
            if not running:
                break
            clock.sleep(_WAIT)
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.terminate()
                worker.wait()
    broken = next((worker for worker in workers if worker.returncode), None)
    if broken is not None:
        raise HeldoutError(
            f"A process of the self test ended early (exit code {broken.returncode}): try `--processes 1`."
        )


def _started(folder: Path, worker: int, share: list[int]) -> "subprocess.Popen[bytes]":
    from heldout import version

    (folder / f"share_{worker}.json").write_text(json.dumps(share))
    paths = [str(Path(version.__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-m", "heldout.agent.shuffled_runs", str(folder), str(worker)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _news(folder: Path, worker: int, place: list[int]) -> Iterator[Run]:
    """The runs that a worker has written down since the last look; an unfinished line is left for the next."""
    file = folder / f"runs_{worker}.jsonl"
    if not file.exists():
        return
    with file.open("rb") as handle:
        handle.seek(place[worker])
        for line in handle:
            if not line.endswith(b"\n"):
                return
            place[worker] += len(line)
            yield Run.model_validate_json(line)


def work(folder: Path, worker: int) -> None:
    """One worker's share of the runs, each written down when it is done; ends when whoever started it is gone."""
    starter = os.getppid()
    job = Job.model_validate_json((folder / JOB).read_text(encoding="utf-8"))
    table = read_table(folder)
    with (folder / f"runs_{worker}.jsonl").open("a", encoding="utf-8") as out:
        for run in json.loads((folder / f"share_{worker}.json").read_text()):
            if os.getppid() != starter:
                return
            out.write(one_run(job, table, run, folder).canonical() + "\n")
            out.flush()


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
