"""Where a family of groups or relations cannot measure, or only a part: what it says with little to compare."""

from typing import Any

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError, UsageError
from heldout.tools.verify.families import FAMILIES, categorical_association
from heldout.tools.verify.hypothesis import parse
from heldout.tools.verify.ranks import varying_correlation
from tests.edges import SIDES, TIED, measured, noise, pictured, refused, sided

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


def test_the_picture_of_shifted_labels_shows_each_labels_share_on_both_sides() -> None:
    data = sided(y=np.resize(["p", "p", "q", "p"], 200))
    records = pictured("shift", Rows.of(data), levels=SIDES, direction="any").records
    assert [(r["x"], r["y"], r["share"], r["n"]) for r in records] == [
        ("l", "p", 0.5, 100), ("l", "q", 0.5, 100), ("r", "p", 1.0, 100), ("r", "q", 0.0, 100)
    ]  # fmt: skip


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
