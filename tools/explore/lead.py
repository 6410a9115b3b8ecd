"""A lead: a pair of columns that moves together on exploration rows. May suggest, never prove."""

from typing import Literal

from ..value import Value


class Lead(Value):
    """One pair of columns as the scan saw it."""

    a: str
    b: str
    kind: Literal["number-number", "category-number", "category-category"]
    """For category-number `a` is the category."""
    measure: Literal["spearman", "epsilon_squared", "cramers_v"]
    strength: float
    """Spearman's rho (signed), Kruskal-Wallis epsilon squared, or bias-corrected Cramér's V."""
    n: int
    """Rows with both values."""
    p_value: float
    """Asymptotic, for ranking only: it counts nothing and verifies nothing."""
    pearson: float | None = None
    mutual_information: float
    """In nats, on at most 16 quantile bins for numbers."""


class Structure(Value):
    """A relation that follows from how the table is built: stated apart, never counted as a discovery."""

    kind: Literal[
        "key", "copy", "function", "hierarchy", "crossed", "exclusive", "sum", "part", "ranks", "near_duplicate",
        "version", "linear", "order",
    ]  # fmt: skip
    columns: tuple[str, ...]
    """The columns involved. For function, crossed (two labels in one), sum, part and linear the determined column comes
    last; in a hierarchy each fixes the next; in an order they ascend. A version is one quantity twice."""
    text: str
    """A sentence that states it, with counts."""
    exceptions: int = 0
    """Rows that break it."""


def size(lead: Lead) -> float:
    """How strongly a pair moves together from 0 to 1, whatever its measure: an epsilon squared counts by its root."""
    return lead.strength**0.5 if lead.measure == "epsilon_squared" else abs(lead.strength)
