"""Tables that are already in memory: data frames, dicts of sequences, lists of records.

Knows pandas and plain Python values. Must never know files, nor what a column means.
"""

import datetime
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from ..errors import DataError
from .schema import Limits

if TYPE_CHECKING:
    import pandas as pd

PLAIN_KINDS = "iufbM"
"""NumPy dtype kinds that DuckDB takes as they are; all else goes in as text."""
_ENDING = re.compile(r"\.(csv|tsv|txt|md|json|jsonl|ndjson|parquet|xlsx?|ods|gz|sqlite|db|duckdb)$", re.IGNORECASE)


def is_in_memory(source: object) -> bool:
    """Whether the source is a data frame, an Arrow table, a mapping or a sequence of records."""
    if isinstance(source, Mapping) or _module(source) in ("pandas", "pyarrow", "polars"):
        return True
    return isinstance(source, Sequence) and not isinstance(source, str | bytes | bytearray)


def are_documents(source: object) -> bool:
    """Whether the source is a list of documents: texts and missing ones, of which under half may name files.

    A text may name a file or a folder if one is there, or if it has a file's ending; the first fifty are asked.
    """
    if not isinstance(source, Sequence) or isinstance(source, str | bytes | bytearray):
        return False
    texts = [v for v in source if v is not None]
    if not texts or not all(isinstance(v, str) for v in texts):
        return False
    first = texts[:50]
    return sum(_may_be_path(v) for v in first) < len(first) / 2


def _may_be_path(text: str) -> bool:
    if not text or len(text) > 255 or "\n" in text:
        return False
    try:
        return _ENDING.search(text) is not None or Path(text).exists()
    except (OSError, ValueError):
        return False


def is_table(value: object) -> bool:
    """Whether a value is a table by its own type: a data frame or an Arrow table, not a column of one."""
    return _module(value) in ("pandas", "pyarrow", "polars") and len(getattr(value, "shape", ())) == 2


def as_frame(source: object) -> "pd.DataFrame":
    """The source as a data frame.

    Raises:
        DataError: if it is no table, or its columns differ in length.
    """
    import pandas as pd

    module = _module(source)
    if isinstance(source, pd.DataFrame):
        return source
    if isinstance(source, pd.Series):
        return source.to_frame()  # pyright: ignore[reportAttributeAccessIssue]
    if module in ("pyarrow", "polars") and hasattr(source, "to_pandas"):
        return source.to_pandas()  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(source, Mapping):
        return _of_columns(source)
    if are_documents(source):
        return pd.DataFrame({"text": pd.Series(list(source), dtype=object)})  # pyright: ignore[reportArgumentType]
    if isinstance(source, Sequence) and source and all(isinstance(r, Mapping) for r in source):
        return pd.DataFrame.from_records([dict(r) for r in source])
    raise DataError(not_a_table(source))


def not_a_table(source: object) -> str:
    """The text of the refusal of an object that is no table."""
    return (
        f"A value of type `{type(source).__name__}` is not a table. "
        "Give a path, a data frame, a dict of columns, a list of records or a list of documents."
    )


def _of_columns(source: Mapping[Any, Any]) -> "pd.DataFrame":
    """A data frame of a mapping from names to sequences of equal length."""
    import pandas as pd

    try:
        columns = {str(name): list(values) for name, values in source.items() if not isinstance(values, str)}
    except TypeError as err:
        raise DataError(f"The mapping cannot be read as columns ({err}). Give each a sequence of values.") from err
    if len(columns) < len(source):
        raise DataError("A column of the mapping is one text. Give each column a sequence of values.")
    if len({len(values) for values in columns.values()}) > 1:
        lengths = ", ".join(f"{name!r} {len(values):,}" for name, values in list(columns.items())[:6])
        raise DataError(f"The columns differ in length ({lengths}). Give each the same number of values.")
    return pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})


def load_frame(con: duckdb.DuckDBPyConnection, frame: "pd.DataFrame", name: str, limits: Limits) -> list[object]:
    """Fills `raw` from a data frame; returns the headers.

    A default or unnamed whole-number index is left out; any other index becomes leading columns.

    Raises:
        DataError: if the frame has no rows or no columns, or more than the limits allow.
    """
    import pandas as pd

    frame = _with_index(frame)
    rows, width = frame.shape
    check_size(rows, width, name, limits)
    headers: list[object] = [
        " ".join(str(part) for part in c if str(part)) if isinstance(c, tuple) else c for c in frame.columns
    ]
    plain = {f"c{i}": _plain(frame.iloc[:, i]) for i in range(width)}
    con.register("frame", pd.DataFrame(plain))
    try:
        con.execute("CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM frame").fetchall()
    finally:
        con.unregister("frame")
    return headers


def load_texts(
    con: duckdb.DuckDBPyConnection, batches: Iterable[Sequence[Sequence[object]]], width: int, name: str, limits: Limits
) -> int:
    """Fills `raw` with rows of Python values as text, batch by batch; returns the number of rows."""
    import pandas as pd

    columns = ", ".join(f"c{i} VARCHAR" for i in range(width))
    con.execute(f"CREATE OR REPLACE TEMP TABLE raw ({columns})").fetchall()
    total = 0
    for batch in batches:
        total += len(batch)
        check_size(total, width, name, limits)
        texts = {
            f"c{i}": pd.Series([as_text(row[i]) if i < len(row) else None for row in batch], dtype=object)
            for i in range(width)
        }
        con.register("frame", pd.DataFrame(texts))
        con.execute("INSERT INTO raw SELECT * FROM frame").fetchall()
        con.unregister("frame")
    return total


def raw_types(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The DuckDB types of `raw`, in order."""
    return [row[1] for row in con.execute("DESCRIBE raw").fetchall()]


def check_size(rows: int, width: int, name: str, limits: Limits) -> None:
    """Refuses a table that is empty or larger than the limits.

    Raises:
        DataError: with the limit that was crossed.
    """
    if width == 0 or rows == 0:
        raise DataError(f"'{name}' has no rows. Give a table with data.")
    for what, count, limit, way in (
        ("rows", rows, limits.max_rows, "raise `--max-rows`"),
        ("columns", width, limits.max_columns, "raise `--max-columns`"),
        ("cells", rows * width, limits.max_cells, "in Python raise `max_cells` of `limits`"),
    ):
        if count > limit:
            raise DataError(f"'{name}' has {count:,} {what}, over the limit of {limit:,}. Take a part of it or {way}.")


def as_text(value: object) -> str | None:
    """A Python value as the text that a CSV would hold; None for a missing one."""
    if value is None or value != value:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.timedelta):
        return repr(value.total_seconds())
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace").replace("\0", "").strip() or None
    return str(value).replace("\0", "").strip() or None


def _module(source: object) -> str:
    return type(source).__module__.partition(".")[0]


def _with_index(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with a meaningful index as leading columns and a mere row number dropped."""
    index = frame.index
    unnamed = all(n is None for n in index.names)
    if unnamed and index.nlevels == 1 and index.dtype.kind in "iu":
        return frame.reset_index(drop=True)
    names = [n if n is not None else ("index" if i == 0 else f"level_{i}") for i, n in enumerate(index.names)]
    taken = {str(c) for c in frame.columns}
    return frame.reset_index(names=[f"{n} (index)" if str(n) in taken else n for n in names])


def _plain(series: "pd.Series") -> "pd.Series":
    """A column that DuckDB can take: numbers, booleans and timestamps as they are, all else as text."""
    import pandas as pd

    series = series.reset_index(drop=True)
    dtype: Any = series.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return series.dt.tz_convert("UTC").dt.tz_localize(None)
    if getattr(dtype, "kind", "O") in PLAIN_KINDS and not isinstance(dtype, pd.CategoricalDtype):
        if getattr(dtype, "itemsize", 8) == 2 and dtype.kind == "f":
            return series.astype("float32")
        return series
    if getattr(dtype, "kind", "O") == "m":
        return series.dt.total_seconds()
    values = [None if _missing(v) else v for v in series.astype(object).tolist()]
    if any(isinstance(v, float | int) for v in values) and all(v is None or _number(v) for v in values):
        return pd.Series([math.nan if v is None else float(v) for v in values])
    return pd.Series([as_text(v) for v in values], dtype=object)


def _missing(value: object) -> bool:
    """Whether a cell is None, NaN, NaT or pandas' NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def _number(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and abs(value) < 2**63
