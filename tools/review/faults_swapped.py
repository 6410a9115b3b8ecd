"""Labels that changed places: one has the other's share and means, and the other way round.

Knows shares and means by label. Must never know how a label is spelled. Two signs at least must say so, one of which
could be a change of the world.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from ..data.inference_formats import literal
from ..data.readers_binary import quoted
from .faults_case import FEW, Case, Said, in_rows, label
from .faults_profiles import Profiles, limit
from .sketch import ColumnSketch

_MOST_LEVELS = 24
_SURE = 40.0
"""Chi-square by which a label's own place must fit worse than the other's; p below 1e-9 for one degree of freedom."""
_SIGNS = 2
"""Shares or means that must each speak for the exchange."""
_SIGN = 9.0


def swapped(case: Case) -> Iterator[Said]:
    """Columns in which labels changed places among themselves."""
    for base, _ in case.pairs("label", "number"):
        levels = list(base.levels)
        if not 2 <= len(levels) <= _MOST_LEVELS or base.other or base.rows < FEW or case.rows < 2 * FEW:
            continue
        counts = case.counts(base.name)
        if len(set(counts) - set(levels)) > 0 or not any(m.label == base.name for m in case.base.means):
            continue
        moved = _moved(case, base, counts)
        if moved:
            case.taken.add(base.name)
            yield _said(case, base.name, moved)


def _moved(case: Case, base: ColumnSketch, counts: Mapping[str, int]) -> dict[str, str]:
    """Old label to the one that stands for it now, where an exchange explains what nothing else would."""
    profiles, levels = Profiles(case, base, counts), list(base.levels)
    evidence = [[profiles.evidence(old, new) for new in levels] for old in levels]
    cost = np.array([[float(np.sum(e)) for e in row] for row in evidence])
    if (np.diag(cost) <= _SURE / 2).all():
        return {}
    to = _exchange(cost)
    moved = [k for k in range(len(levels)) if to[k] != k]
    if not moved:
        return {}
    rest = [k for k in range(len(levels)) if k not in moved]
    if any(cost[k, k] > 3 * limit(len(evidence[k][k])) for k in rest):
        return {}
    better = float(sum(cost[k, k] - cost[k, to[k]] for k in moved))
    fits = all(cost[k, to[k]] <= 1.5 * limit(len(evidence[k][to[k]])) for k in moved)
    return {levels[k]: levels[to[k]] for k in moved} if better >= _SURE and fits and _signs(evidence, to, moved) else {}


def _exchange(cost: NDArray) -> list[int]:
    """For each label the place that fits best, each place once; its own unless another fits far better."""
    from scipy.optimize import linear_sum_assignment

    settled = cost + _SIGN * (1 - np.eye(len(cost)))
    return [int(j) for j in linear_sum_assignment(settled)[1]]


def _signs(evidence: list[list[list[float]]], to: list[int], moved: list[int]) -> bool:
    """Whether at least two of shares and means speak for the exchange, added up over the labels moved."""
    gains: dict[int, float] = {}
    for k in moved:
        own, other = evidence[k][k], evidence[k][to[k]]
        for at, (a, b) in enumerate(zip(own, other, strict=False)):
            gains[at] = gains.get(at, 0.0) + a - b
    return sum(gain >= _SIGN for gain in gains.values()) >= _SIGNS


def _said(case: Case, name: str, moved: Mapping[str, str]) -> Said:
    cells = ", ".join(literal(x) for x in moved.values())
    rows, first = case.where(f"{quoted(name)}::VARCHAR IN ({cells})")
    both = len(moved) == 2
    some = list(moved.items())[: 1 if both else 4]
    told = ", ".join(f"{label(new)} stands where {label(old)} stood" for old, new in some)
    back = " and the other way round" if both else ""
    return Said(
        kind="swapped_labels", columns=(name,), rows=rows, first=first, labels=tuple(moved),
        text=f"Labels of `{name}` changed places in {in_rows(rows, case.rows)}: {told}{back}, by their shares and by the "
        "means of other columns.",
        advice="Look for a mapping of codes to labels that was turned round.",
    )  # fmt: skip
