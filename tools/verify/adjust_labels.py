"""Two labels of several levels against the other columns: tested within the levels of each, the worst one told.

Knows opened rows and a claim on two labels. Must never choose a control. Only one column is held fixed at a time:
tables of all columns crossed would have more cells than rows.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from .adjust_design import control
from .adjustment import Adjustment
from .hypothesis import CategoricalAssociation
from .strata import general_association

MIN_ROWS = 60


def labels_adjusted(h: CategoricalAssociation, rows: Rows, names: Sequence[str]) -> Adjustment | str:
    """The tag of an association between labels: robust where it is shown within the levels of every single column."""
    one = _kept(rows, h.outcome, h.outcome_levels)
    two = _kept(rows, h.predictor, h.predictor_levels)
    good = (one >= 0) & (two >= 0)
    if good.sum() < MIN_ROWS:
        return f"Only {int(good.sum()):,} rows can be used; at least {MIN_ROWS} are needed."
    rows, one, two = rows.select(good), one[good], two[good]
    shape = int(two.max()) + 1, int(one.max()) + 1
    if _p(one, two, np.zeros(rows.n, np.int64), shape) >= 0.05:
        return "On the rows that this check uses the association itself is not shown."
    found = {name: _p(one, two, control(rows, name).stratum, shape) for name in names}
    worst = max(found, key=lambda name: found[name])
    shown = found[worst] < 0.05
    return Adjustment(
        tag="robust" if shown else "attenuated",
        controls=tuple(names),
        rows=rows.n,
        driver=None if shown else worst,
    )


def _kept(rows: Rows, name: str, levels: Sequence[str]) -> NDArray[np.int64]:
    """Codes of the levels that the claim keeps apart, every other level being the last, -1 where missing."""
    codes = rows.codes(name)
    known = rows.column(name).levels
    place = np.full(len(known) + 1, len(levels), np.int64)
    place[[known.index(level) for level in levels]] = np.arange(len(levels))
    place[-1] = -1
    return place[codes]


def _p(one: NDArray, two: NDArray, stratum: NDArray, shape: tuple[int, int]) -> float:
    k = int(stratum.max()) + 1
    cell = (stratum * shape[0] + two) * shape[1] + one
    tables = np.bincount(cell, minlength=k * shape[0] * shape[1]).reshape(k, *shape)
    return general_association(tables)[0]
