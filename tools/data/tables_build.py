"""One table made of several: the rows of the grain, with what stands above joined down and what stands below summed up.

Knows the layout and writes the SQL of the DuckDB table `data`. Must never relate two columns of interest, and never
let a row that has no parent count for anyone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from .inference import Kind, Plan
from .inference_roles import describe
from .keys import Found, joined_on
from .readers_binary import quoted
from .schema import Aggregate, Column, Note, Storage
from .tables_graph import Layout
from .tables_made import Made, summed_shared, summed_up
from .tables_open import Member
from .tables_schema import Link, MadeColumn

Connection = duckdb.DuckDBPyConnection
_KEY = "it is a key that says which rows belong together"


@dataclass
class Built:
    """The columns of the table `data`, and what making them left to say."""

    columns: tuple[Column, ...]
    key: str
    """The root's key in `data`; empty where nothing points at the root but it only at lookups."""
    made: list[MadeColumn] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    rows: int = 0
    joined: dict[str, list[str]] = field(default_factory=dict)
    """For each table whose columns were joined: their names in `data`."""


@dataclass
class _Part:
    """A column of `data` to be: its SQL in the final query."""

    name: str
    sql: str
    source: Column | None = None
    made: Made | None = None
    aggregate: Aggregate | None = None
    clash: str = ""
    """The name that another column had already."""
    left_out: str = ""
    """Why it is no column of interest, where the layout decides that."""


class Builder:
    """Collects the parts of the query; used once."""

    def __init__(self, members: Sequence[Member], layout: Layout, found: Found, con: Connection) -> None:
        links = [x for x in found.links if x not in layout.dropped]
        self.members = {m.name: m for m in members}
        self.layout = layout
        self.con = con
        self.links = links
        known = (*links, *layout.dropped)
        self.keys: set[tuple[str, str]] = {(x.child, x.column) for x in known} | {(x.parent, x.key) for x in known}
        self.keys |= set(found.selves)
        self.repeated = {(x.child, x.column) for x in layout.dropped} - {(x.child, x.column) for x in links}
        self.parts: list[_Part] = []
        self.joins: list[str] = []
        self.made: list[MadeColumn] = []
        self.joined: dict[str, list[str]] = {}

    def build(self) -> Built:
        """Makes the table `data` and describes its columns."""
        grain = self.layout.grain
        self._own(grain)
        for link in self.layout.up:
            self.joins.append(f"JOIN {self._place(link.parent)} {self._alias(link.parent)} ON {self._on(link)}")
            self._joined(link.parent, above=True)
        for anchor in (grain, *(x.parent for x in self.layout.up)):
            self._shared(anchor)
        for name, path in self.layout.below.items():
            if len(path) == 1 and path[0].one_to_one:
                self.joins.append(f"LEFT JOIN {self._place(name)} {self._alias(name)} ON {self._on(path[0])}")
                self._joined(name, above=path[0].parent != grain)
        for name, path in self.layout.below.items():
            if not (len(path) == 1 and path[0].one_to_one):
                self._summed(name, path)
        key = self._root_key()
        self._store()
        self._drop_repeats()
        return self._described(key)

    # The columns of the grain, and those that are joined

    def _own(self, name: str) -> None:
        for column in self.members[name].columns:
            if (name, column.name) in self.repeated:
                continue  # a key that a longer way gives too: its own name is free for that
            why = ""
            if (name, column.name) in self.keys and not self._is_label(name, column):
                why = _KEY
            self._add(_Part(column.name, f"{self._alias(name)}.{quoted(column.name)}", column, left_out=why))

    def _joined(
        self, name: str, only: tuple[str, ...] = (), *, shared: str | None = None, above: bool = False
    ) -> None:  # fmt: skip
        """Columns of interest of a table of which each row of the grain has at most one row."""
        for column in self._of_interest(name):
            if only and column.type not in only:
                continue
            aggregate = Aggregate(table=name, how="joined", of=column.name, shared=shared, above=above)
            part = _Part(column.name, f"{self._alias(name)}.{quoted(column.name)}", column, aggregate=aggregate)
            self._add(part, prefix=name)
            self.joined.setdefault(name, []).append(part.name)

    def _shared(self, anchor: str) -> None:
        """Labels of the tables that a row of `anchor` shares with others: its numbers rest on too few rows to test."""
        for name, link in self.layout.shared.items():
            if link.child == anchor:
                self.joins.append(f"LEFT JOIN {self._place(name)} {self._alias(name)} ON {self._on(link)}")
                self._joined(name, ("boolean", "category"), shared=name, above=anchor != self.layout.grain)

    def _is_label(self, table: str, column: Column) -> bool:
        """Whether a key is a label of interest all the same: that of a table which is only looked up in."""
        points = [x for x in self.layout.shared.values() if x.child == table and x.column == column.name]
        return bool(points) and column.type in ("category", "boolean")

    def _of_interest(self, name: str) -> list[Column]:
        """Columns but the keys; in a table that is only looked up in, names that differ in all of its few rows too."""
        columns = self.members[name].columns
        if name in self.layout.lookups:
            columns = [_as_label(c) for c in columns]
        return [c for c in columns if c.analysed and ((name, c.name) not in self.keys or self._is_label(name, c))]

    # Tables that are summed up

    def _summed(self, name: str, path: tuple[Link, ...]) -> None:
        """One row for each row of the table that the path ends in, as a table of its own, joined to it."""
        member, goal, nest = self.members[name], path[-1].parent, tuple(x.child for x in path)
        columns = self._of_interest(name)
        made = summed_up(member, columns, self._alias(name), self.con, nest=nest, of=goal)
        joins = [f"JOIN {self._place(x.parent)} {self._alias(x.parent)} ON {self._on(x)}" for x in path[:-1]]
        for shared, link in self.layout.shared.items():
            if link.child == name:
                joins.append(f"LEFT JOIN {self._place(shared)} {self._alias(shared)} ON {self._on(link)}")
                other = self.members[shared]
                made += summed_shared(
                    other, self._of_interest(shared), self._alias(shared), self.con, nest=nest, through=name
                )
        place, last = f"sums_{len(self.joins)}", path[-1]
        key = f"{self._alias(last.child)}.{quoted(last.column)}"
        selected = ", ".join(f"{x.sql} AS m{at}" for at, x in enumerate(made))
        self.con.execute(
            f"CREATE TABLE {place} AS SELECT {key} AS k, {selected} FROM {member.place} {self._alias(name)} "
            f"{' '.join(joins)} WHERE {key} IS NOT NULL GROUP BY 1"
        ).fetchall()
        self.joins.append(f"LEFT JOIN {place} ON {self._same(f'{place}.k', last)}")
        for at, x in enumerate(made):
            cell = f"{place}.m{at}" if x.empty is None else f"coalesce({place}.m{at}, {x.empty})"
            aggregate = x.aggregate.model_copy(update={"above": goal != self.layout.grain})
            self._add(_Part(x.name, f"{cell}::{x.storage}", made=x, aggregate=aggregate))

    # The query

    def _add(self, part: _Part, prefix: str = "") -> None:
        """Adds a column, under a name that no other has in any case of letters."""
        taken = {p.name.lower() for p in self.parts} | {"_row", "_content", "rowid"}
        if part.name.lower() in taken and prefix:
            part.clash, part.name = part.name, f"{prefix}: {part.name}"
        base, count = part.name, 2
        while part.name.lower() in taken:
            part.name, count = f"{base} {count}", count + 1
        self.parts.append(part)

    def _root_key(self) -> str:
        """The root's key in `data`: a column of its own where the grain lies below."""
        if self.layout.up:
            table, name = self.layout.up[-1].child, self.layout.up[-1].column
        else:
            table, name = self.layout.root, min((x.key for x in self.links if x.parent == self.layout.root), default="")
        if not name:
            return ""
        sql = f"{self._alias(table)}.{quoted(name)}"
        own = next((p for p in self.parts if p.sql == sql), None)
        if own is None:
            own = _Part(name, sql, self.members[table].column(name), left_out=_KEY)
            self._add(own, prefix=self.layout.root)
        return own.name

    def _store(self) -> None:
        grain = self.members[self.layout.grain]
        cells = ", ".join(f"{p.sql} AS {quoted(p.name)}" for p in self.parts)
        g = self._alias(grain.name)
        self.con.execute(
            f"CREATE TABLE data AS SELECT {cells}, {g}._row AS _row, {g}._content AS _content "
            f"FROM {grain.place} {g} {' '.join(self.joins)}"
        ).fetchall()

    def _drop_repeats(self) -> None:
        """Leaves joined columns out that only repeat the one of their name: equal wherever they have a value."""
        for part in [p for p in self.parts if p.clash]:
            same = next(p for p in self.parts if p.name.lower() == part.clash.lower())
            one, other = f"{quoted(same.name)}::VARCHAR", f"{quoted(part.name)}::VARCHAR"
            differ = f"SELECT count(*) FROM data WHERE {other} IS NOT NULL AND {one} IS DISTINCT FROM {other}"
            if part.source is not None and part.left_out == "" and not self.con.execute(differ).fetchall()[0][0]:
                self.con.execute(f"ALTER TABLE data DROP COLUMN {quoted(part.name)}").fetchall()
                self.parts.remove(part)
                for names in self.joined.values():
                    if part.name in names:
                        names.remove(part.name)

    def _described(self, key: str) -> Built:
        """The columns typed on the rows of `data`, since a join repeats them and leaves orphans out."""
        columns, notes = describe(self.con, [_plan(p) for p in self.parts], frozenset())
        out = []
        reasons = {n.column for n in notes if n.kind == "left_out"}
        for part, column in zip(self.parts, columns, strict=True):
            if part.left_out and column.type not in ("constant", "empty"):
                column = column.model_copy(update={"type": "identifier", "levels": ()})
                notes = [n for n in notes if n.column != part.name]
                notes.append(_left_out(part.name, part.left_out))
            elif part.source is not None and not part.source.analysed and part.name not in reasons:
                column = column.model_copy(update={"type": part.source.type, "levels": ()})
                notes.append(_left_out(part.name, "in its own table it is no measure"))
            if part.source is not None:
                update = {"derived_from": part.source.derived_from, "unit": part.source.unit}
                column = column.model_copy(update=update)
            if part.made is not None:
                self.made.append(MadeColumn(name=part.name, text=part.made.text))
            out.append(column.model_copy(update={"aggregate": part.aggregate}))
        rows = self.con.execute("SELECT count(*) FROM data").fetchall()[0][0]
        return Built(tuple(out), key, self.made, _worth_saying(notes, self.parts), rows, self.joined)

    def _place(self, name: str) -> str:
        return self.members[name].place

    def _alias(self, name: str) -> str:
        return f"r_{self.members[name].place}"

    def _on(self, link: Link) -> str:
        column, key = self._ends(link)
        return joined_on(self._alias(link.child), column, self._alias(link.parent), key)

    def _same(self, sql: str, link: Link) -> str:
        """SQL that holds where a value of the link's column names a row of its parent."""
        column, key = self._ends(link)
        own = f"{self._alias(link.parent)}.{quoted(key.name)}"
        return f"{sql} = {own}" if column.storage == key.storage else f"{sql}::VARCHAR = {own}::VARCHAR"

    def _ends(self, link: Link) -> tuple[Column, Column]:
        column, key = self.members[link.child].column(link.column), self.members[link.parent].column(link.key)
        if column is None or key is None:
            raise KeyError(link.told())
        return column, key


def _plan(part: _Part) -> Plan:
    """What `describe` must know of a column that is typed already."""
    if part.source is None:
        made = part.made
        storage: Storage = made.storage if made else "VARCHAR"
        kind: Kind = "datetime" if storage == "TIMESTAMP" else "text" if storage == "VARCHAR" else "number"
        return Plan(part.name, "", "several rows", kind, "", storage, unit=made.unit if made else None)
    c = part.source
    kinds: dict[str, Kind] = {"TIMESTAMP": "datetime", "VARCHAR": "boolean" if c.type == "boolean" else "text"}
    levels = c.levels if c.type == "boolean" else ()
    return Plan(
        part.name, "", c.source_type, kinds.get(c.storage, "number"), "", c.storage, levels, c.unit,
    )  # fmt: skip


def _as_label(column: Column) -> Column:
    """A name that is different in each row of a small table, as the label that it is in a large one."""
    if column.type != "identifier" or column.storage != "VARCHAR":
        return column
    return column.model_copy(update={"type": "category"})


def _left_out(name: str, why: str) -> Note:
    return Note(kind="left_out", column=name, text=f"`{name}` is left out: {why}.")


def _worth_saying(notes: Sequence[Note], parts: Sequence[_Part]) -> list[Note]:
    """The notes but those on made columns that hold one value only: there are many, and they say nothing."""
    made = {p.name for p in parts if p.made is not None}
    return [n for n in notes if n.column not in made or n.kind != "left_out" or "one value" not in n.text]
