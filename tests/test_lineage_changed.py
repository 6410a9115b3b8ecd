"""Rows that were changed, ids that name others, tables that turn coarse: what was seen never lies in a later vault."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_lineage import Sides, edited, more, spend, table

from heldout.agent.books import check
from heldout.tools.errors import NoVaultLeft, TamperedLedger


def _explored(sides: Sides) -> set[float]:
    return set(sides.explored)


def test_ids_that_moved_on_to_other_rows_take_no_seen_row_into_a_vault(tmp_path: Path) -> None:
    """One customer put in among the first: every later id names the next one's rows."""
    book, who = tmp_path / "l.jsonl", np.repeat(np.arange(600), 3)
    frame = table(1_800).assign(customer=[f"c{i:04d}" for i in who])
    before = Sides(frame, book, tmp_path / "a", entity="customer")
    moved = frame.assign(customer=[f"c{i:04d}" for i in np.where(who < 30, who, who + 1)])
    own = table(3, seed=7).assign(customer="c0030")
    try:
        after = Sides(pd.concat([moved, own], ignore_index=True), book, tmp_path / "b", entity="customer")
    except NoVaultLeft:
        return
    shown = _explored(before)
    assert all(not shown & names for names in after.vaults.values())


def test_rows_that_were_edited_and_of_which_the_rest_was_dropped_wait_like_any_edited_rows(tmp_path: Path) -> None:
    book, first = tmp_path / "l.jsonl", table(1_000)
    Sides(first, book, tmp_path / "a")
    spend(first, book)
    changed = edited(first, 960, "w")
    wait = Sides(changed, book, tmp_path / "b")
    assert wait.plan.lineage is not None
    assert not wait.vaults
    assert wait.plan.lineage.needed > 960
    assert "may be among the new ones, changed" in wait.plan.reason
    with pytest.raises(NoVaultLeft, match="none of them was explored there: they lie in its vaults, or wait"):
        Sides(changed.iloc[:960], book, tmp_path / "c")


def test_tables_whose_edited_rows_are_united_do_not_share_one_allowance(tmp_path: Path) -> None:
    book, parts = tmp_path / "l.jsonl", []
    for at in range(6):
        own = table(250, seed=20 + at)
        Sides(own, book, tmp_path / f"p{at}")
        parts.append(edited(own, 45, "w"))
    united = Sides(pd.concat(parts, ignore_index=True), book, tmp_path / "all")
    assert united.plan.lineage is not None
    assert (united.plan.lineage.new, united.plan.lineage.generation) == (270, 1)


@pytest.mark.parametrize("added", [1, 300])
def test_a_coarse_table_is_known_again_row_by_row(tmp_path: Path, added: int) -> None:
    """Most rows have equals; they are told apart by their number among them, so appended ones move none."""

    def coarse(n: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        out = {f"c{at}": rng.integers(0, 6, n) for at in range(4)}
        return pd.DataFrame(out | {"k": rng.choice(list("abc"), n)})

    book, first = tmp_path / "l.jsonl", coarse(2_400, 1)
    before = Sides(first, book, tmp_path / "a", column="c0")
    after = Sides(pd.concat([first, coarse(added, 2)], ignore_index=True), book, tmp_path / "b", column="c0")
    lineage = after.plan.lineage
    assert lineage is not None
    assert lineage.known == before.plan.units
    assert lineage.new == added
    assert lineage.generation == (2 if added >= 200 else 1)
    assert after.plan.exploration_rows == before.plan.exploration_rows


def test_a_grown_table_without_a_missing_row_still_makes_new_vaults(tmp_path: Path) -> None:
    book, first = tmp_path / "l.jsonl", table(1_000)
    Sides(first, book, tmp_path / "a")
    after = Sides(more(first, 250), book, tmp_path / "b")
    assert after.plan.lineage is not None
    assert (after.plan.lineage.generation, after.plan.lineage.needed) == (2, 200)


def test_the_check_of_a_ledger_checks_the_records_of_its_rows_too(tmp_path: Path) -> None:
    book = tmp_path / "l.jsonl"
    Sides(table(400), book, tmp_path / "a")
    assert "every hash matches" in check(book, None)
    record = next((tmp_path / "l.jsonl.rows").glob("*.rows"))
    whole = record.read_bytes()
    record.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(TamperedLedger, match="it was edited or replaced"):
        check(book, None)
    record.unlink()
    with pytest.raises(TamperedLedger, match="is missing or cannot be read"):
        check(book, None)
