"""Keys and foreign keys are found by name and by containment, with their direction, and faults are named."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from heldout.tools.data.key_names import names_its_own_kind, similarity
from heldout.tools.data.keys import Found, find_links
from heldout.tools.data.keys_composite import add_composite_keys
from heldout.tools.data.schema import Limits
from heldout.tools.data.tables_open import named_sources, open_members
from heldout.tools.data.tables_schema import Link
from heldout.tools.errors import DataError
from tests.shop import shop


def found(tmp_path: Path, frames: dict[str, pd.DataFrame], *, composite: bool = False) -> Found:
    """What `find_links` finds between the frames."""
    with duckdb.connect() as connection:
        cursor = connection.cursor()
        members = open_members(named_sources(frames), cursor, Limits(), tmp_path)
        links = find_links(members, cursor)
        if composite and add_composite_keys(members, links.links, cursor):
            links = find_links(members, cursor)
        return links


def told(links: tuple[Link, ...]) -> list[str]:
    return [x.told() for x in links]


@pytest.mark.parametrize(
    ("column", "table", "key", "likeness"),
    [
        ("customer_id", "customers", "customer_id", 3),
        ("customerId", "customers", "customer_id", 3),
        ("customer_id", "customers", "id", 3),
        ("customer", "customers", "id", 3),
        ("CustNo", "customers", "custno", 2),
        ("customer_code", "dim_customer", "id", 3),
        ("customer", "customers", "customer_id", 3),
        ("billing_customer_id", "customers", "customer_id", 2),
        ("billing_customer_id", "customers", "id", 2),
        ("cust_id", "customers", "customer_id", 2),
        ("customer_id", "customers", "cid", 2),
        ("category_id", "categories", "id", 3),
        ("id", "customers", "id", 0),
        ("name", "customers", "name", 0),
        ("customer_name", "customers", "customer_id", 0),
        ("quantity", "customers", "customer_id", 0),
        ("order_id", "customers", "id", 0),
    ],
)
def test_a_name_says_how_far_a_column_holds_the_key_of_a_table(column, table, key, likeness):
    assert similarity(column, table, key) == likeness


def test_a_name_says_that_a_column_speaks_of_its_own_kind():
    assert names_its_own_kind("manager_id")
    assert names_its_own_kind("reports_to")
    assert not names_its_own_kind("department_id")


def test_links_of_a_chain_point_from_the_many_to_the_one(tmp_path):
    links = found(tmp_path, shop(n=80)).links
    assert told(links) == ["orders.customer_id -> customers.customer_id", "items.order_id -> orders.order_id"]
    assert not any(x.one_to_one or x.orphans or x.missing for x in links)


def test_a_key_called_id_is_found_by_the_name_of_its_table(tmp_path):
    frames = shop(n=80)
    frames["customers"] = frames["customers"].rename(columns={"customer_id": "id"})
    frames["orders"] = frames["orders"].rename(columns={"order_id": "id"})
    links = found(tmp_path, {k: frames[k] for k in ("customers", "orders")}).links
    assert told(links) == ["orders.customer_id -> customers.id"]


def test_numbers_that_only_run_on_in_both_tables_are_no_link(tmp_path):
    rng = np.random.default_rng(0)
    one = pd.DataFrame({"id": np.arange(1, 101), "x": rng.normal(size=100)})
    two = pd.DataFrame({"id": np.arange(1, 301), "y": rng.normal(size=300)})
    assert found(tmp_path, {"one": one, "two": two}).links == ()


def test_texts_need_no_like_name_where_their_values_are_contained(tmp_path):
    people = pd.DataFrame({"name": [f"person {i}" for i in range(60)], "team": ["a", "b"] * 30})
    rng = np.random.default_rng(3)
    tasks = pd.DataFrame({"assigned": rng.choice(people["name"], 500), "hours": rng.normal(5, 1, 500)})
    assert told(found(tmp_path, {"tasks": tasks, "people": people}).links) == ["tasks.assigned -> people.name"]


def test_keys_read_as_text_in_one_table_and_as_numbers_in_the_other_are_joined(tmp_path):
    frames = shop(n=80)
    who = frames["orders"]["customer_id"].astype(object)
    who.iloc[::20] = "walk-in"
    frames["orders"] = frames["orders"].assign(customer_id=who)
    [link] = found(tmp_path, {k: frames[k] for k in ("customers", "orders")}).links
    assert (link.orphans, link.orphan_values) == (int((who == "walk-in").sum()), ("walk-in",))


def test_orphans_and_rows_without_a_parent_are_counted(tmp_path):
    frames = shop(n=80)
    orders = frames["orders"].astype({"customer_id": "float"})
    orders.loc[:2, "customer_id"] = 9001
    orders.loc[3:4, "customer_id"] = np.nan
    [link] = found(tmp_path, {"customers": frames["customers"], "orders": orders}).links
    have = orders["customer_id"].nunique() - 1
    assert (link.orphans, link.orphan_values, link.missing, link.childless) == (3, ("9001",), 2, 80 - have)


def test_less_than_95_percent_of_values_in_the_key_is_no_link_and_is_told(tmp_path):
    frames = shop(n=200)
    customers = frames["customers"].iloc[:150]
    links = found(tmp_path, {"customers": customers, "orders": frames["orders"]})
    assert links.links == ()
    [miss] = [m for m in links.misses if m.startswith("`orders.customer_id`")]
    assert miss.endswith("of the values of the first stand in the second")


def test_a_key_that_repeats_in_its_table_is_refused_with_values_and_counts(tmp_path):
    frames = shop(n=80)
    again = frames["customers"].iloc[[0, 0, 5]].assign(age=[1, 2, 3])
    frames["customers"] = pd.concat([frames["customers"], again])
    with pytest.raises(DataError) as refusal:
        found(tmp_path, frames)
    assert str(refusal.value) == (
        "`customer_id` should name each row of 'customers', since `customer_id` of 'orders' points at it, but 2 values "
        "stand in several rows that differ: '101' (3 rows), '106' (2 rows). Keep one row each."
    )


def test_rows_that_repeat_exactly_are_set_aside_where_a_column_names_the_others(tmp_path):
    frames = shop(n=80)
    frames["customers"] = pd.concat([frames["customers"], frames["customers"].iloc[[4, 4]]])
    with duckdb.connect() as connection:
        members = open_members(named_sources(frames), connection.cursor(), Limits(), tmp_path)
    customers = next(m for m in members if m.name == "customers")
    assert customers.rows == 80
    assert [n.text for n in customers.notes] == [
        "In 'customers' 2 rows repeat an earlier row exactly and were set aside."
    ]


def test_two_columns_that_point_at_one_table_are_refused_until_one_is_named(tmp_path):
    airports = pd.DataFrame({"airport": [f"A{i:02d}" for i in range(50)], "size": range(50)})
    rng = np.random.default_rng(1)
    flights = pd.DataFrame(
        {"origin_airport": rng.choice(airports["airport"], 400), "target_airport": rng.choice(airports["airport"], 400)}
    )
    with pytest.raises(DataError) as refusal:
        found(tmp_path, {"flights": flights, "airports": airports})
    assert str(refusal.value) == (
        "'flights' points at 'airports' in more than one way: `flights.origin_airport -> airports.airport` and "
        "`flights.target_airport -> airports.airport`. Name the one to follow, such as "
        "`--link flights.origin_airport=airports.airport`."
    )


def test_two_columns_together_are_a_key_where_neither_is_alone(tmp_path):
    rng = np.random.default_rng(2)
    days = pd.DataFrame([(s, d) for s in ("x", "y", "z") for d in range(40)], columns=["store", "day"])
    days["rain"] = rng.normal(size=120)
    sales = days.sample(600, replace=True, random_state=1)[["store", "day"]].reset_index(drop=True)
    sales["sold"] = rng.poisson(5, 600)
    links = found(tmp_path, {"sales": sales, "days": days}, composite=True).links
    assert told(links) == ["sales.store + day -> days.store + day"]
    assert not links[0].one_to_one


def test_a_table_that_points_at_itself_is_seen_and_not_followed(tmp_path):
    people = pd.DataFrame({"employee_id": range(1, 101), "manager_id": [1 + i // 10 for i in range(100)]})
    shifts = pd.DataFrame({"employee_id": np.repeat(np.arange(1, 101), 4), "hours": np.tile([4.0, 5, 6, 7.5], 100)})
    links = found(tmp_path, {"people": people, "shifts": shifts})
    assert told(links.links) == ["shifts.employee_id -> people.employee_id"]
    assert links.selves == (("people", "manager_id"),)


def test_a_table_that_extends_another_by_the_same_key_is_never_taken_for_it(tmp_path):
    frames = shop(n=80)
    details = frames["customers"][["customer_id"]].iloc[:78].assign(income=np.arange(78.0))
    frames = {"customers": frames["customers"], "orders": frames["orders"], "details": details}
    assert sorted(told(found(tmp_path, frames).links)) == [
        "details.customer_id -> customers.customer_id",
        "orders.customer_id -> customers.customer_id",
    ]


def test_a_code_and_a_name_that_point_at_the_same_rows_are_no_two_ways(tmp_path):
    majors = pd.DataFrame({"major_code": range(700, 760), "major": [f"major {i}" for i in range(60)]})
    rng = np.random.default_rng(6)
    grads = majors.sample(400, replace=True, random_state=2).reset_index(drop=True).assign(pay=rng.normal(size=400))
    links = found(tmp_path, {"majors": majors, "grads": grads}).links
    assert told(links) == ["grads.major_code -> majors.major_code"]
