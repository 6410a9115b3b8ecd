"""Figures that others printed, each with where it stands; ours must be the same to the printed digits."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.verify.clusters import within_score_p
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import (
    CategoricalAssociation,
    Contrast,
    GroupDifference,
    MonotoneAssociation,
    RateDifference,
)
from heldout.tools.verify.intervals import mean_interval, newcombe_interval, welch_interval, wilson_interval
from heldout.tools.verify.multiplicity import benjamini_hochberg, holm, session_lond

MULTTEST = np.array([
    5.23656777208e-05, 0.00028140506198, 0.0149877310796, 0.0202732688798, 0.177096952723,
    0.642193923795, 0.680845947633, 0.71626938238, 0.838541367553, 0.967833824309,
])  # fmt: skip
MULTTEST_BH = [
    0.000523656777208, 0.00140702530991, 0.0499591035986667, 0.0506831721995, 0.354193905446,
    0.895336727975, 0.895336727975, 0.895336727975, 0.931712630614444, 0.967833824309,
]  # fmt: skip
MULTTEST_HOLM = [
    0.000523656777208, 0.00253264555782, 0.119901848636800, 0.1419128821586, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0,
]  # fmt: skip
"""R's multtest, mt.rawp2adjp, as statsmodels 0.15 keeps it (stats/tests/test_multi.py, res_multtest1)."""

P_ADJUST = np.array([
    0.22155325, 0.00114003, 0.01695614, 0.04105190, 0.05592920, 0.00368298, 0.14032627, 0.04105190, 0.03648130,
    0.25464082,
])  # fmt: skip
P_ADJUST_BH = [
    0.24617028, 0.01140030, 0.05652047, 0.06841983, 0.07989886, 0.01841490, 0.17540784, 0.06841983, 0.06841983,
    0.25464082,
]  # fmt: skip
"""R's p.adjust(p, "BH"), a tie among the p, as scipy 1.17 keeps it (stats/tests/test_morestats.py, test_against_R)."""

LOND_P = (
    2.90e-08, 0.06743, 0.01514, 0.08174, 0.00171, 3.60e-05, 0.79149, 0.27201, 0.28295, 7.59e-08, 0.69274, 0.30443,
    0.00136, 0.72342, 0.54757,
)  # fmt: skip
LOND_GAMMA = (
    0.0026758385456300436, 0.0005819102891470871, 0.0004956249397230357, 0.0004121803029483667, 0.00034944348546739925,
    0.0003022950170832428, 0.00026597221092941473, 0.00023726127156596837, 0.00021404743070318856,
    0.0001949125952631946, 0.00017887964836623975, 0.00016525682542205985, 0.00015354204767096703,
    0.00014336271525793807, 0.00013443680672053248,
)  # fmt: skip
LOND_LEVEL = (
    0.0026758385456300436, 0.0011638205782941741, 0.0009912498794460713, 0.0008243606058967334, 0.0006988869709347985,
    0.0006045900341664856, 0.0007979166327882442, 0.0007117838146979051, 0.0006421422921095657, 0.0005847377857895838,
    0.000715518593464959, 0.0006610273016882394, 0.0006141681906838681, 0.0005734508610317523, 0.0005377472268821299,
)  # fmt: skip
LOND_FOUND = (0, 5, 9)
"""online-fdr 1.0.0 (PyPI), Lond(alpha=0.05): alpha times gamma, levels and discoveries, on the sample p of
Bioconductor's onlineFDR."""

UCB = {
    "A": ((512, 313), (89, 19)), "B": ((353, 207), (17, 8)), "C": ((120, 205), (202, 391)),
    "D": ((138, 279), (131, 244)), "E": ((53, 138), (94, 299)), "F": ((22, 351), (24, 317)),
}  # fmt: skip
"""R's UCBAdmissions: (admitted, rejected) of men and of women by department."""

HAIR_EYE = {
    "Black": (68, 20, 15, 5), "Brown": (119, 84, 54, 29), "Red": (26, 17, 14, 14), "Blond": (7, 94, 10, 16),
}  # fmt: skip
"""R's HairEyeColor, both sexes: eyes brown, blue, hazel, green by colour of hair."""

SLEEP = (
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
)
"""R's sleep: extra hours of sleep with either drug."""

MTCARS = (
    (21, 2.62), (21, 2.875), (22.8, 2.32), (21.4, 3.215), (18.7, 3.44), (18.1, 3.46), (14.3, 3.57), (24.4, 3.19),
    (22.8, 3.15), (19.2, 3.44), (17.8, 3.44), (16.4, 4.07), (17.3, 3.73), (15.2, 3.78), (10.4, 5.25), (10.4, 5.424),
    (14.7, 5.345), (32.4, 2.2), (30.4, 1.615), (33.9, 1.835), (21.5, 2.465), (15.5, 3.52), (15.2, 3.435), (13.3, 3.84),
    (19.2, 3.845), (27.3, 1.935), (26, 2.14), (30.4, 1.513), (15.8, 3.17), (19.7, 2.77), (15, 3.57), (21.4, 2.78),
)  # fmt: skip
"""R's mtcars: mpg and wt."""


def test_adjusted_p_are_those_of_multtest() -> None:
    assert session_lond(MULTTEST, weight=1.0, q=0.05, earlier=0).adjusted == pytest.approx(MULTTEST_BH, rel=1e-12)
    assert holm(MULTTEST, weight=1.0, alpha=0.05).adjusted == pytest.approx(MULTTEST_HOLM, rel=1e-12)
    assert benjamini_hochberg(MULTTEST, 0.05).sum() == 3


def test_adjusted_p_with_a_tie_are_those_of_p_adjust() -> None:
    assert session_lond(P_ADJUST, weight=1.0, q=0.05, earlier=0).adjusted == pytest.approx(P_ADJUST_BH, abs=1e-7)


def test_single_claims_in_turn_are_judged_by_lond() -> None:
    found: list[int] = []
    for at, (p, weighted, level) in enumerate(zip(LOND_P, LOND_GAMMA, LOND_LEVEL, strict=True)):
        ours = session_lond(np.array([p]), weight=weighted / 0.05, q=0.05, earlier=len(found))
        assert ours.next_level == pytest.approx(level, rel=1e-12)
        found += [at] if ours.rejected[0] else []
    assert tuple(found) == LOND_FOUND


def _admissions() -> Rows:
    cells = [
        (at, sex, label, n)
        for at, sides in enumerate(UCB.values())
        for sex, counts in zip(("man", "woman"), sides, strict=True)
        for label, n in zip(("admitted", "rejected"), counts, strict=True)
    ]
    times = [n for *_, n in cells]
    data = {"sex": np.repeat([c[1] for c in cells], times), "outcome": np.repeat([c[2] for c in cells], times)}
    return Rows.of(data, cluster=np.repeat([c[0] for c in cells], times).tolist())


def test_admissions_at_berkeley_differ_by_sex_until_departments_are_kept_apart() -> None:
    rows = _admissions()
    h = RateDifference(
        outcome="outcome", event="admitted", predictor="sex", levels=Contrast(a=("man",), b=("woman",)), direction="any"
    )
    plain = Rows(rows.columns, rows._arrays)
    evidence = FAMILIES["rate_difference"].evaluate(h, plain, draws=199)
    # R: chisq.test(margin.table(UCBAdmissions, c(2, 1)), correct = FALSE): X-squared = 92.205, df = 1
    assert evidence.statistic is not None
    assert evidence.statistic**2 == pytest.approx(92.205, abs=5e-4)
    # Bickel, Hammel, O'Connell (1975): 44 of 100 men and 30 (here .304) of 100 women
    assert [g.mean for g in evidence.groups] == pytest.approx([0.4452, 0.3035], abs=5e-5)
    admitted = (rows.codes("outcome") == rows.columns["outcome"].levels.index("admitted")).astype(float)
    assert rows.cluster is not None
    # R: mantelhaen.test(UCBAdmissions, correct = FALSE): p-value = 0.2169
    p = within_score_p(admitted, rows.codes("sex"), rows.cluster)
    assert p == pytest.approx(0.2169, abs=5e-5)


def test_hair_and_eyes_have_the_chi_square_of_r() -> None:
    eyes = ("brown", "blue", "hazel", "green")
    hair = np.repeat(list(HAIR_EYE), [sum(n) for n in HAIR_EYE.values()])
    eye = np.concatenate([np.repeat(eyes, n) for n in HAIR_EYE.values()])
    h = CategoricalAssociation(outcome="eye", predictor="hair", outcome_levels=eyes, predictor_levels=tuple(HAIR_EYE))
    evidence = FAMILIES["categorical_association"].evaluate(h, Rows.of({"hair": hair, "eye": eye}), draws=199)
    # R: chisq.test(margin.table(HairEyeColor, c(1, 2))): X-squared = 138.29, df = 9
    assert evidence.statistic == pytest.approx(138.29, abs=5e-3)
    assert evidence.df == 9
    # R, vcd: assocstats: Cramer's V 0.279, which the correction for bias lowers a little
    assert evidence.effect is not None
    assert 0.26 < evidence.effect.value < 0.279


def test_the_interval_of_the_sleep_data_is_students() -> None:
    (a, b) = (np.array(side) for side in SLEEP)
    ours = welch_interval((10, a.mean(), a.var(ddof=1)), (10, b.mean(), b.var(ddof=1)))
    # R: t.test(extra ~ group, data = sleep): -3.3654832 to 0.2054832
    assert (ours.low, ours.high) == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)
    paired = a - b
    one = mean_interval(10, paired.mean(), paired.var(ddof=1))
    # R: t.test(extra ~ group, data = sleep, paired = TRUE): -2.4598858 to -0.7001142
    assert (one.low, one.high) == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)
    h = GroupDifference(outcome="extra", predictor="drug", levels=Contrast(a=("1",), b=("2",)), direction="any")
    rows = Rows.of({"drug": np.repeat(["1", "2"], 10), "extra": np.concatenate([a, b])})
    evidence = FAMILIES["group_difference"].evaluate(h, rows, draws=199)
    # R: wilcox.test(extra ~ group, data = sleep): W = 25.5
    assert evidence.effect is not None
    assert evidence.effect.value == pytest.approx(25.5 / 100)


def test_weight_and_mileage_have_the_spearman_correlation_of_r() -> None:
    mpg, wt = np.array(MTCARS).T
    h = MonotoneAssociation(outcome="mpg", predictor="wt", direction="decreasing")
    evidence = FAMILIES["monotone_association"].evaluate(h, Rows.of({"mpg": mpg, "wt": wt}), draws=199)
    # R: cor(mtcars$mpg, mtcars$wt, method = "spearman"): -0.886422
    assert evidence.effect is not None
    assert evidence.effect.value == pytest.approx(-0.886422, abs=5e-7)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_have_the_score_intervals_of_newcombes_first_table(hits: int, n: int, low: float, high: float) -> None:
    # Newcombe (1998), Two-sided confidence intervals for the single proportion, Stat. Med. 17, Table I, method 3
    ours = wilson_interval(hits, n)
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ],
)
def test_differences_of_shares_have_the_intervals_of_newcombes_second_table(
    a: tuple[int, int], b: tuple[int, int], low: float, high: float
) -> None:
    # Newcombe (1998), Interval estimation for the difference between independent proportions, Table II, method 10
    ours = newcombe_interval(a, b)
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=5e-5)
