"""Files that carry their own columns: Parquet, JSON, DuckDB, SQLite and Excel, into the table `raw`.

Knows containers and their metadata, which are checked before any row is read. Must never guess meanings.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from ..errors import DataError
from .readers_memory import check_size, load_texts
from .schema import Limits
from .workbook_size import check_workbook

BATCH = 50_000


def load_parquet(con: duckdb.DuckDBPyConnection, path: Path, name: str, limits: Limits) -> list[object]:
    """Fills `raw` from a Parquet file after a look at its metadata; returns the headers."""
    meta = con.execute(
        """SELECT sum(total_uncompressed_size), count(DISTINCT path_in_schema)
        FROM parquet_metadata($1)""", [str(path)],
    ).fetchall()[0]  # fmt: skip
    rows = con.execute("SELECT sum(num_rows) FROM parquet_file_metadata($1)", [str(path)]).fetchall()[0][0]
    check_size(int(rows or 0), int(meta[1] or 1), name, limits)
    check_bytes(int(meta[0] or 0), name, limits)
    return _copied(con, "SELECT * FROM read_parquet($1)", [str(path)], name, limits)


def load_json(con: duckdb.DuckDBPyConnection, path: Path, name: str, limits: Limits, *, lines: bool) -> list[object]:
    """Fills `raw` from JSON lines or one JSON array of records; returns the headers."""
    shape = "newline_delimited" if lines else "array"
    sql = f"""SELECT * FROM read_json($1, format = '{shape}', records = true, sample_size = -1,
        auto_detect = true, map_inference_threshold = -1, maximum_object_size = {max(limits.max_line, 1 << 20)})"""
    return _copied(con, sql, [str(path)], name, limits)


def load_duckdb(
    con: duckdb.DuckDBPyConnection, path: Path, name: str, table: str | None, limits: Limits
) -> list[object]:
    """Fills `raw` from one table of a DuckDB file, opened read-only; returns the headers."""
    con.execute(f"ATTACH {_text(str(path))} AS source (READ_ONLY)").fetchall()
    try:
        sql = """SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' UNION ALL
            SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal
            ORDER BY 1, 2"""
        found = {t if s == "main" else f"{s}.{t}": (s, t) for s, t in con.execute(sql).fetchall()}
        schema, chosen = found[_chosen(list(found), table, name)]
        place = f"source.{quoted(schema)}.{quoted(chosen)}"
        rows = con.execute(f"SELECT count(*) FROM {place}").fetchall()[0][0]
        check_size(rows, 1, name, limits)
        return _copied(con, f"SELECT * FROM {place}", [], name, limits)
    finally:
        con.execute("DETACH source").fetchall()


def load_sqlite(
    con: duckdb.DuckDBPyConnection, path: Path, name: str, table: str | None, limits: Limits
) -> list[object]:
    """Fills `raw` as text from one table of a SQLite file, opened read-only; returns the headers."""
    source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        source.text_factory = lambda raw: raw.decode("utf-8", "replace")
        sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 1"
        chosen = _chosen([row[0] for row in source.execute(sql)], table, name)
        rows = source.execute(f"SELECT count(*) FROM {quoted(chosen)}").fetchone()[0]
        cursor = source.execute(f"SELECT * FROM {quoted(chosen)}")
        headers: list[object] = [d[0] for d in cursor.description]
        check_size(rows, len(headers), name, limits)
        load_texts(con, _batches(cursor), len(headers), name, limits)
        return headers
    finally:
        source.close()


def sheet_rows(path: Path, name: str, table: str | None, limits: Limits) -> tuple[list[list[object]], list[str]]:
    """The rows of an Excel sheet, the first or the one named, without blank rows and outer blank columns.

    Beside them the names of the sheets that were passed over without being asked about.

    Raises:
        DataError: if the workbook is damaged, larger than the limits, or has no such sheet.
    """
    import pandas as pd

    check_workbook(path, name, limits)
    with pd.ExcelFile(path, engine="calamine") as book:
        sheets = [str(s) for s in book.sheet_names]
        if table is not None and table not in sheets:
            raise DataError(f"'{name}' has no sheet {table!r}. Sheets: {_listed(sheets)}.")
        frame = pd.read_excel(book, sheet_name=table or sheets[0], header=None, dtype=object, na_filter=False)
    frame = frame.map(lambda v: None if v is None or v == "" or v != v else v)
    frame = frame.dropna(how="all").dropna(axis="columns", how="all")
    if frame.empty:
        raise DataError(f"The sheet {table or sheets[0]!r} of '{name}' is empty. Name another one with `--table`.")
    rows = [list(row) for row in frame.itertuples(index=False, name=None)]
    return rows, sheets[1:] if table is None else []


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _copied(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object], name: str, limits: Limits
) -> list[object]:
    """Fills `raw` with the query's columns as c0, c1, …; returns their names."""
    described = con.execute(f"DESCRIBE {sql}", list(parameters)).fetchall()
    headers: list[object] = [row[0] for row in described]
    check_size(1, len(headers), name, limits)
    places = ", ".join(f"c{i}" for i in range(len(headers)))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM ({sql}) AS t({places})", list(parameters)
    ).fetchall()
    rows = con.execute("SELECT count(*) FROM raw").fetchall()[0][0]
    check_size(rows, len(headers), name, limits)
    return headers


def _batches(cursor: sqlite3.Cursor) -> Iterator[list[tuple[object, ...]]]:
    while batch := cursor.fetchmany(BATCH):
        yield batch


def _chosen(found: list[str], table: str | None, name: str) -> str:
    """The table to read: the one named, or the only one."""
    if table is not None:
        if table not in found:
            raise DataError(f"'{name}' has no table {table!r}. Tables: {_listed(found)}.")
        return table
    if not found:
        raise DataError(f"'{name}' holds no tables. Give a database that does.")
    if len(found) > 1:
        raise DataError(
            f"'{name}' holds {len(found):,} tables: {_listed(found)}. Name one with `--table`, or several with "
            "`--tables`."
        )
    return found[0]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 12:,} more" if len(names) > 12 else ""
    return ", ".join(repr(n) for n in names[:12]) + more


def check_bytes(size: int, name: str, limits: Limits) -> None:
    """Refuses what holds more bytes than the limit.

    Raises:
        DataError: with the limit.
    """
    if size > limits.max_bytes:
        raise DataError(
            f"'{name}' holds {size:,} bytes once decompressed, over the limit of {limits.max_bytes:,}. "
            "Raise `--max-bytes` if that is expected."
        )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
