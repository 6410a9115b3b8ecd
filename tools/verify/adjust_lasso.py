"""Which features a lasso picks, from products alone.

Knows a matrix of products. Must never know a column's name, a claim or a verdict.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_RIDGE = 1e-9
"""Part of the largest product that is added to the diagonal, so that repeated features have one answer."""
_SLACK = 1e-6


def lasso(gram: FloatArray, toward: FloatArray, penalty: float, start: FloatArray | None = None) -> FloatArray:
    """The coefficients b that minimise b'Gb/2 - t'b + penalty * sum |b|, by a search over their signs.

    Args:
        gram: Products G of the features, shape (p, p).
        toward: Products t of the features with the target, shape (p,).
        penalty: At least 0, on the scale of the products.
        start: Coefficients to begin from.

    Returns:
        Shape (p,); exact to rounding, with zeros where a feature is not picked.

    References: Lee, Battle, Raina and Ng 2006, Efficient sparse coding algorithms, NIPS 19, algorithm 1. Checked
    against `sklearn.linear_model.Lasso`.
    """
    g = gram + np.diag(np.full(len(gram), _RIDGE * float(np.diag(gram).max(initial=1.0))))
    b = np.zeros(len(g)) if start is None else start.copy()
    settled = False
    for _ in range(20 * len(g) + 20):
        sign = np.sign(b)
        if settled:
            rest = toward - g @ b
            outside = np.where(b == 0, np.abs(rest), 0.0)
            new = int(outside.argmax())
            if outside[new] <= penalty * (1 + _SLACK):
                break
            sign[new] = np.sign(rest[new])
        b, settled = _step(g, toward, penalty, b, np.flatnonzero(sign), sign)
    return b


def _step(
    g: FloatArray, t: FloatArray, penalty: float, b: FloatArray, on: NDArray, sign: FloatArray
) -> tuple[FloatArray, bool]:
    """The best coefficients on the way to the minimum for these signs, and whether it was reached."""
    if not len(on):
        return b, True
    inner, aim = g[np.ix_(on, on)], t[on]
    goal = np.linalg.solve(inner, aim - penalty * sign[on])
    now = b[on]
    crossed = (goal * sign[on] < 0) | (goal == 0)
    if not crossed.any():
        out = np.zeros_like(b)
        out[on] = goal
        return out, True
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(crossed & (now != 0), now / (now - goal), np.inf)
    tried = []
    for part in [*np.unique(share[np.isfinite(share)]), 1.0]:
        point = now + part * (goal - now)
        point[share == part] = 0.0
        tried.append((float(point @ inner @ point / 2 - aim @ point + penalty * np.abs(point).sum()), point))
    out = np.zeros_like(b)
    out[on] = min(tried, key=lambda pair: pair[0])[1]
    return out, False
