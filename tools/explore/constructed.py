"""Pairs of columns that go together because of how they were computed: a sum with its mean, a duration with its end.

Knows what columns were made from, never a value. Must never know rows: what follows from the making follows on any.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

from ..data.schema import Aggregate, Column
from .lead import Lead, Structure
from .structure_functions import twins

FREE = ("mean", "share")
"""Ways of summing up whose expectation does not depend on how many rows were summed up."""

DRIVEN = ("min", "max", "first", "last", "span")
"""Ways of summing up that move with the number of rows and say little beside it."""

CLEAR = 0.01


def constructed_pairs(columns: Iterable[Column], structure: Sequence[Structure] = ()) -> frozenset[frozenset[str]]:
    """Pairs that must not be told as discoveries, whatever the rows say.

    A duration with the end it was computed from (not with its start). Of columns made from one table's rows: every
    pair but two means or shares of different columns, since counts, sums, extremes and dates all move with the number
    of rows, and means and shares of few rows are spread wider and, where the rows are skewed, lie lower. The same
    across tables of which one passes through the other. Columns of one table that several units share: each pair, as
    it rests on the rows of that table alone; and two columns of tables above the grain, which ask about other rows.

    Args:
        columns: The columns in question.
        structure: Relations found on rows; what copies a made column shares its ties.
    """
    columns = list(columns)
    pairs = {frozenset((c.name, c.derived_from[-1])) for c in columns if c.derived_from}
    made = [(c.name, c.aggregate) for c in columns if c.aggregate is not None]
    pairs |= {frozenset((a, b)) for (a, x), (b, y) in combinations(made, 2) if _tied(x, y)}
    same = twins(structure) if structure else {}
    return frozenset(
        frozenset((a, b))
        for one, other in (tuple(pair) for pair in pairs if len(pair) == 2)
        for a in same.get(one, {one})
        for b in same.get(other, {other})
        if a != b
    )


def follow_from_others(columns: Iterable[Column], leads: Iterable[Lead]) -> frozenset[frozenset[str]]:
    """Pairs of a column with an extreme, a date or a span that its lead with a count or a mean explains already.

    Who orders more often has the greater maximum, the earlier first order, the longer span and more items, whatever
    is ordered; who pays more on average has the greater minimum and maximum.

    Args:
        columns: The columns in question.
        leads: Pairs as the scan saw them; those with p up to .01 count.
    """
    made = {c.name: c.aggregate for c in columns if c.aggregate is not None}
    counts = {name: x.table for name, x in made.items() if x.how == "count"}
    clear = [x for x in leads if x.p_value <= CLEAR]
    moves = [(x.b, counts[x.a]) for x in clear if x.a in counts] + [(x.a, counts[x.b]) for x in clear if x.b in counts]
    means = {name: (x.table, x.of) for name, x in made.items() if x.how == "mean"}
    shifts = [(x.b, means[x.a]) for x in clear if x.a in means] + [(x.a, means[x.b]) for x in clear if x.b in means]
    by_mean = {
        frozenset((other, name))
        for other, source in shifts
        for name, x in made.items()
        if x.how in ("min", "max") and (x.table, x.of) == source and name != other
    }
    return frozenset(by_mean) | frozenset(
        frozenset((other, name))
        for other, table in moves
        for name, x in made.items()
        if name != other and table in x.nest and (x.how in DRIVEN or (x.how in ("count", "sum") and x.table != table))
    )


def _tied(x: Aggregate, y: Aggregate) -> bool:
    if x.shared is not None and x.shared == y.shared:
        return True
    if x.above and y.above:
        return True
    if x.how == "joined" or y.how == "joined":
        return False
    if x.table not in y.nest and y.table not in x.nest:
        return False
    if x.how in FREE and y.how in FREE:
        return (x.table, x.of, x.shared) == (y.table, y.of, y.shared)
    return True
