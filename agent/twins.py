"""One fact, one claim: columns and levels that say the same thing in other words.

Knows structures and which rows a level selects. Must never know effects, p-values or sealed rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

from ..tools.data.durations import reads_like_end
from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.explore.lead import Structure
from ..tools.value import digest
from ..tools.verify.hypothesis import (
    GroupDifference,
    Hypothesis,
    MeanDifference,
    OccurrenceDifference,
    QuantileDifference,
    RateDifference,
    RateRatio,
)

_CONTRASTS = (
    GroupDifference,
    RateDifference,
    MeanDifference,
    QuantileDifference,
    OccurrenceDifference,
    RateRatio,
)


class Telling(Protocol):
    """Whatever holds a claim, such as a draft."""

    @property
    def hypothesis(self) -> Hypothesis:
        """The claim."""
        ...


T = TypeVar("T", bound=Telling)
_PHRASE = 20
"""Letters of a mean level from which a label is spelt in phrases."""


def spare_columns(structure: Sequence[Structure], rows: Rows, asked: Collection[str | None]) -> frozenset[str]:
    """Columns that repeat others (copies, relabellings, near duplicates of the same type, two labels in one).

    The one that the user asked about stands for the others, else the most complete, else the first in the table.
    """
    order = {name: at for at, name in enumerate(rows.columns)}
    spare = {s.columns[-1] for s in structure if s.kind == "crossed"} - set(asked)
    for s in structure:
        if s.kind not in ("copy", "linear", "near_duplicate"):
            continue
        names = [n for n in s.columns if n in order]
        if s.kind == "near_duplicate" and len({rows.column(n).type for n in names}) > 1:
            continue  # a figure that grows with the date is not the date
        ranked = sorted(
            names,
            key=lambda n: (n not in asked, _is_late(n, rows), rows.column(n).missing, _wordy(rows.column(n)), order[n]),
        )
        if ranked and ranked[0] not in spare:
            spare.update(n for n in ranked[1:] if n not in asked)
    return frozenset(spare)


def kin(structure: Sequence[Structure], columns: Mapping[str, Column]) -> dict[str, str]:
    """For each column that repeats another's quantity (copies, near duplicates, versions) the first of its kin."""
    groups = [s.columns for s in structure if s.kind in ("copy", "linear", "near_duplicate", "version")]
    return _first_of(g for g in groups if len({columns[n].type for n in g if n in columns}) == 1)


def of_one_kin(structure: Sequence[Structure], columns: Mapping[str, Column]) -> dict[str, str]:
    """The same with columns that one other column fixes: the hour and the clock time that it is read from."""
    repeats = [s.columns for s in structure if s.kind in ("copy", "linear", "near_duplicate", "version", "hierarchy")]
    fixed = [s.columns for s in structure if s.kind == "function" and len(s.columns) == 2]
    return _first_of([*repeats, *fixed])


def _first_of(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Each column's group, called by its first column; groups with a column in common are one."""
    first: dict[str, str] = {}
    for group in groups:
        known = sorted({first[n] for n in group if n in first})
        head = known[0] if known else group[0]
        first = {n: head if of in known else of for n, of in first.items()} | dict.fromkeys(group, head)
    return first


def made_of_others(structure: Sequence[Structure]) -> frozenset[str]:
    """Columns that two others make together: a product, a label that follows from two, two labels in one."""
    return frozenset(s.columns[-1] for s in structure if s.kind in ("function", "crossed") and len(s.columns) > 2)


def _wordy(column: Column) -> bool:
    """Whether the levels are whole phrases, of which a shorter relabelling is easier to read."""
    return bool(column.levels) and sum(map(len, column.levels)) > _PHRASE * len(column.levels)


def _is_late(name: str, rows: Rows) -> bool:
    """Whether a date is that of an end or an update: its start says the same and was known earlier."""
    late = reads_like_end(name) or "updat" in name.lower() or "modif" in name.lower()
    return late and rows.column(name).type == "datetime"


def without_twins(drafts: Sequence[T], rows: Rows) -> list[T]:
    """The drafts without those that select the same rows and the same event as another, the plainest kept.

    `internet_service` is No and `online_backup` is No internet service are one fact: the shorter label stands.
    """
    kept: dict[str, T] = {}
    for draft in sorted(drafts, key=lambda d: (*_wordiness(d.hypothesis, rows), d.hypothesis.content_id())):
        kept.setdefault(_signature(draft.hypothesis, rows), draft)
    return list(kept.values())


def _wordiness(h: Hypothesis, rows: Rows) -> tuple[int, int]:
    """A column of two levels says it most plainly, then the shorter labels."""
    if not isinstance(h, _CONTRASTS):
        return 0, 0
    words = [*h.levels.a, *h.levels.b, getattr(h, "event", None) or ""]
    return len(rows.column(h.predictor).levels), sum(len(w) for w in words)


def _signature(h: Hypothesis, rows: Rows) -> str:
    """What a claim is about, by rows and not by names; claims without levels are told apart by their id."""
    if not isinstance(h, _CONTRASTS):
        return h.content_id()
    levels = h.levels
    a = rows.level_mask(h.predictor, levels.a)
    b = rows.level_mask(h.predictor, levels.b) if levels.b else (rows.codes(h.predictor) >= 0) & ~a
    event = getattr(h, "event", None)
    outcome = h.outcome if event is None else _mask_id(rows.level_mask(h.outcome, [event]))
    sides = sorted([_mask_id(a), _mask_id(b)])
    own = [str(getattr(h, field, "")) for field in ("quantile", "above", "exposure", "where")]
    return f"{h.family} {outcome} {sides[0]} {sides[1]} {' '.join(own)}"


def _mask_id(mask: np.ndarray) -> str:
    return digest(np.packbits(mask).tobytes().hex())[:16]
