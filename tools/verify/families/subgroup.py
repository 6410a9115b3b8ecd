"""Where a frozen rule of at most three conditions holds, the outcome is higher or lower than in the rest.

Knows which claims are its own; all else is shared by families of rules. Must never know multiplicity, the ledger, or
on which side of the seal its rows lie.
"""

from ..hypothesis import Subgroup
from .rule_family import TEST, RuleFamily

__all__ = ["FAMILY", "TEST"]

FAMILY = RuleFamily("subgroup", Subgroup)
