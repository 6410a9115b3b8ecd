"""What a drafter sees before it proposes: exploration rows, leads, what is barred, and what the user asked.

Knows the exploration side and the user's focus. Must never know a sealed row, a verdict or a language model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.explore.lead import Lead
from ..tools.verify.hypothesis import Hypothesis


class Focus(NamedTuple):
    """What the user wants to know about: an outcome, a set of columns, or everything."""

    outcome: str | None = None
    about: tuple[str, ...] = ()

    def admits(self, a: str, b: str) -> bool:
        """Whether a pair of columns is in focus."""
        if self.outcome is not None and self.outcome not in (a, b):
            return False
        return not self.about or a in self.about or b in self.about


class Outlook(NamedTuple):
    """Everything a proposer may look at; its rows are a fixed sample of the exploration rows."""

    rows: Rows
    leads: Sequence[Lead]
    """The scan's pairs, strongest first."""
    barred: frozenset[frozenset[str]]
    """Pairs that follow from how the table is built: never drafted."""
    spare: frozenset[str]
    """Columns that repeat another or only name things: never drafted."""
    focus: Focus
    order: Mapping[str, int]
    """Each column's place in the table."""

    def columns(self) -> list[Column]:
        """The columns that may be drafted on, in the table's order."""
        return [c for c in self.rows.columns.values() if c.analysed and c.name not in self.spare]

    def admits(self, outcome: str, *others: str) -> bool:
        """Whether a claim on these columns is in focus, and no pair with the outcome follows from the table."""
        names = (outcome, *others)
        if self.spare & set(names) or any(frozenset((outcome, other)) in self.barred for other in others):
            return False
        if self.focus.outcome is not None and outcome != self.focus.outcome:
            return False
        return not self.focus.about or bool(set(names) & set(self.focus.about))


Proposer = Callable[[Outlook], Iterator[Hypothesis]]
