"""Claims that compare groups of rows: by the levels of a label, or by a rule.

Knows the fields of each claim. Must never know data, a statistic or a sentence.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from .claims import Claim, Condition, Contrast, UpDown


class GroupDifference(Claim):
    """Values of a number tend to be higher (or lower) in group `a` than in group `b`: P(A>B) against 1/2."""

    family: Literal["group_difference"] = "group_difference"
    levels: Contrast
    direction: UpDown

    @property
    def null(self) -> float:
        """1/2: a value of either group is as likely to be the larger one."""
        return 0.5


class RateDifference(Claim):
    """The share of rows with `outcome` = `event` is higher (or lower) in group `a` than in group `b`."""

    family: Literal["rate_difference"] = "rate_difference"
    event: str
    levels: Contrast
    direction: UpDown


class MeanDifference(Claim):
    """The mean of a number (a sum, a revenue) is higher (or lower) in group `a` than in group `b`.

    The effect is the difference of means in standard deviations of the pooled rows; `in_units` has it in the
    outcome's own unit.
    """

    family: Literal["mean_difference"] = "mean_difference"
    levels: Contrast
    direction: UpDown


class QuantileDifference(Claim):
    """A quantile of a number (the median, or the best-off tenth) is higher (or lower) in `a` than in `b`."""

    family: Literal["quantile_difference"] = "quantile_difference"
    levels: Contrast
    quantile: float = Field(default=0.5, gt=0, lt=1)
    direction: UpDown


class OccurrenceDifference(Claim):
    """The share of rows whose number lies above `above` (mostly zero) is higher (or lower) in `a` than in `b`.

    One half of what is said of an amount that is mostly zero; the other half is a group difference among the rows
    above it.
    """

    family: Literal["occurrence_difference"] = "occurrence_difference"
    above: float = 0.0
    levels: Contrast
    direction: UpDown

    @property
    def scale(self) -> str:
        """That of rates: a difference of shares."""
        return "rate_difference"


class RateRatio(Claim):
    """A count per unit of `exposure` (per row where there is none) is higher (or lower) in `a` than in `b`."""

    family: Literal["rate_ratio"] = "rate_ratio"
    exposure: str | None = None
    levels: Contrast
    direction: UpDown

    def _more(self) -> Sequence[str]:
        return () if self.exposure is None else (self.exposure,)


class Ranking(Claim):
    """The levels of a label stand in `order`, the one with the highest values of the outcome first.

    With `top` = k the claim is only that each of the first k lies above all those after them, in whatever order
    among themselves. Holds only if every comparison holds (intersection-union).
    """

    family: Literal["ranking"] = "ranking"
    order: tuple[str, ...] = Field(min_length=2, max_length=12)
    top: int | None = Field(default=None, ge=1)
    event: str | None = None
    """Compare shares of this level of the outcome instead of the values of a number."""
    direction: Literal["stated"] = "stated"

    @model_validator(mode="after")
    def _compares(self) -> "Ranking":
        if len(set(self.order)) < len(self.order):
            raise ValueError("a level stands twice in the order")
        if self.top is not None and self.top >= len(self.order):
            raise ValueError(f"the top {self.top} of {len(self.order)} levels leave none to lie above")
        return self

    @property
    def scale(self) -> str:
        """That of the pairwise comparisons."""
        return "group_difference" if self.event is None else "rate_difference"

    @property
    def null(self) -> float:
        """1/2 for P(A>B), 0 for a difference of shares."""
        return 0.5 if self.event is None else 0.0


class Shift(Claim):
    """The whole distribution of the outcome differs between two snapshots, the levels `a` and `b` of a label."""

    family: Literal["shift"] = "shift"
    levels: Contrast
    direction: Literal["any"] = "any"


class Subgroup(Claim):
    """Where every condition of `rule` holds, the outcome is higher (or lower) than in the rest of the rows.

    The outcome is a number (P(A>B) against 1/2) or the share of `event`. `predictor` is the column of the first
    condition.
    """

    family: Literal["subgroup"] = "subgroup"
    rule: tuple[Condition, ...] = Field(min_length=1, max_length=3)
    event: str | None = None
    direction: UpDown

    @model_validator(mode="after")
    def _first(self) -> "Subgroup":
        _check_rule(self.rule, self.outcome, self.predictor)
        return self

    @property
    def scale(self) -> str:
        """That of group or rate differences, by whether there is an event."""
        return "group_difference" if self.event is None else "rate_difference"

    @property
    def null(self) -> float:
        """1/2 for P(A>B), 0 for a difference of shares."""
        return 0.5 if self.event is None else 0.0

    def _more(self) -> Sequence[str]:
        return [term.column for term in self.rule]


class Segment(Claim):
    """A segment of rows, found by clustering other columns, differs from the rest in a column it was not built on.

    `rule` describes the segment as conditions, so that new rows join it without refitting; `features` are all the
    columns that the clustering used, of which the outcome may be none.
    """

    family: Literal["segment"] = "segment"
    rule: tuple[Condition, ...] = Field(min_length=1, max_length=3)
    features: tuple[str, ...] = Field(min_length=1)
    event: str | None = None
    direction: UpDown

    @model_validator(mode="after")
    def _apart(self) -> "Segment":
        _check_rule(self.rule, self.outcome, self.predictor)
        if self.outcome in self.features:
            raise ValueError(f"{self.outcome!r} was used to build the segment, so it cannot characterise it")
        return self

    @property
    def scale(self) -> str:
        """That of group or rate differences, by whether there is an event."""
        return "group_difference" if self.event is None else "rate_difference"

    @property
    def null(self) -> float:
        """1/2 for P(A>B), 0 for a difference of shares."""
        return 0.5 if self.event is None else 0.0

    def _more(self) -> Sequence[str]:
        return [term.column for term in self.rule]


def _check_rule(rule: tuple[Condition, ...], outcome: str, predictor: str) -> None:
    if any(term.column == outcome for term in rule):
        raise ValueError(f"the rule speaks of the outcome {outcome!r} itself")
    if rule[0].column != predictor:
        raise ValueError(f"`predictor` must be the column of the first condition, {rule[0].column!r}")
