"""The text properties of a claim: what its computed columns are, frozen with it.

Knows claims and columns. Must never know a document.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations

from ..data.schema import Column
from .hypothesis import Hypothesis


def with_texts(h: Hypothesis, columns: Mapping[str, Column]) -> Hypothesis:
    """The claim with the definition of each computed column that it names."""
    named = (columns[name].computed for name in h.columns if name in columns)
    found = tuple(sorted((p for p in named if p is not None), key=lambda p: p.name))
    return h if found == h.texts else h.model_copy(update={"texts": found})


def same_text_pairs(columns: Iterable[Column]) -> frozenset[frozenset[str]]:
    """Pairs of columns computed from one text: that they go together says how texts are made, not what they say."""
    made = [c for c in columns if c.computed is not None]
    return frozenset(frozenset((a.name, b.name)) for a, b in combinations(made, 2) if _sources(a) & _sources(b))


def _sources(column: Column) -> set[str]:
    made = column.computed
    return set() if made is None else {made.column} | ({made.against} if made.against is not None else set())
