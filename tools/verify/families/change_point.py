"""From a fixed time on the outcome lies higher or lower: a jump between two straight lines, tested on stretches.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.

A jump is claimed only beyond a straight trend on either side, on at most 60 stretches of time, and as the best of
every time that could have been claimed: see `..jump` for the reasons, docs/methods.md for the calibration.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import MIN_CLUSTERS, OneSample, dense, is_constant_within, one_sample, within_means
from ..evidence import Evidence, Group, Picture
from ..hypothesis import ChangePoint, FamilyName, Hypothesis, sign
from ..intervals import check_level, normal_quantile
from ..jump import JumpTest, examine_jump, examined_stretches, jump_between
from ..ranks import dense_ranks, midranks
from .change_words import sentence, statement
from .course import Course, collapsed, complete, series_records, y_title
from .wording import among, column, sentence_case

TEST = (
    "jump between two straight lines through at most 60 stretches of time, as the best of all times: permutation "
    "and robust (HC3, AR(1)) tube bound"
)
WITHIN = f"within-cluster values, {TEST}; and cluster-robust t of each cluster's own difference"
MIN_ROWS = 40
MIN_EVENTS = 10
SMOOTH = "A smooth curve without a jump describes the course as well: it is not counted as a change at one time."
BLOCKS = (
    "The rows that may be searched are the earlier part of this series and the rows that test lie later, all on one "
    "side of the change: they cannot show it again."
)


class _ChangePoint:
    """The family of `ChangePoint` hypotheses; see `Family` for the contract."""

    name: FamilyName = "change_point"
    effect_name = "P(after>before)"
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
        """The jump on the scale of P(after>before) with its tests, and in the outcome's unit.

        For a number the scale is that of its ranks: 1/2 plus the jump of the mean rank over n, which without the
        lines is P(after>before). For an event it is the jump of its share.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        course = complete(h, rows)
        if rows.serial:
            return _evidence(h, split, course, {"untestable": BLOCKS})
        measured: dict[str, Any]
        cluster = course.rows.cluster
        if cluster is None:
            measured = _measure(h, course, course.y, level, draws, seed)
        elif is_constant_within(course.time, cluster):
            units = collapsed(h, course)
            measured = _measure(h, units, units.y, level, draws, seed) | {"clusters": units.rows.n}
        else:
            measured = _within(h, course, cluster, level, draws, seed)
        return _evidence(h, split, course, measured)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """The outcome in up to 40 equal stretches of time, the change marked: {date, mean, low, high, n}."""
        h = _own(hypothesis)
        records = series_records(h.event, complete(h, rows), rows.column(h.predictor).type == "datetime")
        return Picture(kind="series", x_title=h.predictor, y_title=y_title(h), records=tuple(records), marks=(h.since,))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures but its time, and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h, sign(h)))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures; the direction is the evidence's, and none is stated where none is shown."""
        h = _own(hypothesis)
        return sentence(h, evidence, self.claim(h), smooth=SMOOTH in evidence.warnings)


FAMILY = _ChangePoint()


def _own(hypothesis: Hypothesis) -> ChangePoint:
    if not isinstance(hypothesis, ChangePoint):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of change_point.")
    return hypothesis


def _floors(h: ChangePoint, course: Course) -> str | None:
    """Why the change is not fit for a test, or None."""
    y, after = course.y, course.time >= h.since
    if len(y) < MIN_ROWS:
        return f"Only {len(y):,} observations over time; at least {MIN_ROWS} are needed."
    if y.min() == y.max():
        return f"{column(h.outcome)} has one value only here."
    plain = bool(np.isin(y, (0.0, 1.0)).all())
    if h.event is not None and plain and min(int(y.sum()), int((1 - y).sum())) < MIN_EVENTS:
        return f"Fewer than {MIN_EVENTS} rows are, or are not, {h.event!r} in {column(h.outcome)}."
    if min(int(after.sum()), int((~after).sum())) < MIN_ROWS // 2:
        return f"Fewer than {MIN_ROWS // 2} rows lie on one side of the change."
    return None


def _measure(h: ChangePoint, course: Course, y: FloatArray, level: float, draws: int, seed: int) -> dict[str, Any]:
    """The evidence's figures, or why there are none; `y` are the values to test, those of the course are told."""
    reason = _floors(h, course)
    if reason is not None:
        return {"untestable": reason}
    values = y if h.event is not None else midranks(dense_ranks(y)) / len(y)
    found = examine_jump(course.time, values, h.since, draws=draws, seed=seed, level=level)
    if isinstance(found, str):
        return {"untestable": found}
    cut = examined_stretches(course.time, values, h.since)
    jump, error = jump_between(cut, y, h.since)
    return {
        "test": TEST,
        "statistic": found.statistic,
        "df": found.df,
        "p_permutation": found.p_permutation,
        "p_robust": found.p_robust,
        "effect": _effect(h, found, level),
        # Power is planned with it, before anything shows whether the search will have to be counted.
        "standard_error": found.error * found.widest / normal_quantile(0.95),
        "in_units": _units(h, course.rows, jump, found.reach * error, level),
        "groups": _groups(h, course),
        "warnings": (SMOOTH,) if found.smooth else (),
    }


def _effect(h: ChangePoint, found: JumpTest, level: float) -> Effect:
    reach = found.reach * found.error
    lowest, centre = (0.0, 0.5) if h.event is None else (-1.0, 0.0)
    value, low, high = (float(np.clip(centre + found.value + side, lowest, 1.0)) for side in (0.0, -reach, reach))
    name = "P(after>before)" if h.event is None else "risk difference"
    return Effect(name=name, value=value, low=low, high=high, level=level)


def _units(h: ChangePoint, rows: Rows, jump: float, reach: float, level: float) -> Effect:
    scale = 1.0 if h.event is None else 100.0
    unit = "points" if h.event is not None else rows.column(h.outcome).unit or h.outcome
    low, high = scale * (jump - reach), scale * (jump + reach)
    return Effect(name="jump", value=scale * jump, low=low, high=high, level=level, unit=unit)


def _groups(h: ChangePoint, course: Course) -> tuple[Group, ...]:
    """The rows from the change on and those before it, as they are; means of dependent rows get no interval."""
    after = course.time >= h.since
    sides = (("from then on", course.y[after]), ("before", course.y[~after]))
    return tuple(
        Group(
            label=f"{column(h.predictor)} {label}",
            n=len(y),
            mean=float(y.mean()),
            median=None if h.event is not None else float(np.median(y)),
        )
        for label, y in sides
    )


def _within(h: ChangePoint, course: Course, cluster: NDArray, level: float, draws: int, seed: int) -> dict[str, Any]:
    """Entities seen before and after: their own levels taken out, and each one's own difference beside it."""
    after = (course.time < h.since).astype(np.int64)
    values = course.y if h.event is not None else midranks(dense_ranks(course.y)) / len(course.y)
    pairs = within_means(values, after, cluster)
    held = len(pairs.weights)
    if held < MIN_CLUSTERS:
        reason = f"Only {held} clusters hold rows before and after; at least {MIN_CLUSTERS} are needed."
        return {"untestable": reason, "clusters": held}
    at, number_of = dense(cluster)
    levels = np.bincount(at, course.y, number_of) / np.bincount(at, minlength=number_of)
    measured = _measure(h, course, course.y - levels[at] + course.y.mean(), level, draws, seed)
    if "untestable" in measured:
        return measured | {"clusters": held}
    own = one_sample(pairs.means[:, 0] - pairs.means[:, 1], pairs.weights, draws=draws, seed=seed)
    return _both(measured, own) | {"test": WITHIN, "clusters": held}


def _both(measured: dict[str, Any], own: OneSample) -> dict[str, Any]:
    """The larger p of the course and of the entities; 1 where these two point in opposite directions."""
    opposite = own.estimate * measured["in_units"].value < 0
    drawn = measured["p_permutation"]
    return measured | {
        "p_robust": 1.0 if opposite else max(measured["p_robust"], own.p_robust),
        "p_permutation": None if drawn is None or own.p_flip is None else max(drawn, own.p_flip),
    }


def _evidence(h: ChangePoint, split: str, course: Course, measured: dict[str, Any]) -> Evidence:
    """The figures as evidence, with p and theta."""
    base = {"hypothesis_id": h.content_id(), "split": split, "test": TEST}
    base |= {"n": len(course.y), "missing": course.missing}
    if "untestable" in measured:
        return Evidence.model_validate(base | measured)
    drawn, robust = measured["p_permutation"], measured["p_robust"]
    figures = {
        "p_value": robust if drawn is None else max(robust, drawn),
        "theta": (sign(h) or 1) * (measured["effect"].value - h.null),
        "n_per_group": {g.label: g.n for g in measured["groups"]},
    }
    return Evidence.model_validate(base | measured | figures)
