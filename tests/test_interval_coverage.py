"""Small versions of `benchmarks/interval_coverage.py`: intervals of what is verified hold truths in closed form."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from benchmarks import interval_coverage
from heldout.tools.value import Effect
from heldout.tools.verify import verify as door
from heldout.tools.verify.ledger import Ledger
from tests.families import CASES

# Effects at which less than half of the claims are verified in 400 rows: most intervals are of lucky estimates.
STRENGTHS = {"rate_difference": 0.3, "mean_difference": 0.19, "group_difference": 0.19}
TRUE = {
    "rate_difference": (0.3 * 0.3, 30 * 0.3),
    "mean_difference": (0.19 / np.sqrt(1 + 0.19**2 / 4), 0.19),
    "group_difference": (float(ndtr(0.19 / np.sqrt(2))), 0.19),
}


def _planted(name: str, copies: int) -> list[interval_coverage.Truth]:
    return [interval_coverage.Truth(name, 0.8, STRENGTHS[name], *TRUE[name])] * copies


def _seen(name: str, tables: int, folder: Path, first: int = 0) -> list[interval_coverage.Seen]:
    planted = _planted(name, 10)
    return [s for seed in range(first, first + tables) for s in interval_coverage.one_table(planted, 400, seed, folder)]


def test_intervals_of_lucky_estimates_hold_the_truth_as_often_as_is_promised_and_plain_ones_less(
    tmp_path: Path,
) -> None:
    seen = _seen("rate_difference", 60, tmp_path)
    assert 100 < len(seen) < 400
    assert np.mean([s.above for s in seen]) > 0.8, "selection is meant to bite"
    assert interval_coverage.coverage(seen) >= interval_coverage.TARGET
    assert np.mean([s.plain for s in seen]) < interval_coverage.coverage(seen)
    assert interval_coverage.in_units(seen) == interval_coverage.coverage(seen), "points are a hundred times the share"
    assert interval_coverage.short(seen, ["rate_difference"]) == []


@pytest.mark.parametrize("name", ["mean_difference", "group_difference"])
def test_a_few_tables_of_numbers_hold_theirs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "DRAWS", 199)
    seen = _seen(name, 15, tmp_path)
    assert len(seen) > 25
    assert interval_coverage.coverage(seen) >= 0.9
    units = interval_coverage.in_units(seen)
    assert units is not None
    assert units >= 0.9


def test_intervals_that_are_too_narrow_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "counted_level", lambda h, level: 0.4)
    seen = _seen("rate_difference", 30, tmp_path)
    assert {s.level for s in seen} == {0.6}
    assert interval_coverage.coverage(seen) < 0.8
    assert interval_coverage.short(seen, ["rate_difference"]) == ["rate_difference"]


def test_the_true_effects_are_those_of_the_closed_form() -> None:
    false, *planted = interval_coverage.truths(["rate_difference"], 400, large=100_000)
    assert (false.factor, false.strength, false.effect) == (0.0, 0.0, 0.0)
    assert [p.factor for p in planted] == list(interval_coverage.FACTORS)
    for one in planted:
        error = np.sqrt(0.25 / 50_000 * 2)
        assert one.effect == pytest.approx(0.3 * one.strength, abs=4 * error)
        assert one.in_units == pytest.approx(100 * one.effect)
    ratios = [one.effect / planted[1].effect for one in planted]
    assert ratios == pytest.approx([0.8 / 1.2, 1, 2 / 1.2], abs=0.1)


def test_every_claim_of_a_table_is_committed_before_its_vault_is_opened(tmp_path: Path) -> None:
    planted = [*_planted("rate_difference", 3), interval_coverage.Truth("invariant", 0.0, 0.0, 0.1, None)]
    list(interval_coverage.one_table(planted, 400, 3, tmp_path))
    entries = Ledger(tmp_path / "3.jsonl").entries("3")
    assert [e.kind for e in entries] == ["seal", "commit", "open", "reveal"]
    assert len(entries[1].body["hypotheses"]) == len(entries[3].body["outcomes"]) == 4


def test_dates_of_a_small_vault_span_as_many_days_in_the_rows_that_tell_the_truth() -> None:
    many = interval_coverage._many(CASES["trend"], np.random.default_rng(1), 400, 5_000, 1.0)
    assert np.ptp(many.number("t")) == np.ptp(CASES["trend"].planted(np.random.default_rng(2), 400, 1.0).number("t"))


def test_an_interval_without_ends_holds_nothing_and_a_verified_false_claim_counts_as_a_miss() -> None:
    assert not interval_coverage.holds(Effect(name="x", value=1.0), 1.0)
    assert interval_coverage.holds(Effect(name="x", value=1.0, low=0.5, high=1.5), 1.5)
    hit = interval_coverage.Seen("f", 1.2, 0.97, True, True, True, True)
    miss = interval_coverage.Seen("f", 0.0, 0.97, False, False, False, True)
    assert interval_coverage.coverage([hit, miss]) == interval_coverage.in_units([hit, miss]) == 0.5
    assert "| f | 2 | 1, 1 | 0.970 | 0.500 |" in interval_coverage.table([hit, miss], ["f"])
