"""What to check in the data as the report shows it: short on the terminal, whole on the page, nothing said twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heldout.agent.pipeline import explain
from heldout.agent.report import checks
from heldout.agent.report.html import to_html
from heldout.agent.report.markdown import to_markdown
from heldout.agent.report.terminal import to_terminal
from tests import sample_result as made


def check(at: int, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "sign", "columns": [f"c{at}"], "rows": at + 1, "of": 3190, "examples": ["−4"],
        "text": f"`c{at}` is negative in {at + 1} of the 3,200 explored rows (−4); all others are at least 18.",
        "advice": f"Check the sign of column {at}.", "severity": "wrong", **changes,
    }  # fmt: skip


def test_the_terminal_shows_at_most_five_checks_and_counts_the_others() -> None:
    few = {"findings": made.findings()[:3], "structure": []}
    text = to_terminal(made.sample(quality=[check(k) for k in range(9)], **few), width=100, color=False)
    section = text[text.index("What to check in the data (3,200 explored rows)") :].splitlines()
    assert section[1] == "-  c0 is negative in 1 row (−4); all others are at least 18."
    assert section[5] == "-  c4 is negative in 5 rows (−4); all others are at least 18."
    assert section[6].strip() == "and 4 more"


def test_beside_a_count_over_the_whole_table_the_heading_does_not_claim_all_lines() -> None:
    copies = check(1, kind="duplicates", text="1 row of 4,000 in the whole table repeats an earlier row.")
    text = to_terminal(made.sample(quality=[check(0), copies]), width=100, color=False)
    assert "What to check in the data (3,200 explored rows where no others are named)" in text


@pytest.mark.parametrize("render", [to_html, to_markdown])
def test_the_page_and_the_document_show_every_check_with_what_to_do(render: Any) -> None:
    text = render(made.sample(quality=[check(k) for k in range(9)]))
    assert "What to check in the data" in text
    assert all(f"Check the sign of column {k}." in text for k in range(9))
    assert text.count("of the 3,200 explored rows") == 9


@pytest.mark.parametrize("render", [to_html, to_markdown, lambda r: to_terminal(r, width=100, color=False)])
def test_without_checks_there_is_no_section(render: Any) -> None:
    assert "What to check" not in render(made.sample())


def test_a_note_that_a_check_repeats_is_left_out_and_other_notes_stay() -> None:
    notes = [
        {"kind": "warning", "column": "bp", "text": "25 cells of `bp` are 999; it may stand for missing."},
        {"kind": "warning", "column": "hr", "text": "5 cells of `hr` are 999; it may stand for missing."},
        {"kind": "warning", "column": "end - start", "text": "In 17 rows `end` lies before `start`."},
        {"kind": "coerced", "column": "bp", "text": "`bp` was read as a number."},
    ]
    found = [check(0, kind="stand_in", columns=["bp"]), check(1, kind="order", columns=["start", "end"])]
    result = made.sample(quality=found, dataset=made.data()["dataset"] | {"notes": notes})
    assert [n.text for n in checks.notes_left(result)] == [notes[1]["text"], notes[3]["text"]]


def test_relations_of_one_kind_are_told_in_one_line() -> None:
    def copy(a: str, b: str) -> dict[str, Any]:
        text = f"`{b}` says the same as `{a}` in other words, one to one, in all 357 rows."
        return {"kind": "copy", "columns": [a, b], "text": text}

    def order(a: str, b: str, verb: str, exceptions: int = 0) -> dict[str, Any]:
        text = f"`{a}` {verb} `{b}` in all 357 rows."
        return {"kind": "order", "columns": [a, b], "text": text, "exceptions": exceptions}

    structure = [
        copy("survived", "alive"), copy("pclass", "class"), copy("embarked", "embark_town"),
        order("men", "total", "never exceeds"), order("women", "total", "never exceeds"),
        order("opened", "closed", "is never after"), order("opened", "updated", "is never after"),
        order("low", "high", "does not exceed", 3),
    ]  # fmt: skip
    assert checks.structure_lines(made.sample(structure=structure)) == (
        "Some columns say the same in other words, one to one: `alive` as `survived`, `class` as `pclass` and "
        "`embark_town` as `embarked`.",
        "`men` and `women` never exceed `total`.",
        "`opened` is never after `closed` or `updated`.",
        "`low` does not exceed `high` in all 357 rows.",
    )


def test_checks_of_a_file_reach_the_report_and_name_no_text_or_identifier(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 80, 900)
    age[:40] *= np.where(np.arange(40) < 8, -1, 1)
    words = np.array("river stone lamp garden window paper cloud bridge letter market".split())
    lines = [
        f"secret{k}x{rng.integers(10**9)},{a},{rng.normal():.3f},{' '.join(rng.choice(words, 7))} private{k}"
        for k, a in enumerate(age)
    ]
    lines += lines[100:190]
    file = tmp_path / "people.csv"
    file.write_text("patient_id,age,score,comment\n" + "\n".join(lines) + "\n", "utf-8")
    result = explain(file, ledger=tmp_path / "ledger.jsonl", explore_only=True).result
    repeated, sign = result.quality
    assert (repeated.kind, repeated.rows, repeated.of) == ("duplicates", 90, 990)
    assert (sign.kind, sign.columns) == ("sign", ("age",))
    assert 1 <= sign.rows <= 8
    text = " ".join(c.canonical() for c in result.quality)
    assert "secret" not in text
    assert "private" not in text
    assert "set aside" not in " ".join(n.text for n in checks.notes_left(result))


def test_names_and_labels_in_a_check_cannot_steer_a_page_a_document_or_a_terminal() -> None:
    bad = "`<script>alert(1)</script>` is \x1b[31m <img src=x onerror=1> in 3 of the 3,200 explored rows [a](http://b)"
    result = made.sample(quality=[check(0, columns=["<script>alert(1)</script>"], text=bad)])
    page, document, screen = to_html(result), to_markdown(result), to_terminal(result, width=100, color=False)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "\\<img src=x" in document
    assert document.count("<img") == document.count("\\<img")
    assert "[a](http" not in document
    assert "\x1b" not in page + document + screen


def test_one_stand_in_for_missing_in_many_columns_is_told_once() -> None:
    said = "Cells of `{}` that stand for missing were read so: '{}' ({})."
    cells = (("home", "#N/A", 17), ("age", "?", 2), ("abroad", "#N/A", 11))
    notes = [{"kind": "coerced", "column": name, "text": said.format(name, cell, n)} for name, cell, n in cells]
    result = made.sample(dataset=made.data()["dataset"] | {"notes": notes})
    assert [n.text for n in checks.notes_left(result)] == [
        "Cells that stand for missing were read so: '#N/A' in `home` (17) and `abroad` (11).",
        "Cells of `age` that stand for missing were read so: '?' (2).",
    ]
