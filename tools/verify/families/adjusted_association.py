"""The outcome goes with the predictor also with declared columns held fixed: partial correlation by least squares.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the seal
its rows lie. Two tests: HC3 errors, and a permutation of what the controls leave (Freedman and Lane).

References: Freedman and Lane 1983, doi:10.1080/07350015.1983.10509354; Winkler et al. 2014,
doi:10.1016/j.neuroimage.2014.01.060.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...data.rows import FloatArray, Rows
from ...errors import HypothesisError
from ...value import Effect
from ..adjust_models import Least, least_squares, residuals
from ..clusters import MIN_CLUSTERS, collapse, dense, is_constant_within, one_sample
from ..evidence import Evidence, Group, Picture
from ..hypothesis import AdjustedAssociation, FamilyName, Hypothesis, sign
from ..intervals import check_level, mean_interval, normal_quantile, wilson_interval
from ..permutation import cross_table, permutation_p
from ..population import population, sides, too_few
from .adjusted_features import features, known
from .adjusted_words import ends, sentence, statement
from .monotone_association import outcome_values
from .wording import among, column, sentence_case

TEST = "permutation of residuals (Freedman and Lane) and robust (HC3) partial slope"
WITHIN = "within-cluster partial slope, sign-flip permutation and cluster-robust t"
EFFECT = "partial correlation"
MIN_ROWS = 40
MIN_EVENTS = 10
ROWS_A_COLUMN = 3
"""Rows a column of the regression, at least."""
_EDGES = (0.01, 0.05, 0.15, 0.35, 0.65, 0.85, 0.95, 0.99)
_DIGITS = 8
"""Decimals of standardised residuals: what differs beyond them is rounding, and counts as a tie."""


class Usable(NamedTuple):
    """The complete rows of the claim."""

    rows: Rows
    x: FloatArray
    y: FloatArray
    missing: int


class _AdjustedAssociation:
    """The family of `AdjustedAssociation` hypotheses; see `Family` for the contract."""

    name: FamilyName = "adjusted_association"
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
        """The partial correlation with both tests, and the slope or difference in the outcome's unit.

        Rows in which a control is missing are left out as well. Numbers among the controls enter as they are and, from
        200 rows on, by fifths; labels by level.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        reason = _unfit(h, rows)
        if reason is not None:
            return _untestable(h, split, reason)
        u = _usable(h, rows)
        reason = _floors(h, u)
        if reason is not None:
            return _untestable(h, split, reason, u)
        measured: dict[str, Any]
        if u.rows.cluster is None:
            measured = _compare(h, u, level, draws, seed)
        elif is_constant_within(u.x, u.rows.cluster):
            measured = _between(h, u, level, draws, seed)
        else:
            measured = _within(h, u, level, draws, seed)
        return _evidence(h, split, u, measured)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """The slope or difference as found and with the controls held fixed: {label, value, low, high}."""
        h = _own(hypothesis)
        records: list[dict[str, Any]] = []
        u = _usable(h, rows)
        if _unfit(h, rows) is None and _floors(h, u) is None:
            held = "with the others held fixed" if len(h.controls) > 1 else f"with {', '.join(h.controls)} held fixed"
            for label, z in (("as found", np.zeros((u.rows.n, 0))), (held, features(u.rows, h.controls))):
                fit = least_squares(u.y, u.x, z)
                if fit is not None:
                    one = _units(h, u.rows, fit, 0.95)
                    records.append({"label": label, "value": one.value, "low": one.low, "high": one.high})
        unit = "points" if h.event is not None else h.outcome
        per = "difference" if h.levels else f"per unit of {h.predictor}"
        return Picture(kind="forest", x_title=f"{unit}, {per}", y_title=h.outcome, records=tuple(records))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h, sign(h)))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The claim with its figures; the direction is the evidence's, and none is stated where none is shown."""
        h = _own(hypothesis)
        return sentence(h, evidence, self.claim(h))


FAMILY = _AdjustedAssociation()


def _own(hypothesis: Hypothesis) -> AdjustedAssociation:
    if not isinstance(hypothesis, AdjustedAssociation):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of adjusted_association.")
    return hypothesis


def _unfit(h: AdjustedAssociation, rows: Rows) -> str | None:
    """Why the columns are of the wrong type, or None."""
    if h.event is None and rows.column(h.outcome).type == "category":
        return f"{column(h.outcome)} is no number: name one of its levels as the event."
    if h.levels is None and rows.column(h.predictor).type == "category":
        return f"{column(h.predictor)} is no number: name two sets of its levels."
    return None


def _usable(h: AdjustedAssociation, rows: Rows) -> Usable:
    inside = population(h, rows)
    y = outcome_values(inside, h.outcome, h.event)
    if h.levels is not None:
        side = sides(inside, h.predictor, h.levels)
        x = np.where(side == 0, 1.0, 0.0)
        meant, there = side != -1, side >= 0
    else:
        x = inside.number(h.predictor)
        meant, there = np.ones(inside.n, bool), ~np.isnan(x)
    good = there & ~np.isnan(y) & known(inside, h.controls)
    return Usable(inside.select(good), x[good], y[good], int((meant & ~good).sum()))


def _floors(h: AdjustedAssociation, u: Usable) -> str | None:
    """Why the claim is not fit for a test, or None."""
    if len(u.y) < MIN_ROWS:
        return f"Only {len(u.y):,} rows have every value; at least {MIN_ROWS} are needed."
    if h.levels is not None:
        reason = too_few((int((u.x == 1).sum()), int((u.x == 0).sum())), len(u.x))
        if reason is not None:
            return reason
    return _varies(h, u)


def _varies(h: AdjustedAssociation, u: Usable) -> str | None:
    if u.x.min() == u.x.max():
        return f"{column(h.predictor)} has one value only here."
    if h.event is not None and u.rows.cluster is None and min(u.y.sum(), (1 - u.y).sum()) < MIN_EVENTS:
        return f"Fewer than {MIN_EVENTS} rows are, or are not, {h.event!r} in {column(h.outcome)}."
    if u.y.min() == u.y.max():
        return f"{column(h.outcome)} has one value only here."
    return None


def _compare(h: AdjustedAssociation, u: Usable, level: float, draws: int, seed: int) -> dict[str, Any]:
    """The evidence's figures for rows that stand for themselves."""
    z = features(u.rows, h.controls)
    if len(u.y) < ROWS_A_COLUMN * (z.shape[1] + 2):
        return {"untestable": f"{len(u.y):,} rows are too few for {z.shape[1]} columns of controls.", "clusters": None}
    fit = least_squares(u.y, u.x, z, level)
    if fit is None or fit.slope.error <= 0:
        return {"untestable": f"The controls leave nothing of {column(h.predictor)} to vary.", "clusters": None}
    p = None
    if draws:
        p = _drawn_p(_pooled(fit.x_left), _pooled(fit.y_left), draws, seed)
    error = fit.slope.error * fit.partial / fit.slope.value if fit.slope.value else 0.0
    return {
        "test": TEST,
        "statistic": fit.slope.value / fit.slope.error,
        "df": fit.df,
        "p_permutation": p,
        "p_robust": fit.slope.p,
        "effect": _fisher(fit.partial, error, level),
        "standard_error": error,
        "in_units": _units(h, u.rows, fit, level),
        "groups": _groups(h, u),
    }


def _pooled(left: FloatArray) -> tuple[NDArray[np.int32], FloatArray]:
    """Residuals in nine groups, the narrow ones in the tails, each scored by its mean: (group of each row, scores).

    Means and not ranks: what least squares leaves of a column of zeros is a function of the controls, so that the ranks
    of two such residuals go together although nothing does.
    """
    spread = left.std()
    tied = np.round(left / spread, _DIGITS) + 0.0 if spread > 0 else left
    cuts = np.unique(np.quantile(tied, _EDGES, method="inverted_cdf"))
    code = np.unique(np.searchsorted(cuts, tied, side="left"), return_inverse=True)[1].astype(np.int32)
    return code, np.bincount(code, weights=tied) / np.bincount(code) - tied.mean()


def _drawn_p(
    x: tuple[NDArray[np.int32], FloatArray], y: tuple[NDArray[np.int32], FloatArray], draws: int, seed: int
) -> float:
    table = cross_table(x[0], y[0], (len(x[1]), len(y[1])))

    def statistic(tables: NDArray[np.int64]) -> FloatArray:
        return np.abs(np.tensordot(tables, y[1], axes=(2, 0)) @ x[1])

    return permutation_p(table, statistic, draws=draws, seed=seed)


def _fisher(partial: float, error: float, level: float) -> Effect:
    inside = float(np.clip(partial, -1 + 1e-9, 1 - 1e-9))
    at, reach = np.arctanh(inside), normal_quantile(level) * error / (1 - inside**2)
    low, high = float(np.tanh(at - reach)), float(np.tanh(at + reach))
    return Effect(name=EFFECT, value=partial, low=low, high=high, level=level)


def _units(h: AdjustedAssociation, rows: Rows, fit: Least, level: float) -> Effect:
    """The slope in the outcome's unit by unit of the predictor, or the difference of the two sides."""
    scale = 100.0 if h.event is not None else 1.0
    unit = "points" if h.event is not None else rows.column(h.outcome).unit or h.outcome
    name = "adjusted difference" if h.levels is not None else "adjusted slope"
    s = fit.slope
    return Effect(
        name=name, value=scale * s.value, low=scale * s.low, high=scale * s.high, level=level, unit=unit
    )  # fmt: skip


def _groups(h: AdjustedAssociation, u: Usable) -> tuple[Group, ...]:
    """Both sides (or the rows above and the rest), as found, without adjustment."""
    upper = u.x > np.median(u.x) if h.levels is None else u.x > 0.5
    if h.levels is None and not upper.any():
        upper = u.x == u.x.max()
    return tuple(
        _group(label, u.y[at], h.event is not None) for label, at in zip(ends(h), (upper, ~upper), strict=True)
    )


def _group(label: str, y: FloatArray, share: bool) -> Group:
    if len(y) < 2:
        return Group(label=label, n=len(y), mean=float(y.mean()) if len(y) else None)
    if share and bool(np.isin(y, (0.0, 1.0)).all()):
        around = wilson_interval(float(y.sum()), len(y))
        return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high)
    around = mean_interval(len(y), float(y.mean()), float(y.var(ddof=1)))
    return Group(label=label, n=len(y), mean=around.value, low=around.low, high=around.high, median=float(np.median(y)))


def _between(h: AdjustedAssociation, u: Usable, level: float, draws: int, seed: int) -> dict[str, Any]:
    """One row per cluster: means of numbers, commonest levels of labels."""
    cluster = u.rows.cluster if u.rows.cluster is not None else np.arange(u.rows.n)
    one = collapse(u.rows, h.controls)
    means = [_means(v, cluster) for v in (u.x, u.y)]
    x = np.round(means[0]) if h.levels is not None else means[0]
    kept = Usable(one, x, means[1], 0)
    reason = _floors(h, kept) if h.event is None else _floors(h.model_copy(update={"event": None}), kept)
    if reason is not None:
        return {"untestable": f"With one row per cluster: {reason}", "clusters": one.n}
    wide = _with(one, u.rows, h.outcome)
    measured = _compare(h, kept._replace(rows=wide), level, draws, seed)
    return measured | {"test": f"{TEST}, on one mean per cluster", "clusters": one.n}


def _with(one: Rows, rows: Rows, name: str) -> Rows:
    """The collapsed rows with the description of a column that they do not hold."""
    return Rows({**one.columns, name: rows.column(name)}, {c: one._arrays[c] for c in one.columns})


def _means(values: FloatArray, cluster: NDArray) -> FloatArray:
    groups, k = dense(cluster)
    return np.bincount(groups, weights=values, minlength=k) / np.maximum(np.bincount(groups, minlength=k), 1)


def _within(h: AdjustedAssociation, u: Usable, level: float, draws: int, seed: int) -> dict[str, Any]:
    """Every column moved to one average per cluster; each cluster gives a slope of its own, weighted by its spread."""
    groups, k = dense(u.rows.cluster if u.rows.cluster is not None else np.arange(u.rows.n))
    z = features(u.rows, h.controls)
    y, x = (_centred(v[:, None], groups, k) for v in (u.y, u.x))
    left_y, left_x = residuals(y[:, 0], x[:, 0], _centred(z, groups, k))
    weight = np.bincount(groups, left_x**2, k).astype(np.float64)
    told = weight > 1e-9 * max(float(weight.sum()), 1e-300)
    if told.sum() < MIN_CLUSTERS or len(u.y) < ROWS_A_COLUMN * (z.shape[1] + 2):
        reason = f"{column(h.predictor)} varies within only {int(told.sum())} clusters with the controls held fixed"
        return {"untestable": f"{reason}; at least {MIN_CLUSTERS} are needed.", "clusters": int(told.sum())}
    slope = np.bincount(groups, left_x * left_y, k)[told] / weight[told]
    found = one_sample(slope, weight[told], draws=draws, seed=seed, level=level)
    scale = float(np.sqrt((left_x @ left_x) / max(float(left_y @ left_y), 1e-300)))
    unit = 100.0 if h.event is not None else 1.0
    ends_of = {"value": unit * found.estimate, "low": unit * found.low, "high": unit * found.high, "level": level}
    named = "adjusted difference" if h.levels is not None else "adjusted slope"
    outcome_unit = "points" if h.event is not None else u.rows.column(h.outcome).unit or h.outcome
    return {
        "test": WITHIN,
        "statistic": found.statistic,
        "df": found.df,
        "p_permutation": found.p_flip,
        "p_robust": found.p_robust,
        "effect": Effect(
            name=EFFECT, value=scale * found.estimate, low=max(scale * found.low, -1.0),
            high=min(scale * found.high, 1.0), level=level,
        ),
        "standard_error": scale * found.se,
        "in_units": Effect.model_validate({"name": named, "unit": outcome_unit, **ends_of}),
        "groups": _groups(h, u),
        "clusters": int(told.sum()),
    }  # fmt: skip


def _centred(values: FloatArray, groups: NDArray, k: int) -> FloatArray:
    n = np.maximum(np.bincount(groups, minlength=k), 1)
    means = np.column_stack([np.bincount(groups, weights=v, minlength=k) / n for v in values.T])
    return values - means[groups] if values.shape[1] else values


def _evidence(h: AdjustedAssociation, split: str, u: Usable, measured: dict[str, Any]) -> Evidence:
    if "untestable" in measured:
        return _untestable(h, split, measured["untestable"], u, clusters=measured["clusters"])
    robust, drawn = measured["p_robust"], measured["p_permutation"]
    return Evidence.model_validate(
        _counts(h, split, u)
        | measured
        | {
            "n_per_group": {g.label: g.n for g in measured["groups"]},
            "p_value": robust if drawn is None else max(robust, drawn),
            "theta": (sign(h) or 1) * measured["effect"].value,
        }
    )


def _counts(h: AdjustedAssociation, split: str, u: Usable | None) -> dict[str, Any]:
    n, missing = (0, 0) if u is None else (len(u.y), u.missing)
    return {"hypothesis_id": h.content_id(), "split": split, "n": n, "missing": missing}


def _untestable(
    h: AdjustedAssociation, split: str, reason: str, u: Usable | None = None, clusters: int | None = None
) -> Evidence:
    return Evidence.model_validate(_counts(h, split, u) | {"test": TEST, "untestable": reason, "clusters": clusters})
