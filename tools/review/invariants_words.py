"""Rules of the data in plain sentences, and what broke one with both counts.

Knows rules and counts. Must never know a cell of a delivery, nor decide anything.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from ..data.schema import Column
from ..verify.families.wording import column, number
from .invariants_tolerance import ALARM, KEPT, most_allowed
from .learned import (
    Determines,
    Format,
    Fresh,
    InRange,
    InvariantRule,
    NotAfter,
    NotMissing,
    OneOf,
    RowCount,
    Schema,
    SumOf,
    Unique,
)

_SHOWN = 8
"""Labels of a list that a sentence names."""


def says(rule: InvariantRule, tolerance: float, columns: Mapping[str, Column] | None = None) -> str:
    """The rule as one plain sentence with a full stop, and how many rows may break it.

    Args:
        rule: The rule; names of columns appear in backticks as they are, to be made safe by who prints them.
        tolerance: Share of rows that may break it.
        columns: The columns, so that bounds of dates are told as days.
    """
    if isinstance(rule, Schema):
        more = " and no other column" if rule.extra == "refuse" else ""
        return f"Every learned column is there{more}, and holds the kind of values that it held."
    if isinstance(rule, RowCount):
        return f"A delivery has {rule.low:,} to {rule.high:,} rows; once four came, half to double of their median."
    if isinstance(rule, Fresh):
        age = "" if rule.max_age_days is None else f", and at most {number(rule.max_age_days)} days old"
        return f"The newest {column(rule.column)} is not before that of the delivery before{age}."
    if isinstance(rule, NotMissing):
        name = column(rule.column)
        if tolerance > KEPT:
            return f"{name} is missing in at most {share(tolerance)}."
        return (
            f"{name} has a value, in all but {share(tolerance)} at most." if tolerance else f"{name} is never missing."
        )
    told = _kept(rule, columns or {})
    return f"{told}." if tolerance <= 0 else f"{told}, in all but {share(tolerance)} at most."


def _kept(rule: InvariantRule, columns: Mapping[str, Column]) -> str:
    """A rule on rows as it should be, without a full stop."""
    if isinstance(rule, Unique):
        return f"No two rows have the same {joined(rule.columns)}"
    if isinstance(rule, InRange):
        return f"{column(rule.column)} is {_bounds(rule, columns)}"
    if isinstance(rule, OneOf):
        shown = len(rule.allowed) if len(rule.allowed) <= _SHOWN + 2 else _SHOWN
        more = f" or one of {len(rule.allowed) - shown:,} more" if len(rule.allowed) > shown else ""
        listed = [f'"{x}"' for x in rule.allowed[:shown]]
        tail = f"{', '.join(listed[:-1])} or {listed[-1]}" if len(listed) > 1 and not more else ", ".join(listed)
        return f"{column(rule.column)} is {tail}{more}"
    if isinstance(rule, Format):
        like = f", such as `{rule.example}`" if rule.example else ""
        return f"{column(rule.column)} has the form `{rule.pattern}`{like}"
    if isinstance(rule, Determines):
        if rule.mapping:
            return f"{column(rule.column)} is the one that goes with {column(rule.by)}"
        return f"Rows with the same {column(rule.by)} have the same {column(rule.column)}"
    if isinstance(rule, NotAfter):
        return f"{column(rule.start)} {_in_order(rule, columns)} {column(rule.end)}"
    if not isinstance(rule, SumOf):
        return "The rule is kept"
    within = f" to within {number(rule.within)}" if rule.within > 0 else ""
    return f"{column(rule.total)} is {' + '.join(map(column, rule.parts))}{within}"


def _in_order(rule: NotAfter, columns: Mapping[str, Column]) -> str:
    own = columns.get(rule.start)
    if own is None:
        return "does not lie beyond"
    return "is not after" if own.storage == "TIMESTAMP" else "is not more than"


def _bounds(rule: InRange, columns: Mapping[str, Column]) -> str:
    low, high = rule.low, rule.high
    own = columns.get(rule.column)
    if own is not None and own.storage == "TIMESTAMP":
        first, last = "" if low is None else day(low), "" if high is None else day(high)
        return f"from {first} to {last}" if first and last else f"not before {first}" if first else f"not after {last}"
    if low is not None and high is not None:
        return f"between {number(low, 6)} and {number(high, 6)}"
    if low == 0:
        return "never negative"
    return f"at least {number(low, 6)}" if low is not None else f"at most {number(high or 0.0, 6)}"


def share(x: float) -> str:
    """A share of rows in percent: `0.03 % of rows`."""
    text = number(100 * x, 2)
    return f"{text.rstrip('0').rstrip('.') if '.' in text and 'e' not in text else text} % of rows"


def joined(names: tuple[str, ...]) -> str:
    """Names of columns as one key: `store` and `day` together."""
    if len(names) == 1:
        return column(names[0])
    return f"{', '.join(map(column, names[:-1]))} and {column(names[-1])} together"


def counted_text(rule: InvariantRule, tolerance: float, broken: int, rows: int, columns: Mapping[str, Column]) -> str:
    """How many rows break a rule, of how many that it speaks of, and how many may; no cell's value."""
    told = f"{broken:,} of {rows:,} rows {_breaks(rule, broken == 1, columns)}"
    if tolerance <= 0:
        return f"{told}; none may."
    most = most_allowed(rows, tolerance)
    may = f"{told}; at most {most:,} may"
    if broken <= most:
        return f"{may}: {share(tolerance)} are tolerated, and chance adds to them."
    rare = f"1 in {round(1 / ALARM):,}"
    return f"{may}: with {share(tolerance)} tolerated so many come by chance less than {rare} times (exact binomial)."


def _breaks(rule: InvariantRule, one: bool, columns: Mapping[str, Column]) -> str:
    """What a row that breaks the rule does, as the rest of a sentence."""
    has, repeats, differs = ("has", "repeats", "differs") if one else ("have", "repeat", "differ")
    if isinstance(rule, Unique):
        return f"{repeats} the {joined(rule.columns)} of an earlier row"
    if isinstance(rule, NotMissing):
        return f"{has} no {column(rule.column)}"
    if isinstance(rule, InRange):
        low, high = rule.low, rule.high
        if high is None:
            return f"{has} a {column(rule.column)} {_beyond(rule, low, columns, 'below', 'before')}"
        if low is None:
            return f"{has} a {column(rule.column)} {_beyond(rule, high, columns, 'above', 'after')}"
        return f"{has} a {column(rule.column)} that is not {_bounds(rule, columns)}"
    if isinstance(rule, OneOf):
        return f"{has} a {column(rule.column)} that is not among the {len(rule.allowed):,} allowed"
    if isinstance(rule, Format):
        return f"{has} a {column(rule.column)} of another form than `{rule.pattern}`"
    return _breaks_between(rule, has, differs)


def _breaks_between(rule: InvariantRule, has: str, differs: str) -> str:
    """The same for rules between columns."""
    if isinstance(rule, Determines):
        if rule.mapping:
            return f"{has} another {column(rule.column)} than goes with {column(rule.by)}"
        return f"{differs} in {column(rule.column)} from most rows with the same {column(rule.by)}"
    if isinstance(rule, NotAfter):
        return f"{has} a {column(rule.start)} beyond {column(rule.end)}"
    if not isinstance(rule, SumOf):
        return f"{has} what the rule forbids"
    return f"{has} a {column(rule.total)} that is not {' + '.join(map(column, rule.parts))}"


def _beyond(rule: InRange, bound: float | None, columns: Mapping[str, Column], less: str, earlier: str) -> str:
    own = columns.get(rule.column)
    if own is not None and own.storage == "TIMESTAMP":
        return f"{earlier} {day(bound or 0.0)}"
    return f"{less} {number(bound or 0.0, 6)}"


def day(days: float) -> str:
    """Days since 1970-01-01 as an ISO day, `another age` where the calendar ends."""
    try:
        return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
    except OverflowError:
        return "another age"
