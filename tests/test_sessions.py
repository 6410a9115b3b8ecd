"""What a data set has spent: seals, commitments, vaults and receipts."""

import io
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.split import Plan, SealedSplit, VaultPlan, seal
from heldout.tools.errors import LedgerError, NoVaultLeft, SealBroken
from heldout.tools.verify.disclosure import burnt_table
from heldout.tools.verify.hypothesis import Hypothesis, parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.seals import record_seal
from heldout.tools.verify.sessions import (
    Receipt,
    batch_id,
    check_receipt,
    commit,
    next_vault,
    receipt_of,
    record_open,
    record_reveal,
    sessions,
)
from heldout.tools.verify.verify import burnt_rows, open_vault, verify

DATA = "d" * 64
RULE = make_rule()
VAULTS = (
    VaultPlan(number=1, rows=600, units=600, weight=0.6),
    VaultPlan(number=2, rows=200, units=200, weight=0.2),
    VaultPlan(number=3, rows=200, units=200, weight=0.2),
)
PLAN = Plan(
    kind="row", key=None, salt="5a17", reason="Rows stand for themselves.", units=2_000, rows=2_000,
    exploration_rows=1_000, exploration_share=0.5, vaults=VAULTS,
)  # fmt: skip


def rising(outcome: str, predictor: str = "visits") -> Hypothesis:
    return parse(
        {"family": "monotone_association", "outcome": outcome, "predictor": predictor, "direction": "increasing"}
    )


A, B, C = rising("spend"), rising("noise"), rising("luck")


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "book.jsonl")


def run(book: Ledger, claims: list[Hypothesis], verified: int, request: str = "r") -> Receipt:
    """A whole session in which the first `verified` claims held up."""
    receipt = commit(book, DATA, PLAN, claims, RULE, request=request)
    record_open(book, receipt)
    ids = [h.content_id() for h in claims]
    outcomes = {key: "verified" if at < verified else "refuted" for at, key in enumerate(ids)}
    record_reveal(book, receipt, outcomes)
    return receipt


def test_a_data_set_is_sealed_once(book: Ledger) -> None:
    assert record_seal(book, DATA, PLAN) == PLAN
    assert record_seal(book, DATA, PLAN) == PLAN
    assert [e.kind for e in book.entries()] == ["seal"]


def test_another_reason_is_no_other_seal_and_the_recorded_plan_counts(book: Ledger) -> None:
    record_seal(book, DATA, PLAN)
    reworded = PLAN.model_copy(update={"reason": "Said in other words.", "warning": "New."})
    assert record_seal(book, DATA, reworded) == PLAN


def test_sealing_the_same_data_in_another_way_is_refused(book: Ledger) -> None:
    record_seal(book, DATA, PLAN)
    other = PLAN.model_copy(update={"kind": "entity", "key": "customer", "vaults": VAULTS[:1]})
    with pytest.raises(LedgerError) as err:
        record_seal(book, DATA, other)
    assert str(err.value) == (
        "These data were sealed before by rows with 3 vaults; sealing them by entity `customer` with 1 vault now "
        "would hide rows that have been explored. Leave out `--entity` and `--time`, or bring new rows."
    )
    assert record_seal(book, "e" * 64, other) == other


@pytest.mark.parametrize(
    ("known", "way"),
    [
        ({"kind": "entity", "key": "shop"}, "Use `--entity shop`, or"),
        ({"kind": "time", "key": "day"}, "Use `--time day`, or"),
        ({"kind": "time", "key": None}, "Leave out `--entity` and `--time`, or"),
        ({"kind": "none", "key": "shop"}, "by `shop` (2,000 units, too few to split); sealing them by rows"),
        ({"vaults": VAULTS[:1]}, "Leave `--one-shot` and `--keep-counts` as they were, or"),
    ],
)
def test_a_seal_that_was_made_otherwise_names_the_option_that_it_was_made_with(
    book: Ledger, known: dict, way: str
) -> None:
    record_seal(book, DATA, PLAN.model_copy(update=known))
    with pytest.raises(LedgerError) as err:
        record_seal(book, DATA, PLAN)
    assert way in str(err.value)


@pytest.mark.parametrize("change", [{"salt": "ffff"}, {"vaults": VAULTS[:1]}, {"units": 1_999}, {"key": "x"}])
def test_each_thing_that_decides_where_rows_lie_is_frozen(book: Ledger, change: dict) -> None:
    record_seal(book, DATA, PLAN)
    with pytest.raises(LedgerError, match="were sealed before"):
        record_seal(book, DATA, PLAN.model_copy(update=change))


def test_the_same_tables_at_another_grain_are_no_same_seal_although_rows_and_units_are_as_many(book: Ledger) -> None:
    plan = PLAN.model_copy(update={"kind": "entity", "key": "id", "joining": "0" * 64, "reason": "Rows of `orders`."})
    record_seal(book, DATA, plan)
    assert record_seal(book, DATA, plan) == plan
    with pytest.raises(LedgerError, match=r"another `--grain`, `--root` or `--link`, when it held: Rows of `orders`\."):
        record_seal(book, DATA, plan.model_copy(update={"joining": "1" * 64, "reason": "Rows of `payments`."}))
    assert len(book.entries()) == 1


def test_a_single_table_is_sealed_in_the_words_of_earlier_ledgers(book: Ledger) -> None:
    record_seal(book, DATA, PLAN)
    assert "joining" not in book.entries()[0].body


def test_a_session_is_committed_then_opened_then_revealed(book: Ledger) -> None:
    receipt = commit(book, DATA, PLAN, [A, B], RULE, request="r")
    [session] = sessions(book, DATA)
    assert (session.number, session.vault, session.weight, session.earlier) == (1, 1, 0.6, 0)
    assert (session.opened, session.verified) == (False, None)
    assert {h.content_id() for h in session.claims()} == {A.content_id(), B.content_id()}
    record_open(book, receipt)
    assert sessions(book, DATA)[0].opened
    record_reveal(book, receipt, {A.content_id(): "verified", B.content_id(): "untestable"})
    assert sessions(book, DATA)[0].verified == 1
    assert [e.kind for e in book.entries()] == ["commit", "open", "reveal"]


def test_a_replay_writes_nothing_twice(book: Ledger) -> None:
    receipt = run(book, [A, B], 1)
    record_open(book, receipt)
    record_reveal(book, receipt, {A.content_id(): "refuted"})
    assert len(book.entries()) == 3
    assert sessions(book, DATA)[0].verified == 1


def test_a_batch_that_was_never_opened_gives_way_to_a_later_one(book: Ledger) -> None:
    old = commit(book, DATA, PLAN, [A], RULE, request="old")
    new = commit(book, DATA, PLAN, [B], RULE, request="new")
    assert (old.vault, new.vault) == (1, 1)
    [session] = sessions(book, DATA)
    assert session.request == "new"
    with pytest.raises(SealBroken):
        check_receipt(book, old, [A])
    assert check_receipt(book, new, [B]).batch == new.batch


def test_a_batch_that_was_opened_keeps_its_vault_even_if_a_crash_hid_the_verdicts(book: Ledger) -> None:
    first = commit(book, DATA, PLAN, [A], RULE, request="r")
    record_open(book, first)
    second = commit(book, DATA, PLAN, [B], RULE, request="s")
    assert (second.vault, second.weight, second.earlier) == (2, 0.2, 0)


def test_each_vault_has_its_weight_and_counts_what_earlier_ones_verified(book: Ledger) -> None:
    receipts = [run(book, [A, B], 2, "1"), run(book, [B, C], 1, "2"), run(book, [C, A], 0, "3")]
    assert [(r.vault, r.weight, r.earlier) for r in receipts] == [(1, 0.6, 0), (2, 0.2, 2), (3, 0.2, 3)]
    assert [s.verified for s in sessions(book, DATA)] == [2, 1, 0]


def test_when_every_vault_is_spent_the_error_says_so_and_what_is_left_to_do(book: Ledger) -> None:
    for request in "123":
        run(book, [A], 0, request)
    with pytest.raises(NoVaultLeft) as err:
        next_vault(PLAN, sessions(book, DATA))
    assert str(err.value) == (
        "Every vault of these data is spent (3 of 3): a new question needs new rows. Ask an earlier question again for "
        "its report, or look without verdicts: `heldout explain … --explore-only`."
    )
    with pytest.raises(NoVaultLeft):
        commit(book, DATA, PLAN, [B], RULE, request="4")
    assert len(book.entries()) == 9


def test_another_data_set_in_the_same_ledger_spends_nothing_of_this_one(book: Ledger) -> None:
    run(book, [A], 1)
    receipt = commit(book, "e" * 64, PLAN, [A], RULE, request="r")
    assert (receipt.vault, receipt.earlier) == (1, 0)


def test_the_id_of_a_batch_is_its_claims_in_any_order_and_its_rule() -> None:
    assert batch_id([A, B, C], RULE) == batch_id([C, A, B], RULE)
    assert batch_id([A, B], RULE) != batch_id([A, C], RULE)
    assert batch_id([A, B], RULE) != batch_id([A, B], make_rule(alpha=0.01))


def test_the_order_of_the_drafts_leaves_no_trace_in_the_ledger(tmp_path: Path) -> None:
    heads = []
    for name, claims in (("one", [A, B, C]), ("two", [C, B, A])):
        other = Ledger(tmp_path / name)
        heads.append(commit(other, DATA, PLAN, claims, RULE, request="r"))
    assert heads[0] == heads[1]


@pytest.mark.parametrize(
    "change",
    [
        {"batch": "0" * 64},
        {"head": "0" * 64},
        {"weight": 1.0},
        {"earlier": 9},
        {"vault": 2},
        {"session": 2},
        {"dataset": "e" * 64},
        {"hypothesis_ids": (A.content_id(), B.content_id(), C.content_id())},
    ],
)
def test_a_receipt_that_was_altered_opens_nothing(book: Ledger, change: dict) -> None:
    receipt = commit(book, DATA, PLAN, [A, B], RULE, request="r")
    forged = receipt.model_copy(update=change)
    with pytest.raises(SealBroken) as err:
        check_receipt(book, forged, [A])
    assert str(err.value) == (
        f"Held-out rows are still sealed: batch {forged.batch[:12]!r} does not stand in the ledger. "
        "Commit it before it is verified."
    )


def test_a_claim_that_was_not_committed_opens_nothing(book: Ledger) -> None:
    receipt = commit(book, DATA, PLAN, [A, B], RULE, request="r")
    with pytest.raises(SealBroken) as err:
        check_receipt(book, receipt, [A, C])
    assert str(err.value) == (
        f"Held-out rows are still sealed: no receipt covers hypothesis {C.content_id()!r}. "
        "Commit it before it is verified."
    )


def test_a_part_of_a_batch_opens_nothing_since_it_would_be_corrected_for_fewer_claims(
    book: Ledger, split: SealedSplit
) -> None:
    receipt = commit(book, DATA, split.plan, [A, B, C], RULE, request="r")
    lines = book.path.read_text()
    for part in ([A], [C, A], []):
        with pytest.raises(SealBroken, match=f"{3 - len(part)} of the 3 committed hypotheses were left out"):
            verify(split, book, receipt, part, split.explore())
        with pytest.raises(SealBroken, match="were left out"):
            open_vault(split, book, receipt, part)
    assert book.path.read_text() == lines
    assert len(verify(split, book, receipt, [C, A, B], split.explore()).verdicts) == 3


def test_a_claim_given_twice_opens_nothing(book: Ledger) -> None:
    receipt = commit(book, DATA, PLAN, [A, B], RULE, request="r")
    with pytest.raises(SealBroken, match="was given 2 times"):
        check_receipt(book, receipt, [A, B, A])


def test_a_receipt_can_be_had_again_from_the_ledger(book: Ledger) -> None:
    receipt = run(book, [A, B], 1)
    assert receipt_of(book, DATA, sessions(book, DATA)[0]) == receipt
    assert check_receipt(Ledger(book.path), receipt, [B, A]).verified == 1


@pytest.fixture(scope="module")
def split(planted: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> SealedSplit:
    with open_dataset(planted, name="planted") as data:
        return seal(data, tmp_path_factory.mktemp("split"))


def test_the_door_stays_shut_and_the_ledger_silent_without_a_receipt(book: Ledger, split: SealedSplit) -> None:
    receipt = commit(book, DATA, split.plan, [A], RULE, request="r")
    for key, claims in ((receipt.model_copy(update={"vault": 9}), [A]), (receipt, [A, B])):
        with pytest.raises(SealBroken):
            open_vault(split, book, key, claims)
        with pytest.raises(SealBroken):
            verify(split, book, key, claims, split.explore())
    assert [e.kind for e in book.entries()] == ["commit"]
    assert burnt_rows(split, book, DATA, before=9) == []


def test_the_opening_is_written_down_before_a_sealed_row_is_read(book: Ledger, split: SealedSplit) -> None:
    receipt = commit(book, DATA, split.plan, [A], RULE, request="r")
    lost = SealedSplit(split.plan, (), split.exploration_file, split.sealed_file.with_name("gone.duckdb"))
    with pytest.raises(duckdb.Error):
        open_vault(lost, book, receipt, [A])
    assert [e.kind for e in book.entries()] == ["commit", "open"]


def test_verdicts_are_revealed_with_the_batch_and_its_rows_are_explored_from_then_on(
    book: Ledger, split: SealedSplit
) -> None:
    receipt = commit(book, DATA, split.plan, [A, B, C], RULE, request="r")
    judged = verify(split, book, receipt, [A, B, C], split.explore())
    outcome = {v.hypothesis.outcome: v.outcome for v in judged.verdicts}
    assert outcome["spend"] == "verified"
    assert "verified" not in (outcome["noise"], outcome["luck"])
    assert book.entries()[-1].body["outcomes"] == {v.hypothesis_id: v.outcome for v in judged.verdicts}
    assert all(v.exploration is not None and v.exploration.split == "exploration" for v in judged.verdicts)
    [burnt] = burnt_rows(split, book, DATA, before=2)
    assert burnt.n == split.plan.vaults[0].rows
    assert burnt_rows(split, book, DATA, before=1) == []


def test_a_replay_gives_the_same_verdicts_to_the_last_digit(book: Ledger, split: SealedSplit) -> None:
    receipt = commit(book, DATA, split.plan, [A, B], RULE, request="r")
    first = verify(split, book, receipt, [A, B], split.explore())
    again = verify(split, Ledger(book.path), receipt, [A, B], split.explore())
    assert [v.canonical() for v in again.verdicts] == [v.canonical() for v in first.verdicts]
    assert len(book.entries()) == 3


def test_rows_are_handed_out_once_their_batch_is_revealed_and_of_no_other_vault(
    book: Ledger, split: SealedSplit, planted: pd.DataFrame
) -> None:
    names = ["visits", "spend"]
    receipt = commit(book, DATA, split.plan, [A], RULE, request="r")
    with pytest.raises(SealBroken) as err:
        burnt_table(split, book, receipt, [A])
    assert str(err.value) == "Vault 1 is still sealed: its batch was not revealed."
    verify(split, book, receipt, [A], split.explore())
    with pytest.raises(SealBroken):
        burnt_table(split, book, receipt.model_copy(update={"vault": 2}), [A])
    frame = pd.read_parquet(io.BytesIO(burnt_table(split, book, receipt, [A])))
    assert sorted(frame.columns) == ["_cluster", "spend", "visits"]
    assert len(frame) == split.plan.vaults[0].rows
    assert len(frame.merge(planted[names], on=names)) >= len(frame)
