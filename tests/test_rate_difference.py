"""Risk differences: agreement with scipy and statsmodels, floors, clusters, words."""

import numpy as np
import pytest
from scipy import stats

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.families.rate_difference import FAMILY, score_test
from heldout.tools.verify.hypothesis import Contrast, GroupDifference, RateDifference
from heldout.tools.verify.intervals import newcombe_interval, welch_interval, wilson_interval

CHURN = RateDifference(
    outcome="churn", event="yes", predictor="contract", levels=Contrast(a=("monthly",)), direction="higher"
)


def rows_of(yes_a: int, no_a: int, yes_b: int, no_b: int) -> Rows:
    """A table with these four counts."""
    contract = np.repeat(["monthly", "yearly"], [yes_a + no_a, yes_b + no_b])
    churn = np.repeat(["yes", "no", "yes", "no"], [yes_a, no_a, yes_b, no_b])
    return Rows.of({"contract": contract, "churn": churn})


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(9))


@pytest.mark.parametrize("counts", [(40, 60, 30, 170), (12, 30, 300, 500), (400, 3_000, 90, 900)])
def test_both_p_values_agree_with_scipy(counts):
    evidence = FAMILY.evaluate(CHURN, rows_of(*counts))
    square = np.array(counts).reshape(2, 2)
    chi2 = stats.chi2_contingency(square, correction=False)
    assert evidence.p_permutation == pytest.approx(stats.fisher_exact(square).pvalue, rel=1e-10)
    assert evidence.p_robust == pytest.approx(chi2.pvalue, rel=1e-9)
    assert evidence.statistic**2 == pytest.approx(chi2.statistic, rel=1e-10)
    assert evidence.p_value == max(evidence.p_permutation, evidence.p_robust)


def test_the_lady_tasting_tea_is_too_few_rows_and_has_fishers_known_p():
    evidence = FAMILY.evaluate(CHURN, rows_of(3, 1, 1, 3))
    assert evidence.untestable == "A side has only 4 usable rows; at least 10 are needed."
    from heldout.tools.verify.families import rate_difference

    assert rate_difference._fisher_p(np.array([[1, 3], [3, 1]])) == pytest.approx(0.485714, abs=1e-6)


@pytest.mark.parametrize("counts", [(40, 100, 30, 200), (0, 50, 9, 80), (60, 60, 1, 90)])
def test_newcombes_and_wilsons_intervals_agree_with_statsmodels(counts):
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

    ya, na, yb, nb = counts
    ours = newcombe_interval((ya, na), (yb, nb))
    theirs = confint_proportions_2indep(ya, na, yb, nb, method="newcomb", compare="diff")
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=1e-10)
    one = wilson_interval(ya, na)
    assert (one.low, one.high) == pytest.approx(proportion_confint(ya, na, method="wilson"), abs=1e-10)
    assert ours.error > 0


def test_welchs_interval_of_two_constants_has_no_width():
    assert welch_interval((10, 3.0, 0.0), (12, 1.0, 0.0)) == (2.0, 0.0, 2.0, 2.0)


def test_the_score_test_is_symmetric_in_its_sides():
    counts = np.array([[60, 40], [170, 30]])
    (z, p), (back, same) = score_test(counts), score_test(counts[::-1])
    assert (z, p) == pytest.approx((-back, same), rel=1e-12)
    assert z > 0


def test_the_effect_stands_as_a_fraction_and_in_points():
    evidence = FAMILY.evaluate(CHURN, rows_of(427, 573, 68, 932))
    assert evidence.effect.name == FAMILY.effect_name == "risk difference"
    assert evidence.effect.value == evidence.theta == pytest.approx(0.359)
    assert evidence.in_units.value == pytest.approx(35.9)
    assert evidence.in_units.unit == "points"
    assert [g.mean for g in evidence.groups] == [0.427, 0.068]
    lower = FAMILY.evaluate(CHURN.model_copy(update={"direction": "lower"}), rows_of(427, 573, 68, 932))
    assert lower.theta == -evidence.theta


def test_no_draws_leave_the_score_test_alone():
    evidence = FAMILY.evaluate(CHURN, rows_of(40, 60, 30, 70), draws=0)
    assert evidence.p_permutation is None
    assert evidence.p_value == evidence.p_robust


def test_a_cell_that_expects_under_five_rows_is_untestable():
    evidence = FAMILY.evaluate(CHURN, rows_of(5, 20, 5, 470))
    assert evidence.untestable == (
        "A cell of the table of `churn` expects only 0.5 rows; at least 5 are needed for an honest interval."
    )
    assert evidence.n == 500
    assert FAMILY.sentence(CHURN, evidence).startswith("`churn` is yes more often when `contract` is monthly")


def test_an_event_that_always_or_never_happens_is_untestable():
    rows = Rows.of({"contract": np.repeat(["monthly", "yearly"], 50), "churn": np.repeat(["yes"], 100)})
    assert "expects only 0.0 rows" in FAMILY.evaluate(CHURN, rows).untestable


def test_an_unknown_event_and_another_familys_claim_are_refused():
    rows = rows_of(40, 60, 30, 70)
    with pytest.raises(HypothesisError, match="'left' is not a level of 'churn': no, yes"):
        FAMILY.evaluate(CHURN.model_copy(update={"event": "left"}), rows)
    other = GroupDifference(outcome="a", predictor="b", levels=Contrast(a=("y",)), direction="any")
    with pytest.raises(HypothesisError, match="A group_difference hypothesis is not one of rate_difference"):
        FAMILY.claim(other)


def test_events_of_whole_number_and_true_false_columns_are_known_by_label():
    h = RateDifference(
        outcome="survived", event="1", predictor="alone", levels=Contrast(a=("true",)), direction="lower"
    )
    data = {"survived": np.tile([0, 1, 1], 60), "alone": np.arange(180) < 90}
    evidence = FAMILY.evaluate(h, Rows.of(data), draws=1)
    assert evidence.groups[0].mean == pytest.approx(2 / 3)
    assert FAMILY.claim(h) == "`survived` is 1 less often when `alone` is true than otherwise"


def test_missing_rows_are_counted_and_a_gap_between_the_sides_is_warned_of():
    contract = np.repeat(["monthly", "yearly"], 100)
    churn = [None] * 10 + ["yes", "no"] * 95
    evidence = FAMILY.evaluate(CHURN, Rows.of({"contract": contract, "churn": np.array(churn, object)}))
    assert (evidence.n, evidence.missing) == (190, 10)
    assert evidence.warnings == (
        "`churn` is missing for 10 % of one side and 0 % of the other, which can bias the comparison.",
    )


def test_the_sentence_reads_as_an_analyst_would_write_it():
    h = CHURN.model_copy(update={"levels": Contrast(a=("monthly",))})
    evidence = FAMILY.evaluate(h, rows_of(1_655, 2_220, 215, 2_953))
    assert FAMILY.sentence(h, evidence) == (
        "`churn` is yes for 42.7 % of rows when `contract` is monthly against 6.8 % otherwise: +35.9 points "
        "(95 % interval 34.1 to 37.7; n = 3,875 and 3,168)."
    )


def test_a_lower_share_is_printed_with_a_minus_and_near_shares_are_told_apart():
    h = CHURN.model_copy(update={"levels": Contrast(a=("monthly",), b=("yearly",)), "direction": "lower"})
    text = FAMILY.sentence(h, FAMILY.evaluate(h, rows_of(20, 80, 50, 50)))
    assert "20.0 % of rows when `contract` is monthly against 50.0 % when it is yearly: −30.0 points" in text
    text = FAMILY.sentence(h, FAMILY.evaluate(h, rows_of(25, 25, 26, 25)))
    assert "50 % of rows when `contract` is monthly against 51 %" in text


def test_undirected_claims_name_no_direction():
    h = CHURN.model_copy(update={"direction": "any"})
    assert FAMILY.claim(h) == (
        "The share of rows where `churn` is yes differs between rows where `contract` is monthly and the others"
    )


def test_groups_of_whole_clusters_are_compared_by_one_share_per_cluster(rng):
    cluster = np.repeat(np.arange(80), 15)
    side = cluster % 2 == 0
    chance = np.clip(0.3 + 0.15 * rng.normal(size=80), 0.02, 0.98)[cluster] + 0.25 * side
    churn = rng.random(1_200) < chance
    data = {"contract": np.where(side, "monthly", "yearly"), "churn": np.where(churn, "yes", "no")}
    evidence = FAMILY.evaluate(CHURN, Rows.of(data, cluster=cluster), draws=1_999)
    shares = np.array([churn[cluster == c].mean() for c in range(80)])
    welch = stats.ttest_ind(shares[::2], shares[1::2], equal_var=False).confidence_interval(0.95)
    assert evidence.clusters == 80
    assert evidence.test.endswith("on one share per cluster")
    assert (evidence.effect.low, evidence.effect.high) == pytest.approx((welch.low, welch.high), rel=1e-9)
    assert evidence.p_value < 0.001
    assert "n = 40 and 40 clusters" in FAMILY.sentence(CHURN, evidence)


def test_an_event_of_whole_clusters_is_counted_once_per_cluster():
    cluster = np.repeat(np.arange(100), 7)
    data = {
        "contract": np.where(cluster < 50, "monthly", "yearly"),
        "churn": np.where(cluster % 5 < np.where(cluster < 50, 3, 1), "yes", "no"),
    }
    evidence = FAMILY.evaluate(CHURN, Rows.of(data, cluster=cluster))
    assert evidence.test == "Fisher's exact test and score test, on one row per cluster"
    assert evidence.p_permutation == pytest.approx(stats.fisher_exact([[30, 20], [10, 40]]).pvalue)
    assert evidence.n == 700
    assert [g.n for g in evidence.groups] == [50, 50]


def test_sides_within_clusters_are_compared_within_them(rng):
    cluster = np.repeat(np.arange(50), 20)
    side = rng.integers(0, 2, 1_000)
    churn = rng.random(1_000) < rng.uniform(0.1, 0.6, 50)[cluster] + 0.2 * (side == 0)
    data = {"contract": np.where(side == 0, "monthly", "yearly"), "churn": np.where(churn, "yes", "no")}
    evidence = FAMILY.evaluate(CHURN, Rows.of(data, cluster=cluster), draws=1_999)
    assert evidence.test.startswith("within-cluster risk difference")
    assert evidence.clusters == 50
    assert evidence.effect.value == pytest.approx(0.2, abs=0.08)
    assert evidence.p_value < 0.005
    first, second = evidence.groups
    assert first.mean - second.mean == pytest.approx(evidence.effect.value, rel=1e-9)


def test_clusters_without_a_contrast_are_untestable(rng):
    cluster = np.repeat(np.arange(30), 10)
    churn = np.zeros(300, bool)
    churn[[5, 17]] = True
    data = {"contract": np.tile(["monthly", "yearly"], 150), "churn": np.where(churn, "yes", "no")}
    evidence = FAMILY.evaluate(CHURN, Rows.of(data, cluster=cluster))
    assert evidence.untestable.startswith("A cell of the table of `churn` expects only 1.0 rows; at least 10")
    few = FAMILY.evaluate(CHURN, Rows.of(data, cluster=cluster // 3))
    assert few.untestable == "Only 10 clusters hold both sides; at least 20 are needed."


def test_the_picture_holds_both_shares_with_their_intervals():
    picture = FAMILY.picture(CHURN, rows_of(40, 60, 30, 170))
    assert (picture.kind, picture.x_title, picture.y_title) == ("rates", "contract", "share of churn = yes")
    first, second = picture.records
    assert (first["label"], first["n"], first["share"]) == ("monthly", 100, 0.4)
    assert (second["label"], second["n"], second["share"]) == ("not monthly", 200, 0.15)
    assert first["low"] < 0.4 < first["high"]


def test_half_a_million_rows_are_tested_like_few(rng):
    n = 500_000
    rows = Rows.of({"contract": np.array(["monthly", "yearly"])[rng.integers(0, 2, n)], "churn": rng.random(n) < 0.3})
    evidence = FAMILY.evaluate(CHURN.model_copy(update={"event": "true"}), rows)
    assert evidence.n == n
    assert evidence.p_value is not None
