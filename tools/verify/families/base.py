"""What every family offers: measure, test, picture, words. One file a family; this one holds the contract.

A family knows its own statistic. It must never know multiplicity, the ledger, or on which side of the seal
its rows lie: it is given `Rows` and a frozen hypothesis, and returns evidence.
"""

from typing import Protocol

from ...data.rows import Rows
from ..evidence import Evidence, Picture
from ..hypothesis import FamilyName, Hypothesis


class Family(Protocol):
    """The contract of a family; each implementation is a stateless object named `FAMILY` in its file."""

    name: FamilyName
    effect_name: str
    """The scale of the effect, as printed: `P(A>B)`, `risk difference`, `Spearman's rho`, `Cramér's V`."""
    null: float
    """The effect's value when nothing is there: .5 for P(A>B), else 0."""

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
        """The hypothesis measured and tested on `rows`.

        Rows outside the population filter or with outcome or predictor missing are left out (and the missing
        counted). `draws=0` skips the permutation p (for scoring leads): `p_value` is then the robust p alone.
        Where the floors are not met, or the statistic is undefined, `untestable` says why and no p is given.
        `p_value` is the larger of permutation and robust p, two-sided; the direction lock is the caller's.
        With `rows.cluster` set, units of independence are the clusters.
        """
        ...

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Aggregates (at most 500 records) from which a chart of the claim on these rows is drawn."""
        ...

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        ...

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its held-out figures in the data's own units, as an analyst would write it."""
        ...
