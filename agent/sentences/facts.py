"""From a question of fact in plain words ("mean fare by class where sex=female") to one query over the table.

Knows which words ask for a figure and the columns of a table. Must never know a row, and never guesses a name.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from ...tools.data.readers_binary import quoted
from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from .clauses import condition, conditions
from .examples import fact_examples
from .names import LABELS, Names
from .tokens import Cursor

_OPENINGS = (
    "what is the", "what's the", "what are the", "what was the", "show me the", "show the", "show", "the", "compute",
    "calculate the", "calculate",
)  # fmt: skip
_MEASURES = {
    "mean": "avg({})", "average": "avg({})", "avg": "avg({})", "median": "median({})", "sum": "sum({})",
    "total": "sum({})", "minimum": "min({})", "min": "min({})", "lowest": "min({})", "smallest": "min({})",
    "maximum": "max({})", "max": "max({})", "highest": "max({})", "largest": "max({})",
    "standard deviation": "stddev_samp({})", "std": "stddev_samp({})", "variance": "var_samp({})",
}  # fmt: skip
_OF_NUMBERS = frozenset({"avg({})", "median({})", "sum({})", "stddev_samp({})", "var_samp({})"})
_COUNTS = ("how many rows", "how many", "number of rows", "number of", "count of rows", "count")
_DISTINCT = (
    "how many different",
    "number of different",
    "distinct values of",
    "how many distinct",
    "number of distinct",
)
_SHARE = ("share of rows with", "share of rows where", "share of", "percentage of", "proportion of", "rate of")
_CORRELATION = ("correlation of", "correlation between", "pearson correlation of", "pearson correlation between")
_BY = ("by", "per", "for each", "in each")
_WHERE = (
    "where", "among", "for", "with", "when", "that have", "who have", "have", "has", "having", "that are", "who are",
)  # fmt: skip
_PERCENTILE = re.compile(r"p?([1-9]\d?)(?:st|nd|rd|th)?", re.IGNORECASE)


_COUNT = "count(*)"
_PERCENT = "100.0 * avg("


class Fact(NamedTuple):
    """A question of fact as it was understood."""

    text: str
    sql: str
    understood: str
    notes: tuple[str, ...] = ()


def asks_for_fact(text: str) -> bool:
    """Whether a question opens with a word that asks for a figure rather than states a claim."""
    try:
        cursor = Cursor(text.strip().removesuffix("?"))
    except HypothesisError:
        return False
    cursor.accept(*_OPENINGS)
    return _percentile(cursor) is not None or any(
        cursor.accept(*words) for words in (_DISTINCT, _COUNTS, _SHARE, _CORRELATION, tuple(_MEASURES))
    )


def read_fact(text: str, columns: dict[str, Column], left_out: dict[str, str] | None = None) -> Fact:
    """The query that a question in plain words asks for.

    Args:
        text: Such as "mean fare by class where sex=female".
        columns: The table's columns by name.
        left_out: Columns that are not analysed; a question of fact may still name them.

    Raises:
        HypothesisError: if it cannot be read; the message says where, and what could stand there.
    """
    names, cursor = Names(columns, left_out), Cursor(text.strip().removesuffix("?").strip())
    cursor.accept(*_OPENINGS)
    figure, told, measured = _figure(cursor, names)
    groups: list[Column] = []
    terms: list[dict[str, Any]] = []
    while not cursor.done:
        if not groups and cursor.accept(*_BY):
            groups = [names.column(cursor)]
            while cursor.comma() or cursor.accept("and"):
                groups.append(names.column(cursor))
        elif not terms and cursor.accept(*_WHERE):
            terms = _containing(cursor, names) or conditions(cursor, names, missing=True)
        elif not terms and not groups and figure == _COUNT and _states_condition(cursor, names):
            terms = conditions(cursor, names, missing=True)  # "how many smoker=yes"
        else:
            raise HypothesisError(
                f"Nothing is known to follow at {cursor.rest[:60]!r}. Write such as {fact_examples(columns)}."
            )
    return Fact(
        text.strip(),
        _sql(figure, measured, groups, terms),
        _told(told, groups, terms),
        tuple(dict.fromkeys(names.notes)),
    )


def _figure(cursor: Cursor, names: Names) -> tuple[str, str, Column | None]:
    """The figure as SQL and in words, and the one column that it is of."""
    if cursor.accept(*_DISTINCT):
        column = names.column(cursor)
        told = f"the number of different values of `{column.name}`"
        return f"count(DISTINCT {quoted(column.name)})", told, column
    if cursor.accept(*_COUNTS):
        cursor.accept("rows")
        cursor.accept("are there", "there are", "are")
        return _COUNT, "the number of rows", None
    if cursor.accept(*_SHARE):
        term = next(iter(_containing(cursor, names)), None) or condition(cursor, names, missing=True)
        told = f"the share, in percent, of rows where {_said(term)}"
        return f"{_PERCENT}({_condition(term)})::INTEGER)", told, _measured(term, names)
    if cursor.accept(*_CORRELATION):
        a = _number(names.column(cursor), "correlation")
        if cursor.accept("and", "with") is None:
            raise HypothesisError(f"A correlation needs two columns: write `correlation of {a.name} and ...`.")
        b = _number(names.column(cursor), "correlation")
        told = f"the Pearson correlation of `{a.name}` and `{b.name}`"
        return f"corr({quoted(a.name)}, {quoted(b.name)})", told, None
    if (percent := _percentile(cursor)) is not None:
        cursor.accept("of the", "of")
        column = _number(names.column(cursor), "percentile")
        told = f"the {percent}{_ordinal(percent)} percentile of `{column.name}`"
        return f"quantile_cont({quoted(column.name)}, {percent / 100:.2f})", told, column
    word = cursor.accept(*sorted(_MEASURES, key=len, reverse=True))
    if word is None:
        raise HypothesisError(f"This is not read as a question of fact. Write such as {fact_examples(names.columns)}.")
    cursor.accept("of the", "of", "value of")
    column, measure = names.column(cursor), _MEASURES[word]
    if measure in _OF_NUMBERS:
        column = _number(column, word)
    return measure.format(quoted(column.name)), f"the {word} of `{column.name}`", column


def _containing(cursor: Cursor, names: Names) -> list[dict[str, Any]]:
    """`ticket contains "late"`, read: the letters stand in the text, in any case; nothing where it is not said so."""
    start, notes = cursor.at, list(names.notes)
    column = names.column_if(cursor)
    if column is None or cursor.accept("contains", "contain", "mentions", "mention", "containing") is None:
        cursor.at, names.notes[:] = start, notes
        return []
    if column.type not in ("text", *LABELS):
        raise HypothesisError(f"`{column.name}` is a {column.type}, which contains no words. Compare it by = or >.")
    said = cursor.until(frozenset(("by", "per", "where", "among", "for", "and")))
    if not said.strip():
        raise HypothesisError(
            f'What `{column.name}` contains is missing: write such as `{column.name} contains "late"`.'
        )
    cursor.at += 1 if cursor.tokens[cursor.at].kind == "quoted" else len(said.split())
    names.notes.append("letters in any case, within longer words as well")
    return [{"column": column.name, "op": "contains", "value": said}]


def _percentile(cursor: Cursor) -> int | None:
    """The 90 of `90th percentile of` or `p90 of`, read."""
    token = cursor.peek()
    found = None if token is None or token.kind != "word" else _PERCENTILE.fullmatch(token.text)
    if token is None or found is None:
        return None
    start, cursor.at = cursor.at, cursor.at + 1
    if cursor.accept("of" if token.text[:1] in "pP" else "percentile"):
        return int(found[1])
    cursor.at = start
    return None


def _ordinal(number: int) -> str:
    return "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _states_condition(cursor: Cursor, names: Names) -> bool:
    """Whether a column with an operator comes next; nothing is read."""
    start, kept = cursor.at, list(names.notes)
    found = names.column_if(cursor) is not None
    token = cursor.peek()
    found = found and token is not None and (token.kind == "operator" or token.text.casefold() in _SPOKEN)
    cursor.at, names.notes[:] = start, kept
    return found


def _measured(term: dict[str, Any], names: Names) -> Column | None:
    """The column without whose value a row is no part of a share; None where what is asked is that it has none."""
    return None if term["op"] in _ABSENT else names.columns.get(term["column"])


def _number(column: Column, what: str) -> Column:
    if column.type in LABELS or column.type == "datetime":
        raise HypothesisError(f"`{column.name}` is a {column.type}: no {what} of it. Ask for its share or count.")
    return column


def _sql(figure: str, measured: Column | None, groups: Sequence[Column], terms: Sequence[dict[str, Any]]) -> str:
    shown = [quoted(c.name) for c in groups]
    # The denominator of each group's figure, where it is not all of the group's rows.
    taken = {c.name.lower() for c in groups}
    called = {name: f"{name}_" if name in taken else name for name in ("value", "percent", "known")}
    known = [f"count({quoted(measured.name)}) AS {called['known']}"] if measured and measured.missing else []
    # `n` is what a model's queries call the count as well; a group of that name keeps it for itself.
    count = "rows" if "n" in taken else "n"
    name = called["percent" if figure.startswith(_PERCENT) else "value"]
    told = [] if figure == _COUNT else [f"{figure} AS {name}", *known]
    select = ", ".join([*shown, *told, f"count(*) AS {count}"])
    where = f" WHERE {' AND '.join(_condition(t) for t in terms)}" if terms else ""
    grouped = f" GROUP BY {', '.join(shown)} ORDER BY {', '.join(shown)}" if shown else ""
    return f"SELECT {select} FROM data{where}{grouped}"


def _condition(term: dict[str, Any]) -> str:
    if term["op"] in _ABSENT:
        return f"{quoted(term['column'])} {_ABSENT[term['op']]}"
    value = term["value"]
    if term["op"] == "contains":
        letters = re.sub(r"([\\%_])", r"\\\1", str(value)).replace("'", "''")
        return f"{quoted(term['column'])} ILIKE '%{letters}%' ESCAPE '\\'"
    literal = repr(float(value)) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"
    return f"{quoted(term['column'])} {_OPERATORS[term['op']]} {literal}"


_ABSENT = {"missing": "IS NULL", "known": "IS NOT NULL"}
_SPOKEN = frozenset(("is", "above", "below", "at", "before", "after"))
_OPERATORS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def _said(term: dict[str, Any]) -> str:
    if term["op"] in _ABSENT:
        return f"`{term['column']}` is {'missing' if term['op'] == 'missing' else 'not missing'}"
    value = term["value"]
    told = f"{value:g}" if isinstance(value, float) else str(value)
    if term["op"] == "contains":
        return f"`{term['column']}` contains the letters {told}"
    return f"`{term['column']}` {_OPERATORS[term['op']].replace('<>', '!=')} {told}"


def _told(figure: str, groups: Sequence[Column], terms: Sequence[dict[str, Any]]) -> str:
    text = figure[:1].upper() + figure[1:]
    text += f", for each {' and '.join(f'`{c.name}`' for c in groups)}" if groups else ""
    return text + (f", among rows where {' and '.join(_said(t) for t in terms)}" if terms else "")
