"""Claims about how columns go together: over a number, over time, between labels, given others, or always.

Knows the fields of each claim. Must never know data, a statistic or a sentence.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from ..data.calendar import PHASES
from .claims import Claim, Contrast, UpDown


class MonotoneAssociation(Claim):
    """The outcome (a number, or the share of `event`) rises or falls with a number: Spearman's rho against 0.

    `cuts` are the quarter points of the predictor on exploration rows: the report contrasts the rows at or
    below the first with those at or above the second, in the outcome's own units. With `above` the outcome is the
    share of rows whose number lies above that point: how often there is any amount, where an amount is often zero.
    """

    family: Literal["monotone_association"] = "monotone_association"
    event: str | None = None
    above: float | None = None
    cuts: tuple[float, float] | None = None
    direction: Literal["increasing", "decreasing", "any"]

    @model_validator(mode="after")
    def _one_event(self) -> "MonotoneAssociation":
        if self.event is not None and self.above is not None:
            raise ValueError("an event and a point that the number lies above exclude each other")
        return self

    def as_json(self) -> dict[str, Any]:
        """The claim as plain JSON types; `above` only where it is used, so that other claims keep their ids."""
        told = super().as_json()
        return told if self.above is not None else {k: v for k, v in told.items() if k != "above"}


class Shape(Claim):
    """The outcome (a number, or the share of `event`) follows the predictor in a stated, frozen shape.

    `knots`: for `u` and `inverted_u` the turning point; for `threshold` the point below which it is flat and the
    level after which it is flat again (one point for a jump); for `saturating` the point after which it is flat.
    `rises` says which way a threshold or a saturating course goes.
    """

    family: Literal["shape"] = "shape"
    shape: Literal["u", "inverted_u", "threshold", "saturating"]
    knots: tuple[float, ...] = Field(min_length=1, max_length=2)
    rises: bool = True
    event: str | None = None
    direction: Literal["stated"] = "stated"


class CategoricalAssociation(Claim):
    """The distribution of one label depends on another: bias-corrected Cramér's V against 0.

    `outcome_levels` and `predictor_levels` are kept apart; every other level is pooled as one.
    """

    family: Literal["categorical_association"] = "categorical_association"
    outcome_levels: tuple[str, ...]
    predictor_levels: tuple[str, ...]
    direction: Literal["any"] = "any"


class Trend(Claim):
    """The outcome (a number, or the share of `event`) rises or falls over time.

    `predictor` is a date column or a whole-number column of years.
    """

    family: Literal["trend"] = "trend"
    event: str | None = None
    direction: Literal["rising", "falling", "any"]

    @property
    def along_time(self) -> bool:
        """Yes."""
        return True


class Seasonality(Claim):
    """The outcome is higher in the phases `peak` of a calendar cycle than in the phases `trough`.

    Phases are hours 0-23 of the day, days 0-6 of the week from Monday, or months 1-12 of the year. `predictor` is a
    date column.
    """

    family: Literal["seasonality"] = "seasonality"
    cycle: Literal["hour_of_day", "day_of_week", "month_of_year"]
    peak: tuple[int, ...] = Field(min_length=1)
    trough: tuple[int, ...] = Field(min_length=1)
    event: str | None = None
    direction: Literal["stated"] = "stated"

    @model_validator(mode="after")
    def _disjoint_phases(self) -> "Seasonality":
        if set(self.peak) & set(self.trough):
            raise ValueError(f"phase {sorted(set(self.peak) & set(self.trough))[0]} is both peak and trough")
        most = PHASES[self.cycle]
        if not all(phase in most for phase in (*self.peak, *self.trough)):
            raise ValueError(f"phases of {self.cycle} lie between {most[0]} and {most[-1]}")
        return self

    @property
    def scale(self) -> str:
        """Its own, P(peak>trough); that of rates for the share of an event."""
        return self.family if self.event is None else "rate_difference"

    @property
    def null(self) -> float:
        """1/2 for P(A>B), 0 for a difference of shares."""
        return 0.5 if self.event is None else 0.0

    @property
    def along_time(self) -> bool:
        """Yes."""
        return True


class ChangePoint(Claim):
    """From the time `at` on the outcome lies higher (or lower) than before it, beyond a straight trend on either side.

    `at` is ISO text where `predictor` is a date, else a number such as a year.
    """

    family: Literal["change_point"] = "change_point"
    at: str | float
    event: str | None = None
    direction: UpDown

    @model_validator(mode="after")
    def _a_time(self) -> "ChangePoint":
        if isinstance(self.at, str):
            np.datetime64(self.at, "us")  # a ValueError of its own where the text is no time
        return self

    @property
    def since(self) -> float:
        """`at` on the scale of the predictor: days since 1970-01-01, or the number itself."""
        if isinstance(self.at, str):
            return float(np.datetime64(self.at, "us").astype(np.int64)) / 86_400e6
        return self.at

    @property
    def scale(self) -> str:
        """Its own, P(after>before); that of rates for the share of an event."""
        return self.family if self.event is None else "rate_difference"

    @property
    def null(self) -> float:
        """1/2 for P(A>B), 0 for a difference of shares."""
        return 0.5 if self.event is None else 0.0

    @property
    def along_time(self) -> bool:
        """Yes."""
        return True


class Interaction(Claim):
    """How the outcome goes with the predictor differs between two groups of rows, the sides of the moderator.

    With `levels` the effect is the difference of the outcome between `a` and `b` of the predictor, without it the
    slope of the outcome on the predictor, a number or a date. The moderator is a label with `moderator_levels`, or a
    number cut at `moderator_cut` (side a: above it), or the phase of a date in `moderator_cycle`, whose levels are
    numbered as in a seasonality. `higher`: the signed effect is larger on side a. Additive scale.
    """

    family: Literal["interaction"] = "interaction"
    levels: Contrast | None = None
    event: str | None = None
    moderator: str
    moderator_levels: Contrast | None = None
    moderator_cut: float | None = None
    moderator_cycle: Literal["hour_of_day", "day_of_week", "month_of_year"] | None = None
    direction: UpDown

    @model_validator(mode="after")
    def _one_moderator(self) -> "Interaction":
        if self.moderator in (self.outcome, self.predictor):
            raise ValueError(f"the moderator {self.moderator!r} is also outcome or predictor")
        if (self.moderator_levels is None) == (self.moderator_cut is None):
            raise ValueError("the moderator needs either levels or a cut point")
        if self.moderator_cycle is not None:
            self._check_phases(self.moderator_cycle)
        return self

    def _check_phases(self, cycle: str) -> None:
        phases = self.moderator_levels
        known = {str(phase) for phase in PHASES[cycle]}
        if phases is None or not {*phases.a, *phases.b} <= known:
            raise ValueError(f"the levels of the moderator must be phases of the {cycle.replace('_', ' ')}")

    def _more(self) -> Sequence[str]:
        return (self.moderator,)


class AdjustedAssociation(Claim):
    """The outcome goes with the predictor also with the declared `controls` held fixed: partial correlation.

    With `levels` the predictor is the contrast of `a` with `b`, without it a number.
    """

    family: Literal["adjusted_association"] = "adjusted_association"
    levels: Contrast | None = None
    event: str | None = None
    direction: Literal["higher", "lower", "increasing", "decreasing", "any"]

    @model_validator(mode="after")
    def _declared(self) -> "AdjustedAssociation":
        if not self.controls:
            raise ValueError("an adjusted association needs at least one declared control")
        if {self.outcome, self.predictor} & set(self.controls):
            raise ValueError("outcome and predictor cannot be controls as well")
        return self


class Invariant(Claim):
    """A rule of the data that at most a share `tolerance` of rows breaks: never "always".

    `not_missing` and `in_range` (`low`, `high`, either may be open) and `one_of` (`allowed`) speak of the outcome
    alone, with `predictor` = `outcome`; `not_after`: the predictor is never larger than the outcome (a start and its
    end); `determines`: each level of the predictor has one level of the outcome, that of `mapping`.
    """

    family: Literal["invariant"] = "invariant"
    rule: Literal["not_missing", "in_range", "one_of", "not_after", "determines"]
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    tolerance: float = Field(default=0.001, gt=0, lt=0.5)
    direction: Literal["lower"] = "lower"

    def _one_column(self) -> bool:
        return self.rule in ("not_missing", "in_range", "one_of")

    def follows_from(self, structural: frozenset[frozenset[str]]) -> bool:
        """No: a rule of the data is what it is about."""
        return False

    @property
    def along_time(self) -> bool:
        """Yes: it compares nothing between blocks."""
        return True

    @property
    def null(self) -> float:
        """The tolerance: more violations than this are too many."""
        return self.tolerance
