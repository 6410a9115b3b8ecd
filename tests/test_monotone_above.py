"""How often a number lies above a point rises or falls with another: the same as the share of that event by hand."""

import numpy as np
import pytest
from pydantic import ValidationError

from heldout.tools.data.rows import Rows
from heldout.tools.verify.adjust_design import pair_of
from heldout.tools.verify.families.monotone_association import FAMILY
from heldout.tools.verify.hypothesis import Condition, MonotoneAssociation, parse

OFTEN = MonotoneAssociation(outcome="spent", predictor="x", above=0.0, cuts=(-0.6, 0.6), direction="increasing")
BY_HAND = MonotoneAssociation(outcome="bought", predictor="x", event="yes", cuts=(-0.6, 0.6), direction="increasing")


def shop(n: int = 500, seed: int = 1, *, clusters: bool = False) -> Rows:
    """Amounts that are mostly zero, some of them missing, with the event beside them."""
    rng = np.random.default_rng(seed)
    unit = np.arange(n) // 5
    x = rng.normal(size=n) + clusters * rng.normal(size=n)[unit]
    bought = rng.random(n) < 1 / (1 + np.exp(1 - x))
    spent = np.where(bought, rng.lognormal(3, 1, n), 0.0)
    gone = rng.random(n) < 0.05
    said = np.where(gone, None, np.where(bought, "yes", "no"))
    data = {"x": x, "spent": np.where(gone, np.nan, spent), "bought": said, "kind": rng.choice(["a", "b"], n)}
    return Rows.of(data, cluster=unit.tolist() if clusters else None)


@pytest.mark.parametrize("clusters", [False, True])
def test_the_figures_are_those_of_the_event_by_hand(clusters: bool) -> None:
    rows = shop(clusters=clusters)
    told, by_hand = (FAMILY.evaluate(h, rows) for h in (OFTEN, BY_HAND))
    for field in ("n", "missing", "effect", "p_value", "theta", "standard_error"):
        assert getattr(told, field) == getattr(by_hand, field)
    assert [g.mean for g in told.groups] == [g.mean for g in by_hand.groups]
    assert told.in_units is not None
    assert told.in_units.unit == "points"
    assert told.hypothesis_id == OFTEN.content_id()


def test_the_sentence_tells_shares_and_never_a_mean() -> None:
    rows = shop()
    text = FAMILY.sentence(OFTEN, FAMILY.evaluate(OFTEN, rows))
    assert text.startswith("The share of rows where `spent` is above 0 rises with `x`:")
    assert "on average" not in text
    assert "points" in text
    assert FAMILY.picture(OFTEN, rows).y_title == "share of rows where spent is above 0"


def test_a_filter_on_the_number_itself_is_met_before_it_becomes_an_event() -> None:
    rows = shop()
    some = OFTEN.model_copy(update={"above": 20.0, "where": (Condition(column="spent", op=">", value=0.0),)})
    evidence = FAMILY.evaluate(some, rows)
    assert evidence.n == int((rows.number("spent") > 0).sum())
    assert FAMILY.sentence(some, evidence).startswith("Among rows where `spent` > 0,")


def test_a_label_has_no_point_to_lie_above() -> None:
    reason = FAMILY.evaluate(OFTEN.model_copy(update={"outcome": "kind"}), shop()).untestable
    assert reason is not None
    assert "not a number" in reason


def test_the_check_against_other_columns_looks_at_the_event() -> None:
    rows = shop()
    pair = pair_of(OFTEN, rows)
    assert pair.share
    known = ~np.isnan(rows.number("spent"))
    assert (pair.y[known] == (rows.number("spent")[known] > 0)).all()
    assert np.isnan(pair.y[~known]).all()


def test_claims_without_a_point_keep_their_text_and_with_one_come_back_from_theirs() -> None:
    assert "above" not in BY_HAND.as_json()
    assert parse(OFTEN.as_json()) == OFTEN
    assert parse(BY_HAND.as_json()) == BY_HAND


def test_an_event_and_a_point_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="exclude each other"):
        MonotoneAssociation(outcome="y", predictor="x", event="yes", above=0.0, direction="any")
