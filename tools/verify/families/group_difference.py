"""Values of a number tend to be higher in one group: P(A>B) by Mann-Whitney permutation and Brunner-Munzel.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import (
    MIN_CLUSTERS,
    cluster_sizes,
    collapse,
    is_constant_within,
    one_sample,
    ranks_within,
    within_means,
    within_score_p,
    within_superiority,
)
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, GroupDifference, Hypothesis, sign
from ..intervals import check_level, mean_interval, welch_interval
from ..population import Tally, population, sides, tally, too_few, unequal_missing
from ..superiority import moments, permutation_superiority_p, quantile, superiority
from .group_words import sentence, statement
from .wording import among, column, group_label, sentence_case, short_labels

TEST = "permutation Mann-Whitney U and Brunner-Munzel"
WITHIN = "within-cluster P(A>B), sign-flip permutation and cluster-robust t with van Elteren's test"
MIN_CONSTANT = 50
"""Rows that a group must have where all its values are equal: with fewer that is a matter of luck."""
DISAGREE = "Means and ranks disagree: the mean difference and P(A>B) point in opposite directions."


class _GroupDifference:
    """The family of `GroupDifference` hypotheses; see `Family` for the contract."""

    name: FamilyName = "group_difference"
    effect_name = "P(A>B)"
    null = 0.5

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
        """P(A>B) with both tests, the difference of means in the outcome's unit, and both groups.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        rows = population(h, rows)
        side = sides(rows, h.predictor, h.levels)
        if rows.column(h.outcome).type != "number":
            return _untestable(h, split, _not_a_number(rows, h.outcome))
        codes, values = rows.ordinal(h.outcome)
        counted = tally(side, codes, len(values))
        reason = _floors(counted, h.outcome)
        if reason is not None:
            return _untestable(h, split, reason, counted)
        measured: dict[str, Any]
        if rows.cluster is None:
            measured = _compare(h, rows, counted.counts, values, level, draws, seed)
        else:
            measured = _clustered(h, rows, side, codes, level, draws, seed)
        return _evidence(h, split, counted, measured)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Both groups with mean, interval and quartiles: {label, n, mean, low, high, median, q25, q75}."""
        h = _own(hypothesis)
        rows = population(h, rows)
        codes, values = rows.ordinal(h.outcome)
        counts = tally(sides(rows, h.predictor, h.levels), codes, len(values)).counts
        records = [_record(label, values, row) for label, row in zip(short_labels(h.levels), counts, strict=True)]
        return Picture(kind="groups", x_title=h.predictor, y_title=h.outcome, records=tuple(r for r in records if r))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h, sign(h)))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures; the direction is the evidence's, and none is stated where none is shown."""
        h = _own(hypothesis)
        return sentence(h, evidence, self.claim(h))


FAMILY = _GroupDifference()


def _own(hypothesis: Hypothesis) -> GroupDifference:
    if not isinstance(hypothesis, GroupDifference):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of group_difference.")
    return hypothesis


def _not_a_number(rows: Rows, outcome: str) -> str:
    kind = rows.column(outcome).type
    hint = " Compare dates as a trend." if kind == "datetime" else " Compare how often a level occurs instead."
    return f"{column(outcome)} is a {kind}, not a number.{hint}"


def _floors(counted: Tally, outcome: str) -> str | None:
    """Why the comparison is not fit for a test, or None."""
    counts = counted.counts
    n = counts.sum(axis=1)
    reason = too_few((int(n[0]), int(n[1])), int(n.sum()))
    if reason is not None:
        return reason
    if int((counts.sum(axis=0) > 0).sum()) < 3:
        return f"{column(outcome)} has fewer than 3 distinct values here: compare a rate instead."
    small = int(np.argmin(n))
    if int((counts[small] > 0).sum()) < 2 and n[small] < MIN_CONSTANT:
        return f"Every value of {column(outcome)} in the smaller group is the same."
    return None


def _compare(
    h: GroupDifference,
    rows: Rows,
    counts: NDArray[np.int64],
    values: FloatArray,
    level: float,
    draws: int,
    seed: int,
) -> dict[str, Any]:
    """The evidence's figures for rows that stand for themselves."""
    effect = superiority(counts, level)
    a, b = moments(values, counts[0]), moments(values, counts[1])
    difference = welch_interval(a, b, level)
    p = permutation_superiority_p(counts, draws=draws, seed=seed) if draws else None
    return {
        "test": TEST,
        "statistic": effect.statistic,
        "df": effect.df,
        "p_permutation": p,
        "p_robust": effect.p_robust,
        "effect": Effect(name="P(A>B)", value=effect.value, low=effect.low, high=effect.high, level=level),
        "standard_error": effect.error,
        "in_units": _units(h, rows, difference.value, difference.low, difference.high, level),
        "groups": tuple(_group(h, s, values, counts[s]) for s in (0, 1)),
    }


def _units(h: GroupDifference, rows: Rows, value: float, low: float, high: float, level: float) -> Effect:
    unit = rows.column(h.outcome).unit or h.outcome
    return Effect(name="mean difference", value=value, low=low, high=high, level=level, unit=unit)


def _group(h: GroupDifference, side: int, values: FloatArray, counts: NDArray) -> Group:
    n, mean, variance = moments(values, counts)
    around = mean_interval(n, mean, variance)
    return Group(
        label=group_label(h.predictor, h.levels, side),
        n=n,
        mean=mean,
        low=around.low,
        high=around.high,
        median=quantile(values, counts, 0.5),
    )


def _clustered(
    h: GroupDifference, rows: Rows, side: NDArray, codes: NDArray, level: float, draws: int, seed: int
) -> dict[str, Any]:
    """The evidence's figures where the units of independence are clusters, or why there are none."""
    good = (side >= 0) & (codes >= 0)
    kept = rows.select(good)
    cluster = rows.cluster[good] if rows.cluster is not None else np.arange(kept.n)
    if is_constant_within(side[good], cluster):
        return _between(h, kept, level, draws, seed)
    return _within(h, kept, side[good], cluster, level, draws, seed)


def _between(h: GroupDifference, kept: Rows, level: float, draws: int, seed: int) -> dict[str, Any]:
    """One row per cluster, compared as if rows."""
    one_each = collapse(kept, (h.outcome, h.predictor), modes_of=(h.predictor,))
    codes, values = one_each.ordinal(h.outcome)
    counted = tally(sides(one_each, h.predictor, h.levels), codes, len(values))
    reason = _floors(counted, h.outcome)
    if reason is not None:
        return {"untestable": f"With one row per cluster: {reason}", "clusters": one_each.n}
    measured = _compare(h, one_each, counted.counts, values, level, draws, seed)
    return measured | {"test": f"{TEST}, on one mean per cluster", "clusters": one_each.n}


def _within(
    h: GroupDifference, kept: Rows, side: NDArray, cluster: NDArray, level: float, draws: int, seed: int
) -> dict[str, Any]:
    """One P(A>B) per cluster that holds both sides."""
    y = kept.number(h.outcome)
    pairs = within_means(y, side, cluster)
    held = len(pairs.weights)
    if held < MIN_CLUSTERS:
        reason = f"Only {held} clusters hold both sides; at least {MIN_CLUSTERS} are needed."
        return {"untestable": reason, "clusters": held}
    scores = ranks_within(y, cluster) / cluster_sizes(cluster)
    ranks = one_sample(within_superiority(y, side, cluster), pairs.weights, draws=draws, seed=seed, level=level)
    means = one_sample(pairs.means[:, 0] - pairs.means[:, 1], pairs.weights, draws=0, seed=seed, level=level)
    low, high = max(0.5 + ranks.low, 0.0), min(0.5 + ranks.high, 1.0)
    return {
        "test": WITHIN,
        "statistic": ranks.statistic,
        "df": ranks.df,
        "p_permutation": ranks.p_flip,
        "p_robust": max(ranks.p_robust, within_score_p(scores, side, cluster)),
        "effect": Effect(name="P(A>B)", value=0.5 + ranks.estimate, low=low, high=high, level=level),
        "standard_error": ranks.se,
        "in_units": _units(h, kept, means.estimate, means.low, means.high, level),
        "groups": tuple(_within_group(h, s, pairs, y[side == s], seed) for s in (0, 1)),
        "clusters": held,
    }


def _within_group(h: GroupDifference, side: int, pairs: Any, values: FloatArray, seed: int) -> Group:
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


def _evidence(h: GroupDifference, split: str, counted: Tally, measured: dict[str, Any]) -> Evidence:
    """The figures as evidence, with p, theta and warnings."""
    if "untestable" in measured:
        return _untestable(h, split, measured["untestable"], counted, clusters=measured["clusters"])
    effect, difference = measured["effect"], measured["in_units"]
    warnings = [unequal_missing(counted.missing_shares, h.outcome)]
    if (effect.value - 0.5) * difference.value < 0:
        warnings.append(DISAGREE)
    p = measured["p_robust"] if measured["p_permutation"] is None else max(
        measured["p_robust"], measured["p_permutation"]
    )  # fmt: skip
    return Evidence.model_validate(
        _counts(h, split, counted)
        | measured
        | {
            "p_value": p,
            "theta": (sign(h) or 1) * (effect.value - 0.5),
            "warnings": tuple(w for w in warnings if w),
        }
    )


def _counts(h: GroupDifference, split: str, counted: Tally | None) -> dict[str, Any]:
    if counted is None:
        return {"hypothesis_id": h.content_id(), "split": split, "n": 0}
    n = [int(x) for x in counted.counts.sum(axis=1)]
    labels = [group_label(h.predictor, h.levels, s) for s in (0, 1)]
    return {
        "hypothesis_id": h.content_id(),
        "split": split,
        "n": sum(n),
        "n_per_group": dict(zip(labels, n, strict=True)),
        "missing": counted.missing,
    }


def _untestable(
    h: GroupDifference, split: str, reason: str, counted: Tally | None = None, clusters: int | None = None
) -> Evidence:
    return Evidence.model_validate(
        _counts(h, split, counted) | {"test": TEST, "untestable": reason, "clusters": clusters}
    )


def _record(label: str, values: FloatArray, counts: NDArray) -> dict[str, Any]:
    """One group of a picture, empty where it has fewer than 2 rows."""
    if int(counts.sum()) < 2:
        return {}
    n, mean, variance = moments(values, counts)
    around = mean_interval(n, mean, variance)
    quarters = {k: quantile(values, counts, q) for k, q in (("q25", 0.25), ("median", 0.5), ("q75", 0.75))}
    return {"label": label, "n": n, "mean": mean, "low": around.low, "high": around.high} | quarters
