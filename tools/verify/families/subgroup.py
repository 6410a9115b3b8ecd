"""Where a frozen rule of at most three conditions holds, the outcome is higher or lower than in the rest.

Knows its claims; the tests are those of group and rate differences. Must never know multiplicity, the ledger, or on
which side of the seal its rows lie.
"""

from ...data.rows import Rows
from ...errors import HypothesisError
from ..evidence import Evidence, Picture
from ..hypothesis import FamilyName, Hypothesis, Subgroup
from . import rule_sides, rule_words

TEST = "those of group_difference, or of rate_difference for an event"
"""As the methods page tells it; evidence names the test that ran."""


class _Subgroup:
    """The family of `Subgroup` hypotheses; see `Family` for the contract.

    The effect is P(A>B) of a number, or the risk difference where the claim names an event.
    """

    name: FamilyName = "subgroup"
    effect_name = "P(A>B)"
    null = 0.5

    def evaluate(
        self,
        hypothesis: Hypothesis,
        rows: Rows,
        *,
        split: str = "held_out",
        level: float = 0.95,
        draws: int = 9_999,
        seed: int = 0,
    ) -> Evidence:
        """Rows inside the rule against all others; rows whose missing values leave the rule open are left out.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        h = _own(hypothesis)
        return rule_sides.evaluate(h, rows, split=split, level=level, draws=draws, seed=seed)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Both groups, as group and rate differences draw them."""
        return rule_sides.picture(_own(hypothesis), rows)

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        return rule_words.claim(_own(hypothesis))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures and the share of rows that the rule holds for."""
        return rule_words.sentence(_own(hypothesis), evidence)


FAMILY = _Subgroup()


def _own(hypothesis: Hypothesis) -> Subgroup:
    if not isinstance(hypothesis, Subgroup):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of subgroup.")
    return hypothesis
