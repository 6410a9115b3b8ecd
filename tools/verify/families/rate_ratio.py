"""A count per unit of exposure is higher in one group: permuted rows and a test that does not trust the Poisson law.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import MIN_CLUSTERS, dense, is_constant_within, modes
from ..counts import permutation_rate_p, rate_contrast, within_rates
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, RateRatio
from ..intervals import Interval, check_level
from ..population import population, sides, tally, too_few
from .amount_words import claim, ratio_sentence
from .two_sides import evidence_of, not_a_number
from .wording import column, group_label, short_labels

TEST = "permutation of rows and robust (sandwich) test of the log rate ratio"
WITHIN = "within-cluster Mantel-Haenszel rate ratio, sign-flip permutation and cluster-robust t"
MIN_EXPECTED = 10
"""What the counts of a side must be expected to sum to, at the rate of both. Asking it of what was counted would select
the small groups that happened to count much: there the interval covered .88."""


_ROUNDING = 1e-9
"""Error of a log ratio that is rounding of equal rates."""


class _Counted:
    """The claim's rows: sides, counts and exposures of shape (n,), and which rows are complete."""

    def __init__(self, h: RateRatio, rows: Rows) -> None:
        self.side = sides(rows, h.predictor, h.levels)
        self.y = rows.number(h.outcome)
        self.w = np.ones(rows.n) if h.exposure is None else rows.number(h.exposure)
        known = ~np.isnan(self.y) & (self.w > 0)
        self.tally = tally(self.side, np.where(known, 0, -1), 1)
        good = known & (self.side >= 0)
        self.cluster = None if rows.cluster is None else rows.cluster[good]
        self.y, self.w, self.side = self.y[good], self.w[good], self.side[good].astype(np.int64)


class _RateRatio:
    """The family of `RateRatio` hypotheses; see `Family` for the contract."""

    name: FamilyName = "rate_ratio"
    effect_name = "log rate ratio"
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
        """The log rate ratio with both tests, and the ratio itself; rows without a positive exposure are missing.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        rows = population(h, rows)
        refused = not_a_number(rows, h.outcome) or (h.exposure and not_a_number(rows, h.exposure))
        if refused:
            counted = tally(sides(rows, h.predictor, h.levels), np.zeros(rows.n, np.int8), 1)
            return evidence_of(h, split, TEST, counted, {"untestable": refused}, levels=h.levels)
        of = _Counted(h, rows)
        measured: dict[str, Any]
        if of.cluster is None:
            measured = _compare(h, of.y, of.w, of.side, level, draws, seed)
        else:
            measured = _clustered(h, of, of.cluster, level, draws, seed)
        return evidence_of(h, split, TEST, of.tally, measured, levels=h.levels)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Both rates with their intervals: {label, n, mean, low, high}; a group without counts is left out."""
        h = _own(hypothesis)
        of = _Counted(h, population(h, rows))
        found = _rates(of)
        records = []
        for label, s in zip(short_labels(h.levels), (0, 1), strict=True):
            if found is not None:
                rate = found[s]
                n = int((of.side == s).sum())
                records.append({"label": label, "n": n, "mean": rate.value, "low": rate.low, "high": rate.high})
        title = f"{h.outcome} {_per(h, plain=True)}"
        return Picture(kind="groups", x_title=h.predictor, y_title=title, records=tuple(records))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return claim(h, f"{column(h.outcome)} {_per(h)}")

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """Both rates and their ratio with its interval; no direction is stated where none is shown."""
        h = _own(hypothesis)
        return ratio_sentence(h, evidence, f"{column(h.outcome)} {_per(h)}")


FAMILY = _RateRatio()


def _own(hypothesis: Hypothesis) -> RateRatio:
    if not isinstance(hypothesis, RateRatio):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of rate_ratio.")
    return hypothesis


def _per(h: RateRatio, *, plain: bool = False) -> str:
    if h.exposure is None:
        return "per row"
    return f"per unit of {h.exposure if plain else column(h.exposure)}"


def _floors(h: RateRatio, y: FloatArray, w: FloatArray, side: NDArray) -> str | None:
    """Why the counts are not fit for a test, or None."""
    n = np.bincount(side, minlength=2)
    reason = too_few((int(n[0]), int(n[1])), len(y))
    if reason is not None:
        return reason
    if float(y.min()) < 0 or bool((y != np.round(y)).any()):
        return f"{column(h.outcome)} is not a count: it has negative or broken values."
    expected = float(np.bincount(side, weights=w, minlength=2).min() * y.sum() / w.sum())
    if expected < MIN_EXPECTED:
        return f"A side expects a count of only {expected:.1f} in all; at least {MIN_EXPECTED} are needed."
    if min(np.bincount(side, weights=y, minlength=2)) == 0:
        return f"On one side {column(h.outcome)} is always 0: compare how often it is above 0 instead."
    return None


def _no_interval(h: RateRatio, y: FloatArray, w: FloatArray, side: NDArray) -> str:
    """Why rates that pass the floors cannot be held against each other."""
    if all(np.ptp(y[side == s] / w[side == s]) == 0 for s in (0, 1)):
        return f"{column(h.outcome)} does not vary within either group."
    held = column(h.exposure or h.outcome)
    return f"A few rows hold nearly all of {held} on one side: its rate has no usable interval."


def _rates(of: _Counted) -> tuple[Interval, Interval] | None:
    """Both rates for a picture, or None where one cannot be given an interval."""
    if min(np.bincount(of.side, minlength=2)) < 2 or min(np.bincount(of.side, of.y, 2)) <= 0:
        return None
    found = rate_contrast(of.y, of.w, of.side)
    return None if found is None else found.rates


def _compare(
    h: RateRatio, y: FloatArray, w: FloatArray, side: NDArray, level: float, draws: int, seed: int
) -> dict[str, Any]:
    """The evidence's figures for rows that stand for themselves, or why there are none."""
    reason = _floors(h, y, w, side)
    found = None if reason is not None else rate_contrast(y, w, side, level)
    if found is None:
        return {"untestable": reason or _no_interval(h, y, w, side)}
    return _effects(found.log_ratio, level) | {
        "test": TEST,
        "statistic": found.statistic,
        "df": found.df,
        "p_permutation": permutation_rate_p(y, w, side, draws=draws, seed=seed) if draws else None,
        "p_robust": found.p_robust,
        "groups": tuple(_group(h, s, int((side == s).sum()), found.rates[s]) for s in (0, 1)),
    }


def _effects(log: Interval, level: float) -> dict[str, Any]:
    value, low, high = (float(np.exp(x)) for x in (log.value, log.low, log.high))
    return {
        "effect": Effect(name="log rate ratio", value=log.value, low=log.low, high=log.high, level=level),
        "standard_error": log.error,
        "in_units": Effect(name="rate ratio", value=value, low=low, high=high, level=level),
    }


def _group(h: RateRatio, side: int, n: int, rate: Interval) -> Group:
    label = group_label(h.predictor, h.levels, side)
    return Group(label=label, n=n, mean=rate.value, low=rate.low, high=rate.high)


def _clustered(h: RateRatio, of: _Counted, cluster: NDArray, level: float, draws: int, seed: int) -> dict[str, Any]:
    """The evidence's figures where the units of independence are clusters, or why there are none."""
    if not is_constant_within(of.side, cluster):
        return _within(h, of, cluster, level, draws, seed)
    groups, number_of = dense(cluster)
    y, w = (np.bincount(groups, weights=x, minlength=number_of).astype(np.float64) for x in (of.y, of.w))
    measured = _compare(h, y, w, modes(of.side, cluster)[0] if number_of else of.side, level, draws, seed)
    if "untestable" in measured:
        return {"untestable": f"With one row per cluster: {measured['untestable']}", "clusters": number_of}
    return measured | {"test": f"{TEST}, on one sum per cluster", "clusters": number_of}


def _within(h: RateRatio, of: _Counted, cluster: NDArray, level: float, draws: int, seed: int) -> dict[str, Any]:
    """Rates compared within each cluster that holds both sides."""
    reason = _floors(h, of.y, of.w, of.side)
    if reason is not None:
        return {"untestable": reason}
    found = within_rates(of.y, of.w, of.side, cluster, draws=draws, seed=seed, level=level)
    held = 0 if found is None else found[2]
    if found is None or held < MIN_CLUSTERS:
        reason = f"Only {held} clusters hold both sides; at least {MIN_CLUSTERS} are needed."
        return {"untestable": reason, "clusters": held}
    log, test, _ = found
    if log.error <= _ROUNDING:
        return {"untestable": f"{column(h.outcome)} differs alike in every cluster.", "clusters": held}
    rates = _rates(of)
    return _effects(log, level) | {
        "test": WITHIN,
        "statistic": test.statistic,
        "df": test.df,
        "p_permutation": test.p_flip,
        "p_robust": test.p_robust,
        "groups": () if rates is None else tuple(_group(h, s, int((of.side == s).sum()), rates[s]) for s in (0, 1)),
        "clusters": held,
    }
