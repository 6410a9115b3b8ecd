"""Small versions of `benchmarks/attacks.py`: no forgery, edit, roll-back, re-salting or listening gets anything."""

from contextlib import contextmanager

import numpy as np
import pytest

from benchmarks import attacks, attacks_tried
from heldout.tools.errors import TamperedLedger
from heldout.tools.verify import staged
from heldout.tools.verify import verify as door
from heldout.tools.verify.staged import even_work, staged_p

TRIES = {"the data are sealed anew": 3, "answers are listened to": 1}


@pytest.mark.parametrize("name", list(attacks_tried.ATTACKS))
def test_an_attack_gets_nothing(name: str) -> None:
    found = attacks_tried.count(name, TRIES.get(name, 30), seed=11)
    assert found.tries == TRIES.get(name, 30)
    assert found.said == ()


def test_a_door_that_checks_nothing_would_be_seen_and_an_edit_does_reach_the_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attacks_tried, "check_receipt", lambda *_: None)
    for name in ("a receipt is forged", "claims are changed after commit"):
        assert attacks_tried.count(name, 5, seed=11).through >= 3, name
    monkeypatch.setattr(attacks_tried, "TamperedLedger", KeyError)
    with pytest.raises(TamperedLedger):
        attacks_tried.count("an entry of the ledger is edited", 1, seed=11)


def test_an_answer_that_works_less_for_a_large_p_would_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def uneven():
        yield

    monkeypatch.setattr(door, "even_work", uneven)
    assert attacks_tried.count("answers are listened to", 1, seed=3, first=1).through == 1
    monkeypatch.undo()
    assert attacks_tried.count("answers are listened to", 1, seed=3, first=1).through == 0


@pytest.mark.parametrize("share", [0.9, 0.05, 0.004, 0.0])
def test_even_work_takes_every_draw_and_gives_the_same_p(share: float) -> None:
    def run(taken: list[int]) -> float:
        rng = np.random.default_rng(4)

        def hits_of(count: int) -> int:
            taken.append(count)
            return int((rng.random(count) < share).sum())

        return staged_p(hits_of, 9_999)

    plain: list[int] = []
    even: list[int] = []
    p = run(plain)
    with even_work():
        assert run(even) == p
    assert sum(even) == 9_999
    assert sum(plain) == {0.9: 199, 0.05: 1_999, 0.004: 9_999, 0.0: 9_999}[share]
    assert not staged._EVEN.get()


@pytest.mark.parametrize("kinds", [False, True])
def test_what_opened_rows_show_is_no_help_on_fresh_ones_and_ends_the_promise_on_the_same(kinds: bool) -> None:
    reps = 300
    ours = attacks.shown(attacks._ours, reps, 1, fresh=True, kinds=kinds)
    same = attacks.shown(attacks._lond, reps, 1, fresh=False, kinds=kinds)
    assert (ours.false > 0).mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / reps)
    assert (same.false > 0).mean() > 0.9


def test_stuffing_buys_no_share_of_false_findings_and_under_strict_control_none_at_all() -> None:
    reps = 600
    limit = 0.05 + 2 * np.sqrt(0.05 * 0.95 / reps)
    ours = attacks.stuffed(attacks._ours, reps, 1)
    assert (ours.false / np.maximum(ours.found, 1)).mean() <= 0.05
    assert (attacks.stuffed(attacks._strict, reps, 1).false > 0).mean() <= limit
    assert (attacks.stuffed(attacks._ours, reps, 1, sure=0).false > 0).mean() <= limit


def test_a_whole_table_is_attacked_by_the_claims_that_look_best(tmp_path) -> None:
    assert attacks.on_rows(5, tmp_path) == 0
    assert len((tmp_path / "ledger.jsonl").read_text().splitlines()) == 10, "a seal, and three batches to the end"


def test_the_page_tells_every_attack_and_what_got_through() -> None:
    page = attacks_tried.page([attacks_tried.Count("one", 10, 0), attacks_tried.Count("two", 10, 1, ("3: open",))])
    assert "| one | 10 | 0 |" in page
    assert page.endswith("Got through: two, try 3: open")
