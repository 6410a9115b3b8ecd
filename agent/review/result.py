"""The result of a review as values: the public JSON contract, field by field.

Knows what is reported of a delivery. Must never know how it was computed, or how a page or another tool shows it.
"""

from typing import Literal

from pydantic import Field

from ...tools.data.schema import Note
from ...tools.review.checked import Change, Fault, Held, Shifted, State, Unread, Violations
from ...tools.review.learned import Severity, Suppression
from ...tools.value import Value
from ..report.result import Tool

REVIEW_VERSION = 1
Level = Literal["error", "warn", "info", "none"]
FailOn = Literal["error", "warn", "never"]


class ClaimsRead(Value):
    """Which claims were checked."""

    path: str
    """As the user named the file."""
    digest: str
    source: str
    """Name of the data that they were learned from."""
    rows: int
    total: int
    checked: int
    """Claims that were decided: not retired, not undecidable."""


class Delivered(Value):
    """The delivery that was reviewed."""

    name: str
    digest: str
    rows: int
    columns: int
    number: int
    """Which delivery since the claims were learned or rebaselined, from 1."""
    calibration: int | None = None
    """Which of the four calibration deliveries it is; None afterwards."""
    when: str | None = None
    """The day of the review, as the caller gave it."""
    supersedes: int | None = None
    """Number of the earlier delivery of the same name that it replaces."""
    notes: tuple[Note, ...] = ()


class Checked(Value):
    """One learned claim, checked."""

    id: str
    kind: Literal["invariant", "finding", "distribution"]
    says: str
    state: State
    level: Level
    """What it counts as: its severity where it is broken, warn at most where it is watched or calibrating, none where
    it holds or is suppressed. Undecidable counts as warn."""
    severity: Severity
    owner: str = ""
    text: str
    """Why, with both figures."""
    line: int
    """Where its entry begins in the claims file."""
    since: str | None = None
    """Name of the first of the consecutive deliveries in which it was not holding; None where it holds."""
    changed: bool = False
    """Whether its state differs from the delivery before."""
    suppressed: Suppression | None = None
    expired: bool = False
    """Whether it has a suppression that ran out."""
    accept: str = ""
    """The command or edit that would accept what was found."""
    violations: Violations | None = None
    held: Held | None = None
    shifted: Shifted | None = None
    chart: dict | None = None
    """A Vega-Lite specification, from aggregates."""


class FoundFault(Value):
    """A fault, and what it counts as."""

    fault: Fault
    level: Level
    line: int
    """Line of the claims file that its column stands on."""
    suppressed: Suppression | None = None
    claims: tuple[str, ...] = ()
    """Ids of claims that are broken because of it: told with it, not beside it."""


class ReviewCounts(Value):
    """How many, for a glance and for gates of one's own."""

    errors: int
    warnings: int
    holds: int
    watch: int
    broken: int
    undecidable: int
    suppressed: int
    retired: int = 0
    faults: int = 0


class Review(Value):
    """One delivery reviewed. A function of delivery, claims, history and options: byte-identical on every run."""

    schema_version: Literal[1] = REVIEW_VERSION
    tool: Tool
    claims: ClaimsRead
    delivery: Delivered | None
    """None where it could not be read."""
    against: str
    """Name of what the delivery was compared with: the learned data, or `--baseline`."""
    outcome: Literal["clean", "warnings", "errors", "undecided", "skipped"]
    fail_on: FailOn = "error"
    exit_code: int
    message: str
    """One or two sentences: what came of it and what to do next."""
    counts: ReviewCounts
    checks: tuple[Checked, ...] = ()
    """Every claim of the file in its order, retired ones left out."""
    faults: tuple[FoundFault, ...] = ()
    unread: tuple[Unread, ...] = ()
    changes: tuple[Change, ...] = ()
    """The story, largest and most specific first; at most eight."""
    timing: dict[str, float] = Field(default_factory=dict)
