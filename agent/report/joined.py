"""How several tables became one, in words: which rows are analysed, what each table is to them, and by which keys.

Knows the result's `tables`. Must never know how a key was found, nor say anything where there was one table.
"""

from collections.abc import Sequence

from ...tools.data.tables_schema import Link, Tables
from .result import Result


def joined_line(result: Result) -> str:
    """One sentence on the grain and on what became of the other tables; empty for one table."""
    tables = result.tables
    if tables is None:
        return ""
    parts = [f"Rows are those of `{tables.grain}`"]
    for role, words in (
        ("above", "joined to them"),
        ("joined", "joined to them"),
        ("below", "summed up for each"),
        ("beside", "summed up for what each belongs to"),
        ("shared", "looked up in"),
        ("left out", "left out"),
    ):
        names = [f"`{t.name}`" for t in tables.tables if t.role == role]
        if names:
            parts.append(f"{_listed(names)} {'was' if len(names) == 1 else 'were'} {words}")
    text = "; ".join(parts) + "."
    if tables.grain == tables.root:
        return text
    return f"{text} Rows of one `{tables.key}` stay together and count as one unit."


def tables_lines(result: Result) -> tuple[str, ...]:
    """A sentence for each table, then one for each link."""
    tables = result.tables
    if tables is None:
        return ()
    return (
        *(f"`{t.name}`, {t.rows:,} rows: {t.note}" for t in tables.tables),
        *(_link(x, tables) for x in tables.links),
    )


def made_lines(result: Result) -> tuple[tuple[str, str], ...]:
    """(column, how it was made) of every column that stands in no file."""
    return () if result.tables is None else tuple((m.name, m.text) for m in result.tables.made)


def data_words(result: Result) -> str:
    """The tables as a paper would name them; empty for one table."""
    tables = result.tables
    if tables is None:
        return ""
    links = "; ".join(f"{x.child} to {x.parent} by `{x.column}`" for x in tables.links)
    summed = len(tables.made)
    made = f" {summed:,} of its columns sum up rows of other tables." if summed else ""
    return f" It was joined from {len(tables.tables):,} tables ({links}); its rows are those of {tables.grain}.{made}"


def _link(x: Link, tables: Tables) -> str:
    how = "as declared" if x.declared else "found by name and values"
    text = f"`{x.child}.{x.column}` names rows of `{x.parent}` by `{x.key}` ({how})"
    text += "; at most one row each" if x.one_to_one else ""
    if x.orphans:
        text += f"; {x.orphans:,} {'row names' if x.orphans == 1 else 'rows name'} one that is not there"
    if x.missing:
        text += f"; {x.missing:,} {'row names' if x.missing == 1 else 'rows name'} none"
    if x.childless and x.child != tables.grain:
        text += f"; {x.childless:,} {'row' if x.childless == 1 else 'rows'} of `{x.parent}` have none"
    return text + "."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"
