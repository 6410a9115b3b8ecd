"""P(A>B): agreement with scipy and statsmodels, floors, clusters, words."""

import numpy as np
import pytest
from scipy import stats

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError, UsageError
from heldout.tools.verify.families.group_difference import DISAGREE, FAMILY
from heldout.tools.verify.hypothesis import Condition, Contrast, GroupDifference, RateDifference
from heldout.tools.verify.superiority import (
    moments,
    permutation_superiority_p,
    quantile,
    superiority,
)

PAIN = ([1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1], [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4])
HIGHER = GroupDifference(
    outcome="charges", predictor="smoker", levels=Contrast(a=("yes",), b=("no",)), direction="higher"
)


def table(a, b) -> tuple[np.ndarray, np.ndarray]:
    """Counts by sample and distinct value, and the values."""
    values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    split = np.arange(len(codes)) < len(a)
    counts = [np.bincount(codes[m], minlength=len(values)) for m in (split, ~split)]
    return np.stack(counts), values


def rows_of(a, b, **more) -> Rows:
    """A table whose first rows are smokers."""
    smoker = np.repeat(["yes", "no"], [len(a), len(b)])
    return Rows.of({"smoker": smoker, "charges": np.concatenate([a, b])} | more)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(5))


def test_the_pain_data_of_brunner_and_munzel_give_their_p():
    result = superiority(table(*PAIN)[0])
    assert result.p_robust == pytest.approx(0.0057862, abs=5e-8)
    assert result.value == pytest.approx(1 - 0.788961, abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_random_ties_agree_with_scipys_brunner_munzel_and_mann_whitney(seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    a, b = rng.integers(0, 9, rng.integers(10, 60)), rng.integers(0, 11, rng.integers(10, 60))
    ours, scipys = superiority(table(a, b)[0]), stats.brunnermunzel(a, b)
    assert -ours.statistic == pytest.approx(scipys.statistic, rel=1e-10)
    assert ours.p_robust == pytest.approx(scipys.pvalue, rel=1e-10)
    u = stats.mannwhitneyu(a, b).statistic
    assert ours.value == pytest.approx(u / (len(a) * len(b)), rel=1e-10)


def test_the_effect_and_its_degrees_of_freedom_agree_with_statsmodels(rng):
    from statsmodels.stats.nonparametric import rank_compare_2indep

    a, b = rng.normal(0.4, 1, 80), rng.normal(0, 2, 120)
    ours, theirs = superiority(table(a, b)[0]), rank_compare_2indep(a, b)
    assert ours.value == pytest.approx(theirs.prob1, rel=1e-10)
    assert ours.df == pytest.approx(theirs.df, rel=1e-10)
    low, high = theirs.conf_int(alpha=0.05)
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=0.006)
    assert ours.low <= low
    assert ours.high >= high


def test_the_permutation_p_is_near_scipys_asymptotic_mann_whitney(rng):
    a, b = rng.integers(0, 8, 150), rng.integers(0, 8, 200) + (rng.random(200) < 0.12)
    drawn = permutation_superiority_p(table(a, b)[0], draws=9_999, seed=1)
    asymptotic = stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic").pvalue
    assert drawn == pytest.approx(asymptotic, rel=0.3, abs=0.01)


def test_pooling_to_bins_keeps_the_permutation_p_of_many_values(rng):
    a, b = rng.normal(size=400), rng.normal(0.15, 1, 400)
    drawn = permutation_superiority_p(table(a, b)[0], draws=9_999, seed=2)
    asymptotic = stats.mannwhitneyu(a, b, method="asymptotic").pvalue
    assert drawn == pytest.approx(asymptotic, rel=0.35, abs=0.01)


def test_complete_separation_leaves_the_permutation_p_to_count():
    evidence = FAMILY.evaluate(HIGHER, rows_of(np.arange(30.0) + 100, np.arange(30.0)), draws=1_999)
    assert evidence.p_robust == 0.0
    assert evidence.p_value == evidence.p_permutation == pytest.approx(1 / 2_000)
    assert evidence.statistic is None
    assert evidence.effect.value == evidence.effect.high == 1.0
    assert 0.9 < evidence.effect.low < 1.0
    assert evidence.standard_error > 0


def test_counts_give_the_mean_variance_and_quartiles_of_the_rows(rng):
    x = rng.integers(0, 7, 101).astype(float)
    counts, values = table(x, [0.0])
    n, mean, variance = moments(values, counts[0])
    assert (n, mean, variance) == pytest.approx((101, x.mean(), x.var(ddof=1)), rel=1e-12)
    assert quantile(values, counts[0], 0.5) == np.median(x)
    counts, values = table([1.0, 2, 3, 4], [9.0])
    assert quantile(values, counts[0], 0.5) == 2.5


def test_the_mean_difference_carries_welchs_interval_and_the_groups_their_own(rng):
    a, b = rng.lognormal(10, 0.4, 80), rng.lognormal(9, 0.6, 120)
    evidence = FAMILY.evaluate(HIGHER, rows_of(a, b), draws=199)
    welch = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert evidence.in_units.value == pytest.approx(a.mean() - b.mean(), rel=1e-12)
    assert (evidence.in_units.low, evidence.in_units.high) == pytest.approx((welch.low, welch.high), rel=1e-9)
    assert evidence.in_units.unit == "charges"
    first, second = evidence.groups
    around = stats.ttest_1samp(a, 0).confidence_interval(0.95)
    assert (first.low, first.high) == pytest.approx((around.low, around.high), rel=1e-9)
    assert (first.n, second.n) == (80, 120)
    assert second.median == pytest.approx(np.median(b))
    assert evidence.n_per_group == {"`smoker` is yes": 80, "`smoker` is no": 120}


def test_theta_has_the_sign_of_the_committed_direction(rng):
    rows = rows_of(rng.normal(1, 1, 60), rng.normal(0, 1, 60))
    higher = FAMILY.evaluate(HIGHER, rows, draws=199)
    lower = FAMILY.evaluate(HIGHER.model_copy(update={"direction": "lower"}), rows, draws=199)
    undirected = FAMILY.evaluate(HIGHER.model_copy(update={"direction": "any"}), rows, draws=199)
    assert higher.theta == undirected.theta == -lower.theta > 0
    assert higher.p_value == lower.p_value
    assert higher.theta == pytest.approx(higher.effect.value - 0.5)


def test_the_larger_of_both_p_values_counts_and_no_draws_leave_the_robust_one(rng):
    rows = rows_of(rng.normal(0, 3, 30), rng.normal(0.3, 1, 170))
    both = FAMILY.evaluate(HIGHER, rows, draws=999)
    robust = FAMILY.evaluate(HIGHER, rows, draws=0)
    assert both.p_value == max(both.p_permutation, both.p_robust)
    assert robust.p_permutation is None
    assert robust.p_value == both.p_robust


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        (np.arange(9.0), np.arange(100.0), "A side has only 9 usable rows; at least 10 are needed."),
        (np.arange(19.0), np.arange(300.0), "A side has only 19 usable rows; at least 20 are needed."),
        (np.arange(50) % 2.0, np.arange(50) % 2.0, "`charges` has fewer than 3 distinct values here: "),
        (np.ones(30), np.arange(60.0), "Every value of `charges` in the smaller group is the same."),
    ],
)
def test_what_misses_a_floor_is_untestable_with_the_reason(a, b, reason):
    evidence = FAMILY.evaluate(HIGHER, rows_of(a, b))
    assert evidence.untestable.startswith(reason)
    assert evidence.p_value is evidence.effect is evidence.theta is None
    assert evidence.n == len(a) + len(b)
    text = FAMILY.sentence(HIGHER, evidence)
    assert text == f"`charges` is higher when `smoker` is yes than when it is no: not tested. {evidence.untestable}"


def test_dates_and_labels_are_not_compared_as_numbers():
    dates = np.datetime64("2024-01-01") + np.arange(100)
    rows = Rows.of({"smoker": np.repeat(["yes", "no"], 50), "charges": dates, "kind": np.repeat(["u", "v"], 50)})
    evidence = FAMILY.evaluate(HIGHER, rows)
    assert evidence.untestable == "`charges` is a datetime, not a number. Compare dates as a trend."
    evidence = FAMILY.evaluate(HIGHER.model_copy(update={"outcome": "kind"}), rows)
    assert evidence.untestable.startswith("`kind` is a category, not a number.")


def test_unknown_levels_columns_and_confidence_levels_are_refused_by_name(rng):
    rows = rows_of(rng.normal(size=30), rng.normal(size=30))
    wrong = HIGHER.model_copy(update={"levels": Contrast(a=("maybe",))})
    with pytest.raises(HypothesisError, match="'maybe' is not a level of 'smoker': no, yes"):
        FAMILY.evaluate(wrong, rows)
    with pytest.raises(HypothesisError, match="Column 'weight' is not among the analysed columns"):
        FAMILY.evaluate(HIGHER.model_copy(update={"outcome": "weight"}), rows)
    with pytest.raises(UsageError, match=r"`level` must be between 0 and 1. Got 95 instead"):
        FAMILY.evaluate(HIGHER, rows, level=95)
    other = RateDifference(outcome="a", event="x", predictor="b", levels=Contrast(a=("y",)), direction="any")
    with pytest.raises(HypothesisError, match="A rate_difference hypothesis is not one of group_difference"):
        FAMILY.evaluate(other, rows)


def test_missing_values_are_counted_and_a_gap_between_the_groups_is_warned_of(rng):
    a, b = rng.normal(1, 1, 100), rng.normal(0, 1, 100)
    a[:20] = np.nan
    rows = rows_of(a, b)
    evidence = FAMILY.evaluate(HIGHER, rows, draws=199)
    assert (evidence.n, evidence.missing) == (180, 20)
    assert evidence.warnings == (
        "`charges` is missing for 20 % of one side and 0 % of the other, which can bias the comparison.",
    )


def test_rows_on_neither_side_are_left_out_and_are_not_missing(rng):
    g = np.repeat(["u", "v", "w"], 40)
    rows = Rows.of({"g": g, "y": rng.normal(size=120)})
    against_v = GroupDifference(outcome="y", predictor="g", levels=Contrast(a=("u",), b=("v",)), direction="any")
    against_all = against_v.model_copy(update={"levels": Contrast(a=("u",))})
    evidence = FAMILY.evaluate(against_v, rows, draws=99)
    assert (evidence.n, evidence.missing) == (80, 0)
    assert FAMILY.evaluate(against_all, rows, draws=99).n == 120


def test_a_population_filter_is_the_same_as_handing_over_those_rows(rng):
    age = rng.integers(10, 60, 300).astype(float)
    rows = rows_of(rng.normal(1, 1, 150), rng.normal(0, 1, 150), age=age)
    filtered = HIGHER.model_copy(update={"where": (Condition(column="age", op=">=", value=30),)})
    one, two = (
        FAMILY.evaluate(filtered, rows, draws=199),
        FAMILY.evaluate(HIGHER, rows.select(age >= 30), draws=199),
    )
    assert one.effect == two.effect
    assert one.p_value == two.p_value
    assert FAMILY.claim(filtered).startswith("Among rows where `age` ≥ 30, `charges` is higher")


def test_means_that_point_the_other_way_are_warned_of_and_worded_by_ranks(rng):
    a = np.concatenate([rng.normal(1, 0.5, 190), np.full(10, -100.0)])
    b = rng.normal(0, 0.5, 200)
    evidence = FAMILY.evaluate(HIGHER, rows_of(a, b), draws=999)
    assert DISAGREE in evidence.warnings
    text = FAMILY.sentence(HIGHER, evidence)
    assert text.startswith(
        "`charges` tends to be higher when `smoker` is yes than when it is no: of two rows, one from each side, "
        "the first has the higher value in 8"
    )
    assert text.endswith("point the other way.")


def test_the_sentence_reads_as_an_analyst_would_write_it():
    a = np.tile([30_000.0, 32_000, 34_000], 20)
    b = np.tile([7_000.0, 8_434, 9_868], 40)
    evidence = FAMILY.evaluate(HIGHER, rows_of(a, b), draws=199)
    assert FAMILY.sentence(HIGHER, evidence) == (
        "`charges` is higher when `smoker` is yes than when it is no: 32,000 against 8,434 on average, a "
        "difference of 23,566 (95 % interval 23,093 to 24,039; n = 60 and 120)."
    )


def test_an_effect_the_other_way_is_said_to_be_so_and_none_is_not_given_a_direction(rng):
    down = FAMILY.evaluate(HIGHER, rows_of(rng.normal(0, 1, 90), rng.normal(2, 1, 90)), draws=199)
    assert "`charges` is lower, not higher, when" in FAMILY.sentence(HIGHER, down)
    flat = rows_of(np.tile([1.0, 2, 3, 4], 20), np.tile([1.0, 2, 3, 4], 20))
    text = FAMILY.sentence(HIGHER, FAMILY.evaluate(HIGHER, flat, draws=199))
    assert text.startswith("`charges` is not shown to be higher or lower when")


def test_a_unit_of_the_column_is_printed_with_the_figures(rng):
    rows = rows_of(np.tile([30.0, 40.0, 50.0], 30), np.tile([10.0, 20.0, 30.0], 30))
    rows.columns["charges"] = rows.columns["charges"].model_copy(update={"unit": "$"})
    evidence = FAMILY.evaluate(HIGHER, rows, draws=199)
    assert "$40.0 against $20.0 on average, a difference of $20.0" in FAMILY.sentence(HIGHER, evidence)


def test_groups_of_whole_clusters_are_compared_on_one_mean_per_cluster(rng):
    cluster = np.repeat(np.arange(60), 20)
    level = rng.normal(size=60)
    y = level[cluster] + 0.3 * rng.normal(size=1_200)
    side = np.where(cluster % 2 == 0, "yes", "no")
    rows = Rows.of({"smoker": side, "charges": y}, cluster=cluster)
    evidence = FAMILY.evaluate(HIGHER, rows, draws=999)
    means = np.array([y[cluster == c].mean() for c in range(60)])
    assert evidence.clusters == 60
    assert evidence.n == 1_200
    assert [g.n for g in evidence.groups] == [30, 30]
    assert evidence.test.endswith("on one mean per cluster")
    assert evidence.p_robust == pytest.approx(stats.brunnermunzel(means[::2], means[1::2]).pvalue, rel=1e-9)
    assert "n = 30 and 30 clusters" in FAMILY.sentence(HIGHER, evidence)


def test_groups_within_clusters_are_compared_within_them_whatever_their_level(rng):
    cluster = np.repeat(np.arange(40), 12)
    smoker = rng.integers(0, 2, 480)
    y = 50 * rng.normal(size=40)[cluster] + rng.normal(size=480) + 0.8 * smoker
    rows = Rows.of({"smoker": np.where(smoker, "yes", "no"), "charges": y}, cluster=cluster)
    evidence = FAMILY.evaluate(HIGHER, rows, draws=1_999)
    assert evidence.test.startswith("within-cluster P(A>B)")
    assert evidence.p_value < 0.005
    assert evidence.in_units.value == pytest.approx(0.8, abs=0.25)
    first, second = evidence.groups
    assert first.mean - second.mean == pytest.approx(evidence.in_units.value, rel=1e-9)
    assert "in 40 clusters)" in FAMILY.sentence(HIGHER, evidence)


def test_few_clusters_are_untestable_with_the_reason(rng):
    cluster = np.repeat(np.arange(12), 20)
    within = Rows.of({"smoker": np.tile(["yes", "no"], 120), "charges": rng.normal(size=240)}, cluster=cluster)
    evidence = FAMILY.evaluate(HIGHER, within)
    assert evidence.untestable == "Only 12 clusters hold both sides; at least 20 are needed."
    assert evidence.clusters == 12
    side = np.where(cluster < 6, "yes", "no")
    between = Rows.of({"smoker": side, "charges": rng.normal(size=240)}, cluster=cluster)
    assert FAMILY.evaluate(HIGHER, between).untestable.startswith("With one row per cluster: A side has only 6")


def test_the_picture_holds_both_groups_with_their_quartiles(rng):
    picture = FAMILY.picture(HIGHER, rows_of(np.arange(101.0), np.arange(201.0)))
    assert (picture.kind, picture.x_title, picture.y_title) == ("groups", "smoker", "charges")
    first, second = picture.records
    assert first["label"] == "yes"
    assert [first[k] for k in ("n", "mean", "q25", "median", "q75")] == [101, 50.0, 25.0, 50.0, 75.0]
    assert second["low"] < second["mean"] < second["high"]


def test_half_a_million_rows_are_tested_like_few(rng):
    n = 500_000
    side = rng.integers(0, 3, n)
    y = rng.normal(size=n) + 0.02 * (side == 0)
    h = GroupDifference(outcome="y", predictor="g", levels=Contrast(a=("0",)), direction="higher")
    rows = Rows.of({"g": side, "y": y})
    rows.ordinal("y")
    evidence = FAMILY.evaluate(h, rows, draws=9_999)
    assert evidence.p_permutation == pytest.approx(1e-4)
    assert evidence.n == n
