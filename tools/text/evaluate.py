"""Text properties evaluated: frozen properties and documents in, computed columns out.

Knows documents and frozen properties. Must never fit anything, nor see another column of the rows: a property is a
function of the document alone, on whichever side of the seal it lies.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import HypothesisError
from .measures import measured_all
from .naming import unit_of
from .properties import CloseTo, Ending, Form, InTheme, Judged, Measure, Mentions, Rate, TextProperty
from .terms import Terms
from .words import Spoken, words_from

if TYPE_CHECKING:
    from ..data.rows import Rows
    from ..data.schema import Column

YES_NO = ("no", "yes")
FIRST_SECOND = ("first", "second")


class Assigner(Protocol):
    """A frozen model that says of each document whether something holds: themes, closeness, a judge."""

    def holds(self, prop: InTheme | CloseTo | Judged, texts: Sequence[str]) -> NDArray[np.float64]:
        """1 where it holds, 0 where not, NaN where it cannot be said, shape (texts,)."""
        ...


@runtime_checkable
class Together(Protocol):
    """A frozen model that reads each document once for all of its properties."""

    def holds_each(
        self, props: Sequence[InTheme | CloseTo | Judged], texts: Sequence[str], words: Sequence[list[str]]
    ) -> list[NDArray[np.float64]]:
        """What `Assigner.holds` says of each property; `words` are those of the texts."""
        ...


class Aids(NamedTuple):
    """Frozen models that some properties need, by the id that the property names."""

    models: Mapping[str, Assigner] = {}


NO_AIDS = Aids()


def with_properties(
    rows: "Rows",
    properties: Iterable[TextProperty],
    aids: Aids = NO_AIDS,
    words: Spoken | None = None,
) -> "Rows":
    """The rows with computed columns beside their own.

    Args:
        rows: Any rows with the texts that the properties are of.
        properties: What is to be computed; what stands there already is left as it is.
        aids: Frozen models that some properties need.
        words: The words of documents that the caller read already.

    Raises:
        HypothesisError: if a property reads a text that the rows lack, or needs a frozen model that is not at hand.
    """
    wanted = [p for p in dict.fromkeys(properties) if p.name not in rows.columns or rows.columns[p.name].computed != p]
    if not wanted:
        return rows
    for name in dict.fromkeys(n for p in wanted for n in (p.column, p.against) if n is not None):
        if name not in rows.texts:
            known = ", ".join(repr(n) for n in rows.texts) or "there is none"
            raise HypothesisError(f"{name!r} is not a column of text. Columns of text: {known}.")
    values: dict[tuple[TextProperty, str], NDArray[np.float64]] = {}
    for name in dict.fromkeys(n for p in wanted for n in (p.column, p.against) if n is not None):
        own = [p for p in wanted if name in (p.column, p.against)]
        for p, found in zip(own, _evaluated(rows.texts[name], own, aids, words), strict=True):
            values[p, name] = found
    made = {}
    for p in wanted:
        found = values[p, p.column]
        made[p.name] = _column(p, found if p.against is None else _paired(p, found, values[p, p.against]))
    return rows.beside(made)


def blank_column(p: TextProperty) -> "Column":
    """The column that a property will be, of no row yet: its name, its type and its levels."""
    return _column(p, np.empty(0))[0]


def _evaluated(
    texts: NDArray[np.object_], properties: Sequence[TextProperty], aids: Aids, read: Spoken | None
) -> list[NDArray[np.float64]]:
    """Each property of each text as a number, NaN where missing."""
    known = np.array([t is not None for t in texts], bool)
    documents = [t for t in texts if t is not None]
    words = words_from(read, documents)
    terms = Terms(t for p in properties if isinstance(p.property, (Mentions, Rate)) for t in p.property.terms)
    counts = terms.counts(words)
    forms: dict[Form, None] = {p.property.of: None for p in properties if isinstance(p.property, Measure)}
    measures = measured_all(list(forms), documents, words)
    decided = _decided(properties, documents, words, aids)
    out = []
    for p in properties:
        whole = np.full(len(texts), np.nan)
        prop = p.property
        if isinstance(prop, Measure):
            whole[known] = measures[prop.of]
        elif isinstance(prop, (Mentions, Rate, Ending)):
            whole[known] = _one(prop, words, terms, counts)
        else:
            whole[known] = decided[prop]
        out.append(whole)
    return out


def _decided(
    properties: Sequence[TextProperty], documents: list[str], words: list[list[str]], aids: Aids
) -> dict[InTheme | CloseTo | Judged, NDArray[np.float64]]:
    """What frozen models say of the documents, each model asked once."""
    by_model: dict[str, list[InTheme | CloseTo | Judged]] = {}
    for p in properties:
        prop = p.property
        if isinstance(prop, (InTheme, CloseTo, Judged)):
            wanted = prop.embedder if isinstance(prop, CloseTo) else prop.model
            if wanted not in aids.models:
                raise HypothesisError(f"`{p.name}` needs the frozen model {wanted}, which is not at hand.")
            by_model.setdefault(wanted, []).append(prop)
    out = {}
    for name, props in by_model.items():
        model = aids.models[name]
        if isinstance(model, Together):
            found = model.holds_each(props, documents, words)
        else:
            found = [model.holds(prop, documents) for prop in props]
        out.update(zip(props, found, strict=True))
    return out


def _one(prop: Mentions | Rate | Ending, words: list[list[str]], terms: Terms, counts: NDArray) -> NDArray[np.float64]:
    if isinstance(prop, (Mentions, Rate)):
        total = counts[:, [terms.terms.index(t) for t in prop.terms]].sum(axis=1).astype(np.float64)
        if isinstance(prop, Mentions):
            return (total > 0).astype(np.float64)
        length = np.array([len(w) for w in words], np.float64)
        return np.divide(100.0 * total, length, out=np.full(len(total), np.nan), where=length > 0)
    return np.array([np.nan if not w else float(w[-1].endswith(prop.of)) for w in words], np.float64)


def _paired(p: TextProperty, one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The difference of numbers; else 0 where the first alone holds it or has more, 1 where the second does."""
    apart = one - other
    if _is_number(p):
        return apart
    # Of booleans and of the larger number alike: a positive difference says the first.
    return np.where(np.isnan(apart) | (apart == 0), np.nan, (apart < 0).astype(np.float64))


def _is_number(p: TextProperty) -> bool:
    return isinstance(p.property, (Rate, Measure)) and not p.which


def _column(p: TextProperty, values: NDArray[np.float64]) -> tuple["Column", NDArray]:
    from ..data.schema import Column

    missing = int(np.isnan(values).sum())
    common = {"name": p.name, "rows": len(values), "missing": missing, "computed": p, "source_type": "text"}
    if _is_number(p):
        good = values[~np.isnan(values)]
        distinct, whole = np.unique(good), bool(np.all(good == np.round(good)))
        levels = tuple(str(int(v)) for v in distinct) if whole and len(distinct) <= 24 else ()
        unit = unit_of(p.property, whole=p.against is None)
        fields = {"type": "number", "storage": "DOUBLE", "distinct": len(distinct), "integer": whole, "levels": levels}
        return Column.model_validate({**common, **fields, "unit": unit}), values
    codes = np.where(np.isnan(values), -1, values).astype(np.int32)
    levels = YES_NO if p.against is None else FIRST_SECOND
    fields = {"type": "boolean", "storage": "VARCHAR", "distinct": len(np.unique(codes[codes >= 0])), "levels": levels}
    return Column.model_validate({**common, **fields}), codes
