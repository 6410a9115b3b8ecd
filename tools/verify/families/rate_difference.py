"""The share of rows with an event is higher in one group: Fisher's exact test and the score test, Newcombe's interval.

Knows its statistic, its floors and its words. Must never know multiplicity, the ledger, or on which side of the
seal its rows lie.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from ...data.rows import Rows
from ...errors import HypothesisError
from ...value import Effect
from ..clusters import MIN_CLUSTERS, collapse, is_constant_within, one_sample, within_means, within_score_p
from ..evidence import Evidence, Group, Picture
from ..hypothesis import FamilyName, Hypothesis, RateDifference, sign
from ..intervals import (
    Interval,
    check_level,
    mean_interval,
    newcombe_interval,
    welch_interval,
    wilson_interval,
)
from ..population import Tally, population, sides, tally, too_few, unequal_missing
from ..superiority import moments, permutation_superiority_p, superiority
from .wording import (
    among,
    column,
    effect_interval,
    fixed,
    group_label,
    is_level,
    it_is,
    percent,
    percent_places,
    sentence_case,
    short_labels,
    signed,
    sizes,
    untested,
    versus,
)

TEST = "Fisher's exact test and score test"
BETWEEN = "permutation Mann-Whitney U, Brunner-Munzel and Welch's t on one share per cluster"
WITHIN = "within-cluster risk difference, sign-flip permutation and cluster-robust t with Cochran-Mantel-Haenszel"
_MIN_EXPECTED = 5
_MIN_EXPECTED_WITHIN = 10
"""With 9 expected in 30 clusters the interval over clusters covered .92."""


class _RateDifference:
    """The family of `RateDifference` hypotheses; see `Family` for the contract."""

    name: FamilyName = "rate_difference"
    effect_name = "risk difference"
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
        """The risk difference with both tests and both shares; `draws=0` skips Fisher's exact test.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        rows = population(h, rows)
        side = sides(rows, h.predictor, h.levels)
        event = _event(rows, h)
        counted = tally(side, event, 2)
        measured: dict[str, Any]
        if rows.cluster is None:
            measured = _compare(h, counted.counts, level, exact=draws > 0)
        else:
            good = (side >= 0) & (event >= 0)
            measured = _clustered(h, rows.select(good), side[good], event[good], level, draws, seed)
        return _evidence(h, split, counted, measured)

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Both shares with Wilson's interval: {label, n, share, low, high}."""
        h = _own(hypothesis)
        rows = population(h, rows)
        counts = tally(sides(rows, h.predictor, h.levels), _event(rows, h), 2).counts
        records = []
        for label, (no, yes) in zip(short_labels(h.levels), counts.tolist(), strict=True):
            if no + yes:
                share = wilson_interval(yes, no + yes)
                record = {"label": label, "n": no + yes, "share": share.value}
                records.append(record | {"low": share.low, "high": share.high})
        title = f"share of {h.outcome} = {h.event}"
        return Picture(kind="rates", x_title=h.predictor, y_title=title, records=tuple(records))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        h = _own(hypothesis)
        return sentence_case(among(h) + statement(h))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """Both shares and their difference in points, whose printed sign is the direction."""
        h = _own(hypothesis)
        return told(h, evidence, self.claim(h), versus(h.predictor, h.levels))


FAMILY = _RateDifference()


def _own(hypothesis: Hypothesis) -> RateDifference:
    if not isinstance(hypothesis, RateDifference):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of rate_difference.")
    return hypothesis


def statement(h: RateDifference, sides: tuple[str, str] | None = None) -> str:
    """The bare claim without figures; `sides`: both groups as parts of the sentence, where no levels tell them."""
    event = is_level(h.outcome, (h.event,))
    if h.direction == "any" and sides is None:
        other = f"where {it_is(h.predictor, h.levels.b)}" if h.levels.b else "the others"
        where = f"rows where {is_level(h.predictor, h.levels.a)} and {other}"
        return f"the share of rows where {event} differs between {where}"
    one, two = sides or versus(h.predictor, h.levels)
    if h.direction == "any":
        return f"the share of rows where {event} differs between rows {one} and {two}"
    return f"{event} {'more' if h.direction == 'higher' else 'less'} often {one} than {two}"


def told(h: RateDifference, evidence: Evidence, claim: str, sides: tuple[str, str]) -> str:
    """Both shares and their difference in points; `claim` is printed for what was not tested."""
    if evidence.untestable is not None or evidence.in_units is None:
        return untested(claim, evidence.untestable or "No effect was measured.")
    a, b = evidence.groups
    shares = (a.mean or 0.0, b.mean or 0.0)
    places = percent_places(a.n, b.n, shares=shares)
    points = signed(fixed(evidence.in_units.value, places))
    contrast = f"{percent(shares[0], places)} of rows {sides[0]} against {percent(shares[1], places)} {sides[1]}"
    around = f"{effect_interval(evidence.in_units, places)}; {sizes(evidence)}"
    event = is_level(h.outcome, (h.event,))
    return sentence_case(f"{among(h)}{event} for {contrast}: {points} points ({around}).")


def _event(rows: Rows, h: RateDifference) -> NDArray[np.int8]:
    """1 where the event holds, 0 where another level does, -1 where missing, shape (n,)."""
    codes = rows.codes(h.outcome)
    levels = rows.column(h.outcome).levels
    if h.event not in levels:
        raise HypothesisError(f"{h.event!r} is not a level of {h.outcome!r}: {', '.join(levels[:12])}.")
    table = np.zeros(len(levels) + 1, np.int8)
    table[levels.index(h.event)] = 1
    table[-1] = -1
    return table[codes]


def _floors(counts: NDArray, outcome: str) -> str | None:
    """Why the 2 x 2 table is not fit for a test, or None.

    Fisher's test would hold below 5 expected; Newcombe's interval and the score test would not.
    """
    n = counts.sum(axis=1)
    reason = too_few((int(n[0]), int(n[1])), int(n.sum()))
    if reason is not None:
        return reason
    return _too_rare(counts, outcome, _MIN_EXPECTED)


def _too_rare(counts: NDArray, outcome: str, floor: int) -> str | None:
    """Why a cell of the table expects too few rows for an interval that covers, or None."""
    expected = float(np.outer(counts.sum(axis=1), counts.sum(axis=0)).min() / counts.sum())
    if expected >= floor:
        return None
    return (
        f"A cell of the table of {column(outcome)} expects only {expected:.1f} rows; at least {floor} are "
        "needed for an honest interval."
    )


def score_test(counts: NDArray) -> tuple[float, float]:
    """Z and two-sided p of the score test (pooled variance, no continuity correction) for rows (no, yes) by side.

    Its square is Pearson's chi-square. Checked against `scipy.stats.chi2_contingency`.
    """
    n = counts.sum(axis=1).astype(np.float64)
    yes = counts[:, 1] / n
    pooled = counts[:, 1].sum() / n.sum()
    z = float((yes[0] - yes[1]) / np.sqrt(pooled * (1 - pooled) * (1 / n).sum()))
    return z, float(2 * ndtr(-abs(z)))


def _fisher_p(counts: NDArray) -> float:
    """Fisher's two-sided p: the tables with these margins that are no likelier than the observed one.

    Checked against `scipy.stats.fisher_exact`.
    """
    yes, size, total = int(counts[:, 1].sum()), int(counts[0].sum()), int(counts.sum())
    seen, spare = int(counts[0, 1]), total - yes - size
    expected = size * yes / total
    # What lies further out than this weighs less than rounding.
    reach = abs(seen - expected) + 12 * np.sqrt(expected * (1 - yes / total)) + 12
    low, high = max(0, -spare, int(expected - reach)), min(yes, size, int(expected + reach))
    k = np.arange(low, high, dtype=np.float64)
    log = np.concatenate([[0.0], np.cumsum(np.log((yes - k) * (size - k) / ((k + 1) * (spare + k + 1))))])
    chance = np.exp(log - log.max())
    as_rare = chance <= chance[seen - low] * (1 + 1e-9)
    return min(float(chance[as_rare].sum() / chance.sum()), 1.0)


def _compare(h: RateDifference, counts: NDArray, level: float, *, exact: bool) -> dict[str, Any]:
    """The evidence's figures for rows that stand for themselves; `counts`: side by (no, yes)."""
    reason = _floors(counts, h.outcome)
    if reason is not None:
        return {"untestable": reason}
    z, p_score = score_test(counts)
    (no_a, yes_a), (no_b, yes_b) = counts.tolist()
    effect = newcombe_interval((yes_a, no_a + yes_a), (yes_b, no_b + yes_b), level)
    shares = [wilson_interval(yes, no + yes) for no, yes in counts.tolist()]
    return _effects(effect, level) | {
        "test": TEST,
        "statistic": z,
        "p_permutation": _fisher_p(counts) if exact else None,
        "p_robust": p_score,
        "groups": tuple(_group(h, s, int(counts[s].sum()), shares[s]) for s in (0, 1)),
    }


def _effects(effect: Interval, level: float) -> dict[str, Any]:
    """The difference as a fraction and in points."""
    value = effect.value
    low, high = max(effect.low, -1.0), min(effect.high, 1.0)
    name = "risk difference"
    return {
        "effect": Effect(name=name, value=value, low=low, high=high, level=level),
        "in_units": Effect(name=name, value=100 * value, low=100 * low, high=100 * high, level=level, unit="points"),
        "standard_error": effect.error,
    }


def _group(h: RateDifference, side: int, n: int, share: Interval) -> Group:
    label = group_label(h.predictor, h.levels, side)
    return Group(label=label, n=n, mean=share.value, low=max(share.low, 0.0), high=min(share.high, 1.0))


def _clustered(
    h: RateDifference, kept: Rows, side: NDArray, event: NDArray, level: float, draws: int, seed: int
) -> dict[str, Any]:
    """The evidence's figures where the units of independence are clusters, or why there are none."""
    cluster = kept.cluster if kept.cluster is not None else np.arange(kept.n)
    if not is_constant_within(side, cluster):
        return _within(h, side, event, cluster, level, draws, seed)
    one_each = collapse(kept, (h.outcome, h.predictor), modes_of=(h.predictor,), event=(h.outcome, h.event))
    codes, values = one_each.ordinal(h.outcome)
    counts = tally(sides(one_each, h.predictor, h.levels), codes, len(values)).counts
    if set(values.tolist()) <= {0.0, 1.0} and len(values) == 2:
        measured = _compare(h, counts, level, exact=draws > 0)
        measured["test"] = f"{TEST}, on one row per cluster"
    else:
        measured = _between(h, counts, values, level, draws, seed)
    return measured | {"clusters": one_each.n}


def _between(
    h: RateDifference, counts: NDArray, values: NDArray, level: float, draws: int, seed: int
) -> dict[str, Any]:
    """Shares of clusters compared as numbers; `counts`: clusters by side and distinct share."""
    n = counts.sum(axis=1)
    reason = too_few((int(n[0]), int(n[1])), int(n.sum()))
    if reason is None and int((counts > 0).sum(axis=1).min()) < 2:
        reason = f"The share of {column(h.outcome)} is the same in every cluster of a side."
    if reason is not None:
        return {"untestable": f"With one row per cluster: {reason}"}
    a, b = moments(values, counts[0]), moments(values, counts[1])
    ranks, difference = superiority(counts, level), welch_interval(a, b, level)
    # Ranks that point the other way than the shares support no claim about the shares.
    agree = (ranks.value - 0.5) * difference.value > 0
    welch = float(2 * stdtr(min(n) - 1, -abs(difference.value) / difference.error)) if difference.error else 0.0
    return _effects(difference, level) | {
        "test": BETWEEN,
        "statistic": ranks.statistic,
        "df": ranks.df,
        "p_permutation": permutation_superiority_p(counts, draws=draws, seed=seed) if draws else None,
        "p_robust": max(ranks.p_robust, welch) if agree else 1.0,
        "groups": tuple(
            _group(h, s, m[0], mean_interval(*m)) for s, m in ((0, a), (1, b))
        ),
    }  # fmt: skip


def _within(
    h: RateDifference, side: NDArray, event: NDArray, cluster: NDArray, level: float, draws: int, seed: int
) -> dict[str, Any]:
    """One risk difference per cluster that holds both sides."""
    hit = event.astype(np.float64)
    pairs = within_means(hit, side, cluster)
    held = len(pairs.weights)
    if held < MIN_CLUSTERS:
        reason = f"Only {held} clusters hold both sides; at least {MIN_CLUSTERS} are needed."
        return {"untestable": reason, "clusters": held}
    reason = _too_rare(tally(side, event, 2).counts, h.outcome, _MIN_EXPECTED_WITHIN)
    if reason is not None:
        return {"untestable": reason, "clusters": held}
    difference = pairs.means[:, 0] - pairs.means[:, 1]
    effect = one_sample(difference, pairs.weights, draws=draws, seed=seed, level=level)
    shares = [one_sample(pairs.means[:, s], pairs.weights, draws=0, seed=seed) for s in (0, 1)]
    return _effects(effect.interval, level) | {
        "test": WITHIN,
        "statistic": effect.statistic,
        "df": effect.df,
        "p_permutation": effect.p_flip,
        "p_robust": max(effect.p_robust, within_score_p(hit, side, cluster)),
        "groups": tuple(_group(h, s, int(pairs.n[:, s].sum()), shares[s].interval) for s in (0, 1)),
        "clusters": held,
    }


def _evidence(h: RateDifference, split: str, counted: Tally, measured: dict[str, Any]) -> Evidence:
    """The figures as evidence, with p, theta and warnings."""
    n = [int(x) for x in counted.counts.sum(axis=1)]
    labels = [group_label(h.predictor, h.levels, s) for s in (0, 1)]
    base = {
        "hypothesis_id": h.content_id(),
        "split": split,
        "test": TEST,
        "n": sum(n),
        "n_per_group": dict(zip(labels, n, strict=True)),
        "missing": counted.missing,
    }
    if "untestable" in measured:
        return Evidence.model_validate(base | measured)
    warning = unequal_missing(counted.missing_shares, h.outcome)
    ps = [p for p in (measured["p_permutation"], measured["p_robust"]) if p is not None]
    theta = (sign(h) or 1) * measured["effect"].value
    figures = {"p_value": max(ps), "theta": theta, "warnings": (warning,) if warning else ()}
    return Evidence.model_validate(base | measured | figures)
