"""Two sides of a corpus laid beside each other for a model to read: which groups, and which of their documents.

Knows exploration rows, their texts and themes, and what the user asked about. Must never know a sealed document, a
model, or what is made of a contrast. Documents stand in the order of their digests, which tells nothing.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tools.data.rows import BoolArray
from ..tools.data.schema import Column
from ..tools.text.properties import InTheme
from ..tools.value import digest
from .privacy import cleaned, redacted_document
from .roles import outcome_reading
from .summary import Explored
from .toolbox.bench import Bench

MOST = 2
"""Contrasts of one reading."""
A_SIDE = 12
"""Documents of each side that are shown."""
LONGEST = 280
"""Characters of each."""
_LEAST = 30
"""Documents that a side has at least."""
_PART = 1 / 3
"""Of a number the lowest and the highest part of the documents are set against each other."""
_THEMES, _TERMS = 8, 6


class Contrast(NamedTuple):
    """Two sides of the documents of one column."""

    text: str
    """The column of text."""
    column: Column
    levels: tuple[str, str] | None
    """The labels of sides a and b; None where the column is a number, whose high values are side a."""
    sides: tuple[NDArray[np.intp], NDArray[np.intp]]
    """Rows of both sides that have a text."""


def contrasts_of(bench: Bench, explored: Explored) -> list[Contrast]:
    """The contrasts worth reading: of the column with most documents, by what a person would read as the outcome."""
    texts = explored.rows.texts
    if not texts:
        return []
    known = {name: np.array([t is not None for t in documents], bool) for name, documents in texts.items()}
    text = max(known, key=lambda name: int(known[name].sum()))
    out = []
    for column in _by_interest(bench):
        found = _contrast(bench, text, column, known[text])
        if found is not None:
            out.append(found)
    return out[:MOST]


def told(bench: Bench, explored: Explored, contrast: Contrast, number: int) -> dict[str, Any]:
    """A contrast as the prompt shows it, documents redacted."""
    column = bench.id(contrast.column.name)
    one, two = contrast.levels or ("high values", "low values")
    out: dict[str, Any] = {
        "contrast": number, "text": bench.id(contrast.text), "a": f"{column} = {cleaned(one)}",
        "b": f"{column} = {cleaned(two)}",
    }  # fmt: skip
    themes = _themes(explored, contrast)
    if themes:
        out["themes"] = themes
    documents = explored.rows.texts[contrast.text].tolist()
    for side, rows in zip("ab", contrast.sides, strict=True):
        out[f"documents_{side}"] = _shown([documents[at] for at in rows])
    return out


def _by_interest(bench: Bench) -> list[Column]:
    """Columns that may set documents apart, the most interesting first: what the user asked about, then outcomes."""
    focus = [bench.focus.outcome, *bench.focus.about]
    last = max(len(bench.columns) - 1, 1)
    own = [(at, c) for at, c in enumerate(bench.columns.values()) if c.computed is None]
    if any(c.name in focus for _, c in own):
        own = [(at, c) for at, c in own if c.name in focus]
    ranked = sorted(own, key=lambda one: (-outcome_reading(one[1], one[0] / last), one[0]))
    return [c for _, c in ranked]


def _contrast(bench: Bench, text: str, column: Column, known: BoolArray) -> Contrast | None:
    if column.type in ("boolean", "category"):
        return _of_labels(bench, text, column, known)
    if column.type != "number":
        return None
    x = np.where(known, bench.rows.number(column.name), np.nan)
    if np.isfinite(x).sum() < 2 * _LEAST / _PART:
        return None
    low, high = np.nanquantile(x, [_PART, 1 - _PART])
    if low == high:
        return None
    return Contrast(text, column, None, (np.flatnonzero(x >= high), np.flatnonzero(x <= low)))


def _of_labels(bench: Bench, text: str, column: Column, known: BoolArray) -> Contrast | None:
    """The two most frequent labels that may be told."""
    codes = bench.rows.codes(column.name)
    sides = [
        (level, np.flatnonzero(known & (codes == column.levels.index(level)))) for level, _ in bench.levels(column)
    ]
    sides = [(level, rows) for level, rows in sides if len(rows) >= _LEAST][:2]
    if len(sides) < 2:
        return None
    (one, first), (two, second) = sides
    return Contrast(text, column, (one, two), (first, second))


def _shown(documents: list[str]) -> list[str]:
    """Some of the documents, each text once, as a model may read them."""
    out: list[str] = []
    for text in sorted(set(documents), key=digest):
        shown = redacted_document(text, LONGEST)
        if shown:
            out.append(shown)
        if len(out) == A_SIDE:
            break
    return out


def _themes(explored: Explored, contrast: Contrast) -> list[dict[str, Any]]:
    """The themes of the text with their share of both sides in percent, the most unequal first."""
    summary = next((t for t in explored.texts if t.column == contrast.text), None)
    model = summary.themes.model if summary is not None else None
    if summary is None or model not in explored.aids.models or model is None:
        return []
    documents, out = explored.rows.texts[contrast.text].tolist(), []
    for theme in summary.themes.themes:
        prop = InTheme(theme=theme.id, model=model)
        holds = [explored.aids.models[model].holds(prop, [documents[at] for at in rows]) for rows in contrast.sides]
        a, b = (round(100 * float(np.nanmean(h))) if np.isfinite(h).any() else 0 for h in holds)
        out.append({"terms": [cleaned(t) for t in theme.terms[:_TERMS]], "a": f"{a} %", "b": f"{b} %"})
    return sorted(out, key=lambda one: -abs(int(one["a"][:-2]) - int(one["b"][:-2])))[:_THEMES]
