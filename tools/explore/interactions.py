"""Which effects differ between groups of rows: outcome, predictor and moderator, all at once from sums by group.

Knows exploration rows. Must never know a sealed row, nor turn what it finds into a claim: it is for choosing what to
test, on other rows. A crossing counts only where it stands out beyond both main effects after a correction for how
many were looked at.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ..data.calendar import PHASES, phase
from ..data.rows import Rows
from ..data.schema import Column
from ..value import Value
from .interaction_sums import Effects, Field, Products, Sums, board, effects, fields, products

ROWS = 6_000
"""Rows looked at, evenly spaced."""
_ERROR = 0.05
_MOST_LEVELS = 24
_SIZE = 0.16
"""Difference of effects in standard deviations from which a crossing is worth a look."""
_SAME_THING = 0.5
"""Share of a predictor's variance that the moderator may explain: beyond, a bend of the curve looks like crossing."""
_CLEAR = 3.0
_FEW = 4
_CELLS = 1 << 15
"""Effects worked out at a time, by group and pair: their dozen arrays then stay in cache."""
_STEADY = 0.75
"""Share of rows that hold their block's commonest group, from which blocks are compared and not rows."""
Cycle = Literal["hour_of_day", "day_of_week", "month_of_year"]


class Crossing(Value):
    """An effect that differs between two sides of a moderator, as exploration rows show it."""

    outcome: str
    event: str | None = None
    predictor: str
    level: str | None = None
    """The level of the predictor that is set against the others; None where its slope counts."""
    moderator: str
    a: tuple[str, ...] = ()
    b: tuple[str, ...] = ()
    """Levels of both sides; an empty `b` means every other one. Both empty: above `cut` and not."""
    cut: float | None = None
    cycle: Cycle | None = None
    difference: float
    """Effect on side a less that on side b, in standard deviations."""
    z: float
    """The same in standard errors, for ranking only."""
    contrast: Literal["turns", "one side", "both"] = "both"
    """Whether the effect clearly points the other way on side b, is clear on one side only, or on both alike."""
    predictor_levels: int = 0
    """Levels of the predictor; 0 for a number or a date."""
    moderator_levels: int = 0


class _Moderator(NamedTuple):
    """A column whose groups are compared."""

    name: str
    codes: NDArray[np.int64]
    """Group of each row, -1 where none."""
    labels: tuple[str, ...]
    cut: float | None = None
    cycle: Cycle | None = None


class Together(NamedTuple):
    """Which columns may stand together; asked once for each pair, since triples grow with the cube of the columns."""

    outcome_with: Callable[[str, str], bool]
    """Whether an outcome may stand with a predictor or a moderator."""
    predictor_with: Callable[[str, str], bool]
    """Whether a predictor may stand with a moderator."""
    asked: frozenset[str] = frozenset()
    """Columns of which one must take part, where there are any."""


def find_crossings(
    rows: Rows, columns: Sequence[Column], together: Together, outcomes: Sequence[str]
) -> list[Crossing]:
    """Triples whose effect clearly differs between sides of the moderator, the clearest first.

    Args:
        rows: Exploration rows.
        columns: Columns that may take part.
        together: Which outcomes, predictors and moderators may stand together.
        outcomes: Columns that may be outcomes.

    Returns:
        At most one crossing for an outcome (or event), a predictor's level, and a moderator.
    """
    from threadpoolctl import threadpool_limits

    sample = rows.select(np.unique(np.linspace(0, rows.n - 1, min(rows.n, ROWS)).astype(np.int64)))
    names = [c.name for c in columns]
    y = [f for name in names if name in set(outcomes) for f in fields(sample, name, as_outcome=True)]
    moving = [name for name in names if not _steady(_coded(sample, name), sample)]
    x = [f for name in moving for f in fields(sample, name, as_outcome=False)]
    if sample.n < 60 or not y or not x:
        return []
    pairs = np.array([[o.name != p.name and together.outcome_with(o.name, p.name) for p in x] for o in y])
    found: list[Crossing] = []
    looked, everything = 0, board(y, x)
    with np.errstate(all="ignore"), threadpool_limits(limits=1, user_api="blas"):
        for moderator in _moderators(sample, columns):
            if len(moderator.labels) < 2 or _steady(moderator.codes, sample):
                continue
            i, j = np.nonzero(pairs & _allowed(y, x, moderator.name, together))
            if not len(i):
                continue
            sums = products(everything, moderator.codes, len(moderator.labels), i, j)
            width = max(1, _CELLS // len(moderator.labels))
            for at in range(0, len(i), width):
                some = _Pairs(moderator, y, x, i[at : at + width], j[at : at + width])
                seen, tried = _of_pairs(some, sums, looked)
                found += seen
                looked += tried
    least = _least(looked)
    return sorted((c for c in found if abs(c.z) >= least), key=_order)


def _least(looked: int) -> float:
    """The z-value from which a crossing stands out of so many; it grows with them."""
    return -float(ndtri(_ERROR / (2 * max(looked, 1))))


def _steady(codes: NDArray, rows: Rows) -> bool:
    """Whether the groups hardly change within blocks of a series, whose levels depend on their neighbours'."""
    if not rows.serial or rows.cluster is None:
        return False
    pairs, times = np.unique(np.stack([rows.cluster, codes]), axis=1, return_counts=True)
    most = np.zeros(int(rows.cluster.max()) + 1)
    np.maximum.at(most, pairs[0], times)
    return most.sum() >= _STEADY * rows.n


def _coded(rows: Rows, name: str) -> NDArray:
    column = rows.column(name)
    return rows.ordinal(name)[0] if column.type in ("number", "datetime") else rows.codes(name)


def _order(c: Crossing) -> tuple:
    return -abs(c.z), c.outcome, c.event or "", c.predictor, c.level or "", c.moderator, c.cycle or "", c.a


def _allowed(y: Sequence[Field], x: Sequence[Field], moderator: str, together: Together) -> NDArray[np.bool_]:
    """Which outcomes and predictors may each stand with a moderator, shape (p, q)."""
    outcome = np.array([f.name != moderator and together.outcome_with(f.name, moderator) for f in y])
    predictor = np.array([f.name != moderator and together.predictor_with(f.name, moderator) for f in x])
    out = outcome[:, None] & predictor
    if together.asked and moderator not in together.asked:
        own, other = (np.array([f.name in together.asked for f in fs]) for fs in (y, x))
        out &= own[:, None] | other
    return out


def _moderators(rows: Rows, columns: Sequence[Column]) -> Iterator[_Moderator]:
    for c in columns:
        if c.type in ("boolean", "category") or (c.levels and c.type == "number" and len(c.levels) > 2):
            codes = rows.codes(c.name).astype(np.int64)
            codes[codes >= _MOST_LEVELS] = -1 if len(c.levels) > 2 * _MOST_LEVELS else _MOST_LEVELS
            labels = c.levels[: int(codes.max(initial=0)) + 1]
            yield _Moderator(c.name, codes, labels)
        elif c.type == "number":
            z = rows.number(c.name)
            known = z[~np.isnan(z)]
            if len(known):
                cut = float(np.quantile(known, 0.5, method="lower"))
                yield _Moderator(c.name, np.where(np.isnan(z), -1, np.where(z > cut, 0, 1)), ("above", "not"), cut)
        elif c.type == "datetime":
            yield from _cycles(rows, c)


def _cycles(rows: Rows, date: Column) -> Iterator[_Moderator]:
    """The hour, weekday and month of a date, where rows spread over them."""
    days = rows.number(date.name)
    known = ~np.isnan(days)
    if known.sum() < 60 or date.derived_from:
        return
    cycles: tuple[Cycle, ...] = ("hour_of_day", "day_of_week", "month_of_year")
    for cycle in cycles:
        phases = phase(days[known], cycle)
        present = np.unique(phases)
        if len(present) < 0.75 * len(PHASES[cycle]):
            continue
        codes = np.full(rows.n, -1)
        codes[known] = np.searchsorted(present, phases)
        yield _Moderator(date.name, codes, tuple(str(p) for p in present), cycle=cycle)


class _Pairs(NamedTuple):
    """Pairs of an outcome and a predictor beside one moderator."""

    moderator: _Moderator
    y: Sequence[Field]
    x: Sequence[Field]
    i: NDArray[np.int64]
    """Places of the outcomes, shape (pairs,)."""
    j: NDArray[np.int64]


def _of_pairs(p: _Pairs, products: Products, looked: int) -> tuple[list[Crossing], int]:
    """The clearest crossing of every pair with one moderator, and how many contrasts were looked at.

    `looked` is how many were before: what does not stand out of these will not stand out of more.
    """
    sums: Sums = products.of(p.i, p.j)
    each, overall = effects(sums), effects(sums.total())
    two = len(p.moderator.labels) == 2
    rest = None if two else effects(sums.without_each())
    if rest is None:
        difference, error = each.slope[:1] - each.slope[1:2], np.hypot(each.error[:1], each.error[1:2])
    else:
        difference, error = each.slope - rest.slope, np.hypot(each.error, rest.error)
    alone = sums.explained() <= _SAME_THING
    z = np.where(alone & np.isfinite(error) & (error > 0), difference / error, 0.0)
    z = np.where(np.isfinite(z), z, 0.0)
    tried = int((z != 0).sum())
    found = []
    best, most = np.abs(z).argmax(0), np.abs(z).max(0)
    for k in np.flatnonzero((most > _CLEAR) & (most >= _least(looked + tried))):
        at = int(best[k])
        sides = (each, at), (each, 1 - at) if rest is None else (rest, at)
        size = float(overall.spread_x[0, k] / overall.spread_y[0, k]), float(1 / overall.spread_y[0, k])
        crossing = _seen(p, int(k), sides, (float(difference[at, k]), float(z[at, k])), size)
        if crossing is not None:
            found.append(crossing)
    return found, tried


def _seen(
    p: _Pairs,
    k: int,
    sides: tuple[tuple[Effects, int], tuple[Effects, int]],
    told: tuple[float, float],
    scale: tuple[float, float],
) -> Crossing | None:
    """A clear crossing as it is told, or None where the effects hardly differ.

    Args:
        p: The pairs.
        k: Which of them.
        sides: Effects and group of the clearest level and of what it is set against.
        told: Their difference, and that in standard errors.
        scale: What makes a slope, and a difference of levels, one in standard deviations.
    """
    m, y, x = p.moderator, p.y[int(p.i[k])], p.x[int(p.j[k])]
    (each, at), _ = sides
    turned = _turned(each, k) if len(m.labels) > _FEW else None
    a, b = _sides(m, at) if turned is None else tuple(tuple(m.labels[g] for g in side) for side in turned[:2])
    apart = told[0] if turned is None else turned[2]
    # The error is that of one level: a set of levels was picked for its effects.
    sure = abs(told[1]) * float(np.sign(apart))
    size = apart * (scale[0] if x.level is None else scale[1])
    if not abs(size) >= _SIZE:
        return None
    contrast = "turns" if turned is not None else _contrast(*sides, k)
    return _crossing(m, y, x, a, b, size, sure).model_copy(update={"contrast": contrast})


def _contrast(one: tuple[Effects, int], two: tuple[Effects, int], k: int) -> str:
    """What both sides show by themselves."""
    ways = [float(e.slope[at, k] / e.error[at, k]) for e, at in (one, two)]
    clear = [int(w > 2) - int(w < -2) for w in ways]
    if clear[0] * clear[1] < 0:
        return "turns"
    return "both" if clear[0] * clear[1] > 0 else "one side"


def _sides(m: _Moderator, at: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if m.cut is not None:
        return (), ()
    if len(m.labels) == 2:
        return (m.labels[0],), (m.labels[1],)
    return (m.labels[at],), ()


def _turned(each: Effects, k: int) -> tuple[list[int], list[int], float] | None:
    """Levels where the effect is clearly positive against those where it is clearly negative, if there are both.

    Returns:
        Both sets of levels (the clearest four of each) and how far their effects lie apart.
    """
    slope, error = each.slope[:, k], each.error[:, k]
    sure = np.where(np.isfinite(error) & (error > 0), slope / error, 0.0)
    sides = []
    for sign in (1.0, -1.0):
        clear = np.flatnonzero(sign * sure > _CLEAR)
        if not len(clear):
            return None
        large = clear[sign * slope[clear] >= 0.5 * (sign * slope[clear]).max()]
        sides.append(sorted(large[np.argsort(-sign * sure[large], kind="stable")][:_FEW].tolist()))
    means = [float(slope[side].mean()) for side in sides]
    apart = means[0] - means[1]
    return sides[0], sides[1], apart


def _crossing(
    m: _Moderator, y: Field, x: Field, a: tuple[str, ...], b: tuple[str, ...], size: float, z: float
) -> Crossing:
    return Crossing(
        outcome=y.name, event=y.level, predictor=x.name, level=x.level, moderator=m.name, a=a, b=b, cut=m.cut,
        cycle=m.cycle, difference=size, z=z, predictor_levels=x.levels, moderator_levels=len(m.labels),
    )  # fmt: skip
