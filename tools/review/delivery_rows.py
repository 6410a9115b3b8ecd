"""The rows of a delivery as arrays: codes of learned labels, days of dates, and which rows belong together.

Knows the table `data` and how the learned rows were independent. Must never know a claim or a verdict.
"""

from collections.abc import Mapping

import duckdb
import numpy as np

from ..data.readers_binary import quoted
from ..data.rows import CodeArray, FloatArray, TextArray
from ..data.schema import Column
from ..errors import DataError
from .learned import Independence, LearnedColumn

PERIODS = ("year", "quarter", "month", "week", "day", "hour", "minute")
"""Calendar periods that blocks of time may be."""
_MOST_LEVELS = 1_000


def texts_of(cursor: duckdb.DuckDBPyConnection, name: str) -> TextArray:
    """A column as texts, None where missing, in the order of the source."""
    got = _fetched(cursor, f"{quoted(name)}::VARCHAR")
    out = np.array(np.ma.getdata(got), dtype=object)
    out[np.ma.getmaskarray(got)] = None
    return out


def labels_of(cursor: duckdb.DuckDBPyConnection, learned: LearnedColumn, own: Column) -> tuple[Column, CodeArray]:
    """A column as codes: learned levels first, then new ones, most frequent first; -1 where missing.

    New levels beyond 1,000 in all, the rarest, count as missing: as when a column is learned.
    """
    name = quoted(learned.name)
    known = frozenset(learned.levels)
    counted = cursor.execute(
        f"SELECT {name}::VARCHAR AS level, count(*) AS n FROM data WHERE {name} IS NOT NULL GROUP BY 1 "
        "ORDER BY 2 DESC, 1"
    ).fetchall()
    levels = (*learned.levels, *[x for x, _ in counted if x not in known])[: max(_MOST_LEVELS, len(known))]
    codes = np.full(own.rows, -1, np.int32)
    if levels:
        literals = ", ".join("'" + level.replace("'", "''") + "'" for level in levels)
        cursor.execute(f"CREATE OR REPLACE TEMP TYPE level_codes AS ENUM ({literals})").fetchall()
        code = f"coalesce(enum_code(try_cast({name}::VARCHAR AS level_codes))::INTEGER, -1)"
        codes = np.ascontiguousarray(_fetched(cursor, code), np.int32)
        cursor.execute("DROP TYPE level_codes").fetchall()
    column = Column(
        name=learned.name, type=learned.type, storage="VARCHAR", rows=own.rows, missing=own.missing,
        distinct=len(counted), levels=levels, unit=learned.unit,
    )  # fmt: skip
    return column, codes


def numbers_of(cursor: duckdb.DuckDBPyConnection, learned: LearnedColumn, own: Column) -> tuple[Column, FloatArray]:
    """A column as numbers, or days since 1970-01-01; NaN where missing."""
    name = quoted(learned.name)
    sql = f"epoch_us({name}::TIMESTAMP) / 86400000000.0" if learned.storage == "TIMESTAMP" else f"{name}::DOUBLE"
    x = np.ascontiguousarray(_fetched(cursor, f"coalesce({sql}, 'nan'::DOUBLE)"), np.float64)
    return own.model_copy(update={"type": learned.type, "levels": learned.levels, "unit": learned.unit}), x


def order_of(
    cursor: duckdb.DuckDBPyConnection, independence: Independence, columns: Mapping[str, Column]
) -> np.ndarray:
    """Places of the rows in the order in which statistics see them: by content, a series by its time."""
    if independence.block is not None and independence.key is None:
        order = "_row"
    elif independence.block is not None and independence.key is not None and independence.key in columns:
        order = f"{quoted(independence.key)} NULLS FIRST, _content, _row"
    else:
        order = "_content, _row"
    # Rows that were left out leave gaps in `_row`: a place is a rank.
    got = cursor.execute(
        f"SELECT place FROM (SELECT row_number() OVER (ORDER BY _row) - 1 AS place, "
        f"row_number() OVER (ORDER BY {order}) AS seen FROM data) ORDER BY seen"
    ).fetchnumpy()["place"]
    return np.asarray(got, np.int64)


def clusters_of(
    cursor: duckdb.DuckDBPyConnection, independence: Independence, columns: Mapping[str, Column], name: str
) -> CodeArray | None:
    """The unit of each row in the order of the source, None where each stands for itself.

    A row without a value of the entity is a unit of its own. Blocks of time are the periods, or runs of as many rows,
    that the learned rows were divided by.

    Raises:
        DataError: if the column is not there that says which rows belong together.
    """
    key, block = independence.key, independence.block
    if key is not None and key not in columns:
        raise DataError(f"'{name}' has no column `{key}`, which says which rows belong together. Add it.")
    if block in PERIODS and key is not None and columns[key].storage != "TIMESTAMP":
        raise DataError(f"`{key}` of '{name}' holds no dates, by which rows belong together. Deliver it as dates.")
    if block is None and (key is None or independence.kind == "time"):
        return None
    if block is None:
        unit = f"coalesce('e' || trim({quoted(str(key))}::VARCHAR), 'r' || _content || _row)"
        place = f"dense_rank() OVER (ORDER BY {unit})"
    elif block in PERIODS and key is not None:
        place = f"dense_rank() OVER (ORDER BY date_trunc('{block}', {quoted(key)}) NULLS FIRST)"
    else:
        order = f"{quoted(key)} NULLS FIRST, _content, _row" if key is not None else "_row"
        place = f"(row_number() OVER (ORDER BY {order}) - 1) // {_rows_in(block)} + 1"
    got = cursor.execute(f"SELECT ({place} - 1)::INTEGER AS unit FROM data ORDER BY _row").fetchnumpy()["unit"]
    return np.ascontiguousarray(got, np.int32)


def _rows_in(block: str) -> int:
    """How many rows `130 rows` are."""
    digits = block.split(" ")[0].replace(",", "")
    return max(1, int(digits)) if digits.isdigit() else 1


def _fetched(cursor: duckdb.DuckDBPyConnection, sql: str) -> np.ndarray:
    # A table is scanned in the order in which it was filled, that of `_row`; sorting it would take most of the time.
    return cursor.execute(f"SELECT {sql} AS x FROM data").fetchnumpy()["x"]  # pyright: ignore
