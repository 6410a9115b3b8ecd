"""Which rows can be told apart as independent: each row, an entity with several rows, or a block of time.

Knows names, similarity within candidate entities and between neighbours. Must never relate two columns of
interest to each other: what goes with what is for exploration, after the split.
"""

import re
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..value import Value
from .dataset import Dataset
from .fetching import fetch
from .independence_texts import LEAST_UNITS, MIN_LIKENESS, likeness
from .readers_binary import quoted
from .schema import Column
from .tables_schema import Tables
from .texts import is_corpus

ENTITY_NAME = re.compile(
    r"(^|_)(id|ids|key|uuid|guid|nr|no)$|id$|subject|patient|participant|respondent|customer|client|member"
    r"|player|person|user|household|account|device|student|pupil|employee|worker|prof|teacher|instructor|school"
    r"|firm|company|store_?nr|seller|author|session|animal|plot|site",
    re.IGNORECASE,
)
AUTHOR_NAME = re.compile(
    r"(^|[_\W])(speaker|writer|thread|conversation|dialog(ue)?|sender|from|poster|reviewer|blog(ger)?|handle|user_?name"
    r"|screen_?name|source|outlet|publisher|newspaper|channel|subreddit|folder)s?([_\W]|$)",
    re.IGNORECASE,
)
"""Names that in a table with text may say which documents belong together."""
TIME_NAME = re.compile(r"year|month|quarter|week|date|day|time|wave|visit|period|round|trial", re.IGNORECASE)
PERSON_NAME = re.compile(r"subject|patient|participant|respondent|animal|person", re.IGNORECASE)
MIN_ICC = 0.05
_MANY = 200
"""Labels from which a column that is left out of the analysis may be a unit whatever it is called: enough to divide."""
NEIGHBOURS = 0.3
"""Median lag-1 correlation of the numbers in time order from which neighbours count as dependent."""
FILE_ORDER = 0.8
"""The same where no date tells the order, only the file: higher, because files are often sorted by kind."""


class Unit(Value):
    """The unit of independence of a table and why it was chosen."""

    kind: Literal["row", "entity", "time"]
    key: str | None = None
    """The entity or time column; None for rows, and for time where the order of the file is the time."""
    reason: str
    warning: str | None = None
    placed_by: str | None = None
    """For rows: the column whose values place them in the split, instead of their content."""


def choose_unit(data: Dataset, *, entity: str | None = None, time: str | None = None) -> Unit:
    """The unit of independence: declared, else detected, else the row.

    Raises:
        UsageError: if a declared column is not in the data, or both are declared.
    """
    if entity and time:
        raise UsageError(
            f"`--entity {entity}` and `--time {time}` both say what the unit of independence is. Declare one, not both."
        )
    if data.tables is not None and entity in (data.tables.key, data.tables.root_key):
        entity = None  # that is the unit of these tables anyway
    if entity:
        _require(data, entity)
        return Unit(kind="entity", key=entity, reason=f"`{entity}` was declared as the unit of independence.")
    if time:
        _require(data, time)
        return Unit(kind="time", key=time, reason=f"`{time}` was declared as the time that orders the rows.")
    if data.tables is not None and data.tables.grain != data.tables.root:
        return _root_unit(data.tables)
    unit = _detected_entity(data) or _detected_time(data)
    if data.tables is not None and unit.kind == "row":
        return _root_rows(data.tables, unit)
    return unit


def _root_unit(tables: Tables) -> Unit:
    """The root's rows where the analysed rows belong to them."""
    reason = (
        f"Each row of {tables.grain} belongs to one row of {tables.root}, whose rows are independent of each other: "
        f"rows of one `{tables.key}` stay together and count as one unit."
    )
    return Unit(kind="entity", key=tables.key, reason=reason)


def _root_rows(tables: Tables, unit: Unit) -> Unit:
    """The root's rows, each with all that belongs to it, placed by its key."""
    if not tables.key:
        return unit
    reason = (
        f"Rows are those of {tables.root}, which the other tables point at; what belongs to one `{tables.key}` was "
        "summed up in its row, so rows stand for themselves."
    )
    return unit.model_copy(update={"reason": reason, "placed_by": tables.key or None})


def _require(data: Dataset, name: str) -> Column:
    for column in data.columns:
        if column.name == name:
            return column
    known = ", ".join(repr(c.name) for c in data.columns[:12])
    raise UsageError(f"Column {name!r} is not in '{data.name}'. Columns: {known}.")


def _numbers(data: Dataset) -> list[Column]:
    return [c for c in data.columns if c.type == "number" and c.distinct >= 5 and c.missing < data.rows / 2]


def _detected_entity(data: Dataset) -> Unit | None:
    """The repeated id whose rows resemble each other most, if any."""
    best: tuple[float, Column, str] | None = None
    for column in data.columns:
        if _may_be_entity(data, column) is None:
            continue
        icc, of = _strongest_icc(data, column)
        if icc >= MIN_ICC and (best is None or icc > best[0]):
            best = icc, column, of
    if best is None:
        return _detected_author(data)
    icc, column, of = best
    reason = (
        f"`{column.name}` repeats ({column.distinct:,} values in {data.rows:,} rows) and its rows resemble each "
        f"other (intraclass correlation of `{of}` {icc:.2f}), so rows of one `{column.name}` stay together "
        "and count as one unit."
    )
    return Unit(kind="entity", key=column.name, reason=reason)


def _detected_author(data: Dataset) -> Unit | None:
    """The author, thread or source of a corpus whose documents are most alike in the words they use, if any."""
    if not is_corpus(data):
        return None
    texts = [c for c in data.columns if c.type == "text"]
    best: tuple[float, Column, str] | None = None
    for column in data.columns:
        if column.distinct < LEAST_UNITS or not _may_be_author(data, column):
            continue
        for text in texts[:3]:
            found = likeness(data, column.name, text.name)
            if found >= MIN_LIKENESS and (best is None or found > best[0]):
                best = found, column, text.name
    if best is None:
        return None
    found, column, of = best
    reason = (
        f"`{column.name}` repeats ({column.distinct:,} values in {data.rows:,} rows) and its documents resemble each "
        f"other in the words they use (intraclass correlation {found:.2f} in `{of}`), so documents of one "
        f"`{column.name}` stay together and count as one unit."
    )
    return Unit(kind="entity", key=column.name, reason=reason)


def _may_be_author(data: Dataset, column: Column) -> bool:
    """Whether a column may name who wrote several documents, or where they come from."""
    if _may_be_entity(data, column) is not None:
        return True
    repeats = data.rows - column.missing >= 1.8 * column.distinct and column.missing <= data.rows * 0.05
    return column.type in ("category", "identifier") and repeats and bool(AUTHOR_NAME.search(column.name))


def _may_be_entity(data: Dataset, column: Column) -> str | None:
    """Why a column may be an entity with several rows, from its name and how often it repeats."""
    filled = data.rows - column.missing
    if column.type in ("constant", "empty", "boolean", "datetime", "text") or column.name in data.surrogates:
        return None
    if column.type == "number" and not column.integer:
        return None
    if column.distinct < 5 or filled < 1.8 * column.distinct or column.missing > data.rows * 0.05:
        return None
    if ENTITY_NAME.search(column.name) and not TIME_NAME.search(column.name):
        if column.distinct < 20 and not PERSON_NAME.search(column.name):
            return None  # a coded category such as school_id with a few values: a group, not a sample of units
        return "name"
    if column.type in ("category", "identifier") and _is_panel(data, column):
        return "panel"
    if column.type == "identifier" and column.distinct >= _MANY and _fixes_another(data, column):
        return "owner"
    return None


def _fixes_another(data: Dataset, column: Column) -> bool:
    """Whether these are labels that fix another column: villages with their region, but no zip codes or planes."""
    others = [c for c in data.columns if c.analysed and 2 <= c.distinct <= column.distinct][:60]
    if not others:
        return False
    name = quoted(column.name)
    each = ", ".join(f"count(DISTINCT {quoted(c.name)}) AS n{at}" for at, c in enumerate(others))
    most = ", ".join(f"max(n{at}) AS n{at}" for at in range(len(others)))
    labels = f"{name} IS NOT NULL AND typeof({name}) = 'VARCHAR'"
    got = fetch(data, f"SELECT {most} FROM (SELECT {each} FROM data WHERE {labels} GROUP BY {name})")
    return any(got[f"n{at}"][0] == 1 for at in range(len(others)))


def _is_panel(data: Dataset, column: Column) -> bool:
    """Whether this label and a time-like column together name each row."""
    for other in data.columns:
        timelike = other.type == "datetime" or (other.integer and TIME_NAME.search(other.name) is not None)
        if not timelike or other.name == column.name or other.distinct < 2:
            continue
        if other.distinct > 5 * data.rows / column.distinct:
            continue  # in a panel the entities share their times; a clock that seldom repeats is no wave
        if column.distinct < 20 and (other.distinct >= 60 or other.distinct < 5):
            continue  # few entities over many times are series, which the order in time will show
        pair = f"{quoted(column.name)}, {quoted(other.name)}"
        sql = f"SELECT count(*) AS n FROM (SELECT DISTINCT {pair} FROM data)"
        if fetch(data, sql)["n"][0] >= 0.98 * data.rows:
            return True
    return False


def _strongest_icc(data: Dataset, column: Column) -> tuple[float, str]:
    """The largest intraclass correlation of a number within the column, and the number's name.

    One-way analysis of variance: ICC = (MSB - MSW) / (MSB + (m0 - 1) MSW), taken as 0 unless F is over 1 by
    five standard errors (large groups make tiny correlations certain; the floor `MIN_ICC` handles those).
    """
    numbers = [c for c in _numbers(data) if c.name != column.name][:40]
    if not numbers:
        return 0.0, ""
    parts = []
    for at, c in enumerate(numbers):
        x = f"{quoted(c.name)}::DOUBLE"
        parts.append(f"count({x}) AS n{at}, avg({x}) AS m{at}, var_pop({x}) AS v{at}")
    got = fetch(
        data,
        f"SELECT {', '.join(parts)} FROM data WHERE {quoted(column.name)} IS NOT NULL GROUP BY {quoted(column.name)}",
    )
    scored = [(_icc(got[f"n{at}"], got[f"m{at}"], got[f"v{at}"]), c.name) for at, c in enumerate(numbers)]
    return max(scored, key=lambda s: s[0])


def _icc(count: NDArray, mean: NDArray, variance: NDArray) -> float:
    n = np.asarray(count, np.float64)
    keep = n > 0
    n, m, v = n[keep], np.asarray(mean, np.float64)[keep], np.asarray(variance, np.float64)[keep]
    total, groups = n.sum(), len(n)
    if groups < 3 or total - groups < 3:
        return 0.0
    between = float((n * (m - (n * m).sum() / total) ** 2).sum()) / (groups - 1)
    within = float((n * v).sum()) / (total - groups)
    if within <= 0:
        return 1.0 if between > 0 else 0.0
    f = between / within
    if f < 1 + 5 * np.sqrt(2 / (groups - 1) + 2 / (total - groups)):
        return 0.0
    m0 = (total - (n**2).sum() / total) / (groups - 1)
    return float((f - 1) / (f - 1 + m0))


def _detected_time(data: Dataset) -> Unit:
    """Time where a date orders rows whose neighbours resemble each other, else the row."""
    row = "Rows stand for themselves: no repeated id and no dependent order was found."
    dates = [c for c in data.columns if c.type == "datetime" and c.distinct >= 40 and c.missing == 0]
    dates.sort(key=lambda c: (-c.distinct, c.name))
    for column in dates[:3]:
        close = _neighbour_correlation(data, quoted(column.name) + ", _row")
        if close >= NEIGHBOURS:
            reason = (
                f"Rows in the order of `{column.name}` resemble their neighbours (lag-1 correlation {close:.2f}), "
                "so blocks of time are the units, the search sees the earlier part and checks run on the later."
            )
            return Unit(kind="time", key=column.name, reason=reason)
    if dates:
        return Unit(kind="row", reason=row)
    close = _neighbour_correlation(data, "_row")
    if close >= FILE_ORDER and len(_numbers(data)) >= 3:
        reason = (
            f"No date column, but rows resemble their neighbours in the file (lag-1 correlation {close:.2f}), as "
            "in a series; the order of the file is taken as time and blocks of neighbouring rows as the units."
        )
        return Unit(kind="time", key=None, reason=reason)
    warning = None
    if close >= NEIGHBOURS:
        warning = (
            f"Rows that stand together in the file resemble each other (median lag-1 correlation {close:.2f}). "
            "If they belong together, declare the column that says how, with `--entity` or `--time`."
        )
    return Unit(kind="row", reason=row, warning=warning)


def _neighbour_correlation(data: Dataset, order: str) -> float:
    """The median lag-1 correlation of the numbers in the given order, within runs of sorted labels.

    A table sorted by a label or a number resembles itself without being a series: columns that change only a
    few times mark segments, across which nothing is compared, and sorted numbers do not count.
    """
    numbers = [c for c in _numbers(data) if c.distinct >= 10 and c.name not in data.surrogates][:60]
    labels = [c for c in data.columns if c.analysed and 2 <= c.distinct <= data.rows / 3][:60]
    if not numbers:
        return 0.0
    wanted = {c.name: c for c in [*numbers, *labels]}
    select = ", ".join(quoted(name) for name in wanted)
    sql = f"SELECT {select} FROM data ORDER BY {order} LIMIT 20000"
    got = fetch(data, sql)
    segment = np.zeros(len(got[numbers[0].name]), np.int64)
    for c in labels:
        changes = _changes(got[c.name])
        if changes.sum() <= 1.5 * c.distinct:
            segment += np.cumsum(changes)
    close = [_lag_one(np.asarray(got[c.name], np.float64), segment) for c in numbers]
    known = [c for c in close if not np.isnan(c)]
    return float(np.median(known)) if known else 0.0


def _changes(values: NDArray) -> NDArray[np.bool_]:
    text = values.astype(str)
    return np.concatenate([[False], text[1:] != text[:-1]])


def _lag_one(x: NDArray[np.float64], segment: NDArray[np.int64]) -> float:
    steps = np.diff(x[~np.isnan(x)])
    if len(steps) < 30 or (steps >= 0).mean() > 0.98 or (steps <= 0).mean() > 0.98:
        return float("nan")
    good = ~np.isnan(x)
    _, at = np.unique(segment, return_inverse=True)
    count = np.maximum(np.bincount(at, weights=good), 1)
    centred = x - (np.bincount(at, weights=np.where(good, x, 0.0)) / count)[at]
    pair = good[1:] & good[:-1] & (segment[1:] == segment[:-1])
    a, b = centred[1:][pair], centred[:-1][pair]
    if len(a) < 30 or a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
