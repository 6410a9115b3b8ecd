"""A column of numbers or dates as its distinct values with the rows of each, and how single values are written.

Knows one column. Must never know its name, another column, or what is odd about it.
"""

import math
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import FloatArray, Rows

_EPOCH = date(1970, 1, 1).toordinal()


class Spread(NamedTuple):
    """Distinct values in ascending order with the rows of each."""

    values: FloatArray
    counts: NDArray[np.int64]
    n: int

    def quantile(self, q: float) -> float:
        """The quantile by linear interpolation between values (type 7); the column must hold a value."""
        at, upto = (self.n - 1) * q, np.cumsum(self.counts)
        low = self.values[np.searchsorted(upto, math.floor(at), side="right")]
        high = self.values[np.searchsorted(upto, math.ceil(at), side="right")]
        return float(low + (high - low) * (at - math.floor(at)))

    def only(self, keep: NDArray) -> "Spread":
        """The values at which `keep` (boolean, shape of `values`) holds."""
        return Spread(self.values[keep], self.counts[keep], int(self.counts[keep].sum()))


def spread_of(rows: Rows, name: str) -> Spread:
    """The values of a number or a date that are there."""
    codes, values = rows.ordinal(name)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    return Spread(values, counts, int(counts.sum()))


def how_many_rows(count: int) -> str:
    """`1 row`, `1,234 rows`."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def day(days: float) -> str:
    """A day since 1970-01-01 as an ISO date."""
    ordinal = math.floor(days) + _EPOCH
    return date.fromordinal(ordinal).isoformat() if 1 <= ordinal <= date.max.toordinal() else f"day {days:,.0f}"


def figure(value: float) -> str:
    """A number for a sentence: whole ones in full up to fifteen digits, others with six; years without comma."""
    if value == round(value) and abs(value) < 1e15:
        return f"{value:.0f}" if abs(value) < 1e4 else f"{value:,.0f}"
    return f"{value:,.6g}"


def shown(values: Iterable[float], kind: str) -> tuple[str, ...]:
    """Values of a number or a date as a report prints them."""
    return tuple(day(v) if kind == "datetime" else figure(float(v)).replace("-", "−") for v in values)


def cells(rows: Rows, names: Iterable[str], at: int) -> tuple[str, ...]:
    """The cells of one row in number and date columns, as a report prints them."""
    return tuple(shown([float(rows.number(name)[at])], rows.columns[name].type)[0] for name in names)


def listed(names: Iterable[str], *, most: int = 4) -> str:
    """Names in backticks as a list: `a`, `b` and `c`, the rest counted."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > most:
        quoted = [*quoted[: most - 1], f"{len(quoted) - most + 1:,} more"]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
