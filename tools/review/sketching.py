"""A delivery becomes a sketch: counts, quantiles and moments by column, in a few passes.

Knows the rows of one typed table. Must never know a claim, another delivery's rows, or keep a label of fewer than ten
rows that no earlier sketch has named.

Two runs and two orders of the rows give the same sketch to the last digit: sums are taken over sorted values, or over
whole numbers that a float holds exactly.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from ..data.readers_binary import quoted
from ..data.schema import Column
from .decoding import damaged_sql
from .sketch import ColumnSketch, LevelMeans, Sketch, SketchKind
from .sketching_means import Pairs, coded, level_means, pairs_like

FEWEST = 10
"""Rows that a label needs to be named."""
BINS = 20
MOST_LEVELS, MOST_VALUES, MOST_DAYS = 100, 24, 800
SMALLEST = 256
EVEN, MOST_BY_HOUR = 0.15, 12
"""Distance from an even spread over the day up to which means by hour are kept, and of how many numbers."""
_DIGITS = 6
"""Significant digits of an edge, so that a file that a person reads loses nothing."""
_HOURS_A_DAY = 24
_THURSDAY = 3
_KINDS: Mapping[str, SketchKind] = {
    "number": "number", "boolean": "label", "category": "label", "datetime": "date", "text": "words",
    "identifier": "words",
}  # fmt: skip
_BY_STORAGE: Mapping[str, SketchKind] = {
    "DOUBLE": "number", "BIGINT": "number", "VARCHAR": "label", "TIMESTAMP": "date",
}  # fmt: skip


class _Source(NamedTuple):
    """Where rows are read, and what puts them in one order for all columns."""

    cursor: duckdb.DuckDBPyConnection
    table: str
    order: str

    def fetch(self, cells: Sequence[str]) -> list[NDArray]:
        """Cells as arrays, in the same order of the rows each time."""
        named = ", ".join(f"{sql} AS c{at}" for at, sql in enumerate(cells))
        got = self.cursor.execute(f"SELECT {named} FROM {quoted(self.table)}{self.order}").fetchnumpy()
        return [np.asarray(got[f"c{at}"]) for at in range(len(cells))]


def sketch_of(
    cursor: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Column], *, like: Sketch | None, name: str,
    digest: str,
) -> Sketch:  # fmt: skip
    """The sketch of a table.

    Args:
        cursor: Of the database that holds the table.
        table: Its name. Missing cells are NULL; a number that is not finite counts as missing. A column `_content`
            (a digest of the row) is taken for `smallest` where there is one.
        columns: What to sketch, by name, as opened; columns of the table that are not here are left out.
        like: The sketch whose bins and levels are used, for two sketches to be compared; None for the learned rows.
            A column that it has is read as it was then, where its cells allow.
        name: Of the delivery.
        digest: Of its content.

    Returns:
        The sketch, columns in the order given. A number has at most 20 bins.
    """
    rows = int(cursor.execute(f"SELECT count(*) FROM {quoted(table)}").fetchall()[0][0])
    kept = cursor.execute("SELECT current_setting('preserve_insertion_order')").fetchall()[0][0]
    has = {str(x[0]) for x in cursor.execute(f"DESCRIBE {quoted(table)}").fetchall()}
    source = _Source(cursor, table, "" if kept or "_row" not in has else " ORDER BY _row")
    kinds = {c.name: _kind(c, like.column(c.name) if like else None) for c in columns.values()}
    done: dict[str, ColumnSketch] = {}
    for c in columns.values():
        if kinds[c.name] == "label":
            done[c.name] = _labels(source, c, rows, like.column(c.name) if like else None)
        elif kinds[c.name] == "date":
            done[c.name] = _dates(source, c, rows)
    done |= _words(source, [c for c in columns.values() if kinds[c.name] == "words"], rows)
    numbers = [c.name for c in columns.values() if kinds[c.name] == "number"]
    for at in numbers:
        done[at] = _number(source, columns[at], rows, like.column(at) if like else None)
    pairs = pairs_like(like, done)
    labels = [coded(x, levels, _codes(source, done[x], levels)) for x, levels in pairs.labels.items()]
    means = level_means(pairs, labels, lambda x: source.fetch([_double(x)])[0], like)
    hourly = _by_hour(source, done, like)
    smallest = _smallest(source) if "_content" in has else ()
    return Sketch(
        name=name, digest=digest, rows=rows, columns=tuple(done[x] for x in columns), means=means, hourly=hourly,
        smallest=smallest,
    )  # fmt: skip


def _kind(column: Column, like: ColumnSketch | None) -> SketchKind:
    """As the earlier sketch has it where the cells can be read so, else as opened."""
    own = _KINDS.get(column.type) or _BY_STORAGE[column.storage]
    if like is None or like.kind == own:
        return own
    if like.kind in ("label", "words"):
        return like.kind
    return like.kind if _BY_STORAGE[column.storage] == like.kind else own


def _double(name: str) -> str:
    """A number as DOUBLE, what is missing or not finite as NaN."""
    x = f"{quoted(name)}::DOUBLE"
    return f"CASE WHEN isfinite({x}) THEN {x} ELSE 'nan'::DOUBLE END"


def _number(source: _Source, column: Column, rows: int, like: ColumnSketch | None) -> ColumnSketch:
    x = np.sort(source.fetch([_double(column.name)])[0])
    x = x[: int(np.searchsorted(x, np.nan))] + 0.0  # NaN sorts last; -0 becomes 0
    base = ColumnSketch(name=column.name, kind="number", rows=rows, missing=rows - x.size, distinct=0)
    if not x.size:
        edges = like.edges if like else ()
        return base.model_copy(update={"edges": edges, "counts": (0,) * (len(edges) + 1) if edges else ()})
    starts = np.flatnonzero(np.append(True, x[1:] != x[:-1]))
    edges = like.edges if like is not None and like.edges else _edges(x)
    upto = np.searchsorted(x, np.asarray(edges), side="right")
    counts = np.diff(upto, prepend=0, append=x.size)
    levels, other = _values(x, starts, like)
    mean, sd = _moments(x)
    return base.model_copy(
        update={
            "distinct": int(starts.size), "low": float(x[0]), "high": float(x[-1]), "mean": mean, "sd": sd,
            "edges": edges, "counts": tuple(int(n) for n in counts), "levels": levels, "other": other,
        }
    )  # fmt: skip


def _edges(x: NDArray[np.float64]) -> tuple[float, ...]:
    """Quantiles, each once; short ones where that keeps them apart."""
    at = np.ceil(np.arange(1, BINS) * x.size / BINS).astype(np.int64) - 1
    exact = np.unique(x[np.maximum(at, 0)])
    short = np.unique([float(f"{v:.{_DIGITS}g}") for v in exact])
    return tuple(float(v) for v in (short if short.size == exact.size else exact))


def _values(x: NDArray[np.float64], starts: NDArray, like: ColumnSketch | None) -> tuple[dict[str, int], int]:
    """Rows by value of a number that has few, or had few when it was learned."""
    known = like.levels if like is not None else {}
    if starts.size > MOST_VALUES and not known:
        return {}, 0
    sizes = np.diff(starts, append=x.size)
    counted = [(_spelled(float(x[at])), int(n)) for at, n in zip(starts[: 50 * MOST_VALUES], sizes, strict=False)]
    return _named(counted, x.size, known, MOST_VALUES)


def _spelled(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _named(
    counted: Sequence[tuple[str, int]], of: int, known: Mapping[str, int], most: int
) -> tuple[dict[str, int], int]:
    """The labels that may be named, most frequent first, and the rows of the rest."""
    ranked = sorted(counted, key=lambda kv: (-kv[1], kv[0]))
    new = [x for x, n in ranked if n >= FEWEST and x not in known][:most]
    named = {x: n for x, n in ranked if x in known or x in set(new)}
    return named, of - sum(named.values())


def _moments(x: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Mean and standard deviation of sorted values; None where they are beyond floating point."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(x.mean())
        sd = float(x.std(ddof=1)) if x.size > 1 else 0.0
    return (mean if np.isfinite(mean) else None), (sd if np.isfinite(sd) else None)


def _labels(source: _Source, column: Column, rows: int, like: ColumnSketch | None) -> ColumnSketch:
    name = quoted(column.name)
    counted = source.cursor.execute(
        f"SELECT {name}::VARCHAR, count(*) FROM {quoted(source.table)} WHERE {name} IS NOT NULL GROUP BY 1"
    ).fetchall()
    there = sum(n for _, n in counted)
    levels, other = _named(counted, there, like.levels if like is not None else {}, MOST_LEVELS)
    return ColumnSketch(
        name=column.name, kind="label", rows=rows, missing=rows - there, distinct=len(counted), levels=levels,
        other=other,
    )  # fmt: skip


def _dates(source: _Source, column: Column, rows: int) -> ColumnSketch:
    x = quoted(column.name)
    cursor, table = source.cursor, quoted(source.table)
    there, low, high, timed = cursor.execute(
        f"SELECT count(*), min(epoch_us(x)) / 86400000000.0, max(epoch_us(x)) / 86400000000.0, "
        f"count(*) FILTER (epoch_us(x) % 86400000000 <> 0) FROM (SELECT {x} AS x FROM {table} WHERE isfinite({x}))"
    ).fetchall()[0]
    by_hour = cursor.execute(
        f"SELECT floor(epoch_us({x}) / 3600000000.0)::BIGINT AS hour, count(*) AS n FROM {table} "
        f"WHERE isfinite({x}) GROUP BY 1 ORDER BY 1"
    ).fetchnumpy()
    hour, n = np.asarray(by_hour["hour"], np.int64), np.asarray(by_hour["n"], np.int64)
    day = hour // _HOURS_A_DAY
    return ColumnSketch(
        name=column.name, kind="date", rows=rows, missing=rows - there, distinct=column.distinct, low=low, high=high,
        hours=_tallied(hour % _HOURS_A_DAY, n, _HOURS_A_DAY) if timed else (),
        weekdays=_tallied((day + _THURSDAY) % 7, n, 7) if there else (), days=_by_day(day, n),
    )  # fmt: skip


def _by_hour(source: _Source, done: Mapping[str, ColumnSketch], like: Sketch | None) -> tuple[LevelMeans, ...]:
    """Means of the first numbers by hour of the first date whose rows are spread evenly over the day."""
    levels = tuple(str(h) for h in range(_HOURS_A_DAY))
    if like is not None:
        pairs = [(m.label, m.number) for m in like.hourly if m.label in done and m.number in done]
    else:
        dates = [c.name for c in done.values() if _even(c.hours)][:1]
        numbers = [c.name for c in done.values() if c.kind == "number" and c.distinct > 2][:MOST_BY_HOUR]
        pairs = [(date, x) for date in dates for x in numbers]
    pairs = [(a, b) for a, b in pairs if done[a].kind == "date" and done[b].kind == "number"]
    if not pairs:
        return ()
    date = pairs[0][0]
    hour = source.fetch([f"coalesce((epoch_us({quoted(date)}) // 3600000000) % 24, 24)"])[0].astype(np.intp) % 25
    wanted = Pairs({date: levels}, {x: [date] for _, x in pairs})
    return level_means(wanted, [coded(date, levels, hour)], lambda x: source.fetch([_double(x)])[0], like)


def _even(hours: Sequence[int]) -> bool:
    """Whether rows are spread over the hours about evenly; False where there are no times of day."""
    n = sum(hours)
    return n > 0 and sum(abs(h / n - 1 / len(hours)) for h in hours) / 2 <= EVEN


def _tallied(at: NDArray, n: NDArray, size: int) -> tuple[int, ...]:
    return tuple(int(v) for v in np.bincount(at, weights=n, minlength=size))


def _by_day(day: NDArray[np.int64], n: NDArray[np.int64]) -> dict[str, int]:
    """Rows by day, or by month where there are many days."""
    names = day.astype("datetime64[D]")
    if np.unique(day).size > MOST_DAYS:
        names = names.astype("datetime64[M]")
    at, inverse = np.unique(names, return_inverse=True)
    sizes = np.bincount(inverse, weights=n, minlength=at.size)
    return {str(label): int(v) for label, v in zip(at, sizes, strict=True)}


def _words(source: _Source, columns: Sequence[Column], rows: int) -> dict[str, ColumnSketch]:
    """Lengths of identifiers and texts, and nothing that they say."""
    out = {}
    for c in columns:
        length = f"length({quoted(c.name)}::VARCHAR)"
        there, low, high, total, squares, damaged = source.cursor.execute(
            f"SELECT count({length}), min({length}), max({length}), sum({length}), sum({length}::HUGEINT * {length}), "
            f"count_if({damaged_sql(f'{quoted(c.name)}::VARCHAR')}) FROM {quoted(source.table)}"
        ).fetchall()[0]
        mean = sd = None
        if there:
            spread = int(squares) * there - int(total) ** 2
            mean, sd = int(total) / there, (spread / (there * max(there - 1, 1))) ** 0.5
        out[c.name] = ColumnSketch(
            name=c.name, kind="words", rows=rows, missing=rows - there, distinct=c.distinct, low=low, high=high,
            mean=mean, sd=sd, damaged=damaged,
        )  # fmt: skip
    return out


def _codes(source: _Source, column: ColumnSketch, levels: Sequence[str]) -> NDArray[np.intp]:
    """Each row's place among the levels, and their number where it is none of them."""
    name = quoted(column.name)
    if column.kind == "number":
        x = source.fetch([_double(column.name)])[0]
        values = np.array([float(v) for v in levels])
        order = np.argsort(values)
        at = np.minimum(np.searchsorted(values[order], x), len(levels) - 1)
        return np.where(values[order][at] == x, order[at], len(levels)).astype(np.intp)
    literals = ", ".join("'" + v.replace("'", "''") + "'" for v in levels)
    code = f"enum_code(try_cast({name}::VARCHAR AS ENUM({literals})))"
    return source.fetch([f"coalesce({code}, {len(levels)})::UTINYINT"])[0].astype(np.intp)


def _smallest(source: _Source) -> tuple[str, ...]:
    got = source.cursor.execute(
        f"SELECT DISTINCT left(x, 16) FROM (SELECT _content::VARCHAR AS x FROM {quoted(source.table)} "
        f"ORDER BY 1 LIMIT {8 * SMALLEST}) ORDER BY 1 LIMIT {SMALLEST}"
    ).fetchall()
    return tuple(x for (x,) in got)
