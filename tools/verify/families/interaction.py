"""How the outcome goes with a column differs between two groups of rows: the difference of two effects.

Knows its floors and how its tests become evidence. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any

import numpy as np

from ...data.rows import Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import is_constant_within
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, Interaction, sign
from ..intervals import check_level, mean_interval, wilson_interval
from ..linear import Partial
from ..population import population
from .interaction_lines import lines
from .interaction_sides import Crossed, crossed, floors, one_per_cluster, one_per_time, wrong_type
from .interaction_test import Compared, compare, compare_over_time
from .interaction_words import cell_labels, sentence, side_labels, statement
from .trend_words import Period, period
from .wording import among, column, sentence_case

TEST = "permutation of residuals (Freedman-Lane) within sides and robust (HC3) t of the difference of effects"
BY_TIME = "one mean per distinct time and side: " + TEST
DEPENDENT = "sign flips and jackknife over stretches of time of the difference of effects"
WITHIN = "within-cluster difference of effects, sign flips and jackknife over clusters"
EFFECT = "difference of effects in standard deviations"
_REPEATED = 2
"""Rows a distinct time, on average, from which rows of one time count as one."""


class _Interaction:
    """The family of `Interaction` hypotheses; see `Family` for the contract."""

    name: FamilyName = "interaction"
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
        """The difference of the two effects with both tests, and each effect, in the outcome's own units.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        reason = wrong_type(h, rows)
        if reason is not None:
            return _untestable(h, split, reason)
        c = crossed(h, rows)
        reason = floors(h, c) if len(c.y) else "No rows are complete; at least 40 are needed."
        if reason is not None:
            return _untestable(h, split, reason, c)
        return _evidence(h, split, c, _measured(h, c, level, draws, seed))

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """The outcome by level or bin of the predictor, a line a side: {line, x, mean, low, high, n}."""
        h = _own(hypothesis)
        y_title = h.outcome if h.event is None else f"share of rows where {h.outcome} is {h.event}"
        c = crossed(h, population(h, rows))
        return Picture(kind="lines", x_title=h.predictor, y_title=y_title, records=tuple(lines(h, c)))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h, sign(h)))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures; the direction is the evidence's, and none is stated where none is shown."""
        h = _own(hypothesis)
        return sentence(h, evidence, self.claim(h))


FAMILY = _Interaction()


def _own(hypothesis: Hypothesis) -> Interaction:
    if not isinstance(hypothesis, Interaction):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of interaction.")
    return hypothesis


def _measured(h: Interaction, c: Crossed, level: float, draws: int, seed: int) -> dict[str, Any]:
    """The evidence's figures by the road that the rows' dependence asks for, or why there are none."""
    cluster, rows = c.rows.cluster, c.rows
    if cluster is None or (rows.serial and c.is_time):
        if not c.is_time:
            return _told(h, c, compare(c, draws, seed), TEST, level)
        times = None if cluster is None else len(np.unique(cluster))
        repeated = cluster is not None or len(c.x) >= _REPEATED * len(np.unique(c.x))
        units = one_per_time(c) if repeated else c
        reason = floors(h, units) if repeated else None
        if reason is not None:
            return {"untestable": f"With one row per time: {reason}", "clusters": times}
        found = compare_over_time(units, draws, seed)
        test = DEPENDENT if not isinstance(found, str) and found.phi else BY_TIME if repeated else TEST
        return _told(h, c, found, test, level) | {"clusters": times}
    one_each = one_per_cluster(h, c)
    if one_each is not None:
        reason = floors(h, one_each)
        if reason is not None:
            return {"untestable": f"With one row per cluster: {reason}", "clusters": len(one_each.y)}
        test = f"{TEST}, on one mean per cluster"
        return _told(h, one_each, compare(one_each, draws, seed), test, level) | {"clusters": len(one_each.y)}
    if rows.serial and is_constant_within(c.side, cluster):
        return {
            "untestable": f"{column(h.moderator)} changes only from one block of time to the next, and neighbouring "
            "blocks depend on each other."
        }
    found = compare(c, draws, seed)
    clusters = None if isinstance(found, str) else found.difference.clusters
    return _told(h, c, found, WITHIN, level) | {"clusters": clusters}


def _told(h: Interaction, c: Crossed, found: Compared | str, test: str, level: float) -> dict[str, Any]:
    if isinstance(found, str):
        return {"untestable": found}
    d = found.difference
    scale = _per_sd(h, c)
    around = d.interval(level)
    warnings = []
    if found.phi:
        warnings.append(f"Neighbours in time depend on each other (lag-1 correlation {found.phi:.2f}); allowed for.")
    return {
        "test": test,
        "statistic": float(np.clip(d.statistic, -1e12, 1e12)),
        "df": d.df,
        "p_permutation": d.p_permutation,
        "p_robust": d.p_robust,
        "effect": Effect(
            name=EFFECT, value=scale * d.value, low=scale * around.low, high=scale * around.high, level=level
        ),
        "standard_error": scale * d.error,
        "in_units": _units(h, c, d, level),
        "groups": _groups(h, c, found),
        "warnings": tuple(warnings),
    }


def _per_sd(h: Interaction, c: Crossed) -> float:
    """What makes an effect one in standard deviations: of the outcome, for a slope per one of the predictor."""
    y = float(c.y.std(ddof=1))
    return (float(c.x.std(ddof=1)) if h.levels is None else 1.0) / y


def _period(c: Crossed) -> Period:
    if not c.is_time:
        return Period("", 1.0)
    low, high = float(c.x.min()), float(c.x.max())
    return Period("year", 1.0) if high < 3_000 and low >= 1_000 else period(high - low, is_date=True)


def _units(h: Interaction, c: Crossed, d: Partial, level: float) -> Effect:
    """The difference of effects in the outcome's unit, for slopes per unit or natural period of the predictor."""
    per = _period(c)
    scale = per.length * (100.0 if h.event is not None else 1.0)
    unit = "points" if h.event is not None else c.rows.columns[h.outcome].unit or h.outcome
    if h.levels is None:
        unit += f" per {per.name or f'unit of {h.predictor}'}"
    i = d.interval(level)
    name = "difference of slopes" if h.levels is None else "difference of differences"
    return Effect(name=name, value=scale * i.value, low=scale * i.low, high=scale * i.high, level=level, unit=unit)


def _groups(h: Interaction, c: Crossed, found: Compared) -> tuple[Group, ...]:
    """The effect on each side with its interval; for levels, where rows stand for themselves, the four averages."""
    length = _period(c).length
    groups = []
    for label, effect, s in zip(side_labels(h), (found.on_a, found.on_b), (1.0, 0.0), strict=True):
        i = effect.interval(0.95)
        n = int((c.side == s).sum())
        groups.append(Group(label=label, n=n, mean=length * i.value, low=length * i.low, high=length * i.high))
    if h.levels is None or c.rows.cluster is not None:
        return tuple(groups)
    cells = [(s, v) for s in (1.0, 0.0) for v in (1.0, 0.0)]
    for label, (s, v) in zip(cell_labels(h), cells, strict=True):
        groups.append(_cell(h, label, c.y[(c.side == s) & (c.x == v)]))
    return tuple(groups)


def _cell(h: Interaction, label: str, y: np.ndarray) -> Group:
    if h.event is not None and np.isin(y, (0.0, 1.0)).all():
        i = wilson_interval(float(y.sum()), len(y))
        return Group(label=label, n=len(y), mean=i.value, low=i.low, high=i.high)
    i = mean_interval(len(y), float(y.mean()), float(y.var(ddof=1)))
    return Group(label=label, n=len(y), mean=i.value, low=i.low, high=i.high, median=float(np.median(y)))


def _evidence(h: Interaction, split: str, c: Crossed, measured: dict[str, Any]) -> Evidence:
    if "untestable" in measured:
        return _untestable(h, split, measured["untestable"], c, clusters=measured.get("clusters"))
    robust, drawn = measured["p_robust"], measured["p_permutation"]
    return Evidence.model_validate(
        _counts(h, split, c)
        | measured
        | {
            "n_per_group": {g.label: g.n for g in measured["groups"][:2]},
            "p_value": robust if drawn is None else max(robust, drawn),
            "theta": (sign(h) or 1) * measured["effect"].value,
        }
    )


def _counts(h: Interaction, split: str, c: Crossed | None) -> dict[str, Any]:
    n, missing = (0, 0) if c is None else (len(c.y), c.missing)
    return {"hypothesis_id": h.content_id(), "split": split, "n": n, "missing": missing}


def _untestable(
    h: Interaction, split: str, reason: str, c: Crossed | None = None, clusters: int | None = None
) -> Evidence:
    return Evidence.model_validate(_counts(h, split, c) | {"test": TEST, "untestable": reason, "clusters": clusters})
