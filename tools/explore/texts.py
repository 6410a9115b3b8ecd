"""What exploration documents offer to speak of: the properties of each text, frozen, in a small number.

Knows exploration rows. Must never know a sealed document, nor what is called a finding.
"""

from typing import NamedTuple, get_args

from ..data.rows import Rows
from ..text.corpus import describe_corpus
from ..text.evaluate import NO_AIDS, Aids, with_properties
from ..text.properties import Form, Measure, TextProperty
from ..text.summary import TextSummary


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
    told = tuple(TextSummary(**describe_corpus(name, list(documents))) for name, documents in rows.texts.items())
    return Texts(with_properties(rows, properties), told=told)
