"""What model-written SQL may consist of: a walk over the syntax tree that DuckDB itself made of the query.

Knows kinds of nodes, names of functions and the one table `data`. Must never know a cell, run a query, or judge a
query by its text: whatever is not listed here is refused.

The guard is the outer of two walls. It keeps queries to reading `data`, to one answer for one query, and away from
functions that are known to eat memory; what it lets through still runs in a locked child ([jail](jail.py)).
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from ..errors import QueryRefused

TABLE = "data"
MOST_NODES = 4_000
MOST_DEPTH = 250
_QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"}
_SOURCES = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION", "PIVOT"}
_PARTS = {
    "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "DISTINCT_MODIFIER", "ORDER_DEFAULT", "ASCENDING",
    "DESCENDING",
}  # fmt: skip
_EXPRESSIONS = {
    "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "LAMBDA",
    "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW",
}  # fmt: skip
_TABLE_FUNCTIONS = {"range", "generate_series", "unnest"}
_DENIED = {
    # what they say is of the engine, not of the data
    "version", "hive_partition_component", "parse_duckdb_log_message", "index_key", "vector_type", "stats",
    # one call fills memory or a processor, whatever the limits of DuckDB say
    "repeat", "rpad", "lpad", "printf", "format", "bar", "bitstring", "list_resize", "array_resize", "levenshtein",
    "editdist3", "damerau_levenshtein", "jaccard", "jaro_similarity", "jaro_winkler_similarity",
    # a query within a query, or the engine's own hooks
    "query", "query_table", "json_serialize_sql", "json_deserialize_sql", "json_serialize_plan", "invoke",
    "make_type", "cast_to_type", "replace_type", "to_aggregate_state", "combine", "combine_aggr", "finalize",
    "create_sort_key", "remap_struct", "constant_or_null",
    # another answer each time
    "reservoir_quantile",
}  # fmt: skip
_DENIED_BEGINNINGS = ("__internal", "collate_", "icu_", "st_", "variant_", "duckdb_", "pragma_", "pg_", "read_", "add_")
_MACROS = {
    "date_add", "days_in_month", "fdiv", "geomean", "geometric_mean", "if", "json_group_array", "json_group_object",
    "map_contains_entry", "map_contains_value", "nullif", "split_part", "wavg", "weighted_avg",
}  # fmt: skip
_MACRO_BEGINNINGS = ("list_", "array_")
_KINDS = ("scalar", "aggregate", "window")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMES_THAT_ARE_CALLS = {
    "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_localtime",
    "current_localtimestamp", "current_user", "session_user", "user", "current_role", "current_catalog",
    "current_database", "current_schema",
}  # fmt: skip
"""Written like a column; DuckDB calls a function where no column has that name."""
_INSTEAD = {
    "SHOW_REF": "SHOW, DESCRIBE and SUMMARIZE are not available; ask for the columns instead",
    "PARAMETER": "parameters (?, $1) have no value here; write the value",
    "DEFAULT": "DEFAULT has no meaning in a query",
}


def allowed_functions(engine: Iterable[tuple[str, str, str | None]]) -> frozenset[str]:
    """The functions that a query may call: those of the engine, without what is denied.

    Only functions with the same answer each time are allowed, so no clock, no random numbers, no settings and no
    sequences; a macro, of which the engine does not say that, must be listed here.

    Args:
        engine: (name, kind, stability) as in `duckdb_functions()`.

    Returns:
        Their names in small letters.
    """
    steady, unsteady = {"unnest"}, set()
    for name, kind, stability in engine:
        low = _low(name)
        if low in _DENIED or low.startswith(_DENIED_BEGINNINGS):
            continue
        if kind == "macro" and (low in _MACROS or low.startswith(_MACRO_BEGINNINGS)):
            steady.add(low)
        elif kind in _KINDS and stability == "CONSISTENT":
            steady.add(low)
        elif stability == "VOLATILE":
            unsteady.add(low)
    return frozenset(steady - unsteady)


def check_length(sql: str, most: int) -> None:
    """Refuse a query that is no text, or too long to be parsed at all.

    Raises:
        QueryRefused: with its length.
    """
    try:
        size = len(sql.encode())
    except UnicodeEncodeError as error:
        raise QueryRefused("The query was not run: it is not valid Unicode text.") from error
    if size > most:
        raise QueryRefused(f"The query was not run: it has {size:,} bytes, more than {most:,}.")
    if "\0" in sql:
        raise QueryRefused("The query was not run: it contains a NUL character.")


def check(tree: str, functions: frozenset[str], columns: Iterable[str] = ()) -> None:
    """Refuse a query whose syntax tree holds anything but a reading of the table `data`.

    Args:
        tree: What `json_serialize_sql` made of the query.
        functions: What may be called.
        columns: Names of the columns of `data`.

    Raises:
        QueryRefused: naming the construct. The text quotes the query at most, never a cell.
    """
    try:
        said = json.loads(tree)
    except (ValueError, RecursionError) as error:
        raise _refusal("it is nested too deeply") from error
    if not isinstance(said, dict) or said.get("error"):
        raise _refusal(_unparsed(said if isinstance(said, dict) else {}))
    statements = said.get("statements") or []
    if len(statements) != 1:
        raise _refusal(f"it holds {len(statements)} statements; write exactly one SELECT")
    calls = frozenset(_NAMES_THAT_ARE_CALLS - {_low(c) for c in columns})
    _walk(statements[0].get("node"), functions, calls)


def _unparsed(said: dict[str, Any]) -> str:
    if said.get("error_type") == "not implemented":
        return (
            "only SELECT can be run, no other statement and no PIVOT without IN (for a table of two labels write "
            "count(*) FILTER (WHERE ...))"
        )
    text = str(said.get("error_message", "it cannot be parsed")).splitlines() or [""]
    return f"it cannot be parsed: {text[0][:200]}"


def _walk(root: object, functions: frozenset[str], calls: frozenset[str]) -> None:
    """Visit every node once, each with the names of common tables that it can see."""
    todo: list[tuple[object, frozenset[str], int]] = [(root, frozenset(), 0)]
    nodes = 0
    while todo:
        at, scope, depth = todo.pop()
        if isinstance(at, list):
            todo += [(below, scope, depth + 1) for below in at]
        if not isinstance(at, dict):
            continue
        nodes += 1
        if nodes > MOST_NODES or depth > MOST_DEPTH:
            raise _refusal("it is too long or nested too deeply")
        _sample(at)
        if "cte_map" in at:
            todo += _query(at, scope, depth)
            continue
        _node(at, scope, functions, calls)
        todo += [(below, scope, depth + 1) for below in at.values()]


def _query(at: dict[str, Any], scope: frozenset[str], depth: int) -> list[tuple[object, frozenset[str], int]]:
    """The parts of a query with what each sees: a common table sees only those before it.

    The first half of a recursive one does not see itself: there DuckDB reads a table of that name.
    """
    kind = at.get("type")
    if kind not in _QUERIES:
        word = str(kind).removesuffix("_QUERY_NODE").removesuffix("_NODE")
        raise _refusal(f"{word} is not allowed; only SELECT is")
    todo: list[tuple[object, frozenset[str], int]] = []
    for entry in (at.get("cte_map") or {}).get("map") or []:
        todo.append((entry.get("value"), scope, depth + 1))
        scope |= {_common_name(str(entry.get("key")))}
    inner = scope | {_common_name(str(at.get("cte_name")))} if kind == "RECURSIVE_CTE_NODE" else scope
    for key, below in at.items():
        if key != "cte_map":
            todo.append((below, inner if key == "right" else scope, depth + 1))
    return todo


def _common_name(name: str) -> str:
    if _PLAIN.fullmatch(name) is None:
        raise _refusal(f"WITH needs plain names of letters, digits and _, not {_shown(name)}")
    if _low(name) == TABLE:
        raise _refusal(f"WITH must not define `{TABLE}`, which is the table itself; take another name")
    return _low(name)


def _node(at: dict[str, Any], scope: frozenset[str], functions: frozenset[str], calls: frozenset[str]) -> None:
    """Judge one node by its kind; what is of no known kind is refused."""
    kind = at.get("type")
    if isinstance(at.get("class"), str):
        _expression(at, functions, calls)
    elif kind == "BASE_TABLE":
        _table(at, scope)
    elif kind == "TABLE_FUNCTION":
        _table_function(at)
    elif isinstance(kind, str) and kind not in _SOURCES | _PARTS:
        raise _refusal(_INSTEAD.get(kind, f"{kind} is not allowed"))


def _sample(at: dict[str, Any]) -> None:
    sample = at.get("sample")
    if isinstance(sample, dict) and not sample.get("repeatable"):
        raise _refusal("a sample needs a seed: USING SAMPLE 10 PERCENT (bernoulli, 42)")


def _expression(at: dict[str, Any], functions: frozenset[str], calls: frozenset[str]) -> None:
    kind = at["class"]
    if kind not in _EXPRESSIONS:
        raise _refusal(_INSTEAD.get(kind, f"{kind} is not allowed"))
    if kind in ("FUNCTION", "WINDOW"):
        name = _unqualified(at, str(at.get("function_name", "")), "function")
        if name not in functions:
            raise _refusal(f"the function {_shown(name)} is not allowed or does not exist")
    elif kind == "COLUMN_REF" and calls.intersection(_low(str(n)) for n in at.get("column_names") or ()):
        raise _refusal("there is no clock and no user; write the date or time as text")
    elif kind == "TYPE" and _unqualified(at, str(at.get("type_name", "")), "type") == "pointer":
        raise _refusal("the type POINTER is not allowed")
    elif kind == "LAMBDA" and at.get("syntax_type") == "SINGLE_ARROW":
        if (at.get("expr") or {}).get("class") != "CONSTANT":  # json -> 'key' looks the same before it is bound
            raise _refusal("write `lambda x: x + 1` instead of `x -> x + 1`")


def _table(at: dict[str, Any], scope: frozenset[str]) -> None:
    path = [str(p) for p in (at.get("catalog_name"), at.get("schema_name"), at.get("table_name")) if p]
    if not path or (at.get("qualified_name") or {}).get("path", path) != path:
        raise _refusal("its tables cannot be told")
    name, before = _low(path[-1]), [_low(p) for p in path[:-1]]
    own = name == TABLE and before in ([], ["main"])
    if not own and not (name in scope and not before):
        raise _refusal(f"the table {_shown('.'.join(path))} is not there; the only table is `{TABLE}`")
    if at.get("at_clause"):
        raise _refusal("AT (a version or a time) is not allowed")


def _table_function(at: dict[str, Any]) -> None:
    function = at.get("function") or {}
    name = _unqualified(function, str(function.get("function_name", "")), "table function")
    if function.get("class") != "FUNCTION" or name not in _TABLE_FUNCTIONS:
        raise _refusal(f"the table function {_shown(name)} is not allowed; the only table is `{TABLE}`")


def _unqualified(at: dict[str, Any], name: str, what: str) -> str:
    """The name in small letters, once it is sure that no schema stands before it."""
    path = (at.get("qualified_name") or {}).get("path")
    if (path is not None and path != [name]) or at.get("schema") or at.get("catalog"):
        raise _refusal(f"the {what} {_shown(name)} must be named without a schema")
    return _low(name)


def _low(name: str) -> str:
    """Small letters as DuckDB makes them, of ASCII alone: to Python a Kelvin sign is a k, and another table."""
    return name.lower() if name.isascii() else name


def _shown(name: str) -> str:
    return json.dumps(name[:64])


def _refusal(why: str) -> QueryRefused:
    return QueryRefused(f"The query was not run: {why}.")
