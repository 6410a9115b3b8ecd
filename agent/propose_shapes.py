"""From shapes read off exploration rows to claims that state them, with their knots frozen.

Knows the outlook of a drafter. Must never know a sealed row, a verdict or a language model.
"""

from collections import Counter
from collections.abc import Iterator

from ..tools.data.schema import Column
from ..tools.explore.shapes import Reading, read_shapes
from ..tools.verify.hypothesis import Hypothesis, Shape
from .outlook import Outlook
from .roles import oriented

_MOST = 16
_PER_OUTCOME = 4


def propose_shapes(outlook: Outlook) -> Iterator[Hypothesis]:
    """The clearest shapes, at most four an outcome; only those that stay with the other predictors held."""
    columns = outlook.columns()
    by_name = {c.name: c for c in columns}
    order = dict(outlook.order)

    def admits(outcome: str, predictor: str) -> bool:
        if not outlook.admits(outcome, predictor):
            return False
        if outlook.focus.outcome == outcome:
            return True
        return oriented(by_name[outcome], by_name[predictor], order)[0].name == outcome

    outcomes = [one for c in columns for one in _outcomes(c)]
    predictors = [c.name for c in columns if c.type == "number"]
    told: Counter[str] = Counter()
    kept = 0
    for reading in read_shapes(outlook.rows, outcomes, predictors, admits):
        if reading.alone and told[reading.outcome] < _PER_OUTCOME and kept < _MOST:
            told[reading.outcome] += 1
            kept += 1
            yield _claim(reading)


def _outcomes(column: Column) -> Iterator[tuple[str, str | None]]:
    if column.type == "number":
        yield column.name, None
    elif column.type == "boolean" or len(column.levels) == 2:
        yield column.name, column.levels[1]


def _claim(r: Reading) -> Hypothesis:
    return Shape(
        outcome=r.outcome,
        event=r.event,
        predictor=r.predictor,
        shape=r.shape,
        knots=r.knots,
        rises=True if r.shape in ("u", "inverted_u") else r.rises,
    )
