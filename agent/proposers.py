"""Who proposes claims beyond pairs: one function a kind of claim, each in a file of its own.

Knows the list. Must never know what any of them looks for.
"""

from collections.abc import Iterator

from ..tools.verify.hypothesis import Hypothesis
from .outlook import Outlook, Proposer
from .propose_amounts import propose_amounts
from .propose_counts import propose_counts
from .propose_interactions import propose_interactions
from .propose_shapes import propose_shapes

PROPOSERS: tuple[Proposer, ...] = (
    propose_amounts,
    propose_counts,
    propose_interactions,
    propose_shapes,
)


def proposals(outlook: Outlook) -> Iterator[Hypothesis]:
    """The claims of every proposer, each once."""
    seen: set[str] = set()
    for propose in PROPOSERS:
        for hypothesis in propose(outlook):
            if hypothesis.content_id() not in seen:
                seen.add(hypothesis.content_id())
                yield hypothesis
