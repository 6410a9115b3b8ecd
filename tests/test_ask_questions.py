"""`heldout ask`: what a question is taken for, claims in a thread, questions back, and a model that reads and words."""

import json
import re
import shlex
from pathlib import Path

import pytest

import heldout
from heldout.agent.model import ModelSettings
from heldout.agent.questions import inquiry
from heldout.tools.errors import HypothesisError, ModelUnavailable, NoVaultLeft, UsageError
from heldout.tools.verify.families.wording import returned
from tests.asking import cells, exposed, flat, kinds, run, written
from tests.provider import KEY, Provider, calls, fails, says, serving

BY_PLAN = "SELECT plan, avg(spend) AS mean_spend, count(*) AS n FROM data GROUP BY plan ORDER BY plan"
MODEL = ModelSettings("openai:test")


@pytest.fixture
def shop(planted, tmp_path) -> Path:
    return written(planted, tmp_path)


# Without a model


def test_a_fact_is_printed_with_its_sql_rows_missing_and_what_was_and_was_not_checked(shop, tmp_path) -> None:
    done = run("ask", shop, "mean spend by plan where visits >= 5", "--ledger", tmp_path / "l", "-q")
    assert done.exit_code == 0
    text = flat(done.stdout)
    assert "Rows used: " in text
    assert "of 1,200 rows, where (visits >= 5.0)" in text
    assert 'SQL: SELECT "plan", avg("spend") AS value' in text
    assert "Missing among them: none" in text
    assert text.index("Checked: the query ran on all 1,200 rows") < text.index("Not checked: whether this holds beyond")
    assert "could then no longer be verified on these data" in done.stderr


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("how many where plan=gold", "{gold} of 1,200 rows"),
        ("mean spend", "{spend}, over 1,200 rows"),
        ("share of contract=yes", "{share} % of the {known} of 1,200 rows that have a value"),
    ],
)
def test_one_figure_is_printed_as_one_says_it(planted, tmp_path, question: str, line: str) -> None:
    table = planted.assign(contract=planted["contract"].mask(planted.index % 3 == 0))
    known = table["contract"].dropna()
    told = {
        "gold": f"{(table['plan'] == 'gold').sum():,}", "spend": returned(table["spend"].mean(), 6),
        "share": returned(100 * (known == "yes").mean(), 6), "known": f"{len(known):,}",
    }  # fmt: skip
    answer = heldout.ask(table, question, name="s", ledger=tmp_path / "l")
    assert f"  {line.format(**told)}\n" in answer.to_text()


@pytest.mark.parametrize("by", ["contract", "1", "ALL", "c"])
def test_rows_without_a_group_are_told_as_a_group_and_not_as_left_out(planted, tmp_path, by: str) -> None:
    table = planted.assign(
        contract=planted["contract"].mask(planted.index < 60), spend=planted["spend"].mask(planted.index > 1189)
    )
    sql = f"SELECT contract AS c, avg(spend) AS m, count(*) AS n FROM data GROUP BY {by}"
    with inquiry(table, name="s", ledger=tmp_path / "l") as asked:
        text = flat(asked.fact("spend by contract", sql, "the mean").to_text())
    assert "Missing among them, and a group of its own (the row “–”): contract 60." in text
    assert "Missing among them, and left out of averages and sums: spend 10." in text


def test_a_claim_is_answered_with_its_verdict_exploration_figures_and_the_budget(shop, tmp_path) -> None:
    book = tmp_path / "l"
    done = run("ask", shop, "spend higher for plan=gold", "--ledger", book, "-q")
    text = flat(done.stdout)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Understood: spend is higher when plan is gold than otherwise." in text
    assert "Answer: VERIFIED on sealed rows." in text
    assert re.search(r"Exploratory, no verdict \(\d+ exploration rows\): spend is higher", text)
    assert "Left: 49 of 50 questions on vault 1; 1 of 1 verified so far." in text
    assert f"heldout ask {shop} --reveal" in text
    again = run("ask", shop, "spend higher for plan=gold", "--ledger", book, "-q")
    assert "asked before: this cost nothing" in again.stdout
    null = run("ask", shop, "noise increases with luck", "--ledger", book, "-q", "--json")
    told = json.loads(null.stdout)
    assert told["claim"]["verified"] is False
    assert "not verified is not refuted" in told["not_checked"]
    assert kinds(book).count("thread_claim") == 2


def test_no_figure_of_sealed_rows_is_in_an_answer_before_the_thread_is_revealed(shop, tmp_path) -> None:
    book = tmp_path / "l"
    answer = heldout.ask(shop, "spend higher for plan=gold", ledger=book)
    done = run("ask", shop, "--reveal", "--ledger", book, "--out", tmp_path / "out", "--json", "-q")
    held = json.loads(done.stdout)["findings"][0]["held_out"]
    assert held["n"] > 0
    figures = {f"{held[key]:.4g}" for key in ("p_value", "statistic") if held.get(key)}
    assert figures
    assert not any(f in answer.to_json() for f in figures)
    assert '"p_' not in answer.to_json()
    assert (tmp_path / "out" / "report.html").exists()
    assert kinds(book)[-1] == "reveal"


def test_a_claim_that_was_shown_is_told_what_was_verified_on_its_columns(shop, tmp_path) -> None:
    book = tmp_path / "l"
    assert heldout.ask(shop, "spend ~ plan", ledger=book).claim.verified  # pyright: ignore[reportOptionalMemberAccess]
    heldout.ask(shop, "mean spend by plan", ledger=book)
    later = heldout.ask(shop, "spend lower for plan=basic", ledger=book).claim
    assert later is not None
    assert later.reason is not None
    assert later.state == "refused"
    assert "Verified before on these columns: `spend`" in later.reason
    other = heldout.ask(shop, "plan ~ contract", ledger=book).claim
    assert "Verified before" not in ((other and other.reason) or "")


def test_the_last_vault_is_named_as_such_before_the_thread_is_closed(shop, tmp_path) -> None:
    with inquiry(shop, ledger=tmp_path / "l", one_shot=True) as asked:
        asked.ask("spend ~ plan")
        left = asked.remaining()
        assert "no vault is left after it" in asked.budget()
        assert asked.words.budget(left._replace(vaults_left=2)).endswith("closes the thread.")


def test_without_a_vault_the_way_to_look_without_a_verdict_works_as_printed(shop, tmp_path) -> None:
    book = tmp_path / "l"
    run("ask", shop, "spend ~ plan", "--ledger", book, "-q")
    run("ask", shop, "--reveal", "--ledger", book, "-q")
    done = run("ask", shop, "noise ~ plan", "--ledger", book, "-q")
    assert done.exit_code == 2
    [command] = re.findall(r"of this claim: `(.+)`", done.stderr)
    look = run(*shlex.split(command)[1:], "--ledger", book, "-q")
    assert look.exit_code == 0
    assert "not tested, exploratory only" in look.stdout


def test_explore_only_spends_nothing_and_says_what_it_is(shop, tmp_path) -> None:
    book = tmp_path / "l"
    claim = run("ask", shop, "spend higher for plan=gold", "--explore-only", "--ledger", book, "-q")
    fact = run("ask", shop, "mean spend by plan", "--explore-only", "--ledger", book, "-q")
    assert "not tested, exploratory only" in claim.stdout
    assert "no sealed row was read" in flat(fact.stdout)
    assert kinds(book) == ["seal"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("mean spendd by plan", "No column is named 'spendd'. Did you mean 'spend'?"),
        ("spend higher for plan=golden", "'golden' is no level of 'plan'. Did you mean 'gold'?"),
        ("spnd ~ plan", "No column is named 'spnd'. Did you mean 'spend'?"),
        ("mean plan", "no mean of it"),
        ("and by shade?", "A question in free words, or a follow-up (in `heldout chat`), needs a language model"),
        ("why do people leave us", "needs a language model"),
        ("spend and more of it", "A question of fact is written such as"),
        ("?", "The question is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_nearest_and_costs_nothing(shop, tmp_path, question, said) -> None:
    book = tmp_path / "l"
    done = run("ask", shop, question, "--ledger", book, "-q")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert kinds(book) == ["seal"]


def test_what_cannot_be_read_is_answered_with_words_that_this_table_reads(shop, tmp_path) -> None:
    def refused(question: str) -> str:
        return run("ask", shop, question, "--ledger", tmp_path / "l", "--facts", "exploration", "-q").stderr

    told = re.findall(r'"([^"]+)"', refused("why do people leave us"))
    assert len(told) == 6, told
    for question in told:
        done = run("ask", shop, question, "--ledger", tmp_path / "l", "--facts", "exploration", "--explore-only", "-q")
        assert done.exit_code == 0, (question, done.output)
    assert refused("spnd ~ plan").count("such as") == 0, "forms of a fact do not mend a claim"


@pytest.mark.parametrize(
    ("question", "readings"),
    [
        ("spend by plan", ["mean spend by plan", "spend ~ plan"]),
        ("churned by contract?", ["share of churned=yes by contract", "churned ~ contract"]),
        ("compare visits and spend", ["correlation of visits and spend", "visits ~ spend"]),
    ],
)
def test_two_readings_are_shown_side_by_side_as_commands_that_work(shop, tmp_path, question, readings) -> None:
    book = tmp_path / "l"
    done = run("ask", shop, question, "--ledger", book, "-q")
    assert done.exit_code == 2
    commands = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("heldout ask")]
    assert commands == [f"heldout ask {shop} '{r}' --ledger {book}" for r in readings]
    assert kinds(book) == ["seal"]
    for command in commands:
        assert run(*shlex.split(command)[1:], "-q").exit_code == 0


def test_a_command_to_paste_keeps_the_options_that_were_typed(shop, tmp_path) -> None:
    done = run(
        "ask", shop, "spend by plan", "--ledger", tmp_path / "l", "--facts", "exploration", "--strict",
        "--smallest-effect", "rate_difference=0.05", "-q",
    )  # fmt: skip
    ending = f"--facts exploration --ledger {tmp_path / 'l'} --strict --smallest-effect rate_difference=0.05"
    assert [line.endswith(ending) for line in done.stdout.splitlines()[-2:]] == [True, True], done.stdout


def test_reveal_takes_no_question_and_says_so(shop, tmp_path) -> None:
    done = run("ask", shop, "spend ~ plan", "--reveal", "--ledger", tmp_path / "l", "-q")
    assert done.exit_code == 2
    assert "takes no question" in done.stderr
    assert not (tmp_path / "l").exists()


def test_a_name_that_fits_two_columns_is_asked_back_with_both(planted, tmp_path) -> None:
    table = written(planted.assign(**{"net price": planted["spend"] / 2, "net_price": planted["noise"]}), tmp_path)
    answer = heldout.ask(table, "mean NET-PRICE by plan", ledger=tmp_path / "l")
    assert [w.question for w in answer.ways] == ["mean `net price` by plan", "mean net_price by plan"]


def test_a_claim_that_opens_like_a_fact_is_a_claim(shop, tmp_path) -> None:
    assert heldout.ask(shop, "mean spend higher for plan=gold", ledger=tmp_path / "l").kind == "claim"


def test_a_claim_may_be_asked_as_a_question(shop, tmp_path) -> None:
    answer = heldout.ask(shop, "Is spend higher for plan=gold than basic?", ledger=tmp_path / "l")
    assert answer.claim is not None
    assert answer.claim.claim == "`spend` is higher when `plan` is gold than when it is basic"
    assert answer.claim.verified


def test_a_table_too_small_to_split_answers_from_its_one_list_or_says_the_way_out(planted, tmp_path) -> None:
    small, book = planted.head(150), tmp_path / "l"
    with pytest.raises(UsageError, match="tests the closed family, and then `ask` answers from it"):
        heldout.ask(small, "spend ~ plan", name="s", ledger=book)
    report = heldout.explain(small, name="s", ledger=book)
    assert report.result.counts.committed
    answer = heldout.ask(small, "spend higher for plan=gold", name="s", ledger=book)
    assert answer.claim is not None
    assert (answer.claim.state, answer.claim.verified) == ("answered", True)
    assert "higher when `plan` is gold" in (answer.claim.sentence or "")
    assert "corrected for (verified)" in answer.checked
    with pytest.raises(NoVaultLeft, match="needs new rows"):
        heldout.ask(small, "spend > 60 higher for plan=gold", name="s", ledger=book)
    fact = heldout.ask(small, "mean spend", name="s", ledger=book)
    assert cells(fact)[0][0] == pytest.approx(small["spend"].mean())


def test_the_answers_renderings_agree_and_the_page_escapes_what_the_data_hold(planted, tmp_path) -> None:
    table = planted.assign(plan=planted["plan"].replace("gold", "<script>alert(1)</script>"))
    answer = heldout.ask(table, "mean spend by plan", name="<b>shop</b>", ledger=tmp_path / "l")
    page = answer.to_html()
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert json.loads(answer.to_json())["fact"]["cells"] == cells(answer)
    assert type(answer).model_validate_json(answer.to_json()) == answer


# With a model


@pytest.fixture
def by_model(planted, tmp_path, monkeypatch):
    """Questions asked through a provider that answers by a script."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def asking(provider: Provider, *questions: str, settings: ModelSettings = MODEL, **options):
        with serving(provider):
            monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
            with inquiry(planted, name="p", ledger=tmp_path / "l", model=settings, **options) as asked:
                return [asked.ask(q) for q in questions]

    return asking


def test_a_model_sees_exploration_figures_and_code_fills_in_those_of_all_rows(by_model, planted, tmp_path) -> None:
    fact = calls(("answer_fact", {"what": "the mean spend of each plan", "sql": BY_PLAN}))
    first = Provider(fact, says("Done."))
    by_model(first, "how much, by plan?")
    told = json.loads(first.requests[1]["messages"][-1]["content"])
    assert [row[0] for row in told["rows"]] == ["basic", "gold", "plus"]
    basic, gold = (re.search(r"\[f\d+\]", told["rows"][at][1])[0] for at in (0, 1))
    words = f"The mean spend of gold plans is {gold}, that of basic plans {basic}. Half of them, 50 %, are plus."
    [answer] = by_model(Provider(fact, says(words)), "spend per plan?")
    mean = planted.groupby("plan")["spend"].mean()
    assert {row[0]: row[1] for row in cells(answer)} == {k: pytest.approx(v) for k, v in mean.items()}
    [sentence] = answer.words
    assert f"{mean['gold']:.4g}"[:4] in sentence
    assert f"{mean['basic']:.4g}"[:4] in sentence
    assert answer.model is not None
    assert (answer.model.calls, answer.model.dropped_sentences, answer.note) == (2, 1, None)
    assert exposed(tmp_path / "l") == [["plan", "spend"]]


def test_nothing_of_all_rows_reaches_the_model(by_model, planted) -> None:
    provider = Provider(
        calls(("answer_fact", {"what": "the mean spend", "sql": "SELECT avg(spend) AS m, count(*) AS n FROM data"})),
        says("It is [f1]."),
        calls(("answer_fact", {"what": "rows", "sql": "SELECT count(*) AS n FROM data"})), says("There are [f1]."),
    )  # fmt: skip
    first, second = by_model(provider, "what is the mean spend?", "and how many rows?")
    sent = json.dumps(provider.requests)
    assert cells(first)[0] == [pytest.approx(planted["spend"].mean()), 1200]
    assert cells(second)[0] == [1200]
    assert "1200" not in sent
    assert "1,200" not in sent
    assert f"{planted['spend'].mean():.4g}" not in sent
    assert "what is the mean spend?" in provider.requests[2]["messages"][1]["content"], "the thread goes on"


def test_a_model_turns_a_question_of_inference_into_one_claim_that_code_tests(by_model, tmp_path) -> None:
    provider = Provider(
        calls(("answer_claim", {"claim": "spend increases with visits"})),
        calls(("answer_claim", {"claim": "noise increases with luck"})),
        says("Spend rises with visits: [f1]. It is significant, p = .001."),
    )
    [answer] = by_model(provider, "do people who come more often spend more?")
    assert answer.claim is not None
    assert (answer.claim.claim, answer.claim.verified) == ("`spend` rises with `visits`", True)
    assert kinds(tmp_path / "l").count("thread_claim") == 1, "one question spends one claim"
    told = json.loads(provider.requests[1]["messages"][-1]["content"])
    assert "verified" not in json.dumps(told)
    assert answer.model is not None
    assert answer.model.dropped_sentences >= 1
    assert "significant" not in answer.to_text()
    assert "p = .001" not in answer.to_text()


def test_a_model_asks_back_once_and_the_chosen_reading_is_answered(planted, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ways = [
        {"reading": "by amount", "question": "do gold plans spend more?"},
        {"reading": "by visits", "question": "do gold plans visit more?"},
    ]
    provider = Provider(
        calls(("ask_back", {"readings": ways})),
        calls(("ask_back", {"readings": ways})), calls(("answer_claim", {"claim": "spend higher for plan=gold"})),
        says(""),
    )  # fmt: skip
    with serving(provider):
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        with inquiry(planted, name="p", ledger=tmp_path / "l", model=MODEL) as asked:
            back = asked.ask("are gold plans better?")
            assert [w.question for w in back.ways] == [w["question"] for w in ways]
            answer = asked.ask(back.ways[0].question, chosen=True)
    assert answer.claim is not None
    assert answer.claim.verified
    assert "ask_back" not in json.dumps(provider.requests[1]["tools"])
    assert back.model is not None
    assert back.model.calls == 1, "nothing is worded where a person is to choose"


@pytest.mark.parametrize(
    "line", [fails(401, "no such key"), says("The mean spend is 41.7, which proves it."), says("I cannot tell.")]
)
def test_a_model_that_fails_leaves_the_grammar_to_read_and_one_line_says_so(by_model, planted, line) -> None:
    [answer] = by_model(Provider(line), "mean spend by plan")
    assert answer.note is not None
    assert answer.note.count("\n") == 0
    assert "read by the grammar alone" in answer.note
    assert len(cells(answer)) == 3
    assert "41.7" not in answer.to_text()


def test_where_neither_model_nor_grammar_can_read_it_both_are_told(by_model) -> None:
    with pytest.raises(HypothesisError, match="Without the model: a question in free words"):
        by_model(Provider(fails(401, "no")), "why do people leave us")


def test_without_sql_a_model_answers_in_words_and_a_wrong_name_is_told_to_it(by_model, planted) -> None:
    provider = Provider(
        calls(("answer_fact", {"what": "the mean", "sql": BY_PLAN})),
        calls(("answer_fact", {"what": "the mean", "words": "mean spendd by plan"})),
        calls(("answer_fact", {"what": "the mean spend", "words": "mean spend by plan"})), says("done"),
    )  # fmt: skip
    [answer] = by_model(provider, "spend per plan?", settings=MODEL._replace(sql=False))
    assert len(cells(answer)) == 3
    told = [m["content"] for m in provider.requests[3]["messages"] if m["role"] == "tool"]
    assert "switched off" in told[0]
    assert "Did you mean 'spend'" in told[1]
    assert "query" not in {t["function"]["name"] for t in provider.requests[0]["tools"]}


def test_a_model_cannot_show_the_whole_table_nor_run_what_is_no_query(by_model, tmp_path) -> None:
    hostile = ("SELECT * FROM data", "DROP TABLE data", "SELECT * FROM read_csv('/etc/passwd')", "SELECT 1; SELECT 2")
    provider = Provider(
        *(calls(("answer_fact", {"what": "everything", "sql": sql})) for sql in hostile),
        calls(("answer_claim", {"claim": "nowhere higher for plan=gold"})), says("All of it is verified, p = 0.0001."),
    )  # fmt: skip
    [answer] = by_model(provider, "mean spend by plan")
    assert exposed(tmp_path / "l") == [["plan", "spend"]], "what the grammar read, and no more"
    assert "read by the grammar alone" in (answer.note or "")
    assert "0.0001" not in answer.to_json()


def test_prompts_of_no_model_cannot_be_shown(shop) -> None:
    done = run("ask", shop, "mean spend", "--show-prompts", "-q")
    assert done.exit_code == 2
    assert "name one with `--model`" in done.stderr


def test_the_prompt_is_shown_and_nothing_is_sent_or_spent(shop, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    book = tmp_path / "l"
    done = run("ask", shop, "who spends more?", "--model", "openai:x", "--show-prompts", "--ledger", book, "-q")
    assert done.exit_code == 0, done.stderr
    body = json.loads(done.stdout)
    assert "who spends more?" in body["messages"][1]["content"]
    assert {"answer_fact", "answer_claim", "ask_back"} <= {t["function"]["name"] for t in body["tools"]}
    assert kinds(book) == ["seal"]


def test_a_model_without_a_key_is_named_as_what_is_missing(shop, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY"):
        heldout.ask(shop, "who spends more?", model=MODEL, ledger=tmp_path / "l")


def test_a_question_that_was_answered_is_not_paid_for_again(by_model) -> None:
    fact = calls(("answer_fact", {"what": "the mean spend of each plan", "sql": BY_PLAN}))
    [first] = by_model(Provider(fact, says("The mean of gold plans is [f2].")), "spend per plan?")
    provider = Provider()
    [again] = by_model(provider, "spend per plan?")
    assert provider.requests == []
    assert again.words == first.words
