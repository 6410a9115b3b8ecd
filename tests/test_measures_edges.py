"""Statistics where there is little to measure: constants, few clusters, repeated times, rare labels."""

from itertools import combinations

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.verify.clusters import collapse
from heldout.tools.verify.counts import permutation_rate_p, rate_contrast
from heldout.tools.verify.hypothesis import MonotoneAssociation
from heldout.tools.verify.intervals import welch_interval
from heldout.tools.verify.jump import examine_jump
from heldout.tools.verify.linear import partial_effect
from heldout.tools.verify.policy import make_rule
from heldout.tools.verify.quantiles import permutation_quantile_p
from heldout.tools.verify.seasons import Cells, Course, examine_season
from heldout.tools.verify.series import CONSTANT, examine_trend, slope_p, wanders
from heldout.tools.verify.shifts import shift_of_labels
from heldout.tools.verify.strata import reversal
from heldout.tools.verify.verify import judge


def test_two_samples_that_never_vary_differ_by_a_sure_amount() -> None:
    assert welch_interval((5, 2.0, 0.0), (5, 1.5, 0.0)) == (0.5, 0.0, 0.5, 0.5)


def test_counts_that_never_scatter_have_no_ratio() -> None:
    """Each row counts exactly twice its exposure: the error of a rate, by the rows' own scatter, is 0."""
    w, side = np.array([1.0, 2.0, 1.0, 2.0]), np.array([0, 0, 1, 1])
    assert rate_contrast(2 * w, w, side) is None
    assert rate_contrast(2 * w + [0, 1, 0, 0], w, side) is not None


@pytest.mark.parametrize("w", [np.ones(8), np.resize([1.0, 2.0], 8)], ids=["one exposure", "two exposures"])
def test_the_permutation_of_few_counts_is_that_of_all_choices_of_a_side(w: np.ndarray) -> None:
    y, n = np.array([9.0, 7.0, 8.0, 1.0, 0.0, 2.0, 3.0, 1.0]), 4
    side = np.array([0] * n + [1] * n)

    def studentised(chosen: np.ndarray) -> float:
        logs, variance = [], 0.0
        for on in (chosen, ~chosen):
            own, exposed = y[on] / y.mean(), w[on] / w.mean()
            total = own.sum() + 0.5
            rate = total / exposed.sum()
            squares = max(((own - rate * exposed) ** 2).sum(), 0.0)
            variance += squares / total**2 * n / (n - 1)
            logs.append(np.log(rate))
        return abs(logs[0] - logs[1]) / np.sqrt(variance)

    seen = []
    for picked in combinations(range(8), n):
        chosen = np.zeros(8, bool)
        chosen[list(picked)] = True
        seen.append(studentised(chosen))
    exact = np.mean(np.array(seen) >= studentised(side == 0) * (1 - 1e-9))
    assert permutation_rate_p(y, w, side, draws=9_999, seed=1) == pytest.approx(exact, abs=0.02)


def test_a_coefficient_that_one_cluster_alone_tells_is_not_determined() -> None:
    rng = np.random.default_rng(1)
    cluster, y = np.repeat(np.arange(10), 5), rng.normal(size=50)
    x = np.where(cluster == 0, rng.normal(size=50), 0.0)
    assert partial_effect(y, x, cluster=cluster) is None
    assert partial_effect(y, x + (cluster == 1) * rng.normal(size=50), cluster=cluster) is not None


def test_a_label_that_no_row_of_any_cluster_has_stays_missing() -> None:
    label = np.array([None] * 6, dtype=object)
    rows = Rows.of({"label": np.where(np.arange(6) < 0, "a", label), "x": np.arange(6.0)}, cluster=[0, 0, 1, 1, 2, 2])
    assert collapse(rows, ["label", "x"]).codes("label").tolist() == [-1, -1, -1]


def test_time_or_outcome_of_one_value_has_no_trend_nor_have_equal_averages_of_times() -> None:
    time = np.arange(60.0)
    assert examine_trend(time, np.ones(60), draws=0, seed=0) == CONSTANT
    # Times whose values are all 10, and times of nine ones and a 91: ranks differ from time to time, averages do not.
    values = np.concatenate([[10.0] * 10 if at % 2 else [1.0] * 9 + [91.0] for at in range(20)])
    assert examine_trend(np.repeat(np.arange(20.0), 10), values, draws=0, seed=0) == CONSTANT


def test_rows_of_nine_times_that_move_together_are_too_few() -> None:
    rng = np.random.default_rng(2)
    time = np.repeat(np.arange(9.0), 20)
    values = np.repeat(rng.normal(size=9), 20) + 0.01 * rng.normal(size=180)
    assert examine_trend(time, values, draws=0, seed=0) == (
        "Rows of the same time depend on each other, and there are only 9 distinct times; at least 10 are needed."
    )


def test_times_whose_rows_repeat_each_other_count_once() -> None:
    rng = np.random.default_rng(3)
    each = rng.normal(size=50)
    found = examine_trend(np.repeat(np.arange(50.0), 4), np.repeat(each, 4), draws=0, seed=0)
    alone = examine_trend(np.arange(50.0), each, draws=0, seed=0)
    assert not isinstance(found, str)
    assert not isinstance(alone, str)
    assert found.p_robust == pytest.approx(alone.p_robust)


def test_a_straight_line_does_not_wander_and_a_flat_one_has_no_slope_to_show() -> None:
    assert not wanders(np.arange(50.0))
    assert wanders(np.cumsum(np.random.default_rng(4).normal(size=300)))
    assert slope_p(np.arange(5.0), np.ones(5)) == 1.0
    assert slope_p(np.ones(5), np.arange(5.0)) == 1.0
    assert slope_p(np.arange(5.0), np.array([0.0, 1.0, 2.0, 2.9, 4.0])) < 0.001


def test_a_change_needs_twenty_four_times_though_both_sides_have_ten() -> None:
    rng = np.random.default_rng(5)
    found = examine_jump(np.arange(22.0), rng.normal(size=22), 11.0, draws=0, seed=0, level=0.95)
    assert found == "Only 22 distinct times; at least 24 are needed."


def test_a_season_that_leaves_nothing_over_is_sure_where_its_sides_differ() -> None:
    turn, phase = np.repeat(np.arange(12), 4), np.tile(np.arange(4), 12)
    course = Course(np.arange(48.0), phase, turn, phase // 2)
    assert Cells.of(course, np.array([3.0, 3.0, 1.0, 1.0])[phase]).searched_p() == 0.0
    assert Cells.of(course, np.ones(48)).searched_p() == 1.0


def test_labels_that_are_rare_on_a_side_are_tested_as_one() -> None:
    rare = np.array([[100, 40, 3, 2, 3], [100, 60, 3, 4, 3]])
    found = shift_of_labels(rare, draws=0, seed=0, level=0.95)
    pooled = shift_of_labels(np.array([[100, 40, 8], [100, 60, 10]]), draws=0, seed=0, level=0.95)
    assert (found.df, found.p_robust) == (2.0, pytest.approx(pooled.p_robust))
    # Too rare even together: they join the rarest label that is kept.
    few = shift_of_labels(np.array([[100, 40, 1, 0], [100, 60, 0, 1]]), draws=0, seed=0, level=0.95)
    joined = shift_of_labels(np.array([[100, 41], [100, 61]]), draws=0, seed=0, level=0.95)
    assert (few.df, few.p_robust) == (1.0, pytest.approx(joined.p_robust))


def test_what_follows_from_how_the_table_is_built_is_no_discovery() -> None:
    rng = np.random.default_rng(6)
    rows = Rows.of({"x": np.arange(300.0), "y": np.arange(300.0) + rng.normal(size=300)})
    h = MonotoneAssociation(outcome="y", predictor="x", direction="increasing")

    def outcome(structural: frozenset[frozenset[str]]) -> tuple[str, str]:
        judged = judge(
            [h], rows, make_rule(), [None], weight=1.0, earlier=0, split="held_out", structural=structural
        )  # fmt: skip
        return judged.verdicts[0].outcome, judged.verdicts[0].reason

    assert outcome(frozenset())[0] == "verified"
    assert outcome(frozenset({frozenset(("x", "y"))})) == (
        "untestable",
        "Follows from how the table is built (see structure): no discovery.",
    )


def test_few_values_are_drawn_as_they_are_for_the_permutation_of_quantiles() -> None:
    values, counts = np.arange(6.0), np.array([[9, 7, 5, 3, 1, 1], [1, 1, 3, 5, 7, 9]])
    apart = permutation_quantile_p(values, counts, 0.5, draws=999, seed=1)
    alike = permutation_quantile_p(values, np.stack([counts[0], counts[0]]), 0.5, draws=999, seed=1)
    assert apart < 0.01
    assert alike == 1.0


def test_one_row_reverses_nothing() -> None:
    assert reversal(np.array([1.0]), np.array([1.0]), np.array([0])) == (0.0, 0.0, False, False)


def test_turns_of_a_season_that_depend_on_each_other_too_much_are_not_tested() -> None:
    turn, phase = np.repeat(np.arange(40), 4), np.tile(np.arange(4), 40)
    course = Course(np.arange(160.0), phase, turn, phase // 2)
    slow = np.where(phase < 2, np.sin(turn / 6.0), 0.0)
    told = examine_season(course, slow, searched=False, draws=0, seed=0, level=0.95)
    assert str(told).startswith("The turns of the cycle depend on each other (lag-1 correlation 0.")


def test_times_whose_averages_wander_cannot_be_told_from_a_random_walk() -> None:
    walk = np.cumsum(np.random.default_rng(4).normal(size=300))
    values = np.repeat(walk, 2) + 0.01 * np.random.default_rng(5).normal(size=600)
    told = str(examine_trend(np.repeat(np.arange(300.0), 2), values, draws=0, seed=0))
    assert "the 300 observations cannot be told from a random walk" in told


def test_neighbouring_averages_of_times_that_depend_on_each_other_are_guarded() -> None:
    rng = np.random.default_rng(6)
    each = np.zeros(400)
    for at in range(1, 400):
        each[at] = 0.4 * each[at - 1] + rng.normal()
    values = np.repeat(each, 2) + 0.01 * rng.normal(size=800)
    found = examine_trend(np.repeat(np.arange(400.0), 2), values, draws=0, seed=0)
    assert not isinstance(found, str)
    assert 0.3 < found.phi < 0.5
    assert found.inflation > 1.3
