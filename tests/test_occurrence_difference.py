"""How often a number lies above a point: the rate difference of that event, figure for figure, in its own words."""

import numpy as np
import pytest

from heldout.tools.data.rows import Rows
from heldout.tools.errors import HypothesisError
from heldout.tools.verify.families.occurrence_difference import FAMILY
from heldout.tools.verify.families.rate_difference import FAMILY as RATES
from heldout.tools.verify.hypothesis import Condition, Contrast, OccurrenceDifference, RateDifference

LEVELS = Contrast(a=("yes",), b=("no",))
AFFAIRS = OccurrenceDifference(outcome="affairs", predictor="children", levels=LEVELS, direction="higher")


@pytest.fixture(params=[None, "between", "within"])
def rows(request: pytest.FixtureRequest) -> Rows:
    """Amounts that are mostly zero, beside the same as an event; rows alone or in clusters."""
    rng = np.random.Generator(np.random.PCG64(2))
    unit = np.repeat(np.arange(120), 5)
    by = unit if request.param == "between" else np.arange(600)
    child = rng.integers(0, 2, 600)[by]
    amount = np.where(rng.random(600) < 0.2 + 0.3 * child, rng.gamma(2, 3, 600), 0.0)
    amount[::29] = np.nan
    event = np.where(np.isnan(amount), None, np.where(amount > 0, "some", "none"))
    data = {"affairs": amount, "event": event, "children": np.where(child, "yes", "no"), "age": rng.normal(40, 9, 600)}
    return Rows.of(data, cluster=None if request.param is None else unit)


def test_every_figure_is_that_of_the_rate_difference_of_the_event(rows):
    where = (Condition(column="age", op=">", value=30.0),)
    for h in (AFFAIRS, AFFAIRS.model_copy(update={"where": where})):
        rate = RateDifference(
            outcome="event", event="some", predictor="children", levels=LEVELS, direction="higher", where=h.where
        )
        ours, theirs = FAMILY.evaluate(h, rows, draws=999, seed=3), RATES.evaluate(rate, rows, draws=999, seed=3)
        assert ours.hypothesis_id == h.content_id()
        assert ours.model_copy(update={"hypothesis_id": ""}) == theirs.model_copy(update={"hypothesis_id": ""})
        assert FAMILY.picture(h, rows).records == RATES.picture(rate, rows).records


def test_the_words_say_above_which_point(rows):
    assert FAMILY.claim(AFFAIRS) == "`affairs` is above 0 more often when `children` is yes than when it is no"
    above = AFFAIRS.model_copy(update={"above": 2.5, "direction": "lower"})
    assert FAMILY.claim(above) == "`affairs` is above 2.5 less often when `children` is yes than when it is no"
    text = FAMILY.sentence(AFFAIRS, FAMILY.evaluate(AFFAIRS, rows, draws=99))
    assert text.startswith("`affairs` is above 0 for ")
    assert "% of rows when `children` is yes against" in text
    assert FAMILY.picture(AFFAIRS, rows).y_title == "share of affairs above 0"


def test_the_point_itself_is_not_above(rows):
    top = float(np.nanmax(rows.number("affairs")))
    evidence = FAMILY.evaluate(AFFAIRS.model_copy(update={"above": top}), rows)
    assert "expects only 0.0 rows" in evidence.untestable or "is the same in every cluster" in evidence.untestable


def test_labels_and_another_familys_claims_are_refused(rows):
    evidence = FAMILY.evaluate(AFFAIRS.model_copy(update={"outcome": "event"}), rows)
    assert evidence.untestable == "`event` is a category, not a number. Compare how often a level occurs instead."
    with pytest.raises(HypothesisError):
        FAMILY.claim(RateDifference(outcome="event", event="some", predictor="x", levels=LEVELS, direction="any"))
