"""Threads at their edges: their names, a claim that still waits, and which thread a receipt speaks of."""

from pathlib import Path

import pytest
from test_transcript import DATA, PLAN, RULE, A, B, C, told

from heldout.tools.errors import SealBroken
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.sessions import record_reveal
from heldout.tools.verify.transcript import (
    MOST,
    Thread,
    begin,
    commit_claim,
    open_thread,
    spending,
    thread_of,
    thread_receipt,
    threads,
    together,
)
from heldout.tools.verify.verify import answer, reveal


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "book.jsonl")


def test_the_control_of_a_thread_has_its_name() -> None:
    named = {
        strict: Thread(vault=1, request="t", rule=make_rule(strict=strict), weight=1.0).method
        for strict in (False, True)
    }
    assert named == {False: "transcript-LOND", True: "transcript-Bonferroni"}


def test_a_budget_is_spent_over_fifty_claims_and_no_more() -> None:
    assert spending(MOST - 1) > 0
    assert spending(MOST) == 0
    nothing = together([])
    assert (nothing.rejected, nothing.level, nothing.next_level) == ((), 0.0, 0.0)


def test_each_receipt_speaks_of_the_thread_on_its_own_vault(book: Ledger) -> None:
    told(book, [A], [True])
    first = thread_receipt(book, DATA, threads(book, DATA)[0])
    record_reveal(book, first, {A.content_id(): "verified"})
    told(book, [B, C], [False, True])
    assert [t.vault for t in threads(book, DATA)] == [1, 2]
    second = thread_receipt(book, DATA, threads(book, DATA)[1])
    assert [thread_of(book, r).vault for r in (first, second)] == [1, 2]
    assert [len(thread_of(book, r).questions) for r in (first, second)] == [1, 2]
    assert open_thread(book, DATA) == threads(book, DATA)[1]
    assert (threads(book, DATA)[0].left, threads(book, DATA)[1].left) == (0, MOST - 2)


def test_a_thread_with_a_claim_that_waits_is_not_revealed_and_one_without_is_not_answered(book: Ledger) -> None:
    """No row is needed: both are refused before the sealed file would be opened."""
    begin(book, DATA, PLAN, RULE, request="t")
    thread = commit_claim(book, DATA, A)
    receipt = thread_receipt(book, DATA, thread)
    with pytest.raises(SealBroken, match="Question 1 of the thread waits for its verdict: answer it first"):
        reveal(None, book, receipt, [A], None)  # type: ignore[arg-type]
    told(Ledger(book.path.with_name("other")), [A], [True])
    other = Ledger(book.path.with_name("other"))
    with pytest.raises(SealBroken, match="No question of the thread on vault 1 waits for a verdict"):
        answer(None, other, thread_receipt(other, DATA, threads(other, DATA)[0]), [A])  # type: ignore[arg-type]
