"""What is one thing in several columns is told as such and ties them; what only looks like it is left alone."""

import numpy as np
import pytest

from heldout.agent.twins import spare_columns
from heldout.tools.data.rows import Rows
from heldout.tools.explore.structure import find_structure, structural_pairs


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def told(data: dict, *kinds: str) -> list[tuple[str, ...]]:
    return [s.columns for s in find_structure(Rows.of(data)) if s.kind in kinds]


def tied(data: dict) -> set[frozenset[str]]:
    return set(structural_pairs(find_structure(Rows.of(data))))


def ranks(rng: np.random.Generator, n: int, k: int) -> dict[str, np.ndarray]:
    """The answers of n persons who put k things in order."""
    answers = rng.permuted(np.tile(np.arange(1.0, k + 1), (n, 1)), axis=1)
    return {f"film {j}": answers[:, j] for j in range(k)}


# Ranks of one question


def test_ranks_of_one_question_are_structure_and_tie_each_other() -> None:
    data = {"age": draw(1).normal(40, 9, 300).round(), **ranks(draw(2), 300, 6)}
    films = tuple(f"film {j}" for j in range(6))
    assert told(data, "ranks") == [films]
    assert frozenset(films[1:3]) in tied(data)
    assert frozenset(("age", "film 1")) not in tied(data)


def test_two_questions_of_as_many_ranks_are_told_apart() -> None:
    first, second = ranks(draw(3), 200, 3), {f"book {j}": v for j, v in enumerate(ranks(draw(4), 200, 3).values())}
    assert told({**first, **second}, "ranks") == [tuple(first), tuple(second)]


def test_marks_from_one_to_six_are_no_ranks() -> None:
    marks = draw(5).integers(1, 7, (6, 300)).astype(float)
    assert told({f"mark {j}": row for j, row in enumerate(marks)}, "ranks") == []


# One quantity twice


def test_an_amount_in_other_prices_is_the_same_amount() -> None:
    rng = draw(6)
    budget = rng.lognormal(3, 1, 500)
    data = {"budget": budget, "budget_2013$": budget * rng.uniform(1, 3, 500), "score": rng.normal(size=500)}
    assert told(data, "version") == [("budget", "budget_2013$")]


def test_what_never_exceeds_another_and_moves_with_it_is_the_same_quantity() -> None:
    rng = draw(7)
    middle = rng.normal(40, 8, 400).round()
    data = {
        "P25th": middle - rng.integers(0, 15, 400), "Median": middle, "P75th": middle + rng.integers(0, 15, 400),
        "staff": rng.normal(40, 8, 400).round(),
    }  # fmt: skip
    assert told(data, "version") == [("P25th", "Median", "P75th")]
    assert frozenset(("P25th", "P75th")) in tied(data)


@pytest.mark.parametrize("names", [("jobs", "non_college_jobs"), ("item1", "item2"), ("men", "women")])
def test_names_that_say_two_things_make_no_versions(names: tuple[str, str]) -> None:
    rng = draw(19)
    size = rng.lognormal(5, 1, 400)
    data = {name: size * rng.lognormal(0, 0.4, 400) for name in names}
    assert told(data, "version") == []


def test_two_measures_of_one_delay_are_tied_and_a_mere_effect_is_not() -> None:
    rng = draw(8)
    left = rng.exponential(30, 800).round(1)
    data = {"dep_delay": left, "arr_delay": (left + rng.normal(0, 8, 800)).round(1)}
    assert told(data, "version") == [("dep_delay", "arr_delay")]
    data["arr_delay"] = (left + rng.normal(0, 30, 800)).round(1)  # as much again happens on the way
    assert told(data, "version") == []


def test_columns_that_move_together_by_themselves_are_no_versions() -> None:
    rng = draw(9)
    size = rng.normal(100, 15, 500)
    data = {"length": size + rng.normal(0, 4, 500), "weight": 3 * size + rng.normal(0, 12, 500)}
    assert np.corrcoef(data["length"], data["weight"])[0, 1] > 0.9
    assert told(data, "version", "near_duplicate") == []


def test_a_label_of_many_values_that_all_but_fixes_a_number_is_told() -> None:
    rng = draw(10)
    place, effect = rng.integers(0, 30, 3000), rng.normal(0, 1, 30)
    miles = rng.permutation(np.arange(1, 31)) * 100.0
    labels = np.array([f"airport {k}" for k in place])
    flown = miles[place] / 8 + rng.normal(0, 10, 3000)
    data = {"dest": labels, "air_time": flown, "delay": effect[place] + rng.normal(0, 1, 3000)}
    assert told(data, "version") == [("dest", "air_time")]


def test_a_label_with_as_many_values_as_rows_allow_fixes_nothing_by_luck() -> None:
    rng = draw(11)
    data = {"shop": rng.integers(0, 200, 2000).astype(str), "sales": rng.lognormal(2, 2, 2000)}
    assert told(data, "version") == []


# Totals


def test_two_totals_that_share_a_part_are_tied() -> None:
    a, b, c = draw(12).poisson(20, (3, 500)).astype(float)
    data = {"a": a, "b": b, "c": c, "ab": a + b, "ac": a + c}
    assert frozenset(("ab", "ac")) in tied(data)
    assert frozenset(("a", "b")) not in tied(data)


# Labels


def test_labels_that_nearly_always_go_together_are_near_copies_and_one_is_drafted() -> None:
    rng = draw(13)
    kind = rng.integers(0, 5, 800)
    team = np.where(rng.random(800) < 0.01, rng.integers(0, 5, 800), kind)
    data = {"kind": np.array(list("abcde"))[kind], "team": np.array(list("vwxyz"))[team]}
    rows = Rows.of(data)
    (found,) = find_structure(rows)
    assert (found.kind, found.columns) == ("near_duplicate", ("kind", "team"))
    assert spare_columns([found], rows, ()) == {"team"}
    assert spare_columns([found], rows, ("team",)) == {"kind"}


@pytest.mark.parametrize("astray", [0.05, 0.3])
def test_labels_that_often_part_are_two_labels(astray: float) -> None:
    rng = draw(14)
    kind = rng.integers(0, 5, 800)
    team = np.where(rng.random(800) < astray, rng.integers(0, 5, 800), kind)
    assert told({"kind": np.array(list("abcde"))[kind], "team": np.array(list("vwxyz"))[team]}, "near_duplicate") == []


def test_rare_labels_are_no_near_copies_by_luck() -> None:
    one, two = draw(15).integers(0, 150, (2, 400)).astype(str)
    assert told({"one": one, "two": two}, "near_duplicate") == []


def test_two_labels_in_one_follow_from_both_and_are_never_drafted() -> None:
    rng = draw(16)
    year, result = rng.integers(2001, 2013, 900), np.array(["FAIL", "PASS"])[rng.integers(0, 2, 900)]
    data = {
        "code": np.array([f"{y}{r}" for y, r in zip(year, result, strict=True)]), "year": year.astype(float),
        "result": result, "votes": rng.normal(size=900),
    }  # fmt: skip
    rows = Rows.of(data)
    found = [s for s in find_structure(rows) if s.kind == "crossed"]
    assert [s.columns for s in found] == [("year", "result", "code")]
    assert "code" in spare_columns(found, rows, ())
    assert "code" not in spare_columns(found, rows, ("code",))
    assert frozenset(("year", "result")) not in tied(data)


def test_a_label_cut_along_a_number_within_another_label_follows_from_both() -> None:
    rng = draw(17)
    age, sex = rng.integers(1, 70, 600).astype(float), np.array(["man", "woman"])[rng.integers(0, 2, 600)]
    data = {"sex": sex, "age": age, "who": np.where(age < 16, "child", sex)}
    assert told(data, "function") == [("sex", "age", "who")]
    assert {frozenset(("sex", "who")), frozenset(("age", "who"))} <= tied(data)


def test_a_label_that_mostly_goes_with_age_is_not_cut_by_it() -> None:
    rng = draw(18)
    age, sex = rng.integers(1, 70, 600).astype(float), np.array(["man", "woman"])[rng.integers(0, 2, 600)]
    who = np.where(age + rng.normal(0, 4, 600) < 16, "child", sex)
    assert told({"sex": sex, "age": age, "who": who}, "function") == []


# Flags of one label


def test_dummies_of_one_label_are_tied_and_flags_that_meet_are_not() -> None:
    rng = draw(20)
    group, old = rng.integers(0, 3, 600), rng.random(600) < 0.3
    flag = np.array(["no", "yes"])
    data = {
        "north": (group == 0).astype(float), "south": (group == 1).astype(float), "old": old.astype(float),
        "east": flag[(group == 2).astype(int)],
    }  # fmt: skip
    data["seldom"] = np.where((group == 0) & ~old & (rng.random(600) < 0.3), 1.0, 0.0)
    assert told({k: v for k, v in data.items() if k in ("north", "south", "old")}, "exclusive") == [("north", "south")]
    assert frozenset(("old", "north")) not in tied(data)


def test_rare_flags_that_never_meet_by_luck_are_left_alone() -> None:
    rng = draw(21)
    data = {"one": (rng.random(2000) < 0.03).astype(float), "two": (rng.random(2000) < 0.03).astype(float)}
    both = (data["one"] == 1) & (data["two"] == 1)
    data["two"][both] = 0.0  # fewer than ten would meet by chance
    assert told(data, "exclusive") == []


def test_a_label_of_two_values_that_is_no_flag_is_not_raised() -> None:
    rng = draw(22)
    side = rng.integers(0, 3, 600)
    data = {"hand": np.where(side == 0, "left", "right"), "foot": np.where(side == 1, "left", "right")}
    assert told(data, "exclusive") == []
