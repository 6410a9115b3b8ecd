"""A review in a terminal or a pipeline's log: what came of it, what to do, the story, the rest in counts.

Knows a review and a width. Must never know HTML or how a figure was computed; it returns text and prints nothing.
Values of cells stay out of it, since logs are kept; data reach it as cleaned text, and no line of it is a command to
the runner that logs it.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...report.screen import console, item, line
from ..result import Level, Review
from . import words
from .alarms import COUNTING, TITLES, Alarm, alarms, at_level, suppressed

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_MOST = {"error": 12, "warn": 6, "info": 3}
"""Alarms told in full, by level."""
_STORY = 8
_COLUMNS = 6
_STYLES = {"error": "bold red", "warn": "bold yellow", "info": "bold"}
_OUTCOMES = {"errors": "bold red", "warnings": "bold yellow", "clean": "bold green", "undecided": "bold red"}


def to_terminal(
    review: Review, *, width: int | None = None, color: bool | None = None, files: Sequence[Path] = ()
) -> str:
    """The review as lines for a terminal, what must be acted on first and the exit code last.

    Args:
        review: The result to show.
        width: Columns of the terminal; its own, at most 100, when None.
        color: Whether to send colour codes; None sends them to a terminal only, and never where NO_COLOR is set.
        files: Files that were written, to be named at the end.
    """
    sheet, screen = console(width, color)
    for block in _blocks(review, files):
        sheet.print(block)
    text = "\n".join(row.rstrip() for row in screen.getvalue().rstrip().splitlines())
    return no_command(text)


def no_command(text: str) -> str:
    """`text` without what a pipeline's runner would obey: `::error::` of GitHub, `##vso[` of Azure, and their kin.

    Such words come from data only. A colour code before them does not hide them from the runner.
    """
    text = text.replace("##", "# #")
    return re.sub(r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)", r"\1: ", text, flags=re.MULTILINE)


def _blocks(review: Review, files: Sequence[Path]) -> Iterator["RenderableType"]:
    yield from _head(review)
    found = alarms(review)
    rest = f"all in {_page(files).name}" if files else "`--out FOLDER` writes them all"
    yield from _alarms("error", at_level(found, "error"), rest)
    yield from _story(review)  # before the warnings, which may be many and say less
    for level in COUNTING[1:]:
        yield from _alarms(level, at_level(found, level), rest)
    yield from _unread(review)
    yield from _suppressed(suppressed(review))
    yield from _notes(review)
    yield from _end(review, files)


def _head(review: Review) -> Iterator["RenderableType"]:
    outcome = line(f"{words.OUTCOMES[review.outcome].upper()}:", _OUTCOMES.get(review.outcome, "bold"))
    yield _joined(outcome, line(f" {words.headline(review)}", "bold"))
    yield line(review.message)
    yield line(words.scope(review), "dim")
    if words.standing(review):
        yield line(words.standing(review), "dim")


def _alarms(level: Level, found: Sequence[Alarm], rest: str) -> Iterator["RenderableType"]:
    if not found:
        return
    yield ""
    yield line(f"{TITLES[level]}: {len(found):,}", _STYLES[level])
    decided = [a for a in found if a.state != "undecidable"]
    for at, alarm in enumerate(decided[: _MOST[level]], 1):
        yield from _alarm(at, alarm)
    if len(decided) > _MOST[level]:
        yield item("", line(f"and {len(decided) - _MOST[level]:,} more: {rest}", "dim"))
    undecided = list(words.undecided_lines([(a.id, a.text) for a in found if a.state == "undecidable"]))
    for text in undecided[: _MOST[level]]:
        yield item("-", line(text))
    if len(undecided) > _MOST[level]:
        yield item("", line(f"and for {len(undecided) - _MOST[level]:,} more reasons: {rest}", "dim"))


def _alarm(at: int, alarm: Alarm) -> Iterator["RenderableType"]:
    yield item(f"{at}.", line(f"{alarm.title}.", "bold"))
    yield item("", line(" ".join(part for part in (alarm.text, alarm.rows) if part)))
    if alarm.todo:
        yield item("", _labelled("Do:", alarm.todo))
    if alarm.accept:
        yield item("", line(words.accept_line(alarm.accept)))
    if alarm.explains:
        yield item("", line(f"It explains {', '.join(alarm.explains)}, not told again.", "dim"))
    told = (alarm.course, alarm.id, alarm.where, f"owner {alarm.owner}" if alarm.owner else "")
    yield item("", line(" · ".join(part for part in told if part), "dim"))


def _labelled(label: str, text: str) -> "Text":
    return _joined(line(label, "bold"), line(f" {text}"))


def _joined(*parts: "Text") -> "Text":
    """Texts after one another, each in its own style."""
    from rich.text import Text

    return Text().join(parts)


def _story(review: Review) -> Iterator["RenderableType"]:
    if not review.changes:
        return
    yield ""
    yield line("What is different, the largest first", "bold")
    for at, change in enumerate(review.changes[:_STORY], 1):
        yield item(f"{at}.", line(words.change_text(change)))


def _unread(review: Review) -> Iterator["RenderableType"]:
    if not review.unread:
        return
    yield ""
    yield line("Columns that do not read as they were learned", "bold")
    for unread in review.unread[:_COLUMNS]:
        yield item("-", line(words.unread_text(unread)))
    if len(review.unread) > _COLUMNS:
        yield item("", line(f"and {len(review.unread) - _COLUMNS:,} more", "dim"))


def _suppressed(found: Sequence[Alarm]) -> Iterator["RenderableType"]:
    if not found:
        return
    yield ""
    yield line(f"Suppressed, not counted: {len(found):,}", "dim")
    for alarm in found[:_COLUMNS]:
        s = alarm.suppressed
        why = f" {words.suppression(s.reason, s.owner, s.expires)}" if s else ""
        yield item("-", line(f"{alarm.title}. {alarm.text} Suppressed:{why}.", "dim"))
    if len(found) > _COLUMNS:
        yield item("", line(f"and {len(found) - _COLUMNS:,} more", "dim"))


def _notes(review: Review) -> Iterator["RenderableType"]:
    if review.delivery is None or not review.delivery.notes:
        return
    yield ""
    yield line("Notes on reading it", "bold")
    for note in review.delivery.notes[:_COLUMNS]:
        yield item("-", line(note.text))


def _end(review: Review, files: Sequence[Path]) -> Iterator["RenderableType"]:
    yield ""
    if any(a.rows for a in alarms(review)) or any(u.first for u in review.unread):
        yield line(words.ROWS, "dim")
    if review.checks:
        yield line(words.counts_line(review))
    yield line(words.gate(review), "bold" if review.exit_code else "")
    if files:
        page = _page(files)
        others = ", ".join(f.name for f in files if f != page)
        yield line(f"Report: {page}" + (f", beside it {others}" if others else ""))


def _page(files: Sequence[Path]) -> Path:
    """Of the files that were written, the one to read."""
    return next((f for f in files if f.suffix == ".html"), files[0])
