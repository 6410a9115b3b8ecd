"""How a source is read and sealed: the steps before anything is looked at, and where a data set's ledger lies.

Knows a source, what was declared of it, and a folder. Must never look at a row, nor know what will be asked.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from ..tools.data.dataset import Dataset
from ..tools.data.schema import Limits
from ..tools.data.split import SealedSplit, seal
from ..tools.data.tables import open_source
from ..tools.data.tables_schema import Joining
from ..tools.data.whole import write_whole
from ..tools.errors import LedgerError
from ..tools.value import counted
from ..tools.verify.ledger import PATIENCE, Ledger
from ..tools.verify.lineage import Lookup, records_of
from ..tools.verify.seals import check_plan
from .folders import user_folder
from .marks import check_named
from .summary import Opened, Settings

Progress = Callable[[str], None]


def joining_of(
    tables: Sequence[str], root: str | None, grain: str | None, links: Sequence[str], entity: str | None
) -> Joining:
    """What was declared about several tables."""
    return Joining(tables=tuple(tables), root=root, grain=grain, links=tuple(links), entity=entity)


class How(NamedTuple):
    """How a source is read and sealed."""

    table: str | None = None
    name: str | None = None
    limits: Limits = Limits()
    entity: str | None = None
    time: str | None = None
    one_shot: bool = False
    joining: Joining = Joining()
    keep_counts: bool = False
    texts: tuple[str, ...] = ()
    typed: bool = False
    """Whether rows are sealed as they were opened as well: every column, for rules that are learned of them."""


def how_of(
    *,
    table: str | None = None,
    name: str | None = None,
    limits: Limits | None = None,
    entity: str | None = None,
    time: str | None = None,
    one_shot: bool = False,
    tables: Sequence[str] = (),
    root: str | None = None,
    grain: str | None = None,
    links: Sequence[str] = (),
    keep_counts: bool = False,
    text: Sequence[str] | str = (),
) -> How:
    """The options on reading and sealing as one value."""
    joining = joining_of(tables, root, grain, links, entity)
    return How(table, name, limits or Limits(), entity, time, one_shot, joining, keep_counts, texts_of(text))


def texts_of(text: Sequence[str] | str) -> tuple[str, ...]:
    """The columns that were declared as text: one name or several."""
    return (text,) if isinstance(text, str) else tuple(text)


@contextmanager
def sealed_and_held(
    source: object, how: How, settings: Settings, ledger: str | Path | None, folder: Path, say: Progress,
    whole: Path | None = None,
) -> Iterator[tuple[Opened, SealedSplit, Ledger]]:  # fmt: skip
    """The table read and sealed, the seal recorded with its rows, and the ledger held until the block is left.

    Raises:
        LedgerError: if the data were sealed before in another way, or the record of rows stands in the way.
    """
    with ExitStack() as held, ExitStack() as sealing:
        lookups: list[Lookup] = []

        def begun(data: Dataset) -> Lookup:
            book, records = _places(data.fingerprint, ledger)
            held.enter_context(book.locked(say=say))
            if all(e.kind != "seal" for e in book.entries(data.fingerprint)):
                # Only who seals anew waits for the records: who holds them may be waiting for this ledger.
                sealing.enter_context(_records_held(records, book))
            lookups.append(Lookup(book, records, lambda other: sealing.enter_context(other.locked(say=say))))
            return lookups[-1]

        opened, split = sealed(source, how, settings, folder, say, whole, begun)
        [lookup] = lookups
        split.plan = lookup.record(opened.fingerprint, split)
        sealing.close()
        yield opened, split, lookup.book


def sealed_unheld(
    source: object, how: How, settings: Settings, ledger: str | Path | None, folder: Path, say: Progress
) -> tuple[Opened, SealedSplit, Ledger]:
    """The table as a run would seal it now, for who only looks ahead: nothing is locked and nothing is recorded."""
    books: list[Ledger] = []

    def begun(data: Dataset) -> Lookup:
        book, records = _places(data.fingerprint, ledger)
        books.append(book)
        return Lookup(book, records)

    opened, split = sealed(source, how, settings, folder, say, None, begun)
    split.plan = check_plan(books[0], opened.fingerprint, split.plan) or split.plan
    return opened, split, books[0]


def _places(fingerprint: str, ledger: str | Path | None) -> tuple[Ledger, Path]:
    """The ledger of a data set, and where the records of rows lie that it is compared with."""
    path = Path(ledger) if ledger is not None else default_ledger(fingerprint)
    return Ledger(path), records_beside(path, fingerprint)


def records_beside(ledger: Path, fingerprint: str) -> Path:
    """Where the records of rows lie for a ledger: default ledgers have theirs in common."""
    return records_of(ledger, common=ledger.parent == default_ledger(fingerprint).parent)


@contextmanager
def _records_held(records: Path, book: Ledger) -> Iterator[None]:
    """Hold the records of a place: of two runs that seal kin at once the second finds the first.

    Raises:
        LedgerError: if another run holds them for longer than a run waits.
    """
    from filelock import FileLock, Timeout

    if records == records_of(book.path, common=False):
        yield  # the ledger's own: who holds the ledger holds them
        return
    try:
        records.mkdir(parents=True, exist_ok=True)
        with FileLock(str(records / ".lock"), timeout=PATIENCE):
            yield
    except Timeout as err:
        raise LedgerError(f"'{records}' is held by another run. Wait for it, or choose another `--ledger`.") from err
    except PermissionError as err:
        raise LedgerError(
            f"'{records}' cannot be written ({err.strerror}). Choose another ledger with `--ledger FILE`."
        ) from err


def sealed(
    source: object, how: How, settings: Settings, folder: Path, say: Progress, whole: Path | None = None,
    begun: Callable[[Dataset], Lookup] | None = None,
) -> tuple[Opened, SealedSplit]:  # fmt: skip
    """The table read, checked against what was asked, and sealed into `folder`; nothing is recorded yet.

    `whole` is a file for all of its rows, from which facts are answered. `begun` is called before it is sealed, and
    gives what is known of earlier seals.
    """
    say("Reading the data")
    with open_source(
        source, table=how.table, joining=how.joining, name=how.name, limits=how.limits, folder=folder / "opened",
        threads=settings.threads, keep_counts=how.keep_counts, texts=how.texts,
    ) as data:  # fmt: skip
        opened = _remember(data)
        check_named(settings.focus, settings.marks, opened)
        size = f"{counted(opened.rows, 'row')}, {counted(len(opened.columns), 'column')}"
        say(f"Sealing rows of {opened.name}: {size}")
        known = begun(data) if begun is not None else None
        split = seal(
            data, folder, entity=how.entity, time=how.time, one_shot=how.one_shot, typed=how.typed, known=known
        )
        if whole is not None:
            write_whole(data, whole)
    if settings.asking is not None:
        settings.asking.understand(split.columns, left_out_of(opened, split), list(split.texts))
    return opened, split


def left_out_of(opened: Opened, split: SealedSplit) -> dict[str, str]:
    """Why each column that no claim may name is not analysed."""
    reasons = {n.column: n.text for n in opened.notes if n.kind == "left_out" and n.column}
    reasons |= {split.plan.key: "it names the unit of independence."} if split.plan.key else {}
    texts = "it is text: name what is computed from it, such as `words of {}`."
    of = {c.name: texts.format(c.name) if c.type == "text" else f"it is {c.type}." for c in opened.columns}
    return {c.name: reasons.get(c.name, of[c.name]) for c in opened.columns if c.name not in split.columns}


def default_ledger(fingerprint: str) -> Path:
    """The ledger of one data set in the user's data folder (`HELDOUT_HOME` names another folder)."""
    return user_folder("ledgers") / f"{fingerprint[:16]}.jsonl"


def _remember(data: Dataset) -> Opened:
    return Opened(
        data.name, data.fingerprint, data.rows, tuple(data.columns), tuple(data.notes), data.duplicates, data.tables
    )
