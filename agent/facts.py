"""A question of fact, answered by an executed query: from all rows once the ledger says so, or from exploration rows.

Knows a query, the columns it reads, and where rows lie. Must never run a query in this process, nor read a column of
all rows that was not written down as shown; never words an answer.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from ..tools.data.jail import DEFAULT, Jail
from ..tools.data.jail import Table as Answered
from ..tools.data.jail_process import JailLimits
from ..tools.data.rows import Rows
from ..tools.data.sql_reading import Reading, read_query
from ..tools.data.whole import write_columns
from ..tools.errors import HypothesisError, UsageError
from ..tools.value import Value, digest
from ..tools.verify.exposures import Cost

Where = Literal["all", "exploration"]
WHERES: tuple[Where, ...] = ("all", "exploration")
MOST_ROWS = 1_000
"""Rows of a result that an answer carries; how many there are is always said."""
_MOST_MB = 6_000
_CELL_BYTES = 32
_EXACT_DIGITS = 12
"""Digits that a sum keeps whatever the order of its rows."""
_WAY_OUT = "Ask about fewer columns, or with `--facts exploration`."


class Table(Value):
    """What a query gave, with what a reader must know of it."""

    sql: str
    rows_read: Where
    """Whether all rows were read or the exploration rows alone."""
    total: int
    """Rows that could be used."""
    used: int | None
    """Rows that the filter left; None where the query is nested, so that no single count says it."""
    filter: str | None
    """The condition on rows, as SQL."""
    groups: tuple[str, ...]
    missing: dict[str, int]
    """For each column of the result, the rows used in which it is missing."""
    grouped: tuple[str, ...] = ()
    """Of these columns those that rows are grouped by, where missing is a group of its own."""
    columns: tuple[str, ...]
    cells: tuple[tuple[Any, ...], ...]
    """Numbers, text, booleans or None; dates as ISO text."""
    rows: int
    """Rows of the whole result; more than `cells` holds where it was too long."""
    limited: bool
    """Whether the query itself asked for its first rows only."""
    read: tuple[str, ...]
    """The columns of the table that were read."""
    shown: tuple[str, ...] = ()
    """Columns that the ledger holds as shown together, sealed rows among them."""
    again: bool = False
    """Whether they were shown before, so that it cost nothing more."""


class Planned(NamedTuple):
    """A query that can run, before anything is shown."""

    sql: str
    question: str
    reading: Reading
    called: dict[str, str]
    """The columns it reads: from how the query calls them to their own names."""


class Exposing(Protocol):
    """The thread, as far as answers from all rows need it."""

    def would_expose(self, columns: Sequence[str]) -> Cost:
        """What showing these columns would cost."""
        ...

    def expose(self, columns: Sequence[str], question: str) -> Cost:
        """Write down that they are about to be shown."""
        ...


def planned(sql: str, question: str, called: Mapping[str, str], whole: Path, folder: Path) -> Planned:
    """The query taken apart and tried on no row at all, so that one that cannot run shows and costs nothing.

    Args:
        sql: One SELECT over the table `data`.
        question: What was asked, in words.
        called: Every column that it may name: from the name in SQL to the column's own.
        whole: All rows, of which only names and types are read.
        folder: For the file that the query is tried on.

    Raises:
        QueryRefused: if it holds what may not be run.
        QueryFailed: if it names what is not there, or cannot run.
        HypothesisError: if it is not one SELECT.
    """
    reading = _reading(sql, called)
    used = {name: called[name] for name in reading.columns}
    file = write_columns(whole, used, folder / f"try-{digest(sql)[:12]}.parquet", empty=True)
    with Jail(file) as jail:
        jail.query(sql)
    return Planned(sql, question, reading, used)


def from_all_rows(plan: Planned, whole: Path, folder: Path, thread: Exposing, say: Callable[[Cost], None]) -> Table:
    """The answer from all rows: its cost is said, then written down, and only then a row is read.

    Raises:
        QueryFailed: if it takes too long, or more than it may.
        UsageError: if the columns do not fit into the memory that SQL may use.
    """
    own = sorted(set(plan.called.values()))
    say(thread.would_expose(own))
    cost = thread.expose(own, plan.question)
    file = write_columns(whole, plan.called, folder / f"read-{digest(plan.sql)[:12]}.parquet")
    try:
        with Jail(file, limits_for(file, len(plan.called))) as jail:
            table = _asked(jail, plan, "all")
    except UsageError as err:
        raise UsageError(f"{err} {_WAY_OUT}") from err
    finally:
        file.unlink(missing_ok=True)
    return table.model_copy(update={"shown": cost.columns if cost.vaults else (), "again": cost.known})


def from_exploration(sql: str, question: str, rows: Rows, called: Mapping[str, str] | None = None) -> Table:
    """The answer from exploration rows alone; it shows no sealed row and costs nothing.

    Args:
        sql: One SELECT over the table `data`.
        question: What was asked, in words.
        rows: Exploration rows.
        called: Names that the query may use, with the columns' own; by default these.

    Raises:
        QueryRefused, QueryFailed, HypothesisError: as `planned`.
    """
    names = dict(called or {name: name for name in rows.columns})
    reading = _reading(sql, names)
    used = {name: names[name] for name in reading.columns} or dict([next(iter(names.items()))])
    with Jail(_renamed(rows, used), _limits(rows.n, len(used))) as jail:
        return _asked(jail, Planned(sql, question, reading, used), "exploration")


def _renamed(rows: Rows, called: Mapping[str, str]) -> Rows:
    """Some columns of the rows under the names that a query uses."""
    columns = {name: rows.columns[own].model_copy(update={"name": name}) for name, own in called.items()}
    labels = ("boolean", "category")
    arrays = {n: rows.codes(own) if columns[n].type in labels else rows.number(own) for n, own in called.items()}
    return Rows(columns, arrays)


def _reading(sql: str, called: Mapping[str, str]) -> Reading:
    try:
        return read_query(sql, list(called))
    except ValueError as err:
        raise HypothesisError(f"A question of fact is one SELECT that can be read: this is {err}.") from err


def limits_for(file: Path, columns: int) -> JailLimits:
    """What a query over these rows may use.

    Raises:
        UsageError: if they are too many.
    """
    import duckdb

    with duckdb.connect() as connection:
        [(rows,)] = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(file)]).fetchall()
    return _limits(int(rows), columns)


def _limits(rows: int, columns: int) -> JailLimits:
    """Memory as the rows need it: what they take, and as much again for groups and sorting."""
    memory = DEFAULT.memory_mb + 2 * rows * max(columns, 1) * _CELL_BYTES // 1_000_000
    if memory > _MOST_MB:
        raise UsageError(
            f"{columns} columns of {rows:,} rows do not fit into the {_MOST_MB:,} MB that a query may use. {_WAY_OUT}"
        )
    return DEFAULT._replace(
        rows=MOST_ROWS, bytes=2_000_000, seconds=60.0, statement_ms=50_000, cpu_seconds=120, load_seconds=180,
        memory_mb=memory, address_mb=memory + DEFAULT.address_mb,
    )  # fmt: skip


def _asked(jail: Jail, plan: Planned, where: Where) -> Table:
    """The query and the counts beside it."""
    found = jail.query(plan.sql)
    reading, used, missing = plan.reading, None, {}
    if reading.counts is not None:
        used, *each = (int(n) for n in jail.query(reading.counts).rows[0])
        names = [plan.called.get(name, name) for name in reading.measured]
        missing = dict(zip(names, each, strict=True))
    return Table(
        sql=plan.sql, rows_read=where, total=jail.rows, used=used, filter=reading.filter, groups=reading.groups,
        missing=missing, grouped=tuple(plan.called.get(name, name) for name in reading.grouped),
        columns=found.columns, cells=tuple(tuple(_plain(v) for v in row) for row in found.rows),
        rows=_rows(jail, plan.sql, found), limited=reading.limited,
        read=tuple(sorted({plan.called[name] for name in reading.columns})),
    )  # fmt: skip


def _rows(jail: Jail, sql: str, found: Answered) -> int:
    """Rows of the whole result, counted where it was cut."""
    if not found.truncated:
        return len(found.rows)
    counted = jail.query(f"SELECT count(*) FROM ({sql.strip().rstrip(';')}) AS whole")
    return max(int(counted.rows[0][0]), len(found.rows))


def _plain(value: Any) -> Any:
    """A cell as JSON knows it; a float with the digits that do not depend on the order of rows."""
    if isinstance(value, float):
        return float(f"{value:.{_EXACT_DIGITS}g}")
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
