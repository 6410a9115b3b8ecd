"""A folder of text files is a table of documents, whatever its files are written in; what cannot be read is named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import heldout
from heldout.agent.cli import cli
from heldout.tools.data.dataset import Dataset, open_dataset
from heldout.tools.data.inference_texts import LONGEST
from heldout.tools.data.readers_folder import decoded, without_markup
from heldout.tools.data.schema import Limits
from heldout.tools.errors import DataError, UsageError

ENDS = [f"{a}{b}{c}" for a in "aeiou" for b in "lmnr" for c in "aei"][:59]
LINES = ("The river was high that morning and the market closed early.", "Nobody in the house had heard of it before.")


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def cells(data: Dataset) -> pd.DataFrame:
    names = ", ".join(f'"{c.name}"' for c in data.columns)
    return data.cursor().execute(f"SELECT {names} FROM data ORDER BY _row").df()


def notes(data: Dataset) -> str:
    return " ".join(n.text for n in data.notes)


def test_each_file_is_a_document_with_what_its_path_says(tmp_path: Path) -> None:
    write(tmp_path, {f"{side}/{y}-speech{y}.txt": f"{LINES[0]} In {y}." for side in ("a", "b") for y in (1901, 1950)})
    with open_dataset(tmp_path) as data:
        frame = cells(data)
        assert {c.name: c.type for c in data.columns}["text"] == "text"
    assert list(frame.columns) == ["file", "folder", "year", "text"]
    assert frame["folder"].tolist() == ["a", "a", "b", "b"]
    assert frame["year"].tolist() == [1901, 1950, 1901, 1950]
    assert frame["file"][0] == "a/1901-speech1901.txt"
    assert frame["text"][3] == f"{LINES[0]} In 1950."


def test_dates_in_names_are_dates_and_one_folder_is_no_column(tmp_path: Path) -> None:
    write(tmp_path, {f"{d}_minutes.md": LINES[0] + d for d in ("2020-01-31", "20210228", "2022_03_15")})
    with open_dataset(tmp_path) as data:
        assert [c.name for c in data.columns] == ["file", "date", "text"]
        assert cells(data)["date"].astype(str).tolist() == ["2020-01-31", "2021-02-28", "2022-03-15"]


def test_encodings_are_told_by_their_bytes_and_all_of_them_may_be_mixed(tmp_path: Path) -> None:
    said = "Où est l’été? Ça va très bien, dit Zoë près du café, à côté."
    codecs = {
        "u8": said.encode(), "bom": said.encode("utf-8-sig"), "u16": said.encode("utf-16"),
        "u16be": said.encode("utf-16-be"), "u32": said.encode("utf-32"), "win": said.encode("cp1252"),
    }  # fmt: skip
    write(tmp_path, {f"{name}.txt": raw for name, raw in codecs.items()})
    with open_dataset(tmp_path) as data:
        assert set(cells(data)["text"]) == {said}
        assert "1 of the files are not UTF-8 and were read as Windows-1252: 'win.txt'" in notes(data)
        assert "'u16.txt'" in notes(data)


def test_a_few_damaged_characters_do_not_change_the_encoding() -> None:
    text, why = decoded("ééééééééééé".encode() + b"\xff")
    assert text == "ééééééééééé\ufffd"
    assert why == "damaged"


def test_binary_files_are_passed_over_and_named(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": LINES[0], "b.txt": LINES[1], "c.txt": bytes(range(256)) * 20, "p.pdf": b"%PDF-1.4"})
    with open_dataset(tmp_path) as data:
        assert data.rows == 2
        assert "1 of the files hold no text and were passed over: 'c.txt'" in notes(data)
        assert "1 file of" in notes(data)
        assert "'p.pdf'" in notes(data)


def test_empty_files_are_documents_whose_text_is_missing(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": LINES[0], "b.txt": "", "c.txt": " \n\t ", "d.txt": LINES[1]})
    with open_dataset(tmp_path) as data:
        assert data.rows == 4
        assert next(c for c in data.columns if c.name == "text").missing == 2
        assert "2 of the files hold nothing" in notes(data)


@pytest.mark.parametrize(("files", "said"), [({}, "no text files"), ({"a.csv": "x,y\n1,2\n"}, "but 'a.csv'")])
def test_a_folder_without_text_files_is_refused_by_name(tmp_path: Path, files: dict, said: str) -> None:
    with pytest.raises(DataError, match=said):
        open_dataset(write(tmp_path, files))


def test_a_folder_of_empty_or_binary_files_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds any text"):
        open_dataset(write(tmp_path, {"a.txt": "", "b.txt": bytes(range(32)) * 9}))


def test_of_a_page_only_what_it_shows_is_read(tmp_path: Path) -> None:
    page = (
        "<!doctype html><html><head><title>T</title><style>p{color:red}</style></head><body onload='evil()'>"
        "<script>alert('evil')</script><h1>News &amp; views</h1><p>One<br>two <b>three</b></p><!-- evil -->"
        "<svg><text>evil</text></svg><p>Four</p></body></html>"
    )
    assert without_markup(page) == "News & views\nOne\ntwo three\nFour"
    write(tmp_path, {"a.html": page, "b.txt": "<script>alert('kept as text')</script> " + LINES[0]})
    with open_dataset(tmp_path) as data:
        texts = cells(data)["text"].tolist()
    assert "evil" not in texts[0]
    assert texts[1].startswith("<script>alert('kept as text')")


def test_markup_in_a_document_is_never_live_in_a_report() -> None:
    documents = [f"<script>alert({i})</script> <img src=x onerror=alert({i})> {LINES[i % 2]} {i}" for i in range(60)]
    html = heldout.explain({"side": ["x", "y"] * 30, "text": documents}, name="<b>t</b>").to_html()
    assert "<script>alert(" not in html
    assert "<img src=x" not in html
    assert "<b>t</b>" not in html


def test_a_long_document_is_cut_with_a_note_and_a_larger_file_is_passed_over(tmp_path: Path) -> None:
    long = "word " * 2_000_000
    write(tmp_path, {"long.txt": long, "short.txt": LINES[0], "other.txt": LINES[1]})
    with open_dataset(tmp_path) as data:
        assert f"1 document is longer than {LONGEST:,} characters" in notes(data)
    with open_dataset(tmp_path, limits=Limits(max_line=5_000_000)) as data:
        assert data.rows == 2
        assert "are longer than the limit for one document and were passed over: 'long.txt'" in notes(data)
    with pytest.raises(DataError, match="over the limit of 1,000,000"):
        open_dataset(tmp_path, limits=Limits(max_bytes=1_000_000))


def test_only_the_start_of_a_long_document_is_sealed(tmp_path: Path) -> None:
    from heldout.tools.data.split import seal

    documents = [*(" ".join(f"{a}{b}" for a in "bdfglm") for b in ENDS), "word " * 300_000]
    with open_dataset(documents) as data:
        split = seal(data, tmp_path)
    read = [split.explore(), split.read(split.sealed_file, "vault_1")]
    assert max(len(t) for rows in read for t in rows.texts["text"]) == LONGEST


def test_hidden_files_are_not_read_and_other_files_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {".git/x.txt": "no", ".hidden.txt": "no", "51060": LINES[0], "b": LINES[1]})
    write(tmp_path, {f"pic{i}.png": b"\x89PNG" for i in range(5)})
    with open_dataset(tmp_path) as data:
        assert cells(data)["file"].tolist() == ["51060", "b"]
        assert "5 files of" in notes(data)
        assert "and 3 more (5 .png)" in notes(data)


def test_a_list_of_documents_is_a_corpus_and_a_list_of_paths_is_not(tmp_path: Path) -> None:
    with open_dataset([LINES[0], None, "", LINES[1]]) as data:
        assert data.name == "documents"
        assert [(c.name, c.type, c.missing) for c in data.columns] == [("text", "text", 2)]
    with pytest.raises(DataError, match=r"orders\.csv"):
        heldout.explain(["orders.csv", "customers.csv"])


def test_right_to_left_chinese_and_japanese_documents_are_read_as_they_are(tmp_path: Path) -> None:
    said = {
        "ar.txt": "كان النهر مرتفعا في ذلك الصباح",
        "he.txt": "הנהר היה גבוה באותו בוקר",
        "zh.txt": "那天早上河水很高，市场很早就关门了",
    }
    write(tmp_path, said)
    with open_dataset(tmp_path) as data:
        assert cells(data)["text"].tolist() == list(said.values())


def test_one_document_is_described_and_not_judged() -> None:
    for source in ([LINES[0]], {"text": [LINES[0]]}):
        report = heldout.explain(source, name="one")
        assert report.findings == ()
        assert "1 row: too few to test anything" in report.result.split.reason


def test_of_a_corpus_of_one_text_sent_again_and_again_one_document_is_left() -> None:
    base = " ".join(LINES * 3)
    documents = [f"{base} Sent again as number {i}." for i in range(297)] + [f"{LINES[0]} A {w}." for w in "xyz"]
    report = heldout.explain({"n": [*range(297), 1, 2, 3], "text": documents}, name="again", text="text")
    assert report.findings == ()
    assert "too few to test anything" in report.result.split.reason
    assert "so that each text counts once" in " ".join(n.text for n in report.result.dataset.notes)


def test_texts_alone_are_told_with_what_they_could_be_compared_by(tmp_path: Path) -> None:
    words, rng = [*LINES[0].split(), *LINES[1].split(), *ENDS], np.random.default_rng(5)
    write(tmp_path, {f"{end}.txt": " ".join(rng.choice(words, 40)) for end in ENDS})
    report = heldout.explain(tmp_path)
    assert report.result.message is not None
    assert "no column beside them" in report.result.message
    assert "a folder for each kind" in report.result.message
    assert not report.findings


def test_the_command_line_opens_a_folder_and_declares_a_text(tmp_path: Path) -> None:
    write(tmp_path / "notes", {f"n{i}.txt": f"{LINES[i % 2]} This is note number {i * i}." for i in range(45)})
    run = CliRunner().invoke(cli, ["explain", str(tmp_path / "notes"), "-q"])
    assert run.exit_code == 0, run.output
    assert "45 rows" in run.output
    table = tmp_path / "t.csv"
    table.write_text("kind,word,n\n" + "".join(f"{'ab'[i % 2]},w{'xyzuv'[i % 5]}q,{i}\n" for i in range(60)))
    run = CliRunner().invoke(cli, ["explain", str(table), "-q", "--text", "word"])
    assert run.exit_code == 0, run.output
    assert "word is read as text" in run.output
    run = CliRunner().invoke(cli, ["explain", str(table), "-q", "--text", "n"])
    assert run.exit_code == 2
    assert "holds numbers, no text" in run.output


def test_a_text_that_is_not_there_is_refused_with_the_columns() -> None:
    with pytest.raises(UsageError, match=r"'words'.*'kind'"):
        heldout.explain({"kind": ["a", "b"], "note": ["c", "d"]}, text="words")
