"""A table, opened: typed, named by its content, and held in one DuckDB table called `data`.

Knows how reading, typing, cleaning and the fingerprint follow each other. Must never look for relations
between columns; what the table says is for exploration, after the split.
"""

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

import duckdb

from ..errors import DataError, UsageError
from .cleaning import aggregate_rows, table_warnings
from .counted import unfold
from .durations import add_durations
from .fingerprint import content_sql, table_fingerprint
from .inference import Plan, plan_columns
from .inference_roles import describe, find_surrogates
from .readers import read_source, source_name, unreadable
from .readers_binary import quoted
from .schema import Column, Limits, Note
from .tables_schema import Tables

DEFAULT_LIMITS = Limits()
MANY_COLUMNS = 200


class Dataset:
    """An opened table. A context manager: leaving it closes the connection and removes its files.

    The DuckDB table `data` holds the columns, missing cells as NULL, with `_row` (order in the source, from 0)
    and `_content` (sha256 of the row's canonical text, 64 hexadecimal digits).
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, *, name: str, columns: Sequence[Column],
        rows: int, notes: Sequence[Note], fingerprint: str, duplicates: int, surrogates: Sequence[str],
        tables: Tables | None = None, joining: str | None = None, declared_texts: Sequence[str] = (),
        plans: Sequence[Plan] = (),
    ) -> None:  # fmt: skip
        self._connection = connection
        self._cleanup = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.name = name
        self.columns = tuple(columns)
        self.rows = rows
        self.notes = tuple(notes)
        self.fingerprint = fingerprint
        """64 hexadecimal digits, equal for the same content whatever the format and the order."""
        self.duplicates = duplicates
        """Rows that repeat an earlier row exactly."""
        self.surrogates = tuple(surrogates)
        """Columns that only number the rows; they are no part of the content."""
        self.tables = tables
        """Where the rows were made from several tables: which, and how."""
        self.joining = joining
        """For several tables: digest of the grain and its way to the root, whatever the tables are called."""
        self.declared_texts = tuple(declared_texts)
        """Columns that are text because somebody said so, or because the source holds documents."""
        self.plans = tuple(plans)
        """How each column of one table was read, so that its content can be named by fewer of them; else empty."""

    def __repr__(self) -> str:
        return f"<Dataset {self.name}: {self.rows:,} rows, {len(self.columns):,} columns>"

    def __enter__(self) -> "Dataset":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of the connection; use one a thread and fetch what it returns."""
        return self._connection.cursor()

    def close(self) -> None:
        """Closes the connection and removes the database; closing twice does nothing."""
        self._connection.close()
        self._cleanup()


def open_dataset(
    source: object, *, table: str | None = None, name: str | None = None, limits: Limits = DEFAULT_LIMITS,
    folder: Path | None = None, threads: int = 2, keep_counts: bool = False, texts: Sequence[str] = (),
) -> Dataset:  # fmt: skip
    """The table in `source`, typed from all of its rows.

    Args:
        source: A path (CSV, TSV, JSON, Parquet, Excel, SQLite, DuckDB; gzip of these; a folder of text files), a
            pandas data frame, an Arrow table, a dict of columns, a list of records or of documents.
        table: The table or sheet to read where the source holds several.
        name: What to call it; the file's name by default.
        limits: Bounds on what is read.
        folder: Where the working database goes; a temporary folder by default. It is removed on close.
        keep_counts: Read a cross-tabulation as it stands instead of one row a counted unit.
        threads: Threads that DuckDB may use; the fingerprint does not depend on it.
        texts: Columns to be read as text, whatever their cells look like.

    Raises:
        DataError: if the source is missing, empty, damaged, of an unknown kind or over a limit.
        UsageError: if `threads` is not a positive whole number, or `texts` names what cannot be read as text.
    """
    if threads < 1:
        raise UsageError(f"The `threads` parameter must be 1 or more. Got {threads!r} instead.")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="heldout-", dir=folder))
    name = name or source_name(source)
    connection = connect(place, threads)
    try:
        return _opened(connection, place, source, name, table, limits, keep_counts, texts)
    except BaseException as err:
        connection.close()
        shutil.rmtree(place, ignore_errors=True)
        if isinstance(err, duckdb.Error):
            raise DataError(unreadable(name, err)) from err
        raise


def connect(place: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """A database in `place` that spills there, downloads nothing, and reads times of day as UTC."""
    connection = duckdb.connect(
        str(place / "data.duckdb"),
        config={
            "threads": threads, "memory_limit": "1GB", "temp_directory": str(place / "spill"),
            "preserve_insertion_order": True, "autoinstall_known_extensions": False,
        },
    )  # fmt: skip
    connection.cursor().execute("SET GLOBAL TimeZone = 'UTC'").fetchall()
    return connection


def _opened(
    connection: duckdb.DuckDBPyConnection, place: Path, source: object, name: str, table: str | None, limits: Limits,
    keep_counts: bool, texts: Sequence[str],
) -> Dataset:  # fmt: skip
    """Reads, types, cleans and names the table."""
    cursor = connection.cursor()  # one for all: temporary tables belong to their cursor
    raw = read_source(source, cursor, name=name, table=table, limits=limits, folder=place)
    plans = plan_columns(cursor, raw)
    surrogates = find_surrogates(cursor, plans)
    store(cursor, plans, surrogates)
    notes = [*raw.notes, *(note for plan in plans for note in plan.notes)]
    notes += aggregate_rows(cursor, plans, name)
    # Before counts are unfolded: both readings are the same data, so that one ledger keeps what either has spent.
    fingerprint = table_fingerprint(cursor, [p.name for p in plans if p.name not in surrogates])
    read = plans
    if not keep_counts:
        plans, more = unfold(cursor, plans, surrogates, limits)
        notes += more
        read = read if len(plans) == len(read) else []
        surrogates = [s for s in surrogates if any(p.name == s for p in plans)]
    declared = dict.fromkeys([*raw.texts, *texts])
    columns, more = describe(cursor, plans, frozenset(surrogates), declared)
    rows, distinct = cursor.execute("SELECT count(*), count(DISTINCT _content) FROM data").fetchall()[0]
    durations, taken = add_durations(cursor, columns)
    columns, more = (*columns, *durations), [*more, *taken]
    cursor.close()
    notes += more + table_warnings(columns, rows, rows - distinct)
    return Dataset(
        connection, place, name=name, columns=columns, rows=rows, notes=notes, fingerprint=fingerprint,
        duplicates=rows - distinct, surrogates=surrogates, declared_texts=tuple(declared), plans=read,
    )  # fmt: skip


def store(cursor: duckdb.DuckDBPyConnection, plans: Sequence[Plan], surrogates: Sequence[str]) -> None:
    """Fills the table `data` from `raw`, which is dropped; `surrogates` are no part of `_content`."""
    cells = ", ".join(f"{plan.sql} AS {quoted(plan.name)}" for plan in plans)
    if len(plans) > MANY_COLUMNS:
        # Looking for common subexpressions takes time with the square of the columns: 9 of 13 s at 2,000.
        cursor.execute("SET disabled_optimizers = 'common_subexpressions'").fetchall()
    content = content_sql([plan for plan in plans if plan.name not in surrogates])
    cursor.execute(
        f"CREATE TABLE data AS SELECT *, {content} AS _content FROM (SELECT {cells}, rowid AS _row FROM raw)"
    ).fetchall()
    cursor.execute("DROP TABLE raw").fetchall()
    cursor.execute("RESET disabled_optimizers").fetchall()
