"""`heldout chat`: questions and commands piped in, a line each; what it writes runs and is what was answered."""

import builtins
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from heldout.agent import cli_ask
from heldout.agent.chat import HELP, Chat
from heldout.agent.model import ModelSettings
from heldout.agent.questions import inquiry
from tests.asking import flat, kinds, run, written
from tests.provider import KEY, Provider, calls, says, serving


@pytest.fixture
def shop(planted, tmp_path) -> Path:
    return written(planted, tmp_path)


@pytest.fixture
def chat(planted, tmp_path):
    with inquiry(planted, name="p", ledger=tmp_path / "l") as asked:
        yield Chat(asked)


def test_a_piped_conversation_answers_line_by_line_and_goes_on_after_an_error(shop, tmp_path) -> None:
    lines = ["mean spend by plan", "median spendd", "noise increases with luck", "/budget", "/quit", "mean luck"]
    done = run("chat", shop, "--ledger", tmp_path / "l", "-q", typed="\n".join(lines))
    assert done.exit_code == 0
    text = flat(done.stdout)
    assert "read by the grammar alone: no model takes part" in text
    assert "Understood: The mean of spend, for each plan." in text
    assert "No column is named 'spendd'" in text
    assert "Answer: NOT VERIFIED on sealed rows." in text
    assert "0 of 1 verified so far" in text
    assert "The mean of luck" not in text, "nothing is asked after /quit"


def test_the_conversation_ends_with_its_input(shop, tmp_path) -> None:
    assert run("chat", shop, "--ledger", tmp_path / "l", "-q", typed="").exit_code == 0


def test_ctrl_c_at_a_terminal_stops_the_answer_and_not_the_conversation(chat, monkeypatch, capsys) -> None:
    monkeypatch.setattr(chat, "_question", lambda said: (_ for _ in ()).throw(KeyboardInterrupt))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(KeyboardInterrupt):
        cli_ask._replied(chat, "mean spend")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert "The conversation goes on" in cli_ask._replied(chat, "mean spend")
    lines = iter([KeyboardInterrupt(), "/budget", EOFError()])

    def typed(prompt: str) -> str:
        line = next(lines)
        if isinstance(line, BaseException):
            raise line
        return line

    monkeypatch.setattr(builtins, "input", typed)
    assert list(cli_ask._typed()) == ["/budget"], "an interrupt between questions is no line and no end"
    assert "/quit leaves" in capsys.readouterr().out


def test_a_question_back_is_answered_by_its_number_and_by_nothing_beyond(chat) -> None:
    assert "Which one? Type its number." in chat.reply("spend by plan")
    assert "Choose a number from 1 to 2" in chat.reply("7")
    assert "Understood: The mean of spend, for each plan." in chat.reply("1")
    assert "Understood" not in chat.reply("1"), "nothing waits for a number any more"


def test_a_follow_up_without_a_model_says_that_it_needs_one(chat) -> None:
    chat.reply("mean spend by plan")
    assert "needs a language model" in chat.reply("and by shade?")


def test_commands_before_any_question_say_so_and_unknown_ones_name_the_known(chat) -> None:
    for command in ("/sql", "/rows", "/chart", "/verify", "/export html x.html", "/reveal"):
        assert re.search("asked yet|nothing to export|nothing to reveal", chat.reply(command)), command
    assert "/budget, /reveal" in chat.reply("/frobnicate")
    assert chat.reply("/help") == HELP
    assert chat.reply("") == ""


def test_sql_and_rows_drill_down_to_exploration_rows_alone(chat, planted, tmp_path) -> None:
    chat.reply("mean spend by plan where visits >= 12")
    assert chat.reply("/sql").startswith('SELECT "plan", avg("spend")')
    told = chat.reply("/rows")
    assert "exploration rows behind it" in told
    shown = [line.split() for line in told.split("(no sealed row is shown):")[1].strip().splitlines()[1:]]
    seen = chat.asked.exploration_rows()
    own = set(zip(seen.number("spend").round(2), seen.number("visits"), strict=True))
    assert len(shown) == 10
    for plan, spend, visits in shown:
        assert plan in {"basic", "plus", "gold"}
        assert float(visits) >= 12
        assert (float(spend), float(visits)) in own
    assert kinds(tmp_path / "l") == ["seal", "exposed"], "drilling down shows nothing more"


def test_verify_asks_the_last_claim_that_was_only_explored(planted, tmp_path) -> None:
    book = tmp_path / "l"
    with inquiry(planted, name="p", ledger=book, explore_only=True) as asked:
        talk = Chat(asked)
        assert "exploratory only" in talk.reply("spend higher for plan=gold")
        assert kinds(book) == ["seal"]
        assert "Answer: VERIFIED on sealed rows." in talk.reply("/verify")
        assert "this cost nothing" in talk.reply("/verify")
    assert kinds(book).count("thread_claim") == 1


def test_reveal_closes_the_thread_with_its_report(chat, tmp_path) -> None:
    chat.reply("spend higher for plan=gold")
    assert "1 verified, 0 refuted" in chat.reply("/reveal")
    assert kinds(tmp_path / "l")[-1] == "reveal"


def test_the_chart_is_drawn_for_a_fact_and_for_a_claim(chat, tmp_path) -> None:
    chat.reply("mean spend by plan")
    chat.reply(f"/chart {tmp_path / 'fact.svg'}")
    drawn = (tmp_path / "fact.svg").read_text()
    assert drawn.startswith("<svg")
    assert "all rows" in drawn
    chat.reply("churned more likely for contract=no")
    assert "Written" in chat.reply(f"/chart {tmp_path / 'claim.html'}")
    assert "<svg" in (tmp_path / "claim.html").read_text()
    assert "is written as .svg or .html" in chat.reply(f"/chart {tmp_path / 'x.png'}")
    chat.reply("mean luck")
    assert "a number for each of several groups" in chat.reply(f"/chart {tmp_path / 'one.svg'}")


def _conversation(chat: Chat) -> None:
    chat.reply("mean spend by plan")
    chat.reply("share of churned=yes by contract where visits >= 5")
    chat.reply("churned more likely for shade=red")


def _started(file: Path, cwd: Path) -> str:
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, cwd=cwd, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_exported_script_runs_anywhere_and_finds_the_same_figures(chat, tmp_path) -> None:
    _conversation(chat)
    told = chat.reply(f"/export script {tmp_path / 'again.py'}")
    assert "again.all.parquet" in told
    out = _started(tmp_path / "again.py", Path("/"))
    assert out.count("as heldout answered") == 2
    assert "DIFFERS" not in out
    program = (tmp_path / "again.py").read_text()
    assert "heldout" not in re.findall(r"^(?:import|from) (\w+)", program, re.MULTILINE)
    changed = tmp_path / "changed.py"
    changed.write_text(program.replace("churned", "contract", 1).replace("= 5.0", "= 9.0").replace(">= 5", ">= 9"))
    assert "DIFFERS" in _started(changed, tmp_path), "a figure that is not the one that was given is found"


def test_the_exported_notebook_is_valid_and_its_cells_run(chat, tmp_path) -> None:
    _conversation(chat)
    chat.reply(f"/export notebook {tmp_path / 'again.ipynb'}")
    book = json.loads((tmp_path / "again.ipynb").read_text())
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    kinds_ = [cell["cell_type"] for cell in book["cells"]]
    assert kinds_ == ["code", "markdown", "code", "markdown", "code", "markdown"]
    assert "## mean spend by plan" in "".join(book["cells"][1]["source"])
    assert "NOT VERIFIED" in "".join(book["cells"][5]["source"])
    joined = "\n".join("".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code")
    file = tmp_path / "cells.py"
    file.write_text(joined)
    assert _started(file, tmp_path).count("as heldout answered") == 2


def test_the_exported_page_holds_every_question_and_runs_nothing(chat, tmp_path) -> None:
    _conversation(chat)
    chat.reply(f"/export html {tmp_path / 'page.html'}")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<section>") == 3
    assert "<script" not in page
    assert "Say what to write and where" in chat.reply("/export pdf x")


def test_with_a_model_a_follow_up_goes_on_from_the_question_before(shop, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    sql = "SELECT {0}, avg(spend) AS mean_spend, count(*) AS n FROM data GROUP BY {0} ORDER BY {0}"
    provider = Provider(
        calls(("answer_fact", {"what": "the mean spend of each plan", "sql": sql.format("plan")})), says("Done."),
        calls(("answer_fact", {"what": "the mean spend of each shade", "sql": sql.format("shade")})), says("Done."),
    )  # fmt: skip
    with serving(provider):
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        with inquiry(shop, ledger=tmp_path / "l", model=ModelSettings("openai:x")) as asked:
            talk = Chat(asked)
            talk.reply("how much do people spend, by plan?")
            answer = talk.reply("and by shade?")
    assert "The mean spend of each shade" in flat(answer) or "the mean spend of each shade" in flat(answer)
    thread = provider.requests[2]["messages"][1]["content"]
    assert "how much do people spend, by plan?" in thread
    assert "AS mean_spend" in thread, "how it was read is told with it"
