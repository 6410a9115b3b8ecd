"""Several tables become one: the made columns are the ones pandas computes, in any order, and doubt is refused."""

import sqlite3
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.tools.data.dataset import Dataset
from heldout.tools.data.independence import choose_unit
from heldout.tools.data.schema import Column
from heldout.tools.data.split import seal
from heldout.tools.data.tables import open_source, source_fingerprint
from heldout.tools.data.tables_schema import Joining, Tables
from heldout.tools.errors import DataError, LedgerError, UsageError
from tests.shop import REGIONS, Frames, shop, shuffled


def opened(frames: object, **options: object) -> Dataset:
    return open_source(frames, joining=Joining.model_validate(options))


def frame_of(data: Dataset) -> pd.DataFrame:
    """The joined table, in the order of its key."""
    names = ", ".join('"' + c.name.replace('"', '""') + '"' for c in data.columns)
    return data.cursor().execute(f"SELECT {names} FROM data ORDER BY _row").df()


def tables_of(data: Dataset) -> Tables:
    assert data.tables is not None
    return data.tables


def column(data: Dataset, name: str) -> Column:
    return next(c for c in data.columns if c.name == name)


def test_children_are_summed_up_as_pandas_does_and_customers_without_any_keep_their_row():
    frames = shop(n=200, rate=2.0)
    data = opened(frames)
    got = frame_of(data).set_index("customer_id").sort_index()
    orders = frames["orders"].groupby("customer_id")
    every = frames["customers"]["customer_id"]
    assert len(got) == 200
    count = orders.size().reindex(every, fill_value=0)
    assert (count == 0).sum() > 10
    np.testing.assert_array_equal(got["orders: count"], count)
    for how in ("mean", "min", "max"):
        np.testing.assert_allclose(got[f"orders: {how} amount"], orders["amount"].agg(how).reindex(every), rtol=1e-12)
    np.testing.assert_allclose(
        got["orders: sum amount"], orders["amount"].sum().reindex(every, fill_value=0), rtol=1e-12
    )
    web = frames["orders"]["channel"].eq("web").groupby(frames["orders"]["customer_id"]).mean().reindex(every)
    np.testing.assert_allclose(got["orders: share channel = web"], web, rtol=1e-12)
    first, last = orders["ordered"].min().reindex(every), orders["ordered"].max().reindex(every)
    np.testing.assert_array_equal(got["orders: first ordered"].to_numpy(), first.to_numpy("datetime64[us]"))
    np.testing.assert_allclose(got["orders: days from first to last ordered"], (last - first).dt.days, rtol=1e-12)


def test_grandchildren_are_summed_up_through_their_parents():
    frames = shop(n=120)
    got = frame_of(opened(frames)).set_index("customer_id").sort_index()
    items = frames["items"].merge(frames["orders"], on="order_id").groupby("customer_id")["quantity"]
    every = frames["customers"]["customer_id"]
    np.testing.assert_array_equal(got["items: count"], items.size().reindex(every, fill_value=0))
    np.testing.assert_allclose(got["items: mean quantity"], items.mean().reindex(every), rtol=1e-12)


def test_at_the_grain_of_orders_customers_are_joined_down_and_items_summed_up():
    frames = shop(n=120)
    data = opened(frames, grain="orders")
    got = frame_of(data).set_index("order_id").sort_index()
    want = frames["orders"].merge(frames["customers"], on="customer_id").set_index("order_id").sort_index()
    pd.testing.assert_series_equal(got["plan"], want["plan"], check_dtype=False)
    size = frames["items"].groupby("order_id").size()
    np.testing.assert_array_equal(got["items: count"], size.reindex(got.index, fill_value=0))
    unit = choose_unit(data)
    assert (unit.kind, unit.key) == ("entity", "customer_id")


def test_at_the_grain_of_items_the_customer_is_reached_through_the_order():
    frames = shop(n=120)
    data = opened(frames, grain="items")
    got = frame_of(data)
    want = frames["items"].merge(frames["orders"], on="order_id")
    np.testing.assert_array_equal(got["customer_id"], want["customer_id"])
    assert choose_unit(data).key == "customer_id"


def test_rows_of_one_customer_never_lie_on_both_sides_of_the_split(tmp_path):
    data = opened(shop(n=400), grain="orders")
    split = seal(data, tmp_path)
    own = f"c{list(split.columns).index('noise')}"  # a number that no two customers share
    with duckdb.connect(str(split.exploration_file), read_only=True) as con:
        explored = {r[0] for r in con.cursor().execute(f"SELECT {own} FROM rows").fetchall()}
    with duckdb.connect(str(split.sealed_file), read_only=True) as con:
        sealed = {r[0] for r in con.cursor().execute(f"SELECT {own} FROM vault_1").fetchall()}
    assert explored
    assert sealed
    assert not explored & sealed
    assert split.plan.units == len(explored) + len(sealed)


def test_a_customer_lies_on_the_same_side_at_every_grain(tmp_path):
    sides = {}
    for grain in ("customers", "orders"):
        data = opened(shop(n=400), grain=grain)
        folder = tmp_path / grain
        folder.mkdir()
        split = seal(data, folder)
        with duckdb.connect(str(split.exploration_file), read_only=True) as con:
            names = list(split.columns)
            noise = f"c{names.index('noise')}"
            sides[grain] = {r[0] for r in con.cursor().execute(f"SELECT DISTINCT {noise} FROM rows").fetchall()}
    assert sides["orders"]
    assert sides["orders"] <= sides["customers"]


def _visits(start: int) -> pd.DataFrame:
    """Two rows for each of 300 people."""
    rng = np.random.default_rng(start)
    who = np.repeat(np.arange(101, 401), 2)
    return pd.DataFrame({"id": np.arange(start, start + 600), "person_id": who, "took": rng.normal(size=600)})


def test_two_grains_of_as_many_rows_are_told_apart_and_other_names_of_the_tables_are_no_other_grain(tmp_path):
    people = pd.DataFrame({"person_id": np.arange(101, 401), "age": np.random.default_rng(0).integers(18, 80, 300)})
    frames = {"people": people, "calls": _visits(1_000), "trips": _visits(5_000)}
    book, plans = tmp_path / "l.jsonl", []
    for grain in ("calls", "trips"):
        (tmp_path / grain).mkdir()
        plans.append(seal(opened(frames, grain=grain), tmp_path / grain).plan)
    shared = [plan.model_copy(update={"joining": None, "reason": ""}) for plan in plans]
    assert shared[0] == shared[1]
    heldout.explain(frames, grain="calls", ledger=book, explore_only=True)
    with pytest.raises(LedgerError, match="another `--grain`"):
        heldout.explain(frames, grain="trips", ledger=book, explore_only=True)
    renamed = {f"my {name}": frame for name, frame in reversed(frames.items())}
    heldout.explain(renamed, grain="my calls", ledger=book, explore_only=True)


def test_the_fingerprint_depends_neither_on_order_nor_on_names_but_on_every_cell_and_key():
    frames = shop(n=120)
    print_of = source_fingerprint(frames)
    assert source_fingerprint(shuffled(frames)) == print_of
    assert source_fingerprint({f"{name} 2024": frame for name, frame in frames.items()}) == print_of
    moved = {**frames, "orders": frames["orders"].assign(customer_id=frames["orders"]["customer_id"].to_numpy()[::-1])}
    assert source_fingerprint(moved) != print_of
    assert source_fingerprint({k: v for k, v in frames.items() if k != "items"}) != print_of
    numbered = {**frames, "customers": frames["customers"].assign(customer_id=range(1, 121))}
    assert source_fingerprint(numbered) != print_of


def test_the_joined_table_depends_neither_on_order_nor_on_threads():
    frames = shop(n=120)
    one = frame_of(opened(frames)).set_index("customer_id").sort_index()
    with open_source(shuffled(frames), threads=1) as data:
        other = frame_of(data).set_index("customer_id").sort_index()
    pd.testing.assert_frame_equal(one, other[one.columns], check_exact=True)


def test_files_frames_and_a_database_give_one_data_set(tmp_path):
    frames = shop(n=120)
    files = []
    for name, frame in frames.items():
        files.append(tmp_path / f"{name}.csv")
        frame.to_csv(files[-1], index=False)
    base = tmp_path / "shop.sqlite"
    with sqlite3.connect(base) as con:
        for name, frame in frames.items():
            frame.assign(**{c: frame[c].astype(str) for c in frame.select_dtypes("datetime")}).to_sql(
                name, con, index=False
            )
    con.close()
    names = [c.name for c in opened(frames).columns]
    print_of = source_fingerprint(frames)
    assert [c.name for c in opened(files).columns] == names
    assert source_fingerprint(files) == print_of
    assert source_fingerprint(base, joining=Joining(tables=("items", "customers", "orders"))) == print_of
    assert [c.name for c in opened(base, tables=("orders", "items", "customers")).columns] == names


def test_orphans_are_set_aside_and_told_with_their_values():
    frames = shop(n=120)
    frames["orders"].loc[:6, "customer_id"] = 999
    data = opened(frames)
    assert frame_of(data)["orders: count"].sum() == len(frames["orders"]) - 7
    assert "7 rows of 'orders' name a `customer_id` that 'customers' does not have ('999') and were set aside." in [
        n.text for n in data.notes
    ]
    assert opened(frames, grain="orders").rows == len(frames["orders"]) - 7


def test_customers_without_orders_are_told_where_they_are_most():
    data = opened(shop(n=300, rate=0.4))
    [text] = [n.text for n in data.notes if "have no row in 'orders'" in n.text]
    assert text.endswith("their count is 0 and what is averaged over such rows is missing.")


def test_a_name_that_two_tables_share_is_told_apart():
    frames = shop(n=120)
    frames["orders"]["noise"] = np.random.default_rng(0).normal(size=len(frames["orders"])).round(3)
    frames["customers"]["orders: count"] = np.random.default_rng(1).integers(0, 50, 120)
    names = [c.name for c in opened(frames, grain="orders").columns]
    assert {"noise", "customers: noise"} <= set(names)
    assert "orders: count 2" in [c.name for c in opened(frames).columns]


def test_a_small_table_is_looked_up_in_and_its_numbers_are_not_joined():
    data = opened({**shop(n=300), "regions": REGIONS})
    names = [c.name for c in data.columns]
    assert tables_of(data).root == "customers"
    assert "region_name" in names
    assert not any("tax" in name for name in names)


def test_a_table_that_extends_another_is_joined_and_not_summed_up():
    frames = shop(n=120)
    frames["details"] = frames["customers"][["customer_id"]].assign(income=np.arange(120.0) + 0.5)
    data = opened(frames)
    assert column(data, "income").type == "number"
    assert column(data, "orders: count").type == "number"
    assert not any("details:" in c.name for c in data.columns)


def test_a_key_repeated_further_down_is_not_followed_and_disagreement_is_counted():
    frames = shop(n=120)
    items = frames["items"].merge(frames["orders"][["order_id", "customer_id"]], on="order_id")
    items.loc[:2, "customer_id"] = 101 + (items.loc[:2, "customer_id"] - 100) % 120
    data = opened({**frames, "items": items}, grain="items")
    assert [c.name for c in data.columns].count("customer_id") == 1
    assert (
        "`items.customer_id -> customers.customer_id` was not followed: the longer way by `order_id` leads there too. "
        "3 rows say otherwise; check them." in [n.text for n in data.notes]
    )


def star() -> Frames:
    """Orders that point at customers and at products, neither of which points at the other."""
    frames = {k: v for k, v in shop(n=120).items() if k != "items"}
    rng = np.random.default_rng(4)
    products = pd.DataFrame({"product_id": range(500, 560), "kind": ["a", "b"] * 30, "price": rng.normal(9, 1, 60)})
    frames["orders"]["product_id"] = rng.choice(products["product_id"], len(frames["orders"]))
    return {**frames, "products": products}


def test_two_roots_are_refused_with_the_way_out():
    with pytest.raises(DataError) as refusal:
        opened(star())
    assert str(refusal.value) == (
        "There is no single table whose rows are independent of each other: `customers` and `products` stand side by "
        "side, joined by `orders`, whose rows belong to one of each. Rows of one side share rows of the other, so say "
        "which side is to be split: `--root customers` or `--root products` (or its key with `--entity`)."
    )


@pytest.mark.parametrize("option", [{"root": "customers"}, {"entity": "customer_id"}])
def test_with_a_declared_root_the_other_side_is_shared(option):
    data = opened(star(), **option)
    assert tables_of(data).root == "customers"
    assert {t.name: t.role for t in tables_of(data).tables} == {
        "customers": "grain", "orders": "below", "products": "shared",
    }  # fmt: skip
    assert {"orders: mean products price", "orders: share products kind = b"} <= {c.name for c in data.columns}
    assert choose_unit(data, entity=option.get("entity")).kind == "row"


def test_unconnected_tables_are_refused_with_what_was_looked_for():
    frames = {
        "customers": shop(n=120)["customers"],
        "weather": pd.DataFrame({"day": range(50), "rain": [0.5, 1.5] * 25}),
    }
    with pytest.raises(DataError) as refusal:
        opened(frames)
    assert str(refusal.value) == (
        "Nothing connects 'customers' and 'weather'. Looked for a column whose values are all different in one table "
        "(a key) and, under a like name, a column of another table of which at least 95 % of the values are among "
        "them; or two such columns together. Name the link with `--link CHILD.COLUMN=PARENT.COLUMN`, or explain the "
        "tables apart."
    )


def test_unconnected_tables_are_told_what_came_close():
    frames = shop(n=200)
    with pytest.raises(DataError, match=r"What came close: `orders\.customer_id` and `customers\.customer_id`: only"):
        opened({"customers": frames["customers"].iloc[:120], "orders": frames["orders"]})


def test_a_declared_link_needs_neither_name_nor_containment():
    frames = shop(n=200)
    frames["orders"] = frames["orders"].rename(columns={"customer_id": "who"})
    frames = {"customers": frames["customers"].iloc[:120], "orders": frames["orders"]}
    data = opened(frames, links=("orders.who=customers.customer_id",))
    assert tables_of(data).links[0].declared
    assert data.rows == 120


def test_two_ways_to_the_root_are_refused():
    frames = shop(n=120)
    rng = np.random.default_rng(5)
    who = rng.choice(frames["customers"]["customer_id"], 300)
    parcels = pd.DataFrame({"parcel_id": range(7000, 7300), "customer_id": who})
    frames["items"]["parcel_id"] = rng.choice(parcels["parcel_id"], len(frames["items"]))
    with pytest.raises(DataError) as refusal:
        opened({**frames, "parcels": parcels})
    assert str(refusal.value) == (
        "`items` reaches `customers` in two ways: through `orders` then `customers` and through `parcels` then "
        "`customers`. Leave one of these tables out, or name the link to follow, such as "
        "`--link items.order_id=orders.order_id`."
    )


@pytest.mark.parametrize(
    ("frames", "options", "text"),
    [
        (shop(n=60), {"grain": "order"},
         "No table is called 'order' (`--grain`). Tables: 'customers', 'items', 'orders'."),
        (shop(n=60), {"root": "x"}, "No table is called 'x' (`--root`). Tables: 'customers', 'items', 'orders'."),
        (star(), {"root": "customers", "grain": "products"},
         "`--grain products` has no unit of independence: its rows do not belong to rows of `customers` one by one. "
         "Tables that do: `customers`, `orders`."),
        (shop(n=60), {"links": ("orders.customer_id",)},
         "A link is CHILD.COLUMN=PARENT.COLUMN, such as orders.customer=customers.id. Got 'orders.customer_id'."),
        (shop(n=60), {"links": ("orders.nobody=customers.customer_id",)},
         "Column 'orders.nobody' of `--link` is not there. Keys are whole numbers or short texts."),
        (shop(n=60)["orders"], {"grain": "orders"},
         "`--root`, `--grain` and `--link` are for several tables. Only one was given."),
        (shop(n=60), {"tables": ("orders", "customers")},
         "Tables can be named with `--tables` in one SQLite, DuckDB or Excel file only."),
    ],
)  # fmt: skip
def test_an_option_that_does_not_fit_is_refused(frames, options, text):
    with pytest.raises(UsageError) as refusal:
        opened(frames, **options)
    assert str(refusal.value) == text


def test_an_empty_table_is_refused_by_name():
    frames = shop(n=60)
    with pytest.raises(DataError) as refusal:
        opened({**frames, "orders": frames["orders"].iloc[:0]})
    assert str(refusal.value) == "'orders' has no rows. Give a table with data."


def test_one_table_given_twice_is_refused(tmp_path):
    frame = shop(n=60)["orders"]
    with pytest.raises(UsageError, match=r"'a' and 'b' hold the same table\. Give each table once"):
        opened({"a": frame, "b": frame.sample(frac=1, random_state=2)})


def test_a_list_of_one_is_one_table():
    frame = shop(n=60)["orders"]
    with open_source([frame]) as data:
        assert data.tables is None
        assert data.rows == len(frame)


def test_the_sum_of_decimals_is_exact_in_any_order():
    rng = np.random.default_rng(6)
    owner, tiny = np.repeat(np.arange(50), 400), rng.lognormal(-18, 3, 20_000)
    children = pd.DataFrame({"owner_id": owner, "tiny": tiny, "cents": rng.integers(1, 10**9, 20_000) / 100})
    owners = pd.DataFrame({"owner_id": np.arange(50), "kind": ["a", "b"] * 25})
    got = frame_of(opened({"owners": owners, "children": children})).set_index("owner_id").sort_index()
    again = children.sample(frac=1, random_state=3)
    other = frame_of(opened({"owners": owners, "children": again})).set_index("owner_id").sort_index()
    for name in ("children: sum tiny", "children: sum cents", "children: mean tiny"):
        np.testing.assert_array_equal(got[name], other[name])
    np.testing.assert_allclose(got["children: sum tiny"], children.groupby("owner_id")["tiny"].sum(), rtol=1e-9)


def test_the_summary_names_tables_roles_and_how_columns_were_made():
    summary = tables_of(opened({**shop(n=120), "regions": REGIONS}, grain="orders"))
    assert (summary.grain, summary.root, summary.key) == ("orders", "customers", "customer_id")
    assert {t.name: t.role for t in summary.tables} == {
        "customers": "above", "items": "below", "orders": "grain", "regions": "shared",
    }  # fmt: skip
    assert {m.name: m.text for m in summary.made}["items: count"] == (
        "rows of items that belong to the row of orders; 0 where there are none"
    )


def test_paths_may_be_strings(tmp_path: Path):
    frames = shop(n=60)
    for name in ("orders", "customers"):
        frames[name].to_csv(tmp_path / f"{name}.csv", index=False)
    data = opened([str(tmp_path / "orders.csv"), str(tmp_path / "customers.csv")])
    assert data.name == "customers.csv and orders.csv"


def test_a_column_that_only_repeats_the_one_of_its_name_is_not_joined():
    frames = shop(n=120)
    same = frames["customers"][["customer_id", "plan", "age"]]
    frames["details"] = same.assign(age=same["age"] + 1).iloc[:100]
    data = opened(frames)
    names = [c.name for c in data.columns]
    assert "plan" in names
    assert "details: age" in names
    assert "details: plan" not in names
    assert {t.name: t.role for t in tables_of(data).tables}["details"] == "joined"


def test_a_column_that_names_rows_of_its_own_table_is_left_out_and_told():
    people = pd.DataFrame({"employee_id": range(1, 301), "manager_id": [1 + i // 10 for i in range(300)]})
    rng = np.random.default_rng(9)
    shifts = pd.DataFrame({"employee_id": rng.integers(1, 301, 900), "hours": rng.normal(6, 1, 900)})
    data = opened({"people": people, "shifts": shifts})
    assert column(data, "manager_id").type == "identifier"
    assert "`manager_id` of 'people' names rows of the same table; such a link is not followed." in [
        n.text for n in data.notes
    ]


def test_a_table_that_only_looks_names_up_is_its_own_root():
    frames = {"customers": shop(n=300)["customers"], "regions": REGIONS}
    data = opened(frames)
    assert (tables_of(data).root, tables_of(data).key, data.rows) == ("customers", "", 300)
    assert column(data, "region_name").type == "category"
    assert choose_unit(data).kind == "row"


def test_too_few_units_are_told_with_the_way_out():
    data = opened(shop(n=60))
    assert (
        "Only the 60 rows of 'customers' can be taken for independent of each other. If rows below them are, say so "
        "with `--root items` or `--root orders`." in [n.text for n in data.notes]
    )
