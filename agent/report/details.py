"""The evidence behind one finding, line by line, for the reader who wants to check it.

Knows a finding's fields. Must never know a page, and must never leave out a figure because it does not please.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ...tools.verify.evidence import Group
from ...tools.verify.families.wording import condition, interval, percent
from ...tools.verify.hypothesis import Condition
from . import words
from .result import Finding


class Details(NamedTuple):
    """What stands in a finding's drill-down."""

    lines: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, str, str, str, str], ...]
    """Label, n, mean or share, its interval, median."""


def details(finding: Finding) -> Details:
    """The evidence of a finding as (name, figure) lines and a table of its groups."""
    told = finding.hypothesis
    share = told.get("event") is not None or told.get("above") is not None or finding.family == "invariant"
    return Details(tuple(_lines(finding)), tuple(_group(g, share) for g in finding.held_out.groups))


def _lines(finding: Finding) -> Iterator[tuple[str, str]]:
    held = finding.held_out
    outcome = str(finding.hypothesis.get("outcome", ""))
    yield "Verdict", f"{words.badge(finding)}. {finding.reason}"
    yield from _population(finding)
    yield "Test", held.test
    if held.statistic is not None:
        of = "" if held.df is None else f", {words.figure(round(held.df, 1))} degrees of freedom"
        yield "Statistic", f"{words.figure(held.statistic)}{of}"
    yield from _p_values(finding)
    if held.effect is not None:
        yield "Effect", words.effect_text(held.effect)
    if held.in_units is not None:
        yield "In units of the data", words.effect_text(held.in_units, outcome=outcome)
    if finding.exploration is not None:
        seen = words.effect_text(finding.exploration.effect)
        yield "Effect on exploration rows", f"{seen}, n = {finding.exploration.n:,}"
    if finding.smallest_effect:
        yield "Smallest effect of interest", words.smallest_text(finding)
    yield "Rows tested", _rows(finding)
    if finding.outcome == "verified":
        yield from _adjusted(finding)
    for warning in finding.warnings:
        yield "Caveat", warning
    yield (
        "Drafted by",
        {"rule": "a rule", "model": "a language model", "both": "a rule and a language model", "user": "the user"}[
            finding.source
        ],
    )
    yield "Hypothesis id", finding.id


def _adjusted(finding: Finding) -> Iterator[tuple[str, str]]:
    own = finding.adjustment
    if own.tag == "not run":
        if own.reason:
            yield "With other columns held fixed", f"not run. {own.reason}"
        return
    yield "With other columns held fixed", f"{own.tag}, on {words.many(own.rows, 'row')}"
    yield "Columns held fixed", ", ".join(f"`{c}`" for c in own.controls)
    if own.causes:
        yield "Marked as causes", ", ".join(f"`{c}`" for c in own.causes)
    if own.left_out:
        yield "Not held fixed, as later", ", ".join(f"`{c}`" for c in own.left_out)
    for e in own.estimates:
        yield f"Standardised, {e.label}", f"{e.value:.2f} ({interval(e.low, e.high, 2)}), {words.p_text(e.p_value)}"
    if own.odds is not None:
        within, marginal = words.figure(own.odds.within), words.figure(own.odds.marginal)
        tests = f"{words.p_text(own.odds.p_within)}; equal in all levels {words.p_text(own.odds.p_equal)}"
        yield (
            "Odds ratio",
            f"{marginal} over all rows, {within} within levels of `{own.driver or own.simpson}` ({tests})",
        )
    if own.simpson is not None:
        share = percent(own.simpson_share or 0.0, 0)
        yield "Rows in strata that point the other way", f"{share} by `{own.simpson}`"
    if own.robustness_value is not None:
        yield "Robustness value", f"{words.figure(round(own.robustness_value, 3))} of what is left of both columns"


def _p_values(finding: Finding) -> Iterator[tuple[str, str]]:
    held = finding.held_out
    if held.p_value is None:
        return
    both = [
        f"{words.p_text(p)} {name}"
        for p, name in ((held.p_permutation, "by permutation or exact"), (held.p_robust, "robust"))
        if p is not None
    ]
    yield "P-value", words.p_text(held.p_value) + (f" (the larger of {' and '.join(both)})" if len(both) == 2 else "")
    if held.p_adjusted is not None:
        yield "Adjusted for all tests", words.p_text(held.p_adjusted)
    if held.threshold is not None:
        yield "It had to be at most", words.figure(held.threshold)


def _population(finding: Finding) -> Iterator[tuple[str, str]]:
    terms = [condition(Condition.model_validate(t)) for t in finding.hypothesis.get("where") or ()]
    if terms:
        yield "Among rows where", " and ".join(terms)


def _rows(finding: Finding) -> str:
    held = finding.held_out
    text = f"{held.n:,}"
    if held.n_per_group:
        text += " (" + ", ".join(f"{label}: {n:,}" for label, n in held.n_per_group.items()) + ")"
    if held.clusters is not None:
        text += f" in {words.many(held.clusters, 'unit')} of independence"
    return text + (f"; {words.many(held.missing, 'row')} left out for missing values" if held.missing else "")


def _group(group: Group, share: bool) -> tuple[str, str, str, str, str]:
    def text(value: float | None) -> str:
        if value is None:
            return "–"
        return percent(value) if share else words.figure(value)

    around = "–" if group.low is None or group.high is None else f"{text(group.low)} to {text(group.high)}"
    return group.label, f"{group.n:,}", text(group.mean), around, words.figure(group.median)
