"""Error control, held against its definition, against statsmodels, and against what it promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from heldout.tools.verify.multiplicity import benjamini_hochberg, holm, session_lond

COARSE = st.sampled_from([0.0, 1e-9, 0.0004, 0.001, 0.002, 0.01, 0.013, 0.04, 0.049, 0.3, 0.7, 1.0])
VECTORS = st.lists(COARSE | st.floats(0, 1), min_size=1, max_size=12).map(np.array)
WEIGHTS = st.sampled_from([1.0, 0.6, 0.2])
EARLIER = st.integers(0, 40)


def vectors(seed: int, count: int) -> list[np.ndarray]:
    """Random p-values of 1 to 60 claims: some tiny, some tied, some exactly 1."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        p = rng.random(rng.integers(1, 61))
        p[rng.random(len(p)) < 0.4] *= 0.01
        p[rng.random(len(p)) < 0.2] = 1.0
        out.append(np.round(p, int(rng.integers(2, 9))))
    return out


def test_adjusted_p_values_are_those_of_rs_p_adjust_on_the_example_of_benjamini_and_hochberg() -> None:
    """Benjamini and Hochberg 1995, section 3.2; adjusted as R 4's `p.adjust` prints them for "BH" and "holm"."""
    p = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459,
                  0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000])  # fmt: skip
    bh = [0.0015, 0.0030, 0.0095, 0.035625, 0.0603, 0.06385714, 0.06385714, 0.0645, 0.0765,
          0.4860, 0.58118182, 0.714875, 0.75323077, 0.81321429, 1.0]  # fmt: skip
    strict = [0.0015, 0.0056, 0.0247, 0.1140, 0.2211, 0.2780, 0.2780, 0.2780, 0.3213, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    ours = session_lond(p, weight=1.0, q=0.05, earlier=0)
    np.testing.assert_allclose(ours.adjusted, bh, rtol=1e-6)
    assert ours.rejected == (True,) * 4 + (False,) * 11
    np.testing.assert_allclose(holm(p, weight=1.0, alpha=0.05).adjusted, strict, rtol=1e-9)
    assert holm(p, weight=1.0, alpha=0.05).rejected == (True,) * 3 + (False,) * 12


@pytest.mark.parametrize("q", [0.01, 0.05, 0.2])
def test_a_first_batch_with_the_whole_budget_is_benjamini_hochberg(q: float) -> None:
    for p in vectors(1, 80):
        reject, adjusted, _, _ = multipletests(p, alpha=q, method="fdr_bh")
        ours = session_lond(p, weight=1.0, q=q, earlier=0)
        assert ours.rejected == tuple(reject)
        np.testing.assert_allclose(ours.adjusted, adjusted, rtol=1e-12)
        np.testing.assert_array_equal(benjamini_hochberg(p, q), reject)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_strict_control_is_holm_at_the_vaults_share(alpha: float) -> None:
    for p in vectors(2, 3):
        reject, adjusted, _, _ = multipletests(p, alpha=alpha, method="holm")
        ours = holm(p, weight=1.0, alpha=alpha)
        assert ours.rejected == tuple(reject)
        np.testing.assert_allclose(ours.adjusted, adjusted, rtol=1e-12)
        shared, _, _, _ = multipletests(p, alpha=alpha * 0.6, method="holm")
        assert holm(p, weight=0.6, alpha=alpha).rejected == tuple(shared)


@given(VECTORS, WEIGHTS, EARLIER, st.sampled_from([0.01, 0.05, 0.1]))
def test_the_largest_r_is_rejected_whose_threshold_r_claims_meet(
    p: np.ndarray, weight: float, earlier: int, q: float
) -> None:
    k = len(p)
    most, threshold = 0, 0.0
    for r in range(1, k + 1):
        bound = min(q, q * weight * (earlier + r) / k)
        if (p <= bound * (1 + 1e-12)).sum() >= r:
            most, threshold = r, bound
    ours = session_lond(p, weight=weight, q=q, earlier=earlier)
    close_call = np.isclose(p[:, None], [min(q, q * weight * (earlier + r) / k) for r in range(1, k + 1)], rtol=1e-9)
    if not (close_call & (p[:, None] > 0)).any():
        assert sum(ours.rejected) == (p <= threshold).sum() * (most > 0)
        assert most == 0 or ours.level == pytest.approx(min(q, q * weight * (earlier + sum(ours.rejected)) / k))
    assert all(v <= ours.level * (1 + 1e-9) for v, hit in zip(p, ours.rejected, strict=True) if hit)


@given(VECTORS, WEIGHTS, EARLIER)
def test_the_adjusted_p_is_the_least_level_that_rejects(p: np.ndarray, weight: float, earlier: int) -> None:
    adjusted = session_lond(p, weight=weight, q=0.05, earlier=earlier).adjusted
    for at, level in enumerate(adjusted):
        if 0 < level < 1:
            assert session_lond(p, weight=weight, q=level * (1 + 1e-9), earlier=earlier).rejected[at]
            assert not session_lond(p, weight=weight, q=level * (1 - 1e-6), earlier=earlier).rejected[at]


@given(VECTORS, WEIGHTS, EARLIER)
def test_no_adjusted_p_is_under_its_p_and_none_over_one(p: np.ndarray, weight: float, earlier: int) -> None:
    for ours in (session_lond(p, weight=weight, q=0.05, earlier=earlier), holm(p, weight=weight, alpha=0.05)):
        assert all(a >= v * (1 - 1e-12) for a, v in zip(ours.adjusted, p, strict=True))
        assert max(ours.adjusted) <= 1.0


@given(VECTORS, WEIGHTS, EARLIER)
def test_a_smaller_p_never_has_the_larger_adjusted_p(p: np.ndarray, weight: float, earlier: int) -> None:
    order = np.argsort(p, kind="stable")
    for ours in (session_lond(p, weight=weight, q=0.05, earlier=earlier), holm(p, weight=weight, alpha=0.05)):
        assert np.all(np.diff(np.array(ours.adjusted)[order]) >= 0)


@given(VECTORS, WEIGHTS, EARLIER, st.data())
def test_a_p_that_falls_takes_no_rejection_away(
    p: np.ndarray, weight: float, earlier: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(p) - 1))
    smaller = p.copy()
    smaller[at] *= data.draw(st.floats(0, 1))
    for rule in (
        lambda v: session_lond(v, weight=weight, q=0.05, earlier=earlier),
        lambda v: holm(v, weight=weight, alpha=0.05),
    ):
        before, after = rule(p).rejected, rule(smaller).rejected
        assert all(b <= a for b, a in zip(before, after, strict=True))


@given(VECTORS, WEIGHTS, EARLIER, st.randoms(use_true_random=False))
def test_the_order_of_the_claims_changes_nothing(p: np.ndarray, weight: float, earlier: int, shuffle) -> None:
    order = list(range(len(p)))
    shuffle.shuffle(order)
    for rule in (
        lambda v: session_lond(v, weight=weight, q=0.05, earlier=earlier),
        lambda v: holm(v, weight=weight, alpha=0.05),
    ):
        plain, turned = rule(p), rule(p[order])
        assert turned.rejected == tuple(plain.rejected[at] for at in order)
        assert turned.adjusted == tuple(plain.adjusted[at] for at in order)
        assert (turned.level, turned.next_level) == (plain.level, plain.next_level)


@given(VECTORS, WEIGHTS, EARLIER)
def test_earlier_discoveries_only_help(p: np.ndarray, weight: float, earlier: int) -> None:
    fewer = session_lond(p, weight=weight, q=0.05, earlier=earlier)
    more = session_lond(p, weight=weight, q=0.05, earlier=earlier + 1)
    assert all(a <= b for a, b in zip(more.adjusted, fewer.adjusted, strict=True))


def test_many_earlier_discoveries_never_raise_the_bar_over_the_error_level() -> None:
    ours = session_lond(np.array([0.08, 0.04]), weight=0.2, q=0.05, earlier=50)
    assert ours.rejected == (False, True)
    assert ours.level == 0.05
    assert ours.next_level == 0.05


def test_the_levels_are_what_a_claim_had_to_meet_and_what_one_more_would_have() -> None:
    ours = session_lond(np.array([0.001, 0.02, 0.5, 1.0]), weight=0.6, q=0.05, earlier=2)
    assert ours.rejected == (True, True, False, False)
    assert ours.level == pytest.approx(0.05 * 0.6 * (2 + 2) / 4)
    assert ours.next_level == pytest.approx(0.05 * 0.6 * (2 + 3) / 4)
    strict = holm(np.array([0.001, 0.02, 0.5, 1.0]), weight=0.6, alpha=0.05)
    assert strict.rejected == (True, False, False, False)
    assert strict.level == pytest.approx(0.05 * 0.6 / 4)
    assert strict.next_level == pytest.approx(0.05 * 0.6 / 3)


def test_a_p_value_that_is_the_level_itself_is_rejected() -> None:
    at = np.array([0.05])
    assert session_lond(at, weight=1.0, q=0.05, earlier=0).rejected == (True,)
    assert holm(at, weight=1.0, alpha=0.05).rejected == (True,)


def test_where_all_are_rejected_one_more_meets_the_level_of_the_last() -> None:
    sure = np.array([1e-6, 1e-6])
    assert holm(sure, weight=0.6, alpha=0.05).next_level == pytest.approx(0.05 * 0.6)
    assert session_lond(sure, weight=0.6, q=0.05, earlier=0).next_level == pytest.approx(0.05 * 0.6)


def test_an_empty_batch_rejects_nothing() -> None:
    none = np.array([])
    for ours in (session_lond(none, weight=1.0, q=0.05, earlier=3), holm(none, weight=1.0, alpha=0.05)):
        assert (ours.rejected, ours.adjusted, ours.level, ours.next_level) == ((), (), 0.0, 0.0)
    assert len(benjamini_hochberg(none, 0.05)) == 0


def _sessions(rng: np.random.Generator, true: int, null: int) -> tuple[int, int]:
    """(false, all) discoveries over three vaults; each batch's size is chosen from what the earlier ones found."""
    false = found = 0
    for weight in (0.6, 0.2, 0.2):
        few = 2 if found > 4 else null
        p = rng.random(true + few)
        p[:true] *= 10.0 ** -rng.uniform(0, 6, true)
        rejected = np.array(session_lond(p, weight=weight, q=0.05, earlier=found).rejected)
        false += int(rejected[true:].sum())
        found += int(rejected.sum())
    return false, found


@pytest.mark.parametrize("true", [0, 1, 6])
def test_over_three_vaults_the_share_of_false_findings_stays_under_the_error_level(true: int) -> None:
    rng = np.random.default_rng(400 + true)
    shares = np.array([false / max(found, 1) for false, found in (_sessions(rng, true, 20) for _ in range(1_500))])
    assert shares.mean() <= 0.05 + 2 * shares.std() / np.sqrt(len(shares))


def test_strict_control_seldom_verifies_anything_false_over_three_vaults() -> None:
    rng = np.random.default_rng(7)
    any_false = [
        any(any(holm(rng.random(15), weight=w, alpha=0.05).rejected) for w in (0.6, 0.2, 0.2)) for _ in range(1_500)
    ]
    assert np.mean(any_false) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1_500)
