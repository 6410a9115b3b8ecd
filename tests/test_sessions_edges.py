"""What a data set has spent, at the edges: what became of each claim, and the exact words of a refused seal."""

from pathlib import Path

import pytest
from test_sessions import DATA, PLAN, RULE, VAULTS, A, B, C, run

from heldout.tools.errors import LedgerError, SealBroken
from heldout.tools.verify.exposures import record_exposed
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.seals import record_seal
from heldout.tools.verify.sessions import (
    check_receipt,
    check_unseen,
    commit,
    outcomes,
    receipt_of,
    record_open,
    record_reveal,
)
from heldout.tools.verify.sessions import sessions as known_sessions


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
