"""A delivery is read as the learned data were: what reads so, which cells do not, and what its rows stand for."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heldout.tools.data.dataset import open_dataset
from heldout.tools.errors import DataError, UsageError
from heldout.tools.review.checked import Unread
from heldout.tools.review.delivery import Delivery, open_delivery
from heldout.tools.review.learned import Independence, LearnedColumn


def orders(n: int = 400, seed: int = 3, start: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    opened = pd.Timestamp("2025-01-06") + pd.to_timedelta(rng.integers(0, 60 * 24, n), "h")
    return pd.DataFrame(
        {
            "id": [f"o-{start + at:06}" for at in range(n)], "price": rng.normal(50, 9, n).round(3),
            "count": rng.integers(0, 9, n), "grade": rng.choice(["gold", "silver", "tin"], n, p=[0.2, 0.3, 0.5]),
            "shelf": rng.choice(["01", "02", "10"], n), "paid": rng.choice(["yes", "no"], n), "opened": opened,
            "closed": opened + pd.to_timedelta(rng.integers(1, 40, n), "h"), "customer": rng.choice(range(40), n) * 3.5,
            "note": [f"the parcel number {at} was left at the door of a neighbour" for at in range(n)],
        }
    )  # fmt: skip


def learned_of(source: object, **options: object) -> list[LearnedColumn]:
    with open_dataset(source, **options) as data:  # pyright: ignore[reportArgumentType]
        return [
            LearnedColumn(
                name=c.name, type=c.type, storage=c.storage, levels=c.levels, unit=c.unit, derived_from=c.derived_from
            )
            for c in data.columns
        ]  # fmt: skip


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> list[LearnedColumn]:
    path = tmp_path_factory.mktemp("learned") / "orders.csv"
    orders(seed=1).to_csv(path, index=False)
    return learned_of(path)


def written(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path, index=False)
    return path


def unread(delivery: Delivery) -> dict[str, Unread]:
    return {u.column: u for u in delivery.unread}


def test_the_learned_columns_are_what_the_tests_say(learned: list[LearnedColumn]) -> None:
    kinds = {c.name: (c.type, c.storage) for c in learned}
    assert kinds["shelf"] == ("category", "VARCHAR")
    assert kinds["paid"] == ("boolean", "VARCHAR")
    assert kinds["count"] == ("number", "BIGINT")
    assert kinds["closed - opened"] == ("number", "DOUBLE")
    assert kinds["note"] == ("text", "VARCHAR")


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "frame"])
def test_a_delivery_as_it_should_be_reads_whole_from_any_kind_of_file(
    kind: str, learned: list[LearnedColumn], tmp_path: Path
) -> None:
    frame = orders()
    source: object = frame
    if kind == "parquet":
        frame.to_parquet(tmp_path / "o.parquet", index=False)
        source = tmp_path / "o.parquet"
    elif kind != "frame":
        frame.to_csv(tmp_path / f"o.{kind}", index=False, sep="\t" if kind == "tsv" else ",")
        source = tmp_path / f"o.{kind}"
    with open_delivery(source, learned) as delivery:
        assert delivery.unread == ()
        assert delivery.cut is None
        assert all(delivery.reads(c.name) for c in learned)
        with open_delivery(frame.sample(frac=1, random_state=1)[sorted(frame.columns)], learned) as other:
            assert delivery.digest == other.digest, "the same content, whatever the order and the file"
        with open_delivery(frame.assign(price=[*frame["price"][:-1], 0.001]), learned) as other:
            assert delivery.digest != other.digest


def test_rows_come_with_learned_codes_days_and_texts_whatever_the_order_of_the_source(
    learned: list[LearnedColumn],
) -> None:
    frame = orders()
    frame.loc[5, ["grade", "price", "opened"]] = None
    frame.loc[6, "grade"] = "brass"
    names = ["price", "count", "grade", "shelf", "paid", "opened", "closed - opened", "note"]
    with open_delivery(frame, learned) as delivery, open_delivery(frame[::-1], learned) as turned:
        rows, again = delivery.rows_of(names), turned.rows_of(names)
    known = next(c for c in learned if c.name == "grade").levels
    assert rows.column("grade").levels == (*known, "brass")
    own = frame.set_index("note").loc[rows.texts["note"]]
    grades = [rows.column("grade").levels[c] if c >= 0 else None for c in rows.codes("grade")]
    assert grades == [None if g is None or g != g else g for g in own["grade"]]
    np.testing.assert_array_equal(rows.number("price"), own["price"])
    hours = (own["closed"] - own["opened"]).dt.total_seconds() / 3600
    np.testing.assert_allclose(rows.number("closed - opened"), hours)
    days = own["opened"].to_numpy().astype("datetime64[us]").astype(float)
    np.testing.assert_allclose(
        rows.number("opened")[~np.isnat(own["opened"])], days[~np.isnat(own["opened"])] / 86400e6
    )
    for name in names[:-1]:
        np.testing.assert_array_equal(rows.number(name) if name in ("price", "opened") else rows._arrays[name],
                                      again._arrays[name])  # fmt: skip
    assert list(rows.texts["note"]) == list(again.texts["note"])


@pytest.mark.parametrize(
    ("rows", "change"),
    [
        (12, {}),
        (3, {}),
        (1, {}),
        (30, {"count": [0, 1] * 15}),
        (30, {"count": [1] * 30, "grade": ["tin"] * 30, "paid": ["no"] * 30}),
        (30, {"price": [None] * 30, "opened": [None] * 30, "grade": [None] * 30, "paid": [None] * 30}),
        (30, {"grade": [str(at) for at in range(30)], "shelf": ["10"] * 30}),
        (40, {"price": ["n/k", *map(str, range(39))]}),
    ],
)
def test_a_small_or_plain_delivery_is_no_change_of_type(
    rows: int, change: dict, learned: list[LearnedColumn], tmp_path: Path
) -> None:
    frame = orders(rows).assign(**change)
    with open_delivery(written(frame, tmp_path / "o.csv"), learned) as delivery:
        assert delivery.unread == ()
        got = delivery.rows_of(["price", "count", "grade", "shelf", "paid", "opened"])
    assert got.n == rows
    if "shelf" in change:
        assert got.column("shelf").levels == next(c for c in learned if c.name == "shelf").levels
    if "price" not in change:
        np.testing.assert_array_equal(np.sort(got.number("price")), np.sort(frame["price"]))
        assert sorted(got.number("count")) == sorted(frame["count"])


def test_numbers_that_became_words_are_named_with_their_rows(learned: list[LearnedColumn], tmp_path: Path) -> None:
    price = orders()["price"].astype(str)
    price[[6, 9, 20, 21, 22, 30]] = ["abc", "12,5", "12,5", "12,5", "b" * 99, "n/a"]
    with open_delivery(written(orders().assign(price=price), tmp_path / "o.csv"), learned) as delivery:
        odd = unread(delivery)["price"]
        assert not delivery.reads("price")
        assert delivery.cursor().execute("SELECT count(*) FROM data WHERE price = '12,5'").fetchall() == [(3,)]
    assert (odd.kind, odd.learned, odd.found, odd.rows) == ("type", "number", "words", 5)
    assert odd.first == (7, 10, 21, 22, 23)
    assert odd.examples == ("12,5", "abc", "b" * 60)
    assert odd.text == "`price` held numbers: 5 of 399 cells do not read as numbers, the first in row 7."


def test_dates_that_became_numbers_and_numbers_that_became_dates_are_named(
    learned: list[LearnedColumn], tmp_path: Path
) -> None:
    frame = orders().assign(opened=range(400, 800), count=pd.Timestamp("2025-01-01"))
    frame.to_parquet(tmp_path / "o.parquet", index=False)
    with open_delivery(tmp_path / "o.parquet", learned) as delivery:
        odd = unread(delivery)
    assert {n: (u.kind, u.found, u.rows) for n, u in odd.items()} == {
        "opened": ("type", "number", 400), "count": ("type", "date", 400), "closed - opened": ("missing", "", 0),
    }  # fmt: skip
    assert odd["closed - opened"].text == "`closed - opened` cannot be computed without `opened` and `closed` as dates."


@pytest.mark.parametrize("spelled", [[1, 2, 10], [1.0, 2.0, 10.0]])
def test_labels_that_a_source_holds_as_numbers_agree_with_the_learned_ones_as_texts(spelled: list) -> None:
    frame = pd.DataFrame({"code": [str(v) for v in [*spelled, "x"]] * 50, "y": range(200)})
    learned = learned_of(frame)
    native = frame[frame["code"] != "x"].assign(code=lambda f: f["code"].astype(float))
    with open_delivery(native, learned) as delivery:
        assert delivery.unread == ()
        rows = delivery.rows_of(["code"])
    assert rows.column("code").levels == next(c for c in learned if c.name == "code").levels


def test_a_label_that_lost_its_leading_zero_is_a_new_label() -> None:
    frame = pd.DataFrame({"code": ["01", "02", "03", "04"] * 50, "y": range(200)})
    with open_delivery(frame.assign(code=frame["code"].astype(int)), learned_of(frame)) as delivery:
        assert set(delivery.rows_of(["code"]).column("code").levels) == {"01", "02", "03", "04", "1", "2", "3", "4"}


def test_a_word_for_missing_that_was_a_label_is_one_still(tmp_path: Path) -> None:
    frame = pd.DataFrame({"land": ["NA", "DE", "FR", "IT", "ES"] * 40, "y": range(200)})
    learned = learned_of(written(frame, tmp_path / "a.csv"))
    assert "NA" in next(c for c in learned if c.name == "land").levels
    with open_delivery(written(frame[frame["land"].isin(["NA", "DE"])], tmp_path / "b.csv"), learned) as delivery:
        assert (delivery.rows_of(["land"]).codes("land") >= 0).all()


def test_missing_extra_and_renamed_columns_are_told(learned: list[LearnedColumn]) -> None:
    frame = orders().rename(columns={"price": "Price ", "count": "amount"})
    with open_delivery(frame, learned) as delivery:
        got = {u.column: (u.kind, u.found) for u in delivery.unread}
        assert got == {"price": ("renamed", "Price"), "count": ("missing", ""), "amount": ("extra", "number")}
        assert not delivery.reads("price")
        assert not delivery.reads("amount"), "it was never learned"
        assert delivery.reads("grade")


def test_a_duration_is_computed_in_the_unit_that_was_learned(learned: list[LearnedColumn]) -> None:
    unit = next(c for c in learned if c.name == "closed - opened").unit
    assert unit == "hours"
    frame = orders(6).assign(closed=lambda f: f["opened"] + pd.Timedelta(days=9))
    with open_delivery(frame, learned) as delivery:
        assert delivery.columns["closed - opened"].unit == "hours"
        assert set(delivery.rows_of(["closed - opened"]).number("closed - opened")) == {216.0}


def test_rows_of_one_entity_are_one_unit_and_a_row_without_one_is_its_own(learned: list[LearnedColumn]) -> None:
    frame = orders().astype({"customer": float})
    frame.loc[:3, "customer"] = None
    by = Independence(kind="entity", key="customer")
    with open_delivery(frame, learned, independence=by) as delivery:
        rows = delivery.rows_of(["price", "customer"])
    assert rows.cluster is not None
    assert not rows.serial
    assert len(set(rows.cluster)) == frame["customer"].nunique() + 4
    assert frame.groupby("customer").size().max() == max(np.bincount(rows.cluster))


@pytest.mark.parametrize(("block", "count"), [("week", 9), ("100 rows", 4)])
def test_a_series_comes_in_its_order_with_the_learned_blocks(
    block: str, count: int, learned: list[LearnedColumn]
) -> None:
    by = Independence(kind="time", key="opened", block=block)
    with open_delivery(orders(), learned, independence=by) as delivery:
        rows = delivery.rows_of(["price", "opened"])
    assert rows.serial
    assert rows.cluster is not None
    assert (np.diff(rows.number("opened")) >= 0).all()
    assert (np.diff(rows.cluster) >= 0).all()
    assert len(set(rows.cluster)) == count


def test_without_the_column_of_units_no_rows_are_given(learned: list[LearnedColumn]) -> None:
    by = Independence(kind="entity", key="customer")
    with open_delivery(orders().drop(columns="customer"), learned, independence=by) as delivery:
        assert not delivery.units_known()
        with pytest.raises(DataError, match="which says which rows belong together"):
            delivery.rows_of(["price"])


NUMBERS = [
    None,
    0,
    1,
    -1,
    0.1,
    0.1000001,
    1e-3,
    -1e-3,
    1.5e-4,
    1e-10,
    -1e-10,
    1.1e-10,
    1e15,
    -1e15,
    2.0**53,
    1e300,
    -1e300,
]


@pytest.mark.parametrize(
    "cells",
    [NUMBERS, ["", "a", "b", "ab", "1", "yes", "no", "true"], pd.date_range("1600-01-01", "2100-01-01", periods=9)],
)
def test_rows_that_differ_in_one_cell_differ_in_their_digest(cells: list) -> None:
    frame = pd.DataFrame({"x": cells, "y": 1.5, "z": "c"})
    both = pd.concat([frame, frame.rename(columns={"x": "y", "y": "x"})[["x", "y", "z"]]])
    with open_delivery(both, []) as delivery:
        got = delivery.cursor().execute("SELECT count(DISTINCT _content) FROM data").fetchall()[0][0]
    assert got == len(both)


def test_what_a_file_rounds_or_types_otherwise_has_the_same_digest() -> None:
    frame = pd.DataFrame({"x": [0.1 + 0.2, 5.0, 7.0], "f": [True, False, True], "g": ["a", "b", "a"]})
    other = pd.DataFrame({"x": ["0.3", "5", "7.000"], "f": ["True", "False", "True"], "g": ["a ", "b", " a"]})
    digests = set()
    for source in (frame, other, frame.assign(f=["true", "false", "true"])):
        with open_delivery(source, []) as delivery:
            digests.add(delivery.digest)
            digests.add(str(delivery.cursor().execute("SELECT list(_content ORDER BY _row) FROM data").fetchall()))
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("e.csv", b"", "is empty"), ("h.csv", b"a,b,c\n", "a header but no rows"), ("b.csv", b"\n\n\n", "is empty")],
)
def test_nothing_to_read_is_refused_in_plain_words(
    name: str, content: bytes, says: str, learned: list[LearnedColumn], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        open_delivery(tmp_path / name, learned)


def test_no_row_in_a_parquet_file_or_a_frame_is_refused(learned: list[LearnedColumn], tmp_path: Path) -> None:
    orders(5).head(0).to_parquet(tmp_path / "o.parquet")
    for source in (tmp_path / "o.parquet", orders(5).head(0)):
        with pytest.raises(DataError, match="has no rows"):
            open_delivery(source, learned)


def test_deliveries_leave_no_file_behind(learned: list[LearnedColumn], tmp_path: Path) -> None:
    with open_delivery(orders(), learned, folder=tmp_path / "work"):
        assert len(list((tmp_path / "work").iterdir())) == 1
    with pytest.raises(DataError):
        open_delivery(tmp_path / "none.csv", learned, folder=tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []
    with pytest.raises(UsageError, match="threads"):
        open_delivery(orders(), learned, threads=0)
