"""A record of which rows were sealed and where: digests without a salt, so that the same rows are known again.

Knows digests of rows and units, parts, names of columns and one small file. Must never hold a cell, nor know what was
found or spent.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import TamperedLedger
from ..value import Value
from .dataset import Dataset
from .fetching import fetch
from .fingerprint import content_sql
from .readers_binary import quoted

ASIDE = 255
"""Part of what lies on neither side for good, such as the gap of a series."""
WAITING = 254
"""Part of what nothing has looked at and that waits until there is enough for a vault."""
_MAGIC = b"heldout/rows/1\n"
_DIGITS = 16
"""Hexadecimal digits of a digest that are kept: 64 bits, of which two of a billion rows agree by chance."""


class View(Value):
    """The rows as some of their columns name them: a table is compared by the columns that both have."""

    columns: tuple[str, ...]
    """Sorted; their cells are the content of a row."""
    equal: float
    """The chance that two of its rows have the same content."""
    rows: int


class Header(Value):
    """What a record says of itself."""

    dataset: str
    """Fingerprint of the data set."""
    name: str
    ledger: str
    """The name of the file that holds its seal, in the folder in which the records' folder lies."""
    views: tuple[View, ...]
    """By all of its columns first; then by those of tables that its rows are known from."""
    kind: str
    """What a unit is: `row`, `entity` or `time`; also of a table too small to be divided."""
    key: str | None
    origin: str
    """Fingerprint of the data set whose seal began its generation of vaults."""
    generation: int
    units: int = 0
    """Values of the entity; 0 where rows stand for themselves."""


class Digests(NamedTuple):
    """Where what a digest stands for lies."""

    digests: NDArray[np.uint64]
    """Ascending, each once."""
    parts: NDArray[np.uint8]
    """0 explored, n in vault n, `WAITING` or `ASIDE`."""

    def parts_of(self, digests: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The part of each of these, -1 where it is not known."""
        if not len(self.digests):
            return np.full(len(digests), -1, np.int64)
        at = np.minimum(np.searchsorted(self.digests, digests), len(self.digests) - 1)
        return np.where(self.digests[at] == digests, self.parts[at].astype(np.int64), -1)


class KnownRows(NamedTuple):
    """The rows of one sealed data set, by digest."""

    header: Header
    rows: tuple[Digests, ...]
    """Of the rows' contents, one for each view."""
    units: Digests
    """Of the entity's values; empty where rows stand for themselves."""


def record_file(folder: Path, dataset: str) -> Path:
    """Where the record of a data set lies among those of one place."""
    return folder / f"{dataset[:16]}.rows"


def encoded(known: KnownRows) -> bytes:
    """The record as bytes: equal records, equal bytes, on any machine."""
    arrays = [a for d in (*known.rows, known.units) for a in (d.digests.astype("<u8"), d.parts.astype("u1"))]
    head = known.header.canonical().encode("utf-8")
    return b"".join([_MAGIC, head, b"\n", *(a.tobytes() for a in arrays)])


def decoded(raw: bytes, file: Path) -> KnownRows:
    """The record in these bytes of a file.

    Raises:
        TamperedLedger: if they are none.
    """
    at = raw.find(b"\n", len(_MAGIC)) + 1
    header, found = _header(raw[:at], file), []
    for count in (*(v.rows for v in header.views), header.units):
        if at + 9 * count > len(raw):
            raise _damaged(file)
        digests = np.frombuffer(raw, "<u8", count, at).astype(np.uint64)
        found.append(Digests(digests, np.frombuffer(raw, "u1", count, at + 8 * count).astype(np.uint8)))
        at += 9 * count
    return KnownRows(header, tuple(found[:-1]), found[-1])


def header_of(file: Path) -> Header:
    """What a record says of itself, read without its digests.

    Raises:
        TamperedLedger: if the file is no record.
        OSError: if it cannot be read.
    """
    with open(file, "rb") as handle:
        return _header(handle.readline() + handle.readline(), file)


def _header(raw: bytes, file: Path) -> Header:
    if not raw.startswith(_MAGIC):
        raise _damaged(file)
    try:
        return Header.model_validate(json.loads(raw[len(_MAGIC) :]))
    except ValueError as err:
        raise _damaged(file) from err


def _damaged(file: Path) -> TamperedLedger:
    return TamperedLedger(
        f"'{file}' was edited: it is no record of known rows. Restore it from a copy, or name another ledger with "
        "`--ledger` for rows that nobody has looked at."
    )


def own_columns(data: Dataset) -> tuple[str, ...]:
    """The columns whose cells are the content of a row, sorted; none where rows of these data cannot be known again.

    Rows that were made from several tables, or by counting, are no rows of a file.
    """
    if data.joining is not None:
        return ()
    return tuple(sorted(p.name for p in data.plans if p.name not in data.surrogates))


def digest_sql(text: str) -> str:
    """SQL for 64 bits of a sha256 given in hexadecimal digits."""
    return f"('0x' || substr({text}, 1, {_DIGITS}))::UBIGINT"


def kept_rows(data: Dataset) -> NDArray[np.int64]:
    """The numbers of the rows that are kept, ascending."""
    return fetch(data, "SELECT _row FROM kept ORDER BY _row")["_row"].astype(np.int64)


def content_digests(data: Dataset, columns: Sequence[str], *, numbered: bool = True) -> NDArray[np.uint64]:
    """The digest over these columns alone of each row that is kept, in their order.

    Args:
        data: The opened table, with its view `kept`.
        columns: The columns whose cells count.
        numbered: Whether equal rows are told apart by their number among their equals: in a coarse table they are
            different observations.
    """
    content = "_content"
    if tuple(columns) != own_columns(data):
        content = content_sql([p for p in data.plans if p.name in set(columns)])
    number = f"sha256({content} || '#' || row_number() OVER (PARTITION BY {content} ORDER BY _row))"
    got = fetch(data, f"SELECT {digest_sql(number if numbered else content)} AS d FROM kept ORDER BY _row")
    return got["d"].astype(np.uint64)


def entity_digests(data: Dataset, key: str) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """The digest of each kept row's entity in their order, and whether it has one."""
    value = f"'e' || trim({quoted(key)}::VARCHAR)"
    got = fetch(
        data,
        f"SELECT coalesce({digest_sql(f'sha256({value})')}, 0::UBIGINT) AS d, {quoted(key)} IS NOT NULL AS known "
        "FROM kept ORDER BY _row",
    )
    return got["d"].astype(np.uint64), got["known"].astype(bool)


def chance_of_equal(digests: NDArray[np.uint64]) -> float:
    """The chance that two different rows have the same digest: one fraction of whole numbers."""
    count = np.unique(digests, return_counts=True)[1].astype(np.int64)
    n = len(digests)
    return int((count * (count - 1)).sum()) / (n * (n - 1)) if n > 1 else 0.0


def remembered_rows(data: Dataset, views: Sequence[tuple[str, ...]], *, beside: int, **said: Any) -> KnownRows:
    """The record of a data set whose rows lie in `placed`, as they were placed.

    Args:
        data: The opened table.
        views: The sets of columns by which tables that its rows are known from are compared.
        beside: What is recorded of rows that lie on neither side: `WAITING` or `ASIDE`.
        said: What the header says besides.
    """
    part = f"CASE WHEN _part = -1 THEN {beside} ELSE _part END"
    parts = fetch(data, f"SELECT {part} AS part FROM placed ORDER BY _row")["part"]
    seen, rows = [], []
    for columns in dict.fromkeys([own_columns(data), *views]):
        digests = content_digests(data, columns)
        rows.append(_each_once(digests, parts))
        equal = chance_of_equal(content_digests(data, columns, numbered=False))
        seen.append(View(columns=columns, equal=equal, rows=len(rows[-1].digests)))
    units = Digests(np.zeros(0, np.uint64), np.zeros(0, np.uint8))
    if said["kind"] == "entity":
        named = digest_sql("sha256(_unit)")
        got = fetch(data, f"SELECT {named} AS d, max({part}) AS part FROM placed GROUP BY _unit")
        units = _each_once(got["d"], got["part"])
    header = Header(views=tuple(seen), units=len(units.digests), **said)
    return KnownRows(header, tuple(rows), units)


def _each_once(digests: NDArray, parts: NDArray) -> Digests:
    """Each digest with its part. Rows that fewer columns cannot tell apart may lie apart: then what was seen counts."""
    order = np.lexsort((parts, digests.astype(np.uint64)))
    rows, first = np.unique(digests.astype(np.uint64)[order], return_index=True)
    return Digests(rows, parts[order][first].astype(np.uint8))
