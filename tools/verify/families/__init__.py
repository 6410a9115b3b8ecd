"""The families of hypotheses by name: the one list that every caller looks a family up in.

Knows which families there are. Must never know what any of them computes.
"""

from ..hypothesis import FamilyName
from . import categorical_association, group_difference, monotone_association, rate_difference, trend
from .base import Family

FAMILIES: dict[FamilyName, Family] = {
    "group_difference": group_difference.FAMILY,
    "rate_difference": rate_difference.FAMILY,
    "monotone_association": monotone_association.FAMILY,
    "categorical_association": categorical_association.FAMILY,
    "trend": trend.FAMILY,
}
