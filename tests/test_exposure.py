"""Answers from all rows: what they cost is said beforehand, written down, and kept from ever being tested there."""

from pathlib import Path

import pandas as pd
import pytest

import heldout
from heldout.agent.ask import preview
from heldout.agent.books import describe
from heldout.agent.exposure import WAY_OUT, cost_line, from_all_rows, why_not, widened
from heldout.agent.sealing import How
from heldout.agent.thread import thread
from heldout.tools.data.split import Plan, VaultPlan
from heldout.tools.errors import SealBroken, UsageError
from heldout.tools.explore.lead import Structure
from heldout.tools.verify.exposures import Exposure, covering, exposures, record_exposed, would_expose
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.sessions import check_receipt, commit, next_vault, record_open, record_reveal, sessions
from heldout.tools.verify.transcript import begin, commit_claim

DATA = "d" * 64
RULE = make_rule()
PLAN = Plan(
    kind="row", key=None, salt="5a17", reason="Rows stand for themselves.", units=2_000, rows=2_000,
    exploration_rows=1_000, exploration_share=0.5,
    vaults=tuple(VaultPlan(number=n, rows=200, units=200, weight=w) for n, w in ((1, 0.6), (2, 0.2), (3, 0.2))),
)  # fmt: skip


def rising(outcome: str, predictor: str, **more: object) -> Hypothesis:
    own = {"family": "monotone_association", "outcome": outcome, "predictor": predictor, "direction": "increasing"}
    return parse({**own, **more})


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "book.jsonl")


def shown(columns: str, vaults: tuple[int, ...] = (1, 2, 3)) -> Exposure:
    return Exposure(columns=tuple(columns), vaults=vaults, question="0" * 64)


# Which claims


@pytest.mark.parametrize(
    ("claim", "touched"),
    [
        (rising("a", "b"), True),
        (rising("b", "a"), True),
        (rising("a", "x"), False),
        (rising("x", "y"), False),
        (rising("x", "a", where=[{"column": "b", "op": ">", "value": 1.0}]), True),
        (rising("x", "a", controls=["c"]), True),
        (parse({"family": "invariant", "rule": "in_range", "outcome": "a", "predictor": "a", "low": 0.0}), True),
        (parse({"family": "invariant", "rule": "in_range", "outcome": "z", "predictor": "z", "low": 0.0}), False),
    ],
)  # fmt: skip
def test_a_claim_is_touched_where_it_relates_two_columns_that_were_shown_together(
    claim: Hypothesis, touched: bool
) -> None:
    assert shown("abc").touches(claim) == touched
    assert (covering(claim, [shown("abc", (2,))], 2) is not None) == touched
    assert covering(claim, [shown("abc", (2,))], 1) is None


def test_two_columns_shown_apart_are_not_shown_together() -> None:
    assert covering(rising("a", "c"), [shown("ab"), shown("bc")], 1) is None


# What it costs


def test_the_cost_is_said_before_and_nothing_is_written(book: Ledger) -> None:
    cost = would_expose((), (1, 2, 3), ["b", "a", "a"])
    assert (cost.columns, cost.vaults, cost.free) == (("a", "b"), (1, 2, 3), False)
    line = cost_line(cost, PLAN, ())
    assert "shows 600 sealed ones: claims that relate two of `a`, `b` could then no longer be verified" in line
    assert "--facts exploration" in line
    alone = cost_line(would_expose((), (1, 2, 3), ["a"]), PLAN, ())
    assert "claims on `a` alone" in alone
    assert book.entries() == ()


def test_what_was_shown_before_costs_nothing_more_and_is_written_once(book: Ledger) -> None:
    assert not record_exposed(book, DATA, (1, 2, 3), ["a", "b", "c"], question="q").free
    part = record_exposed(book, DATA, (2, 3), ["c", "a"], question="r")
    assert part.free
    assert "nothing more" in cost_line(part, PLAN, ())
    assert [e.kind for e in book.entries()] == ["exposed"]
    assert record_exposed(book, DATA, (1,), ["a", "d"], question="s").free is False
    assert len(exposures(book, DATA)) == 2


def test_rows_of_burnt_vaults_are_not_shown_by_an_answer_since_they_are_open_already(book: Ledger) -> None:
    for number in (1, 2, 3):
        receipt = commit(book, DATA, PLAN, [rising("x", f"y{number}")], RULE, request=str(number))
        record_open(book, receipt)
        record_reveal(book, receipt, {})
        cost = from_all_rows(book, DATA, PLAN, (), ["a", "b"])
        assert cost.vaults == tuple(range(number + 1, 4))
    assert cost.free
    assert "costs nothing" in cost_line(cost, PLAN, sessions(book, DATA))


def test_the_vault_of_an_open_thread_is_sealed_for_an_answer(book: Ledger) -> None:
    begin(book, DATA, PLAN, RULE, request="t")
    commit_claim(book, DATA, rising("x", "y"))
    assert from_all_rows(book, DATA, PLAN, (), ["a", "b"]).vaults == (1, 2, 3)


def test_a_column_that_says_the_same_as_a_shown_one_counts_as_shown(book: Ledger) -> None:
    twins = Structure(kind="copy", columns=("b", "b2"), text="They are the same.")
    assert widened(["a", "b"], [twins]) == ("a", "b", "b2")
    from_all_rows(book, DATA, PLAN, [twins], ["a", "b"], question="mean a by b?")
    [one] = exposures(book, DATA)
    assert one.touches(rising("a", "b2"))
    assert "mean a by b" not in book.path.read_text()


# Where a batch goes


def test_a_batch_skips_vaults_on_which_its_columns_were_shown(book: Ledger) -> None:
    claims = [rising("a", "b"), rising("x", "y")]
    record_exposed(book, DATA, (1,), ["a", "b"], question="q")
    assert next_vault(PLAN, (), exposures(book, DATA), claims) == 2
    assert next_vault(PLAN, (), exposures(book, DATA), claims[1:]) == 1
    assert next_vault(PLAN, (), exposures(book, DATA)) == 2
    receipt = commit(book, DATA, PLAN, claims, RULE, request="r")
    assert receipt.vault == 2
    assert check_receipt(book, receipt, claims).vault == 2


def test_a_claim_is_not_committed_where_every_vault_was_shown_unless_nothing_can_have_chosen_it(book: Ledger) -> None:
    record_exposed(book, DATA, (1, 2, 3), ["a", "b"], question="q")
    with pytest.raises(SealBroken) as err:
        commit(book, DATA, PLAN, [rising("x", "y"), rising("a", "b")], RULE, request="r")
    assert "an answer from all rows showed `a` and `b` of it. Bring new rows." in str(err.value)
    assert [e.kind for e in book.entries()] == ["exposed"]
    assert commit(book, DATA, PLAN, [rising("a", "b")], RULE, request="r", fixed=True).vault == 1


def test_a_claim_committed_before_the_showing_stays_good(book: Ledger) -> None:
    receipt = commit(book, DATA, PLAN, [rising("a", "b")], RULE, request="r")
    record_exposed(book, DATA, (1, 2, 3), ["a", "b"], question="q")
    assert check_receipt(book, receipt, [rising("a", "b")]).vault == 1


def test_a_claim_is_not_asked_in_a_thread_whose_vault_was_shown(book: Ledger) -> None:
    begin(book, DATA, PLAN, RULE, request="t")
    record_exposed(book, DATA, (1, 2, 3), ["a", "b"], question="q")
    with pytest.raises(SealBroken, match="showed `a` and `b` of it"):
        commit_claim(book, DATA, rising("a", "b"))
    assert commit_claim(book, DATA, rising("a", "x")).questions[0].number == 1


def test_the_reason_names_the_columns_and_the_way_out() -> None:
    told = why_not(rising("a", "b"), [shown("abc")], 1)
    assert told is not None
    assert told.startswith("Set aside: an earlier answer showed `a` and `b` together from all rows")
    assert told.endswith(WAY_OUT)
    assert why_not(rising("a", "x"), [shown("abc")], 1) is None


# The whole job


def _expose(table: pd.DataFrame, book: Path, *columns: str) -> None:
    with thread(table, name="p", ledger=book) as open_one:
        assert not open_one.would_expose(columns).free
        assert not open_one.expose(columns, "What is the mean?").free
        assert open_one.would_expose(columns).free


def test_a_stated_claim_on_shown_columns_is_set_aside_untestable_and_the_others_are_tested(planted, tmp_path) -> None:
    book = tmp_path / "l.jsonl"
    _expose(planted, book, "spend", "plan")
    own = ["spend higher for plan=gold", "spend increases with visits"]
    seen = preview(planted, own, How(name="p"), rule={}, ledger=book)
    assert [a.state for a in seen.asked] == ["refused", "tested"]
    report = heldout.verify(planted, own, name="p", ledger=book)
    assert [a.outcome for a in report.result.asked] == ["untestable", "verified"]
    assert "showed `spend` and `plan` together from all rows" in (report.result.asked[0].reason or "")
    assert "Bring new rows" in report.to_terminal()
    assert report.result.counts.committed == 1
    again = heldout.verify(planted, own, name="p", ledger=book)
    assert again.replayed


def test_where_every_stated_claim_is_set_aside_no_vault_is_opened(planted, tmp_path) -> None:
    book = tmp_path / "l.jsonl"
    _expose(planted, book, "spend", "plan", "visits")
    report = heldout.verify(planted, ["spend higher for plan=gold", "visits ~ plan"], name="p", ledger=book)
    assert (report.findings, [a.outcome for a in report.result.asked]) == ((), ["untestable"] * 2)
    assert '"kind":"open"' not in book.read_text()


def test_drafts_by_rule_leave_out_what_was_shown(planted, tmp_path) -> None:
    plain = heldout.explain(planted, name="p", ledger=tmp_path / "plain.jsonl")
    pairs = [{f.hypothesis["outcome"], f.hypothesis["predictor"]} for f in plain.findings]
    assert {"spend", "visits"} in pairs
    book = tmp_path / "l.jsonl"
    _expose(planted, book, "spend", "visits")
    report = heldout.explain(planted, name="p", ledger=book)
    assert report.verified
    assert not any({"spend", "visits"} <= set(parse(f.hypothesis).columns) for f in report.findings)


def test_where_nothing_else_is_worth_a_claim_the_report_says_that_columns_were_shown(planted, tmp_path) -> None:
    book = tmp_path / "l.jsonl"
    table = planted[["spend", "visits", "noise"]]
    _expose(table, book, "spend", "visits", "noise")
    report = heldout.explain(table, name="p", ledger=book)
    assert report.findings == ()
    assert "showed from all rows" in (report.result.message or "")


def test_the_closed_list_of_a_small_table_is_tested_whatever_was_shown_and_a_stated_one_is_not(
    planted, tmp_path
) -> None:
    small, book = planted.head(150), tmp_path / "l.jsonl"
    fingerprint = heldout.explain(small, name="s", ledger=tmp_path / "other.jsonl").result.dataset.fingerprint
    record_exposed(Ledger(book), fingerprint, (1,), ["spend", "plan"], question="q")
    stated = heldout.verify(small, "spend higher for plan=gold", name="s", ledger=book)
    assert [a.outcome for a in stated.result.asked] == ["untestable"]
    assert '"kind":"open"' not in book.read_text()
    assert heldout.explain(small, name="s", ledger=book).findings


def test_the_books_tell_what_was_shown(planted, tmp_path) -> None:
    book = tmp_path / "l.jsonl"
    _expose(planted, book, "spend", "plan")
    text = describe(book, None)
    assert "Shown from all rows: `plan`, `spend`; claims that relate two of these are not tested on vault 1." in text


def test_a_column_that_does_not_exist_is_not_exposed(planted, tmp_path) -> None:
    book = tmp_path / "l.jsonl"
    with thread(planted, name="p", ledger=book) as open_one, pytest.raises(UsageError, match="'spent' is not in 'p'"):
        open_one.expose(["spent"], "?")
    assert '"exposed"' not in book.read_text()


def test_a_report_that_was_made_beside_a_showing_is_recomputed(planted, tmp_path) -> None:
    import subprocess
    import sys

    book = tmp_path / "l.jsonl"
    _expose(planted, book, "spend", "plan")
    heldout.explain(planted, name="p", ledger=book).save(tmp_path / "out")
    done = subprocess.run([sys.executable, str(tmp_path / "out" / "reproduce.py")], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
