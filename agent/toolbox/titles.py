"""What each figure of a query's result is, in words, read from the statement's syntax tree.

Knows the tree. Must never know a row or a value, nor guess: what the tree does not show goes by the alias that the
query gives it, its underscores read as blanks.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...tools.data.schema import Column
from ...tools.data.sql_reading import expression_text
from ...tools.verify.families.wording import column
from ..privacy import cleaned
from .aggregates import SUMS, parsed

_CALLED = {
    "avg": "mean", "mean": "mean", "median": "median", "sum": "sum", "min": "minimum", "max": "maximum",
    "stddev": "standard deviation", "stddev_samp": "standard deviation", "stddev_pop": "standard deviation",
    "variance": "variance", "var_samp": "variance", "var_pop": "variance", "skewness": "skewness",
    "kurtosis": "kurtosis",
}  # fmt: skip
_PAIRS = {"corr": "Pearson correlation", "covar_samp": "covariance", "covar_pop": "covariance"}
_IN_UNITS = frozenset({"avg", "mean", "median", "sum", "min", "max", "stddev", "stddev_samp", "stddev_pop"})
_COMPARED = {
    "COMPARE_EQUAL": "is", "COMPARE_NOTEQUAL": "is not", "COMPARE_LESSTHAN": "<", "COMPARE_LESSTHANOREQUALTO": "≤",
    "COMPARE_GREATERTHAN": ">", "COMPARE_GREATERTHANOREQUALTO": "≥",
}  # fmt: skip


_LITERALS = ("STRING", "INTEGER", "NUMERIC", "BOOLEAN")


class Title(NamedTuple):
    """One column of a result."""

    words: str
    """`mean of `age``, or of what is not known the alias: `mean age`."""
    group: bool = False
    """Whether it says which rows the figures beside it are of."""
    rows: bool = False
    """Whether it counts rows."""
    unit: str | None = None
    of: tuple[str, ...] = ()
    """Columns whose missing values the figure leaves out, by their own names."""
    known: str = ""
    """The one column whose values it counts."""


class Titles(NamedTuple):
    """What a statement's result holds."""

    columns: tuple[Title, ...]
    where: str
    """The condition on rows in words, `where `sex` is male and `age` > 30`; as SQL where there are no words for it."""


def titles(sql: str, columns: Mapping[str, Column]) -> Titles:
    """The words of each column of the result, in their order; no two alike.

    Args:
        sql: A statement that `check` let pass.
        columns: The columns that it may name, by the name that it uses; each with its own name and unit.
    """
    node, known = parsed(sql), {name.casefold(): column for name, column in columns.items()}
    out: list[Title] = []
    for item in node["select_list"]:
        title = _title(item, known)
        if any(title.words == other.words for other in out):
            title = title._replace(words=_alias(item))
        out.append(title)
    return Titles(tuple(out), _where(node.get("where_clause"), [name for t in out for name in t.of], known))


def _where(condition: dict[str, Any] | None, of: Sequence[str], known: Mapping[str, Column]) -> str:
    """Whose figures they are; that a measured column is known goes without saying: figures leave missing values out."""
    if condition is None:
        return ""
    parts = condition["children"] if condition.get("type") == "CONJUNCTION_AND" else [condition]
    kept = [part for part in parts if not _is_known(part, of, known)]
    told = [_condition(part, known) for part in kept]
    if not kept:
        return ""
    return f"where {' and '.join(told) if all(told) else expression_text(condition)}"


def _is_known(part: dict[str, Any], of: Sequence[str], known: Mapping[str, Column]) -> bool:
    seen = _column(part["children"][0], known) if part.get("type") == "OPERATOR_IS_NOT_NULL" else None
    return seen is not None and seen[1].name in of


def _title(item: dict[str, Any], known: Mapping[str, Column]) -> Title:
    if not any(name in SUMS | {"min", "max"} for name in _functions(item)):
        words = _column(item, known)
        return Title(words[0] if words else _alias(item), group=True)
    return _aggregate(item, known) or Title(_alias(item), of=tuple(dict.fromkeys(_columns(item, known))))


def _functions(item: Any) -> list[str]:
    if isinstance(item, dict):
        own = [str(item["function_name"]).lower()] if item.get("class") == "FUNCTION" else []
        return own + [name for value in item.values() for name in _functions(value)]
    return [name for value in item for name in _functions(value)] if isinstance(item, list) else []


def _alias(item: dict[str, Any]) -> str:
    name = item.get("alias") or (item.get("column_names") or [""])[-1] or expression_text(item)
    return cleaned(str(name).replace("_", " ")).strip() or "value"


def _aggregate(item: dict[str, Any], known: Mapping[str, Column]) -> Title | None:
    """An aggregate as it stands, rounded, or as a percentage; None of anything else."""
    name, inner = str(item.get("function_name", "")).lower(), _inner(item)
    if name == "count_star":
        return Title("number of rows", rows=True)
    if name == "round" and inner:
        return _aggregate(inner[0], known)
    if name == "*" and len(inner) == 2:
        return _percentage(inner, known)
    if name in SUMS | {"min", "max"} and inner and not item.get("filter") and not item.get("distinct"):
        return _plain_aggregate(name, inner, known)
    return None


def _inner(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [argument["expression"] for argument in item.get("arguments", ())]


def _percentage(inner: Sequence[dict[str, Any]], known: Mapping[str, Column]) -> Title | None:
    """A hundred times the share of rows that keep a condition."""
    for factor, rest in (inner, inner[::-1]):
        if _number(factor) == 100:
            title = _aggregate(rest, known)
            return title._replace(unit="%") if title is not None and title.words.startswith("share of") else None
    return None


def _number(item: dict[str, Any]) -> float | None:
    literal = item.get("literal") or {}
    return float(literal["text"]) if literal.get("kind") in ("INTEGER", "NUMERIC") else None


def _plain_aggregate(name: str, inner: Sequence[dict[str, Any]], known: Mapping[str, Column]) -> Title | None:
    told = [_column(one, known) for one in inner]
    first = told[0]
    if name in _PAIRS and len(told) == 2 and first and told[1]:
        return Title(f"{_PAIRS[name]} of {first[0]} and {told[1][0]}", of=(first[1].name, told[1][1].name))
    if first is None:
        return _share(name, inner[0], known)
    words, of = first[0], (first[1].name,)
    if name == "count":
        return Title(f"number of rows with a value of {words}", rows=True, known=first[1].name)
    if name == "quantile_cont" and len(inner) == 2 and (q := _number(inner[1])) is not None:
        return Title(f"{100 * q:g} % quantile of {words}", unit=_unit(first[1]), of=of)
    if name not in _CALLED:
        return None
    return Title(f"{_CALLED[name]} of {words}", unit=_unit(first[1]) if name in _IN_UNITS else None, of=of)


def _unit(seen: Column) -> str | None:
    """The column's unit; a column of percentages is no share of rows."""
    return None if seen.unit == "%" else seen.unit


def _share(name: str, inner: dict[str, Any], known: Mapping[str, Column]) -> Title | None:
    """`avg((churn = 'yes')::INT)`: the share of rows that keep a condition."""
    condition = inner.get("child") if inner.get("class") == "CAST" else None
    said = _condition(condition, known) if condition else ""
    if not said or name not in ("avg", "mean"):
        return None
    return Title(f"share of rows where {said}", of=tuple(_columns(condition, known)))


def _columns(item: Any, known: Mapping[str, Column]) -> list[str]:
    """The columns that an expression names."""
    if isinstance(item, dict):
        own = _column(item, known) if item.get("class") == "COLUMN_REF" else None
        return ([own[1].name] if own else []) + [n for value in item.values() for n in _columns(value, known)]
    return [n for value in item for n in _columns(value, known)] if isinstance(item, list) else []


def _column(item: dict[str, Any], known: Mapping[str, Column]) -> tuple[str, Column] | None:
    """A plain column, with or without a cast, as it is printed."""
    if item.get("class") == "CAST":
        return _column(item["child"], known)
    if item.get("class") != "COLUMN_REF":
        return None
    seen = known.get(str(item["column_names"][-1]).casefold())
    return None if seen is None else (column(seen.name), seen)


def _condition(item: dict[str, Any], known: Mapping[str, Column]) -> str:
    """A condition on rows in words; empty where there are none for it."""
    if item.get("type") == "CONJUNCTION_AND":
        parts = [_condition(one, known) for one in item["children"]]
        return " and ".join(parts) if all(parts) else ""
    if item.get("type") in ("OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"):
        seen = _column(item["children"][0], known)
        return f"{seen[0]} is {'missing' if item['type'] == 'OPERATOR_IS_NULL' else 'known'}" if seen else ""
    if item.get("type") == "COMPARE_IN":
        seen, values = _column(item["children"][0], known), [_literal(x) for x in item["children"][1:]]
        return f"{seen[0]} is {' or '.join(values)}" if seen and all(values) else ""
    if item.get("type") not in _COMPARED:
        return ""
    seen, value = _column(item["left"], known), _literal(item["right"])
    return f"{seen[0]} {_COMPARED[item['type']]} {value}" if seen and value else ""


def _literal(item: dict[str, Any]) -> str:
    literal = item.get("literal") or {}
    text = cleaned(literal.get("text", "")) if literal.get("kind") in _LITERALS else ""
    return re.sub(r"\.0+$", "", text) if literal.get("kind") == "NUMERIC" else text
