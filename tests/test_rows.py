"""Rows: columns as arrays, labels as codes, clusters as codes."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError


@pytest.fixture
def rows() -> Rows:
    return Rows.of(
        {
            "height": [1.5, np.nan, 1.7, 1.5],
            "stars": [3, 1, 3, 2],
            "town": np.array(["Ulm", "Bonn", None, "Bonn"], dtype=object),
            "member": [True, False, True, True],
            "day": np.array(["1970-01-02", "NaT", "1970-01-01T12:00", "1969-12-31"], dtype="datetime64[us]"),
        },
        cluster=[0, 0, 1, 2],
    )


def test_each_kind_of_sequence_becomes_its_type(rows: Rows) -> None:
    types = {name: column.type for name, column in rows.columns.items()}
    assert types == {
        "height": "number", "stars": "number", "town": "category", "member": "boolean", "day": "datetime",
    }  # fmt: skip
    assert rows.n == 4
    assert repr(rows) == "<Rows n=4 columns=5>"


def test_missing_values_are_counted_and_not_distinct(rows: Rows) -> None:
    assert [rows.column(c).missing for c in ("height", "stars", "town", "day")] == [1, 0, 1, 1]
    assert [rows.column(c).distinct for c in ("height", "stars", "town", "day")] == [2, 3, 2, 3]


def test_numbers_dates_and_booleans_read_as_floats_with_nan_for_missing(rows: Rows) -> None:
    np.testing.assert_array_equal(rows.number("height"), [1.5, np.nan, 1.7, 1.5])
    np.testing.assert_array_equal(rows.number("day"), [1.0, np.nan, 0.5, -1.0])
    np.testing.assert_array_equal(rows.number("member"), [1.0, 0.0, 1.0, 1.0])


def test_labels_are_codes_by_falling_frequency_with_minus_one_for_missing(rows: Rows) -> None:
    assert rows.column("town").levels == ("Bonn", "Ulm")
    np.testing.assert_array_equal(rows.codes("town"), [1, 0, -1, 0])


def test_whole_numbers_with_few_values_can_be_read_as_labels(rows: Rows) -> None:
    assert rows.column("stars").levels == ("1", "2", "3")
    np.testing.assert_array_equal(rows.codes("stars"), [2, 0, 2, 1])
    np.testing.assert_array_equal(rows.level_mask("stars", ["3"]), [True, False, True, False])


def test_a_number_that_is_not_among_the_levels_has_no_code() -> None:
    rows = Rows.of({"x": [1.0, 2.0, np.nan]})
    other = Rows(rows.columns, {"x": np.array([1.5, 9.0, -4.0])})
    np.testing.assert_array_equal(rows.codes("x"), [0, 1, -1])
    np.testing.assert_array_equal(other.codes("x"), [-1, -1, -1])


def test_dense_ranks_rebuild_the_column(rows: Rows) -> None:
    codes, values = rows.ordinal("height")
    np.testing.assert_array_equal(codes, [0, -1, 1, 0])
    np.testing.assert_array_equal(values, [1.5, 1.7])
    assert rows.ordinal("height")[0] is codes


def test_a_mask_over_levels_leaves_missing_rows_out(rows: Rows) -> None:
    np.testing.assert_array_equal(rows.level_mask("town", ["Bonn"]), [False, True, False, True])
    np.testing.assert_array_equal(rows.level_mask("town", []), [False] * 4)


@pytest.mark.parametrize("by", [np.array([True, False, True, False]), np.array([0, 2])])
def test_a_selection_keeps_columns_levels_and_clusters(rows: Rows, by: np.ndarray) -> None:
    rows.serial = True
    part = rows.select(by)
    assert part.n == 2
    assert part.columns == rows.columns
    assert part.serial
    np.testing.assert_array_equal(part.number("stars"), [3, 3])
    assert part.cluster is not None
    np.testing.assert_array_equal(part.cluster, [0, 1])


def test_parts_join_in_their_order_with_clusters_and_seriality(rows: Rows) -> None:
    rows.serial = True
    joined = Rows.joined([rows.select(np.array([2, 3])), rows.select(np.array([0, 1]))])
    np.testing.assert_array_equal(joined.number("stars"), [3, 2, 3, 1])
    assert joined.cluster is not None
    np.testing.assert_array_equal(joined.cluster, [1, 2, 0, 0])
    assert joined.serial
    assert Rows.joined([rows]) is rows


def test_rows_without_clusters_join_without_clusters() -> None:
    rows = Rows.of({"x": [1.0, 2.0]})
    assert Rows.joined([rows, rows]).cluster is None


def test_an_unknown_column_names_the_known_ones(rows: Rows) -> None:
    with pytest.raises(HypothesisError) as err:
        rows.column("wieght")
    assert str(err.value) == (
        "Column 'wieght' is not among the analysed columns. Name one of these: "
        "'height', 'stars', 'town', 'member', 'day'."
    )


def test_a_label_is_not_a_number_and_a_continuous_number_has_no_levels(rows: Rows) -> None:
    with pytest.raises(HypothesisError) as err:
        rows.number("town")
    assert str(err.value) == "Column 'town' is a category, not a number. Name a column of numbers."
    with pytest.raises(HypothesisError) as err:
        rows.codes("height")
    assert str(err.value) == "Column 'height' is a number without levels. Name a column of labels."


def test_an_unknown_level_names_the_known_ones(rows: Rows) -> None:
    with pytest.raises(HypothesisError) as err:
        rows.level_mask("town", ["Berlin"])
    assert str(err.value) == "'Berlin' is not a level of 'town': Bonn, Ulm."
