"""Claims that the levels of a label stand in an order, or that a few stand above all others, where that is clear.

Knows the outlook on exploration rows. Must never know a sealed row, a verdict or a language model.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..tools.data.schema import Column
from ..tools.explore.subgroups import Target, scores
from ..tools.verify.hypothesis import GroupDifference, Hypothesis, Ranking, RateDifference
from .outlook import Outlook
from .roles import oriented

MOST = 10
MIN_LEVELS, MAX_LEVELS = 3, 8
_TOP_OF, _MOST_OF, _TOPS = 5, 12, (2, 3)
"""Levels among which a few stand out, and how many these may be; one alone is a difference of groups."""
_OF_ROWS = 0.9
"""Share of the rows that the levels frequent enough must hold together."""
CLEAR = 3.0
"""Standard errors between neighbouring levels."""
_MIN_GROUP = 25
_PAIRS = 80


def propose_rankings(outlook: Outlook) -> Iterator[Hypothesis]:
    """For the strongest pairs an order of 3 to 8 levels that stand clearly apart, else the two or three highest."""
    made = 0
    for lead in outlook.leads[:_PAIRS]:
        a, b = outlook.rows.column(lead.a), outlook.rows.column(lead.b)
        outcome, label = (a, b) if outlook.focus.outcome == a.name else oriented(a, b, dict(outlook.order))
        if outlook.focus.outcome == b.name:
            outcome, label = b, a
        if not outlook.admits(outcome.name, label.name):
            continue
        order, top = clear_order(outlook, outcome, label), None
        if not order:
            order, top = clear_top(outlook, outcome, label)
        if not order:
            continue
        yield Ranking(outcome=outcome.name, event=_event(outcome), predictor=label.name, order=order, top=top)
        made += 1
        if made == MOST:
            return


def _event(outcome: Column) -> str | None:
    return outcome.levels[1] if outcome.type == "boolean" else None


def clear_order(outlook: Outlook, outcome: Column, label: Column) -> tuple[str, ...]:
    """The levels from the highest outcome to the lowest, empty where two neighbours are not clearly apart.

    Levels of a whole number are left to claims on rising and falling.
    """
    if label.type != "category" or outcome.type not in ("number", "boolean"):
        return ()
    count, mean, error = _levels(outlook, outcome, label)
    if not MIN_LEVELS <= len(count) <= MAX_LEVELS or count.min() < _MIN_GROUP:
        return ()
    at = np.argsort(-mean, kind="stable")
    gap, error = -np.diff(mean[at]), error[at]
    if (gap < CLEAR * np.sqrt(error[1:] ** 2 + error[:-1] ** 2)).any() or (gap <= 0).any():
        return ()
    return tuple(label.levels[int(i)] for i in at)


def clear_top(outlook: Outlook, outcome: Column, label: Column) -> tuple[tuple[str, ...], int | None]:
    """Levels from the highest outcome to the lowest, of which the first two or three stand clearly above all others.

    Nothing where none do, where rare levels hold more than a tenth of the rows, or where levels are too few or many.
    """
    if label.type != "category" or outcome.type not in ("number", "boolean"):
        return (), None
    count, mean, error = _levels(outlook, outcome, label)
    own = np.flatnonzero(count >= _MIN_GROUP)
    if not _TOP_OF <= len(own) <= _MOST_OF or count[own].sum() < _OF_ROWS * count.sum():
        return (), None
    at = own[np.argsort(-mean[own], kind="stable")]
    mean, error = mean[at], np.maximum(error[at], 1e-150)
    apart = (mean[:, None] - mean) / np.sqrt(error[:, None] ** 2 + error**2)
    clear = {k: float(apart[:k, k:].min()) for k in _TOPS if len(at) - k >= 2}
    best = max(clear, key=lambda k: (clear[k], -k))
    return (tuple(label.levels[int(i)] for i in at), best) if clear[best] >= CLEAR else ((), None)


def _levels(outlook: Outlook, outcome: Column, label: Column) -> tuple[NDArray, NDArray, NDArray]:
    """Rows, mean outcome and its standard error of each level; a level of fewer than two rows has none."""
    y, codes = scores(outlook.rows, Target(outcome.name, _event(outcome))), outlook.rows.codes(label.name)
    good = (codes >= 0) & ~np.isnan(y)
    k = len(label.levels)
    n = np.bincount(codes[good], minlength=k)
    mean = np.bincount(codes[good], weights=y[good], minlength=k) / np.maximum(n, 1)
    square = np.bincount(codes[good], weights=(y[good] - mean[codes[good]]) ** 2, minlength=k) / np.maximum(n - 1, 1)
    return n, mean, np.sqrt(square / np.maximum(n, 1))


class _Drafted(Protocol):
    @property
    def hypothesis(self) -> Hypothesis: ...


T = TypeVar("T", bound=_Drafted)


def without_parts(drafts: Iterable[T]) -> list[T]:
    """The drafts without comparisons of single levels that an order of all levels among them implies."""
    drafts = list(drafts)
    ordered = {_pair(d.hypothesis) for d in drafts if isinstance(d.hypothesis, Ranking) and d.hypothesis.top is None}
    plain = (GroupDifference, RateDifference)
    return [d for d in drafts if not isinstance(d.hypothesis, plain) or _pair(d.hypothesis) not in ordered]


def _pair(h: Hypothesis) -> tuple[str, str, str | None]:
    return h.outcome, h.predictor, getattr(h, "event", None)
