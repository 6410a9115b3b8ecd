"""A review as one offline page: no script, nothing fetched, every value escaped by the template.

Knows the review, the page's template and its style. Must never know files, nor build markup from data. It is the one
rendering, beside the JSON, that shows values of cells: it stays where the data are.
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ...report.charts import chart, describe, svg
from ...report.page import address, content_policy, environment, trusted
from ..result import Checked, Level, Review
from . import words
from .alarms import COUNTING, TITLES, Alarm, alarms, at_level, explained, suppressed

if TYPE_CHECKING:
    from jinja2 import Template

CHARTS = 24
"""Charts a page holds: each costs some .03 seconds and 15 kB."""
_TONES = {"error": "refuted", "warn": "open", "info": "plain-badge", "none": "plain-badge"}


def to_html(review: Review, *, saved: Sequence[str] = ()) -> str:
    """The whole review as one HTML document.

    Args:
        review: The result to show.
        saved: Names of the files that are saved beside the page.
    """
    style = _resource("heldout.agent.report", "page.css") + _resource(__package__ or "", "page.css")
    found, told = alarms(review), explained(review)
    drawn = _Pictures(CHARTS)
    # In the order of the page, since each picture is drawn where it comes first.
    groups = [_group("error", found, drawn)]
    story = [{"text": words.change_text(c), "picture": drawn.of(_spec(c.picture))} for c in review.changes]
    groups += [_group(level, found, drawn) for level in COUNTING if level != "error"]
    return _template().render(
        review=review,
        words=words,
        style=trusted(style),
        policy=content_policy(style),
        saved=saved,
        tone={"clean": "verified", "errors": "refuted", "undecided": "refuted"}.get(review.outcome, "open"),
        groups=[g for g in groups if g["views"]],
        suppressed=[_view(a, drawn) for a in suppressed(review)],
        story=story,
        claims=[_row(c, told) for c in _ordered(review.checks)],
    )


class _Pictures:
    """The page's charts as addresses that hold the whole image: each once, as many as it may have."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._drawn: list[dict[str, Any]] = []

    def of(self, spec: dict[str, Any] | None) -> dict[str, str] | None:
        if not spec or len(self._drawn) >= self._most or spec in self._drawn:
            return None
        self._drawn.append(spec)
        return {"image": address(svg(_whole(spec), dark=None)), "alt": describe(spec)}


def _whole(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification without lone surrogates: the name of a file, which labels a delivery, may hold one."""
    return json.loads(json.dumps(spec, ensure_ascii=False).encode("utf-8", "replace"))


def _spec(picture: Any) -> dict[str, Any] | None:
    return chart(picture) if picture is not None else None


def _group(level: Level, found: Sequence[Alarm], drawn: _Pictures) -> dict[str, Any]:
    """The alarms of one level under their title."""
    return {"level": level, "title": TITLES[level], "views": [_view(a, drawn) for a in at_level(found, level)]}


def _view(alarm: Alarm, drawn: _Pictures) -> dict[str, Any]:
    """What the template shows of one alarm."""
    return {
        "alarm": alarm,
        "badge": words.LEVELS[alarm.level] if alarm.suppressed is None else "Suppressed",
        "tone": _TONES[alarm.level],
        "kind": words.KINDS[alarm.kind],
        "picture": drawn.of(alarm.chart) if alarm.suppressed is None else None,
    }


def _ordered(checks: Sequence[Checked]) -> list[Checked]:
    """What does not hold first, else as in the file."""
    return sorted(checks, key=lambda c: c.state == "holds")


def _row(claim: Checked, told: dict[str, str]) -> dict[str, Any]:
    """A claim in the table of all."""
    text = f"{claim.text} Told with the fault {told[claim.id]}." if claim.id in told else claim.text
    return {
        "claim": claim,
        "says": words.says(claim),
        "state": words.STATES[claim.state] + (", suppressed" if claim.state != "holds" and words.quiet(claim) else ""),
        "text": text,
        "quiet": claim.suppressed if words.quiet(claim) else None,
        "tone": _TONES[claim.level] if claim.state != "holds" and not words.quiet(claim) else "",
    }


@cache
def _template() -> "Template":
    return environment().from_string(_resource(__package__ or "", "page.html.j2"))


@cache
def _resource(package: str, name: str) -> str:
    return (files(package) / name).read_text("utf-8")
