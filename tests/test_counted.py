"""Cross-tabulations are read as the units they count, and nothing else is."""

import itertools

import pandas as pd
import pytest

import heldout
from heldout.tools.data.copies import are_copies
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.schema import Limits
from heldout.tools.errors import LedgerError


def _table(name: str = "Freq", least: int = 3) -> pd.DataFrame:
    cells = list(itertools.product(["yes", "no"], ["m", "w"], ["A", "B", "C"]))
    data = pd.DataFrame(cells, columns=["admitted", "sex", "dept"])
    data[name] = [least + 7 * at for at in range(len(data))]
    return data


def _column(data, name: str) -> list[str]:
    return [str(x) for x in data.cursor().execute(f'SELECT "{name}" FROM data ORDER BY _row').fetchnumpy()[name]]


@pytest.mark.parametrize("name", ["Freq", "count", "n", "Frequency"])
def test_a_cross_tabulation_becomes_one_row_a_counted_unit(name: str) -> None:
    table = _table(name)
    with open_dataset(table) as data:
        assert data.rows == table[name].sum()
        assert [c.name for c in data.columns] == ["admitted", "sex", "dept"]
        own = pd.DataFrame({c: _column(data, c) for c in ("admitted", "sex", "dept")})
        told = [n.text for n in data.notes if n.column == name]
    counted = own.value_counts().to_dict()
    assert counted == {tuple(row[:3]): row[3] for row in table.itertuples(index=False)}
    assert "was read as 498 rows, one for each unit" in told[0]


def test_units_of_one_cell_are_no_copies_and_fall_on_both_sides() -> None:
    with open_dataset(_table()) as data:
        assert data.duplicates == 0
        assert not are_copies(data)
    report = heldout.explain(_table(least=20), one_shot=True)
    assert report.result.dataset.duplicates == 0
    split = report.result.split
    assert split.exploration_rows + split.held_out_rows == report.result.dataset.rows == _table(least=20)["Freq"].sum()


def test_the_name_of_the_content_depends_neither_on_the_order_nor_on_whether_it_was_unfolded() -> None:
    with open_dataset(_table()) as one, open_dataset(_table().sample(frac=1, random_state=1)) as two:
        assert one.fingerprint == two.fingerprint
        with open_dataset(_table(), keep_counts=True) as kept:
            assert kept.rows == 12
            assert kept.fingerprint == one.fingerprint


def test_what_was_tested_as_units_is_not_tested_again_as_counts(tmp_path) -> None:
    book = tmp_path / "book.jsonl"
    heldout.explain(_table(least=20), ledger=book)
    with pytest.raises(LedgerError, match="sealed before"):
        heldout.explain(_table(least=20), ledger=book, keep_counts=True)


def test_a_count_of_nothing_leaves_its_combination_out() -> None:
    table = _table()
    table.loc[0, "Freq"] = 0
    with open_dataset(table) as data:
        assert data.rows == table["Freq"].sum()


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.rename(columns={"Freq": "price"}),
        lambda t: t.assign(Freq=t["Freq"] + 0.5),
        lambda t: t.assign(Freq=t["Freq"] * -1),
        lambda t: pd.concat([t, t]),
        lambda t: t.assign(Freq=[None, *t["Freq"][1:]]),
        lambda t: t.assign(weight=[0.1 * at for at in range(len(t))]),
        lambda t: t.assign(n=t["Freq"]),
        lambda t: t.iloc[:4],
        lambda t: t.assign(Freq=1),
    ],
    ids=[
        "another name", "fractions", "negative", "combinations twice", "a missing count", "a measure beside",
        "two counts", "few of the combinations", "ones",
    ],
)  # fmt: skip
def test_other_tables_stay_as_they_are(change) -> None:
    table = change(_table())
    with open_dataset(table) as data:
        assert data.rows == len(table)


def test_more_units_than_the_limit_stay_folded() -> None:
    with open_dataset(_table(), limits=Limits(max_rows=100)) as data:
        assert data.rows == 12
