"""The canonical text of a row and the fingerprint of a table: equal content, equal digits, in any order.

Knows plans and SQL text. Must never know the file, the order of rows or columns, or any column's meaning.
"""

from collections.abc import Sequence

import duckdb

from ..value import canonical_json, digest
from .inference import Plan, boolean_levels
from .readers_binary import quoted

CHUNKS = tuple(1 + 15 * i for i in range(4))
"""Where the four 60-bit pieces of a row's 64 digits begin; the last 4 digits are in no sum."""


def content_sql(plans: Sequence[Plan]) -> str:
    """SQL for the sha256 of a row's canonical text, over the typed columns, surrogates left out by the caller.

    Columns in the order of their names; numbers as DOUBLE rounded to 9 decimals, dates as ISO, labels as
    stored; each cell is preceded by its length so that no cell can pass for two, and NULL has no length.
    """
    cells = [_cell(plan) for plan in sorted(plans, key=lambda p: p.name)]
    return f"sha256(concat_ws('\x1f', {', '.join(cells)}))" if cells else "sha256('')"


def table_fingerprint(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> str:
    """The sha256 of the sorted column names, the number of rows and exact sums over the rows' digests.

    The sums are whole numbers (HUGEINT), so neither the order of rows nor the number of threads can move them.
    """
    sums = ", ".join(f"sum(('0x' || substr(_content, {at}, 15))::BIGINT)" for at in CHUNKS)
    row = con.execute(f"SELECT count(*), {sums} FROM data").fetchall()[0]
    return digest(canonical_json([sorted(names), *(str(value or 0) for value in row)]))


def _cell(plan: Plan) -> str:
    """SQL for the canonical text of one typed cell."""
    c = quoted(plan.name)
    if plan.storage in ("DOUBLE", "BIGINT"):
        text = f"(round({c}::DOUBLE, 9) + 0.0::DOUBLE)::VARCHAR"
        if plan.storage == "DOUBLE":
            # Nine decimals would make all of a column of tiny values equal: those keep nine significant digits.
            text = f"CASE WHEN abs({c}) < 1e-3 AND {c} <> 0 THEN format('{{:.9e}}', {c}) ELSE {text} END"
    elif plan.kind == "boolean" and plan.levels:
        text = _boolean(c, plan.levels)
    else:
        text = f"{c}::VARCHAR"
    if plan.storage == "VARCHAR" and not plan.levels:
        text = f"length({text}) || ':' || {text}"
    return f"coalesce({text}, '\\N')"


def _boolean(c: str, levels: tuple[str, ...]) -> str:
    """A boolean as the number or the lower-case word that any source would give it."""
    if levels[1] in ("1", "1.0"):
        return f"CASE {c} WHEN '{levels[1]}' THEN '1.0' WHEN '{levels[0]}' THEN '0.0' END"
    if boolean_levels(levels) and levels[1].lower() == "true":
        return f"lower({c})"
    return c
