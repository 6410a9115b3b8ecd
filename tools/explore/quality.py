"""What to check in the data: the few things that someone who looks after a table would act on, most pressing first.

Knows exploration rows and the structure found on them. Must never know a sealed row, change a value, or point at
what is merely uncommon: each check has a rule that tables without that fault keep silent under.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..data.rows import BoolArray, Rows
from ..data.split import Plan
from .check import Check
from .lead import Structure
from .quality_labels import label_checks, missing_checks
from .quality_pairs import pair_checks
from .quality_rows import broken_checks, shifted, shifted_check
from .quality_time import time_checks
from .quality_values import far_out, value_checks
from .spread import how_many_rows, spread_of

LEAST = 20
"""Rows below which a reader sees the table whole."""
_KINDS = (
    "duplicates", "shifted", "order", "units", "sign", "sum", "cut_off", "stuck", "spelling", "stand_in", "outlier",
    "function", "pair", "missing",
)  # fmt: skip
_SEVERITIES = ("wrong", "doubtful", "notable")


def find_quality(rows: Rows, structure: Sequence[Structure]) -> tuple[Check, ...]:
    """Checks on exploration rows: what cannot be as it stands, then what a person should look at, then gaps.

    Args:
        rows: Exploration rows.
        structure: What follows from how the table is built, found on the same rows.
    """
    own = [name for name, column in rows.columns.items() if column.aggregate is None]
    if rows.n < LEAST or not own:
        return ()
    if len(own) < len(rows.columns):  # what was made from other tables has its faults there
        rows, structure = rows.keeping(own), [s for s in structure if set(s.columns) <= set(own)]
    with np.errstate(all="ignore"):
        found = list(_found(rows, structure))
    place = {name: k for k, name in enumerate(rows.columns)}

    def pressing(check: Check) -> tuple[int, int, int]:
        return _SEVERITIES.index(check.severity), _KINDS.index(check.kind), place[check.columns[0]]

    return tuple(sorted(found, key=pressing))


def repeated_rows(plan: Plan) -> tuple[Check, ...]:
    """The check on rows that were set aside because they repeat an earlier one, counted over the whole table."""
    if not plan.copies:
        return ()
    whole = plan.rows + plan.copies + plan.near_copies
    text = f"{how_many_rows(plan.copies)} of {whole:,} in the whole table"
    are = "repeats an earlier row exactly and was" if plan.copies == 1 else "repeat an earlier row exactly and were"
    return (
        Check(
            kind="duplicates", columns=(), rows=plan.copies, of=whole, severity="wrong",
            text=f"{text} {are} set aside.", advice="Ask whether a load ran twice.",
        ),
    )  # fmt: skip


def _found(rows: Rows, structure: Sequence[Structure]) -> Iterator[Check]:
    n, aside = rows.n, shifted(rows)
    if aside is not None:
        yield shifted_check(rows, *aside)
        rows = rows.select(~aside[0])  # so that no cell is told twice
    told: dict[str, BoolArray] = {}
    far: list[Check] = []
    for name, column in rows.columns.items():
        if column.type in ("category", "boolean"):
            yield from label_checks(rows, column, n)
        else:
            spread = spread_of(rows, name)
            checks = list(value_checks(column, spread, n))
            if checks:
                told[name] = _concerned(rows, name)
            far += [c for c in checks if c.kind == "outlier"]
            yield from (c for c in checks if c.kind != "outlier")
    yield from _together(far, told, n)
    yield from broken_checks(rows, structure, n)
    yield from pair_checks(rows, told, n)
    yield from time_checks(rows, n)
    yield from missing_checks(rows, n)


def _together(far: Sequence[Check], told: Mapping[str, BoolArray], n: int) -> Iterator[Check]:
    """Columns that are far out in the same rows told as one."""
    groups: dict[bytes, list[Check]] = {}
    for check in far:
        groups.setdefault(told[check.columns[0]].tobytes(), []).append(check)
    for group in groups.values():
        yield group[0] if len(group) == 1 else _joint(group, n)


def _joint(group: Sequence[Check], n: int) -> Check:
    names = [c.columns[0] for c in group]
    rows = group[0].rows
    some = tuple(f"{c.examples[0]}" for c in group[:3])
    first = ", ".join(f"`{name}` {value}" for name, value in zip(names, some, strict=False))
    left = len(names) - 3
    more = f" and {left:,} more column{'s' * (left > 1)}" if left > 0 else ""
    which = "1" if rows == 1 else f"the same {rows:,}"
    return group[0].model_copy(
        update={
            "columns": tuple(names), "examples": some,
            "text": f"{first}{more} are far from all others in {which} of the {n:,} explored rows.",
        }
    )  # fmt: skip


def _concerned(rows: Rows, name: str) -> BoolArray:
    """Rows that a check of one column may have pointed at: its values below zero, and those far out."""
    codes, values = rows.ordinal(name)
    odd = far_out(spread_of(rows, name))
    odd = values < 0 if odd is None else odd | (values < 0)
    return np.append(odd, False)[codes]
