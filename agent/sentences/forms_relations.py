"""Forms that say how columns go together: with a number, over time, in a shape, in a cycle, or always.

Knows the words of each form and the fields of its family. Must never know a row or a statistic.
"""

import re
from typing import Any

from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from .clauses import AGAINST, Outcome, date, number, number_only, with_event
from .names import LABELS, Names, days_of, number_of
from .tokens import Cursor

Fields = dict[str, Any]
UP = ("increases", "rises", "grows", "increase", "rise", "grow")
DOWN = ("decreases", "falls", "declines", "decrease", "fall", "decline")


def association(cursor: Cursor, names: Names, said: Outcome) -> Fields:
    """`charges ~ smoker`: a relation of any direction, its family by the types of both columns."""
    predictor = names.column(cursor)
    column = said.column
    if predictor.type == "datetime":
        said = with_event(said, names)
        return _fields("trend", said, predictor, direction="any")
    if column.type in LABELS or said.event is not None:
        return _of_label(names, said, predictor)
    number_only(said, "A relation")
    if predictor.type in LABELS:
        return _levels("group_difference", Outcome(column, None), predictor)
    return _fields("monotone_association", said, predictor, direction="any")


def _of_label(names: Names, said: Outcome, predictor: Column) -> Fields:
    column = said.column
    if predictor.type not in LABELS:
        if said.event is not None or len(column.levels) == 2:
            return _fields("monotone_association", with_event(said, names), predictor, direction="any")
        names.notes.append(f"read as the values of `{predictor.name}` by `{column.name}`")
        return _levels("group_difference", Outcome(predictor, None), column)
    if said.event is None and (len(column.levels) > 2 or len(predictor.levels) > 2):
        return _fields("categorical_association", said, predictor)
    return _levels("rate_difference", with_event(said, names), predictor)


def _levels(family: str, said: Outcome, predictor: Column) -> Fields:
    """A comparison whose two levels are known, or left open where there are more."""
    fields = _fields(family, said, predictor, direction="any")
    if len(predictor.levels) == 2:
        fields["levels"] = {"a": (predictor.levels[1],), "b": (predictor.levels[0],)}
    return fields


def course(cursor: Cursor, names: Names, said: Outcome, rises: bool) -> Fields:
    """`rises with age`, `falls over date`, `rises with age and levels off after 30`: read from behind the verb."""
    word = cursor.accept("with", "over")
    if word is None:
        raise HypothesisError("Say with what: 'rises with age', or over what time: 'rises over date'.")
    predictor = names.column(cursor)
    if cursor.accept("and levels off", "and then levels off", "until"):
        cursor.accept("after", "at", "from")
        return _shape(names, said, predictor, "saturating", (number(cursor, "After `levels off after`"),), rises)
    said = with_event(said, names)
    if predictor.type == "datetime" or (word == "over" and _is_years(predictor)):
        return _fields("trend", said, predictor, direction="rising" if rises else "falling")
    if predictor.type in LABELS and len(predictor.levels) != 2:
        raise HypothesisError(
            f"{predictor.name!r} is a label, nothing rises with it. Write '{said.column.name} higher for "
            f"{predictor.name}={predictor.levels[0]}'."
        )
    return _fields("monotone_association", said, predictor, direction="increasing" if rises else "decreasing")


def _is_years(column: Column) -> bool:
    """Whether a whole number stands for years, by its name or its values."""
    if column.type != "number" or not column.integer:
        return False
    values = [number_of(level) for level in column.levels]
    return "year" in column.name.casefold() or (bool(values) and all(v and 1500 <= v <= 2200 for v in values))


def bent(cursor: Cursor, names: Names, said: Outcome, shape: str) -> Fields:
    """`is inverted U over age around 45`: read from behind the shape's name."""
    predictor = _over(cursor, names)
    cursor.accept("around", "at", "turning at", "with its turn at")
    return _shape(names, said, predictor, shape, (number(cursor, "After `around`"),), True)


def levels_off(cursor: Cursor, names: Names, said: Outcome) -> Fields:
    """`levels off over age after 30`: rises and then is flat."""
    predictor = _over(cursor, names)
    cursor.accept("after", "at", "from")
    return _shape(names, said, predictor, "saturating", (number(cursor, "After `after`"),), True)


def jump(cursor: Cursor, names: Names, said: Outcome, rises: bool) -> Fields:
    """`jumps over dose at 100`, `jumps over dose between 80 and 120`: flat, then a step, then flat."""
    predictor = _over(cursor, names)
    if cursor.accept("between"):
        low = number(cursor, "After `between`")
        cursor.accept("and")
        points = (low, number(cursor, "After `and`"))
        if points[0] >= points[1]:
            raise HypothesisError(f"The first point of a jump must lie below the second. Got {low:g} first.")
        return _shape(names, said, predictor, "threshold", points, rises)
    cursor.accept("at", "after")
    return _shape(names, said, predictor, "threshold", (number(cursor, "After `at`"),), rises)


def _over(cursor: Cursor, names: Names) -> Column:
    if not cursor.accept("over", "with"):
        raise HypothesisError("Say over what: 'is inverted U over age around 45', 'jumps over dose at 100'.")
    return names.column(cursor)


def _shape(names: Names, said: Outcome, predictor: Column, shape: str, knots: tuple[float, ...], rises: bool) -> Fields:
    if predictor.type != "number":
        raise HypothesisError(f"A shape needs a number to run over, and {predictor.name!r} is a {predictor.type}.")
    said = with_event(said, names)
    return {**_fields("shape", said, predictor), "shape": shape, "knots": knots, "rises": rises}


def change_point(cursor: Cursor, names: Names, said: Outcome, way: str) -> Fields:
    """`higher from 2020-03-01 on`: read from behind `from`."""
    token = cursor.peek()
    text = "" if token is None else token.text
    if days_of(text) is None:
        raise HypothesisError(f"After `from` a date such as 2020-03-01 or a year is expected. Got {text!r} instead.")
    cursor.at += 1
    cursor.accept("on", "onwards", "onward")
    time = names.column(cursor) if cursor.accept("over", "by") else _only_time(names, text)
    at = days_of(text) if time.type == "datetime" else number_of(text)
    if at is None or time.type not in ("datetime", "number"):
        raise HypothesisError(f"{text!r} is no moment of {time.name!r}, which is a {time.type}.")
    return {**_fields("change_point", with_event(said, names), time), "at": at, "direction": way}


def _only_time(names: Names, text: str = "") -> Column:
    """The one column that can be the time.

    Raises:
        HypothesisError: if there is none, or several.
    """
    found = names.dates()
    if not found and re.fullmatch(r"\d{4}", text):
        found = [c for c in names.columns.values() if _is_years(c)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise HypothesisError("No column is a date, so no time can be meant. Compare levels or numbers instead.")
    several = " or ".join(f"'over {c.name}'" for c in found[:6])
    raise HypothesisError(f"Several columns are dates: add {several}.")


def tied_dates(cursor: Cursor, names: Names, said: Outcome, after: bool) -> Fields:
    """`end not before start`: read from behind `not before` (`after`) or `not after`."""
    other = names.column(cursor)
    for column in (said.column, other):
        if column.type not in ("datetime", "number"):
            raise HypothesisError(f"{column.name!r} is a {column.type}: only dates and numbers have an order.")
    later, earlier = (said.column, other) if after else (other, said.column)
    return {"family": "invariant", "rule": "not_after", "outcome": later.name, "predictor": earlier.name}


def bounded(cursor: Cursor, names: Names, said: Outcome, kind: str) -> Fields:
    """`between 0 and 100`, `is at least 0`, `is at most 100`: read from behind those words."""
    if said.column.type not in ("number", "datetime"):
        raise HypothesisError(f"{said.column.name!r} is a {said.column.type} and has no range: write 'is one of …'.")
    first = _bound(cursor, said.column)
    low, high = (first, None) if kind == "least" else (None, first)
    if kind == "between":
        if not cursor.accept("and"):
            raise HypothesisError("A range has two ends: 'between 0 and 100'.")
        low, high = first, _bound(cursor, said.column)
        if low > high:
            raise HypothesisError(f"The range between {low:g} and {high:g} is empty: name the smaller end first.")
    return {**_alone(said), "rule": "in_range", "low": low, "high": high}


def _bound(cursor: Cursor, column: Column) -> float:
    return date(cursor, column.name)[1] if column.type == "datetime" else number(cursor, "For the range")


def never_missing(said: Outcome) -> Fields:
    """`is never missing`."""
    return {**_alone(said), "rule": "not_missing"}


def one_of(cursor: Cursor, names: Names, said: Outcome) -> Fields:
    """`is one of a, b or c`: read from behind those words; a level may be one that the data do not have yet."""
    if said.column.type not in LABELS:
        raise HypothesisError(f"{said.column.name!r} is a {said.column.type}: write 'between … and …' instead.")
    found = [names.level(cursor, said.column)]
    while cursor.comma() or cursor.accept("or"):
        cursor.accept("or")
        found.append(names.level(cursor, said.column))
    return {**_alone(said), "rule": "one_of", "allowed": tuple(dict.fromkeys(found))}


def determines(cursor: Cursor, names: Names, said: Outcome) -> Fields:
    """`zip determines city`: each level of the first goes with one level of the second."""
    other = names.column(cursor)
    for column in (said.column, other):
        if not column.levels:
            raise HypothesisError(f"{column.name!r} has no levels, so it cannot be fixed by another's level.")
    return {"family": "invariant", "rule": "determines", "outcome": other.name, "predictor": said.column.name}


def _alone(said: Outcome) -> Fields:
    return {"family": "invariant", "outcome": said.column.name, "predictor": said.column.name}


def _fields(family: str, said: Outcome, predictor: Column, **more: Any) -> Fields:
    fields = {"family": family, "outcome": said.column.name, "predictor": predictor.name, **more}
    if said.event is not None:
        fields["event"] = said.event
    return fields


_CYCLES = {
    "hour": ("hour_of_day", range(24)),
    "day": ("day_of_week", range(7)),
    "month": ("month_of_year", range(1, 13)),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_CYCLE_WORDS = {
    "hour": "hour", "hours": "hour", "day": "day", "days": "day", "weekday": "day", "weekdays": "day",
    "month": "month", "months": "month",
}  # fmt: skip


def seasonality(cursor: Cursor, names: Names, said: Outcome) -> Fields:
    """`peaks in hour 8, 17, 18 against 3, 4`, `peaks on monday`: read from behind `peaks`."""
    cursor.accept("in", "on", "at")
    word = cursor.accept(*_CYCLE_WORDS)
    kind = _CYCLE_WORDS[word] if word else _named_cycle(cursor)
    if word is not None:
        _not_a_column(cursor, names, said, word)
    peak = _phases(cursor, kind)
    trough = _phases(cursor, kind) if cursor.accept(*AGAINST) else ()
    both = sorted(set(peak) & set(trough))
    if both:
        raise HypothesisError(f"Phase {both[0]} stands on both sides: name phases that differ.")
    name, known = _CYCLES[kind]
    trough = trough or tuple(phase for phase in known if phase not in peak)
    if not trough:
        raise HypothesisError("Every phase of the cycle was named, so nothing is left to compare with.")
    time = names.column(cursor) if cursor.accept("over", "of") else _only_time(names)
    if time.type != "datetime":
        raise HypothesisError(f"{time.name!r} is a {time.type}, not a date.")
    return {**_fields("seasonality", with_event(said, names), time), "cycle": name, "peak": peak, "trough": trough}


def _named_cycle(cursor: Cursor) -> str:
    token = cursor.peek()
    text = "" if token is None else token.text.casefold()
    for kind, known in (("day", _DAYS), ("month", _MONTHS)):
        if any(text and len(text) >= 3 and name.startswith(text) for name in known):
            return kind
    raise HypothesisError(f"After `peaks in` hour, weekday or month and its phases are expected. Got {text!r} instead.")


def _not_a_column(cursor: Cursor, names: Names, said: Outcome, word: str) -> None:
    """Refuse a cycle's word that is a column too, with both readings; the cycle is meant where `over` names a date."""
    own = next((c for c in names.columns.values() if c.name.casefold() == word), None)
    if own is None or any(t.kind == "word" and t.text.casefold() == "over" for t in cursor.tokens[cursor.at :]):
        return
    as_levels = f"'{said.column.name} higher for {own.name}=… or … than …'"
    dates = names.dates()
    if not dates:
        raise HypothesisError(f"{word!r} is a column here and no column is a date: write {as_levels}.")
    raise HypothesisError(
        f"{word!r} can be read in two ways. As a column: {as_levels}. As a phase of a date: add 'over {dates[0].name}'."
    )


def _phases(cursor: Cursor, kind: str) -> tuple[int, ...]:
    found = [_phase(cursor, kind)]
    while True:
        comma = cursor.comma()
        if cursor.accept("or", "and") is None and not comma:
            return tuple(dict.fromkeys(found))
        found.append(_phase(cursor, kind))


def _phase(cursor: Cursor, kind: str) -> int:
    token = cursor.peek()
    text = "" if token is None else token.text.casefold()
    _, known = _CYCLES[kind]
    named = {"day": _DAYS, "month": _MONTHS}.get(kind, ())
    value = number_of(text)
    if value is None and len(text) >= 3:
        at = [k for k, name in enumerate(named) if name.startswith(text) or name + "s" == text]
        value = at[0] + known[0] if at else None
    if value is None or value != int(value) or int(value) not in known:
        names = f" or a name such as {named[0]}" if named else ""
        raise HypothesisError(f"A {kind} is a number from {known[0]} to {known[-1]}{names}. Got {text!r} instead.")
    cursor.at += 1
    return int(value)
