"""Associations of labels: known answers, calibration, refutation, pooling, clusters, words."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.categorical_association import cramers_v
from heldout.tools.verify.hypothesis import CategoricalAssociation

FAMILY = FAMILIES["categorical_association"]
ADMISSIONS = np.array(
    [[512 + 89, 313 + 19], [353 + 17, 207 + 8], [120 + 202, 205 + 391], [138 + 131, 279 + 244], [53 + 94, 138 + 299],
     [22 + 24, 351 + 317]]
)  # fmt: skip
"""R's UCBAdmissions: admitted and rejected by department A to F, both sexes together."""


def _rows(table, seed=0, **more):
    """Rows of a table in a random order, with the claim that both columns depend on each other."""
    table = np.asarray(table)
    a, b = np.repeat(np.indices(table.shape).reshape(2, -1), table.ravel(), axis=1)
    order = np.random.default_rng(seed).permutation(len(a))
    return Rows.of({"x": np.char.add("x", a[order].astype(str)), "y": np.char.add("y", b[order].astype(str))}, **more)


def _claim(table):
    r, c = np.asarray(table).shape
    return CategoricalAssociation(
        outcome="y", predictor="x",
        predictor_levels=tuple(f"x{i}" for i in range(r)), outcome_levels=tuple(f"y{j}" for j in range(c)),
    )  # fmt: skip


def _with_v(shape, v, seed=1):
    """Cell probabilities of equally large margins whose Cramér's V is v."""
    even = np.full(shape, 1 / np.prod(shape))
    away = np.random.default_rng(seed).uniform(-1, 1, size=shape)
    away -= away.mean(axis=0) + away.mean(axis=1, keepdims=True) - away.mean()
    return even + away * v / np.sqrt((away**2 / even).sum() / (min(shape) - 1))


RARE = np.array([[0.018, 0.001, 0.001], [0.0061, 0.0922, 0.2058], [0.0138, 0.2089, 0.4664]])
"""A level of 2 % of the rows that nearly always goes with a label of 4 %: V is about .4."""


def _v(probabilities):
    even = np.outer(probabilities.sum(axis=1), probabilities.sum(axis=0))
    return float(np.sqrt(((probabilities - even) ** 2 / even).sum() / (min(probabilities.shape) - 1)))


def test_admissions_by_department_agree_with_r_and_scipy():
    evidence = FAMILY.evaluate(_claim(ADMISSIONS), _rows(ADMISSIONS), draws=999)
    expected = stats.chi2_contingency(ADMISSIONS, correction=False)
    assert evidence.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert round(evidence.statistic, 2) == 778.91  # R 4.4: chisq.test(margin.table(UCBAdmissions, c(3, 1)))
    assert evidence.df == 5
    assert evidence.p_robust == pytest.approx(expected.pvalue, rel=1e-9)
    assert evidence.p_permutation == 0.001
    assert evidence.n == 4526


@pytest.mark.parametrize("seed", range(3))
def test_chi_square_and_its_p_are_scipys_on_tables_without_much_to_see(seed):
    table = np.random.default_rng(seed).multinomial(400, _with_v((3, 4), 0.1).ravel()).reshape(3, 4)
    evidence = FAMILY.evaluate(_claim(table), _rows(table), draws=20_000)
    expected = stats.chi2_contingency(table, correction=False)
    assert evidence.p_robust == pytest.approx(expected.pvalue, rel=1e-9)
    # The permutation law is the exact one; chi-square approaches it.
    assert evidence.p_permutation == pytest.approx(expected.pvalue, rel=0.35, abs=0.003)


def test_cramers_v_is_bias_corrected_as_bergsma_wrote_it():
    chi2, n = 60.0, 300
    r, c = 4 - 9 / 299, 3 - 4 / 299
    by_hand = np.sqrt((chi2 / n - 6 / 299) / (min(r, c) - 1))
    assert cramers_v(chi2, (4, 3), n, 0.95)[0] == pytest.approx(by_hand, rel=1e-12)
    assert cramers_v(2.0, (4, 3), n, 0.95)[0] == 0.0


@pytest.mark.parametrize(("chi2", "n"), [(30.0, 300), (5_000.0, 20_000), (90_000.0, 500_000)])
def test_the_interval_inverts_the_noncentral_chi_square(chi2, n):
    _, low, high = cramers_v(chi2, (3, 4), n, 0.95)
    assert stats.ncx2.sf(chi2, 6, low**2 * n * 2) == pytest.approx(0.025, abs=2e-4)
    assert stats.ncx2.cdf(chi2, 6, high**2 * n * 2) == pytest.approx(0.025, abs=2e-4)


def test_columns_in_lockstep_have_v_1_with_an_interval_that_ends_there():
    table = np.diag([200, 200, 200])
    effect = FAMILY.evaluate(_claim(table), _rows(table), draws=199).effect
    assert effect.value == pytest.approx(1.0)
    assert 0.9 < effect.low < effect.high == 1.0


@pytest.mark.parametrize("v", [0.05, 0.1, 0.25])
@pytest.mark.parametrize("shape", [(3, 3), (4, 8)])
def test_the_interval_covers_v(shape, v):
    assert _coverage(_with_v(shape, v), 1_000) >= 0.925


@pytest.mark.parametrize("n", [3_000, 5_000])
def test_the_interval_covers_v_where_a_rare_level_departs_strongly(n):
    assert _coverage(RARE / RARE.sum(), n) >= 0.915


def _coverage(probabilities, n, runs=400):
    """The share of intervals of 95 % that hold the true V."""
    rng, truth, hits = np.random.default_rng(4), _v(probabilities), 0
    for _ in range(runs):
        table = rng.multinomial(n, probabilities.ravel()).reshape(probabilities.shape)
        effect = FAMILY.evaluate(_claim(table), _rows(table), draws=0).effect
        hits += effect.low <= truth <= effect.high
    return hits / runs


@pytest.mark.parametrize(("n", "skewed"), [(80, False), (300, False), (400, True), (2_000, True)])
def test_labels_that_do_not_depend_on_each_other_are_rejected_at_most_at_the_nominal_rate(n, skewed):
    rng, runs, hits = np.random.default_rng(n), 0, 0
    margin = np.array([0.7, 0.2, 0.1]) if skewed else np.full(3, 1 / 3)
    for seed in range(250):
        table = rng.multinomial(n, np.outer(margin, margin).ravel()).reshape(3, 3)
        evidence = FAMILY.evaluate(_claim(table), _rows(table), draws=199, seed=seed)
        if evidence.p_value is not None:
            runs, hits = runs + 1, hits + (evidence.p_value <= 0.05)
    assert runs > 200
    assert hits <= stats.binom.ppf(0.999, runs, 0.055)


@pytest.mark.parametrize("n", [200, 1_000, 4_000])
@pytest.mark.parametrize("level", [0.05, 0.01])
def test_an_association_as_large_as_the_smallest_effect_is_seldom_refuted(n, level):
    rng, runs, hits = np.random.default_rng(n), 600, 0
    for _ in range(runs):
        table = rng.multinomial(n, _with_v((3, 3), 0.1).ravel()).reshape(3, 3)
        evidence = FAMILY.evaluate(_claim(table), _rows(table), draws=0)
        hits += ndtr((evidence.theta - 0.1) / evidence.standard_error) <= level
    assert hits <= stats.binom.ppf(0.999, runs, level)


def test_no_association_in_many_rows_is_refuted():
    table = np.random.default_rng(6).multinomial(3_000, np.full(9, 1 / 9)).reshape(3, 3)
    evidence = FAMILY.evaluate(_claim(table), _rows(table))
    assert ndtr((evidence.theta - 0.1) / evidence.standard_error) < 0.001


def test_the_sentence_names_the_cell_that_stands_out_most():
    table = [[20, 60, 20], [80, 20, 100], [50, 10, 40]]
    evidence = FAMILY.evaluate(_claim(table), _rows(table))
    text = FAMILY.sentence(_claim(table), evidence)
    assert text.startswith("The distribution of `y` differs between the levels of `x` (Cramér's V 0.")
    assert text.endswith("most of all, `y` is y1 for 60.0 % of rows where `x` is x0, against 22.5 % overall.")
    assert [g.mean for g in evidence.groups] == pytest.approx([0.6, 0.1, 0.1])
    assert evidence.groups[0].low < 0.6 < evidence.groups[0].high


def test_what_is_not_shown_is_worded_so():
    table = np.full((3, 3), 40)
    text = FAMILY.sentence(_claim(table), FAMILY.evaluate(_claim(table), _rows(table)))
    assert text.startswith("`y` is not shown to depend on `x` (Cramér's V 0.00")


def test_names_that_look_like_the_sentence_are_kept_whole():
    table = np.array([[60, 20], [20, 60]])
    rows = _rows(table)
    odd = "y where `x` is odd"
    h = _claim(table).model_copy(update={"outcome": odd})
    hostile = Rows.of({"x": np.char.add("x", rows.codes("x").astype(str)), odd: rows.codes("x").astype(str)})
    h = h.model_copy(update={"outcome_levels": hostile.column(odd).levels})
    evidence = FAMILY.evaluate(h, hostile)
    assert "most of all, `y where `x` is odd` is " in FAMILY.sentence(h, evidence)
    assert FAMILY.sentence(h, evidence).count("% of rows where `x` is x") == 1


def test_levels_outside_the_committed_lists_are_pooled_and_never_named_as_standing_out():
    table = np.array([[60, 20, 20, 20], [20, 60, 20, 20], [2, 3, 40, 35], [3, 2, 35, 40]])
    h = _claim(table).model_copy(update={"predictor_levels": ("x0", "x1"), "outcome_levels": ("y0", "y1")})
    evidence = FAMILY.evaluate(h, _rows(table))
    pooled = [[60, 20, 40], [20, 60, 40], [5, 5, 150]]
    assert evidence.statistic == pytest.approx(stats.chi2_contingency(pooled, correction=False).statistic)
    assert evidence.n_per_group == {"`x` is x0": 120, "`x` is x1": 120, "`x` is (other)": 160}
    assert "(other)" not in FAMILY.sentence(h, evidence)


def test_a_level_that_is_called_like_the_pool_keeps_its_rows_apart():
    x = ["(other)"] * 100 + ["a"] * 100 + ["b"] * 60 + ["c"] * 40
    rows = Rows.of({"x": x, "y": ["u", "v"] * 150})
    h = CategoricalAssociation(outcome="y", predictor="x", predictor_levels=("(other)", "a"), outcome_levels=("u", "v"))
    per_group = FAMILY.evaluate(h, rows).n_per_group
    assert list(per_group.values()) == [100, 100, 100]


def test_sparse_tables_are_not_tested():
    table = np.array([[40, 40, 1], [40, 40, 1], [2, 1, 1]])
    assert "expected counts under 5" in FAMILY.evaluate(_claim(table), _rows(table)).untestable
    few = np.full((2, 2), 12)
    assert FAMILY.evaluate(_claim(few), _rows(few)).untestable == (
        "Only 48 rows have both labels; at least 50 are needed."
    )


def test_labels_constant_within_clusters_count_once_a_cluster():
    table = np.array([[30, 10], [10, 30]])
    rows = _rows(table)
    five = np.repeat(np.arange(80), 5)
    clustered = rows.select(five)
    repeated = Rows(clustered.columns, {k: clustered.codes(k) for k in "xy"}, cluster=five.astype(np.int32))
    once, many = FAMILY.evaluate(_claim(table), rows), FAMILY.evaluate(_claim(table), repeated)
    assert (many.clusters, many.n) == (80, 400)
    assert (many.p_robust, many.effect) == (once.p_robust, once.effect)
    assert "n = 400 in 80 clusters" in FAMILY.sentence(_claim(table), many)


def test_labels_that_vary_within_clusters_are_refused_and_counted():
    table = np.full((2, 2), 50)
    rows = _rows(table)
    mixed = Rows(rows.columns, {k: rows.codes(k) for k in "xy"}, cluster=(np.arange(200) // 5).astype(np.int32))
    evidence = FAMILY.evaluate(_claim(table), mixed)
    assert evidence.untestable == "Labels that vary within a cluster need a family for repeated measures."
    assert evidence.n == 200


def test_an_outcome_missing_more_often_at_one_level_is_told():
    table = np.full((3, 2), 100)
    rows = _rows(table)
    x = np.char.add("x", rows.codes("x").astype(str))
    y = np.char.add("y", rows.codes("y").astype(str)).astype(object)
    h = _claim(table).model_copy(
        update={"predictor_levels": tuple(sorted(set(x))), "outcome_levels": tuple(sorted(set(y)))}
    )
    assert FAMILY.evaluate(h, Rows.of({"x": x, "y": y}), draws=0).warnings == ()
    y[np.flatnonzero(x == "x1")[:30]] = None
    evidence = FAMILY.evaluate(h, Rows.of({"x": x, "y": y}), draws=0)
    assert evidence.missing == 30
    assert evidence.warnings[0].startswith("`y` is missing for 15 % of rows where `x` is x1 and for 0 % where it is x")


def test_a_level_the_rows_do_not_know_is_refused():
    with pytest.raises(HypothesisError, match="'x9' is not a level of 'x'"):
        FAMILY.evaluate(
            _claim(np.full((2, 2), 50)).model_copy(update={"predictor_levels": ("x9",)}), _rows(np.full((2, 2), 50))
        )


def test_the_picture_is_the_table_of_shares():
    table = np.array([[30, 10], [15, 45]])
    records = FAMILY.picture(_claim(table), _rows(table)).records
    assert {(r["x"], r["y"]): (r["share"], r["n"]) for r in records} == {
        ("x0", "y0"): (0.75, 40), ("x0", "y1"): (0.25, 40), ("x1", "y0"): (0.25, 60), ("x1", "y1"): (0.75, 60),
    }  # fmt: skip
