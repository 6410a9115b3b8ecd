"""Columns that name a row, one alone or two or three together, where that is more than luck.

Knows counts and codes of the learned rows. Must never relate two columns beyond whether they name rows together.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from ..data.inference_roles import ID_NAME, MERE_NUMBER
from ..data.readers_binary import quoted
from ..explore.structure_functions import Coded
from .invariants_facts import Connection, Facts, spread_of
from .invariants_formats import has_one_form
from .invariants_tolerance import ProposedRule
from .learned import Unique

_LEAST = 100
_BY_CHANCE = 10
"""Rows that luck would have to make agree before their differing counts for anything."""
_PROBE = 5_000
_MOST_TOGETHER = 12
"""Columns tried together."""
_MOST_KEYS = 2
_NAMES_KEY = re.compile(r"uuid|guid|(^|_)key($|_)", re.IGNORECASE)


def unique_columns(con: Connection, table: str, facts: Mapping[str, Facts]) -> list[str]:
    """Columns whose values all differ, where luck would not do that and a row number is not all they are."""
    return [name for at, (name, f) in enumerate(facts.items()) if _is_key(con, table, f, first=at == 0)]


def key_rules(names: Sequence[str], coded: Sequence[Coded], rows: int) -> Iterator[ProposedRule]:
    """Each single key; where there is none, up to two of pairs, or else triples, that name the row.

    Args:
        names: Columns that are keys by themselves.
        coded: The columns that may be part of a longer key.
        rows: Learned rows.
    """
    found: list[tuple[str, ...]] = [(name,) for name in names]
    if not found and rows >= _LEAST:
        parts = [c for c in coded if c.present == rows and 3 <= c.distinct <= rows / 2 and _may_be_part(c)]
        parts = sorted(parts, key=lambda c: -c.distinct)[:_MOST_TOGETHER]
        for size in (2, 3):
            if not found:
                found = [tuple(c.name for c in some) for some in combinations(parts, size) if _together(some, rows)]
    place = {c.name: at for at, c in enumerate(coded)}
    for columns in found if names else found[:_MOST_KEYS]:
        ordered = tuple(sorted(columns, key=lambda n: place.get(n, 0)))
        yield ProposedRule(rule=Unique(columns=ordered), tolerance=0.0, severity="error")


def _is_key(con: Connection, table: str, f: Facts, *, first: bool) -> bool:
    column = f.column
    if not f.unique or f.rows < _LEAST or column.derived_from or MERE_NUMBER.fullmatch(column.name):
        return False
    if column.storage == "DOUBLE" or column.type == "text":
        return False
    if ID_NAME.search(column.name) or _NAMES_KEY.search(column.name):
        return True
    if column.storage == "VARCHAR":
        return first or has_one_form(con, table, column)
    return not _lucky(f.rows, _room(con, table, f))


def _room(con: Connection, table: str, f: Facts) -> float:
    """How many values a whole number or date could take within its range."""
    spread = spread_of(con, table, f.column)
    if spread is None:
        return float("inf")
    apart = spread.high - spread.low
    if f.column.storage == "BIGINT":
        return apart + 1
    name = quoted(f.column.name)
    for unit, steps in (("day", 1), ("hour", 24), ("minute", 1440)):
        off = con.execute(f"SELECT count(*) FROM {table} WHERE date_trunc('{unit}', {name}) <> {name}")
        if not off.fetchall()[0][0]:
            return apart * steps + 1
    return float("inf")


def _lucky(n: int, room: float) -> bool:
    """Whether n draws from so many values could all differ by luck: fewer than ten collisions expected."""
    return n * n / (2 * room) < _BY_CHANCE


def _may_be_part(c: Coded) -> bool:
    return c.type in ("category", "identifier", "datetime", "number", "boolean")


def _together(some: Sequence[Coded], rows: int) -> bool:
    """Whether these columns name the row together, each of them needed."""
    room = float(np.prod([float(c.distinct) for c in some]))
    if room < rows or _lucky(rows, room):
        return False
    return _differ([c.codes[:_PROBE] for c in some]) and _differ([c.codes for c in some])


def _differ(codes: Sequence[np.ndarray]) -> bool:
    key = np.zeros(len(codes[0]), np.int64)
    for own in codes:
        key = np.unique(key, return_inverse=True)[1].astype(np.int64) * (int(own.max(initial=0)) + 1) + own
    key = np.sort(key)
    return not bool((key[1:] == key[:-1]).any())
