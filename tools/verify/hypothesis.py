"""The grammar: every claim that can be committed, as a frozen value with a canonical text and an id.

Knows which claims there are and how plain JSON becomes one. Must never know data, a statistic or a sentence.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ..errors import HypothesisError
from .claims import SIGNS, Condition, Contrast
from .claims_groups import (
    GroupDifference,
    MeanDifference,
    OccurrenceDifference,
    QuantileDifference,
    Ranking,
    RateDifference,
    RateRatio,
    Segment,
    Shift,
    Subgroup,
)
from .claims_relations import (
    AdjustedAssociation,
    CategoricalAssociation,
    ChangePoint,
    Interaction,
    Invariant,
    MonotoneAssociation,
    Seasonality,
    Shape,
    Trend,
)

FamilyName = Literal[
    "group_difference",
    "rate_difference",
    "mean_difference",
    "quantile_difference",
    "occurrence_difference",
    "rate_ratio",
    "monotone_association",
    "shape",
    "categorical_association",
    "trend",
    "seasonality",
    "change_point",
    "interaction",
    "subgroup",
    "segment",
    "ranking",
    "shift",
    "adjusted_association",
    "invariant",
]

Hypothesis = Annotated[
    GroupDifference
    | RateDifference
    | MeanDifference
    | QuantileDifference
    | OccurrenceDifference
    | RateRatio
    | MonotoneAssociation
    | Shape
    | CategoricalAssociation
    | Trend
    | Seasonality
    | ChangePoint
    | Interaction
    | Subgroup
    | Segment
    | Ranking
    | Shift
    | AdjustedAssociation
    | Invariant,
    Field(discriminator="family"),
]
_ADAPTER: TypeAdapter = TypeAdapter(Hypothesis)

__all__ = [
    "AdjustedAssociation",
    "CategoricalAssociation",
    "ChangePoint",
    "Condition",
    "Contrast",
    "FamilyName",
    "GroupDifference",
    "Hypothesis",
    "Interaction",
    "Invariant",
    "MeanDifference",
    "MonotoneAssociation",
    "OccurrenceDifference",
    "QuantileDifference",
    "Ranking",
    "RateDifference",
    "RateRatio",
    "Seasonality",
    "Segment",
    "Shape",
    "Shift",
    "Subgroup",
    "Trend",
    "parse",
    "sign",
]


def sign(hypothesis: Hypothesis) -> int:
    """+1 or -1 for the committed direction of the effect, 0 where none was committed."""
    return SIGNS[hypothesis.direction]


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
        why = first["msg"].removeprefix("Value error, ")
        raise HypothesisError(
            f"Hypothesis refused at `{where}`: {why}. Change that field, or state the claim as a sentence."
        ) from err
