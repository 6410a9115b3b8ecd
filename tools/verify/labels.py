"""Labels that a model gave, and their errors in a claim's interval: from repeated labels to how far it may be off.

Knows repeated labels and evidence as values. Must never know a document, a model, or who drafted a claim.

With independent errors e of a label, two labels of one document differ with probability d = 2e(1 - e), and a
difference of shares of the labels is that of the documents times j = 1 - 2e = sqrt(1 - 2d) (Rogan and Gladen 1978,
doi:10.1093/oxfordjournals.aje.a112510, with one error for both answers). Groups that labels make are mixed: a
difference between them is that of the true groups times (1 - d / (2s(1 - s))) / j, where s is the share of one of
them. Neither factor is above 1, so the truth lies further from nothing than the labels show: the far end of the
interval is divided by the factor at the upper end of d's 99 % interval (Wilson), and the near end stays. The p-value
needs no change: where nothing is there, labels that see the document alone differ as little as the documents do.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ..data.rows import Rows
from ..text.evaluate import Aids
from ..text.properties import Judged
from ..text.repeats import Labeller, Repeats, is_judged, kappa
from ..value import Effect, counted
from .evidence import Evidence, Labels
from .hypothesis import Hypothesis, sign
from .intervals import wilson_interval

LEAST_REPEATS = 20
"""Documents labelled twice under which nothing is known of the labels' errors."""
LEVEL = 0.99
"""Of the interval of d, whatever the level of the claim's: labels are fit for a claim or not at every level."""
LEAST_FACTOR = 0.1
"""Factor under which labels say next to nothing of the documents."""
OUTCOMES = ("rate_difference",)
PREDICTORS = ("rate_difference", "group_difference", "mean_difference", "occurrence_difference")
"""Families whose effect shrinks by these factors, where the label is their outcome or makes their groups."""
_BOUNDS = {"risk difference": (-1.0, 1.0), "P(A>B)": (0.0, 1.0)}


def judged_columns(h: Hypothesis) -> tuple[str, ...]:
    """The columns of a claim that hold a model's labels."""
    return tuple(p.name for p in h.texts if is_judged(p))


def beyond(h: Hypothesis) -> str | None:
    """Why the errors of a claim's labels cannot be carried into its interval; None where they can, or it has none."""
    for name in judged_columns(h):
        elsewhere = name in {t.column for t in h.where} | set(h.controls) or name not in (h.outcome, h.predictor)
        families = OUTCOMES if name == h.outcome else PREDICTORS
        if elsewhere or h.family not in families:
            return (
                f"`{name}` is answered by a model, whose errors can be carried into how often it is so in two groups, "
                "and into the difference of an outcome between yes and no, and into nothing else."
            )
    return None


def repeats_of(claims: Sequence[Hypothesis], rows: Rows, aids: Aids) -> dict[str, Repeats]:
    """The second labels of the opened documents for every question of the claims, by the column's name.

    Args:
        claims: The committed claims.
        rows: The opened rows.
        aids: The models that label.
    """
    asked = {p.name: p for h in claims for p in h.texts if is_judged(p)}
    out = {}
    for name, p in sorted(asked.items()):
        judge = aids.models.get(p.property.model) if isinstance(p.property, Judged) else None
        if isinstance(judge, Labeller) and isinstance(p.property, Judged):
            out[name] = judge.repeated(p.property, [t for t in rows.texts[p.column] if t is not None])
    return out


def unlabelled(h: Hypothesis, repeats: Mapping[str, Repeats]) -> str | None:
    """Why a claim's labels are no ground for a test; None where they are, or it has none."""
    found = beyond(h)
    if found is not None:
        return found
    for name in judged_columns(h):
        own = repeats.get(name, Repeats())
        if own.failure is not None:
            return f"The model did not label the documents: {own.failure}"
        if own.n < LEAST_REPEATS:
            return f"Only {counted(own.n, 'document')} could be labelled twice; at least {LEAST_REPEATS} are needed."
    return None


def carried(h: Hypothesis, evidence: Evidence, repeats: Mapping[str, Repeats]) -> Evidence:
    """The evidence with the errors of its labels in its interval, its agreement beside it.

    Interval and `standard_error` widen; `theta` moves away from nothing as far as the labels may have brought it near,
    so that a claim is refuted only where labels of that quality still show it. The estimate and p-values stay.

    Args:
        h: The claim.
        evidence: As its family measured it, from labels taken as they are.
        repeats: Second labels by column.
    """
    names = judged_columns(h)
    if not names or evidence.untestable is not None or evidence.effect is None:
        return evidence
    factor = 1.0
    for name in names:
        factor *= shrinkage(repeats[name], None if name == h.outcome else _share(evidence))
    told = tuple(_told(name, repeats[name]) for name in names)
    if factor < LEAST_FACTOR:
        reason = f"Labelled twice, {_agreement(told[0])}: too little to tell documents apart by."
        nothing = {"hypothesis_id": evidence.hypothesis_id, "split": evidence.split, "test": "none", "n": 0}
        return Evidence.model_validate({**nothing, "untestable": reason, "labels": told})
    theta, error = evidence.theta, evidence.standard_error
    warnings = tuple(
        f"`{t.column}` was answered by a language model that saw the text alone; labelled twice, {_agreement(t)}. The "
        "interval holds such errors."
        for t in told
    )
    return evidence.model_copy(
        update={
            "effect": widened(evidence.effect, h.null, factor),
            "in_units": None if evidence.in_units is None else widened(evidence.in_units, 0.0, factor),
            "theta": theta if theta is None or (sign(h) and theta <= 0) else theta / factor,
            "standard_error": None if error is None else error / factor,
            "warnings": (*evidence.warnings, *warnings),
            "labels": told,
        }
    )  # fmt: skip


def shrinkage(repeats: Repeats, share: float | None = None) -> float:
    """The smallest factor by which labels with such repeats may have shrunk a difference, from 0 to 1.

    Args:
        repeats: The documents labelled twice.
        share: Share of one of the two groups, where labels make the groups; None where they are the outcome.
    """
    differ = wilson_interval(repeats.differ, repeats.n, LEVEL).high
    factor = float(np.sqrt(max(1 - 2 * differ, 0.0)))
    if share is None or not factor:
        return factor
    spread = 2 * share * (1 - share)
    return max(1 - differ / spread, 0.0) / factor if spread else 0.0


def widened(effect: Effect, null: float, factor: float) -> Effect:
    """The effect with each end that is away from the null value divided by the factor, within the scale's bounds."""
    low, high = _BOUNDS.get(effect.name if effect.unit is None else "", (-np.inf, np.inf))
    if effect.unit == "points":
        low, high = -100.0, 100.0
    ends = {}
    if effect.low is not None:
        ends["low"] = max(null + (effect.low - null) / (factor if effect.low < null else 1.0), low)
    if effect.high is not None:
        ends["high"] = min(null + (effect.high - null) / (factor if effect.high > null else 1.0), high)
    return effect.model_copy(update=ends)


def _share(evidence: Evidence) -> float:
    counts = list(evidence.n_per_group.values())
    return counts[0] / max(sum(counts), 1)


def _told(name: str, own: Repeats) -> Labels:
    found = kappa(own)
    return Labels(
        column=name, repeated=own.n, same=own.n - own.differ, kappa=None if found is None else round(found, 6)
    )  # fmt: skip


def _agreement(labels: Labels) -> str:
    beyond_chance = "" if labels.kappa is None else f" (kappa {labels.kappa:.2f})"
    return f"{labels.same} of {counted(labels.repeated, 'document')} got the same answer{beyond_chance}"
