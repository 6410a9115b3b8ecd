"""Columns as arrays: the one shape in which statistics see data, exploration and opened rows alike.

Knows names, types and arrays. Must never know where the rows came from or on which side of the seal they lie.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import HypothesisError
from .schema import Column

FloatArray = NDArray[np.float64]
CodeArray = NDArray[np.int32]
TextArray = NDArray[np.object_]
BoolArray = NDArray[np.bool_]


class Rows:
    """A set of rows held by column.

    Numbers and dates (days since 1970-01-01) are float64 with NaN for missing; booleans and categories are
    int32 indexes into `Column.levels` with -1 for missing. `cluster` gives each row's unit of independence
    (an entity or a block of time) as an int32 code, or is None when each row stands for itself. `serial` says
    that the clusters are blocks of one series, whose levels depend on their neighbours'. `texts` are documents beside
    the columns, shape (n,) of `str` and None for missing: properties are computed from them, nothing else reads them.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        arrays: Mapping[str, NDArray],
        *,
        cluster: CodeArray | None = None,
        serial: bool = False,
        texts: Mapping[str, TextArray] | None = None,
    ) -> None:
        self.columns = dict(columns)
        self._arrays = dict(arrays)
        self.texts = dict(texts or {})
        self.cluster = cluster
        self.serial = serial
        self.n = next((len(a) for a in (*self._arrays.values(), *self.texts.values())), 0)
        self._ordinals: dict[str, tuple[CodeArray, int, FloatArray | None]] = {}

    def __repr__(self) -> str:
        return f"<Rows n={self.n} columns={len(self.columns)}>"

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            HypothesisError: if there is no such column.
        """
        if name not in self.columns:
            known = ", ".join(repr(c) for c in list(self.columns)[:12])
            raise HypothesisError(f"Column {name!r} is not among the analysed columns. Name one of these: {known}.")
        return self.columns[name]

    def number(self, name: str) -> FloatArray:
        """The column as float64, shape (n,), NaN where missing: numbers, dates in days, booleans as 0 and 1."""
        column = self.column(name)
        if column.type in ("number", "datetime"):
            return self._arrays[name]
        if column.type == "boolean":
            codes = self._arrays[name]
            return np.where(codes < 0, np.nan, codes).astype(np.float64)
        raise HypothesisError(f"Column {name!r} is a {column.type}, not a number. Name a column of numbers.")

    def codes(self, name: str) -> CodeArray:
        """The column as indexes into its levels, shape (n,), -1 where missing or not among the levels."""
        column = self.column(name)
        if column.type in ("boolean", "category"):
            return self._arrays[name]
        if not column.levels:
            raise HypothesisError(f"Column {name!r} is a {column.type} without levels. Name a column of labels.")
        values = np.array([float(v) for v in column.levels])
        x = self._arrays[name]
        at = np.clip(np.searchsorted(values, x), 0, len(values) - 1)
        return np.where(values[at] == x, at, -1).astype(np.int32)

    def ordinal(self, name: str) -> tuple[CodeArray, FloatArray]:
        """The column as dense ranks: codes of shape (n,), -1 where missing, and the sorted distinct values."""
        if name not in self._ordinals:
            codes, values = _dense(self.number(name))
            # A column of nearly unique values would be held a second time: they are read off its rows again.
            self._ordinals[name] = codes, len(values), values if len(values) <= self.n // 4 else None
            return codes, values
        codes, distinct, values = self._ordinals[name]
        if values is None:
            x = self.number(name)
            good = codes >= 0
            values = np.empty(distinct)
            values[codes[good]] = x[good]
        return codes, values

    def level_mask(self, name: str, levels: Iterable[str]) -> BoolArray:
        """Rows whose label is one of `levels`, shape (n,)."""
        known = self.column(name).levels
        wanted = []
        for level in levels:
            if level not in known:
                raise HypothesisError(f"{level!r} is not a level of {name!r}: {', '.join(known[:12])}.")
            wanted.append(known.index(level))
        return np.isin(self.codes(name), wanted)

    def select(self, mask: NDArray) -> "Rows":
        """The rows where `mask` (boolean, or indexes) holds, as a new set."""
        cluster = None if self.cluster is None else self.cluster[mask]
        arrays, texts = ({k: v[mask] for k, v in of.items()} for of in (self._arrays, self.texts))
        return Rows(self.columns, arrays, cluster=cluster, serial=self.serial, texts=texts)

    def keeping(self, names: Sequence[str]) -> "Rows":
        """The rows with these columns alone, as a new set."""
        columns = {name: self.columns[name] for name in names}
        arrays = {name: self._arrays[name] for name in names}
        out = Rows(columns, arrays, cluster=self.cluster, serial=self.serial)
        out._ordinals = {name: it for name, it in self._ordinals.items() if name in columns}
        return out

    def replaced(self, arrays: Mapping[str, NDArray]) -> "Rows":
        """The rows with other values in some columns, as a new set."""
        every = {**self._arrays, **arrays}
        return Rows(self.columns, every, cluster=self.cluster, serial=self.serial, texts=self.texts)

    def beside(self, more: Mapping[str, tuple[Column, NDArray]]) -> "Rows":
        """The rows with these computed columns beside their own, as a new set; one of the same name is replaced."""
        columns = {**self.columns, **{name: column for name, (column, _) in more.items()}}
        arrays = {**self._arrays, **{name: array for name, (_, array) in more.items()}}
        out = Rows(columns, arrays, cluster=self.cluster, serial=self.serial, texts=self.texts)
        out._ordinals = {name: it for name, it in self._ordinals.items() if name not in more}
        return out

    def clustered(self, cluster: CodeArray) -> "Rows":
        """The rows with these units of independence, shape (n,), as a new set."""
        return Rows(self.columns, self._arrays, cluster=cluster, serial=self.serial, texts=self.texts)

    @classmethod
    def none(cls, columns: Mapping[str, Column]) -> "Rows":
        """No row of these columns: what can be asked of a table is asked of its names and types alone."""
        labels = ("boolean", "category")
        arrays = {n: np.empty(0, np.int32 if c.type in labels else np.float64) for n, c in columns.items()}
        return cls(columns, arrays)

    @classmethod
    def joined(cls, parts: Sequence["Rows"]) -> "Rows":
        """All rows of `parts`, in that order; the parts share their columns and cluster codes."""
        first = parts[0]
        if len(parts) == 1:
            return first
        arrays = {k: np.concatenate([p._arrays[k] for p in parts]) for k in first._arrays}
        texts = {k: np.concatenate([p.texts[k] for p in parts]) for k in first.texts}
        clusters = [p.cluster for p in parts if p.cluster is not None]
        cluster = np.concatenate(clusters) if clusters else None
        return cls(first.columns, arrays, cluster=cluster, serial=first.serial, texts=texts)

    @classmethod
    def of(
        cls,
        data: Mapping[str, Sequence | NDArray],
        *,
        cluster: Sequence[int] | None = None,
        texts: Mapping[str, Sequence[str | None]] | None = None,
    ) -> "Rows":
        """Rows from plain sequences: floats become numbers, datetime64 dates, text and bool labels; `texts` stay texts.

        Meant for tests and for callers that hold arrays already; files go through `open_dataset`.
        """
        columns, arrays = {}, {}
        for name, values in data.items():
            columns[name], arrays[name] = _typed(name, np.asarray(values))
        codes = None if cluster is None else np.asarray(cluster, np.int32)
        documents = {name: np.array(list(values), dtype=object) for name, values in (texts or {}).items()}
        return cls(columns, arrays, cluster=codes, texts=documents)


def _dense(x: FloatArray) -> tuple[CodeArray, FloatArray]:
    """Dense ranks, -1 for NaN, and the sorted distinct values: `np.unique` in half of its memory."""
    missing = np.isnan(x)
    if missing.any():
        at = np.flatnonzero(~missing)
        order = at[np.argsort(x[at])]
    else:
        order = np.argsort(x)
    ascending = x[order]
    new = np.ones(len(order), bool)
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    codes = np.full(len(x), -1, np.int32)
    codes[order] = np.cumsum(new, dtype=np.int32) - np.int32(1)
    return codes, ascending[new]


def _typed(name: str, raw: NDArray) -> tuple[Column, NDArray]:
    """The column and array that a plain sequence stands for."""
    if raw.dtype.kind == "M":
        days = raw.astype("datetime64[us]").astype(np.float64) / 86_400e6
        days[np.isnat(raw)] = np.nan
        return _column(name, "datetime", "TIMESTAMP", days), days
    if raw.dtype.kind in "iuf":
        x = raw.astype(np.float64)
        return _column(name, "number", "DOUBLE", x), x
    if raw.dtype.kind == "b":
        codes = raw.astype(np.int32)
        return _column(name, "boolean", "VARCHAR", codes, ("false", "true")), codes
    labels = [None if v is None or v != v else str(v) for v in raw.tolist()]
    count: dict[str, int] = {}
    for label in labels:
        if label is not None:
            count[label] = count.get(label, 0) + 1
    levels = tuple(sorted(count, key=lambda v: (-count[v], v)))
    at = {v: i for i, v in enumerate(levels)}
    codes = np.array([-1 if v is None else at[v] for v in labels], np.int32)
    return _column(name, "category", "VARCHAR", codes, levels), codes


def _column(name: str, kind: str, storage: str, array: NDArray, levels: tuple[str, ...] = ()) -> Column:
    missing = int(np.isnan(array).sum()) if array.dtype.kind == "f" else int((array < 0).sum())
    good = array[~np.isnan(array)] if array.dtype.kind == "f" else array[array >= 0]
    distinct = np.unique(good)
    whole = kind == "number" and bool(np.all(good == np.round(good)))
    if whole and len(distinct) <= 24:
        levels = tuple(str(int(v)) for v in distinct)
    return Column.model_validate(
        {
            "name": name, "type": kind, "storage": storage, "rows": len(array), "missing": missing,
            "distinct": len(distinct), "integer": whole, "levels": levels,
        }
    )  # fmt: skip
