"""Several sources, opened one beside the other: typed, named, and each in a DuckDB table of its own.

Knows how one table is opened and what the tables are called. Must never know how they belong together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from ..errors import UsageError
from ..value import canonical_json, digest
from .cleaning import aggregate_rows
from .dataset import store
from .durations import add_durations
from .fingerprint import table_fingerprint
from .inference import Plan, plan_columns
from .inference_roles import MERE_NUMBER, describe, find_surrogates
from .readers import read_source, source_name
from .readers_binary import quoted
from .readers_memory import are_documents, is_table
from .schema import Column, Limits, Note

Connection = duckdb.DuckDBPyConnection
_ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xls", ".ods", ".gz", ".sqlite",
            ".db", ".duckdb")  # fmt: skip


@dataclass
class Member:
    """One of several tables; its rows lie in the DuckDB table `place`."""

    name: str
    source: str
    """What its source is called: the file's name, or the table's."""
    place: str
    columns: tuple[Column, ...]
    rows: int
    fingerprint: str
    notes: list[Note] = field(default_factory=list)
    """What reading it left to say."""
    roles: list[Note] = field(default_factory=list)
    """Why columns of it are left out, and what looked odd about their values."""

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True)
class Source:
    """Where one table comes from and what it is called."""

    name: str
    source: object
    table: str | None = None


def is_several(source: object, tables: Sequence[str] = ()) -> bool:
    """Whether a source holds several tables: more than one path or frame, or tables named in one database."""
    if tables:
        return True
    if isinstance(source, Mapping):
        return bool(source) and all(is_table(v) or isinstance(v, str | Path) for v in source.values())
    if not isinstance(source, Sequence) or isinstance(source, str | bytes | bytearray):
        return False
    if are_documents(source):
        return False
    return len(source) > 1 and all(is_table(v) or isinstance(v, str | Path) for v in source)


def only_source(source: object) -> object:
    """The one path or frame in a list of one, or the source as it is."""
    if are_documents(source):
        return source
    if isinstance(source, Sequence) and not isinstance(source, str | bytes | bytearray) and len(source) == 1:
        return source[0] if is_table(source[0]) or isinstance(source[0], str | Path) else source
    return source


def named_sources(source: object, tables: Sequence[str] = ()) -> list[Source]:
    """Each table with a name of its own: the file's without its ending, the mapping's key, the database's name.

    Raises:
        UsageError: if tables are named for more than one file, or one of them twice.
    """
    if tables:
        source = only_source(source)
        if not isinstance(source, str | Path):
            raise UsageError("Tables can be named with `--tables` in one SQLite, DuckDB or Excel file only.")
        if len(set(tables)) < max(len(tables), 2):
            raise UsageError(f"Name two or more different tables with `--tables`. Got {', '.join(tables)}.")
        return [Source(name, source, name) for name in tables]
    if isinstance(source, Mapping):
        return [Source(str(name), value) for name, value in source.items()]
    given: list[Any] = list(source)  # pyright: ignore[reportArgumentType]
    return [Source(_stem(value), value) for value in given]


def open_members(sources: Sequence[Source], con: Connection, limits: Limits, folder: Path) -> list[Member]:
    """The tables in an order that neither the order of the sources nor that of their rows can change.

    Raises:
        DataError: if a source cannot be read.
        UsageError: if one table is given twice.
    """
    members = [_member(source, f"t{at}", con, limits, folder) for at, source in enumerate(sources)]
    members.sort(key=lambda m: (m.name, m.fingerprint))
    _check_twice(members)
    taken: dict[str, int] = {}
    for member in members:
        taken[member.name] = taken.get(member.name, 0) + 1
        if taken[member.name] > 1:
            member.name = f"{member.name} {taken[member.name]}"
    return members


def joint_fingerprint(members: Sequence[Member]) -> str:
    """64 hexadecimal digits for the content of all tables, whatever they are called and however they are ordered."""
    return digest(canonical_json(["tables", *sorted(m.fingerprint for m in members)]))


def _check_twice(members: Sequence[Member]) -> None:
    seen: dict[str, str] = {}
    for m in members:
        if m.fingerprint in seen:
            raise UsageError(f"'{seen[m.fingerprint]}' and '{m.source}' hold the same table. Give each table once.")
        seen[m.fingerprint] = m.source


def _stem(source: object) -> str:
    """A file's name without its endings; `table` for what is in memory."""
    if not isinstance(source, str | Path):
        return "table"
    path = Path(source)
    while path.suffix.lower() in _ENDINGS:
        path = path.with_suffix("")
    return path.name or source_name(source)


def _member(source: Source, place: str, con: Connection, limits: Limits, folder: Path) -> Member:
    """Reads one table into `place`.

    Every column but the mere number of a row is content here: a key that numbers the customers of one table is what
    the orders of another refer to.
    """
    called = source.table or (source_name(source.source) if isinstance(source.source, str | Path) else source.name)
    raw = read_source(source.source, con, name=called, table=source.table, limits=limits, folder=folder)
    plans = plan_columns(con, raw)
    surrogates = [n for n in find_surrogates(con, plans) if MERE_NUMBER.fullmatch(n)]
    store(con, plans, surrogates)
    notes = [*raw.notes, *(note for plan in plans for note in plan.notes), *aggregate_rows(con, plans, called)]
    fingerprint = table_fingerprint(con, [p.name for p in plans if p.name not in surrogates])
    notes += _without_copies(con, plans, called)
    columns, roles = describe(con, plans, frozenset(surrogates))
    durations, taken = add_durations(con, columns)
    rows = con.execute("SELECT count(*) FROM data").fetchall()[0][0]
    con.execute(f"ALTER TABLE data RENAME TO {place}").fetchall()
    return Member(source.name, called, place, (*columns, *durations), rows, fingerprint, notes, [*roles, *taken])


def _without_copies(con: Connection, plans: Sequence[Plan], called: str) -> Iterator[Note]:
    """Removes rows that repeat an earlier row exactly, where without them some column names each row."""
    rows, distinct = con.execute("SELECT count(*), count(DISTINCT _content) FROM data").fetchall()[0]
    if rows == distinct:
        return
    names = [p.name for p in plans if p.storage in ("BIGINT", "VARCHAR") and p.kind != "boolean"]
    counts = ", ".join(f"count(DISTINCT {quoted(n)}), count({quoted(n)})" for n in names) or "0, 0"
    got = con.execute(f"SELECT {counts} FROM data").fetchall()[0]
    more = rows - distinct
    are = "1 row repeats an earlier row" if more == 1 else f"{more:,} rows repeat an earlier row"
    if distinct not in [d for d, filled in zip(got[::2], got[1::2], strict=True) if filled == rows]:
        yield Note(kind="warning", text=f"In '{called}' {are} exactly; each counts, since no column names its rows.")
        return
    con.execute("DELETE FROM data WHERE _row NOT IN (SELECT min(_row) FROM data GROUP BY _content)").fetchall()
    yield Note(kind="cleaned", text=f"In '{called}' {are} exactly and {'was' if more == 1 else 'were'} set aside.")
