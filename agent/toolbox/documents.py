"""Exploration rows without their documents: what of a text may be told to a model.

Knows rows and the privacy mode. Must never hand on a document: a text is a cell, and a cell is not told. A property of
a text is a figure, but its name may hold words of documents; it is told only where those are common enough.
"""

from collections.abc import Iterable, Sequence

from ...tools.data.rows import Rows
from ...tools.data.schema import Column
from ...tools.text.properties import Ending, InTheme, Mentions, Rate
from ...tools.text.words import words_of
from ...tools.value import digest
from ..privacy import LEAST, Privacy, redacted, visible

LONGEST = 300
"""Characters of a document in `sample`."""
_SAMPLES = 4
_PLAIN = frozenset(
    "100 a about among and any are as begin begins contain contains end ending ends first for has have hold holds in "
    "is last like mention mentions of on or per rate text texts than that the theme themes times to "
    "with word words".split()
)
"""Words that a property's name is made of whatever the documents say."""


def rows_for(rows: Rows, privacy: Privacy) -> Rows:
    """The rows without documents, and without properties whose names would tell what may not be told.

    In `none` and `schema` no property that names words of documents is left; in `profile` those whose words each stand
    in ten documents or more; in `sample` all.

    Args:
        rows: Exploration rows with computed columns.
        privacy: What may be told.
    """
    hidden = hidden_in(rows, privacy)
    return rows.keeping([name for name in rows.columns if name not in hidden])


def hidden_in(rows: Rows, privacy: Privacy) -> set[str]:
    """The properties whose names may not be told; arguments are those of `rows_for`."""
    named = [c for c in rows.columns.values() if _names_words(c)]
    if privacy in ("none", "schema"):
        return {c.name for c in named}
    return _rare(rows, named) if privacy == "profile" else set()


def samples_of(rows: Rows, privacy: Privacy) -> dict[str, tuple[str, ...]]:
    """A few documents of each text as they may be told: in `sample` alone, cut, with what looks personal taken out.

    They are the first by digest, so that nothing chooses them.
    """
    if privacy != "sample":
        return {}
    out = {}
    for name, documents in rows.texts.items():
        first = sorted({d for d in documents if d is not None and visible(d)}, key=digest)[:_SAMPLES]
        out[name] = tuple(redacted(d, LONGEST) for d in first)
    return out


def _names_words(column: Column) -> bool:
    made = column.computed
    return made is not None and isinstance(made.property, (Mentions, Rate, Ending, InTheme))


def _rare(rows: Rows, columns: Sequence[Column]) -> set[str]:
    """Properties whose name or terms hold a word that stands in some documents, but in fewer than ten."""
    told = {c.name: _words(c) for c in columns}
    rare: set[str] = set()
    for text in dict.fromkeys(c.computed.column for c in columns if c.computed is not None):
        own = {c.name for c in columns if c.computed is not None and text in (c.computed.column, c.computed.against)}
        wanted = {w for name in own for w in told[name]}
        few = _under(rows.texts.get(text, ()), wanted)
        rare |= {name for name in own if told[name] & few}
    return rare


def _words(column: Column) -> set[str]:
    made = column.computed
    if made is None:
        return set()
    own = [column.name]
    if isinstance(made.property, (Mentions, Rate)):
        own += [term.replace("*", "") for term in made.property.terms]
    spoken = {w for text in own for w in words_of(text)}
    return spoken - _PLAIN - set(words_of(made.column)) - set(words_of(made.against or ""))


def _under(documents: Iterable[str | None], wanted: set[str]) -> set[str]:
    """The words that stand in one document or more, but in fewer than ten; a word's beginning counts as a word."""
    counts = dict.fromkeys(sorted(wanted), 0)
    for document in documents:
        if all(n >= LEAST for n in counts.values()):
            break
        for word in set(words_of(document or "")) & wanted:
            counts[word] += 1
    return {word for word, n in counts.items() if 0 < n < LEAST}
