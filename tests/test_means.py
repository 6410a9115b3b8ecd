"""Means of two groups: agreement with scipy and NIST's certified values, intervals under skew, floors, words."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import scipy.stats
from scipy import stats
from scipy.stats import binomtest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.families.mean_difference import FAMILY, FEW_ROWS, TRIMMED
from heldout.tools.verify.hypothesis import Condition, Contrast, MeanDifference, RateDifference
from heldout.tools.verify.means import mean_contrast, permutation_mean_p, trimmed_mean
from heldout.tools.verify.superiority import moments

SPEND = MeanDifference(outcome="spend", predictor="g", levels=Contrast(a=("u",), b=("v",)), direction="higher")
NIST = Path(scipy.stats.__file__).parent / "tests" / "data" / "nist_anova"


def rows_of(a, b, **more) -> Rows:
    """Two groups of `spend`."""
    return Rows.of({"g": np.repeat(["u", "v"], [len(a), len(b)]), "spend": np.concatenate([a, b]), **more})


def counted(a, b) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values and counts by sample."""
    values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    side = np.repeat([0, 1], [len(a), len(b)])
    return values, np.bincount(side * len(values) + codes, minlength=2 * len(values)).reshape(2, -1)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(4))


# Known answers


@pytest.mark.parametrize(("na", "nb"), [(30, 30), (25, 475), (400, 60)])
def test_statistic_df_p_and_interval_agree_with_scipys_welch_test(na, nb, rng):
    a, b = rng.normal(10.3, 2, na), rng.normal(10, 1, nb)
    evidence = FAMILY.evaluate(SPEND, rows_of(a, b), draws=0)
    theirs = stats.ttest_ind(a, b, equal_var=False)
    assert evidence.statistic == pytest.approx(theirs.statistic, rel=1e-10)
    assert evidence.df == pytest.approx(theirs.df, rel=1e-10)
    assert evidence.p_robust == pytest.approx(theirs.pvalue, rel=1e-9)
    around = theirs.confidence_interval()
    assert evidence.in_units.low <= around.low + 1e-12
    assert evidence.in_units.high >= around.high - 1e-12
    assert evidence.effect.value == pytest.approx((a.mean() - b.mean()) / np.concatenate([a, b]).std(ddof=1))


def test_the_permutation_p_agrees_with_scipys_over_all_splits_of_a_small_sample(rng):
    a, b = rng.lognormal(0.5, 1, 7), rng.lognormal(0, 1, 8)

    def welch(x, y, axis):
        error = np.sqrt(x.var(axis=axis, ddof=1) / x.shape[axis] + y.var(axis=axis, ddof=1) / y.shape[axis])
        return np.abs(x.mean(axis=axis) - y.mean(axis=axis)) / error

    exact = stats.permutation_test((a, b), welch, alternative="greater", n_resamples=np.inf, vectorized=True).pvalue
    ours = permutation_mean_p(*counted(a, b), draws=20_000, seed=1)
    assert ours == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 1_999))


def test_pooled_values_leave_the_permutation_p_where_it_is(rng):
    """With 3,000 distinct values in 128 bins, beside the same statistic on 4,000 real shuffles."""
    a, b = rng.lognormal(0.06, 1, 1_000), rng.lognormal(0, 1, 2_000)
    both, seen = np.concatenate([a, b]), abs(stats.ttest_ind(a, b, equal_var=False).statistic)
    draws = [rng.permutation(both) for _ in range(4_000)]
    hits = [abs(stats.ttest_ind(d[:1_000], d[1_000:], equal_var=False).statistic) >= seen for d in draws]
    assert permutation_mean_p(*counted(a, b), draws=9_999, seed=1) == pytest.approx(np.mean(hits), abs=0.03)


def test_trimmed_means_agree_with_scipy(rng):
    a = rng.normal(size=50)
    values, counts = counted(a, a[:1])
    assert trimmed_mean(values, counts[0]) == pytest.approx(stats.trim_mean(a, 0.2))


class Certified(NamedTuple):
    """One of NIST's one-way layouts with its certified sums of squares and F."""

    groups: list[np.ndarray]
    between: float
    within: float
    f: float
    constant_digits: int


def certified(name: str) -> Certified:
    """A file of NIST's StRD (https://www.itl.nist.gov/div898/strd/anova/anova.html) as scipy ships it."""
    lines = (NIST / f"{name}.dat").read_text("ascii").splitlines()
    between, within = (next(x for x in lines if x.startswith(w)).split() for w in ("Between", "Within"))
    digits = int(next(m[1] for m in (re.search(r"(\d+) Constant", x) for x in lines) if m))
    data = np.array([x.split() for x in lines[60:] if x.strip()], float)
    groups = [data[data[:, 0] == g, 1] for g in np.unique(data[:, 0])]
    return Certified(groups, float(between[-3]), float(within[-2]), float(between[-1]), digits)


@pytest.mark.skipif(not NIST.exists(), reason="this scipy was installed without its test data")
@pytest.mark.parametrize("name", ["SiRstv", "AtmWtAg", *(f"SmLs0{k}" for k in range(1, 10))])
def test_means_and_variances_of_groups_give_nists_certified_sums_of_squares(name):
    """To the digits that remain of 15 after those that the data hold constant; the rest cannot be held in a double."""
    nist = certified(name)
    parts = [moments(*(x for x in np.unique(g, return_counts=True))) for g in nist.groups]
    grand = sum(n * mean for n, mean, _ in parts) / sum(n for n, _, _ in parts)
    between = sum(n * (mean - grand) ** 2 for n, mean, _ in parts)
    within = sum((n - 1) * variance for n, _, variance in parts)
    left = 10.0 ** -max(13.5 - 1.1 * nist.constant_digits, 1.5)
    assert between == pytest.approx(nist.between, rel=left)
    assert within == pytest.approx(nist.within, rel=left)


@pytest.mark.skipif(not NIST.exists(), reason="this scipy was installed without its test data")
def test_the_square_of_t_is_nists_certified_f_for_two_groups_of_equal_size():
    nist = certified("AtmWtAg")
    evidence = FAMILY.evaluate(SPEND, rows_of(*nist.groups), draws=0)
    assert len(nist.groups) == 2
    assert evidence.statistic**2 == pytest.approx(nist.f, rel=1e-6)
    assert nist.f == pytest.approx(15.9467335677930)


# Where nothing is there, and how often intervals hold the truth


def lognormal(rng, n):
    return rng.lognormal(0, 1.5, n)


def zeros(rng, n):
    return np.where(rng.random(n) < 0.86, 0.0, rng.lognormal(0, 1.5, n))


@pytest.mark.parametrize(
    ("a", "na", "b", "nb"),
    [
        (lognormal, 25, lognormal, 475),
        (zeros, 40, zeros, 460),
        (lambda r, n: r.normal(0, 3, n), 30, lambda r, n: r.normal(0, 1, n), 170),
        (lambda r, n: r.normal(0, 1, n), 30, lambda r, n: r.normal(0, 3, n), 170),
        (lambda r, n: r.standard_t(2, n), 60, lambda r, n: r.standard_t(2, n), 140),
    ],
)
def test_equal_means_are_told_apart_as_rarely_as_promised_and_held_by_the_interval(a, na, b, nb, rng):
    """Welch's test alone rejects 17.7 % of the first and 20.8 % of such as the second at .05."""
    found = [FAMILY.evaluate(SPEND, rows_of(a(rng, na), b(rng, nb)), draws=199) for _ in range(300)]
    tested = [e for e in found if e.untestable is None]
    hits = sum(e.p_value <= 0.05 for e in tested)
    held = sum(e.effect.low <= 0 <= e.effect.high for e in tested)
    assert len(tested) > 250
    assert binomtest(hits, len(tested), 0.055, alternative="greater").pvalue > 1e-4
    assert binomtest(held, len(tested), 0.93, alternative="less").pvalue > 1e-4


def test_the_standardised_interval_holds_a_true_difference(rng):
    truth = 1 / np.sqrt(1 + 0.25)
    tables = (rows_of(rng.normal(1, 1, 60), rng.normal(0, 1, 60)) for _ in range(400))
    effects = [FAMILY.evaluate(SPEND, table, draws=0).effect for table in tables]
    held = [e.low <= truth <= e.high for e in effects]
    assert np.mean(held) > 0.92


def test_skew_widens_the_interval_on_the_side_of_the_long_tail(rng):
    a, b = rng.lognormal(0, 1.5, 40), rng.normal(0, 0.1, 40)
    found = mean_contrast(*counted(a, b)).difference
    assert found.high - found.value > 1.3 * (found.value - found.low)


# Floors, warnings, clusters, words


def test_a_group_of_one_value_or_no_spread_at_all_is_untestable():
    few = FAMILY.evaluate(SPEND, rows_of(np.zeros(30), np.arange(400.0)))
    assert few.untestable == "Every value of `spend` in the smaller group is the same."
    assert FAMILY.evaluate(SPEND, rows_of(np.zeros(60), np.ones(60))).untestable
    assert FAMILY.evaluate(SPEND, rows_of(np.arange(5.0), np.arange(60.0))).untestable.startswith("A side has only 5")
    labels = Rows.of({"g": np.repeat(["u", "v"], 30), "spend": np.repeat(["a", "b"], 30)})
    assert "is a category, not a number" in FAMILY.evaluate(SPEND, labels).untestable


def test_a_mean_that_a_few_rows_turn_round_comes_with_both_caveats():
    a = np.concatenate([np.linspace(0, 1, 60), [300.0, 500.0]])
    evidence = FAMILY.evaluate(SPEND, rows_of(a, np.linspace(1, 2, 62)), draws=99)
    assert evidence.theta > 0
    assert evidence.warnings == (TRIMMED, FEW_ROWS)


def test_a_plain_difference_comes_without_caveats(rng):
    evidence = FAMILY.evaluate(SPEND, rows_of(rng.normal(1, 1, 90), rng.normal(0, 1, 90)), draws=99)
    assert evidence.warnings == ()


def test_clusters_of_one_side_count_once_each_and_mixed_ones_are_compared_within(rng):
    unit = np.repeat(np.arange(40), 5)
    shock = rng.normal(0, 3, 40)[unit]
    between = Rows.of({"g": np.where(unit % 2, "u", "v"), "spend": shock + rng.normal(size=200)}, cluster=unit)
    evidence = FAMILY.evaluate(SPEND, between, draws=99)
    assert evidence.clusters == 40
    assert evidence.test.endswith("on one mean per cluster")
    side = rng.integers(0, 2, 200)
    mixed = Rows.of({"g": np.where(side, "u", "v"), "spend": shock + side + rng.normal(size=200)}, cluster=unit)
    evidence = FAMILY.evaluate(SPEND, mixed, draws=999)
    assert evidence.test.startswith("within-cluster")
    assert evidence.p_value < 0.01
    constant = Rows.of({"g": np.where(side, "u", "v"), "spend": shock}, cluster=unit)
    assert "does not vary within" in FAMILY.evaluate(SPEND, constant).untestable
    few = mixed.select(unit < 12)
    assert "clusters hold both sides; at least 20" in FAMILY.evaluate(SPEND, few).untestable


def test_sentences_state_both_means_and_turn_with_the_evidence(rng):
    a, b = rng.normal(130, 20, 80), rng.normal(100, 20, 90)
    text = FAMILY.sentence(SPEND, FAMILY.evaluate(SPEND, rows_of(a, b)))
    assert re.fullmatch(
        r"The mean of `spend` is higher when `g` is u than when it is v: \d+\.\d against \d+\.\d, a difference of "
        r"\d+\.\d \(95 % interval \d+\.\d to \d+\.\d; n = 80 and 90\)\.",
        text,
    )
    turned = FAMILY.sentence(SPEND, FAMILY.evaluate(SPEND, rows_of(b, a)))
    assert turned.startswith("The mean of `spend` is lower, not higher, when `g` is u than when it is v: ")
    none = FAMILY.sentence(SPEND, FAMILY.evaluate(SPEND, rows_of(a[:40], a[40:])))
    assert none.startswith("The mean of `spend` is not shown to be higher or lower when `g` is u")
    filtered = SPEND.model_copy(update={"where": (Condition(column="spend", op=">", value=0.0),), "direction": "any"})
    expected = "Among rows where `spend` > 0, the mean of `spend` differs between rows where `g` is u and where it is v"
    assert FAMILY.claim(filtered) == expected


def test_another_familys_claim_is_refused():
    other = RateDifference(outcome="e", event="yes", predictor="g", levels=SPEND.levels, direction="any")
    with pytest.raises(HypothesisError):
        FAMILY.claim(other)
