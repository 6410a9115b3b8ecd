"""The levels of a label stand in an order: every comparison that the order implies must hold (intersection-union).

Knows which pairs of levels an order compares; each comparison is a group or rate difference. Must never know
multiplicity, the ledger, or on which side of the seal its rows lie.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...data.rows import Rows
from ...errors import HypothesisError
from ...value import Effect
from ..evidence import Evidence, Group, Picture
from ..hypothesis import Contrast, FamilyName, GroupDifference, Hypothesis, Ranking, RateDifference
from ..intervals import check_level, mean_interval, normal_quantile, t_quantile, wilson_interval
from ..population import population
from ..superiority import moments, quantile
from . import group_difference, ranking_words, rate_difference
from .wording import is_level, one_of

TEST = (
    "those of group_difference, or of rate_difference for an event, on each pair of levels that the order compares; "
    "the largest p counts"
)
"""As the methods page tells it; evidence names the test that ran."""
_CHARTED = 12


class _Pair(NamedTuple):
    """One comparison that the claim implies, the first level claimed to lie above the second."""

    above: str
    below: str
    evidence: Evidence


class _Ranking:
    """The family of `Ranking` hypotheses; see `Family` for the contract."""

    name: FamilyName = "ranking"
    effect_name = "P(A>B)"
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
        """The smallest effect among the comparisons, with the largest p of any.

        The claim is false if any comparison is, so no correction is needed (Berger 1982, Technometrics 24:295). The
        interval's low end is the lowest of the pairs', each of which covers; its high end is the lowest of the pairs'
        at a level corrected for their number, since the smallest of several estimates lies too low.

        Raises:
            HypothesisError: if it is another family's hypothesis, or names a column or level the rows lack.
            UsageError: if `level` is not between 0 and 1.
        """
        check_level(level)
        h = _own(hypothesis)
        rows = population(h, rows)
        options: dict[str, Any] = {"split": split, "draws": draws, "seed": seed}
        pairs = [_Pair(a, b, _one(h, a, b, rows, level, options)) for a, b in compared(h)]
        base = _counts(h, rows, split, pairs)
        for pair in pairs:
            if pair.evidence.untestable is not None:
                where = f"{is_level(h.predictor, (pair.above,))} against {one_of((pair.below,))}"
                return Evidence.model_validate(base | {"untestable": f"For {where}: {pair.evidence.untestable}"})
        return Evidence.model_validate(base | _joint(h, pairs, level))

    def picture(self, hypothesis: Hypothesis, rows: Rows) -> Picture:
        """Every level of the order with its mean and quartiles, or its share, in the claimed order."""
        h = _own(hypothesis)
        rows = population(h, rows)
        make = _number_record if h.event is None else _share_record
        records = [make(h, rows, label) for label in h.order[:_CHARTED]]
        title = h.outcome if h.event is None else f"share of {h.outcome} = {h.event}"
        kind = "groups" if h.event is None else "rates"
        return Picture(kind=kind, x_title=h.predictor, y_title=title, records=tuple(r for r in records if r))

    def claim(self, hypothesis: Hypothesis) -> str:
        """The claim as one plain sentence without figures and without a full stop."""
        return ranking_words.claim(_own(hypothesis))

    def sentence(self, hypothesis: Hypothesis, evidence: Evidence) -> str:
        """The order with the mean or share of every level, and the gap between the closest two."""
        return ranking_words.sentence(_own(hypothesis), evidence)


FAMILY = _Ranking()


def _own(hypothesis: Hypothesis) -> Ranking:
    if not isinstance(hypothesis, Ranking):
        raise HypothesisError(f"A {hypothesis.family} hypothesis is not one of ranking.")
    return hypothesis


def compared(h: Ranking) -> list[tuple[str, str]]:
    """The pairs of levels that must differ, the upper first: neighbours, or each of the top with each after it."""
    if h.top is None:
        return list(zip(h.order[:-1], h.order[1:], strict=True))
    return [(a, b) for a in h.order[: h.top] for b in h.order[h.top :]]


def _one(h: Ranking, a: str, b: str, rows: Rows, level: float, options: dict[str, Any]) -> Evidence:
    """One comparison by the family of two groups."""
    fields: dict[str, Any] = {
        "outcome": h.outcome, "predictor": h.predictor, "levels": Contrast(a=(a,), b=(b,)), "direction": "higher",
    }  # fmt: skip
    if h.event is None:
        return group_difference.FAMILY.evaluate(GroupDifference(**fields), rows, level=level, **options)
    return rate_difference.FAMILY.evaluate(RateDifference(**fields, event=h.event), rows, level=level, **options)


def _counts(h: Ranking, rows: Rows, split: str, pairs: Sequence[_Pair]) -> dict[str, Any]:
    codes, levels = rows.codes(h.predictor), rows.column(h.predictor).levels
    known = _outcome_known(h, rows)
    at = [levels.index(label) for label in h.order]
    full = np.bincount(codes[known & (codes >= 0)], minlength=len(levels))
    n = [int(full[i]) for i in at]
    good = np.isin(codes, at)
    held = rows.cluster[good & known] if rows.cluster is not None else None
    tests = list(dict.fromkeys(p.evidence.test for p in pairs))
    what = "each of neighbouring levels" if h.top is None else "each of the top levels against each other one"
    return {
        "hypothesis_id": h.content_id(),
        "split": split,
        "test": f"{' or '.join(tests)}, {what}; the largest p of {len(pairs)} counts",
        "n": sum(n),
        "n_per_group": {is_level(h.predictor, (label,)): k for label, k in zip(h.order, n, strict=True)},
        "missing": int((codes < 0).sum() + (good & ~known).sum()),
        "clusters": None if held is None else len(np.unique(held)),
    }


def _outcome_known(h: Ranking, rows: Rows) -> np.ndarray:
    if rows.column(h.outcome).type in ("number", "datetime"):
        return ~np.isnan(rows.number(h.outcome))
    return rows.codes(h.outcome) >= 0


def _joint(h: Ranking, pairs: Sequence[_Pair], level: float) -> dict[str, Any]:
    """One effect, p and interval for all comparisons together."""
    effects = [p.evidence.effect for p in pairs if p.evidence.effect is not None]  # all: every comparison was tested
    # Of equal effects the first: rounding must not choose between them.
    closest = min(range(len(pairs)), key=lambda i: (round(effects[i].value, 9), i))
    found = pairs[closest].evidence
    value = effects[closest].value
    low = min(e.low for e in effects if e.low is not None)
    corrected = 1 - (1 - level) / len(pairs)
    high = min(_high(e, p.evidence.df, corrected) for e, p in zip(effects, pairs, strict=True))
    drawn = [p.evidence.p_permutation for p in pairs]
    permuted = None if any(p is None for p in drawn) else max(p for p in drawn if p is not None)
    robust = max(p.evidence.p_robust or 0.0 for p in pairs)
    widening = normal_quantile(1 - 0.05 / len(pairs)) / normal_quantile(0.95)
    return {
        "statistic": found.statistic,
        "df": found.df,
        "p_permutation": permuted,
        "p_robust": robust,
        "p_value": robust if permuted is None else max(robust, permuted),
        "effect": Effect(name=effects[closest].name, value=value, low=low, high=high, level=level),
        "in_units": found.in_units,
        "theta": value - (0.5 if h.event is None else 0.0),
        # The smallest of several estimates lies below the smallest effect: its error is widened to make up for it.
        "standard_error": widening * max(p.evidence.standard_error or 0.0 for p in pairs),
        "groups": _groups(h, pairs),
        "warnings": tuple(dict.fromkeys(w for p in pairs for w in p.evidence.warnings)),
    }


def _high(effect: Effect, df: float | None, level: float) -> float:
    """The high end of a comparison's interval at another level, its reach scaled by the quantiles."""
    high = effect.value if effect.high is None else effect.high
    quantiles = [normal_quantile(at) if df is None else t_quantile(df, at) for at in (effect.level or 0.95, level)]
    return min(effect.value + (high - effect.value) * quantiles[1] / quantiles[0], 1.0)


def _groups(h: Ranking, pairs: Sequence[_Pair]) -> tuple[Group, ...]:
    """The groups in the claimed order, each as in the first comparison that holds it."""
    seen: dict[str, Group] = {}
    for pair in pairs:
        for label, group in zip((pair.above, pair.below), pair.evidence.groups, strict=True):
            seen.setdefault(label, group)
    return tuple(seen[label] for label in h.order if label in seen)


def _number_record(h: Ranking, rows: Rows, label: str) -> dict[str, Any]:
    """Mean, interval and quartiles of one level; empty under 2 rows."""
    codes, values = rows.ordinal(h.outcome)
    own = rows.level_mask(h.predictor, [label]) & (codes >= 0)
    if own.sum() < 2:
        return {}
    counts = np.bincount(codes[own], minlength=len(values))
    n, mean, variance = moments(values, counts)
    around = mean_interval(n, mean, variance)
    quarters = {k: quantile(values, counts, q) for k, q in (("q25", 0.25), ("median", 0.5), ("q75", 0.75))}
    return {"label": one_of((label,)), "n": n, "mean": mean, "low": around.low, "high": around.high} | quarters


def _share_record(h: Ranking, rows: Rows, label: str) -> dict[str, Any]:
    own = rows.level_mask(h.predictor, [label]) & (rows.codes(h.outcome) >= 0)
    n = int(own.sum())
    if n == 0:
        return {}
    share = wilson_interval(int((own & rows.level_mask(h.outcome, [h.event or ""])).sum()), n)
    return {"label": one_of((label,)), "n": n, "share": share.value, "low": share.low, "high": share.high}
