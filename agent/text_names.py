"""Short names of themes by a language model, each kept only if it tells documents apart better than the terms do.

Knows themes as they are told, opened documents with the theme that the frozen model gives them, and the book of calls.
Must never know a sealed document or a verdict; a name is words, no property and no claim.

The rule was fixed before any name was seen. Of opened documents up to six of each theme and six of none are sorted
twice, blind: by the names, and by the terms. A name stays if its documents are found with a larger F1 than by the
terms, and with .5 at least; else the terms stay. Who guesses among many themes stays under .5.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..prompts import Prompt, load
from ..tools.text.embeddings import Embedder
from ..tools.text.evaluate import Aids
from ..tools.text.properties import InTheme
from ..tools.text.summary import TextSummary, Theme
from ..tools.value import digest
from .callbook import CallBook
from .model import Talk, talk
from .model_settings import ModelSettings
from .privacy import redacted_document, visible

MOST = 12
"""Themes of one text that are named, the largest first."""
A_THEME = 6
"""Documents of each theme, and of none, that are sorted."""
LEAST = 4
"""Documents of a theme under which a name is not tried."""
LEAST_F1 = 0.5
CALLS = 3
"""What naming the themes of one text takes."""
_LONGEST = 300
_TERMS, _TYPICAL = 10, 3
_NAME = re.compile(r"[^\W\d_][^\d\"“”`<>\[\]{}|]{1,39}")


class Named(BaseModel):
    """A theme's name."""

    model_config = ConfigDict(extra="forbid")
    theme: int
    name: str


class Names(BaseModel):
    """The reply to the question for names."""

    model_config = ConfigDict(extra="forbid")
    names: list[Named]


class Sorted(BaseModel):
    """Which description fits a document."""

    model_config = ConfigDict(extra="forbid")
    document: int
    description: int


class Sorting(BaseModel):
    """The reply to a sorting."""

    model_config = ConfigDict(extra="forbid")
    answers: list[Sorted]


class NamedTexts(NamedTuple):
    """What is told of the texts, with the names that were kept, and what that took."""

    texts: tuple[TextSummary, ...]
    talks: tuple[Talk, ...] = ()
    prompts: tuple[Prompt, ...] = ()


def named(
    texts: Sequence[TextSummary],
    opened: Mapping[str, Sequence[str | None]],
    aids: Aids,
    settings: ModelSettings,
    book: CallBook,
    say: Callable[[str], None],
    embedder: Embedder | None = None,
) -> NamedTexts:
    """The summaries with names for those themes whose name stood the test.

    Args:
        texts: What is told of each text.
        opened: Documents that nothing saw when the themes were made, and that are open now, by column.
        aids: The frozen models that assign documents to themes.
        settings: Which model, and what is left of its budget.
        book: Where requests are entered and replies kept.
        say: Called with one line a stage.
        embedder: Sorts documents where the model may not read them; without one the terms stay.
    """
    out, talks, prompts = [], [], {}
    for summary in texts:
        themes = _candidates(summary)
        left = _left(settings, talks)
        documents = _sample(summary, themes, opened.get(summary.column, ()), aids)
        tried = {t.id for t in themes if sum(d.theme == t.id for d in documents) >= LEAST}
        if len(themes) < 2 or not tried or left.max_calls < CALLS or not (settings.reads or embedder is not None):
            out.append(summary)
            continue
        say(f"Letting {settings.name} name the themes of {summary.column}")
        names, asked = _names(themes, left, book, say)
        talks.append(asked)
        prompts[load("name_themes")] = None
        if settings.reads:
            by_names, by_terms, sorting = _sorted_by_model(themes, names, documents, _left(settings, talks), book, say)
            talks += sorting
            prompts[load("match_themes")] = None
        else:
            by_names, by_terms = (_nearest(d, documents, embedder) for d in _descriptions(themes, names))
        truth = [d.theme for d in documents]
        kept = {t: n for t, n in names.items() if t in tried and stays(truth, by_names, by_terms, t)}
        out.append(_with_names(summary, kept))
    return NamedTexts(tuple(out), tuple(talks), tuple(prompts))


def stays(
    truth: Sequence[str | None], by_names: Sequence[str | None], by_terms: Sequence[str | None], theme: str
) -> bool:
    """The rule: whether a theme's name finds its documents better than the terms, and well enough.

    Args:
        truth: The theme of each document, None for none.
        by_names: The theme whose name was said to fit it.
        by_terms: The theme whose terms were.
        theme: The theme in question.
    """
    own = f1(truth, by_names, theme)
    return own >= LEAST_F1 and own > f1(truth, by_terms, theme)


def f1(truth: Sequence[str | None], found: Sequence[str | None], theme: str) -> float:
    """Harmonic mean of precision and recall for one theme. Checked against `sklearn.metrics.f1_score`."""
    hits = sum(a == b == theme for a, b in zip(truth, found, strict=True))
    both = sum(a == theme for a in truth) + sum(b == theme for b in found)
    return 2 * hits / both if both else 0.0


class _Document(NamedTuple):
    text: str
    theme: str | None


def _candidates(summary: TextSummary) -> list[Theme]:
    """The themes of the upper level, the largest first."""
    own = [t for t in summary.themes.themes if t.parent is None and t.terms]
    return sorted(own, key=lambda t: (-t.documents, t.id))[:MOST]


def _sample(
    summary: TextSummary, themes: Sequence[Theme], documents: Sequence[str | None], aids: Aids
) -> list[_Document]:
    """Some documents of each theme and of none, each text once, in an order that tells nothing."""
    model = summary.themes.model
    if model is None or model not in aids.models:
        return []
    texts = sorted({t for t in documents if t is not None}, key=digest)
    holds = np.array([aids.models[model].holds(InTheme(theme=t.id, model=model), texts) == 1 for t in themes])
    holds = holds.reshape(len(themes), len(texts))
    room = {theme.id: A_THEME for theme in themes} | {None: A_THEME}
    out = []
    for at, text in enumerate(texts):
        own = [theme.id for theme, row in zip(themes, holds, strict=True) if row[at]]
        theme = own[0] if own else None
        if len(own) <= 1 and room[theme] and visible(text):
            room[theme] -= 1
            out.append(_Document(redacted_document(text, _LONGEST), theme))
    return out


def _names(
    themes: Sequence[Theme], settings: ModelSettings, book: CallBook, say: Callable[[str], None]
) -> tuple[dict[str, str], Talk]:
    """A name for each theme that got a usable one."""
    told = []
    for at, theme in enumerate(themes, 1):
        own: dict = {"theme": at, "terms": [visible(t) for t in theme.terms[:_TERMS]]}
        if settings.reads and theme.typical:
            own["documents"] = [redacted_document(q.text, _LONGEST) for q in theme.typical[:_TYPICAL]]
        told.append(own)
    prompt = load("name_themes")
    found = talk(settings, prompt.system, prompt.user(themes=told), (), None, reply=Names, book=book, say=say)
    reply = found.structured.names if isinstance(found.structured, Names) else []
    given = [(one.theme, usable(one.name)) for one in reply if 1 <= one.theme <= len(themes)]
    common = [name.casefold() for _, name in given if name]
    names = {themes[at - 1].id: name for at, name in given if name and common.count(name.casefold()) == 1}
    return names, found


def usable(name: str) -> str:
    """A name that may stand in a report: a few words without digits or quotation marks; empty where it is none."""
    plain = visible(name).strip(" .")
    return plain if _NAME.fullmatch(plain) and len(plain.split()) <= 5 and "://" not in plain else ""


def _descriptions(themes: Sequence[Theme], names: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Each theme by its name, and by its terms; where it has no name, by its terms both times."""
    terms = {t.id: ", ".join(visible(x) for x in t.terms[:_TERMS]) for t in themes}
    return {t: names.get(t, own) for t, own in terms.items()}, terms


def _sorted_by_model(
    themes: Sequence[Theme], names: Mapping[str, str], documents: Sequence[_Document], settings: ModelSettings,
    book: CallBook, say: Callable[[str], None],
) -> tuple[list[str | None], list[str | None], list[Talk]]:  # fmt: skip
    """The theme that fits each document best by the names and by the terms, in two conversations.

    Nothing fits by the names where one of the two failed: a name must not win because the terms were never tried.
    """
    out: list[list[str | None]] = []
    talks: list[Talk] = []
    prompt = load("match_themes")
    shown = [{"document": at, "text": d.text} for at, d in enumerate(documents, 1)]
    for described in _descriptions(themes, names) if names else ():
        ids = sorted(described, key=digest)
        told = [{"description": at, "text": described[t]} for at, t in enumerate(ids, 1)]
        user = prompt.user(descriptions=told, documents=shown)
        found = talk(_left(settings, talks), prompt.system, user, (), None, reply=Sorting, book=book, say=say)
        talks.append(found)
        if isinstance(found.structured, Sorting):
            out.append(_answers(found.structured, ids, len(documents)))
    if len(out) < 2:
        out = [[None] * len(documents)] * 2
    return out[0], out[1], talks


def _answers(reply: Sorting, ids: Sequence[str], n: int) -> list[str | None]:
    """The theme of each document as it was sorted; None where none was said to fit, or two answers stand."""
    out: list[str | None] = [None] * n
    seen: set[int] = set()
    for one in reply.answers:
        if 1 <= one.document <= n:
            again = one.document in seen
            out[one.document - 1] = None if again or not 1 <= one.description <= len(ids) else ids[one.description - 1]
            seen.add(one.document)
    return out


def _nearest(
    described: Mapping[str, str], documents: Sequence[_Document], embedder: Embedder | None
) -> list[str | None]:
    """The theme whose description is most similar (cosine) to each document."""
    if embedder is None or not documents:
        return [None] * len(documents)
    ids = sorted(described)
    vectors = embedder.embed([*(described[t] for t in ids), *(d.text for d in documents)]).astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    near = vectors[len(ids) :] @ vectors[: len(ids)].T
    return [ids[int(at)] for at in near.argmax(axis=1)]


def _with_names(summary: TextSummary, names: Mapping[str, str]) -> TextSummary:
    themes = tuple(t.model_copy(update={"name": names.get(t.id)}) for t in summary.themes.themes)
    return summary.model_copy(update={"themes": summary.themes.model_copy(update={"themes": themes})})


def _left(settings: ModelSettings, talks: Sequence[Talk]) -> ModelSettings:
    return settings._replace(
        max_calls=settings.max_calls - sum(t.calls for t in talks),
        max_tokens=settings.max_tokens - sum(t.input_tokens for t in talks),
    )
