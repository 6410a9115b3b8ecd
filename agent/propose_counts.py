"""Claims on counts per unit of exposure: accidents per mile, cases per inhabitant, where a column reads like one.

Knows exploration rows and names. Must never know a sealed row or a verdict.
"""

from collections.abc import Iterator

import numpy as np

from ..tools.data.schema import Column
from ..tools.explore.amounts import moves_with
from ..tools.verify.hypothesis import Contrast, Hypothesis, RateRatio
from .outlook import Outlook
from .roles import is_exposure, outcome_reading

_MOST = 10
_MAX_LEVELS = 12
_MIN_GROUP = 20
_MIN_RHO = 0.2
_MIN_Z = 3.0
_POSITIVE = 0.95


def propose_counts(outlook: Outlook) -> Iterator[Hypothesis]:
    """For each count beside an exposure that it grows with, the level of each label whose rate stands out most."""
    columns = outlook.columns()
    exposures = [c for c in columns if is_exposure(c) and _is_positive(outlook, c)]
    counts = [c for c in columns if _is_count(outlook, c)] if exposures else []
    labels = [c for c in columns if c.type in ("boolean", "category") and len(c.levels) <= _MAX_LEVELS]
    found = []
    for count in counts:
        exposure = _exposure(outlook, count, exposures)
        for label in labels if exposure is not None else []:
            if exposure is not None and outlook.admits(count.name, label.name):
                found += _claim(outlook, count, exposure, label)
    found.sort(key=lambda x: (-x[0], x[1].content_id()))
    yield from (h for _, h in found[:_MOST])


def _is_positive(outlook: Outlook, column: Column) -> bool:
    x = outlook.rows.number(column.name)
    known = x[~np.isnan(x)]
    return len(known) > 0 and float((known > 0).mean()) >= _POSITIVE


def _is_count(outlook: Outlook, column: Column) -> bool:
    """Whether a column holds whole numbers from 0 that do not read like an exposure or a date."""
    if column.type != "number" or not column.integer or is_exposure(column) or outcome_reading(column) < 0:
        return False
    x = outlook.rows.number(column.name)
    known = x[~np.isnan(x)]
    return len(known) > 0 and float(known.min()) >= 0 and float(known.max()) > float(known.min())


def _exposure(outlook: Outlook, count: Column, exposures: list[Column]) -> Column | None:
    """The exposure that the count grows with most, if any."""
    y = outlook.rows.number(count.name)
    rho = {c.name: moves_with(y, outlook.rows.number(c.name)) for c in exposures if outlook.admits(count.name, c.name)}
    best = max(rho, key=lambda name: rho[name], default=None)
    return None if best is None or rho[best] < _MIN_RHO else outlook.rows.column(best)


def _claim(outlook: Outlook, count: Column, exposure: Column, label: Column) -> list[tuple[float, Hypothesis]]:
    """The level whose rate departs most from that of the other rows, in standard errors."""
    rows = outlook.rows
    y, w, codes = rows.number(count.name), rows.number(exposure.name), rows.codes(label.name)
    good = ~np.isnan(y) & (w > 0) & (codes >= 0)
    y, w, codes = y[good], w[good], codes[good]
    if len(y) == 0 or y.sum() == 0:
        return []
    k = len(label.levels)
    n = np.bincount(codes, minlength=k)
    away = y - y.sum() / w.sum() * w
    total, squares = (np.bincount(codes, away**p, minlength=k) for p in (1, 2))
    z = np.where((n >= _MIN_GROUP) & (n <= len(y) - _MIN_GROUP), total / np.sqrt(np.maximum(squares, 1e-300)), 0.0)
    at = int(np.argmax(z if k == 2 else np.abs(z)))
    if abs(z[at]) < _MIN_Z:
        return []
    other = (label.levels[1 - at],) if k == 2 else ()
    claim = RateRatio(
        outcome=count.name,
        predictor=label.name,
        exposure=exposure.name,
        levels=Contrast(a=(label.levels[at],), b=other),
        direction="higher" if z[at] > 0 else "lower",
    )
    return [(abs(float(z[at])), claim)]
