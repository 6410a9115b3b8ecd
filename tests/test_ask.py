"""The analyst's own hypotheses end to end: what is understood, spent, refused, and how it is answered."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import heldout
from heldout.agent.ask import preview
from heldout.agent.cli import cli
from heldout.agent.sealing import How
from heldout.tools.errors import HypothesisError, NoVaultLeft

ROOT = Path(__file__).resolve().parent.parent
AFFAIRS = ROOT / "examples" / "data" / "affairs.csv"
TRUE = ["spend higher for plan=gold", "churned more likely for contract=no", "spend increases with visits"]


def _run(*arguments: object):
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def _file(folder: Path, text: str) -> Path:
    path = folder / "claims.yml"
    path.write_text(text, encoding="utf-8")
    return path


def _outcomes(report: heldout.Explanation) -> list[str | None]:
    return [a.outcome for a in report.result.asked]


def test_true_hypotheses_are_verified_false_ones_are_not_and_both_are_told_in_the_order_stated(planted, tmp_path):
    own = [TRUE[0], "spend lower for plan=gold", *TRUE[1:], "noise increases with luck"]
    report = heldout.verify(planted, own, name="planted", ledger=tmp_path / "l.jsonl")
    assert [a.text for a in report.result.asked] == own
    assert _outcomes(report)[:1] + _outcomes(report)[2:4] == ["verified"] * 3
    assert _outcomes(report)[1] == "refuted"
    assert _outcomes(report)[4] in ("refuted", "inconclusive")
    assert {f.source for f in report.findings} == {"user"}
    assert report.result.counts.committed == len(report.findings) == 5
    assert report.result.asked[0].understood == "`spend` is higher when `plan` is gold than otherwise"


def test_the_verdicts_are_those_of_the_same_claims_by_explain_on_the_same_rows(planted, tmp_path):
    drafted = heldout.explain(planted, name="planted", ledger=tmp_path / "a.jsonl")
    claims = [f.hypothesis for f in drafted.findings]
    own = heldout.verify(planted, claims, name="planted", ledger=tmp_path / "b.jsonl")
    want = {f.id: (f.outcome, f.held_out, f.sentence) for f in drafted.findings}
    assert {f.id: (f.outcome, f.held_out, f.sentence) for f in own.findings} == want


def test_the_same_hypotheses_in_any_order_replay_and_spend_nothing(planted, tmp_path):
    book = tmp_path / "l.jsonl"
    first = heldout.verify(planted, TRUE, name="p", ledger=book)
    lines = book.read_text()
    heldout_again = heldout.verify(planted, TRUE, name="p", ledger=book)
    turned = heldout.verify(planted, TRUE[::-1], name="p", ledger=book)
    assert book.read_text() == lines
    assert (first.replayed, heldout_again.replayed, turned.replayed) == (False, True, True)
    assert heldout_again.to_json(timing=False) == first.to_json(timing=False)
    assert _outcomes(turned) == _outcomes(first)[::-1]


def test_constants_are_filled_as_before_when_a_question_is_asked_again_after_others(tmp_path):
    book = tmp_path / "l.jsonl"
    one, two = ["affairs falls with rate_marriage"], ["affairs falls with religious", "affairs ~ occupation"]
    first = heldout.verify(AFFAIRS, one, ledger=book)
    second = heldout.verify(AFFAIRS, two, ledger=book)
    assert [v.state for v in second.result.split.vaults] == ["burnt", "opened", "sealed"]
    assert heldout.verify(AFFAIRS, one, ledger=book).findings == first.findings
    assert heldout.verify(AFFAIRS, two, ledger=book).findings == second.findings
    heldout.explain(AFFAIRS, ledger=book)
    with pytest.raises(NoVaultLeft):
        heldout.verify(AFFAIRS, ["age rises with yrs_married"], ledger=book)


def test_the_same_said_twice_is_committed_once_and_said(planted, tmp_path):
    own = ["spend higher for contract=yes", "spend lower for contract=no", "spend increases with visits",
           "visits increases with spend"]  # fmt: skip
    report = heldout.verify(planted, own, name="p", ledger=tmp_path / "l.jsonl")
    states = [a.state for a in report.result.asked]
    assert states == ["tested", "repeated", "tested", "repeated"]
    assert report.result.asked[1].reason == "Says the same as hypothesis 1: counted once."
    assert (report.result.counts.committed, report.result.counts.deduplicated) == (2, 2)


def test_what_follows_from_how_the_table_is_built_is_refused_and_alone_opens_no_vault(planted, tmp_path):
    table = planted.assign(doubled=planted["spend"] * 2 + 1)
    book = tmp_path / "l.jsonl"
    alone = heldout.verify(table, "doubled increases with spend", name="p", ledger=book)
    assert (_outcomes(alone), alone.findings) == (["untestable"], ())
    assert "Follows from how the table is built" in (alone.result.asked[0].reason or "")
    assert '"kind":"open"' not in book.read_text()
    assert "nothing was spent" in alone.to_terminal()
    both = heldout.verify(table, ["doubled increases with spend", TRUE[0]], name="p", ledger=book)
    assert _outcomes(both) == ["untestable", "verified"]
    assert both.result.counts.committed == 1


def test_every_hypothesis_that_cannot_be_read_is_named_and_nothing_is_recorded(planted, tmp_path):
    book = tmp_path / "l.jsonl"
    with pytest.raises(HypothesisError) as err:
        heldout.verify(planted, [TRUE[0], "spendd higher for plan=gold", "spend higher for plan=golden"], ledger=book)
    assert "Hypothesis 2 ('spendd higher for plan=gold'): No column is named 'spendd'." in str(err.value)
    assert "Hypothesis 3 ('spend higher for plan=golden'): 'golden' is no level of 'plan'." in str(err.value)
    assert not book.exists()


def test_the_first_list_of_a_small_table_is_tested_on_all_rows_and_no_other_after_it(planted, tmp_path):
    small, book = planted.head(150), tmp_path / "l.jsonl"
    report = heldout.verify(small, TRUE, name="small", ledger=book)
    assert report.result.split.kind == "none"
    assert "stated by you, tested on all rows" in report.to_terminal()
    assert "Every pair of columns" not in report.to_markdown()
    assert heldout.verify(small, TRUE, name="small", ledger=book).replayed
    with pytest.raises(NoVaultLeft):
        heldout.explain(small, name="small", ledger=book)
    with pytest.raises(NoVaultLeft, match="tested with one list"):
        heldout.verify(small, "noise increases with luck", name="small", ledger=book)
    narrower = heldout.verify(small, TRUE[0], name="small", ledger=book)
    assert [a.state for a in narrower.result.asked] == ["answered"]


def test_after_the_closed_family_hypotheses_are_answered_from_it_and_others_refused(planted, tmp_path):
    small, book = planted.head(190).copy(), tmp_path / "l.jsonl"
    small["spend"] += 4 * small["visits"]
    heldout.explain(small, name="small", ledger=book)
    lines = book.read_text()
    own = ["spend increases with visits", "visits falls with spend", "spend higher for plan=gold or plus"]
    report = heldout.verify(small, own, name="small", ledger=book)
    assert book.read_text() == lines
    assert [a.state for a in report.result.asked] == ["answered", "answered", "refused"]
    assert _outcomes(report) == ["verified", "refuted", "untestable"]
    assert "points the other way" in (report.result.asked[1].reason or "")
    assert "tested without directions" in " ".join(report.to_terminal().split())
    with pytest.raises(NoVaultLeft, match="The list says of these columns"):
        heldout.verify(small, own[2], name="small", ledger=book)


def test_a_preview_says_what_was_understood_and_what_it_would_cost_and_writes_nothing(planted, tmp_path):
    book = tmp_path / "l.jsonl"
    seen = preview(AFFAIRS, "affairs falls with rate marriage", How(), rule={}, ledger=book)
    assert not book.exists()
    assert seen.asked[0].understood == "`affairs` falls with `rate_marriage`"
    assert (seen.vault, seen.left) == (1, 2)
    heldout.verify(AFFAIRS, "affairs falls with rate marriage", ledger=book)
    lines = book.read_text()
    assert "spend nothing" in preview(AFFAIRS, "affairs falls with rate marriage", How(), rule={}, ledger=book).cost
    other = preview(AFFAIRS, "age rises with yrs_married", How(), rule={}, ledger=book)
    assert (other.vault, other.left) == (2, 1)
    assert book.read_text() == lines
    pair = ["affairs falls with rate marriage", "age rises with yrs_married"]
    again = preview(AFFAIRS, pair, How(), rule={}, ledger=book).cost
    assert again.endswith("Verified before already: affairs falls with rate_marriage."), again
    assert "Verified before" not in other.cost
    small = preview(planted.head(150), TRUE, How(), rule={}, ledger=tmp_path / "s.jsonl")
    assert "one list of hypotheses" in small.cost


def test_every_rendering_shows_what_was_asked_beside_what_was_found(planted, tmp_path):
    own = [{"claim": TRUE[0], "name": "gold <b>", "note": "a guess of sales"}, "noise increases with luck"]
    report = heldout.verify(planted, own, name="p", ledger=tmp_path / "l.jsonl")
    page, text = report.to_html(), report.to_markdown()
    assert "What was asked" in page
    assert "gold &lt;b&gt;: spend higher for plan=gold" in page
    assert "Stated by you, written down, then tested" in page
    assert "## What was asked" in text
    assert "a guess of sales" in text
    screen = report.to_terminal(width=100, color=False)
    assert "1. gold <b>: spend higher for plan=gold" in screen
    assert "Verified: spend is higher when plan is gold than otherwise." in screen
    data = json.loads(report.to_json())
    assert [a["state"] for a in data["asked"]] == ["tested", "tested"]


# The command line


def test_the_command_verifies_sentences_and_files_and_writes_the_report(tmp_path):
    file = _file(tmp_path, "- affairs falls with religious\n")
    done = _run("verify", AFFAIRS, "--hypothesis", "affairs falls with rate marriage", "--hypotheses", file, "-q",
                "--out", tmp_path / "out")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "1. affairs falls with rate marriage" in done.stdout
    assert "affairs falls with rate_marriage." in " ".join(done.stdout.split())
    assert {"report.html", "reproduce.py", "ledger.jsonl"} <= {p.name for p in (tmp_path / "out").iterdir()}
    again = _run("verify", AFFAIRS, "--hypothesis", "affairs falls with rate_marriage", "--hypotheses", file, "--json")
    assert [a["outcome"] for a in json.loads(again.stdout)["asked"]] == ["verified", "verified"]
    assert "answered before" in again.stderr


def test_a_dry_run_prints_and_spends_nothing(tmp_path):
    arguments = ("verify", AFFAIRS, "--hypothesis", "affairs falls with rate marriage", "-q", "--dry-run")
    done = _run(*arguments)
    assert done.exit_code == 0
    assert "understood: affairs falls with rate_marriage" in done.stdout
    assert "with: 'rate marriage' was read as column: rate_marriage" in done.stdout
    assert "Would open vault 1 of 3" in done.stdout
    assert json.loads(_run(*arguments, "--json").stdout)["vault"] == 1
    assert _run("ledger", "show", AFFAIRS).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "State at least one `--hypothesis`"),
        (["--hypothesis", "affairs higher for agee=3"], "Did you mean 'age'"),
        (["--hypotheses", "none.yml"], "cannot be read"),
        (["--hypothesis", "affairs"], "Sentences that can be read"),
    ],
)
def test_a_wrong_call_ends_with_two_and_shows_the_way_out(arguments, text):
    done = _run("verify", AFFAIRS, "-q", *arguments)
    assert done.exit_code == 2
    assert text in done.stderr
    assert "Traceback" not in done.output


def test_entities_and_their_names_are_kept_apart(tmp_path):
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(300), 4)
    table = pd.DataFrame({"person_id": person, "dose": rng.normal(size=1_200), "arm": np.where(person % 2, "a", "b")})
    table["level"] = rng.normal(size=300)[person] + 0.4 * table["dose"] + rng.normal(size=1_200)
    report = heldout.verify(table, "level rises with dose", entity="person_id", ledger=tmp_path / "l.jsonl")
    assert _outcomes(report) == ["verified"]
    assert report.findings[0].held_out.clusters
    with pytest.raises(HypothesisError, match="names the unit of independence"):
        heldout.verify(table, "level rises with person_id", entity="person_id", ledger=tmp_path / "l.jsonl")


@pytest.mark.parametrize(
    "claim",
    [
        {"family": "trend", "outcome": "spend", "predictor": "plan", "direction": "rising"},
        {"family": "seasonality", "outcome": "spend", "predictor": "age", "cycle": "month_of_year", "peak": [1],
         "trough": [2], "direction": "stated"},
        {"family": "ranking", "outcome": "spend", "predictor": "plan", "order": ["gold", "basic"], "top": 2,
         "direction": "stated"},
        {"family": "ranking", "outcome": "spend", "predictor": "plan", "order": ["gold", "gold"],
         "direction": "stated"},
    ],
    ids=["time that is a label", "season without a date", "a top that is everything", "a level twice"],
)  # fmt: skip
@pytest.mark.parametrize("n", [120, 900])
def test_a_typed_claim_that_no_rows_could_be_tested_with_opens_no_vault(claim, n, tmp_path):
    rng, book = np.random.default_rng(4), tmp_path / "l.jsonl"
    plan = rng.choice(["basic", "gold"], n)
    table = pd.DataFrame({"spend": rng.normal(size=n), "age": rng.normal(40, 9, n).round(1), "plan": plan})
    with pytest.raises(HypothesisError):
        heldout.verify(table, claim, ledger=book)
    kinds = [json.loads(line)["kind"] for line in book.read_text().splitlines()] if book.exists() else []
    assert "commit" not in kinds


def test_a_rule_with_a_condition_on_a_copy_of_the_outcome_follows_from_the_table(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.normal(size=600).round(3)
    table = pd.DataFrame({"y": y, "again": 2 * y + 1, "g": rng.choice(["a", "b"], 600), "w": rng.normal(size=600)})
    own = ["y higher where g=a and again>=1", "y higher for g=a"]
    report = heldout.verify(table, own, ledger=tmp_path / "l.jsonl")
    assert [a.state for a in report.result.asked] == ["refused", "tested"]
    assert report.result.counts.committed == 1


def test_a_list_that_was_judged_at_one_level_answers_at_no_other(tmp_path):
    rng, book, claim = np.random.default_rng(0), tmp_path / "l.jsonl", "y increases with x"
    table = pd.DataFrame({"y": rng.normal(size=150), "x": rng.normal(size=150), "g": rng.choice(["a", "b"], 150)})
    heldout.verify(table, [claim, "y higher for g=a"], ledger=book, alpha=0.4)
    with pytest.raises(NoVaultLeft):
        heldout.verify(table, claim, ledger=book, alpha=0.01)
    assert heldout.verify(table, claim, ledger=book, alpha=0.4).replayed
