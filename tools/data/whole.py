"""All rows of a table in one file, and the few columns of it that one question reads.

Knows a data set, a file and names of columns. Must never know a question, and must never hand on a column that was not
named: what an answer may show is what its file holds.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from .dataset import Dataset
from .readers_binary import quoted

NO_COLUMN = "_"
"""Stands for the rows where a question counts them and reads no column."""


def write_whole(data: Dataset, file: Path) -> Path:
    """Write every row and every column of the opened table as Parquet, typed as it was opened, in its order."""
    names = ", ".join(quoted(c.name) for c in data.columns)
    data.cursor().execute(f"COPY (SELECT {names} FROM data ORDER BY _row) TO {_text(file)} (FORMAT parquet)").fetchall()
    return file


def write_columns(whole: Path, columns: Mapping[str, str], file: Path, *, empty: bool = False) -> Path:
    """Write some columns of all rows as Parquet.

    Args:
        whole: What `write_whole` wrote.
        columns: From the name in the new file to the column's own.
        file: Where they go.
        empty: Write no row: names and types alone, to try a query on.
    """
    chosen = ", ".join(f"{quoted(own)} AS {quoted(name)}" for name, own in columns.items())
    chosen = chosen or f"true AS {quoted(NO_COLUMN)}"
    limit = " LIMIT 0" if empty else ""
    with duckdb.connect() as connection:
        connection.execute("SET threads=1")
        source = f"SELECT {chosen} FROM read_parquet({_text(whole)}){limit}"
        connection.execute(f"COPY ({source}) TO {_text(file)} (FORMAT parquet)")
    return file


def _text(file: Path) -> str:
    return "'" + str(file).replace("'", "''") + "'"
