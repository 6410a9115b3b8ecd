"""The one rule that turns evidence into verified, refuted, inconclusive or untestable.

Knows evidence, the policy and the count of earlier discoveries. Must never know rows, words or who drafted.

With theta the effect in the committed direction and delta the smallest effect of interest: verified when error
control rejects theta <= 0; refuted when it does not and theta >= delta is rejected (Benjamini-Hochberg over all
tested claims of the batch); inconclusive when neither; untestable when the floors were not met.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from .evidence import Evidence, Outcome, Size, Verdict
from .hypothesis import Hypothesis, sign
from .multiplicity import Rejections, benjamini_hochberg, holm, session_lond
from .policy import Rule

_POWER_Z = float(ndtri(0.80))
_KEPT = "Held up on rows that nothing had looked at: broken by a smaller share than is tolerated."
_BROKEN = "On held-out rows it is broken by a larger share than is tolerated."


class Claim(NamedTuple):
    """A committed hypothesis with its held-out evidence and its null value."""

    hypothesis: Hypothesis
    evidence: Evidence
    null: float


def locked_p(claim: Claim) -> float:
    """The p-value that counts: 1 where untestable or where the effect points the other way."""
    p, theta = claim.evidence.p_value, claim.evidence.theta
    if p is None or theta is None:
        return 1.0
    if sign(claim.hypothesis) and theta <= 0:
        return 1.0
    return p


def control_errors(claims: Sequence[Claim], rule: Rule, *, weight: float, earlier: int) -> Rejections:
    """The rejections of one batch under the rule, untestable claims counted among its size."""
    p = np.array([locked_p(c) for c in claims], dtype=np.float64)
    if rule.control == "fwer":
        return holm(p, weight=weight, alpha=rule.alpha)
    return session_lond(p, weight=weight, q=rule.alpha, earlier=earlier)


def decide(
    claims: Sequence[Claim], rule: Rule, rejections: Rejections, exploration: Sequence[Evidence | None]
) -> tuple[Verdict, ...]:
    """The verdict of every claim of a batch, in the order of the claims."""
    refuted = _refuted(claims, rule, rejections)
    return tuple(
        _verdict(claim, rule, rejections, at, bool(refuted[at]), exploration[at]) for at, claim in enumerate(claims)
    )


def _refuted(claims: Sequence[Claim], rule: Rule, rejections: Rejections) -> np.ndarray:
    """Whether each unverified claim's effect is shown to be below the smallest effect of interest.

    Verified claims stay in the count, with p = 1: left out, the rest would be a selection of the smallest estimates,
    and refutations of real effects would be as frequent as the selection is sharp.
    """
    p = np.full(len(claims), np.nan)
    for at, claim in enumerate(claims):
        if claim.evidence.p_value is not None:
            verified = rejections.rejected[at]
            p[at] = 1.0 if verified else _p_below(claim, rule.smallest(claim.hypothesis))
    out = np.zeros(len(claims), bool)
    open_ = np.flatnonzero(~np.isnan(p))
    out[open_] = benjamini_hochberg(p[open_], rule.refute_q)
    return out


def _p_below(claim: Claim, delta: float) -> float:
    """One-sided p of `theta >= delta` (two one-sided tests where no direction was committed)."""
    theta, se = claim.evidence.theta, claim.evidence.standard_error
    if theta is None or not se:
        return 1.0
    above = float(ndtr((theta - delta) / se))
    if sign(claim.hypothesis):
        return above
    return max(above, float(ndtr((-theta - delta) / se)))


def _verdict(
    claim: Claim, rule: Rule, rejections: Rejections, at: int, refuted: bool, explored: Evidence | None
) -> Verdict:
    evidence, delta = claim.evidence, rule.smallest(claim.hypothesis)
    outcome: Outcome
    size: Size | None = None
    threshold, detectable, needed = rejections.next_level, None, None
    if evidence.untestable is not None:
        outcome, reason = "untestable", evidence.untestable
    elif rejections.rejected[at]:
        outcome, threshold = "verified", rejections.level
        size = _size(claim, delta)
        reason = _verified_reason(size) if delta else _KEPT
    elif refuted:
        outcome, reason = "refuted", _refuted_reason(claim, delta)
    else:
        outcome = "inconclusive"
        detectable, needed = _power(evidence, delta, rejections.next_level)
        reason = _inconclusive_reason(claim)
    return Verdict(
        hypothesis=claim.hypothesis,
        hypothesis_id=claim.hypothesis.content_id(),
        outcome=outcome,
        size=size,
        reason=reason,
        evidence=evidence,
        exploration=explored,
        p_adjusted=None if evidence.p_value is None else rejections.adjusted[at],
        threshold=threshold,
        smallest_effect=delta,
        detectable=detectable,
        rows_needed=needed,
    )


def _size(claim: Claim, delta: float) -> Size:
    """Material, negligible or uncertain, by where the interval lies against the smallest effect."""
    effect, theta = claim.evidence.effect, claim.evidence.theta
    if effect is None or effect.low is None or effect.high is None or theta is None:
        return "uncertain"
    positive = effect.value >= claim.null
    low = effect.low - claim.null if positive else claim.null - effect.high
    high = effect.high - claim.null if positive else claim.null - effect.low
    if low > delta:
        return "material"
    return "negligible" if high < delta else "uncertain"


def _power(evidence: Evidence, delta: float, level: float) -> tuple[float | None, int | None]:
    """The effect found with power .80 at this size, and the rows that would find the smallest effect.

    Nothing where no smallest effect is known: that of an invariant is its tolerance, which is its null value.
    """
    se = evidence.standard_error
    if not se or not delta or not 0 < level < 1:
        return None, None
    reach = float(-ndtri(level / 2)) + _POWER_Z
    return reach * se, int(np.ceil(evidence.n * (reach * se / delta) ** 2))


def _verified_reason(size: Size) -> str:
    return {
        "material": "Held up on rows that nothing had looked at; larger than the smallest effect of interest.",
        "uncertain": "Held up on rows that nothing had looked at; may be under the smallest effect of interest.",
        "negligible": "Real but negligible: held up, and is under the smallest effect of interest.",
    }[size]


def _refuted_reason(claim: Claim, delta: float) -> str:
    theta = claim.evidence.theta or 0.0
    if not delta:
        return _BROKEN
    if sign(claim.hypothesis) and theta < 0 and (claim.evidence.p_value or 1) < 0.05:
        return "On held-out rows the effect points the other way."
    effect = claim.evidence.effect
    smallest = f"{effect.name if effect else ''} {delta:g}".strip()
    if effect and effect.name == "P(A>B)":
        smallest += " away from .5"
    return f"On held-out rows the effect is shown to be under the smallest effect of interest ({smallest})."


def _inconclusive_reason(claim: Claim) -> str:
    theta = claim.evidence.theta or 0.0
    if sign(claim.hypothesis) and theta <= 0:
        return "On held-out rows the effect does not point the way it did, but a real effect is not ruled out."
    return "The held-out rows neither show the effect nor rule it out."
