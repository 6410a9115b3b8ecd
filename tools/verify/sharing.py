"""Whether rows of one stretch of time share what happened then, so that other rows of it are no fresh evidence.

Knows residuals and the stretch each row lies in. Must never know a statistic of interest or a column's name.

A pattern in time that was found on some rows is tested on others of the same days. Where rows of a day are alike,
the test sees again the noise that suggested the pattern, and has to count the search. Where they are not, it is
fresh. The level is lenient on purpose: what goes unseen at .20 is too little to matter (docs/methods.md).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, ndtr

from ..data.rows import FloatArray

LENIENT = 0.2


def rows_share(left: FloatArray, unit: NDArray[np.int64], parameters: int) -> bool:
    """Whether residuals are alike within units of time, or from one unit to the next.

    Args:
        left: What a model of the units' means leaves of each row, shape (n,).
        unit: The unit of each row, dense and in the order of time, shape (n,).
        parameters: Parameters of that model.
    """
    n = np.bincount(unit)
    sums = np.bincount(unit, left)
    units, rows = len(n), len(unit)
    mean = sums / n
    total = float(mean @ mean)
    if not total:
        return False
    next_to = float(mean[1:] @ mean[:-1]) / total + parameters / units
    if ndtr(-next_to * np.sqrt(units)) < LENIENT:
        return True
    if rows - units < 1 or units <= parameters:
        return False
    between = float(sums @ mean) / (units - parameters)
    within = float(left @ left - sums @ mean) / (rows - units)
    return bool(within <= 0 or fdtrc(units - parameters, rows - units, between / within) < LENIENT)
