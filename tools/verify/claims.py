"""What every claim of the grammar shares: conditions, contrasts, directions, and the columns it reads.

A claim names columns, levels, cut points and a direction, all fixed before sealed rows are read. It knows no data
and no statistic; its family (one file each in `families/`) knows how to test and word it.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from ..text.properties import TextProperty
from ..value import Value

SIGNS = {
    "higher": 1, "increasing": 1, "rising": 1, "stated": 1,
    "lower": -1, "decreasing": -1, "falling": -1, "any": 0,
}  # fmt: skip
"""The sign of the effect that each direction commits to; `stated`: positive where the claim holds."""

UpDown = Literal["higher", "lower", "any"]


class Condition(Value):
    """One frozen condition on a column; a population filter is a conjunction of at most three."""

    column: str
    op: Literal["==", "!=", "<", "<=", ">", ">="]
    value: str | float


class Contrast(Value):
    """Two sets of levels of the predictor: `a` against `b`; an empty `b` means every other level."""

    a: tuple[str, ...] = Field(min_length=1)
    b: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _disjoint(self) -> "Contrast":
        if set(self.a) & set(self.b):
            raise ValueError(f"level {sorted(set(self.a) & set(self.b))[0]!r} stands on both sides")
        return self


class ClaimUnit(Value):
    """The unit of independence of one claim: the values of a label or date of which its columns are properties."""

    column: str
    tried: int = Field(ge=1)
    """Claims of this kind that the exploration rows offered; the p-value is multiplied by it."""


class Claim(Value):
    """The fields of every claim. `where` filters the population; `controls` are columns declared to be held fixed.

    `unit` is set where rows do not stand for themselves, though the table as a whole is divided by rows; `texts` where
    it names properties of texts. A claim without them is written without the fields.
    """

    outcome: str
    predictor: str
    where: tuple[Condition, ...] = Field(default=(), max_length=3)
    controls: tuple[str, ...] = ()
    unit: ClaimUnit | None = Field(default=None, exclude_if=lambda unit: unit is None)
    texts: tuple[TextProperty, ...] = Field(default=(), exclude_if=lambda texts: not texts)
    """What the claim's computed columns are, frozen with it."""

    @model_validator(mode="after")
    def _two_columns(self) -> "Claim":
        if self.outcome == self.predictor and not self._one_column():
            raise ValueError(f"outcome and predictor are both {self.outcome!r}")
        return self

    def _one_column(self) -> bool:
        """Whether the claim may speak of one column only."""
        return False

    @property
    def scale(self) -> str:
        """The family on whose scale the effect stands, by which the smallest effect of interest is looked up."""
        return self.__dict__["family"]

    @property
    def null(self) -> float:
        """The effect's value when nothing is there."""
        return 0.0

    @property
    def along_time(self) -> bool:
        """Whether its family guards by itself against neighbouring blocks of a series that depend on each other."""
        return False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the claim reads, outcome and predictor first, each once."""
        own = () if self.unit is None else (self.unit.column,)
        names = (self.outcome, self.predictor, *self._more(), *(t.column for t in self.where), *self.controls, *own)
        return tuple(dict.fromkeys(names))

    def follows_from(self, structural: frozenset[frozenset[str]]) -> bool:
        """Whether the outcome and a column that it is held against are one of these pairs: then it is no discovery."""
        return any(frozenset((self.outcome, name)) in structural for name in (self.predictor, *self._more()))

    def _more(self) -> Sequence[str]:
        """Columns that the family reads beside outcome, predictor, filter and controls."""
        return ()
