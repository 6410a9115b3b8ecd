"""Rules of the data for reviews: learned on exploration rows, confirmed on others, checked exactly on a delivery."""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.special import bdtr, bdtrc

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.schema import Column
from heldout.tools.errors import UsageError
from heldout.tools.explore.lead import Structure
from heldout.tools.review.checked import Unread, Violations
from heldout.tools.review.invariants import (
    ProposedRule,
    RowsBefore,
    check_rule,
    check_rules,
    confirm_rules,
    learn_rules,
    says,
)
from heldout.tools.review.invariants_tolerance import most_allowed, room
from heldout.tools.review.learned import (
    Determines,
    Format,
    Fresh,
    InRange,
    InvariantRule,
    NotAfter,
    NotMissing,
    OneOf,
    RowCount,
    Schema,
    SumOf,
    Unique,
)

CITIES = {"Bern": "CH", "Genf": "CH", "Wien": "AT", "Linz": "AT"}


def orders(n: int = 3_000, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    city = rng.choice(list(CITIES), n)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    net, tax = rng.integers(1, 500, n), rng.integers(0, 90, n)
    return pd.DataFrame(
        {
            "order_id": [f"ORD-{k:06d}" for k in rng.permutation(900_000)[:n]],
            "placed": start, "shipped": start + pd.to_timedelta(rng.integers(0, 9, n), unit="D"),
            "city": city, "land": [CITIES[c] for c in city],
            "paid": rng.choice(["yes", "no"], n), "score": rng.beta(2, 2, n).round(2),
            "height": rng.normal(170, 8, n).round(1), "net": net, "tax": tax, "gross": net + tax,
            "note": np.where(rng.random(n) < 0.1, None, rng.choice(["a", "b", "c"], n)),
        }
    )  # fmt: skip


class Opened:
    """Frames as typed tables of one database, and the columns of the first."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.columns: dict[str, Column] = {}
        self.added: dict[str, tuple[pd.DataFrame, dict[str, Column]]] = {}

    def add(self, table: str, frame: pd.DataFrame) -> dict[str, Column]:
        if table in self.added and self.added[table][0] is frame:
            return self.added[table][1]
        with open_dataset(frame, name=table) as data:
            arrow = data.cursor().sql("SELECT * FROM data ORDER BY _row").to_arrow_table()
            columns = {c.name: c for c in data.columns}
        self.con.register("arrow", arrow)
        self.con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM arrow")
        self.columns = self.columns or columns
        self.added[table] = frame, columns
        return columns

    def check(self, rule: InvariantRule, frame: pd.DataFrame, tolerance: float = 0.0, **more: Any) -> Violations:
        columns = self.add("data", frame)
        return check_rule(rule, tolerance, self.con, "data", columns, len(frame), **more)

    def learn(self, frame: pd.DataFrame, structure: tuple[Structure, ...] = ()) -> list[ProposedRule]:
        columns = self.add("explored", frame)
        return learn_rules(self.con, "explored", columns, structure, 2 * len(frame))


@pytest.fixture
def opened() -> Iterator[Opened]:
    with duckdb.connect() as con:
        yield Opened(con)


STRUCTURE = (
    Structure(kind="order", columns=("placed", "shipped"), text=""),
    Structure(kind="sum", columns=("net", "tax", "gross"), text=""),
)


def test_each_kind_of_rule_is_learned_where_the_rows_show_it(opened: Opened) -> None:
    found = [p.rule for p in opened.learn(orders(), STRUCTURE)]
    assert found[:3] == [Schema(), RowCount(low=3_000, high=12_000), Fresh(column="placed")]
    assert Unique(columns=("order_id",)) in found
    assert Format(column="order_id", pattern="ORD-[0-9]{6}", example="ORD-123456") in found
    assert OneOf(column="city", allowed=("Bern", "Genf", "Linz", "Wien")) in found
    assert OneOf(column="paid", allowed=("no", "yes")) in found
    assert Determines(column="land", by="city", mapping=dict(sorted(CITIES.items()))) in found
    assert NotAfter(start="placed", end="shipped") in found
    assert next(r for r in found if isinstance(r, SumOf)).parts == ("net", "tax")
    assert NotMissing(column="height") in found
    assert InRange(column="tax", low=0.0) in found
    assert not any(isinstance(r, Unique) and len(r.columns) > 1 for r in found)


def test_held_out_rows_confirm_what_holds_and_drop_what_does_not(opened: Opened) -> None:
    proposed = opened.learn(orders(), STRUCTURE)
    held = orders(seed=2)  # some of its numbers stand in the explored rows too
    held.loc[held["city"] == "Bern", "land"] = "AT"
    columns = opened.add("held", held)
    kept = confirm_rules(proposed, opened.con, "held", columns, len(held), learned="explored")
    still = [p.rule for p in kept]
    assert [p.rule.rule for p in proposed if p.rule not in still] == ["unique", "determines"]
    before = {p.rule.model_dump_json(): p.tolerance for p in proposed}
    assert all(p.tolerance <= before[p.rule.model_dump_json()] for p in kept)


def test_a_key_that_copies_in_the_learned_data_break_is_tolerated_as_often(opened: Opened) -> None:
    frame = orders(2_000)
    proposed = opened.learn(frame[:1_000])
    columns = opened.add("held", frame[1_000:])
    kept = confirm_rules(proposed, opened.con, "held", columns, 1_000, learned="explored", copies=12)
    key = next(p for p in kept if p.rule.rule == "unique")
    assert 12 / 2_012 < key.tolerance < 0.02
    again = pd.concat([frame, frame[:12]], ignore_index=True)
    assert opened.check(key.rule, again, key.tolerance).state == "holds"


def messy(n: int, seed: int) -> pd.DataFrame:
    """Amounts with long tails, rare labels, gaps, a mapping with an exception and an order with one."""
    rng = np.random.default_rng(seed)
    frame = orders(n, seed)
    frame["paid_in"] = rng.choice(["EUR", "CHF", "USD", "GBP", "SEK"], n, p=[0.6, 0.3, 0.09, 0.009, 0.001])
    frame["income"], frame["claims"] = rng.lognormal(8, 1.3, n), rng.negative_binomial(0.4, 0.2, n)
    frame["phone"] = np.where(rng.random(n) < 0.002, None, "0" + pd.Series(rng.integers(10**8, 10**9, n)).astype(str))
    frame.loc[rng.integers(0, n, 3), "land"] = "CH"
    frame.loc[rng.integers(0, n, 2), "shipped"] = pd.Timestamp("2023-06-01")
    return frame


def test_the_other_half_of_a_messy_table_breaks_no_rule_and_a_damaged_one_does(opened: Opened) -> None:
    for seed in (0, 1):
        columns = opened.add("every", messy(3_000, seed))
        for name, quarters in (("explored", "= 0"), ("held", "= 1"), ("data", ">= 2")):
            some = f"SELECT * FROM every WHERE hash(_row + {seed}) % 4 {quarters} ORDER BY _row"
            opened.con.execute(f"CREATE OR REPLACE TABLE {name} AS {some}")
        proposed = learn_rules(opened.con, "explored", columns, STRUCTURE, 1_500)
        kept = confirm_rules(proposed, opened.con, "held", columns, 750, learned="explored")
        rules = [(p.rule, p.tolerance) for p in kept]
        seen = check_rules(rules, opened.con, "data", columns, 1_500, unread=())
        assert [v.text for v in seen if v.state != "holds"] == []
        opened.con.execute("UPDATE data SET height = NULL, phone = 'x' || phone, tax = -tax WHERE _row % 50 = 0")
        seen = check_rules(rules, opened.con, "data", columns, 1_500, unread=())
        broken = {p.rule.rule for p, v in zip(kept, seen, strict=True) if v.state == "broken"}
        assert {"not_missing", "format", "in_range", "sum_of"} <= broken


def test_a_rule_without_tolerance_is_broken_by_one_row_which_is_named(opened: Opened) -> None:
    frame = orders(400)
    frame.loc[17, "order_id"] = frame.loc[3, "order_id"]
    seen = opened.check(Unique(columns=("order_id",)), frame)
    assert (seen.state, seen.rows, seen.of, seen.first) == ("broken", 1, 400, (18,))
    assert seen.examples == (frame.loc[3, "order_id"],)
    assert seen.text == "1 of 400 rows repeats the `order_id` of an earlier row; none may."


def test_violations_are_counted_exactly_whatever_the_rule(opened: Opened) -> None:
    frame = orders(1_000)
    frame.loc[:9, "city"] = "Rom"
    frame.loc[5:6, "gross"] += 1
    frame.loc[[7, 900], "shipped"] = pd.Timestamp("2019-01-01")
    frame.loc[20:22, "height"] = [-1.0, 999.0, np.nan]
    frame.loc[30, "order_id"] = "ORD-12"
    columns = opened.add("data", frame)
    fixed = Determines(column="land", by="city", mapping=CITIES)
    rules: list[InvariantRule] = [
        OneOf(column="city", allowed=tuple(CITIES)), SumOf(total="gross", parts=("net", "tax"), within=0.5),
        NotAfter(start="placed", end="shipped"), InRange(column="height", low=0.0, high=300.0),
        NotMissing(column="height"), Format(column="order_id", pattern="ORD-[0-9]{6}"), fixed,
        Determines(column="land", by="city"), InRange(column="shipped", low=19_000.0),
    ]  # fmt: skip
    seen = check_rules([(r, 0.0) for r in rules], opened.con, "data", columns, 1_000)
    roman = frame["land"][:10].value_counts()
    assert [v.rows for v in seen] == [10, 2, 2, 2, 1, 1, 0, 10 - roman.iloc[0], 2]
    assert [v.of for v in seen] == [1_000, 1_000, 1_000, 999, 1_000, 1_000, 990, 1_000, 1_000]
    assert [v.first for v in seen][:6] == [(1, 2, 3, 4, 5), (6, 7), (8, 901), (21, 22), (23,), (31,)]
    assert seen[0].examples == ("Rom",)
    assert seen[8].text == "2 of 1,000 rows have a `shipped` before 2022-01-08; none may."


def test_what_a_rule_cannot_read_is_undecidable_and_says_why(opened: Opened) -> None:
    frame = orders(300).drop(columns=["tax"]).assign(height="tall", note=None)
    rules = (
        (InRange(column="height", low=0.0), "`height` holds words"),
        (SumOf(total="gross", parts=("net", "tax"), within=0.0), "no column `tax`"),
        (OneOf(column="note", allowed=("a",)), "`note` holds no value"),
        (Schema(), "not known"),
    )
    for rule, why in rules:
        seen = opened.check(rule, frame)
        assert seen.state == "undecidable", rule
        assert why in seen.text


def test_the_schema_counts_columns_that_are_not_as_learned(opened: Opened) -> None:
    gone = Unread(column="tax", kind="missing", text="There is no column `tax`.")
    more = Unread(column="new", kind="extra", text="There is a new column `new`.")
    frame = orders(50)
    assert opened.check(Schema(), frame, unread=[more], learned=12).state == "holds"
    assert opened.check(Schema(extra="refuse"), frame, unread=[more], learned=12).state == "broken"
    seen = opened.check(Schema(), frame, unread=[gone, more], learned=12)
    assert (seen.rows, seen.of) == (1, 12)
    assert seen.text == "1 column is not as learned, of 12. There is no column `tax`."


def test_row_counts_and_newest_dates_are_those_of_the_delivery(opened: Opened) -> None:
    frame = orders(200)
    rule = RowCount(low=500, high=2_000)
    seen = opened.check(rule, frame, before=RowsBefore(rows=1_000))
    assert (seen.state, seen.rows) == ("broken", 300)
    assert "200 rows; 500 to 2,000 are expected, half to double of the earlier deliveries' median of 1,000" in seen.text
    newest = float((frame["placed"].max() - pd.Timestamp("1970-01-01")).days)
    fresh = Fresh(column="placed", max_age_days=2)
    assert opened.check(fresh, frame, before=RowsBefore(newest={"placed": newest})).state == "holds"
    assert opened.check(fresh, frame, before=RowsBefore(newest={"placed": newest + 1})).state == "holds"
    assert opened.check(fresh, frame, before=RowsBefore(newest={"placed": newest + 30})).state == "broken"
    assert opened.check(fresh, frame, when="2024-12-31").state == "broken"
    with pytest.raises(UsageError, match="2025-03-01"):
        opened.check(fresh, frame, when="yesterday")


def test_a_pattern_that_is_none_is_an_error_of_the_claims(opened: Opened) -> None:
    with pytest.raises(UsageError, match="no regular expression"):
        opened.check(Format(column="order_id", pattern="["), orders(50))


@pytest.mark.parametrize(("rows", "tolerance"), [(500, 0.004), (100_000, 0.0001), (20, 0.05)])
def test_so_many_violations_are_allowed_as_the_exact_test_grants(rows: int, tolerance: float) -> None:
    most = most_allowed(rows, tolerance)
    assert bdtrc(most - 1, rows, tolerance) >= 1e-4 > bdtrc(most, rows, tolerance)


def test_the_room_of_a_rule_is_never_less_than_its_rows_leave_open() -> None:
    for broken, rows in ((0, 90_000), (4, 700), (300, 1_000)):
        assert bdtr(broken, rows, room(broken, rows)) <= 0.025
    assert room(0, 137) == 0.001  # what all rows keep, all but one in a thousand are to keep


def test_labels_that_keep_appearing_are_not_taken_for_a_closed_list(opened: Opened) -> None:
    rng = np.random.default_rng(4)
    known = [f"shop {k}" for k in rng.integers(0, 20, 2_990)]
    frame = pd.DataFrame({"shop": [*known, *(f"one {k}" for k in range(10))], "x": rng.random(3_000)})
    assert not any(p.rule.rule == "one_of" for p in opened.learn(frame))
    assert any(p.rule.rule == "one_of" for p in opened.learn(frame[:2_990]))


def test_a_pair_is_a_key_only_where_luck_would_not_make_it_one(opened: Opened) -> None:
    day = pd.date_range("2024-01-01", periods=200).repeat(5)
    frame = pd.DataFrame({"day": day, "shop": list("abcde") * 200, "sold": np.arange(1_000) // 9 % 7})
    assert [p.rule for p in opened.learn(frame) if p.rule.rule == "unique"] == [Unique(columns=("day", "shop"))]
    rng = np.random.default_rng(5)
    lucky = pd.DataFrame({"a": rng.integers(0, 400, 1_000), "b": rng.integers(0, 400, 1_000)})
    assert not any(p.rule.rule == "unique" for p in opened.learn(lucky.drop_duplicates()))


def test_names_and_labels_that_look_like_sql_are_only_names_and_labels(opened: Opened) -> None:
    name, label = 'x"; DROP TABLE data; --{0}', "'); DROP TABLE data; --"
    frame = pd.DataFrame({name: [label, "b"] * 150, "y{limit}": range(300)})
    rules: list[InvariantRule] = [
        OneOf(column=name, allowed=("b",)), Unique(columns=(name,)), Determines(column="y{limit}", by=name),
        Determines(column=name, by=name, mapping={label: "b"}), Format(column=name, pattern="b"),
    ]  # fmt: skip
    columns = opened.add("data", frame)
    seen = check_rules([(r, 0.0) for r in rules], opened.con, "data", columns, 300)
    assert [v.rows for v in seen] == [150, 298, 298, 150, 150]
    assert opened.con.execute("SELECT count(*) FROM data").fetchall() == [(300,)]


def test_each_rule_says_what_it_asks_in_one_sentence(opened: Opened) -> None:
    for p in opened.learn(orders(), STRUCTURE):
        told = says(p.rule, p.tolerance, opened.columns)
        assert told.endswith(".")
        assert "  " not in told
    assert says(NotMissing(column="a"), 0.0) == "`a` is never missing."
    assert says(NotMissing(column="a"), 0.001) == "`a` has a value, in all but 0.1 % of rows at most."
    assert says(NotMissing(column="a"), 0.012) == "`a` is missing in at most 1.2 % of rows."
    assert says(InRange(column="placed", low=0.0), 0.0, opened.columns) == "`placed` is not before 1970-01-01."


def test_the_rules_are_the_same_whatever_the_order_of_the_rows_and_without_their_digests(opened: Opened) -> None:
    frame = orders(1_000)
    first = opened.learn(frame, STRUCTURE)
    assert opened.learn(frame.sample(frac=1, random_state=3), STRUCTURE) == first
    opened.con.execute("CREATE TABLE bare AS SELECT * EXCLUDE (_row, _content) FROM explored")
    assert learn_rules(opened.con, "bare", opened.columns, STRUCTURE, 2_000) == first


def test_values_at_the_ends_of_floating_point_and_dates_without_end_are_learned_without_an_error(
    opened: Opened,
) -> None:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {
            "huge": rng.choice([-1.7e308, 0.0, 1.7e308], 600) * rng.random(600), "tiny": rng.random(600) * 1e-310,
            "far": 1e17 + rng.integers(0, 9, 600) * 100.0, "flat": [*range(3), *[7.5] * 597],
            "when": pd.date_range("0001-01-01", periods=600, unit="us"),
        }
    )  # fmt: skip
    proposed = opened.learn(frame)
    seen = check_rules(
        [(p.rule, p.tolerance) for p in proposed], opened.con, "explored", opened.columns, 600, unread=()
    )
    assert [v.text for v in seen if v.state == "broken"] == []
    assert {"far", "flat"} <= {p.rule.column for p in proposed if isinstance(p.rule, InRange)}
