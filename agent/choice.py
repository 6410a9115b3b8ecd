"""Which drafts make the batch: the most useful ones, each fact once, judged by the rows that claims speak of.

Knows drafts, their scores and exploration rows. Must never know a sealed row, a verdict, or how a score was made.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..tools.data.rows import Rows
from ..tools.verify.hypothesis import Hypothesis
from .faces import SAME, Faces, faces_of

MOST = 50
_SPENT = 0.003
"""What must be left of a draft's worth beside those chosen before it."""
_PLAIN = frozenset(
    "group_difference rate_difference mean_difference quantile_difference occurrence_difference monotone_association "
    "trend ranking".split()
)
"""Families that say no more than that the outcome differs or moves along: of one pair they are soon twins."""


class Scored(Protocol):
    """A draft with how useful it looks."""

    @property
    def hypothesis(self) -> Hypothesis:
        """The claim."""
        ...

    @property
    def score(self) -> float:
        """How useful it looks; above 0."""
        ...


T = TypeVar("T", bound=Scored)


def choose(drafts: Sequence[T], rows: Rows) -> list[T]:
    """Greedily the most useful draft, further faces of a relation counting for less; no pair is told thrice.

    Of one pair a second claim that sets nearly the same rows against each other is the first one told again.
    Two claims are faces of one relation when the rows that they contrast are nearly the same: `internet_service` is
    Fiber and `online_security` is No may share a label and still be two things to know.

    Args:
        drafts: Distinct drafts.
        rows: Exploration rows; the first 2,000 are looked at.
    """
    left = sorted(drafts, key=lambda d: (-d.score, d.hypothesis.content_id()))
    faces = faces_of([d.hypothesis for d in left], rows)
    numbers: dict[frozenset[str], int] = {}
    of_pair = (_pair(d.hypothesis) for d in left)
    pairs = np.array([numbers.setdefault(pair, len(numbers)) for pair in of_pair])
    worth = np.array([d.score for d in left])
    floor = _SPENT * worth
    taken = np.zeros(len(left), bool)
    chosen: list[T] = []
    while len(chosen) < MOST:
        free = np.where(taken | (worth < floor), -1.0, worth)
        if not len(left) or free.max() < 0:
            break
        at = int(np.argmax(free))
        twice = bool((taken & (pairs == pairs[at])).any())
        taken[at] = True
        chosen.append(left[at])
        if twice:
            worth[pairs == pairs[at]] = -1.0
        worth *= _discount(faces, at, pairs)
        worth[_twins(left, faces, at, pairs)] = -1.0
    return chosen


def _pair(h: Hypothesis) -> frozenset[str]:
    """The columns that a claim relates, those of a rule or a moderator among them.

    How large an amount is where there is any is another outcome than how often there is one.
    """
    within = [f"{h.outcome} {t.op} {t.value}" for t in h.where if t.column == h.outcome]
    rule = getattr(h, "rule", ())
    more = (*(t.column for t in rule if not isinstance(t, str)), getattr(h, "moderator", h.predictor), *h.controls)
    return frozenset((" where ".join((h.outcome, *within)), h.predictor, *more))


def _discount(faces: Faces, at: int, pairs: NDArray) -> NDArray[np.float64]:
    """What is left of every draft's worth beside the one just chosen, shape (k,)."""
    outcome, predictor = faces.outcome[at], faces.predictor[at]
    same = (outcome >= SAME) & (predictor >= SAME)
    kinds = [pairs == pairs[at], same, outcome > 0.999, predictor > 0.999]
    return np.select(kinds, [0.3, 0.7, 0.96, 0.95], 1.0)


def _twins(left: Sequence[Scored], faces: Faces, at: int, pairs: NDArray) -> NDArray[np.bool_]:
    """The drafts that say by another statistic what the one just chosen says of nearly the same rows, shape (k,)."""
    family = left[at].hypothesis.family
    other = np.array([d.hypothesis.family in _PLAIN and d.hypothesis.family != family for d in left])
    same = (faces.outcome[at] >= SAME) & (faces.predictor[at] >= SAME)
    return (pairs == pairs[at]) & same & other & (family in _PLAIN)
