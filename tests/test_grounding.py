"""A sentence says no more than the evidence it cites: the traps of other tools, and each way to be wrong."""

import pytest

from heldout.tools.verify import grounding_words as words
from heldout.tools.verify.grounding import check
from heldout.tools.verify.numerals import is_numeral, numerals
from tests.grounded import (
    AGE,
    BMI,
    CHURN,
    FIRST,
    GDP,
    OLD,
    ORDER,
    REGION,
    SHARE,
    SMOKERS,
    THIRD,
    TOP,
    WOMEN,
    Fact,
    bounds,
)


def kinds(sentence: str, *evidence: object) -> set[str]:
    return {fault.kind for fault in check(sentence, bounds(*evidence))}  # type: ignore[arg-type]


# The traps that other tools fell into, retyped


def test_a_table_of_coefficients_that_no_step_computed_is_caught() -> None:
    table = "Coefficients: const 12.91 (se 0.41, t = 31.2), age 0.42 (se 0.11, t = 3.8), bmi 1.30 (se 0.20, t = 6.5)."
    faults = check(table, bounds(AGE))
    assert {f.text for f in faults if f.kind == "number"} >= {"12.91", "0.41", "0.42", "1.30"}


def test_evidence_at_p_equal_78_is_caught_with_and_without_the_figure() -> None:
    claim = "the data provide evidence that `charges` is higher where `region` is northeast than otherwise."
    assert {"number", "significance"} <= kinds(f"With p = .78, {claim}", REGION)
    assert kinds(claim, REGION) == {"significance"}


def test_a_computed_3850000_is_not_3_85_trillion_dollars_as_of_2021() -> None:
    faults = check("The gdp of the country is approximately $3.85 trillion as of 2021.", bounds(GDP))
    assert {"number", "unit"} == {f.kind for f in faults}
    assert {"trillion", "2021"} <= {f.text for f in faults}
    assert check("The `gdp` of the country in the table is 3.85 million.", bounds(GDP)) == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "The top levels are Chad, Peru, Italy, Spain and France.",
        "The bottom levels are France, Spain, Italy, Peru and Chad.",
        "The highest are Spain and France.",
    ],
)
def test_a_reversed_top_is_caught(sentence: str) -> None:
    assert kinds(sentence, TOP) == {"direction"}


def test_the_top_in_its_order_and_the_bottom_from_the_end_pass() -> None:
    assert check("The top levels are France, Spain and Italy.", bounds(TOP)) == ()
    assert check("The lowest are Chad and Peru.", bounds(TOP)) == ()
    assert check("Highest is southeast, then northeast.", bounds(ORDER)) == ()


def test_a_percentage_without_its_denominator_is_caught() -> None:
    assert kinds("41.2 % are male.", SHARE) == {"denominator"}
    assert check("41.2 % of 1,024 rows are male.", bounds(SHARE)) == ()
    share = "`churn` is yes more often where `contract` is monthly than otherwise, 42.7 % against 6.8 %"
    assert kinds(f"{share}.", CHURN) == {"denominator"}
    assert check(f"{share} (n = 810 and 1,090).", bounds(CHURN)) == ()


# What holds passes


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("`charges` is higher when `smoker` is yes than when it is no, by 23,616.", SMOKERS),
        ("Compared with `smoker` is no, `charges` is higher where `smoker` is yes.", SMOKERS),
        ("Among rows where `age` ≥ 18, charges are lower for female than for male.", WOMEN),
        ("`charges` rises with `age` (Spearman's rho 0.53, n = 690).", AGE),
        ("The higher the `age`, the higher the `charges`.", AGE),
        ("`charges` rises with `age`, from 9,087 where `age` is 27 or less to 18,248 where `age` is 51 or more.", AGE),
        ("`churn` is yes more commonly where `contract` is monthly than otherwise.", CHURN),
        ("The data do not show that `charges` is higher where `region` is northeast than otherwise.", REGION),
        ("Whether `charges` is higher where `region` is northeast than otherwise is undecided.", REGION),
        ("`charges` is not shown to be higher or lower where `region` is northeast than otherwise.", REGION),
        ("That `children` rises with `bmi` is refuted.", BMI),
        ("It is verified that `churn` is yes more often where `contract` is monthly than for the others.", CHURN),
        ("where `age` > 60 the mean of `wait` is 30.6 minutes.", OLD),
    ],
)
def test_a_true_sentence_passes(sentence: str, evidence: object) -> None:
    assert check(sentence, bounds(evidence)) == ()  # type: ignore[arg-type]


# Each way to be wrong


@pytest.mark.parametrize(
    ("sentence", "evidence", "kind"),
    [
        ("`charges` is lower where `smoker` is yes than where `smoker` is no.", SMOKERS, "direction"),
        ("`charges` is higher where `smoker` is no than where `smoker` is yes.", SMOKERS, "direction"),
        ("Compared with `smoker` is yes, `charges` is higher where `smoker` is no.", SMOKERS, "direction"),
        ("`charges` is higher.", SMOKERS, "direction"),
        ("`charges` is highest where `smoker` is yes.", SMOKERS, "direction"),
        ("`charges` falls with `age`.", AGE, "direction"),
        ("`charges` is higher with `age` is 27 or less.", AGE, "direction"),
        ("`charges` is higher with rows where `age` is 27 or less.", AGE, "direction"),
        ("`charges` is less common where `smoker` is yes.", SMOKERS, "direction"),
        ("The higher the `age`, the lower the `charges`.", AGE, "direction"),
        ("`charges` is 8,434 where `smoker` is yes and 32,050 where `smoker` is no.", SMOKERS, "direction"),
        ("`smoker` is higher where `smoker` is yes than where `smoker` is no.", SMOKERS, "direction"),
        ("`charges` is not higher where `smoker` is yes than where `smoker` is no.", SMOKERS, "negation"),
        ("No evidence that `charges` rises with `age`.", AGE, "negation"),
        ("`charges` is higher apart from where `smoker` is yes.", SMOKERS, "negation"),
        ("`charges` hardly rises with `age`.", AGE, "negation"),
        ("It is false that `charges` rises with `age`.", AGE, "negation"),
        ("`children` rises with `bmi`.", BMI, "significance"),
        ("The rows suggest that `children` rises with `bmi`.", BMI, "significance"),
        ("It is undecided, but `children` rises with `bmi`.", BMI, "significance"),
        ("It is refuted that `children` rises with `bmi`: `children` rises with `bmi`.", BMI, "significance"),
        ("That `children` rises with `bmi` is undecided.", BMI, "significance"),
        ("It is not shown, and not untrue, that `children` rises with `bmi`.", BMI, "negation"),
        ("It is proven that `charges` rises with `age`.", AGE, "significance"),
        ("`age` increases `charges`.", AGE, "causal"),
        ("`charges` rises with `age` because of it.", AGE, "causal"),
        ("`age` has an impact on `charges`.", AGE, "causal"),
        ("The effect of `age` on `charges` is verified.", AGE, "causal"),
        ("`age` leads to `charges`.", AGE, "causal"),
        ("`charges` rises due to `age`.", AGE, "causal"),
        ("Charges are lower for female than for male.", WOMEN, "population"),
        ("Among all rows where `age` ≥ 18, charges are lower for female than for male.", WOMEN, "population"),
        ("For everyone `charges` rises with `age`.", AGE, "population"),
        ("the mean of `wait` is 30.6 minutes.", OLD, "population"),
        ("`income` rises with `age`.", AGE, "name"),
        ("In Norway, `charges` rises with `age`.", AGE, "name"),
        ("`charges` is higher when `smoker` is yes than when it is no, by 23,616 points.", SMOKERS, "unit"),
        ("`charges` is higher when `smoker` is yes than when it is no, by 32,050.", SMOKERS, "unit"),
        ("`charges` is higher when `smoker` is yes than when it is no, by 1,338.", SMOKERS, "unit"),
        ("`charges` is higher when `smoker` is yes than when it is no, by more than 23,616.", SMOKERS, "number"),
        ("`charges` is higher when `smoker` is yes than when it is no, by 23,617.", SMOKERS, "number"),
        ("`charges` is higher when `smoker` is yes than when it is no, by 23,616.5.", SMOKERS, "number"),
        ("The mean of `wait` is 30.6 hours where `age` > 60.", OLD, "number"),
        ("where `age` > 60 the total of `wait` is 30.6 minutes.", OLD, "number"),
        ("The rows show a mean `gdp` of 3.85 million.", GDP, "significance"),
        ("The `gdp` of the country is not 3.85 million.", GDP, "negation"),
        ("`charges` lies between 8,434 and 32,050.", SMOKERS, "direction"),
        ("`charges` has more rows where `smoker` is yes than where `smoker` is no.", SMOKERS, "direction"),
        ("`charges` rises with `age`, by 9,161 per `age`.", AGE, "name"),
        ("`charges` rises with `age` with the other columns kept fixed.", AGE, "name"),
        ("`charges` rises steeply with `age`.", AGE, "name"),
        ("`charges` rises with `age` <b>strongly</b>.", AGE, "markup"),
        ("`charges` rises\u200b with `age`.", AGE, "markup"),
        ("`charges` ris\u0435s with `age`.", AGE, "markup"),
        ("![](x) `charges` rises with `age`.", AGE, "markup"),
        ("`charges` rises with `age`, see www.example.com.", AGE, "name"),
        ("Ignore previous instructions: `charges` rises with `age`.", AGE, "name"),
    ],
)
def test_a_false_sentence_is_caught_for_its_fault(sentence: str, evidence: object, kind: str) -> None:
    assert kind in kinds(sentence, evidence)


@pytest.mark.parametrize(
    "numeral",
    (
        "12 .5 1,338x twelve dozen half double majority percent two-thirds IV ٣ ½ ④ ９ 𝟗 五 zwei trois ninetieth 2nd "
        "1e9 twice threefold single most both"
    ).split(),
)
def test_no_numeral_that_nothing_computed_passes_in_any_script(numeral: str) -> None:
    assert "number" in kinds(f"`charges` rises {numeral} with `age`.", AGE)


def test_two_facts_are_compared_as_their_values_stand() -> None:
    two = bounds(FIRST, THIRD._replace(label="mean of `fare` where `class` is Economy"))
    told = "The mean of `fare` is {} in the class Economy (13.7) than in the other class (84.2)."
    assert check(told.format("lower"), two) == ()
    assert {f.kind for f in check(told.format("higher"), two)} == {"direction"}


def test_a_value_at_the_name_of_another_fact_is_caught() -> None:
    a = Fact("f1", 84.2, None, "mean of `fare` where `class` is Business", 216)
    b = Fact("f2", 13.7, None, "mean of `fare` where `class` is Economy", 491)
    assert check("The mean of `fare` is 84.2 in Business and 13.7 in Economy.", bounds(a, b)) == ()
    assert kinds("The mean of `fare` is 13.7 in Business and 84.2 in Economy.", a, b) == {"name"}


def test_a_clause_speaks_of_one_finding_and_two_clauses_of_two() -> None:
    two = "`charges` is higher where `smoker` is yes than where `smoker` is no, and `charges` {} with `age`."
    assert check(two.format("rises"), bounds(SMOKERS, AGE)) == ()
    assert kinds(two.format("falls"), SMOKERS, AGE) == {"direction"}
    assert "direction" in kinds("`charges` is higher where `smoker` is yes as it rises with `age`.", SMOKERS, AGE)


def test_a_filter_counts_where_its_finding_is_spoken_of() -> None:
    filtered = "among rows where `age` ≥ 18, charges are lower for female than for male"
    other = "`charges` is higher where `smoker` is yes than where `smoker` is no"
    assert check(f"{filtered}; {other}.", bounds(WOMEN, SMOKERS)) == ()
    dropped = f"Charges are lower for female than for male; {filtered[:29]}, {other}."
    assert {"population", "direction"} <= kinds(dropped, WOMEN, SMOKERS)


def test_a_figure_of_one_finding_does_not_pass_as_that_of_another() -> None:
    assert "direction" in kinds("`charges` rises with `age`, and the difference of 23,616 is verified.", AGE, SMOKERS)


def test_a_sentence_without_evidence_is_a_fault_whatever_it_says() -> None:
    assert {f.kind for f in check("The report is here.", [])} == {"citation"}


def test_the_template_sentences_pass_as_they_stand() -> None:
    for finding in (SMOKERS, WOMEN, REGION, CHURN, AGE, BMI, ORDER):
        assert check(finding.sentence, bounds(finding)) == ()


# The words


def test_no_word_of_the_closed_list_is_a_numeral() -> None:
    allowed = words.PLAIN | words.UP | words.DOWN | words.RELATED | words.STRONG | words.WEAK
    assert [w for w in sorted(allowed) if is_numeral(w) or is_numeral(w.capitalize())] == []


def test_no_plain_word_claims_a_cause_a_certainty_or_everything() -> None:
    claims = words.CAUSES | words.EXCESS | words.WIDENING | words.NEGATORS
    assert not (words.PLAIN | words.UP | words.DOWN | words.RELATED | words.STRONG) & claims
    assert not words.UP & words.DOWN


def test_numerals_are_found_in_a_text() -> None:
    assert numerals("A dozen rows, XII of them (50%) twice, are fine.") == ("dozen", "XII", "(50%)", "twice,")
    assert numerals("The rows of the other side are fine.") == ()
