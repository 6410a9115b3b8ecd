"""Which column of one table names rows of another: keys, foreign keys, their direction and their orphans.

Knows names, uniqueness and whether values are contained in a key. Must never relate two columns of interest: a key
says which rows belong together, nothing else.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import duckdb

from ..errors import DataError
from .key_names import QUALIFIED, SAME, VALUES_ONLY, names_its_own_kind, says_key, similarity
from .readers_binary import quoted
from .schema import Column
from .tables_open import Member
from .tables_schema import Link

Connection = duckdb.DuckDBPyConnection
CONTAINED = 0.95
"""Share of the child's distinct values that must stand in the parent's key."""
NEARLY_UNIQUE = 0.9
"""Share of distinct values from which a column is a key with faults rather than no key."""
_SHOWN = 5
_LEAST_VALUES = 20
"""Distinct texts from which values alone may show a foreign key."""


@dataclass(frozen=True)
class Candidate:
    """A column that may name the rows of another table."""

    child: Member
    column: Column
    parent: Member
    key: Column
    likeness: int
    contained: float = 0.0
    declared: bool = False

    def told(self) -> str:
        """`orders.customer_id -> customers.customer_id`."""
        return f"{self.child.name}.{self.column.name} -> {self.parent.name}.{self.key.name}"


@dataclass(frozen=True)
class Found:
    """The links between the tables, and what came close."""

    links: tuple[Link, ...]
    misses: tuple[str, ...]
    """For the refusal of tables that do not hang together: what was looked for and not found."""
    selves: tuple[tuple[str, str], ...] = ()
    """(table, column) of the columns that name other rows of their own table."""


def find_links(members: Sequence[Member], con: Connection, declared: Sequence[Candidate] = ()) -> Found:
    """The foreign keys between the tables, at most one from a table to another.

    A column is a foreign key where another table has a column of its type whose values are all different (a key),
    at least 95 % of the column's distinct values are among them, and its name says so; texts of 20 or more distinct
    values need no name. It points from the many to the one.

    Raises:
        DataError: if a key repeats, or a table points at another in two ways.
    """
    settled = {frozenset((c.child.name, c.parent.name)) for c in declared}
    tried = [
        replace(c, contained=_contained(con, c))
        for a, b in permutations(members, 2)
        if frozenset((a.name, b.name)) not in settled
        for c in _pairs(a, b)
    ]
    good = [c for c in tried if c.contained >= CONTAINED and _is_key(c.key, NEARLY_UNIQUE)]
    chosen = _without_extensions(_one_a_pair(con, [*declared, *good]))
    for c in chosen:
        _check_key(con, c)
    linked = {frozenset((c.child.name, c.parent.name)) for c in chosen}
    misses = [_missed(c) for c in tried if frozenset((c.child.name, c.parent.name)) not in linked]
    selves = tuple((m.name, name) for m in members for name in _self_references(con, m))
    return Found(tuple(_link(con, c) for c in chosen), tuple(sorted({m for m in misses if m})), selves)


def may_be_key(column: Column) -> bool:
    """Whether a column's type is one that keys have: whole numbers, or labels."""
    if column.storage == "VARCHAR":
        return column.type not in ("boolean", "text", "empty")
    return column.storage == "BIGINT"


def joined_on(child: str, column: Column, parent: str, key: Column) -> str:
    """SQL that holds where a row of `child` names a row of `parent`; both are aliases."""
    if column.storage == key.storage:
        return f"{child}.{quoted(column.name)} = {parent}.{quoted(key.name)}"
    return f"{child}.{quoted(column.name)}::VARCHAR = {parent}.{quoted(key.name)}::VARCHAR"


def _is_key(column: Column, share: float) -> bool:
    filled = column.rows - column.missing
    return filled > 0 and column.distinct >= share * filled and column.missing <= (1 - share) * column.rows


def _pairs(child: Member, parent: Member) -> list[Candidate]:
    """Pairs of columns of one type worth a look at their values."""
    out = []
    for key in parent.columns:
        if not may_be_key(key):
            continue
        for column in child.columns:
            if not may_be_key(column):
                continue
            likeness = similarity(column.name, parent.name, key.name)
            if likeness < QUALIFIED:
                texts = column.storage == key.storage == "VARCHAR" and column.distinct >= _LEAST_VALUES
                likeness = VALUES_ONLY if texts and _is_key(key, 1.0) else 0
            if likeness:
                out.append(Candidate(child, column, parent, key, likeness))
    return out


def _contained(con: Connection, c: Candidate) -> float:
    """Share of the distinct values of the column that stand in the key."""
    on = joined_on("c", c.column, "p", c.key)
    column = quoted(c.column.name)
    total, found = con.execute(
        f"""SELECT count(*), count(*) FILTER (EXISTS (SELECT 1 FROM {c.parent.place} p WHERE {on}))
        FROM (SELECT DISTINCT {column} FROM {c.child.place} WHERE {column} IS NOT NULL) c"""
    ).fetchall()[0]
    return found / total if total else 0.0


def _one_a_pair(con: Connection, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best link between each two tables: declared, then by name, then by values; its direction settled."""
    by_pair: dict[frozenset[str], list[Candidate]] = defaultdict(list)
    for c in candidates:
        by_pair[frozenset((c.child.name, c.parent.name))].append(c)
    out = []
    for pair in sorted(by_pair, key=sorted):
        ranked = sorted(by_pair[pair], key=_rank)
        best = ranked[0]
        rivals = {c.told() for c in ranked[1:] if _is_rival(con, c, best)}
        if rivals:
            ways = " and ".join(f"`{told}`" for told in sorted({best.told(), *rivals}))
            raise DataError(
                f"'{best.child.source}' points at '{best.parent.source}' in more than one way: {ways}. "
                f"Name the one to follow, such as `--link {best.child.name}.{best.column.name}="
                f"{best.parent.name}.{best.key.name}`."
            )
        out.append(best)
    return out


def _is_rival(con: Connection, c: Candidate, best: Candidate) -> bool:
    """Whether a column points at the same table as well as the best one does, but at other rows of it."""
    if c.child is not best.child or _strength(c) != _strength(best) or c.column.name == best.column.name:
        return False
    place = best.parent.place
    one, other = joined_on("c", best.column, "p", best.key), joined_on("c", c.column, "q", c.key)
    both, differ = con.execute(
        f"SELECT count(*), count(*) FILTER (p._row <> q._row) FROM {best.child.place} c "
        f"JOIN {place} p ON {one} JOIN {place} q ON {other}"
    ).fetchall()[0]
    return differ > (1 - CONTAINED) * both


def _strength(c: Candidate) -> tuple[bool, int, bool]:
    return c.declared, c.likeness, says_key(c.column.name)


def _rank(c: Candidate) -> tuple:
    """Best first; of two tables with one key in common the larger is the parent, then the one the key is called by."""
    own = similarity(c.key.name, c.parent.name, "id")
    return (
        not c.declared, -c.likeness, not says_key(c.column.name), _is_key(c.column, 1.0), -c.contained,
        -c.parent.rows, -own, c.parent.name, c.key.name, c.column.name,
    )  # fmt: skip


def _without_extensions(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Without links to a table that only extends another by the same key: its rows are not who is meant."""
    extends = {(c.child.name, c.column.name): c.parent.name for c in chosen if _is_key(c.column, 1.0)}
    out = []
    for c in chosen:
        real = extends.get((c.parent.name, c.key.name))
        better = any(o.child is c.child and o.column.name == c.column.name and o.parent.name == real for o in chosen)
        if not better:
            out.append(c)
    return out


def _check_key(con: Connection, c: Candidate) -> None:
    """Refuses a parent whose key repeats, with the values and how often."""
    key = quoted(c.key.name)
    twice = con.execute(
        f"""SELECT {key}::VARCHAR, count(*) FROM {c.parent.place} WHERE {key} IS NOT NULL GROUP BY {key}
        HAVING count(*) > 1 ORDER BY 2 DESC, {key} LIMIT 1000"""
    ).fetchall()
    if not twice:
        return
    shown = ", ".join(f"{value!r} ({n:,} rows)" for value, n in twice[:_SHOWN])
    more = f" and {len(twice) - _SHOWN:,} more" if len(twice) > _SHOWN else ""
    are = "1 value stands" if len(twice) == 1 else f"{len(twice):,} values stand"
    raise DataError(
        f"`{c.key.name}` should name each row of '{c.parent.source}', since `{c.column.name}` of '{c.child.source}' "
        f"points at it, but {are} in several rows that differ: {shown}{more}. Keep one row each."
    )


def _link(con: Connection, c: Candidate) -> Link:
    """The link with its orphans counted."""
    column = quoted(c.column.name)
    on = joined_on("c", c.column, "p", c.key)
    lost = con.execute(
        f"""SELECT {column}::VARCHAR, count(*) FROM {c.child.place} c WHERE {column} IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM {c.parent.place} p WHERE {on}) GROUP BY {column} ORDER BY 2 DESC, {column}"""
    ).fetchall()
    childless = con.execute(
        f"SELECT count(*) FROM {c.parent.place} p WHERE NOT EXISTS (SELECT 1 FROM {c.child.place} c WHERE {on})"
    ).fetchall()[0][0]
    filled, distinct, rows = con.execute(
        f"SELECT count({column}), count(DISTINCT {column}), count(*) FROM {c.child.place}"
    ).fetchall()[0]
    return Link(
        child=c.child.name, column=c.column.name, parent=c.parent.name, key=c.key.name,
        orphans=sum(n for _, n in lost), orphan_values=tuple(v for v, _ in lost[:_SHOWN]), missing=rows - filled,
        childless=childless, one_to_one=filled == distinct, declared=c.declared,
    )  # fmt: skip


def _missed(c: Candidate) -> str:
    """Why a pair of columns whose names agree is no link."""
    if c.likeness < SAME:
        return ""
    where = f"`{c.child.name}.{c.column.name}` and `{c.parent.name}.{c.key.name}`"
    if not _is_key(c.key, NEARLY_UNIQUE):
        twice = c.child.name > c.parent.name and c.column.name == c.key.name
        if twice or _is_key(c.column, NEARLY_UNIQUE):
            return ""  # said the other way round
        filled = c.key.rows - c.key.missing
        return (
            f"{where}: `{c.key.name}` names no rows of {c.parent.name} ({c.key.distinct:,} values in {filled:,} rows)"
        )
    if c.contained < CONTAINED:
        return f"{where}: only {100 * c.contained:.0f} % of the values of the first stand in the second"
    return ""


def _self_references(con: Connection, m: Member) -> list[str]:
    """The columns that name other rows of their own table."""
    found = []
    for column in m.columns:
        if not (may_be_key(column) and names_its_own_kind(column.name)):
            continue
        for key in m.columns:
            if key is column or not may_be_key(key) or key.storage != column.storage or not _is_key(key, 1.0):
                continue
            if _contained(con, Candidate(m, column, m, key, SAME)) >= CONTAINED:
                found.append(column.name)
                break
    return found
