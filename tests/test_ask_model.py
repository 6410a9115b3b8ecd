"""What a model's part in an answer is: figures in words of the query, groups it was not told, tables it may not see."""

import json
import re

import pytest

from heldout.agent.model import ModelSettings
from heldout.agent.questions import inquiry
from heldout.tools.verify.families.wording import returned
from tests.asking import cells, exposed, flat
from tests.provider import KEY, Provider, calls, says, serving

MODEL = ModelSettings("openai:test")


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """One question about a table through a provider that answers by a script."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def asking(table, provider: Provider, question: str, *, settings: ModelSettings = MODEL, **options):
        with serving(provider):
            monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
            with inquiry(table, name="p", ledger=tmp_path / "l", model=settings, **options) as asked:
                return asked.ask(question)

    return asking


def told(provider: Provider, at: int = 1) -> dict:
    return json.loads(provider.requests[at]["messages"][-1]["content"])


def fact(what: str, **arguments: str):
    return calls(("answer_fact", {"what": what, **arguments}))


def test_a_question_in_the_grammars_words_tells_its_figures_and_code_fills_them_in(ask, planted) -> None:
    first = Provider(fact("the mean spend", words="mean spend by plan where visits >= 5"), says(""))
    ask(planted, first, "how much?")
    ids = {row[0]: re.search(r"\[(f\d+)\]", row[1])[1] for row in told(first)["rows"]}
    words = f"The mean spend is [{ids['gold']}] for gold and [{ids['basic']}] for basic."
    answer = ask(
        planted, Provider(fact("the mean", words="mean spend by plan where visits >= 5"), says(words)), "much?"
    )
    mean = planted[planted["visits"] >= 5].groupby("plan")["spend"].mean()
    assert answer.words == (
        f"The mean spend is {returned(mean['gold'], 4)} for gold and {returned(mean['basic'], 4)} for basic "
        "(where `visits` ≥ 5).",
    )


def test_a_group_under_ten_exploration_rows_is_told_to_the_person_by_code_and_to_no_model(ask, planted) -> None:
    table = planted.assign(plan=planted["plan"].mask(planted.index < 8, "rare"))
    sql = "SELECT plan, avg(spend) AS mean_spend, count(*) AS n FROM data GROUP BY plan ORDER BY plan"
    first = Provider(fact("the mean spend of each plan", sql=sql), says(""))
    ask(table, first, "spend by plan?")
    rows = told(first)["rows"]
    assert "rare" not in {row[0] for row in rows}
    ids = [re.search(r"\[(f\d+)\]", row[1])[1] for row in rows]
    text = " ".join(f"The mean spend is [{name}] where [{name}.group]." for name in ids)
    answer = ask(table, Provider(fact("the mean spend of each plan", sql=sql), says(text)), "by plan, please?")
    rare = table[table["plan"] == "rare"]["spend"]
    assert len(answer.words) == 4
    assert answer.words[-1] == f"Mean of `spend` where `plan` is rare: {returned(rare.mean(), 4)} (n = {len(rare)})."


def test_each_query_of_an_answer_is_shown(ask, planted, tmp_path) -> None:
    provider = Provider(
        calls(
            ("answer_fact", {"what": "the mean spend", "sql": "SELECT avg(spend) AS m, count(*) AS n FROM data"}),
            ("answer_fact", {"what": "the mean luck", "sql": "SELECT avg(luck) AS m, count(*) AS n FROM data"}),
        ),
        says(""),
    )
    answer = ask(planted, provider, "means of spend and luck?")
    assert [one.fact.cells[0][0] for one in answer.beside] == [pytest.approx(planted["spend"].mean())]
    assert cells(answer)[0][0] == pytest.approx(planted["luck"].mean())
    for page in (flat(answer.to_text()), answer.to_html()):
        assert page.index("the mean spend") < page.index("the mean luck")
    assert exposed(tmp_path / "l") == [["spend"], ["luck"]]


def test_a_column_that_no_claim_may_name_can_be_asked_for_and_nothing_of_it_is_told(ask, planted) -> None:
    table = planted.assign(ticket=[f"T{at:05d}" for at in range(len(planted))])
    sql = "SELECT count(DISTINCT ticket) AS tickets FROM data"
    provider = Provider(fact("how many tickets there are", sql=sql), says("There are many."))
    answer = ask(table, provider, "how many different tickets?")
    assert cells(answer) == [[1200]]
    assert "not told" in told(provider)["figures"]
    assert "1200" not in json.dumps(provider.requests)


@pytest.fixture
def small(planted):
    return planted.head(150).assign(visits=4711)


def test_of_a_table_too_small_to_split_a_model_sees_names_and_types_and_its_query_is_run(ask, small) -> None:
    sql = "SELECT plan, avg(spend) AS mean_spend, count(*) AS n FROM data GROUP BY plan ORDER BY plan"
    provider = Provider(fact("the mean spend of each plan", sql=sql), says("Gold spends most."))
    answer = ask(small, provider, "who spends most?")
    assert {row[0]: row[1] for row in cells(answer)} == {
        k: pytest.approx(v) for k, v in small.groupby("plan")["spend"].mean().items()
    }
    assert answer.words == ()
    assert answer.note is None
    sent = json.dumps(provider.requests)
    assert "spend" in sent
    for secret in ("4711", "gold", "basic"):
        assert secret not in sent.replace("plan=gold", ""), secret
    assert "compare_groups" not in {t["function"]["name"] for t in provider.requests[0]["tools"]}


def test_in_schema_mode_a_query_that_cannot_run_is_told_to_the_model_which_mends_it(ask, planted) -> None:
    provider = Provider(
        fact("the mean", sql="SELECT avg(spendd) AS m FROM data"),
        fact("the mean", sql="SELECT avg(spend) AS m FROM data"),
        says(""),
    )
    answer = ask(planted, provider, "the mean spend?", settings=MODEL._replace(privacy="schema"))
    assert cells(answer)[0] == [pytest.approx(planted["spend"].mean())]
    assert "spendd" in json.dumps(told(provider))
    assert f"{planted['spend'].mean():.4g}" not in json.dumps(provider.requests)


@pytest.mark.parametrize(
    ("line", "said"), [("fact", "No p-value is given with a fact"), ("claim", "Its p-value is told")]
)
def test_a_p_value_that_is_asked_for_is_answered_with_where_it_is_found(ask, planted, line: str, said: str) -> None:
    asked = {
        "fact": fact("the correlation", words="correlation of spend and visits"),
        "claim": calls(("answer_claim", {"claim": "spend increases with visits"})),
    }[line]
    answer = ask(planted, Provider(asked, says("")), "do visits go with spend, and what is the p-value?")
    assert said in answer.not_checked
    assert "p =" not in answer.to_text()


def test_beside_a_verdict_no_template_repeats_what_exploration_rows_show(ask, planted) -> None:
    provider = Provider(
        calls(("answer_claim", {"claim": "spend increases with visits"})), says("It is 12 % more [f1], significantly.")
    )
    answer = ask(planted, provider, "do visits go with spend?")
    assert answer.exploratory_words == ()
    assert answer.model.dropped_sentences == 1


def test_a_citation_that_does_not_fit_leaves_the_table_and_no_template_that_says_it_again(ask, planted) -> None:
    sql = "SELECT avg(spend) AS mean_spend, count(*) AS n FROM data"
    provider = Provider(fact("the mean spend", sql=sql), says("Customers love it: [f1]. It is [f1] percent of [f2]."))
    answer = ask(planted, provider, "the mean spend, please?")
    assert (answer.words, answer.exploratory_words) == ((), ())
    assert answer.model.dropped_sentences == 2
    assert cells(answer)[0] == [pytest.approx(planted["spend"].mean()), 1200]
