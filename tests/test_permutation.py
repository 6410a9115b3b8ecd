"""Permutation p-values from tables agree with exact tests and hold their level."""

import numpy as np
import pytest
from scipy import stats

from heldout.tools.errors import UsageError
from heldout.tools.verify.permutation import binned, cross_table, permutation_p
from heldout.tools.verify.staged import ENOUGH_HITS, STAGES
from heldout.tools.verify.verify import DRAWS


def _chi2(tables: np.ndarray) -> np.ndarray:
    expected = np.einsum("br,bc->brc", tables.sum(2), tables.sum(1)) / tables.sum((1, 2))[:, None, None]
    return ((tables - expected) ** 2 / np.maximum(expected, 1e-12)).sum((1, 2))


def test_a_two_by_two_table_gives_fishers_exact_p_for_the_tea_tasting():
    table = np.array([[3, 1], [1, 3]])
    p = permutation_p(table, lambda t: np.abs(t[:, 0, 0] - 2.0), draws=99_999, seed=1)
    assert p == pytest.approx(0.485714, abs=0.02)


@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (3, 4)])
def test_drawn_tables_have_the_margins_of_the_observed_one(shape):
    rng = np.random.default_rng(2)
    table = rng.integers(0, 9, shape)
    table[0, 0] += 5
    seen = []

    def keep(tables):
        seen.append(np.array(tables))
        return np.zeros(len(tables))

    permutation_p(table, keep, draws=50, seed=3)
    drawn = seen[-1]
    assert (drawn.sum(2) == table.sum(1)).all()
    assert (drawn.sum(1) == table.sum(0)).all()
    assert len({t.tobytes() for t in drawn}) > 10


def test_a_three_by_three_table_agrees_with_shuffled_rows():
    table = np.array([[12, 5, 3], [4, 9, 7], [2, 6, 12]])
    ours = permutation_p(table, _chi2, draws=20_000, seed=5)
    a, b = np.nonzero(np.ones_like(table))
    rows = np.repeat(np.column_stack([a, b]), table.ravel(), axis=0)
    rng = np.random.default_rng(6)
    observed = _chi2(table[None])[0]
    drawn = np.array(
        [_chi2(cross_table(rows[:, 0].astype(np.int32), rng.permutation(rows[:, 1]).astype(np.int32), (3, 3))[None])[0]
         for _ in range(4_000)]
    )  # fmt: skip
    theirs = (1 + (drawn >= observed - 1e-9).sum()) / 4_001
    assert abs(ours - theirs) < 4 * np.sqrt(theirs * (1 - theirs) / 4_000) + 1e-3


def test_the_p_of_tables_without_relation_is_at_most_nominal():
    rng = np.random.default_rng(7)
    hits = 0
    for seed in range(400):
        a, b = rng.integers(0, 3, 60).astype(np.int32), rng.integers(0, 4, 60).astype(np.int32)
        hits += permutation_p(cross_table(a, b, (3, 4)), _chi2, draws=199, seed=seed) <= 0.05
    assert hits <= stats.binom.ppf(0.999, 400, 0.05)


def test_equal_seeds_give_equal_p_and_draws_must_be_positive():
    table = np.array([[10, 4, 6], [5, 9, 6]])
    assert permutation_p(table, _chi2, draws=999, seed=1) == permutation_p(table, _chi2, draws=999, seed=1)
    with pytest.raises(UsageError, match="at least one draw"):
        permutation_p(table, _chi2, draws=0, seed=1)


def test_bins_keep_equal_values_together_and_their_scores_ascend():
    rng = np.random.default_rng(8)
    codes = np.unique(np.where(rng.random(500) < 0.8, 0.0, rng.normal(5, 1, 500)), return_inverse=True)[1]
    codes = codes.astype(np.int32)
    codes[:7] = -1
    pooled = binned(codes, most=8)
    assert (pooled.codes[:7] == -1).all()
    assert len(pooled.scores) <= 8
    assert (np.diff(pooled.scores) > 0).all()
    kept = codes >= 0
    for value in np.unique(codes[kept]):
        assert len(np.unique(pooled.codes[codes == value])) == 1
    assert (np.diff(pooled.codes[kept][np.argsort(codes[kept], kind="stable")]) >= 0).all()
    weight = np.bincount(pooled.codes[kept])
    assert float(weight @ pooled.scores) == pytest.approx(0.0)


def test_draws_that_stop_early_give_a_p_that_is_valid_at_every_level():
    """Exact: under the null the hits of n draws are uniform, and later ones follow Polya's urn."""
    first, second, last, enough = *STAGES, DRAWS, ENOUGH_HITS
    law: dict[float, float] = {(1 + hits) / (1 + first): 1 / (1 + first) for hits in range(enough, first + 1)}
    going = np.zeros(enough)
    for hits in range(enough):
        more = stats.betabinom(second - first, hits + 1, first - hits + 1).pmf(np.arange(second - first + 1))
        for at, chance in enumerate(more / (1 + first)):
            if hits + at < enough:
                going[hits + at] += chance
            else:
                p = (1 + hits + at) / (1 + second)
                law[p] = law.get(p, 0.0) + chance
    for hits in range(enough):
        more = stats.betabinom(last - second, hits + 1, second - hits + 1).pmf(np.arange(last - second + 1))
        for at, chance in enumerate(going[hits] * more):
            p = (1 + hits + at) / (1 + last)
            law[p] = law.get(p, 0.0) + chance
    levels = np.array(sorted(law))
    below = np.cumsum([law[p] for p in levels])
    assert below[-1] == pytest.approx(1)
    assert (below <= levels * (1 + 1e-9)).all()
    assert below[np.searchsorted(levels, 0.05, side="right") - 1] > 0.049
