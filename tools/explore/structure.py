"""Relations that follow from how a table is built: keys, copies, columns that fix others, cut points.

Knows the exploration rows as codes. Must never know sealed rows, and counts nothing as a discovery: what it finds
is stated apart, and keeps the drafts from announcing that a total grows with its parts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from ..data.rows import Rows
from .lead import Structure
from .structure_exceptions import cases, unusual
from .structure_functions import (
    SAMPLE,
    SEED,
    Coded,
    Fixed,
    Names,
    calendar_parts,
    coded,
    copies,
    cut_points,
    fixed_pairs,
    told,
    twins,
    two_together,
)
from .structure_hierarchies import hierarchies
from .structure_labels import all_but_fixed, crossed, cut_together, exclusive, near_copies
from .structure_numbers import LEAST, near_duplicates, straight_lines
from .structure_orders import orders
from .structure_sums import parts, products, sums
from .structure_versions import rankings, versions

_BY_CHANCE = 10
"""Rows that luck would have to make agree before their differing counts for anything."""
_SHORT, _SHORTER = 8, 3
"""Levels up to which it is told which goes with which."""
_LOOK = 5_000
_ORDER = (
    "key", "copy", "linear", "hierarchy", "function", "crossed", "exclusive", "sum", "part", "ranks", "order",
    "near_duplicate", "version",
)  # fmt: skip


def find_structure(rows: Rows) -> tuple[Structure, ...]:
    """The relations that hold by construction in at least 99.5% of the rows that have the values.

    Keys; copies and one-to-one relabellings; columns fixed by another (countries fix continents), chains of them as
    one hierarchy, and cut points of a number; labels that are two others in one; linear functions, products and parts
    of a whole; sums, which may miss 2 %; ranks of one question; columns that are in order; near duplicates, and one
    quantity twice. Each must be more than luck on these rows: a relation that chance would break in fewer than ten rows
    is not claimed.

    Args:
        rows: Exploration rows.

    Returns:
        Structures by kind, then by the order of columns. What follows from other structures is left out.
    """
    columns = [c for c in (coded(rows, name) for name in rows.columns) if c.distinct > 1]
    if rows.n < LEAST or not columns:
        return ()
    from threadpoolctl import threadpool_limits

    # Values near the ends of floating point overflow to "no relation", which is the right answer.
    with np.errstate(all="ignore"), threadpool_limits(limits=1, user_api="blas"):
        found = _relations(rows, columns)
    place = {name: k for k, name in enumerate(rows.columns)}
    return tuple(sorted(found, key=lambda s: (_ORDER.index(s.kind), [place[c] for c in s.columns])))


def _relations(rows: Rows, columns: Sequence[Coded]) -> list[Structure]:
    """Each kind in turn, told what the earlier ones have explained."""
    at = np.random.default_rng(SEED).permutation(rows.n)[:SAMPLE]
    found = [*_keys(rows, columns, at), *straight_lines(rows, at)]
    fixed = fixed_pairs(columns, at, structural_pairs(found))
    found += copies(rows, fixed)
    found += hierarchies(rows, [_spelled(rows, s) for s in told(fixed, found)])
    found += calendar_parts(rows, columns, at, structural_pairs(found))
    found += cut_points(rows, columns, at, structural_pairs(found))
    spare = {name for s in found if s.kind in ("copy", "linear") for name in s.columns[1:]}
    found += two_together([c for c in columns if c.name not in spare], at, structural_pairs(found))
    found += sums(rows, at, spare)
    found += products(rows, at, spare, structural_pairs(found))
    found += parts(rows, at, structural_pairs(found))
    found += orders(rows, at, spare, structural_pairs(found))
    found += near_duplicates(rows, at, spare, structural_pairs(found))
    return [*found, *_one_thing_twice(rows, columns, fixed, found, at)]


def _one_thing_twice(
    rows: Rows,
    columns: Sequence[Coded],
    fixed: Mapping[tuple[str, str], Fixed],
    found: Sequence[Structure],
    at: NDArray,
) -> list[Structure]:
    """What is no new thing beside other columns, without being fixed by one of them alone."""
    spare = {name for s in found if s.kind in ("copy", "linear") for name in s.columns[1:]}
    more = [*rankings(rows), *crossed(rows, columns, fixed, spare)]
    some, own = at[:_LOOK], [c for c in columns if c.name not in spare]
    more += exclusive(rows, own, structural_pairs([*found, *more]))
    more += near_copies(own, some, structural_pairs([*found, *more]))
    more += cut_together(own, at, rows, structural_pairs([*found, *more]))
    more += all_but_fixed(rows, own, some, structural_pairs([*found, *more]))
    more += versions(rows, some, spare, structural_pairs([*found, *more]), found)
    return more


def _spelled(rows: Rows, s: Structure) -> Structure:
    """A function between short lists of labels with its values told: A goes with admitted, B and C with rejected."""
    a, b = (rows.columns[name] for name in s.columns)
    short = len(a.levels) <= _SHORT and 2 <= len(b.levels) <= _SHORTER
    if s.exceptions:
        return s.model_copy(update={"text": f"{s.text}{_otherwise(rows, a.name, b.name)}"})
    if not short or {a.type, b.type} - {"category", "boolean"}:
        return s
    x, y = rows.codes(a.name), rows.codes(b.name)
    good = (x >= 0) & (y >= 0)
    table = np.bincount(x[good] * len(b.levels) + y[good], minlength=len(a.levels) * len(b.levels))
    table = table.reshape(len(a.levels), len(b.levels))
    goes = [[a.levels[i] for i in np.flatnonzero(table.any(1) & (table.argmax(1) == j))] for j in range(len(b.levels))]
    each = [f"{_and(own)} {'goes' if len(own) == 1 else 'go'} with {b.levels[j]}" for j, own in enumerate(goes) if own]
    return s.model_copy(update={"text": f"{s.text} {'; '.join(each)}."})


def _otherwise(rows: Rows, a: str, b: str) -> str:
    """The cases that break a mapping, at most three."""
    return f" Exceptions: {'; '.join(cases(rows, a, b, unusual(rows, a, b)))}."


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def structural_pairs(structures: Iterable[Structure]) -> frozenset[Names]:
    """Pairs of columns that the structures tie together, so that they must not be drafted as discoveries.

    A pair that follows from others counts too: a copy shares the ties of its original, and where a column fixes
    another that fixes a third, the first is tied to the third. Two totals that share a part are tied. Keys tie
    nothing, nor do parts of one sum; columns that are in order may still move together or not.
    """
    structures = list(structures)
    reach: dict[str, set[str]] = defaultdict(set)
    for s in structures:
        if s.kind in ("copy", "linear", "function") and len(s.columns) == 2:
            reach[s.columns[0]].add(s.columns[1])
        if s.kind == "hierarchy":
            for a, b in pairwise(s.columns):
                reach[a].add(b)
        if s.kind in ("copy", "linear"):
            reach[s.columns[1]].add(s.columns[0])
    pairs = {frozenset((a, b)) for a in list(reach) for b in _reachable(a, reach) if a != b}
    same = twins(structures)
    tied = [pair for s in structures for pair in _tied(s)]
    for one, other in [*tied, *_totals(structures)]:
        if one != other:
            pairs |= {frozenset((a, b)) for a in same.get(one, {one}) for b in same.get(other, {other}) if a != b}
    return frozenset(pairs)


def _totals(structures: Iterable[Structure]) -> Iterator[tuple[str, str]]:
    """Pairs of totals with a part in common: they grow together whatever the rest does."""
    holds: dict[str, list[str]] = defaultdict(list)
    for s in structures:
        if s.kind in ("sum", "part"):
            for part in s.columns[:-1]:
                holds[part].append(s.columns[-1])
    for wholes in holds.values():
        yield from combinations(sorted(set(wholes)), 2)


def _tied(s: Structure) -> list[tuple[str, str]]:
    """The pairs that one structure ties by itself: each part with the whole, near duplicates with each other."""
    if s.kind in ("key", "order", "hierarchy"):
        return []
    if s.kind in ("near_duplicate", "ranks", "version", "exclusive"):
        return list(combinations(s.columns, 2))
    return [(part, s.columns[-1]) for part in s.columns[:-1]]


def _reachable(start: str, reach: dict[str, set[str]]) -> set[str]:
    seen, todo = {start}, [start]
    while todo:
        for name in reach.get(todo.pop(), ()):
            if name not in seen:
                seen.add(name)
                todo.append(name)
    return seen


# Keys


def _keys(rows: Rows, columns: Sequence[Coded], at: NDArray) -> Iterator[Structure]:
    """Columns, else pairs of columns, of which no two rows have the same values."""
    full = [c for c in columns if c.present == rows.n]
    single = [c for c in full if c.distinct == rows.n and _lucky(rows.n, _room(rows, c)) is False]
    for c in single:
        yield Structure(
            kind="key", columns=(c.name,), text=f"`{c.name}` is different in all {rows.n:,} rows: it names the row."
        )
    if single:
        return
    room = {c.name: _room(rows, c) for c in full if 2 * c.distinct <= rows.n}
    for a, b in combinations([c for c in full if c.name in room and c.distinct >= 3], 2):
        if a.distinct * b.distinct < rows.n or _lucky(rows.n, room[a.name] * room[b.name]):
            continue
        if _unique(a, b, at) and _unique(a, b, np.arange(rows.n)):
            text = f"`{a.name}` and `{b.name}` together are different in all {rows.n:,} rows: they name the row."
            yield Structure(kind="key", columns=(a.name, b.name), text=text)


def _room(rows: Rows, c: Coded) -> float:
    """How many values the column could take within its range; without end for fractions."""
    if c.type in ("category", "boolean"):
        return c.distinct
    values = rows.ordinal(c.name)[1]
    if c.type == "number":
        return float(values[-1] - values[0] + 1) if rows.columns[c.name].integer else float("inf")
    for unit in (1.0, 1 / 24, 1 / 1440):
        steps = values / unit
        if np.abs(steps - np.round(steps)).max() < 1e-6:
            return float(steps[-1] - steps[0] + 1)
    return float("inf")


def _lucky(n: int, room: float) -> bool:
    """Whether n draws from so many values could all differ by luck: fewer than ten collisions expected."""
    return n * n / (2 * room) < _BY_CHANCE


def _unique(a: Coded, b: Coded, at: NDArray) -> bool:
    key = np.sort(a.codes[at].astype(np.int64) * (int(b.codes.max()) + 1) + b.codes[at])
    return not bool((key[1:] == key[:-1]).any())
