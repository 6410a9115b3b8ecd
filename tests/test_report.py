"""The report shows what the result holds, in every form, whatever the data say."""

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from heldout.agent.report import words
from heldout.agent.report.explanation import Explanation
from heldout.agent.report.page import content_policy
from heldout.agent.report.result import Finding, Result
from heldout.agent.report.schema import schema_text, stored_schema
from heldout.agent.report.table import COLUMNS, defused
from heldout.tools.errors import UsageError
from heldout.tools.value import Effect
from tests import sample_result as made

CAUSAL = re.compile(r"\b(drives?|leads to|results in|impacts?|affects?|influences?|boosts?|due to|caused by)\b", re.I)


@pytest.fixture(scope="module")
def explained() -> Explanation:
    return Explanation(made.sample(), ledger_text='{"entry": 1}\n', reproduce_text="print(1)\n")


@pytest.fixture(scope="module")
def page(explained: Explanation) -> str:
    return explained.to_html()


def text_of(page: str) -> str:
    """What a reader sees of a page: without style and tags, with white space as single spaces."""
    import html

    body = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(body))


def everything(explained: Explanation) -> dict[str, str]:
    return {
        "page": text_of(explained.to_html()),
        "markdown": explained.to_markdown(),
        "terminal": explained.to_terminal(100),
    }


# The explanation


def test_its_name_says_what_became_of_the_hypotheses(explained: Explanation) -> None:
    want = "<Explanation penguins.csv: 6 verified, 2 refuted, 2 inconclusive, 2 untestable, q=0.05>"
    assert repr(explained) == want


def test_findings_come_by_rank_and_verified_ones_alone() -> None:
    mixed = made.sample(findings=made.findings()[::-1])
    explained = Explanation(mixed)
    assert [f.rank for f in explained.findings] == list(range(1, 13))
    assert [f.outcome for f in explained.verified] == ["verified"] * 6


def test_the_table_has_fixed_columns_and_unrounded_figures(explained: Explanation) -> None:
    table = explained.table()
    assert tuple(table.columns) == COLUMNS
    assert list(table["rank"]) == list(range(1, 13))
    assert table.loc[0, "unit_effect"] == 1365
    assert table.loc[1, "p_value"] == 0.00004
    assert table["p_value"].isna().sum() == 2


def test_the_table_of_no_findings_has_the_same_columns() -> None:
    assert tuple(Explanation(made.without_verdicts()).table().columns) == COLUMNS


def test_json_gives_back_the_result(explained: Explanation) -> None:
    assert Result.model_validate_json(explained.to_json()) == explained.result


def test_json_is_sorted_and_without_timing_the_same_whatever_the_time() -> None:
    one, two = Explanation(made.sample(timing={"total": 1.0})), Explanation(made.sample(timing={"total": 2.0}))
    assert one.to_json() != two.to_json()
    assert one.to_json(timing=False) == two.to_json(timing=False)
    assert list(json.loads(one.to_json())) == sorted(json.loads(one.to_json()))


def test_every_rendering_is_the_same_twice(explained: Explanation) -> None:
    again = Explanation(made.sample())
    assert everything(again) == everything(explained)
    assert again.to_html() == explained.to_html()


def test_the_stored_schema_is_what_the_result_says() -> None:
    assert stored_schema() == schema_text(), "write schema_text() to agent/report/schema.json"


def test_the_json_follows_the_published_schema(explained: Explanation) -> None:
    import jsonschema

    validator = jsonschema.Draft202012Validator(json.loads(stored_schema()))
    assert list(validator.iter_errors(json.loads(explained.to_json()))) == []
    assert list(validator.iter_errors({"schema_version": "one"}))


def test_importing_it_loads_no_heavy_library() -> None:
    code = (
        "import sys, heldout.agent.report.explanation, heldout.agent.report.charts, heldout.agent.report.html\n"
        "print([m for m in ('pandas', 'altair', 'scipy.stats', 'sklearn', 'vl_convert', 'jinja2', 'rich.console')"
        " if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[1]
    out = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


# Files


def test_it_saves_every_file_whole(tmp_path: Path, explained: Explanation) -> None:
    written = explained.save(tmp_path / "new" / "folder")
    names = {p.name for p in written}
    assert names == {"report.html", "report.md", "report.json", "findings.csv", "ledger.jsonl", "reproduce.py"}
    assert {p.name for p in (tmp_path / "new" / "folder").iterdir()} == names
    assert written[0].name == "report.html"
    assert json.loads((tmp_path / "new" / "folder" / "report.json").read_text("utf-8"))["schema_version"] == 1
    assert "reproduce.py" in text_of(written[0].read_text("utf-8"))


def test_a_save_that_breaks_leaves_the_earlier_file_and_no_half_one(
    tmp_path: Path, explained: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    explained.save(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    replace, calls = os.replace, []

    def full(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UsageError, match=r"cannot be written to '.*': No space left on device"):
        explained.save(tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_folder_that_is_a_file_is_refused_in_a_sentence(tmp_path: Path, explained: Explanation) -> None:
    (tmp_path / "taken").write_text("here")
    with pytest.raises(UsageError, match="The report cannot be written to"):
        explained.save(tmp_path / "taken")


def test_attachments_are_saved_beside_the_report_but_never_elsewhere_or_over_it(tmp_path: Path) -> None:
    given = {"rows.parquet": b"\x00\x01", "report.json": b"other"}
    written = Explanation(made.sample(), attachments=given).save(tmp_path)
    assert (tmp_path / "rows.parquet") in written
    assert (tmp_path / "rows.parquet").read_bytes() == b"\x00\x01"
    assert (tmp_path / "report.json").read_bytes() != b"other"
    for name in ("../out.txt", "/etc/x", "", ".."):
        with pytest.raises(UsageError, match="plain file name"):
            Explanation(made.sample(), attachments={name: b""}).save(tmp_path)


def test_a_name_that_is_no_unicode_is_still_saved(tmp_path: Path) -> None:
    odd = made.data()["dataset"] | {"name": "caf\udce9.csv"}
    Explanation(made.sample(dataset=odd)).save(tmp_path)
    assert "caf" in (tmp_path / "report.md").read_text("utf-8")


@pytest.mark.parametrize("cell", ["=1+1", "+x", "-x", "@SUM(A1)", "\tx", "\r=1", "\n=1", "＝1+1", "＠SUM(A1)"])
def test_a_cell_that_reads_like_a_formula_is_defused(cell: str) -> None:
    assert defused(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-1.5", "+3", "text", "", 3.5, None, "-1e-7"])
def test_a_number_or_plain_text_is_left_alone(cell: object) -> None:
    assert defused(cell) == cell


def test_the_csv_reads_back_with_every_finding(tmp_path: Path) -> None:
    import csv

    found = made.findings()
    found[0]["hypothesis"]["outcome"] = "=cmd|' /C calc'!A0"
    Explanation(made.sample(findings=found)).save(tmp_path)
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["outcome_column"].startswith("'=cmd")
    assert float(rows[1]["p_value"]) == 0.00004


# The page


def test_the_page_needs_no_script_and_nothing_from_outside(page: str) -> None:
    assert "<script" not in page
    assert " on" not in re.sub(r"[^<>]*(?=<)|\"[^\"]*\"", "", page), "an event handler among the attributes"
    assert re.findall(r"<(?:img|link|iframe|source|object|embed)[^>]*(?:src|href)=\"(?!data:image/svg)", page) == []
    assert not re.search(r"\sstyle=", page)
    assert re.findall(r"href=\"([^#][^\"]*)\"", page) == []


def test_the_content_policy_allows_the_one_style_block_that_is_there(page: str) -> None:
    style = re.findall(r"<style>(.*?)</style>", page, flags=re.S)
    assert len(style) == 1
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy[1].replace("&#39;", "'") == content_policy(style[0])
    assert content_policy(style[0]).startswith("default-src 'none'; style-src 'sha256-")


def test_every_finding_stands_on_the_page_with_its_evidence(page: str) -> None:
    for finding in made.findings():
        assert page.count(f'id="finding-{finding["id"]}"') == 1
    assert page.count("<summary>Evidence") + page.count("<summary>Chart and evidence") == 12


def test_links_inside_the_page_lead_somewhere(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_verified_findings_have_charts_that_say_what_they_show(page: str) -> None:
    assert page.count("<img ") == 5
    alts = re.findall(r'alt="([^"]+)"', page)
    assert "Average of body_mass by species: Gentoo 5,076, not Gentoo 3,711." in alts


def test_headings_go_down_one_step_at_a_time(page: str) -> None:
    levels = [int(x) for x in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_a_notebook_shows_the_page_in_a_frame_that_runs_nothing(explained: Explanation) -> None:
    frame = explained._repr_html_()
    assert frame.startswith("<iframe ")
    assert " sandbox " in frame
    assert frame.count("<") == 2, "the page stands in an attribute, escaped"


# What is said


@pytest.mark.parametrize("form", ["page", "markdown", "terminal"])
def test_the_first_lines_say_what_was_done(explained: Explanation, form: str) -> None:
    text = everything(explained)[form]
    done = "6,366 rows: explored 3,200, then checked 12 hypotheses on 1,900 rows that the search never saw."
    assert done in re.sub(r"\s+", " ", text)
    assert text.index("6,366 rows") < text.index("species")


@pytest.mark.parametrize("form", ["page", "markdown", "terminal"])
def test_every_form_orders_the_findings_alike_and_claims_no_cause(explained: Explanation, form: str) -> None:
    text = re.sub(r"\s+", " ", everything(explained)[form].replace("`", "").replace("\\", ""))
    order = ["Gentoo", "Also verified", "Looked at and not supported", "Could not be decided", "Not testable"]
    at = [text.index(part) for part in order]
    assert at == sorted(at)
    assert CAUSAL.findall(text) == []
    assert "Associations, not causes" in text


@pytest.mark.parametrize("form", ["page", "markdown"])
def test_the_full_report_gives_methods_limits_and_the_denominator(explained: Explanation, form: str) -> None:
    text = everything(explained)[form].replace("\\", "").replace("\u00a0", " ")
    for part in (
        "permutation Mann-Whitney U and Brunner-Munzel",
        "(false discovery rate) is held at 5 % by session-LOND",
        "not causes",
        "heldout 0.1.0",
        "P=.005",
        "Pairs of columns scanned",
        "ab" * 32,
        "Leads, not verified",
        "power is 80 % for P(A>B) 0.081 away from .5",
        "takes about 3,460 rows",
    ):
        assert part in text, part


@pytest.mark.parametrize("form", ["page", "markdown", "terminal"])
def test_without_verdicts_the_first_screen_says_why_and_describes_the_columns(form: str) -> None:
    message = "12 rows: too few to test anything (at least 20 are needed)."
    text = everything(Explanation(made.without_verdicts(message)))[form].replace("\\", "")
    assert message in re.sub(r"\s+", " ", text)
    assert "body_mass" in text
    assert "What held up" not in text


@pytest.mark.parametrize("form", ["page", "markdown", "terminal"])
def test_where_nothing_was_verified_the_top_says_so(form: str) -> None:
    found = made.findings()
    for finding in found:
        finding |= {"outcome": "inconclusive", "headline": False, "size": None}
    counts = made.data()["counts"] | {"verified": 0, "refuted": 0, "untestable": 0, "inconclusive": 12}
    text = everything(Explanation(made.sample(findings=found, counts=counts)))[form]
    said = re.sub(r"\s+", " ", text)
    assert "Nothing was verified: none of 12 hypotheses held up" in said
    assert said.index("Nothing was verified") < said.index("Could not be decided")


def test_a_replayed_report_says_so_on_the_terminal_only() -> None:
    fresh, again = (everything(Explanation(made.sample(), replayed=r)) for r in (False, True))
    assert "stand in the ledger" in again["terminal"]
    assert "stand in the ledger" not in fresh["terminal"]
    assert (again["page"], again["markdown"]) == (fresh["page"], fresh["markdown"])


def test_a_small_table_says_that_it_was_not_split() -> None:
    split = made.data()["split"] | {"kind": "none", "exploration_rows": 0, "reason": "90 rows: too few to split."}
    text = everything(Explanation(made.sample(split=split)))["page"]
    assert "too few to split: 12 hypotheses listed by name and type before any value was compared" in text
    assert "the verdicts rest on the same rows as the descriptions" in text
    assert "Listed before any value was compared, then tested on all rows." in text
    for wrong in ("never saw", "Seen on exploration rows", "held-out rows were read", "Held-out rows come"):
        assert wrong not in text, wrong


# The terminal


def test_the_terminal_report_stays_under_sixty_lines() -> None:
    one = made.findings()
    many = [f | {"id": f"{i:012x}", "rank": i, "headline": i <= 7 and f["outcome"] == "verified"}
            for i, f in enumerate((one[:6] + one) * 6, 1)]  # fmt: skip
    notes = [{"kind": "warning", "column": None, "text": f"Note {i} " * 30} for i in range(40)]
    dataset = made.data()["dataset"] | {"notes": notes}
    for width in (80, 100, 140):
        lines = Explanation(made.sample(findings=many, dataset=dataset)).to_terminal(width).splitlines()
        assert len(lines) <= 60
        assert max(map(len, lines)) <= width
    assert any("more" in line for line in lines)


def test_no_colour_reaches_a_pipe_and_colour_reaches_a_terminal(explained: Explanation) -> None:
    assert "\x1b" not in explained.to_terminal(100)
    assert "\x1b[" in explained.to_terminal(100, color=True)


def test_data_cannot_steer_the_terminal() -> None:
    found = made.findings()
    found[0]["sentence"] = "`a\x1b[2Jb` is \x07high\u202eer [bold]when\x9b31m: 1 against 2\r\nforged: verified"
    text = Explanation(made.sample(findings=found)).to_terminal(100)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "[bold]" in text
    assert not any(line.startswith("forged") for line in text.splitlines())


def test_a_verified_effect_that_may_not_matter_is_marked(explained: Explanation) -> None:
    text = explained.to_terminal(100)
    assert "body_mass rises over year (may be too small to matter)." in text
    assert "flipper_length is higher when sex is male than otherwise (too small to matter)." in text


def test_the_files_that_were_written_are_named(explained: Explanation) -> None:
    text = explained.to_terminal(100, files=(Path("out/report.html"), Path("out/report.json")))
    assert "Report: out/report.html" in text.replace("\\", "/")
    assert "report.json" in text


# Words


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (None, "P not computed"), (0.0, "P<.001"), (0.00099, "P<.001"), (0.001, "P=.001"), (0.0049, "P=.005"),
        (0.0096, "P=.01"), (0.03, "P=.03"), (0.0496, "P=.050"), (0.046, "P=.046"), (0.054, "P=.05"), (0.2, "P=.20"),
        (0.995, "P>.99"), (1.0, "P>.99"),
    ],
)  # fmt: skip
def test_p_values_are_printed_as_journals_ask(p: float | None, text: str) -> None:
    assert words.p_text(p) == text


def test_effects_keep_the_decimals_that_their_interval_bears() -> None:
    grams = Effect(name="mean difference", value=1365.2, low=1316.4, high=1413.9, level=0.95, unit="g")
    assert words.effect_text(grams) == "mean difference 1,365 g (95 % interval 1,316 g to 1,414 g)"
    points = Effect(name="risk difference", value=24.5, low=20.44, high=28.52, level=0.954, unit="points")
    assert words.effect_text(points) == "risk difference 24.5 points (95.4 % interval 20.4 to 28.5)"
    rho = Effect(name="Spearman's rho", value=-0.0412, low=-0.09, high=0.008)
    assert words.effect_text(rho) == "Spearman's rho −0.041 (95 % interval −0.090 to 0.008)"
    assert words.effect_text(None) == "not measured"
    same = Effect(name="mean difference", value=2.0, unit="score")
    assert words.value_text(same, outcome="score") == "2.00"


def test_a_sentence_is_cut_at_its_first_colon_outside_names() -> None:
    assert words.headed("`a: b` is higher: 2 against 1.") == ("`a: b` is higher.", "2 against 1.")
    assert words.headed("No figures.") == ("No figures.", "")


def test_backticks_mark_names_and_an_odd_one_stays_text() -> None:
    assert list(words.parts("`a` rises with `b c`")) == [(True, "a"), (False, " rises with "), (True, "b c")]
    assert words.plain("`x` is `a") == "x is `a"


@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "a\u202eb", "a\ud800b", "a\u2028b", "a\ufeffb"])
def test_cleaned_text_is_one_visible_line(text: str) -> None:
    assert words.clean(text) in ("a b", "a�b")


def test_verdicts_are_worded_with_what_is_known_of_their_size() -> None:
    badges = {f.rank: words.badge(f) for f in made.sample().findings}
    assert badges[1] == "Verified"
    assert badges[5] == "Verified, may be small"
    assert badges[6] == "Verified, but negligible"
    assert [badges[i] for i in (7, 9, 11)] == ["Inconclusive", "Refuted", "Untestable"]


def test_explored_stands_against_held_out_in_units_where_both_are_known() -> None:
    by = {f.rank: f for f in made.sample().findings}
    assert words.explored_line(by[1]) == "Mean difference: explored 1,402 → held out 1,365"
    assert words.explored_line(by[3]) == "Spearman's rho: explored 0.85 → held out 0.84"
    assert words.explored_line(by[10]) == ""


def test_rows_that_would_decide_are_named_only_where_more_are_needed() -> None:
    undecided: Finding = next(f for f in made.sample().findings if f.outcome == "inconclusive")
    assert "takes about 3,460 rows" in words.undecided_line(undecided)
    assert "takes" not in words.undecided_line(undecided.model_copy(update={"rows_needed": 900}))
    assert words.undecided_line(undecided.model_copy(update={"detectable": None})) == ""
