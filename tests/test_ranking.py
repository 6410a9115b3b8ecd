"""An order of levels: every comparison must hold, ties decide nothing, and the interval covers."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.ranking import compared
from heldout.tools.verify.hypothesis import Contrast, GroupDifference, Ranking, RateDifference

FAMILY = FAMILIES["ranking"]
ORDER = Ranking(outcome="y", predictor="k", order=("a", "b", "c"))


def _rows(steps: tuple[float, ...], n: int = 600, seed: int = 1, spread: tuple[float, ...] = (1, 1, 1, 1)) -> Rows:
    rng = np.random.default_rng(seed)
    k = rng.integers(0, len(steps), n)
    y = rng.normal(size=n) * np.array(spread)[k] + np.array(steps)[k]
    event = np.where(rng.random(n) < 0.4 + 0.2 * np.array(steps)[k], "yes", "no")
    return Rows.of({"k": np.array(list("abcd"))[k], "y": y, "e": event})


def test_the_largest_p_and_the_smallest_effect_of_all_neighbours_count() -> None:
    rows = _rows((1.0, 0.6, 0.0))
    evidence = FAMILY.evaluate(ORDER, rows, seed=5)
    pairs = [
        FAMILIES["group_difference"].evaluate(
            GroupDifference(outcome="y", predictor="k", levels=Contrast(a=(a,), b=(b,)), direction="higher"),
            rows,
            seed=5,
        )
        for a, b in (("a", "b"), ("b", "c"))
    ]
    assert evidence.p_value == max(p.p_value or 0 for p in pairs)
    assert evidence.effect is not None
    assert evidence.effect.value == min(p.effect.value for p in pairs if p.effect)
    assert evidence.effect.low == min(p.effect.low for p in pairs if p.effect and p.effect.low is not None)
    assert evidence.in_units == min((p for p in pairs if p.effect), key=lambda p: p.effect.value).in_units
    assert [g.label for g in evidence.groups] == ["`k` is a", "`k` is b", "`k` is c"]


def test_a_top_level_is_compared_with_every_later_one() -> None:
    h = Ranking(outcome="y", predictor="k", order=("a", "b", "c", "d"), top=2)
    assert compared(h) == [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")]
    rows = _rows((1.0, 1.0, 0.0, 0.0), 900)
    evidence = FAMILY.evaluate(h, rows)
    assert evidence.p_value is not None
    assert evidence.p_value < 0.001
    assert "each of a and b than when it is c or d" in FAMILY.sentence(h, evidence)


def test_two_tied_levels_decide_nothing() -> None:
    p = [FAMILY.evaluate(ORDER, _rows((1.0, 0.0, 0.0), seed=s), draws=199).p_value or 0 for s in range(40)]
    assert np.mean(np.array(p) > 0.05) > 0.85


def test_a_wrong_order_points_the_other_way() -> None:
    evidence = FAMILY.evaluate(ORDER, _rows((1.0, 0.0, 0.8)))
    assert evidence.theta is not None
    assert evidence.theta < 0
    assert "is not shown to stand in this order of `k`: a, b, c" in FAMILY.sentence(ORDER, evidence)


def test_shares_of_an_event_are_ranked_by_their_differences() -> None:
    rows = _rows((2.0, 1.0, 0.0), 900)
    h = Ranking(outcome="e", event="yes", predictor="k", order=("a", "b", "c"))
    evidence = FAMILY.evaluate(h, rows)
    pair = RateDifference(
        outcome="e", event="yes", predictor="k", levels=Contrast(a=("b",), b=("c",)), direction="higher"
    )
    other = FAMILIES["rate_difference"].evaluate(pair, rows)
    assert evidence.effect is not None
    assert other.effect is not None
    assert evidence.effect.value <= other.effect.value
    assert evidence.theta == evidence.effect.value
    assert "most often when `k` is a, then b, then c" in FAMILY.claim(h)
    assert "points apart" in FAMILY.sentence(h, evidence)


def test_a_level_of_too_few_rows_makes_the_order_untestable_and_says_which() -> None:
    rows = _rows((1.0, 0.5, 0.0), 400)
    keep = np.flatnonzero((rows.codes("k") != rows.column("k").levels.index("c")) | (np.arange(400) < 20))
    evidence = FAMILY.evaluate(ORDER, rows.select(keep))
    assert evidence.untestable is not None
    assert "`k` is b against c" in evidence.untestable
    assert evidence.p_value is None


@pytest.mark.parametrize("steps", [(0.0, 0.0, 0.0), (3.0, 0.0, 0.0), (0.0, 3.0, 0.0)])
def test_an_order_with_a_tie_is_seldom_verified(steps: tuple[float, ...]) -> None:
    runs, hits = 300, 0
    for seed in range(runs):
        evidence = FAMILY.evaluate(ORDER, _rows(steps, 150, seed, spread=(1, 3, 1)), draws=199, seed=seed)
        hits += bool(
            evidence.theta and evidence.theta > 0 and evidence.p_value is not None and evidence.p_value <= 0.05
        )
    assert hits <= runs * 0.05


def test_the_interval_covers_the_smallest_of_several_equal_steps() -> None:
    from scipy.special import ndtr

    true, runs = float(ndtr(0.5 / np.sqrt(2))), 300
    h = Ranking(outcome="y", predictor="k", order=("a", "b", "c", "d"))
    covered = 0
    for seed in range(runs):
        effect = FAMILY.evaluate(h, _rows((1.5, 1.0, 0.5, 0.0), 400, seed), draws=0).effect
        assert effect is not None
        covered += (effect.low or 0) <= true <= (effect.high or 1)
    assert covered >= 0.93 * runs
