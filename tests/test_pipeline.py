"""The main job end to end: what is found, what is spent, and that the same question has the same answer."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.agent import pipeline
from heldout.agent.report.words import explored_rows
from heldout.tools.errors import LedgerError, NoVaultLeft, UsageError
from heldout.tools.verify.ledger import Ledger

AFFAIRS = Path(__file__).resolve().parent.parent / "examples" / "data" / "affairs.csv"
WINE = AFFAIRS.with_name("wine.csv")
MACRO = AFFAIRS.with_name("macro.csv")


def _json(report: heldout.Explanation) -> dict:
    return json.loads(report.to_json(timing=False))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> heldout.Explanation:
    return heldout.explain(AFFAIRS, ledger=tmp_path_factory.mktemp("ledger") / "l.jsonl")


def test_planted_relations_are_verified_and_planted_nulls_are_not(planted, tmp_path):
    report = heldout.explain(planted, name="planted", ledger=tmp_path / "l.jsonl")
    verified = {frozenset((f.hypothesis["outcome"], f.hypothesis["predictor"])) for f in report.verified}
    for truth in (("spend", "plan"), ("spend", "visits"), ("churned", "contract")):
        assert frozenset(truth) in verified
    assert not any({"noise", "luck", "shade"} & pair for pair in verified)


def test_every_committed_hypothesis_is_reported_and_the_counts_add_up(report):
    counts = report.result.counts
    assert counts.committed == len(report.findings) == len({f.id for f in report.findings})
    assert counts.committed == counts.verified + counts.refuted + counts.inconclusive + counts.untestable
    assert 1 <= sum(f.headline for f in report.findings) <= 7
    assert [f.rank for f in report.findings] == list(range(1, counts.committed + 1))


def test_the_outcome_of_the_bundled_table_comes_first(report):
    first = report.findings[0].hypothesis
    assert (first["outcome"], first["predictor"], first["direction"]) == ("affairs", "rate_marriage", "higher")


def test_the_same_question_again_gives_the_same_bytes_and_spends_nothing(tmp_path):
    book = tmp_path / "l.jsonl"
    first = heldout.explain(AFFAIRS, ledger=book)
    lines = book.read_text()
    again = heldout.explain(AFFAIRS, ledger=book)
    assert book.read_text() == lines
    assert again.to_json(timing=False) == first.to_json(timing=False)
    assert (first.replayed, again.replayed) == (False, True)


def test_threads_format_row_order_and_a_ledger_elsewhere_change_nothing(report, tmp_path):
    table = pd.read_csv(AFFAIRS)
    shuffled = table.sample(frac=1, random_state=3).to_parquet(tmp_path / "other.parquet", index=False)
    assert shuffled is None
    one = heldout.explain(tmp_path / "other.parquet", name="affairs.csv", ledger=tmp_path / "a.jsonl", threads=1)
    want, got = _json(report), _json(one)
    assert got["dataset"].pop("columns") is not None
    assert want["dataset"].pop("columns") is not None
    for part in ("findings", "split", "ledger", "counts", "structure", "leads"):
        assert got[part] == want[part]
    same = heldout.explain(AFFAIRS, ledger=tmp_path / "b.jsonl", threads=1)
    assert same.to_json(timing=False) == report.to_json(timing=False)


def test_another_question_opens_the_next_vault_until_none_is_left(tmp_path):
    book = tmp_path / "l.jsonl"
    first = heldout.explain(AFFAIRS, ledger=book)
    second = heldout.explain(AFFAIRS, outcome="affairs", ledger=book)
    assert [v.state for v in second.result.split.vaults] == ["burnt", "opened", "sealed"]
    assert all("affairs" == f.hypothesis["outcome"] for f in second.findings)
    third = heldout.explain(AFFAIRS, about=["religious"], ledger=book)
    assert {"religious"} <= set.intersection(
        *({f.hypothesis["outcome"], f.hypothesis["predictor"]} for f in third.findings)
    )
    with pytest.raises(NoVaultLeft, match="a new question needs new rows") as err:
        heldout.explain(AFFAIRS, outcome="educ", ledger=book)
    before = {"- " + f.claim.replace("`", "") for r in (first, second, third) for f in r.verified}
    _, on, *told, last = str(err.value).splitlines()
    claims = {line for line in told if line.startswith("- ")}
    assert (on, len(claims)) == ("Verified before on educ:", min(10, sum("educ" in claim for claim in before)))
    assert claims <= {claim for claim in before if "educ" in claim}
    assert last.endswith(f"`heldout ledger show {AFFAIRS} --ledger {book}`")
    assert heldout.explain(AFFAIRS, ledger=book).to_json(timing=False) != ""
    again = heldout.explain(AFFAIRS, ledger=book)
    assert [f.sentence for f in again.findings] == [f.sentence for f in first.findings]


def test_a_report_seen_again_after_other_questions_tells_of_the_rows_it_had_seen_itself(tmp_path):
    book = tmp_path / "l.jsonl"
    first = heldout.explain(AFFAIRS, ledger=book)
    second = heldout.explain(AFFAIRS, outcome="affairs", ledger=book)
    seen = explored_rows(first.result)
    assert explored_rows(second.result) == seen + first.result.split.vaults[0].rows
    again = heldout.explain(AFFAIRS, ledger=book)
    assert again.replayed
    assert explored_rows(again.result) == seen
    want, got = _json(first), _json(again)
    assert [v.pop("state") for v in got["split"]["vaults"]] == ["opened", "burnt", "sealed"]  # what is left is of today
    assert [v.pop("state") for v in want["split"]["vaults"]] == ["opened", "sealed", "sealed"]
    assert got.pop("ledger")["session"] == want.pop("ledger")["session"] == 1
    assert got == want


def test_claims_of_an_earlier_batch_asked_in_another_way_are_answered_without_exploring_its_own_rows(tmp_path):
    book = tmp_path / "l.jsonl"
    drafted = heldout.explain(AFFAIRS, outcome="affairs", ledger=book)
    own = heldout.verify(AFFAIRS, [f.hypothesis for f in drafted.findings], ledger=book)
    assert (own.replayed, own.result.ledger.session) == (True, 1)
    figures = {f.id: (f.exploration, f.adjustment, f.warnings) for f in drafted.findings}
    assert {f.id: (f.exploration, f.adjustment, f.warnings) for f in own.findings} == figures
    assert own.result.profile == drafted.result.profile


def test_a_copy_under_another_name_knows_what_was_spent(tmp_path, monkeypatch):
    monkeypatch.setenv("HELDOUT_HOME", str(tmp_path / "home"))
    heldout.explain(AFFAIRS)
    copy = tmp_path / "renamed.tsv"
    pd.read_csv(AFFAIRS).to_csv(copy, sep="\t", index=True)
    second = heldout.explain(copy, outcome="affairs")
    assert second.result.ledger.session == 2


def test_exploring_only_spends_nothing_and_verifies_nothing(tmp_path):
    book = tmp_path / "l.jsonl"
    report = heldout.explain(AFFAIRS, ledger=book, explore_only=True)
    assert report.findings == ()
    assert report.result.leads
    assert "nothing below is verified" in (report.result.message or "")
    assert [e.kind for e in Ledger(book).entries()] == ["seal"]


def test_a_run_that_died_after_the_commitment_is_taken_up_without_spending_more(tmp_path, monkeypatch):
    book = tmp_path / "l.jsonl"
    monkeypatch.setattr(pipeline, "verify", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        heldout.explain(AFFAIRS, ledger=book)
    monkeypatch.undo()
    assert [e.kind for e in Ledger(book).entries()] == ["seal", "commit"]
    report = heldout.explain(AFFAIRS, ledger=book)
    assert report.result.ledger.session == 1
    assert [e.kind for e in Ledger(book).entries()] == ["seal", "commit", "open", "reveal"]


def test_the_commitment_stands_in_the_ledger_before_the_vault_is_opened(tmp_path):
    book = tmp_path / "l.jsonl"
    heldout.explain(AFFAIRS, ledger=book)
    assert [e.kind for e in Ledger(book).entries()] == ["seal", "commit", "open", "reveal"]


def test_a_small_table_is_tested_as_one_closed_family_whatever_is_asked(tmp_path):
    book = tmp_path / "l.jsonl"
    report = heldout.explain(WINE, ledger=book)
    assert report.result.split.kind == "none"
    assert report.result.counts.committed > 90
    focused = heldout.explain(WINE, outcome="proline", ledger=book)
    assert {f.id for f in focused.findings} == {f.id for f in report.findings}
    assert focused.findings[0].hypothesis["outcome"] == "proline"


def test_a_tiny_table_is_described_and_not_judged(tmp_path):
    table = pd.read_csv(WINE).head(30)
    report = heldout.explain(table, ledger=tmp_path / "l.jsonl")
    assert report.findings == ()
    assert "too few to test anything" in (report.result.message or "")
    assert report.result.profile


def test_a_table_without_relations_opens_no_vault_or_verifies_nothing(tmp_path):
    rng = np.random.default_rng(4)
    table = pd.DataFrame({f"x{i}": rng.normal(size=600) for i in range(5)})
    report = heldout.explain(table, ledger=tmp_path / "l.jsonl")
    assert report.verified == ()


def test_a_series_is_sealed_by_time_and_says_so(tmp_path):
    report = heldout.explain(MACRO, ledger=tmp_path / "l.jsonl")
    assert (report.result.split.kind, report.result.split.key) == ("time", "date")
    assert "blocks of time are the units" in report.result.split.reason


def test_unknown_columns_are_refused_with_the_nearest_name(tmp_path):
    with pytest.raises(UsageError, match=r"Column 'afairs' is not in 'affairs\.csv'\. Did you mean 'affairs'\?"):
        heldout.explain(AFFAIRS, outcome="afairs", ledger=tmp_path / "l.jsonl")


def test_sealing_the_same_data_in_another_way_is_refused(tmp_path):
    book = tmp_path / "l.jsonl"
    heldout.explain(AFFAIRS, ledger=book)
    with pytest.raises(LedgerError, match="were sealed before by rows"):
        heldout.explain(AFFAIRS, ledger=book, entity="age")


def test_no_run_leaves_a_folder_behind(tmp_path, monkeypatch):
    import tempfile

    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    heldout.explain(WINE, ledger=tmp_path / "l.jsonl")
    with pytest.raises(UsageError):
        heldout.explain(WINE, outcome="nothing", ledger=tmp_path / "l.jsonl")
    assert list(place.iterdir()) == []


def test_folders_of_killed_runs_are_cleared_away_and_those_of_living_ones_left(tmp_path, monkeypatch):
    import os
    import subprocess
    import sys
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f"heldout-{dead.pid}-abc").mkdir()
    (tmp_path / f"heldout-{os.getppid()}-abc").mkdir()
    (tmp_path / "heldout-notes").mkdir()
    heldout.explain(WINE, ledger=tmp_path / "l.jsonl")
    left = {p.name for p in tmp_path.iterdir() if p.is_dir()}
    assert left - {"l.jsonl.rows"} == {f"heldout-{os.getppid()}-abc", "heldout-notes"}


def test_strict_control_verifies_no_more_than_the_default(tmp_path):
    loose = heldout.explain(AFFAIRS, ledger=tmp_path / "a.jsonl")
    strict = heldout.explain(AFFAIRS, ledger=tmp_path / "b.jsonl", strict=True)
    assert strict.result.policy.method == "Holm"
    assert {f.id for f in strict.verified} <= {f.id for f in loose.verified}


def test_a_smallest_effect_above_every_effect_leaves_nothing_material(tmp_path):
    report = heldout.explain(
        AFFAIRS, ledger=tmp_path / "l.jsonl", smallest_effects={"group_difference": 0.45, "monotone_association": 0.9}
    )
    kinds = ("group_difference", "monotone_association")
    assert not [f for f in report.verified if f.family in kinds and f.size == "material"]


def test_leads_are_those_on_what_was_asked_and_not_how_the_table_is_built(
    planted: pd.DataFrame, tmp_path: Path
) -> None:
    table = planted.assign(cents=(planted["spend"] * 100).round(0))
    report = heldout.explain(table, outcome="spend", explore_only=True, ledger=tmp_path / "l.jsonl")
    pairs = [{lead["a"], lead["b"]} for lead in report.result.leads]
    assert {"spend", "visits"} in pairs
    assert all("spend" in pair and "cents" not in pair for pair in pairs)
