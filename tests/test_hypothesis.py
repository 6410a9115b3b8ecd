"""The grammar: what can be committed, and that a claim's id is its content."""

import pytest

from heldout.tools.errors import HypothesisError
from heldout.tools.verify.hypothesis import Contrast, GroupDifference, parse, sign

GROUP = {
    "family": "group_difference",
    "outcome": "wage",
    "predictor": "sex",
    "levels": {"a": ["male"], "b": ["female"]},
    "direction": "higher",
}
CLAIMS = [
    GROUP,
    {**GROUP, "family": "rate_difference", "event": "yes", "direction": "lower"},
    {"family": "monotone_association", "outcome": "wage", "predictor": "age", "direction": "increasing"},
    {
        "family": "monotone_association", "outcome": "hired", "predictor": "age", "event": "yes",
        "cuts": [20.0, 40.0], "direction": "decreasing",
    },
    {
        "family": "categorical_association", "outcome": "dept", "predictor": "town",
        "outcome_levels": ["a", "b"], "predictor_levels": ["c"],
    },
    {"family": "trend", "outcome": "wage", "predictor": "day", "direction": "rising"},
]  # fmt: skip


@pytest.mark.parametrize("data", CLAIMS, ids=lambda d: d["family"])
def test_a_claim_survives_its_json_with_the_same_id(data: dict) -> None:
    claim = parse(data)
    again = parse(claim.as_json())
    assert again == claim
    assert again.content_id() == claim.content_id()


@pytest.mark.parametrize("data", CLAIMS, ids=lambda d: d["family"])
def test_an_id_ignores_the_order_of_keys(data: dict) -> None:
    assert parse(dict(reversed(list(data.items())))).content_id() == parse(data).content_id()


def test_every_claim_of_these_has_an_id_of_its_own() -> None:
    assert len({parse(data).content_id() for data in CLAIMS}) == len(CLAIMS)


@pytest.mark.parametrize(
    "change",
    [
        {"direction": "lower"},
        {"outcome": "salary"},
        {"levels": {"a": ["female"], "b": ["male"]}},
        {"levels": {"a": ["male"]}},
        {"where": [{"column": "age", "op": ">", "value": 30.0}]},
        {"controls": ["age"]},
    ],
)
def test_any_change_of_content_changes_the_id(change: dict) -> None:
    assert parse({**GROUP, **change}).content_id() != parse(GROUP).content_id()


@pytest.mark.parametrize(
    ("direction", "wanted"), [("higher", 1), ("lower", -1), ("any", 0)]
)  # fmt: skip
def test_the_sign_of_a_claim_is_its_direction(direction: str, wanted: int) -> None:
    assert sign(parse({**GROUP, "direction": direction})) == wanted


def test_the_words_of_every_family_have_their_sign() -> None:
    assert [sign(parse(data)) for data in CLAIMS] == [1, -1, 1, -1, 0, 1]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"direction": "rising"}, "direction"),
        ({"family": "sorcery"}, "hypothesis"),
        ({"levels": {"a": []}}, "levels.a"),
        ({"levels": {"a": ["male"], "b": ["male"]}}, "levels"),
        ({"predictor": "wage"}, "group_difference"),
        ({"surprise": 1}, "surprise"),
        ({"where": [{"column": "age", "op": ">", "value": 1.0}] * 4}, "where"),
        ({"where": [{"column": "age", "op": "~", "value": 1.0}]}, "where.0.op"),
    ],
)
def test_what_does_not_fit_the_grammar_is_refused_by_field(change: dict, where: str) -> None:
    with pytest.raises(HypothesisError) as err:
        parse({**GROUP, **change})
    text = str(err.value)
    assert text.startswith("Hypothesis refused at `")
    assert where in text.split("`")[1]


def test_the_refusal_says_what_is_wrong() -> None:
    with pytest.raises(HypothesisError) as err:
        parse({**GROUP, "predictor": "wage"})
    assert str(err.value) == (
        "Hypothesis refused at `group_difference`: outcome and predictor are both 'wage'. Change that field, or state "
        "the claim as a sentence."
    )


def test_a_rule_is_filed_under_the_column_of_its_first_condition() -> None:
    rule = [{"column": "age", "op": ">", "value": 30}, {"column": "sex", "op": "==", "value": "f"}]
    claim = {"family": "subgroup", "outcome": "wage", "direction": "higher", "rule": rule}
    assert parse({**claim, "predictor": "age"}).predictor == "age"
    with pytest.raises(HypothesisError, match="`predictor` must be the column of the first condition, 'age'"):
        parse({**claim, "predictor": "sex"})


@pytest.mark.parametrize("data", [None, {}, {**GROUP, "family": "sorcery"}])
def test_what_is_of_no_family_is_refused_as_a_whole(data: object) -> None:
    with pytest.raises(HypothesisError) as err:
        parse(data)
    assert str(err.value).startswith("Hypothesis refused at `hypothesis`: ")


@pytest.mark.parametrize("data", [None, 3, "wage is higher", [], {}])
def test_what_is_no_record_is_refused(data: object) -> None:
    with pytest.raises(HypothesisError, match="Hypothesis refused at"):
        parse(data)


def test_a_non_finite_cut_is_refused() -> None:
    with pytest.raises(HypothesisError, match="finite number"):
        parse({**CLAIMS[3], "cuts": [float("nan"), 1.0]})


def test_a_claim_is_frozen_and_hashable() -> None:
    claim = GroupDifference(outcome="a", predictor="b", levels=Contrast(a=("x",)), direction="any")
    assert len({claim, parse(claim.as_json())}) == 1
