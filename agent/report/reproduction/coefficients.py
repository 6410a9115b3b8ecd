"""One coefficient of a linear model by its design matrix: HC3, the jackknife over clusters, shuffled residuals.

Knows arrays. Must never know a claim.
"""

from typing import Any

import numpy as np
from scipy import stats

from .base import ENOUGH_HITS, STAGES, Found, Refused
from .clusters import cluster_means
from .draws import flip_p
from .figures import t_reach, told, two_sided, z_reach

FULL, STRETCHES, CELLS = 500, 16, 4_000_000


def coefficient(y: Any, tested: Any, others: list[Any], seed: int, *, strata: Any = None, drawn: bool = True) -> Found:
    """Rows that stand for themselves: the coefficient beside `others` and a constant."""
    x, e, k = beside(y, tested, [np.ones(len(y)), *others], y, tested)
    value = float(x @ e) / float(x @ x)
    left = settled(e - value * x, e)
    lever = leverages([np.ones(len(y)), *others, tested])
    scores = x * left / np.maximum(1 - lever, 1e-9)
    squares = scores**2
    error = float(np.sqrt(squares.sum())) / float(x @ x)
    worth = max(3 * float(squares.sum()) ** 2 / float((squares**2).sum()), 1.0) if squares.any() else np.inf
    df = min(len(y) - k - 1.0, worth)
    p = max(student(value, error, df), student(symmetric(value, error, scores), error, df))
    shuffled = shuffled_p(x, e, strata, seed) if drawn else None
    return fitted(value, error, df, p, shuffled, x, e)


def coefficient_of_clusters(
    y: Any, tested: Any, others: list[Any], cluster: Any, seed: int, *, absorb: bool, drawn: bool = True
) -> Found:
    """Rows in clusters: with a constant for each cluster (`absorb`), or one for all."""
    at = np.unique(cluster, return_inverse=True)[1]

    def inside(v: Any) -> Any:
        return v - cluster_means(v, cluster)[at] if absorb else v

    base = [inside(v) for v in others] + ([] if absorb else [np.ones(len(y))])
    base = [v for v, raw in zip(base, [*others, np.ones(len(y))], strict=False) if v @ v > 1e-10 * moment(raw)]
    x, e, _ = beside(inside(y), inside(tested), base, y, tested)
    share = np.bincount(at, x * x)
    held = share > 1e-10 * share.sum()
    if held.sum() < 2:
        raise Refused
    value, g = float(x @ e) / float(x @ x), int(held.sum())
    design = np.column_stack([*[v / np.sqrt(v @ v) for v in base if v @ v > 0], x / np.sqrt(x @ x)])
    without = np.array([left_out(design, e, at == c) for c in np.flatnonzero(held)]) / np.sqrt(float(x @ x))
    error = float(np.sqrt((g - 1) / g * ((without - value) ** 2).sum()))
    effective = float(share.sum() ** 2 / (share**2).sum())
    df = max(min(g, effective) - 1, 1.0)
    flips = flip_p(np.bincount(at, x * e)[held] / g, seed) if drawn else None
    found = fitted(value, error, df, student(value, error, df), flips, x, e)
    return found | {"clusters": g, "effective": effective}


def left_out(design: Any, e: Any, own: Any) -> float:
    """The last coefficient without some rows."""
    return float(np.linalg.lstsq(design[~own], e[~own], rcond=1e-5)[0][-1])


def moment(v: Any) -> float:
    """The sum of squares around the mean of all rows."""
    return float(((v - v.mean()) ** 2).sum())


def beside(y: Any, tested: Any, base: list[Any], raw_y: Any, raw_tested: Any) -> tuple[Any, Any, int]:
    """What is left of the column and of the outcome beside the base, and the rank of the base."""
    q, rank = orthonormal(base, len(y))
    x, e = (v - q @ (q.T @ v) for v in (tested, y))
    x, e = (v - q @ (q.T @ v) for v in (x, e))
    if float(x @ x) <= 1e-10 * moment(raw_tested) or float(e @ e) <= 1e-20 * moment(raw_y):
        raise Refused
    return x, e, rank


def orthonormal(base: list[Any], n: int) -> tuple[Any, int]:
    """Columns of unit length that span the base."""
    if not base:
        return np.zeros((n, 0)), 0
    kept = [v / np.sqrt(v @ v) for v in base if v @ v > 0]
    u, s, _ = np.linalg.svd(np.column_stack(kept), full_matrices=False)
    rank = int((s > 1e-7 * s[0]).sum())
    return u[:, :rank], rank


def leverages(columns: list[Any]) -> Any:
    """The diagonal of the hat matrix."""
    moved = [columns[0], *(v - v.mean() for v in columns[1:])]
    return (orthonormal(moved, len(columns[0]))[0] ** 2).sum(1)


def settled(left: Any, e: Any) -> Any:
    """The residuals, or zeros where the fit is perfect."""
    return np.zeros_like(left) if float(left @ left) <= 1e-20 * float(e @ e) else left


def student(value: float, error: float, df: float) -> float:
    """Student's two-sided p of an estimate."""
    if error > 0:
        return two_sided(value / error, df) if np.isfinite(df) else float(2 * stats.norm.sf(abs(value) / error))
    return float(value == 0)


def symmetric(value: float, error: float, scores: Any) -> float:
    """The estimate after Hall's transformation for skewed scores."""
    if error == 0 or not scores.any():
        return value
    a, t = float((scores**3).sum()) / float((scores**2).sum()) ** 1.5, value / error
    return (t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6) * error


def fitted(value: float, error: float, df: float, p: float, drawn: float | None, x: Any, e: Any) -> Found:
    """A coefficient with its tests; `spread` makes a partial correlation of it."""
    statistic = value / error if error else float(np.sign(value)) * 1e12
    spread = float(np.sqrt((x @ x) / (e @ e)))
    return {
        "value": value, "error": error, "df": df, "p": p, "drawn": drawn, "spread": spread,
        "statistic": float(np.clip(statistic, -1e12, 1e12)), "clusters": None, "effective": None,
    }  # fmt: skip


def around_coefficient(found: Found, level: float, scale: float = 1.0) -> Found:
    """A coefficient as an effect with Student's interval."""
    reach = t_reach(found["df"], level) * found["error"]
    return told(found["value"], found["value"] - reach, found["value"] + reach, level, scale)


def partial_correlation(found: Found, level: float) -> tuple[float, float, float]:
    """The partial correlation with its interval on Fisher's scale."""
    r = float(np.clip(found["value"] * found["spread"], -1 + 1e-9, 1 - 1e-9))
    reach = z_reach(level) * found["error"] * found["spread"] / (1 - r**2)
    return r, float(np.tanh(np.arctanh(r) - reach)), float(np.tanh(np.arctanh(r) + reach))


# Shuffled residuals


def shuffled_p(x: Any, e: Any, strata: Any, seed: int) -> float:
    """The permutation p of |sum x e| / sqrt(sum x^2 e^2), residuals shuffled within strata."""
    rng = np.random.Generator(np.random.PCG64(seed))
    spread = float((x**2 * e**2).sum())
    if spread <= 0:
        return 1.0
    reached = abs(float((x * e).sum())) / np.sqrt(spread) * (1 - 1e-9)
    codes = np.zeros(len(x)) if strata is None else strata
    draws = [shuffler(x[codes == c], e[codes == c], rng) for c in np.unique(codes)]
    step = max(1, CELLS // max(width for width, _ in draws))
    done = hits = 0
    for stage in STAGES:
        for start in range(done, stage, step):
            drawn = [draw(min(step, stage - start)) for _, draw in draws]
            total, square = (sum(d[at] for d in drawn) for at in (0, 1))
            hits += int((np.abs(total) >= reached * np.sqrt(np.maximum(square, 1e-13 * spread))).sum())
        done = stage
        if hits >= ENOUGH_HITS:
            break
    return (1 + hits) / (1 + done)


def shuffler(x: Any, e: Any, rng: Any) -> tuple[int, Any]:
    """A stratum's width and a function that draws both sums so many times."""
    n = len(x)
    if n <= FULL:

        def all_orders(draws: int) -> tuple[Any, Any]:
            order = rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1)
            return (e[order] * x).sum(1), (e[order] ** 2 * x**2).sum(1)

        return n, all_orders
    order = rng.permutation(n)
    x, e = x[order], e[order]
    length = n // STRETCHES
    a, b = (v[: length * STRETCHES].reshape(STRETCHES, length) for v in (x, e))
    turned = [all_turns(a, b), all_turns(a**2, b**2)]
    rest = [float((x * e)[length * STRETCHES :].sum()), float(((x * e) ** 2)[length * STRETCHES :].sum())]

    def turns(draws: int) -> tuple[Any, Any]:
        at = rng.integers(0, length, (draws, STRETCHES))
        one, two = (np.take_along_axis(t, at.T, 1).sum(0) + r for t, r in zip(turned, rest, strict=True))
        return one, two

    return STRETCHES, turns


def all_turns(a: Any, b: Any) -> Any:
    """Sum a_i b_(i + s) for every turn s of each stretch."""
    one, two = (np.asarray(np.fft.fft(v)) for v in (a, b))
    return np.asarray(np.fft.ifft(np.conj(one) * two)).real
