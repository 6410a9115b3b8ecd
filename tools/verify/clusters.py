"""Rows that depend on each other: entities or blocks of time reduced to what counts as one observation each.

A predictor that is constant within clusters is compared between them, on one row per cluster. One that varies
is compared within them: each cluster yields one difference, and the differences are tested by flipping their
signs and by a t-test over clusters. Knows arrays and cluster codes. Must never know a family's words, what a
cluster is called, or how clusters were found.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from ..data.rows import FloatArray, Rows
from ..data.schema import Column
from ..errors import UsageError
from .intervals import Interval, t_quantile
from .staged import staged_p

MIN_CLUSTERS = 20
"""Clusters that must hold a contrast for a comparison within clusters."""
_CONSTANT = 0.99
_CONSTANT_RARE = 0.9
_MOST_FLIPPED = 1_000
_ROUNDING = 1e-12
"""Scatter of clusters, beside their largest value, that is rounding and no scatter."""


class OneSample(NamedTuple):
    """A weighted mean over clusters against 0; p_flip is None where no draws were asked for."""

    estimate: float
    se: float
    low: float
    high: float
    p_flip: float | None
    p_robust: float
    df: float
    statistic: float | None
    """None where every cluster says the same, which leaves it undefined."""

    @property
    def interval(self) -> Interval:
        """The estimate with its standard error and interval."""
        return Interval(self.estimate, self.se, self.low, self.high)


class WithinMeans(NamedTuple):
    """Two sides compared within each of G clusters that hold both."""

    n: FloatArray
    """Rows by cluster and side, shape (G, 2)."""
    means: FloatArray
    """Means by cluster and side, shape (G, 2)."""
    weights: FloatArray
    """n_a n_b / (n_a + n_b), shape (G,): the inverse variance of a difference up to a factor."""


def dense(cluster: NDArray) -> tuple[NDArray[np.int64], int]:
    """Cluster codes renumbered 0..G-1 in ascending order, shape (n,), and G."""
    if cluster.dtype.kind == "i" and len(cluster) and (span := int(np.ptp(cluster))) < 4 * len(cluster) + 1_000:
        least = cluster.min()
        seen = np.zeros(span + 1, bool)
        seen[cluster - least] = True
        return (np.cumsum(seen) - 1)[cluster - least], int(seen.sum())
    values, codes = np.unique(cluster, return_inverse=True)
    return codes.astype(np.int64), len(values)


def modes(codes: NDArray, cluster: NDArray) -> tuple[NDArray, NDArray]:
    """The commonest code of each cluster (the smallest of equals), shape (G,), and how often it stands there.

    `codes` is any array of whole numbers or floats without missing values; clusters come in ascending order.
    """
    groups, number_of = dense(cluster)
    values, dense_codes = np.unique(codes, return_inverse=True)
    pairs, times = np.unique(groups * len(values) + dense_codes, return_counts=True)
    group, code = np.divmod(pairs, len(values))
    order = np.lexsort((code, -times, group))
    first = order[np.searchsorted(group[order], np.arange(number_of))]
    return values[code[first]], times[first]


def is_constant_within(values: NDArray, cluster: NDArray) -> bool:
    """Whether a column hardly ever changes within a cluster: at least 99 % of rows hold their cluster's mode.

    Among the rows that differ from the column's commonest value it must be 90 %, so that a rare flag which
    varies within clusters is not mistaken for a constant. `values`: codes or floats of shape (n,), none missing.
    """
    if len(values) == 0:
        return True
    groups, _ = dense(cluster)
    mode, times = modes(values, cluster)
    if times.sum() < _CONSTANT * len(values):
        return False
    kinds, counts = np.unique(values, return_counts=True)
    rare = values != kinds[np.argmax(counts)]
    held = values == mode[groups]
    return not rare.any() or float(held[rare].mean()) >= _CONSTANT_RARE


def is_fixed(rows: Rows, name: str) -> bool:
    """Whether a column of rows with clusters hardly ever changes within a cluster; missing values are passed over."""
    column = rows.column(name)
    values = rows.number(name) if column.type in ("number", "datetime") else rows.codes(name)
    known = ~np.isnan(values) if values.dtype.kind == "f" else values >= 0
    return rows.cluster is not None and is_constant_within(values[known], rows.cluster[known])


def collapse(
    rows: Rows, names: Sequence[str], *, modes_of: Sequence[str] = (), event: tuple[str, str] | None = None
) -> Rows:
    """One row per cluster, in ascending order of the cluster codes, with no cluster codes of its own.

    Numbers and dates become their mean over the rows that have one (a cluster without any is missing), labels
    and the columns of `modes_of` their commonest value. `event` = (column, level) turns that column into the
    share of the level, a number between 0 and 1. Leave incomplete rows out first where they should not count.

    Raises:
        UsageError: if the rows carry no clusters.
        HypothesisError: if a column is unknown, or `event` names no level of its column.
    """
    if rows.cluster is None:
        raise UsageError("Only rows with clusters can be collapsed to one row per cluster.")
    groups, number_of = dense(rows.cluster)
    columns, arrays = {}, {}
    for name in names:
        column = rows.column(name)
        if event is not None and event[0] == name:
            hit = rows.level_mask(name, [event[1]]).astype(np.float64)
            array = _means(np.where(rows.codes(name) < 0, np.nan, hit), groups, number_of)
            column = _number(column)
        elif column.type in ("boolean", "category"):
            array = _modes(rows.codes(name), groups, number_of, missing=-1)
        elif name in modes_of:
            array = _modes(rows.number(name), groups, number_of, missing=np.nan)
        else:
            array = _means(rows.number(name), groups, number_of)
            column = column if column.type == "datetime" else _number(column)
        columns[name], arrays[name] = column, array
    return Rows(columns, arrays)


def centred(rows: Rows, names: Sequence[str]) -> Rows:
    """The rows with every number among `names` moved so that all clusters have the overall average.

    What is left of a number is how it differs within clusters. Labels, dates and missing values stay as they are.

    Raises:
        UsageError: if the rows carry no clusters.
    """
    if rows.cluster is None:
        raise UsageError("Only rows with clusters can be moved to one average per cluster.")
    groups, number_of = dense(rows.cluster)
    moved = {}
    for name in names:
        column = rows.column(name)
        if column.type == "number" and not column.levels:
            x = rows.number(name)
            moved[name] = x - _means(x, groups, number_of)[groups] + float(np.nanmean(x))
    return rows.replaced(moved)


def _number(column: Column) -> Column:
    """The column as a number whose levels no longer apply, because means lie between them."""
    return column.model_copy(update={"type": "number", "storage": "DOUBLE", "integer": False, "levels": ()})


def _means(values: FloatArray, groups: NDArray, number_of: int) -> FloatArray:
    good = ~np.isnan(values)
    total = np.bincount(groups[good], weights=values[good], minlength=number_of)
    n = np.bincount(groups[good], minlength=number_of)
    return np.divide(total, n, out=np.full(number_of, np.nan), where=n > 0)


def _modes(values: NDArray, groups: NDArray, number_of: int, missing: float) -> NDArray:
    good = values >= 0 if values.dtype.kind == "i" else ~np.isnan(values)
    out = np.full(number_of, missing, values.dtype)
    if good.any():
        out[np.unique(groups[good])] = modes(values[good], groups[good])[0]
    return out


def within_means(values: FloatArray, side: NDArray, cluster: NDArray) -> WithinMeans:
    """Means of both sides within the clusters that hold both; `values`, `side` (0 or 1): (n,), none missing."""
    groups, number_of = dense(cluster)
    key = groups * 2 + side
    n = np.bincount(key, minlength=2 * number_of).reshape(-1, 2).astype(np.float64)
    total = np.bincount(key, weights=values, minlength=2 * number_of).reshape(-1, 2)
    both = (n > 0).all(axis=1)
    n, total = n[both], total[both]
    return WithinMeans(n, total / n, n[:, 0] * n[:, 1] / n.sum(axis=1))


def ranks_within(values: NDArray, cluster: NDArray) -> FloatArray:
    """Midranks 1..n_g of the values within their cluster, shape (n,); none may be missing."""
    n = len(values)
    order = np.lexsort((values, cluster))
    v, c = values[order], cluster[order]
    fresh = np.ones(n, bool)
    fresh[1:] = (v[1:] != v[:-1]) | (c[1:] != c[:-1])
    run = np.cumsum(fresh) - 1
    start = np.flatnonzero(fresh)
    end = np.append(start[1:], n)
    first = np.ones(n, bool)
    first[1:] = c[1:] != c[:-1]
    offset = np.flatnonzero(first)[np.cumsum(first) - 1]
    out = np.empty(n)
    out[order] = ((start + end - 1) / 2)[run] - offset + 1
    return out


def cluster_sizes(cluster: NDArray) -> NDArray[np.int64]:
    """Rows in each row's own cluster, shape (n,)."""
    groups, number_of = dense(cluster)
    return np.bincount(groups, minlength=number_of)[groups]


def within_superiority(values: NDArray, side: NDArray, cluster: NDArray) -> FloatArray:
    """P(A>B) + P(A=B)/2 - 1/2 within each cluster that holds both sides, shape (G,), as `within_means` orders."""
    ranks = within_means(ranks_within(values, cluster), side, cluster)
    n = ranks.n.sum(axis=1)
    # Within a cluster the mean ranks differ by n (P - 1/2).
    return (ranks.means[:, 0] - ranks.means[:, 1]) / n


def within_score_p(scores: FloatArray, side: NDArray, cluster: NDArray) -> float:
    """Two-sided p of the difference between the sides under shuffling within clusters, normal approximation.

    For 0/1 scores this is the Cochran-Mantel-Haenszel test, for ranks over n_g it is van Elteren's. It guards
    the test over clusters where one side is rare: there few differences carry most of the sum, and their spread
    and their sum go together. `scores`, `side` (0 or 1): shape (n,), none missing.

    References: Mantel and Haenszel 1959, doi:10.1093/jnci/22.4.719. Checked against R's UCBAdmissions
    (p = .21692) and, for one cluster, `scipy.stats.mannwhitneyu`.
    """
    groups, number_of = dense(cluster)
    n = np.bincount(groups, minlength=number_of)
    first = np.bincount(groups, weights=side == 0, minlength=number_of)
    centred = scores - (np.bincount(groups, weights=scores, minlength=number_of) / n)[groups]
    squares = np.bincount(groups, weights=centred**2, minlength=number_of)
    variance = float((first * (n - first) / (n * np.maximum(n - 1, 1)) * squares).sum())
    total = float(centred[side == 0].sum())
    return float(2 * ndtr(-abs(total) / np.sqrt(variance))) if variance > 0 else 1.0


def one_sample(theta: FloatArray, weight: FloatArray, *, draws: int, seed: int, level: float = 0.95) -> OneSample:
    """The weighted mean of one number per cluster tested against 0.

    The sign-flip test is exact where each number is symmetric around 0 under the null; the robust test is a
    weighted t-test whose degrees of freedom are those of the effective number of clusters, (sum w)^2 / sum w^2.

    Args:
        theta: one difference per cluster, shape (G,), G >= 2, none missing.
        weight: its weight, shape (G,), above 0.
        draws: sign flips at most; they stop early once 20 are at least as extreme. 0 skips them.
        seed: of the sign flips.
        level: of the interval.
    """
    share = weight / weight.sum()
    estimate = float(share @ theta)
    g = len(theta)
    effective = 1.0 / float(share @ share)
    se = float(np.sqrt(g / (g - 1) * ((share * (theta - estimate)) ** 2).sum()))
    if se <= _ROUNDING * float(np.abs(theta).max()):
        se = 0.0
    df = max(effective - 1, 1.0)
    reach = t_quantile(df, level) * se
    statistic = estimate / se if se else None
    robust = float(estimate == 0) if statistic is None else float(2 * stdtr(df, -abs(statistic)))
    flip = _sign_flip_p(share * theta, draws, seed) if draws else None
    return OneSample(estimate, se, estimate - reach, estimate + reach, flip, robust, df, statistic)


def _sign_flip_p(terms: FloatArray, draws: int, seed: int) -> float:
    """(1 + hits) / (1 + draws) for the absolute sum under random signs."""
    rng = np.random.Generator(np.random.PCG64(seed))
    if len(terms) > _MOST_FLIPPED:
        # Flipping whole blocks of clusters is a subgroup of all flips: still exact, and cheap for many clusters.
        blocks = rng.permutation(len(terms)) % _MOST_FLIPPED
        terms = np.bincount(blocks, weights=terms, minlength=_MOST_FLIPPED).astype(np.float64)
    observed = abs(terms.sum()) * (1 - 1e-9)

    def hits_of(count: int) -> int:
        signs = rng.integers(0, 2, (count, len(terms)), dtype=np.int8)
        return int((np.abs(2.0 * (signs @ terms) - terms.sum()) >= observed).sum())

    return staged_p(hits_of, draws)
