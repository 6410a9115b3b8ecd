"""What exploration documents offer to speak of: the properties of each text, its themes, and what is told of it.

Knows exploration rows. Must never know a sealed document, nor what is called a finding.
"""

from typing import NamedTuple

from ..data.rows import Rows
from ..text.corpus import describe_corpus
from ..text.embeddings import Embedder
from ..text.evaluate import NO_AIDS, Aids, with_properties
from ..text.summary import TextSummary
from ..text.words import Spoken, spoken
from .text_offers import MOST, offered
from .text_pairs import find_pairs, pair_properties
from .text_sides import sides_of
from .text_themes import FoundThemes, find_themes


class Texts(NamedTuple):
    """The texts of a table as they were read: the rows with computed columns, and what these need."""

    rows: Rows
    aids: Aids = NO_AIDS
    told: tuple[TextSummary, ...] = ()


def read_texts(rows: Rows, embedder: Embedder | None = None) -> Texts:
    """The rows with the properties of their texts beside their own columns.

    Args:
        rows: Exploration rows.
        embedder: What places documents where themes are sought; their words by default.
    """
    if not rows.texts:
        return Texts(rows)
    pairs = find_pairs(rows)
    paired = {name for pair in pairs for name in (pair.one, pair.two)}
    sides = sides_of(rows)
    words = spoken(t for texts in rows.texts.values() for t in texts)
    themes = {
        name: find_themes(name, list(t), embedder=embedder, spoken=words)
        for name, t in rows.texts.items()
        if name not in paired
    }
    aids = Aids({f.summary.model: f.model for f in themes.values() if f.summary.model and f.model})
    out = rows
    for pair in pairs:
        out = with_properties(out, pair_properties(rows, pair, words)[:MOST], words=words)
    for name in rows.texts:
        if name not in paired:
            out = offered(out, name, sides, words)
            out = with_properties(out, themes[name].properties, aids, words)
    return Texts(out, aids, tuple(_told(rows, name, themes.get(name), words) for name in rows.texts))


def _told(rows: Rows, name: str, found: FoundThemes | None, words: Spoken) -> TextSummary:
    told = TextSummary(**describe_corpus(name, list(rows.texts[name]), words))
    return told if found is None else told.model_copy(update={"themes": found.summary, "map": found.map})
