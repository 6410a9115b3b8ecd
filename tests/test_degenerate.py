"""Tests at the edge of what can be measured: no spread, no scatter, one cluster, settings that are none."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import UsageError
from heldout.tools.verify.clusters import centred, dense
from heldout.tools.verify.counts import within_rates
from heldout.tools.verify.intervals import check_level
from heldout.tools.verify.linear import Partial, partial_effect
from heldout.tools.verify.means import mean_contrast
from heldout.tools.verify.permutation import permutation_p
from heldout.tools.verify.quantiles import quantile_contrast
from heldout.tools.verify.ranks import midranks, rank_correlation
from heldout.tools.verify.sharing import rows_share
from heldout.tools.verify.shuffling import shuffled_score_p
from heldout.tools.verify.strata import general_association, mantel_haenszel
from heldout.tools.verify.superiority import superiority

ONE_EACH = np.array([[5, 0], [0, 7]])
"""Counts of two samples over two values: each sample has one value of its own."""


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 95.0])
def test_a_confidence_level_that_is_none_is_refused_with_its_value(level: float) -> None:
    with pytest.raises(UsageError, match=f"must be between 0 and 1. Got {level!r}"):
        check_level(level)


def test_rows_without_clusters_cannot_be_moved_to_one_average() -> None:
    with pytest.raises(UsageError, match="Only rows with clusters"):
        centred(Rows.of({"x": np.arange(3.0)}), ["x"])


@pytest.mark.parametrize("cluster", [np.array([5, -3, 5, 9]), np.array([2.5, -3.0, 2.5, 10.0**9])])
def test_clusters_of_any_codes_are_numbered_in_ascending_order(cluster: np.ndarray) -> None:
    codes, number = dense(cluster)
    assert (codes.tolist(), number) == ([1, 0, 1, 2], 3)


def test_codes_that_lie_far_apart_are_numbered_like_close_ones() -> None:
    codes, number = dense(np.array([0, 2_000_000_000, 7]))
    assert (codes.tolist(), number) == ([0, 2, 1], 3)


def test_samples_of_one_value_each_have_no_test_of_means_or_quantiles() -> None:
    values = np.array([1.0, 2.0])
    assert mean_contrast(values, ONE_EACH) is None
    assert quantile_contrast(values, ONE_EACH, 0.5) is None


def test_symmetric_samples_are_not_moved_for_skewness() -> None:
    values, counts = np.array([-1.0, 0.0, 1.0]), np.array([[20, 40, 20], [20, 40, 20]])
    found = mean_contrast(values, counts)
    assert found is not None
    assert found.difference.low == pytest.approx(-found.difference.high)


def test_a_constant_column_has_no_rank_correlation_and_a_perfect_one_no_error() -> None:
    ranks = midranks(np.arange(6))
    assert rank_correlation(np.zeros(6), ranks) is None
    assert rank_correlation(ranks, np.zeros(6)) is None
    found = rank_correlation(ranks, -ranks)
    assert found is not None
    assert (found.rho, found.error, found.statistic, found.p_robust) == (-1.0, 0.0, -np.inf, 0.0)


def test_separated_samples_leave_the_permutation_test_alone() -> None:
    found = superiority(ONE_EACH)
    assert (found.value, found.statistic, found.p_robust) == (0.0, None, 0.0)


def test_a_slope_without_scatter_is_certain_in_its_own_direction() -> None:
    x = np.arange(12.0)
    found = partial_effect(-2.0 * x, x, ())
    assert found is not None
    assert (found.error, found.statistic) == (0.0, -1e12)
    assert found.value == pytest.approx(-2.0)
    assert Partial(0.0, 0.0, 3.0, 1.0, None, 0.0, 1.0).statistic == 0.0


def test_a_slope_beside_columns_that_leave_no_degree_of_freedom_is_not_determined() -> None:
    rng = np.random.default_rng(3)
    y, x, *others = rng.normal(size=(7, 6))
    assert partial_effect(y, x, others) is None
    assert partial_effect(y, x, others[:4]) is None
    assert partial_effect(y, x, others[:2]) is not None


def test_a_control_that_repeats_another_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    y, x, z = rng.normal(size=(3, 40))
    once, twice = partial_effect(y, x, (z,)), partial_effect(y, x, (z, 2 * z + 1))
    assert once is not None
    assert twice is not None
    assert twice.value == pytest.approx(once.value, rel=1e-10)
    assert twice.df == pytest.approx(once.df, rel=1e-10)


def test_residuals_without_spread_are_no_evidence() -> None:
    assert shuffled_score_p(np.ones(5), np.zeros(5), None, draws=99, seed=1) == 1.0
    assert rows_share(np.zeros(6), np.array([0, 0, 1, 1, 2, 2]), 1) is False


@pytest.mark.parametrize(("table", "draws"), [(np.ones((2, 2), np.int64), 0), (np.ones(4, np.int64), 99)])
def test_a_permutation_needs_a_two_way_table_and_a_draw(table: np.ndarray, draws: int) -> None:
    with pytest.raises(UsageError, match=f"Got {draws} draws"):
        permutation_p(table, lambda t: t.sum((1, 2)).astype(float), draws=draws, seed=1)


@pytest.mark.parametrize("table", [[[3, 4]], [[3], [4]], [[0, 0], [0, 0]]])
def test_a_table_that_no_shuffle_changes_has_p_one(table: list) -> None:
    assert permutation_p(np.array(table), lambda t: t[:, 0, 0] * 1.0, draws=199, seed=1) == 1.0


def test_tables_of_more_rows_than_cells_are_drawn_for_keep_their_margins() -> None:
    table = np.full((3, 3), 200_000_000)
    table[0, 0] += 500
    seen = []

    def corner(tables: np.ndarray) -> np.ndarray:
        seen.append(tables)
        return tables[:, 0, 0] - 2e8

    assert 0 < permutation_p(table, corner, draws=1, seed=1) <= 1
    assert (seen[-1].sum(2) == table.sum(1)).all()
    assert (seen[-1].sum(1) == table.sum(0)).all()


def test_rates_within_one_cluster_or_of_a_side_that_counts_nothing_are_not_compared() -> None:
    y, w, side = np.array([3.0, 1.0, 2.0, 2.0]), np.ones(4), np.array([0, 1, 0, 1])
    options = {"draws": 99, "seed": 1, "level": 0.95}
    assert within_rates(y, w, side, np.zeros(4, int), **options) is None
    assert within_rates(y * (side == 0), w, side, np.array([0, 0, 1, 1]), **options) is None
    assert within_rates(y, w, side, np.array([0, 0, 1, 1]), **options) is not None


def test_equal_odds_in_every_stratum_are_told_apart_from_none() -> None:
    """A common odds ratio of exactly 1: expected cells are the products of the margins."""
    flat = np.array([[[10, 10], [10, 10]], [[5, 15], [5, 15]]])
    found = mantel_haenszel(flat)
    assert found is not None
    assert found.common == pytest.approx(1.0)
    assert (found.p_common, found.p_equal) == (1.0, pytest.approx(1.0))


def test_labels_of_which_one_value_is_seen_have_no_association() -> None:
    assert general_association(np.array([[[5, 0], [7, 0]], [[2, 0], [3, 0]]])) == (1.0, 0)
    assert general_association(np.zeros((2, 2, 2))) == (1.0, 0)
