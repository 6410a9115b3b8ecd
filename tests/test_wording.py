"""How names, levels, numbers and intervals are printed."""

import pytest

from heldout.tools.value import Effect
from heldout.tools.verify.evidence import Evidence, Group
from heldout.tools.verify.families.wording import (
    among,
    condition,
    count,
    decimals_apart,
    effect_interval,
    fixed,
    group_label,
    interval,
    number,
    one_of,
    percent,
    percent_places,
    sentence_case,
    short_labels,
    signed,
    sizes,
    untested,
    versus,
    with_unit,
)
from heldout.tools.verify.hypothesis import Condition, Contrast, Trend


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (1234.4, "1,234"), (32_050.3, "32,050"), (48.23, "48.2"), (0.012345, "0.0123"), (5, "5"), (0, "0"),
        (-2.5, "−2.50"), (1e-7, "1.00e-07"), (-1e-7, "−1.00e-07"), (3e18, "3.00e+18"), (-0.0, "0"), (100, "100"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_and_thousands_separators(x, text):
    assert number(x) == text


def test_a_figure_that_rounds_to_zero_has_no_sign():
    assert fixed(-0.0001, 2) == "0.00"
    assert signed(fixed(-0.0001, 2)) == "0.00"
    assert signed(fixed(0.4, 1)) == "+0.4"
    assert signed(fixed(-0.4, 1)) == "−0.4"


def test_two_near_figures_are_printed_with_enough_places_to_tell_them_apart():
    assert decimals_apart(100.12, 100.31) == 2
    assert decimals_apart(32_050, 8_434) == 0
    assert decimals_apart(7, 7) == 2


def test_percentages_have_as_many_places_as_their_denominator_carries():
    assert percent_places(50, 4_000) == 0
    assert percent_places(275, 1_063) == 1
    assert percent_places(20_000, 30_000, shares=(0.004, 0.002)) == 2
    assert percent_places(50, 60, shares=(0.501, 0.5)) == 1
    assert percent_places(50, 60, shares=(0.5, 0.5)) == 0
    assert percent(0.4273) == "42.7 %"


def test_intervals_state_their_level_and_unit():
    assert interval(22_300, 24_900, 0) == "95 % interval 22,300 to 24,900"
    assert interval(-1, 2, 1, level=0.99, unit="%") == "99 % interval −1.0 % to 2.0 %"
    assert effect_interval(Effect(name="x", value=1, low=0, high=2, level=0.9), 1) == "90 % interval 0.0 to 2.0"
    assert effect_interval(Effect(name="x", value=1), 1) == ""


def test_units_stand_where_a_reader_expects_them():
    assert with_unit("1,234", "$") == "$1,234"
    assert with_unit("−1,234", "$") == "−$1,234"
    assert with_unit("12", "kg") == "12 kg"
    assert with_unit("12", None) == "12"


def test_levels_read_as_a_choice_and_long_lists_are_counted():
    assert one_of(["yes"]) == "yes"
    assert one_of(["a", "b"]) == "a or b"
    assert one_of(["a", "b", "c"]) == "a, b or c"
    assert one_of(list("abcdef")) == "a, b, c or one of 3 other levels"
    assert one_of([" "]) == '" "'


def test_contrasts_read_against_the_other_levels_or_otherwise():
    closed, open_ = Contrast(a=("yes",), b=("no",)), Contrast(a=("yes", "maybe"))
    assert versus("smoker", closed) == ("when `smoker` is yes", "when it is no")
    assert versus("smoker", open_) == ("when `smoker` is yes or maybe", "otherwise")
    assert group_label("smoker", closed, 1) == "`smoker` is no"
    assert group_label("smoker", open_, 1) == "`smoker` is not yes or maybe"
    assert short_labels(open_) == ("yes or maybe", "not yes or maybe")


def test_population_filters_stand_in_front():
    where = (Condition(column="age", op=">=", value=18), Condition(column="sex", op="!=", value="male"))
    h = Trend(outcome="y", predictor="t", direction="any", where=where)
    assert among(h) == "among rows where `age` ≥ 18 and `sex` is not male, "
    assert among(h.model_copy(update={"where": ()})) == ""
    assert condition(Condition(column="t", op="<", value=1234.0)) == "`t` < 1,234"


def test_what_was_not_tested_says_why():
    assert untested("`y` rises", "Too few rows.") == "`y` rises: not tested. Too few rows."
    assert sentence_case("among") == "Among"


def test_sizes_are_of_rows_or_of_clusters():
    groups = (Group(label="a", n=1_063), Group(label="b", n=275))
    rows = Evidence(hypothesis_id="x", split="all", test="t", n=1_338, groups=groups)
    assert sizes(rows) == "n = 1,063 and 275"
    assert sizes(rows.model_copy(update={"clusters": 1_338})) == "n = 1,063 and 275 clusters"
    assert sizes(rows.model_copy(update={"clusters": 40})) == "n = 1,063 and 275 in 40 clusters"
    assert count(1_000_000) == "1,000,000"
