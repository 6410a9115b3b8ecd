"""Claims on series: compared within blocks the tests hold their level, between blocks they are refused."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binom

from heldout.tools.data.rows import Rows
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import parse
from heldout.tools.verify.serial import refuse

CLAIM = parse({"family": "monotone_association", "outcome": "y", "predictor": "x", "direction": "increasing"})


def _series(rng: np.random.Generator, phi: float, blocks: int, size: int) -> Rows:
    noise = rng.standard_normal((2, blocks * size + 200))
    x, y = lfilter([1], [1, -phi], noise, axis=1)[:, 200:]
    rows = Rows.of({"x": x, "y": y}, cluster=np.repeat(np.arange(blocks), size).tolist())
    rows.serial = True
    return rows


@pytest.mark.parametrize("phi", [0.0, 0.6, 0.9, 1.0])
def test_two_unrelated_series_are_seldom_related_within_blocks_even_as_random_walks(phi: float) -> None:
    rng = np.random.default_rng(int(phi * 10) + 3)
    runs, hits = 120, 0
    for seed in range(runs):
        rows = _series(rng, phi, 30, 12)
        evidence = FAMILIES[CLAIM.family].evaluate(CLAIM, rows, draws=199, seed=seed)
        assert evidence.untestable is None
        hits += (evidence.p_value or 1.0) <= 0.05
    assert hits <= binom.ppf(0.999, runs, 0.055)


def test_a_relation_inside_the_blocks_of_a_series_is_found() -> None:
    rng = np.random.default_rng(5)
    rows = _series(rng, 0.9, 40, 24)
    linked = Rows.of({"x": rows.number("x"), "y": rows.number("y") + rows.number("x")}, cluster=rows.cluster)
    linked.serial = True
    evidence = FAMILIES[CLAIM.family].evaluate(CLAIM, linked, draws=999)
    assert evidence.p_value is not None
    assert evidence.p_value < 0.005


def test_a_predictor_that_changes_only_between_blocks_is_refused() -> None:
    rng = np.random.default_rng(6)
    season = np.repeat(np.arange(30) % 4, 12).astype(float)
    rows = Rows.of({"x": season, "y": rng.standard_normal(360)}, cluster=np.repeat(np.arange(30), 12).tolist())
    rows.serial = True
    assert "changes only from one block of time to the next" in (refuse(CLAIM, rows) or "")
    rows.serial = False
    assert refuse(CLAIM, rows) is None


@pytest.mark.parametrize(
    "claim",
    [
        {"family": "change_point", "at": 20.0, "direction": "higher"},
        {"family": "invariant", "rule": "not_after", "direction": "lower"},
        {"family": "trend", "direction": "rising"},
    ],
    ids=lambda claim: claim["family"],
)
def test_claims_along_time_and_rules_of_the_data_are_not_refused_between_blocks(claim: dict) -> None:
    block = np.repeat(np.arange(30), 12)
    rows = Rows.of({"x": block.astype(float), "y": np.arange(360.0)}, cluster=block.tolist())
    rows.serial = True
    assert refuse(parse({"outcome": "y", "predictor": "x"} | claim), rows) is None
    assert refuse(CLAIM, rows) is not None
