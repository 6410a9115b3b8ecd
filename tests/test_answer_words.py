"""The words of facts: named as the query's syntax tree shows them, counted as they rest, and nothing said of others."""

import pytest

from heldout.agent.bounds_facts import bound_of_fact
from heldout.agent.prose import answer_of
from heldout.agent.row_words import row_words
from heldout.agent.toolbox.aggregates import check
from heldout.agent.toolbox.facts import Fact
from heldout.agent.toolbox.result_facts import result_facts
from heldout.agent.toolbox.titles import titles
from heldout.tools.data.schema import Column
from heldout.tools.data.split import Plan
from heldout.tools.verify.families.wording import returned
from heldout.tools.verify.grounding import check as grounded

KNOWN = {
    name: Column(name=name, type=kind, storage="VARCHAR", rows=900, missing=0, distinct=3, unit=unit)
    for name, kind, unit in (
        ("Age", "number", "years"), ("Fare", "number", None), ("class", "category", None), ("sex", "category", None),
    )
}  # fmt: skip
BY_CLASS = "SELECT class, avg(Fare) AS mean_fare, count(*) AS n FROM data GROUP BY class"


def words(select: str, where: str = "") -> list[str]:
    told = titles(f"SELECT {select}, count(*) AS n FROM data {where}", KNOWN)
    return [title.words for title in told.columns]


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("avg(Age) AS mean_age", "mean of `Age`"),
        ("round(avg(age), 2) AS a", "mean of `Age`"),
        ("median(Age::DOUBLE) AS m", "median of `Age`"),
        ("stddev_samp(Fare) AS sd", "standard deviation of `Fare`"),
        ("round(corr(Age, Fare), 3) AS r", "Pearson correlation of `Age` and `Fare`"),
        ("quantile_cont(Fare, 0.9) AS q", "90 % quantile of `Fare`"),
        ("count(Age) AS known", "number of rows with a value of `Age`"),
        ("100 * avg((sex = 'male')::INT) AS s", "share of rows where `sex` is male"),
        ("avg((Age >= 18 AND sex <> 'male')::INT) * 100 AS s", "share of rows where `Age` ≥ 18 and `sex` is not male"),
        ("sum(Fare) / sum(Age) AS fare_per_year", "fare per year"),
        ("avg(Fare * 2) AS twice_the_fare", "twice the fare"),
    ],
)
def test_a_figure_is_called_what_the_query_computes_else_by_its_alias_in_words(select: str, said: str) -> None:
    assert words(select)[0] == said
    assert words(select)[-1] == "number of rows"


def test_two_figures_of_a_result_are_never_called_the_same() -> None:
    assert words("avg(Age) AS mean_age, round(avg(Age), 1) AS rounded_mean") == [
        "mean of `Age`", "rounded mean", "number of rows",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("", ""),
        ("WHERE sex = 'male' AND Age > 30", "where `sex` is male and `Age` > 30"),
        ("WHERE Fare IS NOT NULL", ""),
        ("WHERE Age IS NOT NULL AND Fare IS NOT NULL", "where `Age` is known"),
        ("WHERE class IN ('First', 'Third')", "where `class` is First or Third"),
        ("WHERE sex = 'male' OR Age > 30", "where ((sex = 'male') OR (Age > 30))"),
    ],
)
def test_whom_a_query_is_of_is_said_in_words_and_missing_values_go_without_saying(where: str, said: str) -> None:
    assert titles(f"SELECT avg(Fare) AS f, count(*) AS n FROM data {where}", KNOWN).where == said


def test_a_share_is_a_percentage_of_the_rows_that_it_rests_on() -> None:
    sql = "SELECT 100 * avg((sex = 'male')::INT) AS share, count(sex) AS known, count(*) AS n FROM data"
    check(sql)
    [[share, known, n]] = result_facts(sql, ("share", "known", "n"), [(40.5, 700, 900)], KNOWN, {"sex": 200})
    assert (share.unit, share.n) == ("%", 700)
    assert bound_of_fact(share._replace(id="f1")).slots[""].text == "40.5 % of 700 rows"
    assert (known.unit, n.value) == ("rows", 900)
    [[open_, _]] = result_facts(
        "SELECT avg(Age) AS a, count(*) AS n FROM data", ("a", "n"), [(30.5, 900)], KNOWN, {"Age": 177}
    )
    assert open_.n is None, "rows with a missing age are not behind the mean"


# Sentences


def facts(filter_: str = "") -> dict[str, Fact]:
    rows = [("First", 84.2, 216), ("Second", 20.7, 184), ("Third", 13.7, 491)]
    found = result_facts(f"{BY_CLASS}", ("class", "mean_fare", "n"), rows, KNOWN, {})
    every = [fact for row in found for fact in row if fact is not None]
    return {f"f{at}": fact._replace(id=f"f{at}", filter=filter_) for at, fact in enumerate(every, 1)}


def said(text: str, *names: str, words: tuple[str, ...] = (), filter_: str = "") -> list[str]:
    known = facts(filter_)
    return list(answer_of((), [known[name] for name in names], text, words, templates=False).sentences)


FIRST, SECOND, THIRD = ("f1", "f2"), ("f3", "f4"), ("f5", "f6")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("The mean Fare is [f1] over [f2] rows where [f1.group].",
         "The mean Fare is 84.2 over 216 rows where `class` is First."),
        ("The mean Fare is [f1] (n = [f2]) where [f1.group].",
         "The mean Fare is 84.2 (n = 216) where `class` is First."),
        ("The mean Fare is [f1] ([f2]) where [f1.group].",
         "The mean Fare is 84.2 (216 rows) where `class` is First."),
        ("The mean Fare is [f1] over [f2] rows in First and [f5] over [f6] rows in Third.",
         "The mean Fare is 84.2 over 216 rows in First and 13.7 over 491 rows in Third."),
        ("The mean Fare is [f1] in First and [f5] in Third.", "The mean Fare is 84.2 in First and 13.7 in Third."),
        ("The mean Fare is higher where [f1.group] ([f1]) than where [f5.group] ([f5]).",
         "The mean Fare is higher where `class` is First (84.2) than where `class` is Third (13.7)."),
        ("There are more rows where [f5.group] ([f6]) than where [f1.group] ([f2]).",
         "There are more rows where `class` is Third (491 rows) than where `class` is First (216 rows)."),
    ],
)  # fmt: skip
def test_counts_and_groups_stand_where_they_can_be_checked(text: str, printed: str) -> None:
    assert said(text, "f1", "f2", "f5", "f6") == [printed]


@pytest.mark.parametrize(
    "text",
    [
        "The mean Fare is [f1] over [f6] rows where [f1.group].",
        "The mean Fare is [f1] (n = [f6]) where [f1.group].",
        "Over [f2] rows have a mean Fare of [f1] where [f1.group].",
        "The mean Fare is over [f1] where [f1.group].",
        "[f6] rows have a mean Fare of [f1] where [f1.group].",
        "The mean Fare is [f5] in First and [f1] in Third.",
        "The mean Fare is [f5] where [f1.group] and [f1] where [f5.group].",
        "The mean Fare is [f5], a Third of [f1].",
        "A third of rows have a Fare of [f5].",
        "The mean Fare is [f3] in Third.",
        "The mean Fare is lower where [f1.group] ([f1]) than where [f5.group] ([f5]).",
        "The mean Fare of passengers is [f1] where [f1.group].",
        "The mean Fare is [f1] over [f2] passengers where [f1.group].",
        "The mean Fare is [f1] over [f2] rows in Third and [f5] over [f6] rows in First.",
        "The mean Fare is [f1] over [f2] rows where [f5.group] and [f5] over [f6] rows where [f1.group].",
        "There are fewer rows where [f5.group] ([f6]) than where [f1.group] ([f2]).",
    ],
)
def test_what_cannot_be_checked_or_is_wrong_is_dropped(text: str) -> None:
    assert said(text, "f1", "f2", "f3", "f5", "f6") == []


def test_rows_go_by_the_word_that_the_table_has_for_them() -> None:
    text = "The mean Fare is [f1] over [f2] passengers where [f1.group]."
    assert said(text, *FIRST, words=("passenger", "passengers")) == [
        "The mean Fare is 84.2 over 216 passengers where `class` is First."
    ]
    assert said("The mean Fare of passengers is [f1].", *FIRST, words=("tips",)) == []


def test_code_says_whom_a_filtered_figure_is_of() -> None:
    text = "The mean Fare is [f1] where [f1.group]."
    assert said(text, *FIRST, filter_="where `sex` is male") == [
        "The mean Fare is 84.2 where `class` is First (where `sex` is male)."
    ]
    known = bound_of_fact(facts("where `sex` is male")["f1"])
    assert [f.kind for f in grounded("The mean Fare is 84.2.", [known])] == ["population"]


def test_no_template_tells_a_count_of_rows_that_the_table_shows() -> None:
    told = answer_of((), list(facts().values())[:2], "There are no digits here, 12 [f2].")
    assert told.sentences == ("Mean of `Fare` where `class` is First: 84.2 (n = 216).",)


def _table(name: str, key: str, *, units: int = 900, distinct: int = 900) -> tuple[str, ...]:
    column = Column(name=key, type="category", storage="VARCHAR", rows=900, missing=0, distinct=distinct)
    plan = Plan.model_construct(kind="row", rows=900, units=units)
    return row_words(name, [column], plan)


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("titanic.csv", "PassengerId", ("passenger", "passengers")),
        ("shop", "customer_id", ("customer", "customers")),
        ("data", "entry no", ("entry", "entries")),
        ("penguins.csv", "bill", ("penguins",)),
        ("auto-mpg.csv", "mpg", ()),
        ("causes", "x", ()),
        ("all", "y", ()),
    ],
)
def test_only_a_key_or_the_tables_own_plural_says_what_a_row_is(name: str, key: str, said: tuple[str, ...]) -> None:
    assert _table(name, key) == said


def test_an_id_that_repeats_and_rows_that_belong_to_units_say_nothing() -> None:
    assert _table("orders", "customer_id", distinct=300, units=300) == ()


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (42103.95, "42,103.95"), (13270.422265141257, "13,270.42"), (39.20702541106129, "39.207"), (-5.5, "−5.5"),
        (0.0679982, "0.0679982"), (17755824.990759, "17,755,824.99"), (1234567.0, "1,234,567"), (-0.0, "0"),
        (2 / 3, "0.666667"), (1e-7, "1.00000e-07"), (1e13 / 7, "1,428,571,428,571.43"),
    ],
)  # fmt: skip
def test_a_figure_is_printed_as_the_query_returned_it(value: float, printed: str) -> None:
    assert returned(value, 6) == printed
