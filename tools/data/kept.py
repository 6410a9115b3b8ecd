"""Which rows of a table are placed in the split: copies of a row count once, near-copies of a text do or lie together.

Knows digests of rows and groups of near texts. Must never know a share, a vault, or what will be tested.
"""

from .copies import are_copies
from .dataset import Dataset
from .near_copies import find_near_copies
from .texts import is_corpus

_TOLD_APART = 0.9
"""Groups that equal rows amount to, as a share of rows, under which each row is placed for itself: decision 005."""
_NEAR_APART = 0.5
"""The same for groups of near texts."""
TOGETHER = "coalesce('n' || _group, _content)"
"""What places a row of `kept` joined with `near`: the group of rows whose texts are near, else its own content."""


def keep_rows(data: Dataset) -> int:
    """Make the view `kept` over the rows that are no copy of an earlier one; returns how many were set aside."""
    cursor = data.cursor()
    if not are_copies(data):
        cursor.execute("CREATE OR REPLACE VIEW kept AS SELECT * FROM data")
        return 0
    cursor.execute("CREATE OR REPLACE TABLE firsts AS SELECT min(_row) AS _row FROM data GROUP BY _content")
    cursor.execute("CREATE OR REPLACE VIEW kept AS SELECT data.* FROM data JOIN firsts USING (_row)")
    return data.duplicates


def keep_texts(data: Dataset) -> int:
    """Narrow the view `kept` to one row of each group of near-copies; returns how many were set aside.

    Makes the table `near` (_row, _group) of those that stay because their rows differ: they are placed together.
    """
    import pandas as pd

    cursor = data.cursor()
    cursor.execute("CREATE OR REPLACE TABLE near (_row BIGINT, _group BIGINT)")
    found = find_near_copies(data)
    if found is None:
        return 0
    together = not len(found.aside) or not is_corpus(data)
    frame = pd.DataFrame({"_row": found.rows, "_group": found.groups} if together else {"_row": found.aside})
    cursor.register("found", frame)
    if together:
        cursor.execute("INSERT INTO near SELECT _row, _group FROM found")
    else:
        cursor.execute("CREATE OR REPLACE TABLE aside AS SELECT _row FROM found")
        cursor.execute("CREATE OR REPLACE TABLE texts AS SELECT _row FROM kept ANTI JOIN aside USING (_row)")
        cursor.execute("CREATE OR REPLACE VIEW kept AS SELECT data.* FROM data JOIN texts USING (_row)")
    cursor.unregister("found")
    return 0 if together else len(found.aside)


def is_coarse(data: Dataset) -> bool:
    """Whether equal rows are so many that keeping them on one side would make the sides unlike.

    With m rows in a group of equal rows, (sum m)^2 / sum m^2 is the number of groups that such a division
    amounts to. Where that is under nine tenths of the rows (a table of a few labels, an imputed column), equal rows are
    different observations that the columns cannot tell apart: each is placed for itself. Groups of near texts, which
    do depend on each other, are given up only under half of the rows.
    """
    return _amounts_to(data, "_content") < _TOLD_APART or _amounts_to(data, TOGETHER) < _NEAR_APART


def _amounts_to(data: Dataset, key: str) -> float:
    """The groups that a division by this key amounts to, as a share of the rows that are kept."""
    rows, squares = (
        data.cursor()
        .execute(
            "SELECT sum(m), sum(m * m) FROM (SELECT count(*) AS m FROM kept LEFT JOIN near USING (_row) "
            f"GROUP BY {key})"
        )
        .fetchall()[0]
    )
    return float(rows) / float(squares) if rows else 1.0
