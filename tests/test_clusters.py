"""Rows reduced to one observation per cluster: means, modes, ranks and the test over clusters."""

import numpy as np
import pytest
from scipy import stats

from heldout.tools.data.rows import Rows
from heldout.tools.errors import UsageError
from heldout.tools.verify.clusters import (
    collapse,
    is_constant_within,
    modes,
    one_sample,
    ranks_within,
    within_means,
    within_score_p,
    within_superiority,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(7))


def test_a_column_of_the_cluster_is_constant_within_it():
    cluster = np.repeat(np.arange(30), 5)
    assert is_constant_within(cluster % 2, cluster)
    assert is_constant_within(np.sqrt(cluster), cluster)


def test_a_column_that_varies_within_clusters_is_not_constant(rng):
    cluster = np.repeat(np.arange(30), 5)
    assert not is_constant_within(rng.integers(0, 2, 150), cluster)


def test_one_wrong_label_in_a_hundred_rows_still_counts_as_constant():
    cluster = np.repeat(np.arange(20), 20)
    side = cluster % 2
    side[[3, 50]] = 1 - side[[3, 50]]
    assert is_constant_within(side, cluster)


def test_a_rare_flag_that_varies_within_clusters_is_not_mistaken_for_a_constant():
    cluster = np.repeat(np.arange(40), 50)
    flag = np.zeros(2_000, int)
    flag[::200] = 1
    assert (flag == 0).mean() > 0.99
    assert not is_constant_within(flag, cluster)


def test_clusters_of_one_row_are_constant_and_so_is_no_row_at_all(rng):
    assert is_constant_within(rng.normal(size=50), np.arange(50))
    assert is_constant_within(np.array([]), np.array([]))


def test_the_mode_of_a_cluster_is_its_commonest_code_and_the_smallest_of_equals():
    values, times = modes(np.array([2, 2, 1, 5, 4, 4, 5]), np.array([9, 9, 9, 3, 3, 3, 3]))
    assert values.tolist() == [4, 2]
    assert times.tolist() == [2, 2]


def test_collapsing_gives_means_modes_and_shares_in_the_order_of_the_codes():
    rows = Rows.of(
        {
            "y": [1.0, 3.0, np.nan, 10.0, np.nan],
            "g": ["a", "a", "b", "b", None],
            "e": ["yes", "no", "no", "yes", "yes"],
            "k": [1, 1, 2, 2, 2],
        },
        cluster=[4, 4, 4, 2, 2],
    )
    one = collapse(rows, ("y", "g", "e", "k"), modes_of=("k",), event=("e", "yes"))
    assert one.n == 2
    assert one.cluster is None
    assert one.number("y").tolist() == [10.0, 2.0]
    assert [one.column("g").levels[c] for c in one.codes("g")] == ["b", "a"]
    assert one.number("e").tolist() == pytest.approx([1.0, 1 / 3])
    assert one.column("e").type == "number"
    assert one.number("k").tolist() == [2.0, 1.0]
    assert one.column("k").levels == ("1", "2")


def test_a_cluster_without_a_value_is_missing_after_collapsing():
    rows = Rows.of({"y": [np.nan, np.nan, 1.0], "g": [None, None, "a"]}, cluster=[0, 0, 1])
    one = collapse(rows, ("y", "g"))
    assert np.isnan(one.number("y")).tolist() == [True, False]
    assert one.codes("g").tolist() == [-1, 0]


def test_rows_without_clusters_are_refused():
    with pytest.raises(UsageError, match="Only rows with clusters can be collapsed"):
        collapse(Rows.of({"y": [1.0, 2.0]}), ("y",))


def test_means_within_clusters_leave_out_clusters_with_one_side():
    pairs = within_means(np.array([1.0, 2, 6, 5, 7]), np.array([0, 0, 1, 0, 0]), np.array([1, 1, 1, 2, 2]))
    assert pairs.means.tolist() == [[1.5, 6.0]]
    assert pairs.weights.tolist() == pytest.approx([2 / 3])


def test_ranks_within_clusters_are_scipys_midranks_of_each_cluster(rng):
    cluster, values = rng.integers(0, 12, 300), rng.integers(0, 6, 300)
    ranks = ranks_within(values, cluster)
    for c in range(12):
        assert ranks[cluster == c] == pytest.approx(stats.rankdata(values[cluster == c]))


def test_superiority_within_a_cluster_is_the_mann_whitney_share_of_that_cluster(rng):
    cluster, values, side = rng.integers(0, 9, 400), rng.integers(0, 8, 400), rng.integers(0, 2, 400)
    theta = within_superiority(values, side, cluster)
    for c in range(9):
        a, b = (values[(cluster == c) & (side == s)] for s in (0, 1))
        u = stats.mannwhitneyu(a, b).statistic / (len(a) * len(b))
        assert theta[c] == pytest.approx(u - 0.5, abs=1e-12)


def test_admissions_within_departments_give_the_known_cochran_mantel_haenszel_p():
    admitted = {"A": (512, 313, 89, 19), "B": (353, 207, 17, 8), "C": (120, 205, 202, 391)}
    admitted |= {"D": (138, 279, 131, 244), "E": (53, 138, 94, 299), "F": (22, 351, 24, 317)}
    counts = np.array(list(admitted.values())).ravel()
    hit = np.repeat(np.tile([1.0, 0.0, 1.0, 0.0], 6), counts)
    side = np.repeat(np.tile([0, 0, 1, 1], 6), counts)
    department = np.repeat(np.arange(6).repeat(4), counts)
    assert within_score_p(hit, side, department) == pytest.approx(0.21692, abs=1e-5)


def test_van_elterens_test_of_one_stratum_is_the_mann_whitney_test(rng):
    a, b = rng.integers(0, 9, 60), rng.integers(1, 10, 80)
    both, one = np.concatenate([a, b]), np.zeros(140, int)
    p = within_score_p(ranks_within(both, one) / 140, np.repeat([0, 1], [60, 80]), one)
    scipys = stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic").pvalue
    assert p == pytest.approx(scipys, rel=1e-9)
    assert within_score_p(np.ones(10), np.tile([0, 1], 5), np.arange(10) // 2) == 1.0


def test_equal_weights_give_scipys_t_test(rng):
    theta = rng.normal(0.2, 1, 40)
    ours, scipys = one_sample(theta, np.ones(40), draws=0, seed=0), stats.ttest_1samp(theta, 0)
    around = scipys.confidence_interval(0.95)
    assert ours.p_flip is None
    assert ours.df == pytest.approx(39)
    assert ours.p_robust == pytest.approx(scipys.pvalue, rel=1e-10)
    assert (ours.low, ours.high) == pytest.approx((around.low, around.high), rel=1e-10)


def test_sign_flips_agree_with_all_flips_of_a_small_sample():
    theta = np.array([0.8, 1.1, -0.3, 0.9, 0.4, 1.3, -0.2, 0.6, 0.7, 0.1])
    flips = np.array([[1 if k >> i & 1 else -1 for i in range(10)] for k in range(1024)])
    exact = (np.abs(flips @ theta) >= abs(theta.sum()) - 1e-12).mean()
    drawn = one_sample(theta, np.ones(10), draws=9_999, seed=3).p_flip
    assert drawn == pytest.approx(exact, abs=0.012)


def test_identical_differences_have_no_spread_and_only_the_sign_flips_speak():
    result = one_sample(np.full(25, 0.5), np.ones(25), draws=1_999, seed=0)
    assert result.p_robust == 0.0
    assert result.p_flip == pytest.approx(1 / 2_000)
    assert one_sample(np.zeros(25), np.ones(25), draws=199, seed=0).p_robust == 1.0


def test_many_clusters_are_flipped_in_blocks_and_the_same_seed_gives_the_same_p(rng):
    theta, weight = rng.normal(size=5_000), rng.uniform(1, 3, 5_000)
    first = one_sample(theta, weight, draws=1_999, seed=11)
    assert first == one_sample(theta, weight, draws=1_999, seed=11)
    assert first.p_flip == pytest.approx(first.p_robust, abs=0.1)


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_the_test_over_clusters_keeps_its_level_under_unequal_weights(rng, spread):
    reps, wrong, held = 600, 0, 0
    for rep in range(reps):
        weight = np.exp(rng.normal(0, spread, 25))
        theta = rng.normal(size=25) / np.sqrt(weight)
        result = one_sample(theta, weight, draws=199, seed=rep)
        wrong += max(result.p_flip or 0.0, result.p_robust) <= 0.05
        held += result.low <= 0 <= result.high
    assert stats.binomtest(wrong, reps, 0.055, alternative="greater").pvalue > 0.001
    assert stats.binomtest(held, reps, 0.93, alternative="less").pvalue > 0.001
