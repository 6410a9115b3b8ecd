"""Which of two columns a person reads as the outcome."""

from typing import get_args

import pytest

from heldout.agent.roles import oriented, outcome_reading
from heldout.tools.data.schema import Column, ColumnType


def column(name: str, kind: str = "number", levels: tuple[str, ...] = ()) -> Column:
    storage = {"number": "DOUBLE", "datetime": "TIMESTAMP"}.get(kind, "VARCHAR")
    return Column.model_validate(
        {"name": name, "type": kind, "storage": storage, "rows": 100, "missing": 0, "distinct": 50, "levels": levels}
    )


def yes_no(name: str) -> Column:
    return column(name, "boolean", ("no", "yes"))


def label(name: str) -> Column:
    return column(name, "category", ("a", "b", "c"))


PAIRS = [
    (column("wage"), label("sex")),
    (yes_no("churn"), label("contract")),
    (yes_no("Churn"), column("MonthlyCharges")),
    (yes_no("churned"), column("tenure")),
    (yes_no("survived"), column("fare")),
    (yes_no("Survived"), label("Pclass")),
    (column("charges"), yes_no("smoker")),
    (column("charges"), column("age")),
    (column("tip"), label("day")),
    (column("tip"), yes_no("smoker")),
    (column("price"), label("neighbourhood")),
    (column("mpg"), column("horsepower")),
    (column("eval"), column("beauty")),
    (column("affairs"), column("religious")),
    (column("lifeExp"), label("continent")),
    (column("dep_delay"), label("carrier")),
    (column("body_mass_g"), label("species")),
    (column("total_rentals"), column("temp")),
    (yes_no("default"), column("balance")),
]


@pytest.mark.parametrize(("outcome", "predictor"), PAIRS, ids=lambda c: c.name)
@pytest.mark.parametrize("first", ["outcome", "predictor"])
def test_sex_predicts_wage_and_not_wage_sex(outcome: Column, predictor: Column, first: str) -> None:
    names = [outcome.name, predictor.name] if first == "outcome" else [predictor.name, outcome.name]
    order = {name: at for at, name in enumerate(names)}
    assert oriented(outcome, predictor, order) == (outcome, predictor)
    assert oriented(predictor, outcome, order) == (outcome, predictor)


@pytest.mark.parametrize("other", [column("x"), label("town"), yes_no("member"), column("age")])
def test_a_date_is_never_the_outcome(other: Column) -> None:
    for name in ("day", "outcome", "closed_at", "resolved_at", "price_date", "churn"):
        date = column(name, "datetime")
        for order in ({name: 0, other.name: 1}, {name: 1, other.name: 0}):
            assert oriented(date, other, order) == (other, date)


def test_of_two_columns_that_read_alike_the_later_one_is_the_outcome() -> None:
    first, second = column("alpha"), column("beta")
    assert oriented(first, second, {"alpha": 0, "beta": 1}) == (second, first)
    assert oriented(first, second, {"alpha": 1, "beta": 0}) == (first, second)


def test_of_two_columns_that_read_alike_the_measured_one_is_the_outcome() -> None:
    number, kind = column("alpha"), label("beta")
    assert oriented(number, kind, {"alpha": 0, "beta": 0}) == (number, kind)


@pytest.mark.parametrize("name", ["total_amount", "totalAmount", "Total Amount", "TOTAL-AMOUNT"])
def test_the_spelling_of_a_name_changes_nothing(name: str) -> None:
    assert outcome_reading(column(name)) == outcome_reading(column("total_amount"))


@pytest.mark.parametrize("kind", get_args(ColumnType))
@pytest.mark.parametrize("name", ["churn", "wage", "x", "sex", "", "日付", "___"])
def test_every_name_and_type_has_a_reading(name: str, kind: str) -> None:
    reading = outcome_reading(column(name, kind), 1.0)
    assert reading < 0 if kind == "datetime" else 0 <= reading < 7
