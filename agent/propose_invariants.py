"""Claims on rules of the data, for a batch that asks for them; never part of a batch drafted by rule.

Rules that nearly every row keeps are verified with ease, and each verified claim raises the level that error control
grants to all others of its batch: they would pay for weaker findings. So they stay out of `PROPOSERS`, and whoever
wants them commits them in a batch of their own. Knows exploration rows. Must never know a sealed row or a verdict.
"""

from collections.abc import Iterator, Sequence

from ..tools.data.rows import Rows
from ..tools.explore.invariants import RuleOfData, find_invariants
from ..tools.explore.lead import Structure
from ..tools.verify.hypothesis import Hypothesis, Invariant

TOLERANCES = (0.001, 0.002, 0.005, 0.01, 0.02)
_ROOM = 3.0
"""Times the share seen on exploration rows that is tolerated at least: a claim at what was seen fails half the time."""
_ROWS = 3.7
"""Rows, in tolerances, without which even no violation shows anything."""


def propose_invariants(rows: Rows, structure: Sequence[Structure], *, held_out: int) -> Iterator[Hypothesis]:
    """At most five rules that exploration rows keep, each at the smallest round tolerance that the vault can show.

    Args:
        rows: Exploration rows.
        structure: What follows from how the table is built.
        held_out: Rows of the vault on which they would be tested.
    """
    for rule in find_invariants(rows, structure):
        tolerance = _tolerance(rule, held_out)
        if tolerance is not None:
            yield Invariant(
                outcome=rule.outcome,
                predictor=rule.predictor,
                rule=rule.rule,
                low=rule.low,
                high=rule.high,
                mapping=rule.mapping,
                tolerance=tolerance,
            )


def _tolerance(rule: RuleOfData, held_out: int) -> float | None:
    """The smallest round tolerance with room above what was seen, or None where the vault is too small for any."""
    seen = (rule.broken + 1) / (rule.rows + 1)
    return next((t for t in TOLERANCES if t >= _ROOM * seen and t * held_out >= 2 * _ROWS), None)
