"""A hostile model that answers questions, small: threads over HTTP on tables of their own, every line typed by `chat`.

The hundreds of threads are `python benchmarks/hostile_ask.py --seeds 400`.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("langchain_openai")

from benchmarks.hostile_ask import some
from benchmarks.hostile_ask_oracle import controls, forged, unbound_numerals
from benchmarks.hostile_ask_page import COUNTED, Seen, broken, faults, page
from benchmarks.hostile_page import keep, kept
from heldout.agent.answer import Answer
from heldout.agent.question import Way
from heldout.agent.usage import ModelUsage
from tests.hostile_asks import ASK_KINDS

SEEDS = (0, 2, 4, 5, 6, 7)


@pytest.fixture(scope="module")
def seen() -> Sequence[Seen]:
    return some(SEEDS, length=3)


def test_no_thread_ends_in_a_traceback_and_much_was_tried(seen: Sequence[Seen]) -> None:
    assert [s.error for s in seen if s.error] == []
    assert len(set().union(*(s.kinds for s in seen))) > len(ASK_KINDS) / 2
    assert sum(s.calls for s in seen) > 40
    # Sentences that pass are rare here: no template stands for those that fail (see test_ask_model.py).
    assert min(sum(getattr(s, what) for s in seen) for what in ("facts", "claims", "dropped")) > 0


def test_every_verdict_is_that_of_the_same_claims_asked_without_a_model(seen: Sequence[Seen]) -> None:
    assert [(s.seed, s.altered) for s in seen if s.altered] == []


def test_no_figure_and_no_verdict_of_the_models_stands_in_an_answer(seen: Sequence[Seen]) -> None:
    assert [(s.seed, s.loose) for s in seen if s.loose] == []


def test_nothing_printed_or_exported_is_obeyed(seen: Sequence[Seen]) -> None:
    assert [(s.seed, s.live) for s in seen if s.live] == []


def test_no_sealed_figure_and_no_secret_is_told_and_no_file_written(seen: Sequence[Seen]) -> None:
    assert [(s.seed, s.told, s.written) for s in seen if s.told or s.written] == []


def test_the_budget_of_each_question_is_kept(seen: Sequence[Seen]) -> None:
    assert [(s.seed, s.over) for s in seen if s.over] == []


def test_the_measure_sees_what_it_is_there_to_see(seen: Sequence[Seen], tmp_path: Path) -> None:
    keep(tmp_path / "kept.jsonl", seen)
    assert kept(tmp_path / "kept.jsonl", Seen) == list(seen)
    for field in COUNTED:
        assert broken(seen[0]._replace(**{field: ("x",)}))
    assert len(faults([Seen(1, "other", told=("y",), false=("x",), error="z")])) == 3
    assert "1 of 1" in page([Seen(1, "other", false=("x",))])
    assert list(unbound_numerals("The mean is 3.14 of three rows.", [], [2.0])) == ["3.14", "three"]
    assert list(unbound_numerals("The mean of x2 is 3.14.", ["x2"], [3.141])) == []
    assert controls("a\x1b[31m\u202eb\n") == {"\x1b", "\u202e"}
    way = Way(reading="verified, p = .001", question="mean of x")
    answer = Answer(question="q", dataset="d", kind="ways", understood="", ways=(way,), model=ModelUsage(id="m"))
    assert len(list(forged(answer, "q", []))) == 1
