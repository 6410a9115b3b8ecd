"""Questions of fact that a table can answer, to write instead of one that cannot be read.

Knows names, types and levels of columns. Must never know a row, or read a question.
"""

from collections.abc import Mapping

from ...tools.data.schema import Column
from .names import LABELS, word

_ANY = '"mean fare by class", "how many where sex=female", "share of survived=1 by sex", "correlation of age and fare"'


def fact_examples(columns: Mapping[str, Column]) -> str:
    """Questions of fact that this table can answer, each form once; those of another table where it has too little."""
    numbers, labels = kinds_of(columns)
    if not numbers or not labels:
        return _ANY
    group, level = word(labels[0].name), word(labels[0].levels[0])
    forms = [f"mean {word(numbers[0].name)} by {group}", f"how many where {group}={level}"]
    if len(labels) > 1:
        forms.append(f"share of {group}={level} by {word(labels[1].name)}")
    if len(numbers) > 1:
        forms.append(f"correlation of {word(numbers[0].name)} and {word(numbers[1].name)}")
    return ", ".join(f'"{form}"' for form in forms)


def kinds_of(columns: Mapping[str, Column]) -> tuple[list[Column], list[Column]]:
    """The numbers and the labels of a table, in its order; a whole number of a few values stands behind the others."""
    numbers = sorted((c for c in columns.values() if c.type == "number"), key=lambda c: bool(c.levels))
    return numbers, [c for c in columns.values() if c.type in LABELS and c.levels]
