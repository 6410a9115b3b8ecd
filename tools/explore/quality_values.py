"""What to check in one column of numbers or dates: stand-ins, wrong signs, mixed units, values far from all others.

Knows one column of the exploration rows and its name. Must never know another column or a sealed row, and never
calls a long tail an error: what it points at lies apart from the rest on the scale on which that spreads evenly.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.schema import Column
from .check import Check, within
from .spread import Spread, figure, shown

LEAST = 50
"""Values below which nothing is called far out: the few there are cannot show how far the rest reach."""
_SENTINELS = (-99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999, 9999999)
_DATE_SENTINELS = (-25567.0, 0.0, 2932896.0)
"""1900-01-01, 1970-01-01 and 9999-12-31, in days since 1970-01-01."""
_FEW = 0.005
"""Share of the values up to which they count as far out; beyond it they are a tail or a group of their own."""
_APART, _APART_MORE = 1.0, 50.0
"""Gap before a value that is far out, in distances from the median to the last value before the gap; and how many
rows' worth of it is added where there are few, for then the last value before the gap lies close by luck."""
_DISTINCT = 4
"""Values that the rest must take to show how far it reaches."""
_GAP = 0.3
_FACTORS = (1000.0, 100.0)
_MIXED = (0.002, 0.3)
_DECADES = 10.0
"""Rows beyond a gap times its width in powers of ten: 10 leave ten to the minus 10 to a tail that falls as 1/x."""
_NEGATIVE = 0.01
_MIRRORED = 0.3
_AMOUNT = re.compile(
    r"(^|_)(age|price|cost|amount|weight|height|length|width|count|qty|quantity|salary|income|distance|duration|fare|"
    r"units?|pieces|items|population|area|volume|number)(_|$)"
)
_SIGNED = re.compile(
    r"change|diff|delta|net|balance|return|profit|loss|growth|log|score|index|adjust|refund|margin|error"
)
"""Words of names whose amounts go both ways."""


def value_checks(column: Column, spread: Spread, n: int) -> Iterator[Check]:
    """At most three checks of a number or a date, each kind once.

    Args:
        column: The column.
        spread: Its values on the exploration rows.
        n: Exploration rows.
    """
    if spread.n < 20 or len(spread.values) < _DISTINCT:
        return
    odd = stand_in(spread, column.type)
    if odd is not None:
        yield _stand_in(column, spread, odd, n)
        spread = spread.only(np.arange(len(spread.values)) != odd)
    if column.derived_from:
        return  # told of its two dates
    if column.type == "number":
        mixed = mixed_units(spread)
        if mixed is not None:
            yield _units(column, spread, mixed, n)
            return
        if _wrong_sign(column.name, spread):
            yield _sign(column, spread, n)
            spread = spread.only(spread.values >= 0)
    yield from _outliers(column, spread, n)


def _stand_in(column: Column, spread: Spread, at: int, n: int) -> Check:
    (value,), count = shown(spread.values[[at]], column.type), int(spread.counts[at])
    return Check(
        kind="stand_in", columns=(column.name,), rows=count, of=spread.n, examples=(value,), severity="doubtful",
        text=f"`{column.name}` is {value} {within(count, n)}, far from all others.",
        advice="It may stand for a missing value: if so, leave it empty.",
    )  # fmt: skip


def stand_in(spread: Spread, kind: str = "number") -> int | None:
    """Position of a stand-in for "no value" at an end of the range, far from its neighbour: 999, -9999, a lone -1."""
    values, counts = spread.values, spread.counts
    if len(values) < 4:
        return None
    known = _DATE_SENTINELS if kind == "datetime" else _SENTINELS
    for end, near, rest in ((0, 1, values[1:]), (len(values) - 1, -2, values[:-1])):
        gap, width = abs(values[end] / 2 - values[near] / 2), rest[-1] / 2 - rest[0] / 2
        if values[end] in known and gap > 0.5 * width:
            return end
    lone = kind == "number" and values[0] == -1 and values[1] >= 0 and len(values) > 10
    return 0 if lone and counts[0] >= max(5, 0.01 * spread.n) else None


# Values a power of ten off


class Mixed(NamedTuple):
    """Values that lie a factor from the rest."""

    odd: NDArray[np.bool_]
    factor: float
    above: bool


def mixed_units(spread: Spread) -> Mixed | None:
    """Values apart from the rest by a gap, of which a hundredth or thousandth would lie among the rest, or likewise up.

    The two parts must spread alike on a logarithmic scale, as one quantity in two units does.
    """
    if spread.n < LEAST or not spread.values[0] > 0:
        return None
    logs = Spread(np.log10(spread.values), spread.counts, spread.n)
    gaps = np.diff(logs.values)
    at = int(np.argmax(gaps))
    below = int(spread.counts[: at + 1].sum())
    few, above = min(below, spread.n - below), below > spread.n - below
    if few < max(8, _MIXED[0] * spread.n) or few > _MIXED[1] * spread.n or few * gaps[at] < _DECADES:
        return None
    high = np.arange(len(gaps) + 1) > at
    upper, lower = logs.only(high), logs.only(~high)
    apart = upper.quantile(0.5) - lower.quantile(0.5)
    width = [part.quantile(0.75) - part.quantile(0.25) for part in (upper, lower)]
    if min(width) <= 0 or max(width) > 2.5 * min(width):
        return None
    for factor in _FACTORS:
        if abs(apart - np.log10(factor)) <= max(0.06, 2.5 * max(width) / few**0.5) and gaps[at] >= _GAP:
            return Mixed(high if above else ~high, factor, above)
    return None


def _units(column: Column, spread: Spread, mixed: Mixed, n: int) -> Check:
    odd, rest = spread.only(mixed.odd), spread.only(~mixed.odd)
    ends, others = shown(odd.values[[0, -1]], "number"), shown(rest.values[[0, -1]], "number")
    size = f"some {figure(mixed.factor)} times {'larger' if mixed.above else 'smaller'} than in the rest"
    return Check(
        kind="units", columns=(column.name,), rows=odd.n, of=spread.n, examples=ends, severity="wrong",
        text=f"`{column.name}` is {size} {within(odd.n, n)} ({ends[0]} to {ends[1]} against {others[0]} to "
        f"{others[1]}).",
        advice="Two units may be mixed: convert these rows, or ask which unit they are in.",
    )  # fmt: skip


# Signs


def _wrong_sign(name: str, spread: Spread) -> bool:
    """Whether the few negative values are no tail that crosses zero: as large as the others, or no amount has them."""
    below = spread.values < 0
    few = spread.only(below)
    if not few.n or few.n > max(1, _NEGATIVE * spread.n) or spread.n < LEAST:
        return False
    rest = spread.only(~below)
    said = _snake(name)
    if _AMOUNT.search(said) and not _SIGNED.search(said):
        return True
    return (
        few.n >= 2
        and -few.quantile(0.5) >= _MIRRORED * rest.quantile(0.5) > 0
        and _bounded(rest, float(few.values[-1]))
    )


def _bounded(rest: Spread, negative: float) -> bool:
    """Whether the values other than negative ones pile up towards zero, as amounts do, or stop well short of it.

    Where they stop short, none may lie as far above their median as the negative ones lie below it.
    """
    q25, q50, q75 = (rest.quantile(q) for q in (0.25, 0.5, 0.75))
    short = rest.values[0] >= 0.3 * q50 and rest.values[-1] < 2 * q50 - negative
    return bool(short or q75 - q50 > 1.4 * (q50 - q25))


def _snake(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def _sign(column: Column, spread: Spread, n: int) -> Check:
    odd = spread.only(spread.values < 0)
    some = shown(odd.values[:3], "number")
    (least,) = shown(spread.values[spread.values >= 0][:1], "number")
    return Check(
        kind="sign", columns=(column.name,), rows=odd.n, of=spread.n, examples=some, severity="wrong",
        text=f"`{column.name}` is negative {within(odd.n, n)} ({', '.join(some)}); all others are at least {least}.",
        advice="Check the sign, or leave these cells empty.",
    )  # fmt: skip


# Far from all others


def _outliers(column: Column, spread: Spread, n: int) -> Iterator[Check]:
    odd = far_out(spread)
    if odd is None:
        return
    far, rest = spread.only(odd), spread.only(~odd)
    middle = rest.quantile(0.5)
    order = np.argsort(-np.abs(far.values / 2 - middle / 2), kind="stable")[:3]
    some, ends = shown(far.values[order], column.type), shown(rest.values[[0, -1]], column.type)
    told = ("such as " if len(far.values) > 3 else "") + ", ".join(some)
    yield Check(
        kind="outlier", columns=(column.name,), rows=far.n, of=spread.n, examples=some, severity="doubtful",
        text=f"`{column.name}` is far from all others {within(far.n, n)} ({told}; the rest lie between {ends[0]} and "
        f"{ends[1]}).",
        advice="Check these cells against their source; means and slopes lean on them.",
    )  # fmt: skip


def far_out(spread: Spread) -> NDArray[np.bool_] | None:
    """Values that lie apart: beyond a gap as wide as the way from the median to the last value before it.

    Wide on the plain scale and on the one that straightens a tail: logarithms where no value is negative, else the
    inverse hyperbolic sine of distances in quartile ranges. Most of a column that is mostly one value is left aside.
    """
    values, counts = spread.values, spread.counts
    most = int(np.argmax(counts)) if len(counts) else 0
    usual = np.ones(len(values), bool)
    if len(values) and counts[most] > 0.5 * spread.n:
        usual[most] = False
    if values.size and values[0] >= 0:
        usual &= values > 0
    core = spread.only(usual)
    if core.n < LEAST or len(core.values) <= _DISTINCT or not np.isfinite(core.values[-1] - core.values[0]):
        return None
    low, high = _apart(core)
    found = np.zeros(len(core.values), bool)
    found[:low], found[high:] = True, True
    if not found.any() or (~found).sum() < _DISTINCT:
        return None
    odd = np.zeros(len(values), bool)
    odd[usual] = found
    return odd


def _apart(core: Spread) -> tuple[int, int]:
    """How many values lie apart at the low end, and from which position on they do at the high end."""
    middle = core.quantile(0.5)
    if core.values[0] > 0:
        straight, centre = np.log(core.values), float(np.log(middle))
    else:
        unit = (core.quantile(0.75) - core.quantile(0.25)) or float(np.abs(core.values - middle).max()) or 1.0
        straight, centre = np.arcsinh((core.values - middle) / unit), 0.0
    sides, times = [], _APART + _APART_MORE / core.n
    for sign in (-1.0, 1.0):
        turn = slice(None, None, -int(sign))  # from the end inwards
        outside = np.cumsum(core.counts[turn])
        few = int(np.searchsorted(outside, max(1.0, _FEW * core.n), side="right"))
        wide = [
            _gaps(sign * u[turn][: few + 1], sign * c, times) for u, c in ((core.values, middle), (straight, centre))
        ]
        at = np.flatnonzero(wide[0] & wide[1])
        sides.append(int(at[-1]) + 1 if len(at) else 0)
    return sides[0], len(core.values) - sides[1]


def _gaps(u: NDArray, centre: float, times: float) -> NDArray[np.bool_]:
    """Before which of these descending values a gap lies that is `times` as wide as the way on to the centre."""
    way = u[1:] - centre
    return (way > 0) & (u[:-1] - u[1:] >= times * way)
