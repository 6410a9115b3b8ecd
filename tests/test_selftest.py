"""The shuffle of each kind of table, its certificate, and the self test as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.stats import beta, binom

import heldout
from heldout.agent import shuffled_runs
from heldout.agent.cli import cli
from heldout.agent.selftest import SelfTest
from heldout.tools.data.shuffle import shuffled, stretch_of
from heldout.tools.errors import DataError, UsageError
from heldout.tools.explore.dependence import dependent_share, is_certified, upper_share

ROOT = Path(__file__).resolve().parent.parent
AFFAIRS = ROOT / "examples" / "data" / "affairs.csv"


def _related(n: int, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame(
        {
            "x": x,
            "y": x + rng.normal(size=n),
            "g": np.where(x > 0, "u", "v"),
            "h": np.where(x > 1, None, np.where(x > 0, "new", "old")),
        }
    )


# The shuffle


def test_rows_are_permuted_column_by_column_and_every_margin_is_kept():
    table = _related(500)
    copy = shuffled(table, 7)
    for name in table:
        assert sorted(copy[name].fillna("none").astype(str)) == sorted(table[name].fillna("none").astype(str))
    assert abs(copy["x"].corr(copy["y"])) < 0.2 < table["x"].corr(table["y"])
    assert copy.equals(shuffled(table, 7))
    assert not copy.equals(shuffled(table, 8))


def test_rows_of_an_entity_keep_their_likeness_and_entities_lose_their_relations():
    rng = np.random.default_rng(5)
    size = rng.integers(2, 9, 400)
    entity = np.repeat(np.arange(400), size)
    level = rng.normal(size=400)[entity]
    table = pd.DataFrame({"id": entity, "a": level + 0.5 * rng.normal(size=len(entity)), "b": level, "c": -level})
    copy = shuffled(table, 2, entity=entity, fixed=("id",))
    assert (copy["id"] == table["id"]).all()
    within = copy.groupby("id")
    assert (within["b"].nunique() == 1).all()
    assert within["a"].std().mean() == pytest.approx(table.groupby("id")["a"].std().mean(), rel=0.1)
    assert abs(within["a"].mean().corr(within["b"].mean())) < 0.2
    assert abs(within["b"].first().corr(within["c"].first())) < 0.2


def test_neighbours_in_a_series_stay_alike_and_courses_and_relations_go():
    rng = np.random.default_rng(6)
    n = 3_000
    x = np.cumsum(rng.normal(size=n)) / 10 + np.arange(n) / 100
    table = pd.DataFrame({"t": np.arange(n), "x": x, "y": x + rng.normal(size=n) / 10})
    copies = [shuffled(table, seed, stretch=stretch_of(n), fixed=("t",)) for seed in range(20)]
    for copy in copies:
        assert copy["x"].autocorr(1) > 0.9
        assert sorted(copy["x"]) == sorted(table["x"])
    assert abs(np.mean([c["x"].corr(c["t"]) for c in copies])) < 0.15
    assert abs(np.mean([c["x"].corr(c["y"]) for c in copies])) < 0.15


def test_seasons_inside_the_stretches_are_not_shared_by_columns_after_the_shuffle():
    n = 6_000
    wave = np.sin(np.arange(n) * 2 * np.pi / 24)
    table = pd.DataFrame({"x": wave, "y": wave})
    shared = [float(c["x"].corr(c["y"])) for c in (shuffled(table, s, stretch=stretch_of(n)) for s in range(20))]
    assert abs(np.mean(shared)) < 0.15


def test_a_table_without_rows_and_one_with_a_single_row_are_left_alone():
    for n in (0, 1, 3):
        table = _related(n)
        assert len(shuffled(table, 1)) == n
        assert len(shuffled(table, 1, stretch=4)) == n


# The certificate


def test_the_certificate_sees_related_columns_and_passes_shuffled_ones():
    table = _related(600)
    hits, tried = dependent_share(table)
    assert (hits, tried) == (6, 6)
    assert not is_certified(hits * 10, tried * 10)
    counts = np.array([dependent_share(shuffled(table, seed)) for seed in range(100)]).sum(axis=0)
    assert binom.ppf(1e-4, counts[1], 0.05) <= counts[0]
    assert is_certified(int(counts[0]), int(counts[1]))


def test_the_upper_bound_of_a_share_is_the_exact_one():
    for hits, runs in ((0, 100), (3, 100), (1, 1), (7, 9)):
        want = 1.0 if hits == runs else float(beta.ppf(0.95, hits + 1, runs - hits))
        assert upper_share(hits, runs) == pytest.approx(want, abs=1e-12)
    assert upper_share(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100))


# The whole


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> SelfTest:
    folder = tmp_path_factory.mktemp("self")
    table = folder / "t.csv"
    _related(150).to_csv(table, index=False)
    return heldout.selftest(table, runs=6, processes=2)


def test_a_related_table_certifies_hardly_anything_once_it_is_shuffled(result):
    assert (result.runs, result.rows, result.columns) == (6, 150, 4)
    assert result.committed >= 6 * 5
    assert result.with_any <= binom.ppf(0.9999, 6, 0.05)
    assert result.certified
    assert result.errors == ()


def test_the_result_is_a_function_of_the_seed_and_not_of_the_processes(result, tmp_path):
    table = tmp_path / "t.csv"
    _related(150).to_csv(table, index=False)
    assert heldout.selftest(table, runs=6, processes=1) == result
    assert heldout.selftest(table, runs=2, processes=1, seed=9).related != -1


def test_the_result_has_a_text_a_json_and_a_page_fragment(result):
    assert f"In 6 shuffled copies {result.with_any} run" in result.to_text()
    assert "the promise is at most 5 %" in result.to_text()
    assert ("raise `--runs`" in result.to_text()) == (result.upper > result.alpha)
    assert json.loads(result.to_json())["upper"] == result.upper
    assert repr(result).startswith("<SelfTest t.csv: ")
    assert result._repr_html_().startswith("<p>t.csv: 150 rows, 4 columns.</p>")


def test_more_findings_than_promised_are_called_what_they_are(result):
    broken = result.model_copy(update={"with_any": 5, "certified": False})
    assert not broken.kept
    assert "do not rely on these settings" in broken.to_text()
    assert "prove nothing" in broken.to_text()
    assert result.model_copy(update={"with_any": 1}).kept


def test_the_first_line_says_how_long_it_takes_and_each_run_is_told(tmp_path):
    said: list[str] = []
    heldout.selftest(_related(60), runs=3, processes=2, name="t", progress=said.append)
    assert any("2 more on 2 processes take about" in line for line in said)
    assert said[-1].startswith("3 of 3 shuffled copies, ")


def test_entities_and_series_say_how_they_were_shuffled():
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(60), 5)
    table = pd.DataFrame(
        {"person_id": person, "a": rng.normal(size=60)[person] + rng.normal(size=300), "b": rng.normal(size=300)}
    )
    own = heldout.selftest(table, runs=1, entity="person_id", name="t")
    assert "each person_id was given the values of another one" in own.null
    assert own.errors == ()
    series = pd.DataFrame({"x": np.cumsum(rng.normal(size=300)), "y": np.cumsum(rng.normal(size=300))})
    series["on"] = pd.date_range("2020-01-01", periods=300)
    dated = heldout.selftest(series, runs=1, time="on", name="t")
    assert "stretches of 5 neighbouring rows" in dated.null
    assert dated.errors == ()


def test_a_series_without_a_date_is_still_taken_as_one_when_shuffled():
    rng = np.random.default_rng(9)
    walks = pd.DataFrame({f"w{k}": np.cumsum(rng.normal(size=400)) for k in range(4)})
    result = heldout.selftest(walks, runs=2, processes=1, name="t")
    assert "stretches of" in result.null
    assert result.errors == ()
    assert result.columns == 4


def test_the_ledger_of_the_table_is_not_touched(tmp_path, monkeypatch):
    monkeypatch.setenv("HELDOUT_HOME", str(tmp_path / "home"))
    heldout.selftest(_related(60), runs=2, processes=1, name="t")
    assert not (tmp_path / "home").exists()


def test_a_worker_ends_when_whoever_started_it_is_gone(tmp_path, monkeypatch):
    job = shuffled_runs.Job(name="t", seed=1, entity=None, time=None, stretch=None, options={})
    (tmp_path / "job.json").write_text(job.canonical())
    (tmp_path / "share_0.json").write_text("[1, 2]")
    monkeypatch.setattr(shuffled_runs, "read_table", lambda _: _related(60))
    parents = iter([7, 7, 1])
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    shuffled_runs.work(tmp_path, 0)
    runs = [json.loads(line)["run"] for line in (tmp_path / "runs_0.jsonl").read_text().splitlines()]
    assert runs == [1]


def test_a_wrong_call_is_refused():
    with pytest.raises(DataError, match="fewer than two columns"):
        heldout.selftest({"x": list(range(60))}, name="t")
    with pytest.raises(UsageError, match="`runs` and `processes`"):
        heldout.selftest(_related(60), runs=0)
    with pytest.raises(UsageError, match="'nope' is not in"):
        heldout.selftest(_related(60), outcome="nope")
    with pytest.raises(UsageError, match="`alpha`"):
        heldout.selftest(_related(60), alpha=3)
    done = CliRunner().invoke(cli, ["selftest", "no-such.csv"])
    assert (done.exit_code, "no-such.csv" in done.stderr) == (2, True)


def test_the_command_prints_json_and_nothing_else(tmp_path):
    table = tmp_path / "t.csv"
    _related(60).to_csv(table, index=False)
    done = CliRunner().invoke(cli, ["selftest", str(table), "--runs", "2", "--processes", "1", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["runs"] == 2


def test_a_script_without_a_main_guard_may_call_it(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import heldout\n"
        "table = {'x': [k * k % 17 for k in range(60)], 'y': [k * 7 % 23 for k in range(60)]}\n"
        "print(heldout.selftest(table, runs=3, processes=2, name='t'))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HELDOUT_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert "In 3 shuffled copies" in done.stdout, done.stderr
