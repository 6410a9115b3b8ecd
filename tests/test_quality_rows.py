"""Checks across columns: planted breaks with their exact counts, and silence on the same tables without them."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.explore.check import Check
from heldout.tools.explore.quality import find_quality
from heldout.tools.explore.structure import find_structure


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def checks(data: dict) -> list[Check]:
    rows = Rows.of(data)
    return list(find_quality(rows, find_structure(rows)))


def test_totals_that_are_not_the_sum_of_their_parts_are_told_with_both_figures() -> None:
    a, b = draw().poisson(30, (2, 2000)).astype(float)
    clean = {"a": a, "b": b, "total": a + b}
    assert checks(clean) == []
    total = a + b
    total[5:12] += 5
    (found,) = checks(clean | {"total": total})
    assert (found.kind, found.columns, found.rows) == ("sum", ("a", "b", "total"), 7)
    assert found.examples[0] == f"{total[5]:.0f} against {total[5] - 5:.0f}"


def test_ends_that_lie_before_their_starts_are_told_with_both_dates() -> None:
    rng = draw(1)
    start = np.datetime64("2022-01-01") + rng.integers(0, 700, 1500)
    end = start + rng.integers(0, 20, 1500)
    assert checks({"start": start, "end": end}) == []
    late = end.copy()
    late[:17] = start[:17] - 3
    (found,) = checks({"start": start, "end": late})
    assert (found.kind, found.columns, found.rows) == ("order", ("start", "end"), 17)
    assert f"(such as {late[0]} against {start[0]})" in found.text


def test_a_lowest_above_its_highest_is_told() -> None:
    rng = draw(2)
    low = np.round(rng.normal(10, 6, 900), 1)
    high = low + np.round(rng.normal(9, 1, 900), 1)
    assert checks({"temp_min": low, "temp_max": high}) == []
    swapped, lower = high.copy(), low.copy()
    swapped[:6], lower[:6] = low[:6], high[:6]
    found = [c for c in checks({"temp_min": lower, "temp_max": swapped}) if c.kind == "order"]
    assert [(c.columns, c.rows) for c in found] == [(("temp_min", "temp_max"), 6)]


def test_a_label_that_does_not_fit_the_one_that_fixes_it_is_told_once_on_the_way_up() -> None:
    city = draw(3).integers(0, 60, 3000)
    data = {
        "city": np.array([f"c{k}" for k in city]), "state": np.array([f"s{k % 12}" for k in city]),
        "country": np.array([f"k{k % 3}" for k in city]),
    }  # fmt: skip
    assert checks(data) == []
    data["state"][:6] = [f"s{(k + 1) % 12}" for k in city[:6]]
    (found,) = checks(data)
    assert (found.kind, found.columns, found.rows) == ("function", ("city", "state"), 6)
    assert f"c{city[0]} with s{(city[0] + 1) % 12}, usually s{city[0] % 12}" in "".join(found.examples) + found.text


def test_rows_off_a_tight_relation_are_told_though_each_cell_is_usual() -> None:
    rng = draw(4)
    height = rng.normal(170, 10, 3000)
    reach = 0.98 * height + rng.normal(0, 1.5, 3000)
    data = {"height": height, "reach": reach}
    assert checks(data) == []
    at = np.argsort(height)
    reach = reach.copy()
    reach[at[100:104]] = 190.0
    (found,) = checks(data | {"reach": reach})
    assert (found.kind, found.columns, found.rows) == ("pair", ("height", "reach"), 4)


@pytest.mark.parametrize("noise", ["normal", "heavy", "widening", "bent"])
def test_relations_with_noise_of_any_kind_have_no_rows_that_break_them(noise: str) -> None:
    told = 0
    for seed in range(30):
        rng = draw(100 + seed)
        x = rng.gamma(3, 2, 1500)
        error = {
            "normal": rng.normal(0, 1, 1500), "heavy": rng.laplace(0, 1, 1500), "bent": rng.normal(0, 1, 1500),
            "widening": rng.normal(0, 0.2, 1500) * x,
        }[noise]  # fmt: skip
        y = (x**2 if noise == "bent" else 3 * x) + error
        told += sum(c.kind == "pair" for c in checks({"x": x, "y": y}))
    assert told <= 1


@pytest.mark.parametrize("step", [1, -1])
def test_cells_one_column_off_are_told_once_and_not_as_values_far_out(step: int) -> None:
    rng = draw(5)
    columns = [rng.normal(50, 5, 3000), rng.normal(1000, 60, 3000), rng.normal(3, 0.4, 3000), rng.normal(-200, 9, 3000)]
    names = ["temp", "pressure", "grade", "depth"]
    assert checks(dict(zip(names, columns, strict=True))) == []
    off = [np.where(np.arange(3000) < 25, columns[(k + step) % 4], columns[k]) for k in range(4)]
    (found,) = checks(dict(zip(names, off, strict=True)))
    assert (found.kind, found.rows, found.severity) == ("shifted", 25, "wrong")
    assert f"fit the column to the {'right' if step == 1 else 'left'}" in found.text


def test_two_long_tails_side_by_side_are_not_shifted() -> None:
    rng = draw(6)
    late = np.exp(rng.normal(2, 1.2, 5000))
    data = {
        "dep_delay": late, "arr_time": rng.uniform(0, 2400, 5000), "arr_delay": late * rng.uniform(0.8, 1.2, 5000),
        "flight": rng.uniform(0, 6000, 5000),
    }  # fmt: skip
    assert [c for c in checks(data) if c.kind == "shifted"] == []


def test_columns_far_out_in_the_same_rows_are_told_as_one() -> None:
    rng = draw(7)
    data = {name: rng.normal(50, 5, 800) for name in "abcd"}
    for values in data.values():
        values[:2] = 900 + np.arange(2)
    (found,) = checks(data)
    assert (found.kind, found.columns, found.rows) == ("outlier", ("a", "b", "c", "d"), 2)
    assert found.text.startswith("`a` 901, `b` 901, `c` 901 and 1 more column are far from all others in the same 2 ")


def test_independent_columns_have_nothing_to_check() -> None:
    told = []
    for seed in range(40):
        rng = draw(200 + seed)
        n = int(rng.integers(100, 2000))
        data = {f"n{k}": rng.normal(size=n) for k in range(4)} | {f"e{k}": rng.exponential(5, n) for k in range(3)}
        data |= {f"i{k}": rng.integers(0, 4 + 9 * k, n) for k in range(3)}
        data |= {f"c{k}": rng.choice(np.array(["red", "green", "blue", "black"])[: k + 2], n) for k in range(3)}
        data["when"] = np.datetime64("2024-01-01") + rng.integers(0, 700, n)
        told += checks(data)
    assert len(told) <= 1


def test_what_is_most_pressing_comes_first() -> None:
    rng = draw(8)
    age = rng.integers(18, 80, 1000).astype(float)
    age[:5] *= -1
    score = rng.normal(0, 1, 1000)
    score[:300] = np.nan
    weight = np.append(rng.normal(70, 9, 999), 999)
    found = checks({"score": score, "weight": weight, "age": age})
    assert [(c.kind, c.severity) for c in found] == [
        ("sign", "wrong"),
        ("stand_in", "doubtful"),
        ("missing", "notable"),
    ]


def test_half_a_million_rows_with_every_kind_of_column_raise_nothing_and_say_nothing() -> None:
    rng = draw(9)
    n = 500_000
    data = {f"x{k}": rng.normal(size=n) for k in range(3)} | {"k": rng.integers(0, 50, n)}
    data["when"] = np.datetime64("2015-01-01") + rng.integers(0, 3000, n)
    data["label"] = rng.choice(np.array(["a", "b", "c"]), n)
    assert find_quality(Rows.of(data), ()) == ()
