"""What families of rules share: rows inside a frozen rule against the rest, tested as groups or rates are.

Knows its claims; the tests are those of group and rate differences. Must never know multiplicity, the ledger, or on
which side of the seal its rows lie.
"""

from ...data.rows import Rows
from ...errors import HypothesisError
from ..evidence import Evidence, Picture
from ..hypothesis import FamilyName, Hypothesis, Segment, Subgroup
from . import rule_sides, rule_words

TEST = "those of group_difference, or of rate_difference for an event"
"""As the methods page tells it; evidence names the test that ran."""


class RuleFamily:
    """A family of claims made of a rule; see `Family` for the contract.

    The effect is P(A>B) of a number, or the risk difference where the claim names an event.
    """

    effect_name = "P(A>B)"
    null = 0.5

    def __init__(self, name: FamilyName, kind: type[Segment] | type[Subgroup]) -> None:
        self.name = name
        self._kind = kind

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
        h = self._own(hypothesis)
        return rule_sides.evaluate(h, rows, split=split, level=level, draws=draws, seed=seed)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Both groups, as group and rate differences draw them."""
        return rule_sides.picture(self._own(hypothesis), rows)

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        return rule_words.claim(self._own(hypothesis))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures and the share of rows that the rule holds for."""
        return rule_words.sentence(self._own(hypothesis), evidence)

    def _own(self, hypothesis: Hypothesis) -> Segment | Subgroup:
        if not isinstance(hypothesis, self._kind):
            raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of {self.name}.")
        return hypothesis
