"""A delivery, opened: typed as the learned data were, its columns matched with theirs.

Knows one source and the learned columns. Must never know a claim, a verdict, or any other delivery.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np

from ..data.dataset import Dataset, open_dataset
from ..data.readers_binary import quoted
from ..data.rows import Rows
from ..data.schema import Column, Limits, Note
from .checked import Unread
from .learned import Independence, LearnedColumn

_WORDS = {"DOUBLE": "number", "BIGINT": "number", "TIMESTAMP": "date", "VARCHAR": "words"}


class Delivery:
    """An opened delivery. A context manager: leaving it closes the connection and removes its files.

    The DuckDB table `data` holds its columns as they read by themselves, missing cells as NULL, with `_row` (order in
    the source, from 0) and `_content` (sha256 of the row's canonical text, 64 hexadecimal digits).
    """

    def __init__(self, data: Dataset, learned: Sequence[LearnedColumn], independence: Independence) -> None:
        self._data = data
        self.name = data.name
        self.rows = data.rows
        self.digest = data.fingerprint
        self.notes: tuple[Note, ...] = data.notes
        self.columns = {c.name: c for c in data.columns}
        """Every column as it reads by itself."""
        self.learned = {c.name: c for c in learned}
        self.unread = tuple(_unread(self))
        self._independence = independence

    def __enter__(self) -> "Delivery":
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor on the database that holds the table `data`."""
        return self._data.cursor()

    def reads(self, name: str) -> bool:
        """Whether the learned column is there and holds the kind of values that it held."""
        return name in self.learned and all(u.column != name or u.kind == "extra" for u in self.unread)

    def rows_of(self, names: Sequence[str]) -> Rows:
        """These learned columns as arrays, in the order of the source, texts beside them.

        Labels are coded by the learned levels, then by those that are new here, most frequent first.

        Args:
            names: Learned columns for which `reads` holds.
        """
        columns, arrays, texts = {}, {}, {}
        for name in dict.fromkeys(names):
            learned = self.learned[name]
            if learned.type == "text":
                texts[name] = self._fetch(f"{quoted(name)}::VARCHAR")
            elif learned.type in ("boolean", "category"):
                columns[name], arrays[name] = self._labels(learned)
            else:
                columns[name], arrays[name] = self._numbers(learned)
        return Rows(columns, arrays, texts=texts)

    def _fetch(self, sql: str) -> np.ndarray:
        got = self.cursor().execute(f"SELECT {sql} AS x FROM data ORDER BY _row").fetchnumpy()["x"]
        if isinstance(got, np.ma.MaskedArray) and got.dtype.kind == "O":
            out = np.array(got.data, dtype=object)
            out[np.ma.getmaskarray(got)] = None
            return out
        return np.asarray(got)

    def _labels(self, learned: LearnedColumn) -> tuple[Column, np.ndarray]:
        cursor, name = self.cursor(), quoted(learned.name)
        counted = cursor.execute(
            f"SELECT {name}::VARCHAR AS level, count(*) AS n FROM data WHERE {name} IS NOT NULL "
            "GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        levels = (*learned.levels, *(x for x, _ in counted if x not in set(learned.levels)))
        cursor.execute("CREATE OR REPLACE TEMP TABLE level_codes (level VARCHAR, code INTEGER)")
        cursor.executemany(
            "INSERT INTO level_codes VALUES (?, ?)", [[x, at] for at, x in enumerate(levels)] or [["", 0]]
        )
        codes = cursor.execute(
            f"SELECT coalesce(code, -1)::INTEGER AS code FROM data LEFT JOIN level_codes ON level = {name}::VARCHAR "
            "ORDER BY _row"
        ).fetchnumpy()["code"]
        known = sum(n for _, n in counted)
        column = Column(
            name=learned.name, type=learned.type, storage="VARCHAR", rows=self.rows, missing=self.rows - known,
            distinct=len(counted), levels=levels, unit=learned.unit,
        )  # fmt: skip
        return column, np.asarray(codes, np.int32)

    def _numbers(self, learned: LearnedColumn) -> tuple[Column, np.ndarray]:
        name = quoted(learned.name)
        sql = f"epoch_us({name}) / 86400000000.0" if learned.storage == "TIMESTAMP" else f"{name}::DOUBLE"
        x = np.asarray(self._fetch(f"coalesce({sql}, 'nan'::DOUBLE)"), np.float64)
        own = self.columns[learned.name]
        column = own.model_copy(update={"type": learned.type, "levels": learned.levels, "unit": learned.unit})
        return column, x


def open_delivery(
    source: object, learned: Sequence[LearnedColumn], *, independence: Independence | None = None,
    table: str | None = None, name: str | None = None, limits: Limits | None = None, folder: Path | None = None,
    threads: int = 2,
) -> Delivery:  # fmt: skip
    """The delivery in `source`, its columns matched with the learned ones.

    Raises:
        DataError: if the source is missing, empty, damaged, of an unknown kind or over a limit.
    """
    texts = [c.name for c in learned if c.type == "text"]
    del texts  # columns that read as something else are found by `unread`
    data = open_dataset(
        source, table=table, name=name, limits=limits or Limits(), folder=folder, threads=threads, keep_counts=True
    )
    return Delivery(data, learned, independence or Independence())


def _unread(delivery: Delivery) -> list[Unread]:
    out = []
    for learned in delivery.learned.values():
        own = delivery.columns.get(learned.name)
        want = _WORDS[learned.storage]
        if own is None:
            text = f"There is no column `{learned.name}`."
            out.append(Unread(column=learned.name, kind="missing", learned=want, text=text))
        elif _WORDS[own.storage] != want and own.type != "empty" and want != "words":
            text = f"`{learned.name}` held {want}s and now holds {_WORDS[own.storage]}s."
            out.append(Unread(column=learned.name, kind="type", learned=want, found=_WORDS[own.storage], text=text))
    for name, own in delivery.columns.items():
        if name not in delivery.learned:
            text = f"There is a new column `{name}`."
            out.append(Unread(column=name, kind="extra", found=_WORDS[own.storage], text=text))
    return out
