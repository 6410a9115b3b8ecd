"""Damaged and odd files are read rightly, or refused in words that name the file: never a traceback."""

import gzip
import re
import sqlite3
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from mutations import KINDS_OF_DAMAGE, try_mutant

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.schema import Limits
from heldout.tools.errors import DataError, UsageError

SEEDS = range(7)
TABLE = "city,price\n" + "".join(f"{'Paris' if i % 3 else 'Nice'},{i * 1.5}\n" for i in range(50))


def refusal(source: object, **options) -> str:
    """The whole text with which a source is refused."""
    with pytest.raises(DataError) as caught:
        open_dataset(source, **options)
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS_OF_DAMAGE)
def test_a_damaged_file_is_read_rightly_or_refused_by_name(kind: str, tmp_path: Path) -> None:
    results = [try_mutant(kind, seed, tmp_path) for seed in SEEDS]
    faults = [f"{kind} {seed}: {r.reason}" for seed, r in enumerate(results) if r.outcome == "fault"]
    assert not faults, faults


def test_a_failed_opening_leaves_no_files_behind(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n")
    refusal(bad, folder=tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.csv"
    assert refusal(path) == f"'{path}' does not exist or is not a file. Check its path."
    (tmp_path / "sub").mkdir()
    assert refusal(tmp_path / "sub") == ("The folder 'sub' holds no text files (.txt, .md, .html). Name a file in it.")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "'x.csv' is empty. Export it again with its data."),
        (b"a,b\n", "'x.csv' has a header but no rows. Export it again with its data."),
        (b"<!DOCTYPE html><html></html>", "'x.csv' is a web page or XML, not a table. Download the data file itself."),
        (b"\x89PNG\r\n\x1a\n000", "'x.csv' is a picture, which is not read. Unpack it or save the table as CSV."),
        (
            bytes(range(1, 9)) * 400,
            "'x.csv' is a binary file of a kind that cannot be read. Use CSV, JSON, Parquet, Excel, SQLite or DuckDB.",
        ),
        (b"PAR1 but nothing else", "'x.csv' cannot be read: "),
        (b"SQLite format 3\0 and then nothing", "'x.csv' cannot be read: "),
    ],
)
def test_what_is_no_table_is_refused_with_the_way_out(content: bytes, text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert refusal(path).startswith(text)


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(TABLE.encode())[:-20])
    assert re.fullmatch(r"'x\.csv\.gz' is a damaged gzip file \(.+\)\. Compress it again\.", refusal(path))


def test_a_decompression_bomb_is_refused_while_it_unpacks(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,1\n" * 12_000_000, 9))
    assert "expands to more than 200 times its size" in refusal(path)


def test_a_workbook_that_expands_too_far_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 60_000_000)
    assert "'bomb.xlsx' expands to more than 200 times its size" in refusal(path)


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (Limits(max_rows=49), "rows, over the limit of 49"),
        (Limits(max_columns=1), "has 2 columns, over the limit of 1"),
        (Limits(max_cells=99), "has 100 cells, over the limit of 99"),
        (Limits(max_bytes=100), "bytes, over the limit of 100"),
    ],
)
def test_a_table_over_a_limit_is_refused_and_the_limit_is_named(limits: Limits, what: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    text = refusal(path, limits=limits)
    assert what in text
    assert "raise `max_" in text.lower().replace("--", "").replace("-", "_")


def test_a_parquet_file_is_measured_by_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    duckdb.connect().cursor().execute(f"COPY (SELECT 1 AS a FROM range(2000000)) TO '{path}'").fetchall()
    text = refusal(path, limits=Limits(max_rows=1000))
    assert text == "'t.parquet' has 2,000,000 rows, over the limit of 1,000. Take a part of it or raise `--max-rows`."


def test_a_database_with_several_tables_lists_them(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
    lite = tmp_path / "t.sqlite"
    with sqlite3.connect(lite) as con:
        frame.to_sql("one", con, index=False)
        frame.to_sql("two", con, index=False)
    con.close()
    duck = tmp_path / "t.duckdb"
    with duckdb.connect(str(duck)) as con:
        con.cursor().execute("CREATE TABLE one AS SELECT 1.5 AS a; CREATE TABLE two AS SELECT 2.5 AS a").fetchall()
    for path in (lite, duck):
        told = f"'{path.name}' holds 2 tables: 'one', 'two'. Name one with `--table`, or several with `--tables`."
        assert refusal(path) == told
        assert refusal(path, table="six") == f"'{path.name}' has no table 'six'. Tables: 'one', 'two'."
        with open_dataset(path, table="two") as opened:
            assert opened.rows >= 1


def test_a_quote_that_swallows_rows_is_refused_with_its_place(tmp_path: Path) -> None:
    rows = [f"{i},b{i},c{i},d{i}" for i in range(200)]
    rows[10] = '10,"b10,c10,d10'
    rows[15] = '15,b15",c15,d15'
    path = tmp_path / "q.csv"
    path.write_text("a,b,c,d\n" + "\n".join(rows) + "\n")
    assert re.search(r"'q\.csv'.*(quote sign opens near row 11|line 12 \(unbalanced quote\))", refusal(path))


def test_a_text_over_several_lines_is_no_swallowed_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\n" + "".join(f'{i},"one, two,\nthree, four,\nfive",x\n' for i in range(30)))
    with open_dataset(path) as opened:
        assert opened.rows == 30


def test_few_unreadable_lines_are_counted_in_a_note(tmp_path: Path) -> None:
    lines = ["a,b"] + [f"{i}.5,{i % 7}" for i in range(300)]
    lines[120] += ",extra,cells"
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    with open_dataset(path) as opened:
        assert opened.rows == 299
        assert next(n.text for n in opened.notes if n.kind == "warning") == (
            "1 line was left out because it cannot be read as a row: line 121 (too many fields)."
        )


def test_an_object_that_is_no_table_is_refused() -> None:
    text = (
        "A value of type `int` is not a table. Give a path, a data frame, a dict of columns, a list of records or a "
        "list of documents."
    )
    assert refusal(3) == text
    assert refusal([1, 2, 3]) == text.replace("`int`", "`list`")
    assert refusal({"a": [1, 2], "b": [1]}).startswith("The columns differ in length ('a' 2, 'b' 1).")
    assert refusal({"a": []}) == "'table' has no rows. Give a table with data."


def test_threads_below_one_are_refused() -> None:
    with pytest.raises(UsageError, match=r"The `threads` parameter must be 1 or more\. Got 0 instead\."):
        open_dataset({"a": [1, 2]}, threads=0)
