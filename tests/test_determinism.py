"""The same data are the same data, and the same question has the same bytes: whatever the threads, format or order."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

import heldout
from benchmarks.crashes import table
from heldout.agent.review.learn import learn
from heldout.agent.review.review import review
from heldout.tools.verify.ledger import Ledger

DAY = "2026-01-31"
WAYS = {
    "csv, 1 thread": ("t.csv", 1),
    "csv, 2 threads": ("t.csv", 2),
    "shuffled csv, 4 threads": ("shuffled.csv", 4),
    "parquet, 4 threads": ("t.parquet", 4),
    "shuffled parquet, 1 thread": ("shuffled.parquet", 1),
}


class Bytes(NamedTuple):
    """Everything that three commands leave of one table."""

    report: str
    claims: str
    history: str
    review: str


def kept(folder: Path, name: str, seed: int) -> None:
    """A table as four files: as CSV and Parquet, in order and shuffled."""
    folder.mkdir()
    frame = pd.read_csv(table(folder / "t.csv", seed=seed))
    shuffled = frame.sample(frac=1, random_state=3)
    frame.to_parquet(folder / "t.parquet", index=False)
    shuffled.to_parquet(folder / "shuffled.parquet", index=False)
    shuffled.to_csv(folder / "shuffled.csv", index=False)
    frame[frame.columns[::-1]].sample(frac=1, random_state=5).to_parquet(folder / f"{name}.parquet", index=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("same")
    kept(folder / "learned", "other-columns", 7)
    kept(folder / "delivered", "other-columns", 8)
    return folder


def left(folder: Path, way: str, out: Path) -> Bytes:
    """What `explain`, `learn` and `review` leave when they read the table in one way."""
    file, threads = WAYS[way]
    learned = learn(
        folder / "learned" / file, out / "claims.yml", name="t", ledger=out / "l.jsonl", threads=threads
    )  # fmt: skip
    before = learned.history.read_text()
    found = review(folder / "delivered" / file, learned.path, name="d", when=DAY, threads=threads)
    told = found.to_json().replace(str(out), "PLACE")
    after = learned.history.read_text()
    assert after.startswith(before)
    return Bytes(learned.explanation.to_json(timing=False), learned.path.read_text(), after, told)


def test_explain_learn_and_review_leave_the_same_bytes_on_any_threads_in_any_format_and_order_of_rows(folder, tmp_path):
    ways = {way: left(folder, way, tmp_path / str(at)) for at, way in enumerate(WAYS)}
    first = ways.pop("csv, 1 thread")
    assert '"verified"' in first.report
    assert "kind: finding" in first.claims
    for way, other in ways.items():
        for what in Bytes._fields:
            assert getattr(other, what) == getattr(first, what), f"{what} by {way}"


def test_a_copy_with_other_name_format_and_order_of_rows_and_columns_is_the_same_data_in_the_ledger(folder, tmp_path):
    book = tmp_path / "l.jsonl"
    first = heldout.explain(folder / "learned" / "t.csv", ledger=book)
    entries = Ledger(book).entries()
    again = heldout.explain(folder / "learned" / "other-columns.parquet", ledger=book)
    assert Ledger(book).entries() == entries, "nothing was spent"
    assert again.replayed
    told = {f.id: (f.outcome, f.held_out) for f in first.findings}
    assert {f.id: (f.outcome, f.held_out) for f in again.findings} == told
