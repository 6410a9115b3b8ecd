"""The two files of a split: parts of a table written as numbers and codes, and read back.

Knows tables, parts that were decided, and files. Must never decide where a row lies, nor know where sealed rows do.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .dataset import Dataset
from .independence import Unit
from .inference_texts import LONGEST
from .readers_binary import quoted
from .rows import Rows
from .schema import Column


def write_parts(data: Dataset, file: Path, tables: dict[str, int], unit: Unit, used: list[Column]) -> None:
    """Write the parts of `placed` as tables of numbers and codes, in an order that the file's order cannot change."""
    cursor = data.cursor()
    file.unlink(missing_ok=True)
    escaped = str(file).replace("'", "''")
    cursor.execute(f"ATTACH '{escaped}' AS part")
    try:
        selected = _select(data, used)
        texts = [c for c in data.columns if c.type == "text"]
        selected = ", ".join([selected, *(f"left({quoted(c.name)}, {LONGEST}) AS t{at}" for at, c in enumerate(texts))])
        order = "_row" if unit.kind == "time" and unit.key is None else "_content, _row"
        if unit.kind == "time" and unit.key is not None:
            order = f"{quoted(unit.key)}, _content, _row"
        for table, part in tables.items():
            cursor.execute(
                f"CREATE TABLE part.{table} AS SELECT {selected}, _cluster "
                f"FROM data JOIN placed USING (_row) WHERE _part = {part} ORDER BY {order}"
            )
    finally:
        cursor.execute("DETACH part")


def _select(data: Dataset, used: list[Column]) -> str:
    """Numbers as they are, dates as days since 1970, labels as indexes into the column's levels."""
    cursor = data.cursor()
    out = []
    for at, c in enumerate(used):
        name = quoted(c.name)
        if c.type in ("boolean", "category"):
            literals = ", ".join("'" + level.replace("'", "''") + "'" for level in c.levels)
            cursor.execute(f"CREATE OR REPLACE TYPE levels_{at} AS ENUM ({literals})")
            code = f"coalesce(enum_code(try_cast({name} AS levels_{at})), -1)::INTEGER"
            out.append(f"{code} AS c{at}")
        elif c.type == "datetime":
            out.append(f"coalesce(epoch_us({name}) / 86400000000.0, 'nan'::DOUBLE) AS c{at}")
        else:
            out.append(f"coalesce({name}::DOUBLE, 'nan'::DOUBLE) AS c{at}")
    return ", ".join(out) if out else "0 AS c0"


def read_rows(
    file: Path, table: str, columns: dict[str, Column], *, serial: bool = False, texts: Sequence[str] = ()
) -> Rows:
    """The rows of one table of a split's file, in the order in which they were written."""
    import duckdb
    import numpy as np

    with duckdb.connect(str(file), read_only=True) as connection:
        got = connection.cursor().execute(f"SELECT * FROM {table}").fetchnumpy()
    arrays = {}
    for at, (name, column) in enumerate(columns.items()):
        raw = got[f"c{at}"]
        kind = np.int32 if column.type in ("boolean", "category") else np.float64
        arrays[name] = np.ascontiguousarray(raw, dtype=kind)
    cluster = np.ascontiguousarray(got["_cluster"], dtype=np.int32)
    documents = {name: _texts(got[f"t{at}"]) for at, name in enumerate(texts)}
    known = None if len(cluster) and cluster[0] < 0 else cluster
    return Rows(columns, arrays, cluster=known, serial=serial, texts=documents)


def _texts(got: Any) -> Any:
    """A column of text as an array of `str`, None where missing."""
    import numpy as np

    out = np.array(got, dtype=object)
    missing = np.ma.getmaskarray(got) if isinstance(got, np.ma.MaskedArray) else np.array([v is None for v in out])
    out[missing.astype(bool)] = None
    return out
