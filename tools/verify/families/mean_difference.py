"""The mean of a number is higher in one group: Welch's t-test and its permutation, an interval that allows for skew.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import MIN_CLUSTERS, collapse, is_constant_within, one_sample, within_means, within_score_p
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, MeanDifference
from ..intervals import Interval, check_level, mean_interval
from ..means import MeanContrast, mean_contrast, permutation_mean_p
from ..population import sides, tally
from ..superiority import moments, quantile
from .amount_words import claim, difference_sentence
from .two_sides import counted_rows, evidence_of, floors, group_records, not_a_number, seen
from .wording import column, group_label

TEST = "permutation of Welch's t and Welch's t-test"
WITHIN = "within-cluster difference of means, sign-flip permutation and cluster-robust t with a stratified score test"
TRIMMED = "Without the lowest and highest fifth of the rows the averages differ the other way round."
FEW_ROWS = "The averages rest on a few large values: their interval may be too narrow."
_SKEWED = 0.5
_ROUNDING = 1e-9
"""Error over clusters, in standard deviations, that is rounding of equal values."""


class _MeanDifference:
    """The family of `MeanDifference` hypotheses; see `Family` for the contract."""

    name: FamilyName = "mean_difference"
    effect_name = "standardised mean difference"
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
        """The difference of means in the outcome's unit and in standard deviations, with both tests.

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
            measured = _clustered(h, rows.select(good), side[good], level, draws, seed)
        return evidence_of(h, split, TEST, counted, measured, levels=h.levels)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Both groups with mean, interval and quartiles: {label, n, mean, low, high, median, q25, q75}."""
        h = _own(hypothesis)
        return Picture(kind="groups", x_title=h.predictor, y_title=h.outcome, records=group_records(h, rows))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return claim(h, _what(h))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """Both means and their difference in the outcome's unit; no direction is stated where none is shown."""
        h = _own(hypothesis)
        return difference_sentence(h, evidence, _what(h))


FAMILY = _MeanDifference()


def _own(hypothesis: Hypothesis) -> MeanDifference:
    if not isinstance(hypothesis, MeanDifference):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of mean_difference.")
    return hypothesis


def _what(h: MeanDifference) -> str:
    return f"the mean of {column(h.outcome)}"


def _compare(
    h: MeanDifference,
    rows: Rows,
    counts: NDArray[np.int64],
    values: FloatArray,
    level: float,
    draws: int,
    seed: int,
) -> dict[str, Any]:
    """The evidence's figures for rows that stand for themselves."""
    values, counts = seen(values, counts)
    found = mean_contrast(values, counts, level)
    if found is None:
        return {"untestable": f"{column(h.outcome)} does not vary within either group."}
    return _effects(h, rows, found.difference, found.standardised, level) | {
        "test": TEST,
        "statistic": found.statistic,
        "df": found.df,
        "p_permutation": permutation_mean_p(values, counts, draws=draws, seed=seed) if draws else None,
        "p_robust": found.p_robust,
        "groups": tuple(_group(h, s, values, counts[s]) for s in (0, 1)),
        "warnings": _warnings(found),
    }


def _warnings(found: MeanContrast) -> tuple[str, ...]:
    turned = found.trimmed * found.difference.value < 0 and abs(found.statistic) > 1
    return ((TRIMMED,) if turned else ()) + ((FEW_ROWS,) if abs(found.skew) > _SKEWED else ())


def _effects(h: MeanDifference, rows: Rows, difference: Interval, effect: Interval, level: float) -> dict[str, Any]:
    unit = rows.column(h.outcome).unit or h.outcome
    return {
        "effect": Effect(
            name="standardised mean difference", value=effect.value, low=effect.low, high=effect.high, level=level
        ),
        "standard_error": effect.error,
        "in_units": Effect(
            name="mean difference",
            value=difference.value,
            low=difference.low,
            high=difference.high,
            level=level,
            unit=unit,
        ),
    }


def _group(h: MeanDifference, side: int, values: FloatArray, counts: NDArray) -> Group:
    n, mean, variance = moments(values, counts)
    around = mean_interval(n, mean, variance)
    label = group_label(h.predictor, h.levels, side)
    median = quantile(values, counts, 0.5)
    return Group(label=label, n=n, mean=mean, low=around.low, high=around.high, median=median)


def _clustered(h: MeanDifference, kept: Rows, side: NDArray, level: float, draws: int, seed: int) -> dict[str, Any]:
    """The evidence's figures where the units of independence are clusters, or why there are none."""
    cluster = kept.cluster if kept.cluster is not None else np.arange(kept.n)
    if not is_constant_within(side, cluster):
        return _within(h, kept, side, cluster, level, draws, seed)
    one_each = collapse(kept, (h.outcome, h.predictor), modes_of=(h.predictor,))
    codes, values = one_each.ordinal(h.outcome)
    counts = tally(sides(one_each, h.predictor, h.levels), codes, len(values)).counts
    reason = floors(counts, h.outcome)
    if reason is not None:
        return {"untestable": f"With one row per cluster: {reason}", "clusters": one_each.n}
    measured = _compare(h, one_each, counts, values, level, draws, seed)
    return measured | {"test": f"{TEST}, on one mean per cluster", "clusters": one_each.n}


def _within(
    h: MeanDifference, kept: Rows, side: NDArray, cluster: NDArray, level: float, draws: int, seed: int
) -> dict[str, Any]:
    """One difference of means per cluster that holds both sides."""
    y = kept.number(h.outcome)
    pairs = within_means(y, side, cluster)
    held = len(pairs.weights)
    if held < MIN_CLUSTERS:
        reason = f"Only {held} clusters hold both sides; at least {MIN_CLUSTERS} are needed."
        return {"untestable": reason, "clusters": held}
    found = one_sample(pairs.means[:, 0] - pairs.means[:, 1], pairs.weights, draws=draws, seed=seed, level=level)
    spread = float(y.std(ddof=1))
    if found.se <= _ROUNDING * spread:
        return {"untestable": f"{column(h.outcome)} does not vary within the clusters.", "clusters": held}
    effect = Interval(*(x / spread for x in found.interval))
    return _effects(h, kept, found.interval, effect, level) | {
        "test": WITHIN,
        "statistic": found.statistic,
        "df": found.df,
        "p_permutation": found.p_flip,
        "p_robust": max(found.p_robust, within_score_p(y, side, cluster)),
        "groups": tuple(_within_group(h, s, pairs, y[side == s], seed) for s in (0, 1)),
        "clusters": held,
    }


def _within_group(h: MeanDifference, side: int, pairs: Any, values: FloatArray, seed: int) -> Group:
    """A side's mean over clusters, weighted as the difference is, so that the two means differ by it."""
    mean = one_sample(pairs.means[:, side], pairs.weights, draws=0, seed=seed)
    return Group(
        label=group_label(h.predictor, h.levels, side),
        n=int(pairs.n[:, side].sum()),
        mean=mean.estimate,
        low=mean.low,
        high=mean.high,
        median=float(np.median(values)),
    )
