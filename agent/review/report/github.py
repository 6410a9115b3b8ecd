"""A review for GitHub Actions: annotations at lines of the claims file, and the summary of the step.

Knows the review. Must never show a cell's value, nor let a text end its line: what is printed here is obeyed by the
runner. GitHub shows ten annotations of a kind for a step and drops the rest without a word, so at most nine are
written, worst first, and one line says how many more there are. Errors and warnings alone are annotated: what only
informs, such as a finding that a small delivery cannot decide, is told in the summary.
"""

from ...report.words import plain
from ..result import Review
from . import words
from .alarms import Alarm, alarms
from .markdown import SUMMARY, to_markdown

MOST = 9
_LONGEST = 900
_COMMANDS = {"error": "error", "warn": "warning"}


def annotations(review: Review) -> str:
    """Workflow commands, one a line, ready to be printed; empty where there is nothing to say."""
    found = [a for a in alarms(review) if a.level in _COMMANDS]
    lines = [_line(alarm, review) for alarm in found[:MOST]]
    if review.outcome == "undecided":
        lines.insert(0, _command("error", {"title": "heldout: not decided"}, review.message))
        lines = lines[:MOST]
    left = len(found) + (review.outcome == "undecided") - len(lines)
    if left > 0:
        text = f"and {left:,} more, told in the summary of this step"
        lines.append(_command("notice", {"title": "heldout review"}, text))
    return "".join(f"{line}\n" for line in lines)


def step_summary(review: Review) -> str:
    """The review as Markdown for `$GITHUB_STEP_SUMMARY`, within its 1 MiB."""
    return to_markdown(review, most=SUMMARY)


def _line(alarm: Alarm, review: Review) -> str:
    place = {"file": review.claims.path} if review.claims.path else {}
    if alarm.line > 0:
        place["line"] = str(alarm.line)
    parts = (
        alarm.text,
        alarm.rows,
        alarm.todo,
        words.accept_line(alarm.accept),
        alarm.id,
    )
    return _command(_COMMANDS[alarm.level], {**place, "title": alarm.title}, " ".join(p for p in parts if p))


def _command(name: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{_data(message)}"


def _data(text: str) -> str:
    """A message on one line, escaped as the runner reads it."""
    text = plain(text)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
