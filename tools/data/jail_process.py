"""One killable child that runs SQL: starting it, asking it within a deadline, ending it without a trace.

Knows a Parquet file, limits and a pipe. Must never know what a query means or whose rows they are, and must never
hand the child anything but that file's path: no environment, no descriptor, no folder of ours.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UsageError

_WORKER = Path(__file__).with_name("jail_worker.py")
_LONGEST_ANSWER = 16_000_000
"""Bytes of one answer: the syntax tree of the longest query takes about a third. The child is not trusted."""
_NO_LIMITS = ("win32", "cygwin", "darwin", "emscripten", "wasi")


class JailLimits(NamedTuple):
    """What one query and its child may use."""

    rows: int = 200
    """Rows of a result."""
    bytes: int = 64_000
    """Bytes of a result as JSON."""
    cell: int = 1_000
    """Characters of one text, entries of one list."""
    sql_bytes: int = 20_000
    """Length of a query."""
    seconds: float = 5.0
    """Wall-clock seconds of one query, after which the child is killed."""
    statement_ms: int = 2_000
    """After these milliseconds DuckDB is asked to stop by itself."""
    cpu_seconds: int = 10
    """Processor seconds of one child after loading."""
    load_seconds: int = 60
    """Seconds to start and to load the rows."""
    memory_mb: int = 512
    """Memory that DuckDB allows itself, the rows among it."""
    address_mb: int = 2_048
    """Memory that the system allows the child, whatever DuckDB does."""


class Late(Exception):
    """The child did not answer in time, or ended; it has been killed and reaped. For this package alone."""

    def __init__(self, timed_out: bool) -> None:
        super().__init__("late" if timed_out else "ended")
        self.timed_out = timed_out


def check_platform(platform: str = sys.platform) -> None:
    """Refuse where a child's memory cannot be bounded.

    Raises:
        UsageError: on Windows, macOS and WebAssembly, which have no RLIMIT_AS that holds.
    """
    if platform.startswith(_NO_LIMITS):
        raise UsageError(
            f"SQL written by a model is not run on {platform}: the system cannot bound the memory of a process "
            "(no RLIMIT_AS that holds). Run without it, or on Linux."
        )


class Child:
    """A running worker with its rows loaded and everything else locked; a context manager.

    Attributes:
        columns: Names and DuckDB types of the table `data`.
        rows: Its number of rows.
        functions: (name, kind, stability) of every function of this DuckDB.
        network_cut: Whether it lies in a network namespace of its own. Without one it still cannot open a socket.
        cpu: Processor seconds used since the rows were loaded.

    Raises:
        UsageError: if the platform cannot bound memory, or the rows do not fit.
    """

    def __init__(self, parquet: Path, limits: JailLimits) -> None:
        check_platform()
        self.limits = limits
        self.cpu = 0.0
        self._folder = tempfile.TemporaryDirectory(prefix="heldout-jail-")  # where it stands, empty
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(_WORKER)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=self._folder.name, env={"PATH": os.defpath}, close_fds=True, start_new_session=True,
        )  # fmt: skip
        self._end = weakref.finalize(self, _end, self._process, self._folder)
        self._buffer = bytearray()
        self._start(parquet)

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Child {self.pid} {'alive' if self.alive else 'ended'}>"

    @property
    def pid(self) -> int:
        """The process, which leads a session of its own."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._end.alive and self._process.poll() is None

    def close(self) -> None:
        """Kill the child, reap it, remove its folder; closing twice does nothing."""
        self._end()

    def ask(self, do: str, sql: str, deadline: float) -> dict[str, Any]:
        """The child's answer to one request.

        Args:
            do: `parse` or `run`.
            sql: The query.
            deadline: By `time.monotonic`.

        Raises:
            Late: if there is no answer by then. The child is killed.
        """
        answer = self._exchange({"do": do, "sql": sql}, deadline)
        self.cpu = float(answer.pop("cpu", 0.0))
        return answer

    def _start(self, parquet: Path) -> None:
        first = {"parquet": str(parquet.resolve()), "limits": self.limits._asdict()}
        try:
            there = self._exchange(first, time.monotonic() + self.limits.load_seconds)
        except Late as late:
            raise UsageError("The process for SQL could not load the rows in the time and memory it has.") from late
        if "unready" in there or not there.get("bounded"):
            self.close()
            raise UsageError(_unready(there, self.limits))
        self.columns = tuple((str(n), str(t)) for n, t in there["columns"])
        self.rows = int(there["rows"])
        self.functions = tuple((str(n), str(k), s) for n, k, s in there["functions"])
        self.network_cut = bool(there["network_cut"])

    def _exchange(self, message: dict[str, Any], deadline: float) -> dict[str, Any]:
        try:
            stdin, stdout = self._process.stdin, self._process.stdout
            if stdin is None or stdout is None or not self.alive:
                raise Late(timed_out=False)
            stdin.write(json.dumps(message).encode() + b"\n")
            stdin.flush()
            answer = json.loads(self._line(stdout.fileno(), deadline))
            if not isinstance(answer, dict):
                raise ValueError("an answer that is no object")
            return answer
        except (OSError, ValueError, RecursionError) as error:  # a broken pipe; an answer that is none
            self.close()
            raise Late(timed_out=False) from error
        except BaseException:  # late, or interrupted: an answer that still comes would be taken for the next one
            self.close()
            raise

    def _line(self, fd: int, deadline: float) -> bytes:
        """One line of the child, which may be slow, endless or dead."""
        with selectors.DefaultSelector() as selector:
            selector.register(fd, selectors.EVENT_READ)
            while (at := self._buffer.find(b"\n")) < 0:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise Late(timed_out=True)
                piece = os.read(fd, 1 << 16)
                self._buffer += piece
                if not piece or len(self._buffer) > _LONGEST_ANSWER:
                    raise Late(timed_out=False)
        line = bytes(self._buffer[:at])
        del self._buffer[: at + 1]
        return line


def _unready(there: dict[str, Any], limits: JailLimits) -> str:
    if "unready" not in there:
        return "SQL written by a model is not run here: the system does not hold a process to its memory limit."
    if there["unready"] in ("OutOfMemoryException", "MemoryError", "InvalidInputException"):
        return f"The rows do not fit into the {limits.memory_mb:,} MB that SQL may use. Take fewer rows or columns."
    return f"The rows for SQL cannot be read ({there['unready']})."


def _end(process: "subprocess.Popen[bytes]", folder: "tempfile.TemporaryDirectory[str]") -> None:
    """Kill the whole session at once, since only SIGKILL stops a busy DuckDB; wait, so that no zombie stays."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was not flushed to a dead child
                continue
    folder.cleanup()
