"""Checks of labels and gaps: one label in several spellings, labels for "none", cells that are missing together."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.explore.check import Check
from heldout.tools.explore.quality import find_quality
from heldout.tools.explore.quality_labels import spellings


def checks(data: dict) -> list[Check]:
    return list(find_quality(Rows.of(data), ()))


def labels(**counts: int) -> np.ndarray:
    return np.array([level.replace("_", " ") for level, n in counts.items() for _ in range(n)], object)


def test_labels_that_differ_by_case_spaces_or_points_are_told_with_the_rows_of_the_rarer() -> None:
    city = np.array(["Boston"] * 60 + ["New York"] * 40 + ["new york"] * 7 + ["NY"] * 5 + ["ny "] * 3 + ["N.Y."] * 2)
    (found,) = checks({"city": city})
    assert (found.kind, found.rows, found.of) == ("spelling", 17, 117)
    assert "in 17 of the 117 explored rows: `New York`, `new york`, `NY` and 2 more." in found.text
    assert checks({"city": np.array(["Boston"] * 60 + ["New York"] * 40 + ["Chicago"] * 17)}) == []


@pytest.mark.parametrize(
    ("one", "other"), [("California", "Califronia"), ("California", "Califrnia"), ("Minnesota", "Minesota")]
)
def test_a_rare_label_one_letter_from_a_frequent_one_is_a_typing_error(one: str, other: str) -> None:
    assert spellings({one: 200, other: 2}) == [[one, other]]
    assert spellings({one: 200, other: 150}) == []


@pytest.mark.parametrize(
    "levels",
    [
        ("male", "female"), ("grade 11", "grade 12"), ("legal", "illegal"), ("A", "A+"), ("< 50", "> 50"),
        ("Q1", "Q2"), ("North", "South"), ("yes", "no"), ("Virginia", "West Virginia"), ("-", "+"), ("Europe", "EU"),
        ("Monday", "Sunday"), ("married", "unmarried"), ("1-2", "12"), ("1.5", "15"),
    ],
)  # fmt: skip
def test_labels_that_look_alike_and_differ_are_left_apart(levels: tuple[str, str]) -> None:
    assert spellings({levels[0]: 300, levels[1]: 4}) == []


def test_a_label_that_reads_like_missing_is_told() -> None:
    (found,) = checks({"x": np.array(["a"] * 30 + ["b"] * 20 + ["?"] * 5)})
    assert (found.kind, found.rows) == ("stand_in", 5)
    assert found.text == "`x` is `?` in 5 of the 55 explored rows, which reads like a missing value."


def test_much_that_is_missing_is_told_and_a_little_is_not() -> None:
    x = np.random.default_rng(0).normal(50, 10, 100)
    x[:21] = np.nan
    (found,) = checks({"x": x})
    assert (found.kind, found.rows, found.severity) == ("missing", 21, "notable")
    assert found.text == "`x` has no value in 21 of the 100 explored rows (21 %)."
    x[20] = 50.0
    assert checks({"x": x}) == []


def test_columns_that_are_missing_in_the_same_rows_are_told_together() -> None:
    rng = np.random.default_rng(1)
    gone, other = rng.random(1000) < 0.4, rng.random(1000) < 0.3
    data = {f"q{k}": np.where(gone, np.nan, rng.normal(size=1000)) for k in range(5)}
    data["z"] = np.where(other, np.nan, rng.normal(size=1000))
    together, alone = checks(data)
    assert together.columns == tuple(f"q{k}" for k in range(5))
    assert together.text.startswith(f"5 columns have no value in the same {gone.sum()} of the 1,000 explored rows (")
    assert (alone.columns, alone.rows) == (("z",), int(other.sum()))


def test_a_column_without_any_value_raises_nothing() -> None:
    (found,) = checks({"x": np.full(30, np.nan), "y": np.arange(30.0)})
    assert (found.kind, found.rows) == ("missing", 30)
