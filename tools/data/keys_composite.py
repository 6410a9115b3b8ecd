"""Keys of two columns: `store` and `day` together name a row where neither does alone.

Knows equally named columns of two tables. Must never try more than two columns: longer keys are refused by the lack
of a link.
"""

from collections.abc import Sequence
from itertools import combinations

import duckdb

from .readers_binary import quoted
from .schema import Column
from .tables_open import Member
from .tables_schema import Link

_MOST = 8
"""Equally named columns tried together."""


def add_composite_keys(members: Sequence[Member], links: Sequence[Link], con: duckdb.DuckDBPyConnection) -> bool:
    """Adds a column `a + b` to two tables that nothing links, where it names each row of one of them.

    Returns:
        Whether any was added.
    """
    linked = {frozenset((x.child, x.parent)) for x in links}
    added = False
    for one, other in combinations(members, 2):
        if frozenset((one.name, other.name)) in linked:
            continue
        for names in combinations(_shared(one, other), 2):
            if any(_unique_together(con, m, names) for m in (one, other)):
                for m in (one, other):
                    _add(con, m, names)
                added = True
                break
    return added


def _shared(one: Member, other: Member) -> list[str]:
    """Columns that both tables have, with the same storage, that may be part of a key."""
    out = []
    for column in one.columns:
        twin = other.column(column.name)
        if twin is not None and twin.storage == column.storage and column.storage != "DOUBLE" and column.distinct > 1:
            out.append(column.name)
    return out[:_MOST]


def _unique_together(con: duckdb.DuckDBPyConnection, m: Member, names: tuple[str, ...]) -> bool:
    listed = ", ".join(map(quoted, names))
    count = con.execute(f"SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {m.place})").fetchall()[0][0]
    return count == m.rows and all((c := m.column(n)) is not None and c.missing == 0 for n in names)


def _add(con: duckdb.DuckDBPyConnection, m: Member, names: tuple[str, ...]) -> None:
    """The two cells as one text, the length of the first before it so that no two pairs read alike."""
    name = " + ".join(names)
    if m.column(name) is not None:
        return
    a, b = (f"{quoted(n)}::VARCHAR" for n in names)
    con.execute(f"ALTER TABLE {m.place} ADD COLUMN {quoted(name)} VARCHAR").fetchall()
    con.execute(f"UPDATE {m.place} SET {quoted(name)} = length({a}) || ':' || {a} || '|' || {b}").fetchall()
    filled, distinct = con.execute(
        f"SELECT count({quoted(name)}), count(DISTINCT {quoted(name)}) FROM {m.place}"
    ).fetchall()[0]
    column = Column(
        name=name, type="identifier", storage="VARCHAR", rows=m.rows, missing=m.rows - filled, distinct=distinct,
        source_type="two columns",
    )  # fmt: skip
    m.columns = (*m.columns, column)
