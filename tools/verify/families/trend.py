"""The outcome rises or falls over time: Spearman's rho against time, guarded against dependent neighbours.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import MIN_CLUSTERS, dense, is_constant_within, one_sample, within_means
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, Trend, sign
from ..intervals import check_level, t_quantile
from ..ranks import RankCorrelation, dense_ranks, midranks, rank_correlation, varying_correlation
from ..series import TrendTest, examine_trend, slope
from .course import Course, collapsed, complete, level_of, series_records, y_title
from .monotone_association import within_correlations
from .trend_words import Period, period, sentence, statement
from .wording import among, column, count, effect_interval, fixed, number, sentence_case, shown, signed

TEST = "permutation Spearman and robust (HC3) slope of ranks against time"
DEPENDENT = "block means over time (t and permutation) and AR(1) effective sample size"
BY_TIME = "one mean per distinct time: permutation Spearman and robust (HC3) slope of ranks against time"
WITHIN = "within-cluster Spearman against time, sign-flip permutation and cluster-robust t"
EFFECT = "Spearman's rho"
SHARED = "Rows of the same time are alike beyond the trend: the test counts each time once."
BENT = "The averages over time do not all turn the way the ranks do: the course bends or has outliers."
MIN_ROWS = 30
MIN_SEEN = 15
"""Rows from which a trend is measured on exploration rows, where nothing is concluded: a small corpus has few."""
MIN_UNITS = 20
"""Clusters or blocks of time that a trend between them needs."""
MIN_EVENTS = 10
_MIN_EFFECTIVE = 16
_WORTH_LITTLE = (
    "Neighbours in time may depend on each other: the {n:,} observations could be worth only {effective:.0f} "
    "independent ones, too few to tell a trend from drift."
)
_YEARS = (1000, 2999)


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
        course = complete(h, rows)
        if split == "exploration" and course.rows.cluster is None and MIN_SEEN <= len(course.y) < MIN_ROWS:
            measured = _measure(h, course, level, 0, seed, least=MIN_SEEN)
        elif course.rows.cluster is None:
            measured = _measure(h, course, level, draws, seed, least=MIN_ROWS)
        elif course.rows.serial or is_constant_within(course.time, course.rows.cluster):
            units = collapsed(h, course)
            measured = _measure(h, units, level, draws, seed, least=MIN_UNITS) | {"clusters": units.rows.n}
        else:
            measured = _within(h, course, course.rows.cluster, level, draws, seed)
        return _evidence(h, split, course, measured)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """The outcome in up to 40 equal stretches of time: {date, mean, low, high, n}."""
        h = _own(hypothesis)
        course = complete(h, rows)
        records = series_records(h.event, course, rows.column(h.predictor).type == "datetime")
        return Picture(kind="series", x_title=h.predictor, y_title=y_title(h), records=tuple(records))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h, sign(h)))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures; the direction is the evidence's, and none is stated where none is shown."""
        h = _own(hypothesis)
        rho, slope_of = evidence.effect, evidence.in_units
        if BENT in evidence.warnings and rho is not None and slope_of is not None:
            return _bent_sentence(h, evidence, rho, slope_of)
        return sentence(h, evidence, self.claim(h))


FAMILY = _Trend()


def _own(hypothesis: Hypothesis) -> Trend:
    if not isinstance(hypothesis, Trend):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of trend.")
    return hypothesis


def _floors(h: Trend, course: Course, least: int) -> str | None:
    """Why the trend is not fit for a test, or None."""
    y, plain = course.y, bool(np.isin(course.y, (0.0, 1.0)).all())
    if len(y) < least:
        return f"Only {len(y):,} observations over time; at least {least} are needed."
    if len(np.unique(course.time)) < 5:
        return f"{column(h.predictor)} has fewer than 5 distinct times here."
    events = MIN_EVENTS if least != MIN_SEEN else MIN_EVENTS // 2
    if h.event is not None and plain and min(int(y.sum()), int((1 - y).sum())) < events:
        return f"Fewer than {events} rows are, or are not, {h.event!r} in {column(h.outcome)}."
    if y.min() == y.max():
        return f"{column(h.outcome)} has one value only here."
    return None


def _measure(h: Trend, course: Course, level: float, draws: int, seed: int, *, least: int) -> dict[str, Any]:
    """The evidence's figures for observations in the order of time, or why there are none."""
    reason = _floors(h, course, least)
    if reason is not None:
        return {"untestable": reason}
    few = len(course.y) < MIN_ROWS and least == MIN_SEEN
    found = _glimpsed(course) if few else examine_trend(course.time, course.y, draws=draws, seed=seed)
    if isinstance(found, str):
        return {"untestable": found}
    effective = len(course.y) / found.inflation**2
    if effective < _MIN_EFFECTIVE:
        return {"untestable": _WORTH_LITTLE.format(n=len(course.y), effective=effective)}
    correlation, shared = _of_rows(found, course)
    around = correlation.interval(level)
    note = f"Neighbouring rows depend on each other (lag-1 correlation {found.phi:.2f}); allowed for."
    return {
        "test": DEPENDENT if found.phi > 0 else BY_TIME if shared else TEST,
        "statistic": float(np.clip(found.correlation.statistic, -1e12, 1e12)),
        "df": found.correlation.df,
        "p_permutation": found.p_permutation,
        "p_robust": found.p_robust,
        "effect": Effect(name=EFFECT, value=around.value, low=around.low, high=around.high, level=level),
        "standard_error": correlation.error,
        "in_units": _slope(h, course, found, level, shared=shared),
        "groups": _thirds(h, course),
        "warnings": (note,) if found.phi > 0 else (SHARED,) if shared else (),
    }


def _glimpsed(course: Course) -> TrendTest:
    """Rho as if rows stood for themselves: few rows cannot tell a trend from drift, the held-out ones have to."""
    found = varying_correlation(midranks(dense_ranks(course.time)), midranks(dense_ranks(course.y)))
    return TrendTest(found, None, found.p_robust, 0.0, 1.0)


def _of_rows(found: TrendTest, course: Course) -> tuple[RankCorrelation, bool]:
    """The correlation of the rows with time, and whether it was tested on one mean per distinct time.

    Means follow time more closely than rows do: their rho is another effect. Its error counts a time as one unit.
    """
    t, v = dense_ranks(course.time), dense_ranks(course.y)
    x, y = midranks(t), midranks(v)
    own = rank_correlation(x, y)
    if own is None or abs(own.rho - found.correlation.rho) < 1e-9:
        return found.correlation, False
    scale = float(np.sqrt((x @ x) / (y @ y)))
    error = max(own.error, scale * _error_by_time(x, y, t)) * found.inflation
    return own._replace(error=error), True


def _error_by_time(x: FloatArray, y: FloatArray, at: NDArray[np.int32]) -> float:
    """The standard error of the slope of centred y on centred x where rows of one time are one unit."""
    squares = float(x @ x)
    score = np.bincount(at, x * (y - float(x @ y) / squares * x))
    return float(np.sqrt(len(score) / max(len(score) - 2, 1) * (score @ score))) / squares


def _period(h: Trend, course: Course) -> Period:
    low, high = float(course.time.min()), float(course.time.max())
    if course.rows.column(h.predictor).type == "datetime":
        return period(high - low, is_date=True)
    years = _YEARS[0] <= low and high <= _YEARS[1]
    return Period("year", 1.0) if years else period(high - low, is_date=False)


def _slope(h: Trend, course: Course, found: TrendTest, level: float, *, shared: bool) -> Effect:
    line = slope(course.time, course.y, found.inflation)
    error, df = line.error, line.df
    if shared:
        x, y = course.time - course.time.mean(), course.y - course.y.mean()
        error = max(error, _error_by_time(x, y, dense_ranks(course.time)) * found.inflation)
        df = found.correlation.df
    reach = t_quantile(df, level) * error
    return _per_period(h, course, (line.value, line.value - reach, line.value + reach), level)


def _per_period(h: Trend, course: Course, slopes: tuple[float, float, float], level: float) -> Effect:
    """A slope and the ends of its interval, given per unit of time, in the outcome's unit per natural period."""
    per = _period(h, course)
    scale = per.length * (100.0 if h.event is not None else 1.0)
    value, low, high = (scale * s for s in slopes)
    outcome = "points" if h.event is not None else course.rows.column(h.outcome).unit or h.outcome
    return Effect(name="slope", value=value, low=low, high=high, level=level, unit=f"{outcome} per {per.name}")


def _thirds(h: Trend, course: Course) -> tuple[Group, ...]:
    """First and last third of the time span."""
    low, high = float(course.time.min()), float(course.time.max())
    span = (high - low) / 3
    ends = (("first third", course.y[course.time <= low + span]), ("last third", course.y[course.time >= high - span]))
    return tuple(level_of(h.event, f"{label} of {column(h.predictor)}", y) for label, y in ends if len(y) >= 2)


def _within(h: Trend, course: Course, cluster: NDArray, level: float, draws: int, seed: int) -> dict[str, Any]:
    """One Spearman correlation with time per entity that was seen at several times."""
    rho, weight = within_correlations(course.time, course.y, cluster)
    if len(rho) < MIN_CLUSTERS:
        reason = f"Outcome and time vary within only {len(rho)} clusters; at least {MIN_CLUSTERS} are needed."
        return {"untestable": reason, "clusters": len(rho)}
    found = one_sample(rho, weight, draws=draws, seed=seed, level=level)
    low, high = max(found.low, -1.0), min(found.high, 1.0)
    slopes = one_sample(*_slopes(course, cluster), draws=0, seed=seed, level=level)
    return {
        "test": WITHIN,
        "statistic": found.statistic,
        "df": found.df,
        "p_permutation": found.p_flip,
        "p_robust": found.p_robust,
        "effect": Effect(name=EFFECT, value=found.estimate, low=low, high=high, level=level),
        "standard_error": found.se,
        "in_units": _per_period(h, course, (slopes.estimate, slopes.low, slopes.high), level),
        "groups": _own_thirds(h, course, cluster, seed),
        "warnings": (),
        "clusters": len(rho),
    }


def _slopes(course: Course, cluster: NDArray) -> tuple[FloatArray, FloatArray]:
    """The least-squares slope of each cluster that time varies in, and its sum of squares of time: shape (G,)."""
    at, _ = dense(cluster)
    n = np.bincount(at)
    time, y = (v - (np.bincount(at, v) / n)[at] for v in (course.time, course.y))
    squares = np.bincount(at, time * time).astype(np.float64)
    varies = squares > 1e-9 * squares.max()
    return np.bincount(at, time * y)[varies] / squares[varies], squares[varies]


def _own_thirds(h: Trend, course: Course, cluster: NDArray, seed: int) -> tuple[Group, ...]:
    """First and last third of each cluster's own time, compared within the clusters."""
    at, number_of = dense(cluster)
    low, high = np.full(number_of, np.inf), np.full(number_of, -np.inf)
    np.minimum.at(low, at, course.time)
    np.maximum.at(high, at, course.time)
    third = (high - low)[at] / 3
    first, last = course.time <= low[at] + third, course.time >= high[at] - third
    ends = (first | last) & (third > 0)
    held = within_means(course.y[ends], last[ends].astype(np.int64), at[ends])
    means = [one_sample(held.means[:, side], held.weights, draws=0, seed=seed) for side in (0, 1)]
    return tuple(
        Group(label=f"{label} of {column(h.predictor)}", n=int(held.n[:, side].sum()), mean=m.estimate, low=m.low,
              high=m.high)
        for side, (label, m) in enumerate(zip(("first third", "last third"), means, strict=True))
    )  # fmt: skip


def _evidence(h: Trend, split: str, course: Course, measured: dict[str, Any]) -> Evidence:
    """The figures as evidence, with p, theta and warnings."""
    base = {"hypothesis_id": h.content_id(), "split": split, "test": TEST}
    base |= {"n": len(course.y), "missing": course.missing}
    if "untestable" in measured:
        return Evidence.model_validate(base | measured)
    effect, groups, drawn = measured["effect"], measured["groups"], measured["p_permutation"]
    p = measured["p_robust"] if drawn is None else max(measured["p_robust"], drawn)
    bent = p <= 1 - effect.level and _bent(effect.value, measured["in_units"], groups)
    figures = {
        "p_value": p,
        "theta": (sign(h) or 1) * effect.value,
        "n_per_group": {g.label: g.n for g in groups},
        "warnings": (*measured["warnings"], BENT) if bent else measured["warnings"],
    }
    return Evidence.model_validate(base | measured | figures)


def _bent(rho: float, slope_of: Effect, groups: tuple[Group, ...]) -> bool:
    """Whether the slope or the two thirds turn the other way than the ranks."""
    first, last = (g.mean or 0.0 for g in groups) if len(groups) == 2 else (0.0, 0.0)
    return slope_of.value * rho < 0 or (last - first) * rho < 0


def _bent_sentence(h: Trend, evidence: Evidence, rho: Effect, slope_of: Effect) -> str:
    """What the ranks show, and the slope of the average, which does not show it."""
    ranks = f"Spearman's rho {fixed(rho.value, 2)}, {effect_interval(rho, 2)}; n = {count(evidence.n)}"
    average = f"its average changes by {signed(number(slope_of.value))} {slope_of.unit}"
    return sentence_case(f"{among(h)}by rank {statement(h, shown(evidence))} ({ranks}), but not evenly: {average}.")
