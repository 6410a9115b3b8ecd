"""From a reading to a frozen hypothesis: constants that the words leave open are read off exploration rows.

Knows the reading and exploration rows, or that there are none. Must never know a sealed row.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...tools.data.rows import Rows
from ...tools.data.schema import Column
from ...tools.errors import HypothesisError
from ...tools.verify.hypothesis import Hypothesis, parse
from ...tools.verify.population import population
from ..candidates import candidates, quarter_points
from .names import LABELS, Names, number_of
from .reader import Fields, Reading

_MOST_LEVELS = 12
_FEW = 6
_MIN_GROUP = 20


def frozen(reading: Reading, columns: Mapping[str, Column], rows: Rows | None) -> Hypothesis:
    """The hypothesis of a reading with every constant fixed.

    Args:
        reading: What the words say.
        columns: The analysed columns.
        rows: Exploration rows; None where a table is too small to be split.

    Raises:
        HypothesisError: if it does not fit the grammar, or rows are needed where there are none.
    """
    fields = {**reading.fields, **_opened(reading.fields, columns, rows)}
    return parse(fields)


def _opened(fields: Fields, columns: Mapping[str, Column], rows: Rows | None) -> Fields:
    """The constants that were left open."""
    family, outcome, predictor = fields["family"], columns[fields["outcome"]], columns[fields["predictor"]]
    if rows is not None:
        rows = _among(fields, rows)
    if family == "monotone_association" and not fields.get("cuts"):
        return {"cuts": None if rows is None else quarter_points(rows.number(predictor.name))}
    if family == "categorical_association" and not fields.get("predictor_levels"):
        return {
            "outcome_levels": _frequent(outcome, rows), "predictor_levels": _frequent(predictor, rows),
        }  # fmt: skip
    if family in ("group_difference", "rate_difference") and "levels" not in fields:
        return {"levels": _standing_out(fields, outcome, predictor, rows)}
    if family == "invariant" and fields.get("rule") == "determines" and not fields.get("mapping"):
        return {"mapping": _mapping(outcome, predictor, rows)}
    return {}


def _among(fields: Fields, rows: Rows) -> Rows:
    """The rows that the claim speaks of."""
    if not fields.get("where"):
        return rows
    probe = {"family": "trend", "outcome": "a", "predictor": "b", "direction": "any", "where": fields["where"]}
    return population(parse(probe), rows)


def _frequent(column: Column, rows: Rows | None) -> tuple[str, ...]:
    """Levels frequent enough to stand alone, at most twelve; without rows the first six."""
    if rows is None:
        return column.levels[:_FEW]
    codes = rows.codes(column.name)
    count = np.bincount(codes[codes >= 0], minlength=len(column.levels))
    order = [int(at) for at in np.argsort(-count, kind="stable")[:_MOST_LEVELS] if count[at] >= _MIN_GROUP]
    return tuple(column.levels[at] for at in order)


def _standing_out(fields: Fields, outcome: Column, predictor: Column, rows: Rows | None) -> dict[str, Any]:
    """The levels that stand out most on exploration rows, against the rest."""
    found = () if rows is None else candidates(outcome, predictor, rows)
    for claim in found:
        if claim.family == fields["family"] and claim.predictor == predictor.name:
            return claim.as_json()["levels"]
    levels = ", ".join(predictor.levels[:8])
    raise HypothesisError(
        f"{predictor.name!r} has {len(predictor.levels)} levels and no exploration rows tell which to compare: name "
        f"it, such as '{outcome.name} higher for {predictor.name}={predictor.levels[0]}'. Levels: {levels}."
    )


def _mapping(outcome: Column, predictor: Column, rows: Rows | None) -> tuple[tuple[str, str], ...]:
    """For each level of the predictor the commonest level of the outcome."""
    if rows is None:
        raise HypothesisError(
            f"No exploration rows tell which {outcome.name!r} goes with which {predictor.name!r}: state the claim as "
            "JSON with its `mapping`."
        )
    a, b = rows.codes(predictor.name), rows.codes(outcome.name)
    good = (a >= 0) & (b >= 0)
    shape = len(predictor.levels), len(outcome.levels)
    table = np.bincount(a[good] * shape[1] + b[good], minlength=shape[0] * shape[1]).reshape(shape)
    best = table.argmax(axis=1)
    return tuple((predictor.levels[k], outcome.levels[int(best[k])]) for k in range(shape[0]) if table[k].any())


# Typed claims


def checked(data: object, text: str, names: Names) -> Reading:
    """A typed claim (the JSON of the grammar) as a reading, its names held to the table.

    Raises:
        HypothesisError: if it does not fit the grammar, or names what the table does not have.
    """
    open_ = {"categorical_association": {"outcome_levels": (), "predictor_levels": ()}}
    given = dict(data) if isinstance(data, dict) else {}
    h = parse({**open_.get(str(given.get("family")), {}), **given})
    names.define(h.texts)
    for name in h.columns:
        names.exactly(name)
    fields = h.as_json()
    fields["where"] = [_term(term, names) for term in fields["where"]]
    if fields.get("rule") and h.family in ("subgroup", "segment"):
        fields["rule"] = [_term(term, names) for term in fields["rule"]]
    if fields.get("event") is not None:
        fields["event"] = names.level_exactly(names.exactly(h.outcome), fields["event"])
    for side_of, key in ((h.predictor, "levels"), (fields.get("moderator"), "moderator_levels")):
        if side_of and fields.get(key):
            column = names.exactly(side_of)
            fields[key] = {s: [names.level_exactly(column, x) for x in fields[key][s]] for s in ("a", "b")}
    for key, column in (("order", h.predictor), ("outcome_levels", h.outcome), ("predictor_levels", h.predictor)):
        if fields.get(key):
            fields[key] = [names.level_exactly(names.exactly(column), x) for x in fields[key]]
    return Reading(text, fields)


def _term(term: Fields, names: Names) -> Fields:
    """A condition with its level as the column spells it and its number as a number."""
    column, value = names.exactly(term["column"]), term["value"]
    if column.type in LABELS:
        return {**term, "value": names.level_exactly(column, str(value))}
    number = number_of(str(value))
    return {**term, "value": number} if column.type == "number" and number is not None else term
