"""Questions of fact in plain words: the query that they become, and refusals that name the column and the way out."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from heldout.agent.sentences.facts import asks_for_fact, read_fact
from heldout.agent.sentences.names import Names
from heldout.agent.sentences.reader import read
from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError

RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "fare": RNG.gamma(2, 20, 80).round(2), "age": RNG.normal(30, 9, 80).round(0),
        "class": RNG.choice(["First", "Third"], 80), "sex": RNG.choice(["male", "female"], 80),
        "home deck": RNG.choice(["A", "B", "C's"], 80), "port": RNG.choice(["S", "C", None], 80),
    }
)  # fmt: skip
ROWS = Rows.of({name: FRAME[name].to_numpy() for name in FRAME})


def answer(text: str) -> list[tuple]:
    run = duckdb.connect().cursor()
    run.register("frame", FRAME)
    run.execute("CREATE TABLE data AS FROM frame").fetchall()
    return run.execute(read_fact(text, ROWS.columns).sql).fetchall()


def test_a_mean_by_group_is_that_of_pandas() -> None:
    by = FRAME.groupby("class")["fare"]
    wanted = [(k, pytest.approx(v), int(n)) for (k, v), n in zip(by.mean().items(), by.size(), strict=True)]
    assert answer("What is the mean fare by class?") == wanted


def test_conditions_groups_and_quotes_are_read() -> None:
    kept = FRAME[(FRAME["home deck"] == "C's") & (FRAME["age"] >= 20)]
    wanted = [(k, pytest.approx(v.median()), len(v)) for k, v in kept.groupby("sex")["fare"]]
    assert answer("median fare per sex where `home deck` = `C's` and age >= 20") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("how many rows where sex=female?", (FRAME["sex"] == "female").sum()),
        ("share of sex=male", 100 * (FRAME["sex"] == "male").mean()),
        ("correlation of age and fare", FRAME["age"].corr(FRAME["fare"])),
        ("standard deviation of fare", FRAME["fare"].std()),
        ("number of different home deck", 3),
        ("highest fare", FRAME["fare"].max()),
        ("how many sex=male", (FRAME["sex"] == "male").sum()),
        ("number of age >= 30 and sex=male", ((FRAME["age"] >= 30) & (FRAME["sex"] == "male")).sum()),
        ("how many rows have age = 30", (FRAME["age"] == 30).sum()),
        ("how many rows are there?", len(FRAME)),
        ("90th percentile of fare", FRAME["fare"].quantile(0.9)),
        ("what is the p5 of fare where sex=male", FRAME.loc[FRAME["sex"] == "male", "fare"].quantile(0.05)),
        ("how many where port is missing", FRAME["port"].isna().sum()),
        ("how many port is not missing", FRAME["port"].notna().sum()),
        ("share of port is missing", 100 * FRAME["port"].isna().mean()),
    ],
)
def test_single_figures_are_those_of_pandas(text: str, wanted: float) -> None:
    assert asks_for_fact(text)
    assert answer(text)[0][0] == pytest.approx(wanted)


@pytest.mark.parametrize("name", ["value", "percent", "known", "n"])
def test_a_group_that_is_called_as_a_figure_would_be_keeps_its_name(name: str) -> None:
    columns = {
        c.name: c for c in Rows.of({name: FRAME["sex"].to_numpy(), "port": FRAME["port"].to_numpy()}).columns.values()
    }
    fact = read_fact(f"share of port=S by {name}", columns)
    run = duckdb.connect().cursor()
    run.register("frame", FRAME.rename(columns={"sex": name}))
    found = run.execute(fact.sql.replace("FROM data", "FROM frame"))
    assert len({d[0] for d in found.description}) == 4
    wanted = FRAME.dropna(subset="port").groupby("sex")["port"].apply(lambda x: 100 * (x == "S").mean())
    assert {row[0]: row[1] for row in found.fetchall()} == pytest.approx(dict(wanted))


def test_a_percentile_is_told_as_it_is_asked_for() -> None:
    told = [read_fact(f"{q} percentile of fare", ROWS.columns).understood for q in ("1st", "12th", "92nd", "50")]
    assert [t.split()[1] for t in told] == ["1st", "12th", "92nd", "50th"]


def test_a_claim_is_not_held_to_rows_without_a_value_and_a_level_of_that_name_is_a_level() -> None:
    with pytest.raises(HypothesisError, match="Ask it as a fact: 'how many where port is missing'"):
        read("fare higher for sex=male among port is missing", Names(ROWS.columns))
    rows = Rows.of({"port": np.array(["missing", "S"] * 20), "fare": np.arange(40.0)})
    assert "= 'missing'" in read_fact("mean fare where port is missing", rows.columns).sql


def test_what_was_understood_is_said_in_words() -> None:
    fact = read_fact("average fare by sex where class=First", ROWS.columns)
    assert fact.understood == "The average of `fare`, for each `sex`, among rows where `class` = First"


@pytest.mark.parametrize("text", ["fare ~ sex", "fare higher for sex=male than female", "is fare higher for men?", "`"])
def test_claims_are_not_taken_for_questions_of_fact(text: str) -> None:
    assert not asks_for_fact(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mean fair by class", "Did you mean|nearest|fare"),
        ("mean sex", "is a category: no mean"),
        ("mean fare by class sorted nicely", "Nothing is known to follow at 'sorted nicely'"),
        ("correlation of age", "needs two columns"),
        ("share of sex=male and class=First", "Nothing is known to follow at 'and class=First'"),
        ("mean fare for sorted", "No column is named 'sorted'"),
        ("how many of them", 'Write such as "mean fare by class", "how many where class=Third"'),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_way_out(text: str, said: str) -> None:
    with pytest.raises(HypothesisError, match=said):
        read_fact(text, ROWS.columns)
