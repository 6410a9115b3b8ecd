"""What a delivery may come as: files, a folder, a partition, a table; from a day on; and files that were cut off."""

import gzip
import json
import sqlite3
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from heldout.tools.errors import DataError, UsageError
from heldout.tools.review.cut import Cut
from heldout.tools.review.delivery import Delivery, open_delivery
from heldout.tools.review.learned import LearnedColumn

LEARNED = [
    LearnedColumn(name="id", type="identifier", storage="BIGINT"),
    LearnedColumn(name="kind", type="category", storage="VARCHAR", levels=("a", "b")),
    LearnedColumn(name="size", type="number", storage="DOUBLE"),
    LearnedColumn(name="day", type="datetime", storage="TIMESTAMP"),
]


def part(start: int, n: int = 100, *, add: float = 0.0) -> pd.DataFrame:
    at = np.arange(start, start + n)
    return pd.DataFrame(
        {
            "id": at * 3 + 1000, "kind": np.where(at % 3 == 0, "b", "a"), "size": at / 8 + add,
            "day": pd.Timestamp("2025-03-01") + pd.to_timedelta(at // 50, "D"),
        }
    )  # fmt: skip


def cells(delivery: Delivery, *names: str) -> list[tuple]:
    return delivery.cursor().execute(f"SELECT {', '.join(names)} FROM data ORDER BY _row").fetchall()


def texts(delivery: Delivery) -> str:
    return " ".join(n.text for n in delivery.notes)


def test_several_files_are_one_delivery_in_the_order_they_were_given(tmp_path: Path) -> None:
    part(100).to_parquet(tmp_path / "b.parquet", index=False)
    part(0)[["day", "size", "kind", "id"]].to_csv(tmp_path / "a.csv", index=False)
    with open_delivery([tmp_path / "b.parquet", str(tmp_path / "a.csv")], LEARNED) as delivery:
        assert delivery.name == "b.parquet and 1 more"
        assert delivery.unread == ()
        assert [i for (i,) in cells(delivery, "id")] == [*part(100)["id"], *part(0)["id"]]
        whole = pd.concat([part(0), part(100)])
        with open_delivery(whole, LEARNED) as other:
            assert other.digest == delivery.digest


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_folder_of_partitions_is_one_delivery_and_its_folders_are_columns(kind: str, tmp_path: Path) -> None:
    root = tmp_path / "sales"
    for at, day in enumerate(["2025-03-01", "2025-03-02"]):
        for land in ("DE", "F R"):
            folder = root / f"day={day}" / f"land={land.replace(' ', '%20')}"
            folder.mkdir(parents=True)
            frame = part(100 * at + 10 * len(land), 10).drop(columns="day")
            getattr(frame, f"to_{kind}")(folder / f"p0.{kind}", index=False)
    (root / "_SUCCESS").write_text("")
    (root / ".part.csv").write_text("x,y\n1,2\n")
    with open_delivery(root, LEARNED) as delivery:
        assert [u.column for u in delivery.unread] == ["land"]
        assert delivery.name == "sales"
        got = cells(delivery, "strftime(day, '%d')", "land", "count(*) OVER (PARTITION BY day, land)")
    assert sorted(set(got)) == [("01", "DE", 10), ("01", "F R", 10), ("02", "DE", 10), ("02", "F R", 10)]
    with open_delivery(root / "day=2025-03-02", LEARNED) as delivery:
        assert delivery.name == "day=2025-03-02"
        assert delivery.rows == 20
        assert set(cells(delivery, "strftime(day, '%d')")) == {("02",)}
    with open_delivery(next((root / "day=2025-03-01" / "land=DE").iterdir()), LEARNED) as delivery:
        assert delivery.reads("day")
        assert delivery.rows == 10


def test_a_partition_before_the_day_is_not_even_opened(tmp_path: Path) -> None:
    for day in ("2025-03-01", "2025-03-02", "2025-03-03"):
        (tmp_path / f"day={day}").mkdir()
        part(0, 10).drop(columns="day").to_parquet(tmp_path / f"day={day}" / "p.parquet", index=False)
    (tmp_path / "day=2025-03-01" / "p.parquet").write_bytes(b"PAR1 broken")
    with open_delivery(tmp_path, LEARNED, since="2025-03-02", time="day") as delivery:
        assert delivery.rows == 20
    with pytest.raises(DataError, match="cut off"):
        open_delivery(tmp_path, LEARNED)
    with pytest.raises(DataError, match="no row of 2026-01-01 or later"):
        open_delivery(tmp_path, LEARNED, since="2026-01-01", time="day")


def test_what_several_files_hold_is_saved_as_one_to_learn_from(tmp_path: Path) -> None:
    part(0).to_csv(tmp_path / "1.csv", index=False, sep=";", decimal=",")
    part(100).to_csv(tmp_path / "2.csv", index=False, sep=";", decimal=",")
    with open_delivery([tmp_path / "1.csv", tmp_path / "2.csv"], []) as delivery:
        got = pd.read_parquet(delivery.save(tmp_path / "all.parquet"))
    assert list(got.columns) == ["id", "kind", "size", "day"]
    pd.testing.assert_frame_equal(got, part(0, 200), check_dtype=False)


def test_a_folder_with_parquet_and_other_tables_is_refused(tmp_path: Path) -> None:
    part(0).to_parquet(tmp_path / "b.parquet", index=False)
    part(0).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match="Parquet files and others"):
        open_delivery(tmp_path, LEARNED)


def test_of_rows_with_the_same_key_the_later_file_counts_and_repeats_in_one_file_stay(tmp_path: Path) -> None:
    part(0).to_csv(tmp_path / "1.csv", index=False)
    again = pd.concat([part(90, 20, add=1000), part(90, 1, add=1000)])
    again.loc[again.index[3], "id"] = None
    again.to_csv(tmp_path / "2.csv", index=False)
    with open_delivery([tmp_path / "1.csv", tmp_path / "2.csv"], LEARNED, key=["id"]) as delivery:
        assert "9 rows gave way to a later file's with the same `id`." in texts(delivery)
        assert delivery.rows == 100 + 21 - 9
        assert delivery.rows_of(["size"]).n == delivery.rows
        assert cells(delivery, "count(*) FILTER (size >= 1000) OVER ()")[0] == (21,)
    with open_delivery(tmp_path / "2.csv", LEARNED, key=["id"]) as delivery:
        assert delivery.rows == 21, "what repeats within one file is for the rules to find"


def test_since_a_day_earlier_and_undated_rows_are_left_out(tmp_path: Path) -> None:
    frame = part(0, 200)
    frame.loc[[3, 199], "day"] = None
    frame.to_parquet(tmp_path / "p.parquet", index=False)
    with open_delivery(tmp_path / "p.parquet", LEARNED, since="2025-03-03", time="day") as delivery:
        assert delivery.rows == 99
        assert delivery.columns["day"].rows == 99
        assert "101 rows before 2025-03-03 in `day` were left out, 2 of them without a date." in texts(delivery)
        assert delivery.rows_of(["size", "kind"]).number("size").min() == 100 / 8
    for since, time, kind, says in (
        ("2026-01-01", "day", DataError, "no row of 2026-01-01 or later"),
        ("2025-03-03", None, UsageError, "needs a column of dates"),
        ("yesterday", "day", UsageError, "takes a day such as"),
        ("2025-03-03", "size", DataError, "holds no dates in `size`"),
    ):
        with pytest.raises(kind, match=says):
            open_delivery(tmp_path / "p.parquet", LEARNED, since=since, time=time)


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_a_table_of_a_database_is_a_delivery(kind: str, tmp_path: Path) -> None:
    file, frame = tmp_path / f"shop.{kind}", part(0)
    if kind == "duckdb":
        with duckdb.connect(str(file)) as connection:
            connection.register("frame", frame)
            connection.execute("CREATE TABLE other AS SELECT 1 AS x; CREATE TABLE sales AS SELECT * FROM frame")
    else:
        with sqlite3.connect(file) as connection:
            frame.assign(day=frame["day"].astype(str)).to_sql("sales", connection, index=False)
            connection.execute("CREATE TABLE other (x)")
        connection.close()
    with open_delivery(file, LEARNED, table="sales") as delivery, open_delivery(frame, LEARNED) as other:
        assert delivery.name == f"shop.{kind}:sales"
        assert delivery.unread == ()
        assert delivery.digest == other.digest
    with pytest.raises(DataError, match="--table"):
        open_delivery(file, LEARNED)


CSV = part(0).to_csv(index=False)
LAST = CSV.rstrip("\n").rpartition("\n")[2]


@pytest.mark.parametrize(
    ("tail", "sign", "fields"),
    [(LAST[:9], "fields", 3), (LAST[:4], "fields", 1), (LAST[:4] + ',"', "quote", 2), (LAST[:9] + "\n", "fields", 3)],
)
def test_a_file_that_ends_in_a_row_names_the_row_and_the_fields(
    tail: str, sign: str, fields: int, tmp_path: Path
) -> None:
    (tmp_path / "o.csv").write_text(CSV + tail)
    with open_delivery(tmp_path / "o.csv", LEARNED) as delivery:
        assert delivery.rows == 100
        assert delivery.cut is not None
        assert (delivery.cut.row, delivery.cut.sign, delivery.cut.fields, delivery.cut.of) == (101, sign, fields, 4)
        assert "row 101" in delivery.cut.text
        assert all(delivery.reads(c.name) for c in LEARNED)


@pytest.mark.parametrize(
    "change", [lambda t: t, lambda t: t.rstrip("\n"), lambda t: t.replace(LAST, LAST[:9], 1) + LAST]
)
def test_a_whole_file_and_one_with_a_bad_line_inside_are_not_cut(change: object, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(change(CSV))  # pyright: ignore[reportCallIssue]
    with open_delivery(tmp_path / "o.csv", LEARNED) as delivery:
        assert delivery.cut is None
        assert delivery.rows == 100


def test_the_row_of_a_cut_counts_through_several_files(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text(CSV)
    (tmp_path / "2.csv").write_text(CSV + LAST[:9])
    with open_delivery([tmp_path / "1.csv", tmp_path / "2.csv"], LEARNED) as delivery:
        assert isinstance(delivery.cut, Cut)
        assert (delivery.cut.row, delivery.cut.file) == (201, "2.csv")


def test_what_is_whole_of_a_gzip_file_that_ends_early_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    frame = part(0, 4_000).assign(size=rng.normal(0, 1, 4_000))
    raw = gzip.compress(frame.to_csv(index=False).encode(), mtime=0)
    (tmp_path / "o.csv.gz").write_bytes(raw[: len(raw) // 2])
    with open_delivery(tmp_path / "o.csv.gz", LEARNED) as delivery:
        assert delivery.cut is not None
        assert delivery.cut.sign == "gzip"
        assert delivery.cut.row == delivery.rows + 1
        assert 1_000 < delivery.rows < 3_000
        assert [i for (i,) in cells(delivery, "id")] == list(frame["id"][: delivery.rows])
    (tmp_path / "o.csv.gz").write_bytes(raw)
    with open_delivery(tmp_path / "o.csv.gz", LEARNED) as delivery:
        assert delivery.cut is None
        assert delivery.rows == 4_000


def test_json_lines_that_end_in_a_record_are_read_without_it(tmp_path: Path) -> None:
    lines = part(0).assign(day=lambda f: f["day"].astype(str)).to_dict(orient="records")
    text = "\n".join(json.dumps(r) for r in lines)
    (tmp_path / "o.jsonl").write_text(text[:-20])
    with open_delivery(tmp_path / "o.jsonl", LEARNED) as delivery:
        assert delivery.cut is not None
        assert (delivery.rows, delivery.cut.row, delivery.cut.sign) == (99, 100, "json")
        assert delivery.unread == ()


def test_a_parquet_file_without_its_end_is_refused_with_the_reason(tmp_path: Path) -> None:
    part(0).to_parquet(tmp_path / "o.parquet", index=False)
    raw = (tmp_path / "o.parquet").read_bytes()
    (tmp_path / "o.parquet").write_bytes(raw[:-200])
    with pytest.raises(DataError, match=r"'o.parquet' was cut off: a Parquet file ends with"):
        open_delivery(tmp_path / "o.parquet", LEARNED)
    (tmp_path / "o.json").write_text(json.dumps([{"a": 1}, {"a": 2}])[:-3])
    with pytest.raises(DataError, match="list of records is never closed"):
        open_delivery(tmp_path / "o.json", LEARNED)
