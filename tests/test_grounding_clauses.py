"""A sentence that cites several things, names sides in several places, or puts one figure behind another."""

from heldout.tools.verify.grounding import check
from heldout.tools.verify.grounding_parts import Fault
from tests.grounded import AGE, CHURN, FIRST, ORDER, SMOKERS, THIRD, Fact, bounds

HIGHER = "`charges` is higher when `smoker` is yes than when `smoker` is no"
CORRELATION = Fact("f9", 0.42, None, "correlation of `age` with `fare`", 891)


def faults(sentence: str, *evidence: object) -> tuple[Fault, ...]:
    return check(sentence, bounds(*evidence))  # type: ignore[arg-type]


def test_a_figure_right_behind_another_would_be_read_as_one_number() -> None:
    found = faults(f"{HIGHER}: 32,050 8,434.", SMOKERS)
    assert Fault("number", "8,434 follows a figure") in found
    assert faults(f"{HIGHER}: 32,050 against 8,434.", SMOKERS) == ()


def test_an_outcome_that_rises_by_a_figure_is_given_no_object() -> None:
    told = "`charges` rises with `age`: from the lower end on it rises"
    assert not [f for f in faults(f"{told} 9,161 points.", AGE) if f.kind == "causal"]
    assert [f.text for f in faults(f"{told} `charges`.", AGE) if f.kind == "causal"] == ["rises §"]


def test_a_part_of_a_sentence_that_cites_nothing_may_claim_nothing() -> None:
    cited = f"{HIGHER} (n = 275 and 1,063)"
    found = faults(f"{cited}; it is lower there.", SMOKERS, CHURN)
    assert found == (Fault("citation", "lower: nothing is cited in this part"),)
    assert faults(f"{cited}; the rows are listed there.", SMOKERS, CHURN) == ()


def test_a_part_that_cites_a_fact_alone_is_held_to_what_facts_may_say() -> None:
    mean = "the mean of `fare` where `class` is First is"
    assert faults(f"{HIGHER}; {mean} 84.2.", SMOKERS, FIRST) == ()
    found = faults(f"{HIGHER}; {mean} significantly 84.2.", SMOKERS, FIRST)
    assert found == (Fault("significance", "significantly: no test stands behind a fact"),)


def test_a_claim_on_effects_that_differ_is_said_in_its_own_words_only() -> None:
    [own] = bounds(SMOKERS)
    assert check(f"{HIGHER}.", [own]) == ()
    found = check(f"{HIGHER}.", [own._replace(plain=False)])
    assert found == (Fault("direction", "higher: this claim is said by its own words only"),)


def test_a_direction_beside_another_one_needs_a_side_of_its_own() -> None:
    found = faults("`charges` is higher or lower when `smoker` is yes.", SMOKERS)
    assert found == (Fault("direction", "higher: no side is named"), Fault("direction", "lower"))


def test_the_rows_of_a_side_are_no_figure_of_its_outcome() -> None:
    assert faults(f"{HIGHER}: 32,050 against 8,434, with 275 rows against 1,063 rows.", SMOKERS) == ()


def test_of_more_sides_than_figures_the_sides_behind_the_figures_count() -> None:
    right = "32,050 when `smoker` is yes and 8,434 when `smoker` is no"
    wrong = "8,434 when `smoker` is yes and 32,050 when `smoker` is no"
    assert faults(f"{HIGHER}: {right}.", SMOKERS) == ()
    found = {f.text for f in faults(f"{HIGHER}: {wrong}.", SMOKERS)}
    assert found == {"8,434 is the figure of the other side", "32,050 is the figure of the other side"}


def test_sides_before_the_figures_count_where_too_few_stand_behind_them() -> None:
    head = "`charges` is higher when `smoker` is yes than when `smoker` is no and not lower when `smoker` is yes"
    found = {f.text for f in faults(f"{head}: 8,434 against 32,050.", SMOKERS)}
    assert {"8,434 is the figure of the other side", "32,050 is the figure of the other side"} <= found


def test_a_correlation_may_be_called_one_where_it_was_computed_as_such() -> None:
    assert faults("The correlation is 0.42.", CORRELATION) == ()
    found = faults("The correlation is 84.2.", FIRST)
    assert Fault("significance", "correlation: no test stands behind a fact") in found


def test_two_values_are_compared_in_the_order_in_which_they_stand() -> None:
    first, third = "the mean of `fare` where `class` is First", "the mean of `fare` where `class` is Third"
    assert faults(f"{first} is 84.2, higher than {third}, 13.7.", FIRST, THIRD) == ()
    assert faults(f"{first} is 84.2, higher.", FIRST) == (Fault("direction", "higher: it takes two values to compare"),)
    assert [f.kind for f in faults(f"{first} is 84.2, lower than {third}, 13.7.", FIRST, THIRD)] == ["direction"]


def test_an_order_that_was_computed_needs_its_levels_from_one_end_on() -> None:
    assert faults("`charges` is highest where `region` is southeast.", ORDER) == ()
    assert [f.kind for f in faults("`charges` is highest where `region` is southwest.", ORDER)] == ["direction"]
