"""Whether cells are those of a learned column: by type, range, labels and how they are spread.

Knows one learned column and cells as texts. Must never know in which column the cells stand.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..data.inference_formats import literal
from ..data.readers_binary import quoted
from ..data.schema import Column
from .faults_case import distance, luck
from .learned import LearnedColumn
from .naming import names_period
from .sketch import ColumnSketch

_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?")
_MOST_LEVELS = 300
_WORDS = 0.7
"""Most that lengths of words can say."""
Cells = Sequence[str | None]


class Home:
    """A learned column that cells may belong to."""

    def __init__(self, learned: LearnedColumn, base: ColumnSketch) -> None:
        self.name, self.kind, self.base = learned.name, base.kind, base
        self.levels = frozenset(learned.levels) | frozenset(base.levels) if base.kind == "label" else frozenset()
        self.closed = 0 < len(self.levels) <= _MOST_LEVELS
        self.gaps = base.missing / max(base.rows, 1)

    def tells(self) -> bool:
        """Whether cells can be told to be its own: not where it has one value, or names a period that moves on."""
        return self.base.distinct > 1 and not names_period(self.base)

    def room(self, widths: float) -> tuple[float, float]:
        """The learned range, with some of its width on both sides."""
        low, high = float(self.base.low or 0.0), float(self.base.high or 0.0)
        return low - widths * (high - low), high + widths * (high - low)

    def takes(self, cell: str | None) -> bool:
        """Whether one cell may belong here."""
        if cell is None:
            return False
        if self.kind == "number":
            value, (low, high) = as_number(cell), self.room(0.05)
            return value is not None and low <= value <= high
        if self.kind == "label":
            return cell in self.levels
        if self.kind == "date":
            return _DATE.fullmatch(cell) is not None
        return self.base.low is not None and self.base.high is not None and self.base.low <= len(cell) <= self.base.high

    def fit(self, cells: Cells) -> float:
        """How well many cells fit, 0 to 1: the share that may belong here and how alike it is spread."""
        some = [c for c in cells if c is not None]
        if len(some) < 20 or (len(some) < 0.5 * len(cells) and self.gaps < 0.25):
            return 0.0
        own = sum(self.takes(c) for c in some) / len(some)
        if self.kind == "number":
            x = np.array([v for c in some if (v := as_number(c)) is not None])
            at = np.searchsorted(self.base.edges, x, side="left")
            return len(x) / len(some) * self._alike(np.bincount(at, minlength=len(self.base.counts)), self.base.counts)
        if self.kind == "label":
            counts = Counter(some)
            levels = list(self.base.levels)
            return own * self._alike([counts[x] for x in levels], [self.base.levels[x] for x in levels])
        return own * (0.95 if self.kind == "date" else _WORDS * self._lengths(some))

    def _alike(self, a: Sequence[float] | np.ndarray, b: Sequence[float]) -> float:
        n = float(np.sum(a))
        return 1 - max(0.0, distance(a, b) - 1.5 * luck(b, n, self.base.rows)) if n else 0.0

    def _lengths(self, cells: Sequence[str]) -> float:
        if self.base.mean is None or self.base.sd is None:
            return 0.0
        mean = sum(len(c) for c in cells) / len(cells)
        return math.exp(-abs(mean - self.base.mean) / (0.3 * self.base.sd + 0.25))

    def odd_sql(self, own: Column) -> str | None:
        """SQL that holds where a cell, as it was opened, cannot belong here; None where anything may."""
        cell = quoted(own.name)
        if self.kind == "number":
            low, high = self.room(1.0)
            if own.storage == "VARCHAR":
                x = f"try_cast({cell} AS DOUBLE)"
                return f"({cell} IS NOT NULL AND coalesce(NOT ({x} BETWEEN {low!r} AND {high!r}), true))"
            return f"coalesce(NOT ({cell}::DOUBLE BETWEEN {low!r} AND {high!r}), false)" if _real(own) else None
        if self.kind == "label" and self.closed:
            return f"coalesce({cell}::VARCHAR NOT IN ({', '.join(literal(x) for x in sorted(self.levels))}), false)"
        if self.kind == "date" and own.storage == "VARCHAR":
            return f"({cell} IS NOT NULL AND try_cast({cell} AS TIMESTAMP) IS NULL)"
        return None


def _real(own: Column) -> bool:
    return own.storage in ("DOUBLE", "BIGINT")


def as_number(cell: str) -> float | None:
    """A cell as a finite number, or None."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in cell else None
