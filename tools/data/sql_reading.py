"""What a query reads, in words that an answer can show: its columns, its filter, and how many rows it used.

Knows a statement's syntax tree as DuckDB writes it. Must never run the statement: that is for the jail.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ..value import Value

TABLE = "data"
"""The one table that a query may read."""


class Reading(Value):
    """One query over the table, taken apart."""

    columns: tuple[str, ...]
    """Columns of the table that the query names anywhere, each once, in the table's order."""
    filter: str | None
    """The condition on rows of the outermost query, as SQL; None where every row is used."""
    groups: tuple[str, ...]
    """What rows are grouped by, as SQL."""
    limited: bool
    """Whether only the first rows of the result are asked for."""
    counts: str | None
    """A query for the rows used and, for each of `measured`, the rows where it is missing; None for nested queries."""
    measured: tuple[str, ...] = ()
    """Columns of the table in the result of the outermost query."""
    grouped: tuple[str, ...] = ()
    """Columns of the table that rows are grouped by as they stand: rows without a value are a group of their own."""


def read_query(sql: str, columns: Sequence[str]) -> Reading:
    """The query taken apart.

    Args:
        sql: One SELECT that the guard let pass.
        columns: The table's columns.

    Raises:
        ValueError: if it is not one SELECT that DuckDB can write as a tree.
    """
    import duckdb

    with duckdb.connect() as connection:
        run = connection.cursor()
        tree = json.loads(run.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()[0][0])
        if tree.get("error") or len(tree["statements"]) != 1:
            raise ValueError("not one SELECT")
        node = tree["statements"][0]["node"]
        named = {name.lower() for name in _named(tree)}
        # `*` and COLUMNS(...) name none of the columns that they read.
        read = tuple(c for c in columns if _has_star(tree) or c.lower() in named)
        if node["type"] != "SELECT_NODE":
            return Reading(columns=read, filter=None, groups=(), limited=bool(node["modifiers"]), counts=None)
        limited = any(m["type"] == "LIMIT_MODIFIER" for m in node["modifiers"])
        measured = _measured(node, columns)
        groups = tuple(_text(run, g) for g in node["group_expressions"])
        grouped = _grouped(node, columns)
        condition = None if node["where_clause"] is None else _text(run, node["where_clause"])
        counts = _counts(run, tree, measured) if _is_over_table(node["from_table"]) else None
    return Reading(
        columns=read, filter=condition, groups=groups, limited=limited, counts=counts, measured=measured,
        grouped=grouped,
    )  # fmt: skip


def _named(tree: Any) -> Iterator[str]:
    """Every column name in a tree."""
    if isinstance(tree, dict):
        if tree.get("class") == "COLUMN_REF":
            yield tree["column_names"][-1]
        for value in tree.values():
            yield from _named(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _named(value)


def _has_star(tree: Any) -> bool:
    if isinstance(tree, dict):
        return tree.get("class") == "STAR" or any(_has_star(value) for value in tree.values())
    return isinstance(tree, list) and any(_has_star(value) for value in tree)


def _measured(node: dict[str, Any], columns: Sequence[str]) -> tuple[str, ...]:
    names = {name.lower() for name in _named(node["select_list"])}
    return tuple(c for c in columns if c.lower() in names)


def _grouped(node: dict[str, Any], columns: Sequence[str]) -> tuple[str, ...]:
    """Columns that rows are grouped by: by name, by what the result calls them, by place, or by GROUP BY ALL."""
    selected = node["select_list"]
    if node["aggregate_handling"] == "FORCE_AGGREGATES":
        by = selected
    else:
        called = {str(item.get("alias", "")).lower(): item for item in selected if item.get("alias")}
        by = [_meant(group, selected, called, columns) for group in node["group_expressions"]]
    names = {g["column_names"][-1].lower() for g in by if g.get("class") == "COLUMN_REF"}
    return tuple(c for c in columns if c.lower() in names)


def _meant(
    group: dict[str, Any], selected: Sequence[dict[str, Any]], called: dict[str, Any], columns: Sequence[str]
) -> dict[str, Any]:
    """What a group stands for: itself, or an item of the result that it names or counts."""
    if group.get("class") == "COLUMN_REF":
        name = group["column_names"][-1].lower()
        return group if name in {c.lower() for c in columns} else called.get(name, group)
    place = str((group.get("literal") or {}).get("text", ""))
    return selected[int(place) - 1] if place.isdecimal() and 0 < int(place) <= len(selected) else group


def _is_over_table(source: dict[str, Any]) -> bool:
    """Whether rows of the table itself are what the outermost query counts."""
    if source["type"] == "BASE_TABLE":
        return source["table_name"].lower() == TABLE
    return source["type"] == "JOIN" and _is_over_table(source["left"])


def _text(run: Any, expression: dict[str, Any]) -> str:
    """An expression as SQL."""
    tree = json.loads(run.execute("SELECT json_serialize_sql('SELECT 1')").fetchall()[0][0])
    tree["statements"][0]["node"]["select_list"] = [expression]
    text = run.execute("SELECT json_deserialize_sql(?::JSON)", [json.dumps(tree)]).fetchall()[0][0]
    return text.removeprefix("SELECT ").strip()


def expression_text(expression: dict[str, Any]) -> str:
    """An expression of a syntax tree as SQL, without its alias."""
    import duckdb

    with duckdb.connect() as connection:
        return _text(connection.cursor(), expression | {"alias": ""})


def _counts(run: Any, tree: dict[str, Any], measured: Sequence[str]) -> str:
    """The query with its result replaced by counts of rows, and of missing values of each measured column."""
    copy = json.loads(json.dumps(tree))
    node = copy["statements"][0]["node"]
    called = _quoted(_called(node["from_table"]))
    each = [f"count(*) - count({called}.{_quoted(name)})" for name in measured]
    result = f"SELECT {', '.join(['count(*)', *each])}"
    head = json.loads(run.execute("SELECT json_serialize_sql(?::VARCHAR)", [result]).fetchall()[0][0])
    node["select_list"] = head["statements"][0]["node"]["select_list"]
    node |= {"modifiers": [], "group_expressions": [], "group_sets": [], "having": None, "qualify": None}
    node["aggregate_handling"] = "STANDARD_HANDLING"
    return run.execute("SELECT json_deserialize_sql(?::JSON)", [json.dumps(copy)]).fetchall()[0][0]


def _called(source: dict[str, Any]) -> str:
    """What the query calls the table."""
    return (source["alias"] or source["table_name"]) if source["type"] == "BASE_TABLE" else _called(source["left"])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
