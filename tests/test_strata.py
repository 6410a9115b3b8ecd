"""Tables in strata against statsmodels and R: odds ratios, tests, and how much of the rows points the other way."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from statsmodels.stats.contingency_tables import StratifiedTable

from heldout.tools.verify.strata import general_association, mantel_haenszel, reversal

BERKELEY = np.array(
    [
        [[512, 313], [89, 19]], [[353, 207], [17, 8]], [[120, 205], [202, 391]],
        [[138, 279], [131, 244]], [[53, 138], [94, 299]], [[22, 351], [24, 317]],
    ]
)  # fmt: skip
"""Men and women, admitted and not, in six departments: R's `UCBAdmissions` (Bickel et al. 1975)."""


def test_berkeley_gives_the_figures_that_r_prints() -> None:
    found = mantel_haenszel(BERKELEY)
    assert found is not None
    assert found.marginal == pytest.approx(1.84108, abs=1e-5)
    assert found.common == pytest.approx(0.9046968, abs=1e-7)
    assert found.p_common == pytest.approx(0.21692, abs=1e-5)
    assert found.p_equal == pytest.approx(0.00207, abs=1e-5)
    corrected = mantel_haenszel(BERKELEY, correct=True)
    assert corrected is not None
    # R 4.3: mantelhaen.test(UCBAdmissions) prints p-value = 0.2323
    assert corrected.p_common == pytest.approx(0.23226, abs=1e-5)


def test_random_tables_agree_with_statsmodels() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        tables = rng.integers(1, 60, (int(rng.integers(2, 7)), 2, 2))
        found, other = mantel_haenszel(tables), StratifiedTable(np.moveaxis(tables, 0, 2))
        assert found is not None
        assert found.common == pytest.approx(other.oddsratio_pooled)
        assert found.p_common == pytest.approx(other.test_null_odds().pvalue)
        assert found.p_equal == pytest.approx(other.test_equal_odds(adjust=True).pvalue, abs=1e-9)


def test_a_stratum_that_holds_one_level_only_says_nothing() -> None:
    alone = np.array([[[5, 0], [7, 0]]])
    assert mantel_haenszel(alone) is None
    with_it = mantel_haenszel(np.concatenate([BERKELEY, alone]))
    assert with_it is not None
    assert with_it.common == pytest.approx(0.9046968, abs=1e-7)
    assert with_it.p_common == pytest.approx(0.21692, abs=1e-5)


def test_the_general_test_is_that_of_two_by_two_tables_and_of_one_stratum() -> None:
    found = mantel_haenszel(BERKELEY)
    assert found is not None
    p, df = general_association(BERKELEY)
    assert df == 1
    assert p == pytest.approx(found.p_common)
    table = np.array([[20, 30, 12], [25, 14, 31], [9, 22, 18]])
    p, df = general_association(table[None])
    n = table.sum()
    other = chi2_contingency(table, correction=False)
    assert df == other.dof
    from scipy.stats import chi2

    assert p == pytest.approx(chi2.sf(other.statistic * (n - 1) / n, df))
    assert general_association(np.zeros((2, 3, 3), int)) == (1.0, 0)


def test_a_slope_that_turns_in_every_stratum_is_flagged_and_one_that_holds_is_not() -> None:
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(4), 100)
    inside = rng.normal(size=400)
    turned = reversal(3.0 * group - inside + 0.3 * rng.normal(size=400), 3.0 * group + inside, group)
    assert (turned.share, turned.flagged, turned.turns) == (1.0, True, True)
    assert turned.expected < 0.05
    same = reversal(inside + rng.normal(size=400), inside, group)
    assert (same.share, same.flagged, same.turns) == (0.0, False, False)


def test_strata_that_point_the_other_way_by_chance_are_seldom_flagged() -> None:
    rng = np.random.default_rng(4)
    flagged = 0
    for _ in range(400):
        x = rng.normal(size=300)
        flagged += reversal(0.12 * x + rng.normal(size=300), x, rng.integers(0, 5, 300)).flagged
    assert flagged <= 12


def test_a_constant_or_empty_stratum_tells_nothing() -> None:
    x = np.r_[np.zeros(20), np.arange(20.0)]
    assert not reversal(x, x, np.repeat([0, 1], 20)).flagged
    assert reversal(np.zeros(0), np.zeros(0), np.zeros(0, int)).share == 0.0
