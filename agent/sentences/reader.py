"""From one sentence in the grammar's words to the fields of a typed claim.

Knows which words open which form, and what may close every form: a population, controls, exceptions. Must never know a
row, and never guesses: what it cannot read it says, with a sentence that it could.
"""

import re
from typing import Any, NamedTuple

from ...tools.errors import HypothesisError
from ...tools.verify.hypothesis import Invariant
from . import forms_groups as groups
from . import forms_relations as relations
from .clauses import AGAINST, Outcome, conditions, direction, levels_of, number, number_only, outcome, with_event
from .forms_relations import DOWN, UP, Fields
from .names import Names, folded
from .tokens import Cursor

FORMS = (
    "wage higher for sex=male than female; mean revenue higher for plan=gold; churn=yes lower where age > 40 and "
    "plan=gold; charges increases with age; delay rises over date; charges ~ smoker"
)
_FOR = ("for", "when", "if")
_ADJUSTABLE = ("group_difference", "rate_difference", "mean_difference", "monotone_association")


class Reading(NamedTuple):
    """One hypothesis as it was understood before any constant was read off rows."""

    text: str
    """The words, or the JSON of a typed claim."""
    fields: Fields
    """The fields of the claim; constants that the words leave open are missing."""
    notes: tuple[str, ...] = ()
    """What was supplied or matched in another spelling."""
    name: str | None = None
    note: str | None = None


def read(text: str, names: Names) -> Reading:
    """The claim that a sentence states.

    Raises:
        HypothesisError: if it cannot be read; the message says where, and what could stand there.
    """
    names.notes = []
    cursor = Cursor(text)
    population: list[Fields] = []
    if cursor.accept("among"):
        population = _population(cursor, names)
        cursor.comma()
    fields = _claim(cursor, names)
    fields = _closings(cursor, names, fields, population)
    return Reading(text.strip(), fields, tuple(dict.fromkeys(names.notes)))


def _claim(cursor: Cursor, names: Names) -> Fields:
    """The main clause, read."""
    for phrase, form in (
        ("effect of", lambda: groups.effect(cursor, names)),
        ("gap in", lambda: groups.gap(cursor, names)),
        ("rise of", lambda: groups.slope(cursor, names, False)),
        ("fall of", lambda: groups.slope(cursor, names, True)),
        ("slope of", lambda: groups.slope(cursor, names, False)),
    ):
        if names.column_if(_copy(cursor)) is None and cursor.accept(phrase):
            return form()
    statistic = _statistic(cursor, names)
    said = outcome(cursor, names)
    fields = None if statistic else _how_often(cursor, names, said) or _relation(cursor, names, said)
    return fields if fields is not None else _difference(cursor, names, said, statistic)


def _copy(cursor: Cursor) -> Cursor:
    """A cursor at the same place that may be read without moving this one."""
    twin = Cursor.__new__(Cursor)
    twin.text, twin.tokens, twin.at = cursor.text, cursor.tokens, cursor.at
    return twin


def _statistic(cursor: Cursor, names: Names) -> Fields:
    """`mean`, `median`, `p90`, `quantile 0.9 of`, `count of`, read where a column follows; else nothing."""
    start, kept = cursor.at, list(names.notes)
    found = _statistic_word(cursor)
    if found:
        cursor.accept("of")
        behind = names.column_if(_copy(cursor))
        whole = _copy(cursor)
        whole.at = start
        if behind is not None and (names.column_if(whole) is None or whole.at <= cursor.at):
            names.notes[:] = kept
            return found
    cursor.at, names.notes[:] = start, kept
    return {}


def _statistic_word(cursor: Cursor) -> Fields:
    token = cursor.peek()
    if token is None or token.kind != "word":
        return {}
    if cursor.accept("mean", "average"):
        return {"family": "mean_difference"}
    if cursor.accept("median"):
        return {"family": "quantile_difference", "quantile": 0.5}
    if cursor.accept("count of", "number of"):
        return {"family": "rate_ratio"}
    if re.fullmatch(r"[pP]\d{1,2}", token.text) and int(token.text[1:]):
        cursor.at += 1
        return {"family": "quantile_difference", "quantile": int(token.text[1:]) / 100}
    if cursor.accept("quantile"):
        value = number(cursor, "After `quantile`")
        if not 0 < value < 1:
            raise HypothesisError(f"A quantile lies between 0 and 1, such as 0.9. Got {value:g} instead.")
        return {"family": "quantile_difference", "quantile": value}
    return {}


def _relation(cursor: Cursor, names: Names, said: Outcome) -> Fields | None:
    """The forms whose verb follows the outcome, or None where another word does."""
    if cursor.operator("~", "≈") or cursor.accept("is associated with", "goes with", "goes together with"):
        return relations.association(cursor, names, said)
    if cursor.accept(*UP):
        return relations.course(cursor, names, said, True)
    if cursor.accept(*DOWN):
        return relations.course(cursor, names, said, False)
    if cursor.accept("ranks", "ranked by"):
        return groups.ranking(cursor, names, said)
    if cursor.accept("peaks", "peak", "is highest"):
        return relations.seasonality(cursor, names, said)
    if cursor.accept("shifts between", "differs in distribution between"):
        return groups.shift(cursor, names, said)
    return _shaped(cursor, names, said) or _always(cursor, names, said)


def _how_often(cursor: Cursor, names: Names, said: Outcome) -> Fields | None:
    """`visits > 0 increases with age`: how often a number lies above a point, along another; else nothing is read."""
    start = cursor.at
    if said.event is None and (cursor.operator(">") or cursor.accept("above")):
        above = number(cursor, f"After `{said.column.name}` above")
        rises = cursor.accept(*UP)
        if rises or cursor.accept(*DOWN):
            number_only(said, "How often it lies above a point")
            fields = relations.course(cursor, names, said, bool(rises))
            if fields["family"] != "monotone_association":
                raise HypothesisError(
                    f"How often {said.column.name!r} lies above a point is compared between groups, or along a number: "
                    f"'{said.column.name} > {above:g} increases with age'."
                )
            return {**fields, "above": above}
    cursor.at = start
    return None


def _shaped(cursor: Cursor, names: Names, said: Outcome) -> Fields | None:
    for phrases, shape in (
        (
            (
                "is inverted u-shaped",
                "is inverted u",
                "is an inverted u",
                "is inverted-u",
                "is hump-shaped",
                "is n-shaped",
            ),
            "inverted_u",
        ),
        (("is u-shaped", "is u", "is a u"), "u"),
    ):
        if cursor.accept(*phrases):
            return relations.bent(cursor, names, said, shape)
    if cursor.accept("levels off"):
        return relations.levels_off(cursor, names, said)
    if cursor.accept("jumps"):
        return relations.jump(cursor, names, said, True)
    if cursor.accept("drops"):
        return relations.jump(cursor, names, said, False)
    return None


def _always(cursor: Cursor, names: Names, said: Outcome) -> Fields | None:
    """Rules of the data: `is never missing`, `between 0 and 100`, `not before start`."""
    if cursor.accept("is never missing", "never missing", "is not missing", "not missing"):
        return relations.never_missing(said)
    for phrases, kind in (
        (("is always between", "is between", "between"), "between"),
        (("is always at least", "is at least", "at least"), "least"),
        (("is always at most", "is at most", "at most"), "most"),
    ):
        if cursor.accept(*phrases):
            return relations.bounded(cursor, names, said, kind)
    if cursor.accept("is always one of", "is one of", "one of"):
        return relations.one_of(cursor, names, said)
    if cursor.accept("is not before", "is never before", "not before", "never before"):
        return relations.tied_dates(cursor, names, said, True)
    if cursor.accept("is not after", "is never after", "not after", "never after"):
        return relations.tied_dates(cursor, names, said, False)
    if cursor.accept("determines"):
        return relations.determines(cursor, names, said)
    return None


def _difference(cursor: Cursor, names: Names, said: Outcome, statistic: Fields) -> Fields:
    """`… higher for …`, with whatever stands between the outcome and `higher`."""
    if not statistic and cursor.accept("per"):
        statistic = {"family": "rate_ratio", "exposure": names.column(cursor).name}
    elif not statistic and (cursor.operator(">") or cursor.accept("above")):
        statistic = {"family": "occurrence_difference", "above": number(cursor, f"After `{said.column.name}` above")}
    way = direction(cursor, names)
    if way is None:
        got = f"Got {cursor.rest[:40]!r} instead." if cursor.rest else "The sentence ends there."
        raise HypothesisError(
            f"After {said.column.name!r} a word such as higher, lower, increases with or ~ is expected. {got} "
            f"Sentences that can be read: {FORMS}."
        )
    if cursor.accept("from", "since") and not statistic:
        return relations.change_point(cursor, names, said, way)
    if way == "any" and cursor.accept("between"):
        return _between(cursor, names, said, statistic)
    if not cursor.accept(*_FOR, "where", "in rows where"):
        got = f"Got {cursor.rest[:40]!r} instead." if cursor.rest else "The sentence ends there."
        if cursor.sees("over"):
            got = f"Along a time write 'rises {cursor.rest[:40]}', or 'falls …'."
        rows = _example(names, cursor.rest)
        raise HypothesisError(
            f"Say for which rows, such as 'for {rows}', or since when, such as 'from 2024-05-31 on'. {got}"
        )
    return groups.compared(cursor, names, said, way, statistic)


def _between(cursor: Cursor, names: Names, said: Outcome, statistic: Fields) -> Fields:
    """`differs between plan=a and b`."""
    column = names.column(cursor)
    if not cursor.operator("=", "=="):
        a, b = [*column.levels[:2], "…", "…"][:2]
        raise HypothesisError(f"Name two levels: 'differs between {column.name}={a} and {b}'.")
    a = levels_of(cursor, names, column)
    if not cursor.accept("and", *AGAINST):
        raise HypothesisError(f"Name two levels: 'differs between {column.name}={a[0]} and …'.")
    b = levels_of(cursor, names, column)
    if set(a) & set(b):
        raise HypothesisError(f"Level {a[0]!r} stands on both sides: name two that differ.")
    fields = {"outcome": said.column.name, "predictor": column.name, "levels": {"a": a, "b": b}, "direction": "any"}
    if statistic:
        number_only(said, f"A {statistic['family'].replace('_', ' ')}")
        return {**fields, **statistic}
    said = with_event(said, names)
    if said.event is None:
        return {**fields, "family": "group_difference"}
    return {**fields, "family": "rate_difference", "event": said.event}


def _example(names: Names, rest: str) -> str:
    """The rows that the rest of the sentence speaks of, where a word in it is a level; else any that could be named."""
    labels = [c for c in names.columns.values() if c.levels]
    words = [folded(w) for w in rest.split()]
    meant = next((f"{c.name}={level}" for w in words for c in labels for level in c.levels if folded(level) == w), None)
    return meant or (f"{labels[0].name}={labels[0].levels[0]}" if labels else "age > 40")


def _population(cursor: Cursor, names: Names) -> list[Fields]:
    cursor.accept("rows where", "rows with", "where")
    return conditions(cursor, names)


def _closings(cursor: Cursor, names: Names, fields: Fields, population: list[Fields]) -> Fields:
    """What may follow every claim: `among …`, `given …`, `except 1 %`, in any order."""
    seen: set[str] = {"among"} if population else set()
    while not cursor.done:
        cursor.comma()
        word = cursor.accept("among", "given", "holding", "except")
        if word is None or word in seen:
            again = f" a second `{word}`" if word else f" {cursor.rest[:60]!r}"
            raise HypothesisError(
                f"The end of the sentence was not understood:{again}. A claim may end with 'among region=north and "
                "age>=18', 'given age, sex', or 'except 1 %'. Put names with blanks or signs in backticks."
            )
        seen.add(word)
        if word == "among":
            population = _population(cursor, names)
        elif word == "except":
            fields = _tolerant(cursor, fields)
        else:
            fields = _adjusted(cursor, names, fields)
    if fields["family"] == "invariant" and "tolerance" not in fields:
        few = 100 * Invariant.model_fields["tolerance"].default
        names.notes.append(f"at most {few:g} % of rows may break it; end with `except 1 %` to allow more")
    return {**fields, "where": population} if population else fields


def _tolerant(cursor: Cursor, fields: Fields) -> Fields:
    if fields["family"] != "invariant":
        raise HypothesisError("'except' goes with rules of the data, such as 'age is never missing except 1 %'.")
    token = cursor.peek()
    value = number(cursor, "After `except`")
    behind = cursor.peek()
    if behind is not None and behind.text in ("%", "percent"):
        cursor.at += 1
        value /= 100
    elif token is not None and token.text.endswith("%"):
        value /= 100
    if not 0 < value < 0.5:
        raise HypothesisError(f"The share of exceptions must lie between 0 and 50 %. Got {100 * value:g} %.")
    return {**fields, "tolerance": value}


def _adjusted(cursor: Cursor, names: Names, fields: Fields) -> Fields:
    """The claim with declared controls, as a partial association."""
    cursor.accept("fixed")
    controls = [names.column(cursor).name]
    while (comma := cursor.comma()) or cursor.accept("and"):
        if comma and any(cursor.sees(w) for w in ("among", "except")):
            break
        cursor.accept("and")
        controls.append(names.column(cursor).name)
    if fields["family"] not in _ADJUSTABLE:
        raise HypothesisError(
            f"'given' goes with claims such as 'wage higher for sex=male' or 'wage increases with age', not with a "
            f"{fields['family'].replace('_', ' ')}."
        )
    twice = [c for c in controls if c in (fields["outcome"], fields["predictor"])]
    if twice:
        raise HypothesisError(f"{twice[0]!r} is part of the claim, so it cannot be held fixed as well.")
    keep: dict[str, Any] = {
        k: fields[k] for k in ("outcome", "predictor", "event", "levels", "direction") if k in fields
    }
    if fields["family"] == "group_difference" and "levels" not in fields:
        raise HypothesisError(f"Name the levels of {fields['predictor']!r} to compare: 'higher for …=a than b'.")
    return {**keep, "family": "adjusted_association", "controls": tuple(dict.fromkeys(controls))}
