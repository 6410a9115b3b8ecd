"""Drafting by a model: all that comes of it is a list of proposals, open questions and an account."""

import json
from pathlib import Path
from typing import Any

import pytest

from heldout.agent.callbook import CallBook
from heldout.agent.draft_model import ModelDraft, draft_by_model
from heldout.agent.model import ModelSettings
from heldout.agent.outlook import Focus
from heldout.agent.toolbox import TOOLS as TOOLBOX
from heldout.agent.usage import ModelUsage, cost_of
from heldout.prompts import load
from heldout.tools.errors import UsageError
from heldout.tools.verify.hypothesis import parse
from tests.provider import Provider, calls, fails, says, serving
from tests.talking import COLUMNS, MEAN, PROPOSE, QUESTION, RISES, asking, empty_bench

TOOLS = (COLUMNS, MEAN, PROPOSE, QUESTION)
FALLS = {**RISES, "direction": "decreasing"}


class Drafting:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.monkeypatch, self.folder = monkeypatch, folder
        self.said: list[str] = []

    def __call__(
        self, provider: Provider, mode: Any = "send", focus: Focus | None = None, **settings: Any
    ) -> ModelDraft:
        with serving(provider):
            asking(self.monkeypatch, provider)
            book = CallBook(self.folder, "profile", mode)
            return draft_by_model(
                empty_bench(focus=focus), ModelSettings("openai:local", **settings), book, self.said.append, tools=TOOLS
            )


@pytest.fixture
def draft(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Drafting:
    return Drafting(monkeypatch, tmp_path / "run")


def _proposes(*claims: dict) -> Any:
    return calls(("propose", {"claims": list(claims)}))


def test_what_the_model_proposes_becomes_hypotheses_once_each(draft: Drafting) -> None:
    asks = calls(("open_question", {"question": "What is a grade?"}))
    provider = Provider(_proposes(RISES, {"family": "magic"}), _proposes(FALLS, RISES), asks, says("done"))
    made = draft(provider)
    assert made.hypotheses == (parse(RISES), parse(FALLS))
    assert made.open_questions == ("What is a grade?",)
    assert (made.failure, made.shown) == (None, None)
    explore = load("explore")
    assert made.usage.model_copy(update={"input_tokens": 0, "output_tokens": 0}) == ModelUsage(
        id="openai:local", calls=4, prompts=({"name": "explore", "version": explore.version, "sha256": explore.sha256},)
    )  # fmt: skip
    assert made.usage.input_tokens > 1_000


def test_the_model_begins_with_the_overview_the_focus_and_its_budget(draft: Drafting) -> None:
    provider = Provider(_proposes(RISES), says("done"))
    draft(provider, focus=Focus("wage", ("age",)), max_calls=5, max_tokens=20_000)
    system, user = (message["content"] for message in provider.requests[0]["messages"])
    assert system == load("explore").system
    assert '{"outcome":"wage","about":["age"]}' in user
    assert '{"turns":5,"input_tokens":20000}' in user
    assert user.endswith('<data name="overview">\n{"columns":{"columns":["age","wage"],"rows":0}}\n</data>')
    assert [t["function"]["name"] for t in provider.requests[0]["tools"]] == [t.name for t in TOOLS]


def test_the_list_that_is_asked_for_in_one_reply_is_a_schema_with_a_name(
    draft: Drafting, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = TOOLS[:2] + tuple(t for t in TOOLBOX if t.name in ("propose", "open_question"))
    monkeypatch.setattr(f"{__name__}.TOOLS", own)
    made = draft(provider := Provider(says("Age seems to matter."), says('{"claims": [{"claim": "x"}]}'), says("no")))
    assert provider.requests[1]["response_format"]["json_schema"]["name"] == "Proposals"
    assert made.hypotheses == ()


@pytest.mark.parametrize("tools", [True, False])
def test_a_model_that_calls_no_tools_is_asked_for_all_proposals_in_one_reply(draft: Drafting, tools: bool) -> None:
    listed = {"claims": [RISES, {"family": "magic"}], "open_questions": ["Who was asked?"]}
    script = [says(json.dumps(listed))]
    provider = Provider(*([says("Age seems to matter.")] if tools else []), *script, tools=tools)
    made = draft(provider)
    assert made.hypotheses == (parse(RISES),)
    assert made.open_questions == ("Who was asked?",)
    assert made.failure is None
    assert [p.name for p in made.usage.prompts] == ["draft", "explore"]
    assert made.usage.calls == 1 + tools
    assert PROPOSE.description in provider.requests[-1]["messages"][1]["content"]
    assert not provider.requests[-1].get("tools")


def test_both_ways_of_asking_share_one_budget(draft: Drafting) -> None:
    provider = Provider(says("Hm."), says("Hm."), says("Hm."), says("Hm."))
    made = draft(provider, max_calls=3)
    assert made.hypotheses == ()
    assert made.usage.calls == len(provider.requests) == 3
    assert "--max-calls" in (made.failure or "")


def test_what_was_proposed_before_a_fault_counts_and_the_fault_is_told(draft: Drafting) -> None:
    made = draft(Provider(_proposes(RISES), fails(401)))
    assert made.hypotheses == (parse(RISES),)
    assert "status 401" in (made.failure or "")


def test_a_fault_before_any_proposal_is_not_asked_again_in_another_way(draft: Drafting) -> None:
    provider = Provider(fails(401), says("{}"))
    assert draft(provider).hypotheses == ()
    assert len(provider.requests) == 1


def test_the_request_can_be_seen_without_being_sent(draft: Drafting) -> None:
    provider = Provider()
    made = draft(provider, mode="show")
    assert provider.requests == []
    assert json.loads(made.shown or "")["messages"][0]["content"] == load("explore").system
    assert (made.hypotheses, made.usage.calls) == ((), 0)


def test_a_replayed_draft_says_the_same_as_the_first(draft: Drafting) -> None:
    first = draft(Provider(_proposes(RISES), says("done")))
    assert draft(Provider()) == first


def test_the_cost_is_told_where_the_price_is_known(draft: Drafting, monkeypatch: pytest.MonkeyPatch) -> None:
    assert draft(Provider(_proposes(RISES), says("done"))).usage.cost is None
    assert cost_of(2_000_000, 100_000, (2.5, 10.0)) == 6.0
    monkeypatch.setenv("HELDOUT_MODEL_PRICE", "2.50, 10")
    usage = draft(Provider()).usage
    assert usage.cost == pytest.approx(usage.input_tokens * 2.5e-6 + usage.output_tokens * 1e-5, abs=1e-6)
    monkeypatch.setenv("HELDOUT_MODEL_PRICE", "cheap")
    untouched = Provider(says("x"))
    with pytest.raises(UsageError, match="HELDOUT_MODEL_PRICE"):
        draft(untouched)
    assert untouched.requests == [], "before anything is paid"
