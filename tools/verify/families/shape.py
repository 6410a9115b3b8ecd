"""The outcome follows a number in a stated shape with frozen knots: every part of the shape must hold.

Knows its floors and how its parts become evidence. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any, NamedTuple

import numpy as np

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import collapse, is_constant_within
from ..evidence import Evidence, Picture
from ..hypothesis import FamilyName, Hypothesis, MonotoneAssociation, Shape
from ..intervals import check_level
from ..population import population
from .monotone_association import outcome_values
from .monotone_ends import curve
from .shape_groups import told
from .shape_parts import combined, measure, segments
from .shape_words import sentence, statement
from .wording import among, column, sentence_case

TWO_LINES = "two lines: permutation Spearman and robust (HC3) slope of ranks, the larger p of both sides"
BROKEN = "broken line: permutation of residuals (Freedman-Lane) and robust (HC3) t, the largest p of all bends"
TEST = "two lines by ranks, or a broken line: permutation and robust (HC3), the largest p of all parts"
WITHIN = "within-cluster"
EFFECT = "weakest correlation"
MIN_SIDE = 20
"""Rows on every stretch between knots."""
MIN_VALUES = 3
MIN_EVENTS = 10


class _Pairs(NamedTuple):
    """The complete rows of a claim."""

    rows: Rows
    x: FloatArray
    y: FloatArray
    missing: int


class _Shape:
    """The family of `Shape` hypotheses; see `Family` for the contract."""

    name: FamilyName = "shape"
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
        """The weakest part of the shape with both tests, and the outcome along the predictor in its own units.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        if rows.column(h.predictor).type != "number":
            return _untestable(h, split, f"{column(h.predictor)} is no number.")
        if h.event is None and rows.column(h.outcome).type not in ("number", "boolean"):
            return _untestable(h, split, f"{column(h.outcome)} is no number.")
        pairs = _complete(h, rows)
        reason = _floors(h, pairs.x, pairs.y)
        if reason is not None:
            return _untestable(h, split, reason, pairs)
        cluster = pairs.rows.cluster
        if cluster is None or not is_constant_within(pairs.x, cluster):
            return _evidence(h, split, pairs, _measured(h, pairs, level, draws, seed))
        one_each = _collapsed(h, pairs)
        reason = _floors(h, one_each.x, one_each.y)
        if reason is not None:
            text = f"With one row per cluster: {reason}"
            return _untestable(h, split, text, pairs, clusters=one_each.rows.n)
        measured = _measured(h, one_each, level, draws, seed)
        if "test" in measured:
            measured["test"] += ", on one mean per cluster"
        return _evidence(h, split, pairs, measured | {"clusters": one_each.rows.n})

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """The outcome by value or by bins of the predictor, as for a monotone association, with the knots marked."""
        h = _own(hypothesis)
        pairs = _complete(h, rows)
        y_title = h.outcome if h.event is None else f"share of rows where {h.outcome} is {h.event}"
        plain = MonotoneAssociation(outcome=h.outcome, predictor=h.predictor, event=h.event, direction="any")
        records = tuple(curve(plain, pairs.x, pairs.y))
        return Picture(kind="curve", x_title=h.predictor, y_title=y_title, records=records, marks=h.knots)

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures (but its knots) and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures; where the test shows another shape, that it does not hold."""
        h = _own(hypothesis)
        return sentence(h, evidence, self.claim(h))


FAMILY = _Shape()


def _own(hypothesis: Hypothesis) -> Shape:
    if not isinstance(hypothesis, Shape):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of shape.")
    return hypothesis


def _complete(h: Shape, rows: Rows) -> _Pairs:
    inside = population(h, rows)
    x, y = inside.number(h.predictor), outcome_values(inside, h.outcome, h.event)
    good = ~(np.isnan(x) | np.isnan(y))
    return _Pairs(inside.select(good), x[good], y[good], int((~good).sum()))


def _collapsed(h: Shape, pairs: _Pairs) -> _Pairs:
    """One row per cluster: means, and for an event its share."""
    event = None if h.event is None else (h.outcome, h.event)
    rows = collapse(pairs.rows, (h.outcome, h.predictor), event=event)
    return _Pairs(rows, rows.number(h.predictor), rows.number(h.outcome), pairs.missing)


def _floors(h: Shape, x: FloatArray, y: FloatArray) -> str | None:
    """Why the shape is not fit for a test, or None."""
    where = column(h.predictor)
    for own in segments(h, x):
        if own.sum() < MIN_SIDE:
            return (
                f"Only {int(own.sum())} rows lie on one stretch of {where} between the stated points and the ends; at "
                f"least {MIN_SIDE} are needed."
            )
        if len(np.unique(x[own])) < MIN_VALUES:
            return f"{where} has fewer than {MIN_VALUES} distinct values on one stretch: compare groups instead."
        hits = y[own]
        if h.event is not None and np.isin(hits, (0.0, 1.0)).all() and min(hits.sum(), (1 - hits).sum()) < MIN_EVENTS:
            return (
                f"On one stretch of {where} fewer than {MIN_EVENTS} rows are, or are not, {h.event!r} in "
                f"{column(h.outcome)}."
            )
    if y.min() == y.max():
        return f"{column(h.outcome)} has one value only here."
    return None


def _measured(h: Shape, pairs: _Pairs, level: float, draws: int, seed: int) -> dict[str, Any]:
    cluster = pairs.rows.cluster
    parts = measure(h, pairs.x, pairs.y, cluster, level, draws, seed)
    if isinstance(parts, str):
        return {"untestable": parts, "clusters": None}
    whole = combined(parts)
    test = TWO_LINES if h.shape in ("u", "inverted_u") else BROKEN
    if cluster is not None:
        test = f"{WITHIN} {test}, by sign flips and over clusters"
    groups = told(h, pairs.rows, pairs.x, pairs.y, level, within=cluster is not None)
    return {
        "test": test,
        "statistic": whole.weakest.statistic,
        "df": whole.weakest.df,
        "p_permutation": whole.p_permutation,
        "p_robust": whole.p_robust,
        "effect": Effect(name=EFFECT, value=whole.weakest.value, low=whole.low, high=whole.high, level=level),
        "standard_error": whole.error,
        "in_units": groups.difference,
        "groups": groups.groups,
        "clusters": whole.weakest.clusters,
    }


def _evidence(h: Shape, split: str, pairs: _Pairs, measured: dict[str, Any]) -> Evidence:
    if "untestable" in measured:
        return _untestable(h, split, measured["untestable"], pairs, clusters=measured["clusters"])
    robust, drawn = measured["p_robust"], measured["p_permutation"]
    return Evidence.model_validate(
        _counts(h, split, pairs)
        | measured
        | {
            "n_per_group": {g.label: g.n for g in measured["groups"]},
            "p_value": robust if drawn is None else max(robust, drawn),
            "theta": measured["effect"].value,
        }
    )


def _counts(h: Shape, split: str, pairs: _Pairs | None) -> dict[str, Any]:
    n, missing = (0, 0) if pairs is None else (len(pairs.x), pairs.missing)
    return {"hypothesis_id": h.content_id(), "split": split, "n": n, "missing": missing}


def _untestable(
    h: Shape, split: str, reason: str, pairs: _Pairs | None = None, clusters: int | None = None
) -> Evidence:
    test = TWO_LINES if h.shape in ("u", "inverted_u") else BROKEN
    return Evidence.model_validate(
        _counts(h, split, pairs) | {"test": test, "untestable": reason, "clusters": clusters}
    )
