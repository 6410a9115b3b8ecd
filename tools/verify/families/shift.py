"""The whole distribution of a column differs between two snapshots: distance of distributions, permutation and KS.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import collapse, is_constant_within
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, Shift, sign
from ..intervals import Interval, check_level, mean_interval, wilson_interval
from ..population import Tally, population, sides, tally, unequal_missing
from ..shifts import ShiftTest, shift_of_labels, shift_of_numbers, wasserstein
from ..superiority import moments, quantile
from .shift_words import sentence, statement
from .wording import among, column, group_label, is_level, sentence_case, short_labels

TEST = "permutation Cramér-von Mises and Kolmogorov-Smirnov"
LABELS = "permutation and asymptotic chi-square"
KS, TV = "Kolmogorov-Smirnov distance", "total variation distance"
MIN_ROWS = 50
"""Rows that each snapshot needs: with fewer, distances of whole distributions are mostly noise."""
_MOST_SHARES = 20


class _Tallied(NamedTuple):
    """Both snapshots counted by value."""

    counted: Tally
    values: FloatArray | None
    """The distinct numbers; None for labels."""
    clusters: int | None


class _Shift:
    """The family of `Shift` hypotheses; see `Family` for the contract."""

    name: FamilyName = "shift"
    effect_name = KS
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
        """The distance of the two distributions with both tests, and Wasserstein's in the outcome's unit.

        For labels the distance is total variation, and `in_units` the same in points.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        rows = population(h, rows)
        counted = _tallied(h, rows)
        if isinstance(counted, str):
            return _evidence(h, split, _count(h, rows), {"untestable": counted})
        reason = _floors(h, counted.counted)
        if reason is not None:
            return _evidence(h, split, counted, {"untestable": reason})
        test = shift_of_labels if counted.values is None else shift_of_numbers
        found = test(counted.counted.counts, draws=draws, seed=seed, level=level)
        return _evidence(h, split, counted, _figures(h, rows, counted, found, level))

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Both snapshots: {label, n, mean, low, high, median, q25, q75} of a number, {x, y, share, n} of labels."""
        h = _own(hypothesis)
        rows = population(h, rows)
        counted = _count(h, rows)
        counts, names = counted.counted.counts, short_labels(h.levels)
        if counted.values is None:
            return Picture(
                kind="shares", x_title=h.predictor, y_title=h.outcome, records=tuple(_shares(h, rows, counts))
            )
        records = [
            _record(label, counted.values, row) for label, row in zip(names, counts, strict=True) if row.sum() >= 2
        ]
        return Picture(kind="groups", x_title=h.predictor, y_title=h.outcome, records=tuple(records))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures."""
        h = _own(hypothesis)
        return sentence(h, evidence, self.claim(h))


FAMILY = _Shift()


def _own(hypothesis: Hypothesis) -> Shift:
    if not isinstance(hypothesis, Shift):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of shift.")
    return hypothesis


def _count(h: Shift, rows: Rows, clusters: int | None = None) -> _Tallied:
    side = sides(rows, h.predictor, h.levels)
    outcome = rows.column(h.outcome)
    if outcome.type in ("boolean", "category"):
        return _Tallied(tally(side, rows.codes(h.outcome), len(outcome.levels)), None, clusters)
    codes, values = rows.ordinal(h.outcome)
    return _Tallied(tally(side, codes, len(values)), values, clusters)


def _tallied(h: Shift, rows: Rows) -> _Tallied | str:
    """Both snapshots counted; one row a cluster where each lies in one snapshot; else why they cannot be."""
    if rows.cluster is None:
        return _count(h, rows)
    side = sides(rows, h.predictor, h.levels)
    known = rows.codes(h.outcome) >= 0 if rows.column(h.outcome).levels else ~np.isnan(rows.number(h.outcome))
    kept = rows.select((side >= 0) & known)
    if not is_constant_within(side[(side >= 0) & known], np.asarray(kept.cluster)):
        return (
            f"Units stand in both snapshots of {column(h.predictor)}, so the two are not independent samples: compare "
            "the levels or the shares of the same units instead."
        )
    one_each = collapse(kept, (h.outcome, h.predictor), modes_of=(h.predictor,))
    counted = _count(h, one_each, one_each.n)
    return counted._replace(counted=counted.counted._replace(missing=_count(h, rows).counted.missing))


def _floors(h: Shift, counted: Tally) -> str | None:
    """Why the two snapshots are not fit for a test, or None."""
    small = int(counted.counts.sum(axis=1).min())
    if small < MIN_ROWS:
        return f"A snapshot has only {small:,} usable rows; at least {MIN_ROWS} are needed."
    if int((counted.counts.sum(axis=0) > 0).sum()) < 2:
        return f"{column(h.outcome)} has one value only here."
    return None


def _figures(h: Shift, rows: Rows, counted: _Tallied, found: ShiftTest, level: float) -> dict[str, Any]:
    """The evidence's figures of two snapshots."""
    counts, values, apart = counted.counted.counts, counted.values, found.distance
    is_label = values is None
    units = Interval(*(100 * x for x in apart)) if values is None else wasserstein(values, counts, level)
    unit = "points" if is_label else rows.column(h.outcome).unit or h.outcome
    name = TV if is_label else KS
    on_clusters = ", on one value per cluster" if counted.clusters is not None else ""
    return {
        "test": (LABELS if is_label else TEST) + on_clusters,
        "statistic": found.statistic,
        "df": found.df,
        "p_permutation": found.p_permutation,
        "p_robust": found.p_robust,
        "effect": Effect(name=name, value=apart.value, low=apart.low, high=apart.high, level=level),
        "standard_error": apart.error,
        "in_units": Effect(
            name=TV if is_label else "Wasserstein distance",
            value=units.value, low=units.low, high=units.high, level=level, unit=unit,
        ),
        "groups": _label_groups(h, rows, counts) if values is None else _number_groups(h, values, counts),
        "clusters": counted.clusters,
    }  # fmt: skip


def _number_groups(h: Shift, values: FloatArray, counts: NDArray) -> tuple[Group, ...]:
    out = []
    for side in (0, 1):
        n, mean, variance = moments(values, counts[side])
        around = mean_interval(n, mean, variance)
        median = quantile(values, counts[side], 0.5)
        label = group_label(h.predictor, h.levels, side)
        out.append(Group(label=label, n=n, mean=mean, low=around.low, high=around.high, median=median))
    return tuple(out)


def _label_groups(h: Shift, rows: Rows, counts: NDArray) -> tuple[Group, ...]:
    """The share of the label that differs most, in each snapshot."""
    n = counts.sum(axis=1)
    at = int(np.argmax(np.abs(counts[0] / n[0] - counts[1] / n[1])))
    event = is_level(h.outcome, (rows.column(h.outcome).levels[at],))
    out = []
    for side in (0, 1):
        around = wilson_interval(float(counts[side, at]), int(n[side]))
        label = f"{event} where {group_label(h.predictor, h.levels, side)}"
        out.append(Group(label=label, n=int(n[side]), mean=around.value, low=around.low, high=around.high))
    return tuple(out)


def _evidence(h: Shift, split: str, counted: _Tallied, measured: dict[str, Any]) -> Evidence:
    """The figures as evidence, with p, theta and warnings."""
    n = [int(x) for x in counted.counted.counts.sum(axis=1)]
    base: dict[str, Any] = {"hypothesis_id": h.content_id(), "split": split, "test": TEST, "n": sum(n)}
    base |= {"missing": counted.counted.missing, "clusters": counted.clusters}
    labels = [g.label for g in measured.get("groups", ())] or [group_label(h.predictor, h.levels, s) for s in (0, 1)]
    base["n_per_group"] = dict(zip(labels, n, strict=True))
    if "untestable" in measured:
        return Evidence.model_validate(base | measured)
    drawn, robust = measured["p_permutation"], measured["p_robust"]
    warning = unequal_missing(counted.counted.missing_shares, h.outcome)
    figures = {
        "p_value": robust if drawn is None else max(robust, drawn),
        "theta": (sign(h) or 1) * measured["effect"].value,
        "warnings": () if warning is None else (warning,),
    }
    return Evidence.model_validate(base | measured | figures)


def _record(label: str, values: FloatArray, counts: NDArray) -> dict[str, Any]:
    n, mean, variance = moments(values, counts)
    around = mean_interval(n, mean, variance)
    quarters = {k: quantile(values, counts, q) for k, q in (("q25", 0.25), ("median", 0.5), ("q75", 0.75))}
    return {"label": label, "n": n, "mean": mean, "low": around.low, "high": around.high} | quarters


def _shares(h: Shift, rows: Rows, counts: NDArray) -> list[dict[str, Any]]:
    """Both snapshots' shares of the commonest labels."""
    levels = rows.column(h.outcome).levels
    order = np.argsort(-counts.sum(axis=0), kind="stable")[:_MOST_SHARES]
    return [
        {"x": label, "y": levels[at], "share": float(row[at] / row.sum()), "n": int(row.sum())}
        for label, row in zip(short_labels(h.levels), counts, strict=True)
        for at in sorted(order.tolist())
        if row.sum()
    ]
