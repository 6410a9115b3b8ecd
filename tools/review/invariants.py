"""Rules of the data, learned with no word from anyone: proposed on exploration rows, confirmed on held-out ones.

Knows two tables of typed rows of the learned data. Must never confirm a rule on rows that it was proposed on, nor know
a delivery. A rule is stated as tightly as its rows allow and no more: deliveries of the same kind must keep it.
"""

from collections.abc import Mapping, Sequence

from ..data.durations import reads_like_end
from ..data.readers_binary import quoted
from ..data.schema import Column
from ..explore.lead import Structure
from .checked import Violations
from .invariants_check import RowsBefore, check_rule, check_rules
from .invariants_columns import column_rules, words_of
from .invariants_facts import Connection, Facts, coded_of, facts_of
from .invariants_formats import format_rule
from .invariants_groups import grouped
from .invariants_keys import key_rules, unique_columns
from .invariants_relations import mapping_rules, order_rules, sum_rules
from .invariants_tolerance import ALARM, ProposedRule, left_open, most_allowed, room, rounded_up, verified
from .invariants_words import says
from .learned import Fresh, NotMissing, OneOf, RowCount, Schema, Unique

__all__ = [
    "ALARM", "ProposedRule", "RowsBefore", "check_rule", "check_rules", "confirm_rules", "learn_rules", "says",
]  # fmt: skip
_MOST_CODED = 60
"""Columns compared with each other."""
_OTHER_TIME = {"birth", "birthday", "birthdate", "born", "dob", "due", "expires", "expiry", "until", "valid"}
"""Words of dates that are no record of when a row came about."""
_TIME = {"at", "created", "date", "datetime", "day", "time", "timestamp", "ts", "updated"}


def learn_rules(
    con: Connection, table: str, columns: Mapping[str, Column], structure: Sequence[Structure], rows: int
) -> list[ProposedRule]:
    """The rules that exploration rows keep and that someone who looks after the data would want kept.

    The schema; keys of one to three columns; missing cells; natural bounds, else the ends seen with room; lists of
    labels that look closed; forms of codes; columns that fix others; order and sums as `structure` has them; the number
    of rows; fresh dates. Each has a tolerance: 0 where one row too many is an error, else what so many rows leave open.

    Args:
        con: A cursor on the database.
        table: Its table of exploration rows, cells typed, every column.
        columns: The learned columns; only name, type, storage and unit are read, for levels come from sealed rows too.
        structure: What follows from how the table is built, found on the same rows.
        rows: Rows of the whole data, sealed ones included, for the number of rows that a delivery has.

    Returns:
        The rules in a stable order: schema, number of rows, freshness, keys, then column by column, then relations.
    """
    facts = facts_of(con, table, columns)
    out = [ProposedRule(rule=Schema(), tolerance=0.0, severity="error")]
    out.append(ProposedRule(rule=RowCount(low=rows // 2, high=2 * rows), tolerance=0.0, severity="warn"))
    out += _fresh(facts)
    if not facts:
        return out
    coded = _coded(con, table, facts)
    keys = list(key_rules(unique_columns(con, table, facts), coded, next(iter(facts.values())).rows))
    out += keys
    named = {name for k in keys if isinstance(k.rule, Unique) for name in k.rule.columns}
    for f in facts.values():
        own = list(column_rules(con, table, f))
        if not any(isinstance(p.rule, OneOf) for p in own) and (form := format_rule(con, table, f)) is not None:
            own.append(form)
        out += [_strict(p) if f.column.name in named else p for p in own]
    out += mapping_rules(con, table, facts, coded)
    out += order_rules(con, table, facts, structure)
    out += sum_rules(con, table, facts, structure)
    return out


def confirm_rules(
    proposed: Sequence[ProposedRule], con: Connection, table: str, columns: Mapping[str, Column], rows: int, *,
    learned: str | None = None, copies: int = 0,
) -> list[ProposedRule]:  # fmt: skip
    """The rules that held-out rows keep: none of them breaks it, or no more than its tolerance (exact 95 % interval).

    Where `learned` is given tolerances are then estimated from all rows: less may break a rule that more rows kept.
    A rule on fewer than 20 held-out rows is dropped. Keys must hold across both parts. The schema, the number of rows
    and freshness speak of a delivery and not of rows; they stay.

    Args:
        proposed: Rules from `learn_rules`.
        con: A cursor on a database that holds both tables.
        table: The held-out rows.
        columns: The learned columns.
        rows: Held-out rows.
        learned: The table of exploration rows, for keys and tolerances; see above.
        copies: Rows of the learned data that repeat others exactly and are in neither table: so many break each key.
    """
    rules = [(p.rule, p.tolerance) for p in proposed]
    held = check_rules(rules, con, table, columns, rows)
    explored = check_rules(rules, con, learned, columns, rows) if learned is not None else [None] * len(rules)
    out = []
    for p, seen, first in zip(proposed, held, explored, strict=True):
        if isinstance(p.rule, Schema | RowCount | Fresh):
            out.append(p)
        elif isinstance(p.rule, NotMissing) and p.tolerance > 0 and first is not None:
            out += _rate(p, first, seen)
        elif verified(seen.rows, seen.of, p.tolerance) and _across(p, con, table, learned):
            p = p if first is None else _tightened(p, first, seen)
            out.append(_with_copies(p, copies, rows + (0 if first is None else first.of)))
    return out


def _rate(p: ProposedRule, first: Violations, seen: Violations) -> list[ProposedRule]:
    """A share of missing cells: kept where held-out rows pass as a delivery would, and estimated from all rows then.

    The tolerance is never below what held-out rows alone leave open, so that they verify it by themselves.
    """
    if seen.of == 0 or seen.rows > most_allowed(seen.of, max(p.tolerance, left_open(first.rows, first.of))):
        return []
    broken = first.rows + seen.rows
    tolerance = room(broken, first.of + seen.of)
    if seen.rows:
        tolerance = max(tolerance, rounded_up(left_open(seen.rows, seen.of)))
    severity = "warn" if broken else p.severity
    return [p.model_copy(update={"tolerance": tolerance, "severity": severity})]


def _with_copies(p: ProposedRule, copies: int, rows: int) -> ProposedRule:
    """A key that rows set aside do break: the learned data must keep their own rules."""
    if not copies or not isinstance(p.rule, Unique):
        return p
    return p.model_copy(update={"tolerance": room(copies, rows + copies), "severity": "warn"})


def _tightened(p: ProposedRule, first: Violations, seen: Violations) -> ProposedRule:
    """The tolerance as all rows leave it open, where that is less."""
    if p.tolerance <= 0 or seen.rows:
        return p
    return p.model_copy(update={"tolerance": min(p.tolerance, room(first.rows, first.of + seen.of))})


def _across(p: ProposedRule, con: Connection, table: str, learned: str | None) -> bool:
    """Whether a key holds in both parts together."""
    if not isinstance(p.rule, Unique) or learned is None:
        return True
    names = ", ".join(map(quoted, p.rule.columns))
    both = f"(SELECT {names} FROM {learned} UNION ALL SELECT {names} FROM {table})"
    return grouped(p.rule, con, both).broken == 0


def _strict(p: ProposedRule) -> ProposedRule:
    """A part of a key is never missing: not one row may lack it."""
    return p.model_copy(update={"tolerance": 0.0, "severity": "error"}) if isinstance(p.rule, NotMissing) else p


def _fresh(facts: Mapping[str, Facts]) -> list[ProposedRule]:
    """The column of dates that rows are recorded by: filled, named like a time, else the first that is no end."""
    dates = [f for f in facts.values() if f.column.type == "datetime" and f.missing <= 0.01 * f.rows and f.distinct > 1]
    dates = [f for f in dates if not set(words_of(f.column.name)) & _OTHER_TIME]
    named = [f for f in dates if set(words_of(f.column.name)) & _TIME]
    begun = [f for f in dates if not reads_like_end(f.column.name)]
    chosen = next(iter([*(f for f in begun if f in named), *begun, *named, *dates]), None)
    if chosen is None:
        return []
    return [ProposedRule(rule=Fresh(column=chosen.column.name), tolerance=0.0, severity="warn")]


def _coded(con: Connection, table: str, facts: Mapping[str, Facts]) -> list:
    """Columns whose values repeat, as codes, the rows in an order that the file's order cannot change."""
    names = [f for f in facts.values() if 2 <= f.distinct <= f.rows / 2 and f.column.type not in ("text", "constant")]
    names = [f for f in names if not f.column.derived_from][:_MOST_CODED]
    there = [d[0] for d in con.execute(f"SELECT * FROM {table} LIMIT 0").description or ()]
    # Rows that are equal in every column may stand in any order: no result depends on it.
    order = "_content, _row" if {"_content", "_row"} <= set(there) else ", ".join(map(quoted, there))
    return [coded_of(con, table, f, order) for f in names]
