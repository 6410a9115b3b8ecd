"""What a data set has spent, at the edges: entries word for word, threads, other data sets, and words of refusal."""

from pathlib import Path

import pytest
from test_sessions import DATA, PLAN, RULE, VAULTS, A, B, C, run

from heldout.tools.errors import LedgerError, NoVaultLeft, SealBroken
from heldout.tools.verify.exposures import record_exposed
from heldout.tools.verify.hypothesis import Hypothesis
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.seals import check_plan, record_seal
from heldout.tools.verify.sessions import (
    Receipt,
    batch_id,
    check_receipt,
    check_unseen,
    commit,
    outcomes,
    receipt_of,
    record_open,
    record_reveal,
)
from heldout.tools.verify.sessions import sessions as known_sessions
from heldout.tools.verify.transcript import begin, commit_claim, record_verdict


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "book.jsonl")


def test_what_became_of_each_claim_is_told_by_batch_for_the_data_set_alone(book: Ledger) -> None:
    run(book, [A, B], 1)
    commit(book, "e" * 64, PLAN, [A], RULE, request="r")
    run(book, [C], 0, request="other")
    commit(book, DATA, PLAN, [A], RULE, request="third")
    a, b, c = (h.content_id() for h in (A, B, C))
    assert outcomes(book, DATA) == {1: {a: "verified", b: "refuted"}, 2: {c: "refuted"}}
    assert outcomes(book, "e" * 64) == {}


def test_a_batch_that_does_not_stand_in_the_ledger_has_no_head_and_opens_nothing(book: Ledger) -> None:
    receipt = commit(book, DATA, PLAN, [A], RULE, request="r")
    stands = known_sessions(book, DATA)[0]
    assert receipt_of(book, DATA, stands) == receipt
    strange = receipt_of(book, DATA, stands.model_copy(update={"request": "another"}))
    assert (receipt.head != "", strange.head) == (True, "")
    with pytest.raises(SealBroken, match="does not stand in the ledger"):
        check_receipt(book, strange, [A])


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "time"}, {"key": "x"}, {"salt": "ffff"}, {"rows": 1_999}, {"units": 1_999},
        {"exploration_rows": 999}, {"vaults": VAULTS[:2]},
    ],
    ids=lambda c: next(iter(c)),
)  # fmt: skip
def test_each_single_thing_that_decides_where_rows_lie_is_frozen(book: Ledger, change: dict) -> None:
    record_seal(book, DATA, PLAN)
    with pytest.raises(LedgerError, match="were sealed before"):
        record_seal(book, DATA, PLAN.model_copy(update=change))
    assert record_seal(book, DATA, PLAN.model_copy(update={"copies": 3, "gap_rows": 2})) == PLAN


def test_a_seal_from_before_grains_were_recorded_stands_for_a_plan_that_names_one(book: Ledger) -> None:
    record_seal(book, DATA, PLAN)
    assert record_seal(book, DATA, PLAN.model_copy(update={"joining": "1" * 64})) == PLAN


ROWS = "rows with 3 vaults"


@pytest.mark.parametrize(
    ("known", "by", "way"),
    [
        ({"kind": "entity", "key": "shop"}, "entity `shop` with 3 vaults", "Use `--entity shop`"),
        ({"kind": "time", "key": "day"}, "time `day` with 3 vaults", "Use `--time day`"),
        ({"kind": "time"}, "time `order of the file` with 3 vaults", "Leave out `--entity` and `--time`"),
        ({"kind": "entity", "key": "shop", "vaults": ()}, "entity `shop`", "Use `--entity shop`"),
        (
            {"kind": "none", "key": "shop"},
            "`shop` (2,000 units, too few to split)",
            "Name `shop` with `--entity` or `--time` as before",
        ),
        ({"kind": "none", "units": 1}, "rows (1 unit, too few to split)", "Leave out `--entity` and `--time`"),
        ({"vaults": VAULTS[:1]}, "rows with 1 vault", "Leave `--one-shot` and `--keep-counts` as they were"),
        ({"key": "x"}, ROWS, "Leave out `--entity` and `--time`"),
    ],
)
def test_a_refused_seal_says_how_it_was_made_how_it_would_be_and_the_way_out(
    book: Ledger, known: dict, by: str, way: str
) -> None:
    record_seal(book, DATA, PLAN.model_copy(update=known))
    with pytest.raises(LedgerError) as err:
        record_seal(book, DATA, PLAN)
    assert str(err.value) == (
        f"These data were sealed before by {by}; sealing them by {ROWS} now would hide rows that have been explored. "
        f"{way}, or bring new rows."
    )


def test_a_claim_on_shown_columns_is_refused_with_those_that_were_shown(book: Ledger) -> None:
    record_exposed(book, DATA, (1, 2, 3), ["spend", "visits", "plan"], question="q")
    with pytest.raises(SealBroken) as err:
        commit(book, DATA, PLAN, [B, A], RULE, request="r")
    assert str(err.value) == (
        f"Hypothesis {A.content_id()!r} cannot be tested on vault 1: an answer from all rows showed `spend` and "
        "`visits` of it. Bring new rows."
    )
    assert known_sessions(book, DATA) == ()
    check_unseen([B], (), 1)
    assert commit(book, DATA, PLAN, [A], RULE, request="r", fixed=True).vault == 1


def test_what_was_shown_of_another_data_set_closes_nothing_here(book: Ledger) -> None:
    record_exposed(book, "e" * 64, (1, 2, 3), ["spend", "visits"], question="q")
    assert commit(book, DATA, PLAN, [A], RULE, request="r").vault == 1


def test_a_batch_takes_the_first_vault_on_which_its_own_claims_can_be_tested(book: Ledger) -> None:
    record_exposed(book, DATA, (1,), ["plan", "shade"], question="of no matter to the claim")
    assert commit(book, DATA, PLAN, [A], RULE, request="r").vault == 1
    record_exposed(book, DATA, (1,), ["spend", "visits"], question="of the claim")
    assert commit(book, DATA, PLAN, [A], RULE, request="other").vault == 2


def test_a_second_revelation_is_written_only_where_a_late_claim_can_be_tested_now(book: Ledger) -> None:
    receipt = commit(book, DATA, PLAN, [A, B], RULE, request="r")
    a, b = A.content_id(), B.content_id()
    record_open(book, receipt)
    record_reveal(book, receipt, {a: "verified", b: "untestable"}, [b])
    size = len(book.entries())
    for late, told in (
        ([b], {a: "verified", b: "untestable"}),
        ([], {a: "verified", b: "refuted"}),
        ([a], {a: "verified", b: "refuted"}),
    ):
        record_reveal(book, receipt, told, late)
        assert len(book.entries()) == size
    record_reveal(book, receipt, {a: "verified", b: "verified"}, [b])
    assert [e.kind for e in book.entries()][size:] == ["reveal"]
    assert known_sessions(book, DATA)[0].discoveries == 2
    record_reveal(book, receipt, {a: "verified", b: "verified"}, [b])
    assert len(book.entries()) == size + 1


def test_a_batch_says_how_many_claims_were_drafted_but_never_fewer_than_it_holds(book: Ledger) -> None:
    commit(book, DATA, PLAN, [A, B], RULE, request="r", drafted=9, model={"name": "m"})
    first = known_sessions(book, DATA)[0]
    assert (first.drafted, first.model, first.weight, first.earlier) == (9, {"name": "m"}, 0.6, 0)
    commit(book, DATA, PLAN, [A, B, C], RULE, request="r")
    assert known_sessions(book, DATA)[0].drafted == 3


# Threads and other data sets in the same book


def told(book: Ledger, claims: list[Hypothesis], verdicts: list[bool], dataset: str = DATA) -> None:
    begin(book, dataset, PLAN, RULE, request="t")
    for claim, verified in zip(claims, verdicts, strict=True):
        record_verdict(book, dataset, commit_claim(book, dataset, claim), verified)


def test_a_thread_is_a_session_with_every_claim_so_far_and_counts_what_was_verified(book: Ledger) -> None:
    begin(book, DATA, PLAN, RULE, request="t")
    [begun] = known_sessions(book, DATA)
    assert (begun.thread, begun.opened, begun.hypotheses, begun.batch) == (True, False, (), batch_id((), RULE))
    told(book, [A, B, C], [True, False, True])
    [session] = known_sessions(book, DATA)
    assert session.hypotheses == (A.as_json(), B.as_json(), C.as_json())
    assert session.claims() == (A, B, C)
    assert session.batch == batch_id([A, B, C], RULE)
    assert (session.drafted, session.opened, session.found, session.discoveries) == (3, True, 2, 2)
    assert (session.verified, session.burnt) == (None, False)


def test_the_receipt_of_a_thread_holds_the_hash_of_its_own_last_claim(book: Ledger) -> None:
    run(book, [A], 1)
    begin(book, DATA, PLAN, RULE, request="t")
    thread = known_sessions(book, DATA)[1]
    assert receipt_of(book, DATA, thread).head == book.entries()[-1].hash
    told(book, [A, B], [True, False])
    last = book.entries()[-2]
    commit(book, DATA, PLAN, [C], RULE, request="after")
    thread = known_sessions(book, DATA)[1]
    receipt = receipt_of(book, DATA, thread)
    assert (last.kind, receipt.head) == ("thread_claim", last.hash)
    assert (receipt.session, receipt.vault, receipt.weight, receipt.earlier) == (2, 2, 0.2, 1)
    assert check_receipt(book, receipt, [B, A]).number == 2
    strange = thread.model_copy(update={"number": 3})
    assert receipt_of(book, DATA, strange).head == ""


def test_a_session_knows_which_vaults_were_burnt_when_it_was_committed(book: Ledger) -> None:
    told(book, [A], [True])
    first = receipt_of(book, DATA, known_sessions(book, DATA)[0])
    run(book, [B], 0, "second")
    commit(book, DATA, PLAN, [C], RULE, request="third")
    assert [s.after for s in known_sessions(book, DATA)] == [(), (), (2,)]
    record_reveal(book, first, {A.content_id(): "verified"})
    commit(book, DATA, PLAN, [C], RULE, request="third again")
    assert [s.after for s in known_sessions(book, DATA)] == [(), (), (1, 2)]
    assert [s.number for s in known_sessions(book, DATA)] == [1, 2, 3]


def test_a_session_keeps_its_own_vault_whichever_was_begun_first(book: Ledger) -> None:
    record_exposed(book, DATA, (1,), ["spend", "visits"], question="q")
    run(book, [A], 1)
    run(book, [B, C], 2, "later, on the vault that was passed over")
    assert [(s.number, s.verified, s.weight, s.earlier) for s in known_sessions(book, DATA)] == [
        (1, 2, 0.6, 1), (2, 1, 0.2, 0),
    ]  # fmt: skip


def test_a_seal_and_a_showing_are_no_sessions(book: Ledger) -> None:
    record_seal(book, DATA, PLAN)
    record_exposed(book, DATA, (1,), ["spend", "visits"], question="q")
    assert known_sessions(book, DATA) == ()


def test_what_another_data_set_did_on_its_vault_of_the_same_number_changes_nothing_here(book: Ledger) -> None:
    """Every look-up is of one data set: each of these would be answered from the other one's batch."""
    other = "e" * 64
    mine = commit(book, DATA, PLAN, [A, B], RULE, request="r")
    theirs = commit(book, other, PLAN, [C], RULE, request="s")
    assert check_receipt(book, mine, [B, A]).request == "r"
    record_open(book, theirs)
    record_reveal(book, theirs, {C.content_id(): "verified"})
    assert not known_sessions(book, DATA)[0].opened
    record_open(book, mine)
    record_reveal(book, mine, {A.content_id(): "verified", B.content_id(): "refuted"})
    assert [(e.dataset, e.kind, e.body) for e in book.entries() if e.kind == "open"] == [
        (other, "open", {"number": 1, "vault": 1}), (DATA, "open", {"number": 1, "vault": 1}),
    ]  # fmt: skip
    assert outcomes(book, DATA) == {1: {A.content_id(): "verified", B.content_id(): "refuted"}}
    assert book.entries(DATA)[-1].body == {
        "number": 1, "outcomes": {A.content_id(): "verified", B.content_id(): "refuted"},
    }  # fmt: skip


def test_the_same_batch_and_the_same_thread_on_other_data_have_heads_of_their_own(book: Ledger) -> None:
    other = "e" * 64
    mine, theirs = (commit(book, dataset, PLAN, [A], RULE, request="r") for dataset in (DATA, other))
    assert mine.head != theirs.head
    assert receipt_of(book, DATA, known_sessions(book, DATA)[0]) == mine
    told(book, [A], [True])
    told(book, [A], [True], other)
    own, last = book.entries(DATA)[-2], book.entries()[-2]
    assert own.hash != last.hash
    assert receipt_of(book, DATA, known_sessions(book, DATA)[0]).head == own.hash


# What is written, word for word


def test_every_entry_of_a_batch_is_written_word_for_word(book: Ledger) -> None:
    run(book, [C], 1, "first")
    receipt = commit(book, DATA, PLAN, [A, B], RULE, request="r", drafted=7, model={"name": "m"})
    claims = sorted([A, B], key=lambda h: h.content_id())
    entry = book.entries()[-1]
    assert (entry.kind, entry.dataset, entry.body) == ("commit", DATA, {
        "number": 2, "vault": 2, "request": "r", "batch": batch_id([A, B], RULE), "rule": RULE.as_json(),
        "weight": 0.2, "earlier": 1, "hypotheses": [h.as_json() for h in claims], "drafted": 7,
        "model": {"name": "m"}, "opened": False, "verified": None,
    })  # fmt: skip
    assert receipt == Receipt(
        dataset=DATA, session=2, vault=2, weight=0.2, earlier=1, batch=batch_id([A, B], RULE),
        hypothesis_ids=tuple(h.content_id() for h in claims), head=entry.hash,
    )  # fmt: skip


def test_a_batch_without_claims_was_drafted_from_none(book: Ledger) -> None:
    commit(book, DATA, PLAN, [], RULE, request="r")
    assert known_sessions(book, DATA)[0].drafted == 0


def test_the_seal_of_a_data_set_is_its_plan(book: Ledger) -> None:
    assert check_plan(book, DATA, PLAN) is None
    record_seal(book, "e" * 64, PLAN.model_copy(update={"units": 9}))
    record_seal(book, DATA, PLAN)
    entry = book.entries()[-1]
    assert (entry.kind, entry.dataset, entry.body) == ("seal", DATA, PLAN.as_json())
    assert check_plan(book, DATA, PLAN) == PLAN


# Words of refusal


def test_tables_sealed_at_another_grain_are_refused_with_the_reason_that_held(book: Ledger) -> None:
    record_seal(book, DATA, PLAN.model_copy(update={"joining": "0" * 64, "reason": "Rows of `orders`."}))
    with pytest.raises(LedgerError) as err:
        record_seal(book, DATA, PLAN.model_copy(update={"joining": "1" * 64}))
    assert str(err.value) == (
        "These tables were sealed before with another `--grain`, `--root` or `--link`, when it held: Rows of `orders`. "
        "Sealing them otherwise now would hide rows that have been explored. Leave these options as they were, or "
        "bring new rows."
    )


def test_where_an_open_thread_holds_the_last_vault_the_refusal_says_which_and_how_to_close_it(book: Ledger) -> None:
    run(book, [A], 0, "1")
    run(book, [A], 0, "2")
    told(book, [B], [False])
    with pytest.raises(NoVaultLeft) as err:
        commit(book, DATA, PLAN, [C], RULE, request="3")
    assert str(err.value) == (
        "No vault of these data is left: an open thread of questions holds vault 3 of 3. Ask on in the thread, or "
        "close it with `heldout ask FILE --reveal`, which shows its numbers; a new batch needs new rows."
    )


def test_a_batch_given_in_part_twice_or_with_a_stranger_is_refused_in_whole_sentences(book: Ledger) -> None:
    receipt = commit(book, DATA, PLAN, [A, B], RULE, request="r")
    a, b, c = (h.content_id() for h in (A, B, C))
    still = "Held-out rows are still sealed: "
    for given, why in (
        ([A, C], f"no receipt covers hypothesis {c!r}. Commit it before it is verified."),
        ([A, B, B, B], f"hypothesis {b!r} was given 3 times. Give each committed hypothesis once."),
        (
            [],
            f"2 of the 2 committed hypotheses were left out, such as {min(a, b)!r}. Verify the whole batch: its errors "
            "are controlled together.",
        ),
    ):
        with pytest.raises(SealBroken) as err:
            check_receipt(book, receipt, given)
        assert str(err.value) == still + why
