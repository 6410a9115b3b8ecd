"""Rules of the data checked on every row of a table, exactly: how many rows break each, and which are the first.

Knows rules, tolerances and one table. Must never know where a rule came from, how loudly it counts, or learned rows.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import duckdb
from pydantic import Field

from ..data.readers_binary import quoted
from ..data.schema import Column
from ..errors import UsageError
from ..value import Value
from .checked import Unread, Violations
from .invariants_groups import Grouped, grouped
from .invariants_sql import DAY, RowWise, row_wise, unreadable
from .invariants_tolerance import most_allowed
from .invariants_words import counted_text, day
from .learned import Determines, Format, Fresh, InvariantRule, RowCount, Schema, Unique

Connection = duckdb.DuckDBPyConnection
_FIRST, _EXAMPLES, _LONGEST = 5, 3, 60
_GAPS = 10
"""Average gaps between two rows' dates by which the newest may lie back: two deliveries of the same days do."""
_AT_ONCE = 24
"""Rules counted in one pass over the table."""


class RowsBefore(Value):
    """What earlier deliveries looked like."""

    rows: float | None = None
    """Their median number of rows, where there are enough of them to know."""
    newest: dict[str, float] = Field(default_factory=dict)
    """Column of dates and the newest one of the delivery before, in days since 1970-01-01."""


def check_rule(
    rule: InvariantRule, tolerance: float, con: Connection, table: str, columns: Mapping[str, Column], rows: int, *,
    before: RowsBefore | None = None, when: str | None = None, unread: Sequence[Unread] | None = None,
    learned: int | None = None,
) -> Violations:  # fmt: skip
    """One rule, as `check_rules` checks several."""
    only = [(rule, tolerance)]
    return check_rules(only, con, table, columns, rows, before=before, when=when, unread=unread, learned=learned)[0]


def check_rules(
    rules: Sequence[tuple[InvariantRule, float]], con: Connection, table: str, columns: Mapping[str, Column],
    rows: int, *, before: RowsBefore | None = None, when: str | None = None, unread: Sequence[Unread] | None = None,
    learned: int | None = None,
) -> list[Violations]:  # fmt: skip
    """What breaks each rule, in their order, counted exactly on all rows.

    A tolerance of 0 is broken by any row. Else a rule is broken where so many rows would come with probability under
    1e-4 if the tolerated share broke it (exact binomial). Rows with a missing value in what a rule reads are left out,
    except where being there is the rule. Undecidable where a column is not there, holds another kind, or has no value.

    Args:
        rules: Each with the share of rows that may break it.
        con: A cursor on the database.
        table: Its table, cells typed; with `_row` (from 0) where the rows' order is to be told.
        columns: Its columns as they are stored.
        rows: Its number of rows.
        before: What earlier deliveries looked like.
        when: ISO day of the review, for rules on age.
        unread: Learned columns that are not read, for the schema; None leaves that undecidable.
        learned: How many columns were learned.

    Raises:
        UsageError: if a pattern is no regular expression, or `when` is no day.
    """
    out: list[Violations | None] = [None] * len(rules)
    by_row: dict[int, RowWise] = {}
    for at, (rule, tolerance) in enumerate(rules):
        why = unreadable(rule, columns)
        if why is not None:
            out[at] = Violations(state="undecidable", rows=0, of=0, text=why)
        elif isinstance(rule, Schema):
            out[at] = _schema(rule, unread, learned or len(columns))
        elif isinstance(rule, RowCount):
            out[at] = _row_count(rule, rows, before)
        elif isinstance(rule, Fresh):
            out[at] = _fresh(rule, con, table, before, when)
        elif (wise := row_wise(rule, columns)) is not None:
            by_row[at] = _checked_pattern(con, rule, wise)
        elif isinstance(rule, Unique | Determines):
            out[at] = _by_group(rule, tolerance, con, table, columns)
    todo = sorted(by_row)
    for start in range(0, len(todo), _AT_ONCE):
        block = todo[start : start + _AT_ONCE]
        for at, (broken, of) in zip(block, _count(con, table, [by_row[k] for k in block]), strict=True):
            out[at] = _told(*rules[at], broken, of, _where(con, table, by_row[at]) if broken else ((), ()), columns)
    return [v for v in out if v is not None]


def _told(
    rule: InvariantRule, tolerance: float, broken: int, of: int, where: tuple[tuple[int, ...], tuple[str, ...]],
    columns: Mapping[str, Column],
) -> Violations:  # fmt: skip
    if of == 0:
        text = "No row has the values that the rule speaks of."
        return Violations(state="undecidable", rows=0, of=0, text=text)
    state = "broken" if broken > most_allowed(of, tolerance) else "holds"
    text = counted_text(rule, tolerance, broken, of, columns)
    return Violations(state=state, rows=broken, of=of, first=where[0], examples=where[1], text=text)


def _count(con: Connection, table: str, rules: Sequence[RowWise]) -> list[tuple[int, int]]:
    """For each rule the rows that break it and the rows that it speaks of, in one pass."""
    parts, values = [], []
    for r in rules:
        parts.append(f"count(*) FILTER (WHERE {r.applies}), count(*) FILTER (WHERE {r.applies} AND {r.broken})")
        values += [*r.applies_values, *r.applies_values, *r.broken_values]
    got = con.execute(f"SELECT {', '.join(parts)} FROM {table}", values).fetchall()[0]
    return [(int(got[2 * k + 1]), int(got[2 * k])) for k in range(len(rules))]


def _where(con: Connection, table: str, r: RowWise) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The first rows that break a rule, from 1, and what they hold."""
    got = con.execute(
        f"SELECT {_position(con, table)} + 1, {r.shown} FROM {table} WHERE {r.applies} AND {r.broken} "
        f"ORDER BY 1 LIMIT {_FIRST}",
        [*r.applies_values, *r.broken_values],
    ).fetchall()
    return tuple(int(at) for at, _ in got), examples(value for _, value in got)


def examples(values: object) -> tuple[str, ...]:
    """At most three different values, each cut at 60 characters."""
    texts = [str(v) for v in values if v is not None]  # pyright: ignore[reportGeneralTypeIssues]
    cut = [t if len(t) <= _LONGEST else t[: _LONGEST - 1] + "…" for t in texts]
    return tuple(dict.fromkeys(cut))[:_EXAMPLES]


def _position(con: Connection, table: str) -> str:
    """SQL of a row's place in the source: `_row` where the table has it."""
    names = [d[0] for d in con.execute(f"SELECT * FROM {table} LIMIT 0").description or ()]
    return "_row" if "_row" in names else "row_number() OVER () - 1"


def _checked_pattern(con: Connection, rule: InvariantRule, wise: RowWise) -> RowWise:
    if isinstance(rule, Format):
        try:
            con.execute("SELECT regexp_full_match('', ?)", [rule.pattern]).fetchall()
        except duckdb.Error as err:
            text = f"The pattern {rule.pattern!r} of `{rule.column}` is no regular expression (RE2). Correct it."
            raise UsageError(text) from err
    return wise


def _by_group(
    rule: Unique | Determines, tolerance: float, con: Connection, table: str, columns: Mapping[str, Column]
) -> Violations:
    """Keys and mappings within the delivery: what a row breaks shows only beside other rows."""
    found: Grouped = grouped(rule, con, table)
    if not found.broken:
        return _told(rule, tolerance, 0, found.of, ((), ()), columns)
    got = con.execute(found.where.format(row=_position(con, table), limit=_FIRST)).fetchall()
    where = tuple(int(at) + 1 for at, _ in got), examples(value for _, value in got)
    return _told(rule, tolerance, found.broken, found.of, where, columns)


def _schema(rule: Schema, unread: Sequence[Unread] | None, learned: int) -> Violations:
    if unread is None:
        text = "It is not known which columns were learned."
        return Violations(state="undecidable", rows=0, of=learned, text=text)
    bad = [u for u in unread if u.kind != "extra" or rule.extra == "refuse"]
    if not bad:
        text = f"All {learned:,} learned columns are there and hold the kind of values that they held."
        return Violations(state="holds", rows=0, of=learned, text=text)
    told = " ".join(u.text for u in bad[:3]) + (f" And {len(bad) - 3:,} more." if len(bad) > 3 else "")
    are = "column is" if len(bad) == 1 else "columns are"
    text = f"{len(bad):,} {are} not as learned, of {learned:,}. {told}"
    return Violations(state="broken", rows=len(bad), of=learned, text=text)


def _row_count(rule: RowCount, rows: int, before: RowsBefore | None) -> Violations:
    median = None if before is None else before.rows
    low, high, usual = rule.low, rule.high, ""
    if median is not None:  # what deliveries were is a better guess than what the learned data were
        low, high = int(median // 2), int(2 * median)
        usual = f", half to double of the earlier deliveries' median of {median:,.0f}"
    off = max(low - rows, rows - high, 0)
    told = f"The delivery has {rows:,} rows; {low:,} to {high:,} are expected{usual}."
    return Violations(state="broken" if off else "holds", rows=off, of=rows, text=told)


def _fresh(rule: Fresh, con: Connection, table: str, before: RowsBefore | None, when: str | None) -> Violations:
    name = quoted(rule.column)
    got = f"SELECT max(epoch_us({name})), min(epoch_us({name})), count({name}) FROM {table}"
    high, low, of = con.execute(got).fetchall()[0]
    if not of:
        return Violations(state="undecidable", rows=0, of=0, text=f"`{rule.column}` holds no date.")
    newest, gap = high / DAY, (high - low) / DAY / of
    earlier = None if before is None else before.newest.get(rule.column)
    text, state = f"The newest `{rule.column}` is {day(newest)}", "holds"
    if earlier is not None:
        back = newest < earlier - _GAPS * gap  # the newest of two halves of one time differ by as much
        text, state = f"{text}, that of the delivery before {day(earlier)}", "broken" if back else state
    if when is not None and rule.max_age_days is not None:
        age = _days(when) - int(newest // 1)
        text = f"{text}, {age:,} days before the review, and at most {rule.max_age_days:,.6g} are allowed"
        state = "broken" if age > rule.max_age_days else state
    return Violations(state=state, rows=int(of) if state == "broken" else 0, of=int(of), text=f"{text}.")


def _days(when: str) -> int:
    try:
        return (date.fromisoformat(when) - date(1970, 1, 1)).days
    except ValueError as err:
        raise UsageError(f"The day of the review must read like 2025-03-01. Got {when!r} instead.") from err
