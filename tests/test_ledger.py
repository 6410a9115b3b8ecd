"""The ledger: whatever is done to the file shows, and a crash costs at most the line it cut."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.tools.errors import LedgerError, TamperedLedger
from heldout.tools.value import canonical_json
from heldout.tools.verify import ledger as module
from heldout.tools.verify.heads import Head, head_file, remembered
from heldout.tools.verify.ledger import Ledger

ONE, TWO = "a" * 64, "b" * 64


def fill(path: Path) -> Ledger:
    book = Ledger(path)
    book.append("seal", ONE, {"kind": "row", "salt": "5f", "units": 400})
    book.append("commit", ONE, {"number": 1, "hypotheses": [{"outcome": "wäge", "cuts": [1.5, 2e-7]}]})
    book.append("seal", TWO, {"kind": "time"})
    book.append("open", ONE, {"number": 1, "vault": 1})
    book.append("reveal", ONE, {"number": 1, "outcomes": {"ab12": "verified"}})
    return book


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return fill(tmp_path_factory.mktemp("ledger") / "book.jsonl").path.read_bytes()


def reread(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> tuple:
    path = tmp_path_factory.mktemp("edited") / "book.jsonl"
    path.write_bytes(raw)
    return Ledger(path).entries()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    written = fill(tmp_path / "book.jsonl").entries()
    again = Ledger(tmp_path / "book.jsonl").entries()
    assert again == written
    assert [e.kind for e in again] == ["seal", "commit", "seal", "open", "reveal"]
    assert [e.index for e in again] == [0, 1, 2, 3, 4]
    assert again[1].body["hypotheses"][0]["outcome"] == "wäge"


@settings(max_examples=300)
@given(data=st.data())
def test_any_edit_of_one_byte_is_found(
    data: st.DataObject, good: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    at = data.draw(st.integers(0, len(good) - 2), label="position")
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != good[at]), label="byte")
    with pytest.raises(TamperedLedger):
        reread(tmp_path_factory, good[:at] + bytes([byte]) + good[at + 1 :])


@settings(max_examples=100)
@given(data=st.data())
def test_any_byte_taken_out_or_put_in_is_found(
    data: st.DataObject, good: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    at = data.draw(st.integers(0, len(good) - 2), label="position")
    byte = data.draw(st.binary(min_size=1, max_size=1), label="byte")
    with pytest.raises(TamperedLedger):
        reread(tmp_path_factory, good[:at] + good[at + 1 :])
    with pytest.raises(TamperedLedger):
        reread(tmp_path_factory, good[:at] + byte + good[at:])


@pytest.mark.parametrize("at", range(4))
def test_a_deleted_a_doubled_and_a_swapped_line_are_found(
    at: int, good: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = good.splitlines(keepends=True)
    deleted = lines[:at] + lines[at + 1 :]
    doubled = lines[: at + 1] + lines[at:]
    swapped = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
    for edited in (deleted, doubled, swapped):
        with pytest.raises(TamperedLedger):
            reread(tmp_path_factory, b"".join(edited))


def test_a_changed_time_is_found_although_the_head_does_not_hold_it(
    good: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = good.splitlines(keepends=True)
    entry = json.loads(lines[-1])
    entry["time"] = "1999-01-01T00:00:00+00:00"
    with pytest.raises(TamperedLedger, match="entry 4 does not match its hash"):
        reread(tmp_path_factory, b"".join(lines[:-1]) + canonical_json(entry).encode() + b"\n")


def test_a_body_whose_hash_was_recomputed_is_still_found_by_the_next_entry(
    good: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = good.splitlines(keepends=True)
    entry = json.loads(lines[0])
    entry["body"]["units"] = 4_000
    entry["hash"] = module._hash("0" * 64, "seal", ONE, entry["body"])
    entry["stamp"] = module.digest("0" * 64 + entry["hash"] + entry["time"])
    with pytest.raises(TamperedLedger, match="entry 1 does not match"):
        reread(tmp_path_factory, canonical_json(entry).encode() + b"\n" + b"".join(lines[1:]))


def test_the_text_of_an_edited_ledger_says_what_to_do(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    path.write_bytes(good.replace(b"verified", b"refuted "))
    with pytest.raises(TamperedLedger) as err:
        Ledger(path).entries()
    assert str(err.value) == (
        f"Ledger '{path}' was edited: entry 4 does not match its hash. Restore the file, or start a new ledger with "
        "`--ledger FILE` on new rows."
    )
    path.write_bytes(b"not an entry\n")
    with pytest.raises(TamperedLedger) as err:
        Ledger(path).entries()
    assert str(err.value) == f"Ledger '{path}' was edited: line 1 is no entry. Restore the file from a copy."


@pytest.mark.parametrize("keep", [1, 40, -1])
def test_a_torn_last_line_is_dropped_and_the_next_entry_heals_the_file(good: bytes, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "book.jsonl"
    lines = good.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:keep])
    book = Ledger(path)
    assert len(book.entries()) == 4
    book.append("reveal", ONE, {"number": 1, "outcomes": {}})
    again = Ledger(path).entries()
    assert [e.index for e in again] == [0, 1, 2, 3, 4]
    assert path.read_bytes().startswith(b"".join(lines[:-1]))


def test_a_full_disk_is_a_ledger_error_and_the_file_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = fill(tmp_path / "book.jsonl")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(LedgerError) as err:
        book.append("seal", TWO, {})
    assert str(err.value) == (
        f"Ledger '{book.path}' cannot be written (No space left on device). Choose another with `--ledger FILE`."
    )
    monkeypatch.undo()
    book.append("seal", TWO, {"again": 1})
    assert Ledger(book.path).entries() == book.entries()
    assert book.entries()[-1].body == {"again": 1}


def test_an_error_in_the_work_done_under_the_lock_is_not_blamed_on_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    with pytest.raises(FileNotFoundError, match="another file"), Ledger(path).locked():
        raise FileNotFoundError("another file")
    with Ledger(path).locked(timeout=0.2):
        pass


@pytest.mark.parametrize(
    ("old", "new"), [(b"2e-07", b"2E-07"), (b'{"body"', b'{ "body"'), (b"1.5", b"1.50"), (b'"index":0', b'"index":-0')]
)
def test_an_edit_that_json_reads_the_same_is_found_too(
    old: bytes, new: bytes, good: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert old in good
    with pytest.raises(TamperedLedger):
        reread(tmp_path_factory, good.replace(old, new, 1))


def test_two_data_sets_keep_their_own_chain_in_one_file(tmp_path: Path) -> None:
    book = fill(tmp_path / "both.jsonl")
    alone = Ledger(tmp_path / "one.jsonl")
    for entry in book.entries(ONE):
        alone.append(entry.kind, ONE, entry.body)
    assert [e.kind for e in book.entries(TWO)] == ["seal"]
    assert alone.head(ONE) == book.head(ONE) != book.head(TWO)
    assert book.text(TWO).count("\n") == 1


def test_the_text_of_a_data_set_is_its_own_lines_of_the_file(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "book.jsonl").write_bytes(good)
    lines = good.decode("utf-8").splitlines(keepends=True)
    book = Ledger(tmp_path / "book.jsonl")
    assert book.text(ONE) == "".join(line for at, line in enumerate(lines) if at != 2)
    assert book.text(TWO) == lines[2]


def test_a_ledger_says_where_it_lies_and_how_long_it_is(tmp_path: Path) -> None:
    book = fill(tmp_path / "book.jsonl")
    assert repr(book) == f"<Ledger {tmp_path / 'book.jsonl'} entries=5>"


def test_the_time_of_an_entry_is_told_in_utc(tmp_path: Path) -> None:
    assert fill(tmp_path / "book.jsonl").entries()[0].time.endswith("+00:00")


def test_the_head_of_a_data_set_without_entries_is_zeros(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "none.jsonl")
    assert book.head(ONE) == "0" * 64
    assert book.entries() == ()
    assert book.text(ONE) == ""


def test_the_same_work_gives_the_same_head_at_another_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fill(tmp_path / "first.jsonl")

    class Later(module.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz).replace(year=2031)

    monkeypatch.setattr(module, "datetime", Later)
    second = fill(tmp_path / "second.jsonl")
    assert second.head(ONE) == first.head(ONE)
    assert second.entries()[0].time != first.entries()[0].time
    assert second.entries()[-1].stamp != first.entries()[-1].stamp


def test_an_entry_is_on_the_disk_before_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book.jsonl"
    synced: list[bytes] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(path.read_bytes())
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    entry = Ledger(path).append("seal", ONE, {"units": 3})
    assert set(synced) == {entry.canonical().encode() + b"\n"}, "the entry before what remembers it"


def test_a_body_that_json_cannot_hold_is_not_written(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "book.jsonl")
    with pytest.raises(ValueError, match="not JSON compliant"):
        book.append("seal", ONE, {"x": float("nan")})
    assert not (tmp_path / "book.jsonl").exists()


def test_a_folder_that_cannot_hold_a_ledger_is_a_ledger_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    book = Ledger(tmp_path / "file" / "book.jsonl")
    with pytest.raises(LedgerError) as err, book.locked():
        pass
    assert str(err.value) in {
        f"Ledger '{book.path}' cannot be written ({reason}). Choose another with `--ledger FILE`."
        for reason in ("File exists", "Not a directory")
    }


def test_a_folder_in_place_of_the_ledger_is_a_ledger_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as err:
        Ledger(tmp_path).entries()
    assert (
        str(err.value) == f"Ledger '{tmp_path}' cannot be read (Is a directory). Choose another with `--ledger FILE`."
    )


def test_a_read_only_folder_is_a_ledger_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)  # the superuser, who runs some builds, may write anywhere
    book = Ledger(tmp_path / "book.jsonl")
    with pytest.raises(LedgerError) as err, book.locked():
        pass
    assert str(err.value) == (
        f"Ledger '{book.path}' cannot be written (Permission denied). Choose another with `--ledger FILE`."
    )


def test_a_ledger_held_by_another_process_is_a_ledger_error(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    hold = (
        "import sys, filelock\n"
        "with filelock.FileLock(sys.argv[1]):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", hold, str(path) + ".lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LedgerError) as err, Ledger(path).locked(timeout=0.2):
            pass
        assert str(err.value) == (
            f"Ledger '{path}' is held by another run. Wait for it, or choose another with `--ledger`."
        )
    finally:
        other.communicate(timeout=20)
    with Ledger(path).locked(timeout=5) as book:
        book.append("seal", ONE, {})


def test_a_lock_reads_what_another_run_wrote_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    book = Ledger(path)
    assert book.entries() == ()
    Ledger(path).append("seal", ONE, {})
    with book.locked():
        assert len(book.entries()) == 1


@pytest.mark.parametrize("kept", [0, 1, 4])
def test_a_ledger_cut_back_to_an_earlier_whole_line_is_found_and_named(good: bytes, tmp_path: Path, kept: int) -> None:
    book = fill(tmp_path / "book.jsonl")
    lines = book.path.read_bytes().splitlines(keepends=True)
    book.path.write_bytes(b"".join(lines[:kept]))
    with pytest.raises(TamperedLedger) as err:
        Ledger(book.path).append("seal", TWO, {"again": 1})
    held = "1 entry" if kept == 1 else f"{kept} entries"
    assert str(err.value) == (
        f"Ledger '{book.path}' was rolled back: it holds {held}, and 'book.jsonl.head' beside it remembers 5. Restore "
        "the file from a copy, or start a new ledger with `--ledger FILE` on new rows."
    )
    book.path.write_bytes(b"".join(lines))
    assert len(Ledger(book.path).entries()) == 5, "the way out works"


def test_a_ledger_that_was_removed_is_found(tmp_path: Path) -> None:
    book = fill(tmp_path / "book.jsonl")
    book.path.unlink()
    with pytest.raises(TamperedLedger, match="it holds 0 entries"):
        Ledger(book.path).entries()


def test_a_ledger_cut_back_and_grown_again_by_other_work_is_found(tmp_path: Path) -> None:
    book = fill(tmp_path / "book.jsonl")
    other = Ledger(tmp_path / "other.jsonl")
    for entry in book.entries()[:3]:
        other.append(entry.kind, entry.dataset, entry.body)
    for number in range(3):
        other.append("commit", ONE, {"number": 1, "hypotheses": [{"outcome": f"other {number}"}]})
    book.path.write_bytes(other.path.read_bytes())
    with pytest.raises(
        TamperedLedger, match=r"was replaced: entry 4 is not the one that 'book\.jsonl\.head' beside it"
    ):
        Ledger(book.path).entries()


def test_a_run_stopped_before_its_entry_was_remembered_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = fill(tmp_path / "book.jsonl")
    monkeypatch.setattr(module, "remember", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        book.append("seal", TWO, {"again": 1})
    monkeypatch.undo()
    again = Ledger(book.path)
    assert len(again.entries()) == 6, "what stands in the ledger counts"
    again.append("seal", TWO, {"again": 2})
    again.path.write_bytes(b"".join(again.path.read_bytes().splitlines(keepends=True)[:6]))
    with pytest.raises(TamperedLedger, match="holds 6 entries"):
        Ledger(book.path).entries()


def test_a_ledger_without_a_head_beside_it_is_read_and_remembered_from_its_next_entry_on(
    good: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "old.jsonl"
    path.write_bytes(good)
    assert remembered(path) is None
    Ledger(path).append("seal", TWO, {"again": 1})
    assert remembered(path) == Head(entries=6, stamp=Ledger(path).entries()[-1].stamp)


def test_a_head_that_is_none_is_named(tmp_path: Path) -> None:
    book = fill(tmp_path / "book.jsonl")
    head_file(book.path).write_text("nothing")
    with pytest.raises(TamperedLedger) as err:
        Ledger(book.path).entries()
    assert str(err.value) == f"'{head_file(book.path)}' was edited: it is no head of a ledger. Restore it from a copy."


def test_a_head_that_cannot_be_read_is_a_ledger_error(tmp_path: Path) -> None:
    book = fill(tmp_path / "book.jsonl")
    head_file(book.path).unlink()
    head_file(book.path).mkdir()
    with pytest.raises(LedgerError) as err:
        Ledger(book.path).entries()
    assert str(err.value) == f"'{head_file(book.path)}' cannot be read (Is a directory). Make it readable."


def test_a_run_says_once_that_it_waits_for_another(tmp_path: Path) -> None:
    path, told = tmp_path / "book.jsonl", []
    with Ledger(path).locked(say=told.append):
        assert told == []
        with pytest.raises(LedgerError, match="is held by another run"), Ledger(path).locked(0.05, told.append):
            pass
    assert told == ["Waiting for another run that holds the ledger of these data"]
