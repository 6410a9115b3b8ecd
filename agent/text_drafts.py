"""Drafts from reading: a language model reads samples of two groups of documents and says in what they differ.

Knows exploration rows, their redacted texts, and the grammar of text properties. Must never know a sealed row, a
verdict or a smallest effect. What the model says becomes properties of documents, which code computes (or has answered
blind), and claims about them, which go through the same door as every proposal.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, get_args

from pydantic import BaseModel, ConfigDict

from ..prompts import load
from ..tools.errors import HypothesisError
from ..tools.text.evaluate import with_properties
from ..tools.text.properties import Form, Measure, Mentions, Property, TextProperty
from ..tools.text.words import words_of
from .callbook import CallBook
from .judging import Judge, judged_property, with_judge
from .model import Talk, talk
from .model_settings import ModelSettings
from .privacy import visible
from .summary import Explored
from .text_contrasts import Contrast, contrasts_of, told
from .toolbox.bench import Bench

PROMPT = "read_texts"
MOST_QUESTIONS = 3
"""Yes/no questions that one reading may have answered."""
_LEAST_LABELLED = 20
"""Labels that the smaller side of a contrast must be likely to get, for a question to be worth its price."""
_MOST = 8
_MOST_TERMS = 12
_LONGEST_QUESTION = 160
_FORMS = get_args(Form)


class Difference(BaseModel):
    """One difference as a model words it."""

    model_config = ConfigDict(extra="forbid")
    contrast: int
    more: str
    terms: list[str]
    measure: str
    question: str
    why: str


class Differences(BaseModel):
    """The reply."""

    model_config = ConfigDict(extra="forbid")
    differences: list[Difference]


class Claimed(NamedTuple):
    """A claim in the grammar's words, with the property that it speaks of."""

    claim: str
    why: str
    property: TextProperty


class ReadDraft(NamedTuple):
    """What came of a reading."""

    explored: Explored
    """With the properties that were named as computed columns, and the judge among the models."""
    claims: tuple[Claimed, ...] = ()
    found: Talk | None = None
    """None where there was nothing to read."""
    judge: Judge | None = None
    """What answered questions, with its account; None where none was asked."""
    failures: tuple[str, ...] = ()


def drafts_from_reading(
    bench: Bench, explored: Explored, settings: ModelSettings, book: CallBook, say: Callable[[str], None]
) -> ReadDraft:
    """The differences that a model sees between samples of two groups, as properties and claims.

    Args:
        bench: The exploration side, for names, labels that may be told, and what the user asked about.
        explored: What was explored, with its texts.
        settings: Which model, and the budget of this reading.
        book: Where requests are entered and replies kept.
        say: Called with one line a stage.
    """
    contrasts = contrasts_of(bench, explored)
    if not contrasts or not settings.reads:
        return ReadDraft(explored)
    prompt = load(PROMPT)
    questions = MOST_QUESTIONS if any(_enough(one, explored, settings) for one in contrasts) else 0
    budget = {"differences": _MOST, "questions": questions, "measures": list(_FORMS)}
    shown = [told(bench, explored, one, at) for at, one in enumerate(contrasts, 1)]
    user = prompt.user(budget=budget, contrasts=shown)
    found = talk(settings, prompt.system, user, (), None, reply=Differences, book=book, say=say)
    if not isinstance(found.structured, Differences):
        return ReadDraft(explored, found=found, failures=(found.failure,) if found.failure else ())
    claims = _claimed(found.structured.differences[:_MOST], contrasts, explored, settings, questions)
    return _measured(explored, claims, found, settings, book, say)


def _measured(
    explored: Explored, claims: list[Claimed], found: Talk, settings: ModelSettings, book: CallBook,
    say: Callable[[str], None],
) -> ReadDraft:  # fmt: skip
    """The claims whose properties could be told of the exploration documents, with these as columns."""
    judge = Judge(settings, book, say)
    aids = with_judge(explored.aids, judge)
    plain = [c.property for c in claims if c.property.property.kind != "judged"]
    rows, kept = with_properties(explored.rows, plain, aids), []
    for one in claims:
        if one.property.property.kind == "judged":
            labelled = with_properties(rows, [one.property], aids)
            if labelled.columns[one.property.name].distinct < 2:
                continue  # the model failed, or said the same of every document
            rows = labelled
        kept.append(one)
    failures = () if judge.failure is None else (judge.failure,)
    asked = judge if judge.usage.calls else None
    explored = explored._replace(rows=rows, aids=aids if asked is not None else explored.aids)
    return ReadDraft(explored, tuple(kept), found, asked, failures)


def _claimed(
    differences: Sequence[Difference], contrasts: Sequence[Contrast], explored: Explored, settings: ModelSettings,
    questions: int,
) -> list[Claimed]:  # fmt: skip
    """The differences that can be said in the grammar, each property once a contrast."""
    out: list[Claimed] = []
    for one in differences:
        if not 1 <= one.contrast <= len(contrasts) or one.more.strip().lower() not in ("a", "b"):
            continue
        contrast = contrasts[one.contrast - 1]
        try:
            prop = property_of(one, contrast.text, settings)
        except HypothesisError:
            continue
        if prop.property.kind == "judged" and not _enough(contrast, explored, settings):
            continue
        asked = {c.property.name for c in out if c.property.property.kind == "judged"} - {prop.name}
        if prop.property.kind == "judged" and len(asked) >= questions:
            continue
        claim = _claim(prop, contrast, more=one.more.strip().lower())
        if all(c.claim != claim for c in out):
            out.append(Claimed(claim, visible(one.why)[:300], prop))
    return out


def _enough(contrast: Contrast, explored: Explored, settings: ModelSettings) -> bool:
    """Whether the documents that may be labelled hold enough of both sides: they are chosen blind to sides."""
    known = sum(t is not None for t in explored.rows.texts[contrast.text])
    smaller = min(len(side) for side in contrast.sides)
    return smaller * min(1.0, settings.max_judged / max(known, 1)) >= _LEAST_LABELLED


def property_of(difference: Difference, column: str, settings: ModelSettings) -> TextProperty:
    """The property that a difference names.

    Raises:
        HypothesisError: if it names none, or several, or one that the grammar does not have.
    """
    terms = tuple(dict.fromkeys(filter(None, map(_term, difference.terms))))
    question, measure = _question(difference.question), difference.measure.strip().lower()
    if sum(map(bool, (terms, question, measure))) != 1:
        raise HypothesisError("A difference is told by terms, by a measure or by a question: by one of them.")
    prop: Property
    if question:
        return TextProperty(name=f"{column}: {question}", column=column, property=judged_property(question, settings))
    if measure:
        of = next((f for f in _FORMS if f == measure), None)
        if of is None:
            raise HypothesisError(f"There is no measure {visible(measure)[:40]!r}.")
        return TextProperty(name=f"{of} of {column}", column=column, property=Measure(of=of))
    if len(terms) > _MOST_TERMS:
        raise HypothesisError(f"At most {_MOST_TERMS} terms make one property.")
    said = ", ".join(f'"{t}"' if " " in t else t for t in terms)
    prop = Mentions(terms=terms)
    return TextProperty(name=f"{column} mentions {said}", column=column, property=prop)


def _term(text: str) -> str:
    """A term as the tokenizer spells words, its `*` kept; empty where it holds no word."""
    plain = visible(text).strip()
    words = words_of(plain.rstrip("*"))
    if not words or len(words) > 4:
        return ""
    return " ".join(words) + ("*" if plain.endswith("*") else "")


def _question(text: str) -> str:
    """A question on one line that can stand in a name; empty where it is none."""
    plain = re.sub(r"[`\"“”<>\[\]]", "", visible(text)).strip()
    if not plain.endswith("?") or not 8 <= len(plain) <= _LONGEST_QUESTION:
        return ""
    return plain


def _claim(prop: TextProperty, contrast: Contrast, *, more: str) -> str:
    """The claim in the grammar's words."""
    name, column = f"`{prop.name}`", f"`{contrast.column.name}`"
    number = prop.property.kind == "measure"
    if contrast.levels is None:
        if number:
            return f"{column} {'increases' if more == 'a' else 'decreases'} with {name}"
        return f"{column} {'higher' if more == 'a' else 'lower'} for {name}=yes than no"
    one, two = contrast.levels if more == "a" else contrast.levels[::-1]
    return f"{name}{'' if number else '=yes'} higher for {column}=`{one}` than `{two}`"
