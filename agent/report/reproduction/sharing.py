"""Whether rows of one stretch of time are alike beyond what a model says of the stretch.

Knows residuals and units of time. Must never know a claim.
"""

from typing import Any

import numpy as np
from scipy import stats

from .clusters import cluster_means


def rows_share(left: Any, unit: Any, parameters: int) -> bool:
    """Whether residuals are alike within units or from one to the next, at the lenient level of 20 %."""
    mean, n = cluster_means(left, unit), np.bincount(unit)
    units, rows = len(n), len(left)
    if not mean.any():
        return False
    near = float(mean[1:] @ mean[:-1]) / float(mean @ mean) + parameters / units
    if stats.norm.sf(near * np.sqrt(units)) < 0.2:
        return True
    if rows == units or units <= parameters:
        return False
    within = float(((left - mean[unit]) ** 2).sum()) / (rows - units)
    between = float((n * mean**2).sum()) / (units - parameters)
    return bool(within <= 0 or stats.f.sf(between / within, units - parameters, rows - units) < 0.2)
