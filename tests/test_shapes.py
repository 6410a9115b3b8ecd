"""Shapes are read off courses with their places, straight lines and noise give none, and knots are plain numbers."""

import numpy as np
import pytest

from heldout.agent.outlook import Focus, Outlook
from heldout.agent.propose_shapes import propose_shapes
from heldout.tools.data.rows import Rows
from heldout.tools.explore.shapes import Reading, additive, read_shapes
from heldout.tools.verify.hypothesis import Shape

CURVES = {
    "u": (lambda x: ((x - 40) / 25) ** 2, "u", True, (40,)),
    "inverted u": (lambda x: -(((x - 55) / 25) ** 2), "inverted_u", False, (55,)),
    "plateau": (lambda x: np.minimum(x, 60) / 15, "saturating", True, (60,)),
    "falling plateau": (lambda x: -np.minimum(x, 50) / 15, "saturating", False, (50,)),
    "jump": (lambda x: 2.0 * (x >= 65), "threshold", True, (65,)),
    "ramp": (lambda x: np.clip(x, 30, 60) / 8, "threshold", True, (30, 60)),
}


def rows(curve, seed: int = 0, n: int = 4_000) -> Rows:
    rng = np.random.default_rng(seed)
    x, z = rng.uniform(0, 100, n), rng.normal(size=n)
    return Rows.of({"x": x, "z": z, "y": curve(x) + 0.5 * z + rng.normal(size=n)})


def read(own: Rows) -> list[Reading]:
    return read_shapes(own, [("y", None)], ["x", "z"], lambda *_: True)


@pytest.mark.parametrize("name", CURVES)
def test_a_planted_shape_is_read_with_its_place_and_uncertainty(name: str) -> None:
    curve, shape, rises, places = CURVES[name]
    best = read(rows(curve))[0]
    assert (best.predictor, best.shape, best.rises) == ("x", shape, rises)
    assert best.knots == pytest.approx(places, abs=6)
    for knot, place, (low, high) in zip(best.knots, places, best.within, strict=True):
        assert low < high
        assert low - 5 <= knot <= high + 5
        assert low - 5 <= place <= high + 5
    assert best.alone


@pytest.mark.parametrize(
    "curve",
    [
        lambda x: 0 * x,
        lambda x: x / 20,
        lambda x: -x / 20,
        lambda x: np.exp(x / 30),
        lambda x: np.maximum(x - 50, 0) / 9,
    ],
    ids=["nothing", "rising", "falling", "convex", "flat, then rising"],
)
def test_lines_and_shapes_that_no_claim_states_give_none(curve) -> None:
    assert not [r for seed in range(6) for r in read(rows(curve, seed)) if r.predictor == "x"]


def test_knots_are_rounded_as_far_as_they_are_uncertain() -> None:
    for name in CURVES:
        for knot in read(rows(CURVES[name][0]))[0].knots:
            assert float(f"{knot:.3g}") == knot


def test_a_shape_that_another_column_brings_does_not_stand_alone() -> None:
    rng = np.random.default_rng(4)
    w = rng.uniform(0, 100, 4_000)
    x = w + rng.normal(size=4_000) * 20
    own = Rows.of({"x": x, "z": w, "y": ((w - 50) / 12) ** 2 + rng.normal(size=4_000)})
    found = {r.predictor: r.alone for r in read(own)}
    assert found["z"]
    assert not found["x"]


def test_the_additive_model_takes_out_the_other_courses() -> None:
    from heldout.tools.explore.shapes import _binned

    rng = np.random.default_rng(5)
    x = rng.normal(size=5_000)
    z = x + rng.normal(size=5_000)
    own = Rows.of({"x": x, "z": z, "y": z**2 + rng.normal(size=5_000) * 0.1})
    terms = [b for name in ("x", "z") if (b := _binned(own, name)) is not None]
    left = additive(own.number("y"), terms).beside(terms[0])
    raw, own_course = np.corrcoef(x**2, own.number("y"))[0, 1], np.corrcoef(x**2, left)[0, 1]
    assert abs(own_course) < 0.5 * raw


def test_clear_shapes_become_claims_with_frozen_knots() -> None:
    own = rows(CURVES["u"][0])
    outlook = Outlook(own, (), frozenset(), frozenset(), Focus(), {n: at for at, n in enumerate(own.columns)})
    claims = list(propose_shapes(outlook))
    assert claims == [Shape(outcome="y", predictor="x", shape="u", knots=claims[0].knots)]
    assert list(propose_shapes(outlook._replace(rows=own.select(np.arange(20))))) == []
    assert list(propose_shapes(outlook._replace(barred=frozenset({frozenset(("x", "y"))})))) == []
