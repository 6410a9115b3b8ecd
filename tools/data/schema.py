"""What a table is made of: columns, limits and the notes that opening it left. Values only.

Knows types and names. Must never know a cell, how a file is read, or what a column will be used for.
"""

from typing import Literal

from pydantic import Field

from ..text.properties import TextProperty
from ..value import Value

ColumnType = Literal["number", "boolean", "category", "datetime", "text", "identifier", "constant", "empty"]
Storage = Literal["DOUBLE", "BIGINT", "VARCHAR", "TIMESTAMP"]

ANALYSED = ("number", "boolean", "category", "datetime")


class Aggregate(Value):
    """What a column of several joined tables was computed from."""

    table: str
    """The table whose rows were summed up, or whose column was joined."""
    how: Literal["count", "sum", "mean", "min", "max", "share", "first", "last", "span", "joined"]
    of: str = ""
    """The column that was summed up; empty for a count."""
    nest: tuple[str, ...] = ()
    """That table and those it passes through on its way up."""
    shared: str | None = None
    """The table of the column, where several units share its rows."""
    above: bool = False
    """Whether it says something of a table above the rows that are analysed, and so repeats in them."""


class Column(Value):
    """One column as it was opened."""

    name: str
    """The name in the file, made unique when the file repeats it."""
    type: ColumnType
    storage: Storage
    """How DuckDB holds it. Booleans and categories are VARCHAR labels as the file spells them."""
    rows: int
    missing: int
    distinct: int
    """Distinct values, missing not counted."""
    integer: bool = False
    """Whether every number is whole."""
    levels: tuple[str, ...] = ()
    """Labels of a boolean (false first, true second), of a category (most frequent first, at most 1,000), and
    of a whole-number column with at most 24 distinct values (ascending)."""
    unit: str | None = None
    """A unit that the cells or the header carried, such as `$` or `%`."""
    source_type: str = ""
    """What the file held before coercion, such as `text` or `BIGINT`."""
    derived_from: tuple[str, ...] = ()
    """For a duration: the start and the end date it was computed from."""
    aggregate: Aggregate | None = None
    """For a column made from the rows of another table: from which and how."""
    computed: TextProperty | None = Field(default=None, exclude_if=lambda computed: computed is None)
    """For a column that is computed from a text: which property of which column."""

    @property
    def analysed(self) -> bool:
        """Whether the column enters the scan; text, identifiers, constants and empty columns do not."""
        return self.type in ANALYSED


class Note(Value):
    """One thing that opening or checking the data did or saw, for the report."""

    kind: Literal["coerced", "left_out", "cleaned", "warning"]
    column: str | None = None
    text: str
    """A sentence that says what and why, with counts."""


class Limits(Value):
    """Declared bounds on what is read; each can be raised by the caller."""

    max_rows: int = 50_000_000
    max_columns: int = 2_000
    max_cells: int = 2_000_000_000
    max_bytes: int = 20_000_000_000
    """Decompressed size in bytes."""
    max_ratio: float = 200.0
    """Decompressed over compressed size."""
    max_line: int = 32_000_000
    """Bytes in one line of a text file."""
