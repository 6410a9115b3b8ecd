"""Claims that the levels of a label stand in an order, where each step is clear on exploration rows.

Knows the outlook on exploration rows. Must never know a sealed row, a verdict or a language model.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

import numpy as np

from ..tools.data.schema import Column
from ..tools.explore.subgroups import Target, scores
from ..tools.verify.hypothesis import GroupDifference, Hypothesis, Ranking, RateDifference
from .outlook import Outlook
from .roles import oriented

MOST = 10
MIN_LEVELS, MAX_LEVELS = 3, 8
CLEAR = 3.0
"""Standard errors between neighbouring levels."""
_MIN_GROUP = 25
_PAIRS = 80


def propose_rankings(outlook: Outlook) -> Iterator[Hypothesis]:
    """An order for each of the strongest pairs whose label has 3 to 8 levels that stand clearly apart."""
    made = 0
    for lead in outlook.leads[:_PAIRS]:
        a, b = outlook.rows.column(lead.a), outlook.rows.column(lead.b)
        outcome, label = (a, b) if outlook.focus.outcome == a.name else oriented(a, b, dict(outlook.order))
        if outlook.focus.outcome == b.name:
            outcome, label = b, a
        order = clear_order(outlook, outcome, label) if outlook.admits(outcome.name, label.name) else ()
        if not order:
            continue
        yield Ranking(outcome=outcome.name, event=_event(outcome), predictor=label.name, order=order)
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
    y, codes = scores(outlook.rows, Target(outcome.name, _event(outcome))), outlook.rows.codes(label.name)
    good = (codes >= 0) & ~np.isnan(y)
    k = len(label.levels)
    n = np.bincount(codes[good], minlength=k)
    if not MIN_LEVELS <= k <= MAX_LEVELS or n.min() < _MIN_GROUP:
        return ()
    mean = np.bincount(codes[good], weights=y[good], minlength=k) / n
    square = np.bincount(codes[good], weights=(y[good] - mean[codes[good]]) ** 2, minlength=k) / np.maximum(n - 1, 1)
    at = np.argsort(-mean, kind="stable")
    error = np.sqrt(square / n)[at]
    gap = -np.diff(mean[at])
    if (gap < CLEAR * np.sqrt(error[1:] ** 2 + error[:-1] ** 2)).any() or (gap <= 0).any():
        return ()
    return tuple(label.levels[int(i)] for i in at)


class _Drafted(Protocol):
    @property
    def hypothesis(self) -> Hypothesis: ...


T = TypeVar("T", bound=_Drafted)


def without_parts(drafts: Iterable[T]) -> list[T]:
    """The drafts without comparisons of single levels that an order of all levels among them implies."""
    drafts = list(drafts)
    ordered = {_pair(d.hypothesis) for d in drafts if isinstance(d.hypothesis, Ranking)}
    plain = (GroupDifference, RateDifference)
    return [d for d in drafts if not isinstance(d.hypothesis, plain) or _pair(d.hypothesis) not in ordered]


def _pair(h: Hypothesis) -> tuple[str, str, str | None]:
    return h.outcome, h.predictor, getattr(h, "event", None)
