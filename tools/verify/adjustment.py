"""What the check against the other columns leaves behind: a tag, estimates before and after, a driver. Values only.

Knows fields. Must never know how a figure was computed.
"""

from typing import Literal

from ..value import Effect, Value

Tag = Literal["robust", "attenuated", "reversed", "not run"]


class Marks(Value):
    """What the user knows of the columns' order, and what is left out of the controls beside it."""

    causes: tuple[str, ...] = ()
    """Always held fixed."""
    consequences: tuple[str, ...] = ()
    """Never held fixed: they follow from what is looked at."""
    later: tuple[str, ...] = ()
    """Never held fixed: they were not known yet."""
    codes: tuple[str, ...] = ()
    """Columns that only name things."""


class Estimate(Value):
    """One estimate on the common scale: standard deviations of the outcome a standard deviation of the predictor."""

    label: str
    value: float
    low: float
    high: float
    p_value: float


class Odds(Value):
    """Two labels of two levels, with the driving column's levels as strata."""

    marginal: float | None
    within: float | None
    """Mantel and Haenszel's odds ratio."""
    p_within: float
    p_equal: float
    """Tarone's test that all strata share one odds ratio."""


class Adjustment(Value):
    """Whether a claim survives with the other columns held fixed; a diagnostic, on which no error budget is spent."""

    tag: Tag = "not run"
    """robust: all three estimates keep the sign with p < .05; reversed: at least two of them turn it; attenuated:
    neither. For two labels of several levels: whether the association is shown within every single column's levels."""
    reason: str | None = None
    """Why it was not run."""
    controls: tuple[str, ...] = ()
    """The columns held fixed, the most telling first."""
    causes: tuple[str, ...] = ()
    """Those of them that the user named."""
    left_out: tuple[str, ...] = ()
    """Columns that were not held fixed because of a mark by the user or a date of an end."""
    rows: int = 0
    """Rows the check used: the first of the held-out rows in the order of a hash of their content."""
    estimates: tuple[Estimate, ...] = ()
    """As found, and by least squares with bins, double lasso and boosted trees."""
    before: Effect | None = None
    after: Effect | None = None
    """Least squares in the data's own units, without and with the controls."""
    driver: str | None = None
    """The column that moves the estimate most, where it moves much."""
    simpson: str | None = None
    """The column in whose levels the most rows point the other way."""
    simpson_share: float | None = None
    simpson_flagged: bool = False
    """At least 30 % of the rows, and more than chance."""
    simpson_turns: bool = False
    """Whether the slope common to all its levels is shown to point the other way."""
    odds: Odds | None = None
    robustness_value: float | None = None
    """Share of the rest of both columns that a hidden one must explain to bring the adjusted estimate to zero."""
    phrase: str = ""
    """A few words for a list."""
    sentence: str = ""
