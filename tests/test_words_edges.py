"""What families say where the evidence is thin or turned: no direction, another direction, no figures in units."""

from typing import Any

import pytest

from heldout.tools.text.naming import property_of
from heldout.tools.text.properties import Mentions
from heldout.tools.value import Effect
from heldout.tools.verify.claims import Condition
from heldout.tools.verify.evidence import Evidence, Group
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.families.invariant_words import broken
from heldout.tools.verify.families.monotone_words import plain
from heldout.tools.verify.families.rule_words import claim as ruled
from heldout.tools.verify.families.wording import condition
from heldout.tools.verify.hypothesis import Hypothesis, parse

SIDES = {"a": ["l"], "b": ["r"]}
OPEN = {"a": ["l"], "b": []}


def claim(family: str, **fields: Any) -> Hypothesis:
    return parse({"family": family, "outcome": "y", "predictor": "x", "direction": "higher"} | fields)


def said(h: Hypothesis, value: float, apart: float | None, means: tuple[float, ...], **more: Any) -> str:
    """The sentence on a clear effect, its interval a tenth of it on either side; `apart` is it in the data's units."""

    def around(name: str, at: float, unit: str | None) -> Effect:
        reach = abs(at) / 10
        return Effect(name=name, value=at, low=at - reach, high=at + reach, level=0.95, unit=unit)

    groups = tuple(Group(label=f"group {at}", n=100, mean=m, median=m) for at, m in enumerate(means))
    unit = more.pop("unit", "y")
    evidence = Evidence(
        hypothesis_id=h.content_id(), split="held_out", test=more.pop("test", "a test"), n=200, p_value=0.001,
        effect=around("effect", value, None), in_units=None if apart is None else around("difference", apart, unit),
        theta=value, groups=groups,
    )  # fmt: skip
    return FAMILIES[h.family].sentence(h, evidence.model_copy(update=more))


def test_more_than_four_columns_held_fixed_are_counted() -> None:
    h = claim("adjusted_association", controls=["a", "b", "c", "d", "e"], direction="increasing")
    assert FAMILIES[h.family].claim(h) == "`y` rises with `x` with `a`, `b`, `c` and 2 more columns held fixed"


@pytest.mark.parametrize("family", ["mean_difference", "quantile_difference", "rate_ratio"])
def test_an_amount_that_may_differ_either_way_is_claimed_to_differ(family: str) -> None:
    more = {"quantile": 0.5} if family == "quantile_difference" else {}
    either = claim(family, levels=SIDES, direction="any", **more)
    assert FAMILIES[family].claim(either).endswith("differs between rows where `x` is l and where it is r")
    rest = claim(family, levels=OPEN, direction="any", **more)
    assert FAMILIES[family].claim(rest).endswith("differs between rows where `x` is l and the others")


def test_an_amount_that_is_not_shown_to_differ_is_said_in_no_direction() -> None:
    h = claim("mean_difference", levels=SIDES)
    told = said(h, 0.1, 1.0, (5.0, 4.0), p_value=0.4)
    assert told.startswith("The mean of `y` is not shown to be higher or lower when `x` is l than when it is r: 5.00")


@pytest.mark.parametrize(
    ("quantile", "name"), [(0.11, "11th"), (0.21, "21st"), (0.92, "92nd"), (0.125, "12.5th"), (0.93, "93rd")]
)
def test_a_percentile_is_named_by_its_ordinal(quantile: float, name: str) -> None:
    h = claim("quantile_difference", levels=SIDES, quantile=quantile)
    assert FAMILIES[h.family].claim(h).startswith(f"The {name} percentile of `y` is higher")


def test_a_change_that_turned_says_so_and_an_average_that_does_not_show_it_too() -> None:
    h = claim("change_point", at=2010.0)
    assert "`y` is lower, not higher, from" in said(h, 0.3, -4.0, (6.0, 10.0))
    assert said(h, 0.7, -4.0, (6.0, 10.0)).startswith("By rank `y` is higher from")
    share = said(claim("change_point", at=2010.0, event="yes"), 0.2, 20.0, (0.6, 0.4), unit="points")
    assert "60.0 % on average from then on, 40.0 % before" in share


def test_a_number_inside_a_rule_may_differ_either_way() -> None:
    rule = [{"column": "x", "op": ">", "value": 3}, {"column": "z", "op": "==", "value": "p"}]
    h = claim("subgroup", rule=rule, direction="any")
    assert ruled(h) == "`y` differs between rows where `x` > 3 and `z` is p and elsewhere"  # type: ignore[arg-type]
    share = claim("subgroup", rule=rule, direction="any", event="yes")
    assert ruled(share) == (  # type: ignore[arg-type]
        "The share of rows where `y` is yes differs between rows where `x` > 3 and `z` is p and elsewhere"
    )


def test_pairs_of_rows_are_told_from_the_side_that_is_higher_and_equal_medians_are_left_out() -> None:
    h = claim("group_difference", levels=SIDES, direction="lower")
    bare = Effect(name="difference", value=0.5, unit="y")
    told = said(h, 0.3, None, (5.0, 5.0), in_units=bare)
    assert told.startswith("`y` tends to be lower when `x` is l than when it is r: ")
    assert "70.0 %" in told
    assert "medians" not in told
    assert "medians" in said(h, 0.3, None, (5.0, 6.0), in_units=bare)


def crossed(**more: Any) -> Hypothesis:
    return claim("interaction", moderator="m", moderator_levels={"a": ["p"], "b": ["q"]}, **more)


def effects(h: Hypothesis, one: float, two: float, *cells: float, **more: Any) -> str:
    """The sentence of an interaction; an effect of 0 is one that is not shown."""
    groups = [Group(label="one", n=100, mean=e, low=e - 0.1, high=e + 0.1) for e in (one, two)]
    told = (*groups, *(Group(label="cell", n=50, mean=c) for c in cells))
    return said(h, one - two, one - two, (), groups=told, **more)


def test_effects_that_differ_while_neither_is_shown_are_said_as_the_claim() -> None:
    slopes = effects(crossed(), 0.0, 0.0, unit="y per unit of x", effect=Effect(name="e", value=0.2))
    assert slopes.startswith("The slope of `y` over `x` is higher when `m` is p than when it is q: ")
    gaps = effects(crossed(levels=SIDES), 0.0, 0.0, effect=Effect(name="e", value=0.2))
    assert gaps.startswith(
        "The difference in `y` between rows where `x` is l and where it is r is higher when `m` is p"
    )


def test_the_side_that_shows_a_slope_is_told_first() -> None:
    told = effects(crossed(direction="lower"), 0.0, 2.0, unit="y per unit of x")
    assert told.startswith("`y` rises with `x` when `m` is q, but is not shown to rise or fall when it is p: ")


def test_differences_of_rows_that_belong_together_come_without_four_averages() -> None:
    told = effects(crossed(levels=SIDES), 3.0, 1.0, clusters=40)
    assert "+3.00 when `m` is p against +1.00 when it is q, 2.00 apart" in told
    whole = effects(crossed(levels=SIDES), 3.0, 1.0, 7.0, 4.0, 6.0, 5.0)
    assert "7 against 4 when `m` is p, 6 against 5 when it is q; the differences, +3.00 and +1.00, are 2.00 apart" in (
        whole.replace(".00 against", " against").replace(".00 when", " when")
    )


def test_months_of_an_interaction_are_named() -> None:
    h = claim(
        "interaction", moderator="m", moderator_cycle="month_of_year", moderator_levels={"a": ["1", "2"], "b": ["7"]}
    )
    assert FAMILIES[h.family].claim(h) == (
        "The slope of `y` over `x` is higher when the month of `m` is January or February than when it is July"
    )


def test_a_rule_of_the_data_is_told_as_it_should_not_be() -> None:
    def rule(name: str, **more: Any) -> str:
        own = {"predictor": "y"} if name in ("in_range", "one_of", "not_missing") else {}
        return broken(claim("invariant", rule=name, direction="lower", **own, **more))  # type: ignore[arg-type]

    assert rule("in_range", low=1.0, high=3.0) == "`y` is not between 1 and 3"
    assert rule("in_range", low=1.0) == "`y` is not at least 1"
    assert rule("in_range", high=3.0) == "`y` is not at most 3"
    assert rule("one_of", allowed=["p", "q"]) == "`y` is not p or q"
    assert rule("not_after") == "`x` is larger than `y`"
    assert rule("determines", mapping=[["a", "p"]]) == "`y` is not the one that goes with `x`"
    assert rule("not_missing") == "`y` is missing"


def test_a_relation_whose_average_turns_the_other_way_says_both() -> None:
    h = claim("monotone_association", direction="increasing", cuts=[1995, 2004.5])
    turned = said(h, 0.4, -3.0, (5.0, 8.0))
    assert turned.startswith("By rank `y` rises with `x` (Spearman's rho 0.40, 95 % interval 0.36 to 0.44), but its ")
    assert "but its average falls: " in turned
    unclear = Effect(name="difference", value=-3.0, low=-9.0, high=3.0, unit="y")
    assert "but its average does not: " in said(h, 0.4, None, (5.0, 8.0), in_units=unclear)
    other = said(h, -0.4, -3.0, (5.0, 8.0))
    assert other.startswith("`y` falls, not rises, with `x`: ")
    bare = said(h, 0.4, None, ())
    assert bare == "`y` rises with `x`: Spearman's rho 0.40 (95 % interval 0.36 to 0.44; n = 200)."


def test_a_year_is_told_without_a_separator() -> None:
    assert [plain(x) for x in (1995.0, 2004.5, 999.0, 3000.0, 12.5)] == ["1995", "2,004", "999", "3,000", "12.5"]


def test_an_order_that_averages_do_not_show_is_told_in_pairs_of_rows() -> None:
    h = claim("ranking", order=["p", "q", "r"], direction="stated")
    wide = Effect(name="difference", value=1.0, low=-1.0, high=3.0, unit="y")
    told = said(h, 0.7, None, (9.0, 8.0, 7.0), in_units=wide)
    assert "of the closest two, the first is higher in 70.0 % of pairs of rows, ties counted half" in told
    assert told.endswith("averages 9.00, 8.00 and 7.00.")


def test_a_season_of_shares_is_told_in_points_and_one_by_rank_says_so() -> None:
    season: dict[str, Any] = {"cycle": "day_of_week", "peak": [5, 6], "trough": [0, 1], "direction": "stated"}
    test = "compared within each week, twice"
    shares = said(claim("seasonality", event="yes", **season), 0.2, 20.0, (0.6, 0.4), unit="points", test=test)
    assert "60.0 % against 40.0 % on average, a difference of 20.0 points" in shares
    ranks = said(claim("seasonality", **season), 0.7, -2.0, (4.0, 6.0), test=test)
    assert ranks.startswith("By rank `y` tends to be higher when the weekday of `x` is Saturday or Sunday")
    whole = claim("seasonality", **(season | {"peak": list(range(6)), "trough": [6]}))
    assert "is Monday to Saturday than when it is Sunday" in FAMILIES["seasonality"].claim(whole)


def test_a_shape_without_averages_is_told_by_its_weakest_part() -> None:
    h = claim("shape", shape="u", knots=[3.0], direction="stated")
    bare = said(h, 0.4, None, ())
    assert bare.endswith("beyond it: weakest part: correlation 0.40 (95 % interval 0.36 to 0.44; n = 200).")
    told = said(h, 0.4, None, (), clusters=40)
    assert told.endswith("n = 200 in 40 clusters).")


def test_distributions_that_are_not_shown_to_differ_are_said_so() -> None:
    h = claim("shift", levels=SIDES, direction="any")
    assert said(h, 0.2, 3.0, (5.0, 4.0)).startswith("`y` is distributed differently when")
    told = said(h, 0.2, 3.0, (5.0, 4.0), p_value=0.3)
    assert told.startswith("`y` is not shown to be distributed differently when `x` is l than when it is r: ")


def test_a_trend_counts_its_clusters_and_leaves_out_thirds_without_rows() -> None:
    h = claim("trend", direction="rising")
    told = said(h, 0.4, 2.0, (5.0, 8.0), unit="y per year", clusters=40)
    assert told == (
        "`y` rises over `x`: from 5.00 in the first third of the time to 8.00 in the last, +2.0 per year "
        "(95 % interval 1.8 to 2.2; n = 200 in 40 clusters)."
    )
    assert said(h, 0.4, 2.0, (), unit="kg per year").startswith("`y` rises over `x`: +2.0 kg per year (95 % interval")


def test_a_filter_on_a_property_of_a_text_is_said_in_words() -> None:
    late = property_of(Mentions(terms=("late",)), "review").name
    assert condition(Condition(column=late, op="==", value="yes")) == "`review` mentions late"
    assert condition(Condition(column=late, op="!=", value="yes")) == "`review` does not mention late"
    assert condition(Condition(column="size", op="==", value="yes")) == "`size` is yes"


def test_seasons_and_trends_that_are_not_shown_or_not_tested_are_said_so() -> None:
    season = claim("seasonality", cycle="day_of_week", peak=[5, 6], trough=[0, 1], direction="stated")
    test = "compared within each week, twice"
    told = said(season, 0.52, 0.1, (4.1, 4.0), test=test, p_value=0.4)
    assert told.startswith("`y` is not shown to be higher or lower when the weekday of `x` is Saturday or Sunday than")
    assert said(season, 0.52, 0.1, (4.1, 4.0), test=test, untestable="Too few.").endswith(": not tested. Too few.")
    trend = said(claim("trend", direction="rising"), 0.1, 2.0, (5.0, 8.0), unit="y per year", p_value=0.4)
    assert trend.startswith("`y` is not shown to rise or fall over `x`: from 5.00 in the first third")


def test_a_shape_that_is_not_shown_or_is_another_one_is_said_so() -> None:
    h = claim("shape", shape="threshold", knots=[1.0, 3.0], rises=True, direction="stated")
    between = "rises with `x` between about 1 and 3, with little slope below and above"
    assert FAMILIES[h.family].claim(h) == f"`y` {between}"
    told = said(h, 0.4, 3.0, (5.0, 6.0, 8.0))
    assert (
        "5.00 on average where group 0, 6.00 where it is group 1 and 8.00 where it is group 2; from the first to the "
        in told
    )
    assert "last a difference of 3.00" in told
    rise = between.replace("rises", "rise", 1)
    assert said(h, -0.4, 3.0, (5.0, 6.0, 8.0)).startswith(f"`y` does not {rise}: ")
    assert said(h, 0.1, 3.0, (5.0, 6.0, 8.0), p_value=0.4).startswith(f"`y` is not shown to {rise}: ")
