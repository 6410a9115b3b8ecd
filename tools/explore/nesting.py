"""Labels and dates that are units of independence which no name gives away: stores that fix their location.

Knows exploration rows. Must never know a sealed row, nor a claim: it says which columns belong to which unit, and in
which columns the rows of one unit are alike.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from ..data.rows import FloatArray, Rows
from ..data.schema import Column
from .scan_moments import midranks_of

LEAST_UNITS = 20
"""Units from which rows are compared between them; with fewer they count as fixed groups."""
ROWS_SEEN = 30_000
"""Rows on which units are looked for: the first ones, a fixed part of them."""
_LEAST_ROWS = 3.0
"""Rows a unit, on average."""
_MOST_UNITS = 100_000
_CERTAIN = 1e-3
_ALIKE = 0.02
"""Intraclass correlation, beyond what the fixed column explains, from which rows of a unit count as alike."""
_MOST_LEVELS = 20
_CROSSED = 0.8
"""Share of all combinations of two properties from which a label that names these combinations is no unit."""


class Nest(NamedTuple):
    """One possible unit: its column, each row's code (-1 where missing), and the columns that it fixes."""

    unit: str
    codes: NDArray[np.int64]
    units: int
    fixed: frozenset[str]


class Nests:
    """The possible units of a set of rows, fewest units first, and what is alike within them.

    Args:
        rows: Exploration rows; with a unit of independence of their own there is nothing to look for.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows.select(np.arange(min(rows.n, ROWS_SEEN)))
        self._alike: dict[tuple[str, str, str | None, str | None], bool] = {}
        found = [] if rows.cluster is not None else [_nest(self.rows, c) for c in self.rows.columns.values()]
        self.nests = tuple(sorted((n for n in found if n is not None), key=lambda n: (n.units, n.unit)))

    def owner_of(
        self, properties: Sequence[str], outcome: str, event: str | None, besides: Sequence[str]
    ) -> Nest | None:
        """The unit that fixes one of these columns while its rows are alike in the outcome, or None.

        Args:
            properties: The columns that a claim compares by.
            outcome: The column compared; one that the unit fixes as well is as alike as can be.
            event: The level that is counted, for a share.
            besides: Columns of the claim, which are no unit of it.
        """
        for nest in self.nests:
            if nest.unit in besides:
                continue
            for name in properties:
                if name in nest.fixed and (outcome in nest.fixed or self.alike(nest, outcome, event, name)):
                    return nest
        return None

    def is_property(self, name: str, *, beside: str) -> bool:
        """Whether a column belongs to a unit whose rows are alike in the column beside it, which varies in the unit."""
        return any(
            name in nest.fixed and beside not in nest.fixed and self.alike(nest, beside, None, name)
            for nest in self.nests
            if nest.unit not in (name, beside)
        )

    def alike(self, nest: Nest, outcome: str, event: str | None = None, given: str | None = None) -> bool:
        """Whether rows of one unit are alike in a column, beyond what another column of the unit explains.

        One-way analysis of variance of its ranks (for labels: of each level's share) by the unit, within the values of
        `given` (a straight line where it is a number).
        """
        key = (nest.unit, outcome, event, given)
        if key not in self._alike:
            versions = _versions(self.rows, outcome, event)
            certain = _CERTAIN / max(len(versions), 1)
            self._alike[key] = any(_is_alike(self.rows, y, nest.codes, given, certain) for y in versions)
        return self._alike[key]


def _nest(rows: Rows, column: Column) -> Nest | None:
    """The unit that a column may be, if it fixes another column and is no mere combination of two of them."""
    if column.type not in ("category", "datetime") or (column.type == "category" and len(column.levels) < LEAST_UNITS):
        return None
    codes = _codes(rows, column.name)
    known = codes >= 0
    count = int(np.count_nonzero(np.bincount(codes[known])))
    if not LEAST_UNITS <= count <= min(_MOST_UNITS, known.sum() / _LEAST_ROWS):
        return None
    fixed = [c.name for c in rows.columns.values() if c.name != column.name and _is_fixed(rows, c.name, codes)]
    if not fixed or _is_combination(rows, codes, count, fixed):
        return None
    return Nest(column.name, codes, count, frozenset(fixed))


def _codes(rows: Rows, name: str) -> NDArray[np.int64]:
    if rows.column(name).type == "datetime":
        return rows.ordinal(name)[0].astype(np.int64)
    return rows.codes(name).astype(np.int64)


def _values(rows: Rows, name: str) -> FloatArray:
    if rows.column(name).type in ("number", "datetime"):
        return rows.number(name)
    codes = rows.codes(name).astype(np.float64)
    return np.where(codes < 0, np.nan, codes)


def _is_fixed(rows: Rows, name: str, unit: NDArray[np.int64]) -> bool:
    """Whether the column never changes within a unit, and is no constant."""
    x = _values(rows, name)
    known = (unit >= 0) & ~np.isnan(x)
    if known.sum() < 2:
        return False
    first = np.full(int(unit.max()) + 1, np.nan)
    first[unit[known]] = x[known]
    return bool((first[unit[known]] == x[known]).all()) and float(x[known].min()) < float(x[known].max())


def _is_combination(rows: Rows, codes: NDArray[np.int64], units: int, fixed: Sequence[str]) -> bool:
    """Whether the label only names the combinations of two crossed columns, as `1999PASS` does of year and result."""
    coarse = []
    for name in fixed:
        _, values = np.unique(_values(rows, name), return_inverse=True, equal_nan=True)
        distinct = int(values.max()) + 1
        if distinct < units:
            coarse.append((values, distinct))
    for at, (a, few) in enumerate(coarse):
        for b, more in coarse[at + 1 :]:
            pairs = len(np.unique(a[codes >= 0] * more + b[codes >= 0]))
            if pairs >= units and pairs >= _CROSSED * few * more:
                return True
    return False


def _versions(rows: Rows, name: str, event: str | None) -> list[FloatArray]:
    """The column as numbers: itself, or 1 and 0 for each of its commonest levels."""
    column = rows.column(name)
    if event is None and column.type in ("number", "datetime"):
        return [rows.number(name)]
    codes = rows.codes(name)
    levels = [event] if event is not None else list(column.levels[:_MOST_LEVELS])
    missing = codes < 0
    return [np.where(missing, np.nan, rows.level_mask(name, [level]).astype(np.float64)) for level in levels]


def _is_alike(rows: Rows, outcome: FloatArray, unit: NDArray[np.int64], given: str | None, certain: float) -> bool:
    x = np.zeros(rows.n) if given is None else _values(rows, given)
    known = (unit >= 0) & ~np.isnan(x) & ~np.isnan(outcome)
    if known.sum() < 3 * LEAST_UNITS:
        return False
    ranks = midranks_of(outcome[known])
    _, group, size = np.unique(unit[known], return_inverse=True, return_counts=True)
    means = np.bincount(group, weights=ranks) / size
    of_unit = np.bincount(group, weights=x[known]) / size
    explained, used = _explained(of_unit, means, size, "" if given is None else rows.column(given).type)
    within = float(((ranks - means[group]) ** 2).sum())
    between = float((size * (means - explained) ** 2).sum())
    n, units = len(ranks), len(size)
    df = units - used, n - units
    if df[0] < 2 or df[1] < 2:
        return False
    if within <= 0:
        return between > 0
    f = (between / df[0]) / (within / df[1])
    share = (f - 1) / (f - 1 + n / units)
    return bool(fdtrc(*df, f) < certain and share >= _ALIKE)


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
