"""Rows as they were opened: exploration's to anyone, a vault's once its batch was revealed and never before."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from heldout.agent.outlook import Focus
from heldout.agent.sealing import how_of, sealed
from heldout.agent.summary import Opened, Settings
from heldout.tools.data.split import SealedSplit
from heldout.tools.data.split_typed import explored_typed
from heldout.tools.errors import SealBroken
from heldout.tools.verify.disclosure import burnt_typed
from heldout.tools.verify.hypothesis import parse
from heldout.tools.verify.ledger import Ledger
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.seals import record_seal
from heldout.tools.verify.sessions import Receipt, commit
from heldout.tools.verify.verify import verify

RULE = make_rule()
NAMES = ["order_id", "visits", "spend", "note", "paid", "due"]


def shop(n: int = 1_200) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    visits = rng.normal(0, 1, n).round(6)
    words = ["came early and asked for", "never came back to see", "wrote a letter about the"]
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), "D")
    return pd.DataFrame(
        {
            "order_id": [f"{at:08x}-{at * 7919 % 65521:04x}" for at in range(n)], "visits": visits,
            "spend": (2 * visits + rng.normal(0, 1, n)).round(6),
            "note": [f"{words[at % 3]} {at} times" for at in range(n)],
            "paid": rng.choice(["yes", "no"], n), "due": day,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Opened, SealedSplit, Ledger, Receipt]:
    folder = tmp_path_factory.mktemp("typed")
    how = how_of(name="shop")._replace(typed=True)
    frame = pd.concat([shop(), shop().tail(30)], ignore_index=True)
    opened, split = sealed(frame, how, Settings(RULE, Focus(None, ()), False, 2), folder, lambda _: None)
    book = Ledger(folder / "book.jsonl")
    split.plan = record_seal(book, opened.fingerprint, split.plan)
    claim = parse(
        {"family": "monotone_association", "outcome": "spend", "predictor": "visits", "direction": "increasing"}
    )
    receipt = commit(book, opened.fingerprint, split.plan, [claim], RULE, request="r")
    with pytest.raises(SealBroken, match="Vault 1 is still sealed"):
        burnt_typed(split, book, receipt, folder / "early.parquet")
    with pytest.raises(SealBroken, match="All vaults are still sealed"):
        burnt_typed(split, book, opened.fingerprint, folder / "early.parquet")
    assert not (folder / "early.parquet").exists()
    verify(split, book, receipt, [claim], split.explore())
    return opened, split, book, receipt


def test_exploration_rows_come_whole_and_typed(run: tuple, tmp_path: Path) -> None:
    _, split, _, _ = run
    got = pd.read_parquet(explored_typed(split.exploration_file, tmp_path / "e.parquet"))
    assert list(got.columns) == [*NAMES, "_row"]
    assert len(got) >= split.plan.exploration_rows, "copies lie with the rows that they repeat"
    assert got["order_id"].nunique() == split.plan.exploration_rows
    whole = pd.concat([shop(), shop().tail(30)], ignore_index=True)
    pd.testing.assert_frame_equal(
        got.sort_values("_row")[NAMES].reset_index(drop=True),
        whole.loc[np.sort(got["_row"]), NAMES].reset_index(drop=True), check_dtype=False,
    )  # fmt: skip


def test_a_revealed_vault_is_handed_out_typed_and_shares_no_row_with_exploration(run: tuple, tmp_path: Path) -> None:
    opened, split, book, receipt = run
    explored = pd.read_parquet(explored_typed(split.exploration_file, tmp_path / "e.parquet"))
    held = pd.read_parquet(burnt_typed(split, book, receipt, tmp_path / "h.parquet"))
    assert held["order_id"].nunique() == split.plan.vaults[0].rows
    assert not set(held["order_id"]) & set(explored["order_id"])
    assert len(held) + len(explored) == 1_230, "copies are in one of the two: no row is lost"
    every = pd.read_parquet(burnt_typed(split, book, opened.fingerprint, tmp_path / "a.parquet"))
    pd.testing.assert_frame_equal(every, held)


def test_a_receipt_that_was_altered_opens_nothing(run: tuple, tmp_path: Path) -> None:
    _, split, book, receipt = run
    with pytest.raises(SealBroken):
        burnt_typed(split, book, receipt.model_copy(update={"batch": "0" * 64}), tmp_path / "x.parquet")


def test_typed_sealed_rows_lie_in_the_sealed_file_alone(run: tuple) -> None:
    _, split, _, _ = run
    tables = {}
    for file in (split.exploration_file, split.sealed_file):
        with duckdb.connect(str(file), read_only=True) as connection:
            found = connection.execute("SELECT table_name FROM information_schema.tables ORDER BY 1").fetchall()
        tables[file.name] = [name for (name,) in found]
    assert tables == {"exploration.duckdb": ["rows", "typed"], "sealed.duckdb": ["vault_1", "vault_1_typed"]}
