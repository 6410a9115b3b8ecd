"""What the profile of one column says, held against SciPy and NumPy, and what it says of its shape."""

import numpy as np
import pytest
from scipy import stats

from heldout.tools.data.rows import Rows
from heldout.tools.explore.profile import ColumnProfile, profile_rows


def profile(values: object) -> ColumnProfile:
    return profile_rows(Rows.of({"x": np.asarray(values)}))[0]


def warnings(values: object) -> tuple[str, ...]:
    return profile(values).warnings


def even(n: int = 200) -> np.ndarray:
    return np.random.default_rng(0).normal(50, 10, n)


@pytest.mark.parametrize("n", [1, 2, 7, 200])
def test_figures_of_a_number_agree_with_numpy_and_scipy(n: int) -> None:
    rng = np.random.default_rng(n)
    x = np.round(rng.exponential(4, n), 1)
    got = profile(np.append(x, [np.nan, np.nan]))
    assert (got.n, got.missing, got.distinct, got.zeros) == (n, 2, len(np.unique(x)), (x == 0).sum())
    assert got.mean == pytest.approx(x.mean(), rel=1e-12)
    assert got.sd == (pytest.approx(x.std(ddof=1), rel=1e-12) if n > 1 else None)
    wanted = np.quantile(x, [0, 0.25, 0.5, 0.75, 1])
    assert (got.minimum, got.q25, got.median, got.q75, got.maximum) == pytest.approx(tuple(wanted), rel=1e-12)
    assert got.skewness == (pytest.approx(stats.skew(x), rel=1e-9) if n > 1 else None)


def test_the_histogram_counts_every_value_once() -> None:
    x = even(500)
    assert profile(x).histogram == tuple(np.histogram(x, bins=16)[0])
    assert sum(profile([3.0] * 9).histogram) == 9


def test_a_label_is_profiled_by_its_most_frequent_levels() -> None:
    labels = ["b"] * 5 + ["a"] * 7 + [f"rare {k}" for k in range(20)] + [None]
    got = profile(np.array(labels, object))
    assert got.top[:2] == (("a", 7), ("b", 5))
    assert (len(got.top), got.distinct, got.n, got.missing) == (10, 22, 32, 1)
    assert (got.mean, got.minimum, got.zeros, got.histogram) == (None, None, None, ())


def test_a_date_has_quartiles_and_no_mean() -> None:
    days = np.datetime64("2024-01-01") + np.arange(5)
    got = profile(days)
    start = 19723.0
    assert (got.minimum, got.median, got.maximum) == (start, start + 2, start + 4)
    assert (got.mean, got.sd, got.skewness, got.zeros) == (None, None, None, None)


def test_a_column_without_values_is_profiled_without_figures() -> None:
    got = profile(np.full(30, np.nan))
    assert (got.n, got.mean, got.median, got.histogram) == (0, None, None, ())
    assert got.warnings == ()


def test_figures_stay_finite_at_the_ends_of_floating_point() -> None:
    got = profile([-1.7e308, 1.7e308, 0.0, 1.0] * 10)
    assert got.mean is not None
    assert sum(got.histogram) == 40
    tiny = profile([5e-324, 1e-323, 0.0] * 10)
    assert sum(tiny.histogram) == 30


def test_an_ordinary_column_draws_no_warning() -> None:
    assert warnings(even()) == ()
    assert warnings(np.array(["a", "b", "c"] * 40)) == ()
    assert warnings(np.datetime64("2020-01-01") + np.arange(100)) == ()


def test_a_long_tail_is_told_but_not_where_a_few_values_lie_apart() -> None:
    x = np.exp(np.random.default_rng(1).normal(3, 1.2, 5000))
    (told,) = warnings(x)
    assert told.startswith("`x` has a long tail of high values (skewness ")
    assert warnings(np.append(x, 1e9)) == ()
    assert warnings(np.append(even(), 9999.0)) == ()


def test_one_value_that_fills_the_column_is_told() -> None:
    x = np.append(np.zeros(300), np.arange(1, 101))
    assert warnings(x) == ("`x` is 0 in 75.0 % of rows with a value (300 of 400).",)
    labels = np.array(["no"] * 98 + ["yes"] * 2)
    assert warnings(labels) == ("`x` is `no` in 98.0 % of rows with a value (98 of 100).",)


def test_a_profile_survives_its_own_json() -> None:
    for got in profile_rows(Rows.of({"n": even(), "c": ["a"] * 200, "e": [np.nan] * 200})):
        assert ColumnProfile.model_validate_json(got.canonical()) == got
