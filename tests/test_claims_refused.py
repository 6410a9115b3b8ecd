"""Claims that contradict themselves are refused with the field and the reason, before any row is read."""

import pytest

from heldout.tools.errors import HypothesisError
from heldout.tools.verify.hypothesis import parse

RANKING = {"family": "ranking", "outcome": "y", "predictor": "city", "order": ["a", "b", "c"]}
SEASON = {"family": "seasonality", "outcome": "y", "predictor": "t", "cycle": "hour_of_day", "peak": [8], "trough": [3]}
INTERACTION = {
    "family": "interaction", "outcome": "y", "predictor": "x", "moderator": "m", "direction": "higher",
    "moderator_levels": {"a": ["u"], "b": ["v"]},
}  # fmt: skip
ADJUSTED = {
    "family": "adjusted_association", "outcome": "y", "predictor": "x", "controls": ["z"], "direction": "increasing",
}  # fmt: skip
MONOTONE = {"family": "monotone_association", "outcome": "y", "predictor": "x", "direction": "increasing"}
RULE = [{"column": "x", "op": ">", "value": 1.0}]
SUBGROUP = {"family": "subgroup", "outcome": "y", "predictor": "x", "rule": RULE, "direction": "higher"}


WHOLE = [RANKING, SEASON, INTERACTION, ADJUSTED, MONOTONE, SUBGROUP]


@pytest.mark.parametrize("whole", WHOLE, ids=lambda c: c["family"])
def test_the_claim_without_the_contradiction_is_read(whole: dict) -> None:
    assert parse(whole).family == whole["family"]


@pytest.mark.parametrize(
    ("claim", "change", "why"),
    [
        (RANKING, {"order": ["a", "b", "a"]}, "a level stands twice in the order"),
        (RANKING, {"top": 3}, "the top 3 of 3 levels leave none to lie above"),
        (SEASON, {"trough": [3, 8]}, "phase 8 is both peak and trough"),
        (INTERACTION, {"moderator": "x"}, "the moderator 'x' is also outcome or predictor"),
        (INTERACTION, {"moderator": "y"}, "the moderator 'y' is also outcome or predictor"),
        (INTERACTION, {"moderator_cut": 3.0}, "the moderator needs either levels or a cut point"),
        (INTERACTION, {"moderator_levels": None}, "the moderator needs either levels or a cut point"),
        (ADJUSTED, {"controls": []}, "an adjusted association needs at least one declared control"),
        (ADJUSTED, {"controls": ["z", "x"]}, "outcome and predictor cannot be controls as well"),
        (MONOTONE, {"event": "yes", "above": 0.0}, "an event and a point that the number lies above exclude each"),
        (
            SUBGROUP,
            {"rule": [*RULE, {"column": "y", "op": "<", "value": 2.0}]},
            "the rule speaks of the outcome 'y' itself",
        ),
    ],
)
def test_a_claim_that_contradicts_itself_is_refused_with_the_reason(claim: dict, change: dict, why: str) -> None:
    with pytest.raises(HypothesisError) as err:
        parse({**claim, **change})
    assert f": {why}" in str(err.value)
    assert str(err.value).endswith(". Change that field, or state the claim as a sentence.")
