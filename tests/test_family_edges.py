"""Where a family cannot measure, or only a part: what it says on tables that leave it little to compare."""

from typing import Any

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError, UsageError
from heldout.tools.verify.evidence import Evidence, Picture
from heldout.tools.verify.families import FAMILIES, categorical_association
from heldout.tools.verify.hypothesis import parse
from heldout.tools.verify.ranks import varying_correlation

SIDES = {"a": ["l"], "b": ["r"]}
NAMES = {"x": "x", "y": "y", "side": "side", "direction": "higher"}
START = np.datetime64("2020-01-01")
TIED = np.arange(200) // 5
"""Forty units of five rows each."""


def measured(family: str, rows: Rows, split: str = "held_out", **fields: Any) -> Evidence:
    h = parse({"family": family, "outcome": "y", "predictor": "x", "direction": "higher"} | fields)
    return FAMILIES[family].evaluate(h, rows, split=split, draws=99)


def refused(family: str, rows: Rows, **fields: Any) -> str | None:
    return measured(family, rows, **fields).untestable


def pictured(family: str, rows: Rows, **fields: Any) -> Picture:
    h = parse({"family": family, "outcome": "y", "predictor": "x", "direction": "higher"} | fields)
    return FAMILIES[family].picture(h, rows)


def noise(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def sided(n: int = 200, **more: np.ndarray) -> dict[str, np.ndarray]:
    """`x` is l and r in turn."""
    return {"x": np.resize(["l", "r"], n), "y": noise(n)} | more


HELD: dict[str, Any] = {"controls": ["c"]}


def test_an_adjusted_claim_needs_rows_on_both_sides_events_and_rows_for_its_columns() -> None:
    c = noise(200, 2)
    few = np.where(np.arange(200) < 5, "l", "r")
    small = Rows.of({"x": few, "y": noise(200), "c": c})
    assert refused("adjusted_association", small, levels=SIDES, **HELD) == (
        "A side has only 5 usable rows; at least 20 are needed."
    )
    rare = Rows.of({"x": noise(200, 3), "y": np.where(np.arange(200) < 4, "yes", "no"), "c": c})
    told = refused("adjusted_association", rare, event="yes", direction="increasing", **HELD)
    assert told == "Fewer than 10 rows are, or are not, 'yes' in `y`."
    labels = {name: np.array([f"{name}{at}" for at in range(10)])[np.arange(60) * step % 67 % 10]
              for name, step in (("c", 1), ("d", 5), ("e", 7))}  # fmt: skip
    wide = Rows.of({"x": noise(60, 3), "y": noise(60)} | labels)
    told = refused("adjusted_association", wide, direction="increasing", controls=["c", "d", "e"])
    assert str(told) == "60 rows are too few for 26 columns of controls."


def test_the_picture_of_a_claim_whose_control_repeats_the_predictor_shows_it_as_found_only() -> None:
    x = noise(200, 3)
    rows = Rows.of({"x": x, "y": x + noise(200), "c": 2 * x})
    found = pictured("adjusted_association", rows, direction="increasing", **HELD)
    assert [r["label"] for r in found.records] == ["as found"]


def test_a_predictor_that_is_mostly_its_largest_value_is_split_below_it() -> None:
    x = np.where(np.arange(200) < 60, np.arange(200) % 7, 9.0)
    groups = measured("adjusted_association", Rows.of({"x": x, "y": noise(200), "c": noise(200, 2)}),
                      direction="increasing", **HELD).groups  # fmt: skip
    assert [g.n for g in groups] == [140, 60]


def test_a_single_row_above_the_median_is_told_without_an_interval() -> None:
    x = np.where(np.arange(200) == 7, 1.0, 0.0)
    rows = Rows.of({"x": x, "y": noise(200) * (1 + x), "c": noise(200, 2)})
    groups = measured("adjusted_association", rows, direction="increasing", **HELD).groups
    assert [(g.n, g.low is None) for g in groups] == [(1, True), (199, False)]


def test_an_adjusted_claim_needs_enough_units_and_units_in_which_something_varies() -> None:
    cluster = np.arange(200) // 20
    between = Rows.of({"x": cluster.astype(float), "y": noise(200), "c": noise(200, 2)}, cluster=cluster)
    told = refused("adjusted_association", between, direction="increasing", **HELD)
    assert str(told).startswith("With one row per cluster: Only 10 rows have every value")
    x = np.where(TIED < 5, noise(200, 3), TIED.astype(float))
    c = np.where(TIED < 5, noise(200, 2), TIED.astype(float))
    within = Rows.of({"x": x, "y": noise(200), "c": c}, cluster=TIED)
    assert refused("adjusted_association", within, direction="increasing", **HELD) == (
        "`x` varies within only 5 clusters with the controls held fixed; at least 20 are needed."
    )


def test_where_the_inverse_of_chi_square_gives_up_the_normal_law_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [(chi2, df, p) for chi2 in (5_000.0, 90_000.0) for df in (1, 6) for p in (0.025, 0.5, 0.975)]
    exact = [categorical_association._noncentrality(*a) for a in asked]
    monkeypatch.setattr(categorical_association, "chndtrinc", lambda *_: np.inf)
    assert [categorical_association._noncentrality(*a) for a in asked] == pytest.approx(exact, rel=1e-4)


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


def test_values_whose_squares_vanish_have_no_mean_difference() -> None:
    data = sided()
    assert refused("mean_difference", Rows.of(data | {"y": np.resize([1e-200, 2e-200, 3e-200, 5e-200, 4e-200], 200)}),
                   levels=SIDES) == "`y` does not vary within either group."  # fmt: skip


def test_ranks_that_never_vary_are_refused_where_it_is_known_that_they_do() -> None:
    with pytest.raises(UsageError, match="Ranks that are all equal have no correlation"):
        varying_correlation(np.arange(5.0) - 2, np.zeros(5))


def test_a_predictor_with_one_row_at_either_end_has_a_relation_but_no_ends() -> None:
    x = np.zeros(100)
    x[0], x[1] = -1.0, 1.0
    found = measured("monotone_association", Rows.of({"x": x, "y": noise(100)}), direction="increasing")
    assert (found.untestable, found.groups, found.in_units) == (None, (), None)


def test_relations_within_units_are_told_without_halves_where_few_units_have_both() -> None:
    # Within twelve units both vary, but the predictor of only some has rows on both sides of the unit's median.
    cluster = np.arange(60) // 5
    x = np.where(np.arange(60) % 5 == 0, 1.0, 0.0)
    missing = np.where((np.arange(60) % 5 == 0) & (cluster < 3), 0.0, x)
    rows = Rows.of({"x": missing, "y": noise(60) + cluster, "z": x}, cluster=cluster)
    found = measured("monotone_association", rows, direction="increasing")
    assert found.untestable is not None


def test_a_far_quantile_needs_rows_beyond_it_and_values_around_it() -> None:
    data = sided()
    far: dict[str, Any] = {"levels": SIDES, "quantile": 0.99}
    assert str(refused("quantile_difference", Rows.of(data), **far)).startswith(
        "Only 1.0 rows of the smaller group are expected beyond the 99th percentile of `y`; at least"
    )
    heap = Rows.of(data | {"y": np.where(np.arange(200) % 10 < 8, 5.0, data["y"])})
    assert refused("quantile_difference", heap, levels=SIDES, quantile=0.5) == (
        "The median of `y` sits in a heap of equal values: compare P(A>B) instead."
    )


def test_the_picture_of_a_far_quantile_shows_it_with_its_interval() -> None:
    data = sided()
    found = pictured("quantile_difference", Rows.of(data), levels=SIDES, quantile=0.9)
    assert found.y_title == "90th percentile of y"
    assert [(r["label"], r["n"]) for r in found.records] == [("l", 100), ("r", 100)]
    left = data["y"][data["x"] == "l"]
    assert found.records[0]["mean"] == pytest.approx(np.quantile(left, 0.9, method="averaged_inverted_cdf"))
    assert found.records[0]["low"] < found.records[0]["mean"] < found.records[0]["high"]
    one = data | {"x": np.where(np.arange(200) == 0, "l", "r")}
    alone = pictured("quantile_difference", Rows.of(one), levels=SIDES, quantile=0.9)
    assert [r["label"] for r in alone.records] == ["r"]


def test_the_picture_of_a_ranking_of_shares_leaves_out_levels_without_rows() -> None:
    level = np.resize(["p", "q", "r"], 300)
    y = np.where(np.arange(300) % 4 < 2, "yes", "no")
    rows = Rows.of({"x": level, "y": np.where(level == "r", None, y.astype(object))})
    found = pictured("ranking", rows, order=["p", "q", "r"], event="yes", direction="stated")
    assert [(r["label"], r["n"], r["share"]) for r in found.records] == [("p", 100, 0.5), ("q", 100, 0.5)]


def test_a_share_needs_an_event_that_the_column_has_and_units_on_both_sides() -> None:
    data = sided(y=np.resize(["yes", "no", "no"], 200))
    with pytest.raises(HypothesisError, match="'maybe' is not a level of 'y': no, yes"):
        measured("rate_difference", Rows.of(data), levels=SIDES, event="maybe")
    cluster = np.where(np.arange(200) < 20, np.arange(200) // 4, 5 + np.arange(200))
    found = measured("rate_difference", Rows.of(data, cluster=cluster), levels=SIDES, event="yes")
    assert found.untestable == "Only 5 clusters hold both sides; at least 20 are needed."
    assert found.clusters == 5


def counts(**more: np.ndarray) -> dict[str, np.ndarray]:
    return sided() | {"y": np.random.default_rng(4).poisson(3.0, 200).astype(float)} | more


def test_counts_are_numbers_whole_and_above_zero_somewhere_on_both_sides() -> None:
    data = counts(w=np.resize(["p", "q"], 200))
    assert str(refused("rate_ratio", Rows.of(data), levels=SIDES, exposure="w")).startswith("`w` is a category")
    broken = Rows.of(data | {"y": data["y"] + 0.5})
    assert refused("rate_ratio", broken, levels=SIDES) == ("`y` is not a count: it has negative or broken values.")
    never = Rows.of(data | {"y": np.where(data["x"] == "l", 0.0, data["y"])})
    assert refused("rate_ratio", never, levels=SIDES) == (
        "On one side `y` is always 0: compare how often it is above 0 instead."
    )
    h = parse({"family": "rate_ratio", "outcome": "y", "predictor": "x", "levels": SIDES, "direction": "higher"})
    assert FAMILIES["rate_ratio"].claim(h) == "`y` per row is higher when `x` is l than when it is r"


def test_counts_within_units_need_units_with_both_sides_that_differ_in_more_than_one_way() -> None:
    data = counts()
    never = Rows.of(data | {"y": np.where(data["x"] == "l", 0.0, data["y"])}, cluster=TIED)
    assert str(refused("rate_ratio", never, levels=SIDES)).startswith("On one side `y` is always 0")
    few = np.where(np.arange(200) < 20, np.arange(200) // 4, 5 + np.arange(200))
    assert refused("rate_ratio", Rows.of(data, cluster=few), levels=SIDES) == (
        "Only 5 clusters hold both sides; at least 20 are needed."
    )
    alike = Rows.of(data | {"y": np.where(data["x"] == "l", 4.0, 2.0)}, cluster=np.arange(200) // 2)
    assert refused("rate_ratio", alike, levels=SIDES) == "`y` differs alike in every cluster."


def test_a_rule_whose_share_is_the_smaller_one_is_told_without_its_lift() -> None:
    rule = [{"column": "x", "op": ">", "value": 3}, {"column": "z", "op": "==", "value": "p"}]
    h = parse(
        {"family": "subgroup", "outcome": "y", "predictor": "x", "rule": rule, "event": "yes", "direction": "lower"}
    )

    def told(inside: float) -> str:
        rng = np.random.default_rng(7)
        x, z = np.resize([1.0, 5.0], 800), np.resize(["p", "p", "q", "q"], 800)
        likely = np.where((x > 3) & (z == "p"), inside, 0.5)
        rows = Rows.of({"x": x, "z": z, "y": np.where(rng.random(800) < likely, "yes", "no")})
        return FAMILIES[h.family].sentence(h, FAMILIES[h.family].evaluate(h, rows, draws=99))

    assert "times the share in all rows" not in told(0.1)
    assert "times the share in all rows" in told(0.9)


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


def test_the_picture_of_shifted_labels_shows_each_labels_share_on_both_sides() -> None:
    data = sided(y=np.resize(["p", "p", "q", "p"], 200))
    records = pictured("shift", Rows.of(data), levels=SIDES, direction="any").records
    assert [(r["x"], r["y"], r["share"], r["n"]) for r in records] == [
        ("l", "p", 0.5, 100), ("l", "q", 0.5, 100), ("r", "p", 1.0, 100), ("r", "q", 0.0, 100)
    ]  # fmt: skip


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


def test_a_far_quantile_is_the_figure_of_its_groups_and_of_one_mean_a_unit() -> None:
    data = sided(400)
    far: dict[str, Any] = {"levels": SIDES, "quantile": 0.75}
    found = measured("quantile_difference", Rows.of(data), **far)
    assert [g.label for g in found.groups] == ["75th percentile where `x` is l", "75th percentile where `x` is r"]
    assert found.groups[0].mean == pytest.approx(
        np.quantile(data["y"][data["x"] == "l"], 0.75, method="averaged_inverted_cdf")
    )
    side = np.where(np.arange(400) // 2 % 2 == 0, "l", "r")
    units = measured("quantile_difference", Rows.of(data | {"x": side}, cluster=np.arange(400) // 2), **far)
    assert (units.untestable, units.clusters) == (None, 200)
    assert units.test.endswith("on one mean per cluster")


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
