"""The history of deliveries: what each review left behind, in one append-only file of sketches, a line an entry.

Knows entries, hashes and a file. Must never hold a row, a cell or free text, nor know how an entry was computed.

Each line is one entry chained to the one before by sha256, so that an edited, lost or reordered line shows. A last line
that was cut while it was written counts for nothing, and the next entry takes its place.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic import Field

from ..errors import LedgerError, TamperedLedger
from ..value import Value, canonical_json, digest
from ..verify.ledger import PATIENCE
from .checked import State
from .sketch import Sketch

_START = "0" * 64
_CHUNK = 1 << 16


class Estimate(Value):
    """The effect of a finding as one delivery showed it, on its family's scale."""

    value: float
    standard_error: float
    n: int


class Reviewed(Value):
    """One delivery that was reviewed, or the data that the claims were learned from."""

    number: int = Field(ge=0)
    """Which delivery of its baseline, from 1; 0 is the learned data."""
    name: str
    digest: str
    """Of the content, whatever its order: 64 hexadecimal digits."""
    rows: int
    when: str | None = None
    """ISO day of the review, as the caller gave it."""
    baseline: str
    """What it was compared with: deliveries of another baseline are no history of this one."""
    supersedes: int | None = None
    """Number of the earlier delivery of this baseline that it replaces."""
    sketch: Sketch
    estimates: dict[str, Estimate] = Field(default_factory=dict)
    """By id of the claim: findings that could be measured."""
    states: dict[str, State] = Field(default_factory=dict)
    """By id of the claim: all that were checked."""
    alarms: tuple[str, ...] = ()
    """Ids of claims whose difference counted among all of this delivery."""


class History:
    """The deliveries of one claims file, oldest first; a file that need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._read: tuple[list[Reviewed], str] | None = None

    def __repr__(self) -> str:
        return f"<History {self.path}>"

    @contextmanager
    def locked(self, timeout: float = PATIENCE) -> Iterator["History"]:
        """Hold the file against other reviews; entries are read anew.

        Raises:
            LedgerError: if another review holds it for longer than `timeout` seconds, or the folder is read-only.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(str(self.path) + ".lock", timeout=timeout)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as err:
            raise LedgerError(
                f"History '{self.path}' is held by another review. Wait for it, or name another with `--history FILE`."
            ) from err
        except OSError as err:
            raise self._refused("written", err) from err
        try:
            self._read = None
            yield self
        finally:
            lock.release()

    def entries(self) -> tuple[Reviewed, ...]:
        """All entries, oldest first; none where the file is not there.

        Raises:
            TamperedLedger: a `LedgerError`, if a line is damaged, changed, or not the next of the one before.
            LedgerError: if the file cannot be read.
        """
        return tuple(self._loaded()[0])

    def of(self, baseline: str) -> tuple[Reviewed, ...]:
        """The deliveries of one baseline in order, number 0 first where it is there.

        A delivery that another superseded is left out, and that other stands in its place. Where the same data were
        learned again, what came before counts no more.
        """
        own = [e for e in self.entries() if e.baseline == baseline]
        starts = [at for at, e in enumerate(own) if e.number == 0]
        return tuple(_superseded(own[starts[-1] :] if starts else own))

    def seen(self, content: str, baseline: str | None = None) -> Reviewed | None:
        """The latest entry with this digest that no other superseded, of one baseline or of any; None without one."""
        baselines = {e.baseline for e in self.entries()} if baseline is None else {baseline}
        kept = {id(e) for b in sorted(baselines) for e in self.of(b)}
        return next((e for e in reversed(self.entries()) if id(e) in kept and e.digest == content), None)

    def append(self, entry: Reviewed) -> None:
        """Add one entry and force it to the disk before returning.

        Raises:
            LedgerError: if the file is damaged or cannot be written.
        """
        entries, head = self._loaded()
        body = entry.as_json()
        own = _hash(head, body)
        try:
            _write(self.path, _line(len(entries), own, body), head)
        except OSError as err:
            self._read = None  # how much of the line reached the disk is for the next read to say
            raise self._refused("written", err) from err
        self._read = [*entries, entry], own

    def _loaded(self) -> tuple[list[Reviewed], str]:
        if self._read is None:
            try:
                raw = self.path.read_bytes()
            except FileNotFoundError:
                raw = b""
            except OSError as err:
                raise self._refused("read", err) from err
            self._read = self._parsed(raw)
        return self._read

    def _parsed(self, raw: bytes) -> tuple[list[Reviewed], str]:
        entries: list[Reviewed] = []
        head = _START
        lines = raw.split(b"\n")
        for index, line in enumerate(lines):
            last = index == len(lines) - 1
            if last and not line:
                break
            found = _parse(line.removesuffix(b"\r"), index, head)  # git may have given the file Windows line ends
            if found is None and last:
                break  # never acknowledged: the process was stopped while it wrote
            if found is None:
                raise TamperedLedger(
                    f"History '{self.path}' is damaged: line {index + 1} was changed, or is not the one that followed "
                    f"line {index}. Restore the file from a copy, or keep its first {index} lines and go on from there."
                )
            entry, head = found
            entries.append(entry)
        return entries, head

    def _refused(self, what: str, err: OSError) -> LedgerError:
        return LedgerError(
            f"History '{self.path}' cannot be {what} ({err.strerror}). Name another with `--history FILE`."
        )


def _superseded(own: Sequence[Reviewed]) -> list[Reviewed]:
    """The entries with each superseded one replaced by what superseded it."""
    out: list[Reviewed] = []
    for entry in own:
        at = next((i for i, e in enumerate(out) if entry.supersedes is not None and e.number == entry.supersedes), None)
        if at is None:
            out.append(entry)
        else:
            out[at] = entry
    return out


def _hash(head: str, body: object) -> str:
    return digest(head + canonical_json(body))


def _line(index: int, own: str, body: object) -> bytes:
    return canonical_json({"delivery": body, "hash": own, "index": index}).encode("utf-8")


def _parse(line: bytes, index: int, head: str) -> tuple[Reviewed, str] | None:
    """The entry of a line and its hash; None where the line is not the one that was written there."""
    try:
        got = json.loads(line)
        body = got["delivery"]
        own = _hash(head, body)
        if _line(index, own, body) != line:
            return None
        return Reviewed.model_validate(body), own
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _write(path: Path, line: bytes, head: str) -> None:
    """Append one line, first cutting off a last line that was never finished."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab+") as file:
        end = _last_end(file)
        file.seek(end)
        rest = file.read()
        if rest and f'"hash":"{head}"'.encode() in rest:
            line = b"\n" + line  # whole, but an editor took its line end
        elif rest:
            file.truncate(end)
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _last_end(file: BinaryIO) -> int:
    """Where the last finished line ends."""
    at = file.seek(0, os.SEEK_END)
    while at > 0:
        start = max(0, at - _CHUNK)
        file.seek(start)
        found = file.read(at - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0
