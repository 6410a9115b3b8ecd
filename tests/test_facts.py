"""Facts from executed queries: figures against pandas on real tables, what they show, and what they refuse."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.agent.facts import MOST_ROWS, limits_for
from heldout.agent.questions import inquiry
from heldout.tools.data.whole import NO_COLUMN, write_columns
from heldout.tools.errors import HypothesisError, QueryFailed, QueryRefused, UsageError
from tests.asking import cells, exposed, kinds

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def titanic(shared: Path) -> Path:
    path = shared / "dabench" / "da-dev-tables" / "titanic.csv"
    if not path.exists():
        pytest.skip("the shared tables are not here")
    return path


def _close(found: list[list], wanted: list[list]) -> bool:
    return [[pytest.approx(v, rel=1e-9) if isinstance(v, float) else v for v in row] for row in wanted] == found


def test_a_mean_by_group_with_missing_values_is_that_of_pandas_with_its_denominators(titanic: Path, tmp_path) -> None:
    answer = heldout.ask(titanic, "mean Age by Pclass and Sex", ledger=tmp_path / "l")
    frame = pd.read_csv(titanic)
    by = frame.groupby(["Pclass", "Sex"])["Age"]
    wanted = [
        [*key, float(mean), int(by.count()[key]), int(by.size()[key])] for key, mean in by.mean().items()
    ]  # fmt: skip
    assert _close(cells(answer), wanted)
    assert answer.fact is not None
    assert answer.fact.columns == ("Pclass", "Sex", "value", "known", "n")
    assert (answer.fact.used, answer.fact.total) == (len(frame), len(frame))
    assert answer.fact.missing == {"Age": int(frame["Age"].isna().sum()), "Pclass": 0, "Sex": 0}


def test_filters_shares_and_correlations_are_those_of_pandas(titanic: Path, tmp_path) -> None:
    frame = pd.read_csv(titanic)
    first = frame[(frame["Pclass"] == 1) & (frame["Age"] >= 30)]
    with inquiry(titanic, ledger=tmp_path / "l") as asked:
        share = asked.ask("share of Survived=1 by Sex where Pclass=1 and Age >= 30")
        together = asked.ask("correlation of Age and Fare")
        median = asked.ask("median Fare where Sex=male")
        count = asked.ask("how many where Embarked=S?")
    rates = 100 * first.groupby("Sex")["Survived"].mean()
    assert _close([row[:2] for row in cells(share)], [[k, float(v)] for k, v in rates.items()])
    assert share.fact is not None
    assert share.fact.used == len(first)
    assert "Pclass" in (share.fact.filter or "")
    assert cells(together)[0][0] == pytest.approx(frame["Age"].corr(frame["Fare"]))
    assert cells(median)[0][0] == pytest.approx(frame.loc[frame["Sex"] == "male", "Fare"].median())
    assert cells(count)[0][0] == int((frame["Embarked"] == "S").sum())


def test_a_column_that_is_not_analysed_can_still_be_asked_of_all_rows(titanic: Path, tmp_path) -> None:
    answer = heldout.ask(titanic, "number of different Ticket", ledger=tmp_path / "l")
    assert cells(answer)[0][0] == pd.read_csv(titanic)["Ticket"].nunique()


def test_dates_labels_and_sums_are_those_of_pandas_on_another_table(shared: Path, tmp_path) -> None:
    path = shared / "seaborn" / "taxis.csv"
    if not path.exists():
        pytest.skip("the shared tables are not here")
    frame = pd.read_csv(path)
    with inquiry(path, ledger=tmp_path / "l") as asked:
        total = asked.ask("total fare by payment")
        last = asked.ask("maximum pickup")
    wanted = frame.groupby("payment")["fare"].sum()
    got = {row[0]: row[1] for row in cells(total)}
    assert got[None] == pytest.approx(frame.loc[frame["payment"].isna(), "fare"].sum())
    assert {k: pytest.approx(v) for k, v in wanted.items()} == {k: v for k, v in got.items() if k is not None}
    assert str(cells(last)[0][0])[:19].replace("T", " ") == frame["pickup"].max()


def test_the_cost_is_said_and_the_ledger_written_before_a_row_is_read(planted, tmp_path) -> None:
    book, told = tmp_path / "l", []

    def warned(line: str) -> None:
        told.append((line, kinds(book)))

    with inquiry(planted, name="p", ledger=book, warn=warned) as asked:
        answer = asked.ask("mean spend by plan")
        again = asked.ask("median spend by plan")
    assert "claims that relate two of `plan`, `spend` could then no longer be verified" in told[0][0]
    assert told[0][1] == ["seal"], "said before it was written"
    assert told[1][0].endswith("costs nothing more.")
    assert kinds(book) == ["seal", "exposed"]
    assert exposed(book) == [["plan", "spend"]]
    assert answer.fact is not None
    assert answer.fact.shown == ("plan", "spend")
    assert "shown together before" in (again.cost or "")
    assert "can no longer tell" in again.not_checked


def test_the_order_stands_in_the_source_say_record_then_read() -> None:
    tree = ast.parse((ROOT / "agent" / "facts.py").read_text())
    [function] = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name == "from_all_rows"]
    at = {ast.unparse(n.func): n.lineno for n in ast.walk(function) if isinstance(n, ast.Call)}
    assert at["say"] < at["thread.expose"] < at["write_columns"] < at["Jail"]


def test_a_claim_on_what_a_fact_showed_is_set_aside_and_others_are_tested(planted, tmp_path) -> None:
    with inquiry(planted, name="p", ledger=tmp_path / "l") as asked:
        asked.ask("mean spend by plan")
        shown = asked.ask("spend higher for plan=gold")
        other = asked.ask("spend increases with visits")
    assert (shown.claim and shown.claim.state, other.claim and other.claim.verified) == ("refused", True)
    assert "can no longer test the claim" in ((shown.claim and shown.claim.reason) or "")


def test_facts_from_exploration_rows_show_nothing_and_are_theirs(planted, tmp_path) -> None:
    book = tmp_path / "l"
    with inquiry(planted, name="p", ledger=book, facts="exploration") as asked:
        answer = asked.ask("mean spend by plan")
        rows = asked.exploration_rows()
        codes, spend = rows.codes("plan"), rows.number("spend")
        wanted = {x: spend[codes == at].mean() for at, x in enumerate(rows.columns["plan"].levels)}
        claim = asked.ask("spend higher for plan=gold")
    assert {row[0]: row[1] for row in cells(answer)} == {k: pytest.approx(v) for k, v in wanted.items()}
    assert "exposed" not in kinds(book)
    assert "no sealed row was read" in answer.checked
    assert claim.claim is not None
    assert claim.claim.verified, "a claim on the same columns can still be tested"


def test_counting_rows_reads_no_column_and_costs_nothing(planted, tmp_path) -> None:
    book, told = tmp_path / "l", []
    with inquiry(planted, name="p", ledger=book, warn=told.append) as asked:
        answer = asked.ask("how many rows")
    assert cells(answer)[0][0] == len(planted)
    assert told == ["Counting rows reads no column: it costs nothing."]
    assert kinds(book) == ["seal"]


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", QueryRefused),
        ("SELECT avg(nowhere) FROM data", QueryFailed),
        ("DROP TABLE data", HypothesisError),
        ("SELECT avg(plan) FROM data", QueryFailed),
    ],
)
def test_a_query_that_cannot_run_shows_and_costs_nothing(planted, tmp_path, sql: str, error: type) -> None:
    book = tmp_path / "l"
    with inquiry(planted, name="p", ledger=book) as asked, pytest.raises(error):
        asked.fact("q", sql, "q")
    assert kinds(book) == ["seal"]


def test_a_query_of_every_column_is_recorded_as_one(planted, tmp_path) -> None:
    book = tmp_path / "l"
    with inquiry(planted, name="p", ledger=book) as asked:
        answer = asked.fact("all", "SELECT * FROM data LIMIT 3", "the first rows")
    assert exposed(book) == [sorted(planted.columns)]
    assert answer.fact is not None
    assert answer.fact.limited
    assert "first rows only" in answer.to_text()


def test_the_process_holds_the_columns_that_were_named_and_no_others(planted, tmp_path) -> None:
    whole = tmp_path / "whole.parquet"
    planted.to_parquet(whole)
    file = write_columns(whole, {"c1": "plan"}, tmp_path / "a.parquet")
    assert pd.read_parquet(file).equals(planted[["plan"]].rename(columns={"plan": "c1"}))
    assert list(pd.read_parquet(write_columns(whole, {}, tmp_path / "b.parquet")).columns) == [NO_COLUMN]
    assert len(pd.read_parquet(write_columns(whole, {"c1": "plan"}, tmp_path / "c.parquet", empty=True))) == 0


def test_a_long_result_is_never_cut_in_silence(tmp_path) -> None:
    n = 2 * MOST_ROWS
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"value": rng.normal(0, 1, n).round(4), "kind": rng.choice(["a", "b"], n)})
    with inquiry(frame, name="long", ledger=tmp_path / "l") as asked:
        answer = asked.fact("q", "SELECT value, kind, row_number() OVER () AS at FROM data", "every row")
    assert answer.fact is not None
    assert (answer.fact.rows, len(answer.fact.cells)) == (n, MOST_ROWS)
    assert f"… {n - 40:,} more of {n:,} rows; {MOST_ROWS:,} are in the JSON" in answer.to_text()


def test_a_nested_query_says_that_it_counts_no_rows_used(planted, tmp_path) -> None:
    with inquiry(planted, name="p", ledger=tmp_path / "l") as asked:
        sql = "SELECT max(m) FROM (SELECT avg(spend) AS m FROM data GROUP BY plan)"
        answer = asked.fact("q", sql, "the highest mean")
    assert answer.fact is not None
    assert answer.fact.used is None
    assert cells(answer)[0][0] == pytest.approx(planted.groupby("plan")["spend"].mean().max())
    assert "no single count of rows used" in answer.to_text()


def test_memory_follows_the_rows_and_too_many_are_refused_with_the_way_out(planted, tmp_path, monkeypatch) -> None:
    planted.to_parquet(tmp_path / "w.parquet")
    usual = limits_for(tmp_path / "w.parquet", 8)
    monkeypatch.setattr("heldout.agent.facts._CELL_BYTES", 10**6)
    with pytest.raises(UsageError, match="Ask about fewer columns, or with `--facts exploration`"):
        limits_for(tmp_path / "w.parquet", 8)
    assert usual.memory_mb >= 512


def test_the_figures_are_the_same_whatever_the_order_of_rows(planted, tmp_path) -> None:
    mixed = planted.sample(frac=1, random_state=3)
    found = [
        heldout.ask(t, "mean spend by plan", name="p", ledger=tmp_path / str(at)).to_json()
        for at, t in enumerate((planted, mixed))
    ]
    assert found[0] == found[1]
