"""The rows a hypothesis speaks of: its population filter and its two sides, read from columns.

Knows conditions and levels. Must never know an outcome's values, a test, or where the rows came from.
"""

import operator
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import BoolArray, Rows
from ..errors import HypothesisError
from .hypothesis import Condition, Contrast, Hypothesis

_COMPARE: dict[str, Callable] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def population(hypothesis: Hypothesis, rows: Rows) -> Rows:
    """The rows where every condition of the hypothesis holds; a missing value meets no condition.

    Raises:
        HypothesisError: if a condition names an unknown column or level, or a value that does not fit.
    """
    if not hypothesis.where:
        return rows
    mask = np.ones(rows.n, bool)
    for term in hypothesis.where:
        mask &= condition_mask(term, rows)
    return rows.select(mask)


def condition_mask(term: Condition, rows: Rows) -> BoolArray:
    """Rows where the condition holds, shape (n,), False where the column is missing.

    Raises:
        HypothesisError: as for `population`.
    """
    column = rows.column(term.column)
    if column.type in ("boolean", "category"):
        return _label_mask(term, rows)
    x = rows.number(term.column)
    return _COMPARE[term.op](x, _constant(term, column.type)) & ~np.isnan(x)


def _label_mask(term: Condition, rows: Rows) -> BoolArray:
    if term.op not in ("==", "!="):
        raise HypothesisError(f"Labels of {term.column!r} have no order: use == or != instead of {term.op}.")
    mask = rows.level_mask(term.column, [str(term.value)])
    return mask if term.op == "==" else ~mask & (rows.codes(term.column) >= 0)


def _constant(term: Condition, kind: str) -> float:
    try:
        if kind == "datetime" and isinstance(term.value, str):
            return float(np.datetime64(term.value, "us").astype(np.int64)) / 86_400e6
        return float(term.value)
    except ValueError as err:
        wanted = "a date such as 2024-05-31" if kind == "datetime" else "a number"
        raise HypothesisError(f"The value {term.value!r} for {term.column!r} must be {wanted}.") from err


def sides(rows: Rows, name: str, contrast: Contrast) -> NDArray[np.int8]:
    """The side of each row, shape (n,): 0 for `a`, 1 for `b`, -1 for other levels, -2 where missing.

    Raises:
        HypothesisError: if the column is unknown, has no levels, or lacks one of the contrast's.
    """
    codes = rows.codes(name)
    known = {level: at for at, level in enumerate(rows.column(name).levels)}
    for level in (*contrast.a, *contrast.b):
        if level not in known:
            raise HypothesisError(f"{level!r} is not a level of {name!r}: {', '.join(list(known)[:12])}.")
    table = np.full(len(known) + 1, -1 if contrast.b else 1, np.int8)
    table[-1] = -2
    table[[known[level] for level in contrast.b]] = 1
    table[[known[level] for level in contrast.a]] = 0
    return table[codes]


class Tally(NamedTuple):
    """Rows of two sides counted by the outcome's codes."""

    counts: NDArray[np.int64]
    """Complete rows by side and code, shape (2, m)."""
    missing: int
    """Rows whose predictor is missing, or that lie on a side and miss the outcome."""
    missing_shares: tuple[float, float]
    """Share of each side's rows that miss the outcome."""


def tally(side: NDArray[np.int8], codes: NDArray, levels: int) -> Tally:
    """The rows of both sides by code; `side` as `sides` gives it, `codes` 0..levels-1 or -1, shape (n,)."""
    width = levels + 1
    key = (side.astype(np.int64) + 2) * width + (codes + 1)
    table = np.bincount(key, minlength=4 * width).reshape(4, width)
    lost, rows = table[2:, 0], table[2:].sum(axis=1)
    shares = np.divide(lost, rows, out=np.zeros(2), where=rows > 0)
    missing = int(table[0].sum() + lost.sum())
    return Tally(table[2:, 1:], missing, (float(shares[0]), float(shares[1])))


def floor_of(total: int) -> int:
    """Rows that each side of a comparison needs: 20, or 10 where all are under 200."""
    return 20 if total >= 200 else 10


def too_few(n: tuple[int, int], total: int) -> str | None:
    """Why two sides are too small to compare, or None: at least 20 rows each, 10 where all are under 200."""
    floor = floor_of(total)
    if min(n) >= floor:
        return None
    return f"A side has only {min(n):,} usable rows; at least {floor} are needed."


def unequal_missing(shares: tuple[float, float], outcome: str) -> str | None:
    """A warning where the outcome is missing much more often on one side (5 points), or None."""
    if abs(shares[0] - shares[1]) <= 0.05:
        return None
    one, two = (f"{100 * s:.0f} %" for s in shares)
    return f"`{outcome}` is missing for {one} of one side and {two} of the other, which can bias the comparison."
