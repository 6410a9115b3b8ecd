"""What one column holds: counts, quartiles, shape.

Knows one column of the exploration rows at a time. Must never know another column, a sealed row, nor clean
anything: it tells what it saw. What a person would have to check stands in `quality.py`.
"""

import math
from collections.abc import Iterator

import numpy as np

from ..data.rows import Rows
from ..data.schema import Column, ColumnType
from ..value import Value
from .quality_values import far_out, stand_in
from .spread import Spread, figure, spread_of

BINS = 16
_TOP = 10
_SKEWED = 3.0
_LEAST = 20
"""Values below which shape is not judged."""


class ColumnProfile(Value):
    """One column in figures; what is not meaningful for its type is None. Dates are days since 1970-01-01."""

    name: str
    type: ColumnType
    n: int
    """Rows with a value."""
    missing: int
    distinct: int
    mean: float | None = None
    sd: float | None = None
    """With n - 1 in the denominator."""
    minimum: float | None = None
    q25: float | None = None
    """Quartiles interpolate linearly between values (type 7)."""
    median: float | None = None
    q75: float | None = None
    maximum: float | None = None
    skewness: float | None = None
    """Third standardised moment, not corrected for bias."""
    zeros: int | None = None
    top: tuple[tuple[str, int], ...] = ()
    """The most frequent levels with their rows, at most ten."""
    histogram: tuple[int, ...] = ()
    """Rows in 16 bins of equal width from minimum to maximum."""
    warnings: tuple[str, ...] = ()


def profile_rows(rows: Rows) -> tuple[ColumnProfile, ...]:
    """A profile of each analysed column, in the order of the table.

    Args:
        rows: Exploration rows.
    """
    return tuple(_profile(rows, column) for column in rows.columns.values())


def _profile(rows: Rows, column: Column) -> ColumnProfile:
    if column.type in ("number", "datetime"):
        return _of_numbers(rows, column)
    return _of_labels(rows, column)


def _of_labels(rows: Rows, column: Column) -> ColumnProfile:
    codes = rows.codes(column.name)
    counts = np.bincount(codes[codes >= 0], minlength=len(column.levels))
    order = np.argsort(-counts, kind="stable")
    top = [(column.levels[k], int(counts[k])) for k in order if counts[k]]
    n = int(counts.sum())
    warnings = _one_value(column.name, f"`{top[0][0]}`" if top else "", top[0][1] if top else 0, n, 0.95)
    return ColumnProfile(
        name=column.name, type=column.type, n=n, missing=rows.n - n, distinct=len(top),
        top=tuple(top[:_TOP]), warnings=tuple(warnings),
    )  # fmt: skip


def _of_numbers(rows: Rows, column: Column) -> ColumnProfile:
    spread = spread_of(rows, column.name)
    values, n = spread.values, spread.n
    basic = {"name": column.name, "type": column.type, "n": n, "missing": rows.n - n, "distinct": len(values)}
    if not n:
        return ColumnProfile.model_validate(basic)
    quartiles = {"minimum": values[0], "maximum": values[-1], "histogram": _histogram(spread)}
    quartiles |= {name: spread.quantile(q) for name, q in (("q25", 0.25), ("median", 0.5), ("q75", 0.75))}
    if column.type == "datetime":
        return ColumnProfile.model_validate({**basic, **quartiles})
    mean, sd, skewness = _moments(spread)
    shape = {"mean": mean, "sd": sd, "skewness": skewness, "zeros": int(spread.counts[values == 0].sum())}
    warnings = _shape(column.name, spread, skewness)
    return ColumnProfile.model_validate(
        {**basic, **quartiles, **shape, "top": _top(column, spread), "warnings": tuple(warnings)}
    )


def _top(column: Column, spread: Spread) -> tuple[tuple[str, int], ...]:
    """The most frequent values of a whole-number column with few of them."""
    if not column.levels:
        return ()
    order = np.argsort(-spread.counts, kind="stable")[:_TOP]
    return tuple((figure(float(spread.values[k])), int(spread.counts[k])) for k in order)


def _moments(spread: Spread) -> tuple[float | None, float | None, float | None]:
    """Mean, sd and skewness, or None where one leaves the range of floating point."""
    top = float(np.abs(spread.values[[0, -1]]).max()) or 1.0
    unit, weight = spread.values / top, spread.counts / spread.n
    # Plain sums, no dot products: those differ in the last digit with the number of threads.
    mean = float((unit * weight).sum())
    off = unit - mean
    variance = float((off * off * weight).sum())
    sd = math.sqrt(variance * spread.n / (spread.n - 1)) * top if spread.n > 1 else None
    scaled = off / math.sqrt(variance) if variance > 0 else off
    skewness = float((scaled * scaled * scaled * weight).sum()) if variance > 0 else None
    return _finite(mean * top), _finite(sd), _finite(skewness)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _histogram(spread: Spread) -> tuple[int, ...]:
    low, high = spread.values[0] / 2, spread.values[-1] / 2  # halves: the range itself may overflow
    if not high > low:
        return (0,) * (BINS // 2) + (spread.n,) + (0,) * (BINS - BINS // 2 - 1)
    at = np.minimum((spread.values / 2 - low) / (high - low) * BINS, BINS - 1).astype(np.intp)
    return tuple(int(c) for c in np.bincount(at, weights=spread.counts, minlength=BINS))


# Shape


def _one_value(name: str, value: str, count: int, n: int, share: float) -> Iterator[str]:
    if n >= _LEAST and share * n <= count:
        told = f"{100 * count / n:.1f} %" if count < n else "all"
        yield f"`{name}` is {value} in {told} of rows with a value ({count:,} of {n:,})."


def _shape(name: str, spread: Spread, skewness: float | None) -> Iterator[str]:
    if spread.n < _LEAST:
        return
    most = int(np.argmax(spread.counts))
    heavy = list(
        _one_value(
            name, figure(float(spread.values[most])), int(spread.counts[most]), spread.n,
            0.5 if len(spread.values) > 10 else 0.95,
        )
    )  # fmt: skip
    yield from heavy
    apart = stand_in(spread) is not None or far_out(spread) is not None
    if not heavy and not apart and skewness is not None and abs(skewness) > _SKEWED and len(spread.values) > 10:
        tail = f"a long tail of {'high' if skewness > 0 else 'low'} values (skewness {skewness:.1f})"
        yield f"`{name}` has {tail}: its median tells more than its mean."
