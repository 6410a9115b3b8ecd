"""The command line: what it prints where, which files it writes, and its exit codes."""

import json
import os
import sqlite3
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from heldout.agent import cli_frame
from heldout.agent.cli import cli
from tests.shop import shop

ROOT = Path(__file__).resolve().parent.parent
AFFAIRS = ROOT / "examples" / "data" / "affairs.csv"
WINE = AFFAIRS.with_name("wine.csv")


def _run(*arguments: object):
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def test_explain_prints_a_report_and_writes_its_files(tmp_path):
    done = _run("explain", AFFAIRS, "--out", tmp_path / "report", "-q")
    assert done.exit_code == 0, done.output
    assert "affairs is above 0 falls with rate_marriage" in " ".join(done.stdout.split())
    names = {p.name for p in (tmp_path / "report").iterdir()}
    assert {"report.html", "report.md", "report.json", "ledger.jsonl", "reproduce.py"} <= names


def test_ctrl_c_says_that_the_same_command_goes_on(capsys):
    def stopped():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        cli_frame.guarded(False, stopped)
    assert end.value.code == 130
    assert "The same command goes on from there." in capsys.readouterr().err


def test_what_must_be_read_is_not_wiped_out_by_the_moving_line(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress = cli_frame.Progress(quiet=False)
    with progress as say:
        progress.status.console.file = StringIO()
        say("Exploring")
        progress.note("Answering from all rows shows [sealed] ones: " + "column, " * 40)
        shown = progress.status.console.file.getvalue()
    assert "shows [sealed] ones: " + "column, " * 39 in shown, "one line, no markup"
    progress = cli_frame.Progress(quiet=True)
    with progress:
        progress.note("costs")
    assert "costs" in capsys.readouterr().err, "a cost is told also when asked to be quiet"


def test_json_prints_the_report_and_nothing_else_on_standard_output():
    done = _run("explain", AFFAIRS, "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["tool"]["name"] == "heldout"
    assert "Reading the data" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["explain", "no-such.csv"], "no-such.csv"),
        (["explain", AFFAIRS, "--outcome", "afairs"], "Did you mean 'affairs'?"),
        (["explain", AFFAIRS, "--alpha", "2"], "`alpha` must be between 0 and 0.5. Got 2.0 instead."),
        (["explain", AFFAIRS, "--smallest-effect", "rho"], "is not NAME=VALUE"),
        (["explain", AFFAIRS, "--smallest-effect", "rho=.2"], "'rho', which is no family"),
        (["explain", AFFAIRS, "--entity", "age", "--time", "age"], "not both"),
        (["explain"], "Missing argument"),
        (
            ["explain", AFFAIRS, "--max-rows", "9"],
            "rows, over the limit of 9. Take a part of it or raise `--max-rows`",
        ),
        (["explain", AFFAIRS, "--max-columns", "2"], "raise `--max-columns`"),
        (["explain", AFFAIRS, "--max-bytes", "9"], "Raise `--max-bytes`"),
        (["ledger", "show", AFFAIRS], "ask a first question with `heldout explain`"),
        (["ledger", "show", AFFAIRS], "Nothing was spent on 'affairs.csv' yet"),
    ],
)
def test_a_wrong_call_ends_with_two_and_says_why(arguments, text):
    done = _run(*arguments)
    assert done.exit_code == 2
    assert text in done.stderr
    assert "Traceback" not in done.output


def test_an_internal_error_ends_with_four_and_shows_the_traceback_only_when_asked(monkeypatch):
    from heldout.agent import pipeline

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr(pipeline, "explain", broken)
    plain = _run("explain", AFFAIRS)
    assert plain.exit_code == 4
    assert "RuntimeError: no such luck" in plain.stderr
    assert "Traceback" not in plain.stderr
    assert "Traceback" in _run("explain", AFFAIRS, "-v").stderr


def test_the_ledger_shows_what_was_spent_and_checks_its_chain(tmp_path):
    book = tmp_path / "l.jsonl"
    assert _run("explain", AFFAIRS, "-q", "--ledger", book).exit_code == 0
    shown = _run("ledger", "show", AFFAIRS, "--ledger", book)
    assert shown.exit_code == 0
    assert "Vault 1" in shown.stdout
    assert "Left: 2 of 3 vaults." in shown.stdout
    whole = _run("ledger", "check", book).stdout
    assert "every hash matches" in whole
    assert "'l.jsonl.head' beside it remembers no entry that is missing." in whole
    book.write_text(book.read_text().replace('"weight":0.6', '"weight":0.7', 1))
    broken = _run("ledger", "check", book)
    assert broken.exit_code == 2
    assert "was edited" in broken.stderr


def test_a_ledger_that_was_cut_back_is_refused_by_what_is_kept_beside_it_and_by_the_head_in_a_report(tmp_path):
    book = tmp_path / "l.jsonl"
    assert _run("explain", WINE, "-q", "--ledger", book).exit_code == 0
    lines = book.read_text().splitlines(keepends=True)
    head = json.loads(lines[-1])["hash"]
    assert f"that of entry {len(lines) - 1}" in _run("ledger", "check", book, "--head", head[:16]).stdout
    book.write_text("".join(lines[:-2]))
    for command in (("explain", WINE, "-q", "--ledger"), ("ledger", "show", WINE, "--ledger"), ("ledger", "check")):
        cut = _run(*command, book)
        assert cut.exit_code == 2
        assert f"was rolled back: it holds {len(lines) - 2} entries" in cut.stderr
    (tmp_path / "l.jsonl.head").unlink()
    assert "Nothing beside it remembers how long it was" in _run("ledger", "check", book).stdout
    kept = _run("ledger", "check", book, "--head", head)
    assert kept.exit_code == 2
    assert "it is another ledger, or was cut back since that report" in kept.stderr
    assert "needs 12 digits or more" in _run("ledger", "check", book, "--head", "ab").stderr


def test_every_command_has_help():
    for arguments in ([], ["explain"], ["ledger"], ["ledger", "show"], ["ledger", "check"], ["verify"], ["selftest"]):
        done = _run(*arguments, "--help")
        assert done.exit_code == 0
        assert len(done.stdout.splitlines()) > 4


def test_the_module_runs_as_a_program_and_knows_its_version(tmp_path):
    environment = {**os.environ, "HELDOUT_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "heldout", "--version"], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    import heldout

    assert done.stdout.strip() == f"heldout, version {heldout.__version__}"


def test_a_killed_run_leaves_no_half_report(tmp_path):
    """Killed at several moments: the folder holds whole files or none, and a later run completes."""
    import signal
    import time

    environment = {**os.environ, "HELDOUT_HOME": str(tmp_path / "home")}
    out = tmp_path / "report"
    command = [sys.executable, "-m", "heldout", "explain", str(AFFAIRS), "--out", str(out), "-q"]
    for wait in (1.2, 2.0):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for file in out.glob("*.json"):
            json.loads(file.read_text())
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text())
    assert report["ledger"]["session"] == 1
    assert not [p for p in out.iterdir() if p.suffix in (".tmp", ".part")]


def test_several_files_are_explained_together_and_a_refusal_says_the_way_out(tmp_path):
    files = []
    for name, frame in shop(n=150, effect=25.0).items():
        files.append(tmp_path / f"{name}.csv")
        frame.to_csv(files[-1], index=False)
    done = _run("explain", *files, "-q")
    assert done.exit_code == 0, done.output
    assert "Rows are those of customers; items and orders were summed up for each." in " ".join(done.stdout.split())
    refused = _run("explain", *files, "--grain", "order", "-q")
    assert refused.exit_code == 2
    assert "No table is called 'order'" in refused.stderr
    assert _run("ledger", "check", *reversed(files)).exit_code == 0


def test_tables_of_one_database_are_named_in_one_option(tmp_path):
    base = tmp_path / "shop.sqlite"
    with sqlite3.connect(base) as con:
        for name, frame in shop(n=150).items():
            frame.to_sql(name, con, index=False)
    con.close()
    assert "or several with `--tables`" in _run("explain", base).stderr
    done = _run("explain", base, "--tables", "orders, customers", "--grain", "orders", "--json", "-q")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["tables"]
    assert (told["grain"], told["root"]) == ("orders", "customers")
    assert "Rows of one" not in done.stderr
    assert _run("ledger", "show", base, "--tables", "customers,orders").exit_code == 0
