"""What the families of two groups share: evidence from measured figures, the floors, and the records of groups.

Knows counts by side, and figures by name. Must never know a statistic, or which side of the seal rows lie on.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ..evidence import Evidence
from ..hypothesis import Contrast, Hypothesis, sign
from ..intervals import mean_interval
from ..population import Tally, population, sides, tally, too_few, unequal_missing
from ..superiority import moments, quantile
from .wording import column, group_label, short_labels

MIN_CONSTANT = 50
"""Rows that a group must have where all its values are equal: with fewer that is a matter of luck."""


def not_a_number(rows: Rows, outcome: str) -> str | None:
    """Why a column is no number, or None."""
    kind = rows.column(outcome).type
    if kind == "number":
        return None
    hint = "Compare dates as a trend." if kind == "datetime" else "Compare how often a level occurs instead."
    return f"{column(outcome)} is a {kind}, not a number. {hint}"


def floors(counts: NDArray, outcome: str) -> str | None:
    """Why two samples of a number, as counts of shape (2, m), are not fit for a test, or None."""
    n = counts.sum(axis=1)
    reason = too_few((int(n[0]), int(n[1])), int(n.sum()))
    if reason is not None:
        return reason
    if int((counts.sum(axis=0) > 0).sum()) < 3:
        return f"{column(outcome)} has fewer than 3 distinct values here: compare a rate instead."
    kinds = (counts > 0).sum(axis=1)
    if any(kinds[s] < 2 and n[s] < MIN_CONSTANT for s in (0, 1)) or kinds.max() < 2:
        return f"Every value of {column(outcome)} in the smaller group is the same."
    return None


def counted_rows(h: Any, rows: Rows) -> tuple[Rows, NDArray, NDArray, FloatArray, Tally]:
    """The claim's rows, their sides, the outcome's codes and distinct values, and both as counts."""
    rows = population(h, rows)
    side = sides(rows, h.predictor, h.levels)
    if rows.column(h.outcome).type != "number":
        codes, values = np.where(side == -2, -1, 0).astype(np.int32), np.zeros(1)
    else:
        codes, values = rows.ordinal(h.outcome)
    return rows, side, codes, values, tally(side, codes, len(values))


def seen(values: FloatArray, counts: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.int64]]:
    """The values that any row of the two samples holds, with their counts: sums must not depend on the others."""
    kept = counts.sum(axis=0) > 0
    return (values, counts) if kept.all() else (values[kept], counts[:, kept])


def evidence_of(
    h: Hypothesis, split: str, test: str, counted: Tally, measured: dict[str, Any], *, levels: Contrast
) -> Evidence:
    """The figures of two sides as evidence, with p, theta and warnings, or why there are none.

    `measured` holds fields of `Evidence`; of its two p-values the larger counts, and its warnings stand beside the
    one on unequal missing values.
    """
    n = [int(x) for x in counted.counts.sum(axis=1)]
    labels = [group_label(h.predictor, levels, s) for s in (0, 1)]
    base = {
        "hypothesis_id": h.content_id(),
        "split": split,
        "test": test,
        "n": sum(n),
        "n_per_group": dict(zip(labels, n, strict=True)),
        "missing": counted.missing,
    }
    if "untestable" in measured:
        return Evidence.model_validate(base | measured)
    warnings = (unequal_missing(counted.missing_shares, h.outcome), *measured.get("warnings", ()))
    ps = [p for p in (measured["p_permutation"], measured["p_robust"]) if p is not None]
    figures = {
        "p_value": max(ps),
        "theta": (sign(h) or 1) * (measured["effect"].value - h.null),
        "warnings": tuple(w for w in warnings if w),
    }
    return Evidence.model_validate(base | measured | figures)


def group_records(h: Any, rows: Rows) -> tuple[dict[str, Any], ...]:
    """Both groups for a picture: {label, n, mean, low, high, median, q25, q75}; those under 2 rows are left out."""
    _, _, _, values, counted = counted_rows(h, rows)
    records = []
    for label, counts in zip(short_labels(h.levels), counted.counts, strict=True):
        if int(counts.sum()) < 2:
            continue
        n, mean, variance = moments(values, counts)
        around = mean_interval(n, mean, variance)
        quarters = {k: quantile(values, counts, q) for k, q in (("q25", 0.25), ("median", 0.5), ("q75", 0.75))}
        records.append({"label": label, "n": n, "mean": mean, "low": around.low, "high": around.high} | quarters)
    return tuple(records)
