"""Copies of a table in which nothing is related to anything: each column shuffled on its own.

Knows units of independence: rows, entities, stretches of time. Must never relate two columns, nor know what is tested.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas

STRETCHES = 60
"""Stretches that a series is cut into, as many as blocks of the split."""
SHORTEST = 4


def shuffled(
    table: "pandas.DataFrame",
    seed: int,
    *,
    entity: NDArray[np.int64] | None = None,
    stretch: int | None = None,
    fixed: tuple[str, ...] = (),
) -> "pandas.DataFrame":
    """A copy of the table whose columns are independent of each other.

    Rows that stand for themselves: a permutation of each column; every margin is kept exactly. Entities: column by
    column each entity gets the values of another one in a random order (again from the first where it has more rows,
    the rest dropped where fewer), so that rows of an entity stay as alike as they were, within and between. Series:
    column by column the stretches are dealt out anew and each is turned by a random amount, so that neighbours stay
    alike but no course, season or step over time is left.

    Args:
        table: The table, in the order of time for a series.
        seed: Seed of the shuffle: the same copy for the same seed.
        entity: For each row the code of its entity, 0 to k - 1, shape (n,); None where rows stand for themselves.
        stretch: Rows of one stretch of a series; None where there is none.
        fixed: Columns that stay as they are: the entity's name, the time.

    Returns:
        The copy, with the table's columns in their order; missing values are shuffled like any other.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    n = len(table)
    codes = entity if stretch is None else np.minimum(np.arange(n) // stretch, max(n // stretch - 1, 0))
    columns = {}
    for name in table.columns:
        at = np.arange(n) if name in fixed else _places(n, codes, stretch is not None, rng)
        columns[name] = table[name].array.take(at) if len(table) else table[name].array
    return pd.DataFrame(columns)


def _places(n: int, codes: NDArray | None, turned: bool, rng: np.random.Generator) -> NDArray[np.int64]:
    """For each row the row from which a column takes its value, shape (n,)."""
    if codes is None:
        return rng.permutation(n)
    size = np.bincount(codes)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    own = np.argsort(codes, kind="stable")
    place = np.empty(n, np.int64)
    place[own] = np.arange(n) - start[codes[own]]
    source = rng.permutation(len(size))[codes]
    if turned:
        place = place + rng.integers(0, size)[source]
        inside = own
    else:
        inside = np.lexsort((rng.random(n), codes))
    return inside[start[source] + place % size[source]]


def stretch_of(rows: int) -> int:
    """How many neighbouring rows make one stretch of a series."""
    return max(SHORTEST, -(-rows // STRETCHES))
