"""Signs that a file was cut off while it was written or sent: where it ends, and what can be read of it still.

Knows bytes, and lines that a reader rejected. Must never guess what stood in the part that is missing.
"""

import csv
import json
import os
import tempfile
import zlib
from pathlib import Path
from typing import Literal, NamedTuple

import duckdb

from ..data.readers import Raw
from ..data.schema import Limits
from ..errors import DataError
from ..value import Value, counted

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"


class Cut(Value):
    """A file that ends in the middle of something."""

    row: int
    """The data row at which it ends, the first of the delivery being 1: that row is not among those that were read."""
    sign: Literal["fields", "quote", "gzip", "json"]
    """The last line has fewer fields, a quote opens and never closes, or the compressed data or the last record end
    early."""
    fields: int | None = None
    """Fields that were found in that row."""
    of: int | None = None
    """Fields that a row has."""
    file: str = ""
    text: str
    """A sentence with the row and what is missing."""


class Mended(NamedTuple):
    """What can be read of a file."""

    path: Path
    sign: Literal["gzip", "json"] | None = None


def mended(path: Path, name: str, folder: Path, limits: Limits) -> Mended:
    """The file itself, or what is whole of one that ends early, written to `folder`.

    Raises:
        DataError: if nothing of it can be read, with the reason.
    """
    with path.open("rb") as file:
        head = file.read(4096)
        end = _tail(path)
    if head.startswith(b"PAR1") and not end.endswith(b"PAR1"):
        raise DataError(
            f"'{name}' was cut off: a Parquet file ends with the list of what it holds, and this one does not. "
            "Have it delivered again."
        )
    if head.startswith(_GZIP):
        out = _place(folder)
        return (
            Mended(mended(out, name, folder, limits).path, "gzip") if _ends_early(path, out, limits) else Mended(path)
        )
    if head.lstrip().startswith(b"[") and not end.rstrip().endswith(b"]") and b"{" in head:
        raise DataError(f"'{name}' was cut off: its list of records is never closed. Have it delivered again.")
    if head.lstrip().startswith(b"{") and _broken_record(end):
        return Mended(_without_last_line(path, _place(folder)), "json")
    return Mended(path)


def cut_of(
    con: duckdb.DuckDBPyConnection, raw: Raw, rows: int, name: str, ended: Literal["gzip", "json"] | None
) -> Cut | None:
    """Where the file that `raw` was just read from was cut, if it shows.

    Args:
        con: The cursor that read it, with what was rejected.
        raw: What was read.
        rows: How many rows were read.
        name: The file's name.
        ended: What `mended` saw.
    """
    row, width = rows + 1, len(raw.names)
    last = _last_rejected(con, rows) if raw.delimiter else None
    if last is not None:
        line, quote = last
        found = _fields(line, raw.delimiter)
        sign: Literal["fields", "quote"] = "quote" if quote else "fields"
        what = f"row {row:,} has {found} of {counted(width, 'field')}" if not quote else _open_quote(row, found, width)
        text = f"'{name}' was cut off: it ends in the middle of a row, {what}."
        return Cut(row=row, sign=sign, fields=found, of=width, file=name, text=text)
    if ended == "gzip":
        text = f"'{name}' was cut off: its compressed data end early, after {counted(rows, 'whole row')}."
        return Cut(row=row, sign="gzip", file=name, text=text)
    if ended == "json":
        text = f"'{name}' was cut off: record {row:,} is not whole."
        return Cut(row=row, sign="json", file=name, text=text)
    return None


def _open_quote(row: int, found: int, width: int) -> str:
    return f"a quote in field {found} of {width} of row {row:,} never closes"


def _last_rejected(con: duckdb.DuckDBPyConnection, rows: int) -> tuple[str, bool] | None:
    """The rejected line that is the file's last, and whether for an open quote; None where the last line was read."""
    got = con.execute(
        "SELECT line, any_value(csv_line), bool_or(error_type = 'UNQUOTED VALUE'), "
        "bool_or(error_type IN ('UNQUOTED VALUE', 'MISSING COLUMNS')), max(byte_position) FROM reject_errors "
        "GROUP BY line ORDER BY line DESC LIMIT 1"
    ).fetchall()
    scans = con.execute("SELECT file_path FROM reject_scans LIMIT 1").fetchall()
    if not got or not scans or not got[0][3]:
        return None
    line, quote = str(got[0][1]).rstrip("\r\n"), bool(got[0][2])
    end = _tail(Path(scans[0][0])).rstrip(b"\r\n\0 ")
    return (line, quote) if line and end.endswith(line.encode("utf-8").rstrip(b" ")) else None


def _fields(line: str, delimiter: str) -> int:
    return len(next(csv.reader([line], delimiter=delimiter), []))


def _place(folder: Path) -> Path:
    handle, place = tempfile.mkstemp(dir=folder)
    os.close(handle)
    return Path(place)


def _tail(path: Path) -> bytes:
    """The last bytes of a file."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _CHUNK))
        return file.read()


def _ends_early(path: Path, out: Path, limits: Limits) -> bool:
    """Write what a gzip file that ends early holds, up to its last whole line; False where it is whole or damaged."""
    most = min(limits.max_bytes, max(10 * _CHUNK, int(limits.max_ratio * path.stat().st_size)))
    inflate, size = zlib.decompressobj(31), 0
    try:
        with path.open("rb") as source, out.open("wb") as target:
            while chunk := source.read(_CHUNK):
                while chunk:
                    inflate = zlib.decompressobj(31) if inflate.eof else inflate
                    part = inflate.decompress(chunk, _CHUNK)  # a megabyte can hold a thousand
                    size += len(part)
                    if size > most:
                        return False  # a bomb perhaps: for the reader to refuse
                    target.write(part)
                    chunk = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            size += target.write(inflate.flush())  # what the last piece had no room for
    except zlib.error:
        return False
    if inflate.eof or not size:
        return False
    end = _tail(out)
    with out.open("rb+") as target:
        target.truncate(size - len(end) + end.rfind(b"\n") + 1)
    return out.stat().st_size > 0


def _broken_record(end: bytes) -> bool:
    """Whether the last line of JSON lines is no whole record."""
    lines = end.rstrip().rsplit(b"\n", 1)
    if len(lines) < 2:
        return False
    try:
        json.loads(lines[1])
    except ValueError:
        return True
    return False


def _without_last_line(path: Path, out: Path) -> Path:
    end = _tail(path).rstrip()
    keep = path.stat().st_size - (len(_tail(path)) - (end.rfind(b"\n") + 1))
    with path.open("rb") as source, out.open("wb") as target:
        while keep > 0 and (chunk := source.read(min(_CHUNK, keep))):
            target.write(chunk)
            keep -= len(chunk)
    return out
