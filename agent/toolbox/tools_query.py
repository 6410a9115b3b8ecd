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
from .result_facts import groups_of, result_facts
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
    if not free:
        check(arguments.sql)
    answer = bench.jail.query(arguments.sql)
    rows = list(answer.rows) if free else _large(bench, answer)
    out: Result = {"columns": [cleaned(c) for c in answer.columns], "rows": _shown(bench, arguments.sql, answer, rows)}
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


def _shown(bench: Bench, sql: str, answer: Answer, rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """The first rows: figures with their ids, groups as they stand."""
    known = {bench.id(name): column for name, column in bench.columns.items()}
    missing = {p.name: p.missing for p in bench.profile}
    kept = rows[:_MOST_ROWS]
    facts = result_facts(sql, answer.columns, kept, known, missing)
    groups = groups_of(sql, answer.columns, known)
    return [
        [_cell(bench, value, fact, group) for value, fact, group in zip(row, own, groups, strict=True)]
        for row, own in zip(kept, facts, strict=True)
    ]


def _cell(bench: Bench, value: object, fact: Fact | None, is_group: bool) -> object:
    """One value of the result: a figure as a fact, a group as it stands, and of text that is no group nothing."""
    free = bench.privacy == "sample"
    if fact is not None:
        return bench.figure(fact)
    if value is None or is_group or free or isinstance(value, (bool, date)):
        return _text(value, free)
    return "(not told)"


def _text(value: object, free: bool) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value if not isinstance(value, float) or math.isfinite(value) else str(value)
    return redacted(value) if free else cleaned(value)
