"""Who proposes claims beyond pairs: one function a kind of claim, each in a file of its own.

Knows the list. Must never know what any of them looks for.
"""

from collections.abc import Iterator

from ..tools.verify.hypothesis import Hypothesis
from .outlook import Outlook, Proposer
from .propose_shifts import propose_shifts
from .propose_time import propose_time

PROPOSERS: tuple[Proposer, ...] = (
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
