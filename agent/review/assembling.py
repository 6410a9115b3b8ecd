"""What every check said, as one review: how loudly each counts, what a fault explains, and the exit code.

Knows states, severities, suppressions and earlier states. Must never compute a statistic or change a state.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from heldout.version import __version__

from ...tools.review.checked import Change, Fault, Held, Shifted, State, Unread, Violations
from ...tools.review.delivery import Delivery
from ...tools.review.history import Estimate, Reviewed
from ...tools.review.learned import LearnedClaim, Suppression
from ...tools.value import counted
from ..report.result import Tool
from .claims_yaml import ClaimsFile
from .result import Checked, ClaimsRead, Delivered, FailOn, FoundFault, Level, Review, ReviewCounts
from .standing import Standing

FINDINGS, BROKEN, UNDECIDED = 0, 1, 3
"""Exit codes of a review that came to an end: nothing at or above `--fail-on`, something, could not decide."""
_WHOLE = ("duplicated_load", "truncated", "multiplied_rows", "missing_part")
"""Faults of rows rather than columns: they explain keys and row counts."""
_OF_ROWS = ("unique", "row_count", "fresh")
LOST = (
    "The history does not hold the learned data: it was lost, cut or left elsewhere, so that calibration begins anew "
    "and nothing can last. Bring it back, or name it with `--history`."
)
_LOUD: tuple[Level, ...] = ("none", "info", "warn", "error")


class Asked(NamedTuple):
    """The claims that a delivery is held to, and how."""

    path: str
    file: ClaimsFile
    fail_on: FailOn
    when: str | None


class Found(NamedTuple):
    """What every check said, by id of the claim."""

    violations: Mapping[str, Violations]
    held: Mapping[str, Held]
    shifted: Mapping[str, Shifted]
    faults: tuple[Fault, ...]
    unread: tuple[Unread, ...]
    story: tuple[Change, ...]
    estimates: dict[str, Estimate]


class Assembled(NamedTuple):
    """The review, and the states that the history keeps."""

    review: Review

    def states(self) -> dict[str, State]:
        """By id of the claim, and of every fault, which is broken while it is there."""
        faults: dict[str, State] = {f.fault.id: "broken" for f in self.review.faults}
        claims: dict[str, State] = {c.id: c.state for c in self.review.checks}
        return claims | faults


def assembled(asked: Asked, delivery: Delivery, standing: Standing, against: str, found: Found) -> Assembled:
    """The review of a delivery that could be read."""
    claims = asked.file.claims
    checks = tuple(
        c for claim in claims.claims if claim.state == "active" for c in _checked(claim, asked, standing, found)
    )
    faults = tuple(_fault(f, asked, checks, found.unread) for f in found.faults)
    explained = {key for f in faults for key in f.claims}
    counts = _counts(asked, checks, faults, explained)
    decided = sum(c.state != "undecidable" for c in checks)
    code = _code(asked.fail_on, counts, decided)
    outcome = (
        "undecided" if code == UNDECIDED else "errors" if counts.errors else "warnings" if counts.warnings else "clean"
    )
    unread = tuple(u for u in found.unread)
    review = Review(
        tool=Tool(version=__version__),
        claims=_read(asked, decided),
        delivery=Delivered(
            name=delivery.name, digest=delivery.digest, rows=delivery.rows, columns=len(delivery.columns),
            number=standing.number, calibration=standing.calibration, when=asked.when, supersedes=standing.supersedes,
            notes=tuple(n for n in delivery.notes if n.kind == "warning"),
        ),
        against=against, outcome=outcome, fail_on=asked.fail_on, exit_code=code,
        message=_message(outcome, counts, faults, checks, explained, standing, found.story), counts=counts,
        checks=checks, faults=faults, unread=unread, changes=found.story[:8],
    )  # fmt: skip
    return Assembled(review)


def undecided(asked: Asked, why: str, name: str) -> Review:
    """The review of a delivery that could not be read."""
    return Review(
        tool=Tool(version=__version__), claims=_read(asked, 0), delivery=None, against=asked.file.claims.source,
        outcome="undecided", fail_on=asked.fail_on, exit_code=UNDECIDED, message=why,
        counts=ReviewCounts(errors=0, warnings=0, holds=0, watch=0, broken=0, undecidable=0, suppressed=0),
    )  # fmt: skip


def _read(asked: Asked, decided: int) -> ClaimsRead:
    claims = asked.file.claims
    return ClaimsRead(
        path=asked.path, digest=claims.content_id(), source=claims.source, rows=claims.rows, total=len(claims.claims),
        checked=decided,
    )  # fmt: skip


def _checked(claim: LearnedClaim, asked: Asked, standing: Standing, found: Found) -> Sequence[Checked]:
    """The claim with what was found of it; nothing where it names what no check speaks of."""
    of: Violations | Held | Shifted | None = (
        found.violations.get(claim.id) or found.held.get(claim.id) or found.shifted.get(claim.id)
    )
    if of is None:
        return ()
    expired = claim.suppressed is not None and _expired(claim.suppressed, asked.when)
    quiet = claim.suppressed is not None and not expired
    calibrating = of.calibrating if isinstance(of, Held) else bool(standing.calibration)
    states: list[State | None] = [e.states.get(claim.id) for e in standing.past]
    check = Checked(
        id=claim.id, kind=claim.kind, says=claim.says, state=of.state,
        level="none" if quiet else _level(of, claim, calibrating), severity=claim.severity, owner=claim.owner,
        text=of.text, line=claim.line, since=_since(of.state, states, standing.past),
        changed=bool(states) and states[-1] is not None and states[-1] != of.state, suppressed=claim.suppressed,
        expired=expired, accept="" if of.state in ("holds", "undecidable") else _accept(claim, asked.path),
    )  # fmt: skip
    field = {"invariant": "violations", "finding": "held", "distribution": "shifted"}[claim.kind]
    return (check.model_copy(update={field: of}),)


def _expired(suppressed: Suppression, when: str | None) -> bool:
    return when is not None and suppressed.expires < when


def _level(of: Violations | Held | Shifted, claim: LearnedClaim, calibrating: bool) -> Level:
    """What a state counts as: never more than the severity, and a warning at most while it is watched or calibrated."""
    if of.state == "holds":
        return "none"
    advises = calibrating and not isinstance(of, Violations)
    most: Level = "error" if of.state == "broken" and not advises else "warn"
    if of.state == "undecidable" and claim.kind != "invariant":
        most = "info"  # a delivery of few rows is no fault
    if isinstance(of, Held) and of.change == "stronger":
        most = "info"  # what is claimed is only truer
    if calibrating and claim.invariant is not None and claim.invariant.rule == "row_count":
        most = "info"  # how many rows a delivery has is known once some came
    return min((most, claim.severity), key=_LOUD.index)


def _since(state: State, states: Sequence[State | None], past: Sequence[Reviewed]) -> str | None:
    """Where the present run of deliveries in which it does not hold began, before this one."""
    if state in ("holds", "undecidable"):
        return None
    name = None
    for earlier, entry in zip(reversed(states), reversed(past), strict=True):
        if earlier not in ("watch", "broken"):
            break
        name = entry.name
    return name


def _accept(claim: LearnedClaim, path: str) -> str:
    if claim.kind == "invariant":
        return f"edit its rule or `tolerance` on line {claim.line} of {path}"
    return f"heldout rebaseline --claims {shlex.quote(path)} --claim {claim.id}"


def _fault(fault: Fault, asked: Asked, checks: Sequence[Checked], unread: Sequence[Unread]) -> FoundFault:
    file = asked.file
    line = next((file.column_lines[c] for c in fault.columns if c in file.column_lines), 1)
    told = tuple(c.id for c in checks if c.state in ("watch", "broken") and _explains(fault, c, file, unread))
    quiet = [s for s in (_silenced(file, c, asked.when) for c in fault.columns) if s is not None]
    suppressed = quiet[0] if quiet and len(quiet) == len(fault.columns) else None
    return FoundFault(
        fault=fault, level="none" if suppressed else "error", line=line, suppressed=suppressed, claims=told
    )


def _silenced(file: ClaimsFile, column: str, when: str | None) -> Suppression | None:
    """The suppression of a column's distribution, which holds for faults of that column too."""
    for c in file.claims.claims:
        if c.distribution is not None and c.distribution.name == column and c.suppressed is not None:
            return None if _expired(c.suppressed, when) else c.suppressed
    return None


def _explains(fault: Fault, check: Checked, file: ClaimsFile, unread: Sequence[Unread]) -> bool:
    claim = file.claims.claim(check.id)
    if claim is None:
        return False
    if claim.invariant is not None and fault.kind in _WHOLE and claim.invariant.rule in _OF_ROWS:
        return True
    if claim.invariant is not None and claim.invariant.rule == "schema":
        odd = {u.column for u in unread if u.kind != "extra"}
        return bool(odd) and odd <= set(fault.columns)
    return bool(set(fault.columns) & set(columns_of(claim)))


def columns_of(claim: LearnedClaim) -> tuple[str, ...]:
    """The columns of the table that a claim speaks of."""
    if claim.distribution is not None:
        return (claim.distribution.name,)
    if claim.finding is not None:
        texts = {p.name: p.column for p in claim.finding.texts}
        return tuple(texts.get(name, name) for name in claim.finding.columns)
    fields = claim.invariant.as_json() if claim.invariant is not None else {}
    named = [fields.get(k) for k in ("column", "by", "start", "end", "total")]
    return tuple(n for n in (*named, *fields.get("columns", ()), *fields.get("parts", ())) if n)


def _counts(asked: Asked, checks: Sequence[Checked], faults: Sequence[FoundFault], explained: set[str]) -> ReviewCounts:
    """A claim that a fault explains counts as that fault."""
    own = [c for c in checks if c.id not in explained]
    levels = [*(c.level for c in own), *(f.level for f in faults)]
    states = [c.state for c in checks]
    quiet = sum(c.suppressed is not None and not c.expired for c in checks)
    retired = sum(c.state == "retired" for c in asked.file.claims.claims)
    return ReviewCounts(
        errors=levels.count("error"), warnings=levels.count("warn"), holds=states.count("holds"),
        watch=states.count("watch"), broken=states.count("broken"), undecidable=states.count("undecidable"),
        suppressed=quiet, retired=retired, faults=len(faults),
    )  # fmt: skip


def _code(fail_on: FailOn, counts: ReviewCounts, decided: int) -> int:
    loud = {"error": counts.errors, "warn": counts.errors + counts.warnings, "never": 0}[fail_on]
    if loud:
        return BROKEN
    if counts.errors:
        return FINDINGS
    return FINDINGS if decided else UNDECIDED


def _message(
    outcome: str, counts: ReviewCounts, faults: Sequence[FoundFault], checks: Sequence[Checked], explained: set[str],
    standing: Standing, story: Sequence[Change],
) -> str:  # fmt: skip
    """What is to be looked at first; counts and calibration stand beside it in every format."""
    if outcome == "undecided":
        return "Nothing could be decided: no claim of the file could be checked on this delivery."
    nothing = "Nothing that counts is broken" if counts.broken or counts.faults else "Nothing is broken"
    parts = [f"{nothing}: {counted(counts.holds, 'claim')} hold."]
    if outcome != "clean":
        parts = [_worst(faults, checks, explained, story)]
    if standing.again is not None:
        parts.append(f"The same content was reviewed before, as delivery {standing.again.number}: it counts once.")
    if standing.learned is None:
        parts.append(LOST)
    return " ".join(parts)


def _worst(
    faults: Sequence[FoundFault], checks: Sequence[Checked], explained: set[str], story: Sequence[Change]
) -> str:
    """The text of what is to be looked at first: a fault, a broken claim, the story's first line, else a warning."""
    own = [c for c in checks if c.id not in explained]
    loud = [f.fault.text for f in faults if f.level == "error"]
    loud += [_told(c) for c in own if c.level == "error"]
    shifted = {c.id for c in own if c.level == "warn" and c.kind == "distribution"}
    loud += [c.text for c in story if set(c.claims) & shifted]
    loud += [_told(c) for c in own if c.level == "warn"]
    return loud[0] if loud else ""


def _told(check: Checked) -> str:
    return f"{check.says} {check.text}" if check.kind == "finding" else check.text
