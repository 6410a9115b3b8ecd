"""Sentences in the grammar's words: what each is read as, and how one that cannot be read says so."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.agent.sentences.constants import checked, frozen
from heldout.agent.sentences.names import Names
from heldout.agent.sentences.reader import read
from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.hypothesis import parse

N = 240
_RNG = np.random.default_rng(11)
_DAYS = [np.datetime64(date(2019, 1, 1) + timedelta(days=int(k))) for k in _RNG.integers(0, 900, N)]
_DATA = {
    "wage": _RNG.normal(20, 4, N).round(2),
    "sex": _RNG.choice(["female", "male"], N, p=[0.6, 0.4]),
    "contract": np.array((["month-to-month"] * 3 + ["one year"] * 2 + ["two year"]) * 40),
    "age": _RNG.integers(18, 80, N).astype(float),
    "hour": np.array(list(range(24)) * 10, float),
    "date": np.array(_DAYS),
    "region": np.array(["north", "south", "west"] * 80),
    "Total Charges": _RNG.gamma(2, 50, N).round(2),
    "exposure": _RNG.uniform(1, 9, N),
    "year": _RNG.integers(1990, 2020, N).astype(float),
    "income=": _RNG.choice([">50K", "<=50K", "a or b", "not, told"], N),
    "score": _RNG.normal(0, 1, N),
    "Score.": _RNG.normal(0, 1, N),
    "median": _RNG.normal(0, 1, N),
    "pay per hour": _RNG.normal(0, 1, N),
}


def _rows() -> Rows:
    rows = Rows.of(_DATA)
    boolean = rows.columns["sex"].model_copy(update={"type": "boolean"})
    churn = boolean.model_copy(update={"name": "churn", "levels": ("No", "Yes")})
    arrays = {name: rows._arrays[name] for name in rows.columns}
    return Rows({**rows.columns, "sex": boolean, "churn": churn}, {**arrays, "churn": arrays["sex"][::-1].copy()})


ROWS = _rows()
TWO = {"a": ["male"], "b": ["female"]}
NORTH = {"a": ["north"], "b": []}
TERM = {"column": "region", "op": "==", "value": "north"}


def _names() -> Names:
    return Names(ROWS.columns, {"customer_id": "it is an identifier.", "memo": "it is text."})


def _claim(text: str, rows: Rows | None = ROWS) -> dict:
    return frozen(read(text, _names()), ROWS.columns, rows).as_json()


def _c(family: str, outcome: str, predictor: str, **fields: object) -> dict:
    return parse({"family": family, "outcome": outcome, "predictor": predictor, **fields}).as_json()


def _group(**fields: object) -> dict:
    given = {"outcome": "wage", "predictor": "sex", "levels": TWO, "direction": "higher", **fields}
    return parse({"family": "group_difference", **given}).as_json()


SENTENCES = {
    "wage higher for sex=male": _group(),
    "WAGE is HIGHER for SEX = Male.": _group(),
    "`wage` higher for `sex`='male'": _group(),
    "wage higher for sex=male than female": _group(),
    "wage higher when sex is male than female": _group(),
    "wage is lower for sex=female than sex=male": _group(levels={"a": ["female"], "b": ["male"]}, direction="lower"),
    "wage differs for sex=male": _group(direction="any"),
    "wage higher where sex=male": _group(),
    "wage higher for sex=male among region=north and age>=18": _group(
        where=[TERM, {"column": "age", "op": ">=", "value": 18.0}]
    ),
    "among region=north, wage higher for sex=male": _group(where=[TERM]),
    "wage higher for sex=male among date >= 2020-01-01": _group(
        where=[{"column": "date", "op": ">=", "value": "2020-01-01"}]
    ),
    "wage higher for sex=male among region is not north": _group(
        where=[{"column": "region", "op": "!=", "value": "north"}]
    ),
    "wage higher for contract=one year or two year": _c(
        "group_difference", "wage", "contract", levels={"a": ["one year", "two year"]}, direction="higher"
    ),
    "wage differs between contract=one year and two year": _c(
        "group_difference", "wage", "contract", levels={"a": ["one year"], "b": ["two year"]}, direction="any"
    ),
    "wage higher for hour=8, 17.0 than 3": _c(
        "group_difference", "wage", "hour", levels={"a": ["8", "17"], "b": ["3"]}, direction="higher"
    ),
    "wage higher for `income=`=>50K": _c(
        "group_difference", "wage", "income=", levels={"a": [">50K"]}, direction="higher"
    ),
    "wage higher for income= = 'a or b'": _c(
        "group_difference", "wage", "income=", levels={"a": ["a or b"]}, direction="higher"
    ),
    "wage higher for income= = not, told": _c(
        "group_difference", "wage", "income=", levels={"a": ["not, told"]}, direction="higher"
    ),
    "pay per hour higher for sex=male": _group(outcome="pay per hour"),
    "median higher for sex=male": _group(outcome="median"),
    "churn higher for contract=month-to-month": _c(
        "rate_difference", "churn", "contract", event="Yes", levels={"a": ["month-to-month"]}, direction="higher"
    ),
    "churn=no less likely for contract=month-to-month than one year": _c(
        "rate_difference", "churn", "contract", event="No",
        levels={"a": ["month-to-month"], "b": ["one year"]}, direction="lower",
    ),
    "region=north more often for sex=male": _c(
        "rate_difference", "region", "sex", event="north", levels=TWO, direction="higher"
    ),
    "mean wage higher for region=north": _c(
        "mean_difference", "wage", "region", levels=NORTH, direction="higher"
    ),
    "average of total charges lower for sex=male": _c(
        "mean_difference", "Total Charges", "sex", levels=TWO, direction="lower"
    ),
    "median wage lower for region=north": _c(
        "quantile_difference", "wage", "region", quantile=0.5, levels=NORTH, direction="lower"
    ),
    "p90 total_charges higher for region=north": _c(
        "quantile_difference", "Total Charges", "region", quantile=0.9, levels=NORTH, direction="higher"
    ),
    "quantile 0.25 of wage higher for region=north": _c(
        "quantile_difference", "wage", "region", quantile=0.25, levels=NORTH, direction="higher"
    ),
    "Total Charges above 0 likelier for sex=male": _c(
        "occurrence_difference", "Total Charges", "sex", above=0, levels=TWO, direction="higher"
    ),
    "hour per exposure higher for region=north": _c(
        "rate_ratio", "hour", "region", exposure="exposure", levels=NORTH, direction="higher"
    ),
    "count of hour higher for region=north": _c("rate_ratio", "hour", "region", levels=NORTH, direction="higher"),
    "wage rises over date": _c("trend", "wage", "date", direction="rising"),
    "churn falls over date": _c("trend", "churn", "date", event="Yes", direction="falling"),
    "wage rises over year": _c("trend", "wage", "year", direction="rising"),
    "wage ~ date": _c("trend", "wage", "date", direction="any"),
    "wage ~ sex": _group(direction="any"),
    "churn ~ sex": _c("rate_difference", "churn", "sex", event="Yes", levels=TWO, direction="any"),
    "wage peaks in hour 8, 17 and 18 against 3, 4 over date": _c(
        "seasonality", "wage", "date", cycle="hour_of_day", peak=[8, 17, 18], trough=[3, 4]
    ),
    "wage peaks on monday, fri against sunday": _c(
        "seasonality", "wage", "date", cycle="day_of_week", peak=[0, 4], trough=[6]
    ),
    "wage peaks in december": _c(
        "seasonality", "wage", "date", cycle="month_of_year", peak=[12], trough=list(range(1, 12))
    ),
    "wage higher from 2020-03-01 on": _c("change_point", "wage", "date", at=18322, direction="higher"),
    "wage lower since 2005 over year": _c("change_point", "wage", "year", at=2005, direction="lower"),
    "wage is inverted U over age around 45": _c("shape", "wage", "age", shape="inverted_u", knots=[45]),
    "wage is U-shaped over age around 45": _c("shape", "wage", "age", shape="u", knots=[45]),
    "wage levels off over age after 30": _c("shape", "wage", "age", shape="saturating", knots=[30]),
    "wage falls with age and levels off after 30": _c(
        "shape", "wage", "age", shape="saturating", knots=[30], rises=False
    ),
    "wage jumps over age at 40": _c("shape", "wage", "age", shape="threshold", knots=[40]),
    "churn=yes drops over age at 40": _c(
        "shape", "churn", "age", shape="threshold", knots=[40], rises=False, event="Yes"
    ),
    "effect of sex on wage is higher for hour=8 than 13": _c(
        "interaction", "wage", "sex", levels=TWO, moderator="hour", moderator_levels={"a": ["8"], "b": ["13"]},
        direction="higher",
    ),
    "gap in churn by contract=one year than two year is smaller for hour=8": _c(
        "interaction", "churn", "contract", event="Yes", levels={"a": ["one year"], "b": ["two year"]},
        moderator="hour", moderator_levels={"a": ["8"], "b": []}, direction="lower",
    ),
    "effect of age on wage is higher where exposure < 4": _c(
        "interaction", "wage", "age", moderator="exposure", moderator_cut=4, direction="lower"
    ),
    "rise of wage over date is steeper for region=north": _c(
        "interaction", "wage", "date", moderator="region", moderator_levels=NORTH, direction="higher"
    ),
    "fall of wage over age is steeper for region=north": _c(
        "interaction", "wage", "age", moderator="region", moderator_levels=NORTH, direction="lower"
    ),
    "wage ranks region: north > west > south": _c("ranking", "wage", "region", order=["north", "west", "south"]),
    "churn ranks contract=two year > one year top 1": _c(
        "ranking", "churn", "contract", order=["two year", "one year"], top=1, event="Yes"
    ),
    "wage shifts between region=north and south": _c(
        "shift", "wage", "region", levels={"a": ["north"], "b": ["south"]}
    ),
    "churn=Yes higher where sex=female and hour<=2": _c(
        "subgroup", "churn", "sex", event="Yes", direction="higher",
        rule=[{"column": "sex", "op": "==", "value": "female"}, {"column": "hour", "op": "<=", "value": 2.0}],
    ),
    "wage lower for age > 40": _c(
        "subgroup", "wage", "age", direction="lower", rule=[{"column": "age", "op": ">", "value": 40.0}]
    ),
    "wage higher for sex=male given age, region": _c(
        "adjusted_association", "wage", "sex", levels=TWO, controls=["age", "region"], direction="higher"
    ),
    "wage increases with age given sex among region=north": _c(
        "adjusted_association", "wage", "age", controls=["sex"], where=[TERM], direction="increasing"
    ),
    "age is never missing": _c("invariant", "age", "age", rule="not_missing"),
    "age between 0 and 100 except 1 %": _c("invariant", "age", "age", rule="in_range", low=0, high=100, tolerance=0.01),
    "age is at least 18": _c("invariant", "age", "age", rule="in_range", low=18),
    "sex is one of female or male": _c("invariant", "sex", "sex", rule="one_of", allowed=["female", "male"]),
    "age not before hour": _c("invariant", "age", "hour", rule="not_after"),
    "hour never after age": _c("invariant", "age", "hour", rule="not_after"),
}  # fmt: skip


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_is_read_as_the_typed_claim_it_states(text):
    assert _claim(text) == SENTENCES[text]


def test_quarter_points_are_read_off_the_exploration_rows_that_the_claim_speaks_of():
    claim = _claim("wage increases with age")
    assert claim["cuts"] == [float(np.sort(_DATA["age"])[59]), float(np.sort(_DATA["age"])[N - 1 - 59])]
    north = np.sort(_DATA["age"][_DATA["region"] == "north"])
    assert _claim("wage increases with age among region=north")["cuts"][0] == north[(len(north) - 1) // 4]
    assert _claim("wage increases with age", None)["cuts"] is None


def test_levels_that_the_words_leave_open_are_those_that_stand_out_on_exploration_rows():
    y = np.where(_DATA["contract"] == "two year", 9.0, 0.0) + _RNG.normal(0, 1, N)
    rows = ROWS.replaced({"wage": y})
    claim = frozen(read("wage ~ contract", _names()), ROWS.columns, rows).as_json()
    assert (claim["levels"], claim["direction"]) == ({"a": ["two year"], "b": []}, "any")
    with pytest.raises(HypothesisError, match="no exploration rows tell which"):
        _claim("wage ~ contract", None)


def test_a_rule_of_fixed_levels_takes_the_commonest_pairs_of_exploration_rows():
    mapping = dict(_claim("hour determines region")["mapping"])
    assert mapping == {str(h): ["north", "south", "west"][h % 3] for h in range(24)}


def test_what_was_matched_in_another_spelling_or_supplied_is_said():
    reading = read("Churn higher for region=NORTH", _names())
    assert reading.notes == (
        "'Churn' was read as column: `churn`",
        "'NORTH' was read as level of `region`: `north`",
        "read as the share of rows where `churn` is Yes",
    )
    assert read("wage higher for sex=male", _names()).notes == ()


REFUSED = {
    "": "empty",
    " ` ": "not closed",
    "wagee higher for sex=male": "No column is named 'wagee'. Did you mean 'wage'",
    "wage higher for sexx=male": "Did you mean 'sex'",
    "wage higher for sex=mael": "'mael' is no level of 'sex'. Did you mean 'male'",
    "wage higher for contract=yearly": "Levels: 'month-to-month', 'one year', 'two year'",
    "SCORE higher for sex=male": "`score` or `Score.`: write the one you mean as it stands",
    "customer_id higher for sex=male": "is not analysed: it is an identifier",
    "wage": "The sentence ends there",
    "wage higher": "Say for which rows",
    "wage higher in the north": "such as 'for region=north'",
    "wage higher in summer": "Got 'in summer' instead",
    "wage differs between region": "'differs between region=north and south'",
    "wage higher for": "The sentence ends where a column should be named",
    "wage higher for sex": "an `=` and a level are expected",
    "wage higher for sex=": "A level of 'sex' is missing",
    "wage higher for date=2020-01-01": "is a date and has no levels",
    "date higher for sex=male": "is a date and cannot be an outcome",
    "region higher for sex=male": "name the level whose share is meant, such as 'region=north'",
    "mean churn higher for region=north": "needs a number",
    "mean wage higher where age>40": "Leave the statistic out",
    "wage higher for sex=male than male": "stands on both sides",
    "wage higher for sex=male or female": "nothing is left to compare with",
    "wage higher for sex=male among region=north or south": "A condition holds one level",
    "wage higher for sex=male among sex>female": "Labels of 'sex' have no order",
    "wage higher for sex=male among age>old": "a number is expected. Got 'old'",
    "wage higher for sex=male given": "where a column should be named",
    "wage higher for sex=male given sex": "cannot be held fixed as well",
    "wage ranks region: north > south given age": "'given' goes with claims such as",
    "wage higher for sex=male except 1 %": "'except' goes with rules of the data",
    "wage higher for sex=male and so on": "No column is named 'so'",
    "wage higher for sex=male indeed": "The end of the sentence was not understood: 'indeed'",
    "wage increases with region": "nothing rises with it",
    "wage increases": "Say with what",
    "wage rises over date in spring": "The end of the sentence was not understood: 'in spring'",
    "wage peaks in hour 8": "can be read in two ways",
    "wage peaks in hour 25 over date": "A hour is a number from 0 to 23",
    "wage peaks in month 5 against 5": "stands on both sides",
    "wage higher from yesterday on": "a date such as 2020-03-01 or a year is expected",
    "wage is inverted U over sex around 3": "needs a number to run over",
    "wage ranks region: north": "two or more different levels",
    "effect of region on wage is higher for sex=male": "say which one is meant",
    "effect of sex on wage is higher": "Say for which rows it is so",
    "age between 9 and 3": "is empty",
    "sex between 1 and 2": "has no range",
    "wage higher for wage=3": "'wage'",
    "wage higher for age>1 and age<5 and hour>2 and sex=male": "At most three conditions",
    "x" * 3_000: "too long",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_sentence_that_cannot_be_read_says_where_and_what_could_stand_there(text):
    with pytest.raises(HypothesisError) as err:
        _claim(text)
    assert REFUSED[text] in str(err.value)


_WORDS = st.sampled_from(
    [
        *ROWS.columns, "male", "north", "one year", "higher", "lower", "for", "where", "than", "among", "given",
        "except", "from", "=", "<=", ">", "~", ",", "and", "or", "with", "over", "rises", "ranks", "peaks", "in",
        "hour", "on",
        "effect of", "rise of", "is", "not", "between", "never missing", "mean", "p90", "quantile", "of", "per", "top",
        "inverted u", "levels off", "jumps", "at", "after", "40", "0.5", "2020-03-01", "%", "`", '"', "'", ":", "",
        "determines", "shifts between", "nan", "inf", "-1", "１２", "month", "monday",
    ]
)  # fmt: skip


def _read_or_refused(text: str) -> tuple[dict | None, str]:
    try:
        return _claim(text), ""
    except HypothesisError as err:
        return None, str(err)


@settings(max_examples=1_500)
@given(st.lists(_WORDS, max_size=12).map(" ".join))
def test_words_in_any_order_are_read_or_refused_with_a_reason_never_a_fault(text):
    claim, reason = _read_or_refused(text)
    assert len(reason) > 20 if claim is None else parse(claim).as_json() == claim


@settings(max_examples=300)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_reason_never_a_fault(text):
    claim, reason = _read_or_refused(text)
    assert claim is not None or len(reason) > 20


def test_a_typed_claim_is_held_to_the_table():
    data = {"family": "group_difference", "outcome": "wage", "predictor": "hour", "direction": "higher"}
    reading = checked({**data, "levels": {"a": ["8.0"], "b": ["3"]}}, "typed", _names())
    assert reading.fields["levels"] == {"a": ["8"], "b": ["3"]}
    with pytest.raises(HypothesisError, match="No column is named 'wages'"):
        checked({**data, "outcome": "wages", "levels": {"a": ["8"]}}, "typed", _names())
    with pytest.raises(HypothesisError, match="no level of 'hour'"):
        checked({**data, "levels": {"a": ["25"]}}, "typed", _names())
    with pytest.raises(HypothesisError, match=r"refused at `group_difference\.levels`"):
        checked(data, "typed", _names())
    where = [{"column": "age", "op": ">", "value": "30"}]
    assert checked({**data, "levels": {"a": ["8"]}, "where": where}, "t", _names()).fields["where"][0]["value"] == 30.0
