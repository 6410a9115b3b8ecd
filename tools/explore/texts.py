"""What exploration documents offer to speak of: the properties of each text, frozen, in a small number.

Knows exploration rows. Must never know a sealed document, nor what is called a finding.
"""

from typing import NamedTuple, get_args

from ..data.rows import Rows
from ..text.evaluate import NO_AIDS, Aids, with_properties
from ..text.properties import Form, Measure, TextProperty
from ..text.summary import TextSummary
from .text_themes import find_themes


class Texts(NamedTuple):
    """The texts of a table as they were read: the rows with computed columns, and what these need."""

    rows: Rows
    aids: Aids = NO_AIDS
    told: tuple[TextSummary, ...] = ()


def read_texts(rows: Rows) -> Texts:
    """The rows with the properties of their texts beside their own columns."""
    properties = [
        TextProperty(name=f"{form} of {name}", column=name, property=Measure(of=form))
        for name in rows.texts
        for form in get_args(Form)
    ]
    themes = {name: find_themes(name, list(documents)) for name, documents in rows.texts.items()}
    aids = Aids({f.summary.model: f.model for f in themes.values() if f.summary.model and f.model})
    properties += [p for f in themes.values() for p in f.properties]
    told = tuple(
        TextSummary(
            column=name,
            documents=len(documents),
            missing=sum(t is None for t in documents),
            themes=themes[name].summary,
            map=themes[name].map,
        )
        for name, documents in rows.texts.items()
    )
    return Texts(with_properties(rows, properties, aids), aids, told)
