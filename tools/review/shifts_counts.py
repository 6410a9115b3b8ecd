"""How far two sketches of one column lie apart: their cells, the distance beyond chance, chi squared.

Knows two sketched columns as counts. Must never know a claim, a history, or how a distance is worded.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri, chndtrinc

from .sketch import ColumnSketch

EXPECTED = 5.0
"""Rows that the smaller side would have in a cell by their common share; smaller cells are put together."""
_LAST = 1.0
"""The same for the one cell that is left over at the end."""
_A_CELL = 0.075
"""Share of all rows that a cell of a number's bins must have: two of twenty bins. Ten cells see .3 standard deviations
more often than twenty do, and lose nothing that a distance of .10 would show."""
_POWER = 0.80
_FOLDED = 2 / np.pi
"""Square of the mean of a folded standard normal: what chance alone adds to a difference of shares."""


class Cells(NamedTuple):
    """Rows of both sides by cell, the missing ones last."""

    names: tuple[str, ...]
    """Labels; of bins the number of the bin."""
    counts: NDArray[np.float64]
    """Shape (2, k): before, now."""
    ordered: bool
    """Whether neighbours belong together."""
    bins: bool = False
    """Whether they are bins of a number, more of them than a test should have."""


class Apart(NamedTuple):
    """Two samples of one column."""

    distance: float
    """Total variation, what chance adds taken off."""
    squared: float
    """Its square before anything below nothing is set to nothing: what averages without bias."""
    p_value: float
    detectable: float
    """Smallest distance that chi squared would have found with power .80."""


def comparable(base: ColumnSketch, new: ColumnSketch) -> bool:
    """Whether both count the same things: the same kind, and of numbers the same bins."""
    if base.kind != new.kind or not base.rows or not new.rows:
        return False
    return base.kind != "number" or _by_level(base) or base.edges == new.edges


def cells(base: ColumnSketch, new: ColumnSketch) -> Cells:
    """Rows by level, bin or hour, and the missing ones.

    Args:
        base: The learned column.
        new: The same column of a delivery, sketched like it.
    """
    missing = [float(base.missing), float(new.missing)]
    if base.kind == "label" or _by_level(base):
        ordered = base.kind == "number"
        # Where learned labels were left unnamed, one that is named only now may be among them: it counts with the rest.
        names = list(base.levels) if base.other else list(dict.fromkeys([*base.levels, *new.levels]))
        names = sorted(names, key=float) if ordered else names
        rest = [c.other + sum(n for x, n in c.levels.items() if x not in names) for c in (base, new)]
        rows = [[*(c.levels.get(x, 0) for x in names), left] for c, left in zip((base, new), rest, strict=True)]
        names.append("")
    elif base.kind == "number":
        ordered, rows = True, [_filled(c.counts, len(base.edges) + 1) for c in (base, new)]
        names = [str(at) for at in range(len(rows[0]))]
    else:
        ordered, timed = True, bool(base.hours or new.hours)
        rows = [_hours(c) if timed else [c.rows - c.missing] for c in (base, new)]
        names = [str(at) for at in range(len(rows[0]))]
    counts = np.array([[*row, lost] for row, lost in zip(rows, missing, strict=True)], np.float64)
    bins = base.kind == "number" and not _by_level(base)
    return Cells((*names, "missing"), counts, ordered, bins)


def _by_level(base: ColumnSketch) -> bool:
    """Whether a number had few values, each with rows enough to be named."""
    return base.kind == "number" and bool(base.levels) and not base.other


def _filled(counts: tuple[int, ...], size: int) -> list[int]:
    return list(counts) if counts else [0] * size


def _hours(column: ColumnSketch) -> list[int]:
    """Rows by hour; dates without times of day are all at midnight."""
    return list(column.hours) if column.hours else [column.rows - column.missing, *[0] * 23]


def apart(found: Cells, units: tuple[float, float], level: float) -> Apart:
    """The distance of both sides, with chi squared on their cells.

    Args:
        found: Both sides.
        units: How many independent rows each side counts for, at most its rows.
        level: p-value that `detectable` is reckoned for.

    Returns:
        Distances in [0, 1]; a column with one cell has distance 0 and p-value 1.
    """
    n = found.counts.sum(axis=1)
    scale = np.minimum(np.asarray(units, np.float64) / np.maximum(n, 1.0), 1.0)
    table = _pooled(found.counts * scale[:, None], found.ordered, _A_CELL if found.bins else 0.0)
    n, k = table.sum(axis=1), table.shape[1]
    harmonic = float(n[0] * n[1] / max(n[0] + n[1], 1.0))
    df = max(k - 1, 1)
    needed = float(chndtrinc(float(chdtri(df, level)), df, 1 - _POWER))
    detectable = min((needed / (4 * harmonic)) ** 0.5, 1.0) if harmonic > 0 else 1.0
    if k < 2:
        return Apart(0.0, 0.0, 1.0, detectable)
    shares = table / n[:, None]
    both = table.sum(axis=0) / n.sum()
    gap = shares[0] - shares[1]
    noise = both * (1 - both) / harmonic
    # The mean of the squared distance where nothing is there; cells sum to one, so k of them vary as k - 1 do.
    by_chance = (np.sqrt(_FOLDED * noise).sum() / 2) ** 2 + (1 - _FOLDED) / 4 * noise.sum() * k / df
    squared = float((np.abs(gap).sum() / 2) ** 2 - by_chance)
    statistic = float((gap**2 / both).sum() * harmonic)
    return Apart(max(squared, 0.0) ** 0.5, squared, float(chdtrc(df, statistic)), detectable)


def _pooled(counts: NDArray[np.float64], ordered: bool, share: float) -> NDArray[np.float64]:
    """Cells that are too small for chi squared with their neighbours; of labels the rare ones together."""
    n = counts.sum(axis=1)
    if n.min() <= 0:
        return counts[:, :0]
    total = counts.sum(axis=0)
    least = max(EXPECTED * float(n.sum() / n.min()), share * float(n.sum()))
    if not ordered:
        counts = counts[:, np.argsort(-total, kind="stable")]
        total = counts.sum(axis=0)
    out: list[NDArray[np.float64]] = []
    rest = np.zeros(2)
    for column, size in zip(counts.T, total, strict=True):
        rest = rest + column
        if rest.sum() >= least or (not ordered and size >= least):
            out.append(rest)
            rest = np.zeros(2)
    if rest.sum() >= least * _LAST / EXPECTED or (rest.sum() > 0 and not out):
        out.append(rest)  # what a small delivery holds instead of all that was learned is a cell of its own
    elif rest.sum() > 0:
        out[-1] = out[-1] + rest
    return np.array(out).T
