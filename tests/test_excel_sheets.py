"""An Excel file of several sheets says which was read."""

import pandas as pd

from heldout.tools.data.dataset import open_dataset


def test_a_workbook_of_two_sheets_says_that_only_the_first_was_read(tmp_path):
    path = tmp_path / "two.xlsx"
    frame = pd.DataFrame({"x": range(60), "y": [str(i % 3) + "k" for i in range(60)]})
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        frame.to_excel(writer, sheet_name="first", index=False)
        frame.head(9).to_excel(writer, sheet_name="second", index=False)
    with open_dataset(path) as data:
        assert any("The first sheet was read; the file also holds 'second'" in n.text for n in data.notes)
    with open_dataset(path, table="second") as data:
        assert data.rows == 9
        assert not any("first sheet" in n.text for n in data.notes)
