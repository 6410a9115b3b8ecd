"""What checking a delivery leaves behind: exact violations, states of findings, shifts, faults and changes.

Knows the fields of each outcome. Must never know how one was computed, how loudly it counts, or how it is printed.
"""

from typing import Literal

from pydantic import Field

from ..value import Effect, Value
from ..verify.evidence import Picture

State = Literal["holds", "watch", "broken", "undecidable"]
Departure = Literal["none", "weaker", "gone", "reversed", "stronger"]
"""What became of a finding's effect, where it differs from what it was."""
FaultKind = Literal[
    "unit_change", "renamed_label", "type_change", "shifted_columns", "duplicated_load", "truncated", "time_shift",
    "multiplied_rows", "missing_part", "swapped_labels", "encoding", "stuck",
]  # fmt: skip


class Violations(Value):
    """A rule of the data, counted exactly on every row of a delivery."""

    state: State
    """holds, broken, or undecidable where what it reads is not there."""
    rows: int
    """Rows that break it."""
    of: int
    """Rows that it speaks of."""
    first: tuple[int, ...] = ()
    """At most five of them, the first data row of the delivery being 1."""
    examples: tuple[str, ...] = ()
    """At most three of the values that break it, cut at 60 characters; never shown in messages that are sent."""
    text: str
    """A sentence with both counts, without a cell's value: `12 of 5,000 rows have no \\`weight\\`, at most 5 may.`"""


class Held(Value):
    """A finding measured again, and its state by the alarm rule."""

    state: State
    effect: Effect | None = None
    """In this delivery, on the family's scale, with its 95 % interval."""
    standard_error: float | None = None
    baseline: float
    """The effect it was learned with, or calibrated to."""
    in_units: Effect | None = None
    """In this delivery, in the data's own units."""
    n: int = 0
    p_value: float | None = None
    """That so large a difference from the baseline comes by chance, between-delivery variation included."""
    alarm: bool = False
    """Whether the difference counts among all findings of this delivery (Benjamini-Hochberg at .01)."""
    change: Departure = "none"
    detectable: float | None = None
    """Smallest change that this delivery would have shown with power .80."""
    calibrating: bool = False
    """Whether it is one of the first deliveries, which advise only."""
    sentence: str = ""
    """The claim with this delivery's figures."""
    text: str
    """Why it has this state: both figures, the rule, and what could have been seen."""
    picture: Picture | None = None


class Shifted(Value):
    """The distribution of one column beside the learned one."""

    column: str
    state: State
    distance: float | None = None
    """Total variation over the sketch's bins or levels, 0 to 1: the share of rows that would have to move."""
    p_value: float | None = None
    before: str = ""
    after: str = ""
    """The figure that says most, in the column's unit: `mean 144`, `12 % "gold"`, `3 % missing`."""
    effect: float | None = None
    """For numbers the difference of means in learned standard deviations; for labels the difference of that share."""
    relative: float | None = None
    """For numbers the change of the mean in percent, where it has a sense."""
    missing_before: float = 0.0
    missing_after: float = 0.0
    text: str
    """A sentence with both figures."""
    picture: Picture | None = None


class Fault(Value):
    """Something that went wrong on the way, named: not that the data differ, but how they were damaged."""

    id: str
    """`fault-KIND-COLUMN`: the same from one delivery to the next."""
    kind: FaultKind
    columns: tuple[str, ...]
    rows: int
    """Rows (for missing_part: rows that are missing, by the learned share) concerned."""
    of: int
    first: tuple[int, ...] = ()
    """At most five of these rows, the first data row of the delivery being 1."""
    labels: tuple[str, ...] = ()
    """Labels, days or factors it names, at most six: `("g", "kg")`, `("Gold", "GOLD")`."""
    factor: float | None = None
    """unit_change: new over old. time_shift: hours. multiplied_rows: rows by key."""
    text: str
    """One sentence: what happened, to which column, in how many rows, and how one knows."""
    advice: str
    """One sentence: whom to ask or what to undo."""


class Change(Value):
    """One line of the story of what is different, the largest and most specific first."""

    columns: tuple[str, ...]
    """The column that changed; after it those that changed with it."""
    segment: dict[str, str] = Field(default_factory=dict)
    """Label column and level that the change is concentrated in; empty where it is everywhere."""
    since: str | None = None
    """Name of the first delivery in which it was there; None where this is the first or no history is known."""
    share: float | None = None
    """How much of the whole change the segment explains, 0 to 1 and above where others go the other way."""
    size: float
    """By which the story is ordered: distance or standardised difference, 0 to 1 and above."""
    claims: tuple[str, ...] = ()
    """Ids of learned claims that say the same."""
    text: str
    """One or two sentences a person would say, with both figures."""
    picture: Picture | None = None


class Unread(Value):
    """A learned column that a delivery does not have, or has as something else."""

    column: str
    kind: Literal["missing", "type", "extra", "renamed"]
    learned: str = ""
    found: str = ""
    """Types in words (`number`, `date`, `words`); for renamed the new name."""
    rows: int = 0
    """Cells that do not read as the learned type."""
    first: tuple[int, ...] = ()
    examples: tuple[str, ...] = ()
    text: str
