"""The share of rows whose number lies above a fixed point is higher in one group: a rate, read off a number.

Knows how the number becomes an event; the statistic is that of rate differences. Must never know multiplicity, the
ledger, or on which side of the seal its rows lie.
"""

from ...data.rows import Rows
from ...errors import HypothesisError
from ..evidence import Evidence, Picture
from ..hypothesis import FamilyName, Hypothesis, OccurrenceDifference, RateDifference
from ..intervals import check_level
from ..population import population
from .events import above_words, as_label
from .rate_difference import FAMILY as RATES
from .rate_difference import TEST
from .two_sides import counted_rows, evidence_of, not_a_number


class _OccurrenceDifference:
    """The family of `OccurrenceDifference` hypotheses; see `Family` for the contract."""

    name: FamilyName = "occurrence_difference"
    effect_name = "risk difference"
    null = 0.0

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
        """The difference of both shares, tested as a rate difference is; a missing number is a missing event.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        reason = not_a_number(rows, h.outcome)
        if reason is not None:
            _, _, _, _, counted = counted_rows(h, rows)
            return evidence_of(h, split, TEST, counted, {"untestable": reason}, levels=h.levels)
        as_rate = _as_rate(h).model_copy(update={"where": ()})
        found = RATES.evaluate(as_rate, _events(h, rows), split=split, level=level, draws=draws, seed=seed)
        return found.model_copy(update={"hypothesis_id": h.content_id()})

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Both shares with Wilson's interval: {label, n, share, low, high}."""
        h = _own(hypothesis)
        drawn = RATES.picture(_as_rate(h).model_copy(update={"where": ()}), _events(h, rows))
        return drawn.model_copy(update={"y_title": f"share of {h.outcome} {above_words(h.above)}"})

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures (but the fixed point) and without a full stop."""
        return RATES.claim(_as_rate(_own(hypothesis)))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """Both shares and their difference in points, whose printed sign is the direction."""
        return RATES.sentence(_as_rate(_own(hypothesis)), evidence)


FAMILY = _OccurrenceDifference()


def _own(hypothesis: Hypothesis) -> OccurrenceDifference:
    if not isinstance(hypothesis, OccurrenceDifference):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of occurrence_difference.")
    return hypothesis


def _as_rate(h: OccurrenceDifference) -> RateDifference:
    return RateDifference(
        outcome=h.outcome,
        predictor=h.predictor,
        event=above_words(h.above),
        levels=h.levels,
        where=h.where,
        controls=h.controls,
        direction=h.direction,
    )


def _events(h: OccurrenceDifference, rows: Rows) -> Rows:
    """The claim's population with the outcome as a label of two levels."""
    return as_label(population(h, rows), h.outcome, h.above)
