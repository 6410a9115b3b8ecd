"""The line on rows that were sealed before stands at the top of every rendering, and says what becomes of new ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import heldout
from heldout.agent.report.html import to_html
from heldout.agent.report.known import known_line
from heldout.agent.report.markdown import to_markdown
from heldout.agent.report.result import KnownSummary, Result
from heldout.agent.report.terminal import to_terminal
from heldout.tools.errors import NoVaultLeft
from tests import sample_result as made


def _known(new: int, waiting: int, key: str | None = None) -> Result:
    known = KnownSummary(
        dataset="f" * 64, name="jan_*.csv", generation=1, units=3_518, new=new, waiting=waiting
    )  # fmt: skip
    split = made.sample().split.model_copy(update={"known": known, "key": key})
    return made.sample().model_copy(update={"split": split})


@pytest.mark.parametrize(
    ("new", "waiting", "key", "told"),
    [
        (40, 40, None, "3,518 rows are known from `jan_*.csv`, sealed before: what was seen of them stays seen. "
                       "40 new rows wait until there are enough for a vault of their own."),
        (1, 1, "id", "3,518 units are known from `jan_*.csv`, sealed before: what was seen of them stays seen. "
                     "1 new unit waits until there are enough for a vault of their own."),
        (800, 0, None, "3,518 rows are known from `jan_*.csv`, sealed before: what was seen of them stays seen. "
                       "What nothing had looked at has an error budget of its own."),
        (0, 0, None, "3,518 rows are known from `jan_*.csv`, sealed before: what was seen of them stays seen, "
                     "and their error budget goes on."),
    ],
)  # fmt: skip
def test_the_line_says_what_is_known_and_what_becomes_of_new_rows(new, waiting, key, told) -> None:
    assert known_line(_known(new, waiting, key)) == told


def test_the_line_stands_on_the_page_in_markdown_and_in_the_terminal() -> None:
    report = _known(40, 40)
    plain = "3,518 rows are known from jan_*.csv, sealed before"
    assert plain in " ".join(to_terminal(report).split())
    assert "3,518 rows are known from `jan_*.csv`, sealed before" in to_markdown(report)
    assert "known from <code>jan_*.csv</code>, sealed before" in to_html(report)


def test_a_new_table_has_no_such_line() -> None:
    assert known_line(made.sample()) == ""


def test_who_asks_again_where_nothing_is_left_is_told_once_what_was_found_under_the_other_name(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=600).round(4)
    frame = pd.DataFrame({"x": x, "y": (x + rng.normal(size=600)).round(4), "z": rng.normal(size=600).round(4)})
    heldout.explain(frame, name="whole", ledger=tmp_path / "l.jsonl")
    with pytest.raises(NoVaultLeft) as err:
        heldout.explain(frame.head(560), name="part", ledger=tmp_path / "l.jsonl")
    told = str(err.value)
    assert "known from `whole`" in told
    assert told.count("All that was found") == 1
    assert "0 hypotheses" not in told
    assert "x" in told[told.index("Verified before:") :]
