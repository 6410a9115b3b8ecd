"""What a test leaves behind: evidence, pictures as aggregates, verdicts. Values only, no arithmetic.

Knows the fields of the public contract. Must never know how a figure was computed or how it will be worded.
"""

from typing import Any, Literal

from pydantic import Field

from ..value import Effect, Value
from .adjustment import Adjustment
from .hypothesis import Hypothesis

Outcome = Literal["verified", "refuted", "inconclusive", "untestable"]
Size = Literal["material", "uncertain", "negligible"]


class Group(Value):
    """One group of rows as the data's own units show it."""

    label: str
    n: int
    mean: float | None = None
    """Mean of a number, or share of the event between 0 and 1."""
    low: float | None = None
    high: float | None = None
    """95 % interval of `mean` (Student's t, or Wilson's for a share)."""
    median: float | None = None


class Picture(Value):
    """Aggregates from which a chart is drawn: at most 500 small records, never rows."""

    kind: Literal["groups", "rates", "curve", "shares", "series", "lines", "forest"]
    """groups: a number by group; rates: a share by group; curve: outcome by bins of a number; shares: label
    by label; series: outcome by period; lines: {line, x, mean, low, high, n}, one line per group of rows; forest:
    {label, value, low, high}, one estimate with its interval a row."""
    x_title: str
    y_title: str
    records: tuple[dict[str, Any], ...]
    marks: tuple[float, ...] = ()
    """Places on the x axis to point out: a turning point, a threshold, a change (days where x is a date)."""
    note: str | None = None
    """What was done to the rows before they were aggregated, where anything was."""


class Labels(Value):
    """How far labels that a language model gave agree with a second labelling of the same documents."""

    column: str
    repeated: int
    """Documents with two clear answers."""
    same: int
    kappa: float | None
    """Agreement beyond chance; None where all answers were the same."""


class Evidence(Value):
    """One hypothesis measured and tested on one set of rows."""

    hypothesis_id: str
    split: Literal["exploration", "held_out", "all"]
    test: str
    """Both tests in words, the larger p of which counts."""
    statistic: float | None = None
    df: float | None = None
    n: int
    n_per_group: dict[str, int] = Field(default_factory=dict)
    missing: int = 0
    """Rows of the population left out because outcome or predictor is missing."""
    clusters: int | None = None
    """Units of independence when rows do not stand for themselves."""
    p_value: float | None = None
    p_permutation: float | None = None
    p_robust: float | None = None
    effect: Effect | None = None
    """On the family's scale, which the smallest effect of interest is stated on."""
    in_units: Effect | None = None
    """The same contrast in the data's own units."""
    theta: float | None = None
    """Effect minus its null value, positive in the committed direction (raw sign where none was committed). Where
    labels of a model enter, as far from nothing as their errors allow."""
    standard_error: float | None = None
    groups: tuple[Group, ...] = ()
    warnings: tuple[str, ...] = ()
    labels: tuple[Labels, ...] = Field(default=(), exclude_if=lambda labels: not labels)
    """Of a claim on what a language model answered about documents: how far its answers agree with themselves."""
    untestable: str | None = None
    """Why no p-value was computed; None when the test ran."""


class Verdict(Value):
    """What became of one committed hypothesis, by one rule."""

    hypothesis: Hypothesis
    hypothesis_id: str
    outcome: Outcome
    size: Size | None = None
    reason: str
    evidence: Evidence
    """Held-out evidence (all rows when the table was too small to split)."""
    exploration: Evidence | None = None
    p_adjusted: float | None = None
    """Smallest error level q at which the session would still verify it."""
    threshold: float | None = None
    """The p-value it had to meet in this session."""
    smallest_effect: float
    detectable: float | None = None
    """For what stays inconclusive: the effect that would have been found with power .80."""
    rows_needed: int | None = None
    """For what stays inconclusive: held-out rows for power .80 at the smallest effect of interest."""
    picture: Picture | None = None
    adjustment: Adjustment = Adjustment()
    """Whether a verified claim survives with the other columns held fixed."""
