"""Where a claim along a line or time cannot be measured, or only a part: changes, interactions, seasons, shapes."""

from typing import Any

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import parse
from tests.edges import SIDES, START, TIED, measured, noise, pictured, refused, sided


def test_a_change_within_units_needs_as_many_times_as_one_between_rows() -> None:
    rows = Rows.of({"x": np.arange(200.0) % 5, "y": noise(200)}, cluster=TIED)
    found = measured("change_point", rows, at=3.0)
    assert str(found.untestable).startswith("Only 2 distinct times lie from the change")
    assert found.clusters == 40


def test_slopes_over_few_times_that_many_rows_share_are_not_compared() -> None:
    rows = Rows.of({"x": 2010.0 + np.arange(400) % 10, "m": np.arange(400) // 200.0, "y": noise(400)})
    assert refused("interaction", rows, moderator="m", moderator_cut=0.5) == (
        "With one row per time: One side of `m` has only 10 usable rows; at least 20 are needed."
    )


def test_four_small_groups_of_which_one_never_varies_are_not_compared() -> None:
    data = sided(160, m=np.repeat(["p", "q"], 80))
    data["y"] = np.where((data["x"] == "l") & (data["m"] == "p"), 1.0, data["y"])
    crossing: dict[str, Any] = {"levels": SIDES, "moderator": "m", "moderator_levels": {"a": ["p"], "b": ["q"]}}
    assert refused("interaction", Rows.of(data), **crossing) == (
        "Every value of `y` in one of the four groups is the same."
    )
    data["y"] = noise(160)
    assert refused("interaction", Rows.of(data), **crossing) is None


def test_a_slope_that_one_side_shows_in_no_unit_is_not_compared() -> None:
    side = (TIED % 2).astype(float)
    x = np.where(side == 1, noise(200, 3), TIED.astype(float))
    rows = Rows.of({"x": x, "y": noise(200), "m": side}, cluster=TIED)
    assert refused("interaction", rows, moderator="m", moderator_cut=0.5) == (
        "The effect of one side cannot be told from that of the other on these rows."
    )


def test_a_line_of_an_interaction_has_no_point_where_its_side_has_no_rows() -> None:
    x = np.resize(np.arange(4.0), 200)
    rows = Rows.of({"x": x, "y": noise(200), "m": np.where(x < 3, np.arange(200) % 8 // 4, 1.0)})
    records = pictured("interaction", rows, moderator="m", moderator_cut=0.5).records
    assert [r["x"] for r in records if r["line"] == "m above 0.5"] == [0.0, 1.0, 2.0, 3.0]
    assert [r["x"] for r in records if r["line"] == "m 0.5 or less"] == [0.0, 1.0, 2.0]


SEASON: dict[str, Any] = {"cycle": "day_of_week", "peak": [5, 6], "trough": [0, 1], "direction": "stated"}


def dated(n: int, **more: Any) -> dict[str, Any]:
    return {"x": START + np.arange(n), "y": noise(n)} | more


def test_a_season_needs_events_and_units_that_were_seen_on_both_sides() -> None:
    rare = Rows.of(dated(400, y=np.where(np.arange(400) < 4, "yes", "no")))
    assert refused("seasonality", rare, event="yes", **SEASON) == ("Fewer than 10 rows are, or are not, 'yes' in `y`.")
    # Each unit was seen twice, on neighbouring days: hardly any on a weekend and on a Monday or Tuesday.
    apart = Rows.of(dated(140), cluster=np.arange(140) // 2)
    found = measured("seasonality", apart, **SEASON)
    assert str(found.untestable).endswith("clusters hold both sides; at least 20 are needed.")
    # Thirty units on one weekend: enough of them, but one week.
    weeks = Rows.of({"x": np.tile(START + np.arange(2, 5), 30), "y": noise(90)}, cluster=np.repeat(np.arange(30), 3))
    short = measured("seasonality", weeks, **(SEASON | {"trough": [4]}))
    assert str(short.untestable).startswith("Only 1 full turns of the cycle")
    assert short.clusters == 30


def test_the_picture_of_a_season_leaves_out_thin_phases_and_intervals_of_few_turns() -> None:
    rows = Rows.of(dated(15, y=np.resize(["yes", "no"], 15)))
    found = pictured("seasonality", rows, event="yes", **SEASON)
    assert [r["n"] for r in found.records] == [2, 2, 3, 2, 2, 2, 2]
    assert [("low" in r, "median" in r) for r in found.records] == [(r["n"] >= 3, False) for r in found.records]
    week = pictured("seasonality", Rows.of(dated(8)), **SEASON)
    assert [r["label"] for r in week.records] == ["Wednesday"]
    assert "median" in week.records[0]


def test_a_shape_needs_an_outcome_that_varies_on_both_sides_of_its_turn() -> None:
    x = np.linspace(-1, 1, 200)
    turn: dict[str, Any] = {"shape": "u", "knots": [0.0], "direction": "stated"}
    flat = np.where(x < 0, 1.0, noise(200))
    told = "On one side of the turning point one of the columns has one value only."
    assert refused("shape", Rows.of({"x": x, "y": flat}), **turn) == told
    units = Rows.of({"x": np.repeat(x, 3), "y": np.repeat(flat, 3)}, cluster=np.repeat(np.arange(200), 3))
    found = measured("shape", units, **turn)
    assert (found.untestable, found.clusters) == (told, 200)


def test_a_level_that_most_rows_sit_at_the_end_of_has_no_groups() -> None:
    above = np.where(np.arange(300) < 130, 1 + noise(300) ** 2, 99.0)
    x = np.where(np.arange(300) < 100, np.linspace(0, 1, 300), above)
    level: dict[str, Any] = {"shape": "saturating", "knots": [1.0], "rises": True, "direction": "stated"}
    found = measured("shape", Rows.of({"x": x, "y": np.minimum(x, 1) + 0.1 * noise(300)}), **level)
    assert (found.untestable, found.groups, found.in_units) == (None, (), None)


def test_stretches_are_compared_within_units_only_where_units_reach_over_them() -> None:
    step: dict[str, Any] = {"shape": "threshold", "knots": [0.0], "rises": True, "direction": "stated"}
    x = np.where(TIED % 2 == 0, 1.0, -1.0) * (1 + np.abs(noise(200, 3)))
    apart = Rows.of({"x": x, "y": noise(200)}, cluster=TIED)
    assert refused("shape", apart, **step) == (
        "The stretches on either side of the stated point cannot be told apart here."
    )
    crossing = np.where((TIED < 4) & (np.arange(200) % 2 == 0), -x, x)
    few = Rows.of({"x": crossing, "y": noise(200)}, cluster=TIED)
    assert str(refused("shape", few, **step)).startswith("The course within clusters rests on what")


def test_a_turn_whose_units_reach_from_no_end_to_the_middle_is_told_without_a_difference() -> None:
    # Each unit covers a short stretch of the predictor, so that none holds both an end and the turning point.
    centre = np.linspace(-3, 3, 60)
    x = np.repeat(centre, 6) + np.tile(np.linspace(-0.2, 0.2, 6), 60)
    rows = Rows.of({"x": x, "y": x**2 + 0.01 * noise(360)}, cluster=np.repeat(np.arange(60), 6))
    found = measured("shape", rows, shape="u", knots=[0.0], direction="stated")
    assert (found.untestable, len(found.groups), found.in_units) == (None, 3, None)


def test_few_exploration_rows_show_a_trend_as_if_they_stood_for_themselves() -> None:
    rows = Rows.of({"x": np.arange(25.0), "y": np.arange(25.0) + noise(25)})
    seen = measured("trend", rows, split="exploration", direction="rising")
    assert (seen.untestable, seen.p_permutation) == (None, None)
    assert seen.p_value == seen.p_robust
    assert seen.in_units is not None
    assert seen.in_units.unit == "y per unit of time"
    assert str(refused("trend", rows, direction="rising")).startswith("Only 25 observations over time")


def test_the_picture_of_a_trend_leaves_out_stretches_of_one_row() -> None:
    time = np.concatenate([np.arange(60.0), [100.0], 160 + np.arange(60.0)])
    records = pictured("trend", Rows.of({"x": time, "y": noise(121)}), direction="rising").records
    assert sum(r["n"] for r in records) == 120
    assert not [r for r in records if 90 < r["date"] < 110]


def test_a_season_of_units_that_were_seen_at_one_time_counts_each_of_them_once() -> None:
    days = np.repeat(START + np.arange(210), 2)
    found = measured("seasonality", Rows.of({"x": days, "y": noise(420)}, cluster=np.arange(420) // 2), **SEASON)
    assert found.untestable is None
    assert "cluster" in found.test
    assert list(found.n_per_group.values()) == [58, 58]


def test_a_shape_of_units_with_one_value_each_is_tested_on_their_means() -> None:
    x = np.repeat(np.linspace(-1, 1, 200), 3)
    rows = Rows.of({"x": x, "y": x**2 + 0.1 * noise(600)}, cluster=np.repeat(np.arange(200), 3))
    found = measured("shape", rows, shape="u", knots=[0.0], direction="stated")
    assert found.test.endswith(", on one mean per cluster")
    assert (found.clusters, found.p_value is not None and found.p_value < 0.02) == (200, True)


def test_a_share_that_rises_between_two_points_is_told_in_percent_on_all_three_stretches() -> None:
    rng = np.random.default_rng(9)
    x = rng.uniform(0, 4, 900)
    y = np.where(rng.random(900) < np.clip(0.2 + 0.3 * (x - 1), 0.2, 0.8), "yes", "no")
    step: dict[str, Any] = {"shape": "threshold", "knots": [1.0, 3.0], "rises": True, "direction": "stated"}
    found = measured("shape", Rows.of({"x": x, "y": y}), event="yes", **step)
    assert [g.label for g in found.groups] == ["`x` is 1 or less", "`x` is between 1 and 3", "`x` is 3 or more"]
    shares = [float((y[own] == "yes").mean()) for own in (x <= 1, (x > 1) & (x < 3), x >= 3)]
    assert [g.mean for g in found.groups] == pytest.approx(shares)
    assert all(g.low is not None and g.high is not None and g.low < (g.mean or 0) < g.high for g in found.groups)
    h = parse({"family": "shape", "outcome": "y", "predictor": "x", "event": "yes"} | step)
    told = FAMILIES["shape"].sentence(h, found)
    assert f"{100 * shares[0]:.1f} % where" in told
    assert "points" in told


def test_a_curve_needs_two_rows_in_a_bin_and_has_twelve_bins_at_most() -> None:
    thin = Rows.of({"x": np.array([0.0, 0, 0, 1, 2, 2]), "y": noise(6)})
    records = pictured("monotone_association", thin, direction="increasing").records
    assert [(r["x"], r["n"]) for r in records] == [(0.0, 3), (2.0, 2)]
    one = Rows.of({"x": np.array([1.0]), "y": np.array([1.0])})
    assert pictured("monotone_association", one, direction="increasing").records == ()
    many = pictured("monotone_association", Rows.of({"x": noise(600), "y": noise(600, 2)}), direction="increasing")
    assert [r["n"] for r in many.records] == [50] * 12
