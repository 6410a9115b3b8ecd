"""The closed family of a small table: every pair of columns as claims, from names and types alone.

Knows the schema. Must never know how any two columns relate: all rows will be used for the test.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from ..tools.data.schema import Column
from ..tools.verify.hypothesis import (
    CategoricalAssociation,
    Contrast,
    GroupDifference,
    Hypothesis,
    MonotoneAssociation,
    RateDifference,
    Trend,
)
from .roles import oriented

_FEW = 6


def enumerate_closed(columns: Sequence[Column]) -> tuple[Hypothesis, ...]:
    """Every claim of the grammar on every pair of analysed columns, without a direction."""
    analysed = [c for c in columns if c.analysed]
    order = {c.name: at for at, c in enumerate(analysed)}
    out: dict[str, Hypothesis] = {}
    for a, b in combinations(analysed, 2):
        outcome, predictor = oriented(a, b, order)
        for hypothesis in _claims(outcome, predictor):
            out[hypothesis.content_id()] = hypothesis
    return tuple(out.values())


def _claims(outcome: Column, predictor: Column) -> Iterator[Hypothesis]:
    names = {"outcome": outcome.name, "predictor": predictor.name}
    label_outcome = outcome.type in ("boolean", "category")
    label_predictor = predictor.type in ("boolean", "category")
    if outcome.type == "datetime":
        return
    if predictor.type == "datetime":
        for event in _events(outcome) if label_outcome else [None]:
            yield Trend(**names, event=event, direction="any")
    elif label_outcome and label_predictor:
        yield from _label_label(outcome, predictor)
    elif label_predictor:
        yield from _number_label(outcome, predictor)
    elif outcome.type == "category":
        yield from _number_label(predictor, outcome)
    else:
        event = outcome.levels[1] if label_outcome else None
        yield MonotoneAssociation(**names, event=event, direction="any")


def _events(column: Column) -> tuple[str, ...]:
    return column.levels[1:2] if column.type == "boolean" else column.levels[:_FEW]


def _number_label(number: Column, label: Column) -> Iterator[Hypothesis]:
    """Two levels: one against the other. Up to six: each against the rest. More: none stands out by name."""
    names = {"outcome": number.name, "predictor": label.name}
    if len(label.levels) == 2:
        contrast = Contrast(a=(label.levels[1],), b=(label.levels[0],))
        yield GroupDifference(**names, levels=contrast, direction="any")
    else:
        for level in label.levels[:_FEW]:
            yield GroupDifference(**names, levels=Contrast(a=(level,)), direction="any")


def _label_label(outcome: Column, predictor: Column) -> Iterator[Hypothesis]:
    names = {"outcome": outcome.name, "predictor": predictor.name}
    if len(outcome.levels) == 2 and len(predictor.levels) == 2:
        contrast = Contrast(a=(predictor.levels[1],), b=(predictor.levels[0],))
        yield RateDifference(**names, event=outcome.levels[1], levels=contrast, direction="any")
    elif len(outcome.levels) == 2:
        for level in predictor.levels[:_FEW]:
            yield RateDifference(**names, event=outcome.levels[1], levels=Contrast(a=(level,)), direction="any")
    else:
        yield CategoricalAssociation(
            **names, outcome_levels=outcome.levels[:_FEW], predictor_levels=predictor.levels[:_FEW]
        )
