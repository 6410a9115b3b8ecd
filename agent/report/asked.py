"""The user's own hypotheses with their answers, as every rendering of the report shows them.

Knows the result as values. Must never know a page or a terminal, change an outcome or compute a figure.
"""

from typing import NamedTuple

from . import words
from .result import Asked, Finding, Result


class Answer(NamedTuple):
    """One stated hypothesis with its answer, in words."""

    said: str
    """What the user wrote, after the name given to it."""
    outcome: str
    verdict: str
    claim: str
    """The claim as it was understood, as a sentence."""
    repeats: bool
    """Whether that says again what the user wrote, word for word."""
    figures: str
    remarks: tuple[str, ...]
    adjusted: str = ""
    """What becomes of a verified claim with the other columns held fixed."""


def answers(result: Result) -> tuple[Answer, ...]:
    """Every stated hypothesis in the order stated; empty where the drafts came from the leads."""
    known = {f.id: f for f in result.findings}
    return tuple(_answer(asked, known.get(asked.finding or "")) for asked in result.asked)


def _answer(asked: Asked, finding: Finding | None) -> Answer:
    said = f"{asked.name}: {asked.text}" if asked.name else asked.text
    note = (asked.note,) if asked.note else ()
    if finding is None or asked.outcome is None:
        verdict = "Not committed" if asked.state == "refused" else "Not answered"
        reason = (asked.reason,) if asked.reason else ()
        claim = _sentence(asked.understood)
        return Answer(said, "untestable", verdict, claim, _repeats(said, claim), "", (*note, *reason))
    head, figures = words.headed(finding.sentence)
    verified = asked.outcome == "verified"
    turned = finding.outcome != asked.outcome
    verdict = words.badge(finding) if not turned else asked.outcome.capitalize()
    claim = head if verified else _sentence(asked.understood)
    remarks = [
        asked.reason or "",
        "" if verified or turned else finding.reason.replace("the way it did", "the stated way"),
    ]
    if asked.outcome == "inconclusive":
        remarks.append(words.undecided_line(finding))
    return Answer(
        said, asked.outcome, verdict, claim, _repeats(said, claim), figures, (*note, *(r for r in remarks if r)),
        "" if turned else words.adjusted_phrase(finding),
    )  # fmt: skip


def _repeats(said: str, claim: str) -> bool:
    return words.plain(said).rstrip(".").casefold() == words.plain(claim).rstrip(".").casefold()


def _sentence(claim: str) -> str:
    return f"{claim[:1].upper()}{claim[1:]}."
