"""The grammar: every claim that can be committed, as a frozen value with a canonical text and an id.

A claim names columns, levels, cut points and a direction, all fixed before sealed rows are read. It knows no
data and no statistic; its family (one file each in `families/`) knows how to test and word it.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, model_validator

from ..errors import HypothesisError
from ..value import Value

FamilyName = Literal["group_difference", "rate_difference", "monotone_association", "categorical_association", "trend"]
Direction = Literal["higher", "lower", "increasing", "decreasing", "rising", "falling", "any"]
_SIGNS = {"higher": 1, "increasing": 1, "rising": 1, "lower": -1, "decreasing": -1, "falling": -1, "any": 0}


class Condition(Value):
    """One frozen condition on a column; a population filter is a conjunction of at most three."""

    column: str
    op: Literal["==", "!=", "<", "<=", ">", ">="]
    value: str | float


class Contrast(Value):
    """Two sets of levels of the predictor: `a` against `b`; an empty `b` means every other level."""

    a: tuple[str, ...] = Field(min_length=1)
    b: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _disjoint(self) -> "Contrast":
        if set(self.a) & set(self.b):
            raise ValueError(f"level {sorted(set(self.a) & set(self.b))[0]!r} stands on both sides")
        return self


class _Claim(Value):
    outcome: str
    predictor: str
    where: tuple[Condition, ...] = Field(default=(), max_length=3)
    controls: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _two_columns(self) -> "_Claim":
        if self.outcome == self.predictor:
            raise ValueError(f"outcome and predictor are both {self.outcome!r}")
        return self


class GroupDifference(_Claim):
    """Values of a number tend to be higher (or lower) in group `a` than in group `b`: P(A>B) against 1/2."""

    family: Literal["group_difference"] = "group_difference"
    levels: Contrast
    direction: Literal["higher", "lower", "any"]


class RateDifference(_Claim):
    """The share of rows with `outcome` = `event` is higher (or lower) in group `a` than in group `b`."""

    family: Literal["rate_difference"] = "rate_difference"
    event: str
    levels: Contrast
    direction: Literal["higher", "lower", "any"]


class MonotoneAssociation(_Claim):
    """The outcome (a number, or the share of `event`) rises or falls with a number: Spearman's rho against 0.

    `cuts` are the quarter points of the predictor on exploration rows: the report contrasts the rows at or
    below the first with those at or above the second, in the outcome's own units.
    """

    family: Literal["monotone_association"] = "monotone_association"
    event: str | None = None
    cuts: tuple[float, float] | None = None
    direction: Literal["increasing", "decreasing", "any"]


class CategoricalAssociation(_Claim):
    """The distribution of one label depends on another: bias-corrected Cramér's V against 0.

    `outcome_levels` and `predictor_levels` are kept apart; every other level is pooled as one.
    """

    family: Literal["categorical_association"] = "categorical_association"
    outcome_levels: tuple[str, ...]
    predictor_levels: tuple[str, ...]
    direction: Literal["any"] = "any"


class Trend(_Claim):
    """The outcome (a number, or the share of `event`) rises or falls over time.

    `predictor` is a date column or a whole-number column of years.
    """

    family: Literal["trend"] = "trend"
    event: str | None = None
    direction: Literal["rising", "falling", "any"]


Hypothesis = Annotated[
    GroupDifference | RateDifference | MonotoneAssociation | CategoricalAssociation | Trend,
    Field(discriminator="family"),
]
_ADAPTER: TypeAdapter = TypeAdapter(Hypothesis)


def sign(hypothesis: Hypothesis) -> int:
    """+1 or -1 for the committed direction of the effect, 0 where none was committed."""
    return _SIGNS[hypothesis.direction]


def parse(data: object) -> Hypothesis:
    """The hypothesis that plain JSON types stand for.

    Raises:
        HypothesisError: if they do not fit the grammar; the message names the field.
    """
    from pydantic import ValidationError

    try:
        return _ADAPTER.validate_python(data)
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(str(p) for p in first["loc"]) or "hypothesis"
        raise HypothesisError(f"Hypothesis refused at `{where}`: {first['msg']}.") from err
