"""The same claim told of changed data: names, levels, units and signs replaced in both.

A function gives the changed claim, rows or both, or None where the change means nothing to the claim. What a change
must leave alone is the contract's to say.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.hypothesis import Hypothesis, parse

Changed = tuple[Hypothesis, Rows]
OPPOSITE = {
    "higher": "lower", "lower": "higher", "increasing": "decreasing", "decreasing": "increasing",
    "rising": "falling", "falling": "rising",
}  # fmt: skip
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
LEVEL_FIELDS = {"a", "b", "order", "event", "outcome_levels", "predictor_levels", "allowed", "mapping", "value"}
NAME_FIELDS = {"outcome", "predictor", "moderator", "exposure", "column", "controls", "features"}
OUTCOME_FIELDS = ("above", "low", "high")


def turned(h: Hypothesis) -> Hypothesis | None:
    """The claim of the opposite direction, or None where the grammar has none."""
    if h.direction not in OPPOSITE:
        return None
    try:
        return parse(h.as_json() | {"direction": OPPOSITE[h.direction]})
    except HypothesisError:
        return None


def swapped(h: Hypothesis) -> Hypothesis | None:
    """The same claim with the two sides of the contrast exchanged, or None where there are no two sides."""
    levels = getattr(h, "levels", None)
    if levels is None or not levels.b:
        return None
    data = h.as_json() | {"levels": {"a": list(levels.b), "b": list(levels.a)}}
    return parse(data | {"direction": OPPOSITE.get(h.direction, h.direction)})


def renamed(h: Hypothesis, rows: Rows, new: Mapping[str, str]) -> Changed:
    """Other names of columns."""
    columns = {new.get(n, n): c.model_copy(update={"name": new.get(n, n)}) for n, c in rows.columns.items()}
    arrays = {new.get(n, n): rows._arrays[n] for n in rows.columns}
    return parse(_replaced(h.as_json(), NAME_FIELDS, new)), Rows(columns, arrays, cluster=rows.cluster)


def relabelled(h: Hypothesis, rows: Rows, new: Mapping[str, str]) -> Changed:
    """Other names of levels, their order and counts kept."""
    columns = {
        n: c.model_copy(update={"levels": tuple(new.get(v, v) for v in c.levels)}) if c.type == "category" else c
        for n, c in rows.columns.items()
    }
    arrays = {n: rows._arrays[n] for n in columns}
    return parse(_replaced(h.as_json(), LEVEL_FIELDS, new)), Rows(columns, arrays, cluster=rows.cluster)


def rescaled(h: Hypothesis, rows: Rows, factor: float, offset: float) -> Changed | None:
    """The outcome in another unit, or None where it is no measurement: a label, a date or a count."""
    if rows.column(h.outcome).type != "number" or h.family == "rate_ratio":
        return None
    data: dict[str, Any] = h.as_json()
    for name in OUTCOME_FIELDS:
        if data.get(name) is not None:
            data[name] = data[name] * factor + offset
    return parse(data), _with(rows, h.outcome, rows.number(h.outcome) * factor + offset)


def mirrored(h: Hypothesis, rows: Rows) -> Changed | None:
    """The predictor with its sign turned (a date: time run backwards), or None where the claim has no mirror."""
    kind = rows.column(h.predictor).type
    make = MIRRORS.get(h.family)
    if make is None or kind not in ("number", "datetime") or getattr(h, "levels", None) is not None:
        return None
    data = make(h.as_json())
    if data is None:
        return None
    x = rows.number(h.predictor)
    return parse(data), _with(rows, h.predictor, np.nanmax(x) + np.nanmin(x) - x if kind == "datetime" else -x)


def needed(h: Hypothesis) -> set[str]:
    """Columns without which a row says nothing; one missing condition of a rule may be settled by another."""
    return {h.outcome} if hasattr(h, "rule") else {h.outcome, h.predictor}


def with_gaps(rows: Rows, names: set[str], share: float, rng: np.random.Generator) -> Rows:
    """The rows with this share of some columns missing."""
    arrays = {}
    for name in sorted(names):
        gone = rng.random(rows.n) < share
        old = rows._arrays[name]
        arrays[name] = np.where(gone, -1 if old.dtype.kind == "i" else np.nan, old).astype(old.dtype)
    return rows.replaced(arrays)


def _turned_round(data: dict[str, Any]) -> dict[str, Any]:
    cuts = data.get("cuts")
    changed = {"direction": OPPOSITE.get(data["direction"], data["direction"])}
    return data | changed | ({} if cuts is None else {"cuts": [-cuts[1], -cuts[0]]})


def _shape(data: dict[str, Any]) -> dict[str, Any] | None:
    knots = [-knot for knot in reversed(data["knots"])]
    if data["shape"] in ("u", "inverted_u"):
        return data | {"knots": knots}
    if data["shape"] == "threshold" and len(knots) == 2:
        return data | {"knots": knots, "rises": not data["rises"]}
    return None  # a mirrored plateau stands at the other end, which the grammar does not have


def _rule(data: dict[str, Any]) -> dict[str, Any]:
    terms = [
        term | {"op": FLIPPED[term["op"]], "value": -term["value"]} if term["column"] == data["predictor"] else term
        for term in data["rule"]
    ]
    return data | {"rule": terms}


MIRRORS: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "monotone_association": _turned_round,
    "adjusted_association": _turned_round,
    "interaction": _turned_round,
    "trend": _turned_round,
    "shape": _shape,
    "subgroup": _rule,
    "segment": _rule,
}


def _with(rows: Rows, name: str, values: NDArray) -> Rows:
    return rows.replaced({name: values})


def _replaced(value: Any, fields: set[str], new: Mapping[str, str], field: str = "") -> Any:
    """The JSON with strings replaced, where they stand in one of the fields."""
    if isinstance(value, dict):
        return {k: _replaced(v, fields, new, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_replaced(v, fields, new, field) for v in value]
    return new.get(value, value) if isinstance(value, str) and field in fields else value
