"""From a pair of columns to claims: levels, cut points and directions as exploration rows show them."""

import numpy as np
import pytest

from heldout.agent.candidates import candidates, quarter_points
from heldout.tools.data.rows import Rows
from heldout.tools.verify.hypothesis import Hypothesis


def suggested(outcome: str, predictor: str, rows: Rows) -> list[Hypothesis]:
    return list(candidates(rows.column(outcome), rows.column(predictor), rows))


@pytest.fixture(scope="module")
def rows() -> Rows:
    rng = np.random.default_rng(1)
    n = 900
    kind = rng.choice(np.array(["mid", "low", "top", "rare"], object), n, p=[0.4, 0.35, 0.24, 0.01])
    lift = np.select([kind == "top", kind == "low"], [2.0, -1.0], 0.0)
    member = rng.random(n) < 0.5
    stars = rng.integers(1, 6, n)
    town = np.where(rng.random(n) < 0.6, np.where(kind == "top", "Ulm", "Bonn"), rng.choice(["Ulm", "Bonn", "Kiel"], n))
    start = np.datetime64("2022-01-01")
    return Rows.of(
        {
            "spend": lift + 1.0 * member + 0.3 * stars + rng.normal(0, 1, n),
            "age": rng.normal(40, 12, n),
            "falling": -lift + rng.normal(0, 1, n),
            "kind": kind,
            "member": member,
            "stars": stars,
            "town": town,
            "day": start + np.arange(n).astype("timedelta64[D]"),
            "late": np.arange(n) + rng.normal(0, 200, n) > 500,
            "phase": np.array(["a", "b", "c"], object)[np.minimum(np.arange(n) // 300, 2)],
        }
    )


def test_the_level_that_stands_out_upwards_and_the_one_downwards_are_claimed(rows: Rows) -> None:
    up, down = suggested("spend", "kind", rows)
    assert (up.levels.a, up.levels.b, up.direction) == (("top",), (), "higher")
    assert (down.levels.a, down.levels.b, down.direction) == (("low",), (), "lower")


def test_a_level_with_too_few_rows_is_never_claimed_however_far_out_it_lies() -> None:
    rng = np.random.default_rng(2)
    kind = np.array(["a"] * 400 + ["b"] * 400 + ["rare"] * 19, object)
    rows = Rows.of({"kind": kind, "spend": rng.normal(0, 1, 819) + 50.0 * (kind == "rare")})
    assert suggested("spend", "kind", rows)
    assert all("rare" not in h.levels.a for h in suggested("spend", "kind", rows))
    known = Rows.of({"kind": np.append(kind, "rare"), "spend": np.append(rows.number("spend"), 50.0)})
    assert next(h.levels.a for h in suggested("spend", "kind", known)) == ("rare",)


def test_two_levels_make_one_claim_told_of_the_higher_one(rows: Rows) -> None:
    [claim] = suggested("spend", "member", rows)
    assert (claim.family, claim.levels.a, claim.levels.b, claim.direction) == (
        "group_difference", ("true",), ("false",), "higher",
    )  # fmt: skip


def test_two_numbers_make_a_monotone_claim_in_the_direction_seen(rows: Rows) -> None:
    [claim] = suggested("falling", "spend", rows)
    assert (claim.family, claim.direction, claim.event) == ("monotone_association", "decreasing", None)
    assert claim.cuts == quarter_points(rows.number("spend"))


def test_a_number_with_few_values_is_also_read_as_groups(rows: Rows) -> None:
    families = [h.family for h in suggested("spend", "stars", rows)]
    assert families[0] == "monotone_association"
    assert set(families[1:]) == {"group_difference"}


def test_a_yes_no_outcome_of_a_number_is_a_claim_about_the_share_of_yes(rows: Rows) -> None:
    [claim] = suggested("member", "spend", rows)
    assert (claim.family, claim.outcome, claim.event, claim.direction) == (
        "monotone_association", "member", "true", "increasing",
    )  # fmt: skip


def test_a_label_outcome_of_a_number_is_told_the_other_way_round(rows: Rows) -> None:
    claims = suggested("kind", "spend", rows)
    assert {(h.family, h.outcome, h.predictor) for h in claims} == {("group_difference", "spend", "kind")}


def test_two_labels_make_claims_of_the_cells_that_stand_out_and_one_of_the_table(rows: Rows) -> None:
    *cells, whole = suggested("town", "kind", rows)
    first = cells[0]
    assert (first.family, first.levels.a) == ("rate_difference", ("top",))
    assert len(cells) <= 2
    assert whole.family == "categorical_association"
    assert "rare" not in whole.predictor_levels
    assert set(whole.outcome_levels) == {"Ulm", "Bonn", "Kiel"}


def test_a_yes_no_outcome_of_labels_is_told_as_the_share_of_yes(rows: Rows) -> None:
    claims = suggested("late", "phase", rows)
    assert {h.family for h in claims} == {"rate_difference"}
    assert {h.event for h in claims} == {"true"}
    assert {(h.levels.a[0], h.direction) for h in claims} == {("c", "higher"), ("a", "lower")}


def test_a_date_makes_trends_in_the_direction_seen(rows: Rows) -> None:
    [rising] = suggested("late", "day", rows)
    assert (rising.family, rising.event, rising.direction) == ("trend", "true", "rising")
    events = {h.event: h.direction for h in suggested("phase", "day", rows)}
    assert events == {"a": "falling", "c": "rising"}
    [number] = suggested("spend", "day", rows)
    assert (number.family, number.event) == ("trend", None)


def test_every_claim_names_the_pair_and_is_committed_to_a_direction(rows: Rows) -> None:
    for outcome in rows.columns:
        for predictor in rows.columns:
            if outcome == predictor or outcome == "day":
                continue
            for claim in suggested(outcome, predictor, rows):
                assert {claim.outcome, claim.predictor} == {outcome, predictor}
                assert claim.direction != "any" or claim.family == "categorical_association"


def test_columns_that_are_empty_on_these_rows_suggest_nothing_that_breaks() -> None:
    nothing = Rows.of({"x": [np.nan] * 60, "y": np.arange(60.0), "k": np.array(["a", None] * 30, object)})
    assert suggested("y", "k", nothing) == []
    assert suggested("x", "k", nothing) == []
    [claim] = suggested("x", "y", nothing)
    assert claim.direction == "increasing"


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.arange(101.0), (25.0, 75.0)),
        (np.arange(9.0), (2.0, 6.0)),
        (np.r_[np.zeros(90), np.arange(1, 11)], (0.0, 1.0)),
        (np.r_[np.full(90, 5.0), np.arange(4)], (3.0, 5.0)),
        (np.r_[np.arange(101.0), [np.nan] * 50], (25.0, 75.0)),
        (np.ones(50), None),
        (np.arange(7.0), None),
    ],
)
def test_quarter_points_are_values_of_the_data_with_rows_on_both_sides(
    values: np.ndarray, wanted: tuple[float, float] | None
) -> None:
    assert quarter_points(values) == wanted
    if wanted is not None:
        assert set(wanted) <= set(values.tolist())
        assert (values <= wanted[0]).any()
        assert (values >= wanted[1]).any()


def test_a_number_in_few_levels_of_which_none_stands_out_upwards_is_still_worded():
    # Seen in shuffled tables: the only usable levels lie below the middle, because the rest are too rare.
    rng = np.random.default_rng(5)
    few = np.concatenate([np.full(200, 0.0), np.full(190, 1.0), np.arange(2, 12).repeat(2)])
    y = np.where(few < 2, rng.normal(0, 1, len(few)), 9.0 + rng.random(len(few)))
    rows = Rows.of({"y": y, "few": few})
    claims = list(candidates(rows.column("y"), rows.column("few"), rows))
    assert all(getattr(c, "levels", None) is None or c.levels.a for c in claims)
    assert any(c.family == "group_difference" for c in claims)


def amounts(seed: int, often: float, large: float) -> Rows:
    """An amount that is mostly zero: `often` tilts how often there is any with x, `large` how much there then is."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=900)
    bought = rng.random(900) < 1 / (1 + np.exp(1 - often * x))
    return Rows.of({"x": x, "spent": np.where(bought, np.exp(large * x + rng.normal(0, 0.5, 900)), 0.0)})


@pytest.mark.parametrize(("often", "large"), [(1.0, 0.4), (1.0, -0.4), (-1.0, 0.4)])
def test_an_amount_that_is_often_zero_goes_with_a_number_in_two_claims(often: float, large: float) -> None:
    ways = {1.0: "increasing", -1.0: "decreasing"}
    first, second = suggested("spent", "x", amounts(3, often, large))
    assert (first.above, first.where, first.direction) == (0.0, (), ways[often])
    assert (second.above, second.direction) == (None, ways[large / abs(large)])
    assert [(t.column, t.op, t.value) for t in second.where] == [("spent", ">", 0.0)]
    assert first.cuts == second.cuts


def test_an_amount_that_is_hardly_ever_zero_goes_with_a_number_in_one_claim() -> None:
    rows = amounts(4, 0.0, 0.4)
    few = Rows.of({"x": rows.number("x"), "spent": np.where(rows.number("spent") == 0, 0.5, rows.number("spent"))})
    (claim,) = suggested("spent", "x", few)
    assert (claim.above, claim.where) == (None, ())
