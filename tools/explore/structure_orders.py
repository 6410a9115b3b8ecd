"""Columns that are in order in every row: a start and its end, a lowest and a highest, a part and what holds it.

Knows exploration rows as numbers, two columns of one type at a time, and names only to read "min" and "max" in them.
Must never know sealed rows.
"""

import re
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.rows import BoolArray, FloatArray, Rows
from .lead import Structure
from .structure_numbers import EXCEPTIONS, LEAST, Names, how_many

_MOST_COLUMNS = 80
_MOST_LINES = 8
_SAMPLE = 3_000
_BY_LUCK = 0.05
"""Share of rows that would break the order if the two columns were paired at random; with less it is no news."""
_NEAR = 0.02
"""Share of rows that come within a quarter of the usual distance of breaking the order: a bound is run up against."""
_ENDS = (
    ("min", "max"), ("minimum", "maximum"), ("low", "high"), ("lower", "upper"), ("lowest", "highest"),
    ("start", "end"), ("begin", "end"), ("from", "to"), ("first", "last"), ("open", "close"), ("opened", "closed"),
    ("admitted", "discharged"), ("birth", "death"), ("born", "died"), ("p25", "p75"), ("q1", "q3"), ("p25th", "p75th"),
)  # fmt: skip
_MOVING = {("open", "close")}
"""Ends in dates, but no lowest and highest in numbers: a price may close below where it opened."""


def orders(rows: Rows, at: NDArray, spare: Collection[str], done: Collection[Names]) -> list[Structure]:
    """Numbers or dates of which one is at least the other in 99.5% of rows, though chance would break that in 5%.

    Two columns of different size are in order anyway, and so are two that move together far apart. Hence the bound
    must be run up against, in at least 2% of rows, or stand in the names.

    Args:
        rows: Exploration rows.
        at: A sample of their positions.
        spare: Columns that say the same as another.
        done: Pairs tied by other structure.

    Returns:
        At most eight, chains of three and more in one, the columns ascending.
    """
    found: dict[tuple[str, str], int] = {}
    for kind in ("number", "datetime"):
        names = [n for n, c in rows.columns.items() if c.type == kind and not c.derived_from and n not in spare]
        for a, b in _candidates(rows, names[:_MOST_COLUMNS], at[:_SAMPLE]):
            if frozenset((a, b)) not in done:
                late, n = broken(rows, a, b)
                if n >= LEAST and late.sum() <= EXCEPTIONS * n:
                    found[a, b] = int(late.sum())
    direct = [(a, b) for a, b in found if not any((a, c) in found and (c, b) in found for c in rows.columns)]
    return [_told(rows, chain) for chain in _chains(direct)][:_MOST_LINES]


def broken(rows: Rows, low: str, high: str) -> tuple[BoolArray, int]:
    """Rows, shape (n,), in which `low` exceeds `high`, and how many rows have both values."""
    a, b = rows.number(low), rows.number(high)
    return a > b, int(np.count_nonzero(~(np.isnan(a) | np.isnan(b))))


def named_ends(low: str, high: str, kind: str) -> bool:
    """Whether two names differ by a word for the lower and a word for the upper end alone."""
    one, two = _words(low), _words(high)
    ends = [pair for pair in _ENDS if kind == "datetime" or pair not in _MOVING]
    return any(one == [a if w == b else w for w in two] and one != two for a, b in ends)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+|[pq]?\d+[a-z]*", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())


def _candidates(rows: Rows, names: Sequence[str], at: NDArray) -> Iterator[tuple[str, str]]:
    if len(names) < 2:
        return
    x = np.stack([rows.number(name)[at] for name in names])
    sorted_ = [np.sort(row[~np.isnan(row)]) for row in x]
    for i, low in enumerate(names):
        late = (x[i] > x).sum(1)
        both = (~np.isnan(x[i]) & ~np.isnan(x)).sum(1)
        for j in map(int, np.flatnonzero((late <= 2 * EXCEPTIONS * both) & (both >= LEAST))):
            if j == i or len(sorted_[i]) < LEAST or _luck(sorted_[i], sorted_[j]) < _BY_LUCK:
                continue
            kind = rows.columns[low].type
            if named_ends(low, names[j], kind) or _run_up_against(x[i], x[j], int(late[j]), kind):
                yield low, names[j]


def _luck(a: FloatArray, b: FloatArray) -> float:
    """Chance that a value drawn from `a` exceeds one drawn from `b`; both sorted."""
    return float(np.searchsorted(b, a, side="left").mean() / max(len(b), 1))


def _run_up_against(low: FloatArray, high: FloatArray, late: int, kind: str) -> bool:
    """Whether some rows come close to breaking the order, on the plain scale and, for amounts, as a ratio.

    Counts of which one is mostly far larger come close to each other where both are small: there the ratio tells.
    """
    good = ~(np.isnan(low) | np.isnan(high))
    if kind == "number":
        good &= (low != 0) | (high != 0)
    low, high = low[good], high[good]
    scales = [high - low]
    if kind == "number" and len(low) and low.min() >= 0:
        some = low > 0
        scales.append(np.log(high[some] / low[some]))
    return all(_near(apart, late, len(low)) for apart in scales)


def _near(apart: FloatArray, late: int, both: int) -> bool:
    usual = float(np.median(apart)) if len(apart) else 0.0
    near = int(((apart >= 0) & (apart <= usual / 4)).sum())
    return usual > 0 and near >= max(10, _NEAR * both, 20 * late)


def _chains(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Pairs joined where one's upper is the other's lower and neither has another partner there."""
    above = {a: [d for c, d in pairs if c == a] for a, _ in pairs}
    below = {b: [c for c, d in pairs if d == b] for _, b in pairs}

    def joins(name: str) -> bool:
        return len(above.get(name, ())) == 1 and len(below.get(name, ())) == 1

    out = []
    for a, b in pairs:
        if joins(a):
            continue  # told with the chain that leads to it
        chain = [a, b]
        while joins(chain[-1]):
            chain.append(above[chain[-1]][0])
        out.append(tuple(chain))
    return out


def _told(rows: Rows, chain: Sequence[str]) -> Structure:
    values = np.stack([rows.number(name) for name in chain])
    values = values[:, ~np.isnan(values).any(0)]
    n, exceptions = values.shape[1], int((np.diff(values, axis=0) < 0).any(0).sum())
    dates = rows.columns[chain[0]].type == "datetime"
    if len(chain) == 2:
        text = f"`{chain[0]}` {'is never after' if dates else 'never exceeds'} `{chain[1]}`"
        if exceptions:
            text = f"`{chain[0]}` {'is not after' if dates else 'does not exceed'} `{chain[1]}`"
    else:
        told = ", ".join(f"`{name}`" for name in chain[:-1])
        text = f"{told} and `{chain[-1]}` stand in ascending order"
    return Structure(
        kind="order", columns=tuple(chain), text=f"{text} {how_many(n, exceptions, rows.n)}.", exceptions=exceptions
    )
