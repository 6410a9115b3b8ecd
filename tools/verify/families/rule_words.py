"""Sentences about rows inside a rule against the rest: what the rule is, how many rows it holds for, and its lift.

Knows hypotheses and evidence. Must never know rows, compute a test, or say what causes what.
"""

from ..evidence import Evidence, Group
from ..hypothesis import GroupDifference, Segment, sign
from . import group_words, rate_difference
from .rule_sides import INSIDE, Ruled, plain, words
from .wording import among, number, percent, percent_places, sentence_case


def claim(h: Ruled) -> str:
    """The claim as one plain sentence without figures and without a full stop."""
    own, sides = plain(h), _sides(h)
    if isinstance(own, GroupDifference):
        return sentence_case(among(h) + group_words.statement(own, sign(h), sides))
    return sentence_case(among(h) + rate_difference.statement(own, sides))


def sentence(h: Ruled, evidence: Evidence) -> str:
    """The claim with its figures, the share of rows inside the rule, and how far they lie from all rows."""
    own, sides = plain(h), _sides(h)
    if evidence.untestable is None and evidence.groups:
        inside, n = evidence.n_per_group[INSIDE], evidence.n
        sides = (f"{sides[0]} ({percent(inside / n, percent_places(n))} of rows)", sides[1])
    if isinstance(own, GroupDifference):
        text = group_words.sentence(own, evidence, claim(h), sides)
    else:
        text = rate_difference.told(own, evidence, claim(h), sides)
    head = among(h)
    text = sentence_case(head + text[:1].lower() + text[1:]) if head and evidence.untestable is None else text
    return text[:-1] + lift(h, evidence) + "."


def lift(h: Ruled, evidence: Evidence) -> str:
    """`, 2.4 times the share in all rows`: empty text for a number, and where the share is the smaller one."""
    if evidence.untestable is not None or h.event is None or len(evidence.groups) < 2:
        return ""
    share, overall = evidence.groups[0].mean, _overall(*evidence.groups)
    if share is None or overall <= 0 or share < overall:
        return ""
    return f", {number(share / overall, 2)} times the share in all rows"


def _overall(a: Group, b: Group) -> float:
    return ((a.mean or 0.0) * a.n + (b.mean or 0.0) * b.n) / max(a.n + b.n, 1)


def _sides(h: Ruled) -> tuple[str, str]:
    """Both groups as parts of a sentence."""
    if isinstance(h, Segment):
        return f"in the segment of rows where {words(h.rule)}", "in the rest"
    return f"where {words(h.rule)}", "elsewhere"
