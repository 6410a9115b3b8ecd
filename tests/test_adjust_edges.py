"""Where the check against the other columns cannot be made: what it says instead, and what its parts give back."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.data.schema import Column
from heldout.tools.value import Effect
from heldout.tools.verify.adjust import adjust
from heldout.tools.verify.adjust_controls import Screen, eligible
from heldout.tools.verify.adjust_design import Pair, control, pair_of, rich
from heldout.tools.verify.adjust_drivers import odds_of
from heldout.tools.verify.adjust_labels import labels_adjusted
from heldout.tools.verify.adjust_lasso import lasso
from heldout.tools.verify.adjust_models import double_lasso, least_squares, partialled_out
from heldout.tools.verify.adjust_words import units, worded
from heldout.tools.verify.adjustment import Adjustment, Estimate, Marks
from heldout.tools.verify.claims import Condition
from heldout.tools.verify.evidence import Evidence, Verdict
from heldout.tools.verify.hypothesis import (
    CategoricalAssociation,
    Contrast,
    GroupDifference,
    Hypothesis,
    MonotoneAssociation,
    RateRatio,
    Subgroup,
)

RISES = MonotoneAssociation(outcome="y", predictor="x", direction="increasing")
SIDES = Contrast(a=("l",), b=("r",))
APART = GroupDifference(outcome="y", predictor="side", levels=SIDES, direction="higher")
LABELS = CategoricalAssociation(outcome="color", predictor="side", outcome_levels=("red",), predictor_levels=("l",))


def verified(h: Hypothesis) -> Verdict:
    """A verdict of which the check reads the claim and the name of its test alone."""
    evidence = Evidence(hypothesis_id=h.content_id(), split="held_out", test="a test", n=1)
    return Verdict(
        hypothesis=h,
        hypothesis_id=h.content_id(),
        outcome="verified",
        reason="",
        evidence=evidence,
        smallest_effect=0.1,
    )


def checked(h: Hypothesis, rows: Rows, exploration: Rows | None = None) -> Adjustment:
    return adjust([verified(h)], rows, exploration, Marks(), frozenset())[0].adjustment


def numbers(n: int, seed: int = 1) -> dict[str, np.ndarray]:
    """`y` rises with `x`, and `c` has to do with neither."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return {"y": x + rng.normal(size=n), "x": x, "c": rng.normal(size=n)}


def test_under_sixty_usable_rows_a_claim_is_not_checked() -> None:
    found = checked(RISES, Rows.of(numbers(59)), Rows.of(numbers(500)))
    assert found.reason == "Only 59 rows can be used; at least 60 are needed."
    assert found.sentence == f"Not checked against the other columns. {found.reason}"
    assert checked(RISES, Rows.of(numbers(60)), Rows.of(numbers(500))).reason is None


def test_a_side_that_is_rare_in_the_rows_of_the_check_is_not_checked() -> None:
    data = numbers(500)
    for few, reason in ((9, "A side has fewer than 10 of the rows that this check uses."), (10, None)):
        side = np.where(np.arange(500) < few, "l", "r")
        rows = Rows.of({"y": data["y"] + 9 * (side == "l"), "side": side, "c": data["c"]})
        assert checked(APART, rows).reason == reason


def test_columns_that_vary_in_exploration_rows_alone_are_nothing_to_hold_fixed() -> None:
    constant = Rows.of(numbers(300) | {"c": np.zeros(300)})
    assert checked(RISES, constant, Rows.of(numbers(300))).reason == "No other column varies on these rows."


def test_a_predictor_that_other_columns_give_together_cannot_vary_with_them_held_fixed() -> None:
    rng = np.random.default_rng(2)
    one, two = rng.integers(0, 2, 600) * 2.0 - 1, rng.integers(0, 2, 600) * 2.0 - 1
    rows = Rows.of({"y": one + two + rng.normal(size=600), "x": one + two, "one": one, "two": two})
    assert checked(RISES, rows).reason == (
        "The other columns all but determine `x`, so that it cannot vary with them held fixed."
    )


def test_labels_of_rows_that_belong_together_are_not_checked() -> None:
    rng = np.random.default_rng(3)
    color, side = rng.choice(["red", "blue"], 300), rng.choice(["l", "r"], 300)
    rows = Rows.of({"color": color, "side": side, "c": rng.normal(size=300)}, cluster=np.arange(300) // 5)
    assert checked(LABELS, rows).reason == "Labels of rows that belong together have no stratified test here."


def test_labels_are_checked_on_sixty_rows_that_show_them_at_all() -> None:
    rng = np.random.default_rng(4)
    side = np.resize(["l", "r"], 200)
    apart = Rows.of({"color": np.where(side == "l", "red", "blue"), "side": side, "c": rng.choice(["p", "q"], 200)})
    found = labels_adjusted(LABELS, apart, ["c"])
    assert isinstance(found, Adjustment)
    assert found.tag == "robust"
    few = labels_adjusted(LABELS, apart.select(np.arange(59)), ["c"])
    assert few == "Only 59 rows can be used; at least 60 are needed."
    even = Rows.of({"color": np.repeat(["red", "blue"], 100), "side": side, "c": side})
    assert labels_adjusted(LABELS, even, ["c"]) == (
        "On the rows that this check uses the association itself is not shown."
    )


def test_a_duration_is_not_held_fixed_where_its_own_date_is_looked_at() -> None:
    days = Column(
        name="days", type="number", storage="DOUBLE", rows=9, missing=0, distinct=9, derived_from=("opened", "closed")
    )
    late = MonotoneAssociation(outcome="opened", predictor="x", direction="increasing")
    assert eligible(late, [days], Marks(), frozenset()) == ([], [])
    assert eligible(RISES, [days], Marks(), frozenset()) == ([], ["days"])


def test_columns_are_chosen_where_exploration_rows_hold_no_outcome() -> None:
    rows = Rows.of(numbers(100) | {"y": np.full(100, np.nan)})
    assert Screen(rows, Marks(), frozenset()).controls(RISES, 100).names == ("c",)


def test_counts_enter_by_unit_of_their_exposure_and_are_missing_without_one() -> None:
    h = RateRatio(outcome="y", predictor="side", levels=SIDES, exposure="w", direction="higher")
    rows = Rows.of({"y": np.array([4.0, 3.0, 2.0]), "w": np.array([2.0, 0.0, 4.0]), "side": np.array(["l", "r", "r"])})
    assert pair_of(h, rows).y == pytest.approx([2.0, np.nan, 0.5], nan_ok=True)


def test_a_row_whose_label_is_missing_is_neither_inside_a_rule_nor_outside() -> None:
    rule = (Condition(column="side", op="==", value="l"), Condition(column="c", op=">", value=0.0))
    h = Subgroup(outcome="y", predictor="side", rule=rule, direction="higher")
    side = np.array(["l", "l", "r", None], dtype=object)
    rows = Rows.of({"y": np.arange(4.0), "side": side, "c": np.array([1.0, -1.0, 1.0, 1.0])})
    assert pair_of(h, rows).x == pytest.approx([1.0, 0.0, 0.0, np.nan], nan_ok=True)


def test_an_odds_ratio_is_told_of_rows_not_of_units_and_not_where_no_level_holds_both_sides() -> None:
    side, level = np.tile([0.0, 1.0], 40), np.array(["p", "q"])[np.repeat([0, 1], 40)]
    event = np.tile([0.0, 0.0, 1.0, 1.0], 20)
    within = control(Rows.of({"c": level}), "c")
    told = odds_of(Pair(event, side, True, True), [within], "c")
    assert told is not None
    assert told.within == pytest.approx(1.0)
    assert odds_of(Pair(event / 2, side, True, True), [within], "c") is None
    parted = control(Rows.of({"c": np.where(side == 1, "p", "q")}), "c")
    assert odds_of(Pair(event, side, True, True), [parted], "c") is None


def test_an_outcome_that_never_varies_has_a_slope_of_nothing_for_sure() -> None:
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=50), rng.normal(size=(50, 2))
    found = least_squares(np.zeros(50), x, np.zeros((50, 0)))
    assert found is not None
    assert found.slope == (0.0, 0.0, 1.0, 0.0, 0.0)
    picked = double_lasso(np.zeros(50), x, z[:, :1], z[:, 1:])
    assert picked is not None
    assert (picked.value, picked.p) == (0.0, 1.0)


def test_nothing_that_is_left_of_a_predictor_has_no_slope() -> None:
    left = np.array([1.0, -1.0, 2.0])
    assert partialled_out(left, np.zeros(3)) is None
    found = partialled_out(2 * left, left)
    assert found is not None
    assert (found.value, found.p) == (2.0, 0.0)


def test_the_search_for_signs_ends_where_rounding_leaves_no_minimum() -> None:
    """Products of no features: the function has no minimum, and the search would go round for ever."""
    gram = np.array([[2.0, 0.0, 3.0], [0.0, -2.0, 2.0], [3.0, 2.0, 4.0]])
    assert np.isfinite(lasso(gram, np.array([-1.0, 2.0, 4.0]), 1.0)).all()


def test_a_table_of_two_columns_has_nothing_to_hold_fixed() -> None:
    data = numbers(300)
    assert checked(RISES, Rows.of({"x": data["x"], "y": data["y"]})).reason == "No other column can be held fixed."


def test_products_of_columns_stop_at_a_hundred_and_twenty() -> None:
    at = np.arange(600)
    labels = {"one": np.array([f"a{k}" for k in at % 12]), "two": np.array([f"b{k}" for k in at // 7 % 12])}
    rows = Rows.of(labels | {"x": numbers(600)["x"]})
    controls = [control(rows, name) for name in ("one", "two", "x")]
    assert rich(controls).shape == (600, 120)
    assert rich(controls[1:]).shape == (600, 12)


def test_averages_are_left_out_where_they_tell_another_story_than_ranks() -> None:
    def told(value: float, ranks: float) -> str:
        estimate = Estimate(label="as found", value=ranks, low=ranks - 0.1, high=ranks + 0.1, p_value=0.001)
        before = Effect(name="slope", value=value, low=value - 1, high=value + 1, level=0.95, unit="y")
        found = Adjustment(tag="robust", controls=("c",), estimates=(estimate,) * 4, before=before, after=before)
        return worded(RISES, found)[1]

    assert (
        told(2.0, 0.5) == "Holds with `c` held fixed: slope 2.00 as found, 2.00 adjusted (95 % interval 1.00 to 3.00)."
    )
    assert told(-2.0, 0.5) == "Holds with `c` held fixed: 100 % of the association of ranks is left."
    assert units(RISES, Pair(np.zeros(1), np.zeros(1), False, False), None, None) is None


def test_a_claim_that_the_scale_of_the_check_does_not_show_is_not_checked() -> None:
    rows = Rows.of(numbers(300) | {"y": np.random.default_rng(8).normal(size=300)})
    assert checked(RISES, rows).reason == "On the scale of this check the claim itself is not shown."
