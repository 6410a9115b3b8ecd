"""Two snapshots: agreement with scipy, intervals of distances, floors, words."""

import numpy as np
import pytest
from scipy import stats

from heldout.agent.propose_shifts import snapshots
from heldout.tools.data.rows import Rows
from heldout.tools.verify.families.shift import FAMILY
from heldout.tools.verify.hypothesis import Contrast, Shift

LEVELS = Contrast(a=("new",), b=("old",))
NUMBER = Shift(outcome="y", predictor="s", levels=LEVELS)
LABEL = Shift(outcome="k", predictor="s", levels=LEVELS)


def _rng(seed=1):
    return np.random.Generator(np.random.PCG64(seed))


def _rows(a, b, name="y", **more):
    return Rows.of({"s": np.repeat(["new", "old"], [len(a), len(b)]), name: np.concatenate([a, b])}, **more)


@pytest.mark.parametrize("seed", range(6))
def test_distances_and_statistics_are_scipys(seed):
    rng = _rng(seed)
    a, b = np.round(rng.normal(size=120), 1), np.round(rng.normal(0.3, 1.4, size=90), 1)
    evidence = FAMILY.evaluate(NUMBER, _rows(a, b), draws=99)
    ks = stats.ks_2samp(a, b, method="asymp")
    assert evidence.effect.value == pytest.approx(ks.statistic)
    assert evidence.p_robust == pytest.approx(stats.kstwobign.sf(ks.statistic / np.sqrt(1 / 120 + 1 / 90)))
    assert evidence.in_units.value == pytest.approx(stats.wasserstein_distance(a, b))


def test_without_ties_the_statistic_and_its_p_are_those_of_cramer_and_von_mises():
    rng = _rng(7)
    a, b = rng.normal(size=30), rng.normal(0.55, 1, size=32)
    a, b = np.concatenate([a, rng.normal(size=30)]), np.concatenate([b, rng.normal(0.3, 1, size=28)])
    found = stats.cramervonmises_2samp(a, b, method="asymptotic")
    evidence = FAMILY.evaluate(NUMBER, _rows(a, b))
    assert evidence.statistic == pytest.approx(found.statistic)
    assert evidence.p_permutation == pytest.approx(found.pvalue, abs=0.01)


def test_labels_are_told_by_total_variation_and_chi_squared():
    rng = _rng(8)
    a, b = rng.choice(list("xyz"), 300, p=[0.5, 0.3, 0.2]), rng.choice(list("xyz"), 200, p=[0.3, 0.4, 0.3])
    evidence = FAMILY.evaluate(LABEL, _rows(a, b, "k"))
    table = np.array([[(u == level).sum() for level in "xyz"] for u in (a, b)])
    found = stats.chi2_contingency(table, correction=False)
    assert evidence.statistic == pytest.approx(found.statistic)
    assert evidence.p_robust == pytest.approx(found.pvalue)
    shares = table / table.sum(1, keepdims=True)
    assert evidence.effect.value == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2)
    text = FAMILY.sentence(LABEL, evidence)
    assert text.startswith("`k` is distributed differently when `s` is new than when it is old: ")
    assert "most of all that of rows where `k` is x, " in text


def test_two_equal_distributions_are_rejected_at_the_nominal_rate_and_their_distance_may_be_0():
    rng, hits, covered, moved = _rng(9), 0, 0, 0
    for seed in range(200):
        values = np.round(rng.lognormal(size=240), 1)
        evidence = FAMILY.evaluate(NUMBER, _rows(values[:80], values[80:]), draws=199, seed=seed)
        hits += evidence.p_value <= 0.05
        covered += evidence.effect.low == 0
        moved += evidence.in_units.low == 0
    assert hits <= stats.binom.ppf(0.999, 200, 0.055)
    assert min(covered, moved) >= stats.binom.ppf(0.001, 200, 0.94)


def test_the_interval_of_a_true_distance_covers_it():
    rng = _rng(10)
    truth = 2 * stats.norm.cdf(0.25) - 1
    hits = wide = 0
    for _ in range(200):
        evidence = FAMILY.evaluate(NUMBER, _rows(rng.normal(0.5, 1, 200), rng.normal(size=200)), draws=0)
        hits += evidence.effect.low <= truth <= evidence.effect.high
        wide += evidence.in_units.low <= 0.5 <= evidence.in_units.high
    assert min(hits, wide) >= stats.binom.ppf(0.001, 200, 0.94)


def test_a_change_of_spread_alone_is_found():
    rng = _rng(11)
    evidence = FAMILY.evaluate(NUMBER, _rows(rng.normal(0, 2, 400), rng.normal(size=400)))
    assert evidence.p_value < 0.001
    assert "the shares of rows up to a value differ by as much as" in FAMILY.sentence(NUMBER, evidence)


def test_few_rows_and_units_that_stand_in_both_snapshots_are_refused():
    rng = _rng(12)
    few = FAMILY.evaluate(NUMBER, _rows(rng.normal(size=30), rng.normal(size=300)))
    assert few.untestable == "A snapshot has only 30 usable rows; at least 50 are needed."
    twice = _rows(rng.normal(size=200), rng.normal(size=200), cluster=np.tile(np.arange(200), 2).tolist())
    assert "Units stand in both snapshots" in FAMILY.evaluate(NUMBER, twice).untestable


def test_units_of_one_snapshot_each_count_once():
    rng = _rng(13)
    unit = np.repeat(np.arange(160), 5)
    y = (np.repeat(rng.normal(size=160) + 0.8 * (np.arange(160) < 80), 5)) + 0.2 * rng.normal(size=800)
    rows = _rows(y[:400], y[400:], cluster=unit.tolist())
    evidence = FAMILY.evaluate(NUMBER, rows)
    means = np.bincount(unit, y) / 5
    assert evidence.clusters == evidence.n == 160
    assert evidence.effect.value == pytest.approx(stats.ks_2samp(means[:80], means[80:]).statistic)


@pytest.mark.parametrize(
    ("name", "levels", "later"),
    [("batch", ["before", "after"], "after"), ("snapshot", ["2024-01", "2023-01"], "2024-01"),
     ("s", ["new", "old"], "new"), ("year", ["2022", "2023"], "2023"), ("sex", ["f", "m"], None),
     ("wave", ["1", "2"], "2")],
)  # fmt: skip
def test_a_label_is_read_as_a_snapshot_by_its_name_or_its_levels(name, levels, later):
    column = Rows.of({name: np.array(levels * 20, object)}).column(name)
    found = snapshots(column)
    assert (found.a[0] if found else None) == later
