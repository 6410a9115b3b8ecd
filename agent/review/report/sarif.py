"""A review as SARIF 2.1.0 for code scanning: each alarm at the line of its claim in the claims file.

Knows the review. Must never show a cell's value. Only what does not hold is a result: code scanning closes an alert
whose result is gone, so a log of a delivery that was not judged (exit code 3, or skipped) must not be uploaded. What
this delivery could not decide is a result only where it counts: code scanning shows a note like any other alert.
"""

import json
import re
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from ....tools.value import digest
from ...report.words import clean, plain
from ..result import Review
from . import words
from .alarms import Alarm, alarms, suppressed

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASELINE = {"new": "new", "other": "updated", "same": "unchanged"}
_COUNT = ("error", "warn")
_LEVELS = {"error": "error", "warn": "warning", "info": "note", "none": "note"}


def to_sarif(review: Review) -> str:
    """The review as a SARIF log with sorted keys.

    Rules are claims and faults (`ruleId` is the id), and `partialFingerprints` are made of ids alone, so that an alert
    stays the same while lines of the claims file move.
    """
    found = [a for a in (*alarms(review), *suppressed(review)) if a.state != "undecidable" or a.level in _COUNT]
    run = {
        "tool": {
            "driver": {
                "name": "heldout", "version": clean(review.tool.version),
                "rules": [_rule(a) for a in found],
            }
        },
        "automationDetails": {"id": f"heldout-review/{_slug(review.claims.source)}/"},
        "invocations": [_invocation(review)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(a, at, review) for at, a in enumerate(found)],
        "properties": {"outcome": review.outcome, "failOn": review.fail_on},
    }  # fmt: skip
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _rule(alarm: Alarm) -> dict[str, Any]:
    return {
        "id": clean(alarm.id),
        "shortDescription": {"text": _text(alarm.title)},
        "defaultConfiguration": {"level": _LEVELS[alarm.level]},
        "properties": {"tags": [words.KINDS[alarm.kind]]},
    }


def _result(alarm: Alarm, at: int, review: Review) -> dict[str, Any]:
    name = digest(clean(alarm.id))
    out: dict[str, Any] = {
        "ruleId": clean(alarm.id),
        "ruleIndex": at,
        "kind": "fail",
        "level": _LEVELS[alarm.level],
        "message": {"text": _text(_message(alarm))},
        "locations": [_location(review, alarm.line)],
        # GitHub reads the first alone; without it, it would make one of the line's text.
        "partialFingerprints": {"primaryLocationLineHash": f"{name[:16]}:1", "heldoutClaim/v1": name},
        "properties": {"state": alarm.state, "owner": clean(alarm.owner)},
    }
    if alarm.news:  # whether a fault was there before is not known
        out["baselineState"] = _BASELINE[alarm.news]
    if alarm.suppressed is not None:
        why = words.suppression(alarm.suppressed.reason, alarm.suppressed.owner, alarm.suppressed.expires)
        out["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return out


def _message(alarm: Alarm) -> str:
    accept = words.accept_line(alarm.accept)
    parts = (f"{alarm.title}.", alarm.text, alarm.rows, alarm.todo, accept)
    return " ".join(part.strip() for part in parts if part)


def _location(review: Review, line: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(review.claims.path)}}
    if line > 0:
        place["region"] = {"startLine": line}
    return {"physicalLocation": place}


def _uri(path: str) -> str:
    """The claims file as a URI reference: relative to the checkout as the user named it, or `file:`."""
    pure = PurePath(path.encode("utf-8", "replace").decode() or "claims.yml")
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())


def _invocation(review: Review) -> dict[str, Any]:
    judged = review.outcome != "undecided"
    out: dict[str, Any] = {"executionSuccessful": judged, "exitCode": review.exit_code}
    if not judged:
        note = {"level": "error", "message": {"text": _text(review.message)}}
        out["toolExecutionNotifications"] = [note]
    return out


def _text(text: str) -> str:
    """Plain text in which nothing reads as a link: SARIF takes `[text](place)` for one."""
    return re.sub(r"\](?=\()", "] ", plain(text)) or "–"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-")[:80] or "data"
