"""Rules on single rows as SQL conditions: which rows a rule speaks of, and which of them break it.

Knows rules and how columns are stored. Must never know how many rows may break a rule, or read one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..data.readers_binary import quoted
from ..data.schema import Column
from .learned import Determines, Format, Fresh, InRange, InvariantRule, NotAfter, NotMissing, OneOf, SumOf

NUMBERS = ("BIGINT", "DOUBLE")
DAY = 86_400_000_000.0
"""Microseconds."""


class RowWise(NamedTuple):
    """A rule as two SQL conditions with their parameters, and the columns to show where it breaks."""

    applies: str
    broken: str
    """Among the rows that it applies to."""
    shown: str
    """SQL of the value that is shown of a row that breaks it."""
    applies_values: tuple[Any, ...] = ()
    broken_values: tuple[Any, ...] = ()


def columns_of(rule: InvariantRule) -> tuple[str, ...]:
    """Columns that a rule reads, in the order in which it names them."""
    data = rule.model_dump()
    one = [data[k] for k in ("column", "by", "start", "end", "total") if data.get(k) is not None]
    return tuple(dict.fromkeys([*one, *(data.get("columns") or ()), *(data.get("parts") or ())]))


def label_sql(column: Column) -> str:
    """SQL of a cell as the text of a label; whole numbers read `1` however they are stored."""
    name = quoted(column.name)
    if column.storage == "VARCHAR":
        return name
    if column.storage == "DOUBLE":
        whole = f"{name} = trunc({name}) AND abs({name}) < 1e15"
        return f"(CASE WHEN {whole} THEN {name}::BIGINT::VARCHAR ELSE {name}::VARCHAR END)"
    return f"{name}::VARCHAR"


def number_sql(column: Column) -> str:
    """SQL of a number, or of a date in days since 1970-01-01, as DOUBLE."""
    if column.storage == "TIMESTAMP":
        return f"(epoch_us({quoted(column.name)}) / {DAY!r})"
    return f"{quoted(column.name)}::DOUBLE"


def row_wise(rule: InvariantRule, columns: Mapping[str, Column]) -> RowWise | None:
    """The rule as conditions on a row, or None for a rule on several rows.

    Args:
        rule: Its columns must be there; see `readable`.
        columns: The columns as they are stored.
    """
    if isinstance(rule, NotMissing):
        return RowWise("TRUE", f"{quoted(rule.column)} IS NULL", "NULL")
    if isinstance(rule, InRange):
        return _in_range(rule, columns[rule.column])
    if isinstance(rule, OneOf):
        cell = label_sql(columns[rule.column])
        listed = ", ".join("?" for _ in rule.allowed)
        return RowWise(f"{quoted(rule.column)} IS NOT NULL", f"{cell} NOT IN ({listed})", cell, (), rule.allowed)
    if isinstance(rule, Format):
        cell = label_sql(columns[rule.column])
        known = f"{quoted(rule.column)} IS NOT NULL"
        return RowWise(known, f"NOT regexp_full_match({cell}, ?)", cell, (), (rule.pattern,))
    if isinstance(rule, NotAfter):
        a, b = quoted(rule.start), quoted(rule.end)
        shown = f"concat({a}::VARCHAR, ' beyond ', {b}::VARCHAR)"
        return RowWise(f"({a} IS NOT NULL AND {b} IS NOT NULL)", f"{a} > {b}", shown)
    if isinstance(rule, SumOf):
        return _sum_of(rule)
    if isinstance(rule, Determines) and rule.mapping:
        return _mapped(rule, columns)
    return None


def _in_range(rule: InRange, column: Column) -> RowWise:
    x, parts, values = number_sql(column), [], []
    for bound, op in ((rule.lower, "<"), (rule.upper, ">")):
        if bound is not None:
            parts.append(f"{x} {op} ?")
            values.append(float(bound))
    broken = f"({' OR '.join(parts)})" if parts else "FALSE"
    return RowWise(f"{quoted(rule.column)} IS NOT NULL", broken, f"{quoted(rule.column)}::VARCHAR", (), tuple(values))


def _sum_of(rule: SumOf) -> RowWise:
    names = [quoted(n) for n in (rule.total, *rule.parts)]
    known = " AND ".join(f"{n} IS NOT NULL" for n in names)
    added = " + ".join(f"{n}::DOUBLE" for n in names[1:])
    shown = f"concat({names[0]}::VARCHAR, ' against ', ({added})::VARCHAR)"
    return RowWise(f"({known})", f"abs({names[0]}::DOUBLE - ({added})) > ?", shown, (), (rule.within,))


def _mapped(rule: Determines, columns: Mapping[str, Column]) -> RowWise:
    a, b = label_sql(columns[rule.by]), label_sql(columns[rule.column])
    keys, values = list(rule.mapping), list(rule.mapping.values())
    known = f"({quoted(rule.column)} IS NOT NULL AND {a} IN ({', '.join('?' for _ in keys)}))"
    wanted = f"(?::VARCHAR[])[list_position(?::VARCHAR[], {a})]"
    return RowWise(known, f"{b} <> {wanted}", f"concat({a}, ' with ', {b})", tuple(keys), (values, keys))


def unreadable(rule: InvariantRule, columns: Mapping[str, Column]) -> str | None:
    """Why a rule cannot be decided on these columns, as a sentence, or None."""
    for name in columns_of(rule):
        if name not in columns:
            return f"There is no column `{name}`."
        if columns[name].type == "empty" and not isinstance(rule, NotMissing):
            return f"`{name}` holds no value."
    kinds = {name: columns[name].storage for name in columns_of(rule)}
    if isinstance(rule, InRange) and kinds[rule.column] == "VARCHAR":
        return f"`{rule.column}` holds words, so that no bound can be checked."
    if isinstance(rule, SumOf):
        bad = next((n for n, k in kinds.items() if k not in NUMBERS), None)
        return bad and f"`{bad}` does not hold numbers, so that nothing can be added up."
    if isinstance(rule, NotAfter):
        both = [kinds[rule.start], kinds[rule.end]]
        if "VARCHAR" in both or ("TIMESTAMP" in both) != (both[0] == both[1] == "TIMESTAMP"):
            return f"`{rule.start}` and `{rule.end}` do not hold values of one kind that can be in order."
    if isinstance(rule, Fresh) and kinds[rule.column] != "TIMESTAMP":
        return f"`{rule.column}` does not hold dates."
    return None
