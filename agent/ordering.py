"""Which findings come first, and which make the first screen: the most useful, each fact once.

Knows verdicts, structure, exploration rows and what was asked. Must never compute a statistic of a claim or change an
outcome.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..tools.data.rows import Rows
from ..tools.data.schema import Column
from ..tools.explore.lead import Structure
from ..tools.verify.evidence import Verdict
from ..tools.verify.hypothesis import Hypothesis, Subgroup
from .draft_texts import interest, partners, pattern, variety
from .faces import alike
from .report.words import caveats
from .roles import outcome_reading, plainness, strength
from .twins import kin, made_of_others, of_one_kin

HEADLINES = 7
ORDER = {"verified": 0, "inconclusive": 1, "refuted": 2, "untestable": 3}
_ALIKE = 0.25
"""What is left of a finding's worth after one that contrasts nearly the same rows."""
_MADE = 0.6
"""What a finding is worth on a column that others make, beside one on these: `alone` beside `siblings`."""
_PARTS = 0.3
"""What a finding is worth on two parts of one total: they grow together with what they are parts of."""
_SOME_ROWS = 0.7
"""What a finding is worth that speaks of some rows alone: how large an amount is comes after how often there is any."""
_PICKED = 10.0
"""How much more a finding is worth that a language model picked for what its columns mean: it comes before its like."""
_OF_ONE_PATTERN = {"mention": 3, "measure": 1}
"""Findings of the first screen that say of another level what was said of one: one more tells nothing new."""
_NEARLY_ONE_TO_ONE = 0.8
_TAGS = {"robust": 1.0, "attenuated": 0.6, "reversed": 0.45, "not run": 0.85}
"""How much of its worth a verified claim keeps by what becomes of it with the other columns held fixed."""
_SIZES = {"material": 1.0, "uncertain": 0.6, "negligible": 0.15, None: 0.0}
_TARGET = 6.0
"""Reading from which a column is what the table is about: further findings on it lose less of their worth."""


class Ranked(NamedTuple):
    """The verdicts, most useful first, and those of the first screen."""

    verdicts: tuple[Verdict, ...]
    headlines: frozenset[str]
    """Ids: three to seven verified ones where there are as many, without twins."""


class Table(NamedTuple):
    """What the order of findings looks at beside the verdicts."""

    columns: Mapping[str, Column]
    focus: Sequence[str] = ()
    structure: Sequence[Structure] = ()
    rows: Rows | None = None
    picked: Collection[str] = ()
    """Ids of the claims that a language model picked."""

    def readings(self) -> dict[str, float]:
        """How much each column reads like an outcome."""
        last = max(len(self.columns) - 1, 1)
        return {name: outcome_reading(c, at / last) for at, (name, c) in enumerate(self.columns.items())}


def ranked(verdicts: Sequence[Verdict], table: Table) -> Ranked:
    """Every verdict, most useful first: its size, what its outcome reads like, its plainness, and what is new in it.

    On the first screen nothing is told twice: neither by nearly the same rows, nor by a column that repeats another's
    quantity; what a text says of each level with the level's own name in it (blue shirts with blue shoes) is shown
    for three levels, a measure of form for one. Where something was asked for, the first screen is about that alone.
    """
    reading = table.readings()
    worth = {
        v.hypothesis_id: _worth(v, table.focus, reading)
        * _newness(v.hypothesis, table)
        * (_PICKED if v.hypothesis_id in table.picked else 1.0)
        for v in verdicts
    }
    order = sorted(verdicts, key=lambda v: (ORDER[v.outcome], -worth[v.hypothesis_id], v.hypothesis_id))
    left = [v for v in order if v.outcome == "verified"]
    same = _same([v.hypothesis for v in left], table)
    at = _spread(left, worth, same, reading)
    shown: list[int] = []
    patterns: Counter[tuple[str, ...]] = Counter()
    for k in at:
        own = pattern(left[k].hypothesis)
        fit = _fit(left[k], table.focus) and (own is None or patterns[own] < _OF_ONE_PATTERN[own[0]])
        if len(shown) < HEADLINES and fit and not same[k, shown].any():
            shown.append(k)
            patterns.update(() if own is None else (own,))
    later = [k for k in at if k not in shown]
    out = [left[k] for k in (*shown, *later)] + [v for v in order if v.outcome != "verified"]
    return Ranked(tuple(out), frozenset(left[k].hypothesis_id for k in shown))


def _fit(verdict: Verdict, focus: Sequence[str]) -> bool:
    h = verdict.hypothesis
    return verdict.size != "negligible" and (not focus or bool({h.outcome, h.predictor} & set(focus)))


def _newness(h: Hypothesis, table: Table) -> float:
    """What is left of a claim's worth where its columns are made of others, or are parts of one total."""
    made = made_of_others(table.structure) - set(table.focus)
    others = {h.predictor, *(t.column for t in getattr(h, "rule", ()) if not isinstance(t, str))}
    totals = (s.columns[:-1] for s in table.structure if s.kind == "sum")
    parts = any(h.outcome in total and others & set(total) for total in totals)
    return (_PARTS if parts else 1.0) * (_MADE if made & {h.outcome, h.predictor} else 1.0)


def _worth(verdict: Verdict, focus: Sequence[str], readings: Mapping[str, float]) -> float:
    """How much a finding is worth to a reader: its size, how much its outcome reads like one, its plainness."""
    h, evidence = verdict.hypothesis, verdict.evidence
    reading = max(0.0, *(readings[name] for name in (partners(h) if h.texts else (h.outcome,))))
    big = strength(h.scale, evidence.theta or 0.0)
    worth = _SIZES[verdict.size if verdict.outcome == "verified" else "uncertain"] * big**0.4 * (0.5 + reading)
    if h.family in ("rate_difference", "categorical_association") and big > _NEARLY_ONE_TO_ONE and not h.texts:
        worth *= 0.3  # two labels that nearly always go together are more likely two names than a discovery
    if h.outcome in focus:
        worth *= 1.3
    elif focus and h.predictor not in focus:
        worth *= 0.02  # in a closed family everything is tested; what was not asked for comes last
    worth *= plainness(h.family) * (_SOME_ROWS if h.where else 1.0) * interest(h)
    if caveats(evidence.warnings):
        worth *= 0.5
    return worth * _TAGS[verdict.adjustment.tag if verdict.outcome == "verified" else "not run"]


def _spread(
    left: Sequence[Verdict], worth: Mapping[str, float], same: NDArray[np.bool_], reading: Mapping[str, float]
) -> list[int]:
    """The verified ones reordered so that the first few do not say one thing in several ways."""
    value = np.array([worth[v.hypothesis_id] for v in left])
    out: list[int] = []
    while len(out) < len(left):
        best = max(set(range(len(left))) - set(out), key=lambda at: (value[at], left[at].hypothesis_id))
        out.append(best)
        shown = left[best].hypothesis
        value *= [_ALIKE if same[best, at] else _fresh(v.hypothesis, shown, reading) for at, v in enumerate(left)]
    return out


def _fresh(h: Hypothesis, shown: Hypothesis, reading: Mapping[str, float]) -> float:
    """How much of a claim's worth is left after one shown before it."""
    if h.texts and shown.texts:
        return variety(h, shown)
    if {shown.outcome, shown.predictor} == {h.outcome, h.predictor}:
        return 0.25
    if shown.outcome == h.outcome:
        return 0.93 if reading[h.outcome] >= _TARGET else 0.85
    return 0.75 if shown.predictor == h.predictor else 1.0


def _same(claims: Sequence[Hypothesis], table: Table) -> NDArray[np.bool_]:
    """Whether two claims tell one thing, shape (k, k): by the rows that they contrast, or by columns of one kin."""
    k = len(claims)
    same = np.zeros((k, k), bool) if table.rows is None else alike(claims, table.rows)
    of = kin(table.structure, table.columns)
    close = of_one_kin(table.structure, table.columns)
    for i, one in enumerate(claims):
        for j, two in enumerate(claims[:i]):
            if _twice(one, two, of) or _rules_of_one_kin(one, two, of, close):
                same[i, j] = same[j, i] = True
    return same


def _twice(one: Hypothesis, two: Hypothesis, of: Mapping[str, str]) -> bool:
    """Whether a claim says of another version of a quantity what was said of it: `budget` and `budget_2013` by year."""
    pairs = [{of.get(h.outcome, h.outcome), of.get(h.predictor, h.predictor)} for h in (one, two)]
    columns = [{h.outcome, h.predictor} for h in (one, two)]
    levels = [getattr(h, "levels", None) for h in (one, two)]
    return pairs[0] == pairs[1] and columns[0] != columns[1] and levels[0] == levels[1]


def _rules_of_one_kin(one: Hypothesis, two: Hypothesis, of: Mapping[str, str], close: Mapping[str, str]) -> bool:
    """Whether two rules on one outcome name the same columns, or columns that fix these: an hour and its clock time."""
    if not (isinstance(one, Subgroup) and isinstance(two, Subgroup)):
        return False
    if of.get(one.outcome, one.outcome) != of.get(two.outcome, two.outcome):
        return False
    first, second = ({close.get(t.column, t.column) for t in h.rule} for h in (one, two))
    return first <= second or second <= first
