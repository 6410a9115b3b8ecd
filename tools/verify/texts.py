"""The text properties of a claim: what its computed columns are, frozen with it.

Knows claims and columns. Must never know a document.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from ..data.schema import Column
from ..text.evaluate import Aids
from ..text.properties import CloseTo, InTheme, Judged, TextProperty
from ..value import Value
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


def plain_models(claims: Iterable[Hypothesis], aids: Aids) -> dict[str, Any]:
    """The frozen models of themes that the claims need, as plain JSON by id: those that have such a form.

    A model has one if it is a value, or holds one as `model`, that assigns by weights of words alone; themes that go by
    embeddings cannot be read without these.
    """
    wanted = {p.property.model for h in claims for p in h.texts if isinstance(p.property, InTheme)}
    found = {name: aids.models.get(name) for name in sorted(wanted)}
    values = {name: getattr(model, "model", model) for name, model in found.items()}
    plain = {name: value.as_json() for name, value in values.items() if isinstance(value, Value)}
    return {name: form for name, form in plain.items() if form.keys() >= _BY_WORDS}


_BY_WORDS = {"terms", "forms", "themes"}


def taken_as_given(claims: Iterable[Hypothesis], aids: Aids, *, quotes: bool = True) -> tuple[TextProperty, ...]:
    """The properties that a reader cannot compute again from the documents that lie beside a report.

    They need a language model, an embedding or a frozen model without a plain form; without quotes, every one.
    """
    claims = tuple(claims)
    plain = plain_models(claims, aids)
    found = dict.fromkeys(p for h in claims for p in h.texts)
    return tuple(p for p in found if not quotes or not _can_be_computed(p, plain))


def _can_be_computed(p: TextProperty, plain: Mapping[str, Any]) -> bool:
    if isinstance(p.property, InTheme):
        return p.property.model in plain
    return not isinstance(p.property, (CloseTo, Judged))


def _sources(column: Column) -> set[str]:
    made = column.computed
    return set() if made is None else {made.column} | ({made.against} if made.against is not None else set())
