"""The story of a delivery: the true change first, where it is, since when, and nothing where nothing is."""

from pathlib import Path

import numpy as np
import pytest

from heldout.tools.data.dataset import open_dataset
from heldout.tools.review.checked import Change
from heldout.tools.review.shifts import find_shifts
from heldout.tools.review.sketch import Sketch
from heldout.tools.review.sketching import sketch_of
from heldout.tools.review.story import tell

DRIFT = Path(__file__).parents[2] / "shared" / "data" / "drift"
N = 2_000


def sketched(source: object, like: Sketch | None = None, name: str = "one") -> Sketch:
    with open_dataset(source) as data:
        columns = {c.name: c for c in data.columns}
        return sketch_of(data.cursor(), "data", columns, like=like, name=name, digest="0" * 64)


def sales(seed: int, *, gold: float = 0.2, north: float = 0.0, rise: float = 0.0, lost: float = 0.0) -> dict[str, list]:
    """Prices by kind and region; `north` moves one region's price, `rise` the parts of a total."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["gold", "silver", "tin"], N, p=[gold, 0.4, 0.6 - gold])
    region = rng.choice(["north", "south", "east", "west"], N)
    price = rng.normal(20, 4, N) + 6 * (kind == "gold") + north * (region == "north")
    web, shop = rng.poisson(20 + rise, N), rng.poisson(10, N)
    weight = np.where(rng.random(N) < lost, None, np.round(rng.normal(5, 1, N), 3))
    return {
        "price": np.round(price, 2).tolist(), "kind": kind.tolist(), "region": region.tolist(),
        "orders": (web + shop).tolist(), "web": web.tolist(), "shop": shop.tolist(), "weight": weight.tolist(),
    }  # fmt: skip


@pytest.fixture(scope="module")
def base() -> Sketch:
    return sketched(sales(0), name="learned")


def story(base: Sketch, source: object, past: list | None = None, **options: object) -> tuple[Change, ...]:
    new = sketched(source, base, "new")
    held = {"tolerances": options["tolerances"]} if "tolerances" in options else {}
    found = find_shifts(base, new, past=[s for _, s in past or []], **held)  # type: ignore[arg-type]
    return tell(base, new, found, past=past or [], **options)  # type: ignore[arg-type]


def test_nothing_is_told_where_nothing_changed(base: Sketch) -> None:
    for seed in (1, 2):
        assert story(base, sales(seed)) == ()


def test_a_change_in_one_level_is_told_there_with_its_part_of_the_whole(base: Sketch) -> None:
    first, *rest = story(base, sales(1, north=8.0))
    assert not rest
    assert first.columns == ("price",)
    assert first.segment == {"region": "north"}
    assert first.share == pytest.approx(1.0, abs=0.2)
    assert first.picture is not None
    assert [r["label"] for r in first.picture.records[:2]] == ["north, learned", "north, now"]
    assert len(first.picture.records) == 8
    assert first.picture.y_title == "price"
    assert '`region` is "north"' in first.text


def test_a_change_everywhere_names_no_level(base: Sketch) -> None:
    source = sales(1)
    source["price"] = [v + 3 for v in source["price"]]
    (only,) = story(base, source)
    assert only.segment == {}
    assert only.text.startswith("`price` is up by 12 %: mean 21.4 learned, 24.1 now.")


def test_a_level_that_changes_alone_is_told_where_the_column_holds(base: Sketch) -> None:
    rng = np.random.default_rng(7)
    source, wide = sales(1), sales(0)
    for s in (source, wide):
        s["shelf"] = rng.choice(list("abcdefghij"), N).tolist()
    source["price"] = [p + 5 * (x == "c") for p, x in zip(source["price"], source["shelf"], strict=True)]
    (only,) = story(sketched(wide), source)
    assert (only.columns, only.segment) == (("price",), {"shelf": "c"})
    assert only.text.endswith("On the whole it was 21.42 and is 21.56.")


def test_what_is_tolerated_but_beyond_chance_is_one_line_at_the_end_and_of_no_size(base: Sketch) -> None:
    (only,) = story(base, sales(1, gold=0.29), tolerances={"kind": 0.15})
    assert only.size == 0
    assert only.columns[0] == "kind"
    assert only.text.startswith("Beyond chance, but within what is tolerated, moved `kind` (")
    first, last = story(base, sales(1, gold=0.29, lost=0.3), tolerances={"kind": 0.15})
    assert (first.columns, last.columns[0], last.size) == (("weight",), "kind", 0.0)


def test_a_total_is_told_once_with_what_its_parts_make_of_it(base: Sketch) -> None:
    (only,) = story(base, sales(1, rise=8.0), claims={"web": ["dist-web"], "orders": ["dist-orders"]})
    assert only.columns == ("orders", "web", "shop")
    assert only.text.endswith("`web` makes all of the change.")
    assert only.claims == ("dist-orders", "dist-web")


def test_a_number_that_moves_with_the_shares_of_a_label_is_told_with_the_label(base: Sketch) -> None:
    (only,) = story(base, sales(1, gold=0.55))
    assert only.columns == ("kind", "price")
    assert only.text.startswith('`kind` is "gold" in 55 % of the rows, 21 % learned')
    assert "With it moved `price`" in only.text
    assert "all of its change lies in these shares" in only.text


def test_columns_that_are_one_thing_twice_are_one_line(base: Sketch) -> None:
    def twice(source: dict[str, list]) -> dict[str, list]:
        return source | {"euro": [round(v * 1.1 + 0.3, 2) for v in source["price"]]}

    (only,) = story(sketched(twice(sales(0))), twice(sales(1, north=8.0)))
    assert set(only.columns) == {"price", "euro"}


def test_missing_cells_are_told_as_missing(base: Sketch) -> None:
    (only,) = story(base, sales(1, lost=0.3))
    assert only.columns == ("weight",)
    assert only.text.startswith("`weight` is missing more often: in 0 % of the rows learned, 3")


def test_a_course_over_deliveries_is_drawn_where_no_level_stands_out(base: Sketch) -> None:
    past = [(f"week {at % 2}", sketched(sales(10 + at), base)) for at in range(3)]
    source = sales(1)
    source["price"] = [v + 3 for v in source["price"]]
    (only,) = story(base, source, past)
    assert only.picture is not None
    assert [r["label"] for r in only.picture.records] == ["learned", "week 0", "week 1", "week 0 (2)", "new (now)"]


def test_the_period_is_told_last_and_only_where_it_is_another() -> None:
    def dated(seed: int, first: str) -> dict[str, list]:
        days = np.datetime64(first) + np.arange(N) % 300
        return sales(seed) | {"day": [str(d) for d in days], "year": [int(str(d)[:4]) for d in days]}

    base = sketched(dated(0, "2023-01-01"))
    assert story(base, dated(1, "2023-01-03")) == ()
    (only,) = story(base, dated(1, "2024-01-01"))
    assert only.text == (
        "These rows cover 2024-01-01 to 2024-10-26 by `day`, the learned ones 2023-01-01 to 2023-10-27."
    )
    assert only.size == 0


@pytest.mark.skipif(not DRIFT.exists(), reason="shared data are not here")
def test_bikes_are_told_as_counts_up_by_65_percent_and_flights_as_delays() -> None:
    base = sketched(str(DRIFT / "bike_2011.csv"))
    first, *rest = story(base, str(DRIFT / "bike_2012.csv"))
    assert first.columns == ("count", "registered", "casual")
    assert first.text.startswith("`count` is up by 65 %: mean 144 learned, 239 now.")
    assert not any(c.size for c in rest)
    assert not any("windspeed" in c.text for c in rest)
    base = sketched(str(DRIFT / "flights_autumn.csv"))
    first, *rest = story(base, str(DRIFT / "flights_summer.csv"))
    assert first.columns == ("dep_delay", "arr_delay")
    assert first.text.startswith("`dep_delay` is up: mean 6.3 learned, 20.6 now.")
    assert not any(c.size for c in rest)
    assert not any("distance" in c.text for c in rest)


def test_the_story_is_the_same_on_two_runs_and_for_any_order_of_rows(base: Sketch) -> None:
    source = sales(1, north=8.0, gold=0.5, lost=0.2)
    order = np.random.default_rng(3).permutation(N)
    mixed = {name: [cells[at] for at in order] for name, cells in source.items()}
    assert story(base, source) == story(base, mixed)
