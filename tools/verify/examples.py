"""Documents beside a claim: a few that have its property and a few that have it not, taken blindly.

Knows a claim and rows that are open. Must never choose by what a document says: an example that was picked because it
fits would make every claim look true. They come in the order of their digests with the claim's, which nobody can
steer, and so that not every claim of a report shows the same documents.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ..data.rows import BoolArray, Rows, TextArray
from ..text.evaluate import NO_AIDS, Aids
from ..text.properties import Measure, TextProperty
from ..text.quotes import explain
from ..text.summary import Example
from ..value import digest
from .families.wording import number
from .hypothesis import Hypothesis
from .population import condition_mask

HOLDING, NOT_HOLDING = 3, 2
"""Most examples of each kind."""


def digests_of(texts: TextArray) -> list[str]:
    """The sha256 of each document, empty where it is missing."""
    return ["" if text is None else digest(text) for text in texts]


def documents_digest(digests: Sequence[str]) -> str:
    """One sha256 of all documents of a column, whatever the order of rows."""
    return digest("\n".join(sorted(digests)))


def examples_of(
    h: Hypothesis, rows: Rows, digests: Mapping[str, Sequence[str]], aids: Aids = NO_AIDS
) -> tuple[Example, ...]:
    """Up to three documents with the property that a claim speaks of and two without, in the order of `placed`.

    Only rows of the claim's population are taken in which its other column is known, and no text twice. A measure, such
    as a count of words, is no property that a document has or has not: there are no examples of it. Of pairs the text
    that has the property is quoted, and the other of another row.

    Args:
        h: The claim.
        rows: Open rows with the claim's computed columns.
        digests: By column of text the sha256 of each document, shape (n,).
        aids: Frozen models by which the words that carry a property are found.
    """
    prop = _property(h)
    if prop is None:
        return ()
    beside = next((name for name in (h.outcome, h.predictor) if name != prop.name), None)
    mask = np.ones(rows.n, bool)
    for term in h.where:
        mask &= condition_mask(term, rows)
    if beside is not None:
        mask &= _known(rows, beside)
    out: list[Example] = []
    for holds, most in ((True, HOLDING), (False, NOT_HOLDING)):
        for column, at in _first(h.content_id(), prop, rows, digests, mask, holds, most):
            quote = explain(prop, rows.texts[column][at], aids)
            if not holds:  # what speaks for a property that the document has not would mislead
                quote = quote.model_copy(update={"marks": ()})
            value = None if beside is None else (beside, _value(rows, beside, at))
            out.append(Example(property=prop.name, holds=holds, quote=quote, beside=value))
    return tuple(out)


def _property(h: Hypothesis) -> TextProperty | None:
    """The first property in the claim that a document has or has not."""
    by_name = {p.name: p for p in h.texts if not isinstance(p.property, Measure)}
    return next((by_name[name] for name in h.columns if name in by_name), None)


def placed(claim: str, document: str) -> str:
    """Where a document stands among the examples of a claim: the sha256 of both digests."""
    return digest(f"{claim} {document}")


def _first(
    claim: str, prop: TextProperty, rows: Rows, digests: Mapping[str, Sequence[str]], mask: BoolArray, holds: bool,
    most: int,
) -> list[tuple[str, int]]:  # fmt: skip
    """(column, row) of the first documents by digest with the claim's, no text twice."""
    found: list[tuple[str, str, int]] = []
    for column, own in _sides(prop, rows, holds):
        own = own & mask
        found += [(digests[column][at], column, at) for at in np.flatnonzero(own).tolist()]
    once = {digest_: (column, at) for digest_, column, at in sorted(found, reverse=True)}
    return [once[key] for key in sorted(once, key=lambda key: placed(claim, key))[:most]]


def _sides(prop: TextProperty, rows: Rows, holds: bool) -> list[tuple[str, BoolArray]]:
    """Columns of text with the rows in which their document has the property, or has it not."""
    column = rows.columns[prop.name]
    if column.type == "number":
        x = rows.number(prop.name)
        with np.errstate(invalid="ignore"):
            if prop.against is not None:
                return [(prop.column, x > 0 if holds else x < 0)]
            return [(prop.column, x > 0 if holds else x == 0)]
    codes = rows.codes(prop.name)
    if prop.against is None:
        return [(prop.column, codes == int(holds))]
    return [(prop.column, codes == int(not holds)), (prop.against, codes == int(holds))]


def _known(rows: Rows, name: str) -> BoolArray:
    column = rows.columns[name]
    return rows.codes(name) >= 0 if column.type in ("boolean", "category") else ~np.isnan(rows.number(name))


def _value(rows: Rows, name: str, at: int) -> str:
    column = rows.columns[name]
    if column.type in ("boolean", "category"):
        return column.levels[int(rows.codes(name)[at])]
    x = float(rows.number(name)[at])
    return str(np.datetime64(int(np.floor(x)), "D")) if column.type == "datetime" else number(x)
