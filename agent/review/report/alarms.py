"""What a reader must act on, worst first: faults and claims that do not hold, each with figures and what to do.

Knows the review as values. Must never know a format, nor decide how loudly anything counts.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from ...report.charts import chart
from ..result import Checked, FoundFault, Level, Review, Suppression
from . import words

_LEVELS: tuple[Level, ...] = ("error", "warn", "info", "none")
_KINDS = ("fault", "invariant", "finding", "distribution")
COUNTING: tuple[Level, ...] = ("error", "warn", "info")
"""Levels of what is told, loudest first."""
TITLES = {"error": "Errors", "warn": "Warnings", "info": "For information"}
_STATES = ("broken", "watch", "undecidable", "holds")


class Alarm(NamedTuple):
    """One thing to act on."""

    id: str
    level: Level
    kind: Literal["fault", "invariant", "finding", "distribution"]
    state: str
    title: str
    """What went wrong, or the claim that does not hold."""
    text: str
    """Why, with both figures."""
    rows: str
    """The first rows that show it; empty where there are none to show."""
    todo: str
    """What to do about it."""
    accept: str
    """The command or edit after which it counts no more, for who knows that it is right."""
    where: str
    """`claims.yml:34`."""
    line: int
    owner: str
    news: words.News
    """Whether it is new in this delivery, another state than before, the same, or not known."""
    course: str
    """Since when, as far as that is known."""
    explains: tuple[str, ...]
    """Ids of claims that are broken because of it."""
    columns: tuple[str, ...]
    examples: tuple[str, ...]
    """Values of cells: for pages that stay where the data are, never for what is sent or logged."""
    suppressed: Suppression | None
    chart: dict[str, Any] | None


def alarms(review: Review) -> tuple[Alarm, ...]:
    """What counts, worst first; claims that a fault explains are told with it."""
    found = [_fault(f, review) for f in review.faults if f.suppressed is None]
    found += [_claim(c, review) for c in counting(review)]
    return tuple(sorted(found, key=_worst))


def counting(review: Review) -> list[Checked]:
    """Claims that do not hold and count, in the order of their file; what a fault explains counts as that fault."""
    told = explained(review)
    loud = (c for c in review.checks if c.state != "holds" and c.level != "none")
    return [c for c in loud if not words.quiet(c) and c.id not in told]


def suppressed(review: Review) -> tuple[Alarm, ...]:
    """What would count, had nobody said that it should not for a while."""
    found = [_fault(f, review) for f in review.faults if f.suppressed is not None]
    found += [_claim(c, review) for c in review.checks if c.state != "holds" and words.quiet(c)]
    return tuple(sorted(found, key=_worst))


def explained(review: Review) -> dict[str, str]:
    """Claims that are told with a fault, and the id of that fault: they count, or are silent, as it does."""
    return {claim: f.fault.id for f in review.faults for claim in f.claims}


def at_level(found: Sequence[Alarm], level: Level) -> tuple[Alarm, ...]:
    """Those of one level."""
    return tuple(a for a in found if a.level == level)


def _worst(alarm: Alarm) -> tuple[int, ...]:
    return (
        _LEVELS.index(alarm.level), _KINDS.index(alarm.kind) > 0, alarm.state == "undecidable", alarm.news != "new",
        _KINDS.index(alarm.kind), _STATES.index(alarm.state),
    )  # fmt: skip


def _fault(found: FoundFault, review: Review) -> Alarm:
    fault = found.fault
    return Alarm(
        id=fault.id, level=found.level, kind="fault", state="broken", title=words.fault_title(fault), text=fault.text,
        rows=words.first_rows(fault.first, fault.rows), todo=fault.advice, accept="",
        where=words.place(review, found.line), line=found.line, owner="", news="", course="", explains=found.claims,
        columns=fault.columns, examples=(), suppressed=found.suppressed, chart=None,
    )  # fmt: skip


def _claim(claim: Checked, review: Review) -> Alarm:
    broken = claim.violations
    return Alarm(
        id=claim.id,
        level=claim.level,
        kind=claim.kind,
        state=claim.state,
        title=words.claim_title(claim),
        text=claim.text,
        rows=words.first_rows(broken.first, broken.rows) if broken else "",
        todo=words.todo(claim),
        accept="" if claim.state == "undecidable" or _calibrating(claim, review) else claim.accept,
        where=words.place(review, claim.line),
        line=claim.line,
        owner=claim.owner,
        news=words.news(claim, review),
        course=words.course(claim, review),
        explains=(),
        columns=(claim.shifted.column,) if claim.shifted else (),
        examples=broken.examples if broken else (),
        suppressed=claim.suppressed if words.quiet(claim) else None,
        chart=_chart(claim),
    )


def _calibrating(claim: Checked, review: Review) -> bool:
    """Whether what was found is what the claim is being calibrated by: nothing is to be accepted yet."""
    first = review.delivery is not None and review.delivery.calibration is not None
    return claim.held.calibrating if claim.held is not None else first and claim.kind == "distribution"


def _chart(claim: Checked) -> dict[str, Any] | None:
    if claim.chart:
        return claim.chart
    part = claim.held or claim.shifted
    return chart(part.picture) if part is not None and part.picture is not None else None
