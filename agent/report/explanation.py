"""What `heldout.explain` returns: the result with its renderings, and the files it saves.

Knows which renderings there are and how a file is written whole or not at all. Must never compute or word anything.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...tools.errors import UsageError
from ...tools.writing import write_together
from .result import Finding, Result

if TYPE_CHECKING:
    import pandas


class Explanation:
    """A report on one table: findings with their verdicts, and every way to show or keep them."""

    def __init__(
        self,
        result: Result,
        *,
        replayed: bool = False,
        ledger_text: str = "",
        reproduce_text: str = "",
        attachments: Mapping[str, bytes] | None = None,
    ) -> None:
        """Wrap a result.

        Args:
            result: The result as values.
            replayed: Whether the verdicts come from an earlier run of the same question.
            ledger_text: The ledger's entries as JSON lines, saved as `ledger.jsonl`.
            reproduce_text: A program that computes the figures again, saved as `reproduce.py`.
            attachments: More files to save beside the report, by plain file name.
        """
        self.result = result
        self.replayed = replayed
        self._ledger_text = ledger_text
        self._reproduce_text = reproduce_text
        self._attachments = dict(attachments or {})

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every committed hypothesis with its verdict, most useful first."""
        return tuple(sorted(self.result.findings, key=lambda f: f.rank))

    @property
    def verified(self) -> tuple[Finding, ...]:
        """The findings that held up on held-out rows, most useful first."""
        return tuple(f for f in self.findings if f.outcome == "verified")

    def table(self) -> "pandas.DataFrame":
        """One row a finding, most useful first, with the columns of `table.COLUMNS`; figures are not rounded."""
        import pandas as pd

        from .table import COLUMNS, records

        return pd.DataFrame(records(self.result), columns=list(COLUMNS))

    def to_json(self, *, timing: bool = True) -> str:
        """The result as JSON with sorted keys; without `timing` it is a function of data, options and ledger."""
        data = self.result.as_json()
        if not timing:
            data["timing"] = {}
        return json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)

    def to_terminal(self, width: int | None = None, *, files: Sequence[Path] = (), color: bool | None = None) -> str:
        """The report as at most about sixty lines for a terminal; see `terminal.to_terminal`."""
        from .terminal import to_terminal

        return to_terminal(self.result, width=width, color=color, files=files, replayed=self.replayed)

    def to_markdown(self) -> str:
        """The report as Markdown, in the order of the page."""
        from .markdown import to_markdown

        return to_markdown(self.result)

    def to_html(self) -> str:
        """The report as one offline page without scripts."""
        from .html import to_html

        return to_html(self.result)

    def save(self, folder: str | Path) -> tuple[Path, ...]:
        """Write the report's files into `folder`, made where it is missing: whole, or nothing of it.

        Returns:
            The files written: `report.html`, `report.md`, `report.json`, `findings.csv`, and `ledger.jsonl`,
            `reproduce.py` and attachments where there are any.

        Raises:
            UsageError: if the folder cannot be made or written to.
        """
        from .html import to_html

        target, contents = Path(folder), self._files()
        page = to_html(self.result, saved=tuple(contents))  # drawing holds the interpreter: a thread gains nothing
        contents["report.html"] = page.encode("utf-8", "backslashreplace")
        order = sorted(contents, key=lambda name: (name != "report.html", not name.startswith("report."), name))
        try:
            target.mkdir(parents=True, exist_ok=True)
            return write_together({target / name: contents[name] for name in order})
        except OSError as err:
            raise UsageError(f"The report cannot be written to {str(target)!r}: {err.strerror or err}.") from err

    def _files(self) -> dict[str, bytes]:
        """Name and content of every file but the page."""
        from .table import to_csv

        texts = {
            "report.md": self.to_markdown(),
            "report.json": self.to_json() + "\n",
            "findings.csv": to_csv(self.result),
            "ledger.jsonl": self._ledger_text,
            "reproduce.py": self._reproduce_text,
        }
        # A lone surrogate, which a file name or a cell may hold, has no UTF-8.
        own = {name: text.encode("utf-8", "backslashreplace") for name, text in texts.items() if text}
        return {_plain_name(name): content for name, content in self._attachments.items()} | own

    def _repr_html_(self) -> str:
        """The page in a frame of its own for a notebook: no style leaks out, and nothing in it can run."""
        from .html import to_frame

        return to_frame(self.to_html())

    def __repr__(self) -> str:
        from . import words

        name = words.clean(self.result.dataset.name)
        return f"<Explanation {name}: {words.verdicts_line(self.result)}, q={self.result.policy.alpha:g}>"


def _plain_name(name: str) -> str:
    if not name or name != Path(name).name or name in (".", ".."):
        raise UsageError(f"An attachment needs a plain file name. Got {name!r} instead.")
    return name
