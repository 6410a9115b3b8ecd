"""The figures of a query's result as facts: each with its words, the rows it rests on, and the group it is of.

Knows a result and its statement. Must never run one, or decide which figures may be told.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date

from ...tools.data.schema import Column
from ...tools.errors import UsageError
from ...tools.verify.families.wording import returned
from ..privacy import cleaned
from .aggregates import COUNT
from .facts import ROWS, Fact
from .titles import Title, Titles, titles

_DIGITS = 12


def result_facts(
    sql: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    known: Mapping[str, Column],
    missing: Mapping[str, int],
) -> list[list[Fact | None]]:
    """A fact for each figure of the result, in its rows and columns; None for groups and for what is no number.

    Args:
        sql: The statement.
        columns: The result's columns.
        rows: Its rows.
        known: The columns that the statement may name, by the name that it uses.
        missing: By own name, the rows in which a column is missing: where there are any and the result does not count
            the values, the rows that a figure rests on are left open.
    """
    told = _titles(sql, columns, known)
    return [_facts(row, told, missing, sql) for row in rows]


def groups_of(sql: str, columns: Sequence[str], known: Mapping[str, Column]) -> tuple[bool, ...]:
    """For each column of the result whether it says which rows the figures beside it are of."""
    return tuple(title.group for title in _titles(sql, columns, known).columns)


def _titles(sql: str, columns: Sequence[str], known: Mapping[str, Column]) -> Titles:
    """The words of the result's columns; by their names alone where the statement is no plain SELECT."""
    try:
        told = titles(sql, known)
    except (UsageError, KeyError):
        told = Titles((), "")
    if len(told.columns) == len(columns):
        return told
    names = [Title(cleaned(name.replace("_", " ")), rows=name.lower() == COUNT) for name in columns]
    return Titles(tuple(names), "")


def _facts(row: Sequence[object], told: Titles, missing: Mapping[str, int], sql: str) -> list[Fact | None]:
    cells = list(zip(told.columns, row, strict=True))
    group = " and ".join(f"{t.words} {_is(v)}" for t, v in cells if t.group)
    levels = tuple(cleaned(v) for t, v in cells if t.group and isinstance(v, str))
    counted = {t.known: n for t, v in cells if t.rows and (n := _whole(v)) is not None}
    return [None if t.group else _fact(t, v, group, levels, counted, missing, told.where, sql) for t, v in cells]


def _fact(
    title: Title, value: object, group: str, levels: tuple[str, ...], counted: Mapping[str, int],
    missing: Mapping[str, int], where: str, sql: str,
) -> Fact | None:  # fmt: skip
    number = as_number(value)
    if number is None:
        return None
    n = int(number) if title.rows else _rests_on(title, counted, missing)
    label = f"{title.words} where {group}" if group else title.words
    return Fact(
        number, label, unit=ROWS if title.rows else title.unit, n=n, filter=where, columns=title.of, source=sql,
        group=group, levels=levels,
    )  # fmt: skip


def _rests_on(title: Title, counted: Mapping[str, int], missing: Mapping[str, int]) -> int | None:
    """The rows behind a figure: those with a value, where the result counts them or nothing is missing."""
    if len(title.of) == 1 and title.of[0] in counted:
        return counted[title.of[0]]
    return counted.get("") if not any(missing.get(name, 0) for name in title.of) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is(value: object) -> str:
    """`is gold`, of a group."""
    if value is None:
        return "is missing"
    if isinstance(value, bool):
        return f"is {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"is {returned(value, _DIGITS) if isinstance(value, float) else value}"
    return f"is {cleaned(value)}"


def as_number(value: object) -> float | None:
    """The value as a finite number, or None where it is none."""
    if isinstance(value, bool) or value is None or isinstance(value, (str, bytes, date)):
        return None
    try:
        found = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None
