"""Three roads to one slope with other columns held fixed: binned least squares, double lasso, boosted trees.

Knows arrays: an outcome, a predictor and features of the columns to be held fixed. Must never know a column's name,
a claim or a verdict. No road is enough alone: bins miss products of columns, the lasso misses jumps, the trees are
slow to follow straight lines; what all three keep was not any of these (see docs/decisions/007).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

from .adjust_lasso import lasso
from .adjust_trees import left_by_trees, small_codes

FloatArray = NDArray[np.float64]

FOLDS = 3
_TWO_FROM = 2_000
"""Rows from which two folds leave enough to grow trees on."""
_RANK = 1e-9
_SPENT = 1e-7
"""Share of the predictor's variance under which nothing but rounding is left of it."""
_SIGMA_STEPS = 3


class Slope(NamedTuple):
    """A slope with its standard error, two-sided p and 95 % interval."""

    value: float
    error: float
    p: float
    low: float
    high: float


class Least(NamedTuple):
    """Least squares with the features held fixed, and what is left of the predictor."""

    slope: Slope
    left: float
    """Share of the predictor's variance that the features leave."""
    partial: float
    """Partial correlation of outcome and predictor."""
    df: float
    y_left: FloatArray
    x_left: FloatArray
    """What the features leave of outcome and predictor, shape (n,)."""


def least_squares(y: FloatArray, x: FloatArray, features: FloatArray, level: float = 0.95) -> Least | None:
    """The slope of `y` on `x` beside `features`, with HC3 standard errors; None where nothing of `x` is left.

    Args:
        y: Outcome, shape (n,).
        x: Predictor, shape (n,).
        features: Shape (n, p), without a constant; dependent columns are allowed.
        level: Of the interval.

    References: MacKinnon and White 1985, doi:10.1016/0304-4076(85)90158-7; slope by Frisch-Waugh-Lovell. Checked
    against `statsmodels.OLS(...).fit(cov_type="HC3")`.
    """
    return least_squares_on(spanned(features), y, x, level)


def least_squares_on(basis: FloatArray, y: FloatArray, x: FloatArray, level: float = 0.95) -> Least | None:
    """`least_squares` beside the features whose constant and columns `spanned` gave as `basis`."""
    u, v = _left(y, basis), _left(x, basis)
    square, whole = float(v @ v), float(((x - x.mean()) ** 2).sum())
    df = len(y) - basis.shape[1] - 1
    if df < 2 or whole <= 0 or square <= _SPENT * whole:
        return None
    slope = float(v @ u) / square
    lever = np.minimum(np.einsum("ij,ij->i", basis, basis) + v**2 / square, 1 - 1e-6)
    error = float(np.sqrt((((u - slope * v) * v / (1 - lever)) ** 2).sum())) / square
    most = float(np.sqrt(square * (u @ u)))
    return Least(_slope(slope, error, df, level), square / whole, float(v @ u) / most if most > 0 else 0.0, df, u, v)


def residuals(y: FloatArray, x: FloatArray, features: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What a constant and the features leave of outcome and predictor, both of shape (n,)."""
    basis = spanned(features)
    return _left(y, basis), _left(x, basis)


def _left(target: FloatArray, basis: FloatArray) -> FloatArray:
    """What the basis leaves, taken out twice: it is orthonormal only to half of the digits."""
    for _ in range(2):
        target = target - basis @ (basis.T @ target)
    return target


def spanned(features: FloatArray) -> FloatArray:
    """Orthonormal columns that span the constant and the features, dependent ones left out; shape (n, <= p + 1)."""
    z = np.ones((len(features), features.shape[1] + 1))
    z[:, 1:] = features - features.mean(axis=0)
    scale = np.sqrt(np.einsum("ij,ij->j", z, z))
    kept = scale > _RANK * max(1.0, float(np.abs(features).max(initial=0.0)))
    gram = (z.T @ z)[np.ix_(kept, kept)] / np.outer(scale[kept], scale[kept])
    size, turn = np.linalg.eigh(gram)
    large = size > _RANK * size[-1]
    weights = np.zeros((z.shape[1], int(large.sum())))
    weights[kept] = turn[:, large] / np.sqrt(size[large]) / scale[kept][:, None]
    return z @ weights


def _slope(value: float, error: float, df: float, level: float = 0.95) -> Slope:
    if error <= 0:
        return Slope(value, 0.0, 1.0 if value == 0 else 0.0, value, value)
    reach = float(stdtrit(df, (1 + level) / 2)) * error
    return Slope(value, error, float(2 * stdtr(df, -abs(value / error))), value - reach, value + reach)


def double_lasso(y: FloatArray, x: FloatArray, linear: FloatArray, rich: FloatArray) -> Slope | None:
    """The slope beside `linear` and those of the `rich` features that a lasso picks for either `y` or `x`.

    The penalty is the plug-in of the reference, so that nothing is drawn and no folds are needed.

    Args:
        y: Outcome, shape (n,).
        x: Predictor, shape (n,).
        linear: Features that are always held fixed, shape (n, p).
        rich: Squares and products, shape (n, q).

    References: Belloni, Chernozhukov and Hansen 2014, doi:10.1093/restud/rdt044.
    """
    picked = linear
    if rich.shape[1]:
        everything = np.column_stack([linear, rich])
        spread = everything.std(axis=0)
        kept = np.flatnonzero(spread > 1e-9)
        z = (everything[:, kept] - everything[:, kept].mean(axis=0)) / spread[kept]
        gram = z.T @ z
        chosen = _picked(z, gram, y) | _picked(z, gram, x)
        late = kept[chosen]
        picked = np.column_stack([linear, everything[:, late[late >= linear.shape[1]]]])
    fit = least_squares(y, x, picked)
    return None if fit is None else fit.slope


def _picked(z: FloatArray, gram: FloatArray, target: FloatArray) -> NDArray[np.bool_]:
    """The features whose lasso coefficient is not zero at the plug-in penalty."""
    n, p = z.shape
    target = target - target.mean()
    sigma = float(target.std())
    if sigma <= 0:
        return np.zeros(p, bool)
    target = target / sigma
    sigma, toward = 1.0, z.T @ target
    reach = 1.1 * float(ndtri(1 - 0.1 / np.log(n) / (2 * p))) / np.sqrt(n)
    b, chosen = np.zeros(p), np.zeros(p, bool)
    for _ in range(_SIGMA_STEPS):
        b = lasso(gram, toward, n * reach * sigma, b)
        chosen = np.abs(b) > 1e-8
        left = target - z @ b
        sigma = float(np.sqrt((left @ left) / max(n - chosen.sum(), 1)))
    return chosen


def cross_fitted(targets: FloatArray, columns: FloatArray, linear: FloatArray) -> FloatArray:
    """What is left of every target after trees that were grown on other rows, shape (m, n).

    A straight line on the `linear` features is taken out first, since trees approach it in steps; with it go the
    levels of labels, so that their codes need no order here. Folds are the rows
    in turn: the rows come in the order of a hash of their content, which is as good as drawn.

    Args:
        targets: Shape (m, n).
        columns: The columns held fixed as numbers or codes, shape (n, k).
        linear: Shape (n, p).
    """
    n = targets.shape[1]
    folds = FOLDS if n < _TWO_FROM else 2
    fold = np.arange(n) % folds
    z = np.column_stack([np.ones(n), linear])
    rest = [targets - (z @ _ridge(z[fold != at], targets[:, fold != at].T)).T for at in range(folds)]
    inside = np.repeat(fold != np.arange(folds)[:, None], len(targets), axis=0)
    left = left_by_trees(np.concatenate(rest), inside, small_codes(columns))
    return left.reshape(folds, len(targets), n)[fold, :, np.arange(n)].T


def _ridge(z: FloatArray, target: FloatArray) -> FloatArray:
    gram = z.T @ z
    gram[np.diag_indices_from(gram)] += 1e-6 * np.trace(gram) / len(gram)
    return np.asarray(np.linalg.solve(gram, z.T @ target), np.float64)


def partialled_out(u: FloatArray, v: FloatArray) -> Slope | None:
    """The slope of residuals on residuals (Robinson's partially linear model), with its robust error.

    References: Chernozhukov et al. 2018, Double/debiased machine learning, doi:10.1111/ectj.12097.
    """
    square = float(v @ v)
    if square <= 0:
        return None
    slope = float(v @ u) / square
    error = float(np.sqrt((((u - slope * v) * v) ** 2).sum())) / square
    return _slope(slope, error, len(u) - 1)


def robustness_value(partial: float) -> float:
    """The share of what is left of both columns that a hidden one would have to explain to bring the slope to zero.

    Args:
        partial: Partial correlation of outcome and predictor.

    References: Cinelli and Hazlett 2020, doi:10.1111/rssb.12348, equation 18 with q = 1.
    """
    if abs(partial) >= 1:
        return 1.0
    f2 = partial**2 / (1 - partial**2)
    return float((np.sqrt(f2**2 + 4 * f2) - f2) / 2)
