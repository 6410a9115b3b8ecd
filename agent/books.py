"""The ledger in words: what was spent on a data set, what is left, and whether the chain is whole.

Knows ledger entries and sessions. Must never open a vault or change the ledger.
"""

from collections.abc import Sequence
from pathlib import Path

from ..tools.data.known_rows import record_file
from ..tools.data.split import Plan
from ..tools.data.tables import source_fingerprint
from ..tools.data.tables_schema import Joining
from ..tools.errors import LedgerError, TamperedLedger, UsageError
from ..tools.verify.exposures import WAIT, exposures
from ..tools.verify.heads import head_file, remembered
from ..tools.verify.ledger import Entry, Ledger
from ..tools.verify.lineage import check_record
from ..tools.verify.sessions import CLOSE, Session, sessions
from ..tools.verify.transcript import MOST, open_thread
from .report.words import many
from .sealing import default_ledger, records_beside
from .spent import counted, told

_SHORTEST_HEAD = 12


def describe(
    files: Path | Sequence[Path], book: Path | None, tables: Sequence[str] = (), table: str | None = None
) -> str:
    """What was spent on a data set, what is left, and every claim that was verified, one line a fact.

    Raises:
        LedgerError: if there is no ledger for the file, or its chain is broken.
    """
    ledger, dataset = _find(files, book, tables, table)
    names = [dataset] if dataset else sorted({e.dataset for e in ledger.entries()})
    return "\n\n".join(_describe(ledger, name) for name in names)


def check(
    files: Path | Sequence[Path], book: Path | None, tables: Sequence[str] = (), table: str | None = None,
    head: str | None = None,
) -> str:  # fmt: skip
    """One line that says the chain is whole, with its head, and what vouches for its length.

    Args:
        files: The data, or the ledger itself.
        book: Another ledger than the default.
        tables: Of a database, the tables that were explained together.
        table: Of a file that holds several, the one that was explained.
        head: A head that a report printed, in full or its first 12 digits or more: it has to stand in the chain.

    Raises:
        LedgerError: if there is no ledger for the file, its chain is broken, or it does not hold the head.
        TamperedLedger: if the record of rows that a seal names is missing, or is another.
    """
    ledger, dataset = _find(files, book, tables, table)
    entries = ledger.entries()
    if not entries:
        raise LedgerError(f"Ledger '{ledger.path}' holds no entry, so there is nothing to check.")
    for seal in (e for e in entries if e.kind == "seal"):
        _checked_record(ledger, seal)
    told = f"{ledger.path}: {many(len(entries), 'entry', 'entries')}, every hash matches. "
    return told + f"Head {ledger.head(dataset or entries[-1].dataset)}. {_length(ledger, dataset, head)}"


def _length(ledger: Ledger, dataset: str | None, head: str | None) -> str:
    """What vouches that nothing was cut off: the head of a report, or the file beside the ledger."""
    if head is None:
        beside = head_file(ledger.path).name
        if remembered(ledger.path) is None:
            return "Nothing beside it remembers how long it was: hold it to the head in a report with `--head`."
        return f"'{beside}' beside it remembers no entry that is missing."
    if len(head) < _SHORTEST_HEAD:
        raise UsageError(f"`--head` needs {_SHORTEST_HEAD} digits or more of a head. Got {head!r} instead.")
    at = next((e.index for e in ledger.entries(dataset) if e.hash.startswith(head.lower())), None)
    if at is None:
        raise TamperedLedger(
            f"Head {head} does not stand in ledger '{ledger.path}': it is another ledger, or was cut back since that "
            "report. Restore the file from a copy."
        )
    return f"The head that was given is that of entry {at}."


def _find(
    files: Path | Sequence[Path], book: Path | None, tables: Sequence[str], table: str | None
) -> tuple[Ledger, str | None]:
    """The ledger that the one file is, or that keeps the data set in the files, in whatever order they come."""
    files = [files] if isinstance(files, Path) else list(files)
    if len(files) == 1 and files[0].suffix == ".jsonl" and _looks_like_ledger(files[0]):
        return Ledger(files[0]), None
    dataset = source_fingerprint(files, joining=Joining(tables=tuple(tables)), table=table)
    ledger = Ledger(book or default_ledger(dataset))
    if not ledger.entries(dataset):
        names = "' and '".join(f.name for f in files)
        raise LedgerError(
            f"Nothing was spent on '{names}' yet: '{ledger.path}' has no entry for it. Name another ledger with "
            "`--ledger`, or ask a first question with `heldout explain`."
        )
    return ledger, dataset


def _looks_like_ledger(file: Path) -> bool:
    try:
        with open(file, "rb") as handle:
            return b'"stamp"' in handle.readline(200_000)
    except OSError:
        return False


def _describe(ledger: Ledger, dataset: str) -> str:
    entries = ledger.entries(dataset)
    plan = next((Plan.model_validate(e.body) for e in entries if e.kind == "seal"), None)
    lines = [f"Data set {dataset[:16]}…, {many(len(entries), 'entry', 'entries')} in {ledger.path}"]
    if plan is None:
        return lines[0]
    lines.append(
        f"Sealed {_when(entries, 'seal')}: {many(plan.exploration_rows, 'exploration row')}, "
        f"{many(len(plan.vaults), 'vault')}."
    )
    lines += [plan.reason, *_rows_kept(ledger, entries)]
    known, found = {s.vault: s for s in sessions(ledger, dataset)}, told(ledger, dataset)
    for vault in plan.vaults:
        session = known.get(vault.number)
        what = "sealed"
        if session is not None:
            what = _of_thread(session) if session.thread else counted(session, found)
            if session.handed is not None:
                what = f"handed on to data set {session.handed[:16]}…, which has its rows now"
        share = f"{100 * vault.weight:.0f} % of the error budget"
        lines.append(f"Vault {vault.number} ({many(vault.rows, 'row')}, {share}): {what}.")
    lines += _shown(ledger, dataset)
    thread = open_thread(ledger, dataset)
    if thread is not None and thread.questions:
        lines.append(f"Open thread: {thread.left} of {MOST} questions left. Close it with `{CLOSE}`.")
    left = sum(1 for v in plan.vaults if v.number not in known or not known[v.number].opened)
    lines.append(f"Left: {left} of {many(len(plan.vaults), 'vault')}. Head {ledger.head(dataset)}.")
    held = [x for x in found if x.outcome == "verified"]
    if held:
        lines += ["Verified, by the vault that was opened for it:", *(f"- {x.vault}: {x.text()}" for x in held)]
    return "\n".join(lines)


def _of_thread(session: Session) -> str:
    """What a vault was spent on by a thread: of an open one only how many claims were verified may be told."""
    if not session.opened:
        return "sealed"
    what = f"a thread of {many(len(session.hypotheses), 'question')}, {session.discoveries} verified"
    return f"{what}, {'still open' if session.verified is None else 'revealed'}"


def _shown(ledger: Ledger, dataset: str) -> list[str]:
    """One line for each answer that showed columns together from sealed rows."""
    lines = []
    for one in exposures(ledger, dataset):
        names = ", ".join(f"`{name}`" for name in one.columns)
        vaults = ", ".join(str(v) for v in one.vaults if v != WAIT)
        where = f"vault {vaults}" if vaults else "a vault"
        where += " of rows that wait" if one.vaults == (WAIT,) else " and rows that wait" if WAIT in one.vaults else ""
        lines.append(f"Shown from all rows: {names}; claims that relate two of these are not tested on {where}.")
    return lines


def _rows_kept(ledger: Ledger, entries: Sequence[Entry]) -> list[str]:
    """Where the record of rows lies by which they are known again, and whether it is the one that was sealed with."""
    seal = next(e for e in entries if e.kind == "seal")
    try:
        file = _checked_record(ledger, seal)
    except TamperedLedger as err:
        return [str(err)]
    return [] if file is None else [f"Its rows are known again by {file}."]


def _checked_record(ledger: Ledger, seal: Entry) -> Path | None:
    """The record of rows that a seal names; None where it names none.

    Raises:
        TamperedLedger: if it is missing, or is another.
    """
    if seal.beside is None:
        return None
    file = record_file(records_beside(ledger.path, seal.dataset), seal.dataset)
    check_record(file, seal.beside, ledger.path)
    return file


def _when(entries: tuple, kind: str) -> str:
    return next((e.time for e in entries if e.kind == kind), "")
