"""Chains of columns that fix each other, told as one: cities fix states, which fix countries.

Knows the functions that were found, and how many values columns have. Must never know sealed rows, nor look for
relations of its own.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..data.rows import Rows
from .lead import Structure
from .structure_exceptions import unusual
from .structure_functions import coded
from .structure_numbers import how_many


def hierarchies(rows: Rows, functions: Sequence[Structure]) -> list[Structure]:
    """Functions of one column, those that follow on each other joined into one hierarchy, each used once.

    Longest chains come first. What fixes two columns that do not fix each other stays apart.

    Args:
        rows: Exploration rows.
        functions: Functions between two columns, none of which follows from two others.
    """
    left = {(s.columns[0], s.columns[1]): s for s in functions}
    out: list[Structure] = []
    while left:
        chain = max((_longest(start, list(left)) for start in dict.fromkeys(a for a, _ in left)), key=len)
        if len(chain) < 3:
            break
        for pair in pairwise(chain):
            left.pop(pair)
        out.append(_told(rows, chain))
    return [*out, *left.values()]


def _longest(start: str, pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The longest chain of pairs from a column; functions never run in a circle, for those would be copies."""
    ahead = [_longest(b, [p for p in pairs if start not in p]) for a, b in pairs if a == start]
    return (start, *max(ahead, key=len, default=()))


def _told(rows: Rows, chain: Sequence[str]) -> Structure:
    columns = [coded(rows, name) for name in chain]
    n = int(np.logical_and.reduce([c.codes >= 0 for c in columns]).sum())
    exceptions = int(np.logical_or.reduce([unusual(rows, a, b) for a, b in pairwise(chain)]).sum())
    names = ", ".join(f"`{name}`" for name in chain[:-1])
    sizes = ", ".join(f"{c.distinct:,}" for c in columns[:-1])
    text = (
        f"{names} and `{chain[-1]}` form a hierarchy ({sizes} and {columns[-1].distinct:,} values): each value of one "
        f"has one value of the next {how_many(n, exceptions, rows.n)}."
    )
    return Structure(kind="hierarchy", columns=tuple(chain), text=text, exceptions=exceptions)
