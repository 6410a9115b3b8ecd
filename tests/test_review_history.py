"""The history of deliveries: what was written comes back, damage shows, and a line that was cut costs only itself."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.tools.errors import LedgerError, TamperedLedger
from heldout.tools.review.history import Estimate, History, Reviewed
from heldout.tools.review.sketch import ColumnSketch, Sketch


def entry(number: int, *, baseline: str = "b", supersedes: int | None = None, digest: str = "") -> Reviewed:
    digest = digest or f"{number:064x}"
    price = ColumnSketch(name="prïce", kind="number", rows=9, missing=1, distinct=4, low=-0.5, high=1e22, mean=1 / 3)
    return Reviewed(
        number=number, name=f"week {number}", digest=digest, rows=9, when="2025-03-01", baseline=baseline,
        supersedes=supersedes, sketch=Sketch(name=f"week {number}", digest=digest, rows=9, columns=(price,)),
        estimates={"f-1": Estimate(value=0.1 + 0.2, standard_error=1e-9, n=9)}, states={"f-1": "watch"},
        alarms=("f-1",),
    )  # fmt: skip


def filled(path: Path, count: int = 4) -> History:
    history = History(path)
    for number in range(count):
        history.append(entry(number))
    return history


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return filled(tmp_path_factory.mktemp("history") / "h.jsonl").path.read_bytes()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    written = filled(tmp_path / "sub" / "h.jsonl").entries()
    again = History(tmp_path / "sub" / "h.jsonl").entries()
    assert again == written
    assert [e.number for e in again] == [0, 1, 2, 3]
    assert again[2].estimates["f-1"].value == 0.1 + 0.2


def test_a_history_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert History(tmp_path / "none.jsonl").entries() == ()
    assert History(tmp_path / "none.jsonl").seen("0" * 64) is None


def test_the_same_entries_make_the_same_bytes(tmp_path: Path, good: bytes) -> None:
    assert filled(tmp_path / "h.jsonl").path.read_bytes() == good


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_edit_of_one_byte_before_the_last_line_is_found(
    data: st.DataObject, good: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    last = good[:-1].rfind(b"\n")
    at = data.draw(st.integers(0, last - 1), label="position")
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != good[at]), label="byte")
    path = tmp_path_factory.mktemp("edited") / "h.jsonl"
    path.write_bytes(good[:at] + bytes([byte]) + good[at + 1 :])
    with pytest.raises(TamperedLedger):
        History(path).entries()


def test_the_refusal_names_the_line_and_the_way_out(tmp_path: Path, good: bytes) -> None:
    lines = good.splitlines(keepends=True)
    (tmp_path / "h.jsonl").write_bytes(lines[0] + lines[2] + lines[3])
    with pytest.raises(LedgerError, match=r"line 2 was changed.*Restore the file.*first 1 lines"):
        History(tmp_path / "h.jsonl").entries()
    (tmp_path / "h.jsonl").write_bytes(b"".join(lines[:1]))
    assert len(History(tmp_path / "h.jsonl").entries()) == 1, "the way out works"


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_last_line_that_was_cut_is_replaced_by_the_next(tmp_path: Path, good: bytes, cut: int) -> None:
    path = tmp_path / "h.jsonl"
    path.write_bytes(good[:-1][:-cut])
    history = History(path)
    assert len(history.entries()) == 3
    history.append(entry(3))
    assert path.read_bytes() == good


def test_a_whole_last_line_without_its_line_end_still_counts(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "h.jsonl"
    path.write_bytes(good[:-1])
    History(path).append(entry(4))
    assert [e.number for e in History(path).entries()] == [0, 1, 2, 3, 4]


def test_windows_line_ends_from_a_checkout_are_no_damage(tmp_path: Path, good: bytes) -> None:
    (tmp_path / "h.jsonl").write_bytes(good.replace(b"\n", b"\r\n"))
    assert len(History(tmp_path / "h.jsonl").entries()) == 4
    History(tmp_path / "h.jsonl").append(entry(4))
    assert len(History(tmp_path / "h.jsonl").entries()) == 5


def test_a_superseded_delivery_is_replaced_in_its_place(tmp_path: Path) -> None:
    history = filled(tmp_path / "h.jsonl")
    history.append(entry(4, supersedes=1))
    history.append(entry(5, supersedes=4))
    history.append(entry(1, baseline="other"))
    assert [e.number for e in history.of("b")] == [0, 5, 2, 3]
    assert [e.number for e in history.of("other")] == [1]
    assert history.of("none") == ()


def test_data_learned_again_begin_anew(tmp_path: Path) -> None:
    history = filled(tmp_path / "h.jsonl")
    history.append(entry(0))
    history.append(entry(1, digest="f" * 64))
    assert [(e.number, e.digest[:1]) for e in history.of("b")] == [(0, "0"), (1, "f")]


def test_content_is_seen_where_no_other_superseded_it(tmp_path: Path) -> None:
    history = filled(tmp_path / "h.jsonl")
    history.append(entry(4, supersedes=1))
    found = history.seen(f"{2:064x}")
    assert found is not None
    assert found.number == 2
    assert history.seen(f"{2:064x}", "other") is None
    assert history.seen(f"{1:064x}") is None, "what was replaced may come again"


def test_a_history_that_another_review_holds_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    with History(path).locked() as held:
        held.append(entry(0))
        with pytest.raises(LedgerError, match="held by another review"), History(path).locked(timeout=0.01):
            pass
    with History(path).locked() as again:
        assert len(again.entries()) == 1


@pytest.mark.skipif(os.name == "nt", reason="a folder in the place of the file")
def test_a_file_that_cannot_be_read_or_written_is_a_ledger_error(tmp_path: Path) -> None:
    (tmp_path / "h.jsonl").mkdir()
    with pytest.raises(LedgerError, match=r"cannot be read .*--history"):
        History(tmp_path / "h.jsonl").entries()
