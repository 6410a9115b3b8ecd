"""Text properties computed again from the documents beside the report, as columns of the held-out rows.

Knows documents and the definitions that stand in the claims. A property that takes a language model, an embedding or a
model without a plain form is taken as it was given, and said to be.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .base import Found
from .documents import form, times, word_list
from .ledger import canonical, sha
from .table import Table
from .themes import themes_of

NUMBERS = ("rate", "measure")
WHY = {"close": "it takes an embedding", "judged": "it takes a language model"}


def definitions(findings: Iterable[Found]) -> list[Found]:
    """Every text property of the claims, each once."""
    own = {canonical(p): p for finding in findings for p in finding["hypothesis"].get("texts", ())}
    return [own[key] for key in sorted(own)]


def read_models(folder: Path) -> Found:
    """The frozen models beside the report, by id."""
    file = folder / "text_models.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def with_texts(table: Table, findings: list[Found], models: Found) -> Table:
    """The table with every property of its texts as a column, computed where the documents are at hand."""
    columns, levels = dict(table.columns), dict(table.levels)
    words: dict[str, list[list[str] | None]] = {}
    for p in definitions(findings):
        if p["name"] in table.columns:
            continue
        sides = [p["column"], *([p["against"]] if p.get("against") else [])]
        for name in sides:
            if name not in words:
                words[name] = [None if t is None else word_list(t) for t in documents_of(table, name)]
        each = [values(p["property"], documents_of(table, name), words[name], models) for name in sides]
        columns[p["name"]], own = as_column(p, each)
        levels |= {p["name"]: own} if own else {}
    return table._replace(columns=columns, levels=levels)


def documents_of(table: Table, name: str) -> list[str | None]:
    """The documents of a column; where the file lacks them every one is missing, so that the counts differ."""
    rows = len(next(iter({**table.columns, **table.texts}.values())))
    return table.texts.get(name, [None] * rows)


def as_column(p: Found, each: list[Any]) -> tuple[Any, list[str]]:
    """A property as a column with its labels; of a pair how far, or which of the two has more of it."""
    paired = len(each) == 2
    if p["property"]["kind"] in NUMBERS and not p.get("which"):
        return (each[0] - each[1] if paired else each[0]), []
    if not paired:
        return np.nan_to_num(each[0], nan=-1.0).astype(int), ["no", "yes"]
    first, second = each[0] > each[1], each[1] > each[0]
    return np.where(first, 0, np.where(second, 1, -1)), ["first", "second"]


def values(prop: Found, texts: list[str | None], words: list[list[str] | None], models: Found) -> Any:
    """One property of each document as a number, missing as NaN."""
    both = list(zip(texts, words, strict=True))
    return np.array([np.nan if t is None or w is None else value(prop, t, w, models) for t, w in both], float)


def value(prop: Found, text: str, words: list[str], models: Found) -> float:
    """One property of one document."""
    if prop["kind"] == "theme":
        return float(prop["theme"] in themes_of(models[prop["model"]], words)) if prop["model"] in models else np.nan
    if prop["kind"] == "measure":
        return form(prop["of"], text, words)
    if prop["kind"] == "ending":
        return float(any(words[-1].removesuffix(end) + end == words[-1] for end in prop["of"])) if words else np.nan
    found = sum(times(words, term) for term in prop["terms"])
    if prop["kind"] == "mentions":
        return float(found > 0)
    return 100.0 * found / len(words) if words else np.nan


def given_lines(table: Table, findings: list[Found]) -> Iterator[str]:
    """What was taken as given instead of being computed again."""
    for p in definitions(findings):
        if p["name"] in table.columns:
            why = WHY.get(p["property"]["kind"], "the documents do not lie beside the report")
            if p["column"] in table.texts and p["property"]["kind"] not in WHY:
                why = "its model goes by more than words"
            yield f"taken as given, not computed again: `{p['name']}` ({why})"


def text_faults(report: Found, table: Table, models: Found) -> Iterator[str]:
    """Documents that are not those of the opened rows, models that are not those of the claims, names of two things."""
    for name, told in report.get("documents", {}).items():
        if name in table.texts:
            each = sorted("" if t is None else sha(t) for t in table.texts[name])
            if sha("\n".join(each)) != told:
                yield f"texts: the documents of `{name}` are not those that the report speaks of"
    for name, model in models.items():
        if sha(canonical(model))[:12] != name:
            yield f"texts: the model {name} does not match its id"
    own = definitions(report["findings"])
    themes = [p for p in own if p["property"]["kind"] == "theme" and p["name"] not in table.columns]
    for name in sorted({p["property"]["model"] for p in themes} - set(models)):
        yield f"texts: the model {name} is missing"
    for name in sorted({p["name"] for p in own}):
        if sum(p["name"] == name for p in own) > 1:
            yield f"texts: `{name}` is defined in two ways"
