"""Two snapshots whose distributions differ: only where a label reads like a snapshot.

Knows the outlook: names and labels of columns, and exploration rows. Must never know a sealed row or a verdict.
"""

import re
from collections.abc import Iterator

import numpy as np

from ..tools.data.schema import Column
from ..tools.verify.hypothesis import Contrast, Hypothesis, Shift
from ..tools.verify.population import sides, tally
from ..tools.verify.shifts import shift_of_labels, shift_of_numbers
from .outlook import Outlook

_NAME = re.compile(r"(^|[^a-z])(snapshot|period|wave|version|release|phase|round|epoch|cohort|pre_?post)s?([^a-z]|$)")
_PAIRS = (
    ("before", "after"), ("pre", "post"), ("old", "new"), ("baseline", "followup"), ("baseline", "follow-up"),
    ("baseline", "follow up"), ("reference", "current"), ("train", "production"), ("previous", "current"),
)  # fmt: skip
_YEAR = re.compile(r"^(1[0-9]{3}|2[0-9]{3})$")
_MOST = 15
_MIN_ROWS = 100
_CLEAR = 0.08
_MOST_LEVELS = 100


def propose_shifts(outlook: Outlook) -> Iterator[Hypothesis]:
    """For each snapshot label the outcomes whose distributions lie apart most, the later snapshot first."""
    found: list[tuple[float, str, Hypothesis]] = []
    for label in outlook.columns():
        levels = snapshots(label)
        if levels is None:
            continue
        for outcome in outlook.columns():
            # Of two levels a difference of shares says it all, and says which way.
            if outcome.type == "datetime" or len(outcome.levels) == 2 or not outlook.admits(outcome.name, label.name):
                continue
            h = Shift(outcome=outcome.name, predictor=label.name, levels=levels)
            apart = _apart(outlook, h, outcome)
            if apart >= _CLEAR:
                found.append((apart, h.content_id(), h))
    found.sort(key=lambda f: (-f[0], f[1]))
    yield from (h for _, _, h in found[:_MOST])


def snapshots(label: Column) -> Contrast | None:
    """The two snapshots that a label tells apart, later against earlier; None where it does not read like any."""
    if len(label.levels) != 2:
        return None
    first, second = label.levels
    plain = [level.strip().lower() for level in (first, second)]
    for early, late in _PAIRS:
        if plain == [early, late]:
            return Contrast(a=(second,), b=(first,))
        if plain == [late, early]:
            return Contrast(a=(first,), b=(second,))
    years = all(_YEAR.match(p) for p in plain) and "year" in label.name.lower()
    if not years and not _NAME.search(label.name.lower()):
        return None
    early, late = sorted((first, second))
    return Contrast(a=(late,), b=(early,))


def _apart(outlook: Outlook, h: Shift, outcome: Column) -> float:
    """The lower end of the distance on exploration rows; 0 where there is too little to see."""
    rows = outlook.rows
    side = sides(rows, h.predictor, h.levels)
    if outcome.type in ("boolean", "category"):
        if len(outcome.levels) > _MOST_LEVELS:
            return 0.0
        counts = tally(side, rows.codes(outcome.name), len(outcome.levels)).counts
        test = shift_of_labels
    else:
        codes, values = rows.ordinal(outcome.name)
        counts, test = tally(side, codes, len(values)).counts, shift_of_numbers
    if int(counts.sum(axis=1).min()) < _MIN_ROWS or int(np.count_nonzero(counts.sum(axis=0))) < 2:
        return 0.0
    found = test(counts, draws=0, seed=0, level=0.95).distance
    return found.value if found.low > 0 else 0.0
