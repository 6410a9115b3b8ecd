"""The figures that a model saw on exploration rows, with their values on the rows that a person asked about.

Knows facts by their words and tables that code computed. Must never know a sentence, or tell a model anything.
"""

from collections.abc import Sequence

from ..tools.errors import UsageError
from .facts import Table
from .toolbox.aggregates import check
from .toolbox.bench import Bench
from .toolbox.facts import Fact
from .toolbox.result_facts import result_facts

_MOST_LEFT_OVER = 6
"""Sentences on groups that the model could not know; more of them are the table's."""


def refilled(tables: Sequence[Table], bench: Bench) -> tuple[dict[str, Fact], list[Fact]]:
    """The model's figures by their ids, and those of groups that it was not told, in the order of the tables.

    A figure is known again by the query and its label, which names its group; where that is not one figure, it is left.

    Args:
        tables: What the queries gave on the rows that were asked about.
        bench: With the facts that the model was told.
    """
    full: dict[str, Fact] = {}
    unseen: list[Fact] = []
    for table in tables:
        seen = _seen(table.sql, bench)
        for fact in _facts(table, bench):
            names = seen.get(fact.label, [])
            if len(names) == 1:
                full[names[0]] = fact._replace(id=names[0])
            elif not names and fact.group:
                unseen.append(fact._replace(id=f"f{len(bench.facts) + len(unseen) + 1}"))
    return full, unseen


def _seen(sql: str, bench: Bench) -> dict[str, list[str]]:
    """The ids of the facts that the query told, by label."""
    out: dict[str, list[str]] = {}
    for name, fact in bench.facts.items():
        if fact.source == sql:
            out.setdefault(fact.label, []).append(name)
    return out


def _facts(table: Table, bench: Bench) -> list[Fact]:
    """The figures of a result; none where the query is not one whose figures a model may be told."""
    try:
        check(table.sql)
    except UsageError:
        return []
    known = {bench.id(name): column for name, column in bench.columns.items()}
    rows = result_facts(table.sql, table.columns, table.cells, known, table.missing)
    return [fact for row in rows for fact in row if fact is not None]


def left_over(unseen: Sequence[Fact], cited: Sequence[Fact]) -> list[Fact]:
    """Of the groups that the model was not told those that belong beside what it cites; none where they are many.

    A model is told of no group under ten exploration rows, the person is: an answer that names the other groups names
    these too.
    """
    told = {(fact.source, _figure(fact)) for fact in cited if fact.group}
    more = [fact for fact in unseen if (fact.source, _figure(fact)) in told and fact.unit != "rows"]
    return more if len(more) <= _MOST_LEFT_OVER else []


def _figure(fact: Fact) -> str:
    """What is measured, without the group."""
    return fact.label.removesuffix(f" where {fact.group}")
