"""How large a workbook is before it is read: what its members hold once unpacked, and how far its cells lie apart.

Knows the members of a zip file and the places that cells name. Must never read a cell.

The sizes that a zip file states of its members are whatever its writer put there, and a reader of workbooks makes room
for every cell between the first and the last one: five kilobytes with a cell in the last corner ask for half a
terabyte, which ends the process. So the members are unpacked here once, in pieces, and counted.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import DataError
from .schema import Limits

CHUNK = 1 << 20
FREE = 40_000_000
"""Bytes that a workbook may always expand to, whatever its size."""
MOST_SPAN = 100_000_000
"""Cells between the first and the last of a sheet, empty ones counted: the bound of OpenDocument sheets too."""
_MOST_ROW, _MOST_COLUMN = 1_048_576, 16_384
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_PLACE = re.compile(
    rb"""<(?:\w+:)?(row|c)(?=[\s/>])"""
    rb"""(?:[^<>]*?\sr\s*=\s*["']\s*\$?([A-Za-z]{0,3})\$?(\d{0,7})\s*["'])?"""
)
_WIDE = re.compile(
    rb"""\sr\s*=\s*["']\s*\$?(?:[A-Za-z]{3}|[C-Zc-z][A-Za-z])\$?\d"""
    rb"""|<(?:\w+:)?c(?:\s+(?!r\s*=)[\w:]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>"""
)
"""A cell beyond column BZ, or one that does not name its place. Without any a sheet lies within 78 columns, too few to
pass the limit, and its places need not be read one by one."""
_OVERLAP = 512


def check_workbook(path: Path, name: str, limits: Limits) -> None:
    """Refuses a workbook that expands beyond the limits, or whose cells lie too far apart to be read.

    Raises:
        DataError: that names the limit.
        zipfile.BadZipFile: if the file is damaged.
    """
    if not zipfile.is_zipfile(path):
        return
    most = min(limits.max_bytes, max(FREE, int(limits.max_ratio * path.stat().st_size)))
    size = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            is_sheet, wide, last = bool(_SHEET.fullmatch(member.filename)), False, b""
            for piece in _pieces(archive, member):
                size += len(piece)
                if size > most:
                    raise DataError(_too_large(name, limits, most))
                if is_sheet and not wide:
                    wide = _WIDE.search(last + piece) is not None
                    last = piece[-_OVERLAP:]
            span = _span(archive, member) if wide else None
            if span is not None and span.rows * span.columns > MOST_SPAN:
                raise DataError(
                    f"The cells of a sheet of '{name}' span {span.rows:,} rows and {span.columns:,} columns, over the "
                    f"limit of {MOST_SPAN:,} cells. Delete what stands far from the table, or save it as CSV."
                )


def _too_large(name: str, limits: Limits, most: int) -> str:
    if most == limits.max_bytes:
        return (
            f"'{name}' holds more than {most:,} bytes once decompressed, over the limit. Raise `--max-bytes` if that "
            "is expected."
        )
    return (
        f"'{name}' expands to more than {limits.max_ratio:g} times its size, as a decompression bomb would. "
        "Save it again or as CSV if that is expected."
    )


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a member holds, to the end of its compressed data whatever size it states."""
    member.file_size = 1 << 62
    with archive.open(member) as file:
        while piece := file.read(CHUNK):
            yield piece


def _span(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> "_Span":
    span = _Span()
    for piece in _pieces(archive, member):
        span.add(piece)
    return span


class _Span:
    """How many rows and columns the cells of a sheet lie within, as far as they name their places."""

    def __init__(self) -> None:
        self.rows = self.columns = 1
        self._unnamed = 0
        self._rest = b""

    def add(self, piece: bytes) -> None:
        """Count the cells of one more piece; a tag that the piece cuts is left for the next."""
        text = self._rest + piece
        end = text.rfind(b"<")
        cut = end if 0 <= len(text) - end <= _OVERLAP and end >= 0 else len(text)
        for match in _PLACE.finditer(text, 0, cut):
            self._place(match[1], match[2] or b"", match[3] or b"")
        self._rest = text[cut:]

    def _place(self, tag: bytes, letters: bytes, row: bytes) -> None:
        if tag == b"row":
            self._unnamed = 0
        elif letters:
            at = 0
            for letter in letters.upper():
                at = 26 * at + letter - 64
            self.columns = max(self.columns, min(at, _MOST_COLUMN))
        else:  # a cell without a place follows the one before it
            self._unnamed += 1
            self.columns = max(self.columns, min(self._unnamed, _MOST_COLUMN))
        self.rows = max(self.rows, min(int(row), _MOST_ROW)) if row else self.rows + (tag == b"row")
