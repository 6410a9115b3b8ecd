"""One coefficient of a linear model beside others: estimate, robust error, and a permutation of residuals.

Knows arrays and cluster codes. Must never know a column's name, a hypothesis, or where the rows came from.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from ..data.rows import FloatArray
from .clusters import dense, one_sample
from .intervals import Interval, normal_quantile, t_quantile
from .shuffling import shuffled_score_p

_COLLINEAR = 1e-10
"""Part of a column's variance, beside the others, under which it cannot be told apart from them."""
_ROUNDING = 1e-20
"""Part of the outcome's variance that is rounding and no scatter."""
_DETERMINED = 1e-10
_NEARLY_ONE = 1 - 1e-9
_NORMAL_KURTOSIS = 3.0


class Partial(NamedTuple):
    """The coefficient of one column given others, with its tests."""

    value: float
    error: float
    df: float
    p_robust: float
    p_permutation: float | None
    correlation: float
    """Partial correlation of outcome and column."""
    spread: float
    """Standard deviation of the column beside the others over that of the outcome: correlation per coefficient."""
    clusters: int | None = None
    """Clusters in which the column varies beside the others."""
    effective: float | None = None
    """What those clusters are worth, by how evenly they share that variation."""

    @property
    def statistic(self) -> float:
        """The t statistic; 0 where there is no scatter and no slope."""
        if self.error == 0:
            return float(np.sign(self.value)) * 1e12
        return self.value / self.error

    def interval(self, level: float) -> Interval:
        """The coefficient with Student's t interval."""
        reach = t_quantile(self.df, level) * self.error
        return Interval(self.value, self.error, self.value - reach, self.value + reach)

    def correlation_interval(self, level: float) -> Interval:
        """The partial correlation with its interval on Fisher's z scale."""
        error = self.error * self.spread
        inside = float(np.clip(self.correlation, -_NEARLY_ONE, _NEARLY_ONE))
        reach = normal_quantile(level) * error / (1 - inside**2)
        z = np.arctanh(inside)
        return Interval(inside, error, float(np.tanh(z - reach)), float(np.tanh(z + reach)))


def partial_effect(
    y: FloatArray,
    tested: FloatArray,
    others: Sequence[FloatArray] = (),
    *,
    cluster: NDArray | None = None,
    absorb: bool = True,
    strata: NDArray | None = None,
    draws: int = 0,
    seed: int = 0,
) -> Partial | None:
    """The least-squares coefficient of `tested` beside `others` and a constant; None where it is not determined.

    Rows that stand for themselves: HC3 errors, with as many degrees of freedom as the squares they sum are worth
    (few rows with large residuals are worth less than n), the statistic moved for the skewness of its terms where
    that makes p larger; and Freedman and Lane's permutation of the residuals of the model without `tested`, with a
    studentised statistic. Clusters: the jackknife over clusters (CV3), and sign flips of the clusters' scores.

    Args:
        y: Outcome, shape (n,), none missing; so all others.
        tested: The column whose coefficient is wanted.
        others: Columns beside it.
        cluster: Each row's unit of independence.
        absorb: Whether every cluster has a constant of its own, so that rows are compared within clusters.
        strata: Residuals are shuffled within these codes; all together where None.
        draws: Draws of the permutation at most; 0 skips it.
        seed: Seed of the draws.

    References:
        MacKinnon and White (1985), doi:10.1016/0304-4076(85)90158-7. Freedman and Lane (1983),
        doi:10.1080/07350015.1983.10509354. DiCiccio and Romano (2017), doi:10.1080/01621459.2016.1202117, for
        the studentised statistic. MacKinnon, Nielsen and Webb (2023), doi:10.1016/j.jeconom.2022.04.001, for the
        jackknife. Checked against `statsmodels` OLS with cov_type="HC3".
    """
    within = cluster if absorb else None
    basis = _basis(len(y), others, within)
    x, e = (_cleared(centred_within(column, within), basis) for column in (tested, y))
    sxx, syy = dot(x, x), dot(e, e)
    if sxx <= _COLLINEAR * _square(tested) or syy <= _ROUNDING * _square(y):
        return None
    slope = dot(x, e) / sxx
    spread = float(np.sqrt(sxx / syy))
    left = e - slope * x
    if dot(left, left) <= _ROUNDING * syy:
        left = np.zeros_like(left)
    if cluster is not None:
        return _clustered(x, e, basis, cluster, slope, spread, draws, seed)
    leverage = sum((q * q for q in basis), x * x / sxx)
    scores = x * left / np.maximum(1 - leverage, 1e-9)
    terms = scores**2
    variance = float(terms.sum()) / sxx**2
    if len(y) - len(basis) < 2:
        return None
    df = min(float(len(y) - len(basis) - 1), _worth(terms))
    drawn = shuffled_score_p(x, e, strata, draws=draws, seed=seed) if draws else None
    error = float(np.sqrt(variance))
    p = max(_p(slope, error, df), _p(_unskewed(slope, error, scores), error, df))
    return Partial(slope, error, df, p, drawn, slope * spread, spread)


def _worth(terms: FloatArray) -> float:
    """Degrees of freedom of a sum of squares: what its terms are worth, by how evenly they share it.

    n for n normal terms, whose fourth moment is 3 squared variances; fewer where few rows carry most of the sum.
    """
    total, squares = float(terms.sum()), float((terms * terms).sum())
    return max(_NORMAL_KURTOSIS * total**2 / squares, 1.0) if squares > 0 else np.inf


def _unskewed(value: float, error: float, scores: FloatArray) -> float:
    """The estimate moved such that its t statistic is symmetric although the scores are skewed.

    References: Hall (1992), doi:10.1111/j.2517-6161.1992.tb01872.x, the monotone cubic transformation.
    """
    size = float((scores * scores).sum())
    if error == 0 or size == 0:
        return value
    skew, t = float((scores**3).sum()) / size**1.5, value / error
    return (t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6) * error


def dot(a: FloatArray, b: FloatArray) -> float:
    """The inner product, summed in one order whatever the number of threads."""
    return float(np.einsum("i,i->", a, b))


def _p(value: float, error: float, df: float) -> float:
    """Two-sided p of Student's t."""
    return float(2 * stdtr(df, -abs(value) / error)) if error > 0 else float(value == 0)


def centred_within(column: FloatArray, cluster: NDArray | None) -> FloatArray:
    """The column less its clusters' means; as it is (the basis holds a constant) without clusters."""
    if cluster is None:
        return column - column.mean()
    groups, number_of = dense(cluster)
    n = np.bincount(groups, minlength=number_of)
    return column - (np.bincount(groups, weights=column, minlength=number_of) / n)[groups]


def _basis(n: int, columns: Sequence[FloatArray], cluster: NDArray | None) -> list[FloatArray]:
    """Orthonormal columns that span `columns` and, without clusters of their own constants, a constant."""
    basis = [] if cluster is not None else [np.full(n, 1 / np.sqrt(n))]
    for column in columns:
        q = _cleared(centred_within(column, cluster), basis)
        size = dot(q, q)
        if size > _COLLINEAR * _square(column):
            basis.append(q / np.sqrt(size))
    return basis


def _square(column: FloatArray) -> float:
    """The sum of squares around the mean of all rows."""
    centred = column - column.mean()
    return dot(centred, centred)


def _cleared(column: FloatArray, basis: Sequence[FloatArray]) -> FloatArray:
    """What is left of a column beside an orthonormal basis; cleared twice for accuracy."""
    for _ in range(2):
        for q in basis:
            column = column - dot(q, column) * q
    return column


def _clustered(
    x: FloatArray, e: FloatArray, basis: Sequence[FloatArray], cluster: NDArray, slope: float, spread: float,
    draws: int, seed: int,
) -> Partial | None:  # fmt: skip
    groups, number_of = dense(cluster)
    squares = np.bincount(groups, weights=x * x, minlength=number_of)
    held = squares > _COLLINEAR * squares.sum()
    effective = float(squares.sum() ** 2 / (squares @ squares))
    if held.sum() < 2:
        return None
    without = _without_each(x, e, basis, groups, number_of)[held]
    g = len(without)
    error = float(np.sqrt((g - 1) / g * ((without - slope) ** 2).sum()))
    df = max(min(g, effective) - 1, 1.0)
    scores = np.asarray(np.bincount(groups, weights=x * e, minlength=number_of), np.float64)[held]
    drawn = one_sample(scores, np.ones(g), draws=draws, seed=seed).p_flip if draws else None
    return Partial(slope, error, df, _p(slope, error, df), drawn, slope * spread, spread, g, effective)


def _without_each(
    x: FloatArray, e: FloatArray, basis: Sequence[FloatArray], groups: NDArray, number_of: int
) -> FloatArray:
    """The coefficient of x with each cluster left out, shape (G,)."""
    size = float(np.sqrt(dot(x, x)))
    columns = [*basis, x / size]
    k = len(columns)
    gram, right = np.empty((number_of, k, k)), np.empty((number_of, k))
    for i, a in enumerate(columns):
        right[:, i] = np.bincount(groups, weights=a * e, minlength=number_of)
        for j in range(i + 1):
            gram[:, i, j] = gram[:, j, i] = np.bincount(groups, weights=a * columns[j], minlength=number_of)
    total = np.array([dot(a, e) for a in columns])
    # A cluster that alone determines a coefficient leaves nothing to solve for: the shortest solution then.
    inverse = np.linalg.pinv(np.eye(k) - gram, rcond=_DETERMINED, hermitian=True)
    return np.asarray((inverse @ (total - right)[..., None])[:, -1, 0] / size, np.float64)
