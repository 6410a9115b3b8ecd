"""Which columns are text: documents, scripts without spaces, and words where a table has no other text."""

from pathlib import Path

import pytest

from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.inference_texts import LEAST

NAMES = [
    f"{a}{b}{c}"
    for a in ("Al", "Ber", "Cor", "Dan", "El", "Fa")
    for b in "aeiou"
    for c in ("na", "ric", "lie", "mir", "ton", "ve", "s", "da")
]


def types(source: object, **options: object) -> dict[str, str]:
    with open_dataset(source, **options) as data:  # pyright: ignore[reportArgumentType]
        return {c.name: c.type for c in data.columns}


def _names(n: int = 300) -> dict[str, list]:
    words = (NAMES * 2)[:n] if n > LEAST else NAMES[:n]
    return {"kind": ["a", "b", "b"] * (len(words) // 3), "name": words[: len(words) // 3 * 3]}


def test_a_column_of_words_is_text_where_the_table_holds_little_else() -> None:
    assert types(_names())["name"] == "text"


@pytest.mark.parametrize(
    "change",
    [
        {"story": [f"This is what number {i} said at great length to all" for i in range(300)]},
        {"x": list(range(10, 310)), "y": [i * 1.5 for i in range(300)], "z": [i % 7 + 0.5 for i in range(300)]},
        {"key": [f"{i:08x}-1111-2222-3333-{i:012x}" for i in range(300)]},
    ],
    ids=["another text", "more columns", "a key beside it"],
)
def test_a_column_of_names_in_any_other_table_tells_rows_apart(change: dict) -> None:
    assert types({"kind": ["a", "b", "b"] * 100, "name": (NAMES * 2)[:300], **change})["name"] == "identifier"


@pytest.mark.parametrize(
    "cells",
    [[f"N{i % 400}" for i in range(1200)], [f"{i:05d}" for i in range(1200)], [f"a{i}@b.org" for i in range(1200)]],
    ids=["codes", "digits", "addresses"],
)
def test_codes_are_no_words(cells: list[str]) -> None:
    assert types({"kind": ["a", "b"] * 600, "code": cells})["code"] == "identifier"


def test_under_two_hundred_names_stay_names() -> None:
    assert types(_names(150))["name"] == "identifier"


def test_a_declared_text_is_text_and_the_data_keep_their_fingerprint() -> None:
    frame = {"kind": ["a", "b"] * 40, "word": ["sun", "moon", "star", "sky"] * 20, "n": list(range(80))}
    with open_dataset(frame) as plain, open_dataset(frame, texts=("word",)) as declared:
        assert {c.name: c.type for c in plain.columns}["word"] == "category"
        assert {c.name: c.type for c in declared.columns}["word"] == "text"
        assert plain.fingerprint == declared.fingerprint


@pytest.mark.parametrize(
    "text",
    [
        "这家酒店的早餐非常好房间也很干净第{}次来",
        "このホテルの朝食はとても良かったです{}回目",
        "โรงแรมนี้อาหารเช้าดีมากห้องสะอาดครั้งที่{}",
    ],
    ids=["Chinese", "Japanese", "Thai"],
)
def test_scripts_without_spaces_between_words_are_text(text: str) -> None:
    frame = {"stars": [1, 2, 3, 4, 5] * 20, "review": [text.format(i) for i in range(100)]}
    assert types(frame)["review"] == "text"


def test_short_chinese_labels_are_labels() -> None:
    assert types({"city": ["北京市", "上海市", "广州市", "深圳市"] * 30, "n": list(range(120))})["city"] == "category"


def test_long_documents_are_text_however_often_they_repeat() -> None:
    long = [f"{w} " * 30 for w in ("alpha", "beta", "gamma")]
    assert types({"n": [i * 1.5 for i in range(300)], "text": long * 100})["text"] == "text"
    assert (
        types(
            {
                "n": [i * 1.5 for i in range(300)],
                "kind": ["Married and living with spouse", "Never married so far", "x"] * 100,
            }
        )["kind"]
        == "category"
    )


def test_what_becomes_of_a_text_is_said_and_why_no_claim_may_name_its_cells() -> None:
    import heldout

    frame = {
        "n": [i * 1.5 for i in range(300)],
        "note": [f"one says this and that of number {i} here" for i in range(300)],
    }
    report = heldout.explain(frame, name="t")
    column = next(c for c in report.result.dataset.columns if c.name == "note")
    assert column.role == "read as text"
    assert any("its words, themes and measures take part" in n.text for n in report.result.dataset.notes)
    with pytest.raises(heldout.HeldoutError, match="Of a text can be said"):
        heldout.verify(frame, "note ~ n")


def test_names_of_real_people_are_text(shared: Path) -> None:
    if not (shared / "text" / "names.csv").exists():
        pytest.skip("the real corpora are not here")
    assert types(shared / "text" / "names.csv") == {"label": "category", "name": "text"}


@pytest.mark.parametrize("file", ["dat8/titanic.csv", "seaborn/mpg.csv"])
def test_ordinary_tables_keep_their_keys(file: str, shared: Path) -> None:
    if not (shared / file).exists():
        pytest.skip("the real tables are not here")
    assert "identifier" in types(shared / file).values()


def test_long_cells_of_which_few_differ_are_a_label_with_the_way_to_read_them_as_text() -> None:
    thanks = "Thank you for writing to us. You will hear of us in two days"
    frame = {"note": [f"{thanks} by team {at % 5}" for at in range(300)], "n": [at * 1.5 for at in range(300)]}
    with open_dataset(frame) as data:
        told = [n.text for n in data.notes if n.column == "note"]
    assert len(told) == 1
    assert told[0].startswith("`note` holds 5 different texts of 17 words: it is read as a label.")
    assert "`--text note`" in told[0]
    frame["note"] = [f"team {at % 5} of the north" for at in range(300)]
    with open_dataset(frame) as data:
        assert not [n for n in data.notes if n.column == "note"]
