"""Means, upper tails, parts of an amount and counts per exposure: proposed where they tell more, and only there."""

import numpy as np
import pytest

from heldout.agent.candidates import candidates
from heldout.agent.draft import draft_by_rule
from heldout.agent.outlook import Focus, Outlook
from heldout.agent.propose_amounts import often_zero, propose_amounts, where_any
from heldout.agent.propose_counts import propose_counts
from heldout.agent.proposers import PROPOSERS, proposals
from heldout.agent.roles import is_amount, is_exposure
from heldout.agent.twins import without_twins
from heldout.tools.data.rows import Rows
from heldout.tools.explore.amounts import Contrasts, is_zero_inflated, level_contrasts, moves_with
from heldout.tools.explore.scan import scan_pairs
from heldout.tools.verify.hypothesis import (
    Condition,
    GroupDifference,
    Hypothesis,
    MonotoneAssociation,
    OccurrenceDifference,
)
from heldout.tools.verify.policy import Rule
from heldout.tools.verify.population import sides


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(5))


def outlook(data: dict, **fields) -> Outlook:
    rows = Rows.of(data)
    shared = {"rows": rows, "leads": (), "barred": frozenset(), "spare": frozenset(), "focus": Focus()}
    return Outlook(**(shared | {"order": {n: at for at, n in enumerate(rows.columns)}} | fields))


# An amount that is often zero


def amounts(rng: np.random.Generator, n: int = 900) -> dict:
    """Amounts above zero more often for `yes`, but smaller there."""
    child = rng.random(n) < 0.5
    some = rng.random(n) < np.where(child, 0.5, 0.25)
    size = rng.gamma(2, np.where(child, 2.0, 4.0), n)
    return {"affairs": np.where(some, size, 0.0), "children": np.where(child, "yes", "no")}


def told(data: dict, outcome: str, predictor: str) -> list[Hypothesis]:
    rows = Rows.of(data)
    return list(candidates(rows.column(outcome), rows.column(predictor), rows))


def test_an_amount_that_is_often_zero_is_told_in_two_parts_each_in_its_own_direction(rng):
    often, size = told(amounts(rng), "affairs", "children")
    assert isinstance(often, OccurrenceDifference)
    assert isinstance(size, GroupDifference)
    assert often.levels == size.levels
    assert often.where == ()
    assert [(t.column, t.op, t.value) for t in size.where] == [("affairs", ">", 0.0)]
    side = 1 if often.levels.a == ("yes",) else -1
    assert (often.direction, size.direction) == (("higher", "lower") if side > 0 else ("lower", "higher"))


def test_every_level_that_stands_out_is_told_in_two_parts_and_never_in_one(rng):
    data = amounts(rng) | {"town": rng.choice(list("abcd"), 900)}
    data["affairs"] = np.where(data["town"] == "a", data["affairs"] * 0, data["affairs"])
    claims = told(data, "affairs", "town")
    assert [c.family for c in claims] == ["occurrence_difference", "group_difference"] * 2
    assert all(c.where for c in claims if c.family == "group_difference")


def test_an_amount_without_many_zeros_is_told_as_before(rng):
    data = amounts(rng)
    [claim] = told(data | {"affairs": data["affairs"] + rng.normal(0, 1, 900)}, "affairs", "children")
    assert (claim.family, claim.where) == ("group_difference", ())


@pytest.mark.parametrize(
    ("draw", "inflated"),
    [
        (lambda r: np.where(r.random(500) < 0.6, 0, r.gamma(2, 2, 500)), True),
        (lambda r: np.where(r.random(500) < 0.7, 0, r.integers(1, 13, 500)), True),
        (lambda r: np.where(r.random(500) < 0.1, 0, r.gamma(2, 2, 500)), False),
        (lambda r: np.where(r.random(500) < 0.98, 0, r.gamma(2, 2, 500)), False),
        (lambda r: np.where(r.random(500) < 0.6, 0, r.normal(size=500)), False),
        (lambda r: r.poisson(1, 500), False),
        (lambda r: r.integers(0, 3, 500), False),
        (lambda r: np.full(500, np.nan), False),
    ],
)
def test_zeros_make_an_amount_of_two_parts_only_where_there_are_many_and_more_than_a_count_has(draw, inflated, rng):
    assert is_zero_inflated(np.asarray(draw(rng), float)) is inflated


# Means and upper tails


def sales(rng: np.random.Generator, n: int = 3_000) -> dict:
    """Sales of equal ranks; one store sells a few things that are dear."""
    store = rng.choice(["north", "south"], n)
    price = rng.normal(100, 10, n)
    dear = (store == "north") & (rng.random(n) < 0.05)
    return {"sales": np.where(dear, 400.0, price), "store": store, "height": np.where(dear, 400.0, price)}


def test_a_mean_is_proposed_of_what_is_summed_where_the_ranks_hide_it(rng):
    data = sales(rng)
    [claim] = [h for h in propose_amounts(outlook(data)) if h.outcome == "sales"]
    assert (claim.family, claim.predictor, claim.direction) == ("mean_difference", "store", "higher")
    assert (claim.levels.a, claim.levels.b) == (("north",), ("south",))
    [turned] = propose_amounts(outlook({"sales": -data["sales"], "store": data["store"]}))
    assert (turned.levels.a, turned.direction) == (("south",), "higher")


def test_no_mean_is_proposed_where_the_comparison_of_groups_says_it_already(rng):
    store = rng.choice(["north", "south"], 2_000)
    assert list(propose_amounts(outlook({"sales": rng.normal(size=2_000) + (store == "north"), "store": store}))) == []


def test_the_mean_is_proposed_where_it_points_the_other_way_than_the_ranks(rng):
    store = rng.choice(["north", "south"], 4_000)
    low = rng.normal(100, 10, 4_000) - 4.0 * (store == "north")
    data = {"sales": np.where((store == "north") & (rng.random(4_000) < 0.05), 600.0, low), "store": store}
    [claim] = propose_amounts(outlook(data))
    assert (claim.family, claim.levels.a, claim.direction) == ("mean_difference", ("north",), "higher")


def test_the_upper_tail_of_what_is_not_summed_is_proposed_where_ranks_do_not_part(rng):
    wide = rng.choice(["a", "b"], 4_000)
    y = rng.normal(size=4_000) * np.where(wide == "a", 2.0, 1.0)
    [claim] = propose_amounts(outlook({"y": y, "g": wide}))
    assert (claim.family, claim.quantile, claim.levels.a) == (
        "quantile_difference",
        0.9,
        ("b",) if claim.direction == "lower" else ("a",),
    )
    assert list(propose_amounts(outlook({"y": rng.normal(size=4_000), "g": wide}))) == []
    assert list(propose_amounts(outlook({"y": y + (wide == "a"), "g": wide}))) == []


def test_what_is_barred_or_out_of_focus_is_not_proposed(rng):
    data = sales(rng)
    assert (
        list(
            propose_amounts(
                outlook(data, barred=frozenset({frozenset(("sales", "store"))}), spare=frozenset({"height"}))
            )
        )
        == []
    )
    assert {h.outcome for h in propose_amounts(outlook(data, focus=Focus(outcome="height")))} <= {"height"}
    assert list(propose_amounts(outlook(data, focus=Focus(outcome="other")))) == []


def test_few_claims_come_from_many_columns(rng):
    store = rng.choice(["north", "south"], 1_500)
    dear = (store == "north") & (rng.random(1_500) < 0.08)
    many = {f"sales_{k}": np.where(dear, 900.0, rng.normal(100, 10, 1_500)) for k in range(20)}
    assert len(list(propose_amounts(outlook(many | {"store": store})))) == 12


def test_contrasts_agree_with_figures_computed_row_by_row(rng):
    y, g = rng.gamma(2, 1, 600), rng.choice(list("abc"), 600)
    rows = Rows.of({"y": y, "g": g})
    found = {c.level: c for c in level_contrasts(rows, "y", "g", least=20)}
    assert set(found) == set("abc")
    mine, rest = y[g == "b"], y[g != "b"]
    assert found["b"].mean == pytest.approx((mine.mean() - rest.mean()) / y.std())
    above = (mine[:, None] > rest).mean()
    assert found["b"].ranks * len(y) / len(rest) == pytest.approx((above - 0.5) * len(y) / len(rest), abs=0.01)
    assert found["b"].upper == pytest.approx((np.quantile(mine, 0.9) - np.quantile(rest, 0.9)) / y.std())
    assert level_contrasts(rows, "y", "g", least=400) == ()


# Counts


def claims_table(rng: np.random.Generator, n: int = 800) -> dict:
    """Claims that come with holders; district a has half as many again for each."""
    district = rng.choice(list("abcd"), n)
    holders = np.round(rng.gamma(2, 100, n)) + 1
    claims = rng.poisson(0.05 * holders * np.where(district == "a", 1.5, 1.0))
    return {"claims": claims, "holders": holders, "district": district, "year": rng.integers(1990, 2000, n)}


def test_a_count_beside_its_exposure_is_proposed_per_unit(rng):
    data = claims_table(rng)
    found = list(propose_counts(outlook(data)))
    assert [(h.outcome, h.exposure, h.predictor, h.levels.a, h.direction) for h in found] == [
        ("claims", "holders", "district", ("a",), "higher")
    ]
    two = data | {"district": np.where(data["district"] == "a", "a", "b")}
    [claim] = propose_counts(outlook(two))
    assert (claim.levels.a, claim.levels.b, claim.direction) == (("a",), ("b",), "higher")


def test_no_rate_is_proposed_without_an_exposure_that_the_count_grows_with_or_without_a_difference(rng):
    data = claims_table(rng)
    assert list(propose_counts(outlook(data, spare=frozenset({"holders"})))) == []
    assert list(propose_counts(outlook(data | {"holders": rng.permutation(data["holders"])}))) == []
    assert list(propose_counts(outlook(data | {"district": rng.permutation(data["district"])}))) == []
    assert list(propose_counts(outlook(data | {"claims": data["claims"] - 5.0}))) == []
    assert list(propose_counts(outlook(data, focus=Focus(outcome="holders")))) == []


def test_names_tell_amounts_and_exposures():
    rows = Rows.of({n: np.arange(50.0) for n in ("total_sales", "PersonYears", "population_2013", "age", "years")})
    assert [n for n in rows.columns if is_amount(rows.column(n))] == ["total_sales"]
    assert [n for n in rows.columns if is_exposure(rows.column(n))] == ["PersonYears", "population_2013"]
    assert moves_with(np.arange(50.0), np.arange(50.0) ** 3) == pytest.approx(1.0)
    assert moves_with(np.arange(9.0), np.arange(9.0)) == 0.0
    assert moves_with(np.ones(50), np.arange(50.0)) == 0.0


# Together


def test_every_proposer_is_asked_and_no_claim_is_told_twice(rng):
    data = claims_table(rng) | {"sales": sales(rng, 800)["sales"]}
    seen = outlook(data)
    found = [h.content_id() for h in proposals(seen)]
    assert len(found) == len(set(found))
    assert set(found) == {h.content_id() for propose in PROPOSERS for h in propose(seen)}


def test_parts_of_one_amount_are_no_twins_but_the_same_part_by_a_relabelled_column_is(rng):
    class Told:
        def __init__(self, hypothesis: Hypothesis) -> None:
            self.hypothesis = hypothesis

    data = amounts(rng)
    data["kids"] = np.where(data["children"] == "yes", "has some", "has none")
    rows = Rows.of(data)
    drafts = [Told(h) for by in ("children", "kids") for h in told(data, "affairs", by)]
    kept = [d.hypothesis for d in without_twins(drafts, rows)]
    assert sorted(h.family for h in kept) == ["group_difference", "occurrence_difference"]
    assert {h.predictor for h in kept} == {"children"}
    assert sides(rows, "children", kept[0].levels).max() == 1


def _zeros(seed: int = 21, n: int = 1_500) -> Rows:
    """Takings that are often zero; when and how large follow a rule of two columns."""
    rng = np.random.default_rng(seed)
    x, kind = rng.normal(size=n), rng.choice(["a", "b"], n)
    inside = (x > 0) & (kind == "a")
    some = rng.random(n) < np.where(inside, 0.8, 0.3)
    return Rows.of({"x": x, "kind": kind, "takings": np.where(some, rng.lognormal(3 + inside, 0.6, n), 0.0)})


def test_no_drafted_claim_tells_a_mean_of_amounts_that_are_often_zero() -> None:
    rows = _zeros()
    assert often_zero(rows) == {"takings"}
    batch = draft_by_rule(rows, scan_pairs(rows), (), Rule(), Focus("takings"), held_out_units=1_500, weight=1.0)
    drafted = [d.hypothesis for d in batch.drafts]
    shares = [h for h in drafted if getattr(h, "above", None) == 0.0]
    sizes = [h for h in drafted if any(t.column == "takings" and t.op == ">" for t in h.where)]
    assert shares
    assert sizes
    assert len(shares) + len(sizes) == len(drafted)


def test_a_claim_that_says_which_rows_it_means_or_counts_an_event_stays_as_it_is() -> None:
    whole = MonotoneAssociation(outcome="takings", predictor="x", direction="increasing")
    [term] = where_any(whole, {"takings"}).where
    assert (term.column, term.op, term.value) == ("takings", ">", 0.0)
    some = whole.model_copy(update={"where": (Condition(column="takings", op=">", value=5.0),)})
    often = whole.model_copy(update={"above": 0.0})
    assert where_any(some, {"takings"}) == some
    assert where_any(often, {"takings"}) == often
    assert where_any(whole, {"other"}) == whole


def test_contrasts_of_many_labels_are_those_of_each_alone_also_where_values_are_missing() -> None:
    rng = np.random.default_rng(11)
    data = {f"y{i}": rng.lognormal(size=600) for i in range(2)}
    data["y1"][::7] = np.nan
    labels = {f"g{i}": rng.choice(list("abc"), 600).astype(object) for i in range(3)}
    labels["g2"][::5] = None
    rows = Rows.of(data | labels)
    together = Contrasts(rows)
    for number in data:
        for label in labels:
            assert together.of(number, label, least=20) == level_contrasts(rows, number, label, least=20) != ()
