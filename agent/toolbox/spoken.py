"""What a model may call things that stand in an answer beside code's own words: a query, its columns, readings.

Knows names of the table, the question and the query's text. Must never know a row, a verdict or a figure: a figure or a
verdict in such a string is the model's own, and nobody would see that it was not computed.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from ...tools.errors import UsageError
from ...tools.verify.grounding_words import DOWN, UP
from ...tools.verify.numerals import is_numeral
from ..privacy import visible
from .bench import Bench

BY_ITS_SQL = "the figures of the query below"
"""Stands where a model's description of its query cannot."""
_VERDICT = re.compile(
    r"verif|refut|inconclusiv|untestab|undecided|signific|\bprov(?:e|es|ed|en|ing|able)\b|proof|confirm|demonstrat|"
    r"establish|certain|guarante|evidence|sealed|vault|held[ _-]?out|\bp[ _-]*val|\bp\s*[=<>≤≥]|\bchecked\b|"
    r"\banswer\s*:|conclusiv",
    re.IGNORECASE,
)
"""Words that only a verdict, or what code says of it, may use."""
_EVERYDAY = frozenset(
    "percent percentage percentages percentile percentiles first second third half halves quarter quarters quartile "
    "quartiles quintile quintiles decile deciles fraction both either neither single sole pair pairs couple most once "
    "null none score scores gross due double majority minority decade decades century grand nil sept once un san mil "
    "ni c d i l m v x".split()
)
"""Words that count as numerals in a sentence about evidence, and name things in plain speech."""
_HIDDEN_SQL = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_MEANS = frozenset({"avg", "mean", "sum", "fsum", "favg"})
_MIDDLES = frozenset({"median", "quantile", "quantile_cont", "quantile_disc", "percentile_cont", "percentile_disc"})
_STATISTICS = {
    "mean": _MEANS, "average": _MEANS, "avg": _MEANS, "median": _MIDDLES, "max": frozenset({"max", "arg_max"}),
    "min": frozenset({"min", "arg_min"}), "maximum": frozenset({"max"}), "minimum": frozenset({"min"}),
}  # fmt: skip
"""Names of figures, with the functions of which one must then be there."""
_COMPARED = frozenset({"COMPARISON", "BETWEEN", "OPERATOR"})
_LIKE = frozenset({"~~", "!~~", "~~*", "!~~*", "contains", "prefix", "suffix", "regexp_matches", "starts_with"})


def fault(bench: Bench, text: str, *given: str) -> str | None:
    """The first numeral or word of a verdict in a model's text; None where there is none.

    Args:
        bench: Whose columns and labels may stand in any text.
        text: What would be printed.
        given: Texts whose own numerals may be said again, besides the person's question: the query.
    """
    rest = _without_names(bench, unicodedata.normalize("NFKC", visible(text)))
    if match := _VERDICT.search(rest.replace("_", " ")):
        return match[0]
    known = {part for one in (bench.question, *given) for part in _words(one)}
    return next((w for w in _words(rest) if w not in known and w not in _EVERYDAY and is_numeral(w)), None)


def described(bench: Bench, what: str, sql: str) -> str:
    """What a query computes in the model's words, where these name it; else that the query says so.

    A figure, a word of a verdict, and more or less that nobody asked about are no description.
    """
    asked = {*_words(bench.question), *_words(sql)}
    rest = _words(_without_names(bench, visible(what)))
    if fault(bench, what, sql) or any(w in UP | DOWN and w not in asked for w in rest):
        return BY_ITS_SQL
    return visible(what).rstrip(". ")


def check_readings(bench: Bench, *texts: str) -> None:
    """Hold readings that are offered to a person to words without figures and verdicts, and to no option of a command.

    Raises:
        UsageError: naming what may not stand in it.
    """
    for text in texts:
        if visible(text).startswith(("-", "/")):
            raise UsageError("A reading is a question in words; it does not begin with '-' or '/'.")
        wrong = fault(bench, text)
        if wrong is not None:
            raise UsageError(
                f"A reading is printed as it stands: say it without {wrong[:40]!r}. Figures only as the person wrote "
                "them, no word of a verdict."
            )


def check_query(bench: Bench, sql: str) -> None:
    """Hold a query to columns that are computed from the table and called by plain words.

    A comment is refused because the printed query would not be read as the one that ran.

    Raises:
        UsageError: naming what may not stand in it.
    """
    bare = _HIDDEN_SQL.sub(" ", sql)
    if "--" in bare or "/*" in bare or "$$" in bare:
        raise UsageError("The query is printed with its result: write it without comments and without `$$`.")
    tree = _tree(sql)
    texts = [*_aliases(tree), *_constants(tree)]
    given = (*_figures(tree), *_percents(bare))
    for text in texts:
        wrong = fault(bench, text.replace("_", " "), *given)
        if wrong is not None:
            raise UsageError(
                f"A result's columns and texts are printed: call them by what they are, without {wrong[:40]!r}."
            )
    for item in _selected(tree):
        if not _reads(item):
            raise UsageError("Every column of the result is computed from the table: a constant is none.")
        if (tree.get("from_table") or {}).get("type") == "BASE_TABLE":  # of a nested query the inner names count
            _called_right(bench, item, tree.get("where_clause"))
    labels = {x.lower() for c in bench.columns.values() for x, _ in bench.levels(c)}
    for text in _constants(tree):
        if text.lower() in labels:
            raise UsageError(f"{text[:40]!r} is a label of the table: no other group may be called by it.")


def _called_right(bench: Bench, item: dict[str, Any], where: Any) -> None:
    """Hold a column of the result to a name that is no other column's, and to the statistic that it is.

    Raises:
        UsageError: naming the word.
    """
    alias = str(item.get("alias") or "").lower()
    parts = [*_walk(item), *_walk(where)]
    read = {str(p["column_names"][-1]).lower() for p in parts if p.get("class") == "COLUMN_REF"}
    if any(p.get("class") in ("STAR", "SUBQUERY") for p in parts):
        return
    own = {bench.id(name).lower() for name in bench.columns}
    other = next(
        (n for n in sorted(own - read) if len(n) > 1 and re.search(rf"(?<![^\W_]){re.escape(n)}(?![^\W_])", alias)),
        None,
    )
    functions = {str(p.get("function_name", "")).lower() for p in parts if p.get("class") in ("FUNCTION", "WINDOW")}
    said = next(
        (s for s, by in _STATISTICS.items() if s in re.split(r"[\W_]+", alias) and functions and not functions & by),
        None,
    )
    if (other or said) and read:
        raise UsageError(f"A column of the result is called {other or said!r}, and is something else.")


def _without_names(bench: Bench, text: str) -> str:
    """The text without names of columns, their ids and labels that may be told."""
    names = {*bench.columns, *bench.ids.values(), *(x for c in bench.columns.values() for x, _ in bench.levels(c))}
    for name in sorted((n for n in names if not n.isnumeric()), key=len, reverse=True):
        text = text.replace(name, " ")
    return text


def _words(text: str) -> list[str]:
    """The words and numbers of a text, lower case; of `p90` both it and its digits."""
    return [w for w in re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+|[^\s\w]", text.lower()) if w.strip()]


def _percents(sql: str) -> Iterator[str]:
    """Quantiles as they are called: `p90` of 0.9."""
    for token in re.findall(r"0?\.\d+", sql):
        yield f"{100 * float(token):g}"


def _tree(sql: str) -> dict[str, Any]:
    """The statement's syntax tree; empty where it is none, which the reading of its columns refuses."""
    import duckdb

    with duckdb.connect() as connection:
        [(text,)] = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    tree = json.loads(text)
    return {} if tree.get("error") or not tree.get("statements") else tree["statements"][0]["node"]


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)


def _aliases(tree: Any) -> Iterator[str]:
    for part in _walk(tree):
        if isinstance(part.get("alias"), str):
            yield part["alias"]
        yield from (str(name) for name in part.get("column_name_alias") or ())


def _constants(tree: Any) -> Iterator[str]:
    """Texts that may come to stand in the result: those that nothing is compared with."""
    if isinstance(tree, dict):
        if tree.get("class") in _COMPARED or str(tree.get("function_name", "")).lower() in _LIKE:
            return
        literal = tree.get("literal") or {}
        if tree.get("class") == "CONSTANT" and literal.get("kind") == "STRING":
            yield str(literal.get("text", ""))
        for key, inner in tree.items():
            if key not in ("where_clause", "having"):
                yield from _constants(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _constants(inner)


def _figures(tree: dict[str, Any]) -> list[str]:
    """The numbers that the query itself holds: `60 or more` of `age >= 60`."""
    literals = [part.get("literal") or {} for part in _walk(tree) if part.get("class") == "CONSTANT"]
    return [str(one.get("text", "")) for one in literals if one.get("kind") != "STRING"]


def _selected(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return list(tree.get("select_list") or ())


def _reads(item: dict[str, Any]) -> bool:
    """Whether a column of the result rests on rows: a column, a count of rows, a subquery that does."""
    for part in _walk(item):
        if part.get("class") in ("COLUMN_REF", "STAR") or part.get("function_name") in ("count_star", "count"):
            return True
        if part.get("class") == "WINDOW" and not part.get("children"):  # row_number() and its like
            return True
    return False
