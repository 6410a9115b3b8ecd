"""What joining several tables left to say: orphans, rows without a parent, parents without rows, links not followed.

Knows links with their counts, and the layout. Must never change a row, and says nothing that the counts do not hold.
"""

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from .readers_binary import quoted
from .schema import Note
from .tables_graph import Layout
from .tables_open import Member
from .tables_schema import Link

Connection = duckdb.DuckDBPyConnection
ENOUGH = 200
"""Rows from which a table is divided into explored and sealed ones."""


def links_notes(
    links: Sequence[Link], members: Mapping[str, Member], layout: Layout, con: Connection,
    selves: Sequence[tuple[str, str]] = (),
) -> Iterator[Note]:  # fmt: skip
    """What the links left to say: orphans, rows without a parent, parents without rows, and what was not followed."""
    for x in links:
        child, parent = members[x.child], members[x.parent]
        if x.orphans:
            are = "1 row of" if x.orphans == 1 else f"{x.orphans:,} rows of"
            shown = ", ".join(map(repr, x.orphan_values))
            aside = _fate(x, layout)
            text = f"{are} '{child.source}' name a `{x.column}` that '{parent.source}' does not have ({shown}){aside}."
            yield Note(kind="warning", text=text)
        if x.missing:
            are = "1 row of" if x.missing == 1 else f"{x.missing:,} rows of"
            yield Note(kind="warning", text=f"{are} '{child.source}' have no `{x.column}`{_fate(x, layout)}.")
        if x.childless and x.child in layout.below and not x.one_to_one and 2 * x.childless > parent.rows:
            text = (
                f"{x.childless:,} of {parent.rows:,} rows of '{parent.source}' have no row in '{child.source}': their "
                "count is 0 and what is averaged over such rows is missing."
            )
            yield Note(kind="warning", text=text)
    for x in layout.dropped:
        yield Note(kind="left_out", text=_shortcut(x, links, members, con))
    for name, column in selves:
        text = f"`{column}` of '{members[name].source}' names rows of the same table; such a link is not followed."
        yield Note(kind="left_out", text=text)
    yield from _few_units(members, layout)
    for name in layout.left_out:
        yield Note(kind="left_out", text=f"'{members[name].source}' is left out: its rows belong to no one unit.")


def _few_units(members: Mapping[str, Member], layout: Layout) -> Iterator[Note]:
    """Where the root has too few rows to be divided and a table below it has enough."""
    units = members[layout.root].rows
    below = [n for n in (layout.grain, *layout.below) if n != layout.root and members[n].rows >= ENOUGH]
    if units < ENOUGH and below:
        names = " or ".join(f"`--root {n}`" for n in sorted(below))
        text = (
            f"Only the {units:,} rows of '{members[layout.root].source}' can be taken for independent of each other. "
            f"If rows below them are, say so with {names}."
        )
        yield Note(kind="warning", text=text)


def _shortcut(short: Link, links: Sequence[Link], members: Mapping[str, Member], con: Connection) -> str:
    """What became of a key that a longer way repeats, and in how many rows the two disagree."""
    path = _way(short.child, short.parent, links)
    text = f"`{short.told()}` was not followed: the longer way by `{path[0].column}` leads there too."
    joins = " ".join(
        f"JOIN {members[x.parent].place} {members[x.parent].place} ON "
        f"{members[x.child].place}.{quoted(x.column)}::VARCHAR = {members[x.parent].place}.{quoted(x.key)}::VARCHAR"
        for x in path[:-1]
    )
    own, last = f"{members[short.child].place}.{quoted(short.column)}", path[-1]
    via = f"{members[last.child].place}.{quoted(last.column)}"
    differ = con.execute(
        f"SELECT count(*) FROM {members[short.child].place} {joins} WHERE {own}::VARCHAR <> {via}::VARCHAR"
    ).fetchall()[0][0]
    if not differ or short.key != last.key:
        return text
    rows = "1 row says" if differ == 1 else f"{differ:,} rows say"
    return f"{text} {rows} otherwise; check them."


def _way(start: str, goal: str, links: Sequence[Link]) -> tuple[Link, ...]:
    """The links from one table up to another."""
    for x in links:
        if x.child == start:
            rest = () if x.parent == goal else _way(x.parent, goal, links)
            if x.parent == goal or rest:
                return (x, *rest)
    return ()


def _fate(link: Link, layout: Layout) -> str:
    return "; its columns are missing there" if link.parent in layout.shared else " and were set aside"
