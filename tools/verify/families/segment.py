"""A segment of rows, found by clustering, differs from the rest in a column it was not built on.

Knows which claims are its own; all else is shared by families of rules. Must never know multiplicity, the ledger, or
on which side of the seal its rows lie.
"""

from ..hypothesis import Segment
from .rule_family import TEST, RuleFamily

__all__ = ["FAMILY", "TEST"]

FAMILY = RuleFamily("segment", Segment)
