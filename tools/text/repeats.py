"""Labels given twice: how often a model that answers questions about documents agrees with itself.

Knows counts of answers. Must never know a document, a model, or what a question is about.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from .properties import Judged, TextProperty

REPEATED = 50
"""Documents of opened rows that are labelled a second time, in another order and beside others."""


class Repeats(NamedTuple):
    """How two labels of the same documents fell out; documents without a clear answer in both are not among them."""

    both_yes: int = 0
    first_yes: int = 0
    """Yes the first time alone."""
    second_yes: int = 0
    both_no: int = 0
    failure: str | None = None
    """Why there are no labels, in one line."""

    @property
    def n(self) -> int:
        """Documents with two clear answers."""
        return self.both_yes + self.first_yes + self.second_yes + self.both_no

    @property
    def differ(self) -> int:
        """Documents that were labelled otherwise the second time."""
        return self.first_yes + self.second_yes


@runtime_checkable
class Labeller(Protocol):
    """A model of properties that can be asked again."""

    def repeated(self, prop: Judged, texts: Sequence[str]) -> Repeats:
        """A second label of at most `REPEATED` of the documents beside the first."""
        ...


def kappa(repeats: Repeats) -> float | None:
    """Agreement beyond chance (Cohen 1960, doi:10.1177/001316446002000104); None where all labels are the same.

    Checked against `sklearn.metrics.cohen_kappa_score`.
    """
    n = repeats.n
    if not n:
        return None
    one = (repeats.both_yes + repeats.first_yes) / n
    two = (repeats.both_yes + repeats.second_yes) / n
    chance = one * two + (1 - one) * (1 - two)
    return None if chance == 1 else (1 - repeats.differ / n - chance) / (1 - chance)


def is_judged(prop: TextProperty | None) -> bool:
    """Whether a computed column holds the labels of a language model."""
    return prop is not None and isinstance(prop.property, Judged)
