"""What a family cannot measure it refuses by name: types, rows, values, events, one row per cluster."""

from typing import Any

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import parse

N = 240
AT = np.arange(N)
G = np.where(AT % 2 == 0, "u", "v")
M = np.where(AT % 4 < 2, "p", "q")
NUMBER = np.round(np.sin(AT * 1.7) * 10, 3)
OTHER = np.round(np.cos(AT * 0.9) * 10, 3)
DAYS = np.datetime64("2024-01-01") + AT
WORD = np.where(AT % 3 == 0, "red", "blue")
SIDES = {"a": ["u"], "b": ["v"]}
CLUSTER = AT // 6
"""Forty clusters of six rows."""
PER_CLUSTER = np.where(CLUSTER % 2 == 0, "u", "v")
FEW_CLUSTERS = AT // 30
FEW = np.where(FEW_CLUSTERS % 2 == 0, "u", "v")

INTERACTION = {
    "family": "interaction", "outcome": "y", "predictor": "x", "moderator": "m", "direction": "higher",
    "moderator_levels": {"a": ["p"], "b": ["q"]},
}  # fmt: skip
BY_GROUP = {**INTERACTION, "predictor": "g", "levels": SIDES}
SHAPE = {"family": "shape", "outcome": "y", "predictor": "x", "shape": "u", "knots": [0.0]}
CHANGE = {"family": "change_point", "outcome": "y", "predictor": "t", "at": "2024-05-01", "direction": "higher"}
MONOTONE = {"family": "monotone_association", "outcome": "y", "predictor": "x", "direction": "increasing"}
LABELS = {
    "family": "categorical_association", "outcome": "y", "predictor": "g", "outcome_levels": ["red", "blue"],
    "predictor_levels": ["u", "v"],
}  # fmt: skip
RATIO = {"family": "rate_ratio", "outcome": "y", "predictor": "g", "levels": SIDES, "direction": "higher"}


def told(claim: dict[str, Any], columns: dict[str, Any], cluster: Any = None) -> str | None:
    """Why the claim's family does not test it on these rows; None where it does."""
    h = parse(claim)
    return FAMILIES[h.family].evaluate(h, Rows.of(columns, cluster=cluster), split="held_out", draws=0).untestable


def rare(hits: int, where: np.ndarray) -> np.ndarray:
    """`yes` in so many rows of those, `no` elsewhere."""
    out = np.full(N, "no", dtype=object)
    out[np.flatnonzero(where)[:hits]] = "yes"
    return out


WHOLE = {"y": NUMBER, "x": OTHER, "m": M, "g": G, "t": DAYS}


@pytest.mark.parametrize(
    ("claim", "columns"),
    [(INTERACTION, WHOLE), (BY_GROUP, WHOLE), (SHAPE, WHOLE), (CHANGE, WHOLE), (RATIO, WHOLE | {"y": AT % 5 * 1.0})],
    ids=["interaction", "four groups", "shape", "change", "ratio"],
)
def test_the_claim_is_tested_on_whole_rows(claim: dict, columns: dict) -> None:
    assert told(claim, columns) is None


@pytest.mark.parametrize(
    ("claim", "change", "why"),
    [
        (INTERACTION, {"y": WORD}, "`y` is no number."),
        (INTERACTION, {"x": WORD}, "`x` is neither a number nor a date."),
        ({**INTERACTION, "moderator_levels": None, "moderator_cut": 1.0}, {"m": M}, "`m` is no number."),
        (
            {
                **INTERACTION, "moderator_levels": {"a": ["1"], "b": ["2"]}, "moderator_cycle": "month_of_year",
            },
            {"m": M},
            "`m` is no date.",
        ),
        (INTERACTION, {"x": np.where(M == "p", 1.0, OTHER)}, "distinct values on one side of `m`."),
        (
            {**INTERACTION, "event": "yes"},
            {"y": rare(60, M == "q")},
            "On one side of `m` fewer than 10 rows are, or are not, 'yes' in `y`.",
        ),
        (
            {**BY_GROUP, "event": "yes"},
            {"y": rare(12, AT >= 0)},
            "rows with or without 'yes' are expected in one of the four groups.",
        ),
        (INTERACTION, {"y": np.ones(N)}, "`y` has one value only here."),
        (MONOTONE, {"x": WORD}, "`x` is no number."),
        (MONOTONE, {"y": WORD}, "`y` is no number."),
        ({**MONOTONE, "above": 0.0}, {"y": WORD}, "`y`"),
        (SHAPE, {"x": WORD}, "`x` is no number."),
        (SHAPE, {"y": WORD}, "`y` is no number."),
        ({**SHAPE, "event": "yes"}, {"y": rare(60, OTHER > 0)}, "On one stretch of `x` fewer than"),
        ({**CHANGE, "event": "yes"}, {"y": rare(9, AT >= 0)}, "Fewer than 10 rows are, or are not, 'yes' in `y`."),
        (CHANGE, {"y": np.ones(N)}, "`y` has one value only here."),
    ],
)  # fmt: skip
def test_what_a_family_cannot_measure_it_refuses_by_name(claim: dict, change: dict, why: str) -> None:
    reason = told(claim, WHOLE | change)
    assert reason is not None
    assert why in reason


@pytest.mark.parametrize(
    ("claim", "columns"),
    [
        (RATIO, {"y": AT % 5 * 1.0, "g": FEW}),
        ({**RATIO, "family": "mean_difference"}, {"y": NUMBER, "g": FEW}),
        ({**RATIO, "family": "group_difference"}, {"y": NUMBER, "g": FEW}),
        ({**RATIO, "family": "quantile_difference", "quantile": 0.5}, {"y": NUMBER, "g": FEW}),
        ({**RATIO, "family": "rate_difference", "event": "yes"}, {"y": rare(90, AT % 2 == 0), "g": FEW}),
        (SHAPE, {"y": NUMBER, "x": FEW_CLUSTERS * 1.0 - 4.0}),
        (MONOTONE, {"y": NUMBER, "x": FEW_CLUSTERS * 1.0}),
        (LABELS, {"y": np.where(FEW_CLUSTERS % 4 < 2, "red", "blue"), "g": FEW}),
        (BY_GROUP, {"y": NUMBER, "g": FEW, "m": np.where(FEW_CLUSTERS < 4, "p", "q")}),
    ],
    ids=["ratio", "mean", "group", "quantile", "rate", "shape", "monotone", "labels", "interaction"],
)
def test_eight_clusters_of_thirty_rows_are_no_two_hundred_and_forty_rows(claim: dict, columns: dict) -> None:
    assert told(claim, columns) is None
    reason = told(claim, columns, cluster=FEW_CLUSTERS)
    assert reason is not None
    assert reason.startswith("With one row per cluster: ")


def test_a_share_that_is_the_same_in_every_cluster_is_not_compared() -> None:
    claim = {**RATIO, "family": "rate_difference", "event": "yes"}
    even = np.where(AT % 2 == 0, "yes", "no")
    reason = told(claim, {"y": even, "g": PER_CLUSTER}, cluster=CLUSTER)
    assert reason == "With one row per cluster: The share of `y` is the same in every cluster of a side."


def test_a_change_along_days_on_which_all_rows_agree_counts_each_day_once() -> None:
    h = parse(CHANGE)
    columns = {"y": NUMBER, "t": np.datetime64("2024-01-01") + CLUSTER * 6}
    plain = FAMILIES[h.family].evaluate(h, Rows.of(columns), split="held_out", draws=0)
    counted = FAMILIES[h.family].evaluate(h, Rows.of(columns, cluster=CLUSTER), split="held_out", draws=0)
    assert (plain.clusters, counted.clusters) == (None, 40)


def test_an_amount_that_is_no_number_is_not_told_to_occur() -> None:
    claim = {"family": "occurrence_difference", "outcome": "y", "predictor": "g", "levels": SIDES, "direction": "any"}
    reason = told(claim, {"y": WORD, "g": G})
    assert reason is not None
    assert "`y`" in reason


@pytest.mark.parametrize(("pair", "name"), [(("z", "u"), "'z' is not a level of 'x'"), (("a", "z"), "'z' is not a")])
def test_a_mapping_of_labels_that_are_not_there_names_them(pair: tuple[str, str], name: str) -> None:
    claim = {
        "family": "invariant", "outcome": "y", "predictor": "x", "rule": "determines", "mapping": [list(pair)],
        "tolerance": 0.1,
    }  # fmt: skip
    with pytest.raises(HypothesisError, match=name):
        told(claim, {"x": np.where(AT % 2 == 0, "a", "b"), "y": G})


def test_a_column_without_a_value_does_not_keep_the_rule_that_it_has_one() -> None:
    claim = {"family": "invariant", "outcome": "y", "predictor": "y", "rule": "not_missing", "tolerance": 0.1}
    assert told(claim, {"y": np.full(N, np.nan)}) == "Every value is missing."
