"""Threads at their edges: every entry word for word, exact shares, which thread a receipt speaks of, and refusals."""

from math import comb
from pathlib import Path

import pytest
from test_transcript import DATA, PLAN, RULE, A, B, C, rising, told

from heldout.tools.errors import LedgerError, NoVaultLeft, SealBroken
from heldout.tools.verify.exposures import record_exposed
from heldout.tools.verify.hypothesis import Hypothesis
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.multiplicity import Rejections
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.sessions import batch_id, commit, record_open, record_reveal
from heldout.tools.verify.transcript import (
    MOST,
    Question,
    Thread,
    begin,
    claims_of,
    commit_claim,
    level,
    open_thread,
    record_verdict,
    rejection,
    share,
    share_of,
    spending,
    thread_of,
    thread_receipt,
    threads,
    together,
    verified_claims,
)
from heldout.tools.verify.verify import answer, reveal

START = {"asked": 0, "verified": 0}


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


# What the ledger holds


def batch(book: Ledger, claims: list[Hypothesis], verified: int, request: str = "r", dataset: str = DATA) -> None:
    """A whole batch before the thread, of which the first `verified` claims held up."""
    receipt = commit(book, dataset, PLAN, claims, RULE, request=request)
    record_open(book, receipt)
    ids = [h.content_id() for h in claims]
    record_reveal(book, receipt, {i: "verified" if at < verified else "refuted" for at, i in enumerate(ids)})


def level_of(weight: float, asked: int, verified: int, earlier: int) -> float:
    """The level of docs/decisions/010, written out again."""
    gamma = 1 / ((asked + 1) * sum(1 / t for t in range(1, 51)))
    return 0.05 * weight * gamma / ((asked + 1) * comb(asked, verified)) * (earlier + verified + 1)


def test_every_entry_of_a_thread_is_written_word_for_word(book: Ledger) -> None:
    batch(book, [A, B], 2)
    told(book, [A, B, C], [True, False, True])
    opened, *rest = [e.body for e in book.entries()[3:]]
    assert opened == {
        "number": 2, "vault": 2, "request": "t", "batch": batch_id((), RULE), "rule": RULE.as_json(), "weight": 0.2,
        "earlier": 2, "hypotheses": [], "drafted": 0, "opened": False, "verified": None, "thread": True,
    }  # fmt: skip
    levels = [body.pop("level") for body in rest[::2]]
    assert levels == pytest.approx([level_of(0.2, 0, 0, 2), level_of(0.2, 1, 1, 2), level_of(0.2, 2, 1, 2)], rel=1e-12)
    assert rest[::2] == [
        {"number": 2, "question": at, "hypothesis": h.as_json(), "earlier": 2} for at, h in enumerate((A, B, C), 1)
    ]
    assert rest[1::2] == [
        {"number": 2, "question": at, "verified": verified} for at, verified in enumerate((True, False, True), 1)
    ]
    assert {e.dataset for e in book.entries()} == {DATA}


def test_the_thread_that_is_handed_back_is_the_one_that_the_ledger_holds(book: Ledger) -> None:
    batch(book, [A], 1)
    begun = begin(book, DATA, PLAN, RULE, request="t")
    assert begun == Thread(vault=2, request="t", rule=RULE, weight=0.2)
    assert begin(book, DATA, PLAN, RULE, request="t") == begun
    thread = commit_claim(book, DATA, A)
    assert thread == threads(book, DATA)[0]
    [question] = thread.questions
    assert (question.number, question.hypothesis, question.verified_before) == (1, A.as_json(), 0)
    assert (question.earlier, question.level, question.verified) == (1, level(RULE, 0.2, **START, earlier=1), None)
    record_verdict(book, DATA, thread, True)
    thread = commit_claim(book, DATA, B)
    assert [(q.verified_before, q.verified) for q in thread.questions] == [(0, True), (1, None)]
    assert thread.outcomes is None
    record_verdict(book, DATA, thread, False)
    record_reveal(book, thread_receipt(book, DATA, thread), {A.content_id(): "verified"})
    assert threads(book, DATA)[0].outcomes == {A.content_id(): "verified"}


def test_threads_are_told_by_vault_and_each_keeps_its_own(book: Ledger) -> None:
    """The first thread takes vault 2, since an answer showed something of vault 1; the second takes vault 1."""
    record_exposed(book, DATA, (1,), ["a", "b"], question="q")
    told(book, [A], [True])
    record_reveal(book, thread_receipt(book, DATA, threads(book, DATA)[0]), {A.content_id(): "verified"})
    record_exposed(book, DATA, (3,), ["a", "b"], question="q")
    record_exposed(book, DATA, (3,), ["a", "c"], question="q")
    told(book, [B, C], [False, True])
    assert [(t.vault, t.weight, len(t.questions)) for t in threads(book, DATA)] == [(1, 0.6, 2), (2, 0.2, 1)]
    assert open_thread(book, DATA) == threads(book, DATA)[0]
    assert open_thread(book, "e" * 64) is None
    assert [q.earlier for q in threads(book, DATA)[0].questions] == [1, 1]
    assert claims_of(threads(book, DATA)[0]) == (B, C)
    receipt = thread_receipt(book, DATA, threads(book, DATA)[0])
    assert (receipt.session, receipt.vault, receipt.weight, len(receipt.hypothesis_ids)) == (1, 1, 0.6, 2)


def test_a_threads_own_discoveries_count_once_and_a_batch_that_was_not_opened_counts_none(book: Ledger) -> None:
    batch(book, [A, B, C], 3)
    commit(book, DATA, PLAN, [A], RULE, request="never opened")
    told(book, [A, B, C], [True, True, True])
    assert [q.earlier for q in threads(book, DATA)[0].questions] == [3, 3, 3]


def test_a_thread_goes_its_way_whatever_other_data_sets_in_the_same_book_do(book: Ledger) -> None:
    """Every look-up is of one data set: the others open, show and ask on vaults of the same numbers."""
    other, third = "e" * 64, "f" * 64
    batch(book, [A, B], 2, "1", other)
    batch(book, [B], 1, "2", other)
    record_exposed(book, other, (1,), ["spend", "visits"], question="q")
    assert begin(book, DATA, PLAN, RULE, request="t").vault == 1
    record_exposed(book, other, (1, 2, 3), ["spend", "visits"], question="q")
    size = len(book.entries())
    begin(book, DATA, PLAN, RULE, request="t")
    assert len(book.entries()) == size
    assert book.entries(DATA)[-1].body["earlier"] == 0
    thread = commit_claim(book, DATA, A)
    begin(book, third, PLAN, RULE, request="t")
    theirs = commit_claim(book, third, B)
    assert verified_claims(book, DATA, RULE) == ()
    record_verdict(book, DATA, thread, True)
    thread = commit_claim(book, DATA, C)
    assert [(q.hypothesis, q.earlier) for q in thread.questions] == [(A.as_json(), 0), (C.as_json(), 0)]
    assert commit_claim(book, third, B) == theirs
    receipt = thread_receipt(book, DATA, thread)
    assert receipt.hypothesis_ids == (A.content_id(), C.content_id())
    assert thread_of(book, receipt) == thread
    record_verdict(book, DATA, thread, False)
    record_reveal(book, receipt, {A.content_id(): "verified", C.content_id(): "refuted"})
    assert verified_claims(book, DATA, RULE) == (A,)


def test_a_claim_on_columns_that_were_shown_of_the_threads_vault_is_refused_and_of_another_vault_not(
    book: Ledger,
) -> None:
    begin(book, DATA, PLAN, RULE, request="t")
    record_exposed(book, DATA, (2, 3), ["spend", "visits"], question="q")
    assert commit_claim(book, DATA, A).questions[0].number == 1
    record_verdict(book, DATA, threads(book, DATA)[0], False)
    record_exposed(book, DATA, (1,), ["noise", "visits"], question="q")
    with pytest.raises(SealBroken, match="cannot be tested on vault 1: an answer from all rows showed"):
        commit_claim(book, DATA, B)


# What error control makes of a question


def question(earlier: int, before: int, number: int = 4, needed: float = 0.001) -> Question:
    return Question(
        number=number, hypothesis=A.as_json(), verified_before=before, earlier=earlier, level=needed, verified=None
    )


def test_the_adjusted_p_divides_by_the_share_and_by_one_more_than_was_found_before() -> None:
    thread = Thread(vault=1, request="t", rule=RULE, weight=0.6)
    own = rejection(0.0002, thread, question(5, 2))
    assert own.adjusted == (pytest.approx(0.0002 / (0.6 * share(3, 2) * 8), rel=1e-12),)
    assert (own.rejected, own.level, own.next_level) == ((True,), 0.001, 0.001)
    strict = thread.model_copy(update={"rule": make_rule(strict=True)})
    assert rejection(0.0002, strict, question(5, 2)).adjusted == (
        pytest.approx(0.0002 / (0.6 * share(3, 2)), rel=1e-12),
    )
    assert share_of(question(5, 2)) == share(3, 2)


def test_a_p_equal_to_the_level_is_verified_and_no_adjusted_p_exceeds_one() -> None:
    thread = Thread(vault=1, request="t", rule=RULE, weight=0.6)
    assert rejection(0.001, thread, question(0, 0)).rejected == (True,)
    assert rejection(0.0010001, thread, question(0, 0)).rejected == (False,)
    assert rejection(0.9, thread, question(0, 0)).adjusted == (1.0,)
    many = rejection(0.01, thread, question(100_000, 0))
    assert many.adjusted == (0.01,)  # the divisor is never above 1: no p is made smaller than it is


def test_the_levels_of_a_thread_together_are_the_largest_of_its_questions() -> None:
    every = [
        Rejections(rejected=(r,), adjusted=(a,), level=low, next_level=more)
        for r, a, low, more in ((True, 0.01, 0.002, 0.003), (False, 0.9, 0.004, 0.001), (True, 0.02, 0.001, 0.002))
    ]
    assert together(every) == Rejections(
        rejected=(True, False, True), adjusted=(0.01, 0.9, 0.02), level=0.004, next_level=0.003
    )


def test_the_first_and_the_last_share_of_a_budget_are_exact() -> None:
    whole = sum(1 / t for t in range(1, 51))
    assert share(0, 0) == pytest.approx(1 / whole, rel=1e-12)
    assert share(49, 49) == pytest.approx(1 / (50 * whole * 50), rel=1e-12)
    assert level(RULE, 0.5, asked=0, verified=0, earlier=3) == min(0.05, 0.05 * 0.5 * share(0, 0) * 4)


# Words of refusal


def test_each_refusal_of_a_thread_says_what_is_wrong_and_the_way_out(book: Ledger) -> None:
    with pytest.raises(SealBroken) as err:
        commit_claim(book, DATA, A)
    assert str(err.value) == "Held-out rows are still sealed: no thread of questions is open on these data."
    thread = begin(book, DATA, PLAN, RULE, request="t")
    with pytest.raises(SealBroken) as err:
        thread_receipt(book, DATA, thread)
    assert str(err.value) == "Held-out rows are still sealed: the thread holds no claim."
    thread = commit_claim(book, DATA, A)
    with pytest.raises(SealBroken) as err:
        commit_claim(book, DATA, B)
    assert str(err.value) == "Question 1 of the thread was not answered yet: answer it first."
    record_verdict(book, DATA, thread, True)
    with pytest.raises(SealBroken) as err:
        record_verdict(book, DATA, thread, True)
    assert str(err.value) == "No question of the thread waits for a verdict."
    with pytest.raises(LedgerError) as settings:
        begin(book, DATA, PLAN, RULE, request="other")
    assert str(settings.value) == (
        "A thread of questions is open on these data under other settings (error level, smallest effects, links). "
        "Ask with the same ones, or close it with `heldout ask FILE --reveal`, which shows its numbers."
    )
    receipt = thread_receipt(book, DATA, threads(book, DATA)[0])
    with pytest.raises(SealBroken) as err:
        thread_of(book, receipt.model_copy(update={"vault": 3}))
    assert str(err.value) == "Vault 3 belongs to no thread of questions."


def test_a_thread_that_has_asked_all_it_may_says_how_it_is_closed(book: Ledger) -> None:
    told(book, [rising(f"c{at}") for at in range(MOST)], [False] * MOST)
    with pytest.raises(NoVaultLeft) as err:
        commit_claim(book, DATA, A)
    assert str(err.value) == (
        "This thread has asked its 50 claims. Close it with `heldout ask FILE --reveal`, which shows its numbers; what "
        "it asked again costs nothing."
    )


def test_a_thread_other_than_the_one_that_waits_is_given_no_verdict(book: Ledger) -> None:
    begin(book, DATA, PLAN, RULE, request="t")
    old = commit_claim(book, DATA, A)
    record_verdict(book, DATA, old, False)
    commit_claim(book, DATA, B)
    with pytest.raises(SealBroken, match="No question of the thread waits for a verdict"):
        record_verdict(book, DATA, old, True)
    assert [e.kind for e in book.entries()][-1] == "thread_claim"


def test_a_thread_that_asked_nothing_is_begun_again_once_something_else_happened(book: Ledger) -> None:
    begin(book, DATA, PLAN, RULE, request="t")
    record_exposed(book, DATA, (3,), ["a", "b"], question="q")
    begin(book, DATA, PLAN, RULE, request="t")
    assert [e.kind for e in book.entries()] == ["thread_open", "exposed", "thread_open"]
    begin(book, "e" * 64, PLAN, RULE, request="t")
    assert [e.dataset for e in book.entries()][-1] == "e" * 64
    begin(book, DATA, PLAN, RULE, request="t")
    assert len(book.entries()) == 4


# Claims that were verified under a rule


def test_verified_claims_are_those_of_revealed_batches_and_threads_under_one_rule(book: Ledger) -> None:
    batch(book, [A, B], 1)
    told(book, [B, C], [False, True])
    assert verified_claims(book, DATA, RULE) == (A,)
    thread = threads(book, DATA)[0]
    record_reveal(book, thread_receipt(book, DATA, thread), {B.content_id(): "refuted", C.content_id(): "verified"})
    commit(book, DATA, PLAN, [B], RULE, request="s")
    assert verified_claims(book, DATA, RULE) == (A, C)
    assert verified_claims(book, "e" * 64, RULE) == ()
    other = make_rule(alpha=0.2)
    receipt = commit(book, DATA, PLAN, [B], other, request="u")
    record_open(book, receipt)
    record_reveal(book, receipt, {B.content_id(): "verified"})
    assert (verified_claims(book, DATA, RULE), verified_claims(book, DATA, other)) == ((A, C), (B,))
