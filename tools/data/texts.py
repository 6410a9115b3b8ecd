"""Which column of a table is its text, and whether the table is a corpus: whether text is most of what it holds.

Knows types and lengths. Must never know what a text says, nor what goes with it.
"""

from .dataset import Dataset
from .fetching import fetch
from .readers_binary import quoted
from .schema import Column

MOST = 0.5
"""Share of the characters of a table, keys left out, from which its text is what the table is about."""
_SILENT = ("identifier", "constant", "empty")


def fullest_text(data: Dataset) -> Column | None:
    """The column of text that holds most characters, None where there is none."""
    texts = [c for c in data.columns if c.type == "text"]
    if not texts:
        return None
    held = _characters(data, texts)
    return max(texts, key=lambda c: (held[c.name], c.name))


def is_corpus(data: Dataset) -> bool:
    """Whether text is what the table is about: declared with `--text`, or half of its characters or more.

    Keys do not count, since they say nothing. Then rows are documents: near-copies count once, and 40 of them are
    enough to be divided. In any other table text is one column of many, and rows are what the table says they are.
    """
    texts = [c for c in data.columns if c.type == "text"]
    if not texts or data.tables is not None:
        return False
    if data.declared_texts:
        return True
    held = _characters(data, [c for c in data.columns if c.type not in _SILENT])
    return sum(held[c.name] for c in texts) >= MOST * sum(held.values())


def _characters(data: Dataset, columns: list[Column]) -> dict[str, int]:
    sums = ", ".join(f"coalesce(sum(length({quoted(c.name)}::VARCHAR)), 0) AS n{at}" for at, c in enumerate(columns))
    got = fetch(data, f"SELECT {sums} FROM data")
    return {c.name: int(got[f"n{at}"][0]) for at, c in enumerate(columns)}
