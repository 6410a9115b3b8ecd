"""Higher in the peak phases of a calendar cycle than in its trough phases, compared within each turn of the cycle.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.

The units are turns of the cycle (days, weeks, years; the next longer stretch where rows are too few for both sides
to meet within one), a straight trend is taken out, and where rows of one phase of one turn are alike the claim
counts as the best of its kind: see `..seasons` for the reasons, docs/methods.md for the calibration.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.calendar import PERIOD, PHASES, STRETCHES, Stretch, phase, stretch
from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import MIN_CLUSTERS, OneSample, dense, is_constant_within, one_sample, within_means
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, Seasonality, sign
from ..intervals import check_level, t_quantile
from ..seasons import Course as Cycled
from ..seasons import SeasonTest, detrended, detrended_ranks, examine_season, over_turns
from .course import Course, collapsed, complete, y_title
from .season_words import phase_name, sentence, side_label, statement
from .wording import among, column, sentence_case

TEST = "{what} within each {kind}, permutation of its phases by rotation and t over {kind}s"
ENTITIES = ", within-cluster values; and cluster-robust t of each cluster's own difference"
ON_CLUSTERS = ", on one mean per cluster"
MIN_SIDE = 20
MIN_EVENTS = 10
_MEETING = 0.5
"""Share of the rows on either side that must lie in a stretch which holds the other side as well."""


class _Seasonality:
    """The family of `Seasonality` hypotheses; see `Family` for the contract."""

    name: FamilyName = "seasonality"
    effect_name = "P(peak>trough)"
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
        """P(peak>trough) within turns (for an event the difference of shares) with its tests, and both sides.

        For a number it is 1/2 plus the difference of mean ranks over n, each value less its turn's mean: that is
        how often a peak row exceeds a trough row, each against its own turn.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack, or its
                predictor is no date.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        _check_date(h, rows)
        course = complete(h, rows)
        cluster = course.rows.cluster
        measured: dict[str, Any]
        if cluster is None or rows.serial:
            measured = _measure(h, course, course.y, level, draws, seed)
        elif is_constant_within(course.time, cluster):
            units = collapsed(h, course)
            measured = _measure(h, units, units.y, level, draws, seed)
            measured |= {"clusters": units.rows.n, "test": measured.get("test", "") + ON_CLUSTERS}
        else:
            measured = _within(h, course, cluster, level, draws, seed)
        return _evidence(h, split, course, measured)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Every phase of the cycle: {label, n, mean, low, high, median, q25, q75}, or {label, n, share, low, high}.

        Intervals are Student's over the means of the phase in each turn.
        """
        h = _own(hypothesis)
        _check_date(h, rows)
        course = complete(h, rows)
        records = []
        if len(course.y):
            phases, turns = phase(course.time, h.cycle), stretch(course.time, PERIOD[h.cycle])
            records = [_record(h, p, course.y[phases == p], turns[phases == p]) for p in PHASES[h.cycle]]
        kind = "groups" if h.event is None else "rates"
        title = f"{h.cycle.replace('_', ' ')} of {h.predictor}"
        return Picture(kind=kind, x_title=title, y_title=y_title(h), records=tuple(r for r in records if r))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures but its hours, and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h, sign(h)))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures; the direction is the evidence's, and none is stated where none is shown."""
        h = _own(hypothesis)
        return sentence(h, evidence, self.claim(h))


FAMILY = _Seasonality()


def _own(hypothesis: Hypothesis) -> Seasonality:
    if not isinstance(hypothesis, Seasonality):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of seasonality.")
    return hypothesis


def _check_date(h: Seasonality, rows: Rows) -> None:
    kind = rows.column(h.predictor).type
    if kind != "datetime":
        raise HypothesisError(f"Column {h.predictor!r} is a {kind}: a season needs a date column.")


def _floors(h: Seasonality, y: FloatArray, side: NDArray[np.int64]) -> str | None:
    """Why the season is not fit for a test, or None."""
    small = min(int((side == 0).sum()), int((side == 1).sum()))
    if small < MIN_SIDE:
        return f"A side has only {small:,} usable rows; at least {MIN_SIDE} are needed."
    own = y[side >= 0]
    if own.min() == own.max():
        return f"{column(h.outcome)} has one value only here."
    plain = bool(np.isin(own, (0.0, 1.0)).all())
    if h.event is not None and plain and min(int(own.sum()), int((1 - own).sum())) < MIN_EVENTS:
        return f"Fewer than {MIN_EVENTS} rows are, or are not, {h.event!r} in {column(h.outcome)}."
    return None


def _cycled(h: Seasonality, time: FloatArray) -> tuple[Cycled, Stretch]:
    """Where the rows lie in the cycle, and the shortest stretch of time in which the two sides meet."""
    phases = phase(time, h.cycle)
    side = np.where(np.isin(phases, h.peak), 0, np.where(np.isin(phases, h.trough), 1, -1))
    kinds = STRETCHES[STRETCHES.index(PERIOD[h.cycle]) :]
    cycled = Cycled(time, phases, stretch(time, kinds[0]), side)
    for kind in kinds:
        cycled = cycled._replace(turn=stretch(time, kind))
        if _meeting(cycled) >= _MEETING:
            return cycled, kind
    return cycled._replace(turn=stretch(time, kinds[0])), kinds[0]


def _meeting(cycled: Cycled) -> float:
    """The share of rows of the side less often met that lie in a turn with the other side."""
    at, number_of = dense(cycled.turn)
    held = [np.bincount(at[cycled.side == s], minlength=number_of) for s in (0, 1)]
    both = (held[0] > 0) & (held[1] > 0)
    return min(float(n[both].sum()) / max(float(n.sum()), 1.0) for n in held)


def _measure(h: Seasonality, course: Course, y: FloatArray, level: float, draws: int, seed: int) -> dict[str, Any]:
    """The evidence's figures, or why there are none."""
    if not len(y):
        return {"untestable": f"A side has only 0 usable rows; at least {MIN_SIDE} are needed."}
    cycled, kind = _cycled(h, course.time)
    reason = _floors(h, y, cycled.side)
    if reason is not None:
        return {"untestable": reason}
    values = detrended(cycled, y)
    tested = values if h.event is not None else detrended_ranks(cycled, y)
    found = examine_season(cycled, tested, searched=not course.rows.serial, draws=draws, seed=seed, level=level)
    if isinstance(found, str):
        return {"untestable": found}
    between, means, n = over_turns(cycled, values, found.phi, level)
    what = "P(A>B)" if h.event is None else "difference of shares"
    return {
        "test": TEST.format(what=what, kind=kind) + (", as the best choice of phases" if found.searched else ""),
        "statistic": found.mean.statistic,
        "df": found.mean.df,
        "p_permutation": found.p_permutation,
        "p_robust": found.p_robust,
        "effect": _effect(h, found, level),
        "standard_error": found.mean.se,
        "in_units": _units(h, course.rows, between, level),
        "groups": tuple(
            Group(label=side_label(h, chosen), n=int(k), mean=float(m))
            for chosen, m, k in zip((h.peak, h.trough), means, n, strict=True)
        ),
        "warnings": _dependent(found, kind),
        "clusters": found.turns,
    }


def _dependent(found: SeasonTest, kind: str) -> tuple[str, ...]:
    if found.phi < 0.05:
        return ()
    return (f"Neighbouring {kind}s depend on each other (lag-1 correlation {found.phi:.2f}); allowed for.",)


def _effect(h: Seasonality, found: SeasonTest, level: float) -> Effect:
    lowest, centre = (0.0, 0.5) if h.event is None else (-1.0, 0.0)
    value, low, high = (
        float(np.clip(centre + x, lowest, 1.0)) for x in (found.mean.estimate, found.mean.low, found.mean.high)
    )
    name = "P(peak>trough)" if h.event is None else "risk difference"
    return Effect(name=name, value=value, low=low, high=high, level=level)


def _units(h: Seasonality, rows: Rows, between: OneSample, level: float) -> Effect:
    scale = 1.0 if h.event is None else 100.0
    unit = "points" if h.event is not None else rows.column(h.outcome).unit or h.outcome
    value, low, high = (scale * x for x in (between.estimate, between.low, between.high))
    return Effect(name="mean difference", value=value, low=low, high=high, level=level, unit=unit)


def _within(h: Seasonality, course: Course, cluster: NDArray, level: float, draws: int, seed: int) -> dict[str, Any]:
    """Entities seen in several phases: their own levels taken out, and each one's own difference beside it."""
    cycled, _ = _cycled(h, course.time)
    chosen = cycled.side >= 0
    pairs = within_means(course.y[chosen], cycled.side[chosen], cluster[chosen])
    held = len(pairs.weights)
    if held < MIN_CLUSTERS:
        reason = f"Only {held} clusters hold both sides; at least {MIN_CLUSTERS} are needed."
        return {"untestable": reason, "clusters": held}
    at, number_of = dense(cluster)
    levels = np.bincount(at, course.y, number_of) / np.bincount(at, minlength=number_of)
    measured = _measure(h, course, course.y - levels[at] + course.y.mean(), level, draws, seed)
    if "untestable" in measured:
        return measured | {"clusters": held}
    own = one_sample(pairs.means[:, 0] - pairs.means[:, 1], pairs.weights, draws=draws, seed=seed)
    opposite, drawn = own.estimate * measured["in_units"].value < 0, measured["p_permutation"]
    return measured | {
        "clusters": held,
        "test": measured["test"] + ENTITIES,
        "p_robust": 1.0 if opposite else max(measured["p_robust"], own.p_robust),
        "p_permutation": None if drawn is None or own.p_flip is None else max(drawn, own.p_flip),
    }


def _evidence(h: Seasonality, split: str, course: Course, measured: dict[str, Any]) -> Evidence:
    """The figures as evidence, with p and theta."""
    what = "P(A>B)" if h.event is None else "difference of shares"
    base = {"hypothesis_id": h.content_id(), "split": split, "n": len(course.y), "missing": course.missing}
    if "untestable" in measured:
        told = {"test": TEST.format(what=what, kind=PERIOD[h.cycle])}
        return Evidence.model_validate(base | measured | told)
    drawn, robust = measured["p_permutation"], measured["p_robust"]
    figures = {
        "p_value": robust if drawn is None else max(robust, drawn),
        "theta": (sign(h) or 1) * (measured["effect"].value - h.null),
        "n_per_group": {g.label: g.n for g in measured["groups"]},
    }
    return Evidence.model_validate(base | measured | figures)


def _record(h: Seasonality, at: int, y: FloatArray, turns: NDArray[np.int64]) -> dict[str, Any]:
    """One phase of a picture, empty where it has fewer than 2 rows."""
    if len(y) < 2:
        return {}
    of_turn, number_of = dense(turns)
    cells = np.bincount(of_turn, y, number_of) / np.bincount(of_turn, minlength=number_of)
    mean = float(y.mean())
    record: dict[str, Any] = {"label": phase_name(h.cycle, at), "n": len(y)}
    record["mean" if h.event is None else "share"] = mean
    if number_of >= 3:
        reach = t_quantile(number_of - 1, 0.95) * float(cells.std(ddof=1) / np.sqrt(number_of))
        record |= {"low": mean - reach, "high": mean + reach}
    if h.event is None:
        record |= {k: float(np.quantile(y, q)) for k, q in (("q25", 0.25), ("median", 0.5), ("q75", 0.75))}
    return record
