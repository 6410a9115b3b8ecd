"""Rows of a split as they were opened, beside its numbers and codes: every column, identifiers and texts among them.

Knows a data set that is being sealed, or a split's exploration file. Must never know where sealed rows lie, nor read
any.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from .dataset import Dataset
from .readers_binary import quoted

TYPED = "typed"
"""The table of the exploration file; in the file of the vaults each has one of its own."""


def write_typed(data: Dataset, file: Path, tables: Mapping[str, int], *, copies: bool) -> None:
    """Write the parts of `placed` into `file` with every column typed as it was opened, and `_row`.

    Args:
        data: The opened table, its rows placed.
        file: A file that this run wrote the same parts into.
        tables: Name of the table to write by number of the part.
        copies: Whether rows that repeat an earlier one were set aside: each lies with the row that it repeats, since
            what holds of a table must hold of its copies too.
    """
    cursor = data.cursor()
    names = ", ".join(quoted(c.name) for c in data.columns)
    part = "placed JOIN data USING (_row)"
    placed = f"(SELECT _content, _part FROM {part}) JOIN data USING (_content)" if copies else part
    escaped = str(file).replace("'", "''")
    cursor.execute(f"ATTACH '{escaped}' AS typed_part")
    try:
        for table, number in tables.items():
            cursor.execute(
                f"CREATE TABLE typed_part.{table} AS SELECT {names}, _row FROM {placed} WHERE _part = {number} "
                "ORDER BY _content, _row"
            )
    finally:
        cursor.execute("DETACH typed_part")


def explored_typed(exploration: Path, target: Path) -> Path:
    """Write the exploration rows as Parquet with every column typed as it was opened, and `_row`; returns `target`.

    Args:
        exploration: The exploration file of a split that was sealed with `typed=True`.
        target: The file to write.
    """
    with duckdb.connect(str(exploration), read_only=True) as connection:
        connection.execute(copied_to(target, f"SELECT * FROM {TYPED}")).fetchall()
    return target


def copied_to(target: Path, query: str) -> str:
    """SQL that writes what a query gives as Parquet."""
    file = str(target).replace("'", "''")
    return f"COPY ({query}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
