"""A number read as an event: whether it lies above a fixed point, such as any amount at all against none.

Knows one column and the point. Must never know a test, or on which side of the seal its rows lie.
"""

import numpy as np

from ...data.rows import Rows
from .wording import number


def above_words(above: float) -> str:
    """The event as a level of the outcome, in words that follow `is`: `above 0`."""
    text = number(above, 6)
    return f"above {text.rstrip('0').rstrip('.') if '.' in text else text}"


def as_label(rows: Rows, outcome: str, above: float) -> Rows:
    """The rows with a number as a label of two levels, missing where it is missing.

    Raises:
        HypothesisError: if the column is unknown or no number.
    """
    y = rows.number(outcome)
    codes = np.where(np.isnan(y), -1, y > above).astype(np.int32)
    label = rows.column(outcome).model_copy(update={"type": "boolean", "levels": ("not above", above_words(above))})
    moved = rows.replaced({outcome: codes})
    moved.columns[outcome] = label
    return moved
