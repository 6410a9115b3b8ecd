"""Who proposes claims beyond pairs: one function a kind of shape, each in a file of its own.

Knows the proposers and what they look at. Must never know how a claim is scored, chosen or tested.
"""

from collections.abc import Iterator

from ..tools.verify.hypothesis import Hypothesis
from .outlook import Outlook, Proposer
from .propose_rankings import propose_rankings
from .propose_rules import propose_rules
from .propose_segments import propose_segments

PROPOSERS: tuple[Proposer, ...] = (
    propose_rankings,
    propose_rules,
    propose_segments,
)


def proposals(outlook: Outlook) -> Iterator[Hypothesis]:
    """The claims of every proposer, each once."""
    seen: set[str] = set()
    for propose in PROPOSERS:
        for hypothesis in propose(outlook):
            if hypothesis.content_id() not in seen:
                seen.add(hypothesis.content_id())
                yield hypothesis
