"""What each column of the learned rows holds, counted: values, different values, ends and quantiles, codes.

Knows one table of exploration rows. Must never know a rule, or a row that is not in the table.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from ..data.readers_binary import quoted
from ..data.schema import Column
from ..explore.structure_functions import Coded
from .invariants_sql import label_sql, number_sql

Connection = duckdb.DuckDBPyConnection
_BLOCK = 8
"""Columns counted in one query: exact distinct counts hold their values in memory."""
_EXPONENTIAL = 1.2
"""Standard deviation over mean of the excesses up to which a tail is light; 1 for an exponential one."""
QUANTILES = (0.005, 0.25, 0.5, 0.75, 0.995)


class Facts(NamedTuple):
    """One column of the learned rows."""

    column: Column
    rows: int
    present: int
    distinct: int

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return self.rows - self.present

    @property
    def unique(self) -> bool:
        """Whether every row has a value and no two have the same."""
        return self.distinct == self.present == self.rows


class Spread(NamedTuple):
    """The ends and quantiles of numbers, or of dates in days."""

    low: float
    high: float
    quantiles: tuple[float, ...]
    """At `QUANTILES`."""
    zeros: int
    near_zero: int
    """Values from 0 to a twentieth of the median."""
    tops: int
    """Values equal to the highest."""
    light_below: bool
    light_above: bool
    """Whether values thin out towards that end as fast as an exponential tail does, or faster."""


def facts_of(con: Connection, table: str, columns: Mapping[str, Column]) -> dict[str, Facts]:
    """Counts of each column, in the columns' order; those that the table lacks are left out."""
    there = {d[0] for d in con.execute(f"SELECT * FROM {table} LIMIT 0").description or ()}
    names = [n for n in columns if n in there]
    out = {}
    for start in range(0, len(names), _BLOCK):
        block = names[start : start + _BLOCK]
        parts = ", ".join(f"count({quoted(n)}), count(DISTINCT {quoted(n)})" for n in block)
        rows, *got = map(int, con.execute(f"SELECT count(*), {parts} FROM {table}").fetchall()[0])
        for at, name in enumerate(block):
            out[name] = Facts(columns[name], rows, got[2 * at], got[2 * at + 1])
    return out


def spread_of(con: Connection, table: str, column: Column) -> Spread | None:
    """Ends and quantiles of a number or date; None where it has no finite value."""
    x = number_sql(column)
    some = f"FROM {table} WHERE {quoted(column.name)} IS NOT NULL AND isfinite({x})"
    low, high, quantiles = con.execute(
        f"SELECT min({x}), max({x}), quantile_cont({x}, {list(QUANTILES)}) {some}"
    ).fetchall()[0]
    if low is None:
        return None
    near = max(0.0, quantiles[2]) / 20
    zeros, near_zero, tops = con.execute(
        f"SELECT count(*) FILTER ({x} = 0), count(*) FILTER ({x} BETWEEN 0 AND ?), count(*) FILTER ({x} = ?) {some}",
        [near, high],
    ).fetchall()[0]
    tails = [_light(con, some, x, q, sign) for q, sign in zip(_tenths(con, some, x), ("<", ">"), strict=True)]
    return Spread(
        float(low), float(high), tuple(map(float, quantiles)), int(zeros), int(near_zero), int(tops), *tails
    )  # fmt: skip


def _tenths(con: Connection, some: str, x: str) -> list[float]:
    return [float(q) for q in con.execute(f"SELECT quantile_cont({x}, [0.1, 0.9]) {some}").fetchall()[0][0]]


def _light(con: Connection, some: str, x: str, start: float, sign: str) -> bool:
    """Whether the excesses beyond a decile vary no more than their mean, as exponential ones do."""
    got = con.execute(f"SELECT {x} AS x {some} AND {x} {sign} {start!r} ORDER BY 1").fetchnumpy()["x"]
    beyond = np.abs(np.asarray(got, np.float64) - start)
    with np.errstate(all="ignore"):  # values near the ends of floating point: no light tail
        return len(beyond) == 0 or bool(beyond.std() <= _EXPONENTIAL * beyond.mean())


def levels_of(con: Connection, table: str, column: Column) -> dict[str, int]:
    """Labels with their rows, the most frequent first."""
    cell = label_sql(column)
    got = con.execute(
        f"SELECT {cell} AS level, count(*) AS n FROM {table} WHERE {quoted(column.name)} IS NOT NULL "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    return {str(level): int(n) for level, n in got}


def coded_of(con: Connection, table: str, facts: Facts, order: str) -> Coded:
    """The column as dense codes in the order of its values, -1 where missing.

    Args:
        con: The database.
        table: Its table.
        facts: What is known of the column.
        order: SQL that orders the rows, the same for every column.
    """
    import pandas as pd

    column = facts.column
    cell = quoted(column.name) if column.storage == "VARCHAR" else number_sql(column)
    got = con.execute(f"SELECT {cell} AS x FROM {table} ORDER BY {order}").fetchnumpy()["x"]
    values: NDArray[Any] = np.asarray(np.ma.getdata(got))
    gone = np.asarray(np.ma.getmaskarray(np.ma.asarray(got)))
    codes = np.full(len(values), -1, np.int32)
    codes[~gone] = pd.factorize(values[~gone], sort=True)[0]
    return Coded(column.name, column.type, codes, facts.distinct, facts.present)
