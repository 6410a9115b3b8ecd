"""One coefficient beside others agrees with statsmodels, holds its level under nasty nulls, and its draws are exact."""

import numpy as np
import pytest
import statsmodels.api as sm

from heldout.tools.verify.linear import partial_effect
from heldout.tools.verify.shuffling import shuffled_score_p

Rng = np.random.Generator


def rng_of(*seed: int) -> Rng:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("n", [12, 60, 700])
def test_a_coefficient_and_its_hc3_error_are_those_of_statsmodels(n: int) -> None:
    rng = rng_of(1, n)
    x, m = rng.normal(size=n) * 3 + 1e4, (rng.random(n) < 0.4) * 1.0
    y = x / 9 + m + 0.3 * x * m + rng.standard_t(4, n) * (1 + m)
    found = partial_effect(y, x * m, (x, m))
    assert found is not None
    centred = x - x.mean()  # statsmodels loses digits on large numbers
    fit = sm.OLS(y, np.column_stack([np.ones(n), centred, m, centred * m])).fit(cov_type="HC3", use_t=True)
    assert found.value == pytest.approx(fit.params[3], rel=1e-8)
    assert found.error == pytest.approx(fit.bse[3], rel=1e-6)
    assert found.df <= fit.df_resid
    assert found.p_robust >= fit.pvalues[3] * (1 - 1e-9)


def test_a_partial_correlation_is_that_of_the_residuals() -> None:
    rng = rng_of(2)
    z, x = rng.normal(size=200), rng.normal(size=200)
    y = x + z + rng.normal(size=200)
    found = partial_effect(y, x, (z,))
    assert found is not None
    design = np.column_stack([np.ones(200), z])
    left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (x, y)]
    assert found.correlation == pytest.approx(np.corrcoef(*left)[0, 1], rel=1e-9)
    assert found.correlation_interval(0.95).low < found.correlation < found.correlation_interval(0.95).high


def test_the_jackknife_over_clusters_is_that_of_refits_without_each() -> None:
    rng = rng_of(3)
    cluster = np.repeat(np.arange(25), 8)
    x, z = rng.normal(size=200), rng.normal(size=200)
    y = 0.3 * x + z + rng.normal(size=25)[cluster] + rng.normal(size=200)
    found = partial_effect(y, x, (z,), cluster=cluster)
    assert found is not None

    def slope(own: np.ndarray) -> float:
        design = np.column_stack([x[own], z[own], cluster[own][:, None] == np.unique(cluster[own])])
        return float(np.linalg.lstsq(design, y[own], rcond=None)[0][0])

    each = np.array([slope(cluster != c) for c in range(25)])
    assert found.value == pytest.approx(slope(cluster >= 0), rel=1e-9)
    assert found.error == pytest.approx(np.sqrt(24 / 25 * ((each - found.value) ** 2).sum()), rel=1e-9)


def test_what_others_determine_or_what_never_varies_gives_nothing() -> None:
    rng = rng_of(4)
    x = rng.normal(size=50)
    assert partial_effect(rng.normal(size=50), 2 * x + 1, (x,)) is None
    assert partial_effect(np.ones(50), x) is None
    cluster = np.repeat(np.arange(10), 5)
    assert partial_effect(rng.normal(size=50), cluster / 3, cluster=cluster) is None
    assert partial_effect(cluster * 1.1, x, cluster=cluster) is None


def test_all_permutations_of_few_rows_are_drawn_evenly() -> None:
    rng = rng_of(5)
    x, e = rng.normal(size=7), rng.normal(size=7)
    from itertools import permutations

    orders = np.array(list(permutations(range(7))))
    statistic = np.abs((e[orders] * x).sum(1)) / np.sqrt((e[orders] ** 2 * x**2).sum(1))
    exact = float((statistic >= statistic[0] - 1e-12).mean())
    drawn = shuffled_score_p(x, e, draws=9_999, seed=1)
    assert drawn == pytest.approx(exact, abs=0.1)
    many = np.mean([shuffled_score_p(x, e, draws=199, seed=s) for s in range(300)])
    assert many == pytest.approx(exact, abs=0.03)


def test_turned_stretches_give_the_p_of_full_shuffling() -> None:
    for seed in range(3):
        rng = rng_of(6, seed)
        x = rng.normal(size=1_600)
        e = rng.standard_t(3, 1_600) + 0.05 * x
        orders = np.stack([rng.permutation(1_600) for _ in range(4_000)])
        shuffled = e[orders]
        statistic = np.abs(shuffled @ x) / np.sqrt(shuffled**2 @ x**2)
        plain = float((statistic >= abs(e @ x) / np.sqrt(e**2 @ x**2)).mean())
        assert shuffled_score_p(x, e, draws=1_999, seed=2) == pytest.approx(plain, abs=0.06)


def test_strata_keep_their_residuals() -> None:
    side = np.repeat([0, 1], 60)
    x = rng_of(7).normal(size=120)
    e = np.where(side == 0, 0.0, rng_of(8).normal(size=120))
    only = shuffled_score_p(x[side == 1], e[side == 1], draws=1_999, seed=3)
    assert shuffled_score_p(x, e, side, draws=1_999, seed=3) == pytest.approx(only, abs=0.06)


@pytest.mark.parametrize(
    "noise",
    [
        lambda rng, x, g: rng.normal(size=len(x)) * np.exp(x / 2),
        lambda rng, x, g: (rng.exponential(size=len(x)) - 1) * np.where(g, 4, 1),
        lambda rng, x, g: rng.lognormal(0, 1.5, len(x)),
        lambda rng, x, g: rng.standard_t(2, len(x)),
    ],
    ids=["spread grows", "skewed of unequal spread", "lognormal", "t with 2 df"],
)
def test_a_coefficient_holds_its_level(noise) -> None:
    p = []
    for seed in range(500):
        rng = rng_of(9, seed)
        g, m, x = rng.random(140) < 0.3, rng.random(140) < 0.4, rng.normal(size=140)
        tested = (g & m) * 1.0
        found = partial_effect(g + 0.5 * m + noise(rng, x, g & m), tested, (g * 1.0, m * 1.0), draws=199, seed=seed)
        assert found is not None
        assert found.p_permutation is not None
        p.append(max(found.p_robust, found.p_permutation))
    assert np.mean(np.array(p) <= 0.05) <= 0.085  # .05 and 3.6 standard errors of 500
    assert np.mean(np.array(p) <= 0.005) <= 0.02
