"""A whole `explain` with a language model on this machine: its part is proposals and words, recorded and replayed."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

pytest.importorskip("langchain_openai")

import heldout
from heldout.agent.cli import cli
from heldout.agent.model_settings import ModelSettings
from heldout.agent.report.explanation import Explanation
from heldout.tools.errors import ModelUnavailable, UsageError
from tests.provider import KEY, Line, Provider, calls, fails, says, serving


def table(seed: int = 3, n: int = 1_500) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    plan = rng.choice(["basic", "plus"], n)
    age = rng.normal(45, 12, n).round(0)
    visits = rng.poisson(np.where(plan == "plus", 6, 3))
    spend = (20 + 0.4 * age + 6 * (plan == "plus") + rng.normal(0, 8, n)).round(2)
    return pd.DataFrame({"plan": plan, "age": age, "visits": visits, "noise": rng.normal(size=n), "spend": spend})


PROPOSE = calls(
    ("propose", {"claims": [
        {"claim": "spend higher for plan=plus than basic", "why": "what a plan brings"},
        {"claim": "spend increases with age", "why": "older customers"},
        {"claim": "wealth increases with age", "why": "no such column"},
    ]}),
    ("open_question", {"question": "Is <b>spend</b> per month?"}),
)  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HELDOUT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return tmp_path / "home"


def explained(provider: Provider, **options: object) -> Explanation:
    settings = ModelSettings("openai:local", base_url=provider.url, sql=False, timeout=20)
    return heldout.explain(table(), name="shop", model=settings, **options)  # pyright: ignore[reportArgumentType]


class Wording(Provider):
    """Words a summary of one sentence that cites a finding rightly and one that makes a figure up."""

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Line:
        found = re.search(r'"id":"([0-9a-f]{12})"', json.dumps(body["messages"]).replace('\\"', '"'))
        if body.get("tools") or found is None:
            return super().answer(body, headers)
        self.requests.append(body)
        return says(f"[{found[1]}.claim]. Spending grew by 4711 percent because of the plan.")


def test_proposals_meet_those_of_the_rules_and_are_verified_like_them() -> None:
    with serving(Provider(PROPOSE, says("done"), says("Nothing to add."))) as provider:
        report = explained(provider)
    result = report.result
    assert result.model is not None
    assert (result.model.id, result.model.calls, result.model.failure) == ("openai:local", 3, None)
    assert {p.name for p in result.model.prompts} == {"explore", "summary"}
    picked = {
        (f.hypothesis["outcome"], f.hypothesis["predictor"])
        for f in result.findings
        if f.source in ("model", "both") and f.outcome == "verified"
    }
    assert picked == {("spend", "plan"), ("spend", "age")}
    assert "wealth" not in report.to_json()
    told = " ".join(report.to_terminal().split())
    assert re.search(
        r"openai:local drafted \d of \d+ hypotheses on its own and \d that a rule drafted as well, in 3 calls, ", told
    )
    assert f"{result.model.input_tokens:,} input and" in told


def test_the_summary_goes_on_counting_the_calls_and_tokens_of_the_draft() -> None:
    lines: list[str] = []
    with serving(Provider(PROPOSE, says("done"), says("Nothing to add."))) as provider:
        report = explained(provider, progress=lines.append)
    told = [re.match(r"Model call (\d+) of at most (\d+): .* ([\d,]+) of ([\d,]+) used", x) for x in lines]
    calls_told = [m for m in told if m]
    assert [m[1] for m in calls_told] == ["1", "2", "3"]
    assert len({(m[2], m[4]) for m in calls_told}) == 1, "the budget stays what was allowed"
    assert report.result.model is not None
    assert calls_told[-1][3] == f"{report.result.model.input_tokens:,}"


def test_the_same_question_again_asks_nobody_and_says_the_same() -> None:
    with serving(Provider(PROPOSE, says("done"), says("Nothing to add."))) as provider:
        first = explained(provider)
        again = explained(provider)
        assert len(provider.requests) == 3
    assert again.replayed
    assert {k: v for k, v in again.result.as_json().items() if k not in ("timing", "ledger")} == {
        k: v for k, v in first.result.as_json().items() if k not in ("timing", "ledger")
    }


def test_a_summary_keeps_what_is_grounded_and_drops_the_rest() -> None:
    with serving(Wording(PROPOSE, says("done"))) as provider:
        report = explained(provider)
    assert report.result.model is not None
    assert report.result.model.dropped_sentences == 1
    assert report.result.summary
    text = report.to_terminal() + report.to_html() + report.to_markdown()
    assert "4711" not in text
    assert "Worded by openai:local" in text


def test_what_the_model_would_ask_is_quoted_and_escaped() -> None:
    with serving(Provider(PROPOSE, says("done"), says("x"))) as provider:
        page = explained(provider).to_html()
    assert "&lt;b&gt;spend&lt;/b&gt;" in page
    assert "<b>spend</b> per month" not in page


def test_what_the_model_would_ask_names_columns_as_the_table_does() -> None:
    long = "household income before tax and transfers, in the last calendar year"
    asked: list[str] = []

    class Asking(Provider):
        def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Line:
            found = re.search(r"\bc2\b", json.dumps(body["messages"]))
            if found is None or asked:
                return super().answer(body, headers)
            asked.append(found[0])
            return calls(("open_question", {"question": f"Is {found[0]} per person?"}))

    with serving(Asking(says("done"), says("x"))) as provider:
        settings = ModelSettings("openai:local", base_url=provider.url, sql=False, timeout=20)
        report = heldout.explain(table().rename(columns={"age": long}), name="shop", model=settings)
    assert report.result.model is not None
    assert asked
    assert report.result.model.open_questions == (f"Is {long} per person?",)


def test_a_model_that_never_answers_stops_the_run_before_a_vault_is_opened(home: Path) -> None:
    with serving(Provider(fails(401))) as provider, pytest.raises(ModelUnavailable) as err:
        explained(provider)
    assert "Nothing was opened or spent" in str(err.value)
    assert "leave `--model` out" in str(err.value)
    assert KEY not in str(err.value)
    kinds = {json.loads(line)["kind"] for f in home.glob("ledgers/*.jsonl") for line in f.read_text().splitlines()}
    assert kinds == {"seal"}
    with serving(Provider(PROPOSE, says("done"), says("x"))) as provider:
        report = explained(provider)
    assert any(f.source in ("model", "both") for f in report.result.findings)


def test_a_model_that_fails_on_the_way_leaves_the_report_of_the_rules_and_one_line() -> None:
    with serving(Provider(PROPOSE, fails(401))) as provider:
        report = explained(provider)
    assert report.result.model is not None
    assert report.result.model.failure
    assert any(f.outcome == "verified" for f in report.result.findings)
    assert "did not come to an end" in " ".join(report.to_terminal().split())
    assert KEY not in report.to_json()


def test_the_ledger_holds_the_prompts_and_whose_claims_they_are(home: Path) -> None:
    with serving(Provider(PROPOSE, says("done"), says("x"))) as provider:
        report = explained(provider)
    [commit] = [
        entry
        for file in (home / "ledgers").glob("*.jsonl")
        for entry in map(json.loads, file.read_text().splitlines())
        if entry["kind"] == "commit"
    ]
    kept = commit["body"]["model"]
    assert [p["name"] for p in kept["usage"]["prompts"]] == ["explore"]
    assert set(kept["model"]) | set(kept["both"]) == {
        f.id for f in report.result.findings if f.source in ("model", "both")
    }


def test_show_prompts_prints_the_request_and_neither_sends_nor_records_anything(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "shop.csv"
    table().to_csv(file, index=False)
    with serving(Provider(says("never"))) as provider:
        done = CliRunner().invoke(
            cli, ["explain", str(file), "--model", "openai:local", "--no-sql", "--show-prompts", "-q"],
            env={"OPENAI_BASE_URL": provider.url, "HELDOUT_HOME": str(home), "OPENAI_API_KEY": KEY},
        )  # fmt: skip
        assert provider.requests == []
    assert done.exit_code == 0, done.output
    body = json.loads(done.output)
    assert body["model"] == "local"
    assert "spend" in json.dumps(body["messages"])
    assert not list(home.glob("ledgers/*.jsonl"))


def test_a_model_beside_explore_only_is_refused_for_it_would_not_be_asked() -> None:
    with pytest.raises(UsageError, match="no model is asked"):
        heldout.explain(table(), name="shop", model="openai:local", explore_only=True)


def test_without_a_model_the_report_says_that_rules_drafted(tmp_path: Path) -> None:
    report = heldout.explain(table(), name="shop")
    assert "Drafted by rule; no language model took part." in report.to_terminal()
    assert report.result.model is None
