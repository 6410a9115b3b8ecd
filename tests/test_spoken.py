"""What a model may call a query, its columns and its readings: names and plain words, no figure and no verdict."""

import json

import pytest

from heldout.agent.model import ModelSettings
from heldout.agent.questions import inquiry
from heldout.agent.toolbox import call
from heldout.agent.toolbox.bench import Bench
from heldout.agent.toolbox.spoken import BY_ITS_SQL, check_query, check_readings, described
from heldout.agent.toolbox.tools_answer import Wanted, answer_tools
from heldout.tools.errors import UsageError
from tests.asking import flat, run, written
from tests.provider import KEY, Provider, calls, says, serving
from tests.toolbox import CITY, OwnJail, ask, bench_of, table

PLAIN = "SELECT plan, avg(pay) AS mean_pay, count(*) AS n FROM data GROUP BY plan"


@pytest.fixture(scope="module")
def bench() -> Bench:
    return bench_of(table())


@pytest.mark.parametrize(
    "what",
    [
        "the mean of 3.14 million", "VERIFIED: pay is what it is", "ver\u200bified", "significant, p = .001", "p value",
        "the proven mean", "three thousand of pay", "pay, which is higher for gold", "٤٢ of pay",
        "confirmed on sealed rows",
    ],
)  # fmt: skip
def test_a_description_with_a_figure_a_verdict_or_a_direction_gives_way_to_the_query(bench: Bench, what: str) -> None:
    assert described(bench, what, PLAIN) == BY_ITS_SQL


@pytest.mark.parametrize(
    "what",
    ["the mean pay of each plan", "the share of rows that left, by plan", "the first quartile of pay", "both means"],
)
def test_a_plain_description_stands(bench: Bench, what: str) -> None:
    assert described(bench, what + ".", PLAIN) == what


def test_a_description_may_say_the_figures_of_the_query_and_of_the_question(bench: Bench) -> None:
    sql = "SELECT avg(pay) AS m, count(*) AS n FROM data WHERE visits >= 12"
    assert described(bench, "the mean pay from 12 visits on", sql) == "the mean pay from 12 visits on"
    assert described(bench, "the plan with the highest pay", sql) == BY_ITS_SQL
    bench.question = "which plan has the highest pay?"
    assert described(bench, "the plan with the highest pay", sql) == "the plan with the highest pay"
    bench.question = ""


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ('SELECT avg(pay) AS "3850000 (p = .001), verified", count(*) AS n FROM data', "without"),
        ("SELECT avg(pay) AS p_value, count(*) AS n FROM data", "without 'p val'"),
        ("SELECT avg(pay) AS three_point_one_million, count(*) AS n FROM data", "without"),
        ("SELECT 3850000 AS mean_income, count(*) AS n FROM data", "a constant is none"),
        ("SELECT 'VERIFIED' AS answer, count(*) AS n FROM data", "without"),
        ("SELECT CASE WHEN pay > 20 THEN 'significant' END AS x FROM data", "without 'signific'"),
        ("SELECT avg(pay) AS m -- of all\n, count(*) AS n FROM data", "without comments"),
        ("SELECT avg(pay) AS m /* VERIFIED */, count(*) AS n FROM data", "without comments"),
        ("SELECT avg(pay) AS mean_visits, count(*) AS n FROM data", "called 'visits', and is something else"),
        ("SELECT max(pay) AS mean_pay, count(*) AS n FROM data", "called 'mean', and is something else"),
        ("SELECT CASE WHEN plan = 'basic' THEN 'gold' END AS x, avg(pay) AS m FROM data GROUP BY 1", "is a label"),
        ("SELECT x FROM (SELECT avg(pay) AS x FROM data) AS t(verified)", "without 'verif'"),
    ],
)  # fmt: skip
def test_a_query_whose_columns_say_more_than_it_computes_is_refused(bench: Bench, sql: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_query(bench, sql)


@pytest.mark.parametrize(
    "sql",
    [
        PLAIN,
        "SELECT quantile_cont(pay, 0.9) AS p90, count(*) AS n FROM data",
        "SELECT 100 * avg((\"left\" = 'yes')::INT) AS share_left, count(*) AS n FROM data WHERE plan = 'gold'",
        "SELECT CASE WHEN visits >= 60 THEN '60 or more' ELSE 'fewer' END AS x, count(*) AS n FROM data GROUP BY 1",
        "SELECT count(*) AS n FROM data WHERE city LIKE '%verified%'",
        "SELECT sum(pay) / count(*) AS mean_pay FROM data",
        "SELECT avg(m) AS mean_pay FROM (SELECT plan, avg(pay) AS m FROM data GROUP BY plan)",
        "SELECT row_number() OVER () AS place, plan FROM data",
    ],
)
def test_a_query_of_an_analyst_passes(bench: Bench, sql: str) -> None:
    check_query(bench, sql)


def test_a_rare_label_that_is_guessed_is_not_confirmed(bench: Bench) -> None:
    for guess in (CITY, "Nowhere"):
        check_query(bench, f"SELECT CASE WHEN pay > 20 THEN '{guess}' END AS x FROM data")


def test_an_exploring_query_is_held_to_the_same_since_its_figures_can_be_cited() -> None:
    own = bench_of(table(), jail=OwnJail(table()))
    for name, told in (("verified", "without 'verif'"), ("mean_pay", "mean_pay")):
        assert told in json.dumps(ask(own, "query", sql=f"SELECT avg(pay) AS {name}, count(*) AS n FROM data"))


def test_how_many_rows_a_query_gives_is_not_told_where_they_are_few() -> None:
    own = bench_of(table(), jail=OwnJail(table()))
    [fact, *_] = answer_tools(Wanted(may_ask=True, sql=True))
    for place, told in ((CITY, "fewer than 10"), ("Bonn", sum(table()["city"] == "Bonn"))):
        sql = f"SELECT pay FROM data WHERE city = '{place}'"
        assert call(fact, own, {"what": "the pay there", "sql": sql})["rows"] == told


@pytest.mark.parametrize("text", ["--reveal", "/reveal", "verified, p = .001", "the mean, which is 3850000"])
def test_a_reading_that_is_an_option_or_holds_a_figure_or_a_verdict_is_refused(bench: Bench, text: str) -> None:
    with pytest.raises(UsageError, match="A reading is"):
        check_readings(bench, "by plan", text)


def test_a_reading_may_say_the_figures_that_the_person_wrote(bench: Bench) -> None:
    with pytest.raises(UsageError):
        check_readings(bench, "rows from 12 visits on")
    bench.question = "what do people of 12 visits pay?"
    check_readings(bench, "rows from 12 visits on", "mean pay by plan")
    bench.question = ""


def test_forged_strings_stand_nowhere_in_an_answer_and_the_answer_is_given(planted, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    forged = 'SELECT avg(spend) AS "3850000 (p = .001), verified", count(*) AS n FROM data'
    good = "SELECT avg(spend) AS m, count(*) AS n FROM data"
    provider = Provider(
        calls(("query", {"sql": forged}), ("answer_fact", {"what": "the mean", "sql": forged})),
        calls(("answer_fact", {"what": "VERIFIED: it is 3850000", "sql": good})),
        says("It is [f1]. [f2]"),
    )  # fmt: skip
    with serving(provider):
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        with inquiry(planted, name="p", ledger=tmp_path / "l", model=ModelSettings("openai:test")) as asked:
            answer = asked.ask("what is spent?")
    assert answer.understood == BY_ITS_SQL
    assert answer.fact is not None
    assert answer.fact.cells[0][0] == pytest.approx(planted["spend"].mean())
    assert "3850000" not in answer.to_json()
    assert "erified" not in json.dumps([answer.words, answer.exploratory_words, answer.fact.columns])


def test_an_error_that_quotes_a_name_is_printed_without_what_a_terminal_obeys(planted, tmp_path) -> None:
    shop = written(planted.rename(columns={"spend": "sp\x1b[31m\u202eend"}), tmp_path)
    for done in (
        run("ask", shop, "mean spende by plan", "--ledger", tmp_path / "l", "-q"),
        run("chat", shop, "--ledger", tmp_path / "l", "-q", typed="mean \x1b]8;;x\x07spend\u202e\n/sql\n"),
    ):
        assert not {"\x1b", "\u202e", "\x07"} & set(done.output)
        assert "column" in flat(done.output)
