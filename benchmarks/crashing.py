"""Runs of the command line that are killed: each a process of its own, forked from one that has imported everything.

Knows how a process is stopped (SIGKILL after a while, or at one of its own writes, torn or whole) and what of its
reads is watched. Must never know what a run computes. Linux only: it asks /proc which file is being written.
"""

import importlib
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

HEAVY = (
    "heldout.agent.cli", "heldout.agent.pipeline", "heldout.agent.report.html", "heldout.agent.report.markdown",
    "heldout.agent.report.table", "heldout.agent.report.reproduce", "heldout.agent.review.learn",
    "heldout.agent.review.review", "heldout.agent.review.report.files", "duckdb", "filelock", "pandas",
    "pyarrow.parquet", "scipy.stats", "scipy.optimize", "sklearn.linear_model", "sklearn.tree", "threadpoolctl",
    "altair", "vl_convert", "rich.console", "platformdirs",
)  # fmt: skip


class Kill(NamedTuple):
    """Where a run is killed: after so many seconds, or at its n-th watched step."""

    seconds: float | None = None
    step: int | None = None
    torn: float | None = None
    """At a write: the share of what was written that reaches the file."""


class Place(NamedTuple):
    """Where one run keeps its things."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def steps(self) -> Path:
        """What the runs did, a line a watched step."""
        return self.folder / "steps.txt"

    @property
    def said(self) -> Path:
        """What the runs printed."""
        return self.folder / "said.txt"

    def ready(self) -> "Place":
        """The place with its folders made."""
        for folder in (self.home, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        return self


def warm() -> None:
    """Import what a run imports, so that a forked one starts at once."""
    for name in HEAVY:
        try:
            importlib.import_module(name)
        except ImportError:
            pass


def run(
    arguments: Sequence[str], place: Place, kill: Kill | None = None, before: Callable[[], None] | None = None
) -> int:
    """One command in a process of its own; its exit code, or minus the signal that ended it.

    Args:
        arguments: Of the command line.
        place: Where it keeps its things; `HELDOUT_HOME` and the temporary folder lie there.
        kill: Where it is killed, if it is.
        before: Called in the process before the command, such as to set a limit or a clock.
    """
    return wait(start(arguments, place, kill, before), kill)


def start(
    arguments: Sequence[str], place: Place, kill: Kill | None = None, before: Callable[[], None] | None = None
) -> int:
    """The process number of a command that runs by itself from here on."""
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        code = _child(arguments, place.ready(), kill, before)
    finally:
        os._exit(code)


def wait(process: int, kill: Kill | None = None) -> int:
    """The exit code of a process, or minus the signal that ended it; killed when its time is over."""
    if kill is not None and kill.seconds is not None:
        end = time.monotonic() + kill.seconds
        while time.monotonic() < end:
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _child(arguments: Sequence[str], place: Place, kill: Kill | None, before: Callable[[], None] | None) -> int:
    handle = os.open(place.said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(handle, stream)
    os.environ["HELDOUT_HOME"] = str(place.home)
    os.environ["TMPDIR"] = tempfile.tempdir = str(place.temporary)
    _Watch(place, kill).set()
    if before is not None:
        before()
    from heldout.agent.cli import cli

    try:
        cli.main(args=[str(a) for a in arguments], prog_name="heldout", standalone_mode=False)
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException as err:
        print(f"{type(err).__name__}: {err}", flush=True)
        return 71
    return 0


class _Watch:
    """Counts the steps of a run at which a kill could do harm, writes them down, and kills at one of them."""

    def __init__(self, place: Place, kill: Kill | None) -> None:
        self.place, self.kill, self.count = place, kill, 0
        self.lock = threading.Lock()
        self.log = os.open(place.steps, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def set(self) -> None:
        """Take the place of the calls that write and that read sealed rows."""
        import duckdb

        fsync, replace, connect = os.fsync, os.replace, duckdb.connect

        def syncing(handle: int) -> None:
            file = os.readlink(f"/proc/self/fd/{handle}")
            self.step(f"write {_plain(file)}", file)
            fsync(handle)
            self.step(f"written {_plain(file)}")

        def replacing(old: Any, new: Any) -> None:
            self.step(f"replace {_plain(new)}")
            replace(old, new)
            self.step(f"replaced {_plain(new)}")

        def connecting(*args: Any, **options: Any) -> Any:
            if args and Path(str(args[0])).name == "sealed.duckdb" and options.get("read_only"):
                self.step("vault read " + ("recorded" if self.recorded() else "UNRECORDED"))
            return connect(*args, **options)

        os.fsync, os.replace, duckdb.connect = syncing, replacing, connecting

    def recorded(self) -> bool:
        """Whether a ledger on the disk says now that a vault is being opened."""
        files = self.place.home.glob("ledgers/*.jsonl")
        return any(b'"kind":"open"' in f.read_bytes() for f in files)

    def step(self, what: str, file: str | None = None) -> None:
        """Write one step down; kill where it is the one."""
        with self.lock:
            self.count += 1
            os.write(self.log, f"{what}\n".encode())
            kill = self.kill
            if kill is None or kill.step != self.count:
                return
            if kill.torn is not None and file is not None:
                _tear(Path(file), kill.torn)
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)


def _plain(file: Any) -> str:
    """The name of a file without what differs from run to run: a fingerprint, a process number, a random part."""
    name = re.sub(r"\.\d+-[0-9a-f]{12}$", "", Path(str(file)).name)
    return re.sub(r"[0-9a-f]{16}\.jsonl", "LEDGER", name)


def _tear(file: Path, share: float) -> None:
    """Leave of the last thing written to a file a share: of a file of lines its last line, else all of it."""
    raw = file.read_bytes()
    lines = file.suffix == ".jsonl" and not file.name.startswith(".")
    start = raw.rstrip(b"\n").rfind(b"\n") + 1 if lines else 0
    os.truncate(file, start + int(share * (len(raw) - start)))


def kills(steps: int, seconds: float, count: int, seed: int) -> list[Kill]:
    """Random places to kill: one half in time, one half at steps, of which every other write is torn."""
    rng = random.Random(seed)
    out = []
    for at in range(count):
        if at % 2:
            out.append(Kill(seconds=rng.uniform(0.0, seconds)))
        else:
            torn = rng.random() if rng.random() < 0.5 else None
            out.append(Kill(step=rng.randint(1, steps), torn=torn))
    return out


def steps_of(place: Place) -> list[str]:
    """The steps that were written down so far."""
    return place.steps.read_text().splitlines() if place.steps.is_file() else []
