"""The closed family claim by claim: every pair of types in both orders, with the very levels that are set against."""

import numpy as np
from test_closed import columns, small

from heldout.agent.closed import enumerate_closed
from heldout.tools.data.rows import Rows
from heldout.tools.data.schema import Aggregate, Column
from heldout.tools.verify.hypothesis import parse


def claim(family: str, outcome: str, predictor: str, **more: object) -> object:
    return parse({"family": family, "outcome": outcome, "predictor": predictor, "direction": "any", **more})


def test_the_list_of_a_table_with_every_type_is_this_one() -> None:
    towns = ("Ulm", "Bonn", "Kiel", "Hof")
    two = {"a": ["female"], "b": ["male"]}
    assert list(enumerate_closed(columns(small()))) == [
        claim(
            "categorical_association", "town", "sex", outcome_levels=list(towns), predictor_levels=["male", "female"]
        ),
        claim("group_difference", "age", "sex", levels=two),
        claim("group_difference", "wage", "sex", levels=two),
        claim("rate_difference", "hired", "sex", event="yes", levels=two),
        *(claim("trend", "sex", "day", event=sex) for sex in ("male", "female")),
        *(claim("group_difference", "age", "town", levels={"a": [t]}) for t in towns),
        *(claim("group_difference", "wage", "town", levels={"a": [t]}) for t in towns),
        *(claim("rate_difference", "hired", "town", event="yes", levels={"a": [t]}) for t in towns),
        *(claim("trend", "town", "day", event=t) for t in towns),
        claim("monotone_association", "wage", "age"),
        claim("monotone_association", "hired", "age", event="yes"),
        claim("trend", "age", "day"),
        claim("monotone_association", "hired", "wage", event="yes"),
        claim("trend", "wage", "day"),
        claim("trend", "hired", "day", event="yes"),
    ]


def labels(levels: int, name: str = "k") -> np.ndarray:
    return np.array([f"{name}{at}" for at in range(levels)], object)[np.arange(420) % levels]


def of(**data: object) -> list[Column]:
    return list(Rows.of(data).columns.values())  # pyright: ignore[reportArgumentType]


def test_a_label_that_reads_like_an_outcome_is_still_what_divides_a_number() -> None:
    """`churn reason` is the outcome to a reader; a test of a number by a label needs the number as outcome."""
    got = enumerate_closed(of(x=np.linspace(0, 1, 420), outcome=labels(3)))
    assert list(got) == [claim("group_difference", "x", "outcome", levels={"a": [f"k{at}"]}) for at in range(3)]


def test_of_many_levels_the_first_six_take_part_everywhere() -> None:
    six = [f"k{at}" for at in range(6)]
    got = enumerate_closed(of(kind=labels(7), grade=labels(8, "g")))
    assert list(got) == [
        claim(
            "categorical_association", "grade", "kind", outcome_levels=[f"g{a}" for a in range(6)], predictor_levels=six
        )
    ]
    dates = np.datetime64("2024-01-01") + np.arange(420)
    trends = enumerate_closed(of(day=dates, kind=labels(7)))
    assert list(trends) == [claim("trend", "kind", "day", event=level) for level in six]


def test_two_dates_make_no_claim() -> None:
    day = np.datetime64("2024-01-01") + np.arange(420)
    assert enumerate_closed(of(one=day, other=day + np.arange(420) % 9)) == ()


def test_codes_and_columns_that_follow_from_each_other_make_no_claim() -> None:
    x, y = np.linspace(0, 1, 420), np.cos(np.arange(420))
    assert len(enumerate_closed(of(x=x, y=y))) == 1
    assert enumerate_closed(of(x=x, zip_code=np.arange(420.0) * 3)) == ()
    made = [
        column.model_copy(update={"aggregate": Aggregate(how=how, table="orders", of="amount", nest=("orders",))})
        for column, how in zip(of(spent=x, ordered=y), ("sum", "count"), strict=True)
    ]
    assert enumerate_closed(made) == ()
    assert len(enumerate_closed([made[0], *of(y=y)])) == 1
    both = enumerate_closed([*made, *of(other=y)])
    assert [{h.outcome, h.predictor} for h in both] == [{"spent", "other"}, {"ordered", "other"}]


def test_a_boolean_divides_a_number_as_a_label_of_two_levels_does() -> None:
    columns = of(x=np.linspace(0, 1, 420), churned=np.arange(420) % 3 == 0, kind=labels(2))
    assert columns[1].type == "boolean"
    no, yes = columns[1].levels
    assert claim("monotone_association", "churned", "x", event=yes) in enumerate_closed(columns[:2])
    made = enumerate_closed([columns[2], columns[1].model_copy(update={"name": "sex"})])
    assert list(made) == [claim("rate_difference", "kind", "sex", event="k1", levels={"a": [yes], "b": [no]})]
