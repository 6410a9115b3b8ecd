"""A thread of questions end to end: asked, cut short, continued, closed, recomputed; on planted and on real tables."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.agent.books import check, describe
from heldout.agent.thread import thread
from heldout.tools.errors import HypothesisError, LedgerError, NoVaultLeft, UsageError
from heldout.tools.verify.heads import head_file
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.transcript import MOST, threads
from tests.shop import shop

TRUE = ["spend higher for plan=gold", "churned more likely for contract=no", "spend increases with visits"]
NULL = ["noise increases with luck", "luck lower for plan=plus"]


@pytest.fixture(scope="module")
def large(planted: pd.DataFrame) -> pd.DataFrame:
    """2,400 rows, so that there are three vaults: the planted table twice, its numbers moved a little."""
    rng = np.random.default_rng(4)
    twice = pd.concat([planted, planted], ignore_index=True)
    for name in ("noise", "luck", "spend"):
        twice[name] = (twice[name] + rng.normal(0, 0.2, len(twice))).round(4)
    return twice


def _recomputed(report: heldout.Explanation, folder: Path) -> subprocess.CompletedProcess[str]:
    report.save(folder)
    return subprocess.run(
        [sys.executable, str(folder / "reproduce.py")], capture_output=True, text=True, timeout=240
    )  # fmt: skip


def _kinds(book: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in book.read_text().splitlines()]


def test_each_question_is_answered_at_once_and_only_by_verified_or_not(planted, tmp_path) -> None:
    with thread(planted, name="p", ledger=tmp_path / "l") as asked:
        replies = [asked.ask_claim(q) for q in (*TRUE, *NULL)]
    assert [r.verified for r in replies] == [True, True, True, False, False]
    assert [r.left for r in replies] == [MOST - at for at in range(1, 6)]
    assert {r.state for r in replies} == {"asked"}
    assert replies[0].claim == "`spend` is higher when `plan` is gold than otherwise"
    for reply in replies:
        assert reply.exploration.split == "exploration"
        assert reply.exploration.n < 600
    held = [name for name in replies[0]._fields if "held" in name or name in ("p_value", "outcome", "size")]
    assert held == []


def test_the_ledger_holds_no_number_of_the_vault_before_the_thread_is_revealed(planted, tmp_path) -> None:
    book = tmp_path / "l"
    with thread(planted, name="p", ledger=book) as asked:
        asked.ask_claim(TRUE[0])
    assert _kinds(book) == ["seal", "thread_open", "thread_claim", "thread_verdict"]
    assert set(json.loads(book.read_text().splitlines()[-1])["body"]) == {"number", "question", "verified"}


def test_the_same_claim_in_whatever_words_gives_the_recorded_verdict_and_costs_nothing(planted, tmp_path) -> None:
    book = tmp_path / "l"
    with thread(planted, name="p", ledger=book) as asked:
        first = [asked.ask_claim(q) for q in (TRUE[2], NULL[0])]
        lines = book.read_bytes()
        again = [asked.ask_claim(q) for q in ("visits increases with spend", NULL[0], first[0].hypothesis)]
        assert book.read_bytes() == lines
    assert [(r.state, r.verified, r.left) for r in again] == [
        ("recorded", True, MOST - 2), ("recorded", False, MOST - 2), ("recorded", True, MOST - 2),
    ]  # fmt: skip
    with thread(planted, name="other name", ledger=book) as later:
        assert later.ask_claim(TRUE[2]).state == "recorded"
        assert later.remaining().asked == 2


def test_what_a_batch_verified_before_is_answered_from_it(large, tmp_path) -> None:
    book = tmp_path / "l"
    heldout.verify(large, [TRUE[0], NULL[0]], name="p", ledger=book)
    lines = book.read_bytes()
    with thread(large, name="p", ledger=book) as asked:
        assert asked.ask_claim(TRUE[0])[2:4] == ("recorded", True)
        assert book.read_bytes() == lines
        assert asked.ask_claim(NULL[0])[2:4] == ("asked", False)
        assert asked.remaining().vault == 2


def test_what_is_left_is_said_and_asking_about_it_spends_nothing(large, tmp_path) -> None:
    book = tmp_path / "l"
    with thread(large, name="p", ledger=book) as asked:
        assert asked.remaining()[:4] == (0, 0, MOST, 1)
        assert asked.remaining().vaults_left == 2
        level = asked.remaining().level
        assert _kinds(book) == ["seal"]
        asked.ask_claim(TRUE[0])
        stand = asked.remaining()
    [one] = threads(Ledger(book), json.loads(book.read_text().splitlines()[0])["dataset"])
    assert one.questions[0].level == level
    assert stand[:4] == (1, 1, MOST - 1, 1)
    assert stand.level == pytest.approx(0.05 * 0.6 * 2 / (2 * 2 * sum(1 / t for t in range(1, 51))))


def test_a_claim_that_cannot_be_read_or_follows_from_the_table_costs_nothing(planted, tmp_path) -> None:
    book, table = tmp_path / "l", planted.assign(doubled=planted["spend"] * 2 + 1)
    with thread(table, name="p", ledger=book) as asked:
        for wrong in ("spendd higher for plan=gold", "spend higher for plan=golden", [TRUE[0], TRUE[1]], []):
            with pytest.raises(HypothesisError):
                asked.ask_claim(wrong)
        reply = asked.ask_claim("doubled increases with spend")
    assert (reply.state, reply.verified, reply.left) == ("refused", None, MOST)
    assert "Follows from how the table is built" in (reply.reason or "")
    assert _kinds(book) == ["seal"]


def test_a_claim_on_columns_that_were_shown_is_refused_with_the_way_out_and_others_are_asked(planted, tmp_path) -> None:
    with thread(planted, name="p", ledger=tmp_path / "l") as asked:
        assert asked.ask_claim(TRUE[0]).verified
        asked.expose(["spend", "visits"], "What is the mean spend by visits?")
        reply = asked.ask_claim(TRUE[2])
        assert (reply.state, reply.verified, reply.left) == ("refused", None, MOST - 1)
        assert "Bring new rows" in (reply.reason or "")
        assert asked.ask_claim(TRUE[0]).state == "recorded"
        assert asked.ask_claim(TRUE[1]).verified


def test_revealing_shows_all_numbers_burns_the_vault_and_can_be_repeated(large, tmp_path) -> None:
    book = tmp_path / "l"
    with thread(large, name="p", ledger=book) as asked:
        with pytest.raises(UsageError, match="nothing to reveal"):
            asked.reveal()
        verdicts = [asked.ask_claim(q).verified for q in (*TRUE, *NULL)]
        report = asked.reveal()
        lines = book.read_bytes()
        again = asked.reveal()
        assert book.read_bytes() == lines
        assert asked.remaining()[:4] == (0, 0, MOST, 2)
    assert (report.replayed, again.replayed) == (False, True)
    assert again.to_json(timing=False) == report.to_json(timing=False)
    with thread(large, name="p", ledger=book) as later:
        assert later.reveal().to_json(timing=False) == report.to_json(timing=False)
    assert [(a.outcome == "verified") for a in report.result.asked] == verdicts
    assert [v.state for v in report.result.split.vaults] == ["opened", "sealed", "sealed"]
    assert report.result.policy.method == "transcript-LOND"
    assert "asked one after another" in report.to_markdown()
    assert report.to_html()
    assert {f.source for f in report.findings} == {"user"}
    after = heldout.explain(large, name="p", ledger=book)
    assert [v.state for v in after.result.split.vaults] == ["burnt", "opened", "sealed"]
    assert [v.explored for v in after.result.split.vaults] == [True, False, False]


def test_the_numbers_of_a_revealed_thread_are_recomputed_and_a_changed_level_is_found(large, tmp_path) -> None:
    book = tmp_path / "l"
    with thread(large, name="p", ledger=book) as asked:
        for question in (*TRUE[:2], *NULL):
            asked.ask_claim(question)
        heldout.verify(large, TRUE[2], name="p", ledger=book)
        asked.ask_claim("spend lower for plan=gold")
        report = asked.reveal()
    done = _recomputed(report, tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "5 findings" in done.stdout
    ledger = tmp_path / "out" / "ledger.jsonl"
    text = ledger.read_text()
    [claim] = [line for line in text.splitlines() if '"question":3' in line and '"thread_claim"' in line]
    told = json.loads(claim)["body"]["level"]
    ledger.write_text(text.replace(claim, claim.replace(json.dumps(told), json.dumps(2 * told))))
    changed = subprocess.run(
        [sys.executable, str(tmp_path / "out" / "reproduce.py")], capture_output=True, text=True, timeout=240
    )
    assert changed.returncode == 1
    assert "the level of question 3 does not follow" in changed.stdout


def test_a_strict_thread_is_recomputed_too(planted, tmp_path) -> None:
    with thread(planted, name="p", ledger=tmp_path / "l", strict=True) as asked:
        verdicts = [asked.ask_claim(q).verified for q in (TRUE[0], NULL[0])]
        report = asked.reveal()
    assert verdicts == [True, False]
    assert report.result.policy.method == "transcript-Bonferroni"
    assert _recomputed(report, tmp_path / "out").returncode == 0


def test_a_batch_amid_a_thread_takes_the_next_vault_and_its_replay_is_the_same_after_the_thread(
    large, tmp_path
) -> None:
    book = tmp_path / "l"
    with thread(large, name="p", ledger=book) as asked:
        asked.ask_claim(TRUE[0])
        report = heldout.explain(large, name="p", ledger=book)
        assert [v.state for v in report.result.split.vaults] == ["questioned", "opened", "sealed"]
        assert [v.explored for v in report.result.split.vaults] == [False, False, False]
        asked.ask_claim(TRUE[1])
        asked.reveal()
    again = heldout.explain(large, name="p", ledger=book)
    assert again.replayed
    assert again.findings == report.findings
    assert again.result.profile == report.result.profile
    assert [v.explored for v in again.result.split.vaults] == [False, False, False]


def test_where_the_thread_holds_the_only_vault_explain_says_how_to_close_it(planted, tmp_path) -> None:
    book = tmp_path / "l"
    with thread(planted, name="p", ledger=book) as asked:
        asked.ask_claim(TRUE[0])
        with pytest.raises(NoVaultLeft, match=r"open thread of questions holds vault 1 of 1.*close it with"):
            heldout.explain(planted, name="p", ledger=book)
        asked.reveal()
        with pytest.raises(NoVaultLeft, match="is spent"):
            asked.ask_claim(NULL[0])
        assert asked.ask_claim(TRUE[0]).state == "recorded"
        assert asked.remaining()[2:5] == (0, None, None)


def test_an_open_thread_goes_on_only_under_its_own_settings(planted, tmp_path) -> None:
    book = tmp_path / "l"
    with thread(planted, name="p", ledger=book) as asked:
        asked.ask_claim(TRUE[0])
    with thread(planted, name="p", ledger=book, alpha=0.2) as other, pytest.raises(LedgerError, match="other settings"):
        other.ask_claim(NULL[0])


def test_a_table_too_small_to_split_has_no_threads(planted, tmp_path) -> None:
    with (
        pytest.raises(UsageError, match="state all hypotheses at once"),
        thread(planted.head(150), ledger=tmp_path / "l"),
    ):
        pass


def test_a_thread_cut_anywhere_goes_on_with_other_questions_to_the_same_verdicts(large, tmp_path) -> None:
    """Cut after each entry, then another question first: the claim that waits is answered before it, once."""

    def work(book: Path, questions: list[str]) -> list[bool | None]:
        with thread(large, name="p", ledger=book) as asked:
            return [asked.ask_claim(q).verified for q in questions]

    whole = tmp_path / "whole"
    own = [TRUE[0], NULL[0], TRUE[1]]
    verdicts = work(whole, own)
    lines = whole.read_bytes().splitlines(keepends=True)
    assert len(lines) == 8
    for cut in range(1, len(lines)):
        book = tmp_path / f"cut-{cut}"
        book.write_bytes(b"".join(lines[:cut]))
        asked = sum(b'"thread_claim"' in line for line in lines[:cut])
        assert work(book, own[asked:] or own[-1:]) == (verdicts[asked:] or verdicts[-1:])
        dataset = json.loads(lines[0])["dataset"]
        assert Ledger(book).head(dataset) == Ledger(whole).head(dataset), f"cut after {cut} entries"


def test_a_claim_that_waits_is_told_by_no_level_and_is_answered_with_the_thread(planted, tmp_path) -> None:
    book = tmp_path / "l"
    with thread(planted, name="p", ledger=book) as asked:
        asked.ask_claim(TRUE[0])
        asked.ask_claim(NULL[0])
        lines = book.read_bytes().splitlines(keepends=True)
        book.write_bytes(b"".join(lines[:-1]))  # as if the run had been stopped before the verdict
        head_file(book).unlink()
        assert asked.remaining().level is None
        report = asked.reveal()
    assert [a.outcome == "verified" for a in report.result.asked] == [True, False]
    assert _kinds(book)[-3:] == ["thread_claim", "thread_verdict", "reveal"]


def test_the_books_tell_of_threads_and_of_what_is_left(large, tmp_path) -> None:
    book = tmp_path / "l.jsonl"
    with thread(large, name="p", ledger=book) as asked:
        asked.ask_claim(TRUE[0])
        text = describe(book, None)
        assert "Vault 1 (" in text
        assert "a thread of 1 question, 1 verified, still open." in text
        assert "Open thread: 49 of 50 questions left. Close it with `heldout ask FILE --reveal`." in text
        assert "Left: 2 of 3 vaults." in text
        asked.reveal()
    assert "a thread of 1 question, 1 verified, revealed." in describe(book, None)
    assert "Open thread" not in describe(book, None)
    assert "every hash matches" in check(book, None)


def test_rows_of_one_customer_and_joined_tables_can_be_asked(tmp_path) -> None:
    frames = shop(3, 900, effect=30.0)
    with thread(frames, name="shop", ledger=tmp_path / "l", grain="orders") as asked:
        reply = asked.ask_claim("amount higher for plan=gold")
        assert reply.verified
        assert reply.exploration.clusters is not None
        report = asked.reveal()
    assert report.findings[0].held_out.clusters is not None
    assert _recomputed(report, tmp_path / "out").returncode == 0


def test_a_real_table_is_asked_closed_and_recomputed(shared, tmp_path) -> None:
    file = shared / "seaborn" / "taxis.csv"
    if not file.is_file():
        pytest.skip("the real tables are not here")
    book = tmp_path / "l"
    with thread(file, ledger=book) as asked:
        questions = [
            "fare increases with distance", "tip higher for payment=credit card", "distance higher for color=green",
            "passengers higher for payment=cash", "fare increases with distance among color=green",
        ]  # fmt: skip
        verdicts = [asked.ask_claim(q).verified for q in questions]
        assert verdicts[:2] == [True, True]
        assert not asked.expose(["fare", "payment"], "mean fare by payment").free
        assert asked.ask_claim("fare higher for payment=cash").state == "refused"
        report = asked.reveal()
    assert [a.outcome == "verified" for a in report.result.asked] == verdicts
    assert _recomputed(report, tmp_path / "out").returncode == 0
    text = heldout.explain(file, outcome="fare", ledger=book)
    columns = [{f.hypothesis["outcome"], f.hypothesis["predictor"]} for f in text.findings]
    assert {"fare", "payment"} not in columns
