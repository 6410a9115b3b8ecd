"""The seal's files at their edges: every kind of cell, texts, typed rows, and which columns are read back."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from test_split_edges import course, lies, owned, plain, sealed

from heldout.tools.data.inference_texts import LONGEST
from heldout.tools.data.split import is_used, read_rows


def test_every_kind_of_cell_comes_back_and_what_is_missing_is_missing(tmp_path: Path) -> None:
    n = 240
    frame = plain(n).assign(
        yes=np.where(np.arange(n) % 3 == 0, "yes", "no"),
        label=np.where(np.arange(n) % 2 == 0, "O'Hara", "plain"),
        at=pd.Timestamp("1969-12-31 18:00") + pd.to_timedelta(np.arange(n), "h"),
    )
    for name in ("x", "yes", "label", "at"):
        frame.loc[frame.index % 7 == 0, name] = None
    split, _ = sealed(frame, tmp_path)
    frame = frame.set_index("key")
    for rows in (split.explore(), split.read(split.sealed_file, "vault_1")):
        own = frame.loc[rows.number("key")]
        np.testing.assert_array_equal(rows.number("x"), own["x"])
        days = (own["at"] - pd.Timestamp("1970-01-01")) / pd.Timedelta("1D")
        np.testing.assert_allclose(rows.number("at"), days, rtol=0, atol=1e-12)
        for name in ("yes", "label"):
            levels, codes = rows.column(name).levels, rows.codes(name)
            assert codes.dtype == np.int32
            assert [levels[c] if c >= 0 else None for c in codes] == [v if v == v else None for v in own[name]]


def test_a_table_of_names_alone_has_rows_without_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [f"u{at:05}" for at in range(300)]})
    split, _ = sealed(frame, tmp_path)
    assert split.columns == {}
    with duckdb.connect(str(split.exploration_file), read_only=True) as connection:
        got = connection.execute("SELECT count(*), min(c0), max(c0) FROM rows").fetchall()
    assert got == [(split.plan.exploration_rows, 0, 0)]


def documents(n: int, words: int = 12) -> list[str]:
    """`n` documents of unrelated words, so that none nearly repeats another."""
    rng = np.random.default_rng(4)
    return [" ".join(rng.choice([f"w{at:03}" for at in range(400)], words)) for _ in range(n)]


def test_a_corpus_is_split_from_forty_documents_on_but_not_where_blocks_of_time_are_its_units(tmp_path: Path) -> None:
    split, _ = sealed(plain(45).assign(note=documents(45)), tmp_path / "a")
    assert (split.plan.kind, split.plan.exploration_share, len(split.plan.vaults)) == ("row", 0.4, 1)
    assert split.plan.reason.endswith(
        " They are few, but what a text says can be named only after reading some: so a part is explored, and the list "
        "of all pairs of columns, which smaller tables are tested with, is not."
    )
    few, _ = sealed(plain(39).assign(note=documents(39)), tmp_path / "b")
    assert (few.plan.kind, few.plan.vaults) == ("none", ())
    many, _ = sealed(plain(200).assign(note=documents(200)), tmp_path / "c")
    assert "They are few" not in many.plan.reason
    dated, _ = sealed(course(160, 40).assign(note=documents(160)), tmp_path / "d", time="day")
    assert (dated.plan.kind, dated.plan.block, dated.plan.units) == ("none", "day", 40)


def test_texts_lie_beside_the_columns_as_written_and_no_longer_than_is_read(tmp_path: Path) -> None:
    texts = documents(210)
    texts[7] = "long " * LONGEST
    frame = plain(210).assign(note=texts)
    frame.loc[frame.index % 50 == 1, "note"] = None
    split, _ = sealed(frame, tmp_path)
    assert list(split.texts) == ["note"]
    own = dict(zip(frame["key"], frame["note"], strict=True))
    for rows in (split.explore(), split.read(split.sealed_file, "vault_1")):
        told = [None if own[k] is None or own[k] != own[k] else own[k][:LONGEST] for k in rows.number("key").tolist()]
        assert rows.texts["note"].tolist() == told
        assert rows.texts["note"].dtype == object


def test_a_split_says_what_it_is_and_reads_each_part_by_its_name(tmp_path: Path) -> None:
    split, _ = sealed(plain(2_000), tmp_path / "it's here")
    assert repr(split) == "<SealedSplit row vaults=3>"
    assert (split.exploration_file.name, split.sealed_file.name) == ("exploration.duckdb", "sealed.duckdb")
    assert split.exploration_file.parent == split.sealed_file.parent == tmp_path / "it's here"
    again, _ = sealed(plain(2_000), tmp_path / "it's here")
    assert again.plan == split.plan
    rows = read_rows(split.sealed_file, "vault_2", split.columns)
    assert (rows.serial, rows.texts, rows.cluster) == (False, {}, None)
    assert rows.number("x").dtype == np.float64


def test_an_entity_is_no_column_of_the_analysis_but_a_time_is(tmp_path: Path) -> None:
    entity, _ = sealed(owned(220, 2), tmp_path / "e", entity="shop")
    assert list(entity.columns) == ["key", "x"]
    timed, _ = sealed(course(300, 300), tmp_path / "t", time="day")
    assert list(timed.columns) == ["key", "x", "day"]
    small, _ = sealed(course(100, 100), tmp_path / "s", time="day")
    assert (small.plan.kind, list(small.columns), small.serial) == ("none", ["key", "x", "day"], True)
    few, _ = sealed(owned(60, 2), tmp_path / "f", entity="shop")
    assert (few.plan.kind, list(few.columns), few.serial) == ("none", ["key", "x"], False)
    assert all(is_used(c, timed.plan) for c in timed.columns.values())


@pytest.mark.parametrize("copies", [0, 30])
def test_rows_typed_as_they_were_opened_lie_beside_each_part(copies: int, tmp_path: Path) -> None:
    frame = plain(300).assign(code=[f"u{at:05}" for at in range(300)])
    split, _ = sealed(pd.concat([frame, frame.head(copies)], ignore_index=True), tmp_path, typed=True)
    assert split.plan.copies == copies
    wanted = pd.Series([*range(300), *range(copies)])
    for file, table, part in ((split.exploration_file, "typed", 0), (split.sealed_file, "vault_1_typed", 1)):
        with duckdb.connect(str(file), read_only=True) as connection:
            got = connection.execute(f"SELECT key, code FROM {table}").fetchall()
        at = lies(split)
        own = frame.iloc[wanted[[at[k] == part for k in frame["key"].iloc[wanted]]]]
        assert sorted(got) == sorted(zip(own["key"], own["code"], strict=True))


def test_equal_rows_that_are_no_copies_are_typed_once_each(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    split, _ = sealed(
        pd.DataFrame({"a": rng.integers(0, 6, 400), "b": rng.choice(["x", "y"], 400)}), tmp_path, typed=True
    )
    for file, table, rows in (
        (split.exploration_file, "typed", split.plan.exploration_rows),
        (split.sealed_file, "vault_1_typed", split.plan.vaults[0].rows),
    ):
        with duckdb.connect(str(file), read_only=True) as connection:
            assert connection.execute(f"SELECT count(*), count(DISTINCT _row) FROM {table}").fetchall() == [
                (rows, rows)
            ]


def test_a_part_is_read_while_another_reads_it_since_reading_writes_nothing(tmp_path: Path) -> None:
    split, _ = sealed(plain(220), tmp_path)
    with duckdb.connect(str(split.exploration_file), read_only=True):
        assert split.explore().n == split.plan.exploration_rows
