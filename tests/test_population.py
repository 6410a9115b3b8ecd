"""Which rows a hypothesis speaks of, and on which side each lies."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.hypothesis import Condition, Contrast, Trend
from heldout.tools.verify.population import (
    condition_mask,
    population,
    sides,
    tally,
    too_few,
    unequal_missing,
)


@pytest.fixture
def rows() -> Rows:
    return Rows.of(
        {
            "age": [10.0, 20.0, np.nan, 40.0],
            "sex": ["m", None, "f", "f"],
            "day": np.array(["2024-01-01", "2024-01-02", "NaT", "2024-02-01"], "datetime64[D]"),
            "alone": [True, False, True, False],
        }
    )


@pytest.mark.parametrize(
    ("column", "op", "value", "kept"),
    [
        ("age", ">=", 20, [1, 3]),
        ("age", "!=", 20, [0, 3]),
        ("age", "<", "20", [0]),
        ("sex", "==", "f", [2, 3]),
        ("sex", "!=", "f", [0]),
        ("alone", "==", "true", [0, 2]),
        ("day", "<=", "2024-01-02", [0, 1]),
        ("day", ">", 19_724.0, [3]),
    ],
)
def test_a_condition_keeps_the_rows_it_names_and_no_missing_ones(rows, column, op, value, kept):
    mask = condition_mask(Condition(column=column, op=op, value=value), rows)
    assert np.flatnonzero(mask).tolist() == kept


def test_conditions_are_joined_by_and(rows):
    where = (Condition(column="age", op=">", value=15), Condition(column="sex", op="==", value="f"))
    h = Trend(outcome="age", predictor="day", direction="any", where=where)
    assert population(h, rows).n == 1
    assert population(h.model_copy(update={"where": ()}), rows) is rows


@pytest.mark.parametrize(
    ("column", "op", "value", "text"),
    [
        ("sex", "<", "f", "Labels of 'sex' have no order: use == or != instead of <."),
        ("sex", "==", "x", "'x' is not a level of 'sex'"),
        ("age", "<", "old", "The value 'old' for 'age' must be a number."),
        ("day", "<", "soon", "The value 'soon' for 'day' must be a date such as 2024-05-31."),
        ("height", "<", 1, "Column 'height' is not among the analysed columns"),
    ],
)
def test_a_condition_that_does_not_fit_is_refused_with_the_way_out(rows, column, op, value, text):
    with pytest.raises(HypothesisError) as caught:
        condition_mask(Condition(column=column, op=op, value=value), rows)
    assert str(caught.value).startswith(text)


def test_sides_tell_both_groups_the_others_and_the_missing_apart():
    rows = Rows.of({"g": ["a", "b", "c", None, "a"]})
    assert sides(rows, "g", Contrast(a=("a",), b=("b",))).tolist() == [0, 1, -1, -2, 0]
    assert sides(rows, "g", Contrast(a=("a",))).tolist() == [0, 1, 1, -2, 0]
    with pytest.raises(HypothesisError, match="'z' is not a level of 'g'"):
        sides(rows, "g", Contrast(a=("z",)))


def test_a_tally_counts_complete_rows_and_what_is_missing_on_each_side():
    side = np.array([0, 0, 1, 1, -1, -2, -2], np.int8)
    codes = np.array([0, -1, 2, 2, -1, 1, -1])
    counted = tally(side, codes, 3)
    assert counted.counts.tolist() == [[1, 0, 0], [0, 0, 2]]
    assert counted.missing == 3
    assert counted.missing_shares == (0.5, 0.0)


def test_floors_and_unequal_gaps_are_worded_with_their_figures():
    assert too_few((20, 400), 420) is None
    assert too_few((10, 30), 40) is None
    assert too_few((19, 400), 419) == "A side has only 19 usable rows; at least 20 are needed."
    assert unequal_missing((0.10, 0.06), "y") is None
    assert unequal_missing((0.30, 0.02), "y").startswith("`y` is missing for 30 % of one side and 2 % of the other")
