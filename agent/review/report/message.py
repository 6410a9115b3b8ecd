"""A review as one message to a chat or another service: what changed since the delivery before, and nothing else.

Knows the review. Must never hold a value of a cell, which labels and levels are too: it is worded from kinds, ids,
column names, estimates and the sentence that counts violations, never from a claim's own sentence, a fault's text,
examples, labels or segments.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any

from ....tools.value import counted
from ...report.words import clean, figure, plain
from ..result import Checked, FoundFault, Review
from . import words
from .alarms import counting

_MOST = 8
_LONGEST = 2_900
"""Characters of a section; Slack takes 3,000."""
_SENTENCE = 240
_SIGNS = {"errors": "🔴", "warnings": "🟡", "clean": "🟢", "undecided": "⚪", "skipped": "⚪"}
_CHANGES = {
    "none": "", "weaker": ", it is weaker", "gone": ", it is gone", "reversed": ", it is reversed",
    "stronger": ", it is stronger",
}  # fmt: skip


def payload(review: Review, *, known: Collection[str] = (), link: str = "") -> dict[str, Any] | None:
    """The message as Slack reads it (`text` and `blocks`), or None where nothing is other than the delivery before.

    A delivery that could not be judged is always told: that something is no pass must not go by in silence. That a
    claim which held could not be decided this time, or holds again after that, is no news.

    Args:
        review: The result to tell.
        known: Ids that the delivery before raised an alarm for: faults among them are no news, claims can be over.
        link: Where the page is to be read; left out where empty.
    """
    new, lost, over = _new(review, known), _lost(review, known), _over(review, known)
    if review.outcome != "undecided" and (review.outcome == "skipped" or not (new or lost or over)):
        return None
    title = _escaped(f"{_SIGNS[review.outcome]} {words.OUTCOMES[review.outcome]}: {words.delivery_name(review)}")
    lines = [*_listed("New or changed", new), *_listed("Not decided this time", lost), *_listed("Holds again", over)]
    same = _same(review, known)
    if same:
        lines.append(f"{counted(same, 'alarm')} as in the delivery before.")
    lines.append(_counts(review))
    body = _escaped("\n".join(lines))
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(title, 150)}},
        {"type": "section", "text": {"type": "mrkdwn", "text": _cut(body, _LONGEST)}},
    ]
    if link:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": _cut(_escaped(clean(link)), _LONGEST)}})
    return {"text": _cut(f"{title}. {_counts(review)}", _LONGEST), "blocks": blocks}


def _new(review: Review, known: Collection[str]) -> list[str]:
    found = [_fault(f, review) for f in review.faults if f.suppressed is None and f.fault.id not in known]
    return found + [_claim(c, review) for c in _counting(review) if c.changed and c.state != "undecidable"]


def _lost(review: Review, known: Collection[str]) -> list[str]:
    """Claims that the delivery before broke, and that this one cannot decide: nobody may take them for mended."""
    return [f"`{_name(c.id)}`" for c in review.checks if c.state == "undecidable" and c.id in known and _tellable(c)]


def _over(review: Review, known: Collection[str]) -> list[str]:
    """What is no longer so: claims that the delivery before broke and that hold again, faults that it had."""
    again = [f"`{_name(c.id)}` holds" for c in review.checks if c.state == "holds" and c.id in known and _tellable(c)]
    here = {f.fault.id for f in review.faults} | {c.id for c in review.checks}
    gone = sorted(k for k in known if k.startswith("fault-") and k not in here)
    return again + [f"`{_name(k)}` is over" for k in gone] if review.outcome != "undecided" else []


def _same(review: Review, known: Collection[str]) -> int:
    old = sum(f.suppressed is None and f.fault.id in known for f in review.faults)
    return old + sum(not c.changed for c in _counting(review))


def _tellable(claim: Checked) -> bool:
    return not words.quiet(claim) and claim.severity != "info"


def _counting(review: Review) -> list[Checked]:
    return [c for c in counting(review) if c.level != "info"]


def _fault(found: FoundFault, review: Review) -> str:
    fault = found.fault
    rows = f" {fault.rows:,} of {counted(fault.of, 'row')}" if fault.of else ""
    explains = f", explains {counted(len(found.claims), 'broken claim')}" if found.claims else ""
    return (
        f"{words.LEVELS[found.level]}: {words.fault_title(fault)}.{rows}{explains} ({words.place(review, found.line)})"
    )


def _claim(claim: Checked, review: Review) -> str:
    head = f"{words.LEVELS[claim.level]}: {words.KINDS[claim.kind]} `{_name(claim.id)}` {words.STATES[claim.state]}"
    owner = f", owner {clean(claim.owner)}" if claim.owner else ""
    return f"{head}{_figures(claim)} ({words.place(review, claim.line)}{owner})"


def _figures(claim: Checked) -> str:
    """Both figures, from counts and estimates alone."""
    if claim.violations is not None:  # its text holds counts and no cell, by what it is
        return f": {_cut(plain(claim.violations.text), _SENTENCE)}"
    held = claim.held
    if held is not None and held.effect is not None:
        now = f"{clean(held.effect.name)} {figure(held.baseline)} when learned, {figure(held.effect.value)} now"
        return f": {now}{_CHANGES[held.change]}"
    if claim.shifted is not None:
        far = "" if claim.shifted.distance is None else f", distance {figure(claim.shifted.distance)}"
        return f": column `{_name(claim.shifted.column)}`{far}"
    return ""


def _counts(review: Review) -> str:
    code = f"exit code {review.exit_code}"
    if review.outcome == "undecided":
        return f"Nothing could be decided, which is no pass; {code}."
    text = words.came(review)
    return f"{text[:1].upper()}{text[1:]}; {code}."


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"and {len(lines) - _MOST:,} more"] if len(lines) > _MOST else []
    return [f"*{title}*", *(f"• {line}" for line in (*lines[:_MOST], *more))]


def _name(text: str) -> str:
    return clean(text).replace("`", "'")


def _escaped(text: str) -> str:
    """Text in which nothing reads as a link or calls a person or a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, most: int) -> str:
    """Text of at most so many characters, never cut within `&lt;`."""
    return text if len(text) <= most else re.sub(r"&\w*$", "", text[: most - 1]) + "…"
