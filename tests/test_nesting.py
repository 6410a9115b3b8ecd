"""Units that no name gives away: told where a property of theirs is compared and their rows are alike, else not."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.explore.nesting import nested_in


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


@pytest.mark.parametrize("predictor", ["location", "size"])
def test_a_property_of_stores_whose_baskets_are_alike_is_told_with_the_store(predictor: str) -> None:
    rows = stores(1, 0.8)
    found = nested_in(rows, rows.number("basket"), "basket", predictor)
    assert found is not None
    assert (found.unit, found.fixed, found.outcome, found.units) == ("store", predictor, "basket", 40)


def test_what_varies_within_stores_is_not_told() -> None:
    rows = stores(2, 0.8)
    assert nested_in(rows, rows.number("basket"), "basket", "weekend") is None


def test_stores_whose_rows_are_not_alike_are_hardly_ever_told() -> None:
    told = 0
    for seed in range(100):
        rows = stores(seed, 0.0)
        told += nested_in(rows, rows.number("basket"), "basket", "location") is not None
    assert told <= 2


def test_rows_that_have_a_unit_already_are_left_alone() -> None:
    rows = stores(3, 0.8)
    clustered = Rows(rows.columns, {c: rows._arrays[c] for c in rows.columns}, cluster=rows.codes("store"))
    assert nested_in(clustered, rows.number("basket"), "basket", "location") is None


def test_a_finding_on_stores_says_which_stores_it_speaks_of(tmp_path) -> None:
    import heldout

    rng = np.random.default_rng(6)
    rows = stores(5, 0.8, units=60, each=50)
    bonus = 1.5 * (rows.codes("location") == 0)
    frame = {
        "store": np.array(rows.column("store").levels)[rows.codes("store")],
        "location": np.array(rows.column("location").levels)[rows.codes("location")],
        "noise": rng.normal(size=rows.n),
        "basket": rows.number("basket") + bonus,
    }
    report = heldout.explain(frame, ledger=tmp_path / "ledger.jsonl")
    told = [
        f for f in report.verified if {f.hypothesis["outcome"], f.hypothesis["predictor"]} == {"basket", "location"}
    ]
    assert told
    assert all("`--entity store`" in " ".join(f.warnings) for f in told if f.family == "group_difference")
    assert "--entity store" in " ".join(report.to_terminal().split())


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
    found = nested_in(rows, rows.number("delay"), "delay", "strike")
    assert found is not None
    assert found.unit == "date"
