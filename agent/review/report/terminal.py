"""A review in a terminal or a pipeline's log: what came of it, what to do, the story, the rest in counts.

Knows a review and a width. Must never know HTML or how a figure was computed; it returns text and prints nothing.
Values of cells stay out of it, since logs are kept; data reach it as cleaned text, and no line of it is a command to
the runner that logs it.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ....tools.value import counted
from ...report.screen import console, cut, item, line
from ..result import Level, Review
from . import words
from .alarms import COUNTING, TITLES, Alarm, alarms, at_level, suppressed

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

LINES = 60
"""Lines that a review takes, whatever came of it: what is read first must not have scrolled away."""
_LONGEST = 500
"""Characters of one text; the page has it whole."""
_NAMED = 6


class _Room(NamedTuple):
    """How much of each part is told; the rest is counted."""

    error: int
    warn: int
    info: int
    brief: int
    """Further errors of which the name alone is told."""
    story: int
    other: int


_ROOMS = (
    _Room(12, 6, 3, 0, 8, 6), _Room(8, 4, 2, 6, 6, 4), _Room(6, 3, 1, 8, 4, 3), _Room(5, 2, 1, 10, 3, 2),
    _Room(4, 2, 0, 10, 3, 1), _Room(3, 1, 0, 10, 2, 1), _Room(2, 1, 0, 8, 1, 1), _Room(1, 0, 0, 4, 1, 0),
)  # fmt: skip
"""From much to little; the first that stays within `LINES` is taken."""
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
    rows: list[str] = []
    for room in _ROOMS:
        sheet, screen = console(width, color)
        for block in _blocks(review, files, room):
            sheet.print(block)
        rows = [row.rstrip() for row in screen.getvalue().rstrip().splitlines()]
        if len(rows) <= LINES:
            break
    return no_command("\n".join(rows))


def no_command(text: str) -> str:
    """`text` without what a pipeline's runner would obey: `::error::` of GitHub, `##vso[` of Azure, and their kin.

    Such words come from data only. A colour code before them does not hide them from the runner.
    """
    text = text.replace("##", "# #")
    return re.sub(r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)", r"\1: ", text, flags=re.MULTILINE)


def _blocks(review: Review, files: Sequence[Path], room: _Room) -> Iterator["RenderableType"]:
    yield from _head(review)
    found = alarms(review)
    rest = f"all in {_page(files).name}" if files else "`--out FOLDER` writes them all"
    yield from _alarms("error", at_level(found, "error"), room.error, rest, brief=room.brief)
    yield from _story(review, room.story, rest)  # before the warnings, which may be many and say less
    for level in COUNTING[1:]:
        yield from _alarms(level, at_level(found, level), getattr(room, level), rest)
    yield from _unread(review, room.other)
    yield from _suppressed(suppressed(review), room.other)
    yield from _notes(review, room.other)
    yield from _end(review, files)


def _head(review: Review) -> Iterator["RenderableType"]:
    outcome = line(f"{words.OUTCOMES[review.outcome].upper()}:", _OUTCOMES.get(review.outcome, "bold"))
    yield _joined(outcome, line(f" {words.headline(review)}", "bold"))
    yield line(_short(words.message(review)))
    yield line(words.scope(review), "dim")
    if words.standing(review):
        yield line(words.standing(review), "dim")


def _alarms(
    level: Level, found: Sequence[Alarm], most: int, rest: str, *, brief: int = 0
) -> Iterator["RenderableType"]:
    if not found:
        return
    yield ""
    yield line(f"{TITLES[level]}: {len(found):,}", _STYLES[level])
    decided = [a for a in found if a.state != "undecidable"]
    for at, alarm in enumerate(decided[:most], 1):
        yield from _alarm(at, alarm)
    for at, alarm in enumerate(decided[most : most + brief], most + 1):
        yield item(_mark(at), cut(f"{alarm.id}: {alarm.title}."))
    if len(decided) > most + brief:
        yield item("", line(f"and {len(decided) - most - brief:,} more: {rest}", "dim"))
    undecided = list(words.undecided_lines([(a.id, a.text) for a in found if a.state == "undecidable"]))
    for text in undecided[:most]:
        yield item("-", line(_short(text)))
    if len(undecided) > most:
        left = counted(len(undecided) - most, "more reason" if most else "reason")
        yield item("", line(f"undecided for {left}: {rest}", "dim"))


def _alarm(at: int, alarm: Alarm) -> Iterator["RenderableType"]:
    yield item(_mark(at), line(f"{_short(alarm.title)}.", "bold"))
    yield item("", line(" ".join(part for part in (_short(alarm.text), alarm.rows) if part)))
    if alarm.todo:
        yield item("", _labelled("Do:", alarm.todo))
    if alarm.accept:
        yield item("", line(words.accept_line(alarm.accept)))
    if alarm.explains:
        more = f" and {len(alarm.explains) - _NAMED:,} more" if len(alarm.explains) > _NAMED else ""
        yield item("", line(f"It explains {', '.join(alarm.explains[:_NAMED])}{more}, not told again.", "dim"))
    told = (alarm.course, alarm.id, alarm.where, f"owner {alarm.owner}" if alarm.owner else "")
    yield item("", line(" · ".join(part for part in told if part), "dim"))


def _mark(at: int) -> str:
    """A number of at most two signs, which is what there is room for."""
    return f"{at}." if at < 10 else str(at)


def _short(text: str) -> str:
    """`text`, cut where it is very long."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _labelled(label: str, text: str) -> "Text":
    return _joined(line(label, "bold"), line(f" {text}"))


def _joined(*parts: "Text") -> "Text":
    """Texts after one another, each in its own style."""
    from rich.text import Text

    return Text().join(parts)


def _story(review: Review, most: int, rest: str) -> Iterator["RenderableType"]:
    if not review.changes:
        return
    yield ""
    yield line("What is different, the largest first", "bold")
    for at, change in enumerate(review.changes[:most], 1):
        yield item(f"{at}.", line(_short(words.change_text(change))))
    if len(review.changes) > most:
        yield item("", line(f"and {len(review.changes) - most:,} more: {rest}", "dim"))


def _unread(review: Review, most: int) -> Iterator["RenderableType"]:
    if not review.unread:
        return
    yield ""
    yield line("Columns that do not read as they were learned", "bold")
    for unread in review.unread[:most]:
        yield item("-", line(_short(words.unread_text(unread))))
    if len(review.unread) > most:
        names = ", ".join(f"`{u.column}`" for u in review.unread[most : most + _NAMED])
        yield item("", line(_short(f"and {len(review.unread) - most:,} more: {names}"), "dim"))


def _suppressed(found: Sequence[Alarm], most: int) -> Iterator["RenderableType"]:
    if not found:
        return
    yield ""
    yield line(f"Suppressed, not counted: {len(found):,}", "dim")
    for alarm in found[:most]:
        s = alarm.suppressed
        why = f" {words.suppression(s.reason, s.owner, s.expires)}" if s else ""
        yield item("-", line(f"{_short(f'{alarm.title}. {alarm.text}')} Suppressed:{why}.", "dim"))
    if len(found) > most:
        yield item("", line(f"and {len(found) - most:,} more", "dim"))


def _notes(review: Review, most: int) -> Iterator["RenderableType"]:
    if review.delivery is None or not review.delivery.notes or not most:
        return
    yield ""
    yield line("Notes on reading it", "bold")
    for note in review.delivery.notes[:most]:
        yield item("-", line(_short(note.text)))


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
