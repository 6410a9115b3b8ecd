"""The outcome rises or falls over time: Spearman's rho against time, guarded against dependent neighbours.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any, NamedTuple

import numpy as np

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import MIN_CLUSTERS, collapse, is_constant_within, one_sample
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, Trend, sign
from ..intervals import check_level, mean_interval, t_quantile, wilson_interval
from ..population import population
from ..series import TrendTest, examine_trend, slope
from .monotone_association import outcome_values, within_correlations
from .trend_words import Period, period, sentence, stamp, statement
from .wording import among, column, sentence_case

TEST = "permutation Spearman and robust (HC3) slope of ranks against time"
DEPENDENT = "block means over time (t and permutation) and AR(1) effective sample size"
WITHIN = "within-cluster Spearman against time, sign-flip permutation and cluster-robust t"
EFFECT = "Spearman's rho"
MIN_ROWS = 30
MIN_EVENTS = 10
_PERIODS = 40


class Course(NamedTuple):
    """The complete rows of a claim."""

    rows: Rows
    time: FloatArray
    y: FloatArray
    missing: int


class _Trend:
    """The family of `Trend` hypotheses; see `Family` for the contract."""

    name: FamilyName = "trend"
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
        """Spearman's rho against time with its tests, the slope in the outcome's units, and first and last third.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        course = _complete(h, rows)
        clusters = None
        if course.rows.cluster is not None:
            if not course.rows.serial and not is_constant_within(course.time, course.rows.cluster):
                return _within(h, split, course, level, draws, seed)
            course = _collapsed(h, course)
            clusters = course.rows.n
        reason = _floors(h, course)
        if reason is not None:
            return _untestable(h, split, reason, course, clusters)
        found = examine_trend(course.time, course.y, draws=draws, seed=seed)
        if isinstance(found, str):
            return _untestable(h, split, found, course, clusters)
        return _evidence(h, split, course, found, level, clusters)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """The outcome in up to 40 equal stretches of time: {date, mean, low, high, n}."""
        h = _own(hypothesis)
        course = _complete(h, rows)
        y_title = h.outcome if h.event is None else f"share of rows where {h.outcome} is {h.event}"
        is_date = rows.column(h.predictor).type == "datetime"
        records = _series(h, course, is_date)
        return Picture(kind="series", x_title=h.predictor, y_title=y_title, records=tuple(records))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h, sign(h)))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures; the direction is the evidence's, and none is stated where none is shown."""
        h = _own(hypothesis)
        return sentence(h, evidence, self.claim(h))


FAMILY = _Trend()


def _own(hypothesis: Hypothesis) -> Trend:
    if not isinstance(hypothesis, Trend):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of trend.")
    return hypothesis


def _complete(h: Trend, rows: Rows) -> Course:
    inside = population(h, rows)
    time, y = inside.number(h.predictor), outcome_values(inside, h.outcome, h.event)
    good = ~(np.isnan(time) | np.isnan(y))
    return Course(inside.select(good), time[good], y[good], int((~good).sum()))


def _collapsed(h: Trend, course: Course) -> Course:
    """One row per cluster: the mean of the outcome (the share of the event) at the mean of its times."""
    event = None if h.event is None else (h.outcome, h.event)
    rows = collapse(course.rows, (h.outcome, h.predictor), event=event)
    return Course(rows, rows.number(h.predictor), rows.number(h.outcome), course.missing)


def _floors(h: Trend, course: Course) -> str | None:
    """Why the trend is not fit for a test, or None."""
    y = course.y
    least = MIN_ROWS if course.rows.cluster is not None or len(y) != course.rows.n else 20
    if len(y) < (least if not np.isin(y, (0, 1)).all() else MIN_ROWS):
        return f"Only {len(y):,} observations over time; at least {MIN_ROWS} are needed."
    if len(np.unique(course.time)) < 5:
        return f"{column(h.predictor)} has fewer than 5 distinct times here."
    if h.event is not None and np.isin(y, (0, 1)).all() and min(int(y.sum()), int((1 - y).sum())) < MIN_EVENTS:
        return f"Fewer than {MIN_EVENTS} rows are, or are not, {h.event!r} in {column(h.outcome)}."
    if y.min() == y.max():
        return f"{column(h.outcome)} has one value only here."
    return None


def _evidence(h: Trend, split: str, course: Course, found: TrendTest, level: float, clusters: int | None) -> Evidence:
    around = found.correlation.interval(level)
    robust, drawn = found.p_robust, found.p_permutation
    warnings = ()
    if found.inflation > 1:
        warnings = (f"Neighbouring rows depend on each other (lag-1 correlation {found.phi:.2f}); allowed for.",)
    groups = _thirds(h, course)
    return Evidence.model_validate(
        _counts(h, split, course, clusters)
        | {
            "test": DEPENDENT if found.inflation > 1 else TEST,
            "statistic": float(np.clip(found.correlation.statistic, -1e12, 1e12)),
            "df": found.correlation.df,
            "p_permutation": drawn,
            "p_robust": robust,
            "p_value": robust if drawn is None else max(robust, drawn),
            "effect": Effect(name=EFFECT, value=around.value, low=around.low, high=around.high, level=level),
            "standard_error": found.correlation.error,
            "theta": (sign(h) or 1) * around.value,
            "in_units": _slope(h, course, found.inflation, level),
            "groups": groups,
            "n_per_group": {g.label: g.n for g in groups},
            "warnings": warnings,
        }
    )


def _period(h: Trend, course: Course) -> Period:
    is_date = course.rows.column(h.predictor).type == "datetime"
    return period(float(course.time.max() - course.time.min()), is_date=is_date)


def _slope(h: Trend, course: Course, inflation: float, level: float) -> Effect:
    per = _period(h, course)
    found = slope(course.time, course.y, inflation)
    scale = per.length * (100.0 if h.event is not None else 1.0)
    reach = t_quantile(found.df, level) * found.error
    outcome = "points" if h.event is not None else course.rows.column(h.outcome).unit or h.outcome
    return Effect(
        name="slope",
        value=scale * found.value,
        low=scale * (found.value - reach),
        high=scale * (found.value + reach),
        level=level,
        unit=f"{outcome} per {per.name}",
    )


def _thirds(h: Trend, course: Course) -> tuple[Group, ...]:
    """First and last third of the time span."""
    low, high = float(course.time.min()), float(course.time.max())
    span = (high - low) / 3
    ends = (("first third", course.y[course.time <= low + span]), ("last third", course.y[course.time >= high - span]))
    return tuple(_group(h, f"{label} of {column(h.predictor)}", y) for label, y in ends if len(y) >= 2)


def _group(h: Trend, label: str, y: FloatArray) -> Group:
    if h.event is not None and bool(np.isin(y, (0.0, 1.0)).all()):
        around = wilson_interval(float(y.sum()), len(y))
        return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high)
    around = mean_interval(len(y), float(y.mean()), float(y.var(ddof=1)))
    return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high, median=float(np.median(y)))


def _within(h: Trend, split: str, course: Course, level: float, draws: int, seed: int) -> Evidence:
    """One Spearman correlation with time per entity that was seen at several times."""
    cluster = course.rows.cluster
    rho, weight = within_correlations(course.time, course.y, cluster if cluster is not None else np.arange(0))
    if len(rho) < MIN_CLUSTERS:
        reason = f"Outcome and time vary within only {len(rho)} clusters; at least {MIN_CLUSTERS} are needed."
        return _untestable(h, split, reason, course, len(rho))
    found = one_sample(rho, weight, draws=draws, seed=seed, level=level)
    robust = found.p_robust
    groups = _thirds(h, course)
    return Evidence.model_validate(
        _counts(h, split, course, len(rho))
        | {
            "test": WITHIN,
            "statistic": found.statistic,
            "df": found.df,
            "p_permutation": found.p_flip,
            "p_robust": robust,
            "p_value": robust if found.p_flip is None else max(robust, found.p_flip),
            "effect": Effect(
                name=EFFECT, value=found.estimate, low=max(found.low, -1.0), high=min(found.high, 1.0), level=level
            ),
            "standard_error": found.se,
            "theta": (sign(h) or 1) * found.estimate,
            "in_units": _slope(h, _centred(course), 1.0, level),
            "groups": groups,
            "n_per_group": {g.label: g.n for g in groups},
        }
    )


def _centred(course: Course) -> Course:
    """Time and outcome as deviations from their cluster's means: the slope within clusters."""
    _, at = np.unique(course.rows.cluster, return_inverse=True)
    n = np.bincount(at)
    centred = (v - (np.bincount(at, v) / n)[at] for v in (course.time, course.y))
    time, y = centred
    return course._replace(time=time, y=y)


def _counts(h: Trend, split: str, course: Course, clusters: int | None) -> dict[str, Any]:
    return {
        "hypothesis_id": h.content_id(),
        "split": split,
        "n": len(course.y),
        "missing": course.missing,
        "clusters": clusters,
    }


def _untestable(h: Trend, split: str, reason: str, course: Course, clusters: int | None) -> Evidence:
    return Evidence.model_validate(_counts(h, split, course, clusters) | {"test": TEST, "untestable": reason})


def _series(h: Trend, course: Course, is_date: bool) -> list[dict[str, Any]]:
    if len(course.y) < 2 or course.time.max() == course.time.min():
        return []
    bins = min(_PERIODS, max(4, len(course.y) // 15))
    low, span = float(course.time.min()), float(course.time.max() - course.time.min())
    at = np.minimum(((course.time - low) / span * bins).astype(int), bins - 1)
    records = []
    for b in np.unique(at):
        own = at == b
        if own.sum() < 2:
            continue
        group = _group(h, "", course.y[own])
        middle = float(course.time[own].mean())
        records.append(
            {
                "date": stamp(middle) if is_date else round(middle, 3), "mean": group.mean, "low": group.low,
                "high": group.high, "n": group.n,
            }
        )  # fmt: skip
    return records
