"""The cases that every family of hypotheses is held to: one file a family, and the tables in which nothing is there.

A case file is named after its family and holds

    HYPOTHESIS   a claim on the standard columns of `tables.py`
    PICTURE      the kind its picture must have
    planted      (rng, n, strength) -> Rows: at strength 0 the claim's null, at 1 clearly true with 400 rows
    NOT_FOR      null table by name -> why the family refuses it or cannot handle it; printed in docs/methods.md
    EXEMPT       part of the contract -> why it makes no sense for this family (optional)
    null         (rng, name) -> Rows, where the standard null tables do not express this family's null (optional)

A claim that holds only if several comparisons all hold is rejected least where none of them does: its `null` must
stand at the edge, with every comparison true but one.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.base import Family
from heldout.tools.verify.hypothesis import Hypothesis

from . import tables

NOT_CASES = {"changes", "tables"}


class Case(NamedTuple):
    """One family with its claim and its tables."""

    family: Family
    hypothesis: Hypothesis
    picture: str
    planted: Callable[[np.random.Generator, int, float], Rows]
    null: Callable[[np.random.Generator, str], Rows]
    not_for: Mapping[str, str]
    exempt: Mapping[str, str]


def _found() -> dict[str, Case]:
    """The case of each family by name, in the order of their files."""
    out = {}
    for name in (m.name for m in iter_modules(__path__) if m.name not in NOT_CASES):
        module = import_module(f"{__name__}.{name}")
        h = module.HYPOTHESIS

        def null(rng: np.random.Generator, generator: str, h: Hypothesis = h) -> Rows:
            return tables.null_rows(generator, rng, h.columns)

        out[name] = Case(
            FAMILIES[h.family], h, module.PICTURE, module.planted, getattr(module, "null", null),
            module.NOT_FOR, getattr(module, "EXEMPT", {}),
        )  # fmt: skip
    return out


CASES: dict[str, Case] = _found()
