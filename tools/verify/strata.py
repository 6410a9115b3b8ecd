"""Tables in strata: is an association the same within the levels of a third column, and does any of it remain?

Knows counts and sums by stratum. Must never know a column's name, a claim or a verdict. Checked against
`statsmodels.stats.contingency_tables.StratifiedTable` and R's printed values.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

FloatArray = NDArray[np.float64]

FLAG = 0.30
"""Share of the rows in strata that point the other way from which a column is named."""
_BEYOND = 2.5
"""Standard errors by which that share must exceed what strata of this size show by chance."""
_MIN_STRATUM = 8
_SHOWN = 1.96


class Odds(NamedTuple):
    """Two labels of two levels each, within strata."""

    marginal: float | None
    """Odds ratio over all rows; None where a cell is empty."""
    common: float | None
    """Mantel and Haenszel's odds ratio within strata."""
    p_common: float
    """Cochran, Mantel and Haenszel's test that it is 1, without continuity correction."""
    p_equal: float
    """Tarone's correction of Breslow and Day's test that the strata share one odds ratio."""


class Reversal(NamedTuple):
    """What the strata of one column say about a slope's sign."""

    share: float
    """Share of the rows, of those in strata that can tell, whose stratum points the other way."""
    expected: float
    """The same if every stratum had the slope of all rows."""
    flagged: bool
    turns: bool
    """Whether the slope common to all strata has the other sign and is shown (two-sided p < .05)."""


def mantel_haenszel(tables: NDArray, *, correct: bool = False) -> Odds | None:
    """The odds ratio within strata with its tests; None where no stratum holds both levels of both labels.

    Args:
        tables: Counts, shape (strata, 2, 2).
        correct: Whether to take 1/2 off the distance, as R does by default.

    References: Mantel and Haenszel 1959; Tarone 1985, doi:10.1093/biomet/72.1.91.
    """
    tables = np.asarray(tables, np.float64)
    whole = tables.sum(axis=0)
    rows, columns, n = tables.sum(axis=2), tables.sum(axis=1), tables.sum(axis=(1, 2))
    kept = (rows.min(axis=1) > 0) & (columns.min(axis=1) > 0)
    if not kept.any():
        return None
    tables, rows, columns, n = tables[kept], rows[kept], columns[kept], n[kept]
    a = tables[:, 0, 0]
    expected = rows[:, 0] * columns[:, 0] / n
    variance = rows.prod(axis=1) * columns.prod(axis=1) / (n**2 * (n - 1))
    apart = abs(float((a - expected).sum()))
    chi2 = max(apart - 0.5 * correct, 0.0) ** 2 / variance.sum()
    agree = float((a * tables[:, 1, 1] / n).sum())
    against = float((tables[:, 0, 1] * tables[:, 1, 0] / n).sum())
    common = agree / against if against > 0 else None
    cross = whole[0, 1] * whole[1, 0]
    return Odds(
        marginal=float(whole[0, 0] * whole[1, 1] / cross) if cross > 0 else None,
        common=common,
        p_common=float(chdtrc(1, chi2)),
        p_equal=_tarone(tables, rows, columns, n, common) if common and len(tables) > 1 else 1.0,
    )


def _tarone(tables: FloatArray, rows: FloatArray, columns: FloatArray, n: FloatArray, odds: float) -> float:
    """The p of equal odds ratios: each stratum's first cell against what the common odds ratio makes of it."""
    first = _fitted(rows[:, 0], columns[:, 0], n, odds)
    cells = np.stack([first, rows[:, 0] - first, columns[:, 0] - first, n - rows[:, 0] - columns[:, 0] + first])
    spread = 1 / (1 / np.maximum(cells, 1e-12)).sum(axis=0)
    apart = tables[:, 0, 0] - first
    chi2 = float((apart**2 / spread).sum() - apart.sum() ** 2 / spread.sum())
    return float(chdtrc(len(n) - 1, max(chi2, 0.0)))


def _fitted(r: FloatArray, c: FloatArray, n: FloatArray, odds: float) -> FloatArray:
    """The first cell of tables with these margins and that odds ratio."""
    if abs(odds - 1) < 1e-9:
        return r * c / n
    one = 1 - odds
    linear = n - r - c + odds * (r + c)
    root = np.sqrt(np.maximum(linear**2 + 4 * one * odds * r * c, 0.0))
    # With a*x^2 + b*x + c0 = 0 for a = 1 - odds, b = linear, c0 = -odds * r * c: the root within the margins.
    return (-linear + root) / (2 * one)


def general_association(tables: NDArray) -> tuple[float, int]:
    """The p and degrees of freedom of the generalised Cochran-Mantel-Haenszel test of two labels within strata.

    Args:
        tables: Counts, shape (strata, r, c).

    References: Landis, Heyman and Koch 1978, doi:10.2307/1402373; R's `mantelhaen.test`.
    """
    tables = np.asarray(tables, np.float64)
    tables = tables[tables.sum(axis=(1, 2)) > 1]
    if not len(tables):
        return 1.0, 0
    n = tables.sum(axis=(1, 2))
    r, c = tables.sum(axis=2), tables.sum(axis=1)
    apart = (tables - r[:, :, None] * c[:, None, :] / n[:, None, None]).sum(axis=0)[:-1, :-1].ravel()
    vr = np.einsum("s,sij->sij", 1 / n, np.einsum("si,ij->sij", r, np.eye(r.shape[1])) * n[:, None, None]
                   - r[:, :, None] * r[:, None, :])[:, :-1, :-1]  # fmt: skip
    vc = np.einsum("s,sij->sij", 1 / n, np.einsum("si,ij->sij", c, np.eye(c.shape[1])) * n[:, None, None]
                   - c[:, :, None] * c[:, None, :])[:, :-1, :-1]  # fmt: skip
    size = apart.size
    variance = np.einsum("s,sij,skl->ikjl", 1 / (n - 1), vr, vc).reshape(size, size)
    df = int(np.linalg.matrix_rank(variance))
    if df == 0:
        return 1.0, 0
    chi2 = float(apart @ np.linalg.pinv(variance) @ apart)
    return float(chdtrc(df, max(chi2, 0.0))), df


def reversal(y: FloatArray, x: FloatArray, stratum: NDArray) -> Reversal:
    """How much of the rows lies in strata where the slope of `y` on `x` has the other sign.

    Strata of one column are small and their signs noisy, and the worst of many columns is picked; so a column is
    flagged only where at least 30 % of the rows disagree and that is 2.5 standard errors more than strata with the
    slope of all rows would show.

    Args:
        y: Outcome, shape (n,).
        x: Predictor, shape (n,).
        stratum: Codes from 0, shape (n,).
    """
    if len(stratum) < 2:
        return Reversal(0.0, 0.0, False, False)
    k = int(stratum.max()) + 1
    n, sx, sy, sxx, sxy, syy = (
        np.bincount(stratum, weights=w, minlength=k) for w in (np.ones(len(y)), x, y, x * x, x * y, y * y)
    )
    whole = float(((x - x.mean()) * (y - y.mean())).sum() / max(((x - x.mean()) ** 2).sum(), 1e-300))
    safe = np.maximum(n, 1)
    vx, vy, cov = sxx - sx**2 / safe, syy - sy**2 / safe, sxy - sx * sy / safe
    tells = (n >= _MIN_STRATUM) & (vx > 1e-9 * max(float(vx.sum()), 1e-300))
    if tells.sum() < 2 or whole == 0:
        return Reversal(0.0, 0.0, False, False)
    n, vx, vy, cov = n[tells], vx[tells], vy[tells], cov[tells]
    slope = cov / vx
    error = np.sqrt(np.maximum(vy - slope * cov, 1e-12) / np.maximum(n - 2, 1) / vx)
    weight = n / n.sum()
    chance = ndtr(-abs(whole) / error)
    expected = float((weight * chance).sum())
    spread = float(np.sqrt((weight**2 * chance * (1 - chance)).sum()))
    share = float(weight[np.sign(slope) == -np.sign(whole)].sum())
    common = float(cov.sum() / vx.sum())
    reach = _SHOWN * float(np.sqrt((error**2 * vx**2).sum()) / vx.sum())
    flagged = share >= FLAG and share > expected + _BEYOND * spread
    return Reversal(share, expected, flagged, common * whole < 0 and abs(common) > reach)
