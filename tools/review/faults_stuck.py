"""A column that had many values and now has one: a default, a join that found nothing, a sensor that stopped.

Knows one column's learned values and the most frequent value here. Must never know why it stopped. A column that says
when rows are has one value in a delivery of one day, and counts up: of it nothing is said.
"""

import math
import re
from collections.abc import Iterator

from ..data.inference_formats import literal
from ..data.readers_binary import quoted
from .faults_case import Case, Said, in_rows, label, number
from .naming import names_row
from .sketch import ColumnSketch

_NEARLY_ALL = 0.98
_MOST, _MOST_BUT_ZERO = 0.5, 0.8
"""Learned share of the value up to which it is a stop: of a label above it, what is not there is a missing part; of a
number that is not 0, for nothing may come for a while, as of snow."""
_RARE = 1e-8
"""Chance that rows drawn as learned all have it."""
_FEWEST = 50
_WHEN = re.compile(r"week|work|holiday|season|hour|minute|batch|run|version|load|partition|file|source|epoch", re.I)


def stuck(case: Case) -> Iterator[Said]:
    """Columns of numbers and labels in which nearly every row has the same value, one that few had."""
    for base, new in case.pairs("number", "label"):
        filled = new.rows - new.missing
        if filled < _FEWEST or filled < 0.5 * new.rows or base.distinct < 2 or new.distinct > 0.02 * filled + 1:
            continue
        if max((*new.levels.values(), *new.counts), default=0) < _NEARLY_ALL * filled:
            continue  # the sketch tells without a look at the rows: no bin or level holds nearly all
        if case.period(base.name) or names_row(base) or _WHEN.search(base.name):
            continue
        said = _stuck(case, base, filled)
        if said is not None:
            case.taken.add(base.name)
            yield said


def _stuck(case: Case, base: ColumnSketch, filled: int) -> Said | None:
    value, rows = next(iter(case.counts(base.name).items()))
    share = _share(base, value)
    if rows < _NEARLY_ALL * filled or share is None or share > _most(base, value):
        return None
    if rows / case.alike * math.log(max(share, 1e-9)) > math.log(_RARE):
        return None
    _, first = case.where(f"{quoted(base.name)}::VARCHAR = {literal(value)}")
    told = number(float(value)) if base.kind == "number" else label(value)
    was = "hardly any row" if share < 0.001 else f"at most {100 * share:.2g} % of the rows"
    return Said(
        kind="stuck", columns=(base.name,), rows=rows, first=first, labels=(value,),
        text=f"`{base.name}` stands still: {told} in {in_rows(rows, case.rows)}, where {base.distinct:,} values were "
        f"learned and {was} had this one.",
        advice="Ask whether the column was filled with a default, or what fills it stopped.",
    )  # fmt: skip


def _most(base: ColumnSketch, value: str) -> float:
    return _MOST_BUT_ZERO if base.kind == "number" and base.distinct > 2 and float(value) != 0 else _MOST


def _share(base: ColumnSketch, value: str) -> float | None:
    """Learned share of a value, of a number that of its bin; None where the value may be new for a reason."""
    before = max(base.rows - base.missing, 1)
    if base.kind == "label":
        return base.levels[value] / before if value in base.levels else None
    x = float(value)
    if base.low is None or base.high is None or base.high < x <= 2 * base.high - base.low:
        return None  # a count of deliveries goes on like that
    if base.levels and not base.other:
        return next((n for level, n in base.levels.items() if float(level) == x), 0) / before
    if not base.low <= x <= base.high or not base.edges:
        return 0.0
    at = sum(edge < x for edge in base.edges)
    return base.counts[at] / before
