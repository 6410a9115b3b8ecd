"""Claims on pairs that a label masks: with the label held fixed the outcome moves, over all rows it hardly does.

Knows what `masked_pairs` saw on exploration rows. Must never know a sealed row or a verdict.
"""

from collections.abc import Iterator

from ..tools.explore.masked import masked_pairs
from ..tools.verify.hypothesis import AdjustedAssociation, Hypothesis
from .outlook import Outlook
from .roles import oriented

_MOST = 6


def propose_masked(outlook: Outlook) -> Iterator[Hypothesis]:
    """An adjusted association for each of the clearest masked pairs, at most six."""
    told = 0
    for found in masked_pairs(outlook.rows):
        outcome, predictor = oriented(outlook.rows.column(found.a), outlook.rows.column(found.b), dict(outlook.order))
        if outlook.focus.outcome == predictor.name:
            outcome, predictor = predictor, outcome
        if not outlook.admits(outcome.name, predictor.name, found.within):
            continue
        told += 1
        if told > _MOST:
            return
        yield AdjustedAssociation(
            outcome=outcome.name,
            predictor=predictor.name,
            controls=(found.within,),
            direction="increasing" if found.inside > 0 else "decreasing",
        )
