"""Questions of fact in plain words: the query that they become, and refusals that name the column and the way out."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from heldout.agent.sentences.facts import asks_for_fact, read_fact
from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError

RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "fare": RNG.gamma(2, 20, 80).round(2), "age": RNG.normal(30, 9, 80).round(0),
        "class": RNG.choice(["First", "Third"], 80), "sex": RNG.choice(["male", "female"], 80),
        "home deck": RNG.choice(["A", "B", "C's"], 80),
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
    ],
)
def test_single_figures_are_those_of_pandas(text: str, wanted: float) -> None:
    assert asks_for_fact(text)
    assert answer(text)[0][0] == pytest.approx(wanted)


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
    ],
)
def test_what_cannot_be_read_is_refused_with_the_way_out(text: str, said: str) -> None:
    with pytest.raises(HypothesisError, match=said):
        read_fact(text, ROWS.columns)
