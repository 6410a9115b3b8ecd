"""What is known of the rows of a table that were sealed before, as values: seen, in which vault, or new.

Knows rows by their place in a table, generations of vaults and their weights. Must never know a cell or a digest.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .known_rows import Header
from .split_plan import MIN_BLOCKS, Plan

CHANGED = 0.05
"""Seen rows that are missing may be among the new ones, changed: at most so many, as a share of what is new."""
NEW_BLOCKS = MIN_BLOCKS // 2
"""Blocks of time after all known ones that make vaults of their own."""


class Place(NamedTuple):
    """A vault that nothing has opened, wherever its rows were sealed last."""

    generation: int
    origin: str
    number: int
    weight: float
    closed: bool
    """Whether it is all of a table too small to be divided, whose one list of claims was never tested."""


class Shown(NamedTuple):
    """What an answer from all rows showed of a known table, and which rows of this one that touches."""

    columns: tuple[str, ...]
    question: str
    rows: NDArray[np.bool_]


class Kin(NamedTuple):
    """What is known of the kept rows of a table, in their order."""

    rows: NDArray[np.int64]
    seen: NDArray[np.bool_]
    """Whether a row was explored, or lies in a vault that was opened."""
    place: NDArray[np.int64]
    """The vault of each row that was sealed and not seen, as an index into `places`; -1 for new rows."""
    places: tuple[Place, ...]
    """Ascending, so that of two the later generation counts."""
    first: Header
    """The record of the table that most rows are known from."""
    earlier: dict[str, int]
    """Discoveries by origin of a generation."""
    vanished: int
    """Rows that were seen and are missing here; each may have come back changed."""
    closed: bool
    """Whether that table was too small to be divided."""
    shown: tuple[Shown, ...] = ()
    views: tuple[tuple[str, ...], ...] = ()
    """The sets of columns by which it was compared."""


class Again(NamedTuple):
    """A table that was sealed as kin before: its plan and the part of each kept row, in their order."""

    plan: Plan
    kind: str
    rows: NDArray[np.int64]
    parts: NDArray[np.int64]


class Parts(NamedTuple):
    """Where every unit lies: 0 explored, n in vault n, -1 waiting."""

    parts: NDArray[np.int64]
    weights: dict[int, float]
    kind: Literal["divided", "closed", "none"]
    anew: bool
    """Whether the vaults are a generation of their own, with a budget of its own."""
    origin: str
    generation: int
    needed: int
    """New units from which they make vaults of their own."""


def first_origin(place: NDArray[np.int64], kin: Kin) -> str:
    """The generation whose unopened vaults are kept: that of most units, the table that most are known from if none."""
    count: dict[str, int] = {}
    for at in place[place >= 0].tolist():
        count[kin.places[at].origin] = count.get(kin.places[at].origin, 0) + 1
    return min(count, key=lambda o: (-count[o], o)) if count else kin.first.origin
