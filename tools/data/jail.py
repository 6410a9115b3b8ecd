"""Where model-written SQL runs: a child process that holds given rows and nothing else, behind a guard.

Knows the rows it was given, their names and a query. Must never be given a sealed row, and must never hand on what
DuckDB says of an error, since that quotes cells: names of columns and the class of the error are all that comes out.

    query -> length -> parsed in the child -> syntax tree judged here (sql_guard) -> run in the child -> capped rows

What is guaranteed and what is not stands in docs/methods.md, "Model-written SQL".
"""

import shutil
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import QueryFailed, UsageError
from .jail_process import Child, JailLimits, Late, check_platform
from .readers_binary import quoted
from .rows import Rows
from .sql_guard import TABLE, allowed_functions, check, check_length

DEFAULT = JailLimits()
_WHOLE = 2.0**53
_BROKEN = ("FatalException", "InternalException", "MemoryError")
"""After these a child is not asked again."""


class Table(NamedTuple):
    """What a query answered.

    Cells are None (NULL, or a number that is not finite), bool, int, float, text (dates as ISO text), list or dict.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    """Whether rows, or the end of a long text or list, were left out."""
    seconds: float


class Jail:
    """A table `data` that can be asked in SQL without being able to reach anything else; a context manager.

    A query runs in a child that was started beforehand. One that is killed, breaks or has used up its processor time
    is replaced when the next query comes. One query runs at a time, whatever the threads.

    Args:
        rows: Exploration rows, or a Parquet file of them. Labels become text, dates TIMESTAMP, whole numbers BIGINT
            and others DOUBLE, missing cells NULL; columns keep their names.
        limits: What a query may use.

    Raises:
        UsageError: if the platform cannot bound a process, if there is no column, or if the rows do not fit.
    """

    def __init__(self, rows: Rows | Path, limits: JailLimits = DEFAULT) -> None:
        check_platform()
        self.limits = limits
        folder = Path(tempfile.mkdtemp(prefix="heldout-rows-"))
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._turn = threading.Lock()
        self._child: Child | None = None
        self._closed = False
        try:
            self._parquet = rows if isinstance(rows, Path) else write_rows(rows, folder / "rows.parquet")
            child = self._ready()
        except BaseException:
            self.close()
            raise
        self.columns = child.columns
        """Names and DuckDB types."""
        self.rows = child.rows
        self.network_cut = child.network_cut
        """Whether the child lies in a network namespace of its own."""
        self._functions = allowed_functions(child.functions)

    def __enter__(self) -> "Jail":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Jail {self.rows:,} rows, {len(self.columns):,} columns>"

    def close(self) -> None:
        """End the child and remove the files; closing twice does nothing."""
        self._closed = True
        self._drop()
        self._remove()

    def query(self, sql: str) -> Table:
        """The answer to one SELECT over `data`.

        Args:
            sql: In DuckDB's dialect.

        Raises:
            QueryRefused: if it holds anything that is not on the list of the guard; nothing was run.
            QueryFailed: if it fails, takes too long or too much. The text holds no cell.
            UsageError: if the jail is closed.
        """
        check_length(sql, self.limits.sql_bytes)
        with self._turn:
            child = self._ready()
            start = time.monotonic()
            try:
                parsed = child.ask("parse", sql, start + self.limits.seconds)
                if "tree" not in parsed:
                    raise self._failed(parsed)
                check(parsed["tree"], self._functions, [name for name, _ in child.columns])
                answer = child.ask("run", sql, start + self.limits.seconds)
            except Late as late:
                self._drop()
                raise QueryFailed(_late(late, self.limits)) from None
            if "rows" not in answer:
                raise self._failed(answer)
            rows = tuple(tuple(row) for row in answer["rows"])
            return Table(tuple(answer["columns"]), rows, bool(answer["truncated"]), time.monotonic() - start)

    def _ready(self) -> Child:
        """A child with enough processor time left for one more query."""
        if self._closed:
            raise UsageError("This jail is closed.")
        if self._child is not None:
            left = self.limits.cpu_seconds - self._child.cpu
            if self._child.alive and left >= min(self.limits.seconds, self.limits.cpu_seconds):
                return self._child
            self._drop()
        self._child = Child(self._parquet, self.limits)
        return self._child

    def _drop(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None

    def _failed(self, answer: dict[str, Any]) -> QueryFailed:
        kind, names = str(answer.get("failed", "Error")), list(answer.get("names", ()))
        if kind in _BROKEN:
            self._drop()
        where = f" at {_listed(names)}" if names else ""
        near = f" Near it: {_listed(answer['near'])}." if answer.get("near") else ""
        return QueryFailed(f"The query failed ({kind}){where}.{near}{_way_out(kind, self.limits)}")


def describe(limits: JailLimits = DEFAULT) -> dict[str, Any]:
    """What whoever writes a query must know of dialect and limits, as plain values in one order."""
    return {
        "dialect": "DuckDB 2",
        "table": TABLE,
        "statement": "one SELECT; WITH, subqueries, joins of the table with itself and window functions are allowed",
        "rows": limits.rows,
        "bytes": limits.bytes,
        "seconds": limits.seconds,
        "hints": [
            'names with spaces or capitals that matter need double quotes: "Net Price"; text needs single ones',
            "a function of one element is lambda x: x + 1, never x -> x + 1",
            "labels are text, dates are TIMESTAMP, missing cells are NULL; use try_cast, not cast",
            "for a table of two labels use count(*) FILTER (WHERE ...); PIVOT needs IN (...)",
            "SHOW, DESCRIBE and SUMMARIZE are not available",
            "a sample needs a seed: USING SAMPLE 10 PERCENT (bernoulli, 42)",
            "no clock, no random numbers, no files, no settings; times with a time zone: cast to TIMESTAMP",
            "not available: " + ", ".join(("repeat", "lpad", "rpad", "format", "printf", "levenshtein")),
        ],
    }


def write_rows(rows: Rows, file: Path) -> Path:
    """Write rows as Parquet: labels as text, dates as TIMESTAMP, whole numbers as BIGINT, missing cells as NULL.

    Only labels that occur in these rows are written, though a column's list of levels may hold others.

    Raises:
        UsageError: if there is no column, or two names differ by the case of letters alone.
    """
    import duckdb

    names = list(rows.columns)
    if not names:
        raise UsageError("There is no column that SQL could be asked about.")
    if len({n.lower() for n in names}) < len(names):
        raise UsageError("Two columns differ by the case of letters alone, which SQL cannot tell apart. Rename one.")
    held, selected = {}, []
    for at, name in enumerate(names):
        array, expression = _column(rows, name, f"c{at}")
        held[f"c{at}"] = array
        selected.append(f"{expression} AS {quoted(name)}")
    escaped = str(file).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute("SET threads=1")
        connection.register("held", held)
        connection.execute(f"COPY (SELECT {', '.join(selected)} FROM held) TO '{escaped}' (FORMAT parquet)")
    return file


def _column(rows: Rows, name: str, at: str) -> tuple[NDArray, str]:
    """A column as an array and the SQL that makes cells of it."""
    column = rows.columns[name]
    if column.type in ("boolean", "category"):
        literals = ", ".join("'" + level.replace("'", "''") + "'" for level in column.levels)
        return rows.codes(name), f"CASE WHEN {at} >= 0 THEN ([{literals}]::VARCHAR[])[{at} + 1] END"
    x = rows.number(name)
    if column.type == "datetime":
        return x, f"CASE WHEN isfinite({at}) THEN make_timestamp(round({at} * 86400000000.0)::BIGINT) END"
    good = x[~np.isnan(x)]
    if column.integer and bool(np.all((good == np.round(good)) & (np.abs(good) < _WHOLE))):
        return x, f"CASE WHEN NOT isnan({at}) THEN {at}::BIGINT END"
    return x, f"CASE WHEN NOT isnan({at}) THEN {at} END"


def _listed(names: list[str]) -> str:
    return ", ".join(repr(str(n)[:64]) for n in names)


def _late(late: Late, limits: JailLimits) -> str:
    if late.timed_out:
        return f"The query was stopped after {limits.seconds:g} s. Aggregate earlier or ask for less."
    return "The query was stopped: it used more memory or processor time than it may. Ask for less."


def _way_out(kind: str, limits: JailLimits) -> str:
    less = "aggregate earlier or ask for less."
    ways = {
        "BinderException": " Check the names and types of the columns.",
        "ConversionException": " Use try_cast.",
        "InterruptException": f" It took over {limits.statement_ms / 1_000:g} s; {less}",
        "InvalidInputException": " Check the arguments of its functions; cast times with a time zone to TIMESTAMP.",
        "MemoryError": f" It needs too much memory; {less}",
        "OutOfMemoryException": f" It needs more than {limits.memory_mb:,} MB; {less}",
    }
    return ways.get(kind, "")
