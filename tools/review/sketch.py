"""What is kept of a delivery once its rows are gone: counts and moments by column, never a row.

Knows the form of a sketch. Must never hold free text, an identifier or a label of fewer than ten rows.
"""

from typing import Literal

from pydantic import Field

from ..value import Value

SketchKind = Literal["number", "label", "date", "words"]
"""words: identifiers and free text, of which only lengths and counts are kept."""


class ColumnSketch(Value):
    """One column of one delivery."""

    name: str
    kind: SketchKind
    rows: int
    missing: int
    distinct: int
    low: float | None = None
    high: float | None = None
    """Of numbers in their unit, of dates in days since 1970-01-01, of words in characters."""
    mean: float | None = None
    sd: float | None = None
    edges: tuple[float, ...] = ()
    """Ascending bin edges of a number: quantiles of the rows that the claims were learned from, each at most once."""
    counts: tuple[int, ...] = ()
    """Rows by bin: up to the first edge, between neighbours (the upper one included), above the last."""
    levels: dict[str, int] = Field(default_factory=dict)
    """Of labels, and of numbers with at most 24 values: rows by level, most frequent first, at most 100."""
    other: int = 0
    """Rows with another level."""
    hours: tuple[int, ...] = ()
    """Of dates with times of day: rows by hour, 24 counts."""
    weekdays: tuple[int, ...] = ()
    """Of dates: rows by weekday from Monday, 7 counts."""
    damaged: int | None = None
    """Of words: cells with signs of a wrong decoding, such as `Ã¼` for `ü`; None where they were not counted."""
    days: dict[str, int] = Field(default_factory=dict)
    """Of dates: rows by day, `2025-03-01`, where there are at most 800 days; by month `2025-03` else."""


class LevelMeans(Value):
    """A number by the levels of a label: what tells one label from another when their shares are alike."""

    label: str
    number: str
    levels: dict[str, tuple[int, float]]
    """Rows with both values, and their mean; levels of at least ten rows, at most 24."""
    spreads: dict[str, float] = Field(default_factory=dict)
    """Standard deviation of the number in each of these levels."""


class Sketch(Value):
    """One delivery, or the rows that the claims were learned from."""

    name: str
    digest: str
    """Of the content, whatever its order: 64 hexadecimal digits."""
    rows: int
    columns: tuple[ColumnSketch, ...]
    means: tuple[LevelMeans, ...] = ()
    hourly: tuple[LevelMeans, ...] = ()
    """By hour of a date whose rows are spread evenly over the day, levels `0` to `23`: there the counts by hour cannot
    tell a shifted clock."""
    smallest: tuple[str, ...] = ()
    """The 256 smallest row digests (first 16 hexadecimal digits): how far two deliveries hold the same rows."""

    def column(self, name: str) -> ColumnSketch | None:
        """The column of that name, or None."""
        return next((c for c in self.columns if c.name == name), None)
