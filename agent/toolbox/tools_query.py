"""The tool `query`: aggregates of exploration rows in SQL, run by the jail and never here.

Knows the statement and the rows that came back. Must never run SQL itself, nor pass on a group under ten rows, a cell
of text that is no group, or an error's own words about a cell.
"""

import math
from collections.abc import Sequence
from datetime import date

from pydantic import Field

from ...tools.errors import UsageError
from ..privacy import cleaned, redacted
from .aggregates import COUNT, LONGEST, check
from .bench import Answer, Bench
from .facts import Fact
from .spec import Arguments, Result, tool
from .spoken import check_query

_MOST_ROWS = 40


class Query(Arguments):
    """Arguments of `query`."""

    sql: str = Field(max_length=LONGEST)


def query(bench: Bench, arguments: Query) -> Result:
    """Aggregates in SQL (DuckDB), where the other tools do not reach: one SELECT from the table `data`.

    Columns as groups, aggregates (count, sum, avg, median, quantile_cont, stddev, corr, regr_slope …) and `count(*) AS
    n`, which is required: small groups are left off. No joins, subqueries, WITH, CASE, window functions, min or max.
    Names with blanks or signs stand in double quotes.

    Args:
        sql: The statement; at most 40 rows are shown.

    Example:
        {"sql": "SELECT plan, avg((churn = 'yes')::INT) AS churned, count(*) AS n FROM data GROUP BY plan ORDER BY 2"}
    """
    if bench.jail is None:
        raise UsageError("SQL is switched off for this run.")
    check_query(bench, arguments.sql)
    free = bench.privacy == "sample"
    groups = () if free else check(arguments.sql)
    answer = bench.jail.query(arguments.sql)
    rows = list(answer.rows) if free else _large(bench, answer)
    shown = [_row(bench, answer.columns, row, groups, arguments.sql, free) for row in rows[:_MOST_ROWS]]
    out: Result = {"columns": [cleaned(c) for c in answer.columns], "rows": shown}
    if len(answer.rows) > len(rows):
        out["left_off"] = f"groups under {bench.least} rows"
    if answer.truncated or len(rows) > _MOST_ROWS:
        out["cut"] = True
    return out


TOOL = tool(query)


def _large(bench: Bench, answer: Answer) -> list[Sequence[object]]:
    """The rows whose `n` is large enough; none where the result has no such column."""
    at = [k for k, name in enumerate(answer.columns) if name.lower() == COUNT]
    if len(at) != 1:
        return []
    return [row for row in answer.rows if isinstance(n := row[at[0]], int) and n >= bench.least]


def _row(
    bench: Bench, columns: Sequence[str], row: Sequence[object], groups: Sequence[str], sql: str, free: bool
) -> list[object]:
    keys = [f"{cleaned(c)}={_text(v, free)}" for c, v in zip(columns, row, strict=True) if c in groups]
    n = next((v for c, v in zip(columns, row, strict=True) if c.lower() == COUNT and isinstance(v, int)), None)
    place = " and ".join(keys)
    return [_cell(bench, c, v, c in groups, place, n, sql, free) for c, v in zip(columns, row, strict=True)]


def _cell(
    bench: Bench, column: str, value: object, is_group: bool, place: str, n: int | None, sql: str, free: bool
) -> object:
    """One value of the result: a figure as a fact, a group as it stands, and of text that is no group nothing."""
    number = _number(value)
    if number is not None and not is_group:
        label = f"{cleaned(column)} where {place}" if place else cleaned(column)
        return bench.figure(Fact(number, label, n=n, source=sql))
    if value is None or is_group or free or isinstance(value, (bool, date)):
        return _text(value, free)
    return "(not told)"


def _number(value: object) -> float | None:
    """The value as a finite number, or None where it is none."""
    if isinstance(value, bool) or value is None or isinstance(value, (str, bytes, date)):
        return None
    try:
        found = float(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def _text(value: object, free: bool) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value if not isinstance(value, float) or math.isfinite(value) else str(value)
    return redacted(value) if free else cleaned(value)
