"""A review as JUnit XML: a suite for the data, a case for every claim and every fault.

Knows the review. Must never show a cell's value, since build servers keep and show what they are given. A case fails
where it counts at or above `--fail-on`, so that the file and the exit code say the same; a warning below that is told
in `system-out`, JUnit having no warnings. What could not be judged at all is an error, never a pass.
"""

import re
from xml.etree import ElementTree

from ...report.words import clean, plain
from ..result import Checked, Review
from . import words
from .alarms import Alarm, alarms, explained, suppressed

_STOPS = {"error": ("error",), "warn": ("error", "warn"), "never": ()}


def to_junit(review: Review) -> str:
    """The review as JUnit XML after Jenkins' `junit-10.xsd`, without times."""
    root = ElementTree.Element("testsuites", name="heldout review")
    suite = ElementTree.SubElement(root, "testsuite", name=clean(review.claims.source) or "data")
    _properties(suite, review)
    _whole(suite, review)
    found = {(a.kind, a.id): a for a in (*suppressed(review), *alarms(review))}
    for fault in review.faults:
        _case(suite, review, "faults", found["fault", fault.fault.id])
    for claim in review.checks:
        _claim(suite, review, claim, found.get((claim.kind, claim.id)))
    for element in (root, suite):
        _count(element)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _properties(suite: ElementTree.Element, review: Review) -> None:
    own = ElementTree.SubElement(suite, "properties")
    delivery = review.delivery
    told = {
        "outcome": review.outcome, "exit_code": str(review.exit_code), "fail_on": review.fail_on,
        "claims": review.claims.path, "delivery": delivery.name if delivery else "",
        "rows": str(delivery.rows) if delivery else "", "digest": delivery.digest if delivery else "",
    }  # fmt: skip
    for name, value in told.items():
        if value:
            ElementTree.SubElement(own, "property", name=name, value=clean(value))


def _whole(suite: ElementTree.Element, review: Review) -> None:
    """The case of the review itself: a run that decided nothing has no other to fail."""
    case = ElementTree.SubElement(suite, "testcase", classname=_room(review, "review"), name="the delivery was judged")
    if review.outcome == "undecided":
        _part(case, "error", "undecided", words.headline(review), [review.message, words.gate(review)])
    elif review.outcome == "skipped":
        _part(case, "skipped", "skipped", review.message, [])
    else:
        ElementTree.SubElement(case, "system-out").text = plain(f"{words.headline(review)}. {words.message(review)}")


def _claim(suite: ElementTree.Element, review: Review, claim: Checked, alarm: Alarm | None) -> None:
    room, told = words.KINDS[claim.kind] + "s", explained(review)
    name = f"{claim.id} {words.says(claim)}"
    if alarm is not None:
        _case(suite, review, room, alarm, name=name)
        return
    case = ElementTree.SubElement(suite, "testcase", classname=_room(review, room), name=plain(name))
    if claim.id in told:
        _part(case, "skipped", "explained", f"Told with {told[claim.id]}: {claim.text}", [])


def _case(suite: ElementTree.Element, review: Review, room: str, alarm: Alarm, *, name: str = "") -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=_room(review, room), name=plain(name or alarm.id))
    head = f"{alarm.title}. {alarm.text}"
    if alarm.suppressed is not None:
        s = alarm.suppressed
        head = f"{head} Suppressed: {words.suppression(s.reason, s.owner, s.expires)}."
        _part(case, "skipped", "suppressed", head, [])
    elif alarm.level in _STOPS[review.fail_on]:
        _part(case, "failure", alarm.kind, head, _lines(alarm))
    elif alarm.state == "undecidable":
        _part(case, "skipped", "undecided", head, [])
    else:
        lines = [f"{words.LEVELS[alarm.level]}: {head}", *_lines(alarm)]
        ElementTree.SubElement(case, "system-out").text = "\n".join(plain(line) for line in lines)


def _lines(alarm: Alarm) -> list[str]:
    accept = words.accept_line(alarm.accept)
    explains = f"It explains {', '.join(alarm.explains)}." if alarm.explains else ""
    owner = f"Owner: {alarm.owner}" if alarm.owner else ""
    return [part for part in (alarm.rows, alarm.todo, accept, explains, owner, alarm.course, alarm.where) if part]


def _part(case: ElementTree.Element, tag: str, kind: str, message: str, lines: list[str]) -> None:
    own = ElementTree.SubElement(case, tag, type=kind, message=plain(message))
    if lines:
        own.text = "\n".join(plain(line) for line in lines)


def _room(review: Review, room: str) -> str:
    """The class name, in which a build server takes dots for folders."""
    source = re.sub(r"[^A-Za-z0-9_-]+", "_", review.claims.source).strip("_")[:80]
    return f"heldout.{source or 'data'}.{room}"


def _count(element: ElementTree.Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        if element.tag == "testsuite" or tag != "skipped":
            element.set(name, str(sum(case.find(tag) is not None for case in cases)))
