"""Who proposes claims beyond pairs: one function a kind of claim, each in a file of its own.

Knows the list. Must never know what any of them looks for.
"""

from collections.abc import Iterator

from ..tools.verify.hypothesis import Hypothesis
from .outlook import Outlook, Proposer
from .propose_amounts import propose_amounts
from .propose_counts import propose_counts
from .propose_interactions import propose_interactions
from .propose_masked import propose_masked
from .propose_rankings import propose_rankings
from .propose_rules import propose_rules
from .propose_segments import propose_segments
from .propose_shapes import propose_shapes
from .propose_shifts import propose_shifts
from .propose_time import propose_time

PROPOSERS: tuple[Proposer, ...] = (
    propose_amounts,
    propose_counts,
    propose_masked,
    propose_rankings,
    propose_rules,
    propose_segments,
    propose_interactions,
    propose_shapes,
    propose_shifts,
    propose_time,
)


def proposals(outlook: Outlook) -> Iterator[Hypothesis]:
    """The claims of every proposer, each once."""
    seen: set[str] = set()
    for propose in PROPOSERS:
        for hypothesis in propose(outlook):
            if hypothesis.content_id() not in seen:
                seen.add(hypothesis.content_id())
                yield hypothesis
