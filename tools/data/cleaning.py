"""Rows and shapes that would mislead an analysis: totals among the rows, repeated rows, years as columns.

Knows labels such as `Total` and the names of columns. Must never change a value or reshape a table.
"""

import re
from collections.abc import Sequence

import duckdb

from .inference import Plan
from .readers_binary import quoted
from .schema import Column, Note

TOTALS = ("total", "totals", "sum", "grand total", "overall", "all", "subtotal", "sub-total", "total:", "sum:")
SURE = ("total", "totals", "grand total", "subtotal", "sub-total", "total:", "sum:")
"""Labels that name an aggregate by themselves; the others need their numbers, or a column of keys, to show it."""
_YEAR = re.compile(r"x?(1[5-9]|20)\d\d( \[yr\d{4}\])?", re.IGNORECASE)


def aggregate_rows(con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], name: str) -> list[Note]:
    """Removes the few rows of `data` that sum up the others; the note names them."""
    labels = next((p for p in plans if p.kind == "text"), None)
    if labels is None:
        return []
    c = quoted(labels.name)
    listed = ", ".join(f"'{word}'" for word in TOTALS)
    found = con.execute(
        f"SELECT _row, {c} FROM data WHERE lower(trim({c})) IN ({listed}) ORDER BY _row LIMIT 1000"
    ).fetchall()
    rows, keys = con.execute(f"SELECT count(*), count(DISTINCT {c}) FROM data").fetchall()[0]
    found = [row for row in found if _aggregate(con, plans, row, keys >= 0.9 * rows)]
    if not found:
        found = _unlabelled_total(con, plans, c, rows)
    if not found or len(found) > max(1, 0.05 * rows) or rows - len(found) < 1:
        return []
    numbers = [row[0] for row in found]
    con.execute(f"DELETE FROM data WHERE _row IN ({', '.join(str(n) for n in numbers)})").fetchall()
    shown = ", ".join(f"{label!r} (row {at + 1:,})" if label else f"row {at + 1:,}" for at, label in found[:5])
    are = "1 row that sums up others was" if len(found) == 1 else f"{len(found):,} rows that sum up others were"
    return [Note(kind="cleaned", column=labels.name, text=f"{are} removed from '{name}': {shown}.")]


def _aggregate(con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], row: tuple[int, str], keyed: bool) -> bool:
    """Whether a row labelled like an aggregate is one."""
    return row[1].strip().lower() in SURE or keyed or _sums_up(con, plans, row[0])


def _unlabelled_total(
    con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], label: str, rows: int
) -> list[tuple[int, str]]:
    """The last row, where it has no label and its numbers are the sums of the others."""
    last = con.execute(f"SELECT _row, {label} FROM data ORDER BY _row DESC LIMIT 1").fetchall()
    if rows < 4 or last[0][1] is not None or not _sums_up(con, plans, last[0][0]):
        return []
    return [(last[0][0], "")]


def _sums_up(con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], row: int) -> bool:
    """Whether at least half of a row's numbers, and no fewer than one, are the sums of all other rows'."""
    numbers = [quoted(p.name) for p in plans if p.storage in ("BIGINT", "DOUBLE")][:50]
    if not numbers:
        return False
    parts = ", ".join(f"sum({c}) FILTER (_row <> $1), max({c}) FILTER (_row = $1)" for c in numbers)
    cells = con.execute(f"SELECT {parts} FROM data", [row]).fetchall()[0]
    pairs = [(float(a), float(b)) for a, b in zip(cells[::2], cells[1::2], strict=True) if a is not None and b]
    equal = sum(abs(a - b) <= 1e-6 * max(abs(a), abs(b)) + 0.5e-9 for a, b in pairs)
    return equal >= 1 and equal >= 0.5 * len(pairs)


def table_warnings(columns: Sequence[Column], rows: int, duplicates: int) -> list[Note]:
    """Warnings about the table as a whole: repeated rows, years as columns."""
    notes = []
    if duplicates:
        are = "1 row repeats" if duplicates == 1 else f"{duplicates:,} rows repeat"
        kept = "it was kept and stays" if duplicates == 1 else "they were kept and stay"
        like = "the row it repeats" if duplicates == 1 else "those they repeat"
        share = 100 * duplicates / rows
        text = f"{are} an earlier row exactly ({share:.1f} %); {kept} on one side of the split with {like}."
        notes.append(Note(kind="warning", text=text))
    years = [c.name for c in columns if _YEAR.fullmatch(c.name)]
    if len(years) >= 5:
        text = (
            f"The table is wide: {len(years)} columns are years (`{years[0]}` to `{years[-1]}`). With one row a year, "
            "trends could be tested."
        )
        notes.append(Note(kind="warning", text=text))
    return notes
