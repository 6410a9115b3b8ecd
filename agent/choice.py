"""Which drafts make the batch: the most useful ones, each fact once, judged by the rows that claims speak of.

Knows drafts, their scores and exploration rows. Must never know a sealed row, a verdict, or how a score was made.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..tools.data.rows import Rows
from ..tools.verify.hypothesis import Hypothesis
from ..tools.verify.population import condition_mask
from ..tools.verify.ranks import dense_ranks, midranks

MOST = 50
_ROWS = 2_000
_SPENT = 0.003
"""What must be left of a draft's worth beside those chosen before it."""
_SAME = 0.7
"""Absolute correlation from which two sides of a claim count as faces of one thing."""
_PLAIN = frozenset(
    "group_difference rate_difference mean_difference quantile_difference occurrence_difference monotone_association "
    "trend".split()
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


class _Faces(NamedTuple):
    """For each draft against each: how much outcomes and predictors say the same, absolute correlations."""

    outcome: NDArray[np.float64]
    predictor: NDArray[np.float64]


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
    faces = _faces([d.hypothesis for d in left], rows.select(np.arange(min(rows.n, _ROWS))))
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


def alike(hypotheses: Sequence[Hypothesis], rows: Rows) -> NDArray[np.bool_]:
    """Whether two claims are faces of one relation, shape (k, k): nearly the same outcome over nearly the same rows."""
    faces = _faces(hypotheses, rows.select(np.arange(min(rows.n, _ROWS))))
    return (faces.outcome >= _SAME) & (faces.predictor >= _SAME)


def _discount(faces: _Faces, at: int, pairs: NDArray) -> NDArray[np.float64]:
    """What is left of every draft's worth beside the one just chosen, shape (k,)."""
    outcome, predictor = faces.outcome[at], faces.predictor[at]
    same = (outcome >= _SAME) & (predictor >= _SAME)
    kinds = [pairs == pairs[at], same, outcome > 0.999, predictor > 0.999]
    return np.select(kinds, [0.3, 0.7, 0.96, 0.95], 1.0)


def _twins(left: Sequence[Scored], faces: _Faces, at: int, pairs: NDArray) -> NDArray[np.bool_]:
    """The drafts that say by another statistic what the one just chosen says of nearly the same rows, shape (k,)."""
    family = left[at].hypothesis.family
    other = np.array([d.hypothesis.family in _PLAIN and d.hypothesis.family != family for d in left])
    same = (faces.outcome[at] >= _SAME) & (faces.predictor[at] >= _SAME)
    return (pairs == pairs[at]) & same & other & (family in _PLAIN)


def _faces(hypotheses: Sequence[Hypothesis], rows: Rows) -> _Faces:
    outcome = np.array([_standard(_outcome(h, rows)) for h in hypotheses])
    predictor = np.array([_standard(_predictor(h, rows)) for h in hypotheses])
    if not len(hypotheses) or not rows.n:
        return _Faces(np.zeros((0, 0)), np.zeros((0, 0)))
    return _Faces(np.abs(outcome @ outcome.T), np.abs(predictor @ predictor.T))


def _standard(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values centred and scaled to length 1, missing ones in the middle; all zero where nothing varies."""
    known = ~np.isnan(x)
    if not known.any():
        return np.zeros(len(x))
    centred = np.where(known, x - x[known].mean(), 0.0)
    length = float(np.sqrt((centred**2).sum()))
    return centred / length if length > 0 else centred


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.full(len(x), np.nan)
    known = ~np.isnan(x)
    if known.any():
        out[known] = midranks(dense_ranks(x[known]))
    return out


def _outcome(h: Hypothesis, rows: Rows) -> NDArray[np.float64]:
    """The outcome as ranks, or as 1 and 0 where an event or one label is counted."""
    event = getattr(h, "event", None)
    if event is not None:
        return _is(rows, h.outcome, [event])
    above = getattr(h, "above", None)
    if above is not None:
        y = rows.number(h.outcome)
        return np.where(np.isnan(y), np.nan, y > above)
    own = [condition_mask(t, rows) for t in h.where if t.column == h.outcome]
    return np.where(np.all(own, axis=0), _column(rows, h.outcome), np.nan) if own else _column(rows, h.outcome)


def _predictor(h: Hypothesis, rows: Rows) -> NDArray[np.float64]:
    """The rows that a claim sets against each other: its sides as 1 and 0, its rule, or the number's ranks."""
    levels = getattr(h, "levels", None)
    if levels is not None:
        side = _is(rows, h.predictor, levels.a)
        return np.where((_is(rows, h.predictor, levels.b) == 1) | (side == 1), side, np.nan) if levels.b else side
    rule = getattr(h, "rule", None)
    if isinstance(rule, tuple):
        mask = np.ones(rows.n, bool)
        for term in rule:
            mask &= condition_mask(term, rows)
        return mask.astype(np.float64)
    return _column(rows, h.predictor)


def _is(rows: Rows, name: str, labels: Sequence[str]) -> NDArray[np.float64]:
    """1 where the column holds one of the labels, 0 where another, NaN where missing."""
    hit = rows.level_mask(name, labels).astype(np.float64)
    hit[rows.codes(name) < 0] = np.nan
    return hit


def _column(rows: Rows, name: str) -> NDArray[np.float64]:
    column = rows.column(name)
    if column.type in ("number", "datetime"):
        return _ranks(rows.number(name))
    codes = rows.codes(name).astype(np.float64)
    return np.where(codes < 0, np.nan, codes)
