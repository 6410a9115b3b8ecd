"""Several tables as values: which there are, how they point at each other, and the grain they are analysed at.

Knows names, counts and directions. Must never know a cell, SQL or a file.
"""

from typing import Literal

from ..value import Value

TableRole = Literal["grain", "above", "joined", "below", "beside", "shared", "left out"]


class Link(Value):
    """A foreign key: each row of `child` names at most one row of `parent`."""

    child: str
    column: str
    parent: str
    key: str
    orphans: int = 0
    """Rows of the child whose value is not in the parent's key; they are set aside."""
    orphan_values: tuple[str, ...] = ()
    """The commonest of those values, at most five."""
    missing: int = 0
    """Rows of the child that name no parent; they are set aside too."""
    childless: int = 0
    """Rows of the parent that no row of the child names."""
    one_to_one: bool = False
    """Whether no two rows of the child name one parent: its columns are joined, not summed up."""
    declared: bool = False
    """Whether the user named it."""

    def told(self) -> str:
        """`orders.customer_id -> customers.customer_id`."""
        return f"{self.child}.{self.column} -> {self.parent}.{self.key}"


class TableSummary(Value):
    """One table of several as the report lists it."""

    name: str
    rows: int
    columns: int
    role: TableRole
    """grain: its rows are analysed; above: its columns were joined down; joined: it has at most one row each; below and
    beside: it was summed up, a row of the grain or of a table above it at a time; shared: several units point at it."""
    note: str = ""
    """What that means for this table, in a sentence."""


class MadeColumn(Value):
    """A column of the analysed table that stands in no file."""

    name: str
    text: str
    """How it was made and what it is where there is nothing to make it from."""


class Tables(Value):
    """How several tables became one."""

    grain: str
    """The table whose rows are analysed."""
    root: str
    """The table whose rows are independent of each other; the split divides them, all others follow."""
    key: str
    """The root's key, under its name in the analysed table."""
    root_key: str = ""
    """The root's key under its own name."""
    tables: tuple[TableSummary, ...]
    links: tuple[Link, ...]
    made: tuple[MadeColumn, ...] = ()


class Joining(Value):
    """What the user declared about several tables; empty where everything is to be found out."""

    tables: tuple[str, ...] = ()
    """Tables of one database file."""
    root: str | None = None
    grain: str | None = None
    links: tuple[str, ...] = ()
    """Foreign keys, each as `child.column=parent.column`."""
    entity: str | None = None
    """The unit of independence, whose table is then the root."""

    def declared(self) -> bool:
        """Whether anything says how tables belong together."""
        return bool(self.root or self.grain or self.links)


ALONE = Joining()
"""Nothing declared."""
