"""A delivery, opened: typed as the learned data were, its columns matched with theirs.

Knows one source and the learned columns. Must never know a claim, a verdict, or any other delivery.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np

from ..data.dataset import Dataset
from ..data.readers_binary import quoted
from ..data.rows import Rows
from ..data.schema import Limits, Note
from .checked import Unread
from .cut import Cut
from .delivery_reading import Wanted, read_delivery
from .delivery_rows import PERIODS, clusters_of, labels_of, numbers_of, order_of, texts_of
from .delivery_types import WORDS
from .learned import Independence, LearnedColumn


class Delivery:
    """An opened delivery. A context manager: leaving it closes the connection and removes its files.

    The DuckDB table `data` holds its columns, missing cells as NULL: a learned one as it was read then where its cells
    allow it, else as it reads by itself. Beside them `_row` (order in the source, from 0) and `_content` (a digest of
    the row's typed content, 32 hexadecimal digits, the same in any delivery and any kind of file).
    """

    def __init__(
        self, data: Dataset, learned: Sequence[LearnedColumn], independence: Independence, odd: Sequence[Unread],
        cut: Cut | None,
    ) -> None:  # fmt: skip
        self._data = data
        self.name = data.name
        self.rows = data.rows
        self.digest = data.fingerprint
        """Of the content, whatever its order: 64 hexadecimal digits. Comparable with that of other deliveries alone."""
        self.notes: tuple[Note, ...] = data.notes
        self.columns = {c.name: c for c in data.columns}
        """Every column as it reads here; of learned numbers with fractions `distinct` is an estimate."""
        self.learned = {c.name: c for c in learned}
        self.unread = (*odd, *_unmatched(self))
        self.cut = cut
        """Where the file was cut off, if it shows."""
        self._gone = {u.column for u in self.unread if u.kind != "extra"}
        self._independence = independence
        self._order: np.ndarray | None = None
        self._clusters: np.ndarray | None = None

    def __repr__(self) -> str:
        return f"<Delivery {self.name}: {self.rows:,} rows, {len(self.columns):,} columns>"

    def __enter__(self) -> "Delivery":
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor on the database that holds the table `data`; temporary tables belong to the cursor itself."""
        return self._data.cursor()

    def save(self, target: Path) -> Path:
        """Write every column, typed as it reads here, as one Parquet file: to learn from what several files hold."""
        names = ", ".join(quoted(name) for name in self.columns)
        file = str(target).replace("'", "''")
        self.cursor().execute(f"COPY (SELECT {names} FROM data) TO '{file}' (FORMAT parquet)").fetchall()
        return target

    def reads(self, name: str) -> bool:
        """Whether the learned column is there and holds the kind of values that it held."""
        return name in self.learned and name not in self._gone

    def units_known(self) -> bool:
        """Whether the column is there that says which rows belong together, so that `rows_of` can tell."""
        key, block = self._independence.key, self._independence.block
        own = None if key is None else self.columns.get(key)
        return key is None or (own is not None and (block not in PERIODS or own.storage == "TIMESTAMP"))

    def rows_of(self, names: Sequence[str]) -> Rows:
        """These learned columns as arrays, with what rows stand for themselves; texts and keys of words beside them.

        Rows come in an order that their content gives (for a series: its own), so that no sum depends on the order of
        the source. Labels are coded by the learned levels, then by those that are new here, most frequent first. Rows
        of one entity or one block of time have the same `cluster`.

        Args:
            names: Learned columns for which `reads` holds.

        Raises:
            DataError: if `units_known` does not hold.
        """
        cursor = self._data.cursor()
        if self._order is None:
            self._order = order_of(cursor, self._independence, self.columns)
            self._clusters = clusters_of(cursor, self._independence, self.columns, self.name)
        columns, arrays, texts = {}, {}, {}
        for name in dict.fromkeys(names):
            learned, own = self.learned[name], self.columns[name]
            if learned.type in ("boolean", "category"):
                columns[name], codes = labels_of(cursor, learned, own)
                arrays[name] = codes[self._order]
            elif learned.storage == "VARCHAR":
                texts[name] = texts_of(cursor, name)[self._order]
            else:
                columns[name], x = numbers_of(cursor, learned, own)
                arrays[name] = x[self._order]
        clusters = None if self._clusters is None else self._clusters[self._order]
        return Rows(columns, arrays, cluster=clusters, serial=self._independence.block is not None, texts=texts)


def open_delivery(
    source: object, learned: Sequence[LearnedColumn], *, independence: Independence | None = None,
    table: str | None = None, name: str | None = None, since: str | None = None, time: str | None = None,
    key: Sequence[str] = (), limits: Limits | None = None, folder: Path | None = None, threads: int = 2,
) -> Delivery:  # fmt: skip
    """The delivery in `source`, its columns matched with the learned ones.

    Args:
        source: A file of any kind that is read; a folder of Parquet or delimited files, or one partition of such
            (`date=2025-03-01`: what the folders' names say becomes columns); a list of files, which are one delivery;
            a data frame.
        learned: Columns as they were read when the claims were learned.
        independence: What rows stand for themselves.
        table: The table or sheet to read where the source holds several.
        name: What to call it; the file's, folder's or table's name by default.
        since: ISO day: earlier rows, and rows without a date, are left out. Needs `time`.
        time: Column of dates that `since` is read against.
        key: Columns that name a row: of rows with the same key in several files the later file's counts.
        limits: Bounds on what is read.
        folder: Where working files go; a temporary folder by default. They are removed on leaving.
        threads: Threads that DuckDB may use; nothing depends on it.

    Raises:
        DataError: if the source is missing, empty, damaged, of an unknown kind or over a limit, or no row is left.
        UsageError: if `since` is no day, or comes without a column to read it against.
    """
    wanted = Wanted(table, name, since, time, tuple(key), limits or Limits(), threads)
    data, odd, cut = read_delivery(source, learned, wanted, folder)
    return Delivery(data, learned, independence or Independence(), odd, cut)


def _unmatched(delivery: Delivery) -> list[Unread]:
    """Learned columns that are not there, and columns that were not learned."""
    out = []
    extra = [name for name in delivery.columns if name not in delivery.learned]
    alike = {_plain(name): name for name in extra}
    for learned in delivery.learned.values():
        if learned.name in delivery.columns:
            continue
        want, new = WORDS[learned.storage], alike.get(_plain(learned.name))
        if new is None:
            text = f"There is no column `{learned.name}`."
            if learned.derived_from:
                text = f"`{learned.name}` cannot be computed without `{'` and `'.join(learned.derived_from)}` as dates."
            out.append(Unread(column=learned.name, kind="missing", learned=want, text=text))
        else:
            extra.remove(new)
            del alike[_plain(learned.name)]
            text = f"There is no column `{learned.name}`; one is called `{new}`."
            out.append(Unread(column=learned.name, kind="renamed", learned=want, found=new, text=text))
    for name in extra:
        found = WORDS[delivery.columns[name].storage]
        text = f"There is a new column `{name}`."
        out.append(Unread(column=name, kind="extra", found=found, text=text))
    return out


def _plain(name: str) -> str:
    """A name without what people change in passing: case, blanks, underscores, hyphens and dots."""
    return re.sub(r"[\s_.\-]+", "", name.casefold())
