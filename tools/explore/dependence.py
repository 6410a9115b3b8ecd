"""Whether the columns of a shuffled table are unrelated: the check that certifies the shuffle, and a bound on shares.

Knows a table and which of its rows are independent. Must never know a hypothesis or a verdict.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas

MOST_COLUMNS = 25
_BINS = 4
_LEAST_EXPECTED = 5


def dependent_share(table: "pandas.DataFrame", level: float = 0.05) -> tuple[int, int]:
    """How many pairs of columns a chi-squared test calls related at `level`, and how many were tried.

    Numbers are cut at their quarter points, labels keep their levels, missing is a level. Pairs with an expected
    count under 5 are not tried. Of more than 25 columns, 25 spread over the table are.

    Args:
        table: Rows that are independent of each other.
        level: Level of the test.
    """
    import pandas as pd
    from scipy.special import chdtrc

    names = list(table.columns)
    if len(names) > MOST_COLUMNS:
        names = [names[int(at)] for at in np.linspace(0, len(names) - 1, MOST_COLUMNS)]
    codes = [_binned(pd.Series(table[name])) for name in names]
    hits = tried = 0
    for i, a in enumerate(codes):
        for b in codes[i + 1 :]:
            cross = _cross(a, b)
            expected = np.outer(cross.sum(1), cross.sum(0)) / max(cross.sum(), 1)
            if min(cross.shape) < 2 or expected.min() < _LEAST_EXPECTED:
                continue
            statistic = float(((cross - expected) ** 2 / expected).sum())
            tried += 1
            hits += float(chdtrc((cross.shape[0] - 1) * (cross.shape[1] - 1), statistic)) <= level
    return hits, tried


def is_certified(hits: int, tried: int, level: float = 0.05) -> bool:
    """Whether no more pairs look related than chance explains (one in ten thousand, and 5 % for the approximation)."""
    from scipy.stats import binom

    return hits <= float(binom.ppf(1 - 1e-4, tried, level)) * 1.05


def upper_share(hits: int, runs: int, level: float = 0.95) -> float:
    """The one-sided upper bound of a share after `hits` in `runs` (Clopper and Pearson, exact)."""
    from scipy.special import betaincinv

    return 1.0 if hits >= runs else float(betaincinv(hits + 1, runs - hits, level))


def _binned(column: "pandas.Series") -> NDArray[np.int64]:
    import pandas as pd

    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column) or column.nunique() <= _BINS:
        return pd.factorize(column)[0].astype(np.int64) + 1
    bins = np.asarray(pd.qcut(column.rank(method="average"), _BINS, labels=False, duplicates="drop"), np.float64)
    return np.where(np.isnan(bins), -1, bins).astype(np.int64) + 1


def _cross(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    shape = int(a.max(initial=0)) + 1, int(b.max(initial=0)) + 1
    table = np.bincount(a * shape[1] + b, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    return table[table.sum(1) > 0][:, table.sum(0) > 0]
