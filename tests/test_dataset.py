"""A table opens to the same content whatever its format, order or threads."""

import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.tools.data.dataset import Dataset, open_dataset
from heldout.tools.data.schema import Limits
from heldout.tools.errors import DataError


def sample() -> pd.DataFrame:
    """A table with every kind of column, missing cells, repeated rows and awkward labels."""
    rng = np.random.default_rng(5)
    n = 120
    frame = pd.DataFrame(
        {
            "price": rng.normal(100, 15, n).round(4),
            "count": rng.integers(0, 40, n),
            "kind": rng.choice(["new", "old", 'a "b", c', "d|e;f"], n),
            "sold": rng.choice([True, False], n),
            "when": pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
            "tiny": rng.normal(0, 1e-8, n),
        }
    )
    frame.loc[::11, "price"] = np.nan
    frame.loc[::13, "kind"] = None
    return pd.concat([frame, frame.iloc[:4]], ignore_index=True)


def as_records(frame: pd.DataFrame) -> list[dict]:
    """Records of plain Python values; missing ones are None (pandas' own JSON would round the numbers)."""
    plain = frame.assign(when=frame["when"].astype(str)).astype(object)
    return plain.where(plain.notna(), None).to_dict("records")


def as_sqlite(frame: pd.DataFrame, path: Path) -> None:
    with sqlite3.connect(path) as con:
        frame.assign(sold=frame["sold"].astype(str), when=frame["when"].astype(str)).to_sql("t", con, index=False)
    con.close()


def as_duckdb(frame: pd.DataFrame, path: Path) -> None:
    with duckdb.connect(str(path)) as con:
        cursor = con.cursor()
        cursor.register("f", frame)
        cursor.execute("CREATE TABLE t AS SELECT * FROM f").fetchall()


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "t.csv": lambda f, p: f.to_csv(p, index=False),
    "index.csv": lambda f, p: f.to_csv(p),
    "t.csv.gz": lambda f, p: f.to_csv(p, index=False),
    "t.tsv": lambda f, p: f.to_csv(p, index=False, sep="\t"),
    "t.txt": lambda f, p: f.to_csv(p, index=False, sep="|"),
    "decimal_comma.csv": lambda f, p: f.to_csv(p, index=False, sep=";", decimal=","),
    "windows.csv": lambda f, p: f.to_csv(p, index=False, lineterminator="\r\n"),
    "utf16.csv": lambda f, p: f.to_csv(p, index=False, encoding="utf-16"),
    "t.jsonl": lambda f, p: p.write_text("\n".join(json.dumps(r) for r in as_records(f))),
    "t.json": lambda f, p: p.write_text(json.dumps(as_records(f), indent=1)),
    "t.parquet": lambda f, p: f.to_parquet(p),
    "parquet_called.csv": lambda f, p: f.to_parquet(p),
    "t.xlsx": lambda f, p: f.to_excel(p, index=False),
    "t.sqlite": as_sqlite,
    "t.duckdb": as_duckdb,
}


def contents(data: Dataset) -> list[str]:
    return [row[0] for row in data.cursor().execute("SELECT _content FROM data ORDER BY _row").fetchall()]


@pytest.mark.parametrize("file", WRITERS)
def test_every_format_gives_the_same_rows_in_order_and_the_same_fingerprint(file: str, tmp_path: Path) -> None:
    frame = sample()
    WRITERS[file](frame, tmp_path / file)
    with open_dataset(frame) as memory, open_dataset(tmp_path / file) as opened:
        assert opened.fingerprint == memory.fingerprint
        assert contents(opened) == contents(memory)
        kept = [c for c in opened.columns if c.name not in opened.surrogates]
        assert [(c.name, c.type, c.missing, c.distinct) for c in kept] == [
            (c.name, c.type, c.missing, c.distinct) for c in memory.columns
        ]


def test_shuffled_rows_and_columns_keep_the_fingerprint_at_any_number_of_threads() -> None:
    frame = sample()
    mixed = frame.sample(frac=1, random_state=3)[["when", "kind", "price", "tiny", "sold", "count"]]
    with open_dataset(frame, threads=1) as one, open_dataset(mixed, threads=2) as two:
        assert one.fingerprint == two.fingerprint
        assert sorted(contents(one)) == sorted(contents(two))
        assert len(one.fingerprint) == 64


@pytest.mark.parametrize("column", ["price", "count", "kind", "sold", "when", "tiny"])
def test_one_changed_cell_changes_the_fingerprint_and_one_row(column: str) -> None:
    frame = sample()
    other = frame.copy()
    other.loc[5, column] = frame[column].dropna()[frame[column] != frame.loc[5, column]].iloc[0]
    with open_dataset(frame) as a, open_dataset(other) as b:
        assert a.fingerprint != b.fingerprint
        assert [i for i, (x, y) in enumerate(zip(contents(a), contents(b), strict=True)) if x != y] == [5]


def test_cells_cannot_be_confused_across_columns() -> None:
    one = {"a": ["x", "x\x1f1:y", "q"], "b": ["y", "z", None]}
    two = {"a": ["x\x1f1:y", "x", "q"], "b": ["z", "y", "\\N"]}
    with open_dataset(one) as a, open_dataset(two) as b:
        assert len(set(contents(a))) == 3
        assert contents(a)[2] == contents(b)[2]  # both are a missing cell
        assert set(contents(a)) == set(contents(b))


def test_a_renamed_column_changes_the_fingerprint() -> None:
    frame = sample()
    with open_dataset(frame) as a, open_dataset(frame.rename(columns={"tiny": "small"})) as b:
        assert a.fingerprint != b.fingerprint


def test_repeated_rows_are_kept_counted_and_told() -> None:
    with open_dataset(sample()) as opened:
        assert (opened.rows, opened.duplicates) == (124, 4)
        assert any(
            n.text == "4 rows repeat an earlier row exactly (3.2 %); they were kept and stay on one side of the split "
            "with those they repeat." for n in opened.notes
        )  # fmt: skip


def test_row_numbers_are_no_part_of_the_content(tmp_path: Path) -> None:
    frame = sample()
    numbered = frame.assign(rownames=range(1, len(frame) + 1))
    with open_dataset(frame) as plain, open_dataset(numbered) as opened:
        assert opened.surrogates == ("rownames",)
        assert opened.columns[-1].type == "identifier"
        assert opened.fingerprint == plain.fingerprint


def test_a_filtered_or_named_index_is_dropped_or_kept() -> None:
    frame = sample()
    part = frame[frame["count"] > 3]
    with open_dataset(part) as a, open_dataset(part.reset_index(drop=True)) as b:
        assert a.fingerprint == b.fingerprint
    with open_dataset(frame.set_index("kind")) as named, open_dataset(frame) as plain:
        assert named.fingerprint == plain.fingerprint


def test_rows_keep_the_order_of_the_file(tmp_path: Path) -> None:
    rng = random.Random(1)
    values = [rng.random() for _ in range(30_000)]
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{v},{i % 5}\n" for i, v in enumerate(values)))
    with open_dataset(path) as opened:
        rows = opened.cursor().execute("SELECT _row, a FROM data ORDER BY _row").fetchall()
    assert [r[0] for r in rows] == list(range(30_000))
    assert [r[1] for r in rows] == values


def test_storage_is_what_the_columns_say() -> None:
    with open_dataset(sample()) as opened:
        held = {row[0]: row[1] for row in opened.cursor().execute("DESCRIBE data").fetchall()}
        assert {c.name: c.storage for c in opened.columns} == {k: v for k, v in held.items() if k[0] != "_"}
        assert (held["_row"], held["_content"]) == ("BIGINT", "VARCHAR")


def test_names_that_clash_only_by_case_or_with_ours_are_made_unique() -> None:
    with open_dataset({"n": [1.5, 2.5], "N": [3.5, 4.5], "_row": [1.1, 2.2], 'a "q"': [0.5, 0.1]}) as opened:
        assert [c.name for c in opened.columns] == ["n", "N_2", "_row_2", 'a "q"']
        assert opened.cursor().execute('SELECT "N_2", "a ""q""" FROM data').fetchall() == [(3.5, 0.5), (4.5, 0.1)]


def test_nan_infinity_and_missing_kinds_become_null() -> None:
    frame = pd.DataFrame({"x": [1.5, np.nan, np.inf, -np.inf, 2.5], "s": pd.Series(["a", None, pd.NA, np.nan, "a"])})
    with open_dataset(frame) as opened:
        assert [c.missing for c in opened.columns] == [3, 3]
        assert "2 infinite cells of `x` became missing." in [n.text for n in opened.notes]


def test_nested_and_odd_pandas_columns_open() -> None:
    frame = pd.DataFrame(
        {
            "cat": pd.Categorical(["a", "b", "a", None]),
            "zone": pd.to_datetime(["2020-01-01 00:00+02:00"] * 2 + ["2021-01-01 00:00+02:00"] * 2),
            "span": pd.to_timedelta([1, 2, 3, 4], unit="h"),
            "period": pd.period_range("2020-01", periods=4, freq="M"),
            "nullable": pd.array([1, None, 3, 4], dtype="Int64"),
            "lists": [[1], [2], [1], [2]],
            "mixed": [1, "a", 2.5, None],
        }
    )
    with open_dataset(frame) as opened:
        types = {c.name: c.type for c in opened.columns}
        first = opened.cursor().execute("SELECT zone::VARCHAR, span FROM data WHERE _row = 0").fetchall()
    assert types["cat"] == types["lists"] == "category"
    assert types["zone"] == types["period"] == "datetime"
    assert types["span"] == types["nullable"] == "number"
    assert first == [("2019-12-31 22:00:00", 3600)]


def test_arrow_tables_and_records_open_like_frames() -> None:
    pa = pytest.importorskip("pyarrow")
    frame = sample()
    arrow = pa.Table.from_pandas(frame)
    with open_dataset(frame) as a, open_dataset(arrow) as b, open_dataset(as_records(frame)) as c:
        assert a.fingerprint == b.fingerprint == c.fingerprint


def test_closing_removes_the_database_and_twice_is_harmless(tmp_path: Path) -> None:
    opened = open_dataset({"a": [1.5, 2.5]}, folder=tmp_path)
    assert list(tmp_path.iterdir())
    opened.close()
    opened.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(duckdb.Error):
        opened.cursor().execute("SELECT 1").fetchall()


def test_the_name_is_the_file_or_what_the_caller_says(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("a,b\n1.5,x\n2.5,y\n")
    with open_dataset(path) as one, open_dataset(str(path), name="Sales") as two:
        assert repr(one) == "<Dataset sales.csv: 2 rows, 2 columns>"
        assert two.name == "Sales"


def test_a_named_sheet_of_a_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"a": [1.5, 2.5]}).to_excel(book, sheet_name="first", index=False)
        sample().to_excel(book, sheet_name="second", index=False, startrow=2)
    with open_dataset(path, table="second") as sheet, open_dataset(sample()) as plain:
        assert sheet.fingerprint == plain.fingerprint
    with open_dataset(path) as first:
        assert first.rows == 2


def test_a_table_of_hundreds_of_columns_opens(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    rng = random.Random(2)
    rows = [",".join(f"{rng.random():.3f}" for _ in range(400)) for _ in range(4)]
    path.write_text(",".join(f"v{i}" for i in range(400)) + "\n" + "\n".join(rows))
    with open_dataset(path) as opened:
        assert (opened.rows, len(opened.columns)) == (4, 400)


def test_columns_beyond_the_memory_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"v{i}" for i in range(30_000)) + "\n" + ",".join("1" for _ in range(30_000)))
    with pytest.raises(DataError, match=r"'wide.csv' does not fit in the memory allowed \(1 GB\)"):
        open_dataset(path, limits=Limits(max_columns=30_000))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 6)),
            st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8),
        ),
        min_size=2,
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_any_table_has_one_fingerprint_in_any_order(rows: list[tuple[float, str]], rng: random.Random) -> None:
    shuffled = rng.sample(rows, len(rows))
    tables = [{"x": [r[0] for r in part], "y": [r[1] for r in part]} for part in (rows, shuffled)]
    with open_dataset(tables[0]) as a, open_dataset(tables[1]) as b:
        assert a.fingerprint == b.fingerprint
        assert a.rows == len(rows)
