"""Labels and dates that may be units of independence which no name gives away: stores that fix their location.

Knows exploration rows. Must never know a sealed row, nor decide what a unit is: it tells what a person should know.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from ..data.rows import FloatArray, Rows
from ..value import Value
from .scan_moments import midranks_of

_LEAST_UNITS = 10
_LEAST_ROWS = 3.0
"""Rows a unit, on average."""
_MOST_LEVELS = 1_000
_CERTAIN = 1e-3
_ALIKE = 0.02
"""Intraclass correlation, beyond what the fixed column explains, from which rows of a unit count as alike."""


class Nesting(Value):
    """A column whose every value fixes another column, while rows that share it are alike in an outcome."""

    unit: str
    fixed: str
    outcome: str
    units: int


def nested_in(rows: Rows, outcome: FloatArray, name: str, predictor: str) -> Nesting | None:
    """The column of which `predictor` is a mere property while the outcome is alike within it, or None.

    Rows of one store are not independent looks at what its location does: a comparison of rows then speaks of these
    stores only. One-way analysis of variance of the outcome's ranks by the unit, within the values of `predictor`
    (a straight line where it is a number).

    Args:
        rows: Exploration rows.
        outcome: The outcome as a number, or 1 and 0 for an event, shape (n,), NaN where missing.
        name: The outcome's column.
        predictor: The column that the claim compares by.
    """
    if rows.cluster is not None:
        return None
    for column in rows.columns.values():
        if column.name in (name, predictor) or column.type not in ("category", "datetime"):
            continue
        if column.type == "category" and len(column.levels) < _LEAST_UNITS:
            continue
        unit = _codes(rows, column.name)
        count = int(np.count_nonzero(np.bincount(unit[unit >= 0])))
        if not _LEAST_UNITS <= count <= min(_MOST_LEVELS, (unit >= 0).sum() / _LEAST_ROWS):
            continue
        if _is_fixed(rows, predictor, unit) and _alike(rows, outcome, predictor, unit):
            return Nesting(unit=column.name, fixed=predictor, outcome=name, units=count)
    return None


def _codes(rows: Rows, name: str) -> NDArray[np.int64]:
    if rows.column(name).type == "datetime":
        return rows.ordinal(name)[0].astype(np.int64)
    return rows.codes(name).astype(np.int64)


def _values(rows: Rows, name: str) -> FloatArray:
    if rows.column(name).type in ("number", "datetime"):
        return rows.number(name)
    codes = rows.codes(name).astype(np.float64)
    return np.where(codes < 0, np.nan, codes)


def _is_fixed(rows: Rows, predictor: str, unit: NDArray[np.int64]) -> bool:
    """Whether the predictor never changes within a unit, and is no other name of it."""
    x = _values(rows, predictor)
    known = (unit >= 0) & ~np.isnan(x)
    if known.sum() < 2:
        return False
    first = np.full(int(unit.max()) + 1, np.nan)
    first[unit[known]] = x[known]
    return bool((first[unit[known]] == x[known]).all()) and float(x[known].min()) < float(x[known].max())


def _alike(rows: Rows, outcome: FloatArray, predictor: str, unit: NDArray[np.int64]) -> bool:
    x = _values(rows, predictor)
    known = (unit >= 0) & ~np.isnan(x) & ~np.isnan(outcome)
    if known.sum() < 3 * _LEAST_UNITS:
        return False
    ranks = midranks_of(outcome[known])
    _, group, size = np.unique(unit[known], return_inverse=True, return_counts=True)
    means = np.bincount(group, weights=ranks) / size
    of_unit = np.bincount(group, weights=x[known]) / size
    explained, used = _explained(of_unit, means, size, rows.column(predictor).type)
    within = float(((ranks - means[group]) ** 2).sum())
    between = float((size * (means - explained) ** 2).sum())
    n, units = len(ranks), len(size)
    df = units - used, n - units
    if df[0] < 2 or df[1] < 2 or within <= 0:
        return False
    f = (between / df[0]) / (within / df[1])
    share = (f - 1) / (f - 1 + n / units)
    return bool(fdtrc(*df, f) < _CERTAIN and share >= _ALIKE)


def _explained(x: FloatArray, means: FloatArray, size: NDArray, kind: str) -> tuple[FloatArray, int]:
    """What the predictor explains of the units' means, and the parameters it takes."""
    values, code = np.unique(x, return_inverse=True)
    if kind in ("number", "datetime") and len(values) > len(x) / 2:
        weight = np.sqrt(size)
        design = np.column_stack([np.ones(len(x)), (x - x.mean()) / (x.std() or 1.0)])
        slope = np.linalg.lstsq(design * weight[:, None], means * weight, rcond=None)[0]
        return design @ slope, 2
    total = np.bincount(code, weights=size * means) / np.bincount(code, weights=size)
    return total[code], len(values)
