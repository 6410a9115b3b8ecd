"""The parts that forms share: contrasts of levels, conditions, numbers, directions, and the outcome with its event.

Knows a cursor and names. Must never know a family's fields beyond those that all of them have, nor a row.
"""

from typing import Any, NamedTuple

from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from ...tools.verify.families.wording import is_level
from .names import LABELS, STOPS, Names, days_of, number_of, word
from .tokens import Cursor

HIGHER = ("more likely", "more often", "more frequent", "higher", "larger", "greater", "longer", "likelier", "more")
LOWER = ("less likely", "less often", "less frequent", "lower", "smaller", "shorter", "rarer", "less")
DIFFERS = ("differs", "differ", "different")
AGAINST = ("than for", "than", "versus", "vs", "against", "compared with", "compared to")
_OPERATORS = {
    "=": "==", "==": "==", "!=": "!=", "<>": "!=", "≠": "!=", "<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=",
    "≥": ">=",
}  # fmt: skip
_SPOKEN = {
    "is not": "!=", "is above": ">", "is below": "<", "is at least": ">=", "is at most": "<=", "is": "==",
    "above": ">", "below": "<", "at least": ">=", "at most": "<=", "before": "<", "after": ">",
}  # fmt: skip


class Outcome(NamedTuple):
    """What a sentence is about."""

    column: Column
    event: str | None
    """The level whose share is meant; None for the values of a number."""


def outcome(cursor: Cursor, names: Names) -> Outcome:
    """The outcome named next, with `=level` (or `is level`) where the share of an event is meant."""
    column = names.column(cursor)
    if cursor.operator("=", "=="):
        return Outcome(column, names.level(cursor, column))
    return Outcome(column, _is_level(cursor, names, column))


def _is_level(cursor: Cursor, names: Names, column: Column) -> str | None:
    """The level of `churn is yes more often …`, read; None, and nothing read, where the words say another thing."""
    start, kept = cursor.at, list(names.notes)
    if column.levels and direction(cursor, names) is None and cursor.accept("is", "are"):
        level = names.level_if(cursor, column)
        behind = cursor.at
        if level is not None and direction(cursor, names) is not None:
            cursor.at = behind
            return level
    cursor.at, names.notes[:] = start, kept
    return None


def with_event(said: Outcome, names: Names) -> Outcome:
    """The outcome with the event that the words leave open: the true one of two levels.

    Raises:
        HypothesisError: if it is a date, or a label with more levels of which none was named.
    """
    column = said.column
    if column.type == "datetime":
        raise HypothesisError(
            f"{column.name!r} is a date and cannot be an outcome here. Name a number, or a label with its level."
        )
    if said.event is not None or column.type not in LABELS:
        return said
    if column.type == "boolean" and len(column.levels) == 2:
        names.notes.append(f"read as the share of rows where {is_level(column.name, column.levels[1:])}")
        return Outcome(column, column.levels[1])
    some = ", ".join(column.levels[:8])
    raise HypothesisError(
        f"{column.name!r} is a label: name the level whose share is meant, such as "
        f"{f'{column.name}={column.levels[0]}'!r}. Levels: {some}."
    )


def number_only(said: Outcome, what: str) -> Column:
    """The outcome's column where it must be a number.

    Raises:
        HypothesisError: if it is none, or an event was named.
    """
    if said.column.type != "number" or said.event is not None:
        kind = "an event" if said.event is not None else f"a {said.column.type}"
        raise HypothesisError(
            f"{what} needs a number, and {said.column.name!r} stands for {kind} here. Compare how often a level "
            f"occurs instead: '{said.column.name}=… higher for …'."
        )
    return said.column


def direction(cursor: Cursor, names: Names) -> str | None:
    """`higher`, `lower` or `any`, read; None where no such word comes next."""
    start = cursor.at
    cursor.accept("is", "are", "was", "were")
    for way, phrases in (("higher", HIGHER), ("lower", LOWER), ("any", DIFFERS)):
        if cursor.accept(*phrases):
            return way
    cursor.at = start
    return None


def levels_of(cursor: Cursor, names: Names, column: Column) -> tuple[str, ...]:
    """`a`, `a or b`, `a, b`: levels, read."""
    found = [names.level(cursor, column)]
    while True:
        start = cursor.at
        comma = cursor.comma()
        if cursor.accept("or") is None and not comma:
            break
        if comma and _starts_anew(cursor):
            cursor.at = start
            break
        found.append(names.level(cursor, column))
    return tuple(dict.fromkeys(found))


def _starts_anew(cursor: Cursor) -> bool:
    """Whether a comma ended the list: a closing word follows it."""
    return cursor.done or any(cursor.sees(w) for w in ("among", "given", "except", "than", "against", "versus", "vs"))


def contrast(cursor: Cursor, names: Names, column: Column) -> dict[str, Any]:
    """`a than b` as the two sides; without `than`, the other level of two, else every other level."""
    held = _held(cursor, column)
    if held is None:
        cursor_equals(cursor, column)
    a = held or levels_of(cursor, names, column)
    if held and cursor.accept("than when it does not", "than if it does not"):
        return {"a": a, "b": tuple(level for level in column.levels if level not in a)}
    rest = "otherwise" not in column.levels and cursor.accept("than otherwise", "otherwise", "than elsewhere")
    if not rest and cursor.accept(*AGAINST):
        _same_column(cursor, names, column)
        b = levels_of(cursor, names, column)
    else:
        others = tuple(level for level in column.levels if level not in a)
        if not others:
            raise HypothesisError(f"Every level of {column.name!r} was named, so nothing is left to compare with.")
        b = others if len(column.levels) == 2 else ()
    both = [level for level in a if level in b]
    if both:
        raise HypothesisError(f"Level {both[0]!r} of {column.name!r} stands on both sides: name two that differ.")
    return {"a": a, "b": b}


def _held(cursor: Cursor, column: Column) -> tuple[str, ...] | None:
    """The level that `when text mentions late` names without a word; None where a level follows."""
    token = cursor.peek()
    named = token is not None and (token.kind == "operator" or cursor.sees("is"))
    return None if column.computed is None or named or column.levels != ("no", "yes") else ("yes",)


def _same_column(cursor: Cursor, names: Names, column: Column) -> None:
    """Read `column=`, or `when it is`, where the second side repeats it."""
    if cursor.accept("when it is", "if it is", "where it is"):
        return
    start = cursor.at
    kept = list(names.notes)
    if names.column_if(cursor) == column and cursor.operator("=", "==", ":"):
        return
    cursor.at, names.notes[:] = start, kept


def cursor_equals(cursor: Cursor, column: Column) -> None:
    """Read the `=` or `is` between a column and its levels.

    Raises:
        HypothesisError: if neither comes next.
    """
    if cursor.operator("=", "==") is None and cursor.accept("is") is None:
        said = f" Got {cursor.rest[:40]!r} instead." if cursor.rest else ""
        raise HypothesisError(f"After {column.name!r} an `=` and a level are expected.{said}")


def conditions(cursor: Cursor, names: Names, *, missing: bool = False) -> list[dict[str, Any]]:
    """`a=x and b<=2`: at most three conditions, read; with `missing` also `c is missing`, as of `condition`."""
    found = [condition(cursor, names, missing=missing)]
    while cursor.accept("and"):
        found.append(condition(cursor, names, missing=missing))
    if len(found) > 3:
        raise HypothesisError(f"At most three conditions can be joined by `and`. Got {len(found)}.")
    return found


def condition(cursor: Cursor, names: Names, *, missing: bool = False) -> dict[str, Any]:
    """One condition on a column, read.

    Args:
        cursor: At its column.
        names: Columns and levels.
        missing: Whether `is missing` and `is not missing` may be asked: of a fact, for no claim is on such rows.

    Raises:
        HypothesisError: if it cannot be read.
    """
    column = names.column(cursor)
    absent = _absent(cursor, column)
    if absent is not None:
        if not missing:
            raise HypothesisError(
                f"A claim is not held to rows where {column.name!r} is missing or not: it leaves out rows without a "
                f"value. Ask it as a fact: 'how many where {word(column.name)} is missing'."
            )
        return {"column": column.name, "op": absent, "value": None}
    sign = cursor.operator(*_OPERATORS)
    op = _OPERATORS[sign] if sign else None
    if op is None:
        phrase = cursor.accept(*_SPOKEN)
        op = _SPOKEN[phrase] if phrase else None
    if op is None:
        raise HypothesisError(f"After {column.name!r} one of =, !=, <, <=, >, >= and a value are expected.")
    if column.type in LABELS:
        if op not in ("==", "!="):
            raise HypothesisError(f"Labels of {column.name!r} have no order: use = or != instead of {op}.")
        value: str | float = names.level(cursor, column)
        if cursor.sees("or"):
            raise HypothesisError(
                f"A condition holds one level: {column.name}={value}. Write != for the others, or compare the levels "
                f"with 'for {column.name}=… or …'."
            )
    elif column.type == "datetime":
        value, _ = date(cursor, column.name)
    else:
        value = number(cursor, f"After `{column.name}` {op}")
    return {"column": column.name, "op": op, "value": value}


def _absent(cursor: Cursor, column: Column) -> str | None:
    """`missing` or `known`, read; None where neither is asked, or `missing` is a level of the column."""
    if any(level.casefold() == "missing" for level in column.levels):
        return None
    if cursor.accept("is not missing"):
        return "known"
    return "missing" if cursor.accept("is missing") else None


def number(cursor: Cursor, where: str) -> float:
    """A number, read.

    Raises:
        HypothesisError: if something else comes next.
    """
    token = cursor.peek()
    value = None if token is None else number_of(token.text.removesuffix("%"))
    if value is None or token is None or token.kind not in ("word", "quoted"):
        got = f"Got {cursor.until(STOPS)[:40]!r} instead." if token else "The sentence ends there."
        raise HypothesisError(f"{where} a number is expected. {got}")
    cursor.at += 1
    return value


def date(cursor: Cursor, name: str) -> tuple[str, float]:
    """A date as written and in days since 1970-01-01, read.

    Raises:
        HypothesisError: if something else comes next.
    """
    token = cursor.peek()
    text = "" if token is None else token.text
    days = days_of(text)
    if days is None:
        got = f"Got {text!r} instead." if text else "The sentence ends there."
        raise HypothesisError(f"For {name!r} a date such as 2024-05-31 is expected. {got}")
    cursor.at += 1
    return text, days
