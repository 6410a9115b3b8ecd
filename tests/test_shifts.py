"""The rule of shifts: silent where nothing is there, loud where something is, and what the first deliveries teach."""

import numpy as np
import pytest
from scipy import stats

from heldout.tools.review.naming import names_period, names_row
from heldout.tools.review.shifts import beyond_chance, find_shifts
from heldout.tools.review.shifts_counts import apart, cells
from heldout.tools.review.sketch import ColumnSketch, Sketch
from tests.review_sketches import sketch

WIDE = 8


def delivery(seed: int, n: int = 2_000, like: Sketch | None = None, *, mean: float = 0.0, gold: float = 0.3) -> Sketch:
    """Eight numbers, of which the first may be moved, and a label."""
    rng = np.random.default_rng(seed)
    columns: dict = {f"x{k}": rng.normal(mean if k == 0 else 0.0, 1, n) for k in range(WIDE)}
    columns["kind"] = rng.choice(["gold", "silver", "tin"], n, p=[gold, 0.4, 0.6 - gold]).tolist()
    return sketch(columns, like)


def states(found: list) -> dict[str, str]:
    return {s.column: s.state for s in found if s.state != "holds"}


def test_nothing_alarms_where_nothing_is_there() -> None:
    base = delivery(0)
    assert not any(states(find_shifts(base, delivery(seed, like=base))) for seed in range(1, 25))


@pytest.mark.parametrize(("mean", "gold", "expected"), [(0.5, 0.3, "x0"), (0.0, 0.5, "kind")])
def test_the_column_that_moved_alarms_and_no_other(mean: float, gold: float, expected: str) -> None:
    base = delivery(0)
    for seed in range(1, 6):
        found = find_shifts(base, delivery(seed, like=base, mean=mean, gold=gold))
        assert states(found) == {expected: "watch"}


def test_a_distance_of_half_the_rows_is_broken_and_both_figures_are_told() -> None:
    base = delivery(0)
    (told,) = [s for s in find_shifts(base, delivery(1, like=base, mean=3.0)) if s.column == "x0"]
    assert told.state == "broken"
    assert told.distance == pytest.approx(2 * stats.norm.cdf(1.5) - 1, abs=0.03)
    assert told.effect == pytest.approx(3.0, abs=0.1)
    assert told.before.startswith("mean ")
    assert told.before.removeprefix("mean ") in told.text
    assert told.after == "mean 3" or told.after.removeprefix("mean ") in told.text
    assert told.picture is not None
    assert {r["line"] for r in told.picture.records} == {"learned", "now"}


def test_chi_squared_is_that_of_scipy_and_chance_is_taken_off_the_distance() -> None:
    base = delivery(0, 5_000)
    new = delivery(1, 3_000, base)
    column, other = base.column("kind"), new.column("kind")
    assert column is not None
    assert other is not None
    found = apart(cells(column, other), (5_000, 3_000), 0.01)
    table = np.array([[c.levels[x] for x in column.levels] for c in (column, other)])
    assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9)
    squares = []
    rng = np.random.default_rng(5)
    for _ in range(300):
        a, b = (
            ColumnSketch(
                name="k", kind="label", rows=m, missing=0, distinct=4,
                levels=dict(zip("abcd", rng.multinomial(m, [0.4, 0.3, 0.2, 0.1]).tolist(), strict=True)),
            )
            for m in (400, 200)
        )  # fmt: skip
        squares.append(apart(cells(a, b), (400, 200), 0.01).squared)
    assert abs(np.mean(squares)) < 3 * np.std(squares) / 300**0.5


def test_rows_that_do_not_stand_for_themselves_count_as_their_units() -> None:
    base = delivery(0)
    new = delivery(1, like=base, gold=0.42)
    assert states(find_shifts(base, new)) == {"kind": "watch"}
    (kind,) = [s for s in find_shifts(base, new, units=(200.0, 200.0)) if s.column == "kind"]
    assert kind.state == "holds"
    assert kind.p_value is not None
    assert kind.p_value > 0.01 / (WIDE + 1)


def test_a_handful_of_rows_decides_nothing() -> None:
    base = delivery(0)
    assert set(states(find_shifts(base, delivery(1, 15, base, mean=5.0))).values()) == {"undecidable"}


def test_what_the_first_four_deliveries_show_is_allowed_and_a_later_one_changes_nothing() -> None:
    base = delivery(0)
    swings = [0.4, -0.5, 0.45, -0.4]
    past = [delivery(10 + at, like=base, mean=m) for at, m in enumerate(swings)]
    assert states(find_shifts(base, delivery(20, like=base, mean=0.5))) == {"x0": "watch"}
    assert not states(find_shifts(base, delivery(20, like=base, mean=0.5), past=past))
    assert states(find_shifts(base, delivery(21, like=base, gold=0.5), past=past)) == {"kind": "watch"}
    later = [*past, *(delivery(30 + k, like=base, mean=2.0) for k in range(6))]
    new = delivery(22, like=base, mean=2.5)
    assert find_shifts(base, new, past=past) == find_shifts(base, new, past=later)
    assert states(find_shifts(base, new, past=later)) == {"x0": "broken"}


def test_one_broken_calibration_delivery_does_not_teach_that_all_is_allowed() -> None:
    base = delivery(0)
    past = [delivery(10 + at, like=base, mean=m) for at, m in enumerate([0.0, 2.0, 0.0, 0.0])]
    assert states(find_shifts(base, delivery(20, like=base, mean=0.8), past=past)) == {"x0": "watch"}


def test_a_small_delivery_of_nothing_but_new_values_is_broken() -> None:
    base = sketch({"kind": ["a", "b", "c"] * 100, "same": ["x"] * 300})
    found = find_shifts(base, sketch({"kind": ["q"] * 40, "same": ["y"] * 40}, base))
    assert [(s.state, round(s.distance or 0, 1)) for s in found] == [("broken", 1.0), ("broken", 1.0)]


def test_a_tolerance_is_of_its_column_only() -> None:
    base = delivery(0)
    new = delivery(1, like=base, mean=0.5, gold=0.5)
    assert states(find_shifts(base, new, tolerances={"x0": 0.4})) == {"kind": "watch"}


def test_missing_cells_are_a_shift_of_their_own() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, 3_000)
    base = sketch({"x": x, "y": x})
    lost = [None if u < 0.3 else v for u, v in zip(rng.random(3_000), x, strict=True)]
    (told,) = [s for s in find_shifts(base, sketch({"x": lost, "y": x}, base)) if s.state != "holds"]
    assert (told.column, told.before) == ("x", "0 % missing")
    assert told.after == f"{100 * told.missing_after:.0f} % missing"


def test_a_column_that_is_not_there_or_holds_something_else_is_undecidable() -> None:
    base = sketch({"x": np.arange(100.0), "kind": ["a", "b"] * 50})
    new = sketch({"x": ["a", "b"] * 50})
    assert states(find_shifts(base, new)) == {"x": "undecidable", "kind": "undecidable"}


@pytest.mark.parametrize(
    ("name", "values", "period", "row"),
    [
        ("year", [2023.0, 2024.0] * 50, True, False),
        ("Fiscal Quarter", [1.0, 2.0] * 50, True, False),
        ("monthOfYear", [1.0, 12.0] * 50, True, False),
        ("year_built", [1923.0, 2024.0] * 50, False, False),
        ("days", [1.0, 30.0] * 50, False, False),
        ("day", [1.0, 30_000.0] * 50, False, False),
        ("account_no", list(range(100)), False, True),
        ("no_of_rooms", list(range(100)), False, False),
        ("customerId", list(range(100)), False, True),
        ("id", [v / 7 for v in range(100)], False, False),
    ],
)
def test_columns_that_name_the_period_or_the_row_are_known_by_name_and_values(
    name: str, values: list, period: bool, row: bool
) -> None:
    column = sketch({name: values}).columns[0]
    assert (names_period(column), names_row(column)) == (period, row)


def test_labels_too_many_to_be_named_are_no_shift_when_the_delivery_names_them() -> None:
    """The learned sketch names a hundred labels; a delivery names the others of ten rows as well."""
    named = {f"w{k}": 50 for k in range(100)}
    base = ColumnSketch(name="remark", kind="label", rows=6_000, missing=0, distinct=150, levels=named, other=1_000)
    more = {f"v{k}": 20 for k in range(50)}
    new = base.model_copy(update={"levels": named | more, "other": 0})
    sketches = [Sketch(name=n, digest="", rows=6_000, columns=(c,)) for n, c in (("old", base), ("new", new))]
    [seen] = find_shifts(*sketches)
    assert (seen.state, seen.distance) == ("holds", 0.0)


def yes(seed: int, rows: int, share: float) -> list[str]:
    count = round(share * rows)
    return np.random.default_rng(seed).permutation(["yes"] * count + ["no"] * (rows - count)).tolist()


def test_nine_points_of_a_label_with_two_levels_alarm() -> None:
    base = sketch({"churn": yes(0, 2_500, 0.26)})
    (told,) = find_shifts(base, sketch({"churn": yes(1, 568, 0.17)}, base))
    assert told.state == "watch"
    assert told.text.startswith("`churn` has shifted: ")


def test_only_columns_of_few_levels_are_held_to_five_hundredths() -> None:
    few, many = [f"k{k}" for k in range(4)], [f"k{k}" for k in range(20)]
    states_of = []
    for names in (few, many):
        base = sketch({"kind": names * 500})
        more = [names[0]] * (140 * len(names) // 4)  # about seven in a hundred rows more
        states_of.append(find_shifts(base, sketch({"kind": names * 400 + more}, base))[0])
    assert [s.state for s in states_of] == ["watch", "holds"]
    assert all(0.055 < (s.distance or 0) < 0.1 for s in states_of)


def test_words_say_whether_chance_gives_a_difference_and_never_that_nothing_moved_where_something_did() -> None:
    base = sketch({"churn": yes(0, 2_500, 0.26), "other": yes(2, 2_500, 0.26)})
    new = sketch({"churn": yes(1, 568, 0.17), "other": yes(3, 568, 0.25)}, base)
    moved, chance = find_shifts(base, new, tolerances={"churn": 0.10, "other": 0.10})
    assert [s.state for s in (moved, chance)] == ["holds", "holds"]
    assert beyond_chance([moved, chance]) == [moved]
    assert moved.text.startswith(
        '`churn` moved within what is tolerated: 26 % "yes" learned, 17 % now. Beyond chance, '
    )
    assert moved.text.endswith("to be alike, 10 % may.")
    assert chance.text.startswith("`other` differs no more than by chance among 2 columns: ")
    (alone,) = find_shifts(sketch({"k": yes(0, 900, 0.3)}), sketch({"k": yes(1, 900, 0.3)}))
    assert alone.text.startswith("`k` differs no more than by chance: ")
