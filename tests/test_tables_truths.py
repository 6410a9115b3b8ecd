"""What is found over several tables: a planted effect of customers, and nothing where only the orders are many."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import heldout
from heldout.agent.cli import cli
from heldout.agent.closed import enumerate_closed
from heldout.tools.data.rows import Rows
from heldout.tools.data.schema import Aggregate, Column
from heldout.tools.data.split import seal
from heldout.tools.data.tables import open_source
from heldout.tools.data.tables_schema import Joining
from heldout.tools.errors import LedgerError, NoVaultLeft
from heldout.tools.explore.constructed import constructed_pairs, follow_from_others
from heldout.tools.explore.lead import Lead
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import GroupDifference, parse
from tests.shop import REGIONS, shop, shuffled


def pairs_of(explanation: heldout.Explanation) -> set[frozenset[str]]:
    return {frozenset((f.hypothesis["outcome"], f.hypothesis["predictor"])) for f in explanation.findings}


def test_an_effect_of_customers_on_their_orders_is_verified_at_their_grain():
    explanation = heldout.explain(shop(n=900))
    found = [f for f in explanation.verified if f.hypothesis["outcome"] == "orders: mean amount"]
    assert any(f.hypothesis["predictor"] == "plan" for f in found)
    best = next(f for f in found if f.hypothesis["levels"]["a"] == ["gold"])
    effect = best.held_out.in_units
    assert effect is not None
    assert effect.low is not None
    assert effect.high is not None
    assert effect.low < 12 < effect.high
    assert best.held_out.clusters is None
    assert not [f for f in explanation.verified if "noise" in (f.hypothesis["outcome"], f.hypothesis["predictor"])]


def test_the_same_effect_at_the_grain_of_orders_counts_customers():
    explanation = heldout.explain(shop(n=900), grain="orders")
    best = next(f for f in explanation.verified if f.hypothesis["predictor"] == "plan")
    assert best.held_out.clusters is not None
    assert best.held_out.clusters < 600
    assert "customer_id" in best.sentence


def test_nothing_that_follows_from_the_making_is_claimed():
    explanation = heldout.explain(shop(n=900, effect=0.0, own=25.0))
    made = {m.name for m in (explanation.result.tables.made if explanation.result.tables else ())}
    own = {name for name in made if name.startswith("orders: ")}
    assert len(own) >= 8
    for pair in pairs_of(explanation):
        assert not (pair <= own and {"orders: count", "orders: sum amount", "orders: max amount"} & pair), pair
    leads = {frozenset((x["a"], x["b"])) for x in explanation.result.leads}
    assert frozenset(("orders: mean amount", "orders: sum amount")) not in leads
    assert not [s for s in explanation.result.structure if set(s.columns) <= own]


def aggregate(table: str, how: str, of: str = "", **more: object) -> Column:
    name = f"{table}: {how} {of}".strip()
    value = Aggregate.model_validate({"table": table, "how": how, "of": of, "nest": (table,), **more})
    return Column(name=name, type="number", storage="DOUBLE", rows=100, missing=0, distinct=90, aggregate=value)


def test_means_of_two_columns_are_left_to_the_data_and_all_that_moves_with_the_count_is_not():
    columns = [
        aggregate("orders", "count"), aggregate("orders", "sum", "amount"), aggregate("orders", "mean", "amount"),
        aggregate("orders", "max", "amount"), aggregate("orders", "share", "channel"),
        aggregate("orders", "mean", "weight"),
    ]  # fmt: skip
    free = {c.name for c in columns if c.aggregate is not None and c.aggregate.how in ("mean", "share")}
    barred = constructed_pairs(columns)
    for one, other in combinations([c.name for c in columns], 2):
        assert (frozenset((one, other)) in barred) == (not {one, other} <= free)


def test_tables_side_by_side_are_left_to_the_data_and_nested_ones_are_not():
    orders, visits = aggregate("orders", "count"), aggregate("visits", "count")
    items = aggregate("items", "count", nest=("items", "orders"))
    barred = constructed_pairs([orders, visits, items])
    assert barred == {frozenset((orders.name, items.name))}


def test_columns_of_one_shared_table_and_pairs_above_the_grain_are_barred():
    shared = [aggregate("orders", "joined", of, nest=(), shared="products") for of in ("kind", "size")]
    above = [aggregate("customers", "joined", of, nest=(), above=True) for of in ("age", "plan")]
    barred = constructed_pairs([*shared, *above])
    assert barred == {frozenset(c.name for c in shared), frozenset(c.name for c in above)}


def test_an_extreme_is_not_claimed_beside_a_count_or_a_mean_that_explains_it():
    columns = [
        aggregate("orders", "count"),
        aggregate("orders", "max", "amount"),
        aggregate("orders", "mean", "amount"),
    ]
    lead = Lead.model_validate(
        {"a": "plan", "b": "orders: count", "kind": "category-number", "measure": "epsilon_squared", "strength": 0.2,
         "n": 500, "p_value": 1e-9, "mutual_information": 0.1}
    )  # fmt: skip
    assert follow_from_others(columns, [lead]) == {frozenset(("plan", "orders: max amount"))}
    by_mean = lead.model_copy(update={"b": "orders: mean amount"})
    assert follow_from_others(columns, [by_mean]) == {frozenset(("plan", "orders: max amount"))}
    assert follow_from_others(columns, [lead.model_copy(update={"p_value": 0.5})]) == frozenset()


def test_a_closed_family_holds_no_pair_that_follows_from_the_making():
    with open_source(shop(n=150)) as data:
        columns = [c for c in data.columns if c.analysed]
    claims = enumerate_closed(columns)
    barred = constructed_pairs(columns)
    assert barred
    assert not [h for h in claims if frozenset((h.outcome, h.predictor)) in barred]


def test_a_small_shop_is_tested_as_a_closed_family():
    explanation = heldout.explain(shop(n=150, effect=25.0))
    assert explanation.result.split.kind == "none"
    assert any(f.hypothesis["outcome"] == "orders: mean amount" for f in explanation.verified)


def test_a_second_run_with_the_files_in_another_order_finds_the_same_ledger(tmp_path):
    frames = {**shop(n=400), "regions": REGIONS}
    files = {}
    for folder, tables in (("one", frames), ("two", shuffled(frames))):
        (tmp_path / folder).mkdir()
        for name, frame in tables.items():
            frame.to_csv(tmp_path / folder / f"{name}.csv", index=False)
        files[folder] = [str(tmp_path / folder / f"{name}.csv") for name in tables]
    first, second = heldout.explain(files["one"]), heldout.explain(files["two"])
    assert second.replayed
    assert [f.held_out for f in second.findings] == [f.held_out for f in first.findings]
    shown = CliRunner().invoke(cli, ["ledger", "show", *files["two"]])
    assert shown.exit_code == 0, shown.output
    assert "Rows are those of customers" in shown.output


def test_the_same_tables_at_another_grain_are_not_sealed_a_second_time():
    frames = shop(n=400)
    heldout.explain(frames)
    with pytest.raises(LedgerError, match="were sealed before with another `--grain`"):
        heldout.explain(frames, grain="orders")


def test_under_other_names_the_tables_are_the_same_rows_and_another_question(tmp_path):
    frames = shop(n=2_400)
    first = heldout.explain(frames)
    other = heldout.explain({f"my_{name}": frame for name, frame in frames.items()})
    assert first.result.dataset.fingerprint == other.result.dataset.fingerprint
    assert other.result.ledger is not None
    assert other.result.ledger.session == 2


def test_the_report_tells_tables_links_and_made_columns(tmp_path):
    frames = {**shop(n=400), "regions": REGIONS}
    frames["orders"].loc[:2, "customer_id"] = 5
    explanation = heldout.explain(frames)
    line = "Rows are those of customers; items and orders were summed up for each; regions was looked up in."
    assert line in " ".join(explanation.to_terminal(width=100, color=False).split())
    page, text = explanation.to_html(), explanation.to_markdown()
    for told in (page, text):
        assert "3 rows name one that is not there" in told
        assert "found by name and values" in told
        assert "days from the earliest to the latest" in told
    assert '<section id="tables">' in page
    assert explanation.result.as_json()["tables"]["root"] == "customers"
    assert "It was joined from 4 tables" in text


def test_a_link_that_is_not_followed_is_told_in_the_report():
    frames = shop(n=400)
    frames["items"] = frames["items"].merge(frames["orders"][["order_id", "customer_id"]], on="order_id")
    told = [n.text for n in heldout.explain(frames).result.dataset.notes]
    assert [t for t in told if t.startswith("`items.customer_id -> customers.customer_id` was not followed")]


def test_one_table_has_no_section_of_tables():
    explanation = heldout.explain(shop(n=400)["customers"])
    assert explanation.result.tables is None
    assert '<section id="tables">' not in explanation.to_html()


def null_p(seed: int, folder: object, *, grain: str) -> tuple[float, float]:
    """p of `plan` gold against the rest on amounts that only the customer's own level moves: as heldout tests it,
    and as if orders were independent."""
    frames = shop(seed, n=120, effect=0.0, own=20.0, rate=20.0)
    outcome = "orders: mean amount" if grain == "customers" else "amount"
    h = parse({"family": "group_difference", "outcome": outcome, "predictor": "plan", "levels": {"a": ["gold"]},
               "direction": "any"})  # fmt: skip
    assert isinstance(h, GroupDifference)
    with open_source({k: frames[k] for k in ("customers", "orders")}, joining=Joining(grain=grain)) as data:
        split = seal(data, folder)  # pyright: ignore[reportArgumentType]
    rows = split.read(split.sealed_file, "vault_1")
    proper = FAMILIES[h.family].evaluate(h, rows, split="all", draws=199, seed=seed)
    orders = frames["orders"].merge(frames["customers"], on="customer_id")
    plain = Rows.of({outcome: orders["amount"].to_numpy(), "plan": orders["plan"].to_numpy()})
    naive = FAMILIES[h.family].evaluate(h, plain, split="all", draws=199, seed=seed)
    assert proper.p_value is not None
    assert naive.p_value is not None
    return proper.p_value, naive.p_value


@pytest.mark.parametrize("grain", ["customers", "orders"])
def test_many_orders_of_few_customers_make_no_evidence(tmp_path, grain):
    """15 shops in which plan says nothing: 20 orders a customer reject often where orders pass for independent."""
    p = np.array([null_p(seed, _folder(tmp_path, seed), grain=grain) for seed in range(15)])
    assert (p[:, 0] <= 0.05).sum() <= 4  # P(more of 15 at .05) < .001
    assert (p[:, 1] <= 0.05).sum() >= 4


@pytest.mark.slow
@pytest.mark.parametrize("grain", ["customers", "orders"])
def test_the_level_is_kept_over_a_hundred_shops(tmp_path, grain):
    p = np.array([null_p(seed, _folder(tmp_path, seed), grain=grain) for seed in range(100)])
    rejected = (p <= 0.05).mean(axis=0)
    assert rejected[0] <= 0.115  # .05 and three standard errors of 100 runs
    assert rejected[1] >= 0.3


def _folder(tmp_path, seed: int):
    folder = tmp_path / str(seed)
    folder.mkdir()
    return folder


def test_a_frame_of_one_column_more_is_no_mapping_of_tables():
    frame = pd.DataFrame({"x": range(60), "y": [0.5, 1.5] * 30})
    assert heldout.explain(frame.to_dict("list")).result.tables is None


def traded(seed: int = 5, n: int = 900) -> dict[str, pd.DataFrame]:
    """Customers whose age moves what they buy and nothing of what they sell."""
    rng = np.random.default_rng(seed)
    age = rng.normal(50, 10, n).round(2)
    customers = pd.DataFrame({"id": np.arange(n), "age": age, "score": rng.normal(size=n).round(3)})
    buyer, seller = rng.integers(0, n, 6 * n), rng.integers(0, n, 6 * n)
    amount = np.exp(rng.normal(size=6 * n) + (age[buyer] - 50) / 15).round(2)
    sales = pd.DataFrame({"buyer_id": buyer, "seller_id": seller, "amount": amount})
    return {"customers": customers, "sales": sales}


BUYER, SELLER = "sales.buyer_id=customers.id", "sales.seller_id=customers.id"


def test_by_another_link_it_is_another_question_and_not_the_opened_vault_again(tmp_path):
    frames, book = traded(), tmp_path / "book.jsonl"
    assert heldout.explain(frames, links=[BUYER], ledger=book).verified
    with pytest.raises(NoVaultLeft):
        heldout.explain(frames, links=[SELLER], ledger=book)
    assert heldout.explain(frames, links=[BUYER], ledger=book).replayed


def test_claims_on_made_columns_are_not_answered_from_the_vault_that_another_link_opened(tmp_path):
    frames, book, claim = traded(), tmp_path / "book.jsonl", "`sales: mean amount` increases with age"
    assert heldout.verify(frames, claim, links=[BUYER], ledger=book).verified
    with pytest.raises(NoVaultLeft):
        heldout.verify(frames, claim, links=[SELLER], ledger=book)


def test_the_list_of_a_small_table_answers_by_its_own_link_alone(tmp_path):
    frames, book, claim = traded(n=150), tmp_path / "book.jsonl", "`sales: mean amount` increases with age"
    heldout.explain(frames, links=[BUYER], ledger=book)
    answer = heldout.verify(frames, claim, links=[BUYER], ledger=book)
    assert answer.result.asked[0].outcome == "verified"
    with pytest.raises(NoVaultLeft):
        heldout.verify(frames, claim, links=[SELLER], ledger=book)
