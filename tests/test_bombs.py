"""Small files that ask for much are refused by a declared limit, before they take memory, by explain and by review."""

import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import pytest

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.schema import Limits
from heldout.tools.data.workbook_size import check_workbook
from heldout.tools.errors import DataError
from heldout.tools.review.delivery import open_delivery

MEGABYTE = 1 << 20
Opens = Callable[[Path, Limits], None]


def _explain(path: Path, limits: Limits) -> None:
    with open_dataset(path, limits=limits):
        pass


def _review(path: Path, limits: Limits) -> None:
    with open_delivery(path, (), limits=limits):
        pass


@pytest.fixture(params=[_explain, _review], ids=["explain", "review"])
def opens(request: pytest.FixtureRequest) -> Opens:
    """Both readers: of a data set that is explained, and of a delivery."""
    return request.param


def refusal(opens: Opens, path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(DataError) as caught:
        opens(path, limits or Limits())
    return str(caught.value)


def gzip_bomb(path: Path, times: int) -> Path:
    """A gzip file of `times` times four megabytes, made by repeating one flushed block of the compressed data."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(b"1,1\n" * MEGABYTE) + deflate.flush(zlib.Z_FULL_FLUSH)
    path.write_bytes(b"\x1f\x8b\x08" + bytes(7) + block * times + b"\x03\x00" + bytes(8))
    return path


def workbook(path: Path, *cells: tuple[int, int]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for at, row in enumerate([("a", "b"), *((k, k % 3) for k in range(40))], 1):
        for column, value in enumerate(row, 1):
            sheet.cell(at, column, value)
    for row, column in cells:
        sheet.cell(row, column, 1)
    book.save(path)
    return path


def parquet(path: Path, columns: str, rows: int) -> Path:
    duckdb.connect().cursor().execute(f"COPY (SELECT {columns} FROM range({rows})) TO '{path}'").fetchall()
    return path


def test_a_gzip_bomb_is_refused_in_little_memory(opens: Opens, tmp_path: Path) -> None:
    path = gzip_bomb(tmp_path / "bomb.csv.gz", 100)
    assert path.stat().st_size < 2 * MEGABYTE
    tracemalloc.start()
    try:
        assert "expands to more than 200 times its size" in refusal(opens, path)
        assert tracemalloc.get_traced_memory()[1] < 60 * MEGABYTE
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_within_the_ratio_is_refused_by_its_bytes(opens: Opens, tmp_path: Path) -> None:
    path = gzip_bomb(tmp_path / "bomb.csv.gz", 5)
    assert "holds more than 5,000,000 bytes once decompressed" in refusal(opens, path, Limits(max_bytes=5_000_000))


def test_a_parquet_file_of_very_many_rows_is_refused_by_its_metadata(opens: Opens, tmp_path: Path) -> None:
    path = parquet(tmp_path / "rows.parquet", "1 AS a", 2_000_000)
    assert path.stat().st_size < MEGABYTE
    assert "has 2,000,000 rows, over the limit of 1,000,000" in refusal(opens, path, Limits(max_rows=1_000_000))


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_a_file_of_very_many_columns_is_refused(kind: str, opens: Opens, tmp_path: Path) -> None:
    path = tmp_path / f"wide.{kind}"
    names = [f"c{i}" for i in range(2_001)]
    if kind == "csv":
        path.write_text(f"{','.join(names)}\n" + f"{','.join('1' for _ in names)}\n" * 3)
    elif kind == "json":
        path.write_text("{" + ",".join(f'"{n}":1' for n in names) + "}\n" + '{"c0":2}\n' * 3)
    else:
        parquet(path, ", ".join(f"1 AS {n}" for n in names), 2)
    assert "has 2,001 columns, over the limit of 2,000" in refusal(opens, path)


def test_one_very_long_line_is_refused(opens: Opens, tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_bytes(b"a,b\n1,2\n" + b"x" * 3_000_000 + b",1\n")
    assert "has a line of 3,000,002 bytes or more" in refusal(opens, path, Limits(max_line=2_000_000))
    path.write_bytes(b"[" + b'{"a":1},' * 400_000 + b'{"a":1}]')
    assert "has a line of 3,200,009 bytes or more" in refusal(opens, path, Limits(max_line=2_000_000))


@pytest.mark.parametrize("cells", [((1_048_576, 16_384),), ((2, 16_384), (1_048_576, 1))], ids=["corner", "edges"])
def test_a_workbook_with_cells_far_apart_is_refused_before_room_is_made_for_all_between(
    cells: tuple[tuple[int, int], ...], opens: Opens, tmp_path: Path
) -> None:
    path = workbook(tmp_path / "far.xlsx", *cells)
    assert path.stat().st_size < 10_000
    assert refusal(opens, path) == (
        "The cells of a sheet of 'far.xlsx' span 1,048,576 rows and 16,384 columns, over the limit of 100,000,000 "
        "cells. Delete what stands far from the table, or save it as CSV."
    )


def test_a_workbook_with_a_note_beside_the_table_is_read(opens: Opens, tmp_path: Path) -> None:
    opens(workbook(tmp_path / "wide.xlsx", (3, 300), (5_000, 1)), Limits())


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ('<x:row r="1048576"><x:c t="n" r="XFD1048576"/></x:row>', True),
        ("<row r = '1048576' ><c s='1' r = 'xfd1048576'><v>1</v></c></row>", True),
        ('<row r="1048576">' + "<c><v>1</v></c>" * 500 + "</row>", True),
        ('<row r="1048576"><c r="CQ1048576"/></row>', False),
        ("<row>" + "<c/>" * 200 + "</row>" + "<row/>" * 4_000, False),
    ],
)
def test_the_places_of_cells_are_found_however_they_are_written(rows: str, refused: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<sheetData>" + " " * MEGABYTE + rows + "</sheetData>")
    if refused:
        with pytest.raises(DataError, match="over the limit of 100,000,000 cells"):
            check_workbook(path, "x.xlsx", Limits())
    else:
        check_workbook(path, "x.xlsx", Limits(max_ratio=1e9))


def test_a_workbook_that_states_false_sizes_is_counted_as_it_unpacks(opens: Opens, tmp_path: Path) -> None:
    path = tmp_path / "false.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 60_000_000)
    true = (60_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true, (1_000).to_bytes(4, "little")))
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("xl/workbook.xml").file_size == 1_000
    assert "expands to more than 200 times its size" in refusal(opens, path)


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (Limits(max_rows=5_000), "has 6,000 rows, over the limit of 5,000"),
        (Limits(max_columns=50), "has 60 columns, over the limit of 50"),
        (Limits(max_cells=300_000), "has 360,000 cells, over the limit of 300,000"),
        (Limits(max_bytes=1_000), "once decompressed, over the limit of 1,000"),
    ],
)
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_many_files_of_a_delivery_cannot_pass_a_limit_together(
    kind: str, limits: Limits, what: str, tmp_path: Path
) -> None:
    for part, start in enumerate((0, 30)):
        columns = ", ".join(f"{i} AS c{i}" for i in range(start, start + 30))
        duckdb.connect().cursor().execute(
            f"COPY (SELECT {columns} FROM range(3000)) TO '{tmp_path / f'{part}.{kind}'}'"
        ).fetchall()
    if kind == "csv" and limits.max_bytes == 1_000:
        what = "bytes, over the limit of 1,000"
    assert what in refusal(_review, tmp_path, limits)


def test_records_of_very_many_like_fields_are_columns(opens: Opens, tmp_path: Path) -> None:
    path = tmp_path / "wide.json"
    path.write_text("".join("{" + ",".join(f'"c{i}":{k + i}' for i in range(300)) + "}\n" for k in range(30)))
    opens(path, Limits(max_columns=300))
    assert "has 300 columns, over the limit of 299" in refusal(opens, path, Limits(max_columns=299))
