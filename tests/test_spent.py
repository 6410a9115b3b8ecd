"""When no vault is left: what the ledger can still say, and the command that shows all of it."""

import shlex
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import heldout
from heldout.agent.cli import cli
from heldout.agent.spent import show_command
from heldout.tools.errors import NoVaultLeft

OWN = ["spend increases with visits", "spend higher for plan=gold", "noise increases with luck"]


def _run(*arguments: object):
    return CliRunner().invoke(cli, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def spent(planted: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, heldout.Explanation]:
    """A table whose one vault was opened for three hypotheses."""
    folder = tmp_path_factory.mktemp("spent")
    planted.to_csv(folder / "planted.csv", index=False)
    report = heldout.verify(folder / "planted.csv", OWN, ledger=folder / "l.jsonl")
    assert [v.state for v in report.result.split.vaults] == ["opened"]
    return folder / "planted.csv", folder / "l.jsonl", report


def test_a_question_that_no_vault_is_left_for_is_told_what_was_verified_on_its_columns(spent):
    file, book, _ = spent
    with pytest.raises(NoVaultLeft) as err:
        heldout.explain(file, outcome="visits", ledger=book)
    head, on, *claims, last = str(err.value).splitlines()
    assert head.startswith("Every vault of these data is spent (1 of 1): a new question needs new rows.")
    assert (on, claims) == ("Verified before on visits:", ["- spend rises with visits"])
    assert last == f"All that was found (3 hypotheses): `heldout ledger show {file} --ledger {book}`"


def test_without_a_focus_every_verified_claim_is_told_and_of_other_columns_none(spent):
    file, book, report = spent
    with pytest.raises(NoVaultLeft) as err:
        heldout.explain(file, ledger=book)
    told = {line[2:] for line in str(err.value).splitlines() if line.startswith("- ")}
    assert told == {f.claim.replace("`", "") for f in report.verified}
    assert len(told) >= 2
    with pytest.raises(NoVaultLeft, match="Verified before on contract or shade: nothing"):
        heldout.explain(file, about=["shade", "contract"], ledger=book)


def test_a_hypothesis_is_told_what_became_of_earlier_ones_on_its_columns_whatever_it_was(spent):
    file, book, report = spent
    outcome = {a.text: a.outcome for a in report.result.asked}
    with pytest.raises(NoVaultLeft) as err:
        heldout.verify(file, ["noise falls with luck", "spend falls with visits"], ledger=book)
    text = str(err.value)
    assert "Tested before on these columns:\n- verified: spend rises with visits\n" in text
    assert f"- {outcome[OWN[2]]}: noise rises with luck\n" in text
    assert "gold" not in text


def test_the_command_that_is_named_shows_every_outcome_and_each_verified_claim(spent):
    file, book, report = spent
    done = _run("ledger", "show", file, "--ledger", book)
    assert done.exit_code == 0
    counts = report.result.counts
    assert f"3 hypotheses: {counts.verified} verified" in done.stdout
    assert "Left: 0 of 1 vault." in done.stdout
    assert "- 1: spend rises with visits" in done.stdout
    assert "1 vault." in done.stdout
    assert "(s)" not in done.stdout


def test_a_dry_run_says_the_command_too(spent):
    file, book, _ = spent
    done = _run("verify", file, "--ledger", book, "--hypothesis", "spend falls with visits", "--dry-run", "-q")
    assert "every vault of these data is spent (1 of 1)" in done.stdout
    assert f"`heldout ledger show {file} --ledger {book}`" in done.stdout


def test_the_command_names_files_options_and_else_the_ledger():
    place = Path("home/a.jsonl")
    words = [
        show_command("my sales.csv", None, place, table="May", tables=()),
        show_command(["a.csv", Path("b.csv")], "l.jsonl", place, table=None, tables=()),
        show_command("base.sqlite", None, place, table=None, tables=("a", "b")),
        show_command({"x": [1, 2]}, None, place, table=None, tables=()),
        show_command(["a.csv", {"x": [1]}], None, place, table=None, tables=()),
    ]
    assert [shlex.split(w)[3:] for w in words] == [
        ["my sales.csv", "--table", "May"],
        ["a.csv", "b.csv", "--ledger", "l.jsonl"],
        ["base.sqlite", "--tables", "a,b"],
        ["home/a.jsonl"],
        ["home/a.jsonl"],
    ]


def test_the_ledger_of_one_sheet_is_shown_by_its_name(planted, tmp_path, monkeypatch):
    monkeypatch.setenv("HELDOUT_HOME", str(tmp_path))
    with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
        planted.head(300).to_excel(book, sheet_name="May", index=False)
        planted.tail(300).to_excel(book, sheet_name="June", index=False)
    assert _run("explain", tmp_path / "book.xlsx", "--table", "June", "-q").exit_code == 0
    assert "Left: 0 of 1 vault." in _run("ledger", "show", tmp_path / "book.xlsx", "--table", "June").stdout
    assert _run("ledger", "check", tmp_path / "book.xlsx", "--table", "June").exit_code == 0
    assert "Nothing was spent" in _run("ledger", "show", tmp_path / "book.xlsx", "--table", "May").stderr


def test_what_an_open_thread_verified_is_known_before_it_is_revealed(planted, tmp_path) -> None:
    book = tmp_path / "l"
    heldout.ask(planted, "spend higher for plan=gold", name="s", ledger=book)
    heldout.ask(planted, "noise increases with luck", name="s", ledger=book)
    with pytest.raises(NoVaultLeft) as err:
        heldout.explain(planted, name="s", ledger=book)
    text = str(err.value)
    assert "Verified before:\n- spend is higher when plan is gold than otherwise\n" in text
    assert "noise" not in text
