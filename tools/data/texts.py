"""Which column of a table is its text, and whether the table is a corpus: whether text is most of what it holds.

Knows types and lengths. Must never know what a text says, nor what goes with it.
"""

from .dataset import Dataset
from .independence import Unit, fetch
from .readers_binary import quoted
from .schema import Column

MOST = 0.5
"""Share of the characters of a table, keys left out, from which its text is what the table is about."""
_DOCUMENTS_A_YEAR = 3
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


def in_order_of_years(data: Dataset, unit: Unit) -> Unit:
    """The unit, with a warning where the documents of a corpus stand for the years of one column, about one a year.

    They are no series of blocks: of a few dozen documents none would be left to test. What is said of the years
    themselves is a trend, which has a guard of its own; labels that change with the years have none.
    """
    if unit.kind != "row" or unit.warning is not None or not is_corpus(data):
        return unit
    for c in data.columns:
        years = c.type == "number" and c.integer and not c.levels and "year" in c.name.lower()
        if years and data.rows < _DOCUMENTS_A_YEAR * c.distinct:
            text = (
                f"There are few documents for each `{c.name}`, and documents of neighbouring years may resemble each "
                "other. A label that changes with the years may go with anything else that changed meanwhile."
            )
            return unit.model_copy(update={"warning": text})
    return unit


def _characters(data: Dataset, columns: list[Column]) -> dict[str, int]:
    sums = ", ".join(f"coalesce(sum(length({quoted(c.name)}::VARCHAR)), 0) AS n{at}" for at, c in enumerate(columns))
    got = fetch(data, f"SELECT {sums} FROM data")
    return {c.name: int(got[f"n{at}"][0]) for at, c in enumerate(columns)}
