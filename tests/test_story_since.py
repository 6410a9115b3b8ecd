"""Since when a change is there: the same delivery is named for the same drift, however far it has gone by then."""

import numpy as np
import pytest

from heldout.tools.review.checked import Change
from heldout.tools.review.shifts import find_shifts
from heldout.tools.review.sketch import Sketch
from heldout.tools.review.story import tell
from tests.review_sketches import sketch

N = 1_500


def week(seed: int, like: Sketch | None = None, *, mean: float = 0.0, gold: float = 0.3) -> Sketch:
    rng = np.random.default_rng(seed)
    kind = rng.choice(["gold", "silver", "tin"], N, p=[gold, 0.4, 0.6 - gold]).tolist()
    return sketch({"x": rng.normal(mean, 1, N), "kind": kind}, like)


BASE = week(0)


def told(course: list[Sketch], column: str, **options: dict[str, float]) -> list[str | None]:
    """What the story of each delivery says of a column: nothing, `new`, or the name of the delivery since which."""
    return [None if c is None else c.since or "new" for c in lines_of(course, column, **options)]


def lines_of(course: list[Sketch], column: str, **options: dict[str, float]) -> list[Change | None]:
    """The line of a column in the story of each delivery."""
    out: list[Change | None] = []
    for at, new in enumerate(course):
        past = [(f"s{k}", s) for k, s in enumerate(course[:at])]
        found = find_shifts(BASE, new, past=[s for _, s in past], **options)
        lines = [c for c in tell(BASE, new, found, past=past, **options) if c.size and c.columns[0] == column]
        out.append(lines[0] if lines else None)
    return out


def course(**moved: list[float]) -> list[Sketch]:
    (name, values) = next(iter(moved.items()))
    return [week(10 + at, BASE, **{name: v}) for at, v in enumerate(values)]


def test_the_line_names_the_delivery_or_says_that_the_one_before_was_otherwise() -> None:
    first, second, third = lines_of(course(mean=[0.0, 1.0, 1.0]), "x")
    assert first is None
    assert second is not None
    assert second.text.endswith("It was not so in the delivery before.")
    assert third is not None
    assert third.text.endswith("It has been so since `s1`.")


def test_a_drift_that_grows_keeps_the_delivery_it_began_with() -> None:
    seen = told(course(mean=[0.0, 0.0, 0.0, 0.0, 0.1, 0.3, 0.6, 0.8, 1.2, 1.8, 2.5]), "x")
    assert seen[:6] == [None] * 6
    assert seen[6:] == ["s5"] * 5, "half of what was first beyond its limit was there in s5"


def test_a_drift_of_shares_keeps_it_as_well() -> None:
    seen = told(course(gold=[0.3, 0.3, 0.3, 0.3, 0.35, 0.45, 0.5, 0.55, 0.58]), "kind")
    assert seen[5:] == ["new", "s5", "s5", "s5"]


def test_a_drift_while_the_first_deliveries_calibrate_is_since_the_first_that_was_beyond_its_limit() -> None:
    assert told(course(mean=[0.5, 0.7, 0.9, 1.1]), "x") == ["new", "s0", "s0", "s0"]


def test_a_run_ends_where_the_change_is_gone_and_where_it_turns() -> None:
    assert told(course(mean=[1.0, 0.0, 1.0, 1.0]), "x") == ["new", None, "new", "s2"]
    assert told(course(mean=[1.0, 1.0, -1.0, -1.0]), "x") == ["new", "s0", "new", "s2"]
    assert told(course(gold=[0.5, 0.1, 0.1]), "kind") == ["new", "new", "s1"]


def test_a_delivery_without_the_column_ends_the_run() -> None:
    first, second, third = course(mean=[1.0, 1.0, 1.0])
    lost = second.model_copy(update={"columns": tuple(c for c in second.columns if c.name != "x")})
    assert told([first, lost, third], "x") == ["new", None, "new"]


def test_what_is_beyond_a_limit_of_its_own_is_measured_by_that_limit() -> None:
    weeks = course(mean=[0.3, 0.9])
    assert told(weeks, "x") == ["new", "s0"]
    assert told(weeks, "x", tolerances={"x": 0.25}) == [None, "new"]


@pytest.mark.parametrize("part", [0.3, 0.6])
def test_a_delivery_of_half_the_change_is_part_of_it_and_one_of_less_is_not(part: float) -> None:
    held = {"x": 0.3}
    expected = "s0" if part > 0.5 else "new"
    assert told(course(mean=[part, 1.0]), "x", tolerances=held) == [None, expected]
