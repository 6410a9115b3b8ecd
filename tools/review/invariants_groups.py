"""Rules that show only in several rows: keys, and columns that are alike wherever another is.

Knows one table and the columns of a rule. Must never know how many rows may break it.
"""

from typing import NamedTuple

import duckdb

from ..data.readers_binary import quoted
from .learned import Determines, Unique


class Grouped(NamedTuple):
    """Rows that break a rule, rows that it speaks of, and the query for the first of those that break it."""

    broken: int
    of: int
    where: str
    """With slots `row` (SQL of a row's place) and `limit`; gives places from 0 and values."""


def grouped(rule: Unique | Determines, con: duckdb.DuckDBPyConnection, table: str) -> Grouped:
    """Rows that repeat an earlier row's key, or that differ from most rows of their group.

    Rows with a missing value in one of the columns are left out.
    """
    return _unique(rule, con, table) if isinstance(rule, Unique) else _determines(rule, con, table)


def _slots(sql: str) -> str:
    """Braces of names doubled, so that the slots are the only ones."""
    return sql.replace("{", "{{").replace("}", "}}")


def _unique(rule: Unique, con: duckdb.DuckDBPyConnection, table: str) -> Grouped:
    names = [quoted(n) for n in rule.columns]
    listed, known = ", ".join(names), " AND ".join(f"{n} IS NOT NULL" for n in names)
    counts = f"SELECT count({listed}), count(DISTINCT {listed}) FROM {table}"
    if len(names) > 1:
        groups = f"SELECT count(*) AS n FROM {table} WHERE {known} GROUP BY {listed}"
        counts = f"SELECT coalesce(sum(n), 0), count(*) FROM ({groups})"
    of, distinct = map(int, con.execute(counts).fetchall()[0])
    keys = ", ".join(f"k{at}" for at in range(len(names)))
    named = ", ".join(f"{n} AS k{at}" for at, n in enumerate(names))
    shown = f"concat_ws(', ', {', '.join(f'{n}::VARCHAR' for n in names)})"
    where = (
        f"WITH placed AS (SELECT {_slots(shown)} AS shown, {_slots(named)}, {{row}} AS place "
        f"FROM {_slots(table)} WHERE {_slots(known)}), "
        f"twice AS (SELECT {keys}, min(place) AS one FROM placed GROUP BY {keys} HAVING count(*) > 1) "
        f"SELECT place, shown FROM placed JOIN twice USING ({keys}) WHERE place > one ORDER BY place LIMIT {{limit}}"
    )
    return Grouped(of - distinct, of, where)


def _determines(rule: Determines, con: duckdb.DuckDBPyConnection, table: str) -> Grouped:
    a, b = quoted(rule.by), quoted(rule.column)
    known = f"{a} IS NOT NULL AND {b} IS NOT NULL"
    pairs = f"SELECT {a} AS a, {b} AS b, count(*) AS k FROM {table} WHERE {known} GROUP BY ALL"
    groups = f"SELECT sum(k) AS n, max(k) AS m FROM ({pairs}) GROUP BY a"
    of, most = con.execute(f"SELECT coalesce(sum(n), 0), coalesce(sum(m), 0) FROM ({groups})").fetchall()[0]
    usual = f"SELECT a, arg_max(b, struct_pack(k := k, b := b)) AS usual FROM ({pairs}) GROUP BY a HAVING count(*) > 1"
    shown = f"concat({a}::VARCHAR, ' with ', {b}::VARCHAR)"
    where = (
        f"WITH usually AS ({_slots(usual)}), "
        f"placed AS (SELECT {_slots(shown)} AS shown, {_slots(a)} AS a, {_slots(b)} AS b, {{row}} AS place "
        f"FROM {_slots(table)} WHERE {_slots(known)}) "
        "SELECT place, shown FROM placed JOIN usually USING (a) WHERE b <> usual ORDER BY place LIMIT {limit}"
    )
    return Grouped(int(of) - int(most), int(of), where)
