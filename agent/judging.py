"""The judge: yes/no questions that a language model answers about documents, blind.

Knows documents as texts, one frozen question at a time, and the book of calls. Must never know another column, a group,
an outcome, on which side of the seal a document lies, or what the answers are for. It is handed on as a frozen model of
text properties; whoever holds opened documents asks it, and a failure is an answer that is missing, never an error.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from ..prompts import load
from ..tools.errors import UsageError
from ..tools.text.evaluate import Aids
from ..tools.text.properties import CloseTo, InTheme, Judged
from ..tools.text.repeats import REPEATED, Repeats
from ..tools.value import digest
from .callbook import CallBook, request_of
from .model import Talk, talk
from .model_settings import ModelSettings
from .privacy import redacted_document
from .usage import JudgedUsage

PROMPT = "judge"
LONGEST = 1_500
"""Characters of a document that are shown."""
A_CALL = 20
"""Documents in one call, fewer where they are long."""
_CHARACTERS = 12_000
"""Characters of the documents of one call together."""
_ATTEMPTS = 4
"""Ways in which one call may ask for an answer in a shape."""
_UNANSWERED = ("unparsable", "truncated", "refused")
"""Failures of one call after which the next may well be answered: its documents are missing."""
_LABELS = {"yes": 1.0, "no": 0.0}


class Answer(BaseModel):
    """The answer for one document."""

    model_config = ConfigDict(extra="forbid")
    document: int
    answer: str


class Answers(BaseModel):
    """A reply: one answer a document."""

    model_config = ConfigDict(extra="forbid")
    answers: list[Answer]


class _Pass(NamedTuple):
    """One labelling of a set of documents."""

    labels: dict[str, float]
    """By digest of the text."""
    failure: str | None


def judged_property(question: str, settings: ModelSettings) -> Judged:
    """The frozen property that a question is: with the model, the prompt as it stands, and how many documents."""
    return Judged(
        question=question, model=settings.name, prompt=load(PROMPT).sha256, most=settings.max_judged
    )  # fmt: skip


class Judge:
    """A language model as a frozen model of text properties.

    Args:
        settings: Which model; the budget of its documents stands in each property.
        book: Where requests are entered and replies kept: what was labelled once is never asked again.
        say: Called with one line a call.

    Raises:
        UsageError: if the privacy mode keeps documents back.
    """

    def __init__(self, settings: ModelSettings, book: CallBook, say: Callable[[str], None]) -> None:
        if not settings.reads:
            raise UsageError(f"In privacy mode `{settings.privacy}` a model reads no document: allow `sample`.")
        # A call by itself: the run's budget is for drafting, that of labels is counted in documents.
        self.settings = settings._replace(max_calls=_ATTEMPTS, max_tokens=10_000_000)
        self.book, self.say = book, say
        self.usage = JudgedUsage()
        self.failure: str | None = None
        """Why labels are missing, in one line: of the last question that could not be answered."""
        self._known: dict[str, _Pass] = {}

    def holds(self, prop: InTheme | CloseTo | Judged, texts: Sequence[str]) -> NDArray[np.float64]:
        """1 where the answer is yes, 0 where no, NaN where none was clear or the document was not asked about.

        All are NaN where the model failed: labels of a part would be tested now, and all of them another time.
        """
        if not isinstance(prop, Judged):
            return np.full(len(texts), np.nan)
        names = [digest(t) for t in texts]
        found = self._pass(prop, _chosen(prop, names, texts), again=False)
        if found.failure is not None:
            return np.full(len(texts), np.nan)
        return np.array([found.labels.get(name, np.nan) for name in names], np.float64)

    def repeated(self, prop: Judged, texts: Sequence[str]) -> Repeats:
        """A second label of `REPEATED` documents that have one, in another order and beside others."""
        chosen = _chosen(prop, [digest(t) for t in texts], texts)
        first = self._pass(prop, chosen, again=False)
        if first.failure is not None:
            return Repeats(failure=first.failure)
        twice = sorted((name for name in first.labels if not np.isnan(first.labels[name])), key=_another_order)
        second = self._pass(prop, {name: chosen[name] for name in twice[:REPEATED]}, again=True)
        if second.failure is not None:
            return Repeats(failure=second.failure)
        pairs = [(first.labels[n], label) for n, label in second.labels.items() if not np.isnan(label)]
        yes_yes, yes_no, no_yes = (sum(pair == both for pair in pairs) for both in ((1, 1), (1, 0), (0, 1)))
        return Repeats(yes_yes, yes_no, no_yes, len(pairs) - yes_yes - yes_no - no_yes)

    def _pass(self, prop: Judged, documents: dict[str, str], *, again: bool) -> _Pass:
        """The labels of these documents: known, kept in the book, or asked for now."""
        asked = request_of({"judged": prop.as_json(), "documents": sorted(documents), "again": again})
        if asked.hash not in self._known:
            kept = self.book.find(asked)
            if kept is not None:
                found = _Pass({name: _label(word) for name, word in kept["labels"].items()}, None)
                self.usage += JudgedUsage.model_validate(kept["usage"])
            else:
                found, usage = self._asked(prop, documents, again=again)
                self.usage += usage
                if found.failure is None:
                    labels = {name: _word(label) for name, label in found.labels.items()}
                    self.book.keep(asked, {"labels": labels, "usage": usage.as_json()})
            self._known[asked.hash] = found
            self.failure = found.failure or self.failure
        return self._known[asked.hash]

    def _asked(self, prop: Judged, documents: dict[str, str], *, again: bool) -> tuple[_Pass, JudgedUsage]:
        prompt, usage, labels = load(PROMPT), JudgedUsage(), {}
        if prompt.sha256 != prop.prompt or prop.model != self.settings.name:
            return _Pass({}, "It was asked of another model, or with another version of the prompt."), usage
        batches = _batches(documents, again=again)
        for at, batch in enumerate(batches, 1):
            told = [{"document": k, "text": text} for k, (_, text) in enumerate(batch, 1)]
            found = talk(
                self.settings, prompt.system, prompt.user(question=prop.question, documents=told), (), None,
                reply=Answers, book=self.book, say=lambda _: None,
            )  # fmt: skip
            usage += _usage(found, len(batch))
            if found.failure is not None and found.kind not in _UNANSWERED:
                return _Pass({}, found.failure), usage
            self.say(f"Labelling documents{' a second time' if again else ''}: call {at} of {len(batches)}")
            answered = _read(found.structured, len(batch))
            labels |= {name: answered.get(k, np.nan) for k, (name, _) in enumerate(batch, 1)}
        return _Pass(labels, None), usage


def with_judge(aids: Aids, judge: Judge) -> Aids:
    """The frozen models with this judge among them."""
    return aids._replace(models={**aids.models, judge.settings.name: judge})


def _chosen(prop: Judged, names: Sequence[str], texts: Sequence[str]) -> dict[str, str]:
    """The documents to be asked about, by the order of their digests: each text once, none that shows nothing."""
    every = dict(zip(names, texts, strict=True))
    shown = {name: redacted_document(every[name], LONGEST) for name in sorted(every)[: prop.most]}
    return {name: text for name, text in shown.items() if text}


def _batches(documents: dict[str, str], *, again: bool) -> list[list[tuple[str, str]]]:
    """The documents in calls, in an order that tells nothing of them."""
    out: list[list[tuple[str, str]]] = []
    size = _CHARACTERS
    for name in sorted(documents, key=_another_order if again else None):
        text = documents[name]
        if not out or len(out[-1]) == A_CALL or size + len(text) > _CHARACTERS:
            out.append([])
            size = 0
        out[-1].append((name, text))
        size += len(text)
    return out


def _another_order(name: str) -> str:
    return digest(f"again {name}")


def _read(reply: BaseModel | None, n: int) -> dict[int, float]:
    """The clear answers of a reply by the document's number; of a document that was answered twice none is clear."""
    if not isinstance(reply, Answers):
        return {}
    out: dict[int, float] = {}
    for one in reply.answers:
        if 1 <= one.document <= n:
            label = _label(one.answer)
            out[one.document] = label if one.document not in out else np.nan
    return out


def _label(word: str | None) -> float:
    return _LABELS.get(word or "", np.nan)


def _word(label: float) -> str | None:
    return None if np.isnan(label) else "yes" if label else "no"


def _usage(found: Talk, documents: int) -> JudgedUsage:
    return JudgedUsage(
        calls=found.calls, input_tokens=found.input_tokens, output_tokens=found.output_tokens, documents=documents
    )  # fmt: skip
