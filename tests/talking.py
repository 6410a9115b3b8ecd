"""Small tools and one conversation, for the tests that talk to the provider on this machine."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from heldout.agent.callbook import CallBook
from heldout.agent.model import ModelSettings, Talk, talk
from heldout.agent.toolbox.bench import Bench, Proposal
from heldout.agent.toolbox.spec import ToolSpec
from heldout.tools.data.rows import Rows
from heldout.tools.errors import HeldoutError, HypothesisError
from heldout.tools.verify.hypothesis import parse
from tests.provider import KEY, Provider, serving

SYSTEM, USER = "Be exact.", 'Look at <data>{"rows":3}</data>'


class Mean(BaseModel):
    column: str
    rows: int = 3


class Claims(BaseModel):
    claims: list[dict[str, Any]] = Field(min_length=1)


class Question(BaseModel):
    question: str


class Nothing(BaseModel):
    pass


class Summary(BaseModel):
    title: str
    points: list[str]


def _mean(bench: Bench, arguments: Mean) -> dict[str, Any]:
    if arguments.column == "forbidden":
        raise HeldoutError("That column is not here.")
    if arguments.column == "broken":
        raise KeyError("cell 4711")
    bench.open_questions.append(arguments.column)
    return {"column": arguments.column, "mean": 3.5, "place": len(bench.open_questions)}


def _propose(bench: Bench, arguments: Claims) -> dict[str, Any]:
    for claim in arguments.claims:
        try:
            bench.proposals.append(Proposal(str(claim), "", parse(claim), None))
        except HypothesisError as err:
            bench.proposals.append(Proposal(str(claim), "", None, str(err)))
    return {"claims": [p.refused or "ok" for p in bench.proposals]}


def _question(bench: Bench, arguments: Question) -> dict[str, Any]:
    bench.open_questions.append(arguments.question)
    return {"noted": len(bench.open_questions)}


MEAN = ToolSpec("mean", "The mean of a column.", Mean, _mean)
PROPOSE = ToolSpec("propose", "Propose typed claims.", Claims, _propose)
QUESTION = ToolSpec("open_question", "Note an open question.", Question, _question)
COLUMNS = ToolSpec(
    "columns", "The columns.", Nothing, lambda bench, _: {"columns": ["age", "wage"], "rows": bench.rows.n}
)
RISES = {"family": "monotone_association", "outcome": "wage", "predictor": "age", "direction": "increasing"}


def empty_bench(**more: Any) -> Bench:
    return Bench(Rows({}, {}), **more)


def asking(monkeypatch: pytest.MonkeyPatch, provider: Provider) -> None:
    """The environment of a person whose provider this is; second attempts come at once."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
    monkeypatch.setattr("heldout.agent.model.FIRST_WAIT", 0.01)


class Conversation:
    """Conversations with one provider, and what was said while they ran."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path | None = None) -> None:
        self.monkeypatch, self.folder = monkeypatch, folder
        self.said: list[str] = []
        self.bench = empty_bench()

    def __call__(
        self,
        provider: Provider,
        tools: tuple[ToolSpec, ...] = (MEAN,),
        reply: type[BaseModel] | None = None,
        mode: Any = "send",
        **settings: Any,
    ) -> Talk:
        self.bench = empty_bench()
        with serving(provider):
            asking(self.monkeypatch, provider)
            return talk(
                ModelSettings("openai:local", **settings), SYSTEM, USER, tools, self.bench, reply=reply,
                book=CallBook(self.folder, "profile", mode), say=self.said.append,
            )  # fmt: skip
