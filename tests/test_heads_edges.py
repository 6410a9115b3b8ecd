"""How far a ledger came, at the edges: the file beside it byte for byte, and each way of not being as remembered."""

from pathlib import Path

import pytest

from heldout.tools.errors import LedgerError, TamperedLedger
from heldout.tools.verify.heads import Head, check_head, head_file, remember, remembered


def test_a_head_is_one_line_of_canonical_json_beside_the_ledger_and_read_back(tmp_path: Path) -> None:
    book = tmp_path / "affairs.v1.jsonl"
    assert remembered(book) is None
    remember(book, Head(entries=3, stamp="5ü"))
    assert head_file(book) == tmp_path / "affairs.v1.jsonl.head"
    assert head_file(book).read_bytes() == '{"entries":3,"stamp":"5ü"}\n'.encode()
    assert remembered(book) == Head(entries=3, stamp="5ü")
    remember(book, Head(entries=4, stamp="6"))
    assert remembered(book) == Head(entries=4, stamp="6")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["affairs.v1.jsonl.head"]


def test_a_head_that_cannot_be_read_says_why_and_what_to_do(tmp_path: Path) -> None:
    book = tmp_path / "book.jsonl"
    head_file(book).mkdir()
    with pytest.raises(LedgerError) as err:
        remembered(book)
    assert str(err.value) == f"'{head_file(book)}' cannot be read (Is a directory). Make it readable."
    assert not isinstance(err.value, TamperedLedger)


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"entries":"x","stamp":"s"}', b'{"entries":1,"stamp":"s","more":1}', b"\xff"]
)
def test_what_is_no_head_is_named_as_an_edit(raw: bytes, tmp_path: Path) -> None:
    book = tmp_path / "book.jsonl"
    head_file(book).write_bytes(raw)
    with pytest.raises(TamperedLedger) as err:
        remembered(book)
    assert str(err.value) == f"'{head_file(book)}' was edited: it is no head of a ledger. Restore it from a copy."


@pytest.mark.parametrize(
    ("head", "stamps"),
    [
        (None, []),
        (None, ["a"]),
        (Head(entries=0, stamp=""), []),
        (Head(entries=0, stamp=""), ["a"]),
        (Head(entries=-1, stamp="b"), ["a"]),
        (Head(entries=1, stamp="a"), ["a"]),
        (Head(entries=2, stamp="b"), ["a", "b"]),
        (Head(entries=2, stamp="b"), ["a", "b", "c"]),  # the last entry was written, and the run stopped there
    ],
)
def test_a_ledger_that_is_not_behind_its_head_is_good(head: Head | None, stamps: list[str]) -> None:
    check_head(Path("book.jsonl"), head, stamps)


CUT, BESIDE = "was rolled back: it holds", "'b.jsonl.head' beside it remembers"


@pytest.mark.parametrize(
    ("head", "stamps", "what"),
    [
        (Head(entries=1, stamp="a"), [], f"{CUT} 0 entries, and {BESIDE} 1"),
        (Head(entries=2, stamp="b"), ["a"], f"{CUT} 1 entry, and {BESIDE} 2"),
        (
            Head(entries=2, stamp="b"), ["a", "x"],
            f"was replaced: entry 1 is not the one that {BESIDE}",
        ),
        (
            Head(entries=1, stamp="a"), ["x", "a"],
            f"was replaced: entry 0 is not the one that {BESIDE}",
        ),
    ],
)  # fmt: skip
def test_a_ledger_that_is_not_as_remembered_is_refused_with_what_happened(
    head: Head, stamps: list[str], what: str
) -> None:
    with pytest.raises(TamperedLedger) as err:
        check_head(Path("to") / "b.jsonl", head, stamps)
    assert str(err.value) == (
        f"Ledger 'to/b.jsonl' {what}. Restore the file from a copy, or start a new ledger with `--ledger FILE` on new "
        "rows."
    )
