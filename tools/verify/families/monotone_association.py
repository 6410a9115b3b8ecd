"""The outcome rises or falls with a number: Spearman's rho by permutation and by a robust slope of ranks.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import MIN_CLUSTERS, collapse, dense, is_constant_within, one_sample, ranks_within
from ..evidence import Evidence, Picture
from ..hypothesis import FamilyName, Hypothesis, MonotoneAssociation, sign
from ..intervals import check_level
from ..population import population
from ..ranks import dense_ranks, midranks, permutation_rank_p, varying_correlation
from .events import above_words, as_label
from .monotone_ends import Pairs, curve, ends, within_ends
from .monotone_words import sentence, statement
from .two_sides import not_a_number
from .wording import column, sentence_case

TEST = "permutation Spearman and robust (HC3) slope of ranks"
WITHIN = "within-cluster Spearman, sign-flip permutation and cluster-robust t"
EFFECT = "Spearman's rho"
MIN_ROWS = 30
MIN_SEEN = 15
"""Rows from which it is measured on exploration rows, where nothing is concluded: a small corpus has few."""
MIN_EVENTS = 10


class _MonotoneAssociation:
    """The family of `MonotoneAssociation` hypotheses; see `Family` for the contract."""

    name: FamilyName = "monotone_association"
    effect_name = EFFECT
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
        """Spearman's rho with both tests, and the outcome at both ends of the predictor in its own units.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        if h.above is not None:
            reason = not_a_number(rows, h.outcome)
            if reason is not None:
                return _untestable(h, split, reason)
            found = self.evaluate(_alone(h), _events(h, rows), split=split, level=level, draws=draws, seed=seed)
            return found.model_copy(update={"hypothesis_id": h.content_id()})
        if rows.column(h.predictor).type not in ("number", "boolean"):
            return _untestable(h, split, f"{column(h.predictor)} is no number.")
        if h.event is None and rows.column(h.outcome).type not in ("number", "boolean"):
            return _untestable(h, split, f"{column(h.outcome)} is no number.")
        pairs = _complete(h, rows)
        reason = _floors(h, pairs.x, pairs.y, MIN_SEEN if split == "exploration" else MIN_ROWS)
        if reason is not None:
            return _untestable(h, split, reason, pairs)
        if pairs.rows.cluster is None:
            measured = _compare(h, pairs, level, draws, seed)
        elif is_constant_within(pairs.x, pairs.rows.cluster):
            measured = _between(h, pairs, level, draws, seed, MIN_SEEN if split == "exploration" else MIN_ROWS)
        else:
            measured = _within(h, pairs, level, draws, seed)
        return _evidence(h, split, pairs, measured)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """The outcome by value of the predictor or by 12 bins of it: {x, x_low, x_high, mean, low, high, n}."""
        h = _own(hypothesis)
        if h.above is not None:
            return self.picture(_alone(h), _events(h, rows))
        pairs = _complete(h, rows)
        y_title = h.outcome if h.event is None else f"share of rows where {h.outcome} is {h.event}"
        return Picture(kind="curve", x_title=h.predictor, y_title=y_title, records=tuple(curve(h, pairs.x, pairs.y)))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        from .wording import among

        h = _as_share(_own(hypothesis))
        return sentence_case(among(h) + statement(h, sign(h)))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures; the direction is the evidence's, and none is stated where none is shown."""
        h = _as_share(_own(hypothesis))
        return sentence(h, evidence, self.claim(h))


FAMILY = _MonotoneAssociation()


def _own(hypothesis: Hypothesis) -> MonotoneAssociation:
    if not isinstance(hypothesis, MonotoneAssociation):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of monotone_association.")
    return hypothesis


def _as_share(h: MonotoneAssociation) -> MonotoneAssociation:
    """A claim on a number above a point as one on the share of that event."""
    if h.above is None:
        return h
    return h.model_copy(update={"event": above_words(h.above), "above": None})


def _alone(h: MonotoneAssociation) -> MonotoneAssociation:
    """The same without its filter, for rows that met it while the outcome was a number."""
    return _as_share(h).model_copy(update={"where": ()})


def _events(h: MonotoneAssociation, rows: Rows) -> Rows:
    """The claim's population with the outcome as a label of two levels."""
    return as_label(population(h, rows), h.outcome, h.above or 0.0)


def outcome_values(rows: Rows, outcome: str, event: str | None) -> FloatArray:
    """The outcome as a number, or 1 and 0 for an event and its absence; NaN where missing, shape (n,).

    Raises:
        HypothesisError: if the column is unknown, or has no such level.
    """
    if event is None:
        return rows.number(outcome)
    hit = rows.level_mask(outcome, [event]).astype(np.float64)
    hit[rows.codes(outcome) < 0] = np.nan
    return hit


def _complete(h: MonotoneAssociation, rows: Rows) -> Pairs:
    inside = population(h, rows)
    x, y = inside.number(h.predictor), outcome_values(inside, h.outcome, h.event)
    good = ~(np.isnan(x) | np.isnan(y))
    if good.all():
        return Pairs(inside, x, y, 0)  # what these rows know of their order is kept
    return Pairs(inside.select(good), x[good], y[good], int((~good).sum()))


def _floors(h: MonotoneAssociation, x: FloatArray, y: FloatArray, least: int = MIN_ROWS) -> str | None:
    """Why the association is not fit for a test, or None."""
    if len(x) < least:
        return f"Only {len(x):,} rows have both values; at least {least} are needed."
    if not ((x > x.min()) & (x < x.max())).any():
        return f"{column(h.predictor)} has fewer than 3 distinct values here: compare groups instead."
    if h.event is not None and min(int(y.sum()), int((1 - y).sum())) < MIN_EVENTS:
        return f"Fewer than {MIN_EVENTS} rows are, or are not, {h.event!r} in {column(h.outcome)}."
    if y.min() == y.max():
        return f"{column(h.outcome)} has one value only here."
    return None


def _compare(h: MonotoneAssociation, pairs: Pairs, level: float, draws: int, seed: int) -> dict[str, Any]:
    """The evidence's figures for rows that stand for themselves."""
    x = pairs.rows.ordinal(h.predictor)[0]
    y = dense_ranks(pairs.y) if h.event is not None else pairs.rows.ordinal(h.outcome)[0]
    found = varying_correlation(midranks(x), midranks(y))
    around = found.interval(level)
    units, groups, warning = ends(h, pairs, level)
    return {
        "test": TEST,
        "statistic": float(np.clip(found.statistic, -1e12, 1e12)),
        "df": found.df,
        "p_permutation": permutation_rank_p(x, y, draws=draws, seed=seed) if draws else None,
        "p_robust": found.p_robust,
        "effect": Effect(name=EFFECT, value=found.rho, low=around.low, high=around.high, level=level),
        "standard_error": found.error,
        "in_units": units,
        "groups": groups,
        "warnings": warning,
    }


def _between(h: MonotoneAssociation, pairs: Pairs, level: float, draws: int, seed: int, least: int) -> dict[str, Any]:
    """One row per cluster, compared as if rows."""
    event = None if h.event is None else (h.outcome, h.event)
    one_each = collapse(pairs.rows, (h.outcome, h.predictor), event=event)
    x, y = one_each.number(h.predictor), one_each.number(h.outcome)
    plain = h if h.event is None else h.model_copy(update={"event": None})
    reason = _floors(plain, x, y, least)
    if reason is not None:
        return {"untestable": f"With one row per cluster: {reason}", "clusters": one_each.n}
    measured = _compare(h, Pairs(one_each, x, y, 0), level, draws, seed)
    return measured | {"test": f"{TEST}, on one mean per cluster", "clusters": one_each.n}


def _within(h: MonotoneAssociation, pairs: Pairs, level: float, draws: int, seed: int) -> dict[str, Any]:
    """One Spearman correlation per cluster in which both columns vary."""
    cluster = pairs.rows.cluster
    rho, weight = within_correlations(pairs.x, pairs.y, cluster if cluster is not None else np.arange(len(pairs.x)))
    if len(rho) < MIN_CLUSTERS:
        reason = f"Both columns vary within only {len(rho)} clusters; at least {MIN_CLUSTERS} are needed."
        return {"untestable": reason, "clusters": len(rho)}
    found = one_sample(rho, weight, draws=draws, seed=seed, level=level)
    units, groups, warnings = within_ends(h, pairs, level, seed)
    low, high = max(found.low, -1.0), min(found.high, 1.0)
    return {
        "test": WITHIN,
        "statistic": found.statistic,
        "df": found.df,
        "p_permutation": found.p_flip,
        "p_robust": found.p_robust,
        "effect": Effect(name=EFFECT, value=found.estimate, low=low, high=high, level=level),
        "standard_error": found.se,
        "in_units": units,
        "groups": groups,
        "warnings": warnings,
        "clusters": len(rho),
    }


def within_correlations(x: FloatArray, y: FloatArray, cluster: NDArray) -> tuple[FloatArray, FloatArray]:
    """Spearman's rho within each cluster in which both vary, and its weight n - 1; both of shape (G,)."""
    groups, number_of = dense(cluster)
    n = np.bincount(groups, minlength=number_of).astype(np.float64)
    rx = ranks_within(x, cluster) - ((n + 1) / 2)[groups]
    ry = ranks_within(y, cluster) - ((n + 1) / 2)[groups]
    spread = np.sqrt(np.bincount(groups, rx * rx, number_of) * np.bincount(groups, ry * ry, number_of))
    varies = (spread > 0) & (n >= 3)
    return np.bincount(groups, rx * ry, number_of)[varies] / spread[varies], (n - 1)[varies]


def _evidence(h: MonotoneAssociation, split: str, pairs: Pairs, measured: dict[str, Any]) -> Evidence:
    if "untestable" in measured:
        return _untestable(h, split, measured["untestable"], pairs, clusters=measured["clusters"])
    effect, units = measured["effect"], measured["in_units"]
    warnings = list(measured["warnings"])
    if units is not None and units.value * effect.value < 0:
        warnings.append("The two ends of the predictor differ the other way than the ranks: the relation bends.")
    robust, drawn = measured["p_robust"], measured["p_permutation"]
    return Evidence.model_validate(
        _counts(h, split, pairs)
        | measured
        | {
            "n_per_group": {g.label: g.n for g in measured["groups"]},
            "p_value": robust if drawn is None else max(robust, drawn),
            "theta": (sign(h) or 1) * effect.value,
            "warnings": tuple(warnings),
        }
    )


def _counts(h: MonotoneAssociation, split: str, pairs: Pairs | None) -> dict[str, Any]:
    n, missing = (0, 0) if pairs is None else (len(pairs.x), pairs.missing)
    return {"hypothesis_id": h.content_id(), "split": split, "n": n, "missing": missing}


def _untestable(
    h: MonotoneAssociation, split: str, reason: str, pairs: Pairs | None = None, clusters: int | None = None
) -> Evidence:
    return Evidence.model_validate(
        _counts(h, split, pairs) | {"test": TEST, "untestable": reason, "clusters": clusters}
    )
