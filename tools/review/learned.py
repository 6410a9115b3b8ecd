"""Learned claims as values: what `claims.yml` holds, whoever writes or reads the file.

Knows the fields of a learned claim. Must never know a delivery, a file's lines beyond their number, or a verdict.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..data.schema import ColumnType, Storage
from ..value import Value
from ..verify.hypothesis import Hypothesis
from .sketch import ColumnSketch

CLAIMS_VERSION = 1
Severity = Literal["error", "warn", "info"]
"""What a broken claim counts as for `--fail-on`; info never counts."""


class LearnedColumn(Value):
    """A column as it was read when the claims were learned; a delivery is read the same way."""

    name: str
    type: ColumnType
    storage: Storage
    levels: tuple[str, ...] = ()
    """Labels in their order, which codes are read by; a delivery's further labels come after them."""
    unit: str | None = None
    derived_from: tuple[str, ...] = ()


class Schema(Value):
    """Every learned column is there and holds the kind of values that it held."""

    rule: Literal["schema"] = "schema"
    extra: Literal["allow", "refuse"] = "allow"
    """What to make of columns that were not there: refuse makes them a violation."""


class Unique(Value):
    """No two rows have the same values in these columns."""

    rule: Literal["unique"] = "unique"
    columns: tuple[str, ...] = Field(min_length=1)


class NotMissing(Value):
    """At most `tolerance` of the rows have no value here; 0 means none."""

    rule: Literal["not_missing"] = "not_missing"
    column: str


Bound = float | str | None


class InRange(Value):
    """Numbers, or dates, lie between two bounds, both included."""

    rule: Literal["in_range"] = "in_range"
    column: str
    low: Bound = None
    high: Bound = None
    """A number, or for dates an ISO day such as `2024-05-31`: a whole day is included up to its last moment."""

    @model_validator(mode="after")
    def _days(self) -> "InRange":
        for bound in (self.low, self.high):
            if isinstance(bound, str):
                day_of(bound)
        return self

    @property
    def lower(self) -> float | None:
        """The lower bound as a number, dates in days since 1970-01-01."""
        return day_of(self.low) if isinstance(self.low, str) else self.low

    @property
    def upper(self) -> float | None:
        """The upper bound as `lower`, of a day its last microsecond."""
        return day_of(self.high) + 1 - 1 / 86_400e6 if isinstance(self.high, str) else self.high


def day_of(text: str) -> float:
    """Days since 1970-01-01 of an ISO day.

    Raises:
        ValueError: if it is no day.
    """
    try:
        return float((date.fromisoformat(text) - date(1970, 1, 1)).days)
    except ValueError as err:
        raise ValueError(f"{text!r} is neither a number nor a day such as 2024-05-31") from err


class OneOf(Value):
    """Labels are of this list."""

    rule: Literal["one_of"] = "one_of"
    column: str
    allowed: tuple[str, ...] = Field(min_length=1)


class Format(Value):
    """Cells match a regular expression (RE2) from end to end."""

    rule: Literal["format"] = "format"
    column: str
    pattern: str
    example: str = ""
    """What such a cell looks like, made up: letters and digits of no row."""


class Determines(Value):
    """Rows that are alike in one column are alike in another; with `mapping`, in the way that was learned."""

    rule: Literal["determines"] = "determines"
    column: str
    by: str
    mapping: dict[str, str] = Field(default_factory=dict)


class NotAfter(Value):
    """A start is not after its end."""

    rule: Literal["not_after"] = "not_after"
    start: str
    end: str


class SumOf(Value):
    """A total is the sum of its parts, to within rounding."""

    rule: Literal["sum_of"] = "sum_of"
    total: str
    parts: tuple[str, ...] = Field(min_length=2)
    within: float
    """Largest difference that is rounding."""


class RowCount(Value):
    """How many rows a delivery has, between two counts."""

    rule: Literal["row_count"] = "row_count"
    low: int
    high: int


class Fresh(Value):
    """The newest date is not before that of the delivery before, nor more than `max_age_days` ago."""

    rule: Literal["fresh"] = "fresh"
    column: str
    max_age_days: float | None = None
    """Looked at only where the day of the review is given; null: not looked at."""


InvariantRule = Annotated[
    Schema | Unique | NotMissing | InRange | OneOf | Format | Determines | NotAfter | SumOf | RowCount | Fresh,
    Field(discriminator="rule"),
]


class Baseline(Value):
    """What a finding's effect was when it was learned, on its family's scale."""

    effect: float
    standard_error: float
    rows: int
    between: float | None = None
    """Standard deviation of the effect between deliveries that are as they should be; None before calibration."""
    deliveries: int = 0
    """Calibration deliveries that `effect` and `between` rest on, beside the learned rows."""


class Suppression(Value):
    """A claim that is still computed, shown in grey, and counts for nothing until a day."""

    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    expires: str
    """ISO day; from the day after it the claim counts again."""


class LearnedClaim(Value):
    """One entry of `claims.yml`."""

    id: str
    says: str
    """The claim as a plain sentence; a person may reword it, it decides nothing."""
    kind: Literal["invariant", "finding", "distribution"]
    invariant: InvariantRule | None = None
    finding: Hypothesis | None = None
    distribution: ColumnSketch | None = None
    severity: Severity = "error"
    owner: str = ""
    tolerance: float | None = None
    """invariant: share of rows that may break it. finding: change of the effect that is too small to matter.
    distribution: distance (0 to 1) that is too small to matter. None: the default of its kind."""
    state: Literal["active", "retired"] = "active"
    origin: str = ""
    """The run that it was learned in: `data fingerprint (12 digits)/batch number`."""
    baseline: Baseline | None = None
    suppressed: Suppression | None = None
    line: int = Field(default=0, exclude=True)
    """Line of the file on which it begins, from 1; 0 where it stands in no file."""

    @model_validator(mode="after")
    def _whole(self) -> "LearnedClaim":
        given = [k for k in ("invariant", "finding", "distribution") if getattr(self, k) is not None]
        if given != [self.kind]:
            raise ValueError(f"a claim of kind {self.kind!r} needs the field {self.kind!r} and no other of its kind")
        if self.kind == "finding" and self.baseline is None:
            raise ValueError("a finding needs its `baseline`")
        return self

    def as_json(self) -> dict[str, Any]:
        """As of every value, without what is not set."""
        return {k: v for k, v in super().as_json().items() if v is not None}


class Independence(Value):
    """What rows stand for themselves, as the split of the learned data said."""

    kind: Literal["row", "entity", "time", "none"] = "row"
    key: str | None = None
    block: str | None = None
    """For time: the calendar period or `130 rows` that one unit is."""
    units: int | None = None
    """For entity: how many there were in the learned rows."""


class LearnedClaims(Value):
    """A whole `claims.yml`."""

    schema_version: Literal[1] = CLAIMS_VERSION
    source: str
    """Name of the data that the claims were learned from."""
    fingerprint: str
    rows: int
    version: str
    """Of heldout, when they were learned."""
    key: tuple[str, ...] = ()
    """Columns that name a row: of rows with the same key in one delivery's files, the latest counts."""
    time: str | None = None
    """Column of dates that `--since` is read against."""
    independence: Independence = Independence()
    columns: tuple[LearnedColumn, ...]
    claims: tuple[LearnedClaim, ...]

    def claim(self, wanted: str) -> LearnedClaim | None:
        """The claim of that id, or None."""
        return next((c for c in self.claims if c.id == wanted), None)
