"""Labels that changed places: one has the other's share and means, and the other way round.

Knows shares and means by label. Must never know how a label is spelled. Two signs at least must say so, for one alone
could be a change of the world; shares alone say it where they are far apart and nothing else in the table has moved.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..data.inference_formats import literal
from ..data.readers_binary import quoted
from .faults_case import FEW, Case, Said, distance, in_rows, label, luck
from .faults_profiles import Profiles
from .sketch import ColumnSketch

_MOST_LEVELS = 24
_SURE, _EACH = 40.0, 15.0
"""Chi-square by which a label's own place must fit worse than the other's: over the labels moved, and for each."""
_SIGN = 9.0
_FITS, _STAYS = 14.0, 25.0
"""Chi-square up to which a share or mean is that of the other place, and of its own for labels that stayed."""
_FAR = 0.2
_FEWEST_ALONE = 200
_FEWEST = 30
"""Rows of a label, learned and here, for its means to be asked."""


def swapped(case: Case) -> Iterator[Said]:
    """Columns in which labels changed places among themselves."""
    for base, _ in case.pairs("label", "number"):
        levels = list(base.levels)
        if not 2 <= len(levels) <= _MOST_LEVELS or base.other or base.rows < FEW or case.rows < 2 * FEW:
            continue
        counts = case.counts(base.name)
        if set(counts) - set(levels):
            continue
        moved = _moved(case, base, counts)
        if moved:
            case.taken.add(base.name)
            yield _said(case, base.name, moved)


def _moved(case: Case, base: ColumnSketch, counts: Mapping[str, int]) -> dict[str, str]:
    """Old label to the one that stands for it now, where an exchange explains what nothing else would."""
    profiles = Profiles(case, base, counts, _FEWEST)
    levels = [x for x in base.levels if base.levels[x] >= _FEWEST and counts.get(x, 0) >= _FEWEST]
    if len(levels) < 2:
        return {}
    evidence = [[profiles.evidence(old, new) for new in levels] for old in levels]
    cost = np.array([[_cost(e) for e in row] for row in evidence])
    if (np.diag(cost) <= _EACH).all():
        return {}
    to = _exchange(cost)
    moved = [k for k in range(len(levels)) if to[k] != k]
    if not moved or any(max(evidence[k][k]) > _STAYS for k in range(len(levels)) if k not in moved):
        return {}
    better = [float(cost[k, k] - cost[k, to[k]]) for k in moved]
    fits = all(max(evidence[k][to[k]]) <= _FITS for k in moved)
    if not fits or sum(better) < _SURE or min(better) < _EACH:
        return {}
    found = {levels[k]: levels[to[k]] for k in moved}
    return found if _signs(evidence, to, moved) >= 2 or _alone(case, base, counts, found) else {}


def _cost(evidence: Sequence[float]) -> float:
    """Of the share, and of the one mean that says most: means of columns that go together are one sign."""
    return evidence[0] + max(evidence[1:], default=0.0)


def _exchange(cost: NDArray) -> list[int]:
    """For each label the place that fits best, each place once; its own unless another fits far better."""
    from scipy.optimize import linear_sum_assignment

    settled = cost + _SIGN * (1 - np.eye(len(cost)))
    return [int(j) for j in linear_sum_assignment(settled)[1]]


def _signs(evidence: Sequence[Sequence[Sequence[float]]], to: Sequence[int], moved: Sequence[int]) -> int:
    """How many of shares and means speak for the exchange, added up over the labels moved."""
    gains: dict[int, float] = {}
    for k in moved:
        for at, (a, b) in enumerate(zip(evidence[k][k], evidence[k][to[k]], strict=False)):
            gains[at] = gains.get(at, 0.0) + a - b
    return sum(gain >= _SIGN for gain in gains.values())


def _alone(case: Case, base: ColumnSketch, counts: Mapping[str, int], found: Mapping[str, str]) -> bool:
    """Whether shares are mirrored that were far apart, in a table whose other columns are as they were."""
    n, m = sum(counts.values()), base.rows - base.missing
    apart = max(abs(counts.get(x, 0) / n - base.levels[x] / m) for x in found)
    if min(n, m) < _FEWEST_ALONE or apart < _FAR:
        return False
    others = [(a, b) for a, b in case.pairs("label", "number") if a.name != base.name]
    still = sum(_still(a, b) for a, b in others)
    return len(others) >= 2 and still >= 0.9 * len(others)


def _still(base: ColumnSketch, new: ColumnSketch) -> bool:
    if base.kind == "number":
        a, b = np.array(base.counts, float), np.array(new.counts, float)
    else:
        a, b = (np.array([s.levels.get(x, 0) for x in base.levels], float) for s in (base, new))
    return not a.sum() or distance(a, b) <= 0.05 + 2 * luck(a, a.sum(), b.sum())


def _said(case: Case, name: str, moved: Mapping[str, str]) -> Said:
    cells = ", ".join(literal(x) for x in moved.values())
    rows, first = case.where(f"{quoted(name)}::VARCHAR IN ({cells})")
    both = len(moved) == 2
    some = list(moved.items())[: 1 if both else 4]
    told = ", ".join(f"{label(new)} stands where {label(old)} stood" for old, new in some)
    back = " and the other way round" if both else ""
    return Said(
        kind="swapped_labels", columns=(name,), rows=rows, first=first, labels=tuple(moved),
        text=f"Labels of `{name}` changed places in {in_rows(rows, case.rows)}: {told}{back}, by their shares and "
        "by the means of other columns.",
        advice="Look for a mapping of codes to labels that was turned round.",
    )  # fmt: skip
