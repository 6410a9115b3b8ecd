"""Forms that compare groups of rows: by levels, by a rule, in order, between snapshots, or an effect between groups.

Knows the words of each form and the fields of its family. Must never know a row or a statistic.
"""

from typing import Any

from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from .clauses import (
    AGAINST,
    HIGHER,
    LOWER,
    Outcome,
    conditions,
    contrast,
    direction,
    levels_of,
    number,
    number_only,
    with_event,
)
from .names import LABELS, Names
from .tokens import Cursor

Fields = dict[str, Any]
_RULE_SIGNS = ("!=", "<>", "≠", "<", "<=", "≤", ">", ">=", "≥")
_RULE_WORDS = (
    ("is", "not"), ("is", "above"), ("is", "below"), ("is", "at"), ("above",), ("below",), ("at", "least"),
    ("at", "most"), ("before",), ("after",),
)  # fmt: skip


def compared(cursor: Cursor, names: Names, said: Outcome, way: str, statistic: Fields) -> Fields:
    """`… for sex=male than female`, `… where sex=female and pclass<=2`: groups by levels or by a rule.

    Args:
        cursor: Stands behind `for` or `where`.
        names: The columns.
        said: What is compared.
        way: `higher`, `lower` or `any`.
        statistic: `family` and its own fields where the words named a statistic, else empty.
    """
    start, kept = cursor.at, list(names.notes)
    column = names.column(cursor)
    if not _is_rule(cursor, column):
        sides = contrast(cursor, names, column)
        if not cursor.sees("and"):
            return _by_levels(said, names, column, sides, way, statistic)
    cursor.at, names.notes[:] = start, kept
    rule = conditions(cursor, names)
    if statistic:
        raise HypothesisError(
            "A rule is read as the values of a number or the share of a label, never as a mean, a quantile or how "
            "often a point is passed. Leave the statistic out, or compare levels of one column."
        )
    said = with_event(said, names)
    return {
        "family": "subgroup", "outcome": said.column.name, "predictor": rule[0]["column"], "rule": rule,
        "event": said.event, "direction": way,
    }  # fmt: skip


def _is_rule(cursor: Cursor, column: Column) -> bool:
    """Whether what follows a column is a condition and no choice of levels."""
    token = cursor.peek()
    if token is not None and token.kind == "operator" and token.text in _RULE_SIGNS:
        return True
    if any(cursor.sees(*words) for words in _RULE_WORDS):
        return True
    return column.type == "number" and not column.levels and token is not None and token.text in ("=", "==")


def _by_levels(said: Outcome, names: Names, column: Column, sides: Fields, way: str, statistic: Fields) -> Fields:
    common = {"outcome": said.column.name, "predictor": column.name, "levels": sides, "direction": way}
    if statistic:
        number_only(said, f"A {statistic['family'].replace('_', ' ')}")
        return {**common, **statistic}
    said = with_event(said, names)
    if said.event is None:
        return {**common, "family": "group_difference"}
    return {**common, "family": "rate_difference", "event": said.event}


def ranking(cursor: Cursor, names: Names, said: Outcome) -> Fields:
    """`… ranks city: A > B > C`, the highest first; `top 2` leaves the order among the first two open."""
    column = names.column(cursor)
    cursor.operator("=", "==", ":")
    order = [names.level(cursor, column)]
    while cursor.operator(">"):
        order.append(names.level(cursor, column))
    if len(order) < 2 or len(set(order)) < len(order):
        raise HypothesisError(
            f"A ranking needs two or more different levels, the highest first: 'ranks {column.name}: A > B > C'."
        )
    if len(order) > 12:
        raise HypothesisError(f"A ranking holds at most 12 levels. Got {len(order)}.")
    top = int(number(cursor, "After `top`")) if cursor.accept("top") else None
    if top is not None and not 1 <= top < len(order):
        raise HypothesisError(f"`top` must be from 1 to {len(order) - 1}, the named levels but one. Got {top}.")
    said = with_event(said, names)
    return {
        "family": "ranking", "outcome": said.column.name, "predictor": column.name, "order": order, "top": top,
        "event": said.event,
    }  # fmt: skip


def shift(cursor: Cursor, names: Names, said: Outcome) -> Fields:
    """`… shifts between period=old and new`: the whole distribution differs between two snapshots."""
    column = names.column(cursor)
    if not cursor.operator("=", "==", ":"):
        cursor.accept("is")
    a = levels_of(cursor, names, column)
    if not cursor.accept("and", *AGAINST):
        raise HypothesisError(f"Name both snapshots: 'shifts between {column.name}=old and new'.")
    b = levels_of(cursor, names, column)
    if set(a) & set(b):
        raise HypothesisError(f"Level {a[0]!r} stands on both sides: name two snapshots that differ.")
    return {
        "family": "shift", "outcome": said.column.name, "predictor": column.name, "levels": {"a": a, "b": b},
    }  # fmt: skip


def effect(cursor: Cursor, names: Names) -> Fields:
    """`effect of P on O is higher for M=a than b`: read from behind `effect of`."""
    predictor = names.column(cursor)
    sides = None
    if predictor.type in LABELS:
        token = cursor.peek()
        named = token is not None and token.text in ("=", "==")
        sides = contrast(cursor, names, predictor) if named else _other_of_two(predictor)
    if not cursor.accept("on"):
        raise HypothesisError(f"After the effect of {predictor.name!r} an `on` and the outcome are expected.")
    said = with_event(_outcome(cursor, names), names)
    way = direction(cursor, names)
    if way is None:
        raise HypothesisError("Say whether the effect is higher, lower or different, and for which rows.")
    return _moderated(cursor, names, said, predictor, sides, way)


def gap(cursor: Cursor, names: Names) -> Fields:
    """`gap in O by P=a than b is larger for M=a`: read from behind `gap in`."""
    said = with_event(_outcome(cursor, names), names)
    if not cursor.accept("by", "for", "between"):
        raise HypothesisError(
            f"After the gap in {said.column.name!r} a `by` and the column of its groups are expected."
        )
    predictor = names.column(cursor)
    token = cursor.peek()
    named = token is not None and token.text in ("=", "==")
    sides = contrast(cursor, names, predictor) if named else _other_of_two(predictor)
    way = direction(cursor, names)
    if way is None:
        raise HypothesisError("Say whether the gap is larger, smaller or different, and for which rows.")
    return _moderated(cursor, names, said, predictor, sides, way)


def slope(cursor: Cursor, names: Names, falls: bool) -> Fields:
    """`rise of O over P is steeper for M=a`: read from behind `rise of` (or `fall of`)."""
    said = with_event(_outcome(cursor, names), names)
    if not cursor.accept("over", "with"):
        raise HypothesisError(f"After {said.column.name!r} an `over` and the column it goes with are expected.")
    predictor = names.column(cursor)
    cursor.accept("is")
    word = cursor.accept("steeper", "flatter", *HIGHER, *LOWER, "differs", "different")
    if word is None:
        raise HypothesisError("Say whether the slope is steeper, flatter or different, and for which rows.")
    way = "any" if word.startswith("diff") else "higher"
    if word in LOWER or word == "flatter":
        way = "lower"
    if falls and way != "any":
        way = "lower" if way == "higher" else "higher"
    return _moderated(cursor, names, said, predictor, None, way)


def _outcome(cursor: Cursor, names: Names) -> Outcome:
    from .clauses import outcome

    return outcome(cursor, names)


def _other_of_two(column: Column) -> Fields:
    if len(column.levels) != 2:
        raise HypothesisError(
            f"{column.name!r} has {len(column.levels)} levels: say which one is meant, such as "
            f"'gap in … by {column.name}={column.levels[0]}'."
        )
    return {"a": (column.levels[1],), "b": (column.levels[0],)}


def _moderated(
    cursor: Cursor, names: Names, said: Outcome, predictor: Column, sides: Fields | None, way: str
) -> Fields:
    """The moderator with its two sides, read."""
    if not cursor.accept("for", "where", "when", "if", "in"):
        raise HypothesisError("Say for which rows it is so: 'for hour=8 than 13', or 'where age > 40'.")
    moderator = names.column(cursor)
    fields: Fields = {
        "family": "interaction", "outcome": said.column.name, "predictor": predictor.name, "levels": sides,
        "event": said.event, "moderator": moderator.name,
    }  # fmt: skip
    if not _is_rule(cursor, moderator):
        return {**fields, "moderator_levels": contrast(cursor, names, moderator), "direction": way}
    cursor.accept("is")
    above = cursor.operator(">", ">=", "≥") or cursor.accept("above", "after")
    below = None if above else (cursor.operator("<", "<=", "≤") or cursor.accept("below", "before"))
    if moderator.type != "number" or not (above or below):
        raise HypothesisError(
            f"A moderator needs levels, or a number with > or <: {moderator.name!r} has neither here."
        )
    cut = number(cursor, f"After `{moderator.name}`")
    if below and way != "any":
        way = "lower" if way == "higher" else "higher"
    return {**fields, "moderator_cut": cut, "direction": way}
