"""Columns of text that are not told by many words a cell: scripts without spaces, and a column of single words.

Knows cells one column at a time, and which other columns there are. Must never relate two columns to each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from .inference import Plan
from .readers_binary import quoted
from .schema import Note

Connection = duckdb.DuckDBPyConnection
LONGEST = 1_000_000
"""Characters of a document that are read; what lies beyond is cut off."""
LEAST = 200
"""Different words from which a column of words may be text."""
BESIDE = 2
"""Other columns that a table may have for its column of words to be text."""
LONG_LABEL = 12
"""Words a cell from which a label may be a text that was sent again and again."""
_SAMPLE = 2_000
_WIDE_SHARE = 0.3
# Thai, Lao, Burmese and Khmer, Japanese, Chinese: as in `text.words`, where each character is a word of its own.
_WIDE = r"[\x{0E00}-\x{0EFF}\x{1000}-\x{109F}\x{1780}-\x{17FF}\x{3040}-\x{30FF}\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}]"
_WORDS = r"[\p{L}\p{M}][\p{L}\p{M}'’. -]*"


@dataclass(frozen=True)
class Facts:
    """Counts of one column of `data`."""

    rows: int
    missing: int
    distinct: int
    low: float | None = None
    high: float | None = None
    length: float = 0.0
    words: float = 0.0


def is_wide_script(con: Connection, name: str) -> bool:
    """Whether the cells are in a script that sets no space between words, so that spaces count none."""
    c = quoted(name)
    sql = f"""SELECT sum(length({c})), sum(length(regexp_replace({c}, '{_WIDE}', '', 'g')))
        FROM (SELECT {c} FROM data WHERE {c} IS NOT NULL LIMIT {_SAMPLE})"""
    whole, rest = con.execute(sql).fetchall()[0]
    return bool(whole) and whole - rest >= _WIDE_SHARE * whole


def only_words(
    con: Connection, plans: Sequence[Plan], roles: Mapping[str, str], facts: Mapping[str, Facts]
) -> str | None:
    """The one column of words, such as names, that a table is about where it has no other text; None elsewhere.

    It has at least 200 different cells of one to three words without a digit, too many to be labels; the table has
    at most two other columns, each of which is analysed, and at least one. So no table of measurements with a column
    of names is touched: there a name tells rows apart and is no subject.
    """
    others = [name for name, kind in roles.items() if kind not in ("identifier", "constant", "empty")]
    words = [p for p in plans if roles[p.name] == "identifier" and p.storage == "VARCHAR" and not p.code]
    if len(words) != 1 or not 1 <= len(others) <= BESIDE or len(plans) != len(others) + 1 or "text" in roles.values():
        return None
    name = words[0].name
    if facts[name].distinct < LEAST or facts[name].words > 3:
        return None
    c = quoted(name)
    sql = f"SELECT count_if(regexp_full_match({c}, $1)), count({c}) FROM data"
    hits, filled = con.execute(sql, [_WORDS]).fetchall()[0]
    return name if hits >= 0.98 * filled else None


def label_note(name: str, facts: Facts) -> list[Note]:
    """That a column of long cells of which few differ is read as a label, and how it is read as text instead."""
    if facts.words < LONG_LABEL:
        return []
    text = (
        f"`{name}` holds {facts.distinct:,} different texts of {facts.words:,.0f} words: it is read as a label. "
        f"`--text {name}` reads it as documents."
    )
    return [Note(kind="coerced", column=name, text=text)]


def text_note(con: Connection, name: str, words: float) -> Note:
    """What becomes of a column of text, and how many of its documents are cut."""
    c = quoted(name)
    long = con.execute(f"SELECT count_if(length({c}) > {LONGEST}) FROM data").fetchall()[0][0]
    of = f" ({words:,.0f} words a cell)" if words >= 2 else ""
    text = f"`{name}` is read as text{of}: its words, themes and measures take part, its cells do not."
    if long:
        are = "1 document is" if long == 1 else f"{long:,} documents are"
        text += f" {are} longer than {LONGEST:,} characters, of which the first so many are read."
    return Note(kind="warning" if long else "coerced", column=name, text=text)
