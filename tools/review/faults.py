"""What went wrong on the way: the twelve kinds of broken deliveries, named with rows and counts.

Knows the order in which diagnoses are made, and that a column whose damage is explained is not diagnosed again. Must
never know a verdict on a claim, or read a difference as a fault where the data may simply have changed: each diagnosis
names one way of being damaged that undoes the difference, or says nothing.
"""

from collections.abc import Callable, Iterator

import numpy as np

from .checked import Fault
from .delivery import Delivery
from .faults_case import Case, Said, explained
from .faults_columns import moved_cells
from .faults_dates import turned_dates
from .faults_encoding import damaged
from .faults_labels import renamed
from .faults_parts import missing_parts, truncated
from .faults_rows import repeated
from .faults_stuck import stuck
from .faults_swapped import swapped
from .faults_time import shifted_hours
from .faults_types import signs, types
from .faults_units import units
from .learned import LearnedClaims
from .sketch import Sketch

_STEPS: tuple[Callable[[Case], Iterator[Said]], ...] = (
    truncated, repeated, moved_cells, types, turned_dates, damaged, stuck, renamed, shifted_hours, units,
    signs, swapped, missing_parts,
)  # fmt: skip
"""Rows first, then cells that stand in the wrong place or do not read, then what cells say: each step leaves out the
columns that an earlier one explained."""


def find_faults(delivery: Delivery, base: Sketch, new: Sketch, claims: LearnedClaims) -> tuple[Fault, ...]:
    """What is damaged in a delivery, in the order in which it is to be mended.

    Args:
        delivery: The opened delivery. Missing cells are left out of every count but that of rows.
        base: Sketch of the rows that the claims were learned from.
        new: Sketch of the delivery, with the bins and levels of `base`.
        claims: Learned columns, keys and rules.

    Returns:
        At most one fault for a kind and a column; none for an empty delivery.
    """
    if not delivery.rows or not base.rows:
        return ()
    case = Case(delivery, base, new, claims)
    found: dict[str, Fault] = {}
    with np.errstate(all="ignore"):
        for step in _STEPS:
            for said in step(case):
                if not explained(case, said):
                    fault = said.fault(delivery.rows)
                    found.setdefault(fault.id, fault)
    return tuple(found.values())
