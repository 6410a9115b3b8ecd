"""What a delivery may come as, into one raw table: a file, several, a folder, a partition, a table of a database.

Knows paths, and what the names of folders say. Must never type a column, nor know a claim.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from ..data.readers import Raw, read_source, source_name
from ..data.readers_binary import check_bytes, quoted
from ..data.readers_memory import check_size
from ..data.schema import Limits, Note
from ..errors import DataError
from .cut import Cut, cut_of, mended

_PARQUET = (".parquet", ".pq")
_DELIMITED = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
_DOCUMENTS = (".txt", ".text", ".md", ".rst", ".html", ".htm")
_MOST_FILES = 100_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
PART = "_part"
"""The column of `raw` that says from which of several files a row came."""


class Loaded(NamedTuple):
    """What was read into the table `raw`."""

    raw: Raw
    cut: Cut | None = None
    files: int = 1
    """Of several, `raw` has the column `_part` beside its own."""


def delivery_name(source: object, table: str | None) -> str:
    """What a delivery goes by: its table's name, its file's or folder's, or that of the first of several."""
    files = _listed(source)
    if files is not None:
        more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
        return source_name(files[0]) + more
    return f"{source_name(source)}:{table}" if table is not None else source_name(source)


def load_delivery(
    source: object, con: duckdb.DuckDBPyConnection, *, name: str, table: str | None, limits: Limits, folder: Path,
    expected: Mapping[str, str], time: str | None = None, since: date | None = None,
) -> Loaded:  # fmt: skip
    """Fills the temporary table `raw` from the source.

    Args:
        source: As for `open_delivery`.
        con: The cursor that goes on with it.
        name: What messages call it.
        table: The table or sheet to read.
        limits: Bounds on what is read.
        folder: Where working files may lie.
        expected: Types as which delimited text may be read, by name of the column.
        time: Column of dates that `since` is read against.
        since: A partition of an earlier day is not read.

    Raises:
        DataError: if a file is missing, empty, damaged, of an unknown kind, or all are over a limit.
    """
    files = _listed(source)
    path = Path(str(source)).expanduser() if isinstance(source, str | Path) else None
    if path is not None and path.is_dir():
        files = _in_folder(path) or None
    if files is None and path is not None and path.is_file():
        files = [path]
    if files is None:
        raw = read_source(source, con, name=name, table=table, limits=limits, folder=folder, expected=expected)
        return Loaded(raw)
    keys = {file: _partition(file) for file in files}
    files = [file for file in files if not _earlier(keys[file].get(time or ""), since)] or files[-1:]
    if all(file.suffix.lower() in _PARQUET for file in files) and len(files) > 1:
        return _parquet_at_once(con, files, keys, name, limits, folder)
    if len(files) == 1 and not keys[files[0]]:
        return _one(con, files[0], name, table, limits, folder, expected)
    return _one_by_one(con, files, keys, table, limits, folder, expected)


def holds_tables(path: Path) -> bool:
    """Whether a path is a folder of Parquet or delimited files, which are one table."""
    return path.is_dir() and bool(_in_folder(path))


def _listed(source: object) -> list[Path] | None:
    """The files of a list of files; None for anything else."""
    if not isinstance(source, list | tuple) or not source or not all(isinstance(v, str | Path) for v in source):
        return None
    files = [Path(str(v)).expanduser() for v in source]
    if not all(isinstance(v, Path) for v in source) and not any(f.is_file() for f in files):
        return None  # documents
    for file in files:
        if not file.is_file():
            raise DataError(f"'{file}' does not exist or is not a file. Check its path.")
    return files


def _in_folder(path: Path) -> list[Path]:
    """The files of tables in a folder and those below it, by name; hidden ones and marks such as `_SUCCESS` are not.

    None where more files are documents: the folder is a corpus then.

    Raises:
        DataError: if they are of both kinds, or too many.
    """
    found: list[Path] = []
    documents = 0
    for file in sorted(path.rglob("*"), key=lambda p: p.relative_to(path).as_posix()):
        place = file.relative_to(path)
        suffix = Path(file.stem).suffix if file.suffix.lower() == ".gz" else file.suffix
        if suffix.lower() in (*_PARQUET, *_DELIMITED) and file.is_file():
            if not any(part.startswith((".", "_")) for part in place.parts):
                found.append(file)
        documents += suffix.lower() in _DOCUMENTS and file.is_file()
    if documents > len(found):
        return []
    parquet = sum(file.suffix.lower() in _PARQUET for file in found)
    if parquet not in (0, len(found)):
        raise DataError(
            f"The folder '{path.name}' holds Parquet files and others. Name the files that are the delivery."
        )
    if len(found) > _MOST_FILES:
        raise DataError(f"The folder '{path.name}' holds {len(found):,} files. Name one partition of it.")
    return found


def _partition(file: Path) -> dict[str, str | None]:
    """What the folders right above a file say of its rows: of `…/date=2025-03-01/a.csv` `{"date": "2025-03-01"}`."""
    out: dict[str, str | None] = {}
    for part in reversed(Path(os.path.abspath(file)).parts[:-1]):
        key, equals, value = part.partition("=")
        if not equals or not key:
            break
        out[_decoded(key)] = None if value == "__HIVE_DEFAULT_PARTITION__" else _decoded(value)
    return dict(reversed(out.items()))


def _earlier(day: str | None, since: date | None) -> bool:
    """Whether a partition's name is a day before `since`."""
    return since is not None and day is not None and bool(_DAY.fullmatch(day)) and day < since.isoformat()


def _decoded(text: str) -> str:
    """What `%20` and the like stand for in the name of a folder."""
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "replace")


def _one(
    con: duckdb.DuckDBPyConnection, file: Path, name: str, table: str | None, limits: Limits, folder: Path,
    expected: Mapping[str, str],
) -> Loaded:  # fmt: skip
    """One file into `raw`."""
    if file.is_file() and file.stat().st_size:
        whole = mended(file, name, folder, limits)
    else:
        raise DataError(f"'{name}' is empty. Export it again with its data.")
    con.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans").fetchall()
    raw = read_source(whole.path, con, name=name, table=table, limits=limits, folder=folder, expected=expected)
    rows = con.execute("SELECT count(*) FROM raw").fetchall()[0][0]
    return Loaded(raw, cut_of(con, raw, rows, name, whole.sign))


def _parquet_at_once(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path], keys: Mapping[Path, dict[str, str | None]], name: str,
    limits: Limits, folder: Path,
) -> Loaded:  # fmt: skip
    """Many Parquet files by one query, columns matched by name."""
    for file in files:
        mended(file, file.name, folder, limits)  # refuses one that was cut off, and names it
    paths = [str(file) for file in files]
    rows = con.execute("SELECT sum(num_rows) FROM parquet_file_metadata($1)", [paths]).fetchall()[0][0]
    check_size(int(rows or 0), 1, name, limits)
    source = "read_parquet($1, union_by_name = true, hive_partitioning = false)"
    headers = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {source}", [paths]).fetchall()]
    check_size(int(rows or 0), len(headers), name, limits)
    size = con.execute("SELECT sum(total_uncompressed_size) FROM parquet_metadata($1)", [paths]).fetchall()[0][0]
    check_bytes(int(size or 0), name, limits)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {_places(headers)}, file_index::INTEGER AS {PART} FROM {source}",
        [paths],
    ).fetchall()
    return Loaded(_with_keys(con, headers, [keys[file] for file in files]), None, len(files))


def _places(headers: Sequence[object]) -> str:
    return ", ".join(f"{quoted(str(h))} AS c{at}" for at, h in enumerate(headers))


def _one_by_one(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path], keys: Mapping[Path, dict[str, str | None]],
    table: str | None, limits: Limits, folder: Path, expected: Mapping[str, str],
) -> Loaded:  # fmt: skip
    """Files of any kind, each read by itself, columns matched by name."""
    notes: list[Note] = []
    cut: Cut | None = None
    comma, before, seen = False, 0, set[str]()
    for at, file in enumerate(files):
        own = _one(con, file, file.name, table, limits, folder, expected)
        names = ", ".join(f"c{i} AS {quoted(n)}" for i, n in enumerate(own.raw.names))
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE part_{at} AS SELECT {names}, {at}::INTEGER AS {PART} FROM raw"
        ).fetchall()
        notes += own.raw.notes
        comma = comma or own.raw.decimal_comma
        if cut is None and own.cut is not None:
            cut = own.cut.model_copy(update={"row": before + own.cut.row})
        before += con.execute("SELECT count(*) FROM raw").fetchall()[0][0]
        seen.update(name.lower() for name in own.raw.names)
        check_size(before, len(seen), files[0].name, limits)  # here, so that many files cannot pass it together
    joined = " UNION ALL BY NAME ".join(f"SELECT * FROM part_{at}" for at in range(len(files)))
    headers = [row[0] for row in con.execute(f"DESCRIBE {joined}").fetchall() if row[0] != PART]
    check_size(before, len(headers), files[0].name, limits)
    con.execute(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {_places(headers)}, {PART} FROM ({joined})").fetchall()
    for at in range(len(files)):
        con.execute(f"DROP TABLE part_{at}").fetchall()
    raw = _with_keys(con, headers, [keys[file] for file in files])
    return Loaded(replace(raw, notes=tuple(notes), decimal_comma=comma), cut, len(files))


def _with_keys(
    con: duckdb.DuckDBPyConnection, headers: Sequence[object], keys: Sequence[Mapping[str, str | None]]
) -> Raw:
    """`raw` with a column for each key of the partitions that no file holds itself."""
    names = [str(h) for h in headers]
    taken = {n.lower() for n in names}
    more = [k for k in dict.fromkeys(k for own in keys for k in own) if k.lower() not in taken]
    for at, key in enumerate(more):
        place = f"c{len(names) + at}"
        con.execute(f"ALTER TABLE raw ADD COLUMN {place} VARCHAR").fetchall()
        con.execute("CREATE OR REPLACE TEMP TABLE part_keys (part INTEGER, value VARCHAR)").fetchall()
        con.executemany("INSERT INTO part_keys VALUES ($1, $2)", [[n, own.get(key)] for n, own in enumerate(keys)])
        con.execute(f"UPDATE raw SET {place} = value FROM part_keys WHERE {PART} = part").fetchall()
    described = {row[0]: row[1] for row in con.execute("DESCRIBE raw").fetchall()}
    names += more
    return Raw(tuple(names), tuple(described[f"c{at}"] for at in range(len(names))))
