"""Whether a statement of SQL tells nothing but aggregates of ten rows or more, read from its syntax tree.

Knows the tree. Must never know a row or run a statement: where it may run, and on what, is the jail's to say. In modes
other than `sample` only this passes: one SELECT from the one table, plain columns as groups, aggregates that sum rows
up to a number, and the count of rows as `n`, by which small groups are left off. Two statements whose results differ by
one row still pass: of such pairs nothing but the small number of calls keeps anyone.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ...tools.errors import UsageError
from .bench import TABLE

LONGEST = 2_000
"""Characters of a statement; with the depth below it bounds what the parser has to do."""
_DEEPEST = 16
_MOST_DOTS = 60
_LOWEST = 0.05
_CONDITIONS = frozenset({"COMPARISON", "CONJUNCTION", "BETWEEN", "OPERATOR"})
COUNT = "n"
SUMS = frozenset(
    {
        "count", "count_star", "count_if", "sum", "avg", "mean", "median", "quantile_cont", "stddev", "stddev_samp",
        "stddev_pop", "variance", "var_samp", "var_pop", "corr", "covar_samp", "covar_pop", "regr_slope",
        "regr_intercept", "regr_r2", "skewness", "kurtosis",
    }
)  # fmt: skip
"""Aggregates that tell no single cell."""
PLAIN = frozenset(
    {
        "+", "-", "*", "/", "//", "%", "round", "abs", "ln", "log", "log10", "sqrt", "floor", "ceil", "year", "month",
        "day", "hour", "dayofweek", "isodow", "weekday", "quarter", "week", "date_trunc", "date_part", "date_diff",
        "datediff", "epoch", "coalesce", "lower", "upper", "trim", "~~", "!~~", "~~*",
    }
)  # fmt: skip
"""Functions of one row that may stand anywhere."""
_KINDS = frozenset(
    {"COLUMN_REF", "CONSTANT", "FUNCTION", "COMPARISON", "CONJUNCTION", "CAST", "TYPE", "BETWEEN", "OPERATOR", "STAR"}
)
_NOT_HERE = {
    "SUBQUERY": "a subquery", "WINDOW": "a window function", "CASE": "CASE", "LAMBDA": "a lambda",
    "PARAMETER": "a parameter", "COLLATE": "COLLATE", "POSITIONAL_REFERENCE": "a column by number",
}  # fmt: skip
_WRITE = f"SELECT plan, avg(spend) AS mean_spend, count(*) AS n FROM {TABLE} WHERE age >= 18 GROUP BY plan"


def check(sql: str) -> tuple[str, ...]:
    """Hold a statement to aggregates; the names of its columns that are groups.

    Raises:
        UsageError: naming what may not stand in it.
    """
    node = _select(parsed(sql))
    _plain_parts(node)
    _table(node)
    selected = node["select_list"]
    for item in _walk({k: v for k, v in node.items() if k != "from_table"}):
        _allowed(item)
    if [str(item.get("alias", "")).lower() for item in selected if _named_n(item)] != [COUNT] or not any(
        _is_count(item) for item in selected
    ):
        raise UsageError(f"SQL must select `count(*) AS {COUNT}`, so that small groups can be left off: {_WRITE}.")
    return tuple(_names(selected))


def _refused(what: str) -> UsageError:
    return UsageError(f"SQL here tells aggregates only and does not take {what}. It can be: {_WRITE}.")


def parsed(sql: str) -> dict[str, Any]:
    """The statement's syntax tree: the node of its SELECT.

    Raises:
        UsageError: if it is too long, too deep, or no SELECT.
    """
    import duckdb

    depth, deepest = 0, 0
    for character in sql:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if len(sql) > LONGEST or deepest > _DEEPEST or sql.count(".") > _MOST_DOTS:
        raise UsageError(f"SQL may have {LONGEST:,} characters and {_DEEPEST} brackets inside each other.")
    if "->" in sql or re.search(r"\blambda\b", sql, re.IGNORECASE):
        raise _refused("a lambda")
    with duckdb.connect() as con:
        [(text,)] = con.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    tree = json.loads(text)
    if tree.get("error") or len(tree.get("statements", ())) != 1:
        raise UsageError(f"SQL must be one SELECT that can be parsed, such as: {_WRITE}.")
    return tree["statements"][0]["node"]


def _select(node: dict[str, Any]) -> dict[str, Any]:
    if node.get("type") != "SELECT_NODE":
        raise _refused("UNION, a table of values, or anything but one SELECT")
    if (node.get("cte_map") or {}).get("map"):
        raise _refused("WITH")
    return node


def _plain_parts(node: dict[str, Any]) -> None:
    for name, words in (("qualify", "QUALIFY"), ("sample", "a sample")):
        if node.get(name):
            raise _refused(words)
    if any(m.get("type") not in ("ORDER_MODIFIER", "LIMIT_MODIFIER") for m in node.get("modifiers") or ()):
        raise _refused("DISTINCT or LIMIT in per cent")


def _table(node: dict[str, Any]) -> None:
    """Hold FROM to the one table.

    Raises:
        UsageError: if it is a join, a function, or another table.
    """
    table = node.get("from_table") or {}
    name = str(table.get("table_name", "")).lower()
    if table.get("type") != "BASE_TABLE" or table.get("schema_name") or table.get("catalog_name") or name != TABLE:
        raise UsageError(f"SQL reads from the one table `{TABLE}`, without a join: {_WRITE}.")


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every expression of a part of the tree."""
    if isinstance(value, dict):
        if "class" in value:
            yield value
        for inner in value.values():
            yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)


def _allowed(item: dict[str, Any]) -> None:
    """Hold one expression to what tells no single row.

    Raises:
        UsageError: naming it.
    """
    kind = str(item["class"])
    if kind not in _KINDS:
        raise _refused(_NOT_HERE.get(kind, kind.lower().replace("_", " ")))
    if kind == "STAR":
        raise _refused("`*` but in count(*)")
    if kind != "FUNCTION":
        return
    name = str(item.get("function_name", "")).lower()
    if name not in SUMS | PLAIN:
        raise _refused(f"the function `{name[:30]}`")
    if item.get("filter") is not None or item.get("distinct"):
        raise _refused("FILTER or DISTINCT within an aggregate: use WHERE or GROUP BY")
    inner = list(_walk({k: v for k, v in item.items() if k != "class"}))
    if name == "quantile_cont" and not _is_inner_quantile(inner):
        raise _refused("quantile_cont beyond 0.05 to 0.95 of a plain column")
    if name in SUMS and any(x["class"] in _CONDITIONS for x in inner) and any(x["class"] == "FUNCTION" for x in inner):
        raise _refused("arithmetic on a condition within an aggregate: use WHERE or GROUP BY")


def _is_inner_quantile(inner: list[dict[str, Any]]) -> bool:
    """Whether it is the quantile of a column at a fixed place that is no end of its range."""
    fixed = [x for x in inner if x["class"] == "CONSTANT"]
    if len(fixed) != 1 or any(x["class"] in ("FUNCTION", "CAST") for x in inner):
        return False
    text = re.search(r'"text": "([\d.]+)"', json.dumps(fixed[0]))
    return text is not None and _LOWEST <= float(text[1]) <= 1 - _LOWEST


def _named_n(item: dict[str, Any]) -> bool:
    """Whether a result's column is called as the count is, by its alias or its own name."""
    return str(item.get("alias") or (item.get("column_names") or [""])[-1]).lower() == COUNT


def _is_count(item: dict[str, Any]) -> bool:
    return item.get("alias") == COUNT and item.get("function_name") == "count_star" and not item.get("filter")


def _names(selected: list[dict[str, Any]]) -> Iterator[str]:
    """The result's columns that are groups: a column, or a function of one, without an aggregate in it."""
    for item in selected:
        if not any(str(x.get("function_name", "")).lower() in SUMS for x in _walk(item)):
            yield str(item.get("alias") or (item.get("column_names") or [""])[-1])
