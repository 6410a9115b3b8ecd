"""What every diagnosis looks at: the delivery's cells beside the learned sketch, and how a fault is put into words.

Knows one delivery, its sketch and the learned one. Must never know a verdict, another diagnosis, or how loud a fault
is.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.readers_binary import quoted
from ..data.rows import BoolArray, FloatArray
from .checked import Fault, FaultKind
from .delivery import Delivery
from .learned import LearnedClaims, LearnedColumn, Unique
from .naming import names_period
from .sketch import ColumnSketch, Sketch

FEW = 20
"""Rows below which nothing is diagnosed: so few can look like anything."""
_SHOWN = 40
"""Characters of a label in a sentence."""


class Case:
    """A delivery to be diagnosed. `taken` names the columns that a fault already explains."""

    def __init__(self, delivery: Delivery, base: Sketch, new: Sketch, claims: LearnedClaims) -> None:
        self.delivery, self.base, self.new, self.claims = delivery, base, new, claims
        self.rows = delivery.rows
        self.taken: set[str] = set()
        self.ended = False
        """Whether the end of the file is not there: then parts are missing because of it."""
        self.explained: BoolArray | None = None
        """Rows whose cells stand in the wrong columns, shape (n,): what is odd in them alone is no other fault."""
        self.learned: dict[str, LearnedColumn] = {c.name: c for c in claims.columns if not c.derived_from}
        kept = self.query("SELECT current_setting('preserve_insertion_order')")[0][0]
        self._order = "" if kept else " ORDER BY _row"
        self.alike = self._alike()
        """Rows here that stand for one independent unit, on average; 1 where each stands for itself."""
        self._periods: dict[str, bool] = {}
        self._counts: dict[str, dict[str, int]] = {}

    def _alike(self) -> float:
        key = self.claims.independence.key
        units = self.delivery.columns[key].distinct if key is not None and self.here(key) else 0
        return max(1.0, self.rows / units) if units and self.claims.independence.kind == "entity" else 1.0

    def pairs(self, *kinds: str) -> list[tuple[ColumnSketch, ColumnSketch]]:
        """Learned and new sketch of each column of these kinds in both, those that a fault explains left out."""
        out = []
        for name in self.learned:
            base, new = self.base.column(name), self.new.column(name)
            if name in self.taken or base is None or new is None or base.kind not in kinds or new.kind != base.kind:
                continue
            out.append((base, new))
        return out

    def here(self, name: str) -> bool:
        """Whether the delivery has a column of that name."""
        return name in self.delivery.columns

    def numbers(self, name: str) -> FloatArray:
        """A column as numbers in the order of the source, NaN where a cell is none; dates in days since 1970-01-01."""
        own = self.delivery.columns[name]
        cell = quoted(name)
        sql = f"epoch_us({cell}) / 86400000000.0" if own.storage == "TIMESTAMP" else f"try_cast({cell} AS DOUBLE)"
        return np.asarray(self.fetch(f"coalesce({sql}, 'nan'::DOUBLE)"), np.float64)

    def fetch(self, sql: str) -> NDArray:
        """One expression over all rows, in the order of the source."""
        got = self.delivery.cursor().execute(f"SELECT {sql} AS x FROM data{self._order}").fetchnumpy()["x"]
        return np.asarray(got)

    def counts(self, name: str) -> dict[str, int]:
        """Every label of a column with its rows, the most frequent first."""
        if name not in self._counts:
            got = self.query(
                f"SELECT {quoted(name)}::VARCHAR AS level, count(*) AS n FROM data WHERE level IS NOT NULL "
                "GROUP BY 1 ORDER BY 2 DESC, 1"
            )
            self._counts[name] = {str(level): int(n) for level, n in got}
        return self._counts[name]

    def query(self, sql: str) -> list[tuple]:
        """Rows of a query on the table `data`."""
        return self.delivery.cursor().execute(sql).fetchall()

    def where(self, condition: str) -> tuple[int, tuple[int, ...]]:
        """How many rows a condition holds in, and the first five of them, counted from 1."""
        count = int(self.query(f"SELECT count(*) FROM data WHERE {condition}")[0][0])
        first = self.query(f"SELECT _row FROM data WHERE {condition} ORDER BY _row LIMIT 5") if count else []
        return count, tuple(int(x) + 1 for (x,) in first)

    def keys(self) -> list[tuple[str, ...]]:
        """Columns that named a row when the claims were learned: by claim, by the file, or because all differed."""
        found = [tuple(c.invariant.columns) for c in self.claims.claims if isinstance(c.invariant, Unique)]
        if self.claims.key:
            found.append(tuple(self.claims.key))
        for name, column in self.learned.items():
            base = self.base.column(name)
            if base is None or column.storage not in ("BIGINT", "VARCHAR") or base.missing or base.rows < 10 * FEW:
                continue
            if base.distinct == base.rows and column.type in ("identifier", "text", "category", "number"):
                found.append((name,))
        return [key for key in dict.fromkeys(found) if all(self.here(name) for name in key)]

    def period(self, name: str) -> bool:
        """Whether the levels of a column name stretches of time: its values follow a date of the delivery.

        A level that is not there then means a time that is not covered, not a part that is lost. A name that says so is
        enough: in a delivery of one season no date can show it.
        """
        if name not in self._periods:
            base = self.base.column(name)
            named = base is not None and names_period(base)
            self._periods[name] = named or any(_follows(self, name, date) for date in self._dates())
        return self._periods[name]

    def _dates(self) -> list[str]:
        return [c.name for c in self.delivery.columns.values() if c.storage == "TIMESTAMP" and not c.derived_from]


def _follows(case: Case, name: str, date: str) -> bool:
    """Whether each level of a column covers but a short stretch of a date's range, so that it goes with time."""
    level, at = quoted(name), quoted(date)
    got = case.query(
        f"SELECT count(*), epoch(quantile_cont({at}, 0.9)) - epoch(quantile_cont({at}, 0.1)) AS own FROM data "
        f"WHERE {level} IS NOT NULL AND {at} IS NOT NULL GROUP BY {level} HAVING count(*) >= 5 ORDER BY 1 DESC, 2"
    )
    whole = case.query(
        f"SELECT epoch(quantile_cont({at}, 0.9)) - epoch(quantile_cont({at}, 0.1)) FROM data WHERE {at} IS NOT NULL"
    )[0][0]
    rows = sum(n for n, _ in got)
    return bool(whole) and len(got) > 1 and sum(n * own for n, own in got) < 0.6 * float(whole) * rows


def explained(case: Case, said: "Said") -> bool:
    """Whether a fault lies in rows alone that another one explains."""
    mask = case.explained
    if mask is None or said.kind == "shifted_columns" or not said.first or said.rows > mask.sum():
        return False
    return all(mask[row - 1] for row in said.first)


class Said(NamedTuple):
    """What a diagnosis found, before it has its id."""

    kind: FaultKind
    columns: tuple[str, ...]
    rows: int
    text: str
    advice: str
    first: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    factor: float | None = None

    def fault(self, of: int) -> Fault:
        """The fault, of a delivery of that many rows."""
        return Fault(
            id="-".join(["fault", self.kind, *(_slug(c) for c in self.columns[:1])]), kind=self.kind,
            columns=self.columns, rows=self.rows, of=of, first=self.first[:5], labels=self.labels[:6],
            factor=self.factor, text=self.text, advice=self.advice,
        )  # fmt: skip


def _slug(name: str) -> str:
    """A column's name as part of an id: without signs, told from names that differ in these alone by a digest."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:4]}"


def first_rows(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """The first five rows in which a mask holds, counted from 1."""
    return tuple(int(x) + 1 for x in np.flatnonzero(mask)[:5])


def label(text: str) -> str:
    """A label as a sentence quotes it, long ones cut."""
    return f'"{text}"' if len(text) <= _SHOWN else f'"{text[:_SHOWN]}…"'


def names(columns: Iterable[str], most: int = 4) -> str:
    """Columns in backticks as a list, the rest counted."""
    told = [f"`{c}`" for c in columns]
    if len(told) > most:
        told = [*told[: most - 1], f"{len(told) - most + 1:,} more"]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def in_rows(rows: int, of: int) -> str:
    """`all 5,000 rows`, `12 of 5,000 rows`, `1 of 5,000 rows`."""
    return f"all {of:,} rows" if rows == of else f"{rows:,} of {of:,} rows"


def number(value: float) -> str:
    """A figure for a sentence: six digits at most, four where it is no whole number."""
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:,.4g}".replace("-", "−") if abs(value) < 1e4 else f"{value:,.0f}".replace("-", "−")


# How far two distributions lie apart


def distance(a: Sequence[float] | NDArray, b: Sequence[float] | NDArray) -> float:
    """Total variation between two sets of counts over the same bins, 0 to 1; 1 where one of them is empty."""
    p, q = np.asarray(a, float), np.asarray(b, float)
    if not p.sum() > 0 or not q.sum() > 0:
        return 1.0
    return float(np.abs(p / p.sum() - q / q.sum()).sum() / 2)


def luck(shares: Sequence[float] | NDArray, n: float, m: float) -> float:
    """What distance two samples of `n` and `m` rows of one distribution show by chance, on average."""
    p = np.asarray(shares, float)
    p = p / p.sum() if p.sum() > 0 else p
    return float(np.sqrt(p * (1 - p) * (1 / max(n, 1) + 1 / max(m, 1)) * 2 / np.pi).sum() / 2)


def aligned(a: Mapping[str, int], b: Mapping[str, int]) -> tuple[list[str], NDArray, NDArray]:
    """Levels of either, and the rows of each in both."""
    levels = list(dict.fromkeys([*a, *b]))
    return levels, np.array([a.get(x, 0) for x in levels], float), np.array([b.get(x, 0) for x in levels], float)


def median(base: ColumnSketch) -> float:
    """The learned median, to within its bin; the column must have bins."""
    upto = np.cumsum(base.counts)
    at = int(np.searchsorted(upto, upto[-1] / 2))
    return float(base.edges[min(at, len(base.edges) - 1)])
