"""Columns in order and chains that fix each other: found where they hold, not by chance or by size alone."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.explore.structure import find_structure, structural_pairs
from heldout.tools.explore.structure_orders import named_ends


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def orders(data: dict) -> list[tuple[str, ...]]:
    return [s.columns for s in find_structure(Rows.of(data)) if s.kind == "order"]


def test_a_start_is_never_after_its_end() -> None:
    rng = draw()
    start = np.datetime64("2022-01-01") + rng.integers(0, 700, 800)
    end = start + rng.integers(0, 30, 800)
    (found,) = [s for s in find_structure(Rows.of({"made": start, "sent": end})) if s.kind == "order"]
    assert found.text == "`made` is never after `sent` in all 800 rows."
    end[:3] = start[:3] - 1
    (found,) = [s for s in find_structure(Rows.of({"made": start, "sent": end})) if s.kind == "order"]
    assert (found.text, found.exceptions) == ("`made` is not after `sent` in 797 of 800 rows.", 3)
    end[:12] = start[:12] - 1
    assert orders({"made": start, "sent": end}) == []


def test_columns_of_which_each_is_at_least_the_last_are_told_as_one() -> None:
    rng = draw(1)
    low = rng.normal(50, 20, 600).round()
    first, last = rng.integers(0, 12, (2, 600))
    data = {"high": low + first + last, "low": low, "middle": low + first}
    (found,) = [s for s in find_structure(Rows.of(data)) if s.kind == "order"]
    assert found.text == "`low`, `middle` and `high` stand in ascending order in all 600 rows."


def test_names_of_two_ends_are_read_and_prices_may_close_lower_than_they_open() -> None:
    assert named_ends("temp_min", "temp_max", "number")
    assert named_ends("StartDate", "EndDate", "datetime")
    assert named_ends("opened_at", "closed_at", "datetime")
    assert not named_ends("open", "close", "number")
    assert not named_ends("temp_min", "wind_max", "number")


@pytest.mark.parametrize(
    "pair",
    [
        lambda rng: (rng.normal(5, 1, 1000), rng.normal(50, 5, 1000)),
        lambda rng: (rng.exponential(3, 1000), 200 + rng.exponential(9, 1000)),
        lambda rng: (lambda size: (size * rng.uniform(0.03, 0.08, 1000), size))(np.exp(rng.normal(8, 1.5, 1000))),
        lambda rng: (lambda width: (width, 2 + 2 * width + rng.normal(0, 0.2, 1000)))(rng.uniform(0.1, 2.5, 1000)),
        lambda rng: (rng.uniform(0, 1, 1000), rng.uniform(1.0, 5, 1000)),
    ],
    ids=["sizes apart", "an offset", "a twentieth", "one line above the other", "ranges that hardly touch"],
)
def test_columns_that_are_in_order_by_their_size_alone_are_not_told(pair: object) -> None:
    a, b = pair(draw(2))  # type: ignore[operator]
    assert orders({"a": a, "b": b}) == []


def test_shuffled_columns_have_no_order_and_no_hierarchy() -> None:
    rng = draw(3)
    city = rng.integers(0, 60, 900)
    start = np.datetime64("2022-01-01") + rng.integers(0, 500, 900)
    low = rng.poisson(20, 900).astype(float)
    data = {
        "city": np.array([f"c{k}" for k in city]), "state": np.array([f"s{k % 12}" for k in city]),
        "country": np.array([f"k{k % 3}" for k in city]), "start": start, "end": start + rng.integers(0, 9, 900),
        "low": low, "high": low + rng.poisson(5, 900),
    }  # fmt: skip
    assert {s.kind for s in find_structure(Rows.of(data))} >= {"order", "hierarchy"}
    for seed in range(20):
        mixed = {name: draw(100 * seed + k).permutation(values) for k, (name, values) in enumerate(data.items())}
        assert [s for s in find_structure(Rows.of(mixed)) if s.kind in ("order", "hierarchy", "function")] == []


def test_a_chain_of_columns_that_fix_each_other_is_one_hierarchy_and_ties_them_all() -> None:
    city = draw(4).integers(0, 60, 2000)
    data = {
        "country": np.array([f"k{k % 3}" for k in city]), "city": np.array([f"c{k}" for k in city]),
        "state": np.array([f"s{k % 12}" for k in city]), "x": draw(5).normal(size=2000),
    }  # fmt: skip
    found = find_structure(Rows.of(data))
    assert [(s.kind, s.columns) for s in found] == [("hierarchy", ("city", "state", "country"))]
    assert found[0].text == (
        "`city`, `state` and `country` form a hierarchy (60, 12 and 3 values): each value of one has one value of the "
        "next in all 2,000 rows."
    )
    assert structural_pairs(found) == {
        frozenset(pair) for pair in (("city", "state"), ("state", "country"), ("city", "country"))
    }
    data["state"][:5] = [f"s{(k + 1) % 12}" for k in city[:5]]
    (broken,) = find_structure(Rows.of(data))
    assert (broken.exceptions, broken.text[-28:]) == (5, "next in 1,995 of 2,000 rows.")


def test_what_fixes_two_columns_that_do_not_fix_each_other_is_no_hierarchy() -> None:
    product = draw(6).integers(0, 60, 2000)
    data = {
        "product": np.array([f"p{k}" for k in product]), "brand": np.array([f"b{k % 5}" for k in product]),
        "shelf": np.array([f"s{k // 15}" for k in product]),
    }  # fmt: skip
    assert [(s.kind, s.columns) for s in find_structure(Rows.of(data))] == [
        ("function", ("product", "brand")), ("function", ("product", "shelf")),
    ]  # fmt: skip
