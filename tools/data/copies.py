"""Exact duplicates: copies of one row, or different rows that a coarse table cannot tell apart?

Knows how often a column's values repeat. Must never know what any column means.
"""

import numpy as np

from .dataset import Dataset
from .independence import fetch, quoted

_SAMPLE = 50_000
_PLAUSIBLE = 0.01


def are_copies(data: Dataset) -> bool:
    """Whether the repeated rows are copies rather than coincidences of coarse columns.

    With p the share of a value, two rows agree in a column with probability sum(p^2); the product over columns
    times the number of pairs is the count of equal pairs that chance alone would give if columns were
    independent. Where that is at least a hundredth of the equal pairs seen, coincidence is plausible and the
    rows are kept; a column that is nearly unique makes it implausible and the rows count once.
    """
    if data.duplicates == 0:
        return False
    log_chance = 0.0
    for column in data.columns:
        if column.name in data.surrogates or column.type in ("constant", "empty"):
            continue
        sql = (
            f"SELECT count(*) AS n FROM (SELECT {quoted(column.name)} AS v FROM data "
            f"WHERE _row < {_SAMPLE}) GROUP BY v"
        )
        share = fetch(data, sql)["n"].astype(np.float64)
        share /= share.sum()
        log_chance += float(np.log((share**2).sum()))
    pairs = data.rows * (data.rows - 1) / 2
    return float(np.exp(log_chance)) * pairs < _PLAUSIBLE * data.duplicates
