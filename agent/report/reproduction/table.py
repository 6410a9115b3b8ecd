"""The held-out rows as the second opinion reads them, and the population of a claim.

Knows the parquet file of a report. Must never know a claim's family.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np

from .base import Found

COMPARE = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


class Table(NamedTuple):
    """Held-out rows: numbers with NaN for missing, labels as indexes into their levels with -1 for missing."""

    columns: dict[str, Any]
    levels: dict[str, list[str]]
    dates: frozenset[str]
    cluster: Any
    serial: bool
    texts: dict[str, list[str | None]]
    """Documents of every row; they stay whole when rows are picked."""

    def pick(self, mask: Any) -> "Table":
        """The rows where the mask holds."""
        cluster = None if self.cluster is None else self.cluster[mask]
        return self._replace(columns={k: v[mask] for k, v in self.columns.items()}, cluster=cluster)

    def known(self, name: str) -> Any:
        """Where the column is not missing."""
        return self.columns[name] >= 0 if name in self.levels else ~np.isnan(self.columns[name])

    def number(self, name: str) -> Any:
        """The column as numbers, labels as their place among the levels."""
        return np.where(self.known(name), self.columns[name], np.nan).astype(float)

    def one_of(self, name: str, labels: list[str]) -> Any:
        """Where the column holds one of the labels."""
        levels = self.levels.get(name)
        return np.isin(self.columns[name], [levels.index(x) if levels else float(x) for x in labels])

    def event(self, name: str, event: str | None) -> Any:
        """The outcome as a number, or 1 and 0 for an event and its absence."""
        hit = self.number(name) if event is None else self.one_of(name, [event])
        return np.where(self.known(name), hit, np.nan).astype(float)


def read_table(path: Path, dates: frozenset[str], serial: bool) -> Table:
    """The rows of the opened vault."""
    with duckdb.connect() as connection:
        got = connection.cursor().execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()
        query = "SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)"
        extra = dict(connection.cursor().execute(query, [str(path)]).fetchall())
    levels: dict[str, list[str]] = json.loads(extra["levels"])
    cluster = np.asarray(got.pop("_cluster"))
    columns: dict[str, Any] = {}
    texts: dict[str, list[str | None]] = {}
    for name, raw in got.items():
        masked = np.ma.asarray(raw)
        gone, plain = np.ma.getmaskarray(masked), np.ma.getdata(masked)
        if name in levels:
            place = {level: at for at, level in enumerate(levels[name])}
            columns[name] = np.array([-1 if m else place[v] for v, m in zip(plain, gone, strict=True)], int)
        elif plain.dtype == object:
            texts[name] = [None if m else v for v, m in zip(plain, gone, strict=True)]
        else:
            columns[name] = np.where(gone, np.nan, plain.astype(float))
    return Table(columns, levels, dates, cluster if len(cluster) and cluster[0] >= 0 else None, serial, texts)


def population(h: Found, table: Table) -> Table:
    """The rows where every condition holds; a missing value meets none."""
    mask = np.ones(len(next(iter(table.columns.values()))), bool)
    for term in h["where"]:
        name, value = term["column"], term["value"]
        if name in table.levels:
            hit = table.one_of(name, [str(value)])
            mask &= table.known(name) & (hit if term["op"] == "==" else ~hit)
            continue
        if name in table.dates and isinstance(value, str):
            value = np.datetime64(value, "us").astype(int) / 86_400e6
        mask &= table.known(name) & COMPARE[term["op"]](table.columns[name], float(value))
    return table if mask.all() else table.pick(mask)
