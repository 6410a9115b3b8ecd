"""A stated shape is verified where every part of it holds, and never because a curve merely bends or rises."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from heldout.tools.data.rows import Rows
from heldout.tools.verify.evidence import Evidence
from heldout.tools.verify.families.shape import FAMILY
from heldout.tools.verify.hypothesis import Shape

Curve = Callable[[np.ndarray], np.ndarray]


def shape(kind: str, *knots: float, **more: Any) -> Shape:
    return Shape.model_validate({"outcome": "y", "predictor": "x", "shape": kind, "knots": knots} | more)


def rows(curve: Curve, seed: int = 0, n: int = 600, noise: Curve | None = None, **more: Any) -> Rows:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    e = rng.normal(size=n) if noise is None else noise(rng.normal(size=n)) * np.exp(x / 2)
    return Rows.of({"x": x, "y": curve(x) + e}, **more)


def holds(found: Evidence, level: float = 0.05) -> bool:
    assert found.theta is not None
    assert found.p_value is not None
    return found.theta > 0 and found.p_value <= level


TRUE: dict[str, tuple[Shape, Curve]] = {
    "u": (shape("u", 0.3), lambda x: 0.6 * (x - 0.3) ** 2),
    "inverted u": (shape("inverted_u", 0.3), lambda x: -0.6 * (x - 0.3) ** 2),
    "saturating": (shape("saturating", 0.3), lambda x: 1.2 * np.minimum(x, 0.3)),
    "saturating, falling": (shape("saturating", 0.3, rises=False), lambda x: -1.2 * np.minimum(x, 0.3)),
    "jump": (shape("threshold", 0.3), lambda x: 1.4 * (x >= 0.3)),
    "jump down": (shape("threshold", 0.3, rises=False), lambda x: -1.4 * (x >= 0.3)),
    "ramp": (shape("threshold", -0.4, 0.5), lambda x: 2.0 * np.clip(x, -0.4, 0.5)),
}


@pytest.mark.parametrize("name", TRUE)
def test_a_true_shape_is_found_and_told(name: str) -> None:
    h, curve = TRUE[name]
    found = FAMILY.evaluate(h, rows(curve), draws=499)
    assert holds(found, 0.01)
    assert found.effect is not None
    assert found.effect.low > 0
    assert found.in_units is not None
    text = FAMILY.sentence(h, found)
    assert text.startswith(FAMILY.claim(h) + ": ")
    assert "95 % interval" in text
    assert FAMILY.picture(h, rows(curve)).marks == h.knots


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize(
    "curve",
    [
        lambda x: 0.0 * x,
        lambda x: 0.7 * x,
        lambda x: -0.7 * x,
        np.exp,
        lambda x: -np.exp(x),
        lambda x: np.maximum(x - 0.3, 0) * 2,
    ],
    ids=["nothing", "rising line", "falling line", "convex", "concave, falling", "flat, then rising"],
)
def test_lines_and_curves_that_only_bend_are_not_taken_for_a_shape(name: str, curve: Curve) -> None:
    h, _ = TRUE[name]
    noises: tuple[Curve | None, ...] = (None, lambda z: z, lambda z: np.sign(z) * np.abs(z) ** 3 / 3)
    wrong = [
        holds(FAMILY.evaluate(h, rows(curve, seed, 300, noise), draws=99, seed=seed))
        for seed in range(20)
        for noise in noises
    ]
    assert np.mean(wrong) <= 0.1  # .025 at the edge of the claim, and 3.7 standard errors of 60


def test_the_parts_of_a_u_are_the_rank_correlations_of_both_sides() -> None:
    data = rows(TRUE["u"][1])
    x, y = data.number("x"), data.number("y")
    found = FAMILY.evaluate(TRUE["u"][0], data, draws=99)
    sides = [-stats.spearmanr(x[x <= 0.3], y[x <= 0.3]).statistic, stats.spearmanr(x[x >= 0.3], y[x >= 0.3]).statistic]
    assert found.effect is not None
    assert found.effect.value == pytest.approx(min(sides), rel=1e-9)


def test_the_parts_of_a_saturating_course_are_contrasts_of_two_slopes() -> None:
    import statsmodels.api as sm

    data = rows(TRUE["saturating"][1])
    x = data.number("x")
    before, after = np.minimum(x, 0.3), np.maximum(x - 0.3, 0)
    fit = sm.OLS(data.number("y"), np.column_stack([np.ones(600), before, after])).fit(cov_type="HC3", use_t=True)
    t = [float(np.squeeze(fit.t_test([0, 0.5, s]).tvalue)) for s in (-1, 1)]
    found = FAMILY.evaluate(TRUE["saturating"][0], data, draws=0)
    assert found.statistic in (pytest.approx(t[0], rel=1e-7), pytest.approx(t[1], rel=1e-7))


def test_another_shape_points_the_other_way_and_is_said_not_to_hold() -> None:
    h = TRUE["u"][0]
    found = FAMILY.evaluate(h, rows(TRUE["inverted u"][1]), draws=199)
    assert found.theta is not None
    assert found.theta < -0.3
    assert FAMILY.sentence(h, found).startswith("`y` does not fall with `x` up to about 0.3 and rise beyond it: ")
    none = FAMILY.evaluate(h, rows(lambda x: 0 * x), draws=99)
    assert FAMILY.sentence(h, none).startswith("`y` is not shown to fall with `x` up to about 0.3 and rise beyond it")


def test_the_interval_covers_the_smaller_of_two_equal_parts() -> None:
    # Ranks of a symmetric parabola: both sides have the same rho, read off one large table.
    big = rows(lambda x: 0.5 * x**2, 99, 200_000)
    truth = FAMILY.evaluate(shape("u", 0.0), big, draws=0).effect
    assert truth is not None
    found = [FAMILY.evaluate(shape("u", 0.0), rows(lambda x: 0.5 * x**2, s, 200), draws=0).effect for s in range(300)]
    covered = np.mean([f is not None and f.low <= truth.value <= f.high for f in found])
    assert covered >= 0.91


def test_units_are_the_ends_against_the_turning_point() -> None:
    found = FAMILY.evaluate(TRUE["u"][0], rows(TRUE["u"][1]), draws=0)
    low, middle, high = (g.mean for g in found.groups)
    assert found.in_units is not None
    assert found.in_units.value == pytest.approx(min(low - middle, high - middle))


def test_shares_of_an_event_follow_a_shape_too() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=2_000)
    e = np.where(rng.random(2_000) < np.where(x >= 0.2, 0.6, 0.2), "yes", "no")
    h = Shape(outcome="e", event="yes", predictor="x", shape="threshold", knots=(0.2,))
    found = FAMILY.evaluate(h, Rows.of({"x": x, "e": e}), draws=499)
    assert holds(found)
    assert found.in_units is not None
    assert found.in_units.unit == "points"
    assert " % where `x` is below 0.2 against " in FAMILY.sentence(h, found)


@pytest.mark.parametrize("name", ["u", "saturating"])
def test_clusters_are_compared_within_or_counted_once(name: str) -> None:
    h, curve = TRUE[name]
    cluster = np.repeat(np.arange(60), 20)
    rng = np.random.default_rng(6)
    x = rng.normal(size=1_200)
    y = 4 * rng.normal(size=60)[cluster] + curve(x) + rng.normal(size=1_200)
    within = FAMILY.evaluate(h, Rows.of({"x": x, "y": y}, cluster=cluster.tolist()), draws=499)
    assert within.test.startswith("within-cluster")
    assert holds(within)
    between = {"x": np.repeat(x[:60], 20), "y": y}
    once = FAMILY.evaluate(h, Rows.of(between, cluster=cluster.tolist()), draws=99)
    assert once.clusters == 60
    assert once.untestable or once.test.endswith("on one mean per cluster")


def test_too_short_a_stretch_is_untestable() -> None:
    data = rows(TRUE["u"][1], n=200)
    assert "at least 20" in (FAMILY.evaluate(shape("u", 3.5), data).untestable or "")
    few = Rows.of({"x": np.tile([0.0, 1.0, 2.0, 3.0], 50), "y": np.arange(200) / 3})
    assert "distinct values" in (FAMILY.evaluate(shape("u", 1.5), few).untestable or "")
