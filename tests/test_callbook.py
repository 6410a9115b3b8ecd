"""The book of calls: canonical requests, whole replies, a line each, and what a kill leaves."""

import json
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heldout.agent.callbook import CallBook, Request, request_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _noted(book: CallBook, request: Request, *, cached: bool = False) -> None:
    book.note(request, input_tokens=7, output_tokens=2, cached=cached, seconds=0.12345)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_equal_requests_have_equal_hashes_whatever_the_order_of_their_keys(body: dict) -> None:
    turned = dict(reversed(list(body.items())))
    assert request_of(turned) == request_of(body)
    assert request_of(body).bytes == len(request_of(body).text.encode("utf-8", "surrogatepass"))


def test_another_word_makes_another_request() -> None:
    assert request_of({"messages": ["a"]}).hash != request_of({"messages": ["b"]}).hash


@given(reply=st.dictionaries(st.text(), JSON, max_size=5))
def test_a_reply_comes_back_as_it_was_kept(tmp_path_factory: pytest.TempPathFactory, reply: dict) -> None:
    book = CallBook(tmp_path_factory.mktemp("run"), "profile")
    request = request_of({"x": 1})
    assert book.find(request) is None
    book.keep(request, reply)
    found = CallBook(book.folder, "profile").find(request)
    assert json.dumps(found) == json.dumps(reply), "the order of keys too: the next request repeats them"


def test_a_line_says_what_left_the_machine_and_no_word_of_it(tmp_path: Path) -> None:
    book = CallBook(tmp_path / "run", "schema")
    request = request_of({"messages": ["the canary"]})
    _noted(book, request)
    _noted(book, request, cached=True)
    text = (tmp_path / "run" / "calls.jsonl").read_text()
    assert "canary" not in text
    assert [json.loads(line) for line in text.splitlines()] == [
        {
            "hash": request.hash, "bytes": request.bytes, "mode": "schema", "input_tokens": 7, "output_tokens": 2,
            "cached": cached, "seconds": 0.123,
        }
        for cached in (False, True)
    ]  # fmt: skip


def test_a_line_that_a_kill_cut_is_left_out_and_not_glued_to_the_next(tmp_path: Path) -> None:
    book = CallBook(tmp_path, "profile")
    _noted(book, request_of({"x": 1}))
    with (tmp_path / "calls.jsonl").open("a") as file:
        file.write('{"hash": "ab')
    _noted(book, request_of({"x": 2}))
    assert [line["hash"] for line in book.lines()] == [request_of({"x": 1}).hash, request_of({"x": 2}).hash]


@pytest.mark.parametrize("left", ["", '{"content": "ha', "[1, 2]", "null"])
def test_half_a_reply_counts_as_none(tmp_path: Path, left: str) -> None:
    book, request = CallBook(tmp_path, "profile"), request_of({"x": 1})
    book.keep(request, {"content": "whole"})
    [path] = (tmp_path / "replies").iterdir()
    path.write_text(left)
    assert book.find(request) is None
    book.keep(request, {"content": "whole"})
    assert book.find(request) == {"content": "whole"}


def test_without_a_folder_nothing_is_written_or_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    book, request = CallBook(None, "profile"), request_of({"x": 1})
    book.keep(request, {"content": "x"})
    _noted(book, request)
    assert book.find(request) is None
    assert book.lines() == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no owner's bits")
def test_replies_are_for_their_owner_alone(tmp_path: Path) -> None:
    book = CallBook(tmp_path / "run", "profile")
    _noted(book, request_of({"x": 1}))
    book.keep(request_of({"x": 1}), {})
    for folder in (tmp_path / "run", tmp_path / "run" / "replies"):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
