"""Tables of counts: a cross-tabulation is read as the units it counted, one row each.

Knows labels, counts and how often a combination occurs. Must never relate two columns to each other.

Taken where every other column is a label of few levels, each combination stands there at most once and most of them
do, and the counts are whole and named as counts. Each unit is a row of its own: units of one cell are no copies of
each other, and they may fall on different sides of the split.
"""

import re
from collections.abc import Sequence

import duckdb

from .inference import Plan
from .readers_binary import quoted
from .schema import Limits, Note

_COUNT = re.compile(r"^(freq|freqs|frequency|frequencies|count|counts|n|cases)$", re.IGNORECASE)
_MOST_LABELS = 6
_MOST_LEVELS = 12
_COMPLETE = 0.5
"""Share of all combinations of levels that must stand in the table."""
_MEAN = 2
"""Units a row, on average, from which it is worth counting them."""


def unfold(
    con: duckdb.DuckDBPyConnection, plans: Sequence[Plan], surrogates: Sequence[str], limits: Limits
) -> tuple[list[Plan], list[Note]]:
    """The plans left once `data` holds one row a counted unit, with a note; both unchanged where it is no such table.

    Row numbers of the source go: they would repeat. Tables of more units than `limits.max_rows` stay as they are.
    """
    own = [p for p in plans if p.name not in surrogates]
    counts = [p for p in own if _COUNT.match(p.name) and p.storage in ("BIGINT", "DOUBLE")]
    labels = [p for p in own if p not in counts]
    if len(counts) != 1 or not 2 <= len(labels) <= _MOST_LABELS:
        return list(plans), []
    total = _units(con, counts[0], labels)
    if total is None or total > limits.max_rows:
        return list(plans), []
    rows = con.execute("SELECT count(*) FROM data").fetchall()[0][0]
    _expand(con, counts[0], labels)
    names = ", ".join(f"`{p.name}`" for p in labels)
    text = (
        f"Each of the {rows:,} rows holds how often one combination of {names} occurs (`{counts[0].name}`): the table "
        f"was read as {total:,} rows, one for each unit that was counted. `--keep-counts` reads it as it stands."
    )
    return labels, [Note(kind="coerced", column=counts[0].name, text=text)]


def _units(con: duckdb.DuckDBPyConnection, count: Plan, labels: Sequence[Plan]) -> int | None:
    """The number of units that the table counts, or None where it is not a table of counts."""
    c = quoted(count.name)
    names = [quoted(p.name) for p in labels]
    distinct = ", ".join(f"count(DISTINCT {name})" for name in names)
    rows, filled, whole, total, combinations, *levels = con.execute(
        f"SELECT count(*), count({c}), count(*) FILTER ({c} >= 0 AND {c} = floor({c})), sum({c}::DOUBLE), "
        f"(SELECT count(*) FROM (SELECT DISTINCT {', '.join(names)} FROM data)), {distinct} FROM data"
    ).fetchall()[0]
    possible = 1
    for k in levels:
        possible *= k
    fits = all(2 <= k <= _MOST_LEVELS for k in levels) and rows >= 4 and filled == whole == combinations == rows
    if not fits or rows < _COMPLETE * possible or not total or total < _MEAN * rows:
        return None
    return int(total)


def _expand(con: duckdb.DuckDBPyConnection, count: Plan, labels: Sequence[Plan]) -> None:
    names = ", ".join(quoted(p.name) for p in labels)
    unit = f"UNNEST(range({quoted(count.name)}::BIGINT))"
    con.execute(
        f"CREATE TABLE units AS SELECT {names}, row_number() OVER (ORDER BY _row, _unit) - 1 AS _row, "
        f"sha256(_content || '#' || _unit) AS _content "
        f"FROM (SELECT {names}, _row, _content, {unit} AS _unit FROM data)"
    ).fetchall()
    con.execute("DROP TABLE data").fetchall()
    con.execute("ALTER TABLE units RENAME TO data").fetchall()
