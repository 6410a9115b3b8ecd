"""From a source to the table `data` of a delivery: read, typed as learned, narrowed to what counts, and named.

Knows the order of the steps. Must never know a claim, a verdict, or any other delivery.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from ..data.cleaning import aggregate_rows
from ..data.dataset import MANY_COLUMNS, Dataset
from ..data.inference import Plan
from ..data.inference_roles import describe, find_surrogates
from ..data.readers import unreadable
from ..data.readers_binary import quoted
from ..data.schema import Column, Limits, Note
from ..errors import DataError, UsageError
from ..value import counted
from .checked import Unread
from .cut import Cut
from .delivery_digest import content_digest, row_digest
from .delivery_sources import PART, delivery_name, load_delivery
from .delivery_types import expected_types, plan_as_learned
from .learned import LearnedColumn

_MEMORY = "640MB"
"""What DuckDB may hold before it writes to disk; with the libraries beside it a review stays under 1 GB."""
_UNITS = {"days": 86_400e6, "hours": 3_600e6, "minutes": 60e6, "seconds": 1e6}


class Wanted(NamedTuple):
    """How a delivery is read, checked by `read_delivery`."""

    table: str | None
    name: str | None
    since: str | None
    time: str | None
    key: tuple[str, ...]
    limits: Limits
    threads: int


def read_delivery(
    source: object, learned: Sequence[LearnedColumn], wanted: Wanted, folder: Path | None
) -> tuple[Dataset, tuple[Unread, ...], Cut | None]:
    """The table `data` of a delivery, learned columns that hold something else, and where its file was cut.

    Raises:
        DataError: if the source is missing, empty, damaged, of an unknown kind or over a limit, or no row is left.
        UsageError: if `since` is no day or comes without a column, or `threads` is not positive.
    """
    since = _day(wanted)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="heldout-", dir=folder))
    name = wanted.name or delivery_name(source, wanted.table)
    connection = _connect(place, wanted.threads)
    try:
        return _read(connection, place, source, name, learned, wanted, since)
    except BaseException as err:
        connection.close()
        shutil.rmtree(place, ignore_errors=True)
        if isinstance(err, duckdb.Error):
            raise DataError(unreadable(name, err)) from err
        raise


def _day(wanted: Wanted) -> date | None:
    if wanted.threads < 1:
        raise UsageError(f"The `threads` parameter must be 1 or more. Got {wanted.threads!r} instead.")
    if wanted.since is None:
        return None
    if wanted.time is None:
        raise UsageError("`--since` needs a column of dates. Name it as `time` in the claims file.")
    try:
        return date.fromisoformat(wanted.since)
    except ValueError as err:
        raise UsageError(f"`--since` takes a day such as 2025-03-01. Got {wanted.since!r} instead.") from err


def _connect(place: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """A database in memory, which spills to `place`: writing it to a file costs as much as reading the source."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads, "memory_limit": _MEMORY, "temp_directory": str(place / "spill"),
            "preserve_insertion_order": True, "autoinstall_known_extensions": False,
        },
    )  # fmt: skip
    connection.cursor().execute("SET GLOBAL TimeZone = 'UTC'").fetchall()
    return connection


def _read(
    connection: duckdb.DuckDBPyConnection, place: Path, source: object, name: str, learned: Sequence[LearnedColumn],
    wanted: Wanted, since: date | None,
) -> tuple[Dataset, tuple[Unread, ...], Cut | None]:  # fmt: skip
    cursor = connection.cursor()  # one for all: temporary tables belong to their cursor
    loaded = load_delivery(
        source, cursor, name=name, table=wanted.table, limits=wanted.limits, folder=place,
        expected=expected_types(learned), time=wanted.time, since=since,
    )  # fmt: skip
    own = {c.name: c for c in learned if not c.derived_from}
    typed = plan_as_learned(cursor, loaded.raw, own)
    surrogates = find_surrogates(cursor, typed.plans)
    _store(cursor, typed.plans, surrogates, several=loaded.files > 1)
    notes = [*loaded.raw.notes, *(note for plan in typed.plans for note in plan.notes), *typed.notes]
    notes += aggregate_rows(cursor, typed.plans, name)
    notes += _latest(cursor, typed.plans, wanted.key, loaded.files)
    notes += _later(cursor, typed.plans, wanted.time, since, name)
    digest = content_digest(cursor, [p.name for p in typed.plans if p.name not in surrogates])
    texts = [p.name for p in typed.plans if p.kind == "text" and p.name in own and own[p.name].type == "text"]
    known = {p.name for p in typed.plans if p.name in own and own[p.name].type != "text"}
    columns, more = describe(cursor, typed.plans, frozenset(surrogates), texts, known)
    durations = _durations(cursor, learned, {c.name: c for c in columns})
    rows = cursor.execute("SELECT count(*) FROM data").fetchall()[0][0]
    cursor.close()
    data = Dataset(
        connection, place, name=name, columns=(*columns, *durations), rows=rows,
        notes=[n for n in (*notes, *more) if n.kind != "left_out"], fingerprint=digest, duplicates=0,
        surrogates=surrogates, declared_texts=texts,
    )  # fmt: skip
    return data, typed.unread, loaded.cut


def _store(
    cursor: duckdb.DuckDBPyConnection, plans: Sequence[Plan], surrogates: Sequence[str], *, several: bool
) -> None:
    """Fills `data` from `raw`, which is dropped; columns that only number the rows are no part of `_content`."""
    cells = ", ".join(f"{plan.sql} AS {quoted(plan.name)}" for plan in plans)
    part = f", {PART}" if several else ""
    content = row_digest([plan for plan in plans if plan.name not in surrogates])
    if len(plans) > MANY_COLUMNS:
        cursor.execute("SET disabled_optimizers = 'common_subexpressions'").fetchall()  # takes the square of columns
    cursor.execute(
        f"CREATE TABLE data AS SELECT *, {content} AS _content FROM (SELECT {cells}, rowid AS _row{part} FROM raw)"
    ).fetchall()
    cursor.execute("DROP TABLE raw").fetchall()
    cursor.execute("RESET disabled_optimizers").fetchall()


def _latest(cursor: duckdb.DuckDBPyConnection, plans: Sequence[Plan], key: Sequence[str], files: int) -> list[Note]:
    """Of rows with the same key in several files only the later file's stay; rows without a key all do."""
    if files == 1:
        return []
    there = {p.name for p in plans}
    notes = []
    if key and all(k in there for k in key):
        names = ", ".join(quoted(k) for k in key)
        whole = " AND ".join(f"{quoted(k)} IS NOT NULL" for k in key)
        gone = cursor.execute(
            f"DELETE FROM data WHERE _row IN (SELECT _row FROM (SELECT _row, {PART}, max({PART}) OVER (PARTITION BY "
            f"{names}) AS latest FROM data WHERE {whole}) WHERE {PART} < latest)"
        ).fetchall()[0][0]
        if gone:
            by = "`, `".join(key)
            text = f"{counted(gone, 'row')} gave way to a later file's with the same `{by}`."
            notes.append(Note(kind="cleaned", text=text))
    cursor.execute(f"ALTER TABLE data DROP COLUMN {PART}").fetchall()
    return notes


def _later(
    cursor: duckdb.DuckDBPyConnection, plans: Sequence[Plan], time: str | None, since: date | None, name: str
) -> list[Note]:
    """Leaves out rows before a day and rows without a date.

    Raises:
        DataError: if the column is not there or holds no dates, or no row is left.
    """
    if since is None or time is None:
        return []
    plan = next((p for p in plans if p.name == time), None)
    if plan is None or plan.storage != "TIMESTAMP":
        what = "has no column" if plan is None else "holds no dates in"
        raise DataError(f"'{name}' {what} `{time}`, which `--since` is read against. Leave `--since` out.")
    c = quoted(time)
    undated = cursor.execute(f"SELECT count(*) - count({c}) FROM data").fetchall()[0][0]
    gone = cursor.execute(f"DELETE FROM data WHERE {c} IS NULL OR {c} < DATE '{since.isoformat()}'").fetchall()[0][0]
    if cursor.execute("SELECT count(*) FROM data").fetchall()[0][0] == 0:
        raise DataError(f"'{name}' has no row of {since.isoformat()} or later. Name an earlier day with `--since`.")
    if not gone:
        return []
    without = f", {undated:,} of them without a date" if undated else ""
    text = f"{counted(gone, 'row')} before {since.isoformat()} in `{time}` were left out{without}."
    return [Note(kind="cleaned", column=time, text=text)]


def _durations(
    cursor: duckdb.DuckDBPyConnection, learned: Sequence[LearnedColumn], columns: Mapping[str, Column]
) -> list[Column]:
    """The learned durations, in the unit they were learned in, where both dates are there."""
    added = []
    for wanted in learned:
        start, end = (
            (columns.get(name) for name in wanted.derived_from) if len(wanted.derived_from) == 2 else (None, None)
        )
        dates = start is not None and end is not None and start.storage == end.storage == "TIMESTAMP"
        if not dates or wanted.name in columns or wanted.unit not in _UNITS:
            continue
        apart = " - ".join(f"epoch_us({quoted(name)})" for name in reversed(wanted.derived_from))
        name = quoted(wanted.name)
        cursor.execute(f"ALTER TABLE data ADD COLUMN {name} DOUBLE").fetchall()
        cursor.execute(f"UPDATE data SET {name} = ({apart}) / {_UNITS[wanted.unit]!r}").fetchall()
        rows, known, distinct = cursor.execute(
            f"SELECT count(*), count({name}), count(DISTINCT {name}) FROM data"
        ).fetchall()[0]
        column = Column(
            name=wanted.name, type="number", storage="DOUBLE", rows=rows, missing=rows - known, distinct=distinct,
            unit=wanted.unit, source_type="two dates", derived_from=wanted.derived_from,
        )  # fmt: skip
        added.append(column)
    return added
