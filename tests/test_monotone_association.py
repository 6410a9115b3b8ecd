"""Monotone associations: known answers, calibration, words."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from heldout.tools.data.rows import Rows
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import MonotoneAssociation
from heldout.tools.verify.ranks import midranks, permutation_rank_p, rank_correlation

FAMILY = FAMILIES["monotone_association"]
UP = MonotoneAssociation(outcome="y", predictor="x", cuts=(-0.67, 0.67), direction="increasing")


def _codes(x):
    return np.unique(x, return_inverse=True)[1].astype(np.int32)


@pytest.mark.parametrize("seed", range(4))
def test_rho_and_its_robust_p_agree_with_scipy_and_statsmodels(seed):
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=150), seed % 2)
    y = np.round(x + rng.standard_t(3, 150), 1)
    found = rank_correlation(midranks(_codes(x)), midranks(_codes(y)))
    assert found is not None
    assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    fit = sm.OLS(stats.rankdata(y), sm.add_constant(stats.rankdata(x))).fit(cov_type="HC3", use_t=True)
    assert found.p_robust == pytest.approx(fit.pvalues[1], rel=1e-9)
    assert found.statistic == pytest.approx(fit.tvalues[1], rel=1e-9)


def test_the_permutation_p_agrees_with_shuffling_rows():
    rng = np.random.default_rng(9)
    x, y = rng.integers(0, 6, 80).astype(float), rng.integers(0, 5, 80).astype(float)
    y = np.where(rng.random(80) < 0.25, np.minimum(x, 4), y)
    ours = permutation_rank_p(_codes(x), _codes(y), draws=20_000, seed=1)
    a, b = stats.rankdata(x), stats.rankdata(y)
    drawn = np.array([abs(np.corrcoef(a, rng.permutation(b))[0, 1]) for _ in range(5_000)])
    theirs = (1 + (drawn >= abs(np.corrcoef(a, b)[0, 1]) - 1e-12).sum()) / 5_001
    assert abs(ours - theirs) < 4 * np.sqrt(theirs / 5_000) + 1e-3


NULLS = {
    "normal": lambda r, n: (r.normal(size=n), r.normal(size=n)),
    "ties": lambda r, n: (r.integers(0, 4, n).astype(float), r.integers(0, 3, n).astype(float)),
    "heavy tails": lambda r, n: (r.lognormal(0, 2, n), r.standard_t(1.5, n)),
    "zeros": lambda r, n: (np.where(r.random(n) < 0.86, 0, r.lognormal(size=n)), r.normal(size=n)),
    "spread grows with x": lambda r, n: (x := r.normal(size=n), np.abs(x) * r.normal(size=n)),
}


@pytest.mark.parametrize("name", NULLS)
def test_unrelated_columns_are_rejected_at_most_at_the_nominal_rate(name):
    rng = np.random.default_rng(11)
    runs = hits = 0
    for n in (60, 300):
        for seed in range(150):
            x, y = NULLS[name](rng, n)
            evidence = FAMILY.evaluate(
                UP.model_copy(update={"cuts": None}), Rows.of({"x": x, "y": y}), draws=199, seed=seed
            )
            if evidence.p_value is not None:
                runs += 1
                hits += evidence.p_value <= 0.05
    assert runs > 200
    assert hits <= stats.binom.ppf(0.999, runs, 0.055)


def test_the_interval_of_rho_covers():
    rng = np.random.default_rng(12)
    truth, hits = 6 / np.pi * np.arcsin(0.4 / 2), 0
    for _ in range(400):
        x = rng.normal(size=200)
        y = 0.4 * x + np.sqrt(1 - 0.16) * rng.normal(size=200)
        effect = FAMILY.evaluate(UP, Rows.of({"x": x, "y": y}), draws=0).effect
        hits += effect.low <= truth <= effect.high
    assert hits / 400 >= 0.93


def test_an_event_is_told_as_a_share_at_both_ends():
    rng = np.random.default_rng(13)
    x = rng.integers(0, 70, 900).astype(float)
    left = np.where(rng.random(900) < 0.5 - 0.006 * x, "yes", "no")
    h = MonotoneAssociation(outcome="churn", predictor="tenure", event="yes", cuts=(17.0, 52.0), direction="decreasing")
    rows = Rows.of({"churn": left, "tenure": x})
    evidence = FAMILY.evaluate(h, rows, draws=999)
    upper, lower = evidence.groups
    assert upper.mean == pytest.approx(np.mean(left[x >= 52] == "yes"))
    assert evidence.in_units.value == pytest.approx(100 * (upper.mean - lower.mean))
    assert evidence.in_units.unit == "points"
    text = FAMILY.sentence(h, evidence)
    assert text.startswith("The share of rows where `churn` is yes falls with `tenure`: ")
    assert "where `tenure` is 52 or more against" in text
    assert FAMILY.claim(h) == "The share of rows where `churn` is yes falls with `tenure`"


def test_an_end_that_holds_one_value_is_named_by_it():
    x = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 40)
    rows = Rows.of({"x": x, "y": x + np.tile([0.0, 1.0], 100)})
    h = UP.model_copy(update={"cuts": (1.0, 5.0)})
    assert [g.label for g in FAMILY.evaluate(h, rows, draws=0).groups] == ["`x` is 5", "`x` is 1"]


def test_too_few_rows_and_too_few_events_are_not_tested():
    rng = np.random.default_rng(14)
    few = Rows.of({"x": rng.normal(size=20), "y": rng.normal(size=20)})
    assert "at least 30" in FAMILY.evaluate(UP, few).untestable
    rare = Rows.of({"x": rng.normal(size=400), "e": np.array(["yes"] * 4 + ["no"] * 396)})
    h = MonotoneAssociation(outcome="e", predictor="x", event="yes", direction="increasing")
    assert "Fewer than 10 rows" in FAMILY.evaluate(h, rare).untestable


def test_within_clusters_a_relation_that_turns_inside_them_is_seen_turned():
    rng = np.random.default_rng(15)
    cluster = np.repeat(np.arange(40), 15)
    level = np.repeat(rng.normal(size=40) * 5, 15)
    x = level + rng.normal(size=600)
    y = level - (x - level) + 0.5 * rng.normal(size=600)
    evidence = FAMILY.evaluate(UP, Rows.of({"x": x, "y": y}, cluster=cluster.tolist()), draws=999)
    assert evidence.clusters == 40
    assert evidence.effect.value < -0.5
    assert evidence.theta < 0
