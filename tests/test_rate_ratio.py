"""Counts per unit of exposure: agreement with statsmodels, level under overdispersion, clusters, floors, words."""

import re

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import binomtest
from statsmodels.stats.rates import confint_poisson_2indep

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.counts import permutation_rate_p, rate_contrast
from heldout.tools.verify.families.rate_ratio import FAMILY
from heldout.tools.verify.hypothesis import Contrast, MeanDifference, RateRatio

LEVELS = Contrast(a=("u",), b=("v",))
PER_HOUR = RateRatio(outcome="calls", predictor="g", exposure="hours", levels=LEVELS, direction="higher")
PER_ROW = PER_HOUR.model_copy(update={"exposure": None})


def rows_of(y, w, side, **more) -> Rows:
    return Rows.of({"g": np.where(side == 0, "u", "v"), "calls": y, "hours": w}, **more)


def counts(rng, n, *, ratio=1.0, over=0.0, same=True):
    """Counts, exposures and sides; `over` is the variance of the rows' own rates."""
    side = rng.integers(0, 2, n)
    w = rng.lognormal(0, 0.8, n) * (1.0 if same else np.where(side == 0, 3.0, 1.0))
    own = rng.gamma(1 / over, over, n) if over else np.ones(n)
    return rng.poisson(2 * w * own * np.where(side == 0, ratio, 1.0)).astype(float), w, side


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(8))


@pytest.mark.parametrize("over", [0.0, 2.0])
def test_ratio_and_robust_error_agree_with_statsmodels(over, rng):
    """OLS on weighted rates gives the rates' HC3 variances; the log's are those over the squared rates."""
    y, w, side = counts(rng, 300, ratio=1.4, over=over)
    found = rate_contrast(y, w, side)
    assert found is not None
    root = np.sqrt(w)
    design = np.stack([(side == s) * root for s in (0, 1)], axis=1)
    fit = sm.OLS(y / root, design).fit(cov_type="HC3")
    assert found.log_ratio.value == pytest.approx(np.log(fit.params[0] / fit.params[1]), rel=1e-10)
    assert found.log_ratio.error == pytest.approx(np.sqrt((fit.bse**2 / fit.params**2).sum()), rel=1e-10)
    poisson = sm.GLM(y, np.stack([np.ones(300), side == 0], axis=1), family=sm.families.Poisson(), exposure=w)
    robust = poisson.fit(cov_type="HC0")
    assert found.log_ratio.value == pytest.approx(robust.params[1], rel=1e-6)
    assert found.log_ratio.error == pytest.approx(robust.bse[1], rel=0.05)


def test_for_poisson_counts_the_interval_is_about_that_of_two_poisson_rates(rng):
    y, w, side = counts(rng, 4_000, ratio=1.3)
    sums = [(y[side == s].sum(), w[side == s].sum()) for s in (0, 1)]
    low, high = confint_poisson_2indep(*sums[0], *sums[1], compare="ratio", method="wald-log")
    ratio = FAMILY.evaluate(PER_HOUR, rows_of(y, w, side), draws=0).in_units
    assert ratio.value == pytest.approx(sums[0][0] / sums[0][1] / (sums[1][0] / sums[1][1]))
    assert (ratio.low, ratio.high) == pytest.approx((low, high), rel=0.02)


@pytest.mark.parametrize("exposed", [False, True])
def test_classes_of_rows_leave_the_permutation_p_where_it_is(exposed, rng):
    y, w, side = counts(rng, 900, ratio=1.08, over=1.0)
    w = w if exposed else np.ones(900)
    seen, hits = abs(rate_contrast(y, w, side).statistic), []
    for _ in range(1_500):
        moved = rng.permutation(side)
        hits.append(abs(rate_contrast(y, w, moved).statistic) >= seen)
    ours = [permutation_rate_p(y, w, side, draws=199, seed=seed) for seed in range(20)]
    assert np.mean(ours) == pytest.approx(np.mean(hits), abs=0.06)


@pytest.mark.parametrize(("n", "over", "same"), [(40, 0.0, True), (200, 3.0, True), (200, 3.0, False)])
def test_equal_rates_are_told_apart_as_rarely_as_promised_and_held_by_the_interval(n, over, same, rng):
    """A Poisson test of the second rejects more than 40 % at .05."""
    found = [FAMILY.evaluate(PER_HOUR, rows_of(*counts(rng, n, over=over, same=same)), draws=199) for _ in range(300)]
    tested = [e for e in found if e.untestable is None]
    hits = sum(e.p_value <= 0.05 for e in tested)
    held = sum(e.effect.low <= 0 <= e.effect.high for e in tested)
    assert len(tested) > 250
    assert binomtest(hits, len(tested), 0.055, alternative="greater").pvalue > 1e-4
    assert binomtest(held, len(tested), 0.92, alternative="less").pvalue > 1e-4


def test_clusters_count_once_with_their_sums_and_mixed_ones_are_compared_within(rng):
    unit = np.repeat(np.arange(60), 6)
    own, w = rng.gamma(2.0, 0.5, 60)[unit], rng.lognormal(0, 0.5, 360)
    between = np.arange(60)[unit] % 2
    y = rng.poisson(2 * w * own).astype(float)
    evidence = FAMILY.evaluate(PER_HOUR, rows_of(y, w, between, cluster=unit), draws=99)
    sums = [np.bincount(unit, x) for x in (y, w)]
    alone = rate_contrast(*sums, np.arange(60) % 2)
    assert (evidence.clusters, evidence.test.endswith("on one sum per cluster")) == (60, True)
    assert evidence.p_robust == pytest.approx(alone.p_robust)
    side = rng.integers(0, 2, 360)
    y = rng.poisson(2 * w * own * np.where(side == 0, 1.5, 1.0)).astype(float)
    evidence = FAMILY.evaluate(PER_HOUR, rows_of(y, w, side, cluster=unit), draws=999)
    assert evidence.test.startswith("within-cluster Mantel-Haenszel")
    assert evidence.clusters == 60
    assert evidence.p_value < 0.01
    assert evidence.in_units.low < 1.5 < evidence.in_units.high
    few = rows_of(y, w, side, cluster=unit).select(unit < 10)
    assert "clusters hold both sides; at least 20" in FAMILY.evaluate(PER_HOUR, few).untestable


def test_rows_without_a_positive_exposure_are_missing_and_what_is_no_count_is_refused(rng):
    y, w, side = counts(rng, 200)
    w[:7] = [0, -1, np.nan, 0, 0, np.nan, -3]
    evidence = FAMILY.evaluate(PER_HOUR, rows_of(y, w, side), draws=99)
    assert (evidence.n, evidence.missing) == (193, 7)
    assert FAMILY.evaluate(PER_ROW, rows_of(y, w, side), draws=99).n == 200
    assert "is not a count" in FAMILY.evaluate(PER_HOUR, rows_of(y + 0.5, w, side)).untestable
    assert "`calls` is always 0" in FAMILY.evaluate(PER_HOUR, rows_of(y * (side == 1), w, side)).untestable
    rare = (np.arange(200) < 12).astype(float)
    assert "at least 10 are needed" in FAMILY.evaluate(PER_ROW, rows_of(rare, w, side)).untestable
    labels = Rows.of({"g": np.where(side == 0, "u", "v"), "calls": y, "hours": np.where(side == 0, "a", "b")})
    assert "`hours` is a category, not a number" in FAMILY.evaluate(PER_HOUR, labels).untestable
    assert "does not vary" in FAMILY.evaluate(PER_ROW, rows_of(np.ones(200), w, side)).untestable


def test_words_state_both_rates_and_their_ratio(rng):
    rows = rows_of(*counts(rng, 800, ratio=2.0))
    assert FAMILY.claim(PER_HOUR) == "`calls` per unit of `hours` is higher when `g` is u than when it is v"
    assert FAMILY.claim(PER_ROW) == "`calls` per row is higher when `g` is u than when it is v"
    text = FAMILY.sentence(PER_HOUR, FAMILY.evaluate(PER_HOUR, rows, draws=99))
    figures = (
        r"\d\.\d\d against \d\.\d\d, a ratio of \d\.\d\d \(95 % interval \d\.\d\d to \d\.\d\d; n = \d+ and \d+\)\."
    )
    assert re.fullmatch(f"`calls` per unit of `hours` is higher when `g` is u than when it is v: {figures}", text)
    picture = FAMILY.picture(PER_HOUR, rows)
    assert picture.y_title == "calls per unit of hours"
    assert all(r["low"] < r["mean"] < r["high"] for r in picture.records)
    empty = rows_of(np.zeros(50), np.ones(50), np.arange(50) % 2)
    assert FAMILY.picture(PER_HOUR, empty).records == ()


def test_another_familys_claim_is_refused():
    with pytest.raises(HypothesisError):
        FAMILY.claim(MeanDifference(outcome="calls", predictor="g", levels=LEVELS, direction="any"))


@pytest.mark.parametrize("clustered", [False, True])
def test_a_side_whose_exposure_lies_in_one_row_has_no_interval_and_says_so(clustered, rng):
    """Orbits of planets: one of 30,000 years among days. Its one effective row leaves the rate without an end."""
    side = (np.arange(200) >= 60).astype(int)
    y, w = rng.integers(1, 4, 200).astype(float), rng.lognormal(3, 1, 200)
    w[0] = w[100] = 1e7
    more = {"cluster": np.arange(200, dtype=np.int32)} if clustered else {}
    found = FAMILY.evaluate(PER_HOUR, rows_of(y, w, side, **more), draws=0)
    assert found.untestable is not None
    assert "A few rows hold nearly all of `hours` on one side: its rate has no usable interval." in found.untestable
    assert found.effect is None
    assert [r["label"] for r in FAMILY.picture(PER_HOUR, rows_of(y, w, side)).records] == []
