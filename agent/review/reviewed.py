"""What `heldout.review` returns: the review with its renderings, and the files it saves.

Knows which renderings there are. Must never compute, word or send anything.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from .result import Review


class DeliveryReview:
    """One delivery held to learned claims, and every way to show or keep what came of it."""

    def __init__(self, result: Review, *, known: Collection[str] = (), again: bool = False) -> None:
        """Wrap a result.

        Args:
            result: The review as values.
            known: Ids of claims and faults that the delivery before raised an alarm for.
            again: Whether the same content was reviewed before; the result is what it was then.
        """
        self.result = result
        self.again = again
        self._known = frozenset(known)

    def __repr__(self) -> str:
        return f"<DeliveryReview {self.result.outcome} exit={self.result.exit_code}>"

    @property
    def exit_code(self) -> int:
        """0 nothing at or above `fail_on`, 1 something, 3 could not decide."""
        return self.result.exit_code

    def to_json(self) -> str:
        """The result as JSON with sorted keys."""
        from .report.files import to_json

        return to_json(self.result)

    def to_terminal(self, width: int | None = None, *, files: Sequence[Path] = (), color: bool | None = None) -> str:
        """What came of it for a terminal or a log, worst first, without values of cells."""
        from .report.terminal import to_terminal

        return to_terminal(self.result, width=width, color=color, files=files)

    def to_markdown(self) -> str:
        """The review as a comment on a pull request."""
        from .report.markdown import to_markdown

        return to_markdown(self.result)

    def to_html(self) -> str:
        """The review as one offline page without scripts."""
        from .report.html import to_html

        return to_html(self.result)

    def to_junit(self) -> str:
        """The review as JUnit XML, a case a claim."""
        from .report.junit import to_junit

        return to_junit(self.result)

    def to_sarif(self) -> str:
        """The review as SARIF 2.1.0, each result on its claim's line of the claims file."""
        from .report.sarif import to_sarif

        return to_sarif(self.result)

    def annotations(self) -> str:
        """At most nine commands that annotate a GitHub run, worst first, and how many more there are."""
        from .report.github import annotations

        return annotations(self.result)

    def step_summary(self) -> str:
        """The review as a GitHub step summary."""
        from .report.github import step_summary

        return step_summary(self.result)

    def message(self, link: str = "") -> dict[str, Any] | None:
        """What a webhook is sent: no cell's value; None where nothing is other than with the delivery before."""
        from .report.message import payload

        return payload(self.result, known=self._known, link=link)

    def save(self, folder: str | Path) -> tuple[Path, ...]:
        """Write the page, Markdown, JSON, JUnit and SARIF into `folder`; each file is whole or absent.

        Raises:
            UsageError: if the folder cannot be made or written to.
        """
        from .report.files import save

        return save(self.result, folder)

    def _repr_html_(self) -> str:
        """The page in a frame of its own for a notebook."""
        from ..report.html import to_frame

        return to_frame(self.to_html())
