"""Rules of the data: exact test and interval, every kind of rule, and words that never promise."""

import re

import numpy as np
import pytest
from scipy import stats

from heldout.tools.data.rows import Rows
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.invariant import clopper_pearson
from heldout.tools.verify.hypothesis import Invariant
from heldout.tools.verify.policy import Rule
from heldout.tools.verify.verify import judge

FAMILY = FAMILIES["invariant"]


def _filled(tolerance: float = 0.01) -> Invariant:
    return Invariant(outcome="y", predictor="y", rule="not_missing", tolerance=tolerance)


def _rows(broken: int, n: int = 1_000) -> Rows:
    y = np.arange(n, dtype=float)
    y[:broken] = np.nan
    return Rows.of({"y": y})


@pytest.mark.parametrize(("x", "n", "level"), [(0, 300, 0.95), (3, 1_000, 0.99), (40, 400, 0.9), (20, 20, 0.95)])
def test_the_interval_is_that_of_clopper_and_pearson_in_scipy(x: int, n: int, level: float) -> None:
    around = stats.binomtest(x, n).proportion_ci(level, method="exact")
    assert clopper_pearson(x, n, level) == pytest.approx((around.low, around.high), rel=1e-9)


@pytest.mark.parametrize("broken", [0, 4, 9, 30])
def test_p_is_twice_the_smaller_exact_tail(broken: int) -> None:
    evidence = FAMILY.evaluate(_filled(), _rows(broken))
    tails = [stats.binomtest(broken, 1_000, 0.01, alternative=side).pvalue for side in ("less", "greater")]
    assert evidence.p_value == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)
    assert evidence.p_permutation == evidence.p_robust == evidence.p_value
    assert evidence.theta == pytest.approx(0.01 - broken / 1_000)


def test_p_and_interval_agree_on_the_tolerance() -> None:
    for broken in range(31):
        evidence = FAMILY.evaluate(_filled(), _rows(broken))
        assert evidence.effect is not None
        outside = not (evidence.effect.low or 0) <= 0.01 <= (evidence.effect.high or 1)
        assert outside == ((evidence.p_value or 0) < 0.05)


def test_missing_values_are_what_breaks_a_filled_column_and_are_left_out_of_a_range() -> None:
    rows = _rows(30)
    assert FAMILY.evaluate(_filled(0.1), rows).missing == 0
    within = Invariant(outcome="y", predictor="y", rule="in_range", low=0, high=960, tolerance=0.1)
    evidence = FAMILY.evaluate(within, rows)
    assert (evidence.missing, evidence.n) == (30, 970)
    assert evidence.n_per_group == {"rows that break it": 39, "rows that keep it": 931}


def test_an_end_before_its_start_and_a_wrong_partner_break_their_rules() -> None:
    n = 500
    start = np.datetime64("2024-01-01") + np.arange(n)
    end = start + np.where(np.arange(n) < 4, -1, 2)
    a = np.array(list("xyz"), object)[np.arange(n) % 3]
    b = np.where(np.arange(n) % 3 == 2, "two", "one").astype(object)
    b[:6] = "two"
    rows = Rows.of({"start": start, "end": end, "a": a, "b": b})
    late = Invariant(outcome="end", predictor="start", rule="not_after", tolerance=0.05)
    assert FAMILY.evaluate(late, rows).groups[0].n == 4
    mapping = (("x", "one"), ("y", "one"), ("z", "two"))
    fixed = Invariant(outcome="b", predictor="a", rule="determines", mapping=mapping, tolerance=0.05)
    assert FAMILY.evaluate(fixed, rows).groups[0].n == 4
    part = fixed.model_copy(update={"mapping": mapping[:1]})
    evidence = FAMILY.evaluate(part, rows)
    assert (evidence.n, evidence.missing) == (167, 0)


def test_a_cluster_breaks_a_rule_if_any_of_its_rows_does() -> None:
    rows = _rows(12, 2_000)
    clustered = Rows.of({"y": rows.number("y")}, cluster=(np.arange(2_000) // 4).tolist())
    evidence = FAMILY.evaluate(_filled(0.05), clustered)
    assert (evidence.clusters, evidence.groups[0].n, evidence.n) == (500, 3, 2_000)
    assert "of 500 clusters" in FAMILY.sentence(_filled(0.05), evidence)


def test_blocks_of_a_series_are_refused() -> None:
    rows = Rows.of({"y": _rows(0).number("y")}, cluster=(np.arange(1_000) // 10).tolist())
    rows.serial = True
    assert "runs" in (FAMILY.evaluate(_filled(0.05), rows).untestable or "")


def test_without_a_violation_3688_rows_show_a_thousandth_and_3687_say_that_they_are_too_few() -> None:
    one = _filled(0.001)
    assert FAMILY.evaluate(one, _rows(0, 3_688)).p_value == pytest.approx(0.05, abs=1e-4)
    few = FAMILY.evaluate(one, _rows(0, 3_687))
    assert few.p_value is not None
    assert few.p_value > 0.05
    assert "3,688" in " ".join(few.warnings)


def test_few_rows_refute_a_rule_that_many_of_them_break_and_never_verify_it() -> None:
    outcomes = set()
    for broken in (0, 40):
        [verdict] = judge(
            [_filled(0.001)], _rows(broken, 500), Rule(), [None], weight=1.0, earlier=0, split="held_out"
        ).verdicts
        outcomes.add((broken, verdict.outcome))
    assert outcomes == {(0, "inconclusive"), (40, "refuted")}


def test_verdicts_verify_what_holds_refute_what_is_broken_and_leave_the_tolerance_open() -> None:
    outcomes = {}
    for broken in (0, 10, 40):
        [verdict] = judge([_filled()], _rows(broken), Rule(), [None], weight=1.0, earlier=0, split="held_out").verdicts
        outcomes[broken] = verdict.outcome
        assert verdict.rows_needed is None
    assert outcomes == {0: "verified", 10: "inconclusive", 40: "refuted"}


def test_one_violation_among_few_rows_refutes_nothing() -> None:
    h = _filled(0.03)
    [verdict] = judge([h], _rows(7, 130), Rule(), [None], weight=1.0, earlier=0, split="held_out").verdicts
    exact = stats.binomtest(7, 130, 0.03, alternative="greater").pvalue
    assert (verdict.outcome == "refuted") == (exact <= 0.05)


@pytest.mark.parametrize("rule", ["not_missing", "in_range", "one_of", "not_after", "determines"])
def test_no_rule_is_said_to_hold_always(rule: str) -> None:
    fields = {"outcome": "e", "predictor": "e" if rule in ("not_missing", "in_range", "one_of") else "k"}
    h = Invariant.model_validate(
        fields | {"rule": rule, "low": 0, "allowed": ["a"], "mapping": [["u", "a"]], "tolerance": 0.02}
    )
    assert not re.search(r"\b(always|never|every|all)\b", FAMILY.claim(h))
    assert FAMILY.claim(h).endswith("with few exceptions")


def test_rows_that_break_a_rule_as_often_as_tolerated_seldom_verify_it() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2_000):
        y = np.where(rng.random(400) < 0.05, np.nan, 1.0)
        hits += (FAMILY.evaluate(_filled(0.05), Rows.of({"y": y})).p_value or 1) <= 0.05
    assert hits <= 2_000 * 0.05 * 1.1
