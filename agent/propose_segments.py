"""Segments of rows and claims on them: what sets a segment apart in columns that it was not built from.

Knows exploration rows, structure and the user's focus. Must never know a sealed row, a verdict or a language model.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ..tools.data.rows import Rows
from ..tools.explore.lead import Structure
from ..tools.explore.segments import Segmentation, SegmentFound, find_segments
from ..tools.explore.structure import structural_pairs
from ..tools.explore.subgroups import Target, scores
from ..tools.verify.families.rule_sides import rule_codes
from ..tools.verify.hypothesis import Hypothesis, Segment
from .outlook import Focus, Outlook
from .propose_rules import conditions, targets_of
from .roles import is_code, outcome_reading
from .twins import spare_columns

MOST = 6
_LEFT_OUT = 2
_READS = 3.0
"""How much a column must read like an outcome to be left out of the features."""
_FEATURES = 40
_LEVELS = 30
_MIN_FEATURES = 3


def segments_of(rows: Rows, structure: Sequence[Structure], focus: Focus) -> Segmentation | None:
    """Stable segments built from all columns but the likely outcomes and what follows from them, or None.

    Args:
        rows: Exploration rows.
        structure: What follows from how the table is built; of columns that say the same one is a feature.
        focus: What the user asked about; an outcome asked for is never a feature.
    """
    spare = spare_columns(structure, rows, {focus.outcome, *focus.about})
    columns = [c for c in rows.columns.values() if c.analysed and c.name not in spare and not is_code(c)]
    kept = [c for c in columns if c.type != "datetime" and not c.derived_from and len(c.levels) <= _LEVELS]
    barred = structural_pairs(structure)
    left_out = _outcomes(rows, [c.name for c in kept], focus)
    features = [c.name for c in kept if not any(frozenset((c.name, o)) in barred for o in left_out)]
    features = [name for name in features if name not in left_out][:_FEATURES]
    return find_segments(rows, features) if len(features) >= _MIN_FEATURES else None


def _outcomes(rows: Rows, names: Sequence[str], focus: Focus) -> set[str]:
    """The outcome that was asked for, else the two columns that read most like one."""
    if focus.outcome is not None:
        return {focus.outcome}
    order = {name: at for at, name in enumerate(rows.columns)}
    last = max(len(order) - 1, 1)
    reading = {name: outcome_reading(rows.column(name), order[name] / last) for name in names}
    ranked = sorted(names, key=lambda name: (-reading[name], order[name]))
    return {name for name in ranked[:_LEFT_OUT] if reading[name] >= _READS}


def propose_segments(outlook: Outlook) -> Iterator[Hypothesis]:
    """How each segment differs in the columns that were left out of its making."""
    found = outlook.segments
    if found is None:
        return
    told = found.segments[:1] if found.groups == 2 else found.segments
    free = [c for c in outlook.columns() if c.name not in found.features and c.type != "datetime"]
    claims = (
        claim for segment in told for column in free for claim in _claims(outlook, found, segment, targets_of(column))
    )
    for at, claim in enumerate(claims):
        if at == MOST:
            return
        yield claim


def _claims(
    outlook: Outlook, found: Segmentation, segment: SegmentFound, targets: Sequence[Target]
) -> Iterator[Hypothesis]:
    """A claim for each target, its direction as on exploration rows."""
    rule = conditions(segment.terms, outlook)
    codes = rule_codes(rule, outlook.rows)
    for target in targets[:1]:
        y = scores(outlook.rows, target)
        known = ~np.isnan(y)
        inside, outside = known & (codes == 0), known & (codes == 1)
        if not inside.any() or not outside.any() or not outlook.admits(target.outcome, *(t.column for t in rule)):
            continue
        yield Segment(
            outcome=target.outcome,
            event=target.event,
            predictor=rule[0].column,
            rule=rule,
            features=found.features,
            direction="higher" if y[inside].mean() >= y[outside].mean() else "lower",
        )
