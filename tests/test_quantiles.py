"""Quantiles of two groups: order statistics against scipy, level and coverage, heaps refused, words."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats import binomtest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.families.quantile_difference import FAMILY
from heldout.tools.verify.hypothesis import Contrast, MeanDifference, QuantileDifference
from heldout.tools.verify.quantiles import band, heaped, permutation_quantile_p

RENT = QuantileDifference(outcome="rent", predictor="g", levels=Contrast(a=("u",), b=("v",)), direction="higher")
TOP = RENT.model_copy(update={"quantile": 0.9})


def rows_of(a, b, **more) -> Rows:
    return Rows.of({"g": np.repeat(["u", "v"], [len(a), len(b)]), "rent": np.concatenate([a, b])}, **more)


def counted(a, b) -> tuple[np.ndarray, np.ndarray]:
    values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    side = np.repeat([0, 1], [len(a), len(b)])
    return values, np.bincount(side * len(values) + codes, minlength=2 * len(values)).reshape(2, -1)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(6))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("n", [60, 401])
def test_the_band_of_order_statistics_is_about_as_wide_as_scipys_exact_interval(n, share):
    """`scipy.stats.quantile_test` inverts the same binomial law, rounded outwards to whole ranks."""
    ranks = np.arange(1.0, n + 1)
    theirs = stats.quantile_test(ranks, q=0, p=share).confidence_interval(0.95)
    low, high, z = band(n, share)
    assert abs(low - theirs.low) <= 1
    assert abs(high - theirs.high) <= 1
    inside = stats.binom.cdf(high - 1, n, share) - stats.binom.cdf(low - 1, n, share)
    assert inside == pytest.approx(stats.norm.cdf(z) - stats.norm.cdf(-z))
    assert inside > 0.95


def test_the_difference_is_that_of_the_samples_quantiles(rng):
    a, b = rng.gamma(2, 400, 301), rng.gamma(2, 300, 500)
    for h, share in ((RENT, 0.5), (TOP, 0.9)):
        units = FAMILY.evaluate(h, rows_of(a, b), draws=0).in_units
        ours = np.quantile(a, share, method="averaged_inverted_cdf") - np.quantile(
            b, share, method="averaged_inverted_cdf"
        )
        assert units.value == pytest.approx(ours)
        assert units.low < units.value < units.high


def test_the_error_of_a_median_is_that_of_the_normal_law(rng):
    """The median of n normal values has standard error sqrt(pi / 2 n); over 300 samples on average."""
    tables = [rows_of(rng.normal(size=200), rng.normal(size=200)) for _ in range(300)]
    errors = [abs(e.in_units.value / e.statistic) for e in (FAMILY.evaluate(RENT, t, draws=0) for t in tables)]
    assert np.mean(errors) == pytest.approx(np.sqrt(np.pi / 2 / 200 * 2), rel=0.05)


def test_pooled_values_leave_the_permutation_p_where_it_is(rng):
    """With 2,400 distinct values in bins, beside the same statistic on 2,000 real shuffles."""
    a, b = rng.normal(0.06, 1, 800), rng.normal(0, 1, 1_600)
    both, ranks = np.concatenate([a, b]), [band(800, 0.5), band(1_600, 0.5)]

    def statistic(x, y) -> float:
        ends = [np.sort(v)[[low - 1, high - 1]] for v, (low, high, _) in zip((x, y), ranks, strict=True)]
        errors = [(e[1] - e[0]) / (2 * z) for e, (_, _, z) in zip(ends, ranks, strict=True)]
        return abs(np.median(x) - np.median(y)) / np.hypot(*errors)

    draws = [rng.permutation(both) for _ in range(2_000)]
    hits = np.mean([statistic(d[:800], d[800:]) >= statistic(a, b) for d in draws])
    assert permutation_quantile_p(*counted(a, b), 0.5, draws=9_999, seed=1) == pytest.approx(hits, abs=0.04)


def humps(rng, n):
    return rng.normal(size=n) + rng.choice([-3.0, 3.0], n)


@pytest.mark.parametrize(
    ("draw", "na", "nb", "h"),
    [
        (lambda r, n: r.lognormal(0, 1.5, n), 25, 475, RENT),
        (lambda r, n: r.standard_t(2, n), 60, 140, RENT),
        (lambda r, n: np.round(r.normal(size=n) * 10), 60, 140, RENT),
        (humps, 60, 90, RENT),
        (lambda r, n: r.lognormal(0, 1.5, n), 100, 900, TOP),
    ],
)
def test_equal_quantiles_are_told_apart_as_rarely_as_promised_and_held_by_the_interval(draw, na, nb, h, rng):
    """The z-test alone rejects 24 % of equal medians between two humps at .05."""
    found = [FAMILY.evaluate(h, rows_of(draw(rng, na), draw(rng, nb)), draws=199) for _ in range(300)]
    tested = [e for e in found if e.untestable is None]
    hits = sum(e.p_value <= 0.05 for e in tested)
    held = sum(e.effect.low <= 0 <= e.effect.high for e in tested)
    assert len(tested) > 200
    assert binomtest(hits, len(tested), 0.055, alternative="greater").pvalue > 1e-4
    assert binomtest(held, len(tested), 0.93, alternative="less").pvalue > 1e-4


def test_a_quantile_in_a_heap_of_equal_values_is_refused_with_the_way_out(rng):
    stars = FAMILY.evaluate(RENT, rows_of(rng.integers(1, 6, 90), rng.integers(1, 6, 90)))
    assert stars.untestable == "The median of `rent` sits in a heap of equal values: compare P(A>B) instead."
    ages = [rng.integers(18, 80, 90).astype(float) for _ in range(2)]
    assert FAMILY.evaluate(RENT, rows_of(*ages)).untestable is None
    values, counts = counted(np.repeat([1.0, 2.0], 50), ages[0])
    assert heaped(values, counts[0], 0.5)
    assert not heaped(values, counts[1], 0.5)


def test_a_quantile_too_far_out_for_its_group_is_refused(rng):
    evidence = FAMILY.evaluate(TOP, rows_of(rng.normal(size=40), rng.normal(size=400)))
    assert evidence.untestable.startswith("Only 4.0 rows of the smaller group are expected beyond the 90th percentile")
    assert FAMILY.evaluate(TOP, rows_of(rng.normal(size=50), rng.normal(size=400))).untestable is None


def test_clusters_count_once_each_and_are_not_compared_within(rng):
    unit = np.repeat(np.arange(60), 4)
    y = rng.normal(size=60)[unit] + rng.normal(size=240)
    between = Rows.of({"g": np.where(unit % 2, "u", "v"), "rent": y}, cluster=unit)
    assert FAMILY.evaluate(RENT, between, draws=99).clusters == 60
    within = Rows.of({"g": np.where(rng.random(240) < 0.5, "u", "v"), "rent": y}, cluster=unit)
    assert "changes within clusters" in FAMILY.evaluate(RENT, within).untestable


def test_words_name_the_quantile_and_groups_hold_it(rng):
    a, b = rng.gamma(2, 500, 300), rng.gamma(2, 300, 300)
    assert FAMILY.claim(RENT) == "The median of `rent` is higher when `g` is u than when it is v"
    assert FAMILY.claim(TOP) == "The 90th percentile of `rent` is higher when `g` is u than when it is v"
    first = TOP.model_copy(update={"quantile": 0.01, "direction": "any"})
    assert FAMILY.claim(first).startswith("The 1st percentile of `rent` differs between rows where ")
    evidence = FAMILY.evaluate(TOP, rows_of(a, b), draws=99)
    assert evidence.groups[0].label == "90th percentile where `g` is u"
    assert evidence.groups[0].mean == pytest.approx(np.quantile(a, 0.9, method="averaged_inverted_cdf"))
    assert f"{evidence.groups[0].mean:,.1f} against" in FAMILY.sentence(TOP, evidence)
    middle = FAMILY.evaluate(RENT, rows_of(a, b), draws=99)
    assert middle.groups[0].label == "`g` is u"
    assert f": {np.median(a):,.0f}" in FAMILY.sentence(RENT, middle)


def test_another_familys_claim_is_refused():
    with pytest.raises(HypothesisError):
        FAMILY.claim(MeanDifference(outcome="rent", predictor="g", levels=RENT.levels, direction="any"))
