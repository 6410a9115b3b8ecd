"""A run without room, without the right to write, with another clock, or beside three others; used by `crashes.py`.

Knows small file systems, limits, clocks and processes. Must never know what a run computes. A tmpfs is mounted where
that is allowed; elsewhere a limit on the size of files stands for a disk that fills up, and a folder that may not be
written is not tried.
"""

import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.crashing import Place, run, start, steps_of, wait  # noqa: E402

PARTS = ("home", "temporary", "out")
SIZES = ("4k", "12k", "40k", "120k", "360k", "600k")
LIMITS = (0, 900, 4_000, 40_000, 200_000)
"""Largest sizes of a file, in bytes, where no file system can be mounted."""
TOLD = ("cannot be written",)
"""What a run that could not write has to say; beside it stand the place and the way out."""


class Tried(NamedTuple):
    """One kind of trouble: how often it was tried, how often it ended a run, and what went wrong."""

    name: str
    runs: int
    refused: int
    problems: tuple[str, ...]


Command = Callable[[Place], Sequence[object]]
Answers = Callable[[Place], Mapping[str, str]]


def no_room(folder: Path, command: Command, answers: Answers, whole: Mapping[str, str]) -> Tried:
    """The command on disks of several sizes, under each of its folders; then once more with room."""
    problems: list[str] = []
    runs = refused = 0
    for place, trouble in _small(folder):
        runs += 1
        with trouble as before:
            code = run(command(place), place, before=before)
            problems += [f"{place.folder.name}: {p}" for p in _after(place, code, answers, whole)]
        refused += code != 0
        shutil.rmtree(place.out, ignore_errors=True)
        if run(command(place), place) or answers(place) != whole:
            problems.append(f"{place.folder.name}: other answers once there was room")
    return Tried("disk full", runs, refused, tuple(problems))


def no_right(folder: Path, command: Command, answers: Answers, whole: Mapping[str, str]) -> Tried:
    """The command with each of its folders mounted read-only."""
    if not can_mount(folder):
        return Tried("read-only folder", 0, 0, ())
    problems: list[str] = []
    for part in PARTS:
        place = Place(folder / f"read-only-{part}").ready()
        with mounted(getattr(place, part), "1m", read_only=True):
            code = run(command(place), place)
            problems += [f"{part}: {p}" for p in _after(place, code, answers, whole)]
            problems += [] if code else [f"{part}: nothing was said"]
        if run(command(place), place) or answers(place) != whole:
            problems.append(f"{part}: other answers once it could be written")
    return Tried("read-only folder", len(PARTS), len(PARTS), tuple(problems))


def other_clock(folder: Path, command: Command, answers: Answers, whole: Mapping[str, str], kills: Sequence) -> Tried:
    """Runs that are killed in 2041 and go on in 1999, and again today."""
    problems: list[str] = []
    for number, kill in enumerate(kills):
        place = Place(folder / f"clock-{number}")
        run(command(place), place, kill, before=lambda: set_clock(2041))
        for year in (1999, None):
            code = run(command(place), place, before=lambda year=year: set_clock(year))
            if code or answers(place) != whole:
                problems.append(f"killed at {kill}, then {year or 'today'}: {code}, {place.said.read_text()[-200:]}")
    return Tried("clock set back", len(kills), 0, tuple(problems))


def side_by_side(places: Sequence[Place], commands: Sequence[Sequence[object]]) -> list[int]:
    """The exit codes of commands that run at the same time."""
    started = [start(c, p) for c, p in zip(commands, places, strict=True)]
    return [wait(process) for process in started]


def set_clock(year: int | None) -> None:
    """Let the wall clock of this process stand in another year, for whatever asks it; call it in a forked process."""
    import datetime
    import time

    from heldout.tools.verify import ledger

    if year is None:
        return

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz).replace(year=year, day=1)

    real = time.time
    time.time = lambda: real() + (year - 2026) * 365.25 * 86_400
    ledger.datetime = datetime.datetime = Clock  # type: ignore[misc]


@contextmanager
def mounted(folder: Path, size: str, *, read_only: bool = False) -> Iterator[None]:
    """A small file system of its own in the place of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={size}" + (",ro" if read_only else "")
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def can_mount(folder: Path) -> bool:
    """Whether this process may mount."""
    try:
        with mounted(folder / "mount", "4k"):
            return True
    except (subprocess.CalledProcessError, OSError):
        return False


def _small(folder: Path) -> Iterator[tuple[Place, object]]:
    """Places with a context in which one of their folders has little room."""
    if can_mount(folder):
        for part in PARTS:
            for size in SIZES:
                place = Place(folder / f"full-{part}-{size}").ready()
                yield place, _nothing_before(mounted(getattr(place, part), size))
        return
    for most in LIMITS:
        yield Place(folder / f"limit-{most}").ready(), _limited(most)


@contextmanager
def _nothing_before(inner) -> Iterator[None]:
    with inner:
        yield None


@contextmanager
def _limited(most: int) -> Iterator[Callable[[], None]]:
    yield lambda: limit_files(most)


def limit_files(most: int) -> None:
    """Let no file of this process grow beyond so many bytes; writing more is an error, not a signal."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def _after(place: Place, code: int, answers: Answers, whole: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with a run that could not write, or had just enough room."""
    left = answers(place)
    if code == 0 and left != whole:
        yield "ended well with other answers"
    if code not in (0, 2):
        yield f"ended with {code}: {place.said.read_text()[-200:]}"
    if code == 2 and not any(t in place.said.read_text() for t in TOLD):
        yield f"did not say what cannot be written: {place.said.read_text()[-200:]}"
    if code and left and left != whole:
        yield f"left a part of a report: {sorted(left)}"
    if any("UNRECORDED" in step for step in steps_of(place)):
        yield "sealed rows were read before the ledger said so"
    if place.temporary.is_dir() and any(place.temporary.iterdir()):
        yield "left a folder behind"
