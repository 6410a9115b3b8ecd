"""Before a fact shows sealed rows a person at a terminal is asked; and what a model's part took is said."""

import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from heldout.agent.chat import Chat
from heldout.agent.consent import PROMPT, Declined, choice_of
from heldout.agent.model import ModelSettings
from heldout.agent.questions import inquiry
from tests.asking import cells, exposed, flat, kinds, run, written
from tests.provider import KEY, Provider, calls, says, serving

BY_PLAN = "SELECT plan, avg(spend) AS mean_spend, count(*) AS n FROM data GROUP BY plan ORDER BY plan"
BY_CONTRACT = "SELECT contract, avg(visits) AS mean_visits, count(*) AS n FROM data GROUP BY contract"


class Person:
    """Someone at the terminal who gives the same answer each time, and what they were told."""

    def __init__(self, choice: str) -> None:
        self.choice, self.told = choice, []

    def __call__(self, line: str):
        self.told.append(line)
        return choice_of(self.choice)


@pytest.mark.parametrize(
    ("typed", "choice"), [("y", "all"), (" YES\n", "all"), ("e", "exploration"), ("", "no"), ("n", "no"), ("ja", "no")]
)
def test_nothing_but_a_yes_shows_sealed_rows(typed: str, choice: str) -> None:
    assert choice_of(typed) == choice


def test_a_no_shows_records_and_answers_nothing(planted, tmp_path) -> None:
    person = Person("n")
    with inquiry(planted, name="p", ledger=tmp_path / "l", consent=person) as asked:
        talk = Chat(asked)
        assert talk.reply("mean spend by plan").startswith("Not answered: no sealed row was shown")
        [line] = person.told
        assert re.fullmatch(
            r"This shows `plan` and `spend` together, \d{3} sealed rows among them: claims that relate two columns "
            r"shown together can then no longer be verified on these data\.", line,
        )  # fmt: skip
        assert kinds(tmp_path / "l") == ["seal"]
        assert talk.reply("mean spend by plan").startswith("Not answered"), "a no is asked again"


def test_an_answer_from_exploration_rows_costs_nothing_and_says_what_it_is(planted, tmp_path) -> None:
    with inquiry(planted, name="p", ledger=tmp_path / "l", consent=Person("e")) as asked:
        answer = asked.ask("mean spend by plan")
    assert answer.fact is not None
    assert answer.fact.rows_read == "exploration"
    assert "no sealed row was read" in answer.checked
    assert kinds(tmp_path / "l") == ["seal"]


def test_what_is_known_already_or_shows_no_column_is_not_asked_again(planted, tmp_path) -> None:
    person = Person("y")
    with inquiry(planted, name="p", ledger=tmp_path / "l", consent=person) as asked:
        for question in ("mean spend by plan", "median spend by plan", "mean spend", "how many rows", "noise ~ luck"):
            asked.ask(question)
    assert len(person.told) == 1
    assert exposed(tmp_path / "l") == [["plan", "spend"]]


def test_a_query_that_cannot_run_is_refused_before_anyone_is_asked(planted, tmp_path) -> None:
    person = Person("y")
    with inquiry(planted, name="p", ledger=tmp_path / "l", consent=person) as asked:
        assert "Answer" not in Chat(asked).reply("median spendd by plan")
    assert person.told == []


def test_one_question_to_a_model_asks_once_for_all_its_queries(planted, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    person = Person("n")
    script = (
        calls(
            ("answer_fact", {"what": "the mean spend of each plan", "sql": BY_PLAN}),
            ("answer_fact", {"what": "the mean visits of each contract", "sql": BY_CONTRACT}),
        ),
        says("The mean of gold plans is [f3]."),
    )
    with serving(provider := Provider(*script, *script)):
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        options = {"name": "p", "ledger": tmp_path / "l", "model": ModelSettings("openai:test")}
        with inquiry(planted, **options, consent=person) as asked:
            with pytest.raises(Declined, match=r"openai:test read the question: 2 calls, [\d,]+ input"):
                asked.ask("how do plans and contracts differ?")
            assert len(person.told) == 1
            assert "`plan` and `spend` together; `contract` and `visits` together" in person.told[0]
            assert kinds(tmp_path / "l") == ["seal"]
            person.choice = "e"
            assert asked.ask("how do plans and contracts differ?").fact.rows_read == "exploration"
    assert kinds(tmp_path / "l") == ["seal"]


def test_where_nobody_can_be_asked_the_cost_is_printed_and_the_answer_given(planted, tmp_path) -> None:
    done = run("ask", written(planted, tmp_path), "mean spend by plan", "--ledger", tmp_path / "l", "-q")
    assert done.exit_code == 0
    assert "could then no longer be verified" in done.stderr
    assert PROMPT not in done.output


def _at_a_terminal(arguments: list[object], typed: str, until: str) -> str:
    """What a person sees who types when something is printed that waits for them."""
    keyboard, screen = pty.openpty()
    code = "from heldout.agent.cli import cli; cli()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdin=screen, stdout=screen, stderr=screen,
        cwd=Path(__file__).resolve().parent.parent,
    ) as running:  # fmt: skip
        os.close(screen)
        seen, waiting = "", typed
        started = time.monotonic()
        while time.monotonic() - started < 120:
            try:
                part = os.read(keyboard, 4096)
            except OSError:  # the other end was closed
                break
            seen += part.decode(errors="replace")
            if waiting and until in seen:
                os.write(keyboard, waiting.encode())
                waiting = ""
        running.kill()
    os.close(keyboard)
    return flat(re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", seen))


@pytest.mark.parametrize(("typed", "rows"), [("y\n", [["plan", "spend"]]), ("\n", []), ("e\n", [])])
def test_a_person_at_a_terminal_is_asked_and_what_they_type_counts(planted, tmp_path, typed, rows) -> None:
    book = tmp_path / "l"
    seen = _at_a_terminal(["ask", written(planted, tmp_path), "mean spend by plan", "--ledger", book], typed, "rows] ")
    assert "This shows `plan` and `spend` together" in seen
    assert exposed(book) == rows
    assert ("Rows used" in seen) == (typed != "\n")


def test_yes_asks_nobody(planted, tmp_path) -> None:
    book, shop = tmp_path / "l", written(planted, tmp_path)
    seen = _at_a_terminal(["ask", shop, "mean spend by plan", "--ledger", book, "--yes", "-q"], "", "nothing")
    assert PROMPT.strip() not in seen
    assert exposed(book) == [["plan", "spend"]]


def test_an_answer_says_in_one_line_what_the_model_took(planted, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("HELDOUT_MODEL_PRICE", "2,8")
    fact = calls(("answer_fact", {"what": "the mean spend of each plan", "sql": BY_PLAN}))
    words = "The mean of plan gold is [f3]. Half of them, 50 %, are plus."
    with serving(provider := Provider(fact, says(words))):
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        shop = written(planted, tmp_path)
        done = run("ask", shop, "spend by plan?", "--model", "openai:test", "--ledger", tmp_path / "l", "-q")
    line = flat(done.stdout[done.stdout.index("Model: ") :]).strip()
    assert re.fullmatch(
        r"Model: openai:test, 2 calls, [\d,]+ input and [\d,]+ output tokens, at a price of [\d.e-]+\. "
        r"[12] of its sentences did not fit the evidence and (is|are) left out\.",
        line,
    ), line


def test_without_a_model_no_such_line_is_printed(planted, tmp_path) -> None:
    with inquiry(planted, name="p", ledger=tmp_path / "l") as asked:
        answer = asked.ask("mean spend by plan")
    assert "Model:" not in answer.to_text()
    assert len(cells(answer)) == 3
