"""A folder of text files as a table: one document a file, with what its path says of it.

Knows paths, bytes and characters. Must never know what a document says, nor run or fetch anything that it holds.
"""

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import duckdb

from ..errors import DataError
from .readers_memory import load_texts
from .readers_text import CONTROL, marked_encoding
from .schema import Limits, Note

PLAIN = (".txt", ".text", ".md", ".markdown", ".rst", "")
MARKUP = (".html", ".htm", ".xhtml")
NAMED = 0.9
"""Share of the files whose names must hold a date, or a year, for a column of it."""
_DATE = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_BATCH = 2_000
_DROPPED = frozenset({"script", "style", "template", "noscript", "svg", "head"})
_BLOCKS = frozenset(
    "address article aside blockquote br dd div dl dt figcaption footer form h1 h2 h3 h4 h5 h6 header hr li main nav "
    "ol p pre section table td th tr ul".split()
)


def load_folder(
    con: duckdb.DuckDBPyConnection, path: Path, name: str, limits: Limits
) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """Fills `raw` with one row a text file, in the order of their paths; returns the columns and notes.

    The columns are `file`, `folder` where the files lie in several, `date` or `year` where nine names in ten hold
    one, and `text`. Read are .txt, .text, .md, .rst, .html and files without an ending, of subfolders too; hidden
    files are not. Of HTML the text stays: tags, scripts, styles and comments go. Markup in any other file is text like
    any other. UTF-8, UTF-16 and UTF-32 are told by their bytes; what is neither is read as Windows-1252.

    Raises:
        DataError: if no file in it is a text, or all are empty, or they are more than the limits allow.
    """
    files, others = _files(path)
    if not files:
        what = f" but {_named(others)}" if others else ""
        raise DataError(f"The folder '{name}' holds no text files (.txt, .md, .html){what}. Name a file in it.")
    size = sum(f.stat().st_size for f in files)
    if size > limits.max_bytes:
        raise DataError(f"'{name}' holds {size:,} bytes, over the limit of {limits.max_bytes:,}. Raise `--max-bytes`.")
    told: dict[str, list[str]] = {}
    kept, texts = [], []
    for file in files:
        text, why = _read(file, limits)
        place = file.relative_to(path).as_posix()
        if why:
            told.setdefault(why, []).append(place)
        if text is not None:
            kept.append(place)
            texts.append(text)
    if not any(t.strip() for t in texts):
        raise DataError(f"No file of the folder '{name}' holds any text ({_named([*told.get(_BINARY, ()), *kept])}).")
    header, rows = _rows(kept, texts)
    batches = (rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH))
    load_texts(con, batches, len(header), name, limits)
    notes = []
    if others:
        notes.append(Note(kind="left_out", text=f"{_count(others)} of '{name}' passed over: {_named(others)}."))
    notes += [_note(why, places) for why, places in sorted(told.items())]
    return header, tuple(notes)


_BINARY = "no text"
_LARGE = "too large"
_EMPTY = "empty"
_LEGACY = "Windows-1252"
_WIDE = "UTF-16 or UTF-32"
_DAMAGED = "damaged"
_TOLD = {
    _BINARY: ("left_out", "hold no text", "were passed over"),
    _LARGE: ("left_out", "are longer than the limit for one document", "were passed over"),
    _EMPTY: ("warning", "hold nothing", "count as documents whose text is missing"),
    _LEGACY: ("coerced", "are not UTF-8", "were read as Windows-1252"),
    _WIDE: ("coerced", "are UTF-16 or UTF-32", "were read so"),
    _DAMAGED: ("warning", "are UTF-8 with damaged characters", "show a question mark sign in their place"),
}


def _note(why: str, places: Sequence[str]) -> Note:
    kind, what, then = _TOLD[why]
    text = f"{len(places):,} of the files {what} and {then}: {_named(places)}."
    return Note.model_validate({"kind": kind, "text": text})


def _files(path: Path) -> tuple[list[Path], list[str]]:
    """The files that may be texts, in the order of their paths, and the names of all others."""
    files, others = [], []
    found = sorted((p for p in path.rglob("*") if p.is_file()), key=lambda p: p.relative_to(path).as_posix())
    for file in found:
        place = file.relative_to(path)
        if any(part.startswith(".") for part in place.parts):
            continue
        ending = file.suffix.lower()
        if ending in (*PLAIN, *MARKUP) or ending[1:].isdigit():
            files.append(file)
        else:
            others.append(place.as_posix())
    return files, others


def _read(file: Path, limits: Limits) -> tuple[str | None, str]:
    """The text of a file, None where it is none, and what there is to say of it."""
    size = file.stat().st_size
    if size > limits.max_line:
        return None, _LARGE
    raw = file.read_bytes()
    text, why = decoded(raw)
    if text is None:
        return None, _BINARY
    if file.suffix.lower() in MARKUP:
        text = without_markup(text)
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    return text, why if text else _EMPTY


def decoded(raw: bytes) -> tuple[str | None, str]:
    """The bytes of a document as text, None where they are none, and what there is to say of it."""
    encoding = marked_encoding(raw[:4096])
    if encoding is not None:
        return raw.decode(encoding, "replace").removeprefix("\ufeff"), _WIDE
    control = len(raw) - len(raw.translate(None, CONTROL))
    if control > 0.01 * len(raw) + 2:
        return None, _BINARY
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
    # A few damaged characters among good ones, or another encoding throughout?
    bad = text.count("\ufffd")
    if sum(c > "\x7f" for c in text) - bad > 5 * bad:
        return text, _DAMAGED
    try:
        return raw.decode("cp1252"), _LEGACY
    except UnicodeDecodeError:
        return raw.decode("latin-1"), _LEGACY


def without_markup(text: str) -> str:
    """The text of an HTML page: tags, comments, scripts and styles left out, one line a block."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    """Collects what a page shows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _DROPPED:
            self._silent.append(tag)
        elif tag in _BLOCKS:
            if tag in ("body", "main", "article"):
                self._silent.clear()
            self.parts.append("\n")
        if tag == "body":
            self._silent.clear()  # a head that was never closed

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            self._silent = self._silent[: self._silent.index(tag)]
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data.replace("\n", " "))


def _rows(places: Sequence[str], texts: Sequence[str]) -> tuple[tuple[str, ...], list[list[str | None]]]:
    """The table: what the paths say, then the text."""
    columns: dict[str, list[str | None]] = {"file": list(places)}
    folders = [p.rpartition("/")[0] or "." for p in places]
    if len(set(folders)) > 1:
        columns["folder"] = list(folders)
    columns |= _dated(places)
    columns["text"] = [t or None for t in texts]
    return tuple(columns), [list(row) for row in zip(*columns.values(), strict=True)]


def _dated(places: Sequence[str]) -> dict[str, list[str | None]]:
    """A column `date` or `year` where nearly all paths hold one and they differ."""
    for name, pattern, form in (("date", _DATE, r"\1-\2-\3"), ("year", _YEAR, r"\1")):
        found = [pattern.search(p.rpartition("/")[2]) or pattern.search(p) for p in places]
        values = [None if f is None else f.expand(form) for f in found]
        if sum(v is not None for v in values) >= NAMED * len(places) and len(set(values) - {None}) > 1:
            return {name: values}
    return {}


def _count(places: Sequence[str]) -> str:
    return "1 file" if len(places) == 1 else f"{len(places):,} files"


def _named(places: Sequence[str]) -> str:
    """Three names, or how many of each ending where there are more."""
    if len(places) <= 3:
        return ", ".join(repr(p) for p in places)
    endings = Counter(Path(p).suffix.lower() or "no ending" for p in places)
    kinds = ", ".join(f"{n:,} {e}" for e, n in sorted(endings.items(), key=lambda it: (-it[1], it[0]))[:4])
    return f"{', '.join(repr(p) for p in places[:2])} and {len(places) - 2:,} more ({kinds})"
