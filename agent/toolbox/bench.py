"""The bench that tools work at: what they may read, and what they leave behind."""

from typing import NamedTuple

from ...tools.data.rows import Rows
from ...tools.verify.hypothesis import Hypothesis
from ..outlook import Focus
from ..privacy import Privacy, cleaned


class Proposal(NamedTuple):
    """One claim that was proposed, and what became of it."""

    claim: str
    why: str
    hypothesis: Hypothesis | None
    refused: str | None


class Bench:
    """What tools read, on the exploration side of the seal alone."""

    def __init__(self, rows: Rows, *, focus: Focus | None = None, privacy: Privacy = "profile") -> None:
        self.rows, self.focus, self.privacy = rows, focus or Focus(), privacy
        self.proposals: list[Proposal] = []
        self.open_questions: list[str] = []

    def id(self, name: str) -> str:
        """A column as it is called here."""
        return cleaned(name)

    def masked(self, text: str, said: str = "") -> str:
        """A text without what may not be told."""
        return text
