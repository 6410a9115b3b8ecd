"""A quantile of a number is higher in one group: order statistics and a permutation of the studentised difference.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import collapse, is_constant_within
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, QuantileDifference
from ..intervals import check_level, mean_interval
from ..population import sides, tally
from ..quantiles import MIN_BESIDE, QuantileContrast, heaped, permutation_quantile_p, quantile_contrast
from ..superiority import moments, quantile
from .amount_words import claim, difference_sentence, quantile_name
from .two_sides import counted_rows, evidence_of, floors, group_records, not_a_number, seen
from .wording import column, group_label

TEST = "permutation of the studentised difference of quantiles and a z-test with errors from order statistics"


class _QuantileDifference:
    """The family of `QuantileDifference` hypotheses; see `Family` for the contract."""

    name: FamilyName = "quantile_difference"
    effect_name = "standardised quantile difference"
    null = 0.0

    def evaluate(
        self,
        hypothesis: Hypothesis,
        rows: Rows,
        *,
        split: str = "held_out",
        level: float = 0.95,
        draws: int = 9_999,
        seed: int = 0,
    ) -> Evidence:
        """The difference of quantiles in the outcome's unit and in standard deviations, with both tests.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        rows, side, codes, values, counted = counted_rows(h, rows)
        reason = not_a_number(rows, h.outcome) or floors(counted.counts, h.outcome)
        measured: dict[str, Any]
        if reason is not None:
            measured = {"untestable": reason}
        elif rows.cluster is None:
            measured = _compare(h, rows, counted.counts, values, level, draws, seed)
        else:
            good = (side >= 0) & (codes >= 0)
            measured = _between(h, rows.select(good), side[good], level, draws, seed)
        return evidence_of(h, split, TEST, counted, measured, levels=h.levels)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Both groups with mean, interval and quartiles: {label, n, mean, low, high, median, q25, q75}."""
        h = _own(hypothesis)
        return Picture(kind="groups", x_title=h.predictor, y_title=h.outcome, records=group_records(h, rows))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures (but the quantile) and without a full stop."""
        h = _own(hypothesis)
        return claim(h, quantile_name(h))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """Both quantiles and their difference in the outcome's unit; no direction is stated where none is shown."""
        h = _own(hypothesis)
        return difference_sentence(h, evidence, quantile_name(h))


FAMILY = _QuantileDifference()


def _own(hypothesis: Hypothesis) -> QuantileDifference:
    if not isinstance(hypothesis, QuantileDifference):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of quantile_difference.")
    return hypothesis


def _unfit(h: QuantileDifference, values: FloatArray, counts: NDArray) -> str | None:
    """Why the quantile of two samples cannot be compared, or None."""
    beside = float(counts.sum(axis=1).min()) * min(h.quantile, 1 - h.quantile)
    if beside < MIN_BESIDE - 1e-9:
        return (
            f"Only {beside:.1f} rows of the smaller group are expected beyond {quantile_name(h)}; at least "
            f"{MIN_BESIDE} are needed."
        )
    if any(heaped(values, row, h.quantile) for row in counts):
        name = quantile_name(h)
        return f"{name[0].upper()}{name[1:]} sits in a heap of equal values: compare P(A>B) instead."
    return None


def _compare(
    h: QuantileDifference,
    rows: Rows,
    counts: NDArray[np.int64],
    values: FloatArray,
    level: float,
    draws: int,
    seed: int,
) -> dict[str, Any]:
    """The evidence's figures for rows that stand for themselves, or why there are none."""
    values, counts = seen(values, counts)
    reason = _unfit(h, values, counts)
    found = None if reason is not None else quantile_contrast(values, counts, h.quantile, level)
    if found is None:
        return {"untestable": reason or f"{column(h.outcome)} does not vary around the quantile in either group."}
    p = permutation_quantile_p(values, counts, h.quantile, draws=draws, seed=seed) if draws else None
    value, _, low, high = found.difference
    unit = rows.column(h.outcome).unit or h.outcome
    name = "median difference" if h.quantile == 0.5 else "quantile difference"
    return _effect(found, values, counts.sum(axis=0), level) | {
        "test": TEST,
        "statistic": found.statistic,
        "p_permutation": p,
        "p_robust": found.p_robust,
        "in_units": Effect(name=name, value=value, low=low, high=high, level=level, unit=unit),
        "groups": tuple(_group(h, s, values, counts[s], found) for s in (0, 1)),
    }


def _effect(found: QuantileContrast, values: FloatArray, total: NDArray, level: float) -> dict[str, Any]:
    """The difference in standard deviations of the pooled rows, whose own error is borne too."""
    n, mean, variance = moments(values, total)
    spread = float(np.sqrt(variance))
    away = (values - mean) ** 2
    tails = float(total @ (away * away)) / n / variance**2
    value, plain = found.difference.value / spread, found.difference.error / spread
    error = float(np.sqrt(plain**2 + value**2 / 4 * max(tails - 1, 0.0) / n))
    low, high = (value + (end / spread - value) * error / plain for end in found.difference[2:])
    name = "standardised quantile difference"
    return {
        "effect": Effect(name=name, value=value, low=low, high=high, level=level),
        "standard_error": error,
    }


def _group(h: QuantileDifference, side: int, values: FloatArray, counts: NDArray, found: QuantileContrast) -> Group:
    """The group with its median; for another quantile that is the figure, under a label that names it."""
    n, mean, variance = moments(values, counts)
    label, around = group_label(h.predictor, h.levels, side), mean_interval(n, mean, variance)
    if h.quantile != 0.5:
        label = f"{quantile_name(h).removeprefix('the ').split(' of ')[0]} where {label}"
        around = found.parts[side]
    median = quantile(values, counts, 0.5)
    return Group(label=label, n=n, mean=around.value, low=around.low, high=around.high, median=median)


def _between(h: QuantileDifference, kept: Rows, side: NDArray, level: float, draws: int, seed: int) -> dict[str, Any]:
    """One row per cluster, compared as if rows; a predictor that varies within clusters is refused."""
    cluster = kept.cluster if kept.cluster is not None else np.arange(kept.n)
    if not is_constant_within(side, cluster):
        held = len(np.unique(cluster))
        reason = f"{column(h.predictor)} changes within clusters, where quantiles are not compared: compare P(A>B)."
        return {"untestable": reason, "clusters": held}
    one_each = collapse(kept, (h.outcome, h.predictor), modes_of=(h.predictor,))
    codes, values = one_each.ordinal(h.outcome)
    counts = tally(sides(one_each, h.predictor, h.levels), codes, len(values)).counts
    reason = floors(counts, h.outcome)
    measured = {"untestable": reason} if reason else _compare(h, one_each, counts, values, level, draws, seed)
    if "untestable" in measured:
        return {"untestable": f"With one row per cluster: {measured['untestable']}", "clusters": one_each.n}
    return measured | {"test": f"{TEST}, on one mean per cluster", "clusters": one_each.n}
