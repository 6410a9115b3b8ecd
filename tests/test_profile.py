"""What the profile of one column says, held against SciPy and NumPy, and the oddities it points at."""

from datetime import date

import numpy as np
import pytest
from scipy import stats

from heldout.tools.data.rows import Rows
from heldout.tools.explore.profile import ColumnProfile, profile_rows


def profile(values: object, **kwargs: date) -> ColumnProfile:
    return profile_rows(Rows.of({"x": np.asarray(values)}), **kwargs)[0]


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
    assert got.warnings == ("`x` has no value in 100% of rows (30 of 30).",)


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


def test_much_that_is_missing_is_told() -> None:
    x = even(100)
    x[:21] = np.nan
    assert warnings(x) == ("`x` has no value in 21% of rows (21 of 100).",)
    x[20] = 50.0
    assert warnings(x) == ()


def test_values_far_out_are_told_with_an_example() -> None:
    one = np.append(even(), 5000.0)
    assert warnings(one) == ("`x` has a value, 5000, more than ten interquartile ranges beyond its quartiles.",)
    three = np.append(even(1000) - 50, [-7000.5, -300.0, 400.0])
    told = "`x` has 3 values, such as -7,000.5, more than ten interquartile ranges beyond its quartiles."
    assert warnings(three) == (told,)


def test_the_long_tail_of_a_lognormal_is_a_tail_and_not_a_set_of_errors() -> None:
    x = np.exp(np.random.default_rng(1).normal(3, 1.2, 5000))
    (told,) = warnings(x)
    assert told.startswith("`x` has a long tail of high values (skewness ")
    assert warnings(np.append(x, 1e9))[0].startswith("`x` has a value, 1,000,000,000,")


@pytest.mark.parametrize(("stand_in", "shown"), [(-999.0, "-999"), (9999.0, "9999"), (99999.0, "99,999")])
def test_a_number_that_stands_for_missing_is_told(stand_in: float, shown: str) -> None:
    told = f"`x` is {shown} in 2 rows, far from the rest: it may stand for a missing value."
    assert warnings(np.append(even(), [stand_in] * 2)) == (told,)


def test_a_plausible_99_is_no_stand_in() -> None:
    ages = np.append(np.random.default_rng(2).integers(18, 99, 300), 99).astype(float)
    assert warnings(ages) == ()


def test_a_lone_minus_one_among_counts_is_told() -> None:
    days = np.append(np.random.default_rng(3).integers(0, 40, 300), [-1] * 30).astype(float)
    assert warnings(days) == ("`x` is -1 in 30 rows, far from the rest: it may stand for a missing value.",)


def test_one_value_that_fills_the_column_is_told() -> None:
    x = np.append(np.zeros(300), np.arange(1, 101))
    assert warnings(x) == ("`x` is 0 in 75.0% of rows with a value (300 of 400).",)
    labels = np.array(["no"] * 98 + ["yes"] * 2)
    assert warnings(labels) == ("`x` is `no` in 98.0% of rows with a value (98 of 100).",)


def test_levels_that_differ_only_by_case_or_spaces_are_told() -> None:
    labels = np.array(["Male"] * 30 + ["male"] * 20 + ["female"] * 40 + ["female "] * 5)
    assert warnings(labels) == (
        "Levels of `x` differ only by case or spaces: `female` and `female `; `Male` and `male`.",
    )


def test_a_level_that_reads_like_missing_is_told() -> None:
    labels = np.array(["a"] * 30 + ["b"] * 20 + ["?"] * 5)
    assert warnings(labels) == ("`x` is `?` in 5 of 55 rows, which reads like a missing value.",)


def test_dates_to_come_and_dates_that_stand_for_missing_are_told() -> None:
    days = np.datetime64("2024-01-01") + np.arange(40)
    assert profile(days, today=date(2024, 2, 7)).warnings == ("`x` lies in the future in 2 rows.",)
    assert profile(days, today=date(2024, 2, 9)).warnings == ()
    old = np.append(days, np.datetime64("1900-01-01"))
    told = "`x` is 1900-01-01 in 1 row: it may stand for a missing date."
    assert profile(old, today=date(2025, 1, 1)).warnings == (told,)
    far = np.append(days, [np.datetime64("9999-12-31")] * 3)
    told = "`x` is 9999-12-31 in 3 rows: it may stand for a missing date."
    assert profile(far, today=date(2025, 1, 1)).warnings == (told,)


def test_a_profile_survives_its_own_json() -> None:
    for got in profile_rows(Rows.of({"n": even(), "c": ["a"] * 200, "e": [np.nan] * 200})):
        assert ColumnProfile.model_validate_json(got.canonical()) == got
