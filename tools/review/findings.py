"""Findings measured on a delivery: each family's own estimate, then the alarm rule, then why in a sentence.

Knows learned findings, a delivery's rows and earlier estimates. Must never know how loudly a state counts, and never
tests a finding anew: whether it differs from what it was is the only question.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..data.rows import Rows
from ..errors import HypothesisError
from ..text.evaluate import with_properties
from ..value import Effect, counted
from ..verify.evidence import Evidence
from ..verify.families import FAMILIES
from ..verify.hypothesis import Hypothesis
from ..verify.units import by_unit
from ..verify.verify import measure
from .checked import Departure, Held
from .delivery import Delivery
from .learned import Baseline, LearnedClaim
from .states import ALARM_Q, AT_ONCE, CALIBRATION, Course, Decision, Point, decide_states


class Measured(NamedTuple):
    """One finding on one delivery."""

    evidence: Evidence | None
    point: Point | None
    """None where it could not be measured."""
    reason: str | None = None


def rows_for(claims: Sequence[LearnedClaim], delivery: Delivery) -> Rows:
    """The columns that the findings read and that the delivery has as they were learned."""
    wanted = {name for c in claims if c.finding is not None for name in _read(c.finding)}
    return delivery.rows_of(sorted(name for name in wanted if delivery.reads(name)))


def measure_findings(claims: Sequence[LearnedClaim], delivery: Delivery, rows: Rows) -> dict[str, Measured]:
    """Every finding of the claims, by id, estimated on all rows of the delivery.

    Args:
        claims: Claims of kind `finding`; others are left out.
        delivery: The opened delivery; a finding on a column that does not read is not measured.
        rows: What `rows_for` gave.
    """
    findings = {c.id: c.finding for c in claims if c.finding is not None}
    for name in sorted({n for h in findings.values() for n in (h.outcome, h.predictor) if n in rows.columns}):
        if rows.column(name).type == "number":
            rows.ordinal(name)  # once for all findings: each sorts the columns that it reads
    out = {}
    for key, h in findings.items():
        absent = [name for name in _read(h) if not delivery.reads(name)]
        if absent:
            out[key] = Measured(None, None, f"`{absent[0]}` is not there as it was when this was learned.")
            continue
        try:
            own = with_properties(rows, h.texts) if h.texts else rows.keeping(h.columns)  # a family selects rows of all
            out[key] = _measured(measure(h, own, split="all"))
        except HypothesisError as err:
            out[key] = Measured(None, None, str(err))
    return out


def _read(h: Hypothesis) -> tuple[str, ...]:
    """The columns of the table that a claim reads, computed ones replaced by what they are computed from."""
    computed = {p.name: [c for c in (p.column, p.against) if c is not None] for p in h.texts}
    return tuple(dict.fromkeys(own for name in h.columns for own in computed.get(name, [name])))


def _measured(evidence: Evidence) -> Measured:
    error = error_of(evidence)
    if evidence.untestable is not None or evidence.effect is None or error is None:
        return Measured(evidence, None, evidence.untestable or "It has no estimate with an error here.")
    return Measured(evidence, Point(evidence.effect.value, error))


def error_of(evidence: Evidence) -> float | None:
    """The standard error of the effect, off its interval where the family gives none; None where it has no meaning."""
    error, effect = evidence.standard_error, evidence.effect
    if (error is None or not np.isfinite(error) or error <= 0) and effect is not None:
        low, high = effect.low, effect.high
        error = None if low is None or high is None else (high - low) / (2 * 1.96)
    return error if error is not None and np.isfinite(error) and error > 0 else None


def hold_findings(
    claims: Sequence[LearnedClaim], measured: Mapping[str, Measured], past: Mapping[str, Sequence[Point]]
) -> dict[str, Held]:
    """The state of every finding, by id.

    Args:
        claims: Claims of kind `finding`; others are left out.
        measured: What `measure_findings` gave.
        past: By id the estimates of earlier deliveries since the baseline, in order.
    """
    findings = [(c.id, c.finding, c.baseline, c.tolerance) for c in claims]
    known = [(k, h, b, t) for k, h, b, t in findings if h is not None and b is not None]
    courses = [
        Course(
            Point(base.effect, base.standard_error), h.null, tuple(past.get(key, ())), measured[key].point,
            tolerance, base.between, base.deliveries,
        )
        for key, h, base, tolerance in known
    ]  # fmt: skip
    decisions = decide_states(courses)
    return {
        key: _held(h, measured[key], course, decision)
        for (key, h, _, _), course, decision in zip(known, courses, decisions, strict=True)
    }


def with_pictures(held: Mapping[str, Held], claims: Sequence[LearnedClaim], rows: Rows) -> dict[str, Held]:
    """The states with a picture of this delivery beside each that does not hold."""
    out = dict(held)
    for c in claims:
        h, state = c.finding, held.get(c.id)
        if h is None or state is None or state.state not in ("watch", "broken"):
            continue
        own = by_unit(h, with_properties(rows, h.texts) if h.texts else rows)
        out[c.id] = state.model_copy(update={"picture": FAMILIES[h.family].picture(h, own)})
    return out


def baseline_of(evidence: Evidence) -> Baseline | None:
    """What a finding is held against from now on; None where its family gives no error."""
    error = error_of(evidence)
    if evidence.effect is None or error is None:
        return None
    return Baseline(effect=evidence.effect.value, standard_error=error, rows=evidence.n)


def _held(h: Hypothesis, measured: Measured, course: Course, decision: Decision) -> Held:
    evidence = measured.evidence
    if measured.point is None or evidence is None or evidence.effect is None:
        text = measured.reason or "It cannot be measured here."
        return Held(state="undecidable", baseline=decision.centre.value, calibrating=decision.calibrating, text=text)
    null = h.null
    change = _change(course, decision, evidence.effect, null)
    return Held(
        state=decision.state,
        effect=evidence.effect,
        standard_error=measured.point.error,
        baseline=decision.centre.value,
        in_units=evidence.in_units,
        n=evidence.n,
        p_value=decision.p_value,
        alarm=decision.alarm,
        change=change,
        detectable=decision.detectable,
        calibrating=decision.calibrating,
        sentence=FAMILIES[h.family].sentence(h, evidence),
        text=_text(decision, _figures(h, evidence, evidence.effect, decision, len(course.past)), change, null),
    )


def _change(course: Course, decision: Decision, effect: Effect, null: float) -> Departure:
    """What became of the effect, where it differs."""
    if decision.state not in ("watch", "broken"):
        return "none"
    if not decision.weaker:
        return "stronger"
    low, high = ((x or 0.0) - null for x in (effect.low, effect.high))
    low, high = (low, high) if course.sign > 0 else (-high, -low)
    return "reversed" if high < 0 else "gone" if low <= 0 else "weaker"


def short_sentence(h: Hypothesis, evidence: Evidence) -> str:
    """The claim with its two figures, without interval and sizes."""
    return shortened(FAMILIES[h.family].sentence(h, evidence))


def shortened(sentence: str) -> str:
    """A sentence up to the difference that it draws, or its first parenthesis after its figures begin."""
    head, colon, figures = sentence.partition(": ")
    for cut in (", a difference of ", " ("):
        figures = figures.partition(cut)[0]
    return f"{head}{colon}{figures.rstrip(';,. ')}." if colon else sentence


def _figures(h: Hypothesis, evidence: Evidence, effect: Effect, decision: Decision, earlier: int) -> str:
    now = short_sentence(h, evidence).partition(": ")[2].rstrip(".")
    return (
        f"{now or 'now'}; {effect.name} {_figure(effect.value)} [{_figure(effect.low)}, {_figure(effect.high)}] in "
        f"{counted(evidence.n, 'row')}, {_against(decision, earlier)}"
    )


def _text(decision: Decision, figures: str, change: Departure, null: float) -> str:
    seen = f"A change of {_figure(decision.detectable)} would have been seen."
    if decision.state == "holds":
        return f"Now: {figures}. {seen}"
    if decision.state == "undecidable":
        if decision.unseen:
            none = f"Its interval covers {_figure(null)}, no effect"
            return f"Now: {figures}. {none}: it cannot be told whether it holds."
        return f"Now: {figures}. So few rows would not surely show it were it gone: {_lower(seen)}"
    p = "p < .0001" if (decision.p_value or 0) < AT_ONCE else f"p = {decision.p_value:.2g}"
    what = {"gone": "Gone", "weaker": "Weaker", "reversed": "Reversed", "stronger": "Stronger"}[change]
    if decision.state == "watch":
        why = "stronger than it was" if change == "stronger" else "watched until it lasts"
        why = "one of the first deliveries, which advise only" if decision.calibrating else why
        return f"{what} now: {figures} ({p}; {why})."
    lasted = (
        "in this delivery alone" if decision.lasting == 1 else f"in the last {decision.lasting} deliveries together"
    )
    return f"{what} now: {figures} ({p}); the difference counts {lasted}, at a false discovery rate of {ALARM_Q:g}."


def _against(decision: Decision, earlier: int) -> str:
    if decision.calibrating:
        return f"learned at {_figure(decision.centre.value)} (calibration {earlier + 1} of {CALIBRATION})"
    between = f", {_figure(decision.centre.between)} from one delivery to the next" if decision.centre.between else ""
    return f"calibrated at {_figure(decision.centre.value)}{between}"


def _figure(x: float | None) -> str:
    return "?" if x is None else f"{x:.3g}"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
