"""Columns made from the rows of another table: counts, means, shares and dates, as SQL with a name and a rule.

Knows one table's columns and how each kind is summed up. Must never relate two columns, nor know what a made column
will be used for.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from .inference_formats import literal
from .readers_binary import quoted
from .schema import Aggregate, Column, Storage
from .tables_open import Member

Connection = duckdb.DuckDBPyConnection
FEW_NUMBERS = 3
"""Numbers of one table up to which their least and greatest are made too."""
MANY_NUMBERS = 6
"""Numbers of one table from which only their means are made."""
_FREQUENT = 0.05
_LABELS = 5
_DAY = 86_400e6
_RATE = re.compile(
    r"(?<![a-z])(rate|ratio|share|percent|percentage|pct|mean|avg|average|median|price|score|rating|age|grade|index|temp"
    r"|temperature|level|speed|line|step|seq|position|rank|discount|per|lat|latitude"
    r"|lon|lng|longitude)(?![a-rt-z])"
    r"|(?<![a-z])(year|month|week|day|hour|minute)(?![a-z])|%",
    re.IGNORECASE,
)
"""Names of numbers whose sum means nothing."""


@dataclass(frozen=True)
class Made:
    """A column to be made: its SQL over the rows of its table, under the alias that `sql` was written for."""

    name: str
    sql: str
    aggregate: Aggregate
    text: str
    storage: Storage = "DOUBLE"
    unit: str | None = None
    empty: str | None = None
    """SQL of its value where there are no rows; None for missing."""


def summed_up(
    member: Member, columns: list[Column], alias: str, con: Connection, *, nest: tuple[str, ...], of: str
) -> list[Made]:
    """The columns that sum up the rows of a table for each row of another one.

    Args:
        member: The table that is summed up.
        columns: Those of its columns that are of interest: keys are not.
        alias: Its alias in the query.
        con: A connection, to see which labels are frequent.
        nest: The table and those its rows pass through.
        of: The table whose rows they are summed up for, for the words.
    """
    d = member.name
    count = Made(
        f"{d}: count", "count(*)", Aggregate(table=d, how="count", nest=nest),
        f"rows of {d} that belong to the row of {of}; 0 where there are none", "BIGINT", empty="0",
    )  # fmt: skip
    return [count, *_columns(member, columns, alias, con, nest, d, None)]


def summed_shared(
    member: Member, columns: list[Column], alias: str, con: Connection, *, nest: tuple[str, ...], through: str
) -> list[Made]:
    """The same for a table whose rows several units share: what the rows of `through` point at there, on average."""
    return _columns(member, columns, alias, con, nest, through, member.name)


def _columns(
    member: Member, columns: list[Column], alias: str, con: Connection, nest: tuple[str, ...], table: str,
    shared: str | None,
) -> list[Made]:  # fmt: skip
    numbers = sum(c.type == "number" for c in columns)
    out: list[Made] = []
    for column in columns:
        if column.type == "number":
            made = _numbers(member, column, alias, con, of=numbers if shared is None else MANY_NUMBERS)
        elif column.type == "boolean":
            made = _shares(column, alias, list(column.levels[1:2]))
        elif column.type == "category":
            made = _shares(column, alias, _frequent(member, column, con))
        else:
            made = _dates(column, alias) if column.type == "datetime" and shared is None else iter(())
        of = f"{shared} {column.name}" if shared else column.name
        out += [_named(x, table, of, column, nest, shared) for x in made]
    return out


@dataclass(frozen=True)
class _Plain:
    how: str
    sql: str
    unit: str | None = None
    level: str = ""
    empty: str | None = None
    storage: Storage = "DOUBLE"


def _named(x: _Plain, table: str, of: str, column: Column, nest: tuple[str, ...], shared: str | None) -> Made:
    tail = f" = {x.level}" if x.level else ""
    name = f"{table}: {'days from first to last' if x.how == 'span' else x.how} {of}{tail}"
    words = {
        "mean": f"mean of `{of}` over rows of {table}",
        "sum": f"sum of `{of}` over rows of {table}",
        "min": f"least `{of}` among rows of {table}",
        "max": f"greatest `{of}` among rows of {table}",
        "share": f"share of rows of {table} with `{of}`{tail}, among those that have one",
        "first": f"earliest `{of}` among rows of {table}",
        "last": f"latest `{of}` among rows of {table}",
        "span": f"days from the earliest to the latest `{of}` among rows of {table}",
    }[x.how]
    text = f"{words}; {'0' if x.empty else 'missing'} where there are none"
    aggregate = Aggregate.model_validate(
        {"table": table, "how": x.how, "of": column.name, "nest": nest, "shared": shared}
    )
    return Made(name, x.sql, aggregate, text, x.storage, x.unit, x.empty)


def _numbers(member: Member, column: Column, alias: str, con: Connection, *, of: int) -> Iterator[_Plain]:
    """Mean; sum where it means something; least and greatest where the number is one of few."""
    x = f"{alias}.{quoted(column.name)}"
    total = exact_sum(member, column, x, con)
    yield _Plain("mean", f"{total} / nullif(count({x}), 0)", column.unit)
    if of >= MANY_NUMBERS:
        return
    low = con.execute(f"SELECT min({quoted(column.name)}) FROM {member.place}").fetchall()[0][0]
    if low is not None and low >= 0 and not _RATE.search(column.name):
        yield _Plain("sum", f"coalesce({total}, CASE WHEN count(*) = 0 THEN 0 END)", column.unit, empty="0")
    if of > FEW_NUMBERS:
        return
    yield _Plain("min", f"min({x})::DOUBLE", column.unit)
    yield _Plain("max", f"max({x})::DOUBLE", column.unit)


def exact_sum(member: Member, column: Column, x: str, con: Connection) -> str:
    """SQL for the sum of a column as whole numbers of its smallest digit, so that no order of rows can move it.

    Fifteen digits of the largest value are kept; what a double holds beyond them is noise.
    """
    if column.storage == "BIGINT":
        return f"sum({x})::DOUBLE"
    name = quoted(column.name)
    top = con.execute(f"SELECT max(abs({name})) FROM {member.place}").fetchall()[0][0] or 1.0
    scale = 10.0 ** min(14 - math.floor(math.log10(top)), 300)
    return f"(sum(round({x} * {scale!r})::BIGINT)::DOUBLE / {scale!r})"


def _shares(column: Column, alias: str, levels: list[str]) -> Iterator[_Plain]:
    x = f"{alias}.{quoted(column.name)}"
    for level in levels:
        sql = f"count(*) FILTER ({x} = {literal(level)})::DOUBLE / nullif(count({x}), 0)"
        yield _Plain("share", sql, level=level)


def _frequent(member: Member, column: Column, con: Connection) -> list[str]:
    """Labels of at least 5 % of the rows, at most five; of two labels the rarer, whose share says it all."""
    name = quoted(column.name)
    counted = f"SELECT {name}, count(*) FROM {member.place} WHERE {name} IS NOT NULL GROUP BY 1"
    got = con.execute(f"{counted} ORDER BY 2 DESC, 1 LIMIT 9").fetchall()
    kept = [level for level, n in got if n >= _FREQUENT * member.rows][:_LABELS]
    return kept[1:] if len(got) == 2 and len(kept) == 2 else kept


def _dates(column: Column, alias: str) -> Iterator[_Plain]:
    x = f"{alias}.{quoted(column.name)}"
    yield _Plain("first", f"min({x})", storage="TIMESTAMP")
    yield _Plain("last", f"max({x})", storage="TIMESTAMP")
    yield _Plain("span", f"(epoch_us(max({x})) - epoch_us(min({x}))) / {_DAY!r}", "days")
