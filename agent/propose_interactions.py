"""From crossings seen on exploration rows to claims that an effect differs between two sides of a moderator.

Knows the outlook of a drafter. Must never know a sealed row, a verdict or a language model.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache

from ..tools.data.schema import Column
from ..tools.explore.interactions import Crossing, find_crossings
from ..tools.explore.lead import size
from ..tools.verify.hypothesis import Contrast, Hypothesis, Interaction
from .outlook import Outlook
from .roles import oriented, outcome_reading

_MOST = 14
_PER_OUTCOME = 4
_PER_PAIR = 2
_READS_LIKE_OUTCOME = 1.0
_CERTAIN = 10.0
_TIED = 0.5
"""How strongly predictor and moderator may go together: beyond it one column's effect is the other's, told twice."""
_WORTH = {"turns": 2.0, "one side": 1.5, "both": 0.7}
"""An effect that turns round is worth more than one that is merely larger on one side."""


def propose_interactions(outlook: Outlook) -> Iterator[Hypothesis]:
    """The clearest crossings, at most four an outcome and two a pair, each told one way round."""
    columns = outlook.columns()
    by_name = {c.name: c for c in columns}
    order = outlook.order

    tied = {frozenset((x.a, x.b)) for x in outlook.leads if size(x) >= _TIED}
    places = dict(order)

    @cache
    def reads_on(outcome: str, other: str) -> bool:
        return oriented(by_name[outcome], by_name[other], places)[0].name == outcome

    def admits(outcome: str, predictor: str, moderator: str) -> bool:
        follows = frozenset((predictor, moderator)) in outlook.barred | tied and by_name[moderator].type != "datetime"
        if follows or not outlook.admits(outcome, predictor, moderator):
            return False
        if outlook.focus.outcome == outcome:
            return True
        return reads_on(outcome, predictor) and reads_on(outcome, moderator)

    last = max(len(order) - 1, 1)
    outcomes = [
        c.name
        for c in columns
        if c.name == outlook.focus.outcome
        or (outcome_reading(c, order[c.name] / last) >= _READS_LIKE_OUTCOME and c.type != "datetime")
    ]
    crossings = find_crossings(outlook.rows, columns, admits, outcomes)
    for crossing in _few(crossings):
        yield _claim(crossing, by_name[crossing.predictor])


def _few(crossings: list[Crossing]) -> Iterator[Crossing]:
    told: set[frozenset[str]] = set()
    outcomes: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    kept = 0
    for c in sorted(crossings, key=lambda c: (-_worth(c), _backwards(c))):
        triple = frozenset((c.outcome, c.predictor, c.moderator))
        sides = [(c.outcome, c.predictor), (c.outcome, c.moderator)]
        if triple in told or outcomes[c.outcome] >= _PER_OUTCOME or any(pairs[s] >= _PER_PAIR for s in sides):
            continue
        best = min((o for o in crossings if _triple(o) == triple), key=lambda o: (_backwards(o), -_worth(o)))
        told.add(triple)
        outcomes[c.outcome] += 1
        pairs.update(sides)
        kept += 1
        yield best
        if kept == _MOST:
            return


def _worth(c: Crossing) -> float:
    return min(abs(c.z), _CERTAIN) * _WORTH[c.contrast] * min(1.0, abs(c.difference))


def _triple(c: Crossing) -> frozenset[str]:
    return frozenset((c.outcome, c.predictor, c.moderator))


def _backwards(c: Crossing) -> tuple[int, int]:
    """How far a crossing is from the way it is best told: over a number or date first, then by fewer levels.

    A phase of the calendar is always the side, never the effect; a number that was cut at its middle is told as a
    slope instead where the other column is a label.
    """
    return int(c.cut is not None), c.predictor_levels


def _claim(c: Crossing, predictor: Column) -> Hypothesis:
    other = tuple(v for v in predictor.levels if v != c.level) if len(predictor.levels) == 2 else ()
    sides = Contrast(a=c.a, b=c.b) if c.cut is None else None
    return Interaction(
        outcome=c.outcome,
        event=c.event,
        predictor=c.predictor,
        levels=None if c.level is None else Contrast(a=(c.level,), b=other),
        moderator=c.moderator,
        moderator_levels=sides,
        moderator_cut=c.cut,
        moderator_cycle=c.cycle,
        direction="higher" if c.difference > 0 else "lower",
    )
