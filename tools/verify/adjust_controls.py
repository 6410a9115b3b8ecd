"""Which columns a claim is held against: what may be a control, and the most telling of those.

Knows exploration rows, structure and the user's marks. Must never know a held-out row, so that the choice of the
controls cannot lean on what it is used to check.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..data.durations import reads_like_end
from ..data.rows import Rows
from ..data.schema import Column
from .adjust_design import Control, Pair, control, pair_of, scores, within
from .adjustment import Marks
from .hypothesis import CategoricalAssociation, Hypothesis

MOST = 15
_SAMPLE = 6_000
_SAME = 0.95
"""Correlation (or its like for labels) from which a column is a near duplicate of outcome or predictor."""
_ROWS_A_CONTROL = 25


class Chosen(NamedTuple):
    """The controls of a claim, the most telling first, and the columns that a mark or a late date kept out."""

    names: tuple[str, ...]
    left_out: tuple[str, ...]


def eligible(
    h: Hypothesis, columns: Sequence[Column], marks: Marks, structural: frozenset[frozenset[str]]
) -> tuple[list[str], list[str]]:
    """The columns that may be held fixed, and those kept out because they come after what is looked at.

    Never: the claim's own columns, what follows from one of them by the table's build, durations and their ends,
    dates of an end, columns that only name things, what the user marked as consequence or later, and properties of
    texts that nobody declared: there is no end of them. A column marked as a cause is always held fixed unless it is
    tied to the claim's columns.
    """
    own = {c for c in h.columns if c not in h.controls}
    late = {*marks.consequences, *marks.later}
    kept, out = [], []
    for c in columns:
        if c.name in own or not c.analysed or any(frozenset((c.name, o)) in structural for o in own):
            continue
        if _shares_dates(c, own, columns) or (c.computed is not None and c.name not in (*h.controls, *marks.causes)):
            continue
        if c.name in late or (c.name not in marks.causes and _is_late(c)):
            out.append(c.name)
        elif c.name in marks.causes or c.name not in marks.codes:
            kept.append(c.name)
    return kept, out


def _shares_dates(c: Column, own: set[str], columns: Sequence[Column]) -> bool:
    """Whether a duration and one of its dates would stand on both sides."""
    if set(c.derived_from) & own:
        return True
    return any(c.name in other.derived_from for other in columns if other.name in own)


def _is_late(c: Column) -> bool:
    """Whether a column reads like the end of something, which outcome and predictor came before."""
    return bool(c.derived_from) or (c.type == "datetime" and reads_like_end(c.name))


class Screen:
    """Picks controls by how much outcome and predictor differ between a column's fifths or levels."""

    def __init__(self, rows: Rows, marks: Marks, structural: frozenset[frozenset[str]]) -> None:
        """Look at a sample of the rows.

        Args:
            rows: Exploration rows (all rows for a table too small to divide).
            marks: The user's.
            structural: Pairs that follow from how the table is built.
        """
        self.rows = rows.select(np.arange(min(rows.n, _SAMPLE)))
        self.marks, self.structural = marks, structural
        self._controls: dict[str, Control] = {}

    def controls(self, h: Hypothesis, n: int) -> Chosen:
        """The controls of a claim that is checked on `n` rows."""
        names, out = eligible(h, list(self.rows.columns.values()), self.marks, self.structural)
        inside = within(h, self.rows)
        targets = [self._codes_or_scores(h, inside)] if names else []
        if not targets or inside.n < 2:
            return Chosen((), tuple(out))
        always = [*(c for c in h.controls if c in names), *(c for c in names if c in self.marks.causes)]
        links = {name: self._links(name, targets[0], inside) for name in names}
        fit = [c for c in names if c in always or max(links[c]) < _SAME]
        rank = sorted(fit, key=lambda c: (c not in always, -np.sqrt(links[c][0] * links[c][1]), -sum(links[c])))
        most = max(1, len(always), min(MOST, n // _ROWS_A_CONTROL))
        return Chosen(tuple(rank[:most]), tuple(out))

    def _codes_or_scores(self, h: Hypothesis, rows: Rows) -> tuple[NDArray, NDArray]:
        """Outcome and predictor as scores, or as the levels of labels in one-hot columns; shape (n, k)."""
        if isinstance(h, CategoricalAssociation):
            return _levels(rows, h.outcome), _levels(rows, h.predictor)
        pair: Pair = pair_of(h, rows)
        return scores(pair.y)[:, None], scores(pair.x)[:, None]

    def _links(self, name: str, target: tuple[NDArray, NDArray], rows: Rows) -> tuple[float, float]:
        own = self._control(name) if rows is self.rows else control(rows, name)
        one, two = (max(_correlation_ratio(t, own.stratum), _straight(t, own)) for t in target)
        return one, two

    def _control(self, name: str) -> Control:
        if name not in self._controls:
            self._controls[name] = control(self.rows, name)
        return self._controls[name]


def _levels(rows: Rows, name: str) -> NDArray:
    codes = rows.codes(name)
    kept = np.argsort(-np.bincount(codes + 1), kind="stable")[:12]
    out = (codes[:, None] + 1 == kept[None, :]).astype(np.float64)
    out[codes < 0] = np.nan
    return out


def _straight(target: NDArray, own: Control) -> float:
    """The correlation of two numbers' scores, without sign; 0 for labels."""
    if own.label or target.shape[1] != 1:
        return 0.0
    good = ~np.isnan(target[:, 0]) & ~np.isnan(own.code)
    if good.sum() < 3:
        return 0.0
    a, b = target[good, 0], own.code[good]
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return min(abs(float(a @ b)) / size, 1.0) if size > 0 else 0.0


def _correlation_ratio(target: NDArray, stratum: NDArray) -> float:
    """How much of the target's spread lies between strata, as a correlation from 0 to 1."""
    good = ~np.isnan(target[:, 0])
    if good.sum() < 2:
        return 0.0
    group, values = stratum[good], target[good]
    n = np.maximum(np.bincount(group), 1)
    between = whole = 0.0
    for column in values.T:
        rest = column - column.mean()
        whole += float(rest @ rest)
        between += float((np.bincount(group, weights=rest) ** 2 / n).sum())
    return float(np.sqrt(min(between / whole, 1.0))) if whole > 0 else 0.0
