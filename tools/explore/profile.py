"""What one column holds: counts, quartiles, shape, and the oddities that a person would act on.

Knows one column of the exploration rows at a time. Must never know another column, a sealed row, nor clean
anything: it tells what it saw.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.rows import FloatArray, Rows
from ..data.schema import Column, ColumnType
from ..value import Value

BINS = 16
_TOP = 10
_FAR = 10.0
"""Interquartile ranges beyond a quartile from which a value is far out."""
_FEW = 0.01
"""Share of the values up to which they count as far out; beyond it they are a tail."""
_SKEWED = 3.0
_MISSING_SHARE = 0.2
_LEAST = 20
"""Values below which shape is not judged."""
_SENTINELS = (-99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999, 9999999)
_DATE_SENTINELS = (-25567.0, 0.0, 2932896.0)
"""1900-01-01, 1970-01-01 and 9999-12-31, in days since 1970-01-01."""
_NO_VALUE = {"?", "??", "-", "--", ".", "n/a", "#n/a", "nan", "null", "missing", "unknown", "not available"}
_EPOCH = date(1970, 1, 1).toordinal()


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


class _Spread(NamedTuple):
    """Distinct values in ascending order with the rows of each."""

    values: FloatArray
    counts: NDArray[np.int64]
    n: int

    def quantile(self, q: float) -> float:
        at, upto = (self.n - 1) * q, np.cumsum(self.counts)
        low = self.values[np.searchsorted(upto, math.floor(at), side="right")]
        high = self.values[np.searchsorted(upto, math.ceil(at), side="right")]
        return float(low + (high - low) * (at - math.floor(at)))


def profile_rows(rows: Rows, *, today: date | None = None) -> tuple[ColumnProfile, ...]:
    """A profile of each analysed column, in the order of the table.

    Args:
        rows: Exploration rows.
        today: The day after which dates lie in the future; the current day in UTC when None.
    """
    day = today or datetime.now(UTC).date()
    return tuple(_profile(rows, column, day) for column in rows.columns.values())


def _profile(rows: Rows, column: Column, today: date) -> ColumnProfile:
    if column.type in ("number", "datetime"):
        return _of_numbers(rows, column, today)
    return _of_labels(rows, column)


def _of_labels(rows: Rows, column: Column) -> ColumnProfile:
    codes = rows.codes(column.name)
    counts = np.bincount(codes[codes >= 0], minlength=len(column.levels))
    order = np.argsort(-counts, kind="stable")
    top = [(column.levels[k], int(counts[k])) for k in order if counts[k]]
    n = int(counts.sum())
    warnings = [
        *_missing(column.name, n, rows.n),
        *_one_value(column.name, f"`{top[0][0]}`" if top else "", top[0][1] if top else 0, n, 0.95),
        *_odd_levels(column.name, top, n),
    ]
    return ColumnProfile(
        name=column.name, type=column.type, n=n, missing=rows.n - n, distinct=len(top),
        top=tuple(top[:_TOP]), warnings=tuple(warnings),
    )  # fmt: skip


def _of_numbers(rows: Rows, column: Column, today: date) -> ColumnProfile:
    codes, values = rows.ordinal(column.name)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    n = int(counts.sum())
    basic = {"name": column.name, "type": column.type, "n": n, "missing": rows.n - n, "distinct": len(values)}
    if not n:
        return ColumnProfile.model_validate({**basic, "warnings": tuple(_missing(column.name, n, rows.n))})
    spread = _Spread(values, counts, n)
    quartiles = {"minimum": values[0], "maximum": values[-1], "histogram": _histogram(spread)}
    quartiles |= {name: spread.quantile(q) for name, q in (("q25", 0.25), ("median", 0.5), ("q75", 0.75))}
    if column.type == "datetime":
        warnings = [*_missing(column.name, n, rows.n), *_odd_dates(column.name, spread, today)]
        return ColumnProfile.model_validate({**basic, **quartiles, "warnings": tuple(warnings)})
    mean, sd, skewness = _moments(spread)
    shape = {"mean": mean, "sd": sd, "skewness": skewness, "zeros": int(counts[values == 0].sum())}
    warnings = [*_missing(column.name, n, rows.n), *_odd_numbers(column.name, spread, skewness)]
    return ColumnProfile.model_validate(
        {**basic, **quartiles, **shape, "top": _top(column, spread), "warnings": tuple(warnings)}
    )


def _top(column: Column, spread: _Spread) -> tuple[tuple[str, int], ...]:
    """The most frequent values of a whole-number column with few of them."""
    if not column.levels:
        return ()
    order = np.argsort(-spread.counts, kind="stable")[:_TOP]
    return tuple((_figure(float(spread.values[k])), int(spread.counts[k])) for k in order)


def _moments(spread: _Spread) -> tuple[float | None, float | None, float | None]:
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


def _histogram(spread: _Spread) -> tuple[int, ...]:
    low, high = spread.values[0] / 2, spread.values[-1] / 2  # halves: the range itself may overflow
    if not high > low:
        return (0,) * (BINS // 2) + (spread.n,) + (0,) * (BINS - BINS // 2 - 1)
    at = np.minimum((spread.values / 2 - low) / (high - low) * BINS, BINS - 1).astype(np.intp)
    return tuple(int(c) for c in np.bincount(at, weights=spread.counts, minlength=BINS))


# Oddities


def _missing(name: str, n: int, rows: int) -> Iterator[str]:
    if rows and rows - n > _MISSING_SHARE * rows:
        yield f"`{name}` has no value in {(rows - n) / rows:.0%} of rows ({rows - n:,} of {rows:,})."


def _one_value(name: str, value: str, count: int, n: int, share: float) -> Iterator[str]:
    if n >= _LEAST and share * n <= count:
        shown = f"{count / n:.1%}" if count < n else "all"
        yield f"`{name}` is {value} in {shown} of rows with a value ({count:,} of {n:,})."


def _odd_levels(name: str, top: Sequence[tuple[str, int]], n: int) -> Iterator[str]:
    alike: dict[str, list[str]] = defaultdict(list)
    for level, _ in top:
        alike[" ".join(level.split()).casefold()].append(level)
    groups = [levels for levels in alike.values() if len(levels) > 1]
    if groups:
        shown = "; ".join(" and ".join(f"`{level}`" for level in levels) for levels in groups[:3])
        more = f"; and {len(groups) - 3:,} more sets" if len(groups) > 3 else ""
        yield f"Levels of `{name}` differ only by case or spaces: {shown}{more}."
    for level, count in top:
        if level.strip().casefold() in _NO_VALUE:
            yield f"`{name}` is `{level}` in {count:,} of {n:,} rows, which reads like a missing value."


def _odd_numbers(name: str, spread: _Spread, skewness: float | None) -> Iterator[str]:
    if spread.n < _LEAST:
        return
    most = int(np.argmax(spread.counts))
    heavy = list(
        _one_value(
            name, _figure(float(spread.values[most])), int(spread.counts[most]), spread.n,
            0.5 if len(spread.values) > 10 else 0.95,
        )
    )  # fmt: skip
    sentinel = _sentinel(spread)
    if sentinel is not None:
        value, count = sentinel
        yield f"`{name}` is {_figure(value)} in {_rows(count)}, far from the rest: it may stand for a missing value."
    yield from heavy
    far = _far_out(spread)
    if sentinel is None and far is not None and far[0] <= max(1, _FEW * spread.n):
        count, value = far
        have = f"a value, {_figure(value)}," if count == 1 else f"{count:,} values, such as {_figure(value)},"
        yield f"`{name}` has {have} more than ten interquartile ranges beyond its quartiles."
    elif sentinel is None and not heavy:
        yield from _skewed(name, spread, skewness)


def _skewed(name: str, spread: _Spread, skewness: float | None) -> Iterator[str]:
    if skewness is not None and abs(skewness) > _SKEWED and len(spread.values) > 10:
        tail = f"a long tail of {'high' if skewness > 0 else 'low'} values (skewness {skewness:.1f})"
        yield f"`{name}` has {tail}: its median tells more than its mean."


def _far_out(spread: _Spread) -> tuple[int, float] | None:
    """Values beyond ten interquartile ranges, with the farthest; a tail that logarithms straighten is none."""
    values = spread.values
    if not values[0] < 0:  # amounts and counts: judge them on the scale on which they spread evenly
        some = values > 0
        logs = _Spread(np.log(values[some]), spread.counts[some], int(spread.counts[some].sum()))
        high = _beyond(logs, 4.0)[1] if logs.n >= _LEAST else len(logs.values)
        # A log cannot judge values that all lie close together: there the plain scale stands alone.
        upper = max(_beyond(spread, _FAR)[1], len(values) - (len(logs.values) - high))
        return _farthest(spread, 0, upper)
    return _farthest(spread, *_beyond(spread, _FAR))


def _beyond(spread: _Spread, times: float) -> tuple[int, int]:
    """Positions from which on values are not too low, and are too high."""
    q25, q75 = spread.quantile(0.25), spread.quantile(0.75)
    reach = times * (q75 - q25)
    if not reach > 0:
        return 0, len(spread.values)
    low = int(np.searchsorted(spread.values, q25 - reach, side="left"))
    return low, int(np.searchsorted(spread.values, q75 + reach, side="right"))


def _farthest(spread: _Spread, low: int, high: int) -> tuple[int, float] | None:
    count = int(spread.counts[:low].sum() + spread.counts[high:].sum())
    if not count:
        return None
    middle, ends = spread.quantile(0.5), (spread.values[0], spread.values[-1])
    allowed = [end for end, there in zip(ends, (low > 0, high < len(spread.values)), strict=True) if there]
    return count, float(max(allowed, key=lambda v: abs(v / 2 - middle / 2)))


def _sentinel(spread: _Spread) -> tuple[float, int] | None:
    """A stand-in for "no value" at an end of the range, far from its neighbour: 999, -9999, or a lone -1."""
    values, counts = spread.values, spread.counts
    if len(values) < 4:
        return None
    for end, near, rest in ((0, 1, values[1:]), (-1, -2, values[:-1])):
        gap, width = abs(values[end] / 2 - values[near] / 2), rest[-1] / 2 - rest[0] / 2
        if values[end] in _SENTINELS and gap > 0.5 * width:
            return float(values[end]), int(counts[end])
    lone = values[0] == -1 and values[1] >= 0 and len(values) > 10
    return (-1.0, int(counts[0])) if lone and counts[0] >= max(5, 0.01 * spread.n) else None


def _odd_dates(name: str, spread: _Spread, today: date) -> Iterator[str]:
    values, counts = spread.values, spread.counts
    ahead = int(counts[values >= today.toordinal() - _EPOCH + 1].sum())
    if len(values) > 3:
        for end, rest in ((0, values[1:]), (-1, values[:-1])):
            far = abs(values[end] - rest[0 if end == 0 else -1]) > 0.5 * (rest[-1] - rest[0])
            if values[end] in _DATE_SENTINELS and far:
                ahead -= int(counts[end]) if end == -1 and ahead else 0
                yield f"`{name}` is {_day(values[end])} in {_rows(int(counts[end]))}: it may stand for a missing date."
    if ahead > 0:
        yield f"`{name}` lies in the future in {_rows(ahead)}."


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _day(days: float) -> str:
    ordinal = math.floor(days) + _EPOCH
    return date.fromordinal(ordinal).isoformat() if 1 <= ordinal <= date.max.toordinal() else f"day {days:,.0f}"


def _figure(value: float) -> str:
    """A number for a sentence: whole ones in full up to fifteen digits, others with six; years without comma."""
    if value == round(value) and abs(value) < 1e15:
        return f"{value:.0f}" if abs(value) < 1e4 else f"{value:,.0f}"
    return f"{value:,.6g}"
