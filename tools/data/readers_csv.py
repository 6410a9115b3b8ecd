"""Delimited text: its delimiter, quote and header, then DuckDB reads every cell as text.

Knows characters, fields and line numbers. Must never guess what a column means or what type it has.
"""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from ..errors import DataError
from ..value import counted
from .readers_names import header_names, looks_numeric, without_header
from .readers_text import TextFile
from .schema import Limits, Note

DELIMITERS = (",", ";", "\t", "|")
HEAD_BYTES = 1 << 18
HEAD_ROWS = 200
MAX_REJECTED = 0.01
Record = tuple[int, list[str]]
_AS_TEXT: Mapping[str, str] = {}


@dataclass(frozen=True)
class Dialect:
    """How the fields of a file are told apart, and where its rows begin."""

    delimiter: str
    quote: str
    escape: str
    header: tuple[str, ...]
    width: int
    skip: int
    """Physical lines before the first data row."""
    notes: tuple[Note, ...] = ()


def read_csv(
    con: duckdb.DuckDBPyConnection, file: TextFile, name: str, limits: Limits, expected: Mapping[str, str] = _AS_TEXT
) -> tuple[Dialect, list[Note]]:
    """Fills the table `raw` with the cells as text, columns `c0`, `c1`, …; returns the dialect and the notes.

    Columns of a name in `expected` are filled with that type where every cell casts to it, else with text like all.

    Raises:
        DataError: if the file has no rows, cannot be divided into fields, or over 1 % of its rows are rejected.
    """
    dialect = detect_dialect(file, name)
    if dialect.width > limits.max_columns:
        raise DataError(
            f"'{name}' has {dialect.width:,} columns, over the limit of {limits.max_columns:,}. "
            "Leave some out or raise `--max-columns`."
        )
    rejected = _load(con, file, dialect, limits, expected)
    rows = con.execute("SELECT count(*) FROM raw").fetchall()[0][0]
    notes = list(dialect.notes)
    if rejected:
        notes.append(_rejected_note(con, rejected, rows, name))
    if rows == 0:
        raise DataError(f"'{name}' has a header but no rows. Export it again with its data.")
    if file.lines > rows + rejected + dialect.skip + 1:
        _refuse_swallowed(con, dialect, name)
    return dialect, notes


def detect_dialect(file: TextFile, name: str) -> Dialect:
    """Delimiter, quote and escape by how evenly they divide the first rows, then the header.

    Raises:
        DataError: if the file is empty, is a web page, or its one column hides another delimiter.
    """
    head, complete = _head(file)
    if not head.strip():
        raise DataError(f"'{name}' is empty. Export it again with its data.")
    if re.match(r"\s*<(!doctype|html|\?xml)", head, re.IGNORECASE):
        raise DataError(f"'{name}' is a web page or XML, not a table. Download the data file itself.")
    preamble = _preamble(head)
    body = head if not preamble else "\n".join(head.split("\n")[preamble:])
    quote = _quote_of(body)
    escape = "\\" if f"\\{quote}" in body and quote + quote not in body else quote
    records, delimiter = _best_delimiter(body, quote, escape, complete)
    rows = [record for _, record in records]
    _refuse_hidden_delimiter(rows, delimiter, name)
    dialect = _with_header(rows, delimiter, quote, escape, name)
    lines = records[dialect.skip - 1][0] if dialect.skip else 0
    return replace(dialect, skip=lines + preamble)


def _head(file: TextFile) -> tuple[str, bool]:
    """The first characters of the file, up to a line end, and whether that is all of it."""
    with file.path.open("rb") as source:
        source.seek(file.skip)
        head = source.read(HEAD_BYTES)
        complete = not source.read(1)
    if not complete:
        end = head.rfind(b"\n")
        head = head[: end + 1] if end > 0 else head
    return head.decode("utf-8", "replace").replace("\r\n", "\n"), complete


def _preamble(head: str) -> int:
    """Leading comment lines: `#` at the start, where the line after them does not begin so."""
    lines = head.split("\n")
    count = 0
    while count < len(lines) - 1 and lines[count].startswith("#"):
        count += 1
    return count if count < 50 else 0


def _quote_of(body: str) -> str:
    """The quote sign: double unless only single quotes enclose fields."""
    if '"' in body:
        return '"'
    enclosed = len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\n]|$)", body, re.MULTILINE))
    return "'" if enclosed >= 4 and enclosed * 2 == body.count("'") else '"'


def _rows_of(body: str, delimiter: str, quote: str, escape: str) -> list[Record]:
    """The first rows under a delimiter with the line each ends on, blank lines left out."""
    doubled = escape == quote
    reader = csv.reader(
        body.splitlines(keepends=True),
        delimiter=delimiter,
        quotechar=quote,
        doublequote=doubled,
        escapechar=None if doubled else escape,
    )
    rows: list[Record] = []
    try:
        for row in reader:
            if row:
                rows.append((reader.line_num, [cell.strip() for cell in row]))
            if len(rows) >= HEAD_ROWS:
                break
    except csv.Error:
        return rows
    return rows


def _best_delimiter(body: str, quote: str, escape: str, complete: bool) -> tuple[list[Record], str]:
    """The rows under the delimiter that divides most of them into the same number of fields."""
    best: tuple[tuple[float, int], list[Record], str] | None = None
    for delimiter in DELIMITERS:
        rows = _rows_of(body, delimiter, quote, escape)
        if len(rows) > 1 and not complete and len(rows) < HEAD_ROWS:
            rows = rows[:-1]
        if not rows:
            continue
        width, share = _modal_width([record for _, record in rows])
        if width < 2:
            continue
        header_fits = abs(len(rows[0][1]) - width) <= 1
        score = (round(share, 2) - (0 if header_fits else 0.5), width)
        if best is None or score > best[0]:
            best = score, rows, delimiter
    if best is None or best[0][0] < 0.3:
        return _rows_of(body, ",", quote, escape), ","
    return best[1], best[2]


def _modal_width(rows: list[list[str]]) -> tuple[int, float]:
    """The commonest number of fields and the share of rows that have it."""
    counts = Counter(len(row) for row in rows)
    width, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    return width, count / len(rows)


def _refuse_hidden_delimiter(rows: list[list[str]], delimiter: str, name: str) -> None:
    """A single column whose header still holds a delimiter was swallowed by a quote."""
    header = rows[0] if rows else []
    if any("\n" in cell and cell.count(delimiter) >= 2 for cell in header):
        raise DataError(
            f"In the header of '{name}' a quote sign opens and swallows the rows. Balance the quotes there."
        )
    if len(header) != 1:
        return
    for other in (*DELIMITERS, " "):
        pieces = header[0].split(other)
        inside = other != " " and len(pieces) > 1
        if inside and (any(other in (row[0] if row else "") for row in rows[1:]) or "\n" in header[0]):
            raise DataError(
                f"'{name}' reads as one column named {header[0][:60]!r}, so a quote sign is unbalanced or rows are "
                "broken. Repair the quotes near the top of the file."
            )


def _with_header(rows: list[list[str]], delimiter: str, quote: str, escape: str, name: str) -> Dialect:
    """The dialect with its column names, from a header row, two of them, or none."""
    width, _ = _modal_width(rows[1:] or rows)
    header, skip, notes = rows[0], 1, []
    if without_header(rows):
        header, skip = [f"column_{i + 1}" for i in range(width)], 0
        text = f"'{name}' has no header row; its columns are named column_1 to column_{width}."
        notes.append(Note(kind="coerced", text=text))
    elif len(header) == width - 1:
        header = ["rownames", *header]
    elif _answers_row(rows):
        skip = 2
        notes.append(Note(kind="cleaned", text=f"The second row of '{name}' only says `Response`; it was left out."))
    elif _second_header(rows):
        header, skip = _merged_header(rows[0], rows[1]), 2
        notes.append(Note(kind="cleaned", text=f"The first two rows of '{name}' were joined into one header."))
    width = max(width, len(header)) if not skip or len(header) <= width + 1 else len(header)
    names, more = header_names(header, width)
    return Dialect(delimiter, quote, escape, names, width, skip, tuple(notes + more))


def _answers_row(rows: list[list[str]]) -> bool:
    """Whether the second row is the `Response` row of a survey export under a full header."""
    cells = {cell.lower() for cell in rows[1]} - {""} if len(rows) > 2 else set()
    return bool(cells) and cells <= {"response", "open-ended response"} and sum(map(bool, rows[0])) > len(rows[0]) / 2


def _second_header(rows: list[list[str]]) -> bool:
    """Whether the second row names the columns that the first leaves empty."""
    if len(rows) < 3 or len(rows[0]) != len(rows[1]):
        return False
    empty = [i for i, cell in enumerate(rows[0]) if not cell]
    if len(empty) < max(2, 0.2 * len(rows[0])):
        return False
    filled = all(rows[1][i] for i in empty)
    return filled and not any(looks_numeric(cell) for cell in rows[1])


def _merged_header(first: list[str], second: list[str]) -> list[str]:
    """Names from two header rows: a question over several cells is put before each answer."""
    names, group = [], ""
    for at, (top, below) in enumerate(zip(first, second, strict=True)):
        spans = at + 1 < len(first) and not first[at + 1]
        group = top or group
        names.append(f"{group}: {below}" if below and (spans or not top) and group else top or below)
    return names


def _load(
    con: duckdb.DuckDBPyConnection, file: TextFile, dialect: Dialect, limits: Limits, expected: Mapping[str, str]
) -> int:
    """Reads the rows into `raw`; returns how many lines DuckDB had to reject."""
    types = [expected.get(name, "VARCHAR") for name in dialect.header]
    _scan(con, file, dialect, limits, types)
    if expected:
        failed = con.execute("SELECT DISTINCT column_idx FROM reject_errors WHERE error_type = 'CAST'").fetchall()
        if failed:
            odd = {at - 1 for (at,) in failed}
            # A line that was rejected for one cell may hide other cells: one more pass, then all as text.
            _scan(con, file, dialect, limits, ["VARCHAR" if at in odd else t for at, t in enumerate(types)])
            if con.execute("SELECT count(*) FROM reject_errors WHERE error_type = 'CAST'").fetchall()[0][0]:
                _scan(con, file, dialect, limits, ["VARCHAR"] * dialect.width)
    # One rejected record can span many lines where a quote is unbalanced: all of them are lost, so all count.
    sql = """SELECT coalesce(sum(1 + length(text) - length(replace(text, chr(10), ''))), 0)::BIGINT
        FROM (SELECT max(csv_line) AS text FROM reject_errors GROUP BY line)"""
    return con.execute(sql).fetchall()[0][0]


def _scan(
    con: duckdb.DuckDBPyConnection, file: TextFile, dialect: Dialect, limits: Limits, types: Sequence[str]
) -> None:
    """One pass over the file into `raw`, what is rejected into the table `reject_errors`."""
    con.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans").fetchall()
    columns = ", ".join(f"'c{i}': '{kind}'" for i, kind in enumerate(types))
    sql = f"""CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM read_csv($path, auto_detect = false,
        header = false, skip = $skip, delim = $delim, quote = $quote, escape = $escape, columns = {{{columns}}},
        max_line_size = $line, store_rejects = true)"""
    parameters = {
        "path": str(file.path), "skip": dialect.skip, "delim": dialect.delimiter, "quote": dialect.quote,
        "escape": dialect.escape, "line": max(2_000_000, limits.max_line),
    }  # fmt: skip
    con.execute(sql, parameters).fetchall()


def _rejected_note(con: duckdb.DuckDBPyConnection, rejected: int, rows: int, name: str) -> Note:
    """The note that counts the rejected rows.

    Raises:
        DataError: if over 1 % of the rows were rejected.
    """
    sql = "SELECT line, list(error_type::VARCHAR) FROM reject_errors GROUP BY 1 ORDER BY 1 LIMIT 3"
    where = ", ".join(f"line {line} ({_fault(faults)})" for line, faults in con.execute(sql).fetchall())
    if rejected > max(1, MAX_REJECTED * (rows + rejected)) or rows == 0:
        raise DataError(
            f"'{name}' has {counted(rejected, 'line')} that cannot be read as rows, such as {where}. "
            "Check its quotes and delimiters."
        )
    why = "line was left out because it cannot be read as a row"
    if rejected > 1:
        why = "lines were left out because they cannot be read as rows"
    return Note(kind="warning", text=f"{rejected:,} {why}: {where}.")


def _fault(found: list[str]) -> str:
    """What is wrong with a line, in a few words: an unbalanced quote is the cause of all that goes with it."""
    faults = {
        "UNQUOTED VALUE": "unbalanced quote",
        "TOO MANY COLUMNS": "too many fields",
        "MISSING COLUMNS": "too few fields",
    }
    return next((words for key, words in faults.items() if key in found), found[0].lower())


def _refuse_swallowed(con: duckdb.DuckDBPyConnection, dialect: Dialect, name: str) -> None:
    """A cell whose inner lines all have the delimiters of a row shows that a quote swallowed rows.

    Raises:
        DataError: naming the row at which the quote opens.
    """
    needed = 1 if dialect.width >= 4 else 3
    if dialect.width < 2:
        return
    typed = {str(c[0]) for c in con.execute("DESCRIBE raw").fetchall() if c[1] != "VARCHAR"}
    for i in range(dialect.width):
        if f"c{i}" in typed:
            continue  # read as numbers or dates, as a delivery is: no line ends within such a cell
        sql = f"SELECT rowid, c{i} FROM raw WHERE contains(c{i}, chr(10)) ORDER BY length(c{i}) DESC LIMIT 200"
        for at, cell in con.execute(sql).fetchall():
            inner = cell.split("\n")[1:-1]
            if len(inner) >= needed and all(line.count(dialect.delimiter) == dialect.width - 1 for line in inner):
                raise DataError(
                    f"In '{name}' a quote sign opens near row {at + 1:,} and swallows the rows after it. "
                    "Balance the quotes there."
                )
