"""Units that no name gives away: found where they fix a column while their rows are alike in another, else not."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.explore.nesting import Nests


def stores(seed: int, alike: float, *, units: int = 40, each: int = 25) -> Rows:
    """Rows of stores with a location and a size; `alike`: the spread of the stores beside 1 of the rows."""
    rng = np.random.default_rng(seed)
    store = np.repeat(np.arange(units), each)
    location, size = rng.integers(0, 2, units), rng.gamma(3, 100, units)
    basket = rng.normal(0, alike, units)[store] + rng.normal(size=len(store))
    return Rows.of(
        {
            "store": np.array([f"s{k}" for k in range(units)])[store],
            "location": np.array(["rural", "urban"])[location][store],
            "size": size[store],
            "weekend": rng.choice(["yes", "no"], len(store)),
            "basket": basket,
        }
    )


def owner(rows: Rows, predictor: str, outcome: str = "basket") -> str | None:
    found = Nests(rows).owner_of([predictor], outcome, None, (predictor, outcome))
    return None if found is None else found.unit


@pytest.mark.parametrize("predictor", ["location", "size"])
def test_a_property_of_stores_whose_baskets_are_alike_belongs_to_the_store(predictor: str) -> None:
    rows = stores(1, 0.8)
    assert owner(rows, predictor) == "store"
    assert [(n.unit, n.units, n.fixed) for n in Nests(rows).nests] == [("store", 40, {"location", "size"})]


def test_what_varies_within_stores_belongs_to_none() -> None:
    assert owner(stores(2, 0.8), "weekend") is None


def test_two_properties_of_one_store_are_as_alike_as_can_be() -> None:
    assert owner(stores(2, 0.0), "location", "size") == "store"


def test_stores_whose_rows_are_not_alike_hardly_ever_own_anything() -> None:
    assert sum(owner(stores(seed, 0.0), "location") is not None for seed in range(100)) <= 2


def test_rows_that_have_a_unit_already_are_left_alone() -> None:
    rows = stores(3, 0.8)
    assert Nests(rows.clustered(rows.codes("store"))).nests == ()


def test_a_label_that_names_the_combinations_of_two_columns_is_no_unit() -> None:
    rng = np.random.default_rng(7)
    year, result = rng.integers(1980, 2020, 1500), rng.choice(["PASS", "FAIL"], 1500)
    rows = Rows.of(
        {
            "code": np.char.add(year.astype(str), result), "year": year.astype(float), "result": result,
            "gross": rng.normal(0, 1, 40)[year - 1980] + rng.normal(size=1500),
        }
    )  # fmt: skip
    assert Nests(rows).nests == ()


def test_stores_that_differ_in_two_properties_are_no_combinations_of_them() -> None:
    hidden = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        store, kind, age = np.repeat(np.arange(60), 20), rng.integers(0, 3, 60), rng.integers(1, 60, 60)
        rows = Rows.of(
            {
                "store": np.char.add("s", store.astype(str)), "kind": np.array(["a", "b", "c"])[kind][store],
                "age": age[store].astype(float),
            }
        )  # fmt: skip
        hidden += Nests(rows).nests == ()
    assert hidden == 0


def test_fewer_than_twenty_labels_are_fixed_groups() -> None:
    assert Nests(stores(3, 0.8, units=19)).nests == ()


def test_days_are_units_as_well() -> None:
    rng = np.random.default_rng(4)
    day = np.repeat(np.arange(60), 20)
    strike, own = rng.integers(0, 2, 60), rng.normal(size=60)
    rows = Rows.of(
        {
            "date": np.datetime64("2024-01-01") + day,
            "strike": np.array(["no", "yes"])[strike][day],
            "delay": own[day] + rng.normal(size=len(day)),
        }
    )
    assert owner(rows, "strike", "delay") == "date"
