"""The badges of the page: green is kept for what nothing takes away again."""

import re

import pytest

from heldout.agent.report.html import to_html
from heldout.agent.report.words import budget_line
from tests import sample_result as made


@pytest.mark.parametrize(
    ("tag", "phrase", "badge", "tone"),
    [
        ("robust", "holds with the other columns held fixed", "Verified", "verified"),
        ("not run", "", "Verified", "verified"),
        ("attenuated", "shrinks with `age` held fixed and is no longer shown", "Verified, but shrinks", "qualified"),
        ("reversed", "vanishes with `age` held fixed", "Verified, but vanishes", "qualified"),
        ("reversed", "reverses within levels of `age`", "Verified, but reverses", "qualified"),
    ],
)
def test_a_badge_is_green_only_for_what_the_other_columns_do_not_take_away(tag, phrase, badge, tone):
    first = made.sample().findings[0]
    turned = first.model_copy(update={"adjustment": first.adjustment.model_copy(update={"tag": tag, "phrase": phrase})})
    page = to_html(made.sample().model_copy(update={"findings": (turned,)}))
    assert re.findall(r'<p class="badge (\w+)">([^<]*)</p>', page) == [(tone, badge)]


def test_one_portion_that_is_left_is_left_and_two_are():
    vaults = made.sample().split.vaults
    told = []
    for n in (1, 2):
        states = [v.model_copy(update={"state": "sealed" if at < n else "opened"}) for at, v in enumerate(vaults * 3)][
            :3
        ]
        split = made.sample().split.model_copy(update={"vaults": tuple(states)})
        told.append(budget_line(made.sample().model_copy(update={"split": split})))
    assert told == [
        f"{n} of 3 portions of sealed rows {be} left for other questions." for n, be in ((1, "is"), (2, "are"))
    ]
