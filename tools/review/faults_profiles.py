"""What tells one label of a column from another: its share of the rows, and its means of the numbers beside it.

Knows learned shares and means by label, and those of the delivery. Must never know a label's spelling.
"""

from collections.abc import Mapping

import numpy as np

from .faults_case import Case
from .sketch import ColumnSketch, LevelMeans


class Profiles:
    """Learned labels of one column beside those of the delivery; means of at least `fewest` rows are asked."""

    def __init__(self, case: Case, base: ColumnSketch, counts: Mapping[str, int], fewest: int = 10) -> None:
        self._base, self._counts, self._fewest = base, counts, fewest
        self._of, self._before = float(sum(counts.values())), float(base.rows - base.missing)
        self._alike = case.alike
        self.means = [pair for pair in self._pairs(case) if pair[2] > 0]
        """Learned and new means of a number by label, and the number's learned standard deviation."""

    def _pairs(self, case: Case) -> list[tuple[LevelMeans, LevelMeans, float]]:
        new = {(m.label, m.number): m for m in case.new.means}
        out = []
        for m in case.base.means:
            beside = case.base.column(m.number)
            there = new.get((m.label, m.number))
            if m.label == self._base.name and m.number not in case.taken and there and beside and beside.sd:
                out.append((m, there, float(beside.sd)))
        return out

    def evidence(self, old: str, new: str) -> list[float]:
        """Squared standardised differences of a learned label's share and means from those of a label here."""
        was, now = self._base.levels.get(old, 0) / max(self._before, 1), self._counts.get(new, 0) / max(self._of, 1)
        p = (self._base.levels.get(old, 0) + self._counts.get(new, 0)) / max(self._before + self._of, 1)
        spread = p * (1 - p) * (1 / max(self._before, 1) + 1 / max(self._of, 1))
        spread *= self._alike
        out = [(was - now) ** 2 / spread if spread > 0 else 0.0]
        for m, there, sd in self.means:
            if old in m.levels and new in there.levels:
                (n, mean), (k, other) = m.levels[old], there.levels[new]
                a, b = (max(s.get(x, sd), 0.1 * sd) for s, x in ((m.spreads, old), (there.spreads, new)))
                enough = min(n, k) >= self._fewest
                out.append((mean - other) ** 2 / ((a * a / n + b * b / k) * self._alike) if enough else 0.0)
            else:
                out.append(0.0)
        return out

    def apart(self, old: str, new: str) -> float:
        """Sum of the evidence over its 99.9 % point; at most 1 where one label may be the other."""
        found = self.evidence(old, new)
        return float(np.sum(found)) / limit(len(found))


def limit(df: int) -> float:
    """The 99.9 % point of chi-square with that many degrees of freedom."""
    from scipy.special import chdtri

    return float(chdtri(df, 0.001))
