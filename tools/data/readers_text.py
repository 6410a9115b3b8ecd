"""Text files as bytes: which encoding, which line ends, how long the lines are, and a clean UTF-8 copy.

Knows bytes and characters. Must never know what a delimiter, a column or a table is.
"""

import codecs
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from .schema import Limits, Note

CHUNK = 1 << 22
CONTROL = bytes(b for b in range(32) if b not in (0, 9, 10, 12, 13, 27))


@dataclass(frozen=True)
class TextFile:
    """A UTF-8 file without NUL bytes, with Unix or Windows line ends, and what it took to get there."""

    path: Path
    lines: int
    notes: tuple[Note, ...]
    skip: int = 0
    """Bytes of a byte order mark at the start."""


@dataclass
class _Scan:
    """What one pass over the bytes counted."""

    size: int = 0
    lf: int = 0
    cr: int = 0
    crlf: int = 0
    nul: int = 0
    control: int = 0
    longest: int = 0
    valid: bool = True


def clean_text(path: Path, name: str, folder: Path, limits: Limits) -> TextFile:
    """The file as clean UTF-8: itself when it already is, else a copy in `folder` with notes of the changes.

    Raises:
        DataError: if the file is binary, or one of its lines is longer than the limit.
    """
    with path.open("rb") as file:
        head = file.read(CHUNK)
    encoding = marked_encoding(head)
    scan = _scan(path, min(CHUNK, max(64, limits.max_line // 2)))
    if encoding is None:
        _refuse_binary(scan, name)
    if scan.longest > limits.max_line:
        raise DataError(
            f"'{name}' has a line of {scan.longest:,} bytes or more, over the limit of {limits.max_line:,}. "
            "Check its quotes and line ends, or in Python raise `max_line` of `limits`."
        )
    mixed = scan.cr > scan.crlf or (scan.crlf and scan.lf > scan.crlf)
    if encoding is None and scan.valid and not scan.nul and not mixed:
        skip = 3 if head.startswith(codecs.BOM_UTF8) else 0
        return TextFile(path, scan.lf + 1, (), skip)
    return _transcoded(path, name, folder, encoding, scan)


def unzipped(path: Path, name: str, folder: Path, limits: Limits) -> Path:
    """The content of a gzip file, written to `folder` while its size and ratio are watched.

    Raises:
        DataError: if it is damaged or larger than the limits allow.
    """
    out = folder / "unzipped"
    compressed, size = path.stat().st_size, 0
    try:
        with gzip.open(path, "rb") as source, out.open("wb") as target:
            while chunk := source.read(CHUNK):
                size += len(chunk)
                if size > limits.max_bytes:
                    raise DataError(
                        f"'{name}' holds more than {limits.max_bytes:,} bytes once decompressed. "
                        "Raise `--max-bytes` if that is expected."
                    )
                if size > limits.max_ratio * compressed and size > 10 * CHUNK:
                    raise DataError(
                        f"'{name}' expands to more than {limits.max_ratio:g} times its size, as a "
                        "decompression bomb would. Unpack it first if that is expected."
                    )
                target.write(chunk)
    except (OSError, EOFError, zlib.error) as err:
        raise DataError(f"'{name}' is a damaged gzip file ({_first_line(err)}). Compress it again.") from err
    return out


def _first_line(err: Exception) -> str:
    return (str(err).splitlines() or [type(err).__name__])[0]


def marked_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 by byte order mark, or UTF-16 without one by where the NUL bytes stand."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[:4096]
    half = len(sample) // 2
    if half < 4:
        return None
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.6 and even < 0.05:
        return "utf-16-le"
    if even > 0.6 and odd < 0.05:
        return "utf-16-be"
    return None


def _scan(path: Path, chunk_size: int) -> _Scan:
    """One pass over the bytes: line ends, NULs, control characters, the longest line, UTF-8 or not."""
    scan, decoder, since, last = _Scan(), codecs.getincrementaldecoder("utf-8")(), 0, b""
    with path.open("rb") as file:
        while chunk := file.read(chunk_size):
            scan.size += len(chunk)
            scan.lf += chunk.count(b"\n")
            scan.cr += chunk.count(b"\r")
            scan.crlf += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
            scan.nul += chunk.count(0)
            scan.control += len(chunk) - len(chunk.translate(None, CONTROL))
            first, final = _ends(chunk)
            scan.longest = max(scan.longest, since + first)
            since = since + len(chunk) if final < 0 else len(chunk) - final - 1
            last = chunk[-1:]
            scan.valid = scan.valid and _decodes(decoder, chunk)
    scan.longest = max(scan.longest, since)
    scan.valid = scan.valid and _decodes(decoder, b"", final=True)
    return scan


def _ends(chunk: bytes) -> tuple[int, int]:
    """Bytes before the first line end, and the place of the last one (-1 where there is none)."""
    for mark in (b"\n", b"\r"):
        at = chunk.find(mark)
        if at >= 0:
            return at, chunk.rfind(mark)
    return len(chunk), -1


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_binary(scan: _Scan, name: str) -> None:
    if scan.size and (scan.nul > 0.05 * scan.size or scan.control > 0.01 * scan.size + 2):
        raise DataError(
            f"'{name}' is a binary file of a kind that cannot be read. Use CSV, JSON, Parquet, Excel, SQLite or DuckDB."
        )


def _transcoded(path: Path, name: str, folder: Path, encoding: str | None, scan: _Scan) -> TextFile:
    """A clean UTF-8 copy of the file in `folder`."""
    raw = path.read_bytes()
    text, notes = _decoded(raw, name, encoding)
    nul = text.count("\0")
    if nul:
        text = text.replace("\0", "")
        notes.append(Note(kind="cleaned", text=f"{nul:,} NUL bytes were removed from the text of '{name}'."))
    if "\r" in text:
        crlf, cr, lf = text.count("\r\n"), text.count("\r"), text.count("\n")
        if lf and not cr == lf == crlf:
            notes.append(Note(kind="cleaned", text=f"'{name}' mixes kinds of line ends; all were read as line ends."))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    out = folder / "transcoded"
    out.write_bytes(text.encode("utf-8", "replace"))
    return TextFile(out, text.count("\n") + 1, tuple(notes))


def _decoded(raw: bytes, name: str, encoding: str | None) -> tuple[str, list[Note]]:
    """The text, decoded as marked, as UTF-8 with a few damaged bytes, or as Windows-1252 / Latin-1."""
    if encoding is not None:
        text = raw.decode(encoding, "replace").removeprefix("\ufeff")
        return text, [Note(kind="coerced", text=f"'{name}' was read as {encoding.upper()} text.")]
    raw = raw.removeprefix(codecs.BOM_UTF8)
    text = raw.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if not bad:
        return text, []
    good = sum(1 for c in text[: 1 << 22] if c > "\x7f" and c != "\ufffd")
    if good > 5 * bad:
        note = f"{bad:,} damaged characters of '{name}' are not UTF-8 and were replaced by a question mark sign."
        return text, [Note(kind="warning", text=note)]
    for codec, label in (("cp1252", "Windows-1252"), ("latin-1", "Latin-1")):
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        return text, [Note(kind="coerced", text=f"'{name}' is not UTF-8; it was read as {label} text.")]
    raise DataError(f"'{name}' is in an unknown encoding. Save it as UTF-8.")
