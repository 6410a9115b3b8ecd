"""The ledger: an append-only, hash-chained record of what was sealed, committed, opened and revealed.

Knows entries, hashes and a file. Must never know rows, statistics or what a claim says.

Each line is one entry. `hash` chains the bodies alone, so the same work gives the same head everywhere; `stamp`
chains the hashes together with the time of writing, so a changed time is found as well. How far the file had come is
remembered beside it (`heads`), so a file that was cut back or removed is found too.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from ..errors import LedgerError, TamperedLedger
from ..value import Value, canonical_json, digest
from .heads import Head, check_head, remember, remembered

if TYPE_CHECKING:
    from filelock import FileLock

Kind = Literal["seal", "commit", "open", "thread_open", "thread_claim", "thread_verdict", "reveal", "exposed", "handed"]
_START = "0" * 64
PATIENCE = 600.0
"""Seconds that a run waits for another one of the same data: several may be queued, and each may take minutes."""


class Entry(Value):
    """One line of the ledger."""

    index: int
    kind: Kind
    dataset: str
    """Fingerprint of the data set the entry belongs to."""
    body: dict[str, Any]
    hash: str
    time: str
    stamp: str
    beside: str | None = Field(default=None, exclude_if=lambda beside: beside is None)
    """Of a seal the sha256 of the record of its rows: chained with the time, so that no head depends on it."""


class Ledger:
    """The record of every data set that was ever sealed here; one file, one line an entry."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._entries: list[Entry] | None = None

    def __repr__(self) -> str:
        return f"<Ledger {self.path} entries={len(self.entries())}>"

    @contextmanager
    def locked(self, timeout: float = PATIENCE, say: Callable[[str], None] | None = None) -> Iterator["Ledger"]:
        """Hold the file against other processes; entries are read anew.

        Args:
            timeout: Seconds to wait for another run; one that was killed holds nothing.
            say: Told once that another run is waited for.

        Raises:
            LedgerError: if another run holds it for longer than `timeout` seconds, or the folder is read-only.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(str(self.path) + ".lock", timeout=timeout)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _acquire(lock, say or _silent)
        except Timeout as err:
            raise LedgerError(
                f"Ledger '{self.path}' is held by another run. Wait for it, or choose another with `--ledger`."
            ) from err
        except OSError as err:
            raise self._not_written(err) from err
        try:
            self._entries = None
            yield self
        finally:
            lock.release()

    def entries(self, dataset: str | None = None) -> tuple[Entry, ...]:
        """The verified entries, all or those of one data set.

        Raises:
            TamperedLedger: if an entry does not match its hash, its predecessor or its stamp, or one is missing that
                stood there before.
        """
        if self._entries is None:
            head = remembered(self.path)  # before the ledger: an entry that comes in between makes it longer, not older
            entries = list(_read(self.path))
            check_head(self.path, head, [e.stamp for e in entries])
            self._entries = entries
        return tuple(e for e in self._entries if dataset is None or e.dataset == dataset)

    def head(self, dataset: str) -> str:
        """The chained hash after the last entry of one data set; zeros where it has none."""
        own = self.entries(dataset)
        return own[-1].hash if own else _START

    def append(self, kind: Kind, dataset: str, body: Mapping[str, Any], *, beside: str | None = None) -> Entry:
        """Add one entry and force it to the disk before returning.

        Args:
            kind: What happened.
            dataset: Fingerprint of the data set.
            body: What is to be kept of it.
            beside: The sha256 of a file that belongs to it.

        Raises:
            LedgerError: if the file cannot be written.
        """
        entries = list(self.entries())
        plain = json.loads(canonical_json(body))
        own = _hash(self.head(dataset), kind, dataset, plain)
        time = datetime.now(UTC).isoformat(timespec="seconds")
        before = entries[-1].stamp if entries else _START
        entry = Entry(
            index=len(entries), kind=kind, dataset=dataset, body=plain, hash=own, time=time,
            stamp=_stamp(before, own, time, beside), beside=beside,
        )  # fmt: skip
        try:
            _write(self.path, entry.canonical())
            remember(self.path, Head(entries=len(entries) + 1, stamp=entry.stamp))
        except OSError as err:
            self._entries = None  # how much of the line reached the disk is for the next read to say
            raise self._not_written(err) from err
        self._entries = [*entries, entry]
        return entry

    def text(self, dataset: str) -> str:
        """The lines of one data set, as the report's folder keeps them."""
        return "".join(e.canonical() + "\n" for e in self.entries(dataset))

    def _not_written(self, err: OSError) -> LedgerError:
        return LedgerError(
            f"Ledger '{self.path}' cannot be written ({err.strerror}). Choose another with `--ledger FILE`."
        )


def _acquire(lock: "FileLock", say: Callable[[str], None]) -> None:
    """Take the lock; where it is held, say so before waiting for it."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("Waiting for another run that holds the ledger of these data")
        lock.acquire()


def _silent(_: str) -> None:
    return None


def _hash(previous: str, kind: str, dataset: str, body: object) -> str:
    return digest(canonical_json([previous, kind, dataset, body]))


def _stamp(before: str, own: str, time: str, beside: str | None) -> str:
    """What chains all entries: without a file beside it as in every earlier ledger."""
    plain = digest(before + own + time)
    return plain if beside is None else digest(plain + beside)


def _read(path: Path) -> Iterator[Entry]:
    """The entries of the file, each checked against its hash, its predecessor and its stamp."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as err:
        raise LedgerError(
            f"Ledger '{path}' cannot be read ({err.strerror}). Choose another with `--ledger FILE`."
        ) from err
    heads: dict[str, str] = {}
    stamp = _START
    for index, line in enumerate(raw.split(b"\n")[:-1]):  # what follows the last newline was never acknowledged
        entry = _parse(path, index, line)
        own = _hash(heads.get(entry.dataset, _START), entry.kind, entry.dataset, entry.body)
        stamped = _stamp(stamp, own, entry.time, entry.beside)
        chained = entry.index == index and entry.hash == own and entry.stamp == stamped
        if not chained or entry.canonical().encode() != line:
            raise TamperedLedger(
                f"Ledger '{path}' was edited: entry {index} does not match its hash. "
                "Restore the file, or start a new ledger with `--ledger FILE` on new rows."
            )
        heads[entry.dataset], stamp = own, entry.stamp
        yield entry


def _parse(path: Path, index: int, line: bytes) -> Entry:
    try:
        return Entry.model_validate_json(line)
    except ValueError as err:
        raise TamperedLedger(
            f"Ledger '{path}' was edited: line {index + 1} is no entry. Restore the file from a copy."
        ) from err


def _write(path: Path, line: str) -> None:
    """Append one line, first cutting off a last line that a crash left unfinished."""
    with open(path, "ab+") as file:
        file.seek(0)
        raw = file.read()
        end = raw.rfind(b"\n") + 1
        if end != len(raw):
            file.truncate(end)
        file.write(line.encode("utf-8") + b"\n")
        file.flush()
        os.fsync(file.fileno())
