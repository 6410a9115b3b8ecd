"""Which tables a new one shares rows with, what was opened of them, and the entries that tie a seal to theirs.

Knows records of known rows, ledgers and the digests of a table that is being sealed. Must never know a cell or a claim.

Records lie in one folder for all ledgers that stand side by side, so that kin are found although each data set has a
ledger of its own. Who seals holds that folder, and the ledgers of kin, until the seal is written (decision 018).
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import Dataset
from ..data.known_kin import CHANGED, Again, Kin, Place, Shown
from ..data.known_rows import (
    WAITING,
    Header,
    KnownRows,
    chance_of_equal,
    content_digests,
    decoded,
    encoded,
    entity_digests,
    header_of,
    kept_rows,
    record_file,
)
from ..data.split import SealedSplit
from ..data.split_plan import SMALL, Plan
from ..errors import LedgerError, TamperedLedger
from ..writing import write_whole
from .exposures import WAIT, exposures
from .ledger import Ledger
from .seals import check_plan, record_seal
from .sessions import CLOSE, Session, sessions

LEAST = 20
"""Rows that two tables must share to be kin: under that chance, or a few rows that were copied, may be why."""
SHARE = 0.01
"""The same as a share of either table's rows."""
OVER_CHANCE = 5.0
"""How many times as many rows they must share as two samples of such rows would share by chance."""
_FIRST = 16


class _Relative(NamedTuple):
    """One known table: its record, its ledger, and where its kept rows lie in the new one."""

    record: KnownRows
    ledger: Ledger
    plan: Plan
    sessions: tuple[Session, ...]
    match: "_Match | None"
    """None where the new table shares too few rows with it."""


class _Match(NamedTuple):
    """Where the kept rows of a new table lie in a record, -1 for those that are not in it."""

    content: NDArray[np.int64]
    """By what is in the row."""
    parts: NDArray[np.int64]
    """By its entity too, where there is one."""
    missing: NDArray[np.uint8]
    """The parts of what is in the record and not in the new table."""


class Lookup:
    """What a seal has to know of earlier ones; made for one run, asked once, and told when the seal stands."""

    def __init__(self, book: Ledger, folder: Path, hold: Callable[[Ledger], object] | None = None) -> None:
        """As attributes.

        Args:
            book: The ledger of the new table, locked by the caller where anything is to be recorded.
            folder: Where the records of its place lie.
            hold: Locks another ledger until the seal stands; None where nothing is to be recorded.
        """
        self.book = book
        self.folder = folder
        self.hold = hold
        self.relatives: tuple[_Relative, ...] = ()
        self._digests: dict[tuple[str, ...], tuple[NDArray[np.uint64], float]] = {}

    def __call__(self, data: Dataset) -> Kin | Again | None:
        """What is known of the rows in the view `kept`; None where the table is new, or was sealed as a new one.

        Raises:
            TamperedLedger: if a record was edited or removed, or a ledger of kin was.
        """
        seal = next((e for e in self.book.entries(data.fingerprint) if e.kind == "seal"), None)
        if seal is not None:
            plan = Plan.model_validate(seal.body)
            return None if plan.lineage is None else self._again(data, plan)
        headers = dict(self._headers())
        near = {h.dataset: match for h in headers.values() if (match := self._match(data, h)) is not None}
        if not near:
            return None
        origins = {h.origin for h in headers.values() if h.dataset in near}
        family = [h for h in headers.values() if h.dataset in near or h.origin in origins]
        found = [self._relative(h, near.get(h.dataset)) for h in sorted(family, key=lambda h: h.dataset)]
        self.relatives = tuple(r for r in found if r is not None and not _merely_described(r))
        return _kin(data, self.relatives)

    def record(self, dataset: str, split: SealedSplit) -> Plan:
        """The plan by which the data set is sealed, recorded with its rows and handed on to it if it is new.

        Raises:
            LedgerError: as `record_seal`, if the record cannot be written, or if a thread is open on known rows.
        """
        known = check_plan(self.book, dataset, split.plan)
        if known is not None or split.known is None:
            return known or record_seal(self.book, dataset, split.plan)
        for relative in self.relatives:
            _check_no_thread(relative)
        for relative in self.relatives:
            self._hand_on(relative, dataset)
        header = split.known.record.header.model_copy(update={"ledger": self.book.path.name})
        raw = encoded(split.known.record._replace(header=header))
        file = record_file(self.folder, dataset)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(file, raw)
        except OSError as err:
            raise LedgerError(
                f"'{file}' cannot be written ({err.strerror}). Choose another ledger with `--ledger FILE`."
            ) from err
        plan = record_seal(self.book, dataset, split.plan, beside=hashlib.sha256(raw).hexdigest())
        for columns, question, vaults in split.known.shown:
            body = {"columns": list(columns), "vaults": list(vaults), "question": question}
            self.book.append("exposed", dataset, body)
        return plan

    def _hand_on(self, relative: _Relative, heir: str) -> None:
        """Close the vaults of a known table that nothing has opened."""
        over = {s.vault for s in relative.sessions if s.handed is not None or s.burnt}
        vaults = [v.number for v in relative.plan.vaults if v.number not in over]
        if vaults:
            relative.ledger.append("handed", relative.record.header.dataset, {"vaults": vaults, "to": heir})

    def _again(self, data: Dataset, plan: Plan) -> Again:
        """Where the rows of a table lie that was sealed as kin before."""
        file = record_file(self.folder, data.fingerprint)
        record = self._read(file, data.fingerprint, self.book)
        parts = record.rows[0].parts_of(content_digests(data, record.header.views[0].columns))
        return Again(plan, record.header.kind, kept_rows(data), np.where(parts == WAITING, -1, parts))

    def _headers(self) -> Iterator[tuple[str, Header]]:
        """The records of this place whose seal stands, by fingerprint.

        Raises:
            TamperedLedger: if a seal names a record that is not there.
        """
        for dataset in _recorded(self._ledgers()):
            file = record_file(self.folder, dataset)
            try:
                yield dataset, header_of(file)
            except OSError as err:
                raise _missing(file) from err

    def _ledgers(self) -> Sequence[Path]:
        """The ledgers that keep their records here."""
        if self.folder == records_of(self.book.path, common=False):
            return [self.book.path]
        return sorted(self.folder.parent.glob("*.jsonl"))

    def _match(self, data: Dataset, header: Header) -> _Match | None:
        """Where the kept rows lie in a record, if the table is kin to it."""
        have = {p.name for p in data.plans}
        views = [at for at, v in enumerate(header.views) if set(v.columns) <= have]
        if not views:
            return None
        at = max(views, key=lambda at: (len(header.views[at].columns), -at))
        view, file = header.views[at], record_file(self.folder, header.dataset)
        if view.columns not in self._digests:
            equal = chance_of_equal(content_digests(data, view.columns, numbered=False))
            self._digests[view.columns] = content_digests(data, view.columns), equal
        (digests, equal), record = self._digests[view.columns], decoded(file.read_bytes(), file)
        content = record.rows[at].parts_of(digests)
        shared, new, old = int((content >= 0).sum()), len(digests), view.rows
        if shared < _least(new, old, max(view.equal, equal)):
            return None
        missing = record.rows[at].parts[~np.isin(record.rows[at].digests, digests)]
        if header.kind != "entity" or header.key not in {c.name for c in data.columns}:
            return _Match(content, content, missing)
        units, named = entity_digests(data, str(header.key))
        by_unit = np.where(named, record.units.parts_of(units), -1)
        if len(missing) > CHANGED * old:  # an id that names other rows than it did says nothing of where these lie
            by_unit = np.minimum(by_unit, 0)
        return _Match(content, np.where(by_unit >= 0, by_unit, content), missing)

    def _relative(self, header: Header, match: _Match | None) -> _Relative | None:
        """A known table with what its ledger says of it; None where its seal was never written."""
        path = self.folder.parent / header.ledger
        ledger = self.book
        if path.name != self.book.path.name:
            ledger = Ledger(path)
            if self.hold is not None:
                self.hold(ledger)
        seal = next((e for e in ledger.entries(header.dataset) if e.kind == "seal"), None)
        if seal is None:
            return None
        record = self._read(record_file(self.folder, header.dataset), header.dataset, ledger)
        plan = Plan.model_validate(seal.body)
        return _Relative(record, ledger, plan, sessions(ledger, header.dataset), match)

    def _read(self, file: Path, dataset: str, ledger: Ledger) -> KnownRows:
        """A record, held to the digest that stands with the seal."""
        seal = next(e for e in ledger.entries(dataset) if e.kind == "seal")
        return decoded(check_record(file, seal.beside, ledger.path), file)


def records_of(ledger: Path, *, common: bool) -> Path:
    """Where the records of a ledger's data sets lie.

    Args:
        ledger: The file.
        common: Whether it is one of many that stand side by side, a data set each.
    """
    return ledger.parent / "rows" if common else ledger.with_name(ledger.name + ".rows")


def check_record(file: Path, sha256: str | None, ledger: Path) -> bytes:
    """The bytes of a record, held to the digest that stands with the seal.

    Raises:
        TamperedLedger: if it is missing, or is another.
    """
    try:
        raw = file.read_bytes()
    except OSError as err:
        raise _missing(file) from err
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise TamperedLedger(
            f"'{file}' is not the record of known rows that ledger '{ledger}' names: it was edited or replaced. "
            "Restore it from a copy, or name another ledger with `--ledger` for rows that nobody has looked at."
        )
    return raw


def _missing(file: Path) -> TamperedLedger:
    return TamperedLedger(
        f"'{file}', the record of rows that were sealed, is missing or cannot be read: without it rows that were "
        "explored could come to lie in a vault. Restore it from a copy, or name another ledger with `--ledger` for "
        "rows that nobody has looked at."
    )


def _least(new: int, old: int, equal: float) -> float:
    """How many rows two tables must share to be kin, where two rows are equal by chance as often as `equal`.

    Samples of coarse rows share many by chance. They are kin at several times that number, or where half of the rows
    that need not be shared are.
    """
    chance = min(1.0, old * equal)
    return max(LEAST, SHARE * min(new, old), min(OVER_CHANCE * chance * new, (1 + chance) / 2 * new))


def _recorded(ledgers: Sequence[Path]) -> Iterator[str]:
    """The data sets whose seal names a record: a quick look, what matters is checked when it is read."""
    for path in ledgers:
        try:
            raw = path.read_bytes()
        except OSError:
            continue  # no ledger yet, or one that its own command will name
        for line in raw.split(b"\n")[:-1]:
            if b'"beside":' in line and b'"kind":"seal"' in line:
                try:
                    yield str(json.loads(line)["dataset"])
                except (ValueError, KeyError):
                    continue


def _kin(data: Dataset, relatives: Sequence[_Relative]) -> Kin | None:
    """What all known tables together say of each row."""
    burnt = {(r.record.header.origin, n) for r in relatives for n in _seen(r)}
    found = [(r, r.match) for r in relatives if r.match is not None]
    if not found:
        return None
    places = _places(relatives, burnt)
    index = {(p.origin, p.number): at for at, p in enumerate(places)}
    n = len(found[0][1].parts)
    seen, place = np.zeros(n, bool), np.full(n, -1, np.int64)
    vanished = sum(_opened_rows(r, burnt) for r in relatives if r.match is None)
    for relative, match in found:
        origin = relative.record.header.origin
        opened = np.array([p == 0 or (origin, p) in burnt for p in range(256)])
        where = np.array([index.get((origin, p), -1) for p in range(256)], np.int64)
        known = match.parts >= 0
        seen[known] |= opened[match.parts[known]]
        place[known] = np.maximum(place[known], where[match.parts[known]])
        vanished += int(opened[match.missing].sum())
    first, _ = max(found, key=_nearness)
    return Kin(
        rows=kept_rows(data), seen=seen, place=np.where(seen, -1, place), places=places, first=first.record.header,
        earlier=_earlier(relatives), vanished=vanished, closed=first.plan.kind == "none",
        shown=tuple(_shown(data, found)), views=_views(data, found),
    )  # fmt: skip


def _check_no_thread(relative: _Relative) -> None:
    """Refuse to seal rows that an open thread holds: it would end without a word to who asks in it."""
    held = next((s for s in relative.sessions if s.opened and not s.burnt and s.handed is None), None)
    if held is not None:
        name = relative.record.header.name
        raise LedgerError(
            f"Rows of these data are known from `{name}`, where an open thread of questions holds vault {held.vault}: "
            f"sealing them under another name would end it. Ask on in `{name}`, or close the thread there with "
            f"`{CLOSE}`, which shows its numbers."
        )


def _opened_rows(relative: _Relative, burnt: set[tuple[str, int]]) -> int:
    """How many rows of a known table were seen: of one that shares none any more, all may have been changed."""
    origin = relative.record.header.origin
    parts = relative.record.rows[0].parts
    return int(np.isin(parts, [0, *(n for o, n in burnt if o == origin)]).sum())


def _views(data: Dataset, found: Sequence[tuple[_Relative, _Match]]) -> tuple[tuple[str, ...], ...]:
    """The columns that known tables are compared by, as far as this one has them: later tables may lack its own."""
    have = {p.name for p in data.plans}
    every = (v.columns for relative, _ in found for v in relative.record.header.views)
    return tuple(dict.fromkeys(columns for columns in every if set(columns) <= have))


def _merely_described(relative: _Relative) -> bool:
    """Whether a table was too small to test anything, and the new one has one list of claims that no row chose."""
    plan, match = relative.plan, relative.match
    return plan.kind == "none" and not plan.vaults and match is not None and len(match.content) < SMALL


def _nearness(found: tuple[_Relative, _Match]) -> tuple[int, int, str]:
    """Which table a new one is told to be known from: that of most rows, the later generation of two."""
    header = found[0].record.header
    return int((found[1].content >= 0).sum()), header.generation, header.dataset


def _seen(relative: _Relative) -> set[int]:
    """The vaults of a known table whose rows count as seen: opened, also by a thread."""
    return {s.vault for s in relative.sessions if s.opened and not (s.handed is not None and not s.hypotheses)}


def _places(relatives: Sequence[_Relative], burnt: set[tuple[str, int]]) -> tuple[Place, ...]:
    """The vaults that nothing has opened under any name, with the weight that they were sealed with."""
    found = {}
    for relative in relatives:
        header, plan = relative.record.header, relative.plan
        for v in plan.vaults:
            if (header.origin, v.number) not in burnt:
                place = Place(header.generation, header.origin, v.number, v.weight, plan.kind == "none")
                found[header.origin, v.number] = place
    return tuple(sorted(found.values()))


def _earlier(relatives: Sequence[_Relative]) -> dict[str, int]:
    """Discoveries by generation, whatever the data set was called that they were made under."""
    out: dict[str, int] = {}
    for relative in relatives:
        origin = relative.record.header.origin
        out[origin] = out.get(origin, 0) + sum(s.discoveries for s in relative.sessions if s.opened)
    return out


def _shown(data: Dataset, found: Sequence[tuple[_Relative, _Match]]) -> Iterator[Shown]:
    """What answers from all rows showed of known tables; columns that those did not have may have been made of it."""
    for relative, match in found:
        header = relative.record.header
        added = {c.name for c in data.columns} - set(header.views[0].columns)
        for one in exposures(relative.ledger, header.dataset):
            codes = [WAITING if v == WAIT else v for v in one.vaults]
            yield Shown(tuple(sorted({*one.columns, *added})), one.question, np.isin(match.parts, codes))
