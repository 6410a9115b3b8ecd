"""Columns that the dates imply: how long each row took, from a start to an end.

Knows names and dates. Must never relate a duration to anything; it is no part of the content or fingerprint.
"""

import re
from collections.abc import Sequence
from itertools import product

import duckdb

from ..value import counted
from .readers_binary import quoted
from .schema import Column, Note

_START = re.compile(r"open|start|begin|creat|order|admi|submit|report|pickup|depart|request|hire|sign|from", re.I)
_END = re.compile(r"clos|end|finish|complet|resolv|deliver|ship|discharg|drop_?off|arriv|cancel|terminat|to$", re.I)
_MOST = 3
_UNITS = (("days", 86_400e6), ("hours", 3_600e6), ("minutes", 60e6), ("seconds", 1e6))
_SEVERAL = 2
_FORWARD = 0.85


def reads_like_end(name: str) -> bool:
    """Whether a date's name says that something was over by then."""
    return bool(_END.search(name)) and not _START.search(name)


def add_durations(
    cursor: duckdb.DuckDBPyConnection, columns: Sequence[Column]
) -> tuple[tuple[Column, ...], list[Note]]:
    """Add a column of days for each start and end date that read like one, at most three.

    Hours, minutes or seconds where those are typical. Taken where both dates are known in at least half of the
    rows and the end is not before the start in at least 85 % of those; the column is called `end - start`, and
    rows that end before they start are pointed out.
    """
    dates = [c for c in columns if c.type == "datetime"]
    starts = [c for c in dates if _START.search(c.name) and not _END.search(c.name)]
    ends = [c for c in dates if reads_like_end(c.name)]
    taken = {c.name for c in columns}
    added: list[Column] = []
    notes: list[Note] = []
    for start, end in product(starts, ends):
        name = f"{end.name} - {start.name}"
        if len(added) < _MOST and name not in taken:
            column = _add(cursor, start.name, end.name, name)
            if column is not None:
                added.append(column)
                notes += _notes(cursor, column)
    return tuple(added), notes


def _notes(cursor: duckdb.DuckDBPyConnection, column: Column) -> list[Note]:
    start, end = column.derived_from
    text = f"`{column.name}` was added: the {column.unit} from `{start}` to `{end}`."
    notes = [Note(kind="coerced", column=column.name, text=text)]
    before = cursor.execute(f"SELECT count(*) FROM data WHERE {quoted(column.name)} < 0").fetchall()[0][0]
    if before:
        text = f"In {counted(before, 'row')} `{end}` lies before `{start}`: a negative duration. Check the dates."
        notes.append(Note(kind="warning", column=column.name, text=text))
    return notes


def _add(cursor: duckdb.DuckDBPyConnection, start: str, end: str, name: str) -> Column | None:
    apart = f"(epoch_us({quoted(end)}) - epoch_us({quoted(start)}))"
    typical = cursor.execute(f"SELECT median(abs({apart})) FROM data").fetchall()[0][0]
    if not typical:
        return None
    unit, microseconds = next((u for u in _UNITS if typical >= _SEVERAL * u[1]), _UNITS[-1])
    days = f"{apart} / {microseconds!r}"
    rows, known, forward, distinct = cursor.execute(
        f"SELECT count(*), count(d), count(*) FILTER (d >= 0), count(DISTINCT d) FROM (SELECT {days} AS d FROM data)"
    ).fetchall()[0]
    if known < rows / 2 or forward < _FORWARD * known or distinct < 5:
        return None
    cursor.execute(f"ALTER TABLE data ADD COLUMN {quoted(name)} DOUBLE").fetchall()
    cursor.execute(f"UPDATE data SET {quoted(name)} = {days}").fetchall()
    return Column(
        name=name, type="number", storage="DOUBLE", rows=rows, missing=rows - known, distinct=distinct,
        unit=unit, source_type="two dates", derived_from=(start, end),
    )  # fmt: skip
