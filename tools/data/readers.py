"""Sources into one raw table: decides what a source is by its content, then its ending, and has it read.

Knows kinds of sources and the limits. Must never type a column: `raw` holds what the source held.
"""

import sqlite3
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..errors import DataError
from . import readers_binary as binary
from .readers_csv import read_csv
from .readers_folder import load_folder
from .readers_memory import (
    are_documents,
    as_frame,
    check_size,
    is_in_memory,
    load_frame,
    load_texts,
    not_a_table,
    raw_types,
)
from .readers_names import header_names, without_header
from .readers_text import clean_text, unzipped
from .schema import Limits, Note

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Raw:
    """The table `raw` (columns c0, c1, … in file order): names, DuckDB types and what reading it left to say."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    decimal_comma: bool = False
    """Whether 1,5 may mean one and a half: the delimiter was not a comma."""
    texts: tuple[str, ...] = ()
    """Columns that are text because the source holds documents."""
    delimiter: str = ""
    """What divides the fields of a delimited file."""


def source_name(source: object) -> str:
    """The name a source goes by: the file's, or `table` for what is in memory."""
    if isinstance(source, str | Path):
        return Path(source).name or Path(source).resolve().name
    return "documents" if are_documents(source) else "table"


_UNKNOWN: Mapping[str, str] = {}


def read_source(
    source: object, con: Connection, *, name: str, table: str | None, limits: Limits, folder: Path,
    expected: Mapping[str, str] = _UNKNOWN,
) -> Raw:  # fmt: skip
    """Fills the temporary table `raw` from the source.

    Columns named in `expected` are read from delimited text as that type of DuckDB where every cell fits, which saves
    making and reading their texts.

    Raises:
        DataError: if the source is missing, empty, damaged, of an unknown kind or over a limit.
    """
    try:
        if isinstance(source, str | Path):
            return _read_path(Path(source).expanduser(), con, name, table, limits, folder, expected)
        if is_in_memory(source):
            return _read_memory(source, con, name, limits)
    except (duckdb.Error, sqlite3.Error, zipfile.BadZipFile, OSError, ValueError, TypeError, UnicodeError) as err:
        if isinstance(err, DataError):
            raise
        raise DataError(unreadable(name, err)) from err
    except Exception as err:
        if type(err).__module__.partition(".")[0] in ("python_calamine", "pandas", "pyarrow"):
            raise DataError(f"'{name}' cannot be read: {first_line(err)} Save it again or as CSV.") from err
        raise
    raise DataError(not_a_table(source))


def unreadable(name: str, err: Exception) -> str:
    """The text of the refusal of a source that a library could not read."""
    if isinstance(err, duckdb.OutOfMemoryException):
        return (
            f"'{name}' does not fit in the memory allowed (1 GB), most likely for its many columns or very long texts. "
            "Take fewer of them."
        )
    return f"'{name}' cannot be read: {first_line(err)} Check the file or save it again."


def first_line(err: BaseException) -> str:
    """The first line of an error's text, as a sentence of at most 200 characters."""
    text = (str(err).strip().splitlines() or [type(err).__name__])[0].strip()[:200]
    return text if text.endswith((".", "!", "?")) else text + "."


def _read_memory(source: object, con: Connection, name: str, limits: Limits) -> Raw:
    frame = as_frame(source)
    headers = load_frame(con, frame, name, limits)
    names, notes = header_names(headers, len(headers))
    return Raw(names, tuple(raw_types(con)), tuple(notes), texts=names if are_documents(source) else ())


def _read_path(
    path: Path, con: Connection, name: str, table: str | None, limits: Limits, folder: Path, expected: Mapping[str, str]
) -> Raw:
    """Reads a file as the kind its content shows."""
    if path.is_dir():
        headers, notes = load_folder(con, path, name, limits)
        return Raw(headers, ("VARCHAR",) * len(headers), notes, texts=("text",))
    _check_path(path, name, limits)
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"\x1f\x8b"):
        path = unzipped(path, name, folder, limits)
        with path.open("rb") as file:
            head = file.read(4096)
        if not head:
            raise DataError(f"'{name}' is empty. Export it again with its data.")
    kind = _kind_of(head, path, name)
    loaders = {
        "parquet": lambda: binary.load_parquet(con, path, name, limits),
        "duckdb": lambda: binary.load_duckdb(con, path, name, table, limits),
        "sqlite": lambda: binary.load_sqlite(con, path, name, table, limits),
    }
    if kind in loaders:
        return _named(con, loaders[kind]())
    if kind == "excel":
        return _read_sheet(path, con, name, table, limits)
    return _read_text(path, con, name, limits, folder, expected)


def _check_path(path: Path, name: str, limits: Limits) -> None:
    """Refuses what is not a file with content within the limit."""
    if not path.is_file():
        raise DataError(f"'{path}' does not exist or is not a file. Check its path.")
    size = path.stat().st_size
    if size == 0:
        raise DataError(f"'{name}' is empty. Export it again with its data.")
    if size > limits.max_bytes:
        raise DataError(f"'{name}' has {size:,} bytes, over the limit of {limits.max_bytes:,}. Raise `--max-bytes`.")


def _kind_of(head: bytes, path: Path, name: str) -> str:
    """The kind of a file by its first bytes; a text file by its absence of any known mark."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "excel"
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path, name)
    for mark, what in ((b"\x1f\x8b", "gzip file inside a gzip file"), (b"BZh", "bzip2 file"), (b"\xfd7zXZ", "xz file"),
                       (b"%PDF", "PDF"), (b"\x89PNG", "picture"), (b"\x28\xb5\x2f\xfd", "zstd file")):  # fmt: skip
        if head.startswith(mark):
            raise DataError(f"'{name}' is a {what}, which is not read. Unpack it or save the table as CSV.")
    return "text"


def _zip_kind(path: Path, name: str) -> str:
    """Excel and OpenDocument workbooks are zip files; any other zip is refused."""
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
    if any(m.startswith("xl/") for m in members) or "content.xml" in members:
        return "excel"
    raise DataError(f"'{name}' is a zip archive, which is not read. Unpack it and give the table inside.")


def _named(con: Connection, headers: list[object], notes: tuple[Note, ...] = ()) -> Raw:
    names, more = header_names(headers, len(headers))
    return Raw(names, tuple(raw_types(con)), notes + tuple(more))


def _read_sheet(path: Path, con: Connection, name: str, table: str | None, limits: Limits) -> Raw:
    rows, others = binary.sheet_rows(path, name, table, limits)
    notes: tuple[Note, ...] = ()
    if others:
        named = ", ".join(map(repr, others[:5]))
        text = f"The first sheet was read; the file also holds {named}. Name one with `--table`."
        notes = (Note(kind="warning", text=text),)
    width = len(rows[0])
    texts = [["" if v is None else str(v) for v in row] for row in rows[:50]]
    if without_header(texts):
        headers: list[object] = [f"column_{i + 1}" for i in range(width)]
    else:
        headers, rows = list(rows[0]), rows[1:]
    check_size(len(rows), width, name, limits)
    load_texts(con, [rows], width, name, limits)
    return _named(con, headers, notes)


def _read_text(
    path: Path, con: Connection, name: str, limits: Limits, folder: Path, expected: Mapping[str, str]
) -> Raw:
    file = clean_text(path, name, folder, limits)
    if file.lines - 1 > limits.max_rows + 1:
        check_size(file.lines - 1, 1, name, limits)
    with file.path.open("rb") as source:
        source.seek(file.skip)
        start = source.read(4096).lstrip()
    if start.startswith((b"{", b"[{", b"[\n", b"[ ", b"[\r")) or start == b"[]":
        lines = start.startswith(b"{")
        return _named(con, binary.load_json(con, file.path, name, limits, lines=lines), file.notes)
    dialect, notes = read_csv(con, file, name, limits, expected)
    names = dialect.header
    rows = con.execute("SELECT count(*) FROM raw").fetchall()[0][0]
    check_size(rows, len(names), name, limits)
    comma = dialect.delimiter != ","
    return Raw(names, tuple(raw_types(con)), (*file.notes, *notes), comma, delimiter=dialect.delimiter)
