"""The lasso and the trees of the check against other columns: known answers and what they must leave."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Lasso

from heldout.tools.verify.adjust_lasso import lasso
from heldout.tools.verify.adjust_models import cross_fitted
from heldout.tools.verify.adjust_trees import BINS, DEPTH, LEAF_ROWS, RATE, TREES, left_by_trees, small_codes


@pytest.mark.parametrize("seed", range(12))
def test_the_lasso_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, p = int(rng.choice([60, 300])), int(rng.choice([3, 20, 80]))
    x = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3 * rng.normal(size=(p, p)))
    x = (x - x.mean(0)) / x.std(0)
    y = x[:, :3] @ [0.5, -0.3, 0.2] + rng.normal(size=n)
    y -= y.mean()
    alpha = float(rng.choice([0.3, 0.1, 0.05]))
    found = lasso(x.T @ x, x.T @ y, n * alpha)
    again = lasso(x.T @ x, x.T @ y, n * alpha, found)
    wanted = Lasso(alpha=alpha, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(x, y).coef_
    assert found == pytest.approx(wanted, abs=1e-5)
    assert again == pytest.approx(found, abs=1e-9)


def test_the_lasso_of_repeated_features_ends_and_a_large_penalty_picks_none() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 2))
    x = x[:, [0, 0, 1, 0]]
    y = x[:, 0] + rng.normal(size=200)
    found = lasso(x.T @ x, x.T @ y, 20.0)
    assert (x @ found) == pytest.approx(x @ Lasso(alpha=0.1, fit_intercept=False, tol=1e-12).fit(x, y).coef_, abs=1e-4)
    assert not lasso(x.T @ x, x.T @ y, 1e6).any()


def test_trees_leave_as_little_as_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    n = 2_000
    columns = rng.normal(size=(n, 6))
    columns[rng.random((n, 6)) < 0.05] = np.nan
    truth = (
        np.where(columns[:, 0] > 0.3, 1.0, 0.0) * (1 + (columns[:, 1] > 0)) + 0.5 * np.nan_to_num(columns[:, 2]) ** 2
    )
    y = truth + 0.5 * rng.normal(size=n)
    inside = np.arange(n) % 2 == 0
    left = left_by_trees((y - y.mean())[None], inside[None], small_codes(columns))[0]
    theirs = HistGradientBoostingRegressor(
        max_iter=TREES, max_leaf_nodes=2**DEPTH, max_depth=DEPTH, learning_rate=RATE, min_samples_leaf=LEAF_ROWS,
        max_bins=BINS, early_stopping=False,
    ).fit(columns[inside], y[inside])  # fmt: skip
    other = y - theirs.predict(columns)
    assert left[inside].std() == pytest.approx(other[inside].std(), rel=0.05)
    assert left[~inside].std() == pytest.approx(other[~inside].std(), rel=0.05)
    assert left[~inside].std() < 0.75 * y.std()


def test_models_that_are_grown_together_are_those_grown_alone() -> None:
    rng = np.random.default_rng(3)
    columns, y = rng.normal(size=(300, 3)), rng.normal(size=(2, 300))
    codes, inside = small_codes(columns), rng.random((2, 300)) < 0.6
    both = left_by_trees(y, inside, codes)
    alone = [left_by_trees(y[at : at + 1], inside[at : at + 1], codes)[0] for at in (0, 1)]
    assert both == pytest.approx(np.stack(alone), abs=1e-9)


def test_what_is_left_of_a_row_does_not_lean_on_its_own_value() -> None:
    rng = np.random.default_rng(4)
    columns, y = rng.normal(size=(400, 3)), rng.normal(size=(1, 400))
    changed = y.copy()
    changed[0, 7] += 5.0
    first, second = (cross_fitted(v, columns, columns[:, :1]) for v in (y, changed))
    assert second[0, 7] - first[0, 7] == pytest.approx(5.0)


def test_columns_of_one_value_or_none_leave_the_straight_line() -> None:
    rng = np.random.default_rng(5)
    z, y = rng.normal(size=(200, 1)), rng.normal(size=(1, 200))
    columns = np.column_stack([np.ones(200), np.full(200, np.nan)])
    left = cross_fitted(y, columns, z)
    assert np.isfinite(left).all()
    assert left.std() == pytest.approx(y.std(), rel=0.05)
