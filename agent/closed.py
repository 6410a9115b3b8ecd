"""The closed family of a small table: every pair of columns as claims, from names and types alone.

Knows the schema. Must never know how any two columns relate: all rows will be used for the test.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from ..tools.data.schema import Column
from ..tools.explore.constructed import constructed_pairs
from ..tools.verify.hypothesis import Hypothesis, parse
from .roles import is_code, oriented

_FEW = 6


def enumerate_closed(columns: Sequence[Column]) -> tuple[Hypothesis, ...]:
    """Every claim of the grammar on every pair of analysed columns, without a direction."""
    analysed = [c for c in columns if c.analysed and not is_code(c)]
    order = {c.name: at for at, c in enumerate(analysed)}
    out: dict[str, Hypothesis] = {}
    built = constructed_pairs(c for c in analysed if c.aggregate is not None)
    for a, b in combinations(analysed, 2):
        if frozenset((a.name, b.name)) in built:
            continue
        outcome, predictor = oriented(a, b, order)
        for hypothesis in _claims(outcome, predictor):
            out[hypothesis.content_id()] = hypothesis
    return tuple(out.values())


def _claims(outcome: Column, predictor: Column) -> Iterator[Hypothesis]:
    label_outcome = outcome.type in ("boolean", "category")
    label_predictor = predictor.type in ("boolean", "category")
    if outcome.type == "datetime":
        return
    if predictor.type == "datetime":
        for event in _events(outcome) if label_outcome else [None]:
            yield _claim("trend", outcome, predictor, event=event)
    elif label_outcome and label_predictor:
        yield from _label_label(outcome, predictor)
    elif label_predictor:
        yield from _number_label(outcome, predictor)
    elif outcome.type == "category":
        yield from _number_label(predictor, outcome)
    else:
        event = outcome.levels[1] if label_outcome else None
        yield _claim("monotone_association", outcome, predictor, event=event)


def _claim(family: str, outcome: Column, predictor: Column, **fields: object) -> Hypothesis:
    names = {"family": family, "outcome": outcome.name, "predictor": predictor.name, "direction": "any"}
    return parse({**names, **fields})


def _events(column: Column) -> tuple[str, ...]:
    return column.levels[1:2] if column.type == "boolean" else column.levels[:_FEW]


def _number_label(number: Column, label: Column) -> Iterator[Hypothesis]:
    """Two levels: one against the other. Up to six: each against the rest. More: the six most frequent."""
    for levels in _contrasts(label):
        yield _claim("group_difference", number, label, levels=levels)


def _label_label(outcome: Column, predictor: Column) -> Iterator[Hypothesis]:
    if len(outcome.levels) == 2:
        for levels in _contrasts(predictor):
            yield _claim("rate_difference", outcome, predictor, event=outcome.levels[1], levels=levels)
    else:
        kept = {"outcome_levels": outcome.levels[:_FEW], "predictor_levels": predictor.levels[:_FEW]}
        yield _claim("categorical_association", outcome, predictor, **kept)


def _contrasts(label: Column) -> list[dict[str, tuple[str, ...]]]:
    if len(label.levels) == 2:
        return [{"a": (label.levels[1],), "b": (label.levels[0],)}]
    return [{"a": (level,)} for level in label.levels[:_FEW]]
